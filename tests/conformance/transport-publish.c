/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting, closing, publishing; what is not there is refused. */
#include "transport-case.h"

#include <string.h>

static void
assert_publish_fails (Case *c, GQuark domain, int code)
{
  g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, "general", "not now");
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  chat_transport_publish_async (c->transport, record, NULL, chat_test_result_cb, &result);
  g_assert_null (result);
  g_assert_false (case_answer (c->transport, &result, chat_transport_publish_finish, &error));
  g_assert_error (error, domain, code);
  g_assert_cmpuint (strlen (error->message), >, 10);
}

static void
assert_subscribe_fails (Case *c, const char *const *topics, const char *const *channels, ChatStart start, GQuark domain,
                        int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (reader_new_full (c, c->transport, topics, channels, &start, &error));
  g_assert_error (error, domain, code);
}

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  guint *count = user_data;

  (*count)++;
}

static void
test_life (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  g_autoptr (GError) error = NULL;
  GAsyncResult *first = NULL, *second = NULL;
  g_autofree char *status = NULL;
  guint changes = 0;

  g_assert_cmpstr (chat_transport_get_name (c->transport), ==, c->fixture->name);
  g_assert_cmpuint (chat_transport_get_features (c->transport), ==, c->fixture->features);
  g_assert_cmpint (chat_transport_get_state (c->transport), ==, CHAT_TRANSPORT_OFFLINE);
  assert_publish_fails (c, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  assert_subscribe_fails (c, topics, NULL, (ChatStart)CHAT_START_LIVE_INIT, CHAT_TRANSPORT_ERROR,
                          CHAT_TRANSPORT_ERROR_OFFLINE);

  g_signal_connect (c->transport, "notify::state", G_CALLBACK (count_cb), &changes);
  chat_transport_connect_async (c->transport, NULL, chat_test_result_cb, &first);
  chat_transport_connect_async (c->transport, NULL, chat_test_result_cb, &second);
  g_assert_true (case_answer (c->transport, &first, chat_transport_connect_finish, &error));
  g_assert_true (case_answer (c->transport, &second, chat_transport_connect_finish, &error));
  case_connect (c->transport);
  g_assert_cmpint (chat_transport_get_state (c->transport), ==, CHAT_TRANSPORT_ONLINE);
  g_assert_cmpuint (changes, >, 0);
  status = chat_transport_dup_status (c->transport);
  g_assert_cmpuint (strlen (status), >, 0);

  changes = 0;
  case_close (c->transport);
  case_close (c->transport);
  g_assert_cmpint (chat_transport_get_state (c->transport), ==, CHAT_TRANSPORT_OFFLINE);
  g_assert_cmpuint (changes, >, 0);
  assert_publish_fails (c, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  assert_subscribe_fails (c, topics, NULL, (ChatStart)CHAT_START_LIVE_INIT, CHAT_TRANSPORT_ERROR,
                          CHAT_TRANSPORT_ERROR_CLOSED);
  chat_transport_connect_async (c->transport, NULL, chat_test_result_cb, &first);
  g_assert_false (case_answer (c->transport, &first, chat_transport_connect_finish, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  g_signal_handlers_disconnect_by_data (c->transport, &changes);
}

static void
test_close_unconnected (Case *c)
{
  case_close (c->transport);
  g_assert_cmpint (chat_transport_get_state (c->transport), ==, CHAT_TRANSPORT_OFFLINE);
}

/* Close while a connect is on its way, and a subscribe waits for it: all are answered. */
static void
test_close_connecting (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatSubscription) subscription = NULL;
  GAsyncResult *connecting = NULL, *subscribing = NULL;

  chat_transport_connect_async (c->transport, NULL, chat_test_result_cb, &connecting);
  chat_transport_subscribe_async (c->transport, topics, NULL, &live, NULL, chat_test_result_cb, &subscribing);
  case_close (c->transport);
  if (!case_answer (c->transport, &connecting, chat_transport_connect_finish, &error))
    g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  g_clear_error (&error);
  result = chat_test_await (&subscribing, "a subscribe that waits");
  subscription = chat_transport_subscribe_finish (c->transport, result, &error);
  if (subscription == NULL)
    g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
}

/* The order of the calls is the order of the records of one key, however many are in flight. */
static void
test_order (Case *c)
{
  static const char *const keys[] = { "general", "random", "ops" };
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);
  g_autoptr (GHashTable) last = g_hash_table_new (g_str_hash, g_str_equal);
  GAsyncResult *results[300] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, keys[i % 3], text);

      chat_transport_publish_async (c->transport, record, NULL, chat_test_result_cb, &results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GError) error = NULL;

      case_answer (c->transport, &results[i], chat_transport_publish_finish, &error);
      g_assert_no_error (error);
    }

  reader_wait (reader, G_N_ELEMENTS (results));
  g_assert_cmpuint (reader->count, ==, G_N_ELEMENTS (results));
  for (guint i = 0; i < reader->count; i++)
    {
      ChatRecord *record = g_ptr_array_index (reader->records, i);
      guint number = (guint)g_ascii_strtoull (g_ptr_array_index (reader->texts, i), NULL, 10) + 1;
      const char *key = chat_record_get_key (record);

      g_assert_cmpstr (key, ==, keys[(number - 1) % 3]);
      g_assert_cmpuint (number, >, GPOINTER_TO_UINT (g_hash_table_lookup (last, key)));
      g_hash_table_insert (last, (gpointer)key, GUINT_TO_POINTER (number));
    }
}

