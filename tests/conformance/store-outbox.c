/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is accepted and waits to be published. */
#include "store-case.h"

static ChatOutboxStore *
outbox_of (StoreCase *self)
{
  return chat_store_get_outbox (self->store);
}

static ChatOutboxEntry *
entry_new (const char *channel, const char *id, gint64 time)
{
  ChatOutboxEntry *entry = g_new0 (ChatOutboxEntry, 1);

  *entry = (ChatOutboxEntry){ .id = g_strdup (id),
                              .digest = g_strdup (id),
                              .channel = g_strdup (channel),
                              .record = g_strdup_printf ("{\"id\":\"%s\"}", id),
                              .time = time };
  return entry;
}

static GPtrArray *
entries_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)chat_outbox_entry_free);
}

static ChatOutboxResult
add_to (ChatOutboxStore *outbox, const char *channel, const char *id, gint64 time)
{
  g_autoptr (GPtrArray) entries = entries_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = NULL;

  g_ptr_array_add (entries, entry_new (channel, id, time));
  results = chat_test_call (chat_outbox_store_add, outbox, &error, entries);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 1);
  return g_array_index (results, ChatOutboxResult, 0);
}

static void
add (StoreCase *self, const char *channel, const char *id)
{
  g_assert_cmpint (add_to (outbox_of (self), channel, id, STORE_TIME).outcome, ==, CHAT_OUTBOX_ADDED);
}

static GPtrArray *
claim (ChatOutboxStore *outbox, const char *owner, gint64 now, guint limit)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = chat_test_call (chat_outbox_store_claim, outbox, &error, owner, now, now + 100, limit);

  g_assert_no_error (error);
  return entries;
}

/* What @owner gets at @now, as their ids joined by spaces. */
static void
check_claim (StoreCase *self, const char *owner, gint64 now, guint limit, const char *expected)
{
  g_autoptr (GPtrArray) entries = claim (outbox_of (self), owner, now, limit);
  g_autoptr (GString) ids = g_string_new (NULL);
  gint64 last = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      const ChatOutboxEntry *entry = entries->pdata[i];

      g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", entry->id);
      g_assert_cmpint (entry->number, >, last);
      last = entry->number;
    }
  g_assert_cmpstr (ids->str, ==, expected);
}

/* All that @owner has, as done. */
static void
finish (StoreCase *self, const char *owner, gint64 now, guint limit)
{
  g_autoptr (GPtrArray) entries = claim (outbox_of (self), owner, now, limit);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < entries->len; i++)
    g_array_append_val (numbers, ((ChatOutboxEntry *)entries->pdata[i])->number);
  g_assert_true (chat_test_call (chat_outbox_store_done, outbox_of (self), &error, numbers));
  g_assert_true (chat_test_call (chat_outbox_store_done, outbox_of (self), &error, numbers)); /* twice is once */
}

static void
comes_back_whole (StoreCase *self)
{
  g_autoptr (GPtrArray) entries = entries_new ();
  g_autoptr (GPtrArray) back = NULL;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      ChatOutboxEntry *entry = entry_new (store_odd_strings[i], id, STORE_TIME + i);

      g_free (entry->record);
      entry->record = g_strdup (store_odd_strings[i]);
      entry->signature = i % 2 == 0 ? g_strdup (store_odd_strings[i]) : NULL;
      g_ptr_array_add (entries, entry);
    }
  results = chat_test_call (chat_outbox_store_add, outbox_of (self), &error, entries);
  g_assert_no_error (error);
  back = claim (outbox_of (self), "me", STORE_TIME, 1000);
  g_assert_cmpuint (back->len, ==, entries->len);
  for (guint i = 0; i < back->len; i++)
    {
      const ChatOutboxEntry *in = entries->pdata[i], *out = back->pdata[i];

      g_assert_cmpint (g_array_index (results, ChatOutboxResult, i).outcome, ==, CHAT_OUTBOX_ADDED);
      g_assert_cmpstr (out->id, ==, in->id);
      g_assert_cmpstr (out->digest, ==, in->digest);
      g_assert_cmpstr (out->channel, ==, in->channel);
      g_assert_cmpstr (out->signature, ==, in->signature);
      g_assert_cmpstr (out->record, ==, in->record);
      g_assert_cmpint (out->time, ==, in->time);
    }
}

