/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-member.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-roll.h"

/* How much of a queue is on its way to its consumer. */
#define WINDOW 1000
/* Who joins listens so long for the others before it takes its share. */
#define LISTEN_MS 300
#define COUNT_EVERY_US G_USEC_PER_SEC

typedef struct
{
  ChatRecord *record;
  guint64 tag;
} Delivered;

/* One queue of one topic. */
typedef struct
{
  ChatRabbitmqMember *member;
  /* Owned */
  char *topic;
  char *queue;
  char *owner;                  /* nullable: as the roll last said */
  ChatRabbitmqChannel *channel; /* nullable */
  GQueue delivered;             /* Delivered: not acknowledged, in order */
  GList *cursor;                /* while a forward is checked */
  guint taken;                  /* by the forward in flight */
  gint number;
  gboolean held;     /* it is ours, as far as anybody was told */
  gboolean stopping; /* it goes as soon as no forward is in flight */
} Shard;

typedef struct
{
  ChatRabbitmqMember *member; /* a reference */
  GTask *task;
  GError *error; /* nullable: of an output */
  GSource *turn; /* nullable: it is not over before the main loop has had a turn */
  guint waiting; /* outputs that are not confirmed, and the turn */
} Forward;

struct _ChatRabbitmqMember
{
  ChatRabbitmqSubscription parent_instance;

  /* Owned */
  ChatBrokerOptions *options;
  ChatWish *wish;
  GPtrArray *shards; /* Shard */
  GPtrArray *queues; /* (element-type utf8) (nullable): their names */
  ChatRabbitmqRoll *roll;
  ChatRabbitmqChannel *hearing, *calling; /* nullable */
  GSource *listening, *roll_call;         /* nullable */
  GTask *closing;                         /* nullable */

  char *exchange; /* of the roll */

  /* Borrowed */
  ChatRabbitmqLink *link; /* nullable: not attached */
  Forward *acking;        /* nullable: all but the broker's heeding of its acknowledgements is done */

  gint64 counted; /* what waits in the queues; -1: not known */
  gint64 counted_at;
  guint waiting; /* channels that are not in place, or not closed yet */
  gboolean counting, settled, broken;
  gboolean others; /* somebody consumes already */
};

G_DEFINE_FINAL_TYPE (ChatRabbitmqMember, chat_rabbitmq_member, CHAT_TYPE_RABBITMQ_SUBSCRIPTION)

static void shard_open (Shard *shard, ChatRabbitmqReply reply, gpointer data);
static void call_roll (ChatRabbitmqMember *self, gboolean here);

static void
delivered_free (Delivered *delivered)
{
  chat_record_unref (delivered->record);
  g_free (delivered);
}

static void
shard_forget (Shard *shard)
{
  g_queue_clear_full (&shard->delivered, (GDestroyNotify)delivered_free);
  g_queue_init (&shard->delivered);
  shard->taken = 0;
}

static void
shard_free (Shard *shard)
{
  shard_forget (shard);
  g_free (shard->topic);
  g_free (shard->queue);
  g_free (shard->owner);
  g_free (shard);
}

static gboolean
is_of_shard (ChatRecord *record, gpointer data)
{
  const Shard *shard = data;

  return record != NULL && chat_record_get_shard (record) == shard->number
         && g_str_equal (chat_record_get_topic (record), shard->topic);
}

/* What is not acknowledged goes back into the queue, in its order, and this consumer to the end of the line. */
static void
shard_close (Shard *shard, ChatRabbitmqReply done, gpointer data)
{
  ChatRabbitmqChannel *channel = g_steal_pointer (&shard->channel);

  chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), is_of_shard, shard);
  shard_forget (shard);
  if (channel != NULL)
    chat_rabbitmq_channel_close (channel, done, data);
}

/* Revoking */

