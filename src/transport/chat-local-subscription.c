/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-local-subscription.h"

#include "core/chat-time.h"
#include "transport/chat-transport-error.h"

/* One shard, as this reader sees it. */
typedef struct
{
  const ChatLocalShard *shard;
  ChatLocalGroup *group; /* nullable */
  gboolean mine;         /* without a group: always */
  gint64 next;           /* the next to be fetched */
  gint64 delivered;      /* after the last that was delivered */
  guint queued;
  guint ticket; /* of the fetch under way; 0: none */
} Cursor;

typedef struct
{
  GHashTable *channels; /* nullable: all */
  GArray *cursors;
  GPtrArray *groups; /* ChatLocalGroup, the broker's */
  guint tickets;
  guint turn;
} ChatLocalSubscriptionPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ChatLocalSubscription, chat_local_subscription, CHAT_TYPE_SUBSCRIPTION)

#define PRIVATE(self) ((ChatLocalSubscriptionPrivate *)chat_local_subscription_get_instance_private (self))

static gboolean member_is_busy (gpointer member);
static void member_stop (gpointer member, gpointer group_data, gint shard);
static void member_revoked (gpointer member, gpointer group_data, GArray *shards);
static void member_granted (gpointer member, gpointer group_data, gint shard);

static const ChatShardGroupFuncs member_funcs = { member_is_busy, member_stop, member_revoked, member_granted };

/* Groups */

ChatLocalGroup *
chat_local_group_new (const char *name, const char *topic, guint shards)
{
  ChatLocalGroup *self = g_new0 (ChatLocalGroup, 1);

  self->name = g_strdup (name);
  self->topic = g_strdup (topic);
  self->shards = shards;
  self->cursors = g_new0 (gint64, shards);
  self->members = chat_shard_group_new (shards, &member_funcs, self);
  return self;
}

void
chat_local_group_free (ChatLocalGroup *self)
{
  chat_shard_group_free (self->members);
  g_free (self->cursors);
  g_free (self->topic);
  g_free (self->name);
  g_free (self);
}

void
chat_local_acknowledge (GArray *acks)
{
  for (guint i = 0; i < acks->len; i++)
    {
      const ChatLocalAck *ack = &g_array_index (acks, ChatLocalAck, i);

      ack->group->cursors[ack->shard] = ack->next;
    }
}

/* Cursors */

static Cursor *
cursor_at (ChatLocalSubscription *self, guint i)
{
  return &g_array_index (PRIVATE (self)->cursors, Cursor, i);
}

static Cursor *
find_cursor (ChatLocalSubscription *self, const char *topic, gint shard)
{
  for (guint i = 0; i < PRIVATE (self)->cursors->len; i++)
    {
      Cursor *cursor = cursor_at (self, i);

      if (cursor->shard->number == shard && g_str_equal (cursor->shard->topic, topic))
        return cursor;
    }
  return NULL;
}

/* A reader stands after what was delivered; where nothing waits for it, also after what it did not want. */
static gint64
cursor_get_position (const Cursor *cursor)
{
  return cursor->queued == 0 ? cursor->next : cursor->delivered;
}

static void
cursor_move (Cursor *cursor, gint64 next)
{
  cursor->next = cursor->delivered = next;
  cursor->queued = 0;
  cursor->ticket = 0;
}

static gboolean
cursor_find_start (const Cursor *cursor, const ChatStart *start, gint64 *next, GError **error)
{
  const ChatLocalShard *shard = cursor->shard;
  g_autofree char *name = g_strdup_printf ("%d", shard->number);

  *next = -1;
  if (start->kind == CHAT_START_EARLIEST)
    *next = shard->first;
  else if (start->kind == CHAT_START_POSITION)
    *next = chat_position_get (start->position, shard->topic, name);
  if (*next < 0)
    *next = shard->end;
  if (*next <= shard->end)
    return TRUE;
  g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
               "The position names record %" G_GINT64_FORMAT " of %s/%s, which ends before %" G_GINT64_FORMAT
               ": it is of another broker; start at the earliest record, or live",
               *next, shard->topic, name, shard->end);
  return FALSE;
}

static void
cursor_queue_gap (ChatLocalSubscription *self, Cursor *cursor, gint64 to)
{
  g_autofree char *name = g_strdup_printf ("%d", cursor->shard->number);

  chat_subscription_queue_gap (CHAT_SUBSCRIPTION (self), cursor->shard->topic, name, cursor->next, to);
  cursor->next = to;
}

