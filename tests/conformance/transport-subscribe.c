/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subscribing: where it begins, what it delivers, and how it is held back. */
#include "transport-case.h"

#include <time.h>

static void
test_live (Case *c)
{
  Reader *reader;

  case_publish (c, "general", "before");
  reader = reader_new (c, CHAT_START_LIVE);
  case_publish_many (c, c->fixture->publish_topic, "general", "live", 20);
  reader_wait (reader, 20);
  reader_check (reader, "live", 0, 20);
  reader_free (reader);
}

typedef struct
{
  Case *c;
  Reader *reader;
  GAsyncResult *published;
  gboolean in_callback;
} InPlace;

static void
no_record_in_callback (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;
  InPlace *in_place = reader->data;

  g_assert_false (in_place->in_callback);
}

static void
in_place_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  InPlace *in_place = user_data;
  Case *c = in_place->c;
  g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, "general", "place0");
  g_autoptr (GError) error = NULL;

  in_place->in_callback = TRUE;
  in_place->reader = reader_attach (c, chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error));
  g_assert_no_error (error);
  in_place->reader->data = in_place;
  in_place->reader->on_records = no_record_in_callback;
  chat_transport_publish_async (c->transport, record, NULL, chat_test_result_cb, &in_place->published);
  in_place->in_callback = FALSE;
}

/* What is published in the callback of the subscribe is delivered, and not before that has returned. */
static void
test_in_place (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  InPlace in_place = { c, NULL, NULL, FALSE };

  chat_transport_subscribe_async (c->transport, topics, NULL, &live, NULL, in_place_cb, &in_place);
  g_assert_null (in_place.reader);
  g_assert_true (case_answer (c->transport, &in_place.published, chat_transport_publish_finish, NULL));
  reader_wait (in_place.reader, 1);
  reader_check (in_place.reader, "place", 0, 1);
  reader_free (in_place.reader);
}

static void
test_earliest (Case *c)
{
  Reader *reader;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 1000);
  reader = reader_new (c, CHAT_START_EARLIEST);
  reader_wait (reader, 1000);
  reader_check (reader, "n", 0, 1000);
  reader_forget (reader);
  case_publish_many (c, c->fixture->publish_topic, "general", "m", 10);
  reader_wait (reader, 10);
  reader_check (reader, "m", 0, 10);
  reader_free (reader);
}

/* The position as text, in another run of the program: nothing is missed, nothing comes twice. */
static void
test_position (Case *c)
{
  g_autoptr (ChatPosition) position = NULL, read = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  ChatStart start = { CHAT_START_POSITION, NULL, 0, NULL };
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 30);
  reader_wait (reader, 30);
  position = chat_subscription_dup_position (reader->subscription);
  text = chat_position_to_string (position);
  reader_free (reader);
  case_publish_many (c, c->fixture->publish_topic, "general", "m", 30);
  case_restart (c);

  read = chat_position_from_string (text, &error);
  g_assert_no_error (error);
  start.position = read;
  reader = reader_new_at (c, &start);
  reader_wait (reader, 30);
  case_publish (c, "general", "m30");
  reader_wait (reader, 31);
  reader_check (reader, "m", 0, 31);
  reader_free (reader);
}

static void
note_position (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;

  if (reader->data != NULL)
    return;
  reader->data = chat_subscription_dup_position (reader->subscription);
  chat_subscription_pause (reader->subscription);
}

/* Inside a handler the position is after its batch; a position that was never reached is after nothing. */
static void
test_position_inside (Case *c)
{
  g_autoptr (ChatPosition) begin = NULL, inside = NULL;
  ChatStart start = { CHAT_START_POSITION, NULL, 0, NULL };
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  guint came;

  begin = chat_subscription_dup_position (reader->subscription);
  reader->on_records = note_position;
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 100);
  reader_wait (reader, 1);
  came = reader->count;
  inside = reader->data;
  reader_free (reader);

  start.position = inside;
  reader = reader_new_at (c, &start);
  reader_wait (reader, 100 - came);
  reader_check (reader, "n", came, 100);
  reader_free (reader);
  start.position = begin;
  reader = reader_new_at (c, &start);
  reader_wait (reader, 100);
  reader_check (reader, "n", 0, 100);
  reader_free (reader);
}

