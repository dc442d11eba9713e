/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-pipe.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#define WAIT_MS 100
#define LONG_MS 30000

typedef struct
{
  PipeRun *run;
  const char *servers;
  char *first, *second, *group;
  gint confirmed; /* atomic */
  gint copied;    /* atomic */
} Pipe;

static void
check (rd_kafka_resp_err_t code, const char *what)
{
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    g_error ("%s: %s", what, rd_kafka_err2str (code));
}

static void
check_error (rd_kafka_error_t *error, const char *what)
{
  if (error != NULL)
    g_error ("%s: %s", what, rd_kafka_error_string (error));
}

static void
confirmed_cb (rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
  Pipe *self = opaque;

  check (message->err, "producing");
  if (self != NULL)
    g_atomic_int_inc (&self->confirmed);
}

/* @counts: whether what it produces is counted as confirmed; @keys: (array zero-terminated=1): names and values in
 * turn */
static rd_kafka_t *
open_client (rd_kafka_type_t type, Pipe *self, gboolean counts, const char *const *keys)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char error[256];
  rd_kafka_t *client;

  rd_kafka_conf_set (conf, "bootstrap.servers", self->servers, error, sizeof error);
  for (gsize i = 0; keys[i] != NULL; i += 2)
    if (rd_kafka_conf_set (conf, keys[i], keys[i + 1], error, sizeof error) != RD_KAFKA_CONF_OK)
      g_error ("%s: %s", keys[i], error);
  if (type == RD_KAFKA_PRODUCER)
    rd_kafka_conf_set_dr_msg_cb (conf, confirmed_cb);
  rd_kafka_conf_set_opaque (conf, counts ? self : NULL);
  client = rd_kafka_new (type, conf, error, sizeof error);
  if (client == NULL)
    g_error ("%s", error);
  return client;
}

static void
make_topics (Pipe *self)
{
  static const char *const keys[] = { NULL };
  rd_kafka_t *client = open_client (RD_KAFKA_PRODUCER, self, TRUE, keys);
  rd_kafka_queue_t *queue = rd_kafka_queue_new (client);
  rd_kafka_NewTopic_t *topics[]
      = { rd_kafka_NewTopic_new (self->first, 1, 1, NULL, 0), rd_kafka_NewTopic_new (self->second, 1, 1, NULL, 0) };
  rd_kafka_event_t *event;
  const rd_kafka_topic_result_t **results;
  gsize n_results;

  rd_kafka_CreateTopics (client, topics, 2, NULL, queue);
  event = rd_kafka_queue_poll (queue, LONG_MS);
  g_assert_nonnull (event);
  check (rd_kafka_event_error (event), "making topics");
  results = rd_kafka_CreateTopics_result_topics (rd_kafka_event_CreateTopics_result (event), &n_results);
  for (gsize i = 0; i < n_results; i++)
    check (rd_kafka_topic_result_error (results[i]), "making a topic");
  rd_kafka_event_destroy (event);
  rd_kafka_NewTopic_destroy_array (topics, 2);
  rd_kafka_queue_destroy (queue);
  rd_kafka_destroy (client);
}

