/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>

#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-link-private.h"

/* A free socket (POLLOUT) has room for a third of its buffer: what is written at once is much less. */
#define WRITE_BYTES 16384
/* The clock is looked at after so many frames. */
#define FRAMES_A_LOOK 32
/* A broker that has just come up may leave a call without an answer for ever, of a queue that is not there yet: so many
 * heartbeats are enough. */
#define PATIENCE_BEATS 3
#define PATIENCE_S 30

typedef struct
{
  GSource base;
  ChatRabbitmqLink *link;
} LinkSource;

/* A method (its arguments encoded), or a record that is published, perhaps sent in part. */
typedef struct
{
  guint16 channel;
  amqp_method_number_t method;
  GBytes *arguments; /* nullable */
  char *exchange;
  ChatRecord *record; /* nullable: a method */
  gint64 time_ms;
  gsize sent;
  gboolean mandatory, direct, begun;
} Outgoing;

static void
outgoing_free (Outgoing *outgoing)
{
  g_clear_pointer (&outgoing->arguments, g_bytes_unref);
  g_clear_pointer (&outgoing->record, chat_record_unref);
  g_free (outgoing->exchange);
  g_free (outgoing);
}

static ChatRabbitmqLink *
link_ref (ChatRabbitmqLink *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

static void
link_unref (ChatRabbitmqLink *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  amqp_destroy_connection (self->state);
  g_hash_table_unref (self->channels);
  g_queue_clear_full (&self->outgoing, (GDestroyNotify)outgoing_free);
  g_clear_error (&self->failure);
  g_free (self);
}

/* Told from the main loop, never inside the call that noticed it. */
void
chat_rabbitmq_link_fail (ChatRabbitmqLink *self, GError *error)
{
  if (self->dead)
    {
      g_clear_error (&error);
      return;
    }
  self->dead = TRUE;
  self->failure = error;
  g_source_set_ready_time (self->source, 0);
}

/* Writing */

static gboolean
has_room (ChatRabbitmqLink *self)
{
  struct pollfd look = { self->fd, POLLOUT, 0 };

  return poll (&look, 1, 0) == 1 && (look.revents & POLLOUT) != 0;
}

static void
watch_room (ChatRabbitmqLink *self, gboolean watch)
{
  if (self->watching == watch || self->dead)
    return;
  self->watching = watch;
  g_source_modify_unix_fd (self->source, self->watch,
                           (GIOCondition)(G_IO_IN | G_IO_ERR | G_IO_HUP | (watch ? G_IO_OUT : 0)));
}

/* Whatever was sent: librabbitmq may have read something meanwhile. */
static void
check_sent (ChatRabbitmqLink *self, int status)
{
  if (status != AMQP_STATUS_OK)
    chat_rabbitmq_link_fail (self, chat_rabbitmq_error_new_status (status));
  else if (amqp_frames_enqueued (self->state) || amqp_data_in_buffer (self->state))
    self->pending = TRUE;
}

static amqp_basic_publish_t
publish_method (const char *exchange, ChatRecord *record, gboolean mandatory)
{
  const char *key = chat_record_get_key (record);

  return (amqp_basic_publish_t){ .exchange = amqp_cstring_bytes (exchange),
                                 .routing_key = amqp_cstring_bytes (key != NULL ? key : ""),
                                 .mandatory = mandatory };
}

static void
publish_whole (ChatRabbitmqLink *self, guint16 channel, const char *exchange, ChatRecord *record, gint64 time_ms,
               gboolean mandatory, gboolean direct)
{
  amqp_basic_publish_t publish = publish_method (exchange, record, mandatory);
  ChatRabbitmqProperties properties;
  amqp_bytes_t body;

  chat_rabbitmq_codec_encode (&properties, record, time_ms, direct, self->shards);
  body.bytes = (gpointer)g_bytes_get_data (chat_record_get_bytes (record), &body.len);
  check_sent (self, amqp_basic_publish (self->state, channel, publish.exchange, publish.routing_key, mandatory, 0,
                                        &properties.properties, body));
}

static void
begin_publish (ChatRabbitmqLink *self, Outgoing *outgoing)
{
  amqp_basic_publish_t publish = publish_method (outgoing->exchange, outgoing->record, outgoing->mandatory);
  ChatRabbitmqProperties properties;
  amqp_frame_t frame = { .frame_type = AMQP_FRAME_HEADER, .channel = outgoing->channel };
  int status = amqp_send_method (self->state, outgoing->channel, AMQP_BASIC_PUBLISH_METHOD, &publish);

  chat_rabbitmq_codec_encode (&properties, outgoing->record, outgoing->time_ms, outgoing->direct, self->shards);
  frame.payload.properties.class_id = AMQP_BASIC_CLASS;
  frame.payload.properties.body_size = g_bytes_get_size (chat_record_get_bytes (outgoing->record));
  frame.payload.properties.decoded = &properties.properties;
  if (status == AMQP_STATUS_OK)
    status = amqp_send_frame (self->state, &frame);
  check_sent (self, status);
  outgoing->begun = TRUE;
}

/* The next part of it. Returns whether all of it is sent. */
static gboolean
publish_part (ChatRabbitmqLink *self, Outgoing *outgoing)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (chat_record_get_bytes (outgoing->record), &size);
  amqp_frame_t frame = { .frame_type = AMQP_FRAME_BODY, .channel = outgoing->channel };

  if (!outgoing->begun)
    {
      begin_publish (self, outgoing);
      return size == 0;
    }
  frame.payload.body_fragment.len = MIN (size - outgoing->sent, (gsize)WRITE_BYTES);
  frame.payload.body_fragment.bytes = (gpointer)(data + outgoing->sent);
  check_sent (self, amqp_send_frame (self->state, &frame));
  outgoing->sent += frame.payload.body_fragment.len;
  return outgoing->sent >= size;
}

