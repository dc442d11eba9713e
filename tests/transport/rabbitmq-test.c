/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rabbitmq-test.h"

#include <string.h>

ChatTransport *
rabbitmq_test_connect (const ChatBrokerOptions *options)
{
  return rabbitmq_test_connect_full (options, CHAT_RABBITMQ_HEARTBEAT_S);
}

ChatTransport *
rabbitmq_test_connect_full (const ChatBrokerOptions *options, guint heartbeat_s)
{
  ChatTransport *transport = chat_rabbitmq_transport_new_full (options, heartbeat_s);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_connect, transport, &error);
  g_assert_no_error (error);
  return transport;
}

GError *
rabbitmq_test_refused (const ChatBrokerOptions *options)
{
  g_autoptr (ChatTransport) transport = chat_rabbitmq_transport_new_full (options, 1);
  GError *error = NULL;

  g_assert_false (chat_test_call (chat_transport_connect, transport, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  chat_test_run_for (400); /* longer than its first back-off */
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_OFFLINE);
  chat_test_call (chat_transport_close, transport, NULL);
  return error;
}

void
rabbitmq_test_close (ChatTransport *transport)
{
  chat_test_call (chat_transport_close, transport, NULL);
  g_object_unref (transport);
}

gboolean
rabbitmq_test_publish (ChatTransport *transport, const char *topic, const char *key, const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (ChatRecord) record = chat_record_new (topic, key, bytes);

  return chat_test_call (chat_transport_publish, transport, error, record);
}

typedef struct
{
  ChatTransport *transport;
  ChatTransportState state;
} Wanted;

static gboolean
has_state (gpointer data)
{
  const Wanted *wanted = data;

  return chat_transport_get_state (wanted->transport) == wanted->state;
}

void
rabbitmq_test_wait_state (ChatTransport *transport, ChatTransportState state)
{
  Wanted wanted = { transport, state };
  g_autofree char *what = g_strdup_printf ("the state %d", (int)state);

  chat_test_wait_until (has_state, &wanted, what);
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, RabbitmqReader *self)
{
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (self->records, chat_record_ref (g_ptr_array_index (batch, i)));
  self->count = self->records->len;
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to,
        RabbitmqReader *self)
{
  g_assert_cmpint (from, <, to);
  self->gaps++;
}

static void
revoked_cb (ChatSubscription *subscription, const char *topic, GArray *shards, RabbitmqReader *self)
{
  self->revocations++;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, RabbitmqReader *self)
{
  self->closed++;
}

static RabbitmqReader *
reader_new (ChatTransport *transport, const char *topic, const char *channel, const ChatStart *start)
{
  const char *topics[] = { topic, NULL }, *channels[] = { channel, NULL };
  RabbitmqReader *self = g_new0 (RabbitmqReader, 1);
  g_autoptr (GError) error = NULL;

  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  self->subscription
      = chat_test_call (chat_transport_subscribe, transport, &error, topics, channel != NULL ? channels : NULL, start);
  g_assert_no_error (error);
  g_signal_connect (self->subscription, "records", G_CALLBACK (records_cb), self);
  g_signal_connect (self->subscription, "gap", G_CALLBACK (gap_cb), self);
  g_signal_connect (self->subscription, "revoked", G_CALLBACK (revoked_cb), self);
  g_signal_connect (self->subscription, "closed", G_CALLBACK (closed_cb), self);
  return self;
}

RabbitmqReader *
rabbitmq_reader_new (ChatTransport *transport, const char *topic, const char *channel, ChatStartKind kind)
{
  const ChatStart start = { kind, NULL, 0, NULL };

  return reader_new (transport, topic, channel, &start);
}

RabbitmqReader *
rabbitmq_reader_new_group (ChatTransport *transport, const char *topic, const char *group)
{
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, group };

  return reader_new (transport, topic, NULL, &start);
}

void
rabbitmq_reader_free (RabbitmqReader *self)
{
  g_signal_handlers_disconnect_by_data (self->subscription, self);
  g_object_unref (self->subscription);
  g_ptr_array_unref (self->records);
  g_free (self);
}

char *
rabbitmq_reader_dup_text (RabbitmqReader *self, guint i)
{
  gsize size;
  const char *data = g_bytes_get_data (chat_record_get_bytes (g_ptr_array_index (self->records, i)), &size);

  return g_strndup (data, size);
}