/* Offsets of a shard grow by one, times do not fall; the same record has the same id for every reader. */
static void
test_places (Case *c)
{
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);
  g_autoptr (Reader) other = reader_new (c, CHAT_START_LIVE);
  gint64 now = g_get_real_time () / 1000;

  case_publish_many (c, c->fixture->publish_topic, "general", "n", 50);
  reader_wait (reader, 50);
  reader_wait (other, 50);
  for (guint i = 0; i < 50; i++)
    {
      ChatRecord *record = g_ptr_array_index (reader->records, i);
      g_autofree char *id = chat_record_dup_id (record, c->fixture->name);
      g_autofree char *again = chat_record_dup_id (g_ptr_array_index (other->records, i), c->fixture->name);

      g_assert_cmpstr (chat_record_get_topic (record), ==, c->fixture->read_topic);
      g_assert_cmpint (chat_record_get_shard (record), >=, 0);
      g_assert_cmpint (ABS (chat_record_get_time (record) - now), <, 60000);
      g_assert_cmpstr (id, ==, again);
      if (i == 0)
        continue;
      g_assert_cmpint (chat_record_get_offset (record), >,
                       chat_record_get_offset (g_ptr_array_index (reader->records, i - 1)));
      g_assert_cmpint (chat_record_get_time (record), >=,
                       chat_record_get_time (g_ptr_array_index (reader->records, i - 1)));
    }
}

static void
publish_and_compare (Case *c, Reader *reader, ChatRecord *record)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  ChatRecord *came;
  guint expected = reader->count + 1;

  chat_transport_publish_async (c->transport, record, NULL, chat_test_result_cb, &result);
  case_answer (c->transport, &result, chat_transport_publish_finish, &error);
  g_assert_no_error (error);
  reader_wait (reader, expected);
  came = g_ptr_array_index (reader->records, expected - 1);
  g_assert_true (g_bytes_equal (chat_record_get_bytes (came), chat_record_get_bytes (record)));
  g_assert_cmpstr (chat_record_get_key (came), ==, chat_record_get_key (record));
}

static void
test_payloads (Case *c)
{
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);
  const gsize sizes[] = { 0, 1, 255, 4096, 65536, 300000 };
  g_autofree guint8 *noise = g_malloc (300000);

  for (guint i = 0; i < 300000; i++)
    noise[i] = (guint8)(i * 7 + i / 251); /* every byte value, NUL too */
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (noise, sizes[i]);
      g_autoptr (ChatRecord) record = chat_record_new (c->fixture->publish_topic, "general", bytes);

      publish_and_compare (c, reader, record);
    }
}

