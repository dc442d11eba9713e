/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-dialect-private.h"

#include <math.h>
#include <string.h>

#include "core/chat-core-error.h"
#include "core/chat-json.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

#define ID_MAX_BYTES 64

static gboolean
refuse (const ChatDialect *self, ChatDialectPart part, const char *what, GError **error)
{
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "“%s” %s", self->names[part], what);
  return FALSE;
}

/* Reading */

/* (nullable) (transfer none): the value of @part, NULL where it is absent or null. */
static JsonNode *
find (const ChatDialect *self, JsonObject *object, ChatDialectPart part)
{
  char **path = self->paths[part];
  JsonNode *node = NULL;

  for (guint i = 0; path != NULL && path[i] != NULL; i++)
    {
      if (i > 0 && !JSON_NODE_HOLDS_OBJECT (node))
        return NULL;
      node = json_object_get_member (i == 0 ? object : json_node_get_object (node), path[i]);
      if (node == NULL)
        return NULL;
    }
  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

/* (transfer full) (nullable): a string, or a number as its text */
static char *
read_text (const ChatDialect *self, ChatDialectPart part, JsonNode *node, GError **error)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  if (type == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  if (type == G_TYPE_DOUBLE)
    return json_to_string (node, FALSE);
  refuse (self, part, "should be a string", error);
  return NULL;
}

/* Line ends as they are here, without what no text may have. */
static void
clean_text (char *text)
{
  char *to = text;

  for (const char *at = text, *next; *at != '\0'; at = next)
    {
      gunichar c = g_utf8_get_char (at);

      /* before the move, which may overwrite it */
      next = g_utf8_next_char (at);
      if (c != '\n' && c != '\t' && g_unichar_iscntrl (c))
        continue;
      memmove (to, at, (gsize)(next - at));
      to += next - at;
    }
  *to = '\0';
  while (to > text && to[-1] == '\n')
    *--to = '\0';
}

static gboolean
read_time (const ChatDialect *self, JsonNode *node, gint64 *time_ms, GError **error)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  gboolean number = type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
  double value = number ? json_node_get_double (node) : 0;
  g_autoptr (GError) wrong = NULL;

  if (number && self->time_format == CHAT_DIALECT_TIME_SECONDS)
    value *= 1000;
  if (type == G_TYPE_STRING && self->time_format <= CHAT_DIALECT_TIME_RFC3339)
    {
      if (chat_time_parse (json_node_get_string (node), time_ms, &wrong))
        return TRUE;
    }
  else if (number && self->time_format == CHAT_DIALECT_TIME_AUTO)
    {
      if (chat_time_from_number (value, time_ms, &wrong))
        return TRUE;
    }
  else if (number && self->time_format >= CHAT_DIALECT_TIME_SECONDS)
    {
      *time_ms = fabs (value) < 1e15 ? (gint64)value : CHAT_TIME_UNKNOWN;
      if (chat_time_is_valid (*time_ms))
        return TRUE;
    }
  return refuse (self, CHAT_DIALECT_TIME, wrong != NULL ? wrong->message : "is no time of the dialect's time_format",
                 error);
}

