/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "role-test.h"

#include <glib/gstdio.h>

#include "core/chat-message-codec.h"
#include "moderation/chat-skeleton.h"
#include "server/store/sqlite/chat-sqlite-store.h"

#define LISTS                                                                                                          \
  "language: es\nrule: es/insults\nmierda\nseverity: mild\nculo\n"                                                     \
  "language: en\nrule: en/insults\nseverity: mask\nshit\n"
#define STRIKES_MOST 1000

void
role_test_set_up (RoleTest *self, gconstpointer shards)
{
  g_autoptr (GBytes) secret = g_bytes_new ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("tertulia-role-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (self->directory, "store.sqlite", NULL);
  self->sqlite = chat_sqlite_store_new (path);
  g_assert_true (chat_test_call (chat_store_open, self->sqlite, &error));
  g_assert_no_error (error);
  self->faults = chat_fault_store_new (self->sqlite);
  self->store = CHAT_STORE (self->faults);
  self->broker = chat_loopback_broker_new (MAX (GPOINTER_TO_UINT (shards), 1));
  self->transport = chat_loopback_transport_new (self->broker);
  self->loopback = CHAT_LOOPBACK_TRANSPORT (self->transport);
  g_assert_true (chat_test_call (chat_transport_connect, self->transport, NULL));
  self->signer = chat_signer_new ("test", secret);
  self->lists = g_bytes_new_static (LISTS, strlen (LISTS));
  self->control = chat_control_feed_new (self->transport, self->signer);
  self->rules = chat_rules_source_new (self->control, chat_store_get_moderation (self->sqlite), self->lists);
  role_test_start (self, self->control);
  role_test_start (self, self->rules);
  self->clock = G_GINT64_CONSTANT (1700000000000);
}

static void
remove_directory (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_assert_cmpint (g_unlink (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

void
role_test_tear_down (RoleTest *self, gconstpointer shards)
{
  role_test_stop (self, self->rules);
  role_test_stop (self, self->control);
  g_assert_true (chat_test_call (chat_transport_close, self->transport, NULL));
  g_assert_true (chat_test_call (chat_store_close, self->sqlite, NULL));
  chat_test_wait_finalized (self->transport);
  chat_test_wait_finalized (self->broker);
  chat_test_wait_finalized (self->faults);
  g_object_unref (self->sqlite);
  chat_signer_free (self->signer);
  g_bytes_unref (self->lists);
  remove_directory (self->directory);
  g_free (self->directory);
}

static void
failed_cb (ChatService *service, const GError *error, RoleTest *self)
{
  g_assert_nonnull (error);
  self->failures++;
}

void
role_test_start (RoleTest *self, gpointer service)
{
  g_autoptr (GError) error = NULL;

  g_signal_connect (service, "failed", G_CALLBACK (failed_cb), self);
  gboolean started = chat_test_call (chat_service_start, CHAT_SERVICE (service), &error);
  g_assert_no_error (error);
  g_assert_true (started);
}

void
role_test_stop (RoleTest *self, gpointer service)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_service_stop, CHAT_SERVICE (service), &error));
  g_assert_no_error (error);
  chat_test_run_pending ();
  chat_test_wait_finalized (service);
}

ChatMessage *
role_test_message (RoleTest *self, const char *author, const char *channel, const char *id, const char *text)
{
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, author);
  chat_message_set_data (message, text);
  chat_message_set_timestamp (message, self->clock++);
  return message;
}

void
role_test_publish (RoleTest *self, const char *topic, ChatMessage *message)
{
  g_autoptr (GBytes) bytes = chat_message_encode (message);
  g_autofree char *signature = chat_signer_sign (self->signer, message);
  g_autoptr (ChatRecord) record = chat_record_new (topic, chat_message_get_channel (message), bytes);

  chat_record_set_header (record, CHAT_SIGNATURE_HEADER, signature);
  chat_loopback_broker_append (self->broker, record);
}

