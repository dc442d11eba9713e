/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include "client/chat-message-changes.h"
#include "core/chat-time.h"

/* Of one channel, for the first frame. */
#define PRELOAD 60
/* Seconds without a byte before a request counts as failed. */
#define HTTP_TIMEOUT 30
#define HTTP_CONNECTIONS 8
/* Timelines that are filled before anybody looks at them. */
#define OPEN_AHEAD 24
/* Messages that were told of, by id: those of a break of the feed. */
#define NOTED_MOST 4096

G_DEFINE_FINAL_TYPE (ChatWorkspace, chat_workspace, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_USER,
  PROP_STATE,
  PROP_STATUS,
  PROP_QUEUED,
  PROP_BLOCKED,
  PROP_BLOCK_REASON,
  PROP_BLOCK_SINCE,
  PROP_BLOCK_UNTIL,
  PROP_TOKEN,
  PROP_STORAGE_ERROR,
  PROP_ROLE,
  PROP_PASSWORD_MODE,
  N_PROPS
};

enum
{
  NOTEWORTHY,
  WARNED,
  REFUSED,
  SIGNED_OUT,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

GType
chat_workspace_state_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    {
      static const GEnumValue values[] = {
        { CHAT_WORKSPACE_OFFLINE, "CHAT_WORKSPACE_OFFLINE", "offline" },
        { CHAT_WORKSPACE_CONNECTING, "CHAT_WORKSPACE_CONNECTING", "connecting" },
        { CHAT_WORKSPACE_LIVE, "CHAT_WORKSPACE_LIVE", "live" },
        { CHAT_WORKSPACE_CATCHING_UP, "CHAT_WORKSPACE_CATCHING_UP", "catching-up" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_enum_register_static (g_intern_static_string ("ChatWorkspaceState"), values));
    }
  return type;
}

void
chat_workspace_notify (ChatWorkspace *self, const char *property)
{
  g_object_notify (G_OBJECT (self), property);
}

gboolean
chat_workspace_is_own (ChatWorkspace *self, ChatMessage *message)
{
  return g_strcmp0 (chat_message_get_author (message), self->user) == 0;
}

/* Timelines */

typedef struct
{
  ChatTimeline *timeline;
  const char *channel;
} AddPending;

static void
add_pending_cb (ChatMessage *message, ChatDelivery delivery, const char *reason, gpointer data)
{
  AddPending *add = data;

  if (g_strcmp0 (chat_message_get_channel (message), add->channel) != 0)
    return;
  chat_timeline_add_pending (add->timeline, message, delivery);
  if (reason != NULL)
    chat_timeline_set_delivery (add->timeline, chat_message_get_id (message), delivery, reason);
}

static void
fetched_cb (ChatTimeline *timeline, GPtrArray *messages, gint64 head, ChatWorkspace *self)
{
  const char *name = chat_timeline_get_channel (timeline);
  ChatChannel *channel = chat_channel_list_find (self->channels, name);

  chat_cache_add_page (self->cache, name, messages, head);
  for (guint i = 0; i < messages->len; i++)
    if (chat_workspace_is_own (self, g_ptr_array_index (messages, i)))
      chat_outbox_settle (self->outbox, chat_message_get_id (g_ptr_array_index (messages, i)));
  if (channel == NULL)
    return;
  chat_channel_set_head (channel, head);
  if (chat_workspace_is_reading (self, channel))
    chat_workspace_read_all (self, channel);
}

typedef struct
{
  GWeakRef timeline;
} LoadCached;

static void
cached_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LoadCached *load = user_data;
  g_autoptr (ChatTimeline) timeline = g_weak_ref_get (&load->timeline);
  g_autoptr (GPtrArray) messages = chat_cache_load_finish (CHAT_CACHE (source), result, NULL);

  /* without a cache the history fills it; what is wrong with the disk was said when it was opened */
  if (timeline != NULL && messages != NULL)
    chat_timeline_add_cached (timeline, messages);
  g_weak_ref_clear (&load->timeline);
  g_free (load);
}

