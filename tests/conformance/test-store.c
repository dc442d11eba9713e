/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contract of the stores (src/server/store/chat-store.h), as cases that every back-end passes. The cases are in
 * the files store-*.c beside this one.
 *
 *   test-store                      all fixtures
 *   test-store -r /store/sqlite     one
 */
#include "config.h"

#include <stdlib.h>

#include "store-case.h"

static const StoreFixture *const fixtures[] = {
  &store_fixture_sqlite,
#if CHAT_HAVE_POSTGRESQL
  &store_fixture_postgresql,
#endif
};

/** StoreCaseRun: what a case is made of before it runs. */
typedef struct
{
  const StoreFixture *fixture;
  StoreCaseFunc func;
} StoreCaseRun;

const char *const store_odd_strings[] = {
  "'",
  "'); DROP TABLE messages; --",
  "\" OR \"\"=\"",
  "%_?*[a]\\",
  "$1 ?1 :a @b {x}",
  "ñandú çà €",
  "日本語 한국어 Ελληνικά",
  "👩‍👩‍👧 🇪🇸 𝔘",
  "\u202e\u200b\u0301\ufeff",
  "line\nfeed\ttab",
  "",
  NULL,
};

void
store_placed_free (StorePlaced *self)
{
  g_free (self->id);
  g_free (self);
}

/* Cases */

static void
attach (StoreCase *self, ChatStore *store)
{
  g_autoptr (GError) error = NULL;

  self->store = store;
  self->messages = chat_store_get_messages (store);
  self->channels = chat_store_get_channels (store);
  self->users = chat_store_get_users (store);
  self->moderation = chat_store_get_moderation (store);
  self->counters = chat_store_get_counters (store);
  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
}

static void
detach (StoreCase *self)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_store_close, self->store, &error);
  g_assert_no_error (error);
  g_clear_object (&self->store);
}

static void
run (gconstpointer data)
{
  const StoreCaseRun *run = data;
  g_autofree char *reason = run->fixture->available != NULL ? run->fixture->available () : NULL;
  StoreCase self = { .fixture = run->fixture };

  if (reason != NULL)
    {
      g_test_skip (reason);
      return;
    }

  self.place = run->fixture->place_new ();
  attach (&self, run->fixture->store_new (self.place));
  run->func (&self);
  detach (&self);
  run->fixture->place_free (self.place);
}

void
store_case_add (const StoreFixture *fixture, const char *name, StoreCaseFunc func)
{
  g_autofree char *path = g_strdup_printf ("/store/%s/%s", fixture->name, name);
  StoreCaseRun *data = g_new (StoreCaseRun, 1);

  *data = (StoreCaseRun){ fixture, func };
  g_test_add_data_func_full (path, data, run, g_free);
}

void
store_case_reopen (StoreCase *self)
{
  detach (self);
  attach (self, self->fixture->store_new (self->place));
}

/* Messages */

gint64
store_append (StoreCase *self, const char *channel, const char *id, gint64 timestamp)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (batch, chat_test_message_new (channel, id, id, timestamp));
  results = chat_test_call (chat_message_store_append, self->messages, &error, batch);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 1);
  return g_array_index (results, ChatAppendResult, 0).seq;
}

ChatMessage *
store_message_new (ChatMessageKind kind, const char *channel, const char *id, const char *author, const char *data)
{
  ChatMessage *message = chat_message_new (kind);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, author);
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, STORE_TIME);
  return message;
}

ChatAppendResult
store_append_message (StoreCase *self, ChatMessage *message)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (batch, chat_message_ref (message));
  results = chat_test_call (chat_message_store_append, self->messages, &error, batch);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 1);
  return g_array_index (results, ChatAppendResult, 0);
}

gboolean
store_ensure_with_keys (StoreCase *self, const ChatChannelInfo *info, const char *const *keys)
{
  g_autoptr (GError) error = NULL;
  gboolean created = FALSE;

  chat_test_call_out (chat_channel_store_ensure, self->channels, &created, &error, info, keys);
  g_assert_no_error (error);
  return created;
}

gboolean
store_ensure (StoreCase *self, const ChatChannelInfo *info)
{
  return store_ensure_with_keys (self, info, (const char *const *)info->members);
}

GHashTable *
store_assert_placed (StoreCase *self, const char *channel, guint count)
{
  g_autoptr (GPtrArray) rows = self->fixture->read_channel (self->place, channel);
  GHashTable *ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < rows->len; i++)
    {
      StorePlaced *row = g_ptr_array_index (rows, i);

      g_assert_cmpint (row->seq, ==, i + 1);
      g_assert_true (g_hash_table_add (ids, g_steal_pointer (&row->id)));
    }
  if (count != G_MAXUINT)
    g_assert_cmpuint (rows->len, ==, count);
  return ids;
}

static const StoreFixture *
find_fixture (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixtures); i++)
    if (g_str_equal (fixtures[i]->name, name))
      return fixtures[i];
  g_error ("There is no fixture “%s”", name);
}

int
main (int argc, char **argv)
{
  if (argc == 5 && g_str_equal (argv[1], "--append"))
    return store_crash_child (find_fixture (argv[2]), argv[3], (guint)atoi (argv[4]));

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      store_cases_lifecycle (fixtures[i]);
      store_cases_messages (fixtures[i]);
      store_cases_pages (fixtures[i]);
      store_cases_channels (fixtures[i]);
      store_cases_users (fixtures[i]);
      store_cases_accounts (fixtures[i]);
      store_cases_appeals (fixtures[i]);
      store_cases_counters (fixtures[i]);
      store_cases_moderation (fixtures[i]);
      store_cases_search (fixtures[i]);
      store_cases_state (fixtures[i]);
      store_cases_unread (fixtures[i]);
      store_cases_watch (fixtures[i]);
      store_cases_outbox (fixtures[i]);
      store_cases_crash (fixtures[i]);
    }
  return g_test_run ();
}
