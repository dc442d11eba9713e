/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-link-private.h"

typedef struct
{
  amqp_method_number_t answer;
  ChatRabbitmqReply reply;
  gpointer data;
  gint64 since; /* monotonic, µs */
} Call;

static void
forget_body (ChatRabbitmqChannel *self)
{
  g_clear_pointer (&self->body, g_byte_array_unref);
  self->stage = STAGE_IDLE;
}

void
chat_rabbitmq_channel_free (ChatRabbitmqChannel *self)
{
  forget_body (self);
  g_queue_clear_full (&self->calls, g_free);
  g_free (self);
}

gint64
chat_rabbitmq_channel_get_since (const ChatRabbitmqChannel *self)
{
  const Call *call = self->closing ? NULL : g_queue_peek_head ((GQueue *)&self->calls);

  return call != NULL ? call->since : G_MAXINT64;
}

static guint16
free_number (ChatRabbitmqLink *link)
{
  for (guint tries = 0; tries < link->channel_most; tries++)
    {
      link->last_channel = link->last_channel >= link->channel_most ? 1 : link->last_channel + 1;
      if (!g_hash_table_contains (link->channels, GUINT_TO_POINTER (link->last_channel)))
        return link->last_channel;
    }
  return 0;
}

ChatRabbitmqChannel *
chat_rabbitmq_channel_new (ChatRabbitmqLink *link, const ChatRabbitmqChannelFuncs *funcs, gpointer data)
{
  guint16 number = free_number (link);
  amqp_channel_open_t open = { 0 };
  ChatRabbitmqChannel *self;

  if (number == 0)
    return NULL;
  self = g_new0 (ChatRabbitmqChannel, 1);
  self->link = link;
  self->number = number;
  self->funcs = funcs;
  self->data = data;
  g_queue_init (&self->calls);
  g_hash_table_insert (link->channels, GUINT_TO_POINTER (number), self);
  chat_rabbitmq_channel_call (self, AMQP_CHANNEL_OPEN_METHOD, &open, AMQP_CHANNEL_OPEN_OK_METHOD, NULL, NULL);
  return self;
}

void
chat_rabbitmq_channel_call (ChatRabbitmqChannel *self, amqp_method_number_t method, gpointer decoded,
                            amqp_method_number_t answer, ChatRabbitmqReply reply, gpointer data)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ answer, reply, data, g_get_monotonic_time () };
  g_queue_push_tail (&self->calls, call);
  chat_rabbitmq_link_send (self->link, self->number, method, decoded);
}

void
chat_rabbitmq_channel_ack (ChatRabbitmqChannel *self, guint64 tag, gboolean multiple)
{
  amqp_basic_ack_t ack = { tag, multiple };

  chat_rabbitmq_link_send (self->link, self->number, AMQP_BASIC_ACK_METHOD, &ack);
}

void
chat_rabbitmq_channel_publish (ChatRabbitmqChannel *self, const char *exchange, ChatRecord *record, gint64 time_ms,
                               gboolean mandatory, gboolean direct)
{
  chat_rabbitmq_link_publish (self->link, self->number, exchange, record, time_ms, mandatory, direct);
}

void
chat_rabbitmq_channel_close (ChatRabbitmqChannel *self, ChatRabbitmqReply done, gpointer data)
{
  amqp_channel_close_t close = { .reply_code = AMQP_REPLY_SUCCESS };

  self->funcs = NULL;
  self->closing = TRUE;
  self->done = done;
  self->done_data = data;
  chat_rabbitmq_link_send (self->link, self->number, AMQP_CHANNEL_CLOSE_METHOD, &close);
}

/* The broker knows this channel no more. */
static void
end (ChatRabbitmqChannel *self)
{
  chat_rabbitmq_link_purge (self->link, self->number);
  g_hash_table_steal (self->link->channels, GUINT_TO_POINTER (self->number));
}

