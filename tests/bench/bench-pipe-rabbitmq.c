/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-pipe.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <string.h>

#define CHANNEL 1
#define FRAME_MOST 131072
#define WAIT_US 100000

typedef struct
{
  PipeRun *run;
  struct amqp_connection_info info;
  char *first, *second;
  guint copied;
} Pipe;

static void
check (amqp_rpc_reply_t reply, const char *what)
{
  if (reply.reply_type != AMQP_RESPONSE_NORMAL)
    g_error ("%s: %s", what,
             reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? amqp_error_string2 (reply.library_error)
                                                                 : "the broker refused");
}

static amqp_connection_state_t
open_connection (Pipe *self)
{
  amqp_connection_state_t connection = amqp_new_connection ();
  amqp_socket_t *socket = amqp_tcp_socket_new (connection);

  if (amqp_socket_open (socket, self->info.host, self->info.port) != AMQP_STATUS_OK)
    g_error ("No connection to %s:%d", self->info.host, self->info.port);
  check (amqp_login (connection, self->info.vhost, 0, FRAME_MOST, 0, AMQP_SASL_METHOD_PLAIN, self->info.user,
                     self->info.password),
         "logging in");
  amqp_channel_open (connection, CHANNEL);
  check (amqp_get_rpc_reply (connection), "opening a channel");
  return connection;
}

static void
close_connection (amqp_connection_state_t connection)
{
  amqp_connection_close (connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection (connection);
}

static void
declare (amqp_connection_state_t connection, const char *queue)
{
  amqp_table_entry_t entry
      = { .key = amqp_cstring_bytes ("x-queue-type"),
          .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes ("quorum") } };
  amqp_table_t arguments = { 1, &entry };

  amqp_queue_declare (connection, CHANNEL, amqp_cstring_bytes (queue), 0, 1, 0, 0, arguments);
  check (amqp_get_rpc_reply (connection), "declaring a queue");
}

static void
publish (amqp_connection_state_t connection, const char *queue, const void *payload, gsize length)
{
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2 };
  amqp_bytes_t bytes = { length, (void *)payload };

  if (amqp_basic_publish (connection, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes (queue), 0, 0, &properties, bytes)
      != AMQP_STATUS_OK)
    g_error ("publishing failed");
}

/* @confirmed: (inout): the highest tag that the broker has confirmed. */
static void
read_confirm (amqp_connection_state_t connection, guint64 *confirmed, struct timeval *timeout)
{
  amqp_frame_t frame;
  int status = amqp_simple_wait_frame_noblock (connection, &frame, timeout);

  if (status == AMQP_STATUS_TIMEOUT)
    return;
  if (status != AMQP_STATUS_OK)
    g_error ("waiting for confirms: %s", amqp_error_string2 (status));
  if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD)
    {
      amqp_basic_ack_t *ack = frame.payload.method.decoded;

      *confirmed = MAX (*confirmed, ack->delivery_tag);
    }
  else if (frame.frame_type == AMQP_FRAME_METHOD)
    g_error ("the broker answers a publish with %s", amqp_method_name (frame.payload.method.id));
  amqp_maybe_release_buffers (connection);
}

static void
read_confirms (amqp_connection_state_t connection, guint64 *confirmed, guint64 until)
{
  struct timeval wait = { 0, WAIT_US }, none = { 0, 0 };

  while (*confirmed < until)
    read_confirm (connection, confirmed, &wait);
  if (amqp_frames_enqueued (connection) || amqp_data_in_buffer (connection))
    read_confirm (connection, confirmed, &none);
}

static gpointer
produce_thread (gpointer data)
{
  Pipe *self = data;
  amqp_connection_state_t connection = open_connection (self);
  gint64 began_us = g_get_monotonic_time ();
  guint64 confirmed = 0;
  char payload[PIPE_PAYLOAD];

  amqp_confirm_select (connection, CHANNEL);
  check (amqp_get_rpc_reply (connection), "asking for confirms");
  for (guint i = 0; i < self->run->messages; i++)
    {
      pipe_wait_due (self->run, &began_us, i);
      if (i >= self->run->in_flight)
        read_confirms (connection, &confirmed, i - self->run->in_flight + 1);
      pipe_fill (payload, i);
      self->run->sent[i] = g_get_monotonic_time ();
      publish (connection, self->first, payload, PIPE_PAYLOAD);
    }
  read_confirms (connection, &confirmed, self->run->messages);
  close_connection (connection);
  return NULL;
}

