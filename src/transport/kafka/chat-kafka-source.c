/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/kafka/chat-kafka-source.h"

#include <sys/eventfd.h>
#include <unistd.h>

struct _ChatKafkaSource
{
  GSource base;
  rd_kafka_queue_t *queue;
  gboolean (*drain) (gpointer data);
  gpointer data;
  gpointer tag;
  int fd;
};

/* librdkafka writes when a queue that was empty gets something: once, however much comes after. So the descriptor is
 * read before the queue is. */
static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ChatKafkaSource *self = (ChatKafkaSource *)source;
  guint64 count;

  while (read (self->fd, &count, sizeof count) == sizeof count)
    ;
  g_source_set_ready_time (source, -1);
  if (self->drain (self->data) && !g_source_is_destroyed (source))
    g_source_set_ready_time (source, 0);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  close (((ChatKafkaSource *)source)->fd);
}

static GSourceFuncs funcs = { .dispatch = dispatch, .finalize = finalize };

ChatKafkaSource *
chat_kafka_source_new (rd_kafka_queue_t *queue, gboolean (*drain) (gpointer data), gpointer data)
{
  static const guint64 one = 1;
  GSource *source = g_source_new (&funcs, sizeof (ChatKafkaSource));
  ChatKafkaSource *self = (ChatKafkaSource *)source;

  self->queue = queue;
  self->drain = drain;
  self->data = data;
  self->fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  self->tag = g_source_add_unix_fd (source, self->fd, G_IO_IN);
  g_source_set_static_name (source, "ChatKafkaSource");
  rd_kafka_queue_io_event_enable (queue, self->fd, &one, sizeof one);
  /* what came before the queue was listened to */
  g_source_set_ready_time (source, 0);
  g_source_attach (source, g_main_context_get_thread_default ());
  return self;
}

void
chat_kafka_source_free (ChatKafkaSource *self)
{
  g_return_if_fail (self != NULL);

  rd_kafka_queue_io_event_enable (self->queue, -1, NULL, 0);
  g_source_destroy (&self->base);
  g_source_unref (&self->base);
}
