/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole server: how long a message takes from the POST to another client's live feed, and how many a second go all
 * the way into the store. The reference is libsoup alone under the same load: what it does in that time is also what
 * the load generator can do at the least.
 */
#include "bench-load.h"
#include "bench-reference.h"
#include "chat-bench.h"
#include "stored.h"
#include "wire.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "chat-test-server.h"

#define CHANNEL "general"
#define CONNECTIONS 32
#define FLAT_OUT_MESSAGES 60000
#define PACED_CONNECTIONS 8
#define PACED_MESSAGES 2000
#define PACED_INTERVAL_US 5000
/* What a process does once and not again is not what is measured. */
#define WARM_UP_MESSAGES 500
#define SYNCS 500
#define PAGE_BYTES 4096

typedef struct
{
  double rate; /* a second */
  double p50, p99;
  double load; /* of the generator: the part of one core that it took */
  double sync; /* ms: what the disk took to keep a page, in the median */
} Figures;

static double
seconds (gint64 from_us, gint64 to_us)
{
  return (double)(to_us - from_us) / G_USEC_PER_SEC;
}

/* A session for each connection: (transfer full) (element-type utf8): tokens. The reference wants none. */
static GPtrArray *
sign_in (const char *uri, const char *prefix, guint n_users, gboolean is_reference)
{
  GPtrArray *tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (Wire) wire = wire_connect (uri);

  for (guint i = 0; i < n_users; i++)
    {
      g_autofree char *user = g_strdup_printf ("%s%u", prefix, i);

      g_ptr_array_add (tokens, is_reference ? g_strdup ("none") : wire_sign_in (wire, user));
    }
  return tokens;
}

static void
measure_latency (const char *uri, gboolean is_reference, Figures *figures)
{
  g_autoptr (GPtrArray) tokens = sign_in (uri, "paced", PACED_CONNECTIONS, is_reference);
  g_autoptr (GPtrArray) reader = sign_in (uri, "reader", 1, is_reference);
  g_autoptr (Load) load = load_new (uri, tokens);
  g_autoptr (LoadLedger) warm_up = NULL;
  g_autoptr (LoadLedger) ledger = NULL;
  g_autofree double *latencies = g_new (double, PACED_MESSAGES);

  load_listen (load, reader->pdata[0], CHANNEL);
  warm_up = load_run_paced (load, CHANNEL, WARM_UP_MESSAGES, PACED_INTERVAL_US);
  ledger = load_run_paced (load, CHANNEL, PACED_MESSAGES, PACED_INTERVAL_US);
  for (guint i = 0; i < PACED_MESSAGES; i++)
    latencies[i] = (double)(ledger->seen[i] - ledger->sent[i]) / 1000;
  figures->p50 = chat_bench_percentile (latencies, PACED_MESSAGES, 50);
  figures->p99 = chat_bench_percentile (latencies, PACED_MESSAGES, 99);
}

/* Every id of the ledger is in the store once, and it has all that were accepted. */
static void
assert_nothing_lost (const char *directory, gint64 before, const LoadLedger *ledger)
{
  g_autoptr (GPtrArray) stored = stored_read (directory, CHANNEL);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  stored_assert_contiguous (stored);
  g_assert_cmpuint (ledger->accepted, ==, ledger->messages);
  g_assert_cmpint (stored->len, ==, before + ledger->messages);
  for (gint64 i = before; i < stored->len; i++)
    g_hash_table_add (ids, ((StoredMessage *)stored->pdata[i])->id);
  for (guint i = 0; i < ledger->messages; i++)
    if (!g_hash_table_contains (ids, ledger->ids[i]))
      g_error ("Message %u was accepted, and is not in the store", i);
}

