/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * ChatMessageKind:
 *
 * What a record says (architecture: "the record on the wire"). A kind this version does not know is kept as
 * CHAT_KIND_UNKNOWN with its name among the extra members, passed through, and not shown.
 */
typedef enum
{
  CHAT_KIND_MESSAGE,
  CHAT_KIND_NOTICE,
  CHAT_KIND_EDIT,
  CHAT_KIND_DELETE,
  CHAT_KIND_REACTION,
  CHAT_KIND_ATTRIBUTE,
  CHAT_KIND_JOIN,
  CHAT_KIND_LEAVE,
  CHAT_KIND_TOPIC,
  CHAT_KIND_READ,
  CHAT_KIND_WARNING,
  CHAT_KIND_BLOCK,
  CHAT_KIND_UNBLOCK,
  CHAT_KIND_REFUSED,
  CHAT_KIND_RECEIPT,
  CHAT_KIND_RULES,
  CHAT_KIND_CONTROL,
  CHAT_KIND_UNKNOWN,
} ChatMessageKind;

/** chat_message_kind_to_string: (transfer none) (nullable): the wire name; NULL for CHAT_KIND_UNKNOWN. */
const char *chat_message_kind_to_string (ChatMessageKind kind);
ChatMessageKind chat_message_kind_from_string (const char *name);
/** chat_message_kind_is_of_service: whether only the service itself says such things: no part of a channel's history.
 */
gboolean chat_message_kind_is_of_service (ChatMessageKind kind);

/** ChatSpan: a run of code points of a message's text. */
typedef struct
{
  guint start;
  guint length;
} ChatSpan;

/** ChatModerationNote: the `moderation` member: why a text was masked. @strike and @limit are 0 where not told. */
typedef struct
{
  char *rule;    /* such as "es/insults" */
  GArray *spans; /* (element-type ChatSpan), code points of `data` */
  guint strike;
  guint limit;
} ChatModerationNote;

ChatModerationNote *chat_moderation_note_new (const char *rule, GArray *spans, guint strike, guint limit);
ChatModerationNote *chat_moderation_note_copy (const ChatModerationNote *note);
void chat_moderation_note_free (ChatModerationNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatModerationNote, chat_moderation_note_free)

/** ChatReaction: one user's emoji under a message. */
typedef struct
{
  char *id; /* of the record that said so: its removal is a `delete` of that id */
  char *author;
  char *emoji;
} ChatReaction;

ChatReaction *chat_reaction_new (const char *id, const char *author, const char *emoji);
void chat_reaction_free (ChatReaction *self);

/**
 * ChatMessageState:
 *
 * The `state` member: what later records made of a message. Only the store gives it, in what it is read back as; the
 * message's data is then the text that holds now (empty once it is deleted). On the wire of a broker it is a claim, and
 * dropped.
 */
typedef struct
{
  gint64 edited;        /* timestamp of the last edit, ms; CHAT_TIME_UNKNOWN: never */
  gint64 deleted;       /* likewise */
  char *deleted_by;     /* nullable: who deleted it, where that was not its author */
  GPtrArray *reactions; /* (element-type ChatReaction), in the order in which they came; never NULL */
  gint64 seq;           /* of the last record that is in it: what the feed brings up to there is known */
} ChatMessageState;

/** At most so many reactions are kept under a message; more do not apply. */
#define CHAT_REACTIONS_MAX 200

ChatMessageState *chat_message_state_new (void);
ChatMessageState *chat_message_state_copy (const ChatMessageState *self);
void chat_message_state_free (ChatMessageState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMessageState, chat_message_state_free)

/**
 * ChatMessage:
 *
 * One record of the wire, decoded. A boxed, atomically reference-counted value: fill it in while you hold the only
 * reference, then share it (between threads too) and change it no more; chat_message_copy() gives one to change.
 * A setter on a shared message is a programming error and is refused with a critical warning.
 */
typedef struct _ChatMessage ChatMessage;
#define CHAT_TYPE_MESSAGE (chat_message_get_type ())
GType chat_message_get_type (void);

