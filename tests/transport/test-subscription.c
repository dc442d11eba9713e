/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The base of every subscription, the waiting calls, and the checked wrappers of a transport that has nothing. */
#include "chat-test-call.h"
#include "transport/chat-transport.h"
#include "transport/chat-waiters.h"

/* A subscription without a broker */

#define TEST_TYPE_SUBSCRIPTION (test_subscription_get_type ())
G_DECLARE_FINAL_TYPE (TestSubscription, test_subscription, TEST, SUBSCRIPTION, ChatSubscription)

struct _TestSubscription
{
  ChatSubscription parent_instance;

  guint feed; /* records that hungry() still has */
  guint hungers, pauses, resumes, delivering, ended;
};

G_DEFINE_FINAL_TYPE (TestSubscription, test_subscription, CHAT_TYPE_SUBSCRIPTION)

static GPtrArray *
batch_new (guint count, gint64 offset)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  GPtrArray *batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (batch, chat_record_new_delivered ("chat", "general", bytes, (gint)(i % 2), offset + i, 0));
  return batch;
}

static void
queue (gpointer subscription, guint count, gint64 offset)
{
  g_autoptr (GPtrArray) batch = batch_new (count, offset);

  chat_subscription_queue_records (subscription, batch);
}

static void
test_subscription_hungry (ChatSubscription *subscription)
{
  TestSubscription *self = TEST_SUBSCRIPTION (subscription);

  g_assert_cmpuint (chat_subscription_get_queued (subscription), <, CHAT_SUBSCRIPTION_LOW_WATER);
  self->hungers++;
  if (self->feed == 0)
    return;
  queue (self, MIN (self->feed, 100), 0);
  self->feed -= MIN (self->feed, 100);
  chat_subscription_refill (subscription);
}

static void
test_subscription_pause (ChatSubscription *subscription)
{
  TEST_SUBSCRIPTION (subscription)->pauses++;
}

static void
test_subscription_resume (ChatSubscription *subscription)
{
  TEST_SUBSCRIPTION (subscription)->resumes++;
}

static void
test_subscription_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  TEST_SUBSCRIPTION (subscription)->delivering += batch->len;
}

static void
test_subscription_forward_ended (ChatSubscription *subscription)
{
  g_assert_false (chat_subscription_is_forwarding (subscription));
  TEST_SUBSCRIPTION (subscription)->ended++;
}

static void
test_subscription_class_init (TestSubscriptionClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);

  subscription_class->hungry = test_subscription_hungry;
  subscription_class->pause = test_subscription_pause;
  subscription_class->resume = test_subscription_resume;
  subscription_class->delivering = test_subscription_delivering;
  subscription_class->forward_ended = test_subscription_forward_ended;
}

static void
test_subscription_init (TestSubscription *self)
{
}

typedef struct
{
  TestSubscription *subscription;
  guint count, batches, gaps, closed;
  guint at_gap;
  GError *error;
} Fixture;

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, Fixture *self)
{
  self->count += batch->len;
  self->batches++;
  g_assert_cmpuint (TEST_SUBSCRIPTION (subscription)->delivering, ==, self->count);
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to, Fixture *self)
{
  g_assert_cmpstr (topic, ==, "chat");
  g_assert_cmpstr (shard, ==, "0");
  g_assert_cmpint (from, ==, 3);
  g_assert_cmpint (to, ==, 9);
  self->gaps++;
  self->at_gap = self->count;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, Fixture *self)
{
  self->closed++;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static GTask *
task_new (void)
{
  return g_task_new (NULL, NULL, NULL, NULL);
}

/* Where nothing holds it. */
static void
start (Fixture *self)
{
  g_autoptr (GTask) task = task_new ();

  chat_subscription_start (CHAT_SUBSCRIPTION (self->subscription), task);
  g_task_return_boolean (task, TRUE);
  chat_test_run_pending ();
}

static void
fixture_init (Fixture *self, gconstpointer data)
{
  self->subscription = g_object_new (TEST_TYPE_SUBSCRIPTION, NULL);
  g_signal_connect (self->subscription, "records", G_CALLBACK (records_cb), self);
  g_signal_connect (self->subscription, "gap", G_CALLBACK (gap_cb), self);
  g_signal_connect (self->subscription, "closed", G_CALLBACK (closed_cb), self);
}

static void
fixture_clear (Fixture *self, gconstpointer data)
{
  g_clear_error (&self->error);
  g_assert_finalize_object (self->subscription);
}

static void
test_held (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);
  g_autoptr (GTask) subscribe = task_new (), seek = task_new ();

  self->subscription->feed = 10;
  chat_subscription_start (subscription, subscribe);
  queue (subscription, 5, 0);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 0);
  g_assert_cmpuint (self->subscription->hungers, ==, 0);
  chat_subscription_hold (subscription, seek);
  g_task_return_boolean (subscribe, TRUE);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 0);
  g_task_return_boolean (seek, TRUE);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 15);
}

