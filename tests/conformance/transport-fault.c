/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Breaks, restarts, retention: what a reader is owed all the same. */
#include "transport-case.h"

static void
set_reachable (Case *c, gboolean reachable)
{
  c->fixture->set_reachable (c->broker, c->transport, reachable);
}

static gboolean
is_connecting (gpointer transport)
{
  return chat_transport_get_state (transport) == CHAT_TRANSPORT_CONNECTING;
}

static gboolean
is_online (gpointer transport)
{
  return chat_transport_get_state (transport) == CHAT_TRANSPORT_ONLINE;
}

/* While the connection is broken publishes are OFFLINE and subscribes wait; then it goes on as if nothing had been. */
static void
test_break (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, "general", "lost");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatSubscription) late = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *published = NULL, *subscribed = NULL;
  g_autofree char *status = NULL;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_wait (reader, 10);
  set_reachable (c, FALSE);
  chat_test_wait_until (is_connecting, c->transport, "the state to be connecting");
  status = chat_transport_dup_status (c->transport);
  g_assert_cmpstr (status, !=, "");
  chat_transport_publish_async (c->transport, record, NULL, chat_test_result_cb, &published);
  g_assert_false (case_answer (c->transport, &published, chat_transport_publish_finish, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  g_clear_error (&error);
  chat_transport_subscribe_async (c->transport, topics, NULL, &live, NULL, chat_test_result_cb, &subscribed);
  chat_test_run_for (20);
  g_assert_null (subscribed);

  set_reachable (c, TRUE);
  chat_test_wait_until (is_online, c->transport, "the state to be online");
  result = chat_test_await (&subscribed, "a subscribe that waited");
  late = chat_transport_subscribe_finish (c->transport, result, &error);
  g_assert_no_error (error);
  case_publish_many (c, c->fixture->publish_topic, "general", "m", 10);
  reader_wait (reader, 20);
  g_assert_cmpstr (g_ptr_array_index (reader->texts, 9), ==, "n9");
  g_assert_cmpstr (g_ptr_array_index (reader->texts, 10), ==, "m0");
  reader_free (reader);
}

/* What others publish during the break is there after it, once; without RESUMABLE it is a gap. */
static void
test_break_missed (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  case_publish (c, "general", "n0");
  reader_wait (reader, 1);
  set_reachable (c, FALSE);
  chat_test_wait_until (is_connecting, c->transport, "the state to be connecting");
  case_publish_to (c, other, c->fixture->publish_topic, "general", "n1");
  case_publish_to (c, other, c->fixture->publish_topic, "general", "n2");
  set_reachable (c, TRUE);
  chat_test_wait_until (is_online, c->transport, "the state to be online");
  case_publish (c, "general", "n3");
  if ((c->fixture->features & CHAT_TRANSPORT_RESUMABLE) != 0)
    {
      reader_wait (reader, 4);
      reader_check (reader, "n", 0, 4);
      g_assert_cmpuint (reader->gaps, ==, 0);
    }
  else
    {
      reader_wait (reader, 2);
      g_assert_cmpuint (reader->gaps, ==, 1);
      g_assert_cmpuint (reader->gap_at, ==, 1);
      g_assert_cmpstr (g_ptr_array_index (reader->texts, 1), ==, "n3");
    }
  reader_free (reader);
  case_drop_transport (c, other);
}

/* A break between delivery and forward: what is unacknowledged comes again, or is the member's as before. */
static void
test_break_group (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  g_autoptr (GError) error = NULL;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_wait (reader, 10);
  g_assert_true (reader_forward (reader, c->transport, 0, 4, NULL, &error));
  if (!c->fixture->keeps)
    reader_forget (reader);
  set_reachable (c, FALSE);
  chat_test_wait_until (is_connecting, c->transport, "the state to be connecting");
  set_reachable (c, TRUE);
  chat_test_wait_until (is_online, c->transport, "the state to be online");
  if (c->fixture->keeps)
    {
      g_assert_true (reader_forward (reader, c->transport, 4, 10, NULL, &error));
      reader_forget (reader);
      case_publish (c, "general", "m0");
      reader_wait (reader, 1);
      reader_check (reader, "m", 0, 1);
      reader_free (reader);
      return;
    }
  reader_wait (reader, 6);
  reader_check (reader, "n", 4, 10);
  g_assert_true (reader_forward (reader, c->transport, 0, 6, NULL, &error));
  reader_free (reader);
}

/* Connect waits for the broker for ever, and can be cancelled. */
static void
test_unreachable (Case *c)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *patient = NULL, *cancelled = NULL;

  set_reachable (c, FALSE);
  chat_transport_connect_async (c->transport, NULL, chat_test_result_cb, &patient);
  chat_transport_connect_async (c->transport, cancellable, chat_test_result_cb, &cancelled);
  chat_test_wait_until (is_connecting, c->transport, "the state to be connecting");
  g_cancellable_cancel (cancellable);
  g_assert_false (case_answer (c->transport, &cancelled, chat_transport_connect_finish, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  chat_test_run_for (20);
  g_assert_null (patient);
  set_reachable (c, TRUE);
  g_assert_true (case_answer (c->transport, &patient, chat_transport_connect_finish, &error));
}

/* Closed while it waits for the broker: whoever waits is told. */
static void
test_close_unreachable (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *connecting = NULL, *subscribing = NULL;

  set_reachable (c, FALSE);
  chat_transport_connect_async (c->transport, NULL, chat_test_result_cb, &connecting);
  chat_test_wait_until (is_connecting, c->transport, "the state to be connecting");
  chat_transport_subscribe_async (c->transport, topics, NULL, &live, NULL, chat_test_result_cb, &subscribing);
  case_close (c->transport);
  g_assert_false (case_answer (c->transport, &connecting, chat_transport_connect_finish, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  g_clear_error (&error);
  result = chat_test_await (&subscribing, "a subscribe that waits");
  g_assert_null (chat_transport_subscribe_finish (c->transport, result, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
}

/* Everything is there in the next run. */
static void
test_restart (Case *c)
{
  Reader *reader;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 100);
  case_restart (c);
  case_restart (c);
  reader = reader_new (c, CHAT_START_EARLIEST);
  reader_wait (reader, 100);
  reader_check (reader, "n", 0, 100);
  reader_forget (reader);
  case_publish_many (c, c->fixture->publish_topic, "general", "m", 1);
  reader_wait (reader, 1);
  reader_check (reader, "m", 0, 1);
  reader_free (reader);
}

/* Retention has overtaken a position: a gap in its place, then what is left. */
static void
test_gap (Case *c)
{
  g_autoptr (ChatPosition) begin = NULL;
  g_autoptr (ChatRecord) record = NULL;
  g_autofree char *shard = NULL;
  ChatStart start = { CHAT_START_POSITION, NULL, 0, NULL };
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  gint number;
  gint64 offset;

  begin = chat_subscription_dup_position (reader->subscription);
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_wait (reader, 10);
  number = chat_record_get_shard (g_ptr_array_index (reader->records, 0));
  offset = chat_record_get_offset (g_ptr_array_index (reader->records, 4));
  shard = g_strdup_printf ("%d", number);
  c->fixture->trim (c->broker, c->transport, c->fixture->read_topic, number, 4);
  case_publish (c, "general", "n10");
  reader_wait (reader, 11);
  g_assert_cmpuint (reader->gaps, ==, 0);
  reader_free (reader);

  start.position = begin;
  reader = reader_new_at (c, &start);
  reader_wait (reader, 7);
  reader_check (reader, "n", 4, 11);
  g_assert_cmpuint (reader->gaps, ==, 1);
  g_assert_cmpuint (reader->gap_at, ==, 0);
  g_assert_cmpstr (reader->gap_topic, ==, c->fixture->read_topic);
  g_assert_cmpstr (reader->gap_shard, ==, shard);
  g_assert_cmpint (reader->gap_from, ==, chat_position_get (begin, c->fixture->read_topic, shard));
  g_assert_cmpint (reader->gap_to, ==, offset);
  reader_free (reader);
}

/* The earliest record is the earliest that is left: no gap before it. */
static void
test_gap_earliest (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  gint number;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_wait (reader, 10);
  number = chat_record_get_shard (g_ptr_array_index (reader->records, 0));
  reader_free (reader);
  c->fixture->trim (c->broker, c->transport, c->fixture->read_topic, number, 4);
  reader = reader_new (c, CHAT_START_EARLIEST);
  case_publish (c, "general", "n10");
  reader_wait (reader, 7);
  reader_check (reader, "n", 4, 11);
  g_assert_cmpuint (reader->gaps, ==, 0);
  reader_free (reader);
}

const TransportCase transport_cases_fault[] = {
  { "break-resume", test_break, 0, WANTS_BREAK },
  { "break-missed", test_break_missed, 0, WANTS_BREAK | WANTS_MANY },
  { "break-group", test_break_group, CHAT_TRANSPORT_GROUPS, WANTS_BREAK },
  { "break-unreachable", test_unreachable, 0, WANTS_BREAK | WANTS_OFFLINE },
  { "break-close", test_close_unreachable, 0, WANTS_BREAK | WANTS_OFFLINE },
  { "restart", test_restart, CHAT_TRANSPORT_EARLIEST, 0 },
  { "retention-gap", test_gap, CHAT_TRANSPORT_RESUMABLE, WANTS_TRIM },
  { "retention-earliest", test_gap_earliest, CHAT_TRANSPORT_EARLIEST, WANTS_TRIM },
  { NULL },
};
