/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-loopback-subscription.h"

#define PUMP_MOST 256

/* One shard of one topic, as this reader sees it. */
typedef struct
{
  ChatLoopbackShard *shard;
  ChatLoopbackGroup *group; /* nullable */
  gboolean mine;            /* without a group: always */
  gint64 next;              /* the next to be queued */
  gint64 delivered;
} Cursor;

struct _ChatLoopbackSubscription
{
  ChatSubscription parent_instance;

  /* Borrowed */
  guint *duplicates;

  /* Owned */
  ChatLoopbackBroker *broker;
  ChatTransport *transport;
  GHashTable *channels; /* nullable: all */
  GArray *cursors;
  GPtrArray *groups; /* ChatLoopbackGroup, the broker's */
  gboolean flowing;
};

G_DEFINE_FINAL_TYPE (ChatLoopbackSubscription, chat_loopback_subscription, CHAT_TYPE_SUBSCRIPTION)

static gint64
shard_end (const ChatLoopbackShard *shard)
{
  return shard->first + shard->records->len;
}

static Cursor *
chat_loopback_subscription_find (ChatLoopbackSubscription *self, const char *topic, gint shard)
{
  for (guint i = 0; i < self->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (self->cursors, Cursor, i);

      if (cursor->shard->number == shard && g_str_equal (cursor->shard->topic, topic))
        return cursor;
    }
  return NULL;
}

/* What @cursor has next, up to @most. */
static void
chat_loopback_subscription_pump (ChatLoopbackSubscription *self, Cursor *cursor, guint most)
{
  const ChatLoopbackShard *shard = cursor->shard;
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_autofree char *name = g_strdup_printf ("%d", shard->number);

  if (cursor->next < shard->first)
    {
      chat_subscription_queue_gap (CHAT_SUBSCRIPTION (self), shard->topic, name, cursor->next, shard->first);
      cursor->next = cursor->delivered = shard->first;
    }
  for (; cursor->next < shard_end (shard) && batch->len < most; cursor->next++)
    {
      ChatRecord *record = g_ptr_array_index (shard->records, cursor->next - shard->first);
      const char *key = chat_record_get_key (record);

      if (self->channels != NULL && (key == NULL || !g_hash_table_contains (self->channels, key)))
        continue;
      g_ptr_array_add (batch, chat_record_ref (record));
      if (*self->duplicates > 0)
        {
          (*self->duplicates)--;
          g_ptr_array_add (batch, chat_record_ref (record));
        }
    }
  chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
}

static void
chat_loopback_subscription_hungry (ChatSubscription *subscription)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (subscription);

  if (!self->flowing)
    return;
  for (guint i = 0; i < self->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (self->cursors, Cursor, i);

      if (cursor->mine)
        chat_loopback_subscription_pump (self, cursor, PUMP_MOST);
    }
}

static void
appended_cb (ChatLoopbackBroker *broker, ChatLoopbackSubscription *self)
{
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

static gboolean
drop_cursor (ChatRecord *record, gpointer data)
{
  const Cursor *cursor = data;

  return record != NULL && chat_record_get_shard (record) == cursor->shard->number
         && g_str_equal (chat_record_get_topic (record), cursor->shard->topic);
}

/* The group's side */

static gboolean
member_is_busy (gpointer member)
{
  return chat_subscription_is_forwarding (member);
}

static void
member_stop (gpointer member, gpointer group_data, gint shard)
{
  ChatLoopbackGroup *group = group_data;
  Cursor *cursor = chat_loopback_subscription_find (member, group->topic, shard);

  cursor->mine = FALSE;
  chat_subscription_drop_queued (member, drop_cursor, cursor);
}

static void
member_revoked (gpointer member, gpointer group_data, GArray *shards)
{
  ChatLoopbackGroup *group = group_data;

  chat_subscription_emit_revoked (member, group->topic, shards);
}

static void
member_granted (gpointer member, gpointer group_data, gint shard)
{
  ChatLoopbackGroup *group = group_data;
  Cursor *cursor = chat_loopback_subscription_find (member, group->topic, shard);

  cursor->mine = TRUE;
  cursor->next = cursor->delivered = group->cursors[shard];
  chat_subscription_refill (member);
}

static const ChatShardGroupFuncs member_funcs = { member_is_busy, member_stop, member_revoked, member_granted };

static void
chat_loopback_subscription_leave (ChatLoopbackSubscription *self)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      ChatLoopbackGroup *group = g_ptr_array_index (self->groups, i);

      chat_shard_group_leave (group->members, self);
    }
  g_ptr_array_set_size (self->groups, 0);
}

static void
chat_loopback_subscription_forward_ended (ChatSubscription *subscription)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (subscription);
  g_autoptr (GPtrArray) groups = g_ptr_array_copy (self->groups, NULL, NULL);

  for (guint i = 0; i < groups->len; i++)
    chat_shard_group_settle (((ChatLoopbackGroup *)g_ptr_array_index (groups, i))->members);
}

/* Where it stands */

