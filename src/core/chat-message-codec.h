/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/** What anybody may send. */
#define CHAT_RECORD_MAX_BYTES 65536
/** The same with what the service adds on the way (id, times, moderation, seq): a record that was let in is never too
 * large further down. */
#define CHAT_RECORD_GROWN_BYTES (2 * CHAT_RECORD_MAX_BYTES)
#define CHAT_RECORD_MAX_DEPTH 32

/**
 * chat_message_decode:
 * @bytes: (array length=length): one record
 * @error: CHAT_CORE_ERROR: TOO_LARGE over CHAT_RECORD_GROWN_BYTES, NOT_UTF8, NOT_JSON where it is text of another form,
 *   INVALID or TOO_LARGE with the member's name where a member is missing, empty, too long or of a wrong type
 *
 * Decodes one record strictly: no member is guessed. Never recurses deeper than CHAT_RECORD_MAX_DEPTH, whatever it is
 * fed. A missing `timestamp` of a message is an error here: the caller that knows a better time sets it (see
 * chat_message_decode_foreign()).
 *
 * The rules, beyond those of the architecture: a member that is there twice makes a record invalid, at any depth (two
 * readers could understand it in two ways). A known member that is null counts as absent, but for the `author` of a
 * message, where null says that it is not known. Known members keep their types in records of unknown kinds. An id is
 * 1–64 characters of `[A-Za-z0-9._:-]`. `data` may be empty only where the kind does not need it, and in a `topic`.
 * Unknown members keep their text to the letter, less white space between its parts.
 *
 * Returns: (transfer full) (nullable): the message
 */
ChatMessage *chat_message_decode (const void *bytes, gsize length, GError **error);

/**
 * ChatMessageHints:
 *
 * What the transport knows of a record beside its bytes, used where the record itself is silent.
 */
typedef struct
{
  const char *channel; /* from the key, routing key or topic; NULL: "general" */
  const char *id;      /* the same on every delivery (UUIDv5 of the position) */
  gint64 timestamp;    /* the broker's time, ms; CHAT_TIME_UNKNOWN: now */
} ChatMessageHints;

/**
 * chat_message_decode_foreign:
 *
 * Like chat_message_decode(), for a topic that others write to as well, and of CHAT_RECORD_MAX_BYTES at most: `id`,
 * `channel` and `timestamp` are filled in from @hints where absent, and valid UTF-8 that is not a JSON object becomes a
 * message of an unknown author (less line ends behind it). What @hints brings is checked like any other.
 */
ChatMessage *chat_message_decode_foreign (const void *bytes, gsize length, const ChatMessageHints *hints,
                                          GError **error);

/** chat_message_decode_object: like chat_message_decode(), from an object that is parsed already (REST replies, live
 * frames). */
ChatMessage *chat_message_decode_object (JsonObject *object, GError **error);

/** chat_message_encode: (transfer full): one line of compact JSON; unknown members last, as they came. */
GBytes *chat_message_encode (const ChatMessage *self);

/** chat_message_encode_append: the same, appended to @buffer (used where many are joined into one frame). */
void chat_message_encode_append (const ChatMessage *self, GString *buffer);

/** chat_message_encode_object: (transfer full): the same as an object of json-glib. */
JsonObject *chat_message_encode_object (const ChatMessage *self);

G_END_DECLS