/* A shard that the position does not name starts live. */
static void
test_position_unnamed (Case *c)
{
  g_autoptr (ChatPosition) empty = chat_position_new ();
  const ChatStart start = { CHAT_START_POSITION, empty, 0, NULL };
  Reader *reader;

  case_publish (c, "general", "before");
  reader = reader_new_at (c, &start);
  case_publish (c, "general", "n0");
  reader_wait (reader, 1);
  reader_check (reader, "n", 0, 1);
  reader_free (reader);
}

static void
place_beyond (const char *topic, const char *shard, gint64 next, gpointer data)
{
  chat_position_set (data, topic, shard, next + 1000000);
}

/* A position that this broker never had. */
static void
test_position_lost (Case *c)
{
  g_autoptr (ChatPosition) here = NULL, beyond = chat_position_new ();
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart start = { CHAT_START_POSITION, beyond, 0, NULL };
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);
  g_autoptr (GError) error = NULL;

  case_publish (c, "general", "n0");
  reader_wait (reader, 1);
  here = chat_subscription_dup_position (reader->subscription);
  chat_position_foreach (here, place_beyond, beyond);
  g_assert_null (reader_new_full (c, c->transport, topics, NULL, &start, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST);
}

/* Waits until the wall clock has moved on, so that two records can't have the same time. */
static gint64
next_millisecond (void)
{
  chat_test_run_for (3);
  return g_get_real_time () / 1000;
}

static void
test_time (Case *c)
{
  ChatStart start = { CHAT_START_TIME, NULL, 0, NULL };
  Reader *reader;

  case_publish_many (c, c->fixture->publish_topic, "general", "old", 40);
  start.time_ms = next_millisecond ();
  chat_test_run_for (3);
  case_publish_many (c, c->fixture->publish_topic, "general", "new", 40);
  reader = reader_new_at (c, &start);
  reader_wait (reader, 40);
  reader_check (reader, "new", 0, 40);
  /* at that time, or after: none of the same millisecond is left out */
  start.time_ms = chat_record_get_time (g_ptr_array_index (reader->records, 0));
  reader_free (reader);
  reader = reader_new_at (c, &start);
  reader_wait (reader, 40);
  reader_check (reader, "new", 0, 40);
  reader_free (reader);

  start.time_ms = next_millisecond () + 3600000;
  reader = reader_new_at (c, &start);
  case_publish (c, "general", "later0");
  reader_wait (reader, 1);
  reader_check (reader, "later", 0, 1);
  reader_free (reader);

  start.time_ms = 1;
  reader = reader_new_at (c, &start);
  reader_wait (reader, 81);
  reader_free (reader);
}