static void
fill_from_cache (ChatWorkspace *self, ChatTimeline *timeline)
{
  const char *name = chat_timeline_get_channel (timeline);
  GPtrArray *messages = g_hash_table_lookup (self->preloaded, name);
  LoadCached *load;

  if (messages != NULL)
    {
      chat_timeline_add_cached (timeline, messages);
      g_hash_table_remove (self->preloaded, name);
      return;
    }
  load = g_new0 (LoadCached, 1);
  g_weak_ref_init (&load->timeline, timeline);
  chat_cache_load_async (self->cache, name, PRELOAD, self->cancellable, cached_cb, load);
}

/* Somebody looks at a timeline that was opened ahead. */
static void
wake_timeline (ChatWorkspace *self, ChatChannel *channel)
{
  ChatTimeline *timeline = chat_channel_peek_timeline (channel);

  if (chat_channel_get_unread (channel) > 0)
    chat_timeline_set_read (timeline, chat_channel_get_read (channel));
  if (self->feed_online)
    chat_timeline_resync (timeline);
}

static ChatTimeline *
open_timeline (ChatChannel *channel, gpointer data, gboolean awake)
{
  ChatWorkspace *self = data;
  const char *name = chat_channel_get_name (channel);
  ChatTimeline *timeline;
  GHashTableIter iter;
  gpointer warning;

  if (awake)
    {
      wake_timeline (self, channel);
      return NULL;
    }
  timeline = chat_timeline_new (name, self->user, CHAT_HISTORY (self->history));
  g_signal_connect_object (timeline, "fetched", G_CALLBACK (fetched_cb), self, 0);
  g_signal_connect_object (timeline, "notify::loading-older", G_CALLBACK (chat_workspace_update_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (timeline, "notify::loading-newer", G_CALLBACK (chat_workspace_update_state), self,
                           G_CONNECT_SWAPPED);
  g_hash_table_iter_init (&iter, self->warnings);
  while (g_hash_table_iter_next (&iter, NULL, &warning))
    if (g_strcmp0 (((ChatWarning *)warning)->channel, name) == 0)
      chat_timeline_add_warning (timeline, warning);
  chat_outbox_foreach (self->outbox, add_pending_cb, &(AddPending){ timeline, name });
  if (chat_channel_get_unread (channel) > 0)
    chat_timeline_set_read (timeline, chat_channel_get_read (channel));
  fill_from_cache (self, timeline);
  if (self->feed_online && !chat_channel_is_asleep (channel))
    chat_timeline_resync (timeline);
  return timeline;
}

/* Channels */

static void
kept_cb (ChatChannel *channel, GParamSpec *pspec, ChatWorkspace *self)
{
  chat_cache_put_channel (self->cache, channel);
}

ChatChannel *
chat_workspace_upsert_channel (ChatWorkspace *self, const char *name)
{
  ChatChannel *channel = chat_channel_list_find (self->channels, name);

  if (channel != NULL)
    return channel;
  channel = chat_channel_new (name, open_timeline, self);
  g_signal_connect_object (channel, "notify::draft", G_CALLBACK (kept_cb), self, 0);
  g_signal_connect_object (channel, "notify::muted", G_CALLBACK (kept_cb), self, 0);
  g_signal_connect_object (channel, "notify::notify", G_CALLBACK (kept_cb), self, 0);
  chat_channel_list_add (self->channels, channel);
  g_object_unref (channel);
  return channel;
}

/* What the outbox and the disk tell */

ChatTimeline *
chat_workspace_peek_timeline (ChatWorkspace *self, const char *name)
{
  ChatChannel *channel = chat_channel_list_find (self->channels, name);

  return channel != NULL ? chat_channel_peek_timeline (channel) : NULL;
}

/* An edit, a deletion or a reaction that will not be is taken back: there is nothing to try again. */
static void
take_change_delivery (ChatWorkspace *self, ChatMessage *message, ChatDelivery delivery, const char *reason)
{
  const char *id = chat_message_get_id (message);
  ChatTimeline *timeline = chat_workspace_peek_timeline (self, chat_message_get_channel (message));
  gboolean refused = delivery == CHAT_DELIVERY_FAILED || delivery == CHAT_DELIVERY_REFUSED;

  if (!refused && delivery != CHAT_DELIVERY_STORED)
    return;
  if (refused)
    chat_outbox_discard (self->outbox, id);
  if (timeline != NULL)
    chat_timeline_remove_pending (timeline, id);
  if (refused)
    chat_workspace_emit_refused (self, chat_message_get_target (message), reason);
}

static void
delivery_cb (ChatWorkspace *self, ChatMessage *message, ChatDelivery delivery, const char *reason)
{
  ChatTimeline *timeline = chat_workspace_peek_timeline (self, chat_message_get_channel (message));

  if (chat_message_changes_is (message))
    {
      take_change_delivery (self, message, delivery, reason);
      return;
    }
  if (timeline != NULL)
    chat_timeline_set_delivery (timeline, chat_message_get_id (message), delivery, reason);
  if (delivery == CHAT_DELIVERY_REFUSED)
    chat_workspace_emit_refused (self, chat_message_get_id (message), reason);
}

static void
waiting_cb (ChatWorkspace *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUEUED]);
  chat_workspace_update_state (self);
}

