/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-member-private.h"

/* Who joins listens so long for the others before it takes its share. */
#define LISTEN_MS 300

/* Revoking */

/* Tells of all shards of one topic at once, topic by topic. */
static void
tell_revoked (ChatRabbitmqMember *self, gboolean (*is_gone) (const ChatRabbitmqShard *shard))
{
  for (guint i = 0; self->wish->topics[i] != NULL; i++)
    {
      g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint));

      for (guint j = 0; j < self->shards->len; j++)
        {
          ChatRabbitmqShard *shard = g_ptr_array_index (self->shards, j);

          if (!shard->held || !is_gone (shard) || !g_str_equal (shard->topic, self->wish->topics[i]))
            continue;
          shard->held = FALSE;
          g_array_append_val (numbers, shard->number);
        }
      if (numbers->len > 0 && !chat_subscription_is_closed (CHAT_SUBSCRIPTION (self)))
        chat_subscription_emit_revoked (CHAT_SUBSCRIPTION (self), self->wish->topics[i], numbers);
    }
}

static gboolean
is_stopping (const ChatRabbitmqShard *shard)
{
  return shard->stopping;
}

static gboolean
is_any (const ChatRabbitmqShard *shard)
{
  return TRUE;
}

void
chat_rabbitmq_member_revoke_all (ChatRabbitmqMember *self)
{
  tell_revoked (self, is_any);
}

static void
call_roll (ChatRabbitmqMember *self, gboolean here)
{
  g_autofree char *call = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (ChatRecord) record = NULL;

  if (self->calling == NULL || self->roll == NULL)
    return;
  call = chat_rabbitmq_roll_dup_call (self->roll, here);
  bytes = g_bytes_new (call, strlen (call));
  record = chat_record_new (self->exchange, NULL, bytes);
  chat_rabbitmq_channel_publish (self->calling, self->exchange, record, g_get_real_time () / 1000, FALSE, FALSE);
}

/* Whoever hears it may be quicker than what is on its way to the queues. */
void
chat_rabbitmq_member_claim (ChatRabbitmqMember *self)
{
  self->claims = FALSE;
  for (guint i = 0; i < self->shards->len; i++)
    self->claims |= ((ChatRabbitmqShard *)g_ptr_array_index (self->shards, i))->lining;
  if (self->claims || self->roll == NULL)
    return;
  chat_rabbitmq_roll_renew (self->roll);
  call_roll (self, TRUE);
}

void
chat_rabbitmq_member_settle_stops (ChatRabbitmqMember *self)
{
  g_autoptr (ChatRabbitmqMember) hold = g_object_ref (self);
  gboolean any = FALSE;

  if (chat_subscription_is_forwarding (CHAT_SUBSCRIPTION (self)))
    return;
  for (guint i = 0; i < self->shards->len; i++)
    any |= ((ChatRabbitmqShard *)g_ptr_array_index (self->shards, i))->stopping;
  if (!any)
    return;
  tell_revoked (self, is_stopping);
  any = FALSE;
  for (guint i = 0; i < self->shards->len; i++)
    {
      ChatRabbitmqShard *shard = g_ptr_array_index (self->shards, i);
      gboolean mine;

      if (!shard->stopping)
        continue;
      shard->stopping = FALSE;
      if (shard->channel == NULL)
        continue;
      chat_rabbitmq_shard_close (shard, NULL, NULL);
      chat_rabbitmq_shard_open (shard, NULL, NULL);
      chat_rabbitmq_roll_get_owner (self->roll, (guint)shard->number, &mine);
      any |= mine;
    }
  if (any)
    chat_rabbitmq_member_claim (self);
}

/* The roll */

/* Whoever is not the owner of a shard queues up for it behind him. Who becomes its owner may have queued up behind the
 * others himself, when he had not heard of it yet and they had: they are told. */
static void
follow_roll (ChatRabbitmqMember *self)
{
  gboolean gained = FALSE;

  if (!self->settled)
    return;
  for (guint i = 0; i < self->shards->len; i++)
    {
      ChatRabbitmqShard *shard = g_ptr_array_index (self->shards, i);
      gboolean mine;
      const char *owner = chat_rabbitmq_roll_get_owner (self->roll, (guint)shard->number, &mine);

      if (g_strcmp0 (shard->owner, owner) == 0)
        continue;
      gained |= mine && !shard->mine && shard->owner != NULL;
      shard->mine = mine;
      g_free (shard->owner);
      shard->owner = g_strdup (owner);
      if (mine)
        {
          shard->held = !shard->stopping || shard->held;
          continue;
        }
      shard->stopping = TRUE;
      chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (self), chat_rabbitmq_shard_has, shard);
    }
  chat_rabbitmq_member_settle_stops (self);
  if (gained)
    chat_rabbitmq_member_claim (self);
}

