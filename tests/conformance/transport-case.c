/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport-case.h"

#include <string.h>

gboolean
case_answer (ChatTransport *transport, GAsyncResult **slot, CaseFinish finish, GError **error)
{
  g_autoptr (GAsyncResult) result = chat_test_await (slot, "the answer of a call");

  return finish (transport, result, error);
}

void
case_connect (ChatTransport *transport)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  chat_transport_connect_async (transport, NULL, chat_test_result_cb, &result);
  case_answer (transport, &result, chat_transport_connect_finish, &error);
  g_assert_no_error (error);
}

void
case_close (ChatTransport *transport)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  chat_transport_close_async (transport, NULL, chat_test_result_cb, &result);
  case_answer (transport, &result, chat_transport_close_finish, &error);
  g_assert_no_error (error);
}

ChatTransport *
case_second_transport (Case *c)
{
  ChatTransport *second;

  if (!c->fixture->many)
    return g_object_ref (c->transport);
  second = c->fixture->transport_new (c->broker);
  case_connect (second);
  return second;
}

void
case_drop_transport (Case *c, ChatTransport *transport)
{
  if (transport != c->transport)
    case_close (transport);
  g_object_unref (transport);
}

void
case_restart (Case *c)
{
  case_close (c->transport);
  g_object_unref (c->transport);
  c->transport = c->fixture->transport_new (c->broker);
  case_connect (c->transport);
}

ChatRecord *
case_record (Case *c, const char *topic, const char *key, const char *text)
{
  g_autoptr (GBytes) bytes = NULL;

  bytes = c->fixture->encode != NULL ? c->fixture->encode (text, key) : g_bytes_new (text, strlen (text));
  return chat_record_new (topic, key, bytes);
}

char *
case_text (Case *c, ChatRecord *record)
{
  gsize size;
  const char *data;

  if (c->fixture->decode != NULL)
    return c->fixture->decode (record);
  data = g_bytes_get_data (chat_record_get_bytes (record), &size);
  return g_strndup (data, size);
}

static void
settle (Case *c, guint published)
{
  if (c->fixture->settle != NULL)
    c->fixture->settle (c->broker, published);
}

void
case_publish_to (Case *c, ChatTransport *transport, const char *topic, const char *key, const char *text)
{
  g_autoptr (ChatRecord) record = case_record (c, topic, key, text);
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;

  chat_transport_publish_async (transport, record, NULL, chat_test_result_cb, &result);
  case_answer (transport, &result, chat_transport_publish_finish, &error);
  g_assert_no_error (error);
  settle (c, 1);
}

void
case_publish (Case *c, const char *key, const char *text)
{
  case_publish_to (c, c->transport, c->fixture->publish_topic, key, text);
}

typedef struct
{
  guint confirmed;
} Confirmations;

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Confirmations *confirmations = user_data;
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  confirmations->confirmed++;
}

void
case_publish_many (Case *c, const char *topic, const char *key, const char *prefix, guint count)
{
  Confirmations confirmations = { 0 };

  for (guint i = 0; i < count; i++)
    {
      g_autofree char *text = g_strdup_printf ("%s%u", prefix, i);
      g_autoptr (ChatRecord) record = case_record (c, topic, key, text);

      chat_transport_publish_async (c->transport, record, NULL, confirmed_cb, &confirmations);
    }
  chat_test_wait_count (&confirmations.confirmed, count, "the confirmation of every publish");
  settle (c, count);
}

/* Readers */

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, Reader *self)
{
  g_assert_cmpuint (batch->len, >, 0);
  g_assert_false (chat_subscription_is_paused (subscription));
  self->batches++;
  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);

      g_ptr_array_add (self->records, chat_record_ref (record));
      g_ptr_array_add (self->texts, case_text (self->c, record));
    }
  self->count = self->records->len;
  if (self->on_records != NULL)
    self->on_records (self, batch);
}

static void
revoked_cb (ChatSubscription *subscription, const char *topic, GArray *shards, Reader *self)
{
  g_assert_nonnull (topic);
  g_assert_cmpuint (shards->len, >, 0);
  g_array_append_vals (self->revoked, shards->data, shards->len);
  self->revocations++;
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to, Reader *self)
{
  g_assert_cmpint (from, <, to);
  g_free (self->gap_topic);
  g_free (self->gap_shard);
  self->gap_topic = g_strdup (topic);
  self->gap_shard = g_strdup (shard);
  self->gap_from = from;
  self->gap_to = to;
  self->gap_at = self->count;
  self->gaps++;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, Reader *self)
{
  g_assert_cmpuint (self->closed, ==, 0);
  self->closed++;
  if (error != NULL)
    self->closed_error = g_error_copy (error);
}

/* Takes @subscription. */
Reader *
reader_attach (Case *c, ChatSubscription *subscription)
{
  Reader *self = g_new0 (Reader, 1);

  self->c = c;
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  self->texts = g_ptr_array_new_with_free_func (g_free);
  self->revoked = g_array_new (FALSE, FALSE, sizeof (gint));
  self->subscription = subscription;
  g_signal_connect (subscription, "records", G_CALLBACK (records_cb), self);
  g_signal_connect (subscription, "revoked", G_CALLBACK (revoked_cb), self);
  g_signal_connect (subscription, "gap", G_CALLBACK (gap_cb), self);
  g_signal_connect (subscription, "closed", G_CALLBACK (closed_cb), self);
  return self;
}