static void
outbox_blocked_cb (ChatWorkspace *self, const char *reason)
{
  if (!self->blocked)
    chat_workspace_set_block (self, TRUE, reason, chat_time_now (), CHAT_TIME_UNKNOWN);
  chat_workspace_sync_block (self);
}

void
chat_workspace_set_storage_error (ChatWorkspace *self, const GError *error)
{
  const char *text = error != NULL ? error->message : NULL;

  /* a workspace that closes refuses what comes late: that is no fault of the disk */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED) || g_strcmp0 (self->storage_error, text) == 0)
    return;
  g_free (self->storage_error);
  self->storage_error = g_strdup (text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STORAGE_ERROR]);
}

void
chat_workspace_set_name (ChatWorkspace *self, const char *name)
{
  if (name == NULL || g_strcmp0 (self->name, name) == 0)
    return;
  g_free (self->name);
  self->name = g_strdup (name);
  chat_cache_put_value (self->cache, "name", name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

void
chat_workspace_set_role (ChatWorkspace *self, ChatRole role)
{
  if (self->role == role)
    return;
  self->role = role;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROLE]);
}

void
chat_workspace_set_password_mode (ChatWorkspace *self, gboolean password_mode)
{
  if (self->password_mode == password_mode)
    return;
  self->password_mode = password_mode;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PASSWORD_MODE]);
}

void
chat_workspace_set_block (ChatWorkspace *self, gboolean blocked, const char *reason, gint64 since, gint64 until)
{
  GObject *object = G_OBJECT (self);

  g_object_freeze_notify (object);
  if (g_strcmp0 (self->block_reason, reason) != 0)
    {
      g_free (self->block_reason);
      self->block_reason = g_strdup (reason);
      g_object_notify_by_pspec (object, properties[PROP_BLOCK_REASON]);
    }
  if (self->block_since != since)
    {
      self->block_since = since;
      g_object_notify_by_pspec (object, properties[PROP_BLOCK_SINCE]);
    }
  if (self->block_until != until)
    {
      self->block_until = until;
      g_object_notify_by_pspec (object, properties[PROP_BLOCK_UNTIL]);
    }
  if (self->blocked != blocked)
    {
      self->blocked = blocked;
      g_object_notify_by_pspec (object, properties[PROP_BLOCKED]);
    }
  g_object_thaw_notify (object);
}

void
chat_workspace_add_warning (ChatWorkspace *self, const ChatWarning *warning, gboolean tell)
{
  ChatTimeline *timeline = chat_workspace_peek_timeline (self, warning->channel);

  const ChatWarning *known = g_hash_table_lookup (self->warnings, warning->id);

  /* what the feed brings says nothing of an appeal */
  if (known != NULL && (tell || chat_warning_equal (known, warning)))
    return;
  g_hash_table_insert (self->warnings, g_strdup (warning->id), chat_warning_copy (warning));
  if (timeline != NULL)
    chat_timeline_add_warning (timeline, warning);
  if (tell)
    g_signal_emit (self, signals[WARNED], 0, warning);
}

