/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-worker.h"
#include "moderation/chat-rules.h"
#include "server/store/chat-store.h"

G_BEGIN_DECLS

typedef enum
{
  CHAT_REHEARSAL_RUNNING,
  CHAT_REHEARSAL_DONE,
  CHAT_REHEARSAL_CANCELLED,
  CHAT_REHEARSAL_FAILED,
} ChatRehearsalState;

/** chat_rehearsal_state_to_string: (transfer none): "running", "done", "cancelled", "failed". */
const char *chat_rehearsal_state_to_string (ChatRehearsalState state);

/** ChatRehearsalResult: a message of which the candidates would make something else than the rules in force. */
typedef struct
{
  char *message; /* its id */
  char *channel;
  char *user; /* nullable */
  gint64 time;
  char *before, *after; /* its text, as the ones and the others mask it */
  GStrv rules;          /* whose hits make the difference */
} ChatRehearsalResult;

void chat_rehearsal_result_free (ChatRehearsalResult *self);

#define CHAT_REHEARSAL_RESULTS_MOST 2000

/** ChatRehearsalWish: what is to be tried. Borrowed for the length of a call. */
typedef struct
{
  const char *by;       /* the moderator */
  ChatRules *in_force;  /* compared with … */
  ChatRules *candidate; /* … these */
  const char *channel;  /* (nullable): a public one; NULL: all public ones */
  gint64 since;         /* from which time on, ms */
  const char *language; /* (nullable): of channels that name none */
} ChatRehearsalWish;

#define CHAT_TYPE_REHEARSAL (chat_rehearsal_get_type ())
G_DECLARE_FINAL_TYPE (ChatRehearsal, chat_rehearsal, CHAT, REHEARSAL, GObject)

/**
 * ChatRehearsal:
 *
 * What rules would have made of the messages of the last days in the public channels, beside what those in force make
 * of them; of masked ones with their originals, where these are kept. Reads page after page from the store with pauses
 * in between, judges each on @worker, and so slows nobody down. A store that is busy is asked again some times; what
 * it answers at last is the reason of a failure.
 *
 * Signal `ended ()`: once; it is no longer running.
 */
ChatRehearsal *chat_rehearsal_new (ChatStore *store, ChatWorker *worker, const ChatRehearsalWish *wish);
/** chat_rehearsal_start: once. */
void chat_rehearsal_start (ChatRehearsal *self);
/** chat_rehearsal_cancel: ends it at once; nothing where it has ended. */
void chat_rehearsal_cancel (ChatRehearsal *self);

const char *chat_rehearsal_get_id (ChatRehearsal *self);
const char *chat_rehearsal_get_by (ChatRehearsal *self);
ChatRehearsalState chat_rehearsal_get_state (ChatRehearsal *self);
/** chat_rehearsal_get_reason: (nullable): of a failure, for people. */
const char *chat_rehearsal_get_reason (ChatRehearsal *self);
/** chat_rehearsal_get_progress: messages that were read, and that are to be read in all, as far as is known. */
void chat_rehearsal_get_progress (ChatRehearsal *self, guint64 *read, guint64 *total);
/** chat_rehearsal_get_counts: messages that would newly be masked (more), and freed (masked less). */
void chat_rehearsal_get_counts (ChatRehearsal *self, guint64 *masked, guint64 *freed);
/** chat_rehearsal_get_results: (transfer none) (element-type ChatRehearsalResult): the first
 * CHAT_REHEARSAL_RESULTS_MOST of them, by channel, in their order; it grows while it is running. */
GPtrArray *chat_rehearsal_get_results (ChatRehearsal *self);

G_END_DECLS