static gboolean
is_small (ChatRecord *record)
{
  gsize size = g_bytes_get_size (chat_record_get_bytes (record));
  GHashTable *headers = chat_record_get_headers (record);
  GHashTableIter iter;
  gpointer name, value;

  if (headers != NULL)
    {
      g_hash_table_iter_init (&iter, headers);
      while (g_hash_table_iter_next (&iter, &name, &value))
        size += strlen (name) + strlen (value);
    }
  return size <= WRITE_BYTES;
}

static void
send_encoded (ChatRabbitmqLink *self, const Outgoing *outgoing)
{
  amqp_pool_t pool;
  amqp_bytes_t encoded;
  void *decoded;
  int status;

  encoded.bytes = (gpointer)g_bytes_get_data (outgoing->arguments, &encoded.len);
  init_amqp_pool (&pool, 4096);
  status = amqp_decode_method (outgoing->method, &pool, encoded, &decoded);
  if (status == AMQP_STATUS_OK)
    status = amqp_send_method (self->state, outgoing->channel, outgoing->method, decoded);
  empty_amqp_pool (&pool);
  check_sent (self, status);
}

/* Where it has to look first whether the other side is still there, amqp_basic_publish() of librabbitmq 0.11 waits
 * without end for something to read: "at once" is "never" to its clock. The parts of a publish are sent without that
 * look; what is dead is found when frames are read. */
static gboolean
may_publish_whole (ChatRabbitmqLink *self, ChatRecord *record)
{
  gint64 silence = g_get_monotonic_time () - self->heard;

  return is_small (record) && (self->heartbeat_s == 0 || silence < (gint64)self->heartbeat_s * G_USEC_PER_SEC);
}

static void
flush (ChatRabbitmqLink *self)
{
  gint64 until = g_get_monotonic_time () + self->budget_us;

  while (!self->dead && !g_queue_is_empty (&self->outgoing) && has_room (self))
    {
      Outgoing *outgoing = g_queue_peek_head (&self->outgoing);
      gboolean all = TRUE;

      if (outgoing->record == NULL)
        send_encoded (self, outgoing);
      else if (!outgoing->begun && may_publish_whole (self, outgoing->record))
        publish_whole (self, outgoing->channel, outgoing->exchange, outgoing->record, outgoing->time_ms,
                       outgoing->mandatory, outgoing->direct);
      else
        all = publish_part (self, outgoing);
      if (all)
        outgoing_free (g_queue_pop_head (&self->outgoing));
      if (g_get_monotonic_time () > until)
        break;
    }
  watch_room (self, !g_queue_is_empty (&self->outgoing));
}

static gboolean
may_send_now (ChatRabbitmqLink *self)
{
  return g_queue_is_empty (&self->outgoing) && has_room (self);
}

static void
send_later (ChatRabbitmqLink *self, Outgoing *outgoing)
{
  g_queue_push_tail (&self->outgoing, outgoing);
  watch_room (self, TRUE);
}

