/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill -9: a child publishes and forwards, and says on its standard output what was confirmed; it is killed in the
 * middle of that, twenty times over. The verdict comes from that ledger and from SQLite itself: what was confirmed is
 * there, once, in order; and the outputs of the forwards are those of the inputs that were acknowledged.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log-test.h"

#include <sqlite3.h>

#define LIVES 20
#define KEYS 3
#define IN_FLIGHT 64
#define INPUT "chat"
#define OUTPUT "chat_controlled"
#define GROUP "moderator"

static const ChatLogOptions options = { .shards = 2, .batch = 512 };

/* The child */

typedef struct
{
  ChatTransport *transport;
  guint life;
  guint next;
  /* the forwards */
  ChatSubscription *subscription;
  GPtrArray *waiting;
  gboolean busy;
  guint forwarded;
} Child;

typedef struct
{
  Child *child;
  guint number;
} Publish;

static void child_publish (Child *child);

static void
child_confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Publish *publish = user_data;
  g_autofree char *line = g_strdup_printf ("%u\n", publish->number);
  g_autoptr (GError) error = NULL;

  if (!chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  if (write (STDOUT_FILENO, line, strlen (line)) < 0)
    exit (EXIT_FAILURE);
  child_publish (publish->child);
}

static void
child_publish (Child *child)
{
  Publish *publish = g_new (Publish, 1);
  g_autofree char *key = g_strdup_printf ("key-%u", child->next % KEYS);
  g_autofree char *text = g_strdup_printf ("%u/%s/%u", child->life, key, child->next);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (ChatRecord) record = chat_record_new (INPUT, key, bytes);

  *publish = (Publish){ child, child->next++ };
  chat_transport_publish_async (child->transport, record, NULL, child_confirmed_cb, publish);
}

static void child_forward (Child *child);

static void
child_forwarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Child *child = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  child->busy = FALSE;
  child_forward (child);
}

static void
child_forward (Child *child)
{
  g_autoptr (GPtrArray) inputs = NULL, outputs = NULL;

  if (child->busy || child->waiting->len == 0)
    return;
  inputs = g_steal_pointer (&child->waiting);
  child->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);

      g_ptr_array_add (outputs, chat_record_new (OUTPUT, chat_record_get_key (input), chat_record_get_bytes (input)));
    }
  child->busy = TRUE;
  child->forwarded += inputs->len;
  chat_transport_forward_async (child->transport, child->subscription, inputs, outputs, NULL, child_forwarded_cb,
                                child);
}

static void
child_records_cb (ChatSubscription *subscription, GPtrArray *batch, Child *child)
{
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (child->waiting, chat_record_ref (g_ptr_array_index (batch, i)));
  child_forward (child);
}

static void
child_begin (Child *child, const char *path, guint life)
{
  const char *topics[] = { INPUT, NULL };
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, GROUP };
  g_autoptr (GError) error = NULL;

  memset (child, 0, sizeof *child);
  child->life = life;
  child->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  child->transport = chat_log_transport_new (path, &options);
  if (!chat_test_call (chat_transport_connect, child->transport, &error))
    g_error ("%s", error->message);
  child->subscription = chat_test_call (chat_transport_subscribe, child->transport, &error, topics, NULL, &start);
  if (child->subscription == NULL)
    g_error ("%s", error->message);
  g_signal_connect (child->subscription, "records", G_CALLBACK (child_records_cb), child);
}

