/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message-codec.h"

G_BEGIN_DECLS

/**
 * ChatDialect:
 *
 * How a topic that others write to says what a message is: which members of their JSON hold its author, text, time,
 * channel and id, or that a record is plain text. Read from a file (`data/dialects/` has two, and a sample with every
 * key explained). An immutable, atomically reference-counted value.
 */
typedef struct _ChatDialect ChatDialect;

/** ChatDialectPart: what a record may say of a message. */
typedef enum
{
  CHAT_DIALECT_AUTHOR,
  CHAT_DIALECT_TEXT,
  CHAT_DIALECT_TIME,
  CHAT_DIALECT_CHANNEL,
  CHAT_DIALECT_ID,
  CHAT_DIALECT_N_PARTS,
} ChatDialectPart;

/** chat_dialect_new: Tertulia's own record, all of it: what the file `tertulia` says, too. */
ChatDialect *chat_dialect_new (void);

/**
 * chat_dialect_load_file:
 *
 * Reads a key file (see chat_config_load_file() for its form) of at most 64 KiB.
 *
 * Returns: (transfer full) (nullable): or NULL with "FILE:LINE: …", what was found and what would be right: a
 * CHAT_CORE_ERROR, or a GIOErrorEnum where the file can't be read
 */
ChatDialect *chat_dialect_load_file (const char *path, GError **error);
/** chat_dialect_load_data: the same from memory. @name: what stands for the file in errors. */
ChatDialect *chat_dialect_load_data (const char *data, gsize length, const char *name, GError **error);

ChatDialect *chat_dialect_ref (ChatDialect *self);
void chat_dialect_unref (ChatDialect *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatDialect, chat_dialect_unref)

/** chat_dialect_get_title: (nullable): for people, as the file says. */
const char *chat_dialect_get_title (const ChatDialect *self);
/** chat_dialect_has: whether its records say @part. */
gboolean chat_dialect_has (const ChatDialect *self, ChatDialectPart part);
/** chat_dialect_has_kinds: whether there is more than messages: edits, reactions, replies. */
gboolean chat_dialect_has_kinds (const ChatDialect *self);

/** chat_dialect_dup_channel: (transfer full): the channel of @topic (or of a routing key): its alias, else the name
 * itself made to fit, in small letters and with `-` for what no channel's name may have. */
char *chat_dialect_dup_channel (const ChatDialect *self, const char *topic);

/**
 * chat_dialect_decode:
 * @bytes: (array length=length): at most CHAT_RECORD_MAX_BYTES
 * @hints: what the record itself does not say
 * @error: CHAT_CORE_ERROR, with the member's name as it stands in the record
 *
 * An id is taken as it is where it can be one (`[A-Za-z0-9._:-]`, 1–64 characters), else hashed to one, the same for
 * the same. Control characters that no text may have are left out of it. In `json`, valid UTF-8 that is not a JSON
 * object is a message of an unknown author.
 *
 * Returns: (transfer full) (nullable)
 */
ChatMessage *chat_dialect_decode (const ChatDialect *self, const void *bytes, gsize length,
                                  const ChatMessageHints *hints, GError **error);

/**
 * chat_dialect_encode:
 *
 * Writes the members that the dialect has and no others.
 *
 * Returns: (transfer full) (nullable): or NULL with CHAT_CORE_ERROR_INVALID where the dialect has no way to say it
 */
GBytes *chat_dialect_encode (const ChatDialect *self, const ChatMessage *message, GError **error);

G_END_DECLS
