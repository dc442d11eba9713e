/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"

#define CHANNELS_SOON_MS 200
#define PEOPLE_SOON_MS 200
/* After so long a message that the service accepted should be known to it. */
#define ACCEPTED_LONG_MS 60000

/* One question to the service on its way. What it answers is looked at only while it is still about this workspace. */
typedef struct _Question Question;
typedef void (*TakeAnswer) (ChatWorkspace *self, JsonObject *answer, const Question *question);

struct _Question
{
  GWeakRef workspace;
  TakeAnswer take;
  void (*refused) (ChatWorkspace *self, const Question *question); /* nullable */
  char *channel;                                                   /* nullable: what it is about */
  char *id;                                                        /* nullable: the message */
  gint64 asked;                                                    /* monotonic, µs */
};

static void
question_free (Question *question)
{
  g_weak_ref_clear (&question->workspace);
  g_free (question->channel);
  g_free (question->id);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (ChatWorkspace) self = g_weak_ref_get (&question->workspace);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);

  if (self == NULL)
    return;
  self->syncing--;
  if (answer != NULL && !self->closing)
    question->take (self, answer, question);
  else if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_TOKEN))
    chat_workspace_session_lost (self);
  else if (question->refused != NULL && g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED)
           && !self->closing)
    question->refused (self, question);
  /* any other failure: the feed breaks too, and everything is asked again when it is back */
  chat_workspace_update_state (self);
}

static Question *
ask (ChatWorkspace *self, const char *path, TakeAnswer take, const char *channel)
{
  Question *question = g_new0 (Question, 1);

  g_weak_ref_init (&question->workspace, self);
  question->take = take;
  question->channel = g_strdup (channel);
  question->asked = g_get_monotonic_time ();
  self->syncing++;
  chat_rest_call_async (self->rest, SOUP_METHOD_GET, path, NULL, self->cancellable, answered_cb, question);
  return question;
}

static gboolean
has_service (ChatWorkspace *self)
{
  return self->session == CHAT_SESSION_OPEN && self->site == NULL;
}

/* Calls @func with each object in the array @member. */
static void
foreach_object (JsonObject *answer, const char *member, void (*func) (ChatWorkspace *self, JsonObject *object),
                ChatWorkspace *self)
{
  JsonArray *array = NULL;

  if (!chat_json_get_array (answer, member, FALSE, &array, NULL) || array == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, i)))
      func (self, json_array_get_object_element (array, i));
}

/* The service itself */

static void
take_workspace (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  const char *name = NULL, *mode = NULL;

  chat_json_get_string (answer, "name", FALSE, &name, NULL);
  chat_json_get_string (answer, "mode", FALSE, &mode, NULL);
  chat_workspace_set_name (self, name);
  if (mode != NULL)
    chat_workspace_set_password_mode (self, g_str_equal (mode, "password"));
}

void
chat_workspace_sync_about (ChatWorkspace *self)
{
  if (self->site != NULL)
    return;
  ask (self, "v1/workspace", take_workspace, NULL);
}

/* Brokers. A service that knows of none has no such resource. */

static void
take_offers (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  chat_workspace_take_offers (self, answer);
}

static void
no_offers (ChatWorkspace *self, const Question *question)
{
  chat_workspace_take_offers (self, NULL);
}

static void
sync_offers (ChatWorkspace *self)
{
  if (self->broker_factory != NULL)
    ask (self, "v1/feeds", take_offers, NULL)->refused = no_offers;
}

/* Users */

static void
take_users (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  chat_workspace_take_users (self, answer);
}

/* Warnings and blocks */

static void
take_warning (ChatWorkspace *self, JsonObject *object)
{
  g_autoptr (ChatWarning) warning = chat_warning_new_from_json (object, NULL);

  if (warning != NULL)
    chat_workspace_add_warning (self, warning, FALSE);
}

void
chat_workspace_take_block (ChatWorkspace *self, JsonObject *answer)
{
  JsonObject *block = NULL;
  const char *reason = NULL, *since = NULL, *until = NULL;
  gint64 since_ms = CHAT_TIME_UNKNOWN, until_ms = CHAT_TIME_UNKNOWN;

  chat_json_get_object (answer, "block", FALSE, &block, NULL);
  if (block == NULL)
    {
      chat_workspace_set_block (self, FALSE, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN);
      return;
    }
  chat_json_get_string (block, "reason", FALSE, &reason, NULL);
  if (chat_json_get_string (block, "since", FALSE, &since, NULL) && since != NULL)
    chat_time_parse (since, &since_ms, NULL);
  if (chat_json_get_string (block, "until", FALSE, &until, NULL) && until != NULL)
    chat_time_parse (until, &until_ms, NULL);
  chat_workspace_set_block (self, TRUE, reason, since_ms, until_ms);
}

