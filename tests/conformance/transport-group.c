/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups and forwards: every record is worked off once, whoever comes and goes. */
#include "transport-case.h"

/* Keys enough that every shard has some. */
#define SPREAD 24

static void
publish_spread (Case *c, const char *prefix)
{
  GAsyncResult *results[SPREAD] = { NULL };

  for (guint i = 0; i < SPREAD; i++)
    {
      g_autofree char *key = g_strdup_printf ("key-%u", i);
      g_autofree char *text = g_strdup_printf ("%s%u", prefix, i);
      g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, key, text);

      chat_transport_publish_async (c->transport, record, NULL, chat_test_result_cb, &results[i]);
    }
  for (guint i = 0; i < SPREAD; i++)
    g_assert_true (case_answer (c->transport, &results[i], chat_transport_publish_finish, NULL));
}

static void
publish (Case *c, const char *prefix, guint count)
{
  case_publish_many (c, c->fixture->publish_topic, "general", prefix, count);
}

static void
forward (Reader *reader, ChatTransport *transport, guint from, guint to)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (reader_forward (reader, transport, from, to, NULL, &error));
  g_assert_no_error (error);
}

static GPtrArray *
outputs_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
}

static Reader *
reader_of (Case *c, const char *topic)
{
  const char *topics[] = { topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;

  return reader_new_full (c, c->transport, topics, NULL, &live, NULL);
}

/* Where a group begins with its first subscribe: makes it known to the broker. */
static void
announce (Case *c, const char *group)
{
  if (c->fixture->young)
    reader_free (reader_new_group (c, c->transport, group));
}

/* A new group starts at the earliest record; what it acknowledged does not come again, to the next run either. */
static void
test_cursor (Case *c)
{
  Reader *reader;

  announce (c, "group");
  publish (c, "n", 10);
  reader = reader_new_group (c, c->transport, "group");
  reader_wait (reader, 10);
  reader_check (reader, "n", 0, 10);
  forward (reader, c->transport, 0, 4);
  reader_free (reader);
  case_restart (c);

  reader = reader_new_group (c, c->transport, "group");
  reader_wait (reader, 6);
  reader_check (reader, "n", 4, 10);
  forward (reader, c->transport, 0, 6);
  reader_forget (reader);
  publish (c, "m", 1);
  reader_wait (reader, 1);
  reader_check (reader, "m", 0, 1);
  reader_free (reader);
}

/* What was delivered and not acknowledged comes again. */
static void
test_redelivery (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");

  publish (c, "n", 20);
  reader_wait (reader, 20);
  reader_free (reader);
  reader = reader_new_group (c, c->transport, "group");
  reader_wait (reader, 20);
  reader_check (reader, "n", 0, 20);
  forward (reader, c->transport, 0, 20);
  reader_free (reader);
  reader = reader_new_group (c, c->transport, "group");
  reader_expect_nothing (reader);
  reader_free (reader);
}

static void
test_two_groups (Case *c)
{
  Reader *first = reader_new_group (c, c->transport, "first");
  Reader *second = reader_new_group (c, c->transport, "second");

  publish (c, "n", 10);
  reader_wait (first, 10);
  reader_wait (second, 10);
  forward (first, c->transport, 0, 10);
  reader_check (second, "n", 0, 10);
  reader_free (second);
  second = reader_new_group (c, c->transport, "second");
  reader_wait (second, 10);
  reader_check (second, "n", 0, 10);
  g_assert_cmpuint (first->revocations, ==, 0);
  reader_free (first);
  reader_free (second);
}

static void
count_texts (Reader *reader, GHashTable *seen)
{
  for (guint i = 0; i < reader->count; i++)
    {
      const char *text = g_ptr_array_index (reader->texts, i);

      if (!g_hash_table_add (seen, g_strdup (text)))
        g_error ("%s was delivered twice", text);
    }
}

static gboolean
got_all (gpointer data)
{
  Reader **readers = data;

  return readers[0]->count + readers[1]->count >= SPREAD;
}

/* Two members: each shard has one of them, and nothing comes twice. */
static void
test_share (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader *readers[2];

  announce (c, "group");
  publish_spread (c, "n");
  readers[0] = reader_new_group (c, c->transport, "group");
  reader_wait (readers[0], SPREAD);
  forward (readers[0], c->transport, 0, SPREAD);
  reader_forget (readers[0]);

  readers[1] = reader_new_group (c, other, "group");
  chat_test_wait_for_count (&readers[0]->revocations, 1);
  g_assert_cmpuint (readers[1]->revocations, ==, 0);
  publish_spread (c, "m");
  chat_test_wait_until (got_all, readers, "every record at one of two members");
  chat_test_run_for (60);
  g_assert_cmpuint (readers[0]->count, >, 0);
  g_assert_cmpuint (readers[1]->count, >, 0);
  count_texts (readers[0], seen);
  count_texts (readers[1], seen);
  g_assert_cmpuint (g_hash_table_size (seen), ==, SPREAD);
  for (guint i = 0; i < readers[1]->count; i++)
    {
      gint shard = chat_record_get_shard (g_ptr_array_index (readers[1]->records, i));
      gboolean revoked = FALSE;

      for (guint j = 0; j < readers[0]->revoked->len; j++)
        revoked |= g_array_index (readers[0]->revoked, gint, j) == shard;
      g_assert_true (revoked);
    }
  forward (readers[0], c->transport, 0, readers[0]->count);
  forward (readers[1], other, 0, readers[1]->count);
  reader_free (readers[0]);
  reader_free (readers[1]);
  case_drop_transport (c, other);
}

/* When a member goes, the others get its shards, with all that it had not acknowledged. */
static void
leave_with (Case *c, void (*leave) (Reader *reader))
{
  ChatTransport *other = case_second_transport (c);
  Reader *first = reader_new_group (c, c->transport, "group");
  Reader *second = reader_new_group (c, other, "group");
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader *readers[2] = { first, second };
  guint mine;

  publish_spread (c, "n");
  chat_test_wait_until (got_all, readers, "every record at one of two members");
  mine = first->count;
  forward (first, c->transport, 0, mine);
  leave (second);
  reader_wait (first, SPREAD);
  count_texts (first, seen);
  g_assert_cmpuint (g_hash_table_size (seen), ==, SPREAD);
  forward (first, c->transport, mine, SPREAD);
  reader_free (second);
  reader_free (first);
  case_drop_transport (c, other);
}

static void
test_leave (Case *c)
{
  leave_with (c, reader_close);
}

static void
test_leave_dropped (Case *c)
{
  leave_with (c, reader_drop);
}

typedef struct
{
  Reader *reader;
  guint answered;
} InFlight;

static void
forwarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  InFlight *in_flight = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error));
  in_flight->answered++;
}

