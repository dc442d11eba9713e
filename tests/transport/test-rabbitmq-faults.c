/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A broker of our own is killed, stopped, filled and forbidden. The verdict is a plain client's. */
#include <string.h>

#include "chat-test-proxy.h"
#include "rabbitmq-test.h"

/* RabbitMQ forgets the permissions that a channel has looked up when its process hibernates: after a second. */
#define CACHED_MS 1500

typedef struct
{
  ChatTestBroker *broker;
  ChatBrokerOptions *options;
} Site;

static void
site_free (Site *self)
{
  chat_broker_options_free (self->options);
  chat_test_broker_free (self->broker);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Site, site_free)

static Site *
site_new (ChatTestBrokerFlags flags)
{
  ChatTestBroker *broker = chat_test_rabbitmq_new (flags);
  Site *self;

  if (broker == NULL)
    return NULL;
  self = g_new0 (Site, 1);
  self->broker = broker;
  self->options = chat_test_broker_dup_options (broker, FALSE, CHAT_BROKER_PLAIN);
  self->options->shards = 2;
  return self;
}

/* (nullable): the one that several tests break, each with topics of its own. */
static Site *
site_take (gconstpointer data, const char *prefix)
{
  Site *self = (Site *)data;

  if (self == NULL)
    {
      g_test_skip ("no broker");
      return NULL;
    }
  g_free (self->options->prefix);
  self->options->prefix = g_strdup (prefix);
  return self;
}

/* (transfer full): before the only address of @self. */
static ChatTestProxy *
site_begin_proxy (Site *self)
{
  ChatTestProxy *proxy = chat_test_proxy_new (chat_test_broker_get_port (self->broker, "addresses", 1));

  g_free (self->options->addresses[0]);
  self->options->addresses[0] = g_strdup_printf ("127.0.0.1:%u", chat_test_proxy_get_port (proxy));
  return proxy;
}

static gboolean
status_says (ChatTransport *transport, const char *words)
{
  g_autofree char *status = chat_transport_dup_status (transport);

  return strstr (status, words) != NULL;
}

typedef struct
{
  guint confirmed, refused, answered;
} Ledger;

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ledger *ledger = user_data;
  g_autoptr (GError) error = NULL;

  ledger->answered++;
  if (chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    {
      ledger->confirmed++;
      return;
    }
  g_assert_true (error->domain == CHAT_TRANSPORT_ERROR);
  g_assert_true (error->code == CHAT_TRANSPORT_ERROR_OFFLINE || error->code == CHAT_TRANSPORT_ERROR_FULL);
  ledger->refused++;
}

static void
publish_many (ChatTransport *transport, Ledger *ledger, guint count)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("{}", 2);

  for (guint i = 0; i < count; i++)
    {
      g_autoptr (ChatRecord) record = chat_record_new ("chat_controlled", "general", bytes);

      chat_transport_publish_async (transport, record, NULL, published_cb, ledger);
    }
}

/* What was confirmed is there after a kill -9; readers go on where they stood. */
static void
test_killed (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_PRIVATE);
  g_autoptr (RabbitmqReader) reader = NULL, archiver = NULL;
  Ledger ledger = { 0 };
  ChatTransport *transport;
  guint before, delivered;

  if (site == NULL)
    return;
  /* a queue may come up after its users: what that leaves unanswered is given up after three heartbeats */
  transport = rabbitmq_test_connect_full (site->options, 3);
  reader = rabbitmq_reader_new (transport, "chat_controlled", NULL, CHAT_START_LIVE);
  archiver = rabbitmq_reader_new_group (transport, "chat_controlled", "archiver");
  publish_many (transport, &ledger, 500);
  chat_test_wait_for_count (&ledger.confirmed, 500);
  /* it writes down a moment later which quorum queues it has, and one that is not written comes back without a leader
   */
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "eval", "[dets:sync (Each) || Each <- dets:all ()].", NULL));
  publish_many (transport, &ledger, 5000);
  chat_test_wait_for_count (&ledger.confirmed, 600);
  chat_test_broker_kill (site->broker, 1);
  chat_test_wait_for_count (&ledger.answered, 5500);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  before = ledger.confirmed;
  delivered = archiver->count;
  chat_test_broker_restart (site->broker, 1);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  rabbitmq_reader_wait (reader, before);
  g_assert_cmpuint (reader->gaps, ==, 0);
  for (guint i = 1; i < reader->count; i++)
    g_assert_cmpint (chat_record_get_offset (g_ptr_array_index (reader->records, i)), ==,
                     chat_record_get_offset (g_ptr_array_index (reader->records, i - 1)) + 1);
  g_assert_cmpuint (archiver->revocations, >, 0);
  rabbitmq_reader_wait (archiver, delivered + 1);
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", NULL));
  rabbitmq_test_close (transport);
}