/* @directory: (nullable): of the server; without one nothing is stored, and the last answer is the end. */
static void
measure_rate (const char *uri, const char *directory, Figures *figures)
{
  g_autoptr (GPtrArray) tokens = sign_in (uri, "writer", CONNECTIONS, directory == NULL);
  g_autoptr (Load) load = load_new (uri, tokens);
  gint64 before = directory != NULL ? stored_count (directory, CHANNEL) : 0;
  g_autoptr (LoadLedger) warm_up = load_run_flat_out (load, CHANNEL, WARM_UP_MESSAGES);
  g_autoptr (LoadLedger) ledger = NULL;
  gint64 end_us;

  before += WARM_UP_MESSAGES;
  if (directory != NULL)
    stored_wait_count (directory, CHANNEL, before);
  ledger = load_run_flat_out (load, CHANNEL, FLAT_OUT_MESSAGES);
  if (directory != NULL)
    stored_wait_count (directory, CHANNEL, before + FLAT_OUT_MESSAGES);
  end_us = g_get_monotonic_time ();
  figures->rate = FLAT_OUT_MESSAGES / seconds (ledger->first_us, end_us);
  figures->load = (double)ledger->cpu_us / (double)(ledger->last_us - ledger->first_us);
  if (directory != NULL)
    assert_nothing_lost (directory, before, ledger);
}

/* On its way a message waits for the disk more than once, so all of the server's figures rest on this one. */
static void
measure_disk (ChatTestServer *server, Figures *figures)
{
  g_autofree char *path = chat_test_server_dup_path (server, "page");
  g_autofree double *times = g_new (double, SYNCS);
  const char page[PAGE_BYTES] = { 1 };
  int file = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  for (guint i = 0; i < SYNCS; i++)
    {
      gint64 start;

      g_assert_cmpint (pwrite (file, page, sizeof page, (off_t)i * PAGE_BYTES), ==, sizeof page);
      start = g_get_monotonic_time ();
      fdatasync (file);
      times[i] = (double)(g_get_monotonic_time () - start) / 1000;
    }
  g_close (file, NULL);
  figures->sync = chat_bench_percentile (times, SYNCS, 50);
}

/* It ends with its standard input. */
static void
measure_reference (Figures *figures)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) reference = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                                        &error, program, "--reference", NULL);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *uri = NULL;

  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (reference));
  uri = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  measure_latency (uri, TRUE, figures);
  measure_rate (uri, NULL, figures);
  g_output_stream_close (g_subprocess_get_stdin_pipe (reference), NULL, NULL);
  g_subprocess_wait (reference, NULL, NULL);
}

static void
measure_server (Figures *figures)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);

  chat_test_server_start (server);
  measure_disk (server, figures);
  measure_latency (chat_test_server_get_uri (server), FALSE, figures);
  measure_rate (chat_test_server_get_uri (server), chat_test_server_get_directory (server), figures);
  chat_test_server_stop (server);
}

int
main (int argc, char *argv[])
{
  Figures reference, server;
  ChatBench *bench;

  if (argc == 2 && g_str_equal (argv[1], "--reference"))
    return bench_reference_run ();
  bench = chat_bench_new (&argc, &argv);
  measure_reference (&reference);
  measure_server (&server);
  chat_bench_report (bench, &(ChatBenchFigure){ "server.latency-p50", server.p50, "ms", reference.p50,
                                                CHAT_BENCH_AT_MOST, 5 });
  chat_bench_report (bench, &(ChatBenchFigure){ "server.latency-p99", server.p99, "ms", reference.p99,
                                                CHAT_BENCH_AT_MOST, 25 });
  chat_bench_report (bench, &(ChatBenchFigure){ "server.stored", server.rate, "messages/s", reference.rate,
                                                CHAT_BENCH_AT_LEAST, 5000 });
  chat_bench_report (bench, &(ChatBenchFigure){ "server.disk-sync-p50", server.sync, "ms" });
  chat_bench_report (bench, &(ChatBenchFigure){ "server.load-generator", server.load, "cores", reference.load });
  return chat_bench_finish (bench);
}
