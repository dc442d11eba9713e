/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "store-case.h"

static const ChatPage latest = { .kind = CHAT_PAGE_LATEST, .time_ms = CHAT_TIME_UNKNOWN, .limit = 1000 };

static GArray *
append (StoreCase *self, GPtrArray *batch)
{
  g_autoptr (GError) error = NULL;
  GArray *results = chat_test_call (chat_message_store_append, self->messages, &error, batch);

  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, batch->len);
  return results;
}

static void
assert_result (GArray *results, guint i, gint64 seq, ChatAppendOutcome outcome)
{
  g_assert_cmpint (g_array_index (results, ChatAppendResult, i).seq, ==, seq);
  g_assert_cmpint (g_array_index (results, ChatAppendResult, i).outcome, ==, outcome);
}

static char *
encode (const ChatMessage *message)
{
  g_autoptr (GString) text = g_string_new (NULL);

  chat_message_encode_append (message, text);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What is stored is what was appended, and the seq. */
static void
assert_stored (StoreCase *self, const ChatMessage *message, gint64 seq)
{
  g_autoptr (ChatMessage) expected = chat_message_copy (message);
  g_autoptr (ChatMessage) stored = NULL;
  g_autofree char *expected_text = NULL;
  g_autofree char *stored_text = NULL;
  g_autoptr (GError) error = NULL;

  stored = chat_test_call (chat_message_store_get, self->messages, &error, chat_message_get_id (message));
  g_assert_no_error (error);
  chat_message_set_seq (expected, seq);
  expected_text = encode (expected);
  stored_text = encode (stored);
  g_assert_cmpstr (stored_text, ==, expected_text);
}

/* seqs are a channel's own, contiguous, from 1, in the order of the batch. */
static void
seqs (StoreCase *self)
{
  static const struct
  {
    const char *channel;
    const char *id;
    gint64 seq;
  } rows[] = {
    { "a", "m-1", 1 }, { "b", "m-2", 1 },       { "a", "m-3", 2 },
    { "a", "m-4", 3 }, { "c.d_e-f", "m-5", 1 }, { "b", "m-6", 2 },
  };
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_ptr_array_add (batch, chat_test_message_new (rows[i].channel, rows[i].id, "text", 1000 - i));
  results = append (self, batch);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      assert_result (results, i, rows[i].seq, CHAT_APPEND_STORED);
      assert_stored (self, g_ptr_array_index (batch, i), rows[i].seq);
    }
  g_assert_cmpint (store_append (self, "a", "m-7", 1), ==, 4);
  g_hash_table_unref (store_assert_placed (self, "a", 4));
}

static void
nothing_to_append (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = append (self, batch);

  g_assert_cmpuint (results->len, ==, 0);
}

/* The same id again: within a batch, in a later one, after a restart; it takes no seq. */
static void
repeats (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();

  g_ptr_array_add (batch, chat_test_message_new ("general", "m-1", "one", 10));
  g_ptr_array_add (batch, chat_test_message_new ("general", "m-1", "one", 20));
  g_ptr_array_add (batch, chat_test_message_new ("general", "m-2", "two", 30));
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (GArray) results = append (self, batch);

      assert_result (results, 0, 1, round == 0 ? CHAT_APPEND_STORED : CHAT_APPEND_REPEATED);
      assert_result (results, 1, 1, CHAT_APPEND_REPEATED);
      assert_result (results, 2, 2, round == 0 ? CHAT_APPEND_STORED : CHAT_APPEND_REPEATED);
      if (round == 1)
        store_case_reopen (self);
    }
  /* the first one stays: its time is not that of the repeat */
  assert_stored (self, g_ptr_array_index (batch, 0), 1);
  g_hash_table_unref (store_assert_placed (self, "general", 2));
}

/* A known id with another text, author, channel or kind stores nothing, and does not stop what is around it. */
static void
conflicts (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (ChatMessage) first = chat_test_message_new ("general", "m-1", "one", 10);
  g_autoptr (GArray) results = NULL;
  ChatMessage *other;

  g_ptr_array_add (batch, chat_message_ref (first));
  g_ptr_array_add (batch, chat_test_message_new ("general", "m-1", "another", 10));
  other = chat_test_message_new ("general", "m-1", "one", 10);
  chat_message_set_author (other, "eva");
  g_ptr_array_add (batch, other);
  other = chat_test_message_new ("general", "m-1", "one", 10);
  chat_message_set_reply_to (other, "m-0");
  g_ptr_array_add (batch, other);
  g_ptr_array_add (batch, chat_test_message_new ("elsewhere", "m-1", "one", 10));
  g_ptr_array_add (batch, chat_test_message_new ("general", "m-2", "two", 10));

  results = append (self, batch);
  assert_result (results, 0, 1, CHAT_APPEND_STORED);
  for (guint i = 1; i <= 4; i++)
    assert_result (results, i, 1, CHAT_APPEND_CONFLICT);
  assert_result (results, 5, 2, CHAT_APPEND_STORED);
  assert_stored (self, first, 1);
  g_hash_table_unref (store_assert_placed (self, "elsewhere", 0));
}

