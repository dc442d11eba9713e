/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-warnings.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-live-frames.h"
#include "transport/chat-record.h"

/* With so many waiting for the store, the next ones go without their words: they are in GET /v1/moderation/warnings. */
#define WAITING_MAX 1000

struct _ChatApiLiveWarnings
{
  GObject parent_instance;

  /* Owned */
  ChatModerationStore *store;
  GHashTable *users; /* user key → GPtrArray of ChatApiLiveClient, borrowed */
  GQueue waiting;    /* of ChatMessage; the store is being asked for the first */

  gboolean asking;
};

G_DEFINE_FINAL_TYPE (ChatApiLiveWarnings, chat_api_live_warnings, G_TYPE_OBJECT)

static GPtrArray *
find_clients (ChatApiLiveWarnings *self, const ChatMessage *message)
{
  g_autofree char *key = chat_skeleton (chat_message_get_user (message));

  return g_hash_table_lookup (self->users, key);
}

static gboolean
somebody_wants (ChatApiLiveWarnings *self, const ChatMessage *message)
{
  GPtrArray *clients = find_clients (self, message);

  for (guint i = 0; clients != NULL && i < clients->len; i++)
    if (chat_api_live_client_wants_warnings (clients->pdata[i]))
      return TRUE;
  return FALSE;
}

static void
send_out (ChatApiLiveWarnings *self, const ChatMessage *message, JsonArray *words)
{
  GPtrArray *clients = find_clients (self, message);
  g_autoptr (ChatApiLiveFrames) frames = chat_api_live_frames_new (CHAT_TOPIC_WARNINGS);
  g_autoptr (JsonObject) object = chat_message_encode_object (message);
  g_autofree char *json = NULL;
  g_autoptr (GPtrArray) bodies = NULL;

  if (words != NULL)
    json_object_set_array_member (object, "words", json_array_ref (words));
  json = chat_json_to_string (object);
  chat_api_live_frames_add_json (frames, json, strlen (json));
  bodies = chat_api_live_frames_finish (frames);
  for (guint i = 0; clients != NULL && i < clients->len; i++)
    chat_api_live_client_send_warnings (clients->pdata[i], bodies);
}

static void
send_with_strike (ChatApiLiveWarnings *self, const ChatMessage *message, const ChatStrike *strike)
{
  g_autoptr (ChatMessage) whole = chat_message_copy (message);
  g_autoptr (JsonArray) words = chat_api_json_words (strike->original, strike->spans);

  chat_message_set_channel (whole, strike->channel);
  chat_message_take_moderation (whole,
                                chat_moderation_note_new (strike->rule, strike->spans, strike->strike, strike->limit));
  send_out (self, whole, words);
}

static void ask_next (ChatApiLiveWarnings *self);

static void
got_strike_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiLiveWarnings) self = user_data;
  g_autoptr (ChatMessage) message = g_queue_pop_head (&self->waiting);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatStrike) strike
      = chat_moderation_store_get_strike_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (strike != NULL)
    send_with_strike (self, message, strike);
  else
    {
      g_info ("the words of warning %s could not be read: %s", chat_message_get_id (message), error->message);
      send_out (self, message, NULL);
    }
  self->asking = FALSE;
  ask_next (self);
}

/* One at a time, so that a block does not overtake the warning that led to it. */
static void
ask_next (ChatApiLiveWarnings *self)
{
  while (!self->asking && !g_queue_is_empty (&self->waiting))
    {
      ChatMessage *message = g_queue_peek_head (&self->waiting);

      if (chat_message_get_kind (message) == CHAT_KIND_WARNING && chat_message_get_target (message) != NULL
          && self->waiting.length <= WAITING_MAX)
        {
          self->asking = TRUE;
          chat_moderation_store_get_strike_async (self->store, chat_message_get_target (message), NULL, got_strike_cb,
                                                  g_object_ref (self));
          return;
        }
      send_out (self, message, NULL);
      chat_message_unref (g_queue_pop_head (&self->waiting));
    }
}

static void
chat_api_live_warnings_finalize (GObject *object)
{
  ChatApiLiveWarnings *self = CHAT_API_LIVE_WARNINGS (object);

  g_queue_clear_full (&self->waiting, (GDestroyNotify)chat_message_unref);
  g_hash_table_unref (self->users);
  g_object_unref (self->store);
  G_OBJECT_CLASS (chat_api_live_warnings_parent_class)->finalize (object);
}

static void
chat_api_live_warnings_class_init (ChatApiLiveWarningsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_api_live_warnings_finalize;
}

static void
chat_api_live_warnings_init (ChatApiLiveWarnings *self)
{
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  g_queue_init (&self->waiting);
}

ChatApiLiveWarnings *
chat_api_live_warnings_new (ChatModerationStore *store)
{
  ChatApiLiveWarnings *self = g_object_new (CHAT_TYPE_API_LIVE_WARNINGS, NULL);

  self->store = g_object_ref (store);
  return self;
}

void
chat_api_live_warnings_add_client (ChatApiLiveWarnings *self, ChatApiLiveClient *client)
{
  const char *key = chat_api_live_client_get_session (client)->user_key;
  GPtrArray *clients = g_hash_table_lookup (self->users, key);

  if (clients == NULL)
    {
      clients = g_ptr_array_new ();
      g_hash_table_insert (self->users, g_strdup (key), clients);
    }
  g_ptr_array_add (clients, client);
}

void
chat_api_live_warnings_remove_client (ChatApiLiveWarnings *self, ChatApiLiveClient *client)
{
  const char *key = chat_api_live_client_get_session (client)->user_key;
  GPtrArray *clients = g_hash_table_lookup (self->users, key);

  g_ptr_array_remove_fast (clients, client);
  if (clients->len == 0)
    g_hash_table_remove (self->users, key);
}

void
chat_api_live_warnings_deliver (ChatApiLiveWarnings *self, ChatMessage *message)
{
  if (chat_message_get_user (message) == NULL || !somebody_wants (self, message))
    return;
  g_queue_push_tail (&self->waiting, chat_message_ref (message));
  ask_next (self);
}