/* Shards are revoked once the forward in flight is decided, never under it: it is carried out. */
static void
test_revoke_waits (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  Reader *first = reader_new_group (c, c->transport, "group"), *second;
  InFlight in_flight = { first, 0 };
  g_autoptr (GPtrArray) inputs = NULL, none = g_ptr_array_new ();

  publish_spread (c, "n");
  reader_wait (first, SPREAD);
  inputs = reader_inputs (first, 0, SPREAD);
  chat_transport_forward_async (c->transport, first->subscription, inputs, none, NULL, forwarded_cb, &in_flight);
  second = reader_new_group (c, other, "group");
  chat_test_wait_for_count (&first->revocations, 1);
  chat_test_wait_for_count (&in_flight.answered, 1);
  reader_expect_nothing (second);
  reader_free (first);
  reader_free (second);
  case_drop_transport (c, other);
}

static void
forward_again_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  InFlight *in_flight = user_data;
  Reader *reader = in_flight->reader;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  g_assert_true (chat_transport_forward_finish (CHAT_TRANSPORT (source), result, NULL));
  in_flight->answered++;
  if (reader->revocations == 0)
    chat_transport_forward_async (CHAT_TRANSPORT (source), reader->subscription, none, none, NULL, forward_again_cb,
                                  in_flight);
  else
    in_flight->reader = NULL;
}

