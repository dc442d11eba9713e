/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending to and paging in a SQLite store of a million messages, against SQLite alone doing the same: a plain table
 * with the same indexes and the same durability, fed the same texts, in turns with the store. */
#include "chat-bench.h"

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"
#include "server/store/sqlite/chat-sqlite-store.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>
#include <sqlite3.h>

#define BATCH 256
#define CHANNELS 20
#define TURN 20 /* batches the store appends before SQLite alone does as many */
#define PAGE 50
#define PAGES 2000
#define SMALL_CALLS 4096
#define SEARCHES 1000
#define VOCABULARY 50000
#define WORDS 14 /* of a text */
#define AUTHORS 50

typedef struct
{
  guint messages; /* how many in all */
  char *directory;
  ChatStore *store;
  ChatMessageStore *message_store;
  sqlite3 *plain;
  sqlite3_stmt *plain_insert;
  sqlite3_stmt *plain_page;
  gint64 heads[CHANNELS];
  GRand *random;
  GPtrArray *ids; /* of “channel-0”, by seq */
  GPtrArray *author_keys;
} Bench;

static double
seconds_since (gint64 start)
{
  return (double)(g_get_monotonic_time () - start) / 1e6;
}

/* One call at a time */

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
check (gboolean done, GError *error)
{
  if (!done)
    g_error ("%s", error->message);
}

/* What is appended: half of it in one channel, the rest all over the others */

static guint
channel_of (guint number)
{
  return number % 2 == 0 ? 0 : 1 + number / 2 % (CHANNELS - 1);
}

/* Words as they are spread in texts: few of them are nearly everywhere, most are rare. */
static guint
random_word (Bench *self)
{
  double u = g_rand_double (self->random);

  return (guint)(VOCABULARY * u * u * u * u);
}

static char *
text_new (Bench *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < WORDS; i++)
    g_string_append_printf (text, "%sw%x", i > 0 ? " " : "", random_word (self));
  return g_string_free (text, FALSE);
}

static ChatMessage *
message_new (Bench *self, guint number)
{
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *channel = g_strdup_printf ("channel-%u", channel_of (number));
  g_autofree char *data = text_new (self);
  g_autofree char *author = g_strdup_printf ("user-%d", g_rand_int_range (self->random, 0, AUTHORS));

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, author);
  chat_message_set_data (message, data);
  /* ten a second, not quite in order */
  chat_message_set_timestamp (message, 1600000000000 + number * 100 + g_rand_int_range (self->random, 0, 300));
  return message;
}

static GPtrArray *
batch_new (Bench *self, guint first)
{
  GPtrArray *batch = g_ptr_array_new_full (BATCH, (GDestroyNotify)chat_message_unref);

  for (guint i = 0; i < BATCH; i++)
    g_ptr_array_add (batch, message_new (self, first + i));
  return batch;
}

static void
append (Bench *self, GPtrArray *batch)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  chat_message_store_append_async (self->message_store, batch, NULL, result_cb, &result);
  results = chat_message_store_append_finish (self->message_store, await (&result), &error);
  check (results != NULL, error);
}

/* SQLite alone */