static gboolean
drop_cursor (ChatRecord *record, gpointer data)
{
  const Cursor *cursor = data;

  return record != NULL && chat_record_get_shard (record) == cursor->shard->number
         && g_str_equal (chat_record_get_topic (record), cursor->shard->topic);
}

/* A member of groups */

static gboolean
member_is_busy (gpointer member)
{
  return chat_subscription_is_forwarding (member);
}

static void
member_stop (gpointer member, gpointer group_data, gint shard)
{
  const ChatLocalGroup *group = group_data;
  Cursor *cursor = find_cursor (member, group->topic, shard);

  cursor->mine = FALSE;
  cursor_move (cursor, cursor->delivered);
  chat_subscription_drop_queued (member, drop_cursor, cursor);
}

static void
member_revoked (gpointer member, gpointer group_data, GArray *shards)
{
  const ChatLocalGroup *group = group_data;

  chat_subscription_emit_revoked (member, group->topic, shards);
}

static void
member_granted (gpointer member, gpointer group_data, gint shard)
{
  const ChatLocalGroup *group = group_data;
  Cursor *cursor = find_cursor (member, group->topic, shard);

  cursor->mine = TRUE;
  cursor_move (cursor, group->cursors[shard]);
  chat_subscription_refill (member);
}

static void
leave_groups (ChatLocalSubscription *self)
{
  g_autoptr (GPtrArray) groups = g_steal_pointer (&PRIVATE (self)->groups);

  PRIVATE (self)->groups = g_ptr_array_new ();
  for (guint i = 0; i < groups->len; i++)
    chat_shard_group_leave (((ChatLocalGroup *)g_ptr_array_index (groups, i))->members, self);
}

/* Overrides */

static void
chat_local_subscription_hungry (ChatSubscription *subscription)
{
  ChatLocalSubscription *self = CHAT_LOCAL_SUBSCRIPTION (subscription);
  ChatLocalSubscriptionPrivate *priv = PRIVATE (self);

  /* Another shard is the first each time, or a busy one would hold up the rest. */
  priv->turn++;
  for (guint i = 0; i < priv->cursors->len; i++)
    {
      Cursor *cursor = cursor_at (self, (priv->turn + i) % priv->cursors->len);

      if (!cursor->mine || cursor->ticket != 0)
        continue;
      if (cursor->next < cursor->shard->first)
        cursor_queue_gap (self, cursor, cursor->shard->first);
      if (cursor->next >= cursor->shard->end)
        continue;
      cursor->ticket = ++priv->tickets;
      CHAT_LOCAL_SUBSCRIPTION_GET_CLASS (self)->fetch (self, cursor->shard, cursor->next, cursor->ticket);
    }
}

static void
chat_local_subscription_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      Cursor *cursor = find_cursor (CHAT_LOCAL_SUBSCRIPTION (subscription), chat_record_get_topic (record),
                                    chat_record_get_shard (record));

      cursor->delivered = chat_record_get_offset (record) + 1;
      cursor->queued--;
    }
}

static void
chat_local_subscription_forward_ended (ChatSubscription *subscription)
{
  g_autoptr (GPtrArray) groups
      = g_ptr_array_copy (PRIVATE (CHAT_LOCAL_SUBSCRIPTION (subscription))->groups, NULL, NULL);

  for (guint i = 0; i < groups->len; i++)
    chat_shard_group_settle (((ChatLocalGroup *)g_ptr_array_index (groups, i))->members);
}

static ChatPosition *
chat_local_subscription_dup_position (ChatSubscription *subscription)
{
  ChatLocalSubscription *self = CHAT_LOCAL_SUBSCRIPTION (subscription);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < PRIVATE (self)->cursors->len; i++)
    {
      const Cursor *cursor = cursor_at (self, i);
      g_autofree char *name = g_strdup_printf ("%d", cursor->shard->number);

      chat_position_set (position, cursor->shard->topic, name, cursor_get_position (cursor));
    }
  return position;
}

/* The time of the oldest record that @cursor has not delivered. */
static gint64
cursor_get_time (ChatLocalSubscription *self, const Cursor *cursor, gint64 offset)
{
  ChatLocalSubscriptionClass *klass = CHAT_LOCAL_SUBSCRIPTION_GET_CLASS (self);
  ChatRecord *head = chat_subscription_peek (CHAT_SUBSCRIPTION (self));

  if (head != NULL && drop_cursor (head, (gpointer)cursor))
    return chat_record_get_time (head);
  return klass->get_time != NULL ? klass->get_time (self, cursor->shard, offset) : CHAT_TIME_UNKNOWN;
}

