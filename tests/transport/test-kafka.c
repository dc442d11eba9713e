/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Kafka's transport does beyond the conformance suite, with a real broker; kcat is who checks it. */
#include <librdkafka/rdkafka.h>
#include <string.h>

#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "core/chat-uuid.h"
#include "transport/kafka/chat-kafka-transport.h"

typedef struct
{
  ChatTestBroker *broker;
  ChatBrokerOptions *options;
} Fixture;

static gboolean
begin (Fixture *f)
{
  f->broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  if (f->broker == NULL)
    return FALSE;
  f->options = chat_test_broker_dup_options (f->broker, FALSE, CHAT_BROKER_ANONYMOUS);
  f->options->shards = 4;
  return TRUE;
}

static void
end (Fixture *f)
{
  chat_broker_options_free (f->options);
  chat_test_broker_free (f->broker);
}

static ChatTransport *
transport_new (Fixture *f)
{
  ChatTransport *transport = chat_kafka_transport_new (f->options);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_connect, transport, &error);
  g_assert_no_error (error);
  return transport;
}

static void
transport_free (ChatTransport *transport)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_close, transport, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (transport);
}

static void
publish (ChatTransport *transport, const char *topic, const char *key, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (ChatRecord) record = chat_record_new (topic, key, bytes);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_publish, transport, &error, record);
  g_assert_no_error (error);
}

static ChatSubscription *
subscribe (ChatTransport *transport, const char *const *topics, ChatStartKind kind, const char *group, GError **error)
{
  const ChatStart start = { kind, NULL, 0, group };
  ChatSubscription *subscription;

  subscription = chat_test_call (chat_transport_subscribe, transport, error, topics, NULL, &start);
  if (subscription != NULL)
    chat_subscription_set_priority (subscription, G_PRIORITY_DEFAULT);
  return subscription;
}

typedef struct
{
  ChatSubscription *subscription;
  GPtrArray *records;
  guint count, gaps;
} Reader;

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, Reader *self)
{
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (self->records, chat_record_ref (g_ptr_array_index (batch, i)));
  self->count = self->records->len;
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to, Reader *self)
{
  self->gaps++;
}

static Reader *
reader_new (ChatTransport *transport, const char *topic, ChatStartKind kind, const char *group)
{
  const char *topics[] = { topic, NULL };
  Reader *self = g_new0 (Reader, 1);
  g_autoptr (GError) error = NULL;

  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  self->subscription = subscribe (transport, topics, kind, group, &error);
  g_assert_no_error (error);
  g_signal_connect (self->subscription, "records", G_CALLBACK (records_cb), self);
  g_signal_connect (self->subscription, "gap", G_CALLBACK (gap_cb), self);
  return self;
}

static void
reader_free (Reader *self)
{
  chat_test_call (chat_subscription_close, self->subscription, NULL);
  g_object_unref (self->subscription);
  g_ptr_array_unref (self->records);
  g_free (self);
}

static gboolean
forward (ChatTransport *transport, Reader *reader, guint from, guint to, const char *topic, GError **error)
{
  g_autoptr (GPtrArray) inputs = g_ptr_array_new (), outputs = NULL;

  outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = from; i < to; i++)
    {
      ChatRecord *input = g_ptr_array_index (reader->records, i);

      g_ptr_array_add (inputs, input);
      g_ptr_array_add (outputs, chat_record_new (topic, chat_record_get_key (input), chat_record_get_bytes (input)));
    }
  return chat_test_call (chat_transport_forward, transport, error, reader->subscription, inputs, outputs);
}

/* (transfer full): what an independent reader finds committed in a topic, a line each: "KEY TEXT", in order of each
 * partition. */
static char **
read_with_kcat (Fixture *f, const char *topic)
{
  g_autofree char *name = chat_broker_options_dup_name (f->options, topic);
  const char *arguments[] = { "kcat", "-C",
                              "-q",   "-e",
                              "-b",   f->options->addresses[0],
                              "-X",   "isolation.level=read_committed",
                              "-o",   "beginning",
                              "-f",   "%k %s\n",
                              "-t",   name,
                              NULL };
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output,
                NULL, &status, &error);
  g_assert_no_error (error);
  return g_strsplit (g_strchomp (output), "\n", -1);
}

static rd_kafka_t *
transactional_new (Fixture *f, const char *id)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char why[256];
  rd_kafka_t *producer;

  rd_kafka_conf_set (conf, "bootstrap.servers", f->options->addresses[0], why, sizeof why);
  rd_kafka_conf_set (conf, "transactional.id", id, why, sizeof why);
  producer = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (producer);
  g_assert_null (rd_kafka_init_transactions (producer, 20000));
  g_assert_null (rd_kafka_begin_transaction (producer));
  return producer;
}