static void
take_warnings (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  foreach_object (answer, "warnings", take_warning, self);
  chat_workspace_take_block (self, answer);
}

void
chat_workspace_sync_block (ChatWorkspace *self)
{
  if (has_service (self))
    ask (self, "v1/moderation/warnings", take_warnings, NULL);
}

/* Channels */

static void
take_members (ChatWorkspace *self, ChatChannel *channel, JsonObject *object)
{
  JsonArray *members = NULL;

  if (!chat_json_get_array (object, "members", FALSE, &members, NULL) || members == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (members); i++)
    {
      JsonNode *node = json_array_get_element (members, i);
      const char *member = json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;

      if (member == NULL || g_str_equal (member, self->user))
        continue;
      chat_channel_set_other (channel, member);
      chat_channel_set_bot (channel, chat_workspace_is_bot (self, member));
    }
}

ChatChannel *
chat_workspace_take_channel (ChatWorkspace *self, JsonObject *object)
{
  const char *name = NULL, *topic = NULL, *active = NULL, *language = NULL;
  gint64 active_ms = CHAT_TIME_UNKNOWN;
  gboolean joined = FALSE;
  ChatChannel *channel;

  if (!chat_json_get_string (object, "name", TRUE, &name, NULL) || !chat_channel_name_check (name, NULL))
    return NULL;
  chat_json_get_string (object, "topic", FALSE, &topic, NULL);
  chat_json_get_string (object, "active", FALSE, &active, NULL);
  chat_json_get_string (object, "language", FALSE, &language, NULL);
  chat_json_get_boolean (object, "joined", FALSE, &joined, NULL);

  channel = chat_workspace_upsert_channel (self, name);
  if (chat_channel_get_private (channel))
    take_members (self, channel, object);
  chat_channel_set_topic (channel, topic);
  chat_channel_set_language (channel, language);
  chat_channel_set_joined (channel, joined);
  if (active != NULL && chat_time_parse (active, &active_ms, NULL))
    chat_channel_set_active (channel, active_ms);
  chat_workspace_take_counts (self, channel, object);
  chat_cache_put_channel (self->cache, channel);
  return channel;
}

static void
sync_active_people (ChatWorkspace *self)
{
  ChatChannel *active = chat_channel_list_find (self->channels, self->active);

  if (active != NULL)
    chat_workspace_sync_people (self, active);
}

static void
take_channels (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  g_autoptr (GHashTable) there = g_hash_table_new (g_direct_hash, g_direct_equal);
  JsonArray *array = NULL;

  if (!chat_json_get_array (answer, "channels", TRUE, &array, NULL))
    return;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      ChatChannel *channel
          = JSON_NODE_HOLDS_OBJECT (node) ? chat_workspace_take_channel (self, json_node_get_object (node)) : NULL;

      if (channel != NULL)
        g_hash_table_add (there, channel);
    }
  for (guint i = chat_channel_list_get_length (self->channels); i > 0; i--)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i - 1);

      /* one that came up after the question is no part of the answer */
      if (g_hash_table_contains (there, channel) || chat_channel_get_made (channel) >= question->asked)
        continue;
      chat_cache_remove_channel (self->cache, chat_channel_get_name (channel));
      chat_channel_list_remove (self->channels, channel);
    }
  if (g_hash_table_size (self->unread_puts) > 0)
    chat_workspace_put_read (self);
  sync_active_people (self);
}

static gboolean
channels_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->channels_source = 0;
  if (has_service (self))
    {
      ask (self, "v1/users", take_users, NULL);
      ask (self, "v1/channels", take_channels, NULL);
    }
  return G_SOURCE_REMOVE;
}

static void
take_one_channel (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  chat_workspace_take_channel (self, answer);
}

void
chat_workspace_sync_channel (ChatWorkspace *self, const char *name)
{
  g_autofree char *path = g_strdup_printf ("v1/channels/%s", name);

  if (has_service (self))
    ask (self, path, take_one_channel, NULL);
}

void
chat_workspace_sync_channels_soon (ChatWorkspace *self)
{
  if (self->channels_source == 0)
    self->channels_source = g_timeout_add (CHANNELS_SOON_MS, channels_cb, self);
}

