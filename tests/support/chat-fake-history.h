/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-history.h"

G_BEGIN_DECLS

#define CHAT_TYPE_FAKE_HISTORY (chat_fake_history_get_type ())
G_DECLARE_FINAL_TYPE (ChatFakeHistory, chat_fake_history, CHAT, FAKE_HISTORY, GObject)

/**
 * ChatFakeHistory: (implements ChatHistory)
 *
 * One channel's store in memory. What it answers is what is stored when it is asked; when it answers, and whether, the
 * test decides.
 */
ChatFakeHistory *chat_fake_history_new (void);

/** chat_fake_history_append: @message: borrowed: gives it the next seq, and changes what it is about, as the store
 * does. Returns the seq. */
gint64 chat_fake_history_append (ChatFakeHistory *self, ChatMessage *message);
gint64 chat_fake_history_get_head (ChatFakeHistory *self);
/** chat_fake_history_clear: another store, empty. */
void chat_fake_history_clear (ChatFakeHistory *self);

/** chat_fake_history_hold: answers wait for chat_fake_history_release(). */
void chat_fake_history_hold (ChatFakeHistory *self, gboolean hold);
/** chat_fake_history_release: answers what waits, now: TRUE where something did. */
gboolean chat_fake_history_release (ChatFakeHistory *self);
/** chat_fake_history_fail: the next @count questions are answered with an error. */
void chat_fake_history_fail (ChatFakeHistory *self, guint count);

/** chat_fake_history_find: (transfer none) (nullable): the message @id as it reads now. */
ChatMessage *chat_fake_history_find (ChatFakeHistory *self, const char *id);
/** chat_fake_history_get_gets: how often a single message was asked for. */
guint chat_fake_history_get_gets (ChatFakeHistory *self);
guint chat_fake_history_get_calls (ChatFakeHistory *self);
/** chat_fake_history_get_last: the last question. */
const ChatHistoryQuery *chat_fake_history_get_last (ChatFakeHistory *self);

G_END_DECLS
