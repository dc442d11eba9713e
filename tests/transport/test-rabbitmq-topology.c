/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands on the broker, what others put there, and what becomes of us when it is not there. */
#include <string.h>

#include "rabbitmq-test.h"

#define SHARDS 3

typedef struct
{
  ChatTestBroker *broker;
  ChatBrokerOptions *options;
  ChatTransport *transport;
  amqp_connection_state_t plain;
} Site;

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
  self->options->shards = SHARDS;
  self->plain = rabbitmq_plain_open (self->options);
  return self;
}

static void
site_connect (Site *self)
{
  self->transport = rabbitmq_test_connect (self->options);
}

static void
site_free (Site *self)
{
  if (self->transport != NULL)
    rabbitmq_test_close (self->transport);
  rabbitmq_plain_close (self->plain);
  rabbitmq_plain_delete_all (self->options);
  chat_broker_options_free (self->options);
  chat_test_broker_free (self->broker);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Site, site_free)

static char *
name_of (Site *site, const char *rest)
{
  return g_strconcat (site->options->prefix, rest, NULL);
}

static gint64
count_shards (Site *site, const char *group)
{
  gint64 sum = 0;

  for (guint i = 0; i < SHARDS; i++)
    {
      g_autofree char *queue = g_strdup_printf ("%s%s.%u", site->options->prefix, group, i);
      gint64 count = rabbitmq_plain_count (site->plain, queue);

      g_assert_cmpint (count, >=, 0);
      sum += count;
    }
  return sum;
}

/* What is published before the first moderator is there is kept for it. */
static void
test_known_groups (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) moderator = NULL;

  if (site == NULL)
    return;
  site_connect (site);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *key = g_strdup_printf ("channel-%u", i);

      g_assert_true (rabbitmq_test_publish (site->transport, "chat", key, "{}", NULL));
    }
  g_assert_cmpint (count_shards (site, "chat.moderator"), ==, 20);
  moderator = rabbitmq_reader_new_group (site->transport, "chat", "moderator");
  rabbitmq_reader_wait (moderator, 20);
}

/* A record goes to the queue that its key says, whatever order the broker has its queues in; another client's to any.
 */
static void
test_shards (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) archiver = NULL;
  g_autofree char *exchange = NULL;
  guint taken[SHARDS] = { 0 };

  if (site == NULL)
    return;
  exchange = name_of (site, "chat_controlled");
  site_connect (site);
  archiver = rabbitmq_reader_new_group (site->transport, "chat_controlled", "archiver");
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *key = g_strdup_printf ("channel-%u", i);

      g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", key, "{}", NULL));
    }
  rabbitmq_reader_wait (archiver, 12);
  for (guint i = 0; i < 12; i++)
    {
      ChatRecord *record = g_ptr_array_index (archiver->records, i);

      g_assert_cmpuint ((guint)chat_record_get_shard (record), ==, g_str_hash (chat_record_get_key (record)) % SHARDS);
      g_assert_null (chat_record_get_header (record, "tertulia-shard"));
      taken[chat_record_get_shard (record)]++;
    }
  for (guint i = 0; i < SHARDS; i++)
    g_assert_cmpuint (taken[i], >, 0);
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *key = g_strdup_printf ("channel-%u", i);

      rabbitmq_plain_publish (site->plain, exchange, key, "bare", 4, NULL);
    }
  rabbitmq_reader_wait (archiver, 24);
}

