/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-transaction.h"

#include <glib/gi18n-lib.h>

#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-record.h"
#include "transport/kafka/chat-kafka-topics.h"

/*
 * Three ways out of a transaction that did not go well. It can be aborted: then nothing has happened. The producer
 * can't go on (somebody else has its id now, or the broker does not answer): it is dropped, and the next one of the
 * same id lets the broker end what this one had begun. Or the commit was asked for and not answered: what became of it
 * is seen in what the group has acknowledged, once the next producer is there.
 */

/* A little longer than the transaction may be open. */
#define DEADLINE_US ((CHAT_KAFKA_TRANSACTION_MS + 2000) * G_GINT64_CONSTANT (1000))
#define ABORT_MS 3000

ChatKafkaForward *
chat_kafka_forward_new (GPtrArray *outputs, GPtrArray *places)
{
  ChatKafkaForward *self = g_new0 (ChatKafkaForward, 1);

  self->outputs = g_ptr_array_ref (outputs);
  self->places = g_ptr_array_ref (places);
  return self;
}

void
chat_kafka_forward_free (ChatKafkaForward *self)
{
  g_ptr_array_unref (self->outputs);
  g_ptr_array_unref (self->places);
  g_free (self);
}

void
chat_kafka_transaction_end (ChatKafkaConsumer *consumer)
{
  if (consumer->producer == NULL)
    return;
  rd_kafka_purge (consumer->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  g_clear_pointer (&consumer->producer, rd_kafka_destroy);
}

/* The first output that was refused says why the transaction will be aborted. */
static void
delivered_cb (rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
  ChatKafkaConsumer *consumer = opaque;

  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || consumer->output_error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  consumer->output_error = message->err;
  g_free (consumer->output_topic);
  consumer->output_topic = g_strdup (rd_kafka_topic_name (message->rkt));
}

/* Error events say nothing that the calls do not. */
static void
serve (rd_kafka_t *producer)
{
  rd_kafka_poll (producer, 0);
}

static GError *
error_of (const ChatKafkaConsumer *consumer, const rd_kafka_error_t *failure)
{
  rd_kafka_resp_err_t code = rd_kafka_error_code (failure);

  return chat_kafka_error_new (code,
                               code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED
                                   ? consumer->transactional_id
                                   : consumer->group,
                               rd_kafka_error_string (failure));
}

gboolean
chat_kafka_transaction_begin (ChatKafkaConsumer *consumer, GError **error)
{
  const ChatKafkaCallbacks callbacks = { delivered_cb, NULL, consumer, NULL };
  gint64 until = g_get_monotonic_time () + DEADLINE_US;
  rd_kafka_error_t *failure;

  if (consumer->producer != NULL)
    return TRUE;
  consumer->producer
      = chat_kafka_handle_new (consumer->options, CHAT_KAFKA_FORWARDER, consumer->transactional_id, &callbacks, error);
  if (consumer->producer == NULL)
    return FALSE;
  while ((failure = rd_kafka_init_transactions (consumer->producer, CHAT_KAFKA_CALL_MS)) != NULL)
    {
      gboolean again = rd_kafka_error_is_retriable (failure) && g_get_monotonic_time () < until;

      if (!again)
        g_propagate_error (error, error_of (consumer, failure));
      rd_kafka_error_destroy (failure);
      serve (consumer->producer);
      if (!again)
        {
          chat_kafka_transaction_end (consumer);
          return FALSE;
        }
    }
  return TRUE;
}

typedef enum
{
  STAND_BEFORE, /* the group has acknowledged what the member knows of */
  STAND_AFTER,  /* this forward, too */
  STAND_ELSEWHERE,
} Stand;

/* Where the group stands; with another stand than the member knows it is noted in @places. */
static gboolean
find_stand (ChatKafkaConsumer *consumer, GPtrArray *places, Stand *stand, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_places_list (places, consumer->options);
  rd_kafka_resp_err_t code
      = list->cnt > 0 ? rd_kafka_committed (consumer->handle, list, CHAT_KAFKA_CALL_MS) : RD_KAFKA_RESP_ERR_NO_ERROR;
  gboolean before = TRUE, after = places->len > 0;

  for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
    code = list->elems[i].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
      g_propagate_error (error, chat_kafka_error_new (code, consumer->group, NULL));
      return FALSE;
    }
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);
      gint64 acked = list->elems[i].offset >= 0 ? list->elems[i].offset : -1;

      before = before && acked == place->acked;
      after = after && acked == place->next;
      place->acked = acked;
    }
  *stand = before ? STAND_BEFORE : after ? STAND_AFTER : STAND_ELSEWHERE;
  return TRUE;
}