static void
all_members (StoreCase *self)
{
  static const char *const records[] = {
    "{\"id\":\"m-1\",\"channel\":\"general\",\"author\":\"ana\",\"data\":\"a **** "
    "text\",\"timestamp\":\"2021-10-10T10:10:"
    "10.123Z\",\"sent\":\"2021-10-10T10:10:09.001Z\",\"reply_to\":\"m-0\",\"bot\":true,\"moderation\":{\"rule\":\"es/"
    "insults\",\"spans\":[[2,4]],\"strike\":1,\"limit\":3,\"note\":[1,{}]},\"x-colour\":{\"a\":[1,2.50,null]},\"y\":"
    "\"ñ\"}",
    "{\"id\":\"m-2\",\"channel\":\"general\",\"author\":null,\"data\":\"who said that?\",\"timestamp\":1633860610}",
    "{\"id\":\"m-3\",\"channel\":\"general\",\"kind\":\"edit\",\"author\":\"ana\",\"target\":\"m-9\",\"data\":\"b\","
    "\"timestamp\":1633860610}",
    "{\"id\":\"m-4\",\"channel\":\"general\",\"kind\":\"reaction\",\"author\":\"ana\",\"target\":\"m-9\",\"data\":"
    "\"👍🏽\","
    "\"timestamp\":1633860610}",
    "{\"id\":\"m-5\",\"channel\":\"general\",\"kind\":\"of-a-later-version\",\"timestamp\":1633860610,\"thing\":[]}",
    "{\"id\":\"m-6\",\"channel\":\"general\",\"kind\":\"topic\",\"author\":\"ana\",\"data\":\"\",\"timestamp\":"
    "1633860610}",
  };
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    {
      g_ptr_array_add (batch, chat_message_decode (records[i], strlen (records[i]), &error));
      g_assert_no_error (error);
    }
  results = append (self, batch);
  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    assert_stored (self, g_ptr_array_index (batch, i), i + 1);
}

static void
odd_strings (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (ChatMessagePage) page = NULL;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  /* where they are texts */
  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autofree char *text = g_strconcat (store_odd_strings[i], "·", NULL);

      g_ptr_array_add (batch, chat_test_message_new ("general", id, text, 1));
    }
  results = append (self, batch);
  for (guint i = 0; i < batch->len; i++)
    assert_stored (self, g_ptr_array_index (batch, i), i + 1);

  /* and where they are names */
  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      const char *odd = store_odd_strings[i];
      ChatPage page_around = { .kind = CHAT_PAGE_AROUND, .id = odd, .time_ms = CHAT_TIME_UNKNOWN, .limit = 5 };

      g_assert_null (chat_test_call (chat_message_store_get, self->messages, &error, odd));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_null (chat_test_call (chat_message_store_list, self->messages, &error, "general", &page_around));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
      g_clear_error (&error);
      page = chat_test_call (chat_message_store_list, self->messages, &error, odd, &latest);
      g_assert_no_error (error);
      g_assert_cmpuint (page->messages->len, ==, 0);
      g_clear_pointer (&page, chat_message_page_free);
    }
  g_hash_table_unref (store_assert_placed (self, "general", batch->len));
}

static void
large (StoreCase *self)
{
  enum
  {
    MESSAGES = 1000,
    CHARACTERS = 8000
  };
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ChatMessagePage) page = NULL;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < CHARACTERS; i++)
    g_string_append (text, "𝔘");
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      g_ptr_array_add (batch, chat_test_message_new ("general", id, i % 10 == 0 ? text->str : "short", i));
    }
  results = append (self, batch);
  page = chat_test_call (chat_message_store_list, self->messages, &error, "general", &latest);
  g_assert_no_error (error);
  g_assert_cmpuint (page->messages->len, ==, MESSAGES);
  for (guint i = 0; i < MESSAGES; i++)
    {
      const ChatMessage *message = g_ptr_array_index (page->messages, i);

      g_assert_cmpint (chat_message_get_seq (message), ==, i + 1);
      g_assert_true (chat_message_equal_content (message, g_ptr_array_index (batch, i)));
    }
}

/* Messages that break the contract are refused whole, with a word on what is missing. */
static void
incomplete (StoreCase *self)
{
  struct
  {
    const char *channel;
    const char *id;
    gint64 timestamp;
    const char *says;
  } rows[] = {
    { NULL, "m-1", 1, "channel" },      { "", "m-1", 1, "channel" },
    { "No Name", "m-1", 1, "channel" }, { "general", NULL, 1, "id" },
    { "general", "", 1, "id" },         { "general", "m-1", CHAT_TIME_UNKNOWN, "timestamp" },
    { "x'); --", "m-1", 1, "channel" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();
      g_autoptr (GError) error = NULL;

      g_ptr_array_add (batch, chat_test_message_new ("general", "m-0", "text", 1));
      g_ptr_array_add (batch, chat_test_message_new (rows[i].channel, rows[i].id, "text", rows[i].timestamp));
      g_assert_null (chat_test_call (chat_message_store_append, self->messages, &error, batch));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, rows[i].says));
    }
  g_hash_table_unref (store_assert_placed (self, "general", 0));
}

static void
changed_after_the_call (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GArray) results = NULL;
  GAsyncResult *awaited = NULL;

  g_ptr_array_add (batch, chat_test_message_new ("general", "m-1", "text", 1));
  chat_message_store_append_async (self->messages, batch, NULL, chat_test_result_cb, &awaited);
  g_ptr_array_set_size (batch, 0);
  result = chat_test_await (&awaited, "the append");
  results = chat_message_store_append_finish (self->messages, result, NULL);
  assert_result (results, 0, 1, CHAT_APPEND_STORED);
}

void
store_cases_messages (const StoreFixture *fixture)
{
  store_case_add (fixture, "messages/seqs", seqs);
  store_case_add (fixture, "messages/nothing-to-append", nothing_to_append);
  store_case_add (fixture, "messages/repeats", repeats);
  store_case_add (fixture, "messages/conflicts", conflicts);
  store_case_add (fixture, "messages/all-members", all_members);
  store_case_add (fixture, "messages/odd-strings", odd_strings);
  store_case_add (fixture, "messages/large", large);
  store_case_add (fixture, "messages/incomplete", incomplete);
  store_case_add (fixture, "messages/changed-after-the-call", changed_after_the_call);
}