/* A broker that is stopped says nothing any more: that is noticed by its heartbeats, and meanwhile nothing blocks. */
static void
test_stopped (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_PRIVATE);
  g_autoptr (RabbitmqReader) reader = NULL;
  Ledger ledger = { 0 };
  ChatTransport *transport;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect_full (site->options, 1);
  reader = rabbitmq_reader_new (transport, "chat_controlled", NULL, CHAT_START_LIVE);
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", NULL));
  chat_test_broker_pause (site->broker, 1);
  publish_many (transport, &ledger, 15000);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  g_assert_cmpuint (ledger.answered, ==, 15000);
  chat_test_broker_resume (site->broker, 1);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", NULL));
  rabbitmq_reader_wait (reader, 2);
  rabbitmq_test_close (transport);
}

/* A connection of which nothing is heard any more; and an address at which there is nobody is passed over. */
static void
test_half_open (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatTestProxy) proxy = NULL;
  g_autofree char *first = NULL;
  const char *addresses[] = { NULL, "127.0.0.1:1", NULL, NULL };
  ChatTransport *transport;

  if (site == NULL)
    return;
  proxy = chat_test_proxy_new (chat_test_broker_get_port (site->broker, "addresses", 1));
  first = g_strdup_printf ("127.0.0.1:%u", chat_test_proxy_get_port (proxy));
  addresses[0] = first;
  addresses[2] = chat_test_broker_get (site->broker, "addresses");
  g_strfreev (site->options->addresses);
  site->options->addresses = g_strdupv ((char **)addresses);
  transport = rabbitmq_test_connect_full (site->options, 1);
  g_assert_true (status_says (transport, first));
  chat_test_proxy_set_silent (proxy, TRUE);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  chat_test_proxy_set_reachable (proxy, FALSE);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  g_assert_true (status_says (transport, addresses[2]));
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", NULL));
  rabbitmq_test_close (transport);
  g_strfreev (site->options->addresses);
  site->options->addresses = g_strsplit (chat_test_broker_get (site->broker, "addresses"), ",", 1);
  rabbitmq_plain_delete_all (site->options);
}

/* A memory alarm: what is sent waits or is refused as FULL, readers go on, and the state says why. */
static void
test_blocked (gconstpointer data)
{
  Site *site = site_take (data, "blocked.");
  g_autoptr (GError) error = NULL;
  Ledger ledger = { 0 };
  ChatTransport *transport;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect (site->options);
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", NULL));
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "set_vm_memory_high_watermark", "0.00001", NULL));
  publish_many (transport, &ledger, 1);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_DEGRADED);
  g_assert_true (status_says (transport, "memory"));
  g_assert_false (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL);
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "set_vm_memory_high_watermark", "0.9", NULL));
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  chat_test_wait_for_count (&ledger.confirmed, 1);
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", NULL));
  rabbitmq_test_close (transport);
}

static void
permit (Site *site, const char *configure, const char *write, const char *read)
{
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "set_permissions", "-p", site->options->virtual_host,
                                 site->options->user, configure, write, read, NULL));
}