static gboolean
is_over (gpointer data)
{
  return ((InFlight *)data)->reader == NULL;
}

/* A member that forwards without a pause gives its shards up all the same. */
static void
test_revoke_busy (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  Reader *first = reader_new_group (c, c->transport, "group"), *second;
  InFlight in_flight = { first, 0 };
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  chat_transport_forward_async (c->transport, first->subscription, none, none, NULL, forward_again_cb, &in_flight);
  chat_test_wait_for_count (&in_flight.answered, 3);
  second = reader_new_group (c, other, "group");
  chat_test_wait_until (is_over, &in_flight, "a busy member to give up a shard");
  reader_free (first);
  reader_free (second);
  case_drop_transport (c, other);
}

static void
pause_inside (gpointer user_data, GPtrArray *batch)
{
  Reader *reader = user_data;

  chat_subscription_pause (reader->subscription);
}

/* What waited for a member is not delivered to it once its shard is revoked. */
static void
test_revoked_queue (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  Reader *first = reader_new_group (c, c->transport, "group"), *second;
  guint came;

  chat_subscription_pause (first->subscription);
  for (guint i = 0; i < 20; i++)
    publish_spread (c, "n");
  first->on_records = pause_inside;
  chat_subscription_resume (first->subscription);
  chat_test_wait_for_count (&first->batches, 1);
  came = first->count;
  g_assert_cmpuint (came, <, 20 * SPREAD);
  second = reader_new_group (c, other, "group");
  chat_test_wait_for_count (&first->revocations, 1);
  first->on_records = NULL;
  chat_subscription_resume (first->subscription);
  reader_wait (first, came + 1);
  chat_test_run_for (60);
  for (guint i = came; i < first->count; i++)
    for (guint j = 0; j < first->revoked->len; j++)
      g_assert_cmpint (chat_record_get_shard (g_ptr_array_index (first->records, i)), !=,
                       g_array_index (first->revoked, gint, j));
  reader_free (first);
  reader_free (second);
  case_drop_transport (c, other);
}

/* A record of a shard that was revoked can't be acknowledged any more, and nothing comes of the forward. */
static void
test_revoked_aborts (Case *c)
{
  ChatTransport *other = case_second_transport (c);
  Reader *first = reader_new_group (c, c->transport, "group"), *second;
  Reader *output = reader_of (c, c->fixture->topics[0]);
  g_autoptr (GPtrArray) outputs = outputs_new ();
  g_autoptr (GError) error = NULL;

  publish_spread (c, "n");
  reader_wait (first, SPREAD);
  second = reader_new_group (c, other, "group");
  chat_test_wait_for_count (&first->revocations, 1);
  g_ptr_array_add (outputs, case_record (c, c->fixture->topics[0], "general", "out"));
  g_assert_false (reader_forward (first, c->transport, 0, SPREAD, outputs, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED);
  if ((c->fixture->features & CHAT_TRANSPORT_ATOMIC_FORWARD) != 0)
    reader_expect_nothing (output);
  reader_free (output);
  reader_free (first);
  reader_wait (second, SPREAD);
  reader_free (second);
  case_drop_transport (c, other);
}

/* One forward: its outputs are there in order, its inputs do not come again. */
static void
test_forward (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  Reader *first = reader_of (c, c->fixture->topics[0]), *second = reader_of (c, c->fixture->topics[1]);
  g_autoptr (GPtrArray) outputs = outputs_new ();
  g_autoptr (GError) error = NULL;

  publish (c, "n", 50);
  reader_wait (reader, 50);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf ("%s%u", i % 2 == 0 ? "even" : "odd", i / 2);

      g_ptr_array_add (outputs, case_record (c, c->fixture->topics[i % 2], "general", text));
    }
  chat_record_set_header (g_ptr_array_index (outputs, 0), "signature", "k1:00");
  g_assert_true (reader_forward (reader, c->transport, 0, 50, outputs, &error));
  reader_wait (first, 25);
  reader_wait (second, 25);
  reader_check (first, "even", 0, 25);
  reader_check (second, "odd", 0, 25);
  g_assert_cmpstr (chat_record_get_header (g_ptr_array_index (first->records, 0), "signature"), ==, "k1:00");
  reader_free (first);
  reader_free (second);
  reader_free (reader);

  reader = reader_new_group (c, c->transport, "group");
  reader_expect_nothing (reader);
  reader_free (reader);
}