static void
test_keys_and_headers (Case *c)
{
  static const char *const keys[] = { "general", "ñandú", "频道", "🦜 with spaces", "a/b=c;d%e\n", NULL };
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (ChatRecord) record = chat_record_new (c->fixture->publish_topic, keys[i], bytes);
      ChatRecord *came;

      if (i > 0)
        chat_record_set_header (record, "signature", "k1:0123456789abcdef");
      if (i > 1)
        {
          chat_record_set_header (record, "nombre", "Inés — 频道 🦜\n");
          chat_record_set_header (record, "empty", "");
        }
      publish_and_compare (c, reader, record);
      came = g_ptr_array_index (reader->records, i);
      g_assert_cmpstr (chat_record_get_header (came, "signature"), ==, chat_record_get_header (record, "signature"));
      g_assert_cmpstr (chat_record_get_header (came, "nombre"), ==, chat_record_get_header (record, "nombre"));
      g_assert_cmpstr (chat_record_get_header (came, "empty"), ==, chat_record_get_header (record, "empty"));
      g_assert_null (chat_record_get_header (came, "absent"));
    }
}

static void
test_too_large (Case *c)
{
  g_autofree char *data = NULL;
  g_autoptr (GBytes) fits = NULL, too_large = NULL;
  g_autoptr (ChatRecord) largest = NULL, refused = NULL;
  g_autoptr (Reader) reader = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  if (c->fixture->max_bytes == 0)
    {
      g_test_skip ("nothing is too large for it");
      return;
    }
  reader = reader_new (c, CHAT_START_LIVE);
  data = g_malloc0 (c->fixture->max_bytes + 1);
  fits = g_bytes_new_static (data, c->fixture->max_bytes);
  too_large = g_bytes_new_static (data, c->fixture->max_bytes + 1);
  largest = chat_record_new (c->fixture->publish_topic, "general", fits);
  refused = chat_record_new (c->fixture->publish_topic, "general", too_large);

  chat_transport_publish_async (c->transport, refused, NULL, chat_test_result_cb, &result);
  g_assert_false (case_answer (c->transport, &result, chat_transport_publish_finish, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  publish_and_compare (c, reader, largest);
}

/* What is asked with a cancellable that has fired is answered so, and never happens. */
static void
test_cancelled_before (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, "general", "cancelled");
  g_autoptr (Reader) reader = reader_new (c, CHAT_START_LIVE);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  GAsyncResult *subscribed = NULL;
  GAsyncResult *results[4] = { NULL };
  static const CaseFinish finishes[] = { chat_transport_connect_finish, chat_transport_publish_finish,
                                         chat_transport_forward_finish, chat_transport_seek_finish };

  g_cancellable_cancel (cancelled);
  chat_transport_connect_async (c->transport, cancelled, chat_test_result_cb, &results[0]);
  chat_transport_publish_async (c->transport, record, cancelled, chat_test_result_cb, &results[1]);
  chat_transport_forward_async (c->transport, reader->subscription, none, none, cancelled, chat_test_result_cb,
                                &results[2]);
  chat_transport_seek_async (c->transport, reader->subscription, &live, cancelled, chat_test_result_cb, &results[3]);
  chat_transport_subscribe_async (c->transport, topics, NULL, &live, cancelled, chat_test_result_cb, &subscribed);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_assert_null (results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (case_answer (c->transport, &results[i], finishes[i], &error));
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  {
    g_autoptr (GAsyncResult) result = chat_test_await (&subscribed, "a cancelled subscribe");
    g_autoptr (GError) error = NULL;

    g_assert_null (chat_transport_subscribe_finish (c->transport, result, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  }
  reader_expect_nothing (reader);
}

/* What is cancelled on its way is answered once, one way or the other. */
static void
test_cancelled_after (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, "general", "maybe");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatSubscription) subscription = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *published = NULL, *subscribed = NULL;

  chat_transport_publish_async (c->transport, record, cancellable, chat_test_result_cb, &published);
  chat_transport_subscribe_async (c->transport, topics, NULL, &live, cancellable, chat_test_result_cb, &subscribed);
  g_cancellable_cancel (cancellable);
  if (!case_answer (c->transport, &published, chat_transport_publish_finish, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  result = chat_test_await (&subscribed, "a cancelled subscribe");
  subscription = chat_transport_subscribe_finish (c->transport, result, &error);
  if (subscription == NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

typedef struct
{
  Case *c;
  guint answered, confirmed;
} InFlight;

static void
in_flight_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  InFlight *in_flight = user_data;
  g_autoptr (GError) error = NULL;

  in_flight->answered++;
  if (chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    in_flight->confirmed++;
  else
    g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
}

/* Every publish in flight is answered before the close is, and what was confirmed is there. */
static void
test_close_in_flight (Case *c)
{
  g_autoptr (GError) error = NULL;
  InFlight in_flight = { c, 0, 0 };
  GAsyncResult *closing = NULL;
  gboolean closed;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf ("flight%u", i);
      g_autoptr (ChatRecord) record = case_record (c, c->fixture->publish_topic, "general", text);

      chat_transport_publish_async (c->transport, record, NULL, in_flight_cb, &in_flight);
    }
  chat_transport_close_async (c->transport, NULL, chat_test_result_cb, &closing);
  closed = case_answer (c->transport, &closing, chat_transport_close_finish, &error);
  g_assert_cmpuint (in_flight.answered, ==, 100);
  if (closed)
    g_assert_cmpuint (in_flight.confirmed, ==, 100);
  else
    g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);

  if ((c->fixture->features & CHAT_TRANSPORT_EARLIEST) == 0)
    return;
  g_object_unref (c->transport);
  c->transport = c->fixture->transport_new (c->broker);
  case_connect (c->transport);
  {
    g_autoptr (Reader) reader = reader_new (c, CHAT_START_EARLIEST);

    reader_wait (reader, in_flight.confirmed);
    reader_check (reader, "flight", 0, reader->count);
  }
}

/* A feature that is absent is refused through the callback, and so is an argument that makes no sense. */
static void
test_refusals (Case *c)
{
  const char *topics[] = { c->fixture->read_topic, NULL }, *channels[] = { "general", NULL }, *nothing[] = { NULL };
  const ChatTransportFeatures features = c->fixture->features;
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (ChatPosition) position = chat_position_new ();
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  const struct
  {
    ChatTransportFeatures needs;
    ChatStart start;
  } starts[] = {
    { CHAT_TRANSPORT_EARLIEST, CHAT_START_EARLIEST_INIT },
    { CHAT_TRANSPORT_RESUMABLE, { CHAT_START_POSITION, position, 0, NULL } },
    { CHAT_TRANSPORT_SEEKABLE, { CHAT_START_TIME, NULL, 1, NULL } },
    { CHAT_TRANSPORT_GROUPS, { CHAT_START_GROUP, NULL, 0, "group" } },
  };
  Reader *reader;

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      if ((features & starts[i].needs) == 0)
        assert_subscribe_fails (c, topics, NULL, starts[i].start, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
    }
  assert_subscribe_fails (c, nothing, NULL, live, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  if ((features & CHAT_TRANSPORT_GROUPS) != 0)
    assert_subscribe_fails (c, topics, channels, starts[3].start, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  if ((features & CHAT_TRANSPORT_RESUMABLE) != 0)
    assert_subscribe_fails (c, topics, NULL, (ChatStart){ CHAT_START_POSITION, NULL, 0, NULL }, G_IO_ERROR,
                            G_IO_ERROR_INVALID_ARGUMENT);

  reader = reader_new (c, CHAT_START_LIVE);
  if ((features & CHAT_TRANSPORT_SEEKABLE) == 0)
    {
      g_assert_false (case_seek (reader, &live, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
      g_clear_error (&error);
    }
  /* whether it has no groups, or this subscription has none */
  g_assert_false (reader_forward (reader, c->transport, 0, 0, none, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  reader_free (reader);
}

const TransportCase transport_cases_publish[] = {
  { "life", test_life, 0, WANTS_OFFLINE },
  { "close-unconnected", test_close_unconnected, 0, WANTS_OFFLINE },
  { "close-connecting", test_close_connecting, 0, WANTS_OFFLINE },
  { "close-in-flight", test_close_in_flight, 0, 0 },
  { "refusals", test_refusals, 0, 0 },
  { "publish-order", test_order, 0, 0 },
  { "publish-places", test_places, 0, 0 },
  { "publish-payloads", test_payloads, 0, WANTS_VERBATIM },
  { "publish-keys-and-headers", test_keys_and_headers, 0, WANTS_VERBATIM },
  { "publish-too-large", test_too_large, 0, WANTS_VERBATIM },
  { "cancel-before", test_cancelled_before, 0, 0 },
  { "cancel-after", test_cancelled_after, 0, 0 },
  { NULL },
};