static void
test_fed (Fixture *self, gconstpointer data)
{
  self->subscription->feed = 950;
  start (self);
  g_assert_cmpuint (self->count, ==, 950);
  g_assert_cmpuint (chat_subscription_get_queued (CHAT_SUBSCRIPTION (self->subscription)), ==, 0);
  chat_subscription_refill (CHAT_SUBSCRIPTION (self->subscription));
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 950);
}

static void
dawdle_cb (ChatSubscription *subscription, GPtrArray *batch, Fixture *self)
{
  gint64 until = g_get_monotonic_time () + 200 * (gint64)batch->len;

  if (self->batches > 1)
    g_assert_cmpuint (batch->len, <=, 5);
  while (g_get_monotonic_time () < until)
    ;
}

/* A slow handler gets small batches: about a millisecond of its time. */
static void
test_slow_handler (Fixture *self, gconstpointer data)
{
  g_signal_connect (self->subscription, "records", G_CALLBACK (dawdle_cb), self);
  start (self);
  queue (self->subscription, 100, 0);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 100);
}

/* A long batch comes in several, and stays in order; a gap comes in its place. */
static void
test_gap (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);

  start (self);
  queue (subscription, 700, 0);
  chat_subscription_queue_gap (subscription, "chat", "0", 3, 9);
  queue (subscription, 7, 700);
  g_assert_cmpint (chat_record_get_offset (chat_subscription_peek (subscription)), ==, 0);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 707);
  g_assert_cmpuint (self->batches, >, 2);
  g_assert_cmpuint (self->gaps, ==, 1);
  g_assert_cmpuint (self->at_gap, ==, 700);
  g_assert_null (chat_subscription_peek (subscription));
}

static gboolean
is_odd (ChatRecord *record, gpointer data)
{
  return record != NULL && chat_record_get_shard (record) == 1;
}

static void
test_drop (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);

  start (self);
  queue (subscription, 9, 0);
  chat_subscription_queue_gap (subscription, "chat", "0", 3, 9);
  queue (subscription, 1, 10);
  chat_subscription_drop_queued (subscription, is_odd, NULL);
  g_assert_cmpuint (chat_subscription_get_queued (subscription), ==, 6);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 6);
  g_assert_cmpuint (self->at_gap, ==, 5);
  queue (subscription, 9, 20);
  chat_subscription_drop_queued (subscription, NULL, NULL);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 6);
}

static void
test_pauses (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);

  start (self);
  chat_subscription_pause (subscription);
  chat_subscription_pause (subscription);
  queue (subscription, 3, 0);
  chat_test_run_pending ();
  chat_subscription_resume (subscription);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 0);
  chat_subscription_resume (subscription);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 3);
  g_assert_cmpuint (self->subscription->pauses, ==, 1);
  g_assert_cmpuint (self->subscription->resumes, ==, 1);
}

/* A close waits for the forward; however it ends, whoever closes is told once. */
static void
test_close_waits (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);
  g_autoptr (GError) error = NULL, lost = NULL;
  g_autoptr (GAsyncResult) first = NULL, second = NULL;

  start (self);
  g_assert_true (chat_subscription_begin_forward (subscription, NULL));
  g_assert_false (chat_subscription_begin_forward (subscription, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&error);
  chat_subscription_close_async (subscription, NULL, chat_test_result_cb, &first);
  chat_subscription_close_async (subscription, NULL, chat_test_result_cb, &second);
  queue (subscription, 3, 0);
  chat_test_run_pending ();
  g_assert_null (first);
  g_assert_cmpuint (self->count, ==, 0);
  g_assert_cmpuint (self->closed, ==, 0);
  g_assert_true (chat_subscription_is_closed (subscription));
  chat_subscription_end_forward (subscription);
  g_assert_cmpuint (self->subscription->ended, ==, 1);
  chat_test_run_pending ();
  g_assert_true (chat_subscription_close_finish (subscription, first, NULL));
  g_assert_true (chat_subscription_close_finish (subscription, second, NULL));
  g_assert_cmpuint (self->closed, ==, 1);
  g_assert_no_error (self->error);
  g_assert_false (chat_subscription_begin_forward (subscription, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  lost = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, "too late");
  chat_subscription_emit_closed (subscription, lost);
  g_assert_cmpuint (self->closed, ==, 1);
}

/* The broker closes it while its owner waits to. */
static void
test_closed_while_closing (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);
  g_autoptr (GError) lost = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED, "gone");
  g_autoptr (GAsyncResult) result = NULL;

  start (self);
  g_assert_true (chat_subscription_begin_forward (subscription, NULL));
  chat_subscription_close_async (subscription, NULL, chat_test_result_cb, &result);
  chat_subscription_emit_closed (subscription, lost);
  chat_subscription_end_forward (subscription);
  chat_test_run_pending ();
  g_assert_true (chat_subscription_close_finish (subscription, result, NULL));
  g_assert_error (self->error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED);
  g_assert_cmpuint (self->closed, ==, 1);
}