/* (transfer full): what can be an id as it is, else a hash of it */
static char *
make_id (const char *text)
{
  gsize length = strlen (text);

  if (length >= 1 && length <= ID_MAX_BYTES
      && strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-") == length)
    return g_strdup (text);
  return chat_uuid_v5 ("dialect", text, length);
}

static gboolean
take_author (const ChatDialect *self, JsonObject *object, ChatMessage *message, GError **error)
{
  JsonNode *node = find (self, object, CHAT_DIALECT_AUTHOR);
  g_autofree char *author = NULL;

  if (node == NULL)
    return TRUE;
  author = read_text (self, CHAT_DIALECT_AUTHOR, node, error);
  if (author == NULL)
    return FALSE;
  clean_text (author);
  g_strstrip (author);
  if (*author == '\0')
    return TRUE;
  if (g_utf8_strlen (author, -1) > CHAT_USER_MAX_CHARS)
    *g_utf8_offset_to_pointer (author, CHAT_USER_MAX_CHARS) = '\0';
  chat_message_set_author (message, author);
  return TRUE;
}

static gboolean
take_text (const ChatDialect *self, JsonObject *object, ChatMessage *message, GError **error)
{
  JsonNode *node = find (self, object, CHAT_DIALECT_TEXT);
  g_autofree char *text = NULL;
  g_autoptr (GError) wrong = NULL;

  if (node == NULL)
    return refuse (self, CHAT_DIALECT_TEXT, "is missing", error);
  text = read_text (self, CHAT_DIALECT_TEXT, node, error);
  if (text == NULL)
    return FALSE;
  clean_text (text);
  if (!chat_text_check (text, &wrong))
    return refuse (self, CHAT_DIALECT_TEXT, wrong->message, error);
  chat_message_set_data (message, text);
  return TRUE;
}

static gboolean
take_place (const ChatDialect *self, JsonObject *object, ChatMessage *message, GError **error)
{
  JsonNode *channel = find (self, object, CHAT_DIALECT_CHANNEL), *id = find (self, object, CHAT_DIALECT_ID);
  JsonNode *time = find (self, object, CHAT_DIALECT_TIME);
  gint64 time_ms = CHAT_TIME_UNKNOWN;

  if (channel != NULL)
    {
      g_autofree char *text = read_text (self, CHAT_DIALECT_CHANNEL, channel, error);
      g_autofree char *name = text != NULL && *text != '\0' ? chat_dialect_dup_channel (self, text) : NULL;

      if (text == NULL)
        return FALSE;
      chat_message_set_channel (message, name);
    }
  if (id != NULL)
    {
      g_autofree char *text = read_text (self, CHAT_DIALECT_ID, id, error);
      g_autofree char *made = text != NULL && *text != '\0' ? make_id (text) : NULL;

      if (text == NULL)
        return FALSE;
      chat_message_set_id (message, made);
    }
  if (time != NULL && !read_time (self, time, &time_ms, error))
    return FALSE;
  chat_message_set_timestamp (message, time_ms);
  return TRUE;
}

/* What the record did not say. What the transport knows is a name of its own, so it fits. */
static void
apply_hints (ChatMessage *message, const ChatMessageHints *hints)
{
  if (chat_message_get_channel (message) == NULL)
    chat_message_set_channel (message, hints->channel != NULL ? hints->channel : "general");
  if (chat_message_get_id (message) == NULL)
    chat_message_set_id (message, hints->id);
  if (chat_message_get_timestamp (message) == CHAT_TIME_UNKNOWN)
    chat_message_set_timestamp (message, chat_time_is_valid (hints->timestamp) ? hints->timestamp : chat_time_now ());
}

static ChatMessage *
decode_plain (const void *bytes, gsize length, const ChatMessageHints *hints, GError **error)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autofree char *text = NULL;

  if (length > 0 && !g_utf8_validate_len (bytes, length, NULL))
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8, "the record is not valid UTF-8 text");
      return NULL;
    }
  text = g_strndup (length > 0 ? bytes : "", length);
  clean_text (text);
  if (!chat_text_check (text, error))
    return NULL;
  message = chat_message_new (CHAT_KIND_MESSAGE);
  chat_message_set_data (message, text);
  apply_hints (message, hints);
  return g_steal_pointer (&message);
}

static ChatMessage *
decode_json (const ChatDialect *self, const void *bytes, gsize length, const ChatMessageHints *hints, GError **error)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GError) wrong = NULL;
  g_autoptr (JsonObject) object = chat_json_parse_object (bytes, length, CHAT_RECORD_MAX_DEPTH, &wrong);

  if (g_error_matches (wrong, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_JSON))
    return decode_plain (bytes, length, hints, error);
  if (object == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&wrong));
      return NULL;
    }
  message = chat_message_new (CHAT_KIND_MESSAGE);
  if (!take_author (self, object, message, error) || !take_text (self, object, message, error)
      || !take_place (self, object, message, error))
    return NULL;
  apply_hints (message, hints);
  return g_steal_pointer (&message);
}