/* Nothing is lost silently: what nobody takes comes back, and an exchange that is not there is named. */
static void
test_returned (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autofree char *exchange = NULL;
  g_autoptr (GError) nobody = NULL, absent = NULL;

  if (site == NULL)
    return;
  exchange = name_of (site, "chat");
  amqp_exchange_declare (site->plain, 1, amqp_cstring_bytes (exchange), amqp_cstring_bytes ("topic"), 0, 1, 0, 0,
                         amqp_empty_table);
  site->options->declare = FALSE;
  site_connect (site);
  g_assert_false (rabbitmq_test_publish (site->transport, "chat", "general", "{}", &nobody));
  g_assert_error (nobody, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_assert_nonnull (strstr (nobody->message, exchange));
  g_assert_false (rabbitmq_test_publish (site->transport, "nothing", "general", "{}", &absent));
  g_assert_error (absent, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_assert_nonnull (strstr (absent->message, "nothing"));
}

/* An exchange that is deleted under us is declared anew, and the record is not lost: its group gets it. */
static void
test_exchange_deleted (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autofree char *exchange = NULL;
  g_autoptr (RabbitmqReader) archiver = NULL;

  if (site == NULL)
    return;
  exchange = name_of (site, "chat_controlled");
  site_connect (site);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "{}", NULL));
  amqp_exchange_delete (site->plain, 1, amqp_cstring_bytes (exchange), 0);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "{}", NULL));
  archiver = rabbitmq_reader_new_group (site->transport, "chat_controlled", "archiver");
  rabbitmq_reader_wait (archiver, 2);
}

/* So are the queues of the service's groups: what comes back for want of them is published again. */
static void
test_queues_deleted (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) moderator = NULL;

  if (site == NULL)
    return;
  site_connect (site);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat", "general", "{}", NULL));
  for (guint i = 0; i < SHARDS; i++)
    {
      g_autofree char *rest = g_strdup_printf ("chat.moderator.%u", i), *queue = name_of (site, rest);

      amqp_queue_delete (site->plain, 1, amqp_cstring_bytes (queue), 0, 0);
    }
  g_assert_true (rabbitmq_test_publish (site->transport, "chat", "general", "{}", NULL));
  moderator = rabbitmq_reader_new_group (site->transport, "chat", "moderator");
  rabbitmq_reader_wait (moderator, 1);
}

static void
publish_foreign (Site *site, const char *exchange)
{
  static const guint8 noise[] = { 0xff, 0x00, 0xfe, 'x' };
  amqp_table_entry_t entries[3] = { { .key = amqp_cstring_bytes ("number") },
                                    { .key = amqp_cstring_bytes ("") },
                                    { .key = amqp_cstring_bytes ("table") } };
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG };

  rabbitmq_plain_publish (site->plain, exchange, "general", "bare", 4, NULL);
  rabbitmq_plain_publish (site->plain, exchange, "", noise, sizeof noise, NULL);
  rabbitmq_plain_publish (site->plain, exchange, "k\xff\xfe", NULL, 0, NULL);
  entries[0].value.kind = AMQP_FIELD_KIND_I32;
  entries[0].value.value.i32 = -7;
  entries[1].value.kind = AMQP_FIELD_KIND_VOID;
  entries[2].value.kind = AMQP_FIELD_KIND_TABLE;
  properties.headers = (amqp_table_t){ G_N_ELEMENTS (entries), entries };
  properties.message_id = amqp_cstring_bytes ("F2504E04-89D3-41D3-9A0C-0305E82C3301");
  rabbitmq_plain_publish (site->plain, exchange, "general", "named", 5, &properties);
}

/* Other clients' records come through, and have the same id in a stream and in a queue. */
static void
test_foreign (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) reader = NULL, archiver = NULL;
  g_autofree char *exchange = NULL, *id = NULL;
  ChatRecord *last;

  if (site == NULL)
    return;
  exchange = name_of (site, "chat_controlled");
  site->options->shards = 1;
  site_connect (site);
  reader = rabbitmq_reader_new (site->transport, "chat_controlled", NULL, CHAT_START_LIVE);
  archiver = rabbitmq_reader_new_group (site->transport, "chat_controlled", "archiver");
  publish_foreign (site, exchange);
  rabbitmq_reader_wait (reader, 4);
  rabbitmq_reader_wait (archiver, 4);
  for (guint i = 0; i < 4; i++)
    {
      ChatRecord *streamed = g_ptr_array_index (reader->records, i), *queued = g_ptr_array_index (archiver->records, i);
      g_autofree char *first = chat_record_dup_id (streamed, "rabbitmq"),
                      *second = chat_record_dup_id (queued, "rabbitmq");

      g_assert_true (g_bytes_equal (chat_record_get_bytes (streamed), chat_record_get_bytes (queued)));
      g_assert_cmpstr (first, ==, second);
      g_assert_true (chat_record_get_key (streamed) == NULL
                     || g_utf8_validate (chat_record_get_key (streamed), -1, NULL));
    }
  last = g_ptr_array_index (reader->records, 3);
  id = chat_record_dup_id (last, "rabbitmq");
  g_assert_cmpstr (id, ==, "f2504e04-89d3-41d3-9a0c-0305e82c3301");
  g_assert_cmpstr (chat_record_get_header (last, "number"), ==, "-7");
}