static void
consume (amqp_connection_state_t connection, const char *queue)
{
  amqp_basic_qos (connection, CHANNEL, 0, PIPE_BATCH * 2, 0);
  check (amqp_get_rpc_reply (connection), "setting the prefetch");
  amqp_basic_consume (connection, CHANNEL, amqp_cstring_bytes (queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  check (amqp_get_rpc_reply (connection), "consuming");
}

/* What is there, or comes soon: (element-type utf8), owned. Returns: the tag of the last; 0: nothing came */
static guint64
take_batch (amqp_connection_state_t connection, GPtrArray *payloads)
{
  guint64 last = 0;

  g_ptr_array_set_size (payloads, 0);
  while (payloads->len < PIPE_BATCH)
    {
      struct timeval timeout = { 0, last == 0 ? WAIT_US : 0 };
      amqp_envelope_t envelope;
      amqp_rpc_reply_t reply;

      amqp_maybe_release_buffers (connection);
      reply = amqp_consume_message (connection, &envelope, &timeout, 0);
      if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
        break;
      check (reply, "taking a message");
      g_ptr_array_add (payloads, g_memdup2 (envelope.message.body.bytes, envelope.message.body.len));
      last = envelope.delivery_tag;
      amqp_destroy_envelope (&envelope);
    }
  return last;
}

static gpointer
copy_thread (gpointer data)
{
  Pipe *self = data;
  amqp_connection_state_t reads = open_connection (self), writes = open_connection (self);
  g_autoptr (GPtrArray) payloads = g_ptr_array_new_with_free_func (g_free);
  guint64 confirmed = 0;

  amqp_confirm_select (writes, CHANNEL);
  check (amqp_get_rpc_reply (writes), "asking for confirms");
  consume (reads, self->first);
  while (self->copied < self->run->messages)
    {
      guint64 last = take_batch (reads, payloads);

      if (last == 0)
        continue;
      for (guint i = 0; i < payloads->len; i++)
        {
          ((char *)payloads->pdata[i])[PIPE_PAYLOAD - 1] = '*';
          publish (writes, self->second, payloads->pdata[i], PIPE_PAYLOAD);
        }
      self->copied += payloads->len;
      read_confirms (writes, &confirmed, self->copied);
      amqp_basic_ack (reads, CHANNEL, last, 1);
    }
  close_connection (reads);
  close_connection (writes);
  return NULL;
}

static void
sink_thread (Pipe *self)
{
  amqp_connection_state_t connection = open_connection (self);
  g_autoptr (GPtrArray) payloads = g_ptr_array_new_with_free_func (g_free);

  consume (connection, self->second);
  while ((guint)self->run->n_seen < self->run->messages)
    {
      guint64 last = take_batch (connection, payloads);

      if (last == 0)
        continue;
      pipe_take (self->run, payloads);
      amqp_basic_ack (connection, CHANNEL, last, 1);
    }
  close_connection (connection);
}

void
pipe_rabbitmq_run (const char *uri, PipeRun *run)
{
  g_autofree char *unique = g_uuid_string_random (), *parsed = g_strdup (uri);
  Pipe self = { .run = run };
  amqp_connection_state_t connection;
  GThread *producer, *copier;

  if (amqp_parse_url (parsed, &self.info) != AMQP_STATUS_OK)
    g_error ("“%s” is not an AMQP address", uri);
  self.first = g_strconcat (unique, ".first", NULL);
  self.second = g_strconcat (unique, ".second", NULL);
  connection = open_connection (&self);
  declare (connection, self.first);
  declare (connection, self.second);
  copier = g_thread_new ("copier", copy_thread, &self);
  producer = g_thread_new ("producer", produce_thread, &self);
  sink_thread (&self);
  g_thread_join (producer);
  g_thread_join (copier);
  amqp_queue_delete (connection, CHANNEL, amqp_cstring_bytes (self.first), 0, 0);
  amqp_queue_delete (connection, CHANNEL, amqp_cstring_bytes (self.second), 0, 0);
  close_connection (connection);
  g_free (self.first);
  g_free (self.second);
}
