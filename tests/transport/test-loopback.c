/* SPDX-License-Identifier: GPL-3.0-or-later */
/* That the loopback does wrong what it is told to, and only that: other layers' tests of faults rely on it. */
#include <string.h>

#include "chat-loopback-transport.h"
#include "chat-test-call.h"

#define TOPIC "chat"

typedef struct
{
  ChatLoopbackBroker *broker;
  ChatTransport *transport;
  ChatLoopbackTransport *loopback; /* the same */
  ChatSubscription *subscription;  /* nullable */
  GPtrArray *records;
  guint count, closed;
  GError *error;
} Fixture;

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, Fixture *self)
{
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (self->records, chat_record_ref (g_ptr_array_index (batch, i)));
  self->count = self->records->len;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, Fixture *self)
{
  self->closed++;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
fixture_init (Fixture *self, gconstpointer data)
{
  self->broker = chat_loopback_broker_new (1);
  self->transport = chat_loopback_transport_new (self->broker);
  self->loopback = CHAT_LOOPBACK_TRANSPORT (self->transport);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
}

static void
fixture_clear (Fixture *self, gconstpointer data)
{
  chat_test_call (chat_transport_close, self->transport, NULL);
  g_clear_object (&self->subscription);
  g_ptr_array_unref (self->records);
  g_clear_error (&self->error);
  g_assert_finalize_object (self->transport);
  g_assert_finalize_object (self->broker);
}

static void
subscribe (Fixture *self, const ChatStart *start)
{
  const char *topics[] = { TOPIC, NULL };
  g_autoptr (GError) error = NULL;

  if (chat_transport_get_state (self->transport) == CHAT_TRANSPORT_OFFLINE)
    g_assert_true (chat_test_call (chat_transport_connect, self->transport, NULL));
  self->subscription = chat_test_call (chat_transport_subscribe, self->transport, &error, topics, NULL, start);
  g_assert_no_error (error);
  g_signal_connect (self->subscription, "records", G_CALLBACK (records_cb), self);
  g_signal_connect (self->subscription, "closed", G_CALLBACK (closed_cb), self);
}

static void
subscribe_live (Fixture *self)
{
  const ChatStart live = CHAT_START_LIVE_INIT;

  subscribe (self, &live);
}

static void
subscribe_group (Fixture *self)
{
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, "group" };

  subscribe (self, &start);
}

static ChatRecord *
record_new (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return chat_record_new (TOPIC, "general", bytes);
}

static gboolean
publish (Fixture *self, GError **error)
{
  g_autoptr (ChatRecord) record = record_new ("x");

  return chat_test_call (chat_transport_publish, self->transport, error, record);
}

static void
publish_later (Fixture *self, GAsyncResult **result)
{
  g_autoptr (ChatRecord) record = record_new ("x");

  chat_transport_publish_async (self->transport, record, NULL, chat_test_result_cb, result);
}

static void
assert_in_ledger (Fixture *self, guint count)
{
  g_autoptr (GPtrArray) ledger = chat_loopback_broker_get_records (self->broker, TOPIC);

  g_assert_cmpuint (ledger->len, ==, count);
}

static gboolean
forward_all (Fixture *self, GError **error)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  return chat_test_call (chat_transport_forward, self->transport, error, self->subscription, self->records, none);
}

