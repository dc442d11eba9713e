/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-member-private.h"

#define COUNT_EVERY_US G_USEC_PER_SEC

G_DEFINE_FINAL_TYPE (ChatRabbitmqMember, chat_rabbitmq_member, CHAT_TYPE_RABBITMQ_SUBSCRIPTION)

static void
consuming_cb (gpointer decoded, gpointer data)
{
  ChatRabbitmqMember *self = data;
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self));

  if (--self->waiting > 0)
    return;
  chat_rabbitmq_member_join_roll (self, site);
  if (!self->others)
    chat_rabbitmq_member_settle (self);
  chat_rabbitmq_subscription_in_place (CHAT_RABBITMQ_SUBSCRIPTION (self));
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
  chat_rabbitmq_member_take_queues (self, by_topic);
  chat_rabbitmq_member_consume (self);
}

void
chat_rabbitmq_member_consume (ChatRabbitmqMember *self)
{
  self->waiting = self->shards->len;
  self->others = FALSE;
  for (guint i = 0; i < self->shards->len; i++)
    if (!chat_rabbitmq_shard_look (g_ptr_array_index (self->shards, i)))
      {
        g_autoptr (GError) full = chat_rabbitmq_error_new_channels ();

        chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), full);
        return;
      }
  for (guint i = 0; i < self->shards->len; i++)
    chat_rabbitmq_shard_open (g_ptr_array_index (self->shards, i), consuming_cb, self);
}

/* Overrides */

static void
begin (ChatRabbitmqMember *self, const ChatRabbitmqSite *site)
{
  g_autofree char *id = g_uuid_string_random ();

  g_clear_pointer (&self->roll, chat_rabbitmq_roll_free);
  self->roll = chat_rabbitmq_roll_new (id, g_get_real_time ());
  self->settled = FALSE;
  self->counted = -1;
  self->link = site->consuming;
  chat_rabbitmq_admin_group_async (site->admin, (const char *const *)self->wish->topics, self->wish->start.group,
                                   chat_rabbitmq_subscription_get_cancellable (CHAT_RABBITMQ_SUBSCRIPTION (self)),
                                   grouped_cb, g_object_ref (self));
}

/* A forward whose outputs are not confirmed yet has to end first: what it rewinds then must not be ours anew already.
 */
static void
chat_rabbitmq_member_attach (ChatRabbitmqSubscription *subscription, const ChatRabbitmqSite *site)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);

  self->due = chat_subscription_is_forwarding (CHAT_SUBSCRIPTION (self));
  if (!self->due)
    begin (self, site);
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

/* The shards are lost to others, with what was delivered of them. */
static void
chat_rabbitmq_member_detach (ChatRabbitmqSubscription *subscription)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);

  for (guint i = 0; i < self->shards->len; i++)
    chat_rabbitmq_shard_lose (g_ptr_array_index (self->shards, i));
  chat_rabbitmq_member_leave_roll (self);
  if (self->link != NULL)
    chat_rabbitmq_link_forget (self->link, self);
  self->link = NULL;
  self->due = FALSE;
  self->waiting = 0;
  self->broken = TRUE;
  if (!chat_subscription_is_forwarding (CHAT_SUBSCRIPTION (self)))
    chat_rabbitmq_member_revoke_all (self);
  answer_close (self);
}

static void
chat_rabbitmq_member_forward_ended (ChatSubscription *subscription)
{
  ChatRabbitmqMember *self = CHAT_RABBITMQ_MEMBER (subscription);

  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self));

  if (self->broken)
    chat_rabbitmq_member_revoke_all (self);
  else
    chat_rabbitmq_member_settle_stops (self);
  if (!self->due || site == NULL)
    return;
  self->due = FALSE;
  begin (self, site);
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
      ChatRabbitmqShard *shard = g_ptr_array_index (self->shards, i);

      shard->held = FALSE;
      if (shard->channel == NULL)
        continue;
      self->waiting++;
      chat_rabbitmq_shard_close (shard, shard_closed_cb, self);
    }
  chat_rabbitmq_member_leave_roll (self);
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
    ((ChatRabbitmqShard *)g_ptr_array_index (self->shards, i))->held = FALSE;
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
  self->shards = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rabbitmq_shard_free);
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