static void
produce (Fixture *f, rd_kafka_t *producer, const char *topic, const char *key, const char *text)
{
  g_autofree char *name = chat_broker_options_dup_name (f->options, topic);

  g_assert_cmpint (rd_kafka_producev (producer, RD_KAFKA_V_TOPIC (name), RD_KAFKA_V_KEY (key, strlen (key)),
                                      RD_KAFKA_V_VALUE ((void *)text, strlen (text)),
                                      RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                   ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_cmpint (rd_kafka_flush (producer, 20000), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Topics */

static void
test_list (void)
{
  Fixture f;
  ChatTransport *transport;
  g_auto (GStrv) topics = NULL;
  g_autoptr (GError) error = NULL;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  publish (transport, "chat_controlled", "general", "x");
  publish (transport, "chat", "general", "x");
  topics = chat_test_call (chat_transport_list_topics, transport, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (topics), ==, 2);
  g_assert_cmpstr (topics[0], ==, "chat");
  g_assert_cmpstr (topics[1], ==, "chat_controlled");
  transport_free (transport);
  end (&f);
}

/* Who declares nothing is told that the topic is not there, and does not make one either. */
static void
test_missing (void)
{
  const char *topics[] = { "nowhere", NULL };
  Fixture f;
  ChatTransport *transport;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (ChatRecord) record = chat_record_new ("nowhere", "general", bytes);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) found = NULL;

  if (!begin (&f))
    return;
  f.options->declare = FALSE;
  transport = transport_new (&f);
  g_assert_null (subscribe (transport, topics, CHAT_START_LIVE, NULL, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_assert_nonnull (strstr (error->message, "nowhere"));
  g_clear_error (&error);
  g_assert_null (subscribe (transport, topics, CHAT_START_GROUP, "group", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_clear_error (&error);
  g_assert_false (chat_test_call (chat_transport_publish, transport, &error, record));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  found = chat_test_call (chat_transport_list_topics, transport, NULL);
  g_assert_cmpuint (g_strv_length (found), ==, 0);
  transport_free (transport);
  end (&f);
}

static void
test_declared (void)
{
  Fixture f;
  ChatTransport *transport;
  g_autofree char *name = NULL, *answer = NULL;

  if (!begin (&f))
    return;
  f.options->shards = 5;
  f.options->retention_ms = 7200000;
  f.options->retention_bytes = 1234567;
  f.options->min_insync = 1;
  transport = transport_new (&f);
  publish (transport, "chat", "general", "x");
  publish (transport, CHAT_TOPIC_CONTROL, NULL, "x");
  name = chat_broker_options_dup_name (f.options, "chat");
  answer = chat_test_broker_tell (f.broker, "topics", "--describe", "--topic", name, NULL);
  g_assert_nonnull (strstr (answer, "PartitionCount: 5"));
  g_assert_nonnull (strstr (answer, "retention.ms=7200000"));
  g_assert_nonnull (strstr (answer, "retention.bytes=1234567"));
  g_assert_nonnull (strstr (answer, "min.insync.replicas=1"));
  transport_free (transport);
  end (&f);
}

static gboolean
is_degraded (gpointer transport)
{
  return chat_transport_get_state (transport) == CHAT_TRANSPORT_DEGRADED;
}

static gboolean
is_online (gpointer transport)
{
  return chat_transport_get_state (transport) == CHAT_TRANSPORT_ONLINE;
}

/* Fewer partitions than wished for are used, and said. */
static void
test_fewer (void)
{
  Fixture f;
  ChatTransport *transport;
  g_autofree char *status = NULL;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  publish (transport, "chat", "general", "x");
  g_assert_true (is_online (transport));
  transport_free (transport);
  f.options->shards = 6;
  transport = transport_new (&f);
  publish (transport, "chat", "general", "x");
  g_assert_true (is_degraded (transport));
  status = chat_transport_dup_status (transport);
  g_assert_nonnull (strstr (status, "has 4 partitions and not 6"));
  transport_free (transport);
  end (&f);
}

/* A topic that goes is said to be gone, and read again once it is back. */
static void
test_deleted (void)
{
  Fixture f;
  ChatTransport *transport, *other;
  Reader *reader;
  g_autofree char *name = NULL, *answer = NULL, *status = NULL;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  reader = reader_new (transport, "chat", CHAT_START_EARLIEST, NULL);
  for (guint i = 0; i < 5; i++)
    publish (transport, "chat", "general", "before");
  chat_test_wait_for_count (&reader->count, 5);
  name = chat_broker_options_dup_name (f.options, "chat");
  answer = chat_test_broker_tell (f.broker, "topics", "--delete", "--topic", name, NULL);
  chat_test_wait_until (is_degraded, transport, "the topic to be missed");
  status = chat_transport_dup_status (transport);
  g_assert_nonnull (strstr (status, "chat"));

  other = transport_new (&f);
  publish (other, "chat", "general", "after");
  chat_test_wait_for_count (&reader->count, 6);
  chat_test_wait_until (is_online, transport, "the topic to be there again");
  transport_free (other);
  reader_free (reader);
  transport_free (transport);
  end (&f);
}

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  (*(guint *)user_data)++;
}

/* Who declares what is missing publishes to a topic that was deleted meanwhile, in the order of the calls. */
static void
test_deleted_publish (void)
{
  Fixture f;
  ChatTransport *transport;
  Reader *reader;
  guint published = 0;
  g_autofree char *name = NULL, *answer = NULL;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  publish (transport, "chat", "general", "before");
  name = chat_broker_options_dup_name (f.options, "chat");
  answer = chat_test_broker_tell (f.broker, "topics", "--delete", "--topic", name, NULL);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf ("after %u", i);
      g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
      g_autoptr (ChatRecord) record = chat_record_new ("chat", "general", bytes);

      chat_transport_publish_async (transport, record, NULL, published_cb, &published);
      if (i == 25)
        chat_test_wait_for_count (&published, 1);
    }
  chat_test_wait_for_count (&published, 50);
  reader = reader_new (transport, "chat", CHAT_START_EARLIEST, NULL);
  chat_test_wait_for_count (&reader->count, 50);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf ("after %u", i);
      GBytes *bytes = chat_record_get_bytes (reader->records->pdata[i]);

      g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
    }
  reader_free (reader);
  transport_free (transport);
  end (&f);
}

/* What a group has acknowledged of a topic says nothing of another one of that name, however long that is already when
 * it is noticed. */
static void
test_deleted_group (void)
{
  Fixture f;
  ChatTransport *transport, *other;
  Reader *member;
  g_autofree char *name = NULL, *answer = NULL;
  g_autoptr (GError) error = NULL;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  member = reader_new (transport, "chat", CHAT_START_GROUP, "group");
  for (guint i = 0; i < 5; i++)
    publish (transport, "chat", "general", "before");
  chat_test_wait_for_count (&member->count, 5);
  g_assert_true (forward (transport, member, 0, 5, "out", &error));
  g_assert_no_error (error);
  name = chat_broker_options_dup_name (f.options, "chat");
  answer = chat_test_broker_tell (f.broker, "topics", "--delete", "--topic", name, NULL);
  chat_test_wait_until (is_degraded, transport, "the topic to be missed");
  other = transport_new (&f);
  for (guint i = 0; i < 12; i++)
    publish (other, "chat", "general", "after");
  chat_test_wait_for_count (&member->count, 17);
  g_assert_true (forward (transport, member, 5, 17, "out", &error));
  g_assert_no_error (error);
  transport_free (other);
  reader_free (member);
  transport_free (transport);
  end (&f);
}

/* Transactions */

static gboolean
has_no_lag (gpointer subscription)
{
  gint64 records;

  chat_subscription_get_lag (subscription, &records, NULL);
  return records == 0;
}

/* What a transaction writes for itself is no gap, no lag, and no place to begin again before. */
static void
test_markers (void)
{
  Fixture f;
  ChatTransport *transport;
  Reader *member, *reader;
  rd_kafka_t *producer;
  g_autofree char *id = chat_uuid_v7 ();
  g_autoptr (GError) error = NULL;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  reader = reader_new (transport, "out", CHAT_START_LIVE, NULL);
  member = reader_new (transport, "chat", CHAT_START_GROUP, "group");
  for (guint i = 0; i < 5; i++)
    {
      publish (transport, "chat", "general", "text");
      chat_test_wait_for_count (&member->count, i + 1);
      g_assert_true (forward (transport, member, i, i + 1, "out", &error));
      g_assert_no_error (error);
    }
  producer = transactional_new (&f, id);
  produce (&f, producer, "out", "general", "aborted");
  g_assert_null (rd_kafka_abort_transaction (producer, 20000));
  rd_kafka_destroy (producer);
  chat_test_wait_for_count (&reader->count, 5);
  chat_test_wait_until (has_no_lag, reader->subscription, "no lag");
  g_assert_cmpuint (reader->count, ==, 5);
  g_assert_cmpuint (reader->gaps, ==, 0);
  reader_free (reader);
  reader_free (member);
  transport_free (transport);
  end (&f);
}

/* What was begun before a live reader and committed after it was published after it. */
static void
test_open_transaction (void)
{
  Fixture f;
  ChatTransport *transport;
  Reader *reader;
  rd_kafka_t *producer;
  g_autofree char *id = chat_uuid_v7 ();

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  publish (transport, "chat", "general", "before");
  producer = transactional_new (&f, id);
  produce (&f, producer, "chat", "general", "within");
  reader = reader_new (transport, "chat", CHAT_START_LIVE, NULL);
  g_assert_null (rd_kafka_commit_transaction (producer, 20000));
  rd_kafka_destroy (producer);
  chat_test_wait_for_count (&reader->count, 1);
  g_assert_cmpuint (reader->count, ==, 1);
  reader_free (reader);
  transport_free (transport);
  end (&f);
}

/* What a process that was killed has left open is ended by who takes its slot, not by a time-out. */
static void
test_slot (void)
{
  Fixture f;
  ChatTransport *transport;
  Reader *member, *reader;
  rd_kafka_t *killed;
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;
  gint64 began;

  if (!begin (&f))
    return;
  f.options->slot = g_strdup ("moderator1");
  transport = transport_new (&f);
  reader = reader_new (transport, "out", CHAT_START_LIVE, NULL);
  id = g_strconcat (f.options->prefix, "group.moderator1", NULL);
  killed = transactional_new (&f, id);
  produce (&f, killed, "out", "general", "left open");

  began = g_get_monotonic_time ();
  member = reader_new (transport, "chat", CHAT_START_GROUP, "group");
  publish (transport, "chat", "general", "text");
  chat_test_wait_for_count (&member->count, 1);
  g_assert_true (forward (transport, member, 0, 1, "out", &error));
  g_assert_no_error (error);
  chat_test_wait_for_count (&reader->count, 1);
  /* the time-out of a transaction is a minute by default */
  g_assert_cmpint (g_get_monotonic_time () - began, <, 20 * G_USEC_PER_SEC);
  rd_kafka_destroy (killed);
  reader_free (reader);
  reader_free (member);
  transport_free (transport);
  end (&f);
}

/* Groups */

/* Copies what it is given, a batch at a time, until it is told to go. */
typedef struct
{
  ChatTransport *transport;
  Reader *reader;
  guint done, aborted;
  gboolean busy;

} Copier;

static void copy_next (Copier *self);

static void
copied_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Copier *self = user_data;
  g_autoptr (GError) error = NULL;

  self->busy = FALSE;
  if (chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error))
    self->done++;
  else if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED))
    {
      self->aborted++;
      g_ptr_array_set_size (self->reader->records, 0);
    }
  else
    g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED);
  copy_next (self);
}