ChatMessage *chat_message_new (ChatMessageKind kind);
ChatMessage *chat_message_ref (ChatMessage *self);
void chat_message_unref (ChatMessage *self);
/** chat_message_copy: (transfer full): a message of its own with the same content (extra members included). */
ChatMessage *chat_message_copy (const ChatMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMessage, chat_message_unref)

/* Getters are (transfer none); strings are NULL and numbers 0 (times CHAT_TIME_UNKNOWN) where the member is absent. */
ChatMessageKind chat_message_get_kind (const ChatMessage *self);
const char *chat_message_get_id (const ChatMessage *self);
const char *chat_message_get_channel (const ChatMessage *self);
const char *chat_message_get_author (const ChatMessage *self); /* NULL: unknown author */
const char *chat_message_get_data (const ChatMessage *self);
const char *chat_message_get_target (const ChatMessage *self);
const char *chat_message_get_reply_to (const ChatMessage *self);
const char *chat_message_get_user (const ChatMessage *self);   /* whom a warning, block, unblock or refusal is for */
const char *chat_message_get_reason (const ChatMessage *self); /* of a refusal or block, for people */
gint64 chat_message_get_timestamp (const ChatMessage *self);   /* server's clock, ms */
gint64 chat_message_get_sent (const ChatMessage *self);        /* sender's clock, ms */
gint64 chat_message_get_seq (const ChatMessage *self);         /* place in the channel from 1; 0: not stored yet */
gboolean chat_message_get_bot (const ChatMessage *self);
const ChatModerationNote *chat_message_get_moderation (const ChatMessage *self);
/** chat_message_get_moderator: the `moderator` member: its author acts with a moderator's rights (an edit or a deletion
 * of another's message). Only the service may say so, and signs it. */
gboolean chat_message_get_moderator (const ChatMessage *self);
/** chat_message_get_state: (nullable) (transfer none) */
const ChatMessageState *chat_message_get_state (const ChatMessage *self);
/** chat_message_get_receipts: (nullable) (transfer none) (element-type utf8 gint64): of a receipt, id → pointer to its
 * seq */
GHashTable *chat_message_get_receipts (const ChatMessage *self);
/** chat_message_get_extra: (nullable) (transfer none): the members this version does not know */
JsonObject *chat_message_get_extra (const ChatMessage *self);

void chat_message_set_id (ChatMessage *self, const char *id);
void chat_message_set_channel (ChatMessage *self, const char *channel);
void chat_message_set_author (ChatMessage *self, const char *author);
void chat_message_set_data (ChatMessage *self, const char *data);
void chat_message_set_target (ChatMessage *self, const char *target);
void chat_message_set_reply_to (ChatMessage *self, const char *reply_to);
void chat_message_set_user (ChatMessage *self, const char *user);
void chat_message_set_reason (ChatMessage *self, const char *reason);
void chat_message_set_timestamp (ChatMessage *self, gint64 time_ms);
void chat_message_set_sent (ChatMessage *self, gint64 time_ms);
void chat_message_set_seq (ChatMessage *self, gint64 seq);
void chat_message_set_bot (ChatMessage *self, gboolean bot);
void chat_message_set_moderator (ChatMessage *self, gboolean moderator);
/** chat_message_take_state: @state: (transfer full) (nullable) */
void chat_message_take_state (ChatMessage *self, ChatMessageState *state);
/** chat_message_take_moderation: @note: (transfer full) (nullable) */
void chat_message_take_moderation (ChatMessage *self, ChatModerationNote *note);
void chat_message_add_receipt (ChatMessage *self, const char *id, gint64 seq);
void chat_message_clear_receipts (ChatMessage *self);

/** chat_message_equal_content: whether author, channel, kind, data, target and reply_to are the same: what makes a
 * repeated id a repeat and not a conflict. */
gboolean chat_message_equal_content (const ChatMessage *a, const ChatMessage *b);

G_END_DECLS
