/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The embedded broker: how many records a second it confirms, how soon a confirmed one is delivered, what a pipeline of
 * the server's shape carries, and how fast a reader that is behind catches up. The reference is SQLite alone, in one
 * thread that does nothing else: the same rows, as many to a commit as there are publishes in flight here; for the
 * latency, one.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#include "bench-transport.h"
#include "chat-bench.h"
#include "transport/log/chat-log-transport.h"

/* The best of the rounds counts: what disturbs one makes it slower, never faster. */
#define ROUNDS 3
#define RECORDS 100000
#define IN_FLIGHT 256
#define PAYLOAD_BYTES 300
#define CHANNELS 8
#define LATENCY_RECORDS 600
#define LATENCY_EVERY_MS 3
#define PIPELINE_RECORDS 50000

typedef struct
{
  char *folder;
  ChatTransport *transport;
  GBytes *payload;
} Bench;

static char *
file_in (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static char *
folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("bench-log-XXXXXX", &error);

  if (folder == NULL)
    g_error ("%s", error->message);
  return folder;
}

static void
folder_remove (char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = file_in (folder, name);

      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
}

static void
bench_begin (Bench *bench)
{
  g_autofree char *path = NULL;
  g_autofree char *text = g_strnfill (PAYLOAD_BYTES, 'x');

  memset (bench, 0, sizeof *bench);
  bench->folder = folder_new ();
  path = file_in (bench->folder, "log");
  bench->payload = g_bytes_new (text, PAYLOAD_BYTES);
  bench->transport = chat_log_transport_new (path, NULL);
  bench_transport_connect (bench->transport);
}

static void
bench_end (Bench *bench)
{
  bench_transport_close (g_steal_pointer (&bench->transport));
  g_bytes_unref (bench->payload);
  folder_remove (bench->folder);
}

static ChatSubscription *
subscribe (Bench *bench, const char *topic, const ChatStart *start)
{
  ChatSubscription *subscription = bench_transport_subscribe (bench->transport, topic, start);

  chat_subscription_set_priority (subscription, G_PRIORITY_DEFAULT);
  return subscription;
}

static BenchFlood
flood_of (Bench *bench, guint wanted)
{
  return (BenchFlood){ bench->transport, CHAT_TOPIC_CHAT, CHANNELS, bench->payload, wanted, 0, 0 };
}

/* SQLite alone */

typedef struct
{
  char *folder;
  sqlite3 *db;
  sqlite3_stmt *insert;
  char *payload;
  guint rows;
} Reference;

static void
check (sqlite3 *db, int code)
{
  if (code != SQLITE_OK && code != SQLITE_DONE)
    g_error ("%s", sqlite3_errmsg (db));
}

static void
reference_begin (Reference *self)
{
  g_autofree char *path = NULL;

  memset (self, 0, sizeof *self);
  self->folder = folder_new ();
  self->payload = g_strnfill (PAYLOAD_BYTES, 'x');
  path = file_in (self->folder, "reference");
  check (NULL, sqlite3_open (path, &self->db));
  check (self->db,
         sqlite3_exec (self->db,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                       "CREATE TABLE t (place INTEGER PRIMARY KEY, time INTEGER, key TEXT, headers BLOB, data BLOB)",
                       NULL, NULL, NULL));
  check (self->db,
         sqlite3_prepare_v2 (self->db, "INSERT INTO t VALUES (?, 1, 'general', NULL, ?)", -1, &self->insert, NULL));
}

static void
reference_commit (Reference *self, guint rows)
{
  check (self->db, sqlite3_exec (self->db, "BEGIN", NULL, NULL, NULL));
  for (guint i = 0; i < rows; i++)
    {
      sqlite3_bind_int64 (self->insert, 1, self->rows++);
      sqlite3_bind_blob (self->insert, 2, self->payload, PAYLOAD_BYTES, SQLITE_STATIC);
      check (self->db, sqlite3_step (self->insert));
      sqlite3_reset (self->insert);
    }
  check (self->db, sqlite3_exec (self->db, "COMMIT", NULL, NULL, NULL));
}