static void
chat_loopback_subscription_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (subscription);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      Cursor *cursor
          = chat_loopback_subscription_find (self, chat_record_get_topic (record), chat_record_get_shard (record));

      cursor->delivered = chat_record_get_offset (record) + 1;
    }
}

static ChatPosition *
chat_loopback_subscription_dup_position (ChatSubscription *subscription)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (subscription);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < self->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (self->cursors, Cursor, i);
      g_autofree char *name = g_strdup_printf ("%d", cursor->shard->number);

      chat_position_set (position, cursor->shard->topic, name, cursor->delivered);
    }
  return position;
}

static void
chat_loopback_subscription_get_lag (ChatSubscription *subscription, gint64 *records, gint64 *milliseconds)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (subscription);

  *records = *milliseconds = 0;
  for (guint i = 0; i < self->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (self->cursors, Cursor, i);
      const ChatLoopbackShard *shard = cursor->shard;
      gint64 next = MAX (cursor->delivered, shard->first);

      if (!cursor->mine || next >= shard_end (shard))
        continue;
      *records += shard_end (shard) - next;
      *milliseconds
          = MAX (*milliseconds, g_get_real_time () / 1000
                                    - chat_record_get_time (g_ptr_array_index (shard->records, next - shard->first)));
    }
}

static gint64
shard_find_time (const ChatLoopbackShard *shard, gint64 time_ms)
{
  for (guint i = 0; i < shard->records->len; i++)
    {
      if (chat_record_get_time (g_ptr_array_index (shard->records, i)) >= time_ms)
        return shard->first + i;
    }
  return shard_end (shard);
}

static gboolean
cursor_set_start (Cursor *cursor, const ChatStart *start, GError **error)
{
  const ChatLoopbackShard *shard = cursor->shard;
  g_autofree char *name = g_strdup_printf ("%d", shard->number);
  gint64 next = shard_end (shard);

  if (start->kind == CHAT_START_EARLIEST)
    next = shard->first;
  else if (start->kind == CHAT_START_TIME)
    next = shard_find_time (shard, start->time_ms);
  else if (start->kind == CHAT_START_POSITION && chat_position_get (start->position, shard->topic, name) >= 0)
    next = chat_position_get (start->position, shard->topic, name);
  if (next > shard_end (shard))
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
                   "%s/%s has no record %" G_GINT64_FORMAT ": it ends before %" G_GINT64_FORMAT, shard->topic, name,
                   next, shard_end (shard));
      return FALSE;
    }
  cursor->next = cursor->delivered = next;
  return TRUE;
}

static void
chat_loopback_subscription_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (subscription, NULL, callback, user_data);

  g_task_set_source_tag (task, chat_loopback_subscription_close_async);
  chat_loopback_subscription_leave (CHAT_LOOPBACK_SUBSCRIPTION (subscription));
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_loopback_subscription_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
chat_loopback_subscription_dispose (GObject *object)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (object);

  chat_loopback_subscription_leave (self);
  G_OBJECT_CLASS (chat_loopback_subscription_parent_class)->dispose (object);
}

static void
chat_loopback_subscription_finalize (GObject *object)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (object);

  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->cursors, g_array_unref);
  g_clear_pointer (&self->channels, g_hash_table_unref);
  g_clear_object (&self->transport);
  g_clear_object (&self->broker);
  G_OBJECT_CLASS (chat_loopback_subscription_parent_class)->finalize (object);
}

static void
chat_loopback_subscription_class_init (ChatLoopbackSubscriptionClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_loopback_subscription_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_loopback_subscription_finalize;
  subscription_class->hungry = chat_loopback_subscription_hungry;
  subscription_class->delivering = chat_loopback_subscription_delivering;
  subscription_class->forward_ended = chat_loopback_subscription_forward_ended;
  subscription_class->get_lag = chat_loopback_subscription_get_lag;
  subscription_class->dup_position = chat_loopback_subscription_dup_position;
  subscription_class->close_async = chat_loopback_subscription_close_async;
  subscription_class->close_finish = chat_loopback_subscription_close_finish;
}

static void
chat_loopback_subscription_init (ChatLoopbackSubscription *self)
{
  self->cursors = g_array_new (FALSE, TRUE, sizeof (Cursor));
  self->groups = g_ptr_array_new ();
  self->flowing = TRUE;
}

/* Cursors on every shard of @topic; a group's are granted later. */
static gboolean
chat_loopback_subscription_add_topic (ChatLoopbackSubscription *self, const char *topic, const ChatStart *start,
                                      GError **error)
{
  ChatLoopbackGroup *group = NULL;

  if (start->kind == CHAT_START_GROUP)
    {
      group = chat_loopback_broker_get_group (self->broker, start->group, topic, &member_funcs);
      g_ptr_array_add (self->groups, group);
    }
  for (guint i = 0; i < chat_loopback_broker_get_shards (self->broker); i++)
    {
      Cursor cursor = { chat_loopback_broker_get_shard (self->broker, topic, (gint)i), group, group == NULL, 0, 0 };

      if (!cursor_set_start (&cursor, start, error))
        return FALSE;
      g_array_append_val (self->cursors, cursor);
    }
  return TRUE;
}