/* Its own command fails where a client is quicker than it. */
static void
close_connections (Site *site)
{
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "eval",
                                 "[catch rabbit_networking:close_connection (Each, \"by its owner\") || "
                                 "Each <- rabbit_networking:connections ()], ok.",
                                 NULL));
}

static gboolean
publish_on (ChatTransport *transport, GError **error)
{
  return rabbitmq_test_publish (transport, "chat_controlled", "general", "{}", error);
}

/* Permissions that are taken away: DENIED, naming what; given back, it goes on over the same connection. */
static void
test_forbidden (gconstpointer data)
{
  Site *site = site_take (data, "forbidden.");
  g_autoptr (GError) error = NULL;
  ChatTransport *transport;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect (site->options);
  g_assert_true (publish_on (transport, NULL));
  permit (site, ".*", "^nothing$", ".*");
  /* a channel remembers what it may until it has been idle */
  while (publish_on (transport, &error))
    chat_test_run_for (CACHED_MS);
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, "chat_controlled"));
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_DEGRADED);
  g_assert_true (status_says (transport, "chat_controlled"));
  permit (site, ".*", ".*", ".*");
  g_assert_true (publish_on (transport, NULL));
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_ONLINE);
  rabbitmq_test_close (transport);
}

static gboolean
is_refused (gpointer transport)
{
  return status_says (transport, "ACCESS_REFUSED");
}

/* Nothing is allowed any more, and the connections are closed: it says why, and goes on where it stood when it may
 * again. */
static void
test_shut_out (gconstpointer data)
{
  Site *site = site_take (data, "shut_out.");
  g_autoptr (RabbitmqReader) reader = NULL, archiver = NULL;
  g_autoptr (GError) error = NULL;
  ChatTransport *transport;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect (site->options);
  reader = rabbitmq_reader_new (transport, "chat_controlled", NULL, CHAT_START_LIVE);
  archiver = rabbitmq_reader_new_group (transport, "chat_controlled", "archiver");
  g_assert_true (publish_on (transport, NULL));
  rabbitmq_reader_wait (reader, 1);
  rabbitmq_reader_wait (archiver, 1);
  permit (site, "^$", "^$", "^$");
  close_connections (site);
  chat_test_wait_until (is_refused, transport, "the broker's refusal");
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_CONNECTING);
  g_assert_false (publish_on (transport, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  permit (site, ".*", ".*", ".*");
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  g_assert_true (publish_on (transport, NULL));
  rabbitmq_reader_wait (reader, 2);
  rabbitmq_reader_wait (archiver, 3);
  g_assert_cmpuint (reader->gaps, ==, 0);
  g_assert_cmpuint (reader->closed + archiver->closed, ==, 0);
  rabbitmq_test_close (transport);
}

static void
denied_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  (*(guint *)user_data)++;
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  (*(guint *)user_data)++;
}

/* A group may read, and not publish what it makes of it: it says so until it may. */
static void
test_forward_forbidden (gconstpointer data)
{
  Site *site = site_take (data, "forward_forbidden.");
  g_autoptr (RabbitmqReader) archiver = NULL;
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("{}", 2);
  guint denied = 0, done = 0;
  ChatTransport *transport;

  if (site == NULL)
    return;
  g_ptr_array_add (outputs, chat_record_new ("chat_receipts", "general", bytes));
  transport = rabbitmq_test_connect (site->options);
  archiver = rabbitmq_reader_new_group (transport, "chat_controlled", "archiver");
  g_assert_true (publish_on (transport, NULL));
  rabbitmq_reader_wait (archiver, 1);
  permit (site, ".*", "^(?!.*chat_receipts$).*$", ".*");
  chat_transport_forward_async (transport, archiver->subscription, archiver->records, outputs, NULL, denied_cb,
                                &denied);
  chat_test_wait_for_count (&denied, 1);
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_DEGRADED);
  g_assert_true (status_says (transport, "chat_receipts"));
  permit (site, ".*", ".*", ".*");
  chat_transport_forward_async (transport, archiver->subscription, archiver->records, outputs, NULL, done_cb, &done);
  chat_test_wait_for_count (&done, 1);
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_ONLINE);
  rabbitmq_test_close (transport);
}

