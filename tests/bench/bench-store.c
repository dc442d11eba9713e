/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending to and paging in a store of a million messages, against its database alone doing the same: a plain table
 * with the same indexes and the same durability, fed the same texts, in turns with the store.
 *
 *   bench-store [MESSAGES [sqlite|postgresql]]
 */
#include "bench-store.h"

#include "chat-bench.h"
#include "config.h"

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"

#include <stdlib.h>
#include <string.h>

#define BATCH BENCH_STORE_BATCH
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
  const BenchDatabase *database;
  gpointer plain;
  ChatStore *store;
  ChatMessageStore *message_store;
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

/* the texts are made beforehand: they are no work of the database's */
static void
plain_append (Bench *self, GPtrArray *batch, GPtrArray *texts, guint first)
{
  BenchRow rows[BATCH];

  for (guint i = 0; i < BATCH; i++)
    {
      const ChatMessage *message = g_ptr_array_index (batch, i);
      guint channel = channel_of (first + i);

      rows[i] = (BenchRow){ channel, ++self->heads[channel], chat_message_get_id (message),
                            chat_message_get_timestamp (message), g_ptr_array_index (texts, i) };
    }
  self->database->append (self->plain, rows);
}

/* The figures */

static void
report (Bench *self, ChatBench *bench, const char *what, ChatBenchFigure figure)
{
  g_autofree char *name = g_strconcat (self->database->prefix, what, NULL);

  figure.name = name;
  chat_bench_report (bench, &figure);
}

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
  report (self, bench, "append",
          (ChatBenchFigure){ .value = number / store_seconds,
                             .unit = "messages/s",
                             .reference = number / plain_seconds,
                             .bound = self->database->append_figure.bound,
                             .target = self->database->append_figure.target });
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
      self->database->page (self->plain, seq - PAGE, seq - 1);
      plain_ms[i] = seconds_since (start) * 1e3;
    }
  report (self, bench, name,
          (ChatBenchFigure){ .value = chat_bench_percentile (store_ms, PAGES, 95),
                             .unit = "ms",
                             .reference = chat_bench_percentile (plain_ms, PAGES, 95),
                             .bound = self->database->page_figure.bound,
                             .target = self->database->page_figure.target });
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
  report (self, bench, name,
          (ChatBenchFigure){ .value = chat_bench_percentile (ms, SEARCHES, 95),
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
  report (self, bench, "append.single",
          (ChatBenchFigure){ .value = SMALL_CALLS / seconds_since (start),
                             .unit = "messages/s",
                             .bound = self->database->single_figure.bound,
                             .target = self->database->single_figure.target });
}

static void
set_up (Bench *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->plain = self->database->open (&self->store);
  self->message_store = chat_store_get_messages (self->store);
  chat_store_open_async (self->store, NULL, result_cb, &result);
  check (chat_store_open_finish (self->store, await (&result), &error), error);
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
  g_autoptr (GAsyncResult) result = NULL;

  chat_store_close_async (self->store, NULL, result_cb, &result);
  chat_store_close_finish (self->store, await (&result), NULL);
  g_object_unref (self->store);
  self->database->close (self->plain);
  g_rand_free (self->random);
  g_ptr_array_unref (self->ids);
  g_ptr_array_unref (self->author_keys);
}

static void
run (ChatBench *bench, guint messages, const BenchDatabase *database)
{
  Bench self = { .messages = messages, .database = database };

  set_up (&self);
  bench_append (&self, bench);
  bench_pages (&self, bench, "page.seq", page_by_seq);
  bench_pages (&self, bench, "page.id", page_by_id);
  bench_pages (&self, bench, "page.time", page_by_time);
  if (database->settle != NULL)
    database->settle (self.plain);
  bench_search (&self, bench, "search", FALSE);
  bench_search (&self, bench, "search.filtered", TRUE);
  bench_small (&self, bench);
  tear_down (&self);
}

int
main (int argc, char **argv)
{
  static const BenchDatabase *const databases[]
      = { &bench_sqlite,
#if CHAT_HAVE_POSTGRESQL
          &bench_postgresql,
#endif
        };
  ChatBench *bench = chat_bench_new (&argc, &argv);
  guint messages = argc > 1 ? (guint)atoi (argv[1]) : 1000000;

  for (guint i = 0; i < G_N_ELEMENTS (databases); i++)
    if (argc < 3 || g_str_equal (argv[2], databases[i]->name))
      run (bench, messages, databases[i]);
  return chat_bench_finish (bench);
}