/* Tells of all shards of one topic at once, topic by topic. */
static void
emit_revoked (ChatRabbitmqMember *self, gboolean (*is_gone) (const Shard *shard))
{
  for (guint i = 0; self->wish->topics[i] != NULL; i++)
    {
      g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint));

      for (guint j = 0; j < self->shards->len; j++)
        {
          Shard *shard = g_ptr_array_index (self->shards, j);

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
is_stopping (const Shard *shard)
{
  return shard->stopping;
}

static gboolean
is_any (const Shard *shard)
{
  return TRUE;
}

/* The others have come before us in the lines of our own shards: they are to queue up behind us again. */
static void
claim (ChatRabbitmqMember *self)
{
  chat_rabbitmq_roll_renew (self->roll);
  call_roll (self, TRUE);
}

/* Gives up what is stopping, once nothing is in flight, and queues up for it anew. */
static void
settle_stops (ChatRabbitmqMember *self)
{
  g_autoptr (ChatRabbitmqMember) hold = g_object_ref (self);
  gboolean any = FALSE;

  if (chat_subscription_is_forwarding (CHAT_SUBSCRIPTION (self)))
    return;
  for (guint i = 0; i < self->shards->len; i++)
    any |= ((Shard *)g_ptr_array_index (self->shards, i))->stopping;
  if (!any)
    return;
  emit_revoked (self, is_stopping);
  any = FALSE;
  for (guint i = 0; i < self->shards->len; i++)
    {
      Shard *shard = g_ptr_array_index (self->shards, i);
      gboolean mine;

      if (!shard->stopping)
        continue;
      shard->stopping = FALSE;
      if (shard->channel == NULL)
        continue;
      shard_close (shard, NULL, NULL);
      shard_open (shard, NULL, NULL);
      chat_rabbitmq_roll_get_owner (self->roll, (guint)shard->number, &mine);
      any |= mine;
    }
  if (any)
    claim (self);
}

/* The roll */

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

/* Whoever is not the owner of a shard queues up for it behind him. */
static void
follow_roll (ChatRabbitmqMember *self)
{
  if (!self->settled)
    return;
  for (guint i = 0; i < self->shards->len; i++)
    {
      Shard *shard = g_ptr_array_index (self->shards, i);
      gboolean mine;
      const char *owner = chat_rabbitmq_roll_get_owner (self->roll, (guint)shard->number, &mine);

      if (g_strcmp0 (shard->owner, owner) == 0)
        continue;
      g_free (shard->owner);
      shard->owner = g_strdup (owner);
      if (mine)
        {
          shard->held = !shard->stopping || shard->held;
          continue;
        }
      shard->stopping = TRUE;
      chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (self), is_of_shard, shard);
    }
  settle_stops (self);
}

static void
settle (ChatRabbitmqMember *self)
{
  chat_timer_clear (&self->listening);
  self->settled = TRUE;
  follow_roll (self);
}

static gboolean
listened_cb (gpointer user_data)
{
  settle (user_data);
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
    settle (self);
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

static void
join_roll (ChatRabbitmqMember *self, const ChatRabbitmqSite *site)
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

/* The shards' channels */

static void
delivered_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  Shard *shard = data;
  Delivered *delivered;

  if (shard->stopping)
    return;
  shard->held = TRUE;
  delivered = g_new (Delivered, 1);
  delivered->record = chat_rabbitmq_codec_decode (shard->topic, delivery, shard->number, -1);
  delivered->tag = delivery->tag;
  g_queue_push_tail (&shard->delivered, delivered);
  chat_rabbitmq_subscription_push (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), chat_record_ref (delivered->record));
}

static void
cancelled_cb (gpointer data)
{
  Shard *shard = data;
  g_autoptr (GError) error = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                          _ ("The queue “%s” is gone or has moved"), shard->queue);

  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), error);
}

static void
closed_cb (gpointer data, const GError *error)
{
  Shard *shard = data;

  shard->channel = NULL;
  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), error);
}

static const ChatRabbitmqChannelFuncs shard_funcs = {
  .delivered = delivered_cb,
  .cancelled = cancelled_cb,
  .closed = closed_cb,
};

static void
shard_open (Shard *shard, ChatRabbitmqReply reply, gpointer data)
{
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (shard->member));
  amqp_basic_qos_t qos = { .prefetch_count = WINDOW };
  amqp_basic_consume_t consume = { .queue = amqp_cstring_bytes (shard->queue) };

  if (shard->channel == NULL && site != NULL)
    shard->channel = chat_rabbitmq_channel_new (site->consuming, &shard_funcs, shard);
  if (shard->channel == NULL)
    return;
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, NULL, NULL);
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD, reply,
                              data);
}

static void
found_cb (gpointer decoded, gpointer data)
{
  const amqp_queue_declare_ok_t *found = decoded;

  ((ChatRabbitmqMember *)data)->others |= found->consumer_count > 0;
}

/* Before it is consumed from: who is the first has all at once, and need not listen. */
static void
look_for_others (Shard *shard)
{
  amqp_queue_declare_t look = { .queue = amqp_cstring_bytes (shard->queue), .passive = 1 };
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (shard->member));

  shard->channel = chat_rabbitmq_channel_new (site->consuming, &shard_funcs, shard);
  if (shard->channel != NULL)
    chat_rabbitmq_channel_call (shard->channel, AMQP_QUEUE_DECLARE_METHOD, &look, AMQP_QUEUE_DECLARE_OK_METHOD,
                                found_cb, shard->member);
}

