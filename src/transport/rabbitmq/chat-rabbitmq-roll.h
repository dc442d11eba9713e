/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatRabbitmqRoll:
 *
 * Who is a member of a group, as one of them hears it, and whose each shard is to be. RabbitMQ gives a queue with a
 * single active consumer to whoever has waited longest; so that work is shared evenly, the members tell each other that
 * they are there, and whoever is not the owner of a shard queues up for it anew. The broker alone decides who is
 * given records: this only decides who waits behind whom.
 */
typedef struct _ChatRabbitmqRoll ChatRabbitmqRoll;

/** CHAT_RABBITMQ_ROLL_CALL_MS: how often a member says that it is there; three times silent is gone. */
#define CHAT_RABBITMQ_ROLL_CALL_MS 2000

/** chat_rabbitmq_roll_new: @id: one's own; @since: of joining, in µs: who joined first is first. */
ChatRabbitmqRoll *chat_rabbitmq_roll_new (const char *id, gint64 since);
void chat_rabbitmq_roll_free (ChatRabbitmqRoll *self);

/** chat_rabbitmq_roll_dup_call: (transfer full): what to tell the others. @here: FALSE: that one leaves. */
char *chat_rabbitmq_roll_dup_call (ChatRabbitmqRoll *self, gboolean here);

typedef enum
{
  CHAT_RABBITMQ_ROLL_SAME,
  CHAT_RABBITMQ_ROLL_CHANGED, /* owners may have changed */
  CHAT_RABBITMQ_ROLL_JOINED,  /* … and somebody is new, who does not know of us yet */
} ChatRabbitmqRollNews;

/** chat_rabbitmq_roll_hear: @call: what somebody told, oneself perhaps; anything else is not heeded. @now: monotonic,
 * µs. */
ChatRabbitmqRollNews chat_rabbitmq_roll_hear (ChatRabbitmqRoll *self, const char *call, gint64 now);
/** chat_rabbitmq_roll_expire: strikes who has been silent for too long. */
ChatRabbitmqRollNews chat_rabbitmq_roll_expire (ChatRabbitmqRoll *self, gint64 now);

/** chat_rabbitmq_roll_renew: one queues up for one's own shards anew: the others are to do the same behind. */
void chat_rabbitmq_roll_renew (ChatRabbitmqRoll *self);

/** chat_rabbitmq_roll_get_owner: (transfer none): a string that is another when the owner of @shard has
 * changed or has renewed. @mine: (out): whether it is oneself. */
const char *chat_rabbitmq_roll_get_owner (ChatRabbitmqRoll *self, guint shard, gboolean *mine);
guint chat_rabbitmq_roll_get_members (const ChatRabbitmqRoll *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRabbitmqRoll, chat_rabbitmq_roll_free)

G_END_DECLS
