/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Pipe:
 *
 * The least that a service like ours can be, of vendor libraries alone: a producer writes to a first topic, a copier
 * reads it, changes a byte and writes to a second one (Kafka: a transaction for each batch; RabbitMQ: confirms, then
 * acknowledgements), and a sink reads that. Three threads, each with connections of its own. None of the product's
 * code is in it.
 */

/* What the sink is given: a batch, in its thread. Payloads are borrowed. */
typedef void (*PipeSink) (GPtrArray *payloads, gpointer data);

typedef struct
{
  guint messages;      /* with those of the warm-up */
  guint warm_up;       /* the first of them: sent and seen before the others are sent */
  guint interval_us;   /* between two; 0: as fast as `in_flight` lets them */
  guint in_flight;     /* most that the first topic has not confirmed */
  gint64 *sent, *seen; /* (array length=messages): µs, monotonic; filled in */
  PipeSink sink;       /* (nullable): before a batch counts as seen */
  gpointer sink_data;
  gint n_seen; /* atomic: filled in */
} PipeRun;

/** PIPE_PAYLOAD: bytes of a message; the first eight digits are its number. */
#define PIPE_PAYLOAD 240
#define PIPE_BATCH 512

/** pipe_kafka_run: @servers: of bootstrap; topics of its own are made. Returns when the last was seen. */
void pipe_kafka_run (const char *servers, PipeRun *run);
/** pipe_rabbitmq_run: @uri: amqp://…; quorum queues of its own are declared, and deleted afterwards. */
void pipe_rabbitmq_run (const char *uri, PipeRun *run);

/* For both. */
void pipe_fill (char payload[PIPE_PAYLOAD], guint number);
guint pipe_number (const char *payload);
/** pipe_wait_due: until the message @number of @run is due. @began_us: (inout): when the first one was. */
void pipe_wait_due (PipeRun *run, gint64 *began_us, guint number);
/** pipe_take: @payloads: (element-type utf8): the sink has them. */
void pipe_take (PipeRun *run, GPtrArray *payloads);

G_END_DECLS
