/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found, of what, by whom, and in which order. */
#include <string.h>

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "store-case.h"

/* Appends; the ids are the numbers of the texts. */
static void
say (StoreCase *self, const char *channel, const char *id, const char *author, const char *text)
{
  g_autoptr (ChatMessage) message = store_message_new (CHAT_KIND_MESSAGE, channel, id, author, text);

  g_assert_cmpint (store_append_message (self, message).outcome, ==, CHAT_APPEND_STORED);
}

static void
change (StoreCase *self, ChatMessageKind kind, const char *id, const char *author, const char *target, const char *text)
{
  g_autoptr (ChatMessage) message = store_message_new (kind, "general", id, author, text);

  chat_message_set_target (message, target);
  store_append_message (self, message);
}

static ChatSearch
search_for (const char *text)
{
  return (ChatSearch){ .text = text, .since = CHAT_TIME_UNKNOWN, .until = CHAT_TIME_UNKNOWN, .limit = 100 };
}

static char *
found_ids (GPtrArray *messages)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < messages->len; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", chat_message_get_id (g_ptr_array_index (messages, i)));
  return g_string_free (ids, FALSE);
}

/* @expected: the ids, newest first */
static void
assert_search (StoreCase *self, const ChatSearch *search, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSearchPage) page = chat_test_call (chat_message_store_search, self->messages, &error, search);
  g_autofree char *ids = NULL;

  g_assert_no_error (error);
  ids = found_ids (page->messages);
  g_assert_cmpstr (ids, ==, expected);
}

static void
assert_found (StoreCase *self, const char *text, const char *expected)
{
  const ChatSearch search = search_for (text);

  assert_search (self, &search, expected);
}

static void
words (StoreCase *self)
{
  static const struct
  {
    const char *text;
    const char *ids;
  } rows[] = {
    { "house", "3 2 1" },
    { "HOUSE", "3 2 1" },
    { "  house!!! ", "3 2 1" },
    { "red house", "3 1" },
    { "house red", "3 1" },
    { "house house", "3 2 1" },
    { "\"red house\"", "1" },
    { "\"Red House\" stands", "1" },
    { "\"house red\"", "" },
    { "hous", "" },
    { "hous*", "4 3 2 1" },
    { "hous* red", "3 1" },
    { "\"red hou\"*", "1" },
    { "árbol", "5" },
    { "arbol", "5" },
    { "ARBOL", "5" },
    { "nandu", "5" },
    { "n\xcc\x83"
      "andu\xcc\x81",
      "5" },
    { "unknown", "" },
    { "house unknown", "" },
    { "7", "6" },
    { "x7", "" },
    { "\"house", "3 2 1" },
    { "red-house", "3 1" },
  };

  say (self, "general", "1", "ana", "The red house stands here");
  say (self, "general", "2", "ana", "A house, they said.");
  say (self, "other", "3", "eva", "house: not blue but RED");
  say (self, "general", "4", "eva", "houses");
  say (self, "general", "5", "eva", "El ñandú bajo el árbol");
  say (self, "general", "6", "eva", "room 7/12");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_found (self, rows[i].text, rows[i].ids);
}

/* What has a meaning to a database has none here. */
static void
operators (StoreCase *self)
{
  static const struct
  {
    const char *text;
    const char *ids;
  } rows[] = {
    { "NEAR", "1" },
    { "near(one two)", "1" },
    { "one NEAR two", "1" },
    { "one AND two", "" },
    { "one OR two", "1" },
    { "NOT", "1" },
    { "one NOT two", "1" },
    { "-one", "2 1" },
    { "+one", "2 1" },
    { "^one", "2 1" },
    { "one^2", "2" },
    { "one - two", "2 1" },
    { "text:one", "2" },
    { "{text} : one", "2" },
    { "filter:p", "" },
    { "filter : p*", "" },
    { "*", NULL },
    { "**", NULL },
    { "one*two*", "2 1" },
    { "\"one \"\" two\"", "2 1" },
    { "one');DROP TABLE messages;--", "" },
    { "one & two", "2 1" },
    { "one | two", "2 1" },
    { "!one", "2 1" },
    { "one:*", "2 1" },
    { "one <-> two", "2 1" },
    { "c1", "" },
    { "a1", "" },
    { "p", "" },
    { "\uE000"
      "c1",
      "" },
    { "\uE000p", "" },
    { "\uE000", NULL },
  };

  say (self, "general", "1", "ana", "near or not one two");
  say (self, "general", "2", "ana", "text: one, two, 2 \uE000");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const ChatSearch search = search_for (rows[i].text);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].text);
      if (rows[i].ids != NULL)
        assert_found (self, rows[i].text, rows[i].ids);
      else
        {
          g_assert_null (chat_test_call (chat_message_store_search, self->messages, &error, &search));
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
        }
    }
}