typedef struct
{
  amqp_connection_state_t plain;
  const char *exchange;
} Others;

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to, Others *others)
{
  rabbitmq_plain_flood (others->plain, others->exchange, "general", "after", 1);
}

/* A queue of its own goes with its connection. What is published from the moment on in which it is told of a gap is
 * not in that. */
static void
test_gap (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatTestProxy) proxy = NULL;
  g_autoptr (RabbitmqReader) reader = NULL;
  g_autoptr (ChatBrokerOptions) direct = NULL;
  g_autofree char *exchange = NULL;
  Others others;
  ChatTransport *transport;

  if (site == NULL)
    return;
  exchange = g_strconcat (site->options->prefix, "chat", NULL);
  others = (Others){ rabbitmq_plain_open (site->options), exchange };
  direct = chat_broker_options_copy (site->options);
  proxy = site_begin_proxy (site);
  transport = rabbitmq_test_connect (site->options);
  reader = rabbitmq_reader_new (transport, "chat", NULL, CHAT_START_LIVE);
  g_signal_connect (reader->subscription, "gap", G_CALLBACK (gap_cb), &others);
  chat_test_proxy_set_reachable (proxy, FALSE);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  chat_test_proxy_set_reachable (proxy, TRUE);
  chat_test_wait_for_count (&reader->gaps, 1);
  rabbitmq_reader_wait (reader, 1);
  g_signal_handlers_disconnect_by_data (reader->subscription, &others);
  rabbitmq_test_close (transport);
  rabbitmq_plain_close (others.plain);
  rabbitmq_plain_delete_all (direct);
}

/* A stream that is deleted and made again while a reader is away, and has more by then than the old one had: it is read
 * from its beginning. What comes of the old one is not taken for it. */
static void
test_another_stream (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatTestProxy) proxy = NULL;
  g_autoptr (RabbitmqReader) reader = NULL;
  g_autoptr (ChatBrokerOptions) direct = NULL;
  g_autofree char *stream = NULL;
  amqp_connection_state_t plain;
  ChatTransport *writer, *transport;

  if (site == NULL)
    return;
  direct = chat_broker_options_copy (site->options);
  plain = rabbitmq_plain_open (direct);
  writer = rabbitmq_test_connect (direct);
  stream = g_strconcat (site->options->prefix, "chat_controlled.log", NULL);
  proxy = site_begin_proxy (site);
  transport = rabbitmq_test_connect (site->options);
  reader = rabbitmq_reader_new (transport, "chat_controlled", NULL, CHAT_START_LIVE);
  for (guint i = 0; i < 3; i++)
    g_assert_true (rabbitmq_test_publish (writer, "chat_controlled", "general", "old", NULL));
  rabbitmq_reader_wait (reader, 3);

  /* a break alone: nothing comes twice, and nothing is missing */
  chat_test_proxy_set_reachable (proxy, FALSE);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  g_assert_true (rabbitmq_test_publish (writer, "chat_controlled", "general", "meanwhile", NULL));
  chat_test_proxy_set_reachable (proxy, TRUE);
  rabbitmq_reader_wait (reader, 4);
  g_assert_cmpuint (reader->gaps, ==, 0);

  chat_test_proxy_set_reachable (proxy, FALSE);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  rabbitmq_plain_delete_queue (plain, stream);
  rabbitmq_test_close (writer);
  writer = rabbitmq_test_connect (direct);
  for (guint i = 0; i < 6; i++)
    g_assert_true (rabbitmq_test_publish (writer, "chat_controlled", "general", "new", NULL));
  chat_test_proxy_set_reachable (proxy, TRUE);
  rabbitmq_reader_wait (reader, 10);
  g_assert_cmpuint (reader->gaps, ==, 1);
  for (guint i = 4; i < 10; i++)
    {
      g_autofree char *text = rabbitmq_reader_dup_text (reader, i);

      g_assert_cmpstr (text, ==, "new");
    }
  rabbitmq_test_close (writer);
  rabbitmq_test_close (transport);
  rabbitmq_plain_close (plain);
  rabbitmq_plain_delete_all (direct);
}

