/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/chat-look.h"
#include "client/chat-message-item.h"

G_BEGIN_DECLS

/* What a message says, in words: for its row, its tooltip, the accessibility bus and search results. All (transfer
 * full). */

/** chat_message_text_dup: the text that stands there; a record that has none is told in a sentence. */
char *chat_message_text_dup (ChatMessageItem *item);
/** chat_message_text_dup_excerpt: one line of at most @chars characters. */
char *chat_message_text_dup_excerpt (const char *text, guint chars);
/** chat_message_text_dup_quote: (nullable): of the message that it is a reply to: its author and its first words. */
char *chat_message_text_dup_quote (ChatMessageItem *item);
/** chat_message_text_dup_details: both clocks, the place in the channel, the state: what the row leaves out. */
char *chat_message_text_dup_details (ChatMessageItem *item);
/** chat_message_text_dup_label: all it says, for the accessibility bus. */
char *chat_message_text_dup_label (ChatMessageItem *item, ChatLook *look);

/** chat_message_text_format_clock: hours and minutes of the local zone. @time: ms; @look: (nullable) */
char *chat_message_text_format_clock (gint64 time, ChatLook *look);
/** chat_message_text_format_day: the local day, with its year where that is not this one. @time: ms */
char *chat_message_text_format_day (gint64 time);

G_END_DECLS