void
chat_workspace_emit_refused (ChatWorkspace *self, const char *id, const char *reason)
{
  g_signal_emit (self, signals[REFUSED], 0, id, reason);
}

void
chat_workspace_emit_noteworthy (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message, gboolean mention)
{
  g_signal_emit (self, signals[NOTEWORTHY], 0, channel, message, mention);
}

void
chat_workspace_emit_signed_out (ChatWorkspace *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNED_OUT], 0, error);
}

/* Overrides */

static void
chat_workspace_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatWorkspace *self = CHAT_WORKSPACE (object);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_USER:
      g_value_set_string (value, self->user);
      break;
    case PROP_STATE:
      g_value_set_enum (value, (gint)self->state);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_QUEUED:
      g_value_set_uint (value, chat_outbox_get_waiting (self->outbox));
      break;
    case PROP_BLOCKED:
      g_value_set_boolean (value, self->blocked);
      break;
    case PROP_BLOCK_REASON:
      g_value_set_string (value, self->block_reason);
      break;
    case PROP_BLOCK_SINCE:
      g_value_set_int64 (value, self->block_since);
      break;
    case PROP_BLOCK_UNTIL:
      g_value_set_int64 (value, self->block_until);
      break;
    case PROP_TOKEN:
      g_value_set_string (value, self->token);
      break;
    case PROP_STORAGE_ERROR:
      g_value_set_string (value, self->storage_error);
      break;
    case PROP_ROLE:
      g_value_set_uint (value, self->role);
      break;
    case PROP_PASSWORD_MODE:
      g_value_set_boolean (value, self->password_mode);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_workspace_dispose (GObject *object)
{
  ChatWorkspace *self = CHAT_WORKSPACE (object);

  g_cancellable_cancel (self->cancellable);
  chat_workspace_session_stop (self);
  chat_workspace_sync_stop (self);
  chat_workspace_feed_stop (self);
  if (self->channels != NULL)
    for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
      chat_channel_orphan (chat_channel_list_get (self->channels, i));
  if (self->outbox != NULL)
    chat_outbox_stop (self->outbox);
  G_OBJECT_CLASS (chat_workspace_parent_class)->dispose (object);
}

static void
chat_workspace_finalize (GObject *object)
{
  ChatWorkspace *self = CHAT_WORKSPACE (object);

  g_clear_object (&self->channels);
  g_clear_object (&self->users);
  g_clear_object (&self->outbox);
  g_clear_object (&self->history);
  g_clear_object (&self->cache);
  g_clear_object (&self->database);
  g_clear_object (&self->rest);
  g_clear_object (&self->http);
  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->warnings);
  g_hash_table_unref (self->preloaded);
  g_hash_table_unref (self->unread_puts);
  chat_lru_free (self->noted);
  g_free (self->uri);
  g_free (self->user);
  g_free (self->name);
  g_free (self->token);
  g_free (self->password);
  g_free (self->active);
  g_free (self->status);
  g_free (self->session_status);
  g_free (self->storage_error);
  g_free (self->block_reason);
  G_OBJECT_CLASS (chat_workspace_parent_class)->finalize (object);
}