static GError *
aborted_error (const char *why)
{
  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
                      _ ("Kafka has undone the forward, and its records come again: %s"), why);
}

/* Why an aborted transaction was aborted: an output that can't be stored is the caller's matter. */
static GError *
error_of_abort (ChatKafkaConsumer *consumer, const rd_kafka_error_t *failure)
{
  ChatTransportError code = chat_kafka_error_get_code (rd_kafka_error_code (failure));
  ChatTransportError output = chat_kafka_error_get_code (consumer->output_error);

  if (consumer->options->declare && chat_kafka_error_is_missing (consumer->output_error))
    {
      /* deleted since it was found there: the next try declares it anew */
      g_hash_table_remove_all (consumer->known);
      return aborted_error (rd_kafka_err2str (consumer->output_error));
    }
  if (consumer->output_error != RD_KAFKA_RESP_ERR_NO_ERROR
      && (output == CHAT_TRANSPORT_ERROR_REJECTED || output == CHAT_TRANSPORT_ERROR_DENIED))
    return chat_kafka_error_new (consumer->output_error, consumer->output_topic, NULL);
  if (code == CHAT_TRANSPORT_ERROR_DENIED || code == CHAT_TRANSPORT_ERROR_REJECTED)
    return error_of (consumer, failure);
  return aborted_error (rd_kafka_error_string (failure));
}

/* After a transaction went wrong with @failure (taken). */
static GError *
give_up (ChatKafkaConsumer *consumer, rd_kafka_error_t *taken, gboolean committing)
{
  g_autoptr (rd_kafka_error_t) failure = taken;
  g_autoptr (rd_kafka_error_t) abort_failure = NULL;

  if (rd_kafka_error_is_fatal (failure))
    {
      chat_kafka_transaction_end (consumer);
      consumer->uncertain = committing;
      return aborted_error (rd_kafka_error_string (failure));
    }
  if (committing && !rd_kafka_error_txn_requires_abort (failure))
    {
      chat_kafka_transaction_end (consumer);
      consumer->uncertain = TRUE;
      return error_of (consumer, failure);
    }
  abort_failure = rd_kafka_abort_transaction (consumer->producer, ABORT_MS);
  if (abort_failure != NULL)
    chat_kafka_transaction_end (consumer);
  if (rd_kafka_error_txn_requires_abort (failure))
    return error_of_abort (consumer, failure);
  return error_of (consumer, failure);
}

/* The topics of the outputs are there, or are declared. */
static gboolean
ensure_topics (ChatKafkaConsumer *consumer, GPtrArray *outputs, GError **error)
{
  for (guint i = 0; i < outputs->len; i++)
    {
      const char *topic = chat_record_get_topic (g_ptr_array_index (outputs, i));

      if (g_hash_table_contains (consumer->known, topic))
        continue;
      if (chat_kafka_topics_ensure (consumer->producer, consumer->options, topic, error) == 0)
        return FALSE;
      g_hash_table_add (consumer->known, g_strdup (topic));
    }
  return TRUE;
}

