/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "core/chat-dialect.h"
#include "core/chat-signature.h"
#include "moderation/chat-rules.h"
#include "server/store/chat-moderation-store.h"
#include "transport/chat-record.h"

G_BEGIN_DECLS

/** ChatOutcome: what became of a record. */
typedef enum
{
  CHAT_OUTCOME_NONE,     /* not judged yet */
  CHAT_OUTCOME_PASSED,   /* forwarded as it is */
  CHAT_OUTCOME_MASKED,   /* forwarded with asterisks */
  CHAT_OUTCOME_REFUSED,  /* its author was told why not */
  CHAT_OUTCOME_REJECTED, /* could not be read or judged: put aside on chat_rejected */
  CHAT_OUTCOME_REPEATED, /* was forwarded before */
} ChatOutcome;

/** ChatCaseOrigin: where records come from, and who vouches for them. A plain value. */
typedef struct
{
  ChatSigner *signer;    /* verifies signatures, and signs what is for chat_control */
  const char *transport; /* its name: part of the ids it gives to records without one, and of its guests' names */
  gboolean guests;       /* an author that is not signed is a guest of that broker: "ana (kafka)" */
  ChatDialect *dialect;  /* nullable: of records that are not signed */
} ChatCaseOrigin;

/**
 * ChatCase:
 *
 * One record of a batch on its way to a verdict: what came in, and what is to go out.
 */
typedef struct
{
  const ChatCaseOrigin *origin;
  ChatRecord *record;
  ChatMessage *message; /* NULL where it was rejected for what it is */
  char *user_key;       /* the author's; nullable; for the moderator to set */
  gboolean is_signed;   /* by the service */
  gboolean is_whole;    /* its bytes are what readers may have */
  guint64 digest;       /* of the content that makes a repeated id a repeat */
  GArray *hits;         /* (element-type ChatHit) (nullable) */
  ChatStrike *answer;   /* nullable: what the store made of the strike */
  ChatOutcome outcome;
  char *reason;       /* of a rejection */
  GPtrArray *outputs; /* (element-type ChatRecord) (nullable) */
} ChatCase;

/**
 * chat_case_new:
 * @origin: must outlive it
 *
 * Reads a record of the topic `chat`. What can't be read is rejected at once, and so is what may not come from where
 * it does: the service's own kinds; unsigned, anything in a private conversation, and where there are no guests what
 * changes others' records or a channel, for then anybody may give any name. What a sender may not say of himself
 * (`state`, `seq`, `moderation`; unsigned also `bot`, `moderator` and the members of the service's kinds) is dropped.
 */
ChatCase *chat_case_new (ChatRecord *record, const ChatCaseOrigin *origin);
void chat_case_free (ChatCase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatCase, chat_case_free)

/** chat_case_get_time: when it was accepted, ms: by the service's clock, else by the broker's, else now: never by an
 * unknown sender's own. */
gint64 chat_case_get_time (const ChatCase *self);

/** chat_case_is_judged: whether word lists apply to it: what it says is a text that people write. */
gboolean chat_case_is_judged (const ChatCase *self);
/** chat_case_may_be_of_blocked: whether somebody who is blocked may do it: take back what he has said, or go. */
gboolean chat_case_may_be_of_blocked (const ChatCase *self);

/** chat_case_needs_strike: whether a rule was hit that counts, by somebody who can be told. */
gboolean chat_case_needs_strike (const ChatCase *self);
/** chat_case_new_strike: (transfer full): what the store is to record. */
ChatStrike *chat_case_new_strike (const ChatCase *self, const char *rules_version, guint limit);
/** chat_case_new_block: (transfer full): the block that the strike's answer speaks of. */
ChatBlock *chat_case_new_block (const ChatCase *self);

/* The verdicts: each sets the outcome and the outputs. */
void chat_case_pass (ChatCase *self);
/** chat_case_mask: asterisks for the hits; with a strike's answer also the warning and, at the limit, the block, of
 * which every process of the service hears too. */
void chat_case_mask (ChatCase *self);
void chat_case_refuse (ChatCase *self, const char *reason);
void chat_case_reject (ChatCase *self, const char *reason);
/** chat_case_drop: it is a repeat. */
void chat_case_drop (ChatCase *self);

G_END_DECLS