typedef struct
{
  Case *c;
  Reader *reader;
  GError *error;
  gboolean answered;
} Subscribing;

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Subscribing *subscribing = user_data;
  ChatSubscription *subscription;

  subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &subscribing->error);
  if (subscription != NULL)
    subscribing->reader = reader_attach (subscribing->c, subscription);
  subscribing->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Subscribing *)data)->answered;
}

Reader *
reader_new_full (Case *c, ChatTransport *transport, const char *const *topics, const char *const *channels,
                 const ChatStart *start, GError **error)
{
  Subscribing subscribing = { c, NULL, NULL, FALSE };

  chat_transport_subscribe_async (transport, topics, channels, start, NULL, subscribed_cb, &subscribing);
  chat_test_wait_until (is_answered, &subscribing, "the answer of a subscribe");
  if (error == NULL)
    g_assert_no_error (subscribing.error);
  else if (subscribing.error != NULL)
    g_propagate_error (error, subscribing.error);
  return subscribing.reader;
}

Reader *
reader_new (Case *c, ChatStartKind kind)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart start = { kind, NULL, 0, NULL };

  return reader_new_full (c, c->transport, topics, NULL, &start, NULL);
}

Reader *
reader_new_at (Case *c, const ChatStart *start)
{
  const char *topics[] = { c->fixture->read_topic, NULL };

  return reader_new_full (c, c->transport, topics, NULL, start, NULL);
}

Reader *
reader_new_group (Case *c, ChatTransport *transport, const char *group)
{
  const char *topics[] = { c->fixture->read_topic, NULL };
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, group };

  return reader_new_full (c, transport, topics, NULL, &start, NULL);
}

static void
subscription_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *answered = user_data;
  g_autoptr (GError) error = NULL;

  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, &error);
  g_assert_no_error (error);
  *answered = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *)data;
}

void
reader_close (Reader *self)
{
  gboolean answered = FALSE;

  chat_subscription_close_async (self->subscription, NULL, subscription_closed_cb, &answered);
  chat_test_wait_until (is_true, &answered, "the close of a subscription");
  g_assert_cmpuint (self->closed, ==, 1);
}

void
reader_drop (Reader *self)
{
  g_signal_handlers_disconnect_by_data (self->subscription, self);
  g_clear_object (&self->subscription);
}

void
reader_free (Reader *self)
{
  if (self->subscription != NULL && !chat_subscription_is_closed (self->subscription))
    reader_close (self);
  if (self->subscription != NULL)
    reader_drop (self);
  g_ptr_array_unref (self->records);
  g_ptr_array_unref (self->texts);
  g_array_unref (self->revoked);
  g_clear_error (&self->closed_error);
  g_free (self->gap_topic);
  g_free (self->gap_shard);
  g_free (self);
}

void
reader_forget (Reader *self)
{
  g_ptr_array_set_size (self->records, 0);
  g_ptr_array_set_size (self->texts, 0);
  self->count = self->batches = 0;
}

void
reader_check_at (const char *where, Reader *self, const char *prefix, guint from, guint to)
{
  if (self->count != to - from)
    g_error ("%s: %u records of %s came, not %u", where, self->count, prefix, to - from);
  for (guint i = 0; i < self->count; i++)
    {
      g_autofree char *wanted = g_strdup_printf ("%s%u", prefix, from + i);

      if (!g_str_equal (wanted, g_ptr_array_index (self->texts, i)))
        g_error ("%s: record %u is %s, not %s", where, i, (char *)g_ptr_array_index (self->texts, i), wanted);
    }
}

void
reader_expect_nothing (Reader *self)
{
  chat_test_run_for (60);
  g_assert_cmpuint (self->count, ==, 0);
}

GPtrArray *
reader_inputs (Reader *self, guint from, guint to)
{
  GPtrArray *inputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = from; i < to; i++)
    g_ptr_array_add (inputs, chat_record_ref (g_ptr_array_index (self->records, i)));
  return inputs;
}

gboolean
reader_forward (Reader *self, ChatTransport *transport, guint from, guint to, GPtrArray *outputs, GError **error)
{
  g_autoptr (GPtrArray) inputs = reader_inputs (self, from, to);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  GAsyncResult *result = NULL;

  chat_transport_forward_async (transport, self->subscription, inputs, outputs != NULL ? outputs : none, NULL,
                                chat_test_result_cb, &result);
  return case_answer (transport, &result, chat_transport_forward_finish, error);
}

gboolean
case_seek (Reader *reader, const ChatStart *start, GError **error)
{
  ChatTransport *transport = reader->c->transport;
  GAsyncResult *result = NULL;

  chat_transport_seek_async (transport, reader->subscription, start, NULL, chat_test_result_cb, &result);
  return case_answer (transport, &result, chat_transport_seek_finish, error);
}