static void
consuming_cb (gpointer decoded, gpointer data)
{
  ChatRabbitmqMember *self = data;
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self));

  if (--self->waiting > 0)
    return;
  join_roll (self, site);
  if (!self->others)
    settle (self);
  chat_rabbitmq_subscription_in_place (CHAT_RABBITMQ_SUBSCRIPTION (self));
}

static void
take_queues (ChatRabbitmqMember *self, GPtrArray *by_topic)
{
  g_ptr_array_set_size (self->shards, 0);
  g_clear_pointer (&self->queues, g_ptr_array_unref);
  self->queues = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < by_topic->len; i++)
    {
      GPtrArray *queues = g_ptr_array_index (by_topic, i);

      for (guint j = 0; j < queues->len; j++)
        {
          Shard *shard = g_new0 (Shard, 1);

          shard->member = self;
          shard->topic = g_strdup (self->wish->topics[i]);
          shard->queue = g_strdup (g_ptr_array_index (queues, j));
          shard->number = (gint)j;
          g_queue_init (&shard->delivered);
          g_ptr_array_add (self->shards, shard);
          g_ptr_array_add (self->queues, g_strdup (shard->queue));
        }
    }
}

static void
grouped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRabbitmqMember) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) by_topic = chat_rabbitmq_admin_group_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (by_topic == NULL)
    {
      chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
      return;
    }
  take_queues (self, by_topic);
  self->waiting = self->shards->len;
  self->others = FALSE;
  for (guint i = 0; i < self->shards->len; i++)
    {
      look_for_others (g_ptr_array_index (self->shards, i));
      shard_open (g_ptr_array_index (self->shards, i), consuming_cb, self);
    }
}

/* Forwarding */

static Shard *
find_shard (ChatRabbitmqMember *self, const ChatRecord *record)
{
  for (guint i = 0; i < self->shards->len; i++)
    {
      Shard *shard = g_ptr_array_index (self->shards, i);

      if (shard->number == chat_record_get_shard (record) && g_str_equal (shard->topic, chat_record_get_topic (record)))
        return shard;
    }
  return NULL;
}

/* Whether @inputs are what comes next in their shards; notes how many of each. */
static gboolean
take_inputs (ChatRabbitmqMember *self, GPtrArray *inputs)
{
  Shard *shard = NULL;

  for (guint i = 0; i < self->shards->len; i++)
    {
      Shard *each = g_ptr_array_index (self->shards, i);

      each->cursor = each->delivered.head;
      each->taken = 0;
    }
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);

      if (shard == NULL || !is_of_shard (input, shard))
        shard = find_shard (self, input);
      if (shard == NULL || shard->stopping || shard->cursor == NULL
          || ((Delivered *)shard->cursor->data)->record != input)
        return FALSE;
      shard->cursor = shard->cursor->next;
      shard->taken++;
    }
  return TRUE;
}

/* All that is unacknowledged is delivered again, after @task has been answered. */
static void
rewind_all (ChatRabbitmqMember *self, GTask *task)
{
  if (!chat_subscription_is_closed (CHAT_SUBSCRIPTION (self)))
    chat_subscription_hold (CHAT_SUBSCRIPTION (self), task);
  if (chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self)) == NULL || self->roll == NULL)
    return;
  for (guint i = 0; i < self->shards->len; i++)
    {
      Shard *shard = g_ptr_array_index (self->shards, i);

      if (shard->channel == NULL)
        continue;
      shard_close (shard, NULL, NULL);
      shard_open (shard, NULL, NULL);
    }
  claim (self);
}

static void
forward_abort (ChatRabbitmqMember *self, GTask *task)
{
  rewind_all (self, task);
  chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
  g_task_return_new_error (
      task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
      _ ("These records are not ours to acknowledge any more: what is unacknowledged comes again"));
}

static void
forward_finish (Forward *forward)
{
  g_autoptr (ChatRabbitmqMember) self = forward->member;
  g_autoptr (GTask) task = forward->task;
  g_autoptr (GError) error = forward->error;

  g_free (forward);
  if (self->broken)
    {
      forward_abort (self, task);
      return;
    }
  chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
heeded_cb (gpointer decoded, gpointer data)
{
  ChatRabbitmqMember *self = data;

  if (--self->acking->waiting == 0)
    forward_finish (g_steal_pointer (&self->acking));
}

/* An acknowledgement has no answer; a call behind it in the same channel has one. */
static void
acknowledge_shard (Shard *shard, Forward *forward)
{
  amqp_basic_qos_t qos = { .prefetch_count = WINDOW };
  guint64 tag = 0;

  for (; shard->taken > 0; shard->taken--)
    {
      Delivered *delivered = g_queue_pop_head (&shard->delivered);

      tag = delivered->tag;
      delivered_free (delivered);
    }
  if (tag == 0 || shard->channel == NULL)
    return;
  forward->waiting++;
  chat_rabbitmq_channel_ack (shard->channel, tag, TRUE);
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, heeded_cb,
                              shard->member);
}