static void
chat_local_subscription_get_lag (ChatSubscription *subscription, gint64 *records, gint64 *milliseconds)
{
  ChatLocalSubscription *self = CHAT_LOCAL_SUBSCRIPTION (subscription);
  gboolean behind = FALSE;

  *records = 0;
  for (guint i = 0; i < PRIVATE (self)->cursors->len; i++)
    {
      const Cursor *cursor = cursor_at (self, i);
      gint64 next = MAX (cursor_get_position (cursor), cursor->shard->first);
      gint64 time_ms;

      if (!cursor->mine || next >= cursor->shard->end)
        continue;
      behind = TRUE;
      *records += cursor->shard->end - next;
      time_ms = cursor_get_time (self, cursor, next);
      if (time_ms != CHAT_TIME_UNKNOWN)
        *milliseconds = MAX (*milliseconds, MAX (chat_time_now () - time_ms, 0));
    }
  if (!behind)
    *milliseconds = 0;
}

static void
chat_local_subscription_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (subscription, NULL, callback, user_data);

  g_task_set_source_tag (task, chat_local_subscription_close_async);
  leave_groups (CHAT_LOCAL_SUBSCRIPTION (subscription));
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_local_subscription_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
chat_local_subscription_dispose (GObject *object)
{
  leave_groups (CHAT_LOCAL_SUBSCRIPTION (object));
  G_OBJECT_CLASS (chat_local_subscription_parent_class)->dispose (object);
}

static void
chat_local_subscription_finalize (GObject *object)
{
  ChatLocalSubscriptionPrivate *priv = PRIVATE (CHAT_LOCAL_SUBSCRIPTION (object));

  g_clear_pointer (&priv->groups, g_ptr_array_unref);
  g_clear_pointer (&priv->cursors, g_array_unref);
  g_clear_pointer (&priv->channels, g_hash_table_unref);
  G_OBJECT_CLASS (chat_local_subscription_parent_class)->finalize (object);
}

static void
chat_local_subscription_class_init (ChatLocalSubscriptionClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_local_subscription_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_local_subscription_finalize;
  subscription_class->hungry = chat_local_subscription_hungry;
  subscription_class->delivering = chat_local_subscription_delivering;
  subscription_class->forward_ended = chat_local_subscription_forward_ended;
  subscription_class->get_lag = chat_local_subscription_get_lag;
  subscription_class->dup_position = chat_local_subscription_dup_position;
  subscription_class->close_async = chat_local_subscription_close_async;
  subscription_class->close_finish = chat_local_subscription_close_finish;
}

static void
chat_local_subscription_init (ChatLocalSubscription *self)
{
  PRIVATE (self)->cursors = g_array_new (FALSE, TRUE, sizeof (Cursor));
  PRIVATE (self)->groups = g_ptr_array_new ();
}

/* For brokers */

void
chat_local_subscription_set_channels (ChatLocalSubscription *self, const char *const *channels)
{
  g_autoptr (GHashTable) set = NULL;

  if (channels == NULL)
    return;
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; channels[i] != NULL; i++)
    g_hash_table_add (set, g_strdup (channels[i]));
  PRIVATE (self)->channels = g_steal_pointer (&set);
}

GHashTable *
chat_local_subscription_get_channels (ChatLocalSubscription *self)
{
  return PRIVATE (self)->channels;
}

gboolean
chat_local_channels_want (GHashTable *channels, const char *key)
{
  return channels == NULL || (key != NULL && g_hash_table_contains (channels, key));
}

gboolean
chat_local_subscription_add (ChatLocalSubscription *self, const ChatLocalShard *shard, ChatLocalGroup *group,
                             const ChatStart *start, GError **error)
{
  ChatLocalSubscriptionPrivate *priv = PRIVATE (self);
  Cursor cursor = { .shard = shard, .group = group, .mine = group == NULL };
  gint64 next;

  if (find_cursor (self, shard->topic, shard->number) != NULL)
    return TRUE;
  if (!cursor_find_start (&cursor, start, &next, error))
    return FALSE;
  cursor_move (&cursor, next);
  g_array_append_val (priv->cursors, cursor);
  if (group != NULL && !g_ptr_array_find (priv->groups, group, NULL))
    g_ptr_array_add (priv->groups, group);
  return TRUE;
}

void
chat_local_subscription_join (ChatLocalSubscription *self)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_copy (PRIVATE (self)->groups, NULL, NULL);

  for (guint i = 0; i < groups->len; i++)
    chat_shard_group_join (((ChatLocalGroup *)g_ptr_array_index (groups, i))->members, self);
}