static void
plain_exec (Bench *self, const char *sql)
{
  if (sqlite3_exec (self->plain, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (self->plain));
}

static void
plain_open (Bench *self)
{
  g_autofree char *path = g_build_filename (self->directory, "plain.db", NULL);

  sqlite3_open (path, &self->plain);
  plain_exec (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;"
                    "CREATE TABLE t (n INTEGER PRIMARY KEY, channel INTEGER NOT NULL, seq INTEGER NOT NULL,"
                    "id TEXT NOT NULL, time INTEGER NOT NULL, record TEXT NOT NULL);"
                    "CREATE UNIQUE INDEX t1 ON t (channel, seq); CREATE UNIQUE INDEX t2 ON t (id);"
                    "CREATE INDEX t3 ON t (channel, time, seq)");
  sqlite3_prepare_v2 (self->plain, "INSERT INTO t (channel, seq, id, time, record) VALUES (?1, ?2, ?3, ?4, ?5)", -1,
                      &self->plain_insert, NULL);
  sqlite3_prepare_v2 (self->plain,
                      "SELECT seq, record FROM t WHERE channel = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq", -1,
                      &self->plain_page, NULL);
}

/* the texts are made beforehand: they are no work of SQLite's */
static void
plain_append (Bench *self, GPtrArray *batch, GPtrArray *texts, guint first)
{
  plain_exec (self, "BEGIN IMMEDIATE");
  for (guint i = 0; i < BATCH; i++)
    {
      const ChatMessage *message = g_ptr_array_index (batch, i);
      guint channel = channel_of (first + i);

      sqlite3_bind_int (self->plain_insert, 1, (int)channel);
      sqlite3_bind_int64 (self->plain_insert, 2, ++self->heads[channel]);
      sqlite3_bind_text (self->plain_insert, 3, chat_message_get_id (message), -1, SQLITE_STATIC);
      sqlite3_bind_int64 (self->plain_insert, 4, chat_message_get_timestamp (message));
      sqlite3_bind_text (self->plain_insert, 5, g_ptr_array_index (texts, i), -1, SQLITE_STATIC);
      if (sqlite3_step (self->plain_insert) != SQLITE_DONE)
        g_error ("%s", sqlite3_errmsg (self->plain));
      sqlite3_reset (self->plain_insert);
    }
  plain_exec (self, "COMMIT");
}

static GPtrArray *
texts_new (GPtrArray *batch)
{
  GPtrArray *texts = g_ptr_array_new_full (BATCH, g_free);

  for (guint i = 0; i < BATCH; i++)
    {
      GString *text = g_string_new (NULL);

      chat_message_encode_append (g_ptr_array_index (batch, i), text);
      g_ptr_array_add (texts, g_string_free (text, FALSE));
    }
  return texts;
}

/* The figures */

static void
remember_ids (Bench *self, GPtrArray *batch, guint first)
{
  for (guint i = 0; i < BATCH; i++)
    if (channel_of (first + i) == 0)
      g_ptr_array_add (self->ids, g_strdup (chat_message_get_id (g_ptr_array_index (batch, i))));
}

static void
bench_append (Bench *self, ChatBench *bench)
{
  double store_seconds = 0, plain_seconds = 0;
  guint number = 0;

  while (number < self->messages)
    {
      g_autoptr (GPtrArray) batches = g_ptr_array_new_full (TURN, (GDestroyNotify)g_ptr_array_unref);
      g_autoptr (GPtrArray) texts = g_ptr_array_new_full (TURN, (GDestroyNotify)g_ptr_array_unref);
      gint64 start;

      for (guint i = 0; i < TURN; i++)
        {
          g_ptr_array_add (batches, batch_new (self, number + i * BATCH));
          g_ptr_array_add (texts, texts_new (g_ptr_array_index (batches, i)));
          remember_ids (self, g_ptr_array_index (batches, i), number + i * BATCH);
        }

      start = g_get_monotonic_time ();
      for (guint i = 0; i < TURN; i++)
        append (self, g_ptr_array_index (batches, i));
      store_seconds += seconds_since (start);

      start = g_get_monotonic_time ();
      for (guint i = 0; i < TURN; i++)
        plain_append (self, g_ptr_array_index (batches, i), g_ptr_array_index (texts, i), number + i * BATCH);
      plain_seconds += seconds_since (start);
      number += TURN * BATCH;
    }
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "store.append",
                                                .value = number / store_seconds,
                                                .unit = "messages/s",
                                                .reference = number / plain_seconds,
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 20000 });
}

