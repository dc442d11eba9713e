/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contract of the stores (src/server/store/chat-store.h), as cases that every back-end passes. The cases are in
 * store-lifecycle.c, store-messages.c, store-pages.c, store-channels.c, store-users.c, store-moderation.c and
 * store-crash.c.
 *
 *   test-store                      all fixtures
 *   test-store -r /store/sqlite     one
 */
#include <stdlib.h>

#include "store-case.h"

static const StoreFixture *const fixtures[] = { &store_fixture_sqlite };

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

gboolean
store_ensure (StoreCase *self, const ChatChannelInfo *info)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  gboolean created = FALSE;

  chat_channel_store_ensure_async (self->channels, info, (const char *const *)info->members, NULL, chat_test_result_cb,
                                   &awaited);
  result = chat_test_await (&awaited, "the channel");
  chat_channel_store_ensure_finish (self->channels, result, &created, &error);
  g_assert_no_error (error);
  return created;
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
      store_cases_moderation (fixtures[i]);
      store_cases_crash (fixtures[i]);
    }
  return g_test_run ();
}