static void
produce (rd_kafka_t *producer, const char *topic, const void *payload, gsize length)
{
  rd_kafka_resp_err_t code;

  while ((code = rd_kafka_producev (producer, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_PARTITION (0),
                                    RD_KAFKA_V_VALUE ((void *)payload, length),
                                    RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END))
         == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    rd_kafka_poll (producer, 1);
  check (code, "producing");
}

static gpointer
produce_thread (gpointer data)
{
  static const char *const keys[] = { "enable.idempotence", "true", "linger.ms", "0", NULL };
  Pipe *self = data;
  rd_kafka_t *producer = open_client (RD_KAFKA_PRODUCER, self, TRUE, keys);
  gint64 began_us = g_get_monotonic_time ();
  char payload[PIPE_PAYLOAD];

  for (guint i = 0; i < self->run->messages; i++)
    {
      pipe_wait_due (self->run, &began_us, i);
      while (i - (guint)g_atomic_int_get (&self->confirmed) >= self->run->in_flight)
        rd_kafka_poll (producer, WAIT_MS);
      pipe_fill (payload, i);
      self->run->sent[i] = g_get_monotonic_time ();
      produce (producer, self->first, payload, PIPE_PAYLOAD);
      rd_kafka_poll (producer, 0);
    }
  check (rd_kafka_flush (producer, LONG_MS), "flushing");
  rd_kafka_destroy (producer);
  return NULL;
}

/* What is there, or comes soon. Returns: how many */
static gsize
take_batch (rd_kafka_t *consumer, rd_kafka_message_t **batch)
{
  gsize n = 0;

  while (n < PIPE_BATCH)
    {
      rd_kafka_message_t *message = rd_kafka_consumer_poll (consumer, n == 0 ? WAIT_MS : 0);

      if (message == NULL)
        break;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        batch[n++] = message;
      else
        rd_kafka_message_destroy (message);
    }
  return n;
}

static void
copy_batch (Pipe *self, rd_kafka_t *consumer, rd_kafka_t *producer, rd_kafka_message_t **batch, gsize n)
{
  rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new (1);
  rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata (consumer);

  check_error (rd_kafka_begin_transaction (producer), "beginning a transaction");
  for (gsize i = 0; i < n; i++)
    {
      ((char *)batch[i]->payload)[PIPE_PAYLOAD - 1] = '*';
      produce (producer, self->second, batch[i]->payload, batch[i]->len);
    }
  rd_kafka_topic_partition_list_add (offsets, self->first, 0)->offset = batch[n - 1]->offset + 1;
  check_error (rd_kafka_send_offsets_to_transaction (producer, offsets, group, LONG_MS), "sending offsets");
  check_error (rd_kafka_commit_transaction (producer, LONG_MS), "committing");
  rd_kafka_consumer_group_metadata_destroy (group);
  rd_kafka_topic_partition_list_destroy (offsets);
  for (gsize i = 0; i < n; i++)
    rd_kafka_message_destroy (batch[i]);
  g_atomic_int_add (&self->copied, (gint)n);
}

static gpointer
copy_thread (gpointer data)
{
  Pipe *self = data;
  const char *reads[] = {
    "group.id", self->group, "isolation.level", "read_committed", "auto.offset.reset", "earliest", "enable.auto.commit",
    "false",    NULL
  };
  const char *writes[] = { "transactional.id", self->group, "linger.ms", "0", NULL };
  rd_kafka_t *consumer = open_client (RD_KAFKA_CONSUMER, self, FALSE, reads);
  rd_kafka_t *producer = open_client (RD_KAFKA_PRODUCER, self, FALSE, writes);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new (1);
  g_autofree rd_kafka_message_t **batch = g_new (rd_kafka_message_t *, PIPE_BATCH);

  check_error (rd_kafka_init_transactions (producer, LONG_MS), "beginning transactions");
  rd_kafka_poll_set_consumer (consumer);
  rd_kafka_topic_partition_list_add (topics, self->first, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  check (rd_kafka_assign (consumer, topics), "assigning");
  while ((guint)g_atomic_int_get (&self->copied) < self->run->messages)
    {
      gsize n = take_batch (consumer, batch);

      if (n > 0)
        copy_batch (self, consumer, producer, batch, n);
    }
  rd_kafka_topic_partition_list_destroy (topics);
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
  rd_kafka_destroy (producer);
  return NULL;
}

static void
sink_thread (Pipe *self)
{
  static const char *const keys[] = { "group.id", "sink", "isolation.level", "read_committed", NULL };
  rd_kafka_t *consumer = open_client (RD_KAFKA_CONSUMER, self, FALSE, keys);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new (1);
  g_autofree rd_kafka_message_t **batch = g_new (rd_kafka_message_t *, PIPE_BATCH);
  g_autoptr (GPtrArray) payloads = g_ptr_array_new ();

  rd_kafka_poll_set_consumer (consumer);
  rd_kafka_topic_partition_list_add (topics, self->second, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  check (rd_kafka_assign (consumer, topics), "assigning");
  while ((guint)self->run->n_seen < self->run->messages)
    {
      gsize n = take_batch (consumer, batch);

      g_ptr_array_set_size (payloads, 0);
      for (gsize i = 0; i < n; i++)
        g_ptr_array_add (payloads, batch[i]->payload);
      pipe_take (self->run, payloads);
      for (gsize i = 0; i < n; i++)
        rd_kafka_message_destroy (batch[i]);
    }
  rd_kafka_topic_partition_list_destroy (topics);
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
}

void
pipe_kafka_run (const char *servers, PipeRun *run)
{
  g_autofree char *unique = g_uuid_string_random ();
  Pipe self = { .run = run, .servers = servers };
  GThread *producer, *copier;

  self.first = g_strconcat (unique, ".first", NULL);
  self.second = g_strconcat (unique, ".second", NULL);
  self.group = g_strconcat (unique, ".copier", NULL);
  make_topics (&self);
  copier = g_thread_new ("copier", copy_thread, &self);
  producer = g_thread_new ("producer", produce_thread, &self);
  sink_thread (&self);
  g_thread_join (producer);
  g_thread_join (copier);
  g_free (self.first);
  g_free (self.second);
  g_free (self.group);
}