/* Inputs without outputs, outputs without inputs, neither. */
static void
test_forward_empty (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  Reader *output = reader_of (c, c->fixture->topics[0]);
  g_autoptr (GPtrArray) outputs = outputs_new ();
  g_autoptr (GError) error = NULL;

  publish (c, "n", 4);
  reader_wait (reader, 4);
  forward (reader, c->transport, 0, 3);
  forward (reader, c->transport, 0, 0);
  g_ptr_array_add (outputs, case_record (c, c->fixture->topics[0], "general", "out0"));
  g_assert_true (reader_forward (reader, c->transport, 0, 0, outputs, &error));
  reader_wait (output, 1);
  reader_check (output, "out", 0, 1);
  reader_free (output);
  reader_free (reader);
  reader = reader_new_group (c, c->transport, "group");
  reader_wait (reader, 1);
  reader_check (reader, "n", 3, 4);
  reader_free (reader);
}

/* A second forward while one is in flight is refused and does nothing. */
static void
test_pending (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  g_autoptr (GPtrArray) first = NULL, second = NULL, none = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *results[2] = { NULL };

  publish (c, "n", 10);
  reader_wait (reader, 10);
  first = reader_inputs (reader, 0, 5);
  second = reader_inputs (reader, 5, 10);
  chat_transport_forward_async (c->transport, reader->subscription, first, none, NULL, chat_test_result_cb,
                                &results[0]);
  chat_transport_forward_async (c->transport, reader->subscription, second, none, NULL, chat_test_result_cb,
                                &results[1]);
  g_assert_false (case_answer (c->transport, &results[1], chat_transport_forward_finish, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_assert_true (case_answer (c->transport, &results[0], chat_transport_forward_finish, NULL));
  forward (reader, c->transport, 5, 10);
  reader_free (reader);
}

typedef struct
{
  Reader *reader;
  guint done, answered;
} Chain;

static void chain_forward (Chain *chain);

static void
chain_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Chain *chain = user_data;
  g_autoptr (GError) error = NULL;

  chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  chain->answered++;
  chain->done++;
  if (chain->done < chain->reader->count)
    chain_forward (chain);
}

static void
chain_forward (Chain *chain)
{
  Reader *reader = chain->reader;
  g_autoptr (GPtrArray) inputs = reader_inputs (reader, chain->done, chain->done + 1);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  chat_transport_forward_async (reader->c->transport, reader->subscription, inputs, none, NULL, chain_cb, chain);
}

/* The next forward may start in the callback of the one before. */
static void
test_forward_chain (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  Chain chain = { reader, 0, 0 };

  publish (c, "n", 20);
  reader_wait (reader, 20);
  chain_forward (&chain);
  chat_test_wait_for_count (&chain.answered, 20);
  reader_free (reader);
}

typedef struct
{
  Reader *reader;
  GError *error;
  guint answered;
  guint came_before; /* of the callback */
} Abort;

static void
aborted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Abort *aborted = user_data;

  chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &aborted->error);
  aborted->came_before = aborted->reader->count;
  aborted->answered++;
}