static void
chat_workspace_class_init (ChatWorkspaceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = chat_workspace_get_property;
  object_class->dispose = chat_workspace_dispose;
  object_class->finalize = chat_workspace_finalize;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_USER] = g_param_spec_string ("user", NULL, NULL, NULL, flags);
  properties[PROP_STATE]
      = g_param_spec_enum ("state", NULL, NULL, CHAT_TYPE_WORKSPACE_STATE, CHAT_WORKSPACE_OFFLINE, flags);
  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, "", flags);
  properties[PROP_QUEUED] = g_param_spec_uint ("queued", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_BLOCKED] = g_param_spec_boolean ("blocked", NULL, NULL, FALSE, flags);
  properties[PROP_BLOCK_REASON] = g_param_spec_string ("block-reason", NULL, NULL, NULL, flags);
  properties[PROP_BLOCK_SINCE]
      = g_param_spec_int64 ("block-since", NULL, NULL, G_MININT64, G_MAXINT64, CHAT_TIME_UNKNOWN, flags);
  properties[PROP_BLOCK_UNTIL]
      = g_param_spec_int64 ("block-until", NULL, NULL, G_MININT64, G_MAXINT64, CHAT_TIME_UNKNOWN, flags);
  properties[PROP_TOKEN] = g_param_spec_string ("token", NULL, NULL, NULL, flags);
  properties[PROP_STORAGE_ERROR] = g_param_spec_string ("storage-error", NULL, NULL, NULL, flags);
  properties[PROP_ROLE] = g_param_spec_uint ("role", NULL, NULL, 0, CHAT_N_ROLES - 1, CHAT_ROLE_MEMBER, flags);
  properties[PROP_PASSWORD_MODE] = g_param_spec_boolean ("password-mode", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[NOTEWORTHY] = g_signal_new ("noteworthy", CHAT_TYPE_WORKSPACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 3, CHAT_TYPE_CHANNEL, CHAT_TYPE_MESSAGE, G_TYPE_BOOLEAN);
  signals[WARNED] = g_signal_new ("warned", CHAT_TYPE_WORKSPACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  CHAT_TYPE_WARNING | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[REFUSED] = g_signal_new ("refused", CHAT_TYPE_WORKSPACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   2, G_TYPE_STRING, G_TYPE_STRING);
  signals[SIGNED_OUT] = g_signal_new ("signed-out", CHAT_TYPE_WORKSPACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 1, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
chat_workspace_init (ChatWorkspace *self)
{
  self->http
      = soup_session_new_with_options ("timeout", HTTP_TIMEOUT, "max-conns", HTTP_CONNECTIONS, "max-conns-per-host",
                                       HTTP_CONNECTIONS, "user-agent", "Tertulia/" CHAT_VERSION " ", NULL);
  self->channels = chat_channel_list_new ();
  self->cancellable = g_cancellable_new ();
  self->warnings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)chat_warning_free);
  self->preloaded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->users = chat_user_list_new ();
  self->noted = chat_lru_new (NOTED_MOST, NULL);
  self->unread_puts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->session_backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  self->feed_backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  self->block_since = self->block_until = CHAT_TIME_UNKNOWN;
}

ChatWorkspace *
chat_workspace_new (const char *uri, const char *user, const char *directory, ChatFeedFactory factory,
                    gpointer factory_data)
{
  ChatWorkspace *self;

  g_return_val_if_fail (user != NULL && directory != NULL && factory != NULL, NULL);

  self = g_object_new (CHAT_TYPE_WORKSPACE, NULL);
  self->uri = g_strdup (uri);
  self->user = g_strdup (user);
  self->factory = factory;
  self->factory_data = factory_data;
  self->rest = chat_rest_new (self->http, uri != NULL ? uri : "");
  self->database = chat_local_database_new (directory);
  self->cache = chat_cache_new (self->database);
  self->history = chat_local_history_new (CHAT_HISTORY (self->rest), self->cache);
  self->outbox = chat_outbox_new (self->database, self->rest, user);

  g_signal_connect_object (self->cache, "written", G_CALLBACK (chat_workspace_set_storage_error), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->outbox, "written", G_CALLBACK (chat_workspace_set_storage_error), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->outbox, "delivery", G_CALLBACK (delivery_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->outbox, "notify::waiting", G_CALLBACK (waiting_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->outbox, "stopped", G_CALLBACK (chat_workspace_session_lost), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->outbox, "blocked", G_CALLBACK (outbox_blocked_cb), self, G_CONNECT_SWAPPED);
  chat_workspace_update_state (self);
  return self;
}

/* Timelines that are likely to be looked at next are filled from the cache when nothing else is to be done, and kept
 * true by the feed from there on: they are there at once. */

static gboolean
open_ahead_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;
  ChatChannel *next = NULL;
  guint open = 0;

  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);

      if (chat_channel_peek_timeline (channel) != NULL)
        open++;
      else if (next == NULL || chat_channel_get_active (channel) > chat_channel_get_active (next))
        next = channel;
    }
  if (next != NULL && open < OPEN_AHEAD)
    {
      chat_channel_open_ahead (next);
      return G_SOURCE_CONTINUE;
    }
  self->ahead_source = 0;
  return G_SOURCE_REMOVE;
}