static void
copy_next (Copier *self)
{
  g_autoptr (GPtrArray) inputs = NULL, outputs = NULL;

  if (self->busy || self->reader->records->len == 0 || chat_subscription_is_closed (self->reader->subscription))
    return;
  inputs = g_steal_pointer (&self->reader->records);
  self->reader->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < inputs->len; i++)
    g_ptr_array_add (outputs, chat_record_new ("out", chat_record_get_key (g_ptr_array_index (inputs, i)),
                                               chat_record_get_bytes (g_ptr_array_index (inputs, i))));
  self->busy = TRUE;
  chat_transport_forward_async (self->transport, self->reader->subscription, inputs, outputs, NULL, copied_cb, self);
}

static void
copy_cb (ChatSubscription *subscription, GPtrArray *batch, Copier *self)
{
  copy_next (self);
}

static void
copy_revoked_cb (ChatSubscription *subscription, const char *topic, GArray *shards, Copier *self)
{
  GPtrArray *records = self->reader->records;

  for (guint i = records->len; i-- > 0;)
    for (guint j = 0; j < shards->len; j++)
      if (chat_record_get_shard (g_ptr_array_index (records, i)) == g_array_index (shards, gint, j))
        {
          g_ptr_array_remove_index (records, i);
          break;
        }
}