static void
test_refuse (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  subscribe_live (self);
  chat_loopback_transport_refuse_publishes (self->loopback, 1, CHAT_TRANSPORT_ERROR_FULL);
  g_assert_false (publish (self, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL);
  assert_in_ledger (self, 0);
  g_assert_true (publish (self, NULL));
  assert_in_ledger (self, 1);
  g_assert_cmpuint (chat_loopback_transport_get_publishes (self->loopback), ==, 2);
}

static void
test_lose (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  subscribe_live (self);
  chat_loopback_transport_lose_confirms (self->loopback, 1);
  g_assert_false (publish (self, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  assert_in_ledger (self, 1);
  chat_test_wait_for_count (&self->count, 1);
  g_assert_true (publish (self, NULL));
}

static void
test_delay (Fixture *self, gconstpointer data)
{
  GAsyncResult *result = NULL;
  g_autoptr (GAsyncResult) answer = NULL;
  gint64 began = g_get_monotonic_time ();

  subscribe_live (self);
  chat_loopback_transport_set_confirm_delay (self->loopback, 30);
  publish_later (self, &result);
  chat_test_wait_for_count (&self->count, 1);
  g_assert_null (result);
  answer = chat_test_await (&result, "a delayed confirmation");
  g_assert_true (chat_transport_publish_finish (self->transport, answer, NULL));
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 30000);
}

static void
test_stall (Fixture *self, gconstpointer data)
{
  GAsyncResult *result = NULL;
  g_autoptr (GAsyncResult) answer = NULL;

  subscribe_live (self);
  chat_loopback_transport_set_stalled (self->loopback, TRUE);
  publish_later (self, &result);
  chat_test_run_pending ();
  assert_in_ledger (self, 1);
  g_assert_null (result);
  g_assert_cmpuint (self->count, ==, 0);
  g_assert_cmpint (chat_transport_get_state (self->transport), ==, CHAT_TRANSPORT_ONLINE);
  chat_loopback_transport_set_stalled (self->loopback, FALSE);
  answer = chat_test_await (&result, "a confirmation after the stall");
  chat_test_wait_for_count (&self->count, 1);
}

/* What can't be confirmed is OFFLINE, and the close names how many. */
static void
test_close_stalled (Fixture *self, gconstpointer data)
{
  GAsyncResult *results[3] = { NULL };
  g_autoptr (GError) error = NULL;

  subscribe_live (self);
  chat_loopback_transport_set_stalled (self->loopback, TRUE);
  for (guint i = 0; i < 3; i++)
    publish_later (self, &results[i]);
  g_assert_false (chat_test_call (chat_transport_close, self->transport, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  g_assert_nonnull (strstr (error->message, "3"));
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&results[i], "an answer");
      g_autoptr (GError) lost = NULL;

      g_assert_false (chat_transport_publish_finish (self->transport, result, &lost));
      g_assert_error (lost, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
    }
}

/* A break while a publish is in flight: it is OFFLINE, though it arrived. */
static void
test_break (Fixture *self, gconstpointer data)
{
  GAsyncResult *result = NULL;
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;

  subscribe_live (self);
  publish_later (self, &result);
  chat_loopback_transport_set_reachable (self->loopback, FALSE);
  answer = chat_test_await (&result, "a broken publish");
  g_assert_false (chat_transport_publish_finish (self->transport, answer, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  assert_in_ledger (self, 1);
  chat_loopback_transport_set_reachable (self->loopback, TRUE);
  chat_test_wait_for_count (&self->count, 1);
}

/* Another error than ABORTED: nothing is done, nothing comes again; the same can be forwarded then. */
static void
test_forward_full (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  subscribe_group (self);
  g_assert_true (publish (self, NULL));
  chat_test_wait_for_count (&self->count, 1);
  chat_loopback_transport_fail_forwards (self->loopback, 1, CHAT_TRANSPORT_ERROR_FULL);
  g_assert_false (forward_all (self, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 1);
  g_assert_true (forward_all (self, NULL));
}

/* A forward whose answer was lost in a break: done, and ABORTED when it is tried again. */
static void
test_forward_broken (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  subscribe_group (self);
  g_assert_true (publish (self, NULL));
  chat_test_wait_for_count (&self->count, 1);
  chat_transport_forward_async (self->transport, self->subscription, self->records, none, NULL, chat_test_result_cb,
                                &result);
  chat_loopback_transport_set_reachable (self->loopback, FALSE);
  answer = chat_test_await (&result, "a broken forward");
  g_assert_false (chat_transport_forward_finish (self->transport, answer, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  g_clear_error (&error);
  chat_loopback_transport_set_reachable (self->loopback, TRUE);
  g_assert_false (forward_all (self, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED);
  chat_test_run_pending ();
  g_assert_cmpuint (self->count, ==, 1);
}

/* Twice the same record, at the same place; a group acknowledges both with one forward. */
static void
test_duplicate (Fixture *self, gconstpointer data)
{
  subscribe_group (self);
  chat_loopback_transport_duplicate (self->loopback, 2);
  for (guint i = 0; i < 3; i++)
    g_assert_true (publish (self, NULL));
  chat_test_wait_for_count (&self->count, 5);
  g_assert_true (g_ptr_array_index (self->records, 0) == g_ptr_array_index (self->records, 1));
  assert_in_ledger (self, 3);
  g_assert_true (forward_all (self, NULL));
}

static void
test_end (Fixture *self, gconstpointer data)
{
  subscribe_live (self);
  chat_loopback_transport_end_subscriptions (self->loopback, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_cmpuint (self->closed, ==, 1);
  g_assert_error (self->error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_true (chat_subscription_is_closed (self->subscription));
}

static void
test_fail_connect (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  chat_loopback_transport_fail_connect (self->loopback, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_false (chat_test_call (chat_transport_connect, self->transport, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_cmpint (chat_transport_get_state (self->transport), ==, CHAT_TRANSPORT_OFFLINE);
  g_assert_true (chat_test_call (chat_transport_connect, self->transport, NULL));
}

static void
test_degraded (Fixture *self, gconstpointer data)
{
  g_autofree char *status = NULL;

  subscribe_live (self);
  chat_loopback_transport_set_degraded (self->loopback, "The streams are off");
  g_assert_cmpint (chat_transport_get_state (self->transport), ==, CHAT_TRANSPORT_DEGRADED);
  status = chat_transport_dup_status (self->transport);
  g_assert_cmpstr (status, ==, "The streams are off");
  chat_loopback_transport_set_degraded (self->loopback, NULL);
  g_assert_cmpint (chat_transport_get_state (self->transport), ==, CHAT_TRANSPORT_ONLINE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/loopback/" name, Fixture, NULL, fixture_init, func, fixture_clear)
  ADD ("refuse", test_refuse);
  ADD ("lose", test_lose);
  ADD ("delay", test_delay);
  ADD ("stall", test_stall);
  ADD ("close-stalled", test_close_stalled);
  ADD ("break", test_break);
  ADD ("forward-full", test_forward_full);
  ADD ("forward-broken", test_forward_broken);
  ADD ("duplicate", test_duplicate);
  ADD ("end", test_end);
  ADD ("fail-connect", test_fail_connect);
  ADD ("degraded", test_degraded);
#undef ADD
  return g_test_run ();
}
