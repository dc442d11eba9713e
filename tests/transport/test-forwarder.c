/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop of the roles, with a role that copies `chat` to `chat_controlled` and does wrong what it is told to. */
#include "transport/chat-forwarder.h"

#include "chat-loopback-transport.h"
#include "chat-test-call.h"

#define BATCH 8

#define COPY_TYPE_ROLE (copy_role_get_type ())
G_DECLARE_FINAL_TYPE (CopyRole, copy_role, COPY, ROLE, ChatForwarder)

struct _CopyRole
{
  ChatForwarder parent_instance;

  gboolean hold;
  GTask *held; /* (nullable): a batch that is not answered yet */
  guint fail;  /* how many batches are to fail … */
  gboolean failure_is_passing;
  guint fail_prepare;
  guint batches, largest, forwards, releases, records;
};

G_DEFINE_FINAL_TYPE (CopyRole, copy_role, CHAT_TYPE_FORWARDER)

static void
copy_role_prepare_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (forwarder, cancellable, callback, user_data);

  if (COPY_ROLE (forwarder)->fail_prepare > 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "told to");
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
copy_role_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
answer (GTask *task)
{
  CopyRole *self = g_task_get_source_object (task);
  GPtrArray *inputs = g_task_get_task_data (task);
  GPtrArray *outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);
      g_ptr_array_add (outputs, chat_record_new (CHAT_TOPIC_CONTROLLED, chat_record_get_key (input),
                                                 chat_record_get_bytes (input)));
    }
  self->records += inputs->len;
  g_task_return_pointer (task, outputs, (GDestroyNotify)g_ptr_array_unref);
}

static void
copy_role_process_async (ChatForwarder *forwarder, GPtrArray *inputs, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  CopyRole *self = COPY_ROLE (forwarder);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_assert_null (self->held); /* one at a time */
  g_assert_cmpuint (inputs->len, >, 0);
  self->batches++;
  self->largest = MAX (self->largest, inputs->len);
  g_task_set_task_data (task, g_ptr_array_ref (inputs), (GDestroyNotify)g_ptr_array_unref);
  if (self->fail > 0)
    {
      self->fail--;
      g_task_return_new_error (task, G_IO_ERROR, self->failure_is_passing ? G_IO_ERROR_BUSY : G_IO_ERROR_FAILED,
                               "told to");
    }
  else if (self->hold)
    self->held = g_steal_pointer (&task);
  else
    answer (task);
}

static GPtrArray *
copy_role_process_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
copy_role_forwarded (ChatForwarder *forwarder)
{
  COPY_ROLE (forwarder)->forwards++;
}

static gboolean
copy_role_is_passing (ChatForwarder *forwarder, const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
copy_role_release_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (forwarder, cancellable, callback, user_data);

  COPY_ROLE (forwarder)->releases++;
  g_task_return_boolean (task, TRUE);
}

static void
copy_role_class_init (CopyRoleClass *klass)
{
  ChatForwarderClass *forwarder_class = CHAT_FORWARDER_CLASS (klass);

  forwarder_class->prepare_async = copy_role_prepare_async;
  forwarder_class->prepare_finish = copy_role_finish;
  forwarder_class->process_async = copy_role_process_async;
  forwarder_class->process_finish = copy_role_process_finish;
  forwarder_class->forwarded = copy_role_forwarded;
  forwarder_class->is_passing = copy_role_is_passing;
  forwarder_class->release_async = copy_role_release_async;
  forwarder_class->release_finish = copy_role_finish;
}

static void
copy_role_init (CopyRole *self)
{
}

static void
release_held (CopyRole *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->held);

  answer (task);
}

/* The bench: a broker, a connection, a role */

typedef struct
{
  ChatLoopbackBroker *broker;
  ChatTransport *transport;
  ChatLoopbackTransport *loopback; /* the same */
  CopyRole *role;
  guint failures;
} Bench;

static void
failed_cb (ChatService *service, const GError *error, Bench *bench)
{
  g_assert_nonnull (error);
  bench->failures++;
}

static CopyRole *
role_new (ChatTransport *transport)
{
  const char *const topics[] = { CHAT_TOPIC_CHAT, NULL };

  return g_object_new (COPY_TYPE_ROLE, "transport", transport, "group", "copy", "topics", topics, "batch", BATCH, NULL);
}