static void
forward_aborted (Reader *reader, GPtrArray *inputs, GPtrArray *outputs)
{
  Abort aborted = { reader, NULL, 0, 0 };

  reader_forget (reader);
  /* however eager the reader is */
  chat_subscription_set_priority (reader->subscription, G_PRIORITY_HIGH);
  chat_transport_forward_async (reader->c->transport, reader->subscription, inputs, outputs, NULL, aborted_cb,
                                &aborted);
  chat_test_wait_for_count (&aborted.answered, 1);
  g_assert_error (aborted.error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED);
  g_assert_cmpuint (aborted.came_before, ==, 0);
  g_clear_error (&aborted.error);
}

/* Records that were acknowledged before: ABORTED, and the unacknowledged come again, after the callback. */
static void
test_abort_stale (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  Reader *output = reader_of (c, c->fixture->topics[0]);
  g_autoptr (GPtrArray) inputs = NULL, outputs = outputs_new ();

  publish (c, "n", 10);
  reader_wait (reader, 10);
  inputs = reader_inputs (reader, 0, 5);
  forward (reader, c->transport, 0, 5);
  g_ptr_array_add (outputs, case_record (c, c->fixture->topics[0], "general", "out"));
  forward_aborted (reader, inputs, outputs);
  reader_wait (reader, 5);
  reader_check (reader, "n", 5, 10);
  if ((c->fixture->features & CHAT_TRANSPORT_ATOMIC_FORWARD) != 0)
    reader_expect_nothing (output);
  forward (reader, c->transport, 0, 5);
  reader_free (output);
  reader_free (reader);
}

/* The broker undoes a forward. */
static void
test_abort_broker (Case *c)
{
  Reader *reader, *output;
  g_autoptr (GPtrArray) inputs = NULL, outputs = outputs_new ();
  g_autoptr (GError) error = NULL;

  if (c->fixture->abort_forward == NULL)
    {
      g_test_skip ("the broker can't be told to undo a forward");
      return;
    }
  reader = reader_new_group (c, c->transport, "group");
  output = reader_of (c, c->fixture->topics[0]);
  publish (c, "n", 10);
  reader_wait (reader, 10);
  inputs = reader_inputs (reader, 0, 10);
  g_ptr_array_add (outputs, case_record (c, c->fixture->topics[0], "general", "out0"));
  c->fixture->abort_forward (c->broker, c->transport);
  forward_aborted (reader, inputs, outputs);
  reader_wait (reader, 10);
  reader_check (reader, "n", 0, 10);
  g_assert_true (reader_forward (reader, c->transport, 0, 10, outputs, &error));
  reader_wait (output, 1);
  reader_check (output, "out", 0, 1);
  reader_free (output);
  reader_free (reader);
}