void
chat_rabbitmq_link_send (ChatRabbitmqLink *self, guint16 channel, amqp_method_number_t method, gpointer decoded)
{
  guint8 buffer[WRITE_BYTES];
  Outgoing *outgoing;
  int size;

  if (self->dead)
    return;
  if (may_send_now (self))
    {
      check_sent (self, amqp_send_method (self->state, channel, method, decoded));
      return;
    }
  size = amqp_encode_method (method, decoded, (amqp_bytes_t){ sizeof buffer, buffer });
  if (size < 0)
    {
      chat_rabbitmq_link_fail (self, chat_rabbitmq_error_new_status (size));
      return;
    }
  outgoing = g_new0 (Outgoing, 1);
  outgoing->channel = channel;
  outgoing->method = method;
  outgoing->arguments = g_bytes_new (buffer, (gsize)size);
  send_later (self, outgoing);
}

void
chat_rabbitmq_link_publish (ChatRabbitmqLink *self, guint16 channel, const char *exchange, ChatRecord *record,
                            gint64 time_ms, gboolean mandatory, gboolean direct)
{
  Outgoing *outgoing;

  if (self->dead)
    return;
  if (may_publish_whole (self, record) && may_send_now (self))
    {
      publish_whole (self, channel, exchange, record, time_ms, mandatory, direct);
      return;
    }
  outgoing = g_new0 (Outgoing, 1);
  outgoing->channel = channel;
  outgoing->exchange = g_strdup (exchange);
  outgoing->record = chat_record_ref (record);
  outgoing->time_ms = time_ms;
  outgoing->mandatory = mandatory;
  outgoing->direct = direct;
  send_later (self, outgoing);
}

void
chat_rabbitmq_link_purge (ChatRabbitmqLink *self, guint16 channel)
{
  GList *next;

  for (GList *link = self->outgoing.head; link != NULL; link = next)
    {
      Outgoing *outgoing = link->data;

      next = link->next;
      if (outgoing->channel != channel)
        continue;
      outgoing_free (outgoing);
      g_queue_delete_link (&self->outgoing, link);
    }
}

/* Reading */

static void
take_connection_method (ChatRabbitmqLink *self, const amqp_method_t *method)
{
  if (method->id == AMQP_CONNECTION_CLOSE_METHOD)
    {
      const amqp_connection_close_t *close = method->decoded;
      amqp_connection_close_ok_t ok = { 0 };

      if (has_room (self))
        amqp_send_method (self->state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
      chat_rabbitmq_link_fail (self, chat_rabbitmq_error_new_close (close->reply_code, close->reply_text));
    }
  else if (method->id == AMQP_CONNECTION_CLOSE_OK_METHOD)
    {
      self->ended = TRUE;
      chat_rabbitmq_link_fail (self, NULL);
    }
  else if (method->id == AMQP_CONNECTION_BLOCKED_METHOD)
    {
      const amqp_connection_blocked_t *blocked = method->decoded;
      g_autofree char *reason = chat_rabbitmq_dup_text (blocked->reason);

      self->blocked = TRUE;
      self->funcs->blocked (self->data, reason);
    }
  else if (method->id == AMQP_CONNECTION_UNBLOCKED_METHOD)
    {
      self->blocked = FALSE;
      self->unblocked = g_get_monotonic_time ();
      self->funcs->blocked (self->data, NULL);
    }
}

static void
take_frame (ChatRabbitmqLink *self, const amqp_frame_t *frame)
{
  gboolean release = TRUE;

  if (frame->channel == 0)
    {
      if (frame->frame_type == AMQP_FRAME_METHOD)
        take_connection_method (self, &frame->payload.method);
    }
  else
    {
      ChatRabbitmqChannel *channel = g_hash_table_lookup (self->channels, GUINT_TO_POINTER (frame->channel));

      release = channel == NULL || chat_rabbitmq_channel_take (channel, frame);
    }
  if (release)
    amqp_maybe_release_buffers_on_channel (self->state, frame->channel);
}

static void
read_frames (ChatRabbitmqLink *self)
{
  const struct timeval at_once = { 0, 0 };
  gint64 until = g_get_monotonic_time () + self->budget_us;

  self->pending = FALSE;
  for (guint i = 1; !self->dead; i++)
    {
      amqp_frame_t frame;
      /* it also sends the heartbeats that are due, and notices that none comes */
      int status = amqp_simple_wait_frame_noblock (self->state, &frame, &at_once);

      if (status == AMQP_STATUS_TIMEOUT)
        return;
      if (status != AMQP_STATUS_OK)
        {
          chat_rabbitmq_link_fail (self, self->ending ? NULL : chat_rabbitmq_error_new_status (status));
          return;
        }
      self->heard = until - self->budget_us;
      take_frame (self, &frame);
      if (i % FRAMES_A_LOOK == 0 && g_get_monotonic_time () > until)
        {
          self->pending = TRUE;
          return;
        }
    }
}

/* The source */

static gboolean
source_prepare (GSource *source, gint *timeout)
{
  ChatRabbitmqLink *self = ((LinkSource *)source)->link;

  *timeout = -1;
  return self->dead || self->pending || amqp_frames_enqueued (self->state) || amqp_data_in_buffer (self->state);
}

static gboolean
source_check (GSource *source)
{
  ChatRabbitmqLink *self = ((LinkSource *)source)->link;

  return self->dead || self->pending || g_source_query_unix_fd (source, self->watch) != 0;
}

gint64
chat_rabbitmq_link_get_patience (ChatRabbitmqLink *self)
{
  return (self->heartbeat_s > 0 ? (gint64)self->heartbeat_s * PATIENCE_BEATS : PATIENCE_S) * G_USEC_PER_SEC;
}

/* It reads nothing while it is blocked. */
static void
check_answers (ChatRabbitmqLink *self, gint64 now)
{
  gint64 patience = chat_rabbitmq_link_get_patience (self);
  GHashTableIter iter;
  gpointer channel;

  if (self->blocked || now - self->unblocked < patience)
    return;
  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &channel))
    if (chat_rabbitmq_channel_get_since (channel) < now - patience)
      {
        chat_rabbitmq_link_fail (self, chat_rabbitmq_error_new_status (AMQP_STATUS_TIMEOUT));
        return;
      }
}

