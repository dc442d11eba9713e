/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatUnread:
 *
 * How many messages of others are unread in a channel, and how many of them name the user. The service counts up to its
 * head; what came live behind that is counted here, each message once. One whose seq is not known yet may have been in
 * the service's count: its receipt tells.
 */
typedef struct _ChatUnread ChatUnread;

ChatUnread *chat_unread_new (void);
void chat_unread_free (ChatUnread *self);

/** chat_unread_add: a message of somebody else's came. @seq: 0: not known */
void chat_unread_add (ChatUnread *self, const char *id, gint64 seq, gboolean mention);
/** chat_unread_place: a receipt. */
void chat_unread_place (ChatUnread *self, const char *id, gint64 seq);
/** chat_unread_miss: receipts may have been missed: of what is without one, the service's next counts speak. */
void chat_unread_miss (ChatUnread *self);
/** chat_unread_take: what the service counted up to @head. */
void chat_unread_take (ChatUnread *self, gint64 head, guint unread, guint mentions);
/** chat_unread_clear: everything up to now is read. @head: what is known of so far. */
void chat_unread_clear (ChatUnread *self, gint64 head);

guint chat_unread_get_unread (ChatUnread *self);
guint chat_unread_get_mentions (ChatUnread *self);

G_END_DECLS