static void
bench_set_up (Bench *bench, gconstpointer shards)
{
  bench->broker = chat_loopback_broker_new (MAX (GPOINTER_TO_UINT (shards), 1));
  bench->transport = chat_loopback_transport_new (bench->broker);
  bench->loopback = CHAT_LOOPBACK_TRANSPORT (bench->transport);
  g_assert_true (chat_test_call (chat_transport_connect, bench->transport, NULL));
  bench->role = role_new (bench->transport);
  g_signal_connect (bench->role, "failed", G_CALLBACK (failed_cb), bench);
}

static void
stop (CopyRole *role)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_service_stop, CHAT_SERVICE (role), &error));
  g_assert_no_error (error);
}

static void
bench_tear_down (Bench *bench, gconstpointer shards)
{
  stop (bench->role);
  g_assert_cmpuint (G_OBJECT (bench->role)->ref_count, ==, 1);
  g_object_unref (bench->role);
  g_assert_true (chat_test_call (chat_transport_close, bench->transport, NULL));
  g_object_unref (bench->transport);
  g_object_unref (bench->broker);
}

static void
start (Bench *bench)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_service_start, CHAT_SERVICE (bench->role), &error));
  g_assert_no_error (error);
}

static void
append (Bench *bench, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autofree char *key = g_strdup_printf ("channel-%u", i % 16);
      g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
      g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, key, bytes);
      chat_loopback_broker_append (bench->broker, record);
    }
}

static gboolean
copied_all (gpointer user_data)
{
  Bench *bench = ((gpointer *)user_data)[0];
  g_autoptr (GPtrArray) copies = chat_loopback_broker_get_records (bench->broker, CHAT_TOPIC_CONTROLLED);

  return copies->len >= GPOINTER_TO_UINT (((gpointer *)user_data)[1]);
}