static void
plan_tick (ChatRabbitmqLink *self, gint64 now)
{
  if (self->heartbeat_s == 0)
    return;
  self->next_tick = now + (gint64)self->heartbeat_s * G_USEC_PER_SEC / 2;
  g_source_set_ready_time (self->source, self->next_tick);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ChatRabbitmqLink *self = link_ref (((LinkSource *)source)->link);
  gint64 now = g_get_monotonic_time ();

  if (!self->dead && now >= self->next_tick)
    {
      check_answers (self, now);
      plan_tick (self, now);
    }
  if (!self->dead && !g_queue_is_empty (&self->outgoing))
    flush (self);
  if (!self->dead)
    read_frames (self);
  if (self->dead && self->funcs != NULL)
    {
      const ChatRabbitmqLinkFuncs *funcs = g_steal_pointer (&self->funcs);

      g_source_destroy (source);
      funcs->closed (self->data, self->failure);
    }
  link_unref (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { source_prepare, source_check, source_dispatch, NULL, NULL, NULL };

ChatRabbitmqLink *
chat_rabbitmq_link_new (amqp_connection_state_t state, gint64 budget_us, const ChatRabbitmqLinkFuncs *funcs,
                        gpointer data)
{
  ChatRabbitmqLink *self = g_new0 (ChatRabbitmqLink, 1);

  g_atomic_ref_count_init (&self->references);
  self->state = state;
  self->fd = amqp_get_sockfd (state);
  self->heartbeat_s = (guint)MAX (amqp_get_heartbeat (state), 0);
  self->channel_most = (guint16)CLAMP (amqp_get_channel_max (state), 1, G_MAXUINT16);
  self->channels = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)chat_rabbitmq_channel_free);
  g_queue_init (&self->outgoing);
  self->budget_us = budget_us;
  self->funcs = funcs;
  self->data = data;
  self->pending = TRUE; /* the login may have read ahead */
  self->source = g_source_new (&source_funcs, sizeof (LinkSource));
  ((LinkSource *)self->source)->link = self;
  g_source_set_static_name (self->source, "ChatRabbitmqLink");
  self->watch = g_source_add_unix_fd (self->source, self->fd, (GIOCondition)(G_IO_IN | G_IO_ERR | G_IO_HUP));
  self->heard = g_get_monotonic_time ();
  plan_tick (self, self->heard);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

void
chat_rabbitmq_link_set_shards (ChatRabbitmqLink *self, guint shards)
{
  g_return_if_fail (self != NULL);

  self->shards = shards;
}

void
chat_rabbitmq_link_free (ChatRabbitmqLink *self)
{
  g_return_if_fail (self != NULL);

  self->dead = TRUE;
  self->funcs = NULL;
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  link_unref (self);
}

void
chat_rabbitmq_link_end (ChatRabbitmqLink *self)
{
  amqp_connection_close_t close = { .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_cstring_bytes ("bye") };

  g_return_if_fail (self != NULL);

  if (self->ending)
    return;
  self->ending = TRUE;
  chat_rabbitmq_link_send (self, 0, AMQP_CONNECTION_CLOSE_METHOD, &close);
}

void
chat_rabbitmq_link_forget (ChatRabbitmqLink *self, gpointer data)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ChatRabbitmqChannel *channel = value;

      if (channel->done_data == data)
        channel->done = NULL;
    }
}
