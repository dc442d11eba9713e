/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** The deepest nesting that any caller may allow: the reader recurses once a level. */
#define CHAT_JSON_DEEPEST 256

typedef enum
{
  CHAT_JSON_NULL,
  CHAT_JSON_BOOLEAN,
  CHAT_JSON_INTEGER, /* a number without fraction and exponent, of any length */
  CHAT_JSON_REAL,
  CHAT_JSON_STRING,
  CHAT_JSON_ARRAY,
  CHAT_JSON_OBJECT,
} ChatJsonType;

/** ChatJsonToken: one whole value, or a member's name, as it stands in the text (borrowed from it). */
typedef struct
{
  ChatJsonType type;
  gboolean escaped; /* of a string: whether there is a backslash in it */
  const char *raw;  /* with the quotation marks or brackets */
  gsize length;
} ChatJsonToken;

/**
 * ChatJsonReader:
 *
 * A strict pull reader of JSON (RFC 8259): no comments, no trailing commas, one value, nothing behind it. It exists
 * because json-glib's parser takes much that is not JSON, recurses without a limit and turns numbers into doubles.
 *
 * Two sorts of faults are told apart. What is not JSON ends the reading with CHAT_CORE_ERROR_NOT_JSON, or NOT_UTF8.
 * What is JSON but breaks a rule of ours (NUL, a lone surrogate, a number that no double can hold) is kept in @invalid,
 * the first one only, and reading goes on, so that the answer to "is this JSON at all?" does not depend on what comes
 * first. Only nesting that is too deep ends the reading with CHAT_CORE_ERROR_INVALID. chat_json_reader_finish() reports
 * both.
 *
 * A plain value for the stack; the text must outlive it.
 */
typedef struct
{
  const char *start;
  const char *at;
  const char *end;
  guint depth;
  guint max_depth;
  GError *invalid;
} ChatJsonReader;

/** chat_json_reader_init: FALSE with NOT_UTF8 where @bytes is not UTF-8 or has a NUL byte. A byte order mark at the
 * start is skipped (RFC 8259 §8.1). chat_json_reader_clear() is due in either case. */
gboolean chat_json_reader_init (ChatJsonReader *self, const void *bytes, gsize length, guint max_depth, GError **error);
void chat_json_reader_clear (ChatJsonReader *self);

/** chat_json_reader_refuse: breaks a rule of the caller's own: CHAT_CORE_ERROR_INVALID at the current place, unless
 * there is one already. */
void chat_json_reader_refuse (ChatJsonReader *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** chat_json_reader_peek: the next byte that is not white space, or 0 at the end. */
char chat_json_reader_peek (ChatJsonReader *self);

/** chat_json_reader_open: enters the object or array that @bracket opens. */
gboolean chat_json_reader_open (ChatJsonReader *self, char bracket, GError **error);

/** chat_json_reader_next_member: at each turn of a loop over an object that was opened: *first is TRUE before the first
 * turn. *more is FALSE when the closing bracket was read. Then chat_json_reader_value() or chat_json_reader_open(). */
gboolean chat_json_reader_next_member (ChatJsonReader *self, gboolean *first, gboolean *more, ChatJsonToken *name,
                                       GError **error);

/** chat_json_reader_next_element: the same for an array. */
gboolean chat_json_reader_next_element (ChatJsonReader *self, gboolean *first, gboolean *more, GError **error);

/** chat_json_reader_value: one whole value, arrays and objects to their end. */
gboolean chat_json_reader_value (ChatJsonReader *self, ChatJsonToken *token, GError **error);

/** chat_json_reader_finish: nothing but white space may follow, and no rule may have been broken. */
gboolean chat_json_reader_finish (ChatJsonReader *self, GError **error);

/** chat_json_token_dup_string: (transfer full): what a string says, unescaped. */
char *chat_json_token_dup_string (const ChatJsonToken *self);

/** chat_json_token_equals: whether a string without escapes says @text. */
gboolean chat_json_token_equals (const ChatJsonToken *self, const char *text, gsize length);

/** chat_json_token_get_int: FALSE where it is no integer, or one beyond 64 bits. */
gboolean chat_json_token_get_int (const ChatJsonToken *self, gint64 *value);

/** chat_json_token_get_double: of a number; ±infinity beyond a double's range. */
double chat_json_token_get_double (const ChatJsonToken *self);

/** chat_json_token_append: the value as it came, less the white space between its parts. */
void chat_json_token_append (const ChatJsonToken *self, GString *buffer);

/** chat_json_type_to_string: (transfer none): for people: "a number", "an object". */
const char *chat_json_type_to_string (ChatJsonType type);

G_END_DECLS