static void
take_close (ChatRabbitmqChannel *self, const amqp_channel_close_t *close)
{
  g_autoptr (GError) error = chat_rabbitmq_error_new_close (close->reply_code, close->reply_text);
  amqp_channel_close_ok_t ok = { 0 };

  end (self);
  chat_rabbitmq_link_send (self->link, self->number, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  if (self->done != NULL)
    self->done (NULL, self->done_data);
  else if (self->funcs != NULL && self->funcs->closed != NULL)
    self->funcs->closed (self->data, error);
  chat_rabbitmq_channel_free (self);
}

static void
take_close_ok (ChatRabbitmqChannel *self)
{
  end (self);
  if (self->done != NULL)
    self->done (NULL, self->done_data);
  chat_rabbitmq_channel_free (self);
}

static void
take_cancel (ChatRabbitmqChannel *self, amqp_basic_cancel_t *cancel)
{
  if (!cancel->nowait)
    {
      amqp_basic_cancel_ok_t ok = { cancel->consumer_tag };

      chat_rabbitmq_link_send (self->link, self->number, AMQP_BASIC_CANCEL_OK_METHOD, &ok);
    }
  if (self->funcs != NULL && self->funcs->cancelled != NULL)
    self->funcs->cancelled (self->data);
}

static void
take_answer (ChatRabbitmqChannel *self, const amqp_method_t *method)
{
  Call *call = g_queue_peek_head (&self->calls);

  if (call == NULL || call->answer != method->id)
    return;
  g_queue_pop_head (&self->calls);
  if (call->reply != NULL && self->funcs != NULL)
    call->reply (method->decoded, call->data);
  g_free (call);
}

static void
begin_content (ChatRabbitmqChannel *self, gboolean is_return)
{
  self->is_return = is_return;
  self->stage = STAGE_HEADER;
}

/* Returns whether the channel is still there. */
static gboolean
take_method (ChatRabbitmqChannel *self, const amqp_method_t *method)
{
  switch (method->id)
    {
    case AMQP_BASIC_DELIVER_METHOD:
      {
        const amqp_basic_deliver_t *deliver = method->decoded;

        self->delivery = (ChatRabbitmqDelivery){ .tag = deliver->delivery_tag,
                                                 .redelivered = deliver->redelivered,
                                                 .exchange = deliver->exchange,
                                                 .key = deliver->routing_key };
        begin_content (self, FALSE);
        return TRUE;
      }
    case AMQP_BASIC_RETURN_METHOD:
      {
        const amqp_basic_return_t *returned = method->decoded;

        self->delivery = (ChatRabbitmqDelivery){ .code = returned->reply_code,
                                                 .text = returned->reply_text,
                                                 .exchange = returned->exchange,
                                                 .key = returned->routing_key };
        begin_content (self, TRUE);
        return TRUE;
      }
    case AMQP_BASIC_ACK_METHOD:
      {
        const amqp_basic_ack_t *ack = method->decoded;

        if (self->funcs != NULL && self->funcs->confirmed != NULL)
          self->funcs->confirmed (self->data, ack->delivery_tag, ack->multiple, TRUE);
        return TRUE;
      }
    case AMQP_BASIC_NACK_METHOD:
      {
        const amqp_basic_nack_t *nack = method->decoded;

        if (self->funcs != NULL && self->funcs->confirmed != NULL)
          self->funcs->confirmed (self->data, nack->delivery_tag, nack->multiple, FALSE);
        return TRUE;
      }
    case AMQP_BASIC_CANCEL_METHOD:
      take_cancel (self, method->decoded);
      return TRUE;
    case AMQP_CHANNEL_CLOSE_METHOD:
      take_close (self, method->decoded);
      return FALSE;
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
      take_close_ok (self);
      return FALSE;
    default:
      take_answer (self, method);
      return TRUE;
    }
}

static void
finish_content (ChatRabbitmqChannel *self, GBytes *body)
{
  self->delivery.body = body;
  if (self->funcs != NULL && self->is_return && self->funcs->returned != NULL)
    self->funcs->returned (self->data, &self->delivery);
  else if (self->funcs != NULL && !self->is_return && self->funcs->delivered != NULL)
    self->funcs->delivered (self->data, &self->delivery);
  forget_body (self);
}

static void
take_header (ChatRabbitmqChannel *self, const amqp_frame_t *frame)
{
  g_autoptr (GBytes) nothing = NULL;

  if (self->stage != STAGE_HEADER)
    return;
  self->delivery.properties = frame->payload.properties.decoded;
  self->size = frame->payload.properties.body_size;
  self->stage = STAGE_BODY;
  if (self->size > 0)
    return;
  nothing = g_bytes_new (NULL, 0);
  finish_content (self, nothing);
}

static void
take_body (ChatRabbitmqChannel *self, const amqp_bytes_t *part)
{
  g_autoptr (GBytes) body = NULL;

  if (self->stage != STAGE_BODY)
    return;
  if (self->body == NULL && part->len >= self->size)
    {
      body = g_bytes_new (part->bytes, part->len);
      finish_content (self, body);
      return;
    }
  if (self->body == NULL)
    self->body = g_byte_array_new ();
  g_byte_array_append (self->body, part->bytes, (guint)part->len);
  if (self->body->len < self->size)
    return;
  body = g_byte_array_free_to_bytes (g_steal_pointer (&self->body));
  finish_content (self, body);
}

gboolean
chat_rabbitmq_channel_take (ChatRabbitmqChannel *self, const amqp_frame_t *frame)
{
  if (frame->frame_type == AMQP_FRAME_METHOD && !take_method (self, &frame->payload.method))
    return TRUE;
  if (frame->frame_type == AMQP_FRAME_HEADER)
    take_header (self, frame);
  else if (frame->frame_type == AMQP_FRAME_BODY)
    take_body (self, &frame->payload.body_fragment);
  /* what was decoded lives in these buffers until the content is whole */
  return self->stage == STAGE_IDLE;
}