static void
test_channels (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const char *channels[] = { "general", "ops", NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  Reader *reader = reader_new_full (c, c->transport, topics, channels, &live, NULL);

  case_publish (c, "random", "no");
  case_publish (c, "general", "n0");
  case_publish (c, "gener", "no");
  reader_wait (reader, 1);
  case_publish (c, "ops", "n1");
  reader_wait (reader, 2);
  case_publish (c, "random", "no");
  case_publish (c, "ops", "n2");
  reader_wait (reader, 3);
  reader_check (reader, "n", 0, 3);
  reader_free (reader);
}

/* A filtered reader's position moves past what it does not want. */
static void
test_channels_position (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const char *channels[] = { "general", NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  ChatStart start = { CHAT_START_POSITION, NULL, 0, NULL };
  g_autoptr (ChatPosition) position = NULL;
  Reader *reader = reader_new_full (c, c->transport, topics, channels, &live, NULL);

  case_publish (c, "random", "no");
  case_publish (c, "general", "n0");
  reader_wait (reader, 1);
  position = chat_subscription_dup_position (reader->subscription);
  reader_free (reader);
  start.position = position;
  reader = reader_new_full (c, c->transport, topics, channels, &start, NULL);
  case_publish (c, "random", "no");
  case_publish (c, "general", "m0");
  reader_wait (reader, 1);
  reader_check (reader, "m", 0, 1);
  reader_free (reader);
}

/* Two readers of one topic each get everything. */
static void
test_two_readers (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  Reader *first = reader_new (c, CHAT_START_LIVE);
  Reader *second = reader_new_full (c, other, topics, NULL, &live, NULL);

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 100);
  reader_wait (first, 100);
  reader_wait (second, 100);
  reader_check (first, "n", 0, 100);
  reader_check (second, "n", 0, 100);
  reader_free (first);
  reader_free (second);
  case_drop_transport (c, other);
}

static void
test_pause (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  chat_subscription_pause (reader->subscription);
  chat_subscription_pause (reader->subscription);
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_expect_nothing (reader);
  chat_subscription_resume (reader->subscription);
  g_assert_true (chat_subscription_is_paused (reader->subscription));
  reader_expect_nothing (reader);
  chat_subscription_resume (reader->subscription);
  g_assert_false (chat_subscription_is_paused (reader->subscription));
  reader_wait (reader, 10);
  reader_check (reader, "n", 0, 10);
  reader_free (reader);
}

static void
pause_inside (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;

  chat_subscription_pause (reader->subscription);
}

/* A handler that pauses is the last for now; nothing is lost or turned round by it. */
static void
test_pause_inside (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  guint pauses = 0;

  chat_subscription_pause (reader->subscription);
  reader->on_records = pause_inside;
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 2000);
  while (reader->count < 2000)
    {
      chat_subscription_resume (reader->subscription);
      reader_wait (reader, reader->count + 1);
      chat_test_run_pending ();
      g_assert_cmpuint (reader->batches, ==, ++pauses);
    }
  reader_check (reader, "n", 0, 2000);
  g_assert_cmpuint (pauses, >, 1);
  reader_free (reader);
}

static gboolean
is_at_the_end (gpointer data)
{
  gint64 records, milliseconds;

  chat_subscription_get_lag (data, &records, &milliseconds);
  return records <= 0 && milliseconds <= 0;
}

static gboolean
knows_of_25 (gpointer data)
{
  gint64 records;

  chat_subscription_get_lag (data, &records, NULL);
  return records == -1 || records == 25;
}

static void
test_lag (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  gint64 records, milliseconds;

  chat_subscription_pause (reader->subscription);
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 25);
  chat_test_run_for (5);
  chat_test_wait_until (knows_of_25, reader->subscription, "a lag of 25 records");
  chat_subscription_get_lag (reader->subscription, &records, &milliseconds);
  if (milliseconds != -1)
    g_assert_cmpint (milliseconds, >, 0);
  chat_subscription_get_lag (reader->subscription, NULL, NULL);
  chat_subscription_resume (reader->subscription);
  reader_wait (reader, 25);
  chat_test_wait_until (is_at_the_end, reader->subscription, "a lag of nothing");
  reader_free (reader);
}

static gint64
thread_time_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#define BACKLOG 5000
#define HANDLING_US 20
#define ITERATION_MOST_US 8000

static void
handle_slowly (gpointer user_data, GPtrArray *batch)
{
  gint64 until = thread_time_us () + (gint64)batch->len * HANDLING_US;

  while (thread_time_us () < until)
    ;
}

/* A long backlog comes in many iterations; none of them holds the loop. CPU time, for another program on the machine
 * may hold everything. */
static void
test_budget (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  guint iterations = 0, late = 0;

  chat_subscription_pause (reader->subscription);
  case_publish_many (c, c->fixture->publish_topic, "general", "n", BACKLOG);
  reader->on_records = handle_slowly;
  chat_subscription_resume (reader->subscription);
  while (reader->count < BACKLOG)
    {
      gint64 began = thread_time_us ();
      guint before = reader->count;

      g_main_context_iteration (NULL, TRUE);
      iterations += reader->count > before;
      late += thread_time_us () - began > ITERATION_MOST_US;
    }
  reader_check (reader, "n", 0, BACKLOG);
  g_assert_cmpuint (iterations, >=, BACKLOG * HANDLING_US / ITERATION_MOST_US);
  g_assert_cmpuint (late, ==, 0);
  reader_free (reader);
}

static void
idle_cb (gpointer user_data)
{
}

