/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-shard-group.h"
#include "transport/chat-subscription.h"

G_BEGIN_DECLS

/** ChatLocalShard: one shard of a topic, as a broker in this process knows it: what it holds lies in [first, end). The
 * broker moves the two, and tells its subscriptions with chat_subscription_refill(). */
typedef struct
{
  const char *topic;
  gint number;
  gint64 first;
  gint64 end;
} ChatLocalShard;

/** ChatLocalGroup: a group's stand in one topic. @cursors: by shard, the first record that is not acknowledged. */
typedef struct
{
  char *name;
  char *topic;
  guint shards;
  gint64 *cursors;
  ChatShardGroup *members;
} ChatLocalGroup;

/** chat_local_group_new: with every cursor at 0 and no member. */
ChatLocalGroup *chat_local_group_new (const char *name, const char *topic, guint shards);
void chat_local_group_free (ChatLocalGroup *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatLocalGroup, chat_local_group_free)

/** ChatLocalAck: an acknowledgement: the group's cursor in one shard is moved up to @next. */
typedef struct
{
  ChatLocalGroup *group;
  gint shard;
  gint64 next;
} ChatLocalAck;

/**
 * ChatLocalSubscription:
 *
 * The reader of a broker that lives in this process: cursors, groups, gaps, positions, lag. What is left to the broker
 * is fetching the records themselves. It belongs, like its broker, to one main context.
 */
#define CHAT_TYPE_LOCAL_SUBSCRIPTION (chat_local_subscription_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatLocalSubscription, chat_local_subscription, CHAT, LOCAL_SUBSCRIPTION, ChatSubscription)

struct _ChatLocalSubscriptionClass
{
  ChatSubscriptionClass parent_class;

  /** fetch: read some records of @shard from @from on (there is one), and answer, now or later, with
   * chat_local_subscription_deliver(). */
  void (*fetch) (ChatLocalSubscription *self, const ChatLocalShard *shard, gint64 from, guint ticket);

  /** get_time: (nullable): of the record at @offset of @shard; CHAT_TIME_UNKNOWN where that is not at hand. */
  gint64 (*get_time) (ChatLocalSubscription *self, const ChatLocalShard *shard, gint64 offset);

  gpointer padding[4];
};

/** chat_local_subscription_set_channels: @channels: (nullable): before anything is added. */
void chat_local_subscription_set_channels (ChatLocalSubscription *self, const char *const *channels);
/** chat_local_subscription_get_channels: (transfer none) (nullable): a set, which no one changes: any thread may look.
 */
GHashTable *chat_local_subscription_get_channels (ChatLocalSubscription *self);
/** chat_local_channels_want: whether a record with @key (nullable) is in @channels (nullable: everything is). */
gboolean chat_local_channels_want (GHashTable *channels, const char *key);

/**
 * chat_local_subscription_add:
 * @shard: borrowed, as long as the broker
 * @group: (nullable): whose member it is to be
 * @start: LIVE, EARLIEST, POSITION (a shard that it does not name: live) or GROUP
 *
 * Returns: FALSE with LOST where @start lies beyond the end
 */
gboolean chat_local_subscription_add (ChatLocalSubscription *self, const ChatLocalShard *shard, ChatLocalGroup *group,
                                      const ChatStart *start, GError **error);

/** chat_local_subscription_join: once all is added: becomes a member of its groups. */
void chat_local_subscription_join (ChatLocalSubscription *self);
gboolean chat_local_subscription_has_group (ChatLocalSubscription *self);

/** chat_local_subscription_seek: all shards, or with LOST none. */
gboolean chat_local_subscription_seek (ChatLocalSubscription *self, const ChatStart *start, GError **error);

/** chat_local_subscription_reads: whether it reads @topic. */
gboolean chat_local_subscription_reads (ChatLocalSubscription *self, const char *topic);

/** chat_local_subscription_deliver: @ticket: of the fetch; where the reader has moved since, nothing happens. @batch:
 * (nullable) (element-type ChatRecord): in order. @next: where the next fetch is to begin. What is missing before
 * @found is a gap. */
void chat_local_subscription_deliver (ChatLocalSubscription *self, const ChatLocalShard *shard, guint ticket,
                                      gint64 found, GPtrArray *batch, gint64 next);

/** chat_local_subscription_check: (transfer full) (element-type ChatLocalAck): what a forward of @inputs acknowledges;
 * NULL with ABORTED where they are not what comes next in their shards. */
GArray *chat_local_subscription_check (ChatLocalSubscription *self, GPtrArray *inputs, GError **error);
/** chat_local_acknowledge: moves the cursors of the groups. */
void chat_local_acknowledge (GArray *acks);

/** chat_local_subscription_rewind: a member: to what its groups have acknowledged. */
void chat_local_subscription_rewind (ChatLocalSubscription *self);
/** chat_local_subscription_skip: to the end; what lies between becomes a gap. */
void chat_local_subscription_skip (ChatLocalSubscription *self);
/** chat_local_subscription_end: closes it from the broker's side. */
void chat_local_subscription_end (ChatLocalSubscription *self, const GError *error);

G_END_DECLS
