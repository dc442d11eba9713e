/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The live feed with many readers: how long a message takes from the POST to each of them, and what each of them costs
 * in memory. The reference is libsoup alone, which sends each of them what was posted.
 */
#include "bench-crowd.h"
#include "bench-load.h"
#include "bench-reference.h"
#include "chat-bench.h"
#include "wire.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "chat-test-server.h"

#define CHANNEL "general"
#define READERS 1000
#define WRITERS 4
#define MESSAGES 1000
#define INTERVAL_US 10000
#define WARM_UP_MESSAGES 100
/* What its first readers cost is for all: code, caches, the stacks of threads. */
#define FIRST_READERS 50
#define DESCRIPTORS 4096

typedef struct
{
  double p50, p99;
  double memory; /* kB a reader */
  double cost;   /* µs of the server's processor time for each message to each reader */
  double load;   /* of the generator and the readers: the part of one core that they took */
} Figures;

/* kB of its own, and its part of what it shares */
static double
get_memory (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/smaps_rollup", (int)pid);
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (line = strstr (text, "\nPss:")) == NULL)
    g_error ("%s does not tell the memory of the server", path);
  return (double)g_ascii_strtoull (line + strlen ("\nPss:"), NULL, 10);
}

/* Of all of its threads */
static double
get_cpu_seconds (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int)pid);
  g_autofree char *text = NULL;
  unsigned long user, system;

  if (!g_file_get_contents (path, &text, NULL, NULL)
      || sscanf (strrchr (text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
    g_error ("%s does not tell the time of the server", path);
  return (double)(user + system) / (double)sysconf (_SC_CLK_TCK);
}

static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / G_USEC_PER_SEC;
}

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

/* Posts, and waits until everybody has had everything. */
static double *
measure_latencies (Load *load, Crowd *crowd, guint messages)
{
  g_autoptr (LoadLedger) ledger = NULL;
  double *latencies = g_new (double, (gsize)messages *READERS);
  const gint64 *seen;

  crowd_expect (crowd, messages);
  ledger = load_run_paced (load, CHANNEL, messages, INTERVAL_US);
  seen = crowd_wait (crowd);
  for (gsize i = 0; i < (gsize)messages * READERS; i++)
    latencies[i] = (double)(seen[i] - ledger->sent[i % messages]) / 1000;
  return latencies;
}

static void
measure (const char *uri, GPid pid, gboolean is_reference, Figures *figures)
{
  g_autoptr (GPtrArray) writers = sign_in (uri, "writer", WRITERS, is_reference);
  g_autoptr (GPtrArray) first = sign_in (uri, "first", FIRST_READERS, is_reference);
  g_autoptr (Crowd) first_crowd = crowd_new (uri, first, CHANNEL);
  g_autoptr (Load) load = NULL;
  g_autoptr (GPtrArray) tokens = NULL;
  g_autoptr (Crowd) crowd = NULL;
  g_autofree double *latencies = NULL;
  double before, cpu, server_cpu;
  gint64 start;

  crowd_expect (first_crowd, 0);
  g_clear_pointer (&first_crowd, crowd_free);
  before = get_memory (pid);
  tokens = sign_in (uri, "reader", READERS, is_reference);
  crowd = crowd_new (uri, tokens, CHANNEL);
  load = load_new (uri, writers);
  load_listen (load, writers->pdata[0], CHANNEL);
  g_free (measure_latencies (load, crowd, WARM_UP_MESSAGES));
  start = g_get_monotonic_time ();
  cpu = cpu_seconds ();
  server_cpu = get_cpu_seconds (pid);
  latencies = measure_latencies (load, crowd, MESSAGES);
  figures->load = (cpu_seconds () - cpu) * G_USEC_PER_SEC / (double)(g_get_monotonic_time () - start);
  figures->cost = (get_cpu_seconds (pid) - server_cpu) * G_USEC_PER_SEC / (double)MESSAGES / READERS;
  figures->memory = (get_memory (pid) - before) / READERS;
  figures->p50 = chat_bench_percentile (latencies, (gsize)MESSAGES * READERS, 50);
  figures->p99 = chat_bench_percentile (latencies, (gsize)MESSAGES * READERS, 99);
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
  measure (uri, atoi (g_subprocess_get_identifier (reference)), TRUE, figures);
  g_output_stream_close (g_subprocess_get_stdin_pipe (reference), NULL, NULL);
  g_subprocess_wait (reference, NULL, NULL);
}

static void
measure_server (Figures *figures)
{
  const char *const settings[] = { "limits.connections_per_address=0", NULL };
  g_autoptr (ChatTestServer) server = chat_test_server_new (settings);

  chat_test_server_start (server);
  measure (chat_test_server_get_uri (server), chat_test_server_get_pid (server), FALSE, figures);
  chat_test_server_stop (server);
}

static void
raise_descriptors (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = MIN (limit.rlim_max, DESCRIPTORS);
  setrlimit (RLIMIT_NOFILE, &limit);
}

int
main (int argc, char *argv[])
{
  Figures reference, server;
  ChatBench *bench;

  raise_descriptors ();
  if (argc == 2 && g_str_equal (argv[1], "--reference"))
    return bench_reference_run ();
  bench = chat_bench_new (&argc, &argv);
  measure_reference (&reference);
  measure_server (&server);
  chat_bench_report (bench, &(ChatBenchFigure){ "live.latency-p50", server.p50, "ms", reference.p50 });
  chat_bench_report (bench, &(ChatBenchFigure){ "live.latency-p99", server.p99, "ms", reference.p99, CHAT_BENCH_AT_MOST,
                                                100 });
  chat_bench_report (bench, &(ChatBenchFigure){ "live.memory-per-reader", server.memory, "kB", reference.memory,
                                                CHAT_BENCH_AT_MOST, 60 });
  chat_bench_report (bench, &(ChatBenchFigure){ "live.cost-per-delivery", server.cost, "us", reference.cost });
  chat_bench_report (bench, &(ChatBenchFigure){ "live.load-generator", server.load, "cores", reference.load });
  return chat_bench_finish (bench);
}
