/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rabbitmq-plain.h"

#include <string.h>

#define CHANNEL 1
#define QUEUES_MOST 16

amqp_connection_state_t
rabbitmq_plain_open (const ChatBrokerOptions *options)
{
  amqp_connection_state_t state = amqp_new_connection ();
  amqp_socket_t *sock = amqp_tcp_socket_new (state);
  g_auto (GStrv) parts = g_strsplit (options->addresses[0], ":", 2);

  g_assert_cmpint (amqp_socket_open (sock, parts[0], atoi (parts[1])), ==, AMQP_STATUS_OK);
  g_assert_cmpint (amqp_login (state, options->virtual_host, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, options->user,
                               options->password)
                       .reply_type,
                   ==, AMQP_RESPONSE_NORMAL);
  amqp_channel_open (state, CHANNEL);
  g_assert_cmpint (amqp_get_rpc_reply (state).reply_type, ==, AMQP_RESPONSE_NORMAL);
  return state;
}

void
rabbitmq_plain_close (amqp_connection_state_t state)
{
  amqp_connection_close (state, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection (state);
}

void
rabbitmq_plain_publish (amqp_connection_state_t state, const char *exchange, const char *key, const void *data,
                        gsize size, const amqp_basic_properties_t *properties)
{
  g_assert_cmpint (amqp_basic_publish (state, CHANNEL, amqp_cstring_bytes (exchange), amqp_cstring_bytes (key), 0, 0,
                                       properties, (amqp_bytes_t){ size, (gpointer)data }),
                   ==, AMQP_STATUS_OK);
}

void
rabbitmq_plain_flood (amqp_connection_state_t state, const char *exchange, const char *key, const char *text,
                      guint count)
{
  guint64 confirmed = 0;

  amqp_confirm_select (state, CHANNEL);
  g_assert_cmpint (amqp_get_rpc_reply (state).reply_type, ==, AMQP_RESPONSE_NORMAL);
  for (guint i = 0; i < count; i++)
    rabbitmq_plain_publish (state, exchange, key, text, strlen (text), NULL);
  while (confirmed < count)
    {
      amqp_frame_t frame;

      g_assert_cmpint (amqp_simple_wait_frame (state, &frame), ==, AMQP_STATUS_OK);
      if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD)
        {
          const amqp_basic_ack_t *ack = frame.payload.method.decoded;

          confirmed = MAX (confirmed, ack->delivery_tag);
        }
      amqp_maybe_release_buffers (state);
    }
}

GBytes *
rabbitmq_plain_get (amqp_connection_state_t state, const char *queue)
{
  amqp_rpc_reply_t reply = amqp_basic_get (state, CHANNEL, amqp_cstring_bytes (queue), 1);
  amqp_message_t message;
  GBytes *bytes;

  g_assert_cmpint (reply.reply_type, ==, AMQP_RESPONSE_NORMAL);
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD)
    return NULL;
  g_assert_cmpint (amqp_read_message (state, CHANNEL, &message, 0).reply_type, ==, AMQP_RESPONSE_NORMAL);
  bytes = g_bytes_new (message.body.bytes, message.body.len);
  amqp_destroy_message (&message);
  return bytes;
}

gint64
rabbitmq_plain_count (amqp_connection_state_t state, const char *queue)
{
  amqp_queue_declare_ok_t *ok
      = amqp_queue_declare (state, CHANNEL, amqp_cstring_bytes (queue), 1, 0, 0, 0, amqp_empty_table);
  amqp_channel_close_ok_t close_ok = { 0 };

  if (ok != NULL)
    return ok->message_count;
  g_assert_cmpint (amqp_send_method (state, CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD, &close_ok), ==, AMQP_STATUS_OK);
  amqp_channel_open (state, CHANNEL);
  return -1;
}

void
rabbitmq_plain_delete_queue (amqp_connection_state_t state, const char *queue)
{
  amqp_queue_delete (state, CHANNEL, amqp_cstring_bytes (queue), 0, 0);
  g_assert_cmpint (amqp_get_rpc_reply (state).reply_type, ==, AMQP_RESPONSE_NORMAL);
}

void
rabbitmq_plain_declare_queue (amqp_connection_state_t state, const char *queue, const char *exchange, const char *key)
{
  amqp_queue_declare (state, CHANNEL, amqp_cstring_bytes (queue), 0, 0, 0, 0, amqp_empty_table);
  g_assert_cmpint (amqp_get_rpc_reply (state).reply_type, ==, AMQP_RESPONSE_NORMAL);
  amqp_queue_bind (state, CHANNEL, amqp_cstring_bytes (queue), amqp_cstring_bytes (exchange), amqp_cstring_bytes (key),
                   amqp_empty_table);
  g_assert_cmpint (amqp_get_rpc_reply (state).reply_type, ==, AMQP_RESPONSE_NORMAL);
}

static void
delete_exchange (amqp_connection_state_t state, const char *exchange)
{
  amqp_exchange_delete (state, CHANNEL, amqp_cstring_bytes (exchange), 0);
}

void
rabbitmq_plain_delete_all (const ChatBrokerOptions *options)
{
  static const char *const topics[] = { "chat",          "chat_controlled", "chat_private", "chat_warnings",
                                        "chat_receipts", "chat_rejected",   "chat_control" };
  static const char *const groups[] = { "moderator", "archiver", "group", "first", "second" };
  amqp_connection_state_t state = rabbitmq_plain_open (options);

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    {
      g_autofree char *exchange = g_strconcat (options->prefix, topics[i], NULL);
      g_autofree char *stream = g_strconcat (exchange, ".log", NULL);

      amqp_queue_delete (state, CHANNEL, amqp_cstring_bytes (stream), 0, 0);
      for (guint j = 0; j < G_N_ELEMENTS (groups); j++)
        {
          g_autofree char *hash = g_strdup_printf ("%s.%s", exchange, groups[j]);
          g_autofree char *numbers = g_strconcat (hash, ".shards", NULL);

          for (guint k = 0; k < MIN (options->shards, (guint)QUEUES_MOST); k++)
            {
              g_autofree char *queue = g_strdup_printf ("%s.%u", hash, k);

              amqp_queue_delete (state, CHANNEL, amqp_cstring_bytes (queue), 0, 0);
            }
          delete_exchange (state, numbers);
          delete_exchange (state, hash);
        }
      delete_exchange (state, exchange);
    }
  for (guint j = 0; j < G_N_ELEMENTS (groups); j++)
    {
      g_autofree char *members = g_strdup_printf ("%s%s.members", options->prefix, groups[j]);

      delete_exchange (state, members);
    }
  rabbitmq_plain_close (state);
}