/* All outputs are confirmed, or one is not. */
static void
forward_published (Forward *forward)
{
  ChatRabbitmqMember *self = forward->member;

  if (forward->error == NULL && !self->broken)
    for (guint i = 0; i < self->shards->len; i++)
      acknowledge_shard (g_ptr_array_index (self->shards, i), forward);
  if (forward->waiting == 0)
    forward_finish (forward);
  else
    self->acking = forward;
}

static void
output_cb (const GError *error, gpointer data)
{
  Forward *forward = data;

  if (error != NULL && forward->error == NULL)
    forward->error = g_error_copy (error);
  if (--forward->waiting == 0)
    forward_published (forward);
}

static gboolean
turn_cb (gpointer user_data)
{
  Forward *forward = user_data;

  chat_timer_clear (&forward->turn);
  output_cb (NULL, forward);
  return G_SOURCE_REMOVE;
}

void
chat_rabbitmq_member_forward (ChatRabbitmqMember *self, ChatRabbitmqPublisher *publisher, GPtrArray *inputs,
                              GPtrArray *outputs, GTask *task)
{
  GError *error = NULL;
  Forward *forward;

  g_return_if_fail (CHAT_IS_RABBITMQ_MEMBER (self));

  if (!chat_subscription_begin_forward (CHAT_SUBSCRIPTION (self), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  self->broken = FALSE;
  if (!take_inputs (self, inputs))
    {
      forward_abort (self, task);
      return;
    }
  for (guint i = 0; i < outputs->len; i++)
    if (!chat_rabbitmq_publisher_check (g_ptr_array_index (outputs, i), &error))
      {
        chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
        g_task_return_error (task, error);
        return;
      }
  forward = g_new0 (Forward, 1);
  forward->member = g_object_ref (self);
  forward->task = g_object_ref (task);
  forward->waiting = outputs->len + 1;
  for (guint i = 0; i < outputs->len; i++)
    chat_rabbitmq_publisher_publish (publisher, g_ptr_array_index (outputs, i), output_cb, forward);
  forward->turn = chat_timer_new (0, turn_cb, forward);
}

/* Overrides */

static void
chat_rabbitmq_member_attach (ChatRabbitmqSubscription *subscription, const ChatRabbitmqSite *site)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);
  g_autofree char *id = g_uuid_string_random ();

  g_clear_pointer (&self->roll, chat_rabbitmq_roll_free);
  self->roll = chat_rabbitmq_roll_new (id, g_get_real_time ());
  self->settled = FALSE;
  self->counted = -1;
  self->link = site->consuming;
  chat_rabbitmq_admin_group_async (site->admin, (const char *const *)self->wish->topics, self->wish->start.group,
                                   chat_rabbitmq_subscription_get_cancellable (subscription), grouped_cb,
                                   g_object_ref (self));
}

static void
answer_close (ChatRabbitmqMember *self)
{
  g_autoptr (GTask) closing = g_steal_pointer (&self->closing);

  if (closing == NULL)
    return;
  g_signal_emit_by_name (self, "gone");
  g_task_return_boolean (closing, TRUE);
}

static void
leave_roll (ChatRabbitmqMember *self)
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

/* The shards are lost to others, with what was delivered of them. */
static void
chat_rabbitmq_member_detach (ChatRabbitmqSubscription *subscription)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);

  for (guint i = 0; i < self->shards->len; i++)
    shard_close (g_ptr_array_index (self->shards, i), NULL, NULL);
  leave_roll (self);
  chat_rabbitmq_link_forget (self->link, self);
  self->link = NULL;
  self->waiting = 0;
  self->broken = TRUE;
  if (self->acking != NULL)
    forward_finish (g_steal_pointer (&self->acking));
  if (!chat_subscription_is_forwarding (CHAT_SUBSCRIPTION (self)))
    emit_revoked (self, is_any);
  answer_close (self);
}

