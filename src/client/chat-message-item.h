/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "client/chat-warning.h"
#include "core/chat-message.h"

G_BEGIN_DECLS

/** ChatDelivery: how far an own message has come; CHAT_DELIVERY_NONE for everybody else's. */
typedef enum
{
  CHAT_DELIVERY_NONE,      /* not an own one; or for a moment, while an own one is written to the disk */
  CHAT_DELIVERY_QUEUED,    /* on this disk */
  CHAT_DELIVERY_ACCEPTED,  /* the broker confirmed it */
  CHAT_DELIVERY_MODERATED, /* it came back on the feed */
  CHAT_DELIVERY_STORED,    /* a receipt came */
  CHAT_DELIVERY_FAILED,    /* can't be sent as it is: retry or discard */
  CHAT_DELIVERY_REFUSED,   /* the service will not have it: the reason says why */
} ChatDelivery;
#define CHAT_TYPE_DELIVERY (chat_delivery_get_type ())
GType chat_delivery_get_type (void);

typedef enum
{
  CHAT_ITEM_MESSAGE,
  CHAT_ITEM_WARNING, /* a card that only its receiver sees */
} ChatItemKind;

#define CHAT_TYPE_MESSAGE_ITEM (chat_message_item_get_type ())
G_DECLARE_FINAL_TYPE (ChatMessageItem, chat_message_item, CHAT, MESSAGE_ITEM, GObject)

/**
 * ChatMessageItem:
 *
 * One row of a timeline. What depends on the row before it (a new day, the same author going on, the first unread one)
 * is worked out by the timeline, so that a row widget only draws. Any change of what a row shows emits `changed`, once,
 * whatever changed.
 */
ChatMessageItem *chat_message_item_new (ChatMessage *message);
ChatMessageItem *chat_message_item_new_warning (const ChatWarning *warning);

ChatItemKind chat_message_item_get_kind (ChatMessageItem *self);
ChatMessage *chat_message_item_get_message (ChatMessageItem *self);       /* transfer none; NULL for a warning */
const ChatWarning *chat_message_item_get_warning (ChatMessageItem *self); /* NULL for a message */
gint64 chat_message_item_get_time (ChatMessageItem *self);                /* ms: server's clock, else the sender's */
gint64 chat_message_item_get_seq (ChatMessageItem *self);                 /* place in the channel; 0: not told yet */
ChatDelivery chat_message_item_get_delivery (ChatMessageItem *self);
const char *chat_message_item_get_reason (ChatMessageItem *self); /* nullable: of FAILED and REFUSED; of QUEUED: why it
                                                                     is only in memory */
gboolean chat_message_item_get_own (ChatMessageItem *self);
gboolean chat_message_item_get_starts_day (ChatMessageItem *self); /* first of a local day: a separator goes above */
gboolean
chat_message_item_get_continues (ChatMessageItem *self); /* same author as above, within 5 minutes: no header */
guint chat_message_item_get_unread_above (ChatMessageItem *self); /* n > 0: the "n new messages" line goes above */

/** chat_message_item_get_text: (nullable) (transfer none): what it reads now: after edits; an own edit that is on its
 * way included. NULL where it is deleted. */
const char *chat_message_item_get_text (ChatMessageItem *self);
gint64 chat_message_item_get_edited (ChatMessageItem *self);          /* ms; CHAT_TIME_UNKNOWN: never */
gint64 chat_message_item_get_deleted (ChatMessageItem *self);         /* ms; CHAT_TIME_UNKNOWN: it stands */
const char *chat_message_item_get_deleted_by (ChatMessageItem *self); /* nullable: its author */

/** ChatReactionGroup: one emoji under a message. */
typedef struct
{
  char *emoji;
  char **users;  /* in the order in which they reacted */
  gboolean mine; /* the user is one of them */
} ChatReactionGroup;

/** chat_message_item_get_reactions: (transfer none) (element-type ChatReactionGroup): never NULL; own ones that are on
 * their way included. Valid until the item's next `changed`. */
GPtrArray *chat_message_item_get_reactions (ChatMessageItem *self);

/** chat_message_item_get_quoted: (nullable) (transfer none): what it is a reply to, as far as it is known: fetched by
 * the timeline when it isn't in the window; `changed` tells. */
ChatMessage *chat_message_item_get_quoted (ChatMessageItem *self);

G_END_DECLS
