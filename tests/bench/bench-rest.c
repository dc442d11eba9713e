/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody waits for who pages and searches in a million messages: the real server on a store that has them, one
 * call after the other on one connection, until the whole answer is there. */
#include <math.h>
#include <stdlib.h>

#include "chat-bench.h"
#include "chat-test-call.h"
#include "chat-test-server.h"
#include "core/chat-message.h"
#include "core/chat-uuid.h"
#include "server/store/sqlite/chat-sqlite-store.h"
#include "wire.h"

#define CHANNELS 20
#define AUTHORS 200
#define BATCH 4096
#define WORDS 5000
#define WORDS_EACH 12
#define PAGES 2000
#define SEARCHES 600
#define RARE 50000 /* one message in so many has the rare word */

typedef struct
{
  guint messages;
  GRand *random;
  ChatTestServer *server;
  Wire *wire;
  char *token;
} Bench;

/* Words are as frequent as in a language: the n-th is there 1/n as often as the first (Zipf). */
static guint
word_number (Bench *self)
{
  return (guint)pow (WORDS, g_rand_double (self->random));
}

static ChatMessage *
message_new (Bench *self, guint number)
{
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *channel = g_strdup_printf ("channel-%u", number % 2 == 0 ? 0 : 1 + number / 2 % (CHANNELS - 1));
  g_autofree char *author = g_strdup_printf ("author-%u", g_rand_int_range (self->random, 0, AUTHORS));
  g_autoptr (GString) text = g_string_new (number % RARE == 0 ? "curiosidad" : NULL);

  for (guint i = 0; i < WORDS_EACH; i++)
    g_string_append_printf (text, " palabra%u", word_number (self));
  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, author);
  chat_message_set_data (message, text->str);
  chat_message_set_timestamp (message, G_GINT64_CONSTANT (1600000000000) + number * G_GINT64_CONSTANT (100));
  return message;
}

static void
fill (Bench *self, const char *path)
{
  ChatStore *store = chat_sqlite_store_new (path);
  g_autoptr (GError) error = NULL;

  if (!chat_test_call (chat_store_open, store, &error))
    g_error ("%s", error->message);
  for (guint first = 0; first < self->messages; first += BATCH)
    {
      g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
      g_autoptr (GArray) results = NULL;

      for (guint i = first; i < MIN (first + BATCH, self->messages); i++)
        g_ptr_array_add (batch, message_new (self, i));
      results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), &error, batch);
      if (results == NULL)
        g_error ("%s", error->message);
    }
  if (!chat_test_call (chat_store_close, store, &error))
    g_error ("%s", error->message);
  g_object_unref (store);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double one = *(const double *)a, other = *(const double *)b;

  return (one > other) - (one < other);
}

static double
time_of (Bench *self, const char *path)
{
  gint64 start = g_get_monotonic_time ();
  WireAnswer *answer = wire_request (self->wire, "GET", path, self->token, NULL, 0);
  double milliseconds = (double)(g_get_monotonic_time () - start) / 1000;

  if (answer == NULL || answer->status != 200)
    g_error ("%s: %u", path, answer != NULL ? answer->status : 0);
  wire_answer_free (answer);
  return milliseconds;
}

static void
report (ChatBench *bench, const char *name, GArray *times, double target)
{
  g_autofree char *p50 = g_strconcat (name, "-p50", NULL);
  g_autofree char *p95 = g_strconcat (name, "-p95", NULL);

  g_array_sort (times, compare);
  chat_bench_report (bench, &(ChatBenchFigure){
                                .name = p50, .value = g_array_index (times, double, times->len / 2), .unit = "ms" });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = p95,
                                                .value = g_array_index (times, double, times->len * 95 / 100),
                                                .unit = "ms",
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = target });
}

static void
measure_pages (Bench *self, ChatBench *bench)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < PAGES; i++)
    {
      g_autofree char *path = g_strdup_printf ("/v1/channels/channel-0/messages?before=%d&limit=50",
                                               g_rand_int_range (self->random, 51, (int)self->messages / 2));
      double time = time_of (self, path);

      g_array_append_val (times, time);
    }
  report (bench, "rest.page", times, 5);
}

/* A third each: a rare word or the beginning of one, a common word, two words. */
static char *
search_path (Bench *self, guint number)
{
  switch (number % 6)
    {
    case 0:
      return g_strdup ("/v1/search?q=curiosidad");
    case 1:
      return g_strdup_printf ("/v1/search?q=palabra%u", g_rand_int_range (self->random, WORDS / 2, WORDS));
    case 2:
      return g_strdup_printf ("/v1/search?q=palabra%u", g_rand_int_range (self->random, 1, 20));
    case 3:
      return g_strdup_printf ("/v1/search?q=palabra%u&channel=channel-0", g_rand_int_range (self->random, 1, 20));
    case 4:
      return g_strdup_printf ("/v1/search?q=palabra%u%%20palabra%u", word_number (self), word_number (self));
    default:
      return g_strdup_printf ("/v1/search?q=palabra%u%%20palabra%u", g_rand_int_range (self->random, 1, 20),
                              g_rand_int_range (self->random, WORDS / 2, WORDS));
    }
}

static void
measure_searches (Bench *self, ChatBench *bench)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < SEARCHES; i++)
    {
      g_autofree char *path = search_path (self, i);
      double time = time_of (self, path);

      g_array_append_val (times, time);
    }
  report (bench, "rest.search", times, 50);
}

int
main (int argc, char **argv)
{
  ChatBench *bench = chat_bench_new (&argc, &argv);
  Bench self = { .messages = argc > 1 ? (guint)atoi (argv[1]) : 1000000 };
  static const char *const settings[] = { "limits.rates=false", NULL };
  g_autofree char *path = NULL;

  self.random = g_rand_new_with_seed (1);
  self.server = chat_test_server_new (settings);
  chat_test_server_start (self.server); /* makes its directory and files */
  chat_test_server_stop (self.server);
  path = g_build_filename (chat_test_server_get_directory (self.server), "store.db", NULL);
  fill (&self, path);
  chat_test_server_start (self.server);
  self.wire = wire_connect (chat_test_server_get_uri (self.server));
  self.token = wire_sign_in (self.wire, "ana");
  measure_pages (&self, bench);
  measure_searches (&self, bench);
  wire_free (self.wire);
  g_free (self.token);
  chat_test_server_stop (self.server);
  chat_test_server_free (self.server);
  g_rand_free (self.random);
  return chat_bench_finish (bench);
}