/* The queue's process hangs, and the broker does not confirm: who published is told, and it goes on once it does. */
static void
test_unconfirmed (gconstpointer data)
{
  Site *site = site_take (data, "unconfirmed.");
  Ledger ledger = { 0 };
  ChatTransport *transport;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect_full (site->options, 1);
  g_assert_true (publish_on (transport, NULL));
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "eval",
                                 "sys:suspend ('chat_unconfirmed.chat_controlled.archiver.0'), "
                                 "sys:suspend ('chat_unconfirmed.chat_controlled.archiver.1').",
                                 NULL));
  publish_many (transport, &ledger, 10);
  chat_test_wait_for_count (&ledger.refused, 10);
  g_assert_true (status_says (transport, "confirm"));
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "eval",
                                 "sys:resume ('chat_unconfirmed.chat_controlled.archiver.0'), "
                                 "sys:resume ('chat_unconfirmed.chat_controlled.archiver.1').",
                                 NULL));
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  g_assert_true (publish_on (transport, NULL));
  rabbitmq_test_close (transport);
}

static void
forwarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED);
  (*(guint *)user_data)++;
}

/* A break in mid-forward: ABORTED, and all of it comes again. */
static void
test_forward_broken (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatTestProxy) proxy = NULL;
  g_autoptr (RabbitmqReader) member = NULL;
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("{}", 2);
  g_autoptr (ChatBrokerOptions) direct = NULL;
  Ledger ledger = { 0 };
  guint aborted = 0;
  ChatTransport *transport;

  if (site == NULL)
    return;
  direct = chat_broker_options_copy (site->options);
  proxy = site_begin_proxy (site);
  transport = rabbitmq_test_connect (site->options);
  member = rabbitmq_reader_new_group (transport, "chat_controlled", "archiver");
  publish_many (transport, &ledger, 50);
  rabbitmq_reader_wait (member, 50);
  g_ptr_array_add (outputs, chat_record_new ("chat_receipts", "general", bytes));
  chat_test_proxy_set_silent (proxy, TRUE);
  chat_transport_forward_async (transport, member->subscription, member->records, outputs, NULL, forwarded_cb,
                                &aborted);
  chat_test_run_for (50);
  chat_test_proxy_set_reachable (proxy, FALSE);
  chat_test_wait_for_count (&aborted, 1);
  chat_test_wait_for_count (&member->revocations, 1);
  chat_test_proxy_set_silent (proxy, FALSE);
  chat_test_proxy_set_reachable (proxy, TRUE);
  rabbitmq_reader_wait (member, 100);
  rabbitmq_test_close (transport);
  rabbitmq_plain_delete_all (direct);
}

static void
publish_to (ChatTransport *transport, const char *key)
{
  g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", key, "{}", NULL));
}

/* What waits since before a break holds up what came after it only until it is delivered, however much of that is for
 * other channels. */