static void
bench_pages (Bench *self, ChatBench *bench, const char *name, ChatPage (*page_at) (Bench *self, gint64 seq))
{
  g_autofree double *store_ms = g_new (double, PAGES);
  g_autofree double *plain_ms = g_new (double, PAGES);

  for (guint i = 0; i < PAGES; i++)
    {
      gint64 seq = g_rand_int_range (self->random, PAGE + 1, (int)self->heads[0]);
      ChatPage page = page_at (self, seq);
      g_autoptr (ChatMessagePage) messages = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      gint64 start = g_get_monotonic_time ();

      chat_message_store_list_async (self->message_store, "channel-0", &page, NULL, result_cb, &result);
      messages = chat_message_store_list_finish (self->message_store, await (&result), &error);
      store_ms[i] = seconds_since (start) * 1e3;
      check (messages != NULL && messages->messages->len == PAGE, error);

      start = g_get_monotonic_time ();
      sqlite3_bind_int (self->plain_page, 1, 0);
      sqlite3_bind_int64 (self->plain_page, 2, seq - PAGE);
      sqlite3_bind_int64 (self->plain_page, 3, seq - 1);
      while (sqlite3_step (self->plain_page) == SQLITE_ROW)
        if (sqlite3_column_text (self->plain_page, 1) == NULL)
          g_error ("%s", sqlite3_errmsg (self->plain));
      sqlite3_reset (self->plain_page);
      plain_ms[i] = seconds_since (start) * 1e3;
    }
  chat_bench_report (bench, &(ChatBenchFigure){ .name = name,
                                                .value = chat_bench_percentile (store_ms, PAGES, 95),
                                                .unit = "ms",
                                                .reference = chat_bench_percentile (plain_ms, PAGES, 95),
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = 5 });
}

static ChatPage
page_by_seq (Bench *self, gint64 seq)
{
  return (ChatPage){ CHAT_PAGE_BEFORE, seq, NULL, CHAT_TIME_UNKNOWN, PAGE };
}

static ChatPage
page_by_id (Bench *self, gint64 seq)
{
  return (ChatPage){ CHAT_PAGE_BEFORE, 0, g_ptr_array_index (self->ids, seq - 1), CHAT_TIME_UNKNOWN, PAGE };
}

static ChatPage
page_by_time (Bench *self, gint64 seq)
{
  return (ChatPage){ CHAT_PAGE_BEFORE, 0, NULL, 1600000000000 + seq * 200, PAGE };
}

/* The newest page of what is looked for */

/** Query: a search, with what it points to. */
typedef struct
{
  char text[64], channel[32];
  ChatSearch search;
} Query;

static void
query_init (Bench *self, Query *query, guint number)
{
  guint common = g_rand_int_range (self->random, 0, 5);
  guint rare = (guint)g_rand_int_range (self->random, VOCABULARY / 2, VOCABULARY);

  switch (number % 4)
    {
    case 0:
      g_snprintf (query->text, sizeof query->text, "w%x", rare);
      break;
    case 1:
      g_snprintf (query->text, sizeof query->text, "w%x", common);
      break;
    case 2:
      g_snprintf (query->text, sizeof query->text, "w%x w%x", common, rare);
      break;
    default:
      g_snprintf (query->text, sizeof query->text, "w%x w%x", common, common + 1 + random_word (self) % 1000);
    }
  query->search
      = (ChatSearch){ .text = query->text, .since = CHAT_TIME_UNKNOWN, .until = CHAT_TIME_UNKNOWN, .limit = PAGE };
  g_snprintf (query->channel, sizeof query->channel, "channel-%d", g_rand_int_range (self->random, 0, CHANNELS));
}

/* With every set of filters in turn. */
static void
query_filter (Bench *self, Query *query, guint number)
{
  gint64 begin = 1600000000000, end = begin + (gint64)self->messages * 100;

  if (number & 1)
    query->search.reader = "ana";
  if (number & 2)
    query->search.channel = query->channel;
  if (number & 4)
    query->search.author = self->author_keys->pdata[g_rand_int_range (self->random, 0, AUTHORS)];
  if (number & 8)
    query->search.until = begin + (end - begin) / 2;
  if (number & 16)
    query->search.since = begin + (end - begin) / 4;
}