ChatMessage *
chat_dialect_decode (const ChatDialect *self, const void *bytes, gsize length, const ChatMessageHints *hints,
                     GError **error)
{
  g_return_val_if_fail (self != NULL && hints != NULL, NULL);
  g_return_val_if_fail (bytes != NULL || length == 0, NULL);

  if (length > CHAT_RECORD_MAX_BYTES)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
                   "the record has %" G_GSIZE_FORMAT " bytes; at most %d are allowed", length, CHAT_RECORD_MAX_BYTES);
      return NULL;
    }
  if (self->format == CHAT_DIALECT_TERTULIA)
    return chat_message_decode_foreign (bytes, length, hints, error);
  if (self->format == CHAT_DIALECT_PLAIN)
    return decode_plain (bytes, length, hints, error);
  return decode_json (self, bytes, length, hints, error);
}

/* Writing */

/* @node: (transfer full) */
static void
put (const ChatDialect *self, JsonObject *object, ChatDialectPart part, JsonNode *node)
{
  char **path = self->paths[part];

  for (; path[1] != NULL; path++)
    {
      if (!json_object_has_member (object, path[0]))
        json_object_set_object_member (object, path[0], json_object_new ());
      object = json_object_get_object_member (object, path[0]);
    }
  json_object_set_member (object, path[0], node);
}

static void
put_text (const ChatDialect *self, JsonObject *object, ChatDialectPart part, const char *text)
{
  if (self->paths[part] != NULL && text != NULL)
    put (self, object, part, json_node_init_string (json_node_alloc (), text));
}

static void
put_time (const ChatDialect *self, JsonObject *object, gint64 time_ms)
{
  g_autofree char *text = NULL;

  if (self->paths[CHAT_DIALECT_TIME] == NULL || !chat_time_is_valid (time_ms))
    return;
  if (self->time_format == CHAT_DIALECT_TIME_SECONDS)
    put (self, object, CHAT_DIALECT_TIME, json_node_init_double (json_node_alloc (), (double)time_ms / 1000));
  else if (self->time_format == CHAT_DIALECT_TIME_MILLISECONDS)
    put (self, object, CHAT_DIALECT_TIME, json_node_init_int (json_node_alloc (), time_ms));
  else
    {
      text = chat_time_format (time_ms);
      put_text (self, object, CHAT_DIALECT_TIME, text);
    }
}

static GBytes *
encode_json (const ChatDialect *self, const ChatMessage *message)
{
  g_autoptr (JsonObject) object = json_object_new ();

  put_text (self, object, CHAT_DIALECT_AUTHOR, chat_message_get_author (message));
  put_text (self, object, CHAT_DIALECT_TEXT, chat_message_get_data (message));
  put_time (self, object, chat_message_get_timestamp (message));
  put_text (self, object, CHAT_DIALECT_CHANNEL, chat_message_get_channel (message));
  put_text (self, object, CHAT_DIALECT_ID, chat_message_get_id (message));
  return chat_json_to_bytes (object);
}

GBytes *
chat_dialect_encode (const ChatDialect *self, const ChatMessage *message, GError **error)
{
  ChatMessageKind kind;
  const char *data;

  g_return_val_if_fail (self != NULL && message != NULL, NULL);

  if (self->format == CHAT_DIALECT_TERTULIA)
    return chat_message_encode (message);
  kind = chat_message_get_kind (message);
  data = chat_message_get_data (message);
  if ((kind != CHAT_KIND_MESSAGE && kind != CHAT_KIND_NOTICE) || data == NULL)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   "this dialect has messages only, no record of the "
                   "kind “%s”",
                   chat_message_kind_to_string (kind) != NULL ? chat_message_kind_to_string (kind) : "?");
      return NULL;
    }
  if (self->format == CHAT_DIALECT_PLAIN)
    return g_bytes_new (data, strlen (data));
  return encode_json (self, message);
}