/* Waits until 0 … n - 1 are there, and checks that each is there once and, for one key, in order. */
static void
check_copies (Bench *bench, guint n)
{
  gpointer wait[] = { bench, GUINT_TO_POINTER (n) };
  guint next[16];

  chat_test_wait_until (copied_all, wait, "the copies");
  chat_test_run_pending (); /* the role hears of it */
  g_autoptr (GPtrArray) copies = chat_loopback_broker_get_records (bench->broker, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpuint (copies->len, ==, n);
  for (guint i = 0; i < G_N_ELEMENTS (next); i++)
    next[i] = i;
  for (guint i = 0; i < copies->len; i++)
    {
      gsize size;
      const char *text = g_bytes_get_data (chat_record_get_bytes (g_ptr_array_index (copies, i)), &size);
      g_autofree char *digits = g_strndup (text, size);
      guint number = (guint)g_ascii_strtoull (digits, NULL, 10);
      g_assert_cmpuint (number, ==, next[number % 16]);
      next[number % 16] += 16;
    }
}

static void
test_copies (Bench *bench, gconstpointer shards)
{
  append (bench, 0, 100);
  start (bench);
  check_copies (bench, 100);
  append (bench, 100, 150);
  check_copies (bench, 150);
  chat_test_run_pending ();
  g_assert_cmpuint (bench->role->largest, <=, BATCH);
  g_assert_cmpuint (bench->role->forwards, ==, bench->role->batches);
  g_assert_cmpstr (chat_service_get_name (CHAT_SERVICE (bench->role)), ==, "copy");
}

/* What arrives while a batch is in flight becomes the next one, not one each. */
static void
test_gathers (Bench *bench, gconstpointer shards)
{
  start (bench);
  bench->role->hold = TRUE;
  append (bench, 0, 1);
  chat_test_wait_for_count (&bench->role->batches, 1);
  append (bench, 1, 1 + BATCH);
  chat_test_run_pending ();
  g_assert_cmpuint (bench->role->batches, ==, 1);
  bench->role->hold = FALSE;
  release_held (bench->role);
  check_copies (bench, 1 + BATCH);
  g_assert_cmpuint (bench->role->batches, ==, 2);
}

/* Behind a batch that does not come on, no more than a few others are taken from the broker. */
static void
test_back_pressure (Bench *bench, gconstpointer shards)
{
  gint64 records, milliseconds;

  chat_forwarder_get_lag (CHAT_FORWARDER (bench->role), &records, &milliseconds);
  g_assert_cmpint (records, ==, -1);
  append (bench, 0, 10000);
  bench->role->hold = TRUE;
  start (bench);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_test_run_pending ();
  chat_forwarder_get_lag (CHAT_FORWARDER (bench->role), &records, &milliseconds);
  g_assert_cmpint (records, >, 9000);
  bench->role->hold = FALSE;
  release_held (bench->role);
  check_copies (bench, 10000);
  chat_forwarder_get_lag (CHAT_FORWARDER (bench->role), &records, &milliseconds);
  g_assert_cmpint (records, ==, 0);
}

static void
test_abort (Bench *bench, gconstpointer shards)
{
  chat_loopback_transport_fail_forwards (bench->loopback, 3, CHAT_TRANSPORT_ERROR_ABORTED);
  append (bench, 0, 100);
  start (bench);
  check_copies (bench, 100);
  g_assert_cmpuint (bench->role->batches, ==, bench->role->forwards + 3);
  g_assert_cmpuint (bench->failures, ==, 0);
}

/* FULL: the same forward again, without another judgement. */
static void
test_full (Bench *bench, gconstpointer shards)
{
  chat_loopback_transport_fail_forwards (bench->loopback, 1, CHAT_TRANSPORT_ERROR_FULL);
  append (bench, 0, 20);
  start (bench);
  check_copies (bench, 20);
  g_assert_cmpuint (bench->role->batches, ==, bench->role->forwards);
}

/* The connection breaks while a batch is worked on, and what waits is delivered again. */
static void
test_break (Bench *bench, gconstpointer shards)
{
  start (bench);
  bench->role->hold = TRUE;
  append (bench, 0, 3 * BATCH);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_test_run_pending ();
  chat_loopback_transport_set_reachable (bench->loopback, FALSE);
  chat_test_run_pending ();
  chat_loopback_transport_set_reachable (bench->loopback, TRUE);
  chat_test_run_pending ();
  bench->role->hold = FALSE;
  release_held (bench->role);
  check_copies (bench, 3 * BATCH);
  g_assert_cmpuint (bench->role->records, ==, 3 * BATCH); /* nothing was judged twice either */
}

/* The forward arrives, its confirmation does not. */
static void
test_lost_confirmation (Bench *bench, gconstpointer shards)
{
  start (bench);
  bench->role->hold = TRUE;
  append (bench, 0, 1);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_test_run_pending ();
  chat_loopback_transport_set_confirm_delay (bench->loopback, 10000);
  bench->role->hold = FALSE;
  release_held (bench->role);
  check_copies (bench, 1); /* there, and not confirmed */
  chat_loopback_transport_set_confirm_delay (bench->loopback, 0);
  chat_loopback_transport_set_reachable (bench->loopback, FALSE);
  chat_loopback_transport_set_reachable (bench->loopback, TRUE);
  append (bench, 1, 3 * BATCH);
  check_copies (bench, 3 * BATCH);
  g_assert_cmpuint (bench->failures, ==, 0);
}

static void
test_duplicates (Bench *bench, gconstpointer shards)
{
  chat_loopback_transport_duplicate (bench->loopback, 30);
  append (bench, 0, 50);
  start (bench);
  check_copies (bench, 50);
}

static void
waiting_cb (ChatForwarder *forwarder, const GError *error, GString *said)
{
  g_string_append (said, error != NULL ? "waits " : "goes on ");
}

static void
test_passing_failure (Bench *bench, gconstpointer shards)
{
  g_autoptr (GString) said = g_string_new (NULL);

  g_signal_connect (bench->role, "waiting", G_CALLBACK (waiting_cb), said);
  bench->role->fail = 2;
  bench->role->failure_is_passing = TRUE;
  append (bench, 0, 20);
  start (bench);
  check_copies (bench, 20);
  g_assert_cmpuint (bench->failures, ==, 0);
  g_assert_cmpuint (bench->role->batches, ==, bench->role->forwards + 2);
  g_assert_cmpstr (said->str, ==, "waits waits goes on ");
  g_signal_handlers_disconnect_by_data (bench->role, said);
}

/* A failure that does not pass is said once, and nothing more is taken up; a next start has all that was left. */
static void
test_failure (Bench *bench, gconstpointer shards)
{
  bench->role->fail = 1;
  append (bench, 0, 20);
  start (bench);
  chat_test_wait_for_count (&bench->failures, 1);
  append (bench, 20, 30);
  chat_test_run_pending ();
  g_assert_cmpuint (bench->failures, ==, 1);
  g_assert_cmpuint (bench->role->batches, ==, 1);
  stop (bench->role);
  g_object_unref (bench->role);
  bench->role = role_new (bench->transport);
  start (bench);
  check_copies (bench, 30);
}

static void
test_closed (Bench *bench, gconstpointer shards)
{
  start (bench);
  chat_loopback_transport_end_subscriptions (bench->loopback, CHAT_TRANSPORT_ERROR_DAMAGED);
  chat_test_wait_for_count (&bench->failures, 1);
}

/* Another member of the group takes over half of the shards while a batch of all of them is worked on. */
static void
test_revoked (Bench *bench, gconstpointer shards)
{
  g_autoptr (ChatTransport) transport = chat_loopback_transport_new (bench->broker);
  g_autoptr (CopyRole) other = role_new (transport);

  g_assert_true (chat_test_call (chat_transport_connect, transport, NULL));
  start (bench);
  bench->role->hold = TRUE;
  append (bench, 0, 64);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_test_run_pending ();
  g_assert_true (chat_test_call (chat_service_start, CHAT_SERVICE (other), NULL));
  chat_test_wait_for_count (&other->forwards, 1);
  bench->role->hold = FALSE;
  release_held (bench->role);
  check_copies (bench, 64);
  /* each of them once, but for the batch that was under way */
  g_assert_cmpuint (bench->role->records + other->records, <=, 64 + BATCH);
  stop (other);
  append (bench, 64, 80);
  check_copies (bench, 80);
  g_assert_true (chat_test_call (chat_transport_close, transport, NULL));
}

/* A stop finishes the batch in flight, and leaves the rest to the next start. */
static void
test_stop (Bench *bench, gconstpointer shards)
{
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  GAsyncResult *slots[2] = { NULL, NULL };

  start (bench);
  bench->role->hold = TRUE;
  append (bench, 0, 3 * BATCH);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_test_run_pending ();
  chat_service_stop_async (CHAT_SERVICE (bench->role), NULL, chat_test_result_cb, &slots[0]);
  chat_service_stop_async (CHAT_SERVICE (bench->role), NULL, chat_test_result_cb, &slots[1]);
  chat_test_run_pending ();
  g_assert_null (slots[0]);
  release_held (bench->role);
  first = chat_test_await (&slots[0], "the stop");
  second = chat_test_await (&slots[1], "the second stop");
  g_assert_true (chat_service_stop_finish (CHAT_SERVICE (bench->role), first, NULL));
  g_assert_true (chat_service_stop_finish (CHAT_SERVICE (bench->role), second, NULL));
  g_assert_cmpuint (bench->role->forwards, ==, 1);
  g_assert_cmpuint (bench->role->releases, ==, 1);

  g_clear_object (&first);
  g_clear_object (&second);
  g_object_unref (bench->role);
  bench->role = role_new (bench->transport);
  start (bench);
  check_copies (bench, 3 * BATCH);
}

/* What fails while the role stops is not tried again: it is left to the next start. */
static void
test_stop_and_fail (Bench *bench, gconstpointer shards)
{
  GAsyncResult *slot = NULL;

  start (bench);
  bench->role->hold = TRUE;
  append (bench, 0, 1);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_service_stop_async (CHAT_SERVICE (bench->role), NULL, chat_test_result_cb, &slot);
  g_autoptr (GTask) held = g_steal_pointer (&bench->role->held);
  g_task_return_new_error (held, G_IO_ERROR, G_IO_ERROR_BUSY, "told to");
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the stop");
  g_assert_true (chat_service_stop_finish (CHAT_SERVICE (bench->role), result, NULL));
  g_assert_cmpuint (bench->role->batches, ==, 1);
  g_assert_cmpuint (bench->role->forwards, ==, 0);
}

/* A stop does not wait for a back-off. */
static void
test_stop_while_waiting (Bench *bench, gconstpointer shards)
{
  bench->role->fail = G_MAXUINT;
  bench->role->failure_is_passing = TRUE;
  append (bench, 0, 1);
  start (bench);
  chat_test_wait_for_count (&bench->role->batches, 1);
  chat_test_run_pending ();
  stop (bench->role);
  g_assert_cmpuint (bench->role->batches, ==, 1);
}

/* The broker is away: the start waits, and a stop ends it. */
static void
test_stop_while_starting (Bench *bench, gconstpointer shards)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GError) error = NULL;

  chat_loopback_transport_set_reachable (bench->loopback, FALSE);
  chat_service_start_async (CHAT_SERVICE (bench->role), NULL, chat_test_result_cb, &slot);
  chat_test_run_pending ();
  g_assert_null (slot);
  stop (bench->role);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the start");
  g_assert_false (chat_service_start_finish (CHAT_SERVICE (bench->role), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (bench->role->releases, ==, 1);
  chat_loopback_transport_set_reachable (bench->loopback, TRUE);
}

static void
test_cancelled_start (Bench *bench, gconstpointer shards)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *slot = NULL;
  g_autoptr (GError) error = NULL;

  chat_loopback_transport_set_reachable (bench->loopback, FALSE);
  chat_service_start_async (CHAT_SERVICE (bench->role), cancellable, chat_test_result_cb, &slot);
  chat_test_run_pending ();
  g_cancellable_cancel (cancellable);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the start");
  g_assert_false (chat_service_start_finish (CHAT_SERVICE (bench->role), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  chat_loopback_transport_set_reachable (bench->loopback, TRUE);
}

/* The cancellable of the start has no say in what comes after it. */
static void
test_cancelled_later (Bench *bench, gconstpointer shards)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *slot = NULL;

  chat_service_start_async (CHAT_SERVICE (bench->role), cancellable, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the start");
  g_assert_true (chat_service_start_finish (CHAT_SERVICE (bench->role), result, NULL));
  g_cancellable_cancel (cancellable);
  append (bench, 0, 10);
  check_copies (bench, 10);
}

static void
test_start_refused (Bench *bench, gconstpointer shards)
{
  g_autoptr (CopyRole) poor = role_new (bench->transport);
  g_autoptr (GError) error = NULL;

  chat_loopback_transport_set_features (bench->loopback, CHAT_TRANSPORT_RESUMABLE);
  g_assert_false (chat_test_call (chat_service_start, CHAT_SERVICE (poor), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  bench->role->fail_prepare = 1;
  chat_loopback_transport_set_features (bench->loopback, CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_ATOMIC_FORWARD);
  g_assert_false (chat_test_call (chat_service_start, CHAT_SERVICE (bench->role), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (chat_test_call (chat_service_start, CHAT_SERVICE (bench->role), &error));
  g_assert_nonnull (error); /* once */
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, shards, func)                                                                                        \
  g_test_add ("/forwarder/" name, Bench, GUINT_TO_POINTER (shards), bench_set_up, func, bench_tear_down)
  ADD ("copies", 1, test_copies);
  ADD ("copies-shards", 4, test_copies);
  ADD ("gathers", 1, test_gathers);
  ADD ("back-pressure", 1, test_back_pressure);
  ADD ("abort", 1, test_abort);
  ADD ("abort-shards", 4, test_abort);
  ADD ("full", 1, test_full);
  ADD ("break", 1, test_break);
  ADD ("lost-confirmation", 1, test_lost_confirmation);
  ADD ("duplicates", 2, test_duplicates);
  ADD ("passing-failure", 1, test_passing_failure);
  ADD ("failure", 1, test_failure);
  ADD ("closed", 1, test_closed);
  ADD ("revoked", 4, test_revoked);
  ADD ("stop", 1, test_stop);
  ADD ("stop-and-fail", 1, test_stop_and_fail);
  ADD ("stop-while-waiting", 1, test_stop_while_waiting);
  ADD ("stop-while-starting", 1, test_stop_while_starting);
  ADD ("cancelled-start", 1, test_cancelled_start);
  ADD ("cancelled-later", 1, test_cancelled_later);
  ADD ("start-refused", 1, test_start_refused);
  return g_test_run ();
}