/* An output that the broker will not have: nothing of the forward is done, and it can be done again without. */
static void
test_forward_rejected (Case *c)
{
  g_autofree char *data = g_malloc0 (c->fixture->max_bytes + 1);
  g_autoptr (GBytes) too_large = g_bytes_new_static (data, c->fixture->max_bytes + 1);
  g_autoptr (GPtrArray) outputs = outputs_new ();
  g_autoptr (GError) error = NULL;
  Reader *reader = reader_new_group (c, c->transport, "group");
  Reader *output = reader_of (c, c->fixture->topics[0]);

  publish (c, "n", 5);
  reader_wait (reader, 5);
  g_ptr_array_add (outputs, case_record (c, c->fixture->topics[0], "general", "out"));
  g_ptr_array_add (outputs, chat_record_new (c->fixture->topics[0], "general", too_large));
  g_assert_false (reader_forward (reader, c->transport, 0, 5, outputs, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  if ((c->fixture->features & CHAT_TRANSPORT_ATOMIC_FORWARD) != 0)
    reader_expect_nothing (output);
  forward (reader, c->transport, 0, 5);
  reader_free (output);
  reader_free (reader);
}

/* A close waits for the forward in flight; a forward after it is refused. */
static void
test_close_forwarding (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  InFlight in_flight = { reader, 0 };
  g_autoptr (GPtrArray) inputs = NULL, none = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  publish (c, "n", 10);
  reader_wait (reader, 10);
  inputs = reader_inputs (reader, 0, 10);
  chat_transport_forward_async (c->transport, reader->subscription, inputs, none, NULL, forwarded_cb, &in_flight);
  reader_close (reader);
  g_assert_cmpuint (in_flight.answered, ==, 1);
  g_assert_false (reader_forward (reader, c->transport, 0, 0, NULL, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  reader_free (reader);
  reader = reader_new_group (c, c->transport, "group");
  reader_expect_nothing (reader);
  reader_free (reader);
}

/* What a forward was said to have acknowledged before the transport closed does not come again. */
static void
test_close_forwarded (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");

  publish (c, "n", 20);
  reader_wait (reader, 20);
  for (guint i = 0; i < 20; i++)
    forward (reader, c->transport, i, i + 1);
  case_restart (c);
  reader_free (reader);

  reader = reader_new_group (c, c->transport, "group");
  publish (c, "m", 1);
  reader_wait (reader, 1);
  reader_check (reader, "m", 0, 1);
  reader_free (reader);
}

/* One that is in flight then is done, or it is said that it is not. */
static void
test_close_transport_forwarding (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  g_autoptr (GPtrArray) inputs = NULL, none = g_ptr_array_new ();
  GAsyncResult *result = NULL;
  ChatTransport *before = g_object_ref (c->transport);
  gboolean done;

  publish (c, "n", 10);
  reader_wait (reader, 10);
  inputs = reader_inputs (reader, 0, 10);
  chat_transport_forward_async (before, reader->subscription, inputs, none, NULL, chat_test_result_cb, &result);
  case_restart (c);
  done = case_answer (before, &result, chat_transport_forward_finish, NULL);
  g_object_unref (before);
  reader_free (reader);

  reader = reader_new_group (c, c->transport, "group");
  publish (c, "n1", 1);
  reader_wait (reader, done ? 1 : 11);
  reader_check (reader, "n", done ? 10 : 0, 11);
  reader_free (reader);
}

static void
test_no_seek (Case *c)
{
  Reader *reader = reader_new_group (c, c->transport, "group");
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_false (case_seek (reader, &live, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  reader_free (reader);
}

const TransportCase transport_cases_group[] = {
  { "group-cursor", test_cursor, CHAT_TRANSPORT_GROUPS, 0 },
  { "group-redelivery", test_redelivery, CHAT_TRANSPORT_GROUPS, 0 },
  { "group-two-groups", test_two_groups, CHAT_TRANSPORT_GROUPS, 0 },
  { "group-share", test_share, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-leave", test_leave, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-leave-dropped", test_leave_dropped, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-revoke-waits", test_revoke_waits, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-revoke-busy", test_revoke_busy, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-revoked-queue", test_revoked_queue, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-revoked-aborts", test_revoked_aborts, CHAT_TRANSPORT_GROUPS, WANTS_SHARDS },
  { "group-no-seek", test_no_seek, CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_SEEKABLE, 0 },
  { "forward-outputs", test_forward, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-empty", test_forward_empty, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-pending", test_pending, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-chain", test_forward_chain, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-abort-stale", test_abort_stale, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-abort-broker", test_abort_broker, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-rejected", test_forward_rejected, CHAT_TRANSPORT_GROUPS, WANTS_VERBATIM },
  { "forward-close", test_close_forwarding, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-transport-close", test_close_forwarded, CHAT_TRANSPORT_GROUPS, 0 },
  { "forward-transport-closing", test_close_transport_forwarding, CHAT_TRANSPORT_GROUPS, 0 },
  { NULL },
};
