/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include "client/chat-message-changes.h"
#include "core/chat-time.h"

/* What waits to be sent for longer is worth a word. */
#define DELAY_MS 3000
/* Seconds without a byte before a request counts as failed. */
#define HTTP_TIMEOUT 30
#define HTTP_CONNECTIONS 8
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
  PROP_APPEALABLE,
  PROP_SERVICE,
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

static gboolean
delay_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->delay_source = 0;
  self->delayed = TRUE;
  chat_workspace_update_state (self);
  return G_SOURCE_REMOVE;
}

static void
waiting_cb (ChatWorkspace *self)
{
  guint waiting = chat_outbox_get_waiting (self->outbox);

  if (waiting == 0 || waiting < self->waited)
    {
      g_clear_handle_id (&self->delay_source, g_source_remove);
      self->delayed = FALSE;
    }
  self->waited = waiting;
  if (waiting > 0 && !self->delayed && self->delay_source == 0)
    self->delay_source = g_timeout_add (DELAY_MS, delay_cb, self);
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
chat_workspace_emit_warned (ChatWorkspace *self, const ChatWarning *warning)
{
  if (warning != NULL)
    g_signal_emit (self, signals[WARNED], 0, warning);
}

void
chat_workspace_add_warning (ChatWorkspace *self, const ChatWarning *warning, gboolean tell)
{
  ChatTimeline *timeline = chat_workspace_peek_timeline (self, warning->channel);
  const ChatWarning *known = g_hash_table_lookup (self->warnings, warning->id);
  gboolean news = known == NULL || (tell && g_hash_table_remove (self->untold, warning->id));

  /* what the feed brings says nothing of an appeal */
  if (known == NULL || (tell ? known->rule == NULL : !chat_warning_equal (known, warning)))
    {
      g_hash_table_insert (self->warnings, g_strdup (warning->id), chat_warning_copy (warning));
      chat_workspace_notify (self, "appealable");
      if (timeline != NULL)
        chat_timeline_add_warning (timeline, warning);
    }
  if (tell && news)
    chat_workspace_emit_warned (self, warning);
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

/* (transfer none) (nullable): of the user's warnings */
static const char *
find_appealable (ChatWorkspace *self)
{
  const ChatWarning *last = NULL, *warning;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->warnings);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      warning = value;
      if (warning->forgiven == CHAT_TIME_UNKNOWN && warning->verdict == CHAT_VERDICT_NO_APPEAL
          && (last == NULL || warning->timestamp > last->timestamp))
        last = warning;
    }
  return last != NULL ? last->id : NULL;
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
    case PROP_SERVICE:
      g_value_set_boolean (value, chat_workspace_has_service (self));
      break;
    case PROP_APPEALABLE:
      g_value_set_string (value, find_appealable (self));
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
  g_clear_handle_id (&self->hint_source, g_source_remove);
  g_clear_handle_id (&self->delay_source, g_source_remove);
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
  g_ptr_array_unref (self->closes);
  g_clear_object (&self->users);
  g_clear_object (&self->outbox);
  chat_workspace_site_finalize (self);
  g_clear_object (&self->history);
  g_clear_object (&self->cache);
  g_clear_object (&self->database);
  g_clear_object (&self->rest);
  g_clear_object (&self->http);
  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->warnings);
  g_hash_table_unref (self->preloaded);
  g_hash_table_unref (self->unread_puts);
  g_hash_table_unref (self->untold);
  chat_lru_free (self->noted);
  g_free (self->uri);
  g_free (self->user);
  g_free (self->name);
  g_free (self->directory);
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
  properties[PROP_APPEALABLE] = g_param_spec_string ("appealable", NULL, NULL, NULL, flags);
  properties[PROP_PASSWORD_MODE] = g_param_spec_boolean ("password-mode", NULL, NULL, FALSE, flags);
  properties[PROP_SERVICE] = g_param_spec_boolean ("service", NULL, NULL, TRUE, flags);
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
  self->closes = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  self->warnings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)chat_warning_free);
  self->preloaded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->users = chat_user_list_new ();
  self->noted = chat_lru_new (NOTED_MOST, NULL);
  self->unread_puts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->untold = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->session_backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  chat_workspace_broker_init (self);
  self->block_since = self->block_until = CHAT_TIME_UNKNOWN;
}

/* @site: (nullable): instead of a service at @uri */
static ChatWorkspace *
workspace_new (const char *uri, ChatBrokerSite *site, const char *user, const char *directory)
{
  ChatWorkspace *self = g_object_new (CHAT_TYPE_WORKSPACE, NULL);
  g_autoptr (ChatBrokerHistory) log = NULL;

  self->uri = g_strdup (uri);
  self->user = g_strdup (user);
  self->directory = g_strdup (directory);
  self->rest = chat_rest_new (self->http, uri != NULL ? uri : "");
  self->database = chat_local_database_new (directory);
  self->cache = chat_cache_new (self->database);
  if (site != NULL)
    {
      chat_workspace_site_init (self, site);
      log = chat_broker_history_new (site, self->cache);
    }
  self->history = chat_local_history_new (log != NULL ? CHAT_HISTORY (log) : CHAT_HISTORY (self->rest), self->cache);
  self->outbox = chat_outbox_new (self->database, site != NULL ? CHAT_SENDER (site) : CHAT_SENDER (self->rest), user);

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

ChatWorkspace *
chat_workspace_new (const char *uri, const char *user, const char *directory, ChatFeedFactory factory,
                    gpointer factory_data)
{
  ChatWorkspace *self;

  g_return_val_if_fail (user != NULL && directory != NULL && factory != NULL, NULL);

  self = workspace_new (uri, NULL, user, directory);
  self->factory = factory;
  self->factory_data = factory_data;
  return self;
}

ChatWorkspace *
chat_workspace_new_on_broker (ChatBrokerSite *site, const char *user, const char *directory)
{
  g_autofree char *title = NULL;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (site) && user != NULL && directory != NULL, NULL);

  title = chat_broker_site_dup_title (site);
  return workspace_new (title, site, user, directory);
}

gboolean
chat_workspace_has_service (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), TRUE);
  return self->site == NULL;
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