static void
reference_end (Reference *self)
{
  sqlite3_finalize (self->insert);
  sqlite3_close (self->db);
  folder_remove (self->folder);
  g_free (self->payload);
}

/* Rows a second, as many to a commit as there are publishes in flight elsewhere. */
static double
measure_reference (void)
{
  Reference reference;
  gint64 began;
  double rate;

  reference_begin (&reference);
  began = g_get_monotonic_time ();
  while (reference.rows < RECORDS)
    reference_commit (&reference, IN_FLIGHT);
  rate = reference.rows * 1e6 / (double)(g_get_monotonic_time () - began);
  reference_end (&reference);
  return rate;
}

static void
count_cb (ChatSubscription *subscription, GPtrArray *batch, guint *count)
{
  *count += batch->len;
}

static double
measure_catch_up (Bench *bench)
{
  const ChatStart earliest = CHAT_START_EARLIEST_INIT;
  gint64 began = g_get_monotonic_time ();
  ChatSubscription *subscription = subscribe (bench, CHAT_TOPIC_CHAT, &earliest);
  guint count = 0;

  g_signal_connect (subscription, "records", G_CALLBACK (count_cb), &count);
  while (count < RECORDS)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (subscription);
  return RECORDS * 1e6 / (double)(g_get_monotonic_time () - began);
}

/* Latency: one publish at a time, from the call to the reader's handler; after each, the reference's commit of one row,
 * so that both meet the same disk. */

static void
bench_latency (ChatBench *report)
{
  const ChatStart live = CHAT_START_LIVE_INIT;
  Bench bench;
  Reference reference;
  ChatSubscription *subscription;
  double took_ms[LATENCY_RECORDS], reference_ms[LATENCY_RECORDS];
  guint came = 0;

  bench_begin (&bench);
  reference_begin (&reference);
  subscription = subscribe (&bench, CHAT_TOPIC_CHAT, &live);
  g_signal_connect (subscription, "records", G_CALLBACK (count_cb), &came);
  for (guint i = 0; i < LATENCY_RECORDS; i++)
    {
      g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, "general", bench.payload);
      gint64 began = g_get_monotonic_time ();

      chat_transport_publish_async (bench.transport, record, NULL, NULL, NULL);
      while (came <= i)
        g_main_context_iteration (NULL, TRUE);
      took_ms[i] = (double)(g_get_monotonic_time () - began) / 1000;
      g_usleep (LATENCY_EVERY_MS * 1000);
      began = g_get_monotonic_time ();
      reference_commit (&reference, 1);
      reference_ms[i] = (double)(g_get_monotonic_time () - began) / 1000;
    }
  g_object_unref (subscription);
  reference_end (&reference);
  bench_end (&bench);

  for (guint percent = 50; percent <= 99; percent += 49)
    {
      g_autofree char *name = g_strdup_printf ("log.latency.p%u", percent);

      chat_bench_report (report, &(ChatBenchFigure){
                                     .name = name,
                                     .value = chat_bench_percentile (took_ms, LATENCY_RECORDS, percent),
                                     .unit = "ms",
                                     .reference = chat_bench_percentile (reference_ms, LATENCY_RECORDS, percent),
                                     .bound = percent == 50 ? CHAT_BENCH_RATIO_AT_MOST : CHAT_BENCH_NO_BOUND,
                                     .target = 2 });
    }
}

/* The server's shape: chat → moderator → chat_controlled → archiver → chat_receipts. */

typedef struct
{
  Bench *bench;
  ChatSubscription *subscription;
  const char *output;
  gboolean one_for_all; /* one output a batch, else one an input */
  GPtrArray *waiting;
  gboolean busy;
  guint done;
} Stage;

static void stage_step (Stage *stage);

static void
forwarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Stage *stage = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  stage->busy = FALSE;
  stage_step (stage);
}