/* Warnings: each user's own by his key, all of them by the stream. */
static void
test_direct (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) all = NULL, one = NULL;
  g_autofree char *exchange = NULL, *queue = NULL;
  g_autoptr (GBytes) got = NULL;

  if (site == NULL)
    return;
  exchange = name_of (site, "chat_warnings");
  queue = name_of (site, "inés");
  site_connect (site);
  all = rabbitmq_reader_new (site->transport, "chat_warnings", NULL, CHAT_START_LIVE);
  one = rabbitmq_reader_new (site->transport, "chat_warnings", "#", CHAT_START_LIVE);
  rabbitmq_plain_declare_queue (site->plain, queue, exchange, "inés");
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_warnings", "inés", "hers", NULL));
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_warnings", "eco", "his", NULL));
  rabbitmq_reader_wait (all, 2);
  g_assert_cmpuint (one->count, ==, 0);
  got = rabbitmq_plain_get (site->plain, queue);
  g_assert_nonnull (got);
  g_assert_null (rabbitmq_plain_get (site->plain, queue));
  rabbitmq_plain_delete_queue (site->plain, queue);
}

/* The queue of a group is deleted under its consumer: it is declared anew, and the work goes on. */
static void
test_cancelled (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) member = NULL, reader = NULL;
  g_autofree char *queue = NULL, *stream = NULL;

  if (site == NULL)
    return;
  site->options->shards = 1;
  queue = name_of (site, "chat_controlled.archiver.0");
  stream = name_of (site, "chat_controlled.log");
  site_connect (site);
  member = rabbitmq_reader_new_group (site->transport, "chat_controlled", "archiver");
  reader = rabbitmq_reader_new (site->transport, "chat_controlled", NULL, CHAT_START_LIVE);
  for (guint i = 0; i < 3; i++)
    g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "before", NULL));
  rabbitmq_reader_wait (member, 3);
  rabbitmq_reader_wait (reader, 3);
  rabbitmq_plain_delete_queue (site->plain, queue);
  rabbitmq_plain_delete_queue (site->plain, stream);
  chat_test_wait_for_count (&member->revocations, 1);
  chat_test_wait_for_count (&reader->gaps, 1);
  rabbitmq_test_wait_state (site->transport, CHAT_TRANSPORT_ONLINE);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "after", NULL));
  rabbitmq_reader_wait (member, 4);
  rabbitmq_reader_wait (reader, 4);
}

/* Who may not have streams reads live, says so, and is told when his queue was too small. */
static void
test_without_streams (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) reader = NULL;
  g_autoptr (ChatBrokerOptions) poor = NULL;
  g_autofree char *user = NULL, *exchange = NULL;
  static const char *const most = "^(?!.*\\.log$).*$";

  if (site == NULL)
    return;
  user = g_strdup_printf ("%spoor", site->options->prefix);
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "add_user", user, "secret", NULL));
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "set_permissions", "-p", site->options->virtual_host, user,
                                 most, most, most, NULL));
  poor = chat_broker_options_copy (site->options);
  g_free (poor->user);
  g_free (poor->password);
  poor->user = g_strdup (user);
  poor->password = g_strdup ("secret");
  exchange = name_of (site, "chat_controlled");
  site->transport = rabbitmq_test_connect_full (poor, 60); /* the flood holds the main loop up */
  g_assert_cmpuint (chat_transport_get_features (site->transport), ==, CHAT_TRANSPORT_GROUPS);
  reader = rabbitmq_reader_new (site->transport, "chat_controlled", "general", CHAT_START_LIVE);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "random", "no", NULL));
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "yes", NULL));
  rabbitmq_reader_wait (reader, 1);

  chat_subscription_pause (reader->subscription);
  rabbitmq_plain_flood (site->plain, exchange, "general", "flood", 12500);
  chat_subscription_resume (reader->subscription);
  chat_test_wait_for_count (&reader->gaps, 1);
  rabbitmq_reader_wait (reader, 2000);
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "delete_user", user, NULL));
}