static void
without_spaces (StoreCase *self)
{
  static const struct
  {
    const char *text;
    const char *ids;
  } rows[] = {
    { "日本", "2 1" }, { "本語", "1" },     { "日語", "" },    { "日 語", "1" }, { "東京", "2" },
    { "カタ", "3" },   { "Tokyo東京", "" }, { "Wordを", "4" }, { "를", "" },     { "한국어를", "5" },
    { "한국*", "5" },  { "नमस्ते", "6" },     { "нет", "7" },    { "ДА", "7" },    { "αθήνα", "8" },
  };

  say (self, "general", "1", "ana", "日本語のテキスト");
  say (self, "general", "2", "ana", "日本の東京");
  say (self, "general", "3", "ana", "カタカナ");
  say (self, "general", "4", "ana", "Wordを書く");
  say (self, "general", "5", "ana", "한국어를 해요");
  say (self, "general", "6", "ana", "नमस्ते दुनिया");
  say (self, "general", "7", "ana", "да или нет");
  say (self, "general", "8", "ana", "Αθήνα 👩‍👩‍👧");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].text);
      assert_found (self, rows[i].text, rows[i].ids);
    }
}

/* What has no word in it, or too many, is refused; whatever else it may be, it is answered. */
static void
hostile (StoreCase *self)
{
  static const char *const without_words[] = { "",     " ",       "\n\t",    "…!?¿",   "👩‍👩‍👧🎉",
                                               "\"",   "\"\"",    "\"…\" *", "\u0301", "\u200b\u202e",
                                               "((((", "\xff\xfe" };
  g_autoptr (GString) many = g_string_new (NULL);
  g_autoptr (GString) quotes = g_string_new (NULL);
  g_autofree char *one = g_strnfill (8000, 'a');
  ChatSearch search;

  say (self, "general", "1", "ana", one);
  for (guint i = 0; i < G_N_ELEMENTS (without_words) + 1; i++)
    {
      g_autoptr (GError) error = NULL;

      for (guint word = 0; i == G_N_ELEMENTS (without_words) && word < 2000; word++)
        g_string_append_printf (many, "w%u ", word);
      search = search_for (many->len > 0 ? many->str : without_words[i]);
      g_assert_null (chat_test_call (chat_message_store_search, self->messages, &error, &search));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  assert_found (self, one, "1");
  for (guint i = 0; i < 4000; i++)
    g_string_append (quotes, "\"a");
  assert_found (self, quotes->str, "");
  assert_found (self,
                "\xff"
                "aa\xfe",
                "");
  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      g_autoptr (ChatSearchPage) page = NULL;

      search = search_for (store_odd_strings[i]);
      page = chat_test_call (chat_message_store_search, self->messages, NULL, &search);
    }
}

static void
as_it_reads_now (StoreCase *self)
{
  say (self, "general", "1", "ana", "the first text");
  say (self, "general", "2", "ana", "the second text");
  change (self, CHAT_KIND_EDIT, "e-1", "ana", "1", "another wording");
  change (self, CHAT_KIND_EDIT, "e-2", "eva", "2", "not hers");
  change (self, CHAT_KIND_TOPIC, "t-1", "ana", NULL, "a text on top");
  assert_found (self, "text", "2");
  assert_found (self, "first", "");
  assert_found (self, "wording", "1");
  assert_found (self, "hers", "");
  store_case_reopen (self);
  change (self, CHAT_KIND_EDIT, "e-3", "ana", "1", "the first text");
  assert_found (self, "wording", "");
  assert_found (self, "text", "2 1");
  change (self, CHAT_KIND_DELETE, "d-1", "ana", "1", NULL);
  assert_found (self, "first", "");
  assert_found (self, "the", "2");

  /* and the one that is found says so */
  {
    const ChatSearch search = search_for ("final");
    g_autoptr (ChatSearchPage) page = NULL;
    const ChatMessage *message;

    change (self, CHAT_KIND_EDIT, "e-4", "ana", "2", "the final text");
    page = chat_test_call (chat_message_store_search, self->messages, NULL, &search);
    message = g_ptr_array_index (page->messages, 0);
    g_assert_cmpstr (chat_message_get_data (message), ==, "the final text");
    g_assert_cmpstr (chat_message_get_channel (message), ==, "general");
    g_assert_cmpint (chat_message_get_seq (message), ==, 2);
    g_assert_cmpint (chat_message_get_state (message)->edited, ==, STORE_TIME);
  }
}