static Copier *
copier_new (Fixture *f)
{
  Copier *self = g_new0 (Copier, 1);

  self->transport = transport_new (f);
  self->reader = reader_new (self->transport, "chat", CHAT_START_GROUP, "copiers");
  g_signal_connect (self->reader->subscription, "records", G_CALLBACK (copy_cb), self);
  g_signal_connect (self->reader->subscription, "revoked", G_CALLBACK (copy_revoked_cb), self);
  copy_next (self);
  return self;
}

static void
copier_free (Copier *self)
{
  reader_free (self->reader);
  transport_free (self->transport);
  g_free (self);
}

#define COPIES 3000
#define KEYS 12

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *confirmed = user_data;

  g_assert_true (chat_transport_publish_finish (CHAT_TRANSPORT (source), result, NULL));
  (*confirmed)++;
}

static void
publish_numbers (ChatTransport *transport, guint from, guint to, guint *confirmed)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *key = g_strdup_printf ("key%u", i % KEYS), *text = g_strdup_printf ("%u", i);
      g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
      g_autoptr (ChatRecord) record = chat_record_new ("chat", key, bytes);

      chat_transport_publish_async (transport, record, NULL, confirmed_cb, confirmed);
    }
}

/* Each number once, and those of a key in their order. */
static void
check_copies (Fixture *f)
{
  g_auto (GStrv) lines = read_with_kcat (f, "out");
  g_autoptr (GHashTable) last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_cmpuint (g_strv_length (lines), ==, COPIES);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) words = g_strsplit (*line, " ", 2);
      guint number = (guint)g_ascii_strtoull (words[1], NULL, 10) + 1;
      guint before = GPOINTER_TO_UINT (g_hash_table_lookup (last, words[0]));

      if (number <= before)
        g_error ("%s: %u comes after %u", words[0], number - 1, before - 1);
      g_hash_table_insert (last, g_strdup (words[0]), GUINT_TO_POINTER (number));
    }
}

