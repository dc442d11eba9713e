/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-call.h"
#include "chat-test-message.h"
#include "store-fixture.h"

G_BEGIN_DECLS

/** StoreCase: one case on a database of its own, with a store that is open. */
typedef struct
{
  const StoreFixture *fixture;
  char *place;
  ChatStore *store;

  /* Borrowed */
  ChatMessageStore *messages;
  ChatChannelStore *channels;
  ChatUserStore *users;
  ChatModerationStore *moderation;
  ChatCounterStore *counters;
} StoreCase;

typedef void (*StoreCaseFunc) (StoreCase *self);

/** store_case_add: as /store/FIXTURE/@name. */
void store_case_add (const StoreFixture *fixture, const char *name, StoreCaseFunc func);
/** store_case_reopen: closes the store and opens another on the same database. */
void store_case_reopen (StoreCase *self);

/** store_append: appends one message of ana's at @timestamp, whose text is its id. Returns: its seq, or the first's */
gint64 store_append (StoreCase *self, const char *channel, const char *id, gint64 timestamp);

/** STORE_TIME: when all that store_message_new() makes was said, ms. */
#define STORE_TIME G_GINT64_CONSTANT (1600000000000)
/** store_message_new: (transfer full): a record; @author and @data: (nullable). */
ChatMessage *store_message_new (ChatMessageKind kind, const char *channel, const char *id, const char *author,
                                const char *data);
/** store_append_message: appends it alone. */
ChatAppendResult store_append_message (StoreCase *self, ChatMessage *message);

/** store_ensure_with_keys: Returns: whether the channel was made */
gboolean store_ensure_with_keys (StoreCase *self, const ChatChannelInfo *info, const char *const *keys);
/** store_ensure: the members are their keys. Returns: whether the channel was made */
gboolean store_ensure (StoreCase *self, const ChatChannelInfo *info);

/** store_assert_placed: that an independent reader finds the seqs of @channel contiguous from 1, each id once, and
 * @count of them (G_MAXUINT: any number). Returns: (transfer full): the set of the ids */
GHashTable *store_assert_placed (StoreCase *self, const char *channel, guint count);

/* What goes into every string: quotes, statements, patterns, foreign scripts, what has no glyph. */
extern const char *const store_odd_strings[];

void store_cases_lifecycle (const StoreFixture *fixture);
void store_cases_messages (const StoreFixture *fixture);
void store_cases_pages (const StoreFixture *fixture);
void store_cases_channels (const StoreFixture *fixture);
void store_cases_users (const StoreFixture *fixture);
void store_cases_accounts (const StoreFixture *fixture);
void store_cases_appeals (const StoreFixture *fixture);
void store_cases_counters (const StoreFixture *fixture);
void store_cases_moderation (const StoreFixture *fixture);
void store_cases_search (const StoreFixture *fixture);
void store_cases_state (const StoreFixture *fixture);
void store_cases_unread (const StoreFixture *fixture);
void store_cases_watch (const StoreFixture *fixture);
void store_cases_outbox (const StoreFixture *fixture);
void store_cases_crash (const StoreFixture *fixture);

/** store_crash_child: what the process that is to be killed does: appends for ever, and prints each id that was
 * confirmed. */
int store_crash_child (const StoreFixture *fixture, const char *place, guint first);

G_END_DECLS