static void
open_ahead_soon (ChatWorkspace *self)
{
  if (self->ahead_source == 0 && !self->closing)
    self->ahead_source = g_idle_add_full (G_PRIORITY_LOW, open_ahead_cb, self, NULL);
}

/* Opening: the cache, then the outbox; the second goes on where the first failed, so that one error is enough. */

static void
outbox_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_outbox_load_finish (CHAT_OUTBOX (source), result, &error))
    {
      open_ahead_soon (g_task_get_source_object (task));
      g_task_return_boolean (task, TRUE);
      return;
    }
  chat_workspace_set_storage_error (g_task_get_source_object (task), error);
  g_task_return_error (task, g_steal_pointer (&error));
}

static void
cache_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  const char *preload = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatCacheContents) contents = chat_cache_open_finish (CHAT_CACHE (source), result, &error);

  if (contents == NULL)
    {
      chat_workspace_set_storage_error (self, error);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; i < contents->channels->len; i++)
    {
      ChatChannelState *state = g_ptr_array_index (contents->channels, i);

      chat_channel_apply_state (chat_workspace_upsert_channel (self, state->name), state);
    }
  if (preload != NULL)
    g_hash_table_insert (self->preloaded, g_strdup (preload), g_ptr_array_ref (contents->messages));
  self->was_here = g_strcmp0 (g_hash_table_lookup (contents->values, "session"), self->user) == 0;
  chat_workspace_set_name (self, g_hash_table_lookup (contents->values, "name"));
  chat_outbox_load_async (self->outbox, NULL, outbox_loaded_cb, g_steal_pointer (&task));
}

void
chat_workspace_open_async (ChatWorkspace *self, const char *channel, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_open_async);
  g_task_set_task_data (task, g_strdup (channel), g_free);
  chat_cache_open_async (self->cache, channel, PRELOAD, NULL, cache_opened_cb, task);
}

gboolean
chat_workspace_open_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

GListModel *
chat_workspace_get_channels (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  return G_LIST_MODEL (self->channels);
}

ChatChannel *
chat_workspace_find_channel (ChatWorkspace *self, const char *name)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  return chat_channel_list_find (self->channels, name);
}

GListModel *
chat_workspace_get_users (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  return G_LIST_MODEL (self->users);
}

const char *
chat_workspace_get_uri (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  return self->uri;
}

const char *
chat_workspace_get_user (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  return self->user;
}

ChatWorkspaceState
chat_workspace_get_state (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), CHAT_WORKSPACE_OFFLINE);
  return self->state;
}

const char *
chat_workspace_get_status (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  return self->status;
}

gboolean
chat_workspace_get_blocked (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);
  return self->blocked;
}

void
chat_workspace_set_active (ChatWorkspace *self, const char *channel, gboolean visible)
{
  ChatTimeline *timeline;
  ChatChannel *opened;
  gboolean opening;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  opening = visible && (!self->visible || g_strcmp0 (self->active, channel) != 0);
  if (channel != self->active)
    {
      g_free (self->active);
      self->active = g_strdup (channel);
    }
  self->visible = visible;
  opened = chat_channel_list_find (self->channels, self->active);
  if (!opening || opened == NULL)
    return;
  timeline = chat_channel_is_asleep (opened) ? chat_channel_get_timeline (opened) : chat_channel_peek_timeline (opened);
  if (timeline != NULL && chat_channel_get_unread (opened) > 0)
    chat_timeline_set_read (timeline, chat_channel_get_read (opened));
  chat_workspace_read_all (self, opened);
  chat_workspace_sync_people (self, opened);
}