static gboolean
has_copied_all (gpointer data)
{
  return ((Reader *)data)->count >= COPIES;
}

/* Members come and go in the middle of it: everything is copied once all the same. */
static void
test_rebalance (void)
{
  Fixture f;
  ChatTransport *transport;
  Copier *first, *second, *third;
  Reader *reader;
  guint confirmed = 0;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  reader = reader_new (transport, "out", CHAT_START_EARLIEST, NULL);
  publish_numbers (transport, 0, COPIES / 3, &confirmed);
  first = copier_new (&f);
  chat_test_wait_for_count (&first->done, 2);
  second = copier_new (&f);
  publish_numbers (transport, COPIES / 3, COPIES * 2 / 3, &confirmed);
  chat_test_wait_for_count (&second->done, 1);
  third = copier_new (&f);
  copier_free (first);
  publish_numbers (transport, COPIES * 2 / 3, COPIES, &confirmed);
  chat_test_wait_for_count (&confirmed, COPIES);
  chat_test_wait_for_count (&third->done, 1);
  copier_free (second);
  chat_test_wait_until (has_copied_all, reader, "everything to be copied");
  copier_free (third);
  check_copies (&f);
  reader_free (reader);
  transport_free (transport);
  end (&f);
}

/* One member of several topics. */
static void
test_topics (void)
{
  static const char *const names[] = { "chat_controlled", "chat_private", NULL };
  Fixture f;
  ChatTransport *transport;
  Reader reader = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 records;

  if (!begin (&f))
    return;
  transport = transport_new (&f);
  reader.records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  reader.subscription = subscribe (transport, names, CHAT_START_GROUP, "archiver", &error);
  g_assert_no_error (error);
  g_signal_connect (reader.subscription, "records", G_CALLBACK (records_cb), &reader);
  for (guint i = 0; i < 20; i++)
    publish (transport, names[i % 2], i % 3 == 0 ? "general" : "random", "x");
  chat_test_wait_for_count (&reader.count, 20);
  g_assert_true (forward (transport, &reader, 0, 20, "chat_receipts", &error));
  g_assert_no_error (error);
  chat_subscription_get_lag (reader.subscription, &records, NULL);
  g_assert_cmpint (records, ==, 0);
  chat_test_call (chat_subscription_close, reader.subscription, NULL);
  g_object_unref (reader.subscription);
  g_ptr_array_unref (reader.records);
  transport_free (transport);
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/topics/list", test_list);
  g_test_add_func ("/kafka/topics/missing", test_missing);
  g_test_add_func ("/kafka/topics/declared", test_declared);
  g_test_add_func ("/kafka/topics/fewer", test_fewer);
  g_test_add_func ("/kafka/topics/deleted", test_deleted);
  g_test_add_func ("/kafka/topics/deleted-publish", test_deleted_publish);
  g_test_add_func ("/kafka/topics/deleted-group", test_deleted_group);
  g_test_add_func ("/kafka/transactions/markers", test_markers);
  g_test_add_func ("/kafka/transactions/open", test_open_transaction);
  g_test_add_func ("/kafka/transactions/slot", test_slot);
  g_test_add_func ("/kafka/groups/rebalance", test_rebalance);
  g_test_add_func ("/kafka/groups/topics", test_topics);
  return g_test_run ();
}