ChatLoopbackSubscription *
chat_loopback_subscription_new (ChatLoopbackBroker *broker, ChatTransport *transport, guint *duplicates,
                                const char *const *topics, const char *const *channels, const ChatStart *start,
                                GError **error)
{
  g_autoptr (ChatLoopbackSubscription) self = g_object_new (CHAT_TYPE_LOOPBACK_SUBSCRIPTION, NULL);

  self->broker = g_object_ref (broker);
  self->transport = g_object_ref (transport);
  self->duplicates = duplicates;
  if (channels != NULL)
    self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; channels != NULL && channels[i] != NULL; i++)
    g_hash_table_add (self->channels, g_strdup (channels[i]));
  for (guint i = 0; topics[i] != NULL; i++)
    {
      if (!chat_loopback_subscription_add_topic (self, topics[i], start, error))
        return NULL;
    }

  g_signal_connect_object (broker, "appended", G_CALLBACK (appended_cb), self, 0);
  for (guint i = 0; i < self->groups->len; i++)
    chat_shard_group_join (((ChatLoopbackGroup *)g_ptr_array_index (self->groups, i))->members, self);
  return g_steal_pointer (&self);
}

gboolean
chat_loopback_subscription_seek (ChatLoopbackSubscription *self, const ChatStart *start, GError **error)
{
  g_autoptr (GArray) before = g_array_copy (self->cursors);

  for (guint i = 0; i < self->cursors->len; i++)
    {
      if (cursor_set_start (&g_array_index (self->cursors, Cursor, i), start, error))
        continue;
      g_array_unref (self->cursors);
      self->cursors = g_steal_pointer (&before);
      return FALSE;
    }
  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), NULL, NULL);
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
  return TRUE;
}

gboolean
chat_loopback_subscription_has_group (ChatLoopbackSubscription *self)
{
  return self->groups->len > 0;
}

/* Whether @input is what comes next in its shard after what @expected says of the inputs before it. */
static gboolean
chat_loopback_subscription_expects (ChatLoopbackSubscription *self, ChatRecord *input, ChatPosition *expected)
{
  gint shard = chat_record_get_shard (input);
  Cursor *cursor = chat_loopback_subscription_find (self, chat_record_get_topic (input), shard);
  g_autofree char *name = g_strdup_printf ("%d", shard);
  gint64 next;

  if (cursor == NULL || !chat_shard_group_owns (cursor->group->members, self, shard))
    return FALSE;
  next = chat_position_get (expected, cursor->shard->topic, name);
  if (chat_record_get_offset (input) != (next >= 0 ? next : cursor->group->cursors[shard]))
    return FALSE;
  chat_position_set (expected, cursor->shard->topic, name, chat_record_get_offset (input) + 1);
  return TRUE;
}

gboolean
chat_loopback_subscription_acknowledge (ChatLoopbackSubscription *self, GPtrArray *inputs, GError **error)
{
  g_autoptr (ChatPosition) expected = chat_position_new ();

  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);

      if (chat_loopback_subscription_expects (self, input, expected))
        continue;
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
                   "%s/%d: record %" G_GINT64_FORMAT " is not what this member has to acknowledge next",
                   chat_record_get_topic (input), chat_record_get_shard (input), chat_record_get_offset (input));
      return FALSE;
    }
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);
      gint shard = chat_record_get_shard (input);
      Cursor *cursor = chat_loopback_subscription_find (self, chat_record_get_topic (input), shard);

      cursor->group->cursors[shard] = chat_record_get_offset (input) + 1;
    }
  return TRUE;
}

void
chat_loopback_subscription_rewind (ChatLoopbackSubscription *self)
{
  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), NULL, NULL);
  for (guint i = 0; i < self->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (self->cursors, Cursor, i);

      if (cursor->group != NULL && cursor->mine)
        cursor->next = cursor->delivered = cursor->group->cursors[cursor->shard->number];
    }
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

void
chat_loopback_subscription_skip (ChatLoopbackSubscription *self)
{
  for (guint i = 0; i < self->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (self->cursors, Cursor, i);
      g_autofree char *name = g_strdup_printf ("%d", cursor->shard->number);

      if (cursor->next >= shard_end (cursor->shard))
        continue;
      chat_subscription_queue_gap (CHAT_SUBSCRIPTION (self), cursor->shard->topic, name, cursor->next,
                                   shard_end (cursor->shard));
      cursor->next = cursor->delivered = shard_end (cursor->shard);
    }
}

void
chat_loopback_subscription_set_flowing (ChatLoopbackSubscription *self, gboolean flowing)
{
  self->flowing = flowing;
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

void
chat_loopback_subscription_end (ChatLoopbackSubscription *self, const GError *error)
{
  chat_loopback_subscription_leave (self);
  chat_subscription_emit_closed (CHAT_SUBSCRIPTION (self), error);
}