/* What a class does not have. */
static void
test_defaults (Fixture *self, gconstpointer data)
{
  ChatSubscription *subscription = CHAT_SUBSCRIPTION (self->subscription);
  g_autoptr (ChatPosition) position = chat_subscription_dup_position (subscription);
  gint64 records = 5, milliseconds = 5;

  g_assert_nonnull (position);
  chat_subscription_get_lag (subscription, &records, &milliseconds);
  g_assert_cmpint (records, ==, -1);
  g_assert_cmpint (milliseconds, ==, -1);
}

/* Waiting calls */

static void
test_waiters (void)
{
  ChatWaiters *waiters = chat_waiters_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *results[4] = { NULL };

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, i % 2 == 0 ? cancellable : NULL, chat_test_result_cb, &results[i]);

      chat_waiters_add (waiters, task);
      if (i == 2)
        {
          g_cancellable_cancel (cancellable);
          chat_test_run_pending ();
          g_assert_cmpuint (chat_waiters_get_length (waiters), ==, 1);
        }
    }
  for (guint i = 0; i < 3; i += 2)
    {
      g_assert_false (g_task_propagate_boolean (G_TASK (results[i]), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
    }
  g_assert_null (results[1]);
  chat_waiters_answer (waiters, NULL);
  chat_test_run_pending ();
  g_assert_true (g_task_propagate_boolean (G_TASK (results[1]), NULL));
  g_assert_true (g_task_propagate_boolean (G_TASK (results[3]), NULL));
  for (guint i = 0; i < 4; i++)
    g_clear_object (&results[i]);

  {
    g_autoptr (GTask) task = g_task_new (NULL, NULL, chat_test_result_cb, &results[0]);

    chat_waiters_add (waiters, task);
  }
  chat_waiters_free (waiters);
  chat_test_run_pending ();
  g_assert_false (g_task_propagate_boolean (G_TASK (results[0]), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_object_unref (results[0]);
}

/* A transport that has nothing but its name */

#define TEST_TYPE_TRANSPORT (test_transport_get_type ())
G_DECLARE_FINAL_TYPE (TestTransport, test_transport, TEST, TRANSPORT, GObject)

struct _TestTransport
{
  GObject parent_instance;
};

static void
test_transport_iface_init (ChatTransportInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestTransport, test_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, test_transport_iface_init))

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
}

static void
test_transport_class_init (TestTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = get_property;
  g_object_class_override_property (G_OBJECT_CLASS (klass), 1, "state");
  g_object_class_override_property (G_OBJECT_CLASS (klass), 2, "status");
}

static void
test_transport_init (TestTransport *self)
{
}

static void
test_nothing (void)
{
  ChatTransport *transport = g_object_new (TEST_TYPE_TRANSPORT, NULL);
  g_autoptr (ChatSubscription) subscription = g_object_new (TEST_TYPE_SUBSCRIPTION, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (ChatRecord) record = chat_record_new ("chat", NULL, bytes);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  const char *topics[] = { "chat", NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  GError *errors[6] = { NULL };

  g_assert_cmpstr (chat_transport_get_name (transport), ==, "TestTransport");
  g_assert_cmpuint (chat_transport_get_features (transport), ==, 0);
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_OFFLINE);
  g_assert_false (chat_test_call (chat_transport_connect, transport, &errors[0]));
  g_assert_false (chat_test_call (chat_transport_close, transport, &errors[1]));
  g_assert_null (chat_test_call (chat_transport_subscribe, transport, &errors[2], topics, NULL, &live));
  g_assert_false (chat_test_call (chat_transport_publish, transport, &errors[3], record));
  g_assert_false (chat_test_call (chat_transport_forward, transport, &errors[4], subscription, none, none));
  g_assert_false (chat_test_call (chat_transport_seek, transport, &errors[5], subscription, &live));
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_assert_error (errors[i], G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
      g_clear_error (&errors[i]);
    }
  g_assert_finalize_object (transport);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/subscription/" name, Fixture, NULL, fixture_init, func, fixture_clear)
  ADD ("held", test_held);
  ADD ("fed", test_fed);
  ADD ("slow-handler", test_slow_handler);
  ADD ("gap", test_gap);
  ADD ("drop", test_drop);
  ADD ("pauses", test_pauses);
  ADD ("close-waits", test_close_waits);
  ADD ("closed-while-closing", test_closed_while_closing);
  ADD ("defaults", test_defaults);
#undef ADD
  g_test_add_func ("/waiters", test_waiters);
  g_test_add_func ("/transport/nothing", test_nothing);
  return g_test_run ();
}