static void
filters (StoreCase *self)
{
  const char *members[] = { "ana", "eva", NULL };
  g_autofree char *dm = chat_conversation_name ((const char *const *)members);
  ChatChannelInfo info = { .name = dm, .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)members };
  const struct
  {
    const char *text, *reader, *channel, *author;
    const char *ids;
  } rows[] = {
    { "word", NULL, NULL, NULL, "4 3 2 1" }, { "word", "ana", NULL, NULL, "4 3 2 1" },
    { "word", "leo", NULL, NULL, "3 2 1" },  { "word", "leo", dm, NULL, "" },
    { "word", "eva", dm, NULL, "4" },        { "word", NULL, "general", NULL, "2 1" },
    { "word", "leo", "other", NULL, "3" },   { "word", NULL, "unknown", NULL, "" },
    { "word", NULL, NULL, "eva", "4 2" },    { "word", NULL, NULL, "leo", "" },
    { "word", NULL, NULL, "", "" },          { "word", "leo", "general", "ana", "1" },
    { NULL, NULL, NULL, NULL, "5 4 3 2 1" }, { NULL, "leo", NULL, NULL, "5 3 2 1" },
    { NULL, "leo", NULL, "eva", "2" },       { NULL, NULL, dm, NULL, "4" },
    { NULL, NULL, "general", "ana", "5 1" },
  };

  g_assert_true (store_ensure (self, &info));
  say (self, "general", "1", "Ana", "a word of ana's");
  say (self, "general", "2", "eva", "a word of eva's");
  say (self, "other", "3", "ana", "a word elsewhere");
  say (self, dm, "4", "EVA", "a word between us");
  say (self, "general", "5", "ana", "nothing");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ChatSearch search = search_for (rows[i].text);

      search.reader = rows[i].reader;
      search.channel = rows[i].channel;
      search.author = rows[i].author;
      assert_search (self, &search, rows[i].ids);
    }
}

/* By their own times, whatever order they came in. */
static void
times (StoreCase *self)
{
  enum
  {
    COUNT = 60
  };
  g_autoptr (GRand) random = g_rand_new_with_seed (g_test_rand_int ());
  gint64 timestamps[COUNT];

  for (guint i = 0; i < COUNT; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);
      g_autoptr (ChatMessage) message = store_message_new (CHAT_KIND_MESSAGE, "general", id, "ana", "word");

      timestamps[i] = STORE_TIME + g_rand_int_range (random, 0, 10) * 1800 * 1000 + g_rand_int_range (random, 0, 3);
      chat_message_set_timestamp (message, timestamps[i]);
      store_append_message (self, message);
    }
  for (guint round = 0; round < 40; round++)
    {
      ChatSearch search = search_for (round % 4 == 0 ? NULL : "word");
      g_autoptr (GString) expected = g_string_new (NULL);

      if (round % 3 != 0)
        search.since = timestamps[g_rand_int_range (random, 0, COUNT)] + g_rand_int_range (random, -1, 2);
      if (round % 3 != 1)
        search.until = timestamps[g_rand_int_range (random, 0, COUNT)] + g_rand_int_range (random, -1, 2);
      for (guint i = COUNT; i-- > 0;)
        if ((search.since == CHAT_TIME_UNKNOWN || timestamps[i] >= search.since)
            && (search.until == CHAT_TIME_UNKNOWN || timestamps[i] < search.until))
          g_string_append_printf (expected, "%s%u", expected->len > 0 ? " " : "", i);
      assert_search (self, &search, expected->str);
    }
}

/* Pages of every size, one after another, are what one page of all is; what is said meanwhile changes nothing. */
static void
pages (StoreCase *self)
{
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      say (self, i % 2 ? "general" : "other", id, "ana", i % 3 ? "the word" : "no");
    }
  for (guint limit = 1; limit <= 21; limit++)
    {
      ChatSearch search = search_for ("word");
      g_autofree char *id = g_strdup_printf ("later-%u", limit);
      guint count = 0, all = 20 + limit - 1;
      guint last = G_MAXUINT;

      search.limit = limit;
      do
        {
          g_autoptr (ChatSearchPage) page = chat_test_call (chat_message_store_search, self->messages, NULL, &search);

          g_assert_cmpuint (page->messages->len, ==, MIN (limit, all - count));
          for (guint i = 0; i < page->messages->len; i++, count++)
            {
              const char *found = chat_message_get_id (g_ptr_array_index (page->messages, i));

              if (g_str_has_prefix (found, "later"))
                continue;
              g_assert_cmpuint ((guint)g_ascii_strtoull (found, NULL, 10), <, last);
              last = (guint)g_ascii_strtoull (found, NULL, 10);
            }
          if (search.before == 0)
            say (self, "general", id, "ana", "word");
          search.before = page->next;
        }
      while (search.before != 0);
      g_assert_cmpuint (count, ==, all);
    }
}

static void
refused (StoreCase *self)
{
  for (guint i = 0; i < 3; i++)
    {
      ChatSearch search = search_for ("word");
      g_autoptr (GError) error = NULL;

      if (i == 0)
        search.limit = 0;
      else if (i == 1)
        search.limit = CHAT_PAGE_MAX_LIMIT + 1;
      else
        search.before = -1;
      g_assert_null (chat_test_call (chat_message_store_search, self->messages, &error, &search));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

void
store_cases_search (const StoreFixture *fixture)
{
  store_case_add (fixture, "search/words", words);
  store_case_add (fixture, "search/operators", operators);
  store_case_add (fixture, "search/without-spaces", without_spaces);
  store_case_add (fixture, "search/hostile", hostile);
  store_case_add (fixture, "search/as-it-reads-now", as_it_reads_now);
  store_case_add (fixture, "search/filters", filters);
  store_case_add (fixture, "search/times", times);
  store_case_add (fixture, "search/pages", pages);
  store_case_add (fixture, "search/refused", refused);
}