void
chat_rabbitmq_member_settle (ChatRabbitmqMember *self)
{
  chat_timer_clear (&self->listening);
  self->settled = TRUE;
  follow_roll (self);
}

static gboolean
listened_cb (gpointer user_data)
{
  chat_rabbitmq_member_settle (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
roll_call_cb (gpointer user_data)
{
  ChatRabbitmqMember *self = user_data;

  call_roll (self, TRUE);
  if (chat_rabbitmq_roll_expire (self->roll, g_get_monotonic_time ()) != CHAT_RABBITMQ_ROLL_SAME)
    follow_roll (self);
  return G_SOURCE_CONTINUE;
}

static void
heard_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  ChatRabbitmqMember *self = data;
  gsize size;
  const char *words = g_bytes_get_data (delivery->body, &size);
  g_autofree char *call = g_strndup (words != NULL ? words : "", size);
  ChatRabbitmqRollNews news = chat_rabbitmq_roll_hear (self->roll, call, g_get_monotonic_time ());

  chat_rabbitmq_channel_ack (self->hearing, delivery->tag, FALSE);
  if (news == CHAT_RABBITMQ_ROLL_JOINED)
    call_roll (self, TRUE);
  if (news != CHAT_RABBITMQ_ROLL_SAME && !self->settled)
    chat_rabbitmq_member_settle (self);
  else if (news != CHAT_RABBITMQ_ROLL_SAME)
    follow_roll (self);
}

/* Without the roll the work is done all the same, by whoever came first. */
static void
hearing_closed_cb (gpointer data, const GError *error)
{
  ((ChatRabbitmqMember *)data)->hearing = NULL;
}

static void
calling_closed_cb (gpointer data, const GError *error)
{
  ((ChatRabbitmqMember *)data)->calling = NULL;
}

static const ChatRabbitmqChannelFuncs hearing_funcs = { .delivered = heard_cb, .closed = hearing_closed_cb };
static const ChatRabbitmqChannelFuncs calling_funcs = { .closed = calling_closed_cb };

/* A queue of its own on the fanout exchange; once it is bound, the others are told. */
static void
hearing_cb (gpointer decoded, gpointer data)
{
  call_roll (data, TRUE);
}

void
chat_rabbitmq_member_join_roll (ChatRabbitmqMember *self, const ChatRabbitmqSite *site)
{
  amqp_queue_declare_t declare = { .exclusive = 1, .auto_delete = 1 };
  amqp_queue_bind_t bind = { .exchange = amqp_cstring_bytes (self->exchange) };
  amqp_basic_consume_t consume = { .exclusive = 1 };

  self->hearing = chat_rabbitmq_channel_new (site->consuming, &hearing_funcs, self);
  self->calling = chat_rabbitmq_channel_new (site->publishing, &calling_funcs, self);
  if (self->hearing == NULL || self->calling == NULL)
    return;
  chat_rabbitmq_channel_call (self->hearing, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD, NULL,
                              NULL);
  chat_rabbitmq_channel_call (self->hearing, AMQP_QUEUE_BIND_METHOD, &bind, AMQP_QUEUE_BIND_OK_METHOD, NULL, NULL);
  chat_rabbitmq_channel_call (self->hearing, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD,
                              hearing_cb, self);
  self->listening = chat_timer_new (LISTEN_MS, listened_cb, self);
  self->roll_call = chat_timer_new (CHAT_RABBITMQ_ROLL_CALL_MS, roll_call_cb, self);
}

void
chat_rabbitmq_member_leave_roll (ChatRabbitmqMember *self)
{
  call_roll (self, FALSE);
  chat_timer_clear (&self->listening);
  chat_timer_clear (&self->roll_call);
  if (self->hearing != NULL)
    chat_rabbitmq_channel_close (self->hearing, NULL, NULL);
  if (self->calling != NULL)
    chat_rabbitmq_channel_close (self->calling, NULL, NULL);
  self->hearing = self->calling = NULL;
  self->settled = FALSE;
}