static rd_kafka_error_t *
produce_all (ChatKafkaConsumer *consumer, GPtrArray *outputs)
{
  for (guint i = 0; i < outputs->len; i++)
    {
      const ChatRecord *output = g_ptr_array_index (outputs, i);
      rd_kafka_resp_err_t code;

      while ((code = chat_kafka_record_produce (consumer->producer, consumer->options, output, NULL))
             == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll (consumer->producer, 100);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        continue;
      if (consumer->output_error == RD_KAFKA_RESP_ERR_NO_ERROR)
        {
          consumer->output_error = code;
          g_free (consumer->output_topic);
          consumer->output_topic = g_strdup (chat_record_get_topic (output));
        }
      return rd_kafka_error_new (code, "%s", rd_kafka_err2str (code));
    }
  return NULL;
}

/* A call that may be made again until @until. */
static gboolean
may_repeat (const rd_kafka_error_t *failure, gint64 until)
{
  return failure != NULL && rd_kafka_error_is_retriable (failure) && g_get_monotonic_time () < until;
}

static rd_kafka_error_t *
acknowledge (ChatKafkaConsumer *consumer, GPtrArray *places, gint64 until)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_places_list (places, consumer->options);
  rd_kafka_consumer_group_metadata_t *metadata;
  rd_kafka_error_t *failure;

  if (places->len == 0)
    return NULL;
  metadata = rd_kafka_consumer_group_metadata (consumer->handle);
  failure = rd_kafka_send_offsets_to_transaction (consumer->producer, list, metadata, CHAT_KAFKA_CALL_MS);
  while (may_repeat (failure, until))
    {
      rd_kafka_error_destroy (failure);
      failure = rd_kafka_send_offsets_to_transaction (consumer->producer, list, metadata, CHAT_KAFKA_CALL_MS);
    }
  rd_kafka_consumer_group_metadata_destroy (metadata);
  return failure;
}

static rd_kafka_error_t *
commit (ChatKafkaConsumer *consumer, gint64 until)
{
  rd_kafka_error_t *failure = rd_kafka_commit_transaction (consumer->producer, CHAT_KAFKA_CALL_MS);

  while (may_repeat (failure, until))
    {
      rd_kafka_error_destroy (failure);
      failure = rd_kafka_commit_transaction (consumer->producer, CHAT_KAFKA_CALL_MS);
    }
  return failure;
}

static gboolean
run_once (ChatKafkaConsumer *consumer, const ChatKafkaForward *forward, GError **error)
{
  gint64 until = g_get_monotonic_time () + DEADLINE_US;
  gboolean committing = FALSE;
  rd_kafka_error_t *failure;

  consumer->output_error = RD_KAFKA_RESP_ERR_NO_ERROR;
  serve (consumer->producer);
  failure = rd_kafka_begin_transaction (consumer->producer);
  if (failure == NULL)
    failure = produce_all (consumer, forward->outputs);
  if (failure == NULL)
    failure = acknowledge (consumer, forward->places, until);
  if (failure == NULL)
    {
      committing = TRUE;
      failure = commit (consumer, until);
    }
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, give_up (consumer, failure, committing));
  return FALSE;
}

/* After a commit that was not answered, and before another try: whether that did not happen. */
static gboolean
settle (ChatKafkaConsumer *consumer, const ChatKafkaForward *forward, GError **error)
{
  Stand stand;

  if (!consumer->uncertain)
    return TRUE;
  if (!find_stand (consumer, forward->places, &stand, error))
    return FALSE;
  consumer->uncertain = FALSE;
  if (stand == STAND_BEFORE)
    return TRUE;
  g_propagate_error (error, aborted_error (_ ("the forward before it had arrived after all")));
  return FALSE;
}

/* Another producer took the id over while the commit was on its way: whether that happened all the same. @error: what
 * was known so far. */
static gboolean
resolve (ChatKafkaConsumer *consumer, const ChatKafkaForward *forward, GError **error)
{
  g_autoptr (GError) failure = NULL;
  Stand stand;

  if (!consumer->uncertain || !g_error_matches (*error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED))
    return FALSE;
  if (!chat_kafka_transaction_begin (consumer, &failure) || !find_stand (consumer, forward->places, &stand, &failure))
    {
      /* not now: what became of it is asked again before the next try */
      g_error_free (g_steal_pointer (error));
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  consumer->uncertain = FALSE;
  if (stand == STAND_AFTER)
    g_clear_error (error);
  return stand == STAND_AFTER;
}

void
chat_kafka_transaction_run (GTask *task, gpointer data, gpointer forward_data, GCancellable *cancellable)
{
  ChatKafkaConsumer *consumer = data;
  ChatKafkaForward *forward = forward_data;
  GError *error = NULL;

  if ((chat_kafka_transaction_begin (consumer, &error) && settle (consumer, forward, &error)
       && ensure_topics (consumer, forward->outputs, &error) && run_once (consumer, forward, &error))
      || resolve (consumer, forward, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}
