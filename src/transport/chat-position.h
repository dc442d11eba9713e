/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ChatPosition:
 *
 * Where a reader stands: for each (topic, shard) the offset of the next record. A mutable boxed value with a text form
 * that can be stored. On the WebSocket a shard is named by the channel and the offset is the next seq.
 */
typedef struct _ChatPosition ChatPosition;
#define CHAT_TYPE_POSITION (chat_position_get_type ())
GType chat_position_get_type (void);

ChatPosition *chat_position_new (void);
ChatPosition *chat_position_copy (const ChatPosition *self);
void chat_position_free (ChatPosition *self);

/** chat_position_set: @shard: the shard's name ("0", "1" … or a channel); @next: the offset of the next record to read.
 */
void chat_position_set (ChatPosition *self, const char *topic, const char *shard, gint64 next);
/** chat_position_get: -1 where nothing is known of that shard. */
gint64 chat_position_get (const ChatPosition *self, const char *topic, const char *shard);
/** chat_position_foreach: in a stable order (topic, shard). */
void chat_position_foreach (const ChatPosition *self,
                            void (*func) (const char *topic, const char *shard, gint64 next, gpointer data),
                            gpointer data);
char *chat_position_to_string (const ChatPosition *self);
ChatPosition *chat_position_from_string (const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatPosition, chat_position_free)

/**
 * ChatStart:
 *
 * Where a subscription begins. A plain value; what its pointers name is borrowed for the length of the call.
 */
typedef enum
{
  CHAT_START_LIVE,     /* only what is published from now on */
  CHAT_START_EARLIEST, /* all that the broker still has */
  CHAT_START_POSITION, /* RESUMABLE: from a position; a shard that it does not name starts live */
  CHAT_START_TIME,     /* SEEKABLE: the first record at or after a time */
  CHAT_START_GROUP,    /* GROUPS: where the named group last acknowledged; a new group starts at the earliest record,
                          on RabbitMQ (a queue holds nothing from before it was declared) with its first subscribe */
} ChatStartKind;

typedef struct
{
  ChatStartKind kind;
  const ChatPosition *position;
  gint64 time_ms;
  const char *group;
} ChatStart;

#define CHAT_START_LIVE_INIT                                                                                           \
  {                                                                                                                    \
    CHAT_START_LIVE, NULL, 0, NULL                                                                                     \
  }
#define CHAT_START_EARLIEST_INIT                                                                                       \
  {                                                                                                                    \
    CHAT_START_EARLIEST, NULL, 0, NULL                                                                                 \
  }

G_END_DECLS