static gboolean
count_idle_cb (gpointer user_data)
{
  guint *count = user_data;

  (*count)++;
  return G_SOURCE_CONTINUE;
}

/* Below redraw by default; a service may raise it. */
static void
test_priority (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);
  guint redraws = 0;
  guint redraw;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_wait (reader, 10);
  redraw = g_idle_add_full (G_PRIORITY_HIGH_IDLE + 20, count_idle_cb, &redraws, idle_cb);
  case_publish_many (c, c->fixture->publish_topic, "general", "m", 10);
  chat_test_wait_for_count (&redraws, redraws + 200);
  g_assert_cmpuint (reader->count, ==, 10);
  chat_subscription_set_priority (reader->subscription, G_PRIORITY_DEFAULT);
  reader_wait (reader, 20);
  g_source_remove (redraw);
  reader_free (reader);
}

static void
close_inside (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;

  chat_subscription_close_async (reader->subscription, NULL, NULL, NULL);
}

/* Closed for good: once, without an error, and nothing comes after. */
static void
test_close (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  reader_close (reader);
  reader_close (reader);
  g_assert_no_error (reader->closed_error);
  g_assert_true (chat_subscription_is_closed (reader->subscription));
  case_publish (c, "general", "n0");
  reader_expect_nothing (reader);
  reader_free (reader);

  reader = reader_new (c, CHAT_START_LIVE);
  reader->on_records = close_inside;
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 500);
  chat_test_wait_for_count (&reader->closed, 1);
  g_assert_cmpuint (reader->batches, ==, 1);
  reader_free (reader);
}

/* Dropping the last reference is a close, too; the transport does not miss it. */
static void
test_drop (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  chat_subscription_pause (reader->subscription);
  case_publish_many (c, c->fixture->publish_topic, "general", "n", 10);
  reader_drop (reader);
  g_assert_cmpuint (reader->count, ==, 0);
  reader_free (reader);

  reader = reader_new (c, CHAT_START_LIVE);
  case_publish (c, "general", "m0");
  reader_wait (reader, 1);
  reader_check (reader, "m", 0, 1);
  reader_free (reader);
}

/* The transport's close closes its subscriptions. */
static void
test_transport_close (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  case_close (c->transport);
  g_assert_cmpuint (reader->closed, ==, 1);
  g_assert_no_error (reader->closed_error);
  reader_free (reader);
}

/* Inside a handler the transport takes any call. */
static void
publish_inside (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;
  g_autofree char *text = g_strdup_printf ("n%u", reader->count);
  g_autoptr (ChatRecord) record = case_record (reader->c, reader->c->fixture->publish_topic, "general", text);

  if (reader->count < 50)
    chat_transport_publish_async (reader->c->transport, record, NULL, NULL, NULL);
}

static void
test_publish_inside (Case *c)
{
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  reader->on_records = publish_inside;
  case_publish (c, "general", "n0");
  reader_wait (reader, 50);
  reader_check (reader, "n", 0, 50);
  reader_free (reader);
}

static void
no_record_before_seek (gpointer user_data, GPtrArray *batch)
{
  g_assert_nonnull (((Reader *)user_data)->data);
}

static void
sought_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reader *reader = user_data;

  g_assert_true (chat_transport_seek_finish (CHAT_TRANSPORT (source), result, NULL));
  reader->data = reader;
}

static void
test_seek (Case *c)
{
  const ChatStart earliest = CHAT_START_EARLIEST_INIT, live = CHAT_START_LIVE_INIT;
  ChatStart start = { CHAT_START_POSITION, NULL, 0, NULL };
  g_autoptr (ChatPosition) middle = NULL;
  g_autoptr (GError) error = NULL;
  Reader *reader = reader_new (c, CHAT_START_LIVE);

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 100);
  reader_wait (reader, 100);
  middle = chat_subscription_dup_position (reader->subscription);

  reader_forget (reader);
  reader->on_records = no_record_before_seek;
  chat_subscription_set_priority (reader->subscription, G_PRIORITY_HIGH);
  chat_transport_seek_async (c->transport, reader->subscription, &earliest, NULL, sought_cb, reader);
  reader_wait (reader, 100);
  reader_check (reader, "n", 0, 100);

  /* what is queued from before is gone after the callback */
  chat_subscription_pause (reader->subscription);
  case_publish_many (c, c->fixture->publish_topic, "general", "m", 300);
  g_assert_true (case_seek (reader, &live, &error));
  reader_forget (reader);
  chat_subscription_resume (reader->subscription);
  case_publish (c, "general", "end0");
  reader_wait (reader, 1);
  reader_check (reader, "end", 0, 1);

  start.position = middle;
  g_assert_true (case_seek (reader, &start, &error));
  reader_forget (reader);
  reader_wait (reader, 301);
  g_assert_cmpstr (g_ptr_array_index (reader->texts, 0), ==, "m0");
  g_assert_cmpstr (g_ptr_array_index (reader->texts, 300), ==, "end0");
  reader_free (reader);
}

