/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "postgresql-test.h"

#include <string.h>

#include "chat-test-message.h"
#include "core/chat-time.h"
#include "server/store/postgresql/chat-postgresql-store.h"

#define TIMEOUT 1000
#define PAUSE 100 /* ms between attempts */

gboolean
postgresql_test_init (PostgresqlTest *self, ChatTestBrokerFlags flags)
{
  self->server = chat_test_postgresql_new (flags);
  if (self->server == NULL)
    return FALSE;
  self->uri = chat_test_broker_dup_database (self->server);
  self->database = g_strdup (strrchr (self->uri, '/') + 1);
  return TRUE;
}

void
postgresql_test_clear (PostgresqlTest *self)
{
  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->database, g_free);
  g_clear_pointer (&self->server, chat_test_broker_free);
}

void
postgresql_test_ask (PostgresqlTest *self, const char *sql, const char *expected)
{
  g_autofree char *answer = chat_test_broker_tell (self->server, "sql", self->database, sql, NULL);

  g_assert_cmpstr (g_strstrip (answer), ==, expected);
}

void
postgresql_test_run (PostgresqlTest *self, const char *sql)
{
  g_free (chat_test_broker_tell (self->server, "sql", self->database, sql, NULL));
}

ChatStore *
postgresql_test_store_new (const char *uri)
{
  return g_object_new (CHAT_TYPE_POSTGRESQL_STORE, "uri", uri, "timeout", TIMEOUT, NULL);
}

ChatStore *
postgresql_test_store_open (const char *uri)
{
  ChatStore *store = postgresql_test_store_new (uri);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  return store;
}

void
postgresql_test_store_close (ChatStore *store)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_store_close, store, &error);
  g_assert_no_error (error);
  g_object_unref (store);
}

void
postgresql_test_assert_refused (const char *uri, const char *password_file, ChatStoreError code, const char *words)
{
  g_autoptr (ChatStore) store = chat_postgresql_store_new (uri, password_file, 2, TRUE);
  g_autoptr (GError) error = NULL;

  g_assert_false (chat_test_call (chat_store_open, store, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, CHAT_STORE_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, words));
}

gint64
postgresql_test_append (ChatStore *store, const char *id, GError **error)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) failure = NULL;

  g_ptr_array_add (batch, chat_test_message_new ("general", id, id, 1));
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), &failure, batch);
  if (results != NULL)
    return g_array_index (results, ChatAppendResult, 0).seq;
  if (error == NULL)
    g_assert_no_error (failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return 0;
}

gint64
postgresql_test_append_patiently (ChatStore *store, const char *id)
{
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      gint64 seq = postgresql_test_append (store, id, &error);

      if (seq > 0)
        return seq;
      g_assert_true (chat_store_error_is_passing (error));
      if (g_get_monotonic_time () > deadline)
        g_assert_no_error (error);
      chat_test_run_for (PAUSE);
    }
}

gint64
postgresql_test_list (ChatStore *store, GError **error)
{
  static const ChatPage latest = { .kind = CHAT_PAGE_LATEST, .time_ms = CHAT_TIME_UNKNOWN, .limit = 1000 };
  g_autoptr (ChatMessagePage) page = NULL;
  g_autoptr (GError) failure = NULL;

  page = chat_test_call (chat_message_store_list, chat_store_get_messages (store), &failure, "general", &latest);
  if (page != NULL)
    return page->messages->len;
  if (error == NULL)
    g_assert_no_error (failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return -1;
}