G_NORETURN static void
child_main (const char *path, guint life)
{
  Child child;

  child_begin (&child, path, life);
  for (guint i = 0; i < IN_FLIGHT; i++)
    child_publish (&child);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

/* The parent */

/* Runs a child until it has confirmed @least records, and kills it. Returns: the highest number that it confirmed. */
static guint
run_and_kill (const char *program, const char *path, guint life, guint least)
{
  g_autofree char *life_text = g_strdup_printf ("%u", life);
  const char *argv[] = { program, "--child", path, life_text, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOChannel) channel = NULL;
  g_autofree char *line = NULL;
  guint confirmed = 0;
  GPid pid;
  int out;

  g_spawn_async_with_pipes (NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &out, NULL,
                            &error);
  g_assert_no_error (error);
  channel = g_io_channel_unix_new (out);
  g_io_channel_set_close_on_unref (channel, TRUE);
  while (g_io_channel_read_line (channel, &line, NULL, NULL, &error) == G_IO_STATUS_NORMAL)
    {
      /* One key at a time the confirmations come in order; over all keys too, for the commits do. */
      g_assert_cmpuint (g_ascii_strtoull (line, NULL, 10), ==, confirmed);
      confirmed++;
      if (confirmed == least)
        kill (pid, SIGKILL);
      g_clear_pointer (&line, g_free);
    }
  /* Its lock on the file ends with it, which may be later than its output. */
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  g_assert_cmpuint (confirmed, >=, least);
  return confirmed;
}

/* What is left over from the killed is worked off. */
static void
finish (const char *path)
{
  Child child;
  gint64 lag;

  child_begin (&child, path, 0);
  do
    {
      g_main_context_iteration (NULL, TRUE);
      chat_subscription_get_lag (child.subscription, &lag, NULL);
    }
  while (lag > 0 || child.busy || child.waiting->len > 0);
  g_clear_object (&child.subscription);
  g_assert_true (chat_test_call (chat_transport_close, child.transport, NULL));
  g_assert_finalize_object (child.transport);
  g_ptr_array_unref (child.waiting);
}

/* The payloads of @topic, by shard and offset. */
static GPtrArray *
read_topic (const char *path, const char *topic)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
  sqlite3 *db;
  sqlite3_stmt *row;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT payload FROM log WHERE topic = ? ORDER BY shard, \"offset\"", -1,
                                       &row, NULL),
                   ==, SQLITE_OK);
  sqlite3_bind_text (row, 1, topic, -1, SQLITE_STATIC);
  while (sqlite3_step (row) == SQLITE_ROW)
    g_ptr_array_add (texts, g_strdup ((const char *)sqlite3_column_text (row, 0)));
  sqlite3_finalize (row);
  sqlite3_close (db);
  return texts;
}

/* Each key of each life has its numbers without a hole, once, in order, as far as they were confirmed at the least. */
static void
check_inputs (GPtrArray *texts, const guint *confirmed)
{
  guint next[LIVES + 1][KEYS];

  for (guint life = 1; life <= LIVES; life++)
    for (guint key = 0; key < KEYS; key++)
      next[life][key] = key;
  for (guint i = 0; i < texts->len; i++)
    {
      g_auto (GStrv) parts = g_strsplit (g_ptr_array_index (texts, i), "/", 3);
      guint life = (guint)g_ascii_strtoull (parts[0], NULL, 10);
      guint number = (guint)g_ascii_strtoull (parts[2], NULL, 10);

      g_assert_cmpuint (number, ==, next[life][number % KEYS]);
      next[life][number % KEYS] += KEYS;
    }
  for (guint life = 1; life <= LIVES; life++)
    for (guint key = 0; key < KEYS; key++)
      g_assert_cmpuint (next[life][key] + KEYS, >, confirmed[life]);
}

static void
test_killed (gconstpointer data)
{
  const char *program = data;
  g_auto (LogTest) test = { 0 };
  g_autoptr (GPtrArray) inputs = NULL, outputs = NULL;
  guint confirmed[LIVES + 1] = { 0 };
  g_autofree char *verdict = NULL;

  log_test_init (&test);
  for (guint life = 1; life <= LIVES; life++)
    confirmed[life] = run_and_kill (program, test.path, life, 40 + life * 37 % 400);
  finish (test.path);

  verdict = log_test_ask (test.path, "PRAGMA integrity_check");
  g_assert_cmpstr (verdict, ==, "ok");
  inputs = read_topic (test.path, INPUT);
  outputs = read_topic (test.path, OUTPUT);
  check_inputs (inputs, confirmed);
  g_assert_cmpuint (outputs->len, ==, inputs->len);
  for (guint i = 0; i < inputs->len; i++)
    g_assert_cmpstr (g_ptr_array_index (outputs, i), ==, g_ptr_array_index (inputs, i));
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--child"))
    child_main (argv[2], (guint)atoi (argv[3]));
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/log/killed", argv[0], test_killed);
  return g_test_run ();
}