void
role_test_say (RoleTest *self, const char *author, const char *channel, const char *id, const char *text)
{
  g_autoptr (ChatMessage) message = role_test_message (self, author, channel, id, text);

  role_test_publish (self, CHAT_TOPIC_CHAT, message);
}

void
role_test_append (RoleTest *self, const char *topic, const char *key, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (ChatRecord) record = chat_record_new (topic, key, bytes);

  chat_loopback_broker_append (self->broker, record);
}

typedef struct
{
  RoleTest *test;
  const char *topic;
  guint n;
} Wait;

static gboolean
has_enough (gpointer data)
{
  Wait *wait = data;
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (wait->test->broker, wait->topic);

  return records->len >= wait->n;
}

void
role_test_wait (RoleTest *self, const char *topic, guint n)
{
  Wait wait = { self, topic, n };
  g_autofree char *what = g_strdup_printf ("%u records on %s", n, topic);

  chat_test_wait_until (has_enough, &wait, what);
  chat_test_run_pending ();
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (self->broker, topic);
  g_assert_cmpuint (records->len, ==, n);
}

GPtrArray *
role_test_list (RoleTest *self, const char *topic)
{
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (self->broker, topic);
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);

  for (guint i = 0; i < records->len; i++)
    {
      GBytes *bytes = chat_record_get_bytes (g_ptr_array_index (records, i));
      g_autoptr (GError) error = NULL;
      ChatMessage *message = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

      g_assert_no_error (error);
      g_ptr_array_add (messages, message);
    }
  return messages;
}

static void
append_note (GString *text, const ChatModerationNote *note)
{
  if (note == NULL)
    {
      g_string_append (text, "-");
      return;
    }
  g_string_append_printf (text, "%s,%u/%u", note->rule != NULL ? note->rule : "-", note->strike, note->limit);
  for (guint i = 0; i < note->spans->len; i++)
    {
      const ChatSpan *span = &g_array_index (note->spans, ChatSpan, i);
      g_string_append_printf (text, ",%u+%u", span->start, span->length);
    }
}

static void
append_field (GString *text, const ChatMessage *message, const char *field)
{
  const struct
  {
    const char *name;
    const char *value;
  } strings[] = {
    { "id", chat_message_get_id (message) },
    { "channel", chat_message_get_channel (message) },
    { "kind", chat_message_kind_to_string (chat_message_get_kind (message)) },
    { "author", chat_message_get_author (message) },
    { "data", chat_message_get_data (message) },
    { "target", chat_message_get_target (message) },
    { "reply", chat_message_get_reply_to (message) },
    { "user", chat_message_get_user (message) },
    { "bot", chat_message_get_bot (message) ? "bot" : "human" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    if (g_str_equal (strings[i].name, field))
      {
        g_string_append (text, strings[i].value != NULL ? strings[i].value : "-");
        return;
      }
  g_assert_cmpstr (field, ==, "note");
  append_note (text, chat_message_get_moderation (message));
}

static guint
count_words (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  return *text == '\0' ? 0 : g_strv_length (words);
}

void
role_test_check (RoleTest *self, const char *topic, const char *fields, const char *expected)
{
  g_auto (GStrv) names = g_strsplit (fields, ":", -1);
  g_autoptr (GString) found = g_string_new (NULL);

  role_test_wait (self, topic, count_words (expected));
  g_autoptr (GPtrArray) messages = role_test_list (self, topic);
  for (guint i = 0; i < messages->len; i++)
    for (guint j = 0; names[j] != NULL; j++)
      {
        if (found->len > 0)
          g_string_append_c (found, j > 0 ? ':' : ' ');
        append_field (found, g_ptr_array_index (messages, i), names[j]);
      }
  g_assert_cmpstr (found->str, ==, expected);
}

guint
role_test_get_strikes (RoleTest *self, const char *user)
{
  g_autofree char *key = chat_skeleton (user);
  g_autoptr (GPtrArray) strikes = chat_test_call (chat_moderation_store_list_strikes,
                                                  chat_store_get_moderation (self->sqlite), NULL, key, STRIKES_MOST);

  return strikes->len;
}