static void
take_people (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  ChatChannel *channel = chat_channel_list_find (self->channels, question->channel);
  JsonArray *members = NULL;

  if (channel != NULL && chat_json_get_array (answer, "members", TRUE, &members, NULL))
    chat_channel_set_people (channel, json_array_get_length (members));
}

void
chat_workspace_sync_people (ChatWorkspace *self, ChatChannel *channel)
{
  g_autofree char *path = g_strdup_printf ("v1/channels/%s/members", chat_channel_get_name (channel));

  if (has_service (self))
    ask (self, path, take_people, chat_channel_get_name (channel));
}

static gboolean
people_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->people_source = 0;
  sync_active_people (self);
  return G_SOURCE_REMOVE;
}

/* Many come and go at once: they are counted once. */
void
chat_workspace_sync_active_people_soon (ChatWorkspace *self)
{
  if (self->people_source == 0)
    self->people_source = g_timeout_add (PEOPLE_SOON_MS, people_cb, self);
}

/*
 * Own messages that were accepted and not seen again: the feed broke, or this program ended, and by now so much may
 * have been written behind them that no page of the history brings them. They are asked for, one after the other in
 * each channel. One that is not stored yet comes with the feed, and so do those behind it.
 */

static void ask_for_accepted (ChatWorkspace *self, const char *channel);

static void
take_accepted (ChatWorkspace *self, JsonObject *answer, const Question *question)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  ChatMessage *message = chat_message_decode_object (answer, NULL);
  ChatChannel *channel = chat_channel_list_find (self->channels, question->channel);

  if (message == NULL)
    return;
  g_ptr_array_add (messages, message);
  if (channel != NULL && chat_channel_peek_timeline (channel) != NULL)
    chat_timeline_add_live (chat_channel_peek_timeline (channel), messages);
  if (chat_outbox_settle (self->outbox, chat_message_get_id (message)))
    ask_for_accepted (self, question->channel);
}

/* The service does not know it: on its way, or gone for a reason that nobody was here to hear. After a while it is sent
 * again, and its answer is the reason. */
static void
send_again (ChatWorkspace *self, const Question *question)
{
  ChatDelivery delivery = CHAT_DELIVERY_NONE;
  ChatMessage *message = chat_outbox_find (self->outbox, question->id, &delivery);

  if (message != NULL && chat_message_get_sent (message) < chat_time_now () - ACCEPTED_LONG_MS)
    chat_outbox_send_again (self->outbox, question->id);
}

static void
find_accepted_cb (ChatMessage *message, ChatDelivery delivery, const char *reason, gpointer data)
{
  GHashTable *first = data;
  const char *channel = chat_message_get_channel (message);

  if (delivery == CHAT_DELIVERY_ACCEPTED && !g_hash_table_contains (first, channel))
    g_hash_table_insert (first, g_strdup (channel), g_strdup (chat_message_get_id (message)));
}

/* @channel: (nullable): NULL: in each of them. */
static void
ask_for_accepted (ChatWorkspace *self, const char *channel)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer name, id;

  chat_outbox_foreach (self->outbox, find_accepted_cb, first);
  g_hash_table_iter_init (&iter, first);
  while (g_hash_table_iter_next (&iter, &name, &id))
    {
      g_autofree char *path = g_strdup_printf ("v1/messages/%s", (const char *)id);

      Question *question;

      if (channel != NULL && !g_str_equal (channel, name))
        continue;
      question = ask (self, path, take_accepted, name);
      question->id = g_strdup (id);
      question->refused = send_again;
    }
}

void
chat_workspace_sync (ChatWorkspace *self)
{
  if (self->site != NULL)
    {
      chat_workspace_site_sync (self);
      return;
    }
  chat_workspace_sync_about (self);
  sync_offers (self);
  ask (self, "v1/users", take_users, NULL);
  ask (self, "v1/channels", take_channels, NULL);
  chat_workspace_sync_block (self);
  ask_for_accepted (self, NULL);
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);

      if (chat_channel_peek_timeline (channel) != NULL && !chat_channel_is_asleep (channel))
        chat_timeline_resync (chat_channel_peek_timeline (channel));
    }
}

void
chat_workspace_sync_stop (ChatWorkspace *self)
{
  g_clear_handle_id (&self->channels_source, g_source_remove);
  g_clear_handle_id (&self->people_source, g_source_remove);
  g_clear_handle_id (&self->ahead_source, g_source_remove);
  g_clear_handle_id (&self->read_source, g_source_remove);
}