static void
chat_rabbitmq_member_forward_ended (ChatSubscription *subscription)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);

  if (self->broken)
    emit_revoked (self, is_any);
  else
    settle_stops (self);
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRabbitmqMember) self = user_data;

  self->counted = chat_rabbitmq_admin_count_finish (CHAT_RABBITMQ_ADMIN (source), result, NULL);
  self->counted_at = g_get_monotonic_time ();
  self->counting = FALSE;
}

/* What waits in the queues is asked for now and then, while somebody wants to know. */
static void
chat_rabbitmq_member_get_lag (ChatSubscription *subscription, gint64 *records, gint64 *milliseconds)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self));
  guint waiting = chat_rabbitmq_subscription_get_waiting (CHAT_RABBITMQ_SUBSCRIPTION (self), milliseconds);

  *records = self->counted >= 0 ? self->counted + waiting : -1;
  if (self->counting || site == NULL || self->queues == NULL
      || g_get_monotonic_time () - self->counted_at < COUNT_EVERY_US)
    return;
  self->counting = TRUE;
  chat_rabbitmq_admin_count_async (site->admin, self->queues,
                                   chat_rabbitmq_subscription_get_cancellable (CHAT_RABBITMQ_SUBSCRIPTION (self)),
                                   counted_cb, g_object_ref (self));
}

static void
shard_closed_cb (gpointer decoded, gpointer data)
{
  ChatRabbitmqMember *self = data;

  if (--self->waiting == 0)
    {
      g_autoptr (ChatRabbitmqMember) hold = g_object_ref (self);

      chat_rabbitmq_subscription_detach (CHAT_RABBITMQ_SUBSCRIPTION (self));
    }
}

/* Its shards are back in their queues when this calls back. */
static void
chat_rabbitmq_member_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);
  GTask *task = g_task_new (subscription, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rabbitmq_member_close_async);
  g_task_set_check_cancellable (task, FALSE);
  self->closing = task;
  self->waiting = 1;
  for (guint i = 0; i < self->shards->len; i++)
    {
      Shard *shard = g_ptr_array_index (self->shards, i);

      shard->held = FALSE;
      if (shard->channel == NULL)
        continue;
      self->waiting++;
      shard_close (shard, shard_closed_cb, self);
    }
  leave_roll (self);
  shard_closed_cb (NULL, self);
  if (chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self)) == NULL)
    answer_close (self);
}

static gboolean
chat_rabbitmq_member_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, subscription), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
chat_rabbitmq_member_dispose (GObject *object)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (object);

  /* nobody is there to be told */
  for (guint i = 0; i < self->shards->len; i++)
    ((Shard *)g_ptr_array_index (self->shards, i))->held = FALSE;
  G_OBJECT_CLASS (chat_rabbitmq_member_parent_class)->dispose (object);
}

static void
chat_rabbitmq_member_finalize (GObject *object)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (object);

  chat_broker_options_free (self->options);
  chat_wish_free (self->wish);
  g_ptr_array_unref (self->shards);
  g_clear_pointer (&self->queues, g_ptr_array_unref);
  g_clear_pointer (&self->roll, chat_rabbitmq_roll_free);
  g_free (self->exchange);
  G_OBJECT_CLASS (chat_rabbitmq_member_parent_class)->finalize (object);
}

static void
chat_rabbitmq_member_class_init (ChatRabbitmqMemberClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);
  ChatRabbitmqSubscriptionClass *rabbitmq_class = CHAT_RABBITMQ_SUBSCRIPTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_rabbitmq_member_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_rabbitmq_member_finalize;
  subscription_class->get_lag = chat_rabbitmq_member_get_lag;
  subscription_class->close_async = chat_rabbitmq_member_close_async;
  subscription_class->close_finish = chat_rabbitmq_member_close_finish;
  subscription_class->forward_ended = chat_rabbitmq_member_forward_ended;
  rabbitmq_class->attach = chat_rabbitmq_member_attach;
  rabbitmq_class->detach = chat_rabbitmq_member_detach;
}

static void
chat_rabbitmq_member_init (ChatRabbitmqMember *self)
{
  self->shards = g_ptr_array_new_with_free_func ((GDestroyNotify)shard_free);
  self->counted = -1;
}

ChatRabbitmqMember *
chat_rabbitmq_member_new (const ChatBrokerOptions *options, const char *const *topics, const char *group)
{
  ChatRabbitmqMember *self = g_object_new (CHAT_TYPE_RABBITMQ_MEMBER, NULL);
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, group };

  self->options = chat_broker_options_copy (options);
  self->wish = chat_wish_new (topics, NULL, &start);
  self->exchange = chat_rabbitmq_topology_dup_roll (options, group);
  return self;
}
