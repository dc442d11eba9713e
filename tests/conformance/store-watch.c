/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `changed`: who watches a store is told what is stored. */
#include "store-case.h"

/** Watcher: how far each channel has come, as it was told. */
typedef struct
{
  GHashTable *heads; /* channel → gint64 */
  guint told;
} Watcher;

static void
changed_cb (ChatStore *store, const char *channel, gint64 head, gpointer user_data)
{
  Watcher *self = user_data;

  self->told++;
  if (channel != NULL)
    g_hash_table_insert (self->heads, g_strdup (channel), g_memdup2 (&head, sizeof head));
}

static void
watcher_init (Watcher *self, ChatStore *store)
{
  self->heads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_signal_connect (store, "changed", G_CALLBACK (changed_cb), self);
}

static void
watcher_clear (Watcher *self, ChatStore *store)
{
  g_signal_handlers_disconnect_by_data (store, self);
  g_clear_pointer (&self->heads, g_hash_table_unref);
}

static gint64
head_of (const Watcher *self, const char *channel)
{
  const gint64 *head = g_hash_table_lookup (self->heads, channel);

  return head != NULL ? *head : 0;
}

typedef struct
{
  const Watcher *watcher;
  const char *channel;
  gint64 head;
} Awaited;

static gboolean
has_come (gpointer data)
{
  const Awaited *awaited = data;

  return head_of (awaited->watcher, awaited->channel) == awaited->head;
}

static void
wait_for_head (const Watcher *self, const char *channel, gint64 head)
{
  Awaited awaited = { self, channel, head };

  chat_test_wait_until (has_come, &awaited, "that a head is told");
}

static void
watch (ChatStore *store)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_store_watch, store, &error));
  g_assert_no_error (error);
}

static void
told_of_appends (StoreCase *self)
{
  Watcher watcher = { 0 };

  watcher_init (&watcher, self->store);
  store_append (self, "general", "m-0", 1);
  watch (self->store);
  watch (self->store);
  store_append (self, "general", "m-1", 2);
  store_append (self, "other", "m-2", 3);
  wait_for_head (&watcher, "general", 2);
  wait_for_head (&watcher, "other", 1);

  /* nothing new: nothing to tell */
  watcher.told = 0;
  store_append (self, "general", "m-1", 2);
  store_append (self, "other", "m-3", 4);
  wait_for_head (&watcher, "other", 2);
  g_assert_cmpuint (watcher.told, ==, 1);
  watcher_clear (&watcher, self->store);
}

static void
told_once_for_many (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  Watcher watcher = { 0 };

  watcher_init (&watcher, self->store);
  watch (self->store);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      g_ptr_array_add (batch, chat_test_message_new (i % 2 == 0 ? "even" : "odd", id, id, i));
    }
  results = chat_test_call (chat_message_store_append, self->messages, &error, batch);
  g_assert_no_error (error);
  wait_for_head (&watcher, "even", 25);
  wait_for_head (&watcher, "odd", 25);
  g_assert_cmpuint (watcher.told, ==, 2);
  watcher_clear (&watcher, self->store);
}

static void
told_of_others (StoreCase *self)
{
  g_autoptr (ChatStore) other = self->fixture->store_new (self->place);
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  Watcher watcher = { 0 };

  if (!self->fixture->tells_others)
    {
      g_test_skip ("this database does not tell one store of another");
      return;
    }
  watcher_init (&watcher, self->store);
  watch (self->store);
  g_assert_true (chat_test_call (chat_store_open, other, &error));
  g_ptr_array_add (batch, chat_test_message_new ("general", "m-1", "m-1", 1));
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (other), &error, batch);
  g_assert_no_error (error);
  wait_for_head (&watcher, "general", 1);
  g_assert_true (chat_test_call (chat_store_close, other, &error));
  watcher_clear (&watcher, self->store);
}

static void
told_only_while_watched (StoreCase *self)
{
  g_autoptr (GError) error = NULL;
  Watcher watcher = { 0 };

  watcher_init (&watcher, self->store);
  store_append (self, "general", "m-1", 1);
  watch (self->store);
  g_assert_true (chat_test_call (chat_store_close, self->store, &error));
  g_assert_false (chat_test_call (chat_store_watch, self->store, &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
  g_clear_error (&error);

  /* a store that is opened again is watched again, or not */
  g_assert_true (chat_test_call (chat_store_open, self->store, &error));
  store_append (self, "general", "m-2", 2);
  g_assert_true (chat_test_call (chat_store_check, self->store, &error));
  g_assert_cmpuint (watcher.told, ==, 0);
  watch (self->store);
  store_append (self, "general", "m-3", 3);
  wait_for_head (&watcher, "general", 3);
  g_assert_cmpuint (watcher.told, ==, 1);
  watcher_clear (&watcher, self->store);
}

void
store_cases_watch (const StoreFixture *fixture)
{
  store_case_add (fixture, "watch/appends", told_of_appends);
  store_case_add (fixture, "watch/once-for-many", told_once_for_many);
  store_case_add (fixture, "watch/others", told_of_others);
  store_case_add (fixture, "watch/only-while-watched", told_only_while_watched);
}