/* Credentials that may read an exchange into a queue of the broker's naming, and nothing else, are enough to read live.
 */
static void
test_reader_only (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (RabbitmqReader) reader = NULL;
  g_autoptr (ChatBrokerOptions) desktop = NULL;
  g_autofree char *user = NULL;
  ChatTransport *transport;

  if (site == NULL)
    return;
  site_connect (site);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "before", NULL));
  user = g_strdup_printf ("%sdesktop", site->options->prefix);
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "add_user", user, "secret", NULL));
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "set_permissions", "-p", site->options->virtual_host, user,
                                 "^amq\\.gen.*$", "^amq\\.gen.*$", "^(amq\\.gen.*|.*chat_controlled)$", NULL));
  desktop = chat_broker_options_copy (site->options);
  g_free (desktop->user);
  g_free (desktop->password);
  desktop->user = g_strdup (user);
  desktop->password = g_strdup ("secret");
  desktop->declare = FALSE;
  transport = rabbitmq_test_connect (desktop);
  reader = rabbitmq_reader_new (transport, "chat_controlled", NULL, CHAT_START_LIVE);
  g_assert_true (rabbitmq_test_publish (site->transport, "chat_controlled", "general", "after", NULL));
  rabbitmq_reader_wait (reader, 1);
  g_assert_cmpuint (reader->gaps, ==, 0);
  rabbitmq_test_close (transport);
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "delete_user", user, NULL));
}

/* Without the plugin for consistent hashes there is one queue. */
static void
test_without_hash (void)
{
  g_autoptr (Site) site = site_new (CHAT_TEST_BROKER_PRIVATE);
  g_autoptr (RabbitmqReader) moderator = NULL;

  if (site == NULL)
    return;
  g_free (chat_test_broker_tell (site->broker, "ctl", "1", "eval",
                                 "rabbit_registry:unregister(exchange, <<\"x-consistent-hash\">>).", NULL));
  site_connect (site);
  moderator = rabbitmq_reader_new_group (site->transport, "chat", "moderator");
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *key = g_strdup_printf ("channel-%u", i);

      g_assert_true (rabbitmq_test_publish (site->transport, "chat", key, "{}", NULL));
    }
  rabbitmq_reader_wait (moderator, 10);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (chat_record_get_shard (g_ptr_array_index (moderator->records, i)), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rabbitmq/topology/known-groups", test_known_groups);
  g_test_add_func ("/rabbitmq/topology/shards", test_shards);
  g_test_add_func ("/rabbitmq/topology/returned", test_returned);
  g_test_add_func ("/rabbitmq/topology/exchange-deleted", test_exchange_deleted);
  g_test_add_func ("/rabbitmq/topology/queues-deleted", test_queues_deleted);
  g_test_add_func ("/rabbitmq/topology/foreign", test_foreign);
  g_test_add_func ("/rabbitmq/topology/direct", test_direct);
  g_test_add_func ("/rabbitmq/topology/cancelled", test_cancelled);
  g_test_add_func ("/rabbitmq/topology/without-streams", test_without_streams);
  g_test_add_func ("/rabbitmq/topology/reader-only", test_reader_only);
  g_test_add_func ("/rabbitmq/topology/without-hash", test_without_hash);
  return g_test_run ();
}