static void
test_waiting (gconstpointer data)
{
  Site *site = site_take (data, "waiting.");
  g_autoptr (RabbitmqReader) reader = NULL;
  Ledger ledger = { 0 };
  ChatTransport *transport;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect (site->options);
  reader = rabbitmq_reader_new (transport, "chat_controlled", "ours", CHAT_START_LIVE);
  chat_subscription_pause (reader->subscription);
  publish_to (transport, "ours");
  publish_to (transport, "ours");
  chat_test_run_for (200);
  close_connections (site);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_CONNECTING);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  publish_many (transport, &ledger, 3000);
  chat_test_wait_for_count (&ledger.confirmed, 3000);
  chat_test_run_for (500);
  chat_subscription_resume (reader->subscription);
  rabbitmq_reader_wait (reader, 2);
  publish_to (transport, "ours");
  rabbitmq_reader_wait (reader, 3);
  g_assert_cmpuint (reader->gaps, ==, 0);
  rabbitmq_test_close (transport);
}

static void
forward_again_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  chat_transport_forward_finish (CHAT_TRANSPORT (source), result, NULL);
}

/* What it forwards of before a break, while it is put in place again, is ABORTED; it is a full member all the same, and
 * shares with who joins. */
static void
test_forward_stale (gconstpointer data)
{
  Site *site = site_take (data, "stale.");
  g_autoptr (RabbitmqReader) first = NULL, second = NULL;
  g_autoptr (GPtrArray) stale = NULL, none = g_ptr_array_new ();
  ChatTransport *transport, *other;

  if (site == NULL)
    return;
  transport = rabbitmq_test_connect (site->options);
  first = rabbitmq_reader_new_group (transport, "chat_controlled", "archiver");
  g_assert_true (publish_on (transport, NULL));
  rabbitmq_reader_wait (first, 1);
  stale = g_ptr_array_copy (first->records, (GCopyFunc)(void (*) (void))chat_record_ref, NULL);
  g_ptr_array_set_free_func (stale, (GDestroyNotify)chat_record_unref);
  close_connections (site);
  chat_test_wait_for_count (&first->revocations, 1);
  rabbitmq_test_wait_state (transport, CHAT_TRANSPORT_ONLINE);
  for (guint i = 0; i < 150; i++)
    {
      chat_transport_forward_async (transport, first->subscription, stale, none, NULL, forward_again_cb, NULL);
      chat_test_run_for (1);
    }
  other = rabbitmq_test_connect (site->options);
  second = rabbitmq_reader_new_group (other, "chat_controlled", "archiver");
  chat_test_wait_for_count (&first->revocations, 2);
  for (guint i = 0; i < 16; i++)
    {
      g_autofree char *key = g_strdup_printf ("key-%u", i);

      g_assert_true (rabbitmq_test_publish (transport, "chat_controlled", key, "{}", NULL));
    }
  rabbitmq_reader_wait (second, 1);
  rabbitmq_test_close (other);
  rabbitmq_test_close (transport);
}

int
main (int argc, char **argv)
{
  g_autoptr (Site) site = NULL;

  g_test_init (&argc, &argv, NULL);
  site = site_new (CHAT_TEST_BROKER_PRIVATE);
  g_test_add_func ("/rabbitmq/faults/half-open", test_half_open);
  g_test_add_func ("/rabbitmq/faults/gap", test_gap);
  g_test_add_func ("/rabbitmq/faults/another-stream", test_another_stream);
  g_test_add_func ("/rabbitmq/faults/forward-broken", test_forward_broken);
  g_test_add_data_func ("/rabbitmq/faults/unconfirmed", site, test_unconfirmed);
  g_test_add_data_func ("/rabbitmq/faults/blocked", site, test_blocked);
  g_test_add_data_func ("/rabbitmq/faults/forbidden", site, test_forbidden);
  g_test_add_data_func ("/rabbitmq/faults/shut-out", site, test_shut_out);
  g_test_add_data_func ("/rabbitmq/faults/forward-forbidden", site, test_forward_forbidden);
  g_test_add_data_func ("/rabbitmq/faults/forward-stale", site, test_forward_stale);
  g_test_add_data_func ("/rabbitmq/faults/waiting", site, test_waiting);
  g_test_add_func ("/rabbitmq/faults/stopped", test_stopped);
  g_test_add_func ("/rabbitmq/faults/killed", test_killed);
  return g_test_run ();
}