static void
seek_earliest_inside (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;
  const ChatStart earliest = CHAT_START_EARLIEST_INIT;

  if (reader->batches > 1)
    return;
  reader_forget (reader);
  reader->batches = 1;
  chat_transport_seek_async (reader->c->transport, reader->subscription, &earliest, NULL, chat_test_result_cb,
                             reader->data);
}

/* A seek inside a handler, with a backlog that is still on its way. */
static void
test_seek_inside (Case *c)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  Reader *reader;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 1000);
  reader = reader_new (c, CHAT_START_EARLIEST);
  reader->data = &result;
  reader->on_records = seek_earliest_inside;
  g_assert_true (case_answer (c->transport, &result, chat_transport_seek_finish, &error));
  reader_forget (reader);
  reader->batches = 2;
  reader_wait (reader, 1000);
  reader_check (reader, "n", 0, 1000);
  reader_free (reader);
}

static void
test_seek_lost (Case *c)
{
  g_autoptr (ChatPosition) here = NULL, beyond = chat_position_new ();
  const ChatStart start = { CHAT_START_POSITION, beyond, 0, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);

  here = chat_subscription_dup_position (reader->subscription);
  chat_position_foreach (here, place_beyond, beyond);
  g_assert_false (case_seek (reader, &start, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST);
  case_publish (c, "general", "n0");
  reader_wait (reader, 1);
  reader_check (reader, "n", 0, 1);
}

const TransportCase transport_cases_subscribe[] = {
  { "subscribe-live", test_live, 0, 0 },
  { "subscribe-in-place", test_in_place, 0, 0 },
  { "subscribe-earliest", test_earliest, CHAT_TRANSPORT_EARLIEST, 0 },
  { "subscribe-position", test_position, CHAT_TRANSPORT_RESUMABLE, 0 },
  { "subscribe-position-inside", test_position_inside, CHAT_TRANSPORT_RESUMABLE, 0 },
  { "subscribe-position-unnamed", test_position_unnamed, CHAT_TRANSPORT_RESUMABLE, 0 },
  { "subscribe-position-lost", test_position_lost, CHAT_TRANSPORT_RESUMABLE, 0 },
  { "subscribe-time", test_time, CHAT_TRANSPORT_SEEKABLE, 0 },
  { "subscribe-channels", test_channels, 0, 0 },
  { "subscribe-channels-position", test_channels_position, CHAT_TRANSPORT_RESUMABLE, 0 },
  { "subscribe-two-readers", test_two_readers, 0, 0 },
  { "subscribe-publish-inside", test_publish_inside, 0, 0 },
  { "subscribe-close", test_close, 0, 0 },
  { "subscribe-drop", test_drop, 0, 0 },
  { "subscribe-transport-close", test_transport_close, 0, 0 },
  { "flow-pause", test_pause, 0, 0 },
  { "flow-pause-inside", test_pause_inside, 0, 0 },
  { "flow-lag", test_lag, 0, 0 },
  { "flow-budget", test_budget, 0, 0 },
  { "flow-priority", test_priority, 0, 0 },
  { "seek-anywhere", test_seek, CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_EARLIEST, 0 },
  { "seek-inside", test_seek_inside, CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_EARLIEST, 0 },
  { "seek-lost", test_seek_lost, CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_RESUMABLE, 0 },
  { NULL },
};
