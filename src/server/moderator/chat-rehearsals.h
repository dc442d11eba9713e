/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/moderator/chat-rehearsal.h"

G_BEGIN_DECLS

#define CHAT_TYPE_REHEARSALS (chat_rehearsals_get_type ())
G_DECLARE_FINAL_TYPE (ChatRehearsals, chat_rehearsals, CHAT, REHEARSALS, GObject)

/**
 * ChatRehearsals:
 *
 * The rehearsals of one process: one at a time for each moderator, two in all; what has ended is forgotten after an
 * hour.
 */
ChatRehearsals *chat_rehearsals_new (ChatStore *store);

/** chat_rehearsals_begin: (transfer none): G_IO_ERROR_BUSY with a sentence for people where there are too many. */
ChatRehearsal *chat_rehearsals_begin (ChatRehearsals *self, const ChatRehearsalWish *wish, GError **error);
/** chat_rehearsals_find: (transfer none) (nullable) */
ChatRehearsal *chat_rehearsals_find (ChatRehearsals *self, const char *id);
/** chat_rehearsals_list: (transfer none) (element-type ChatRehearsal): in the order in which they were begun. */
GPtrArray *chat_rehearsals_list (ChatRehearsals *self);
/** chat_rehearsals_remove: cancels it where it is running, and forgets it; FALSE where there is none. */
gboolean chat_rehearsals_remove (ChatRehearsals *self, const char *id);
/** chat_rehearsals_cancel_all: when the service stops. */
void chat_rehearsals_cancel_all (ChatRehearsals *self);

G_END_DECLS