static void
bench_search (Bench *self, ChatBench *bench, const char *name, gboolean filters)
{
  g_autofree double *ms = g_new (double, SEARCHES);
  guint found = 0;

  for (guint i = 0; i < SEARCHES; i++)
    {
      Query query;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (ChatSearchPage) page = NULL;
      g_autoptr (GError) error = NULL;
      gint64 start;

      query_init (self, &query, i);
      if (filters)
        query_filter (self, &query, i / 4);
      start = g_get_monotonic_time ();
      chat_message_store_search_async (self->message_store, &query.search, NULL, result_cb, &result);
      page = chat_message_store_search_finish (self->message_store, await (&result), &error);
      ms[i] = seconds_since (start) * 1e3;
      check (page != NULL, error);
      found += page->messages->len;
    }
  if (found < SEARCHES)
    g_error ("%u searches found %u messages: they look for the wrong words", SEARCHES, found);
  chat_bench_report (bench, &(ChatBenchFigure){ .name = name,
                                                .value = chat_bench_percentile (ms, SEARCHES, 95),
                                                .unit = "ms",
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = 50 });
}

/* Single messages, as many callers at once send them: they share commits. */
static void
bench_small (Bench *self, ChatBench *bench)
{
  g_autofree GAsyncResult **results = g_new0 (GAsyncResult *, SMALL_CALLS);
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < SMALL_CALLS; i++)
    {
      g_autoptr (GPtrArray) batch = g_ptr_array_new_full (1, (GDestroyNotify)chat_message_unref);

      g_ptr_array_add (batch, message_new (self, self->messages + i));
      chat_message_store_append_async (self->message_store, batch, NULL, result_cb, &results[i]);
    }
  for (guint i = 0; i < SMALL_CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = await (&results[i]);
      g_autoptr (GArray) appended = chat_message_store_append_finish (self->message_store, result, NULL);

      check (appended != NULL, NULL);
    }
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "store.append.single",
                                                .value = SMALL_CALLS / seconds_since (start),
                                                .unit = "messages/s",
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 5000 });
}

static void
set_up (Bench *self)
{
  g_autofree char *path = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("bench-store-XXXXXX", &error);
  check (self->directory != NULL, error);
  path = g_build_filename (self->directory, "store.db", NULL);
  self->store = chat_sqlite_store_new (path);
  self->message_store = chat_store_get_messages (self->store);
  chat_store_open_async (self->store, NULL, result_cb, &result);
  check (chat_store_open_finish (self->store, await (&result), &error), error);
  plain_open (self);
  self->random = g_rand_new_with_seed (1);
  self->ids = g_ptr_array_new_with_free_func (g_free);
  self->author_keys = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < AUTHORS; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%u", i);

      g_ptr_array_add (self->author_keys, chat_skeleton (user));
    }
}

static void
tear_down (Bench *self)
{
  static const char *const names[] = { "store.db", "plain.db" };
  g_autoptr (GAsyncResult) result = NULL;

  chat_store_close_async (self->store, NULL, result_cb, &result);
  chat_store_close_finish (self->store, await (&result), NULL);
  g_object_unref (self->store);
  sqlite3_finalize (self->plain_insert);
  sqlite3_finalize (self->plain_page);
  sqlite3_close (self->plain);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->directory, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (self->directory);
  g_free (self->directory);
  g_rand_free (self->random);
  g_ptr_array_unref (self->ids);
  g_ptr_array_unref (self->author_keys);
}

int
main (int argc, char **argv)
{
  ChatBench *bench = chat_bench_new (&argc, &argv);
  Bench self = { .messages = argc > 1 ? (guint)atoi (argv[1]) : 1000000 };

  set_up (&self);
  bench_append (&self, bench);
  bench_pages (&self, bench, "store.page.seq", page_by_seq);
  bench_pages (&self, bench, "store.page.id", page_by_id);
  bench_pages (&self, bench, "store.page.time", page_by_time);
  bench_search (&self, bench, "store.search", FALSE);
  bench_search (&self, bench, "store.search.filtered", TRUE);
  bench_small (&self, bench);
  tear_down (&self);
  return chat_bench_finish (bench);
}
