/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatShardGroup:
 *
 * Shares the shards of one topic out among the members of a group, for a broker that lives in this process. A shard
 * changes hands in two steps: its owner is stopped, and only once no forward of the owner is in flight is the shard
 * revoked and granted to the next; so no record is ever in two hands.
 */
typedef struct _ChatShardGroup ChatShardGroup;

/** ChatShardGroupFuncs: how a group speaks to its members; each may join or leave in return. */
typedef struct
{
  gboolean (*is_busy) (gpointer member);                           /* a forward is in flight */
  void (*stop) (gpointer member, gpointer group_data, gint shard); /* deliver nothing more of it */
  void (*revoked) (gpointer member, gpointer group_data, GArray *shards);
  void (*granted) (gpointer member, gpointer group_data, gint shard); /* start where the group stands */
} ChatShardGroupFuncs;

/** chat_shard_group_new: @funcs: borrowed for good; @group_data: handed to each of them. */
ChatShardGroup *chat_shard_group_new (guint shards, const ChatShardGroupFuncs *funcs, gpointer group_data);
/** chat_shard_group_free: a group without members only. */
void chat_shard_group_free (ChatShardGroup *self);

/** chat_shard_group_join: @member: borrowed until it leaves. What is free is granted before this returns. */
void chat_shard_group_join (ChatShardGroup *self, gpointer member);
/** chat_shard_group_leave: its shards go to the others; nothing is called for @member itself. */
void chat_shard_group_leave (ChatShardGroup *self, gpointer member);
/** chat_shard_group_settle: after a forward of a member has ended. */
void chat_shard_group_settle (ChatShardGroup *self);

guint chat_shard_group_get_members (const ChatShardGroup *self);
/** chat_shard_group_owns: whether @member may acknowledge records of @shard: also while it is stopped. */
gboolean chat_shard_group_owns (const ChatShardGroup *self, gconstpointer member, gint shard);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatShardGroup, chat_shard_group_free)

G_END_DECLS