static void
known_ids (StoreCase *self)
{
  ChatOutboxStore *outbox = outbox_of (self);
  g_autoptr (GPtrArray) entries = entries_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  ChatOutboxEntry *other = entry_new ("general", "b", STORE_TIME + 5);
  ChatOutboxResult result;

  add (self, "general", "a");
  result = add_to (outbox, "general", "a", STORE_TIME + 9);
  g_assert_cmpint (result.outcome, ==, CHAT_OUTBOX_REPEATED);
  g_assert_cmpint (result.time, ==, STORE_TIME); /* the first one's */

  g_free (other->digest);
  other->digest = g_strdup ("something else");
  g_ptr_array_add (entries, entry_new ("general", "b", STORE_TIME + 4));
  g_ptr_array_add (entries, other);
  g_ptr_array_add (entries, entry_new ("general", "b", STORE_TIME + 6));
  results = chat_test_call (chat_outbox_store_add, outbox, &error, entries);
  g_assert_cmpint (g_array_index (results, ChatOutboxResult, 0).outcome, ==, CHAT_OUTBOX_ADDED);
  g_assert_cmpint (g_array_index (results, ChatOutboxResult, 1).outcome, ==, CHAT_OUTBOX_CONFLICT);
  g_assert_cmpint (g_array_index (results, ChatOutboxResult, 2).outcome, ==, CHAT_OUTBOX_REPEATED);
  g_assert_cmpint (g_array_index (results, ChatOutboxResult, 2).time, ==, STORE_TIME + 4);
  check_claim (self, "me", STORE_TIME, 10, "a b");

  /* what is published is known until it is forgotten */
  finish (self, "me", STORE_TIME, 10);
  g_assert_cmpint (add_to (outbox, "general", "a", STORE_TIME).outcome, ==, CHAT_OUTBOX_REPEATED);
  check_claim (self, "me", STORE_TIME, 10, "");
}

static void
claims (StoreCase *self)
{
  add (self, "general", "g-1");
  add (self, "other", "o-1");
  add (self, "general", "g-2");
  check_claim (self, "one", 1000, 1, "g-1");

  /* what another has is not given away, nor what comes behind it in its channel */
  check_claim (self, "two", 1001, 10, "o-1");
  add (self, "general", "g-3");
  add (self, "other", "o-2");
  check_claim (self, "two", 1002, 10, "o-1 o-2");
  check_claim (self, "one", 1003, 10, "g-1 g-2 g-3");
  check_claim (self, "three", 1004, 10, "");

  /* once it is published, whoever comes first has what is behind it */
  finish (self, "one", 1005, 2);
  check_claim (self, "three", 1006, 10, ""); /* g-3 is still one's */
  finish (self, "one", 1007, 2);
  add (self, "general", "g-4");
  check_claim (self, "three", 1008, 10, "g-4");
}

static void
claims_end (StoreCase *self)
{
  add (self, "general", "g-1");
  add (self, "general", "g-2");
  check_claim (self, "one", 1000, 1, "g-1");
  check_claim (self, "two", 1100, 10, "");
  check_claim (self, "two", 1101, 10, "g-1 g-2");
  check_claim (self, "one", 1102, 10, "");
  finish (self, "two", 1103, 10);
  check_claim (self, "one", 1104, 10, "");
}

static void
stays (StoreCase *self)
{
  add (self, "general", "g-1");
  add (self, "general", "g-2");
  finish (self, "one", 1000, 1);
  store_case_reopen (self);
  check_claim (self, "two", 1001, 10, "g-2");
  g_assert_cmpint (add_to (outbox_of (self), "general", "g-1", STORE_TIME).outcome, ==, CHAT_OUTBOX_REPEATED);
}

static void
forgets (StoreCase *self)
{
  ChatOutboxStore *outbox = outbox_of (self);
  g_autoptr (GError) error = NULL;

  add_to (outbox, "general", "old", STORE_TIME);
  add_to (outbox, "general", "young", STORE_TIME + 1);
  finish (self, "me", 1000, 10);
  add_to (outbox, "general", "waiting", STORE_TIME);
  g_assert_true (chat_test_call (chat_outbox_store_forget, outbox, &error, STORE_TIME + 1));
  g_assert_cmpint (add_to (outbox, "general", "young", STORE_TIME).outcome, ==, CHAT_OUTBOX_REPEATED);
  check_claim (self, "me", 2000, 10, "waiting");
  g_assert_cmpint (add_to (outbox, "general", "old", STORE_TIME).outcome, ==, CHAT_OUTBOX_ADDED);
}

/* Nothing of it is a message. */
static void
is_invisible (StoreCase *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = NULL;

  add (self, "general", "a");
  finish (self, "me", 1000, 10);
  message = chat_test_call (chat_message_store_get, self->messages, &error, "a");
  g_assert_null (message);
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  g_hash_table_unref (store_assert_placed (self, "general", 0));
}

static void
refuses_nonsense (StoreCase *self)
{
  ChatOutboxStore *outbox = outbox_of (self);
  g_autoptr (GPtrArray) none = entries_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (chat_test_call (chat_outbox_store_add, outbox, &error, none));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_outbox_store_claim, outbox, &error, "", 1, 2, 1));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_outbox_store_claim, outbox, &error, "me", 1, 2, 0));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

void
store_cases_outbox (const StoreFixture *fixture)
{
  store_case_add (fixture, "outbox/comes-back-whole", comes_back_whole);
  store_case_add (fixture, "outbox/known-ids", known_ids);
  store_case_add (fixture, "outbox/claims", claims);
  store_case_add (fixture, "outbox/claims-end", claims_end);
  store_case_add (fixture, "outbox/stays", stays);
  store_case_add (fixture, "outbox/forgets", forgets);
  store_case_add (fixture, "outbox/is-invisible", is_invisible);
  store_case_add (fixture, "outbox/refuses-nonsense", refuses_nonsense);
}