static void
stage_step (Stage *stage)
{
  g_autoptr (GPtrArray) inputs = NULL, outputs = NULL;

  if (stage->busy || stage->waiting->len == 0)
    return;
  inputs = g_steal_pointer (&stage->waiting);
  stage->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < (stage->one_for_all ? 1 : inputs->len); i++)
    g_ptr_array_add (outputs, chat_record_new (stage->output, chat_record_get_key (g_ptr_array_index (inputs, i)),
                                               chat_record_get_bytes (g_ptr_array_index (inputs, i))));
  stage->busy = TRUE;
  stage->done += inputs->len;
  chat_transport_forward_async (stage->bench->transport, stage->subscription, inputs, outputs, NULL, forwarded_cb,
                                stage);
}

static void
stage_records_cb (ChatSubscription *subscription, GPtrArray *batch, Stage *stage)
{
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (stage->waiting, chat_record_ref (g_ptr_array_index (batch, i)));
  stage_step (stage);
}

static void
stage_begin (Stage *stage, Bench *bench, const char *input, const char *output, gboolean one_for_all)
{
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, output };

  memset (stage, 0, sizeof *stage);
  stage->bench = bench;
  stage->output = output;
  stage->one_for_all = one_for_all;
  stage->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  stage->subscription = subscribe (bench, input, &start);
  g_signal_connect (stage->subscription, "records", G_CALLBACK (stage_records_cb), stage);
}

static void
stage_end (Stage *stage)
{
  g_object_unref (stage->subscription);
  g_ptr_array_unref (stage->waiting);
}

static void
bench_pipeline (ChatBench *report)
{
  const ChatStart live = CHAT_START_LIVE_INIT;
  Bench bench;
  BenchFlood flood;
  Stage moderator, archiver;
  ChatSubscription *receipts;
  gint64 began;
  guint batches = 0;

  bench_begin (&bench);
  stage_begin (&moderator, &bench, CHAT_TOPIC_CHAT, CHAT_TOPIC_CONTROLLED, FALSE);
  stage_begin (&archiver, &bench, CHAT_TOPIC_CONTROLLED, CHAT_TOPIC_RECEIPTS, TRUE);
  receipts = subscribe (&bench, CHAT_TOPIC_RECEIPTS, &live);
  g_signal_connect (receipts, "records", G_CALLBACK (count_cb), &batches);
  began = g_get_monotonic_time ();
  flood = flood_of (&bench, PIPELINE_RECORDS);
  bench_flood_start (&flood, 32);
  while (archiver.done < PIPELINE_RECORDS || archiver.busy)
    g_main_context_iteration (NULL, TRUE);
  chat_bench_report (report,
                     &(ChatBenchFigure){ .name = "log.pipeline",
                                         .value = PIPELINE_RECORDS * 1e6 / (double)(g_get_monotonic_time () - began),
                                         .unit = "records/s",
                                         .bound = CHAT_BENCH_AT_LEAST,
                                         .target = 5000 });
  g_object_unref (receipts);
  stage_end (&moderator);
  stage_end (&archiver);
  bench_end (&bench);
}

static void
bench_publish (ChatBench *report)
{
  double reference = 0, published = 0, caught_up = 0;

  for (guint i = 0; i < ROUNDS; i++)
    {
      Bench bench;
      BenchFlood flood;

      reference = fmax (reference, measure_reference ());
      bench_begin (&bench);
      flood = flood_of (&bench, RECORDS);
      published = fmax (published, bench_flood_run (&flood, IN_FLIGHT));
      caught_up = fmax (caught_up, measure_catch_up (&bench));
      bench_end (&bench);
    }
  chat_bench_report (report, &(ChatBenchFigure){ .name = "log.publish",
                                                 .value = published,
                                                 .unit = "records/s",
                                                 .reference = reference,
                                                 .bound = CHAT_BENCH_AT_LEAST,
                                                 .target = 50000 });
  chat_bench_report (report, &(ChatBenchFigure){ .name = "log.catch-up", .value = caught_up, .unit = "records/s" });
}

int
main (int argc, char **argv)
{
  ChatBench *report = chat_bench_new (&argc, &argv);

  bench_publish (report);
  bench_pipeline (report);
  bench_latency (report);
  return chat_bench_finish (report);
}