gboolean
chat_local_subscription_has_group (ChatLocalSubscription *self)
{
  return PRIVATE (self)->groups->len > 0;
}

gboolean
chat_local_subscription_seek (ChatLocalSubscription *self, const ChatStart *start, GError **error)
{
  guint n = PRIVATE (self)->cursors->len;
  g_autofree gint64 *next = g_new (gint64, n);

  for (guint i = 0; i < n; i++)
    {
      if (!cursor_find_start (cursor_at (self, i), start, &next[i], error))
        return FALSE;
    }
  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), NULL, NULL);
  for (guint i = 0; i < n; i++)
    cursor_move (cursor_at (self, i), next[i]);
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
  return TRUE;
}

gboolean
chat_local_subscription_reads (ChatLocalSubscription *self, const char *topic)
{
  return find_cursor (self, topic, 0) != NULL;
}

void
chat_local_subscription_deliver (ChatLocalSubscription *self, const ChatLocalShard *shard, guint ticket, gint64 found,
                                 GPtrArray *batch, gint64 next)
{
  Cursor *cursor = find_cursor (self, shard->topic, shard->number);

  if (cursor == NULL || cursor->ticket != ticket)
    return;
  cursor->ticket = 0;
  if (cursor->next < found)
    cursor_queue_gap (self, cursor, found);
  cursor->next = next;
  if (batch != NULL)
    {
      cursor->queued += batch->len;
      chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
    }
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

/* Whether @input is what comes next in its shard, given the @acks of the inputs before it; then it is added to them. */
static gboolean
check_input (ChatLocalSubscription *self, ChatRecord *input, GArray *acks)
{
  gint shard = chat_record_get_shard (input);
  const Cursor *cursor = find_cursor (self, chat_record_get_topic (input), shard);
  ChatLocalAck *ack = NULL;

  if (cursor == NULL || cursor->group == NULL || !chat_shard_group_owns (cursor->group->members, self, shard))
    return FALSE;
  for (guint i = 0; i < acks->len && ack == NULL; i++)
    {
      ChatLocalAck *before = &g_array_index (acks, ChatLocalAck, i);

      if (before->group == cursor->group && before->shard == shard)
        ack = before;
    }
  if (ack == NULL)
    {
      const ChatLocalAck first = { cursor->group, shard, MAX (cursor->group->cursors[shard], cursor->shard->first) };

      g_array_append_val (acks, first);
      ack = &g_array_index (acks, ChatLocalAck, acks->len - 1);
    }
  if (chat_record_get_offset (input) == ack->next)
    ack->next++;
  /* One that came twice, as it may where a broker delivers at least once, is acknowledged with the first. */
  return chat_record_get_offset (input) < ack->next && chat_record_get_offset (input) >= cursor->group->cursors[shard];
}

GArray *
chat_local_subscription_check (ChatLocalSubscription *self, GPtrArray *inputs, GError **error)
{
  g_autoptr (GArray) acks = g_array_new (FALSE, FALSE, sizeof (ChatLocalAck));

  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);

      if (check_input (self, input, acks))
        continue;
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
                   "Record %" G_GINT64_FORMAT
                   " of %s/%d is not what this reader has to acknowledge next: all that is unacknowledged comes again",
                   chat_record_get_offset (input), chat_record_get_topic (input), chat_record_get_shard (input));
      return NULL;
    }
  return g_steal_pointer (&acks);
}

void
chat_local_subscription_rewind (ChatLocalSubscription *self)
{
  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), NULL, NULL);
  for (guint i = 0; i < PRIVATE (self)->cursors->len; i++)
    {
      Cursor *cursor = cursor_at (self, i);

      cursor_move (cursor, cursor->group != NULL && cursor->mine ? cursor->group->cursors[cursor->shard->number]
                                                                 : cursor_get_position (cursor));
    }
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

void
chat_local_subscription_skip (ChatLocalSubscription *self)
{
  for (guint i = 0; i < PRIVATE (self)->cursors->len; i++)
    {
      Cursor *cursor = cursor_at (self, i);

      if (cursor->next < cursor->shard->end)
        cursor_queue_gap (self, cursor, cursor->shard->end);
      cursor->ticket = 0;
    }
}

void
chat_local_subscription_end (ChatLocalSubscription *self, const GError *error)
{
  leave_groups (self);
  chat_subscription_emit_closed (CHAT_SUBSCRIPTION (self), error);
}
