/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"
#include "core/chat-json-reader.h"

#include <math.h>
#include <string.h>

static JsonNode *read_node (ChatJsonReader *reader, GError **error);

static JsonNode *
read_scalar (ChatJsonReader *reader, GError **error)
{
  ChatJsonToken token;
  JsonNode *node = json_node_alloc ();
  gint64 number;

  if (!chat_json_reader_value (reader, &token, error))
    {
      json_node_free (node);
      return NULL;
    }
  if (token.type == CHAT_JSON_STRING)
    {
      g_autofree char *text = chat_json_token_dup_string (&token);

      json_node_init_string (node, text);
    }
  else if (token.type == CHAT_JSON_BOOLEAN)
    json_node_init_boolean (node, token.raw[0] == 't');
  else if (token.type == CHAT_JSON_NULL)
    json_node_init_null (node);
  else if (chat_json_token_get_int (&token, &number))
    json_node_init_int (node, number);
  else
    json_node_init_double (node, chat_json_token_get_double (&token));
  return node;
}

static JsonNode *
read_array (ChatJsonReader *reader, GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();
  gboolean first = TRUE, more;
  JsonNode *node;

  if (!chat_json_reader_open (reader, '[', error))
    return NULL;
  for (;;)
    {
      if (!chat_json_reader_next_element (reader, &first, &more, error))
        return NULL;
      if (!more)
        return json_node_init_array (json_node_alloc (), array);
      node = read_node (reader, error);
      if (node == NULL)
        return NULL;
      json_array_add_element (array, node);
    }
}

static JsonNode *
read_object (ChatJsonReader *reader, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  gboolean first = TRUE, more;
  ChatJsonToken token;
  JsonNode *node;

  if (!chat_json_reader_open (reader, '{', error))
    return NULL;
  for (;;)
    {
      g_autofree char *name = NULL;

      if (!chat_json_reader_next_member (reader, &first, &more, &token, error))
        return NULL;
      if (!more)
        return json_node_init_object (json_node_alloc (), object);
      name = chat_json_token_dup_string (&token);
      if (json_object_has_member (object, name))
        {
          g_autofree char *found = chat_excerpt (name, -1);

          chat_json_reader_refuse (reader, "the member “%s” is there twice in one object", found);
        }
      node = read_node (reader, error);
      if (node == NULL)
        return NULL;
      json_object_set_member (object, name, node);
    }
}

static JsonNode *
read_node (ChatJsonReader *reader, GError **error)
{
  switch (chat_json_reader_peek (reader))
    {
    case '{':
      return read_object (reader, error);
    case '[':
      return read_array (reader, error);
    default:
      return read_scalar (reader, error);
    }
}

JsonObject *
chat_json_parse_object (const void *bytes, gsize length, guint max_depth, GError **error)
{
  ChatJsonReader reader;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object = NULL;

  g_return_val_if_fail (bytes != NULL || length == 0, NULL);

  if (chat_json_reader_init (&reader, bytes, length, max_depth, error))
    {
      if (chat_json_reader_peek (&reader) != '{')
        chat_json_reader_open (&reader, '{', error);
      else if ((node = read_node (&reader, error)) != NULL && chat_json_reader_finish (&reader, error))
        object = json_node_dup_object (node);
    }
  chat_json_reader_clear (&reader);
  return object;
}

void
chat_json_append_string (GString *buffer, const char *text)
{
  const char *run = text;

  g_string_append_c (buffer, '"');
  for (const char *at = text;; at++)
    {
      guchar c = (guchar)*at;

      if (c >= 0x20 && c != '"' && c != '\\')
        continue;
      g_string_append_len (buffer, run, at - run);
      run = at + 1;
      if (c == '\0')
        break;
      if (c == '"' || c == '\\')
        {
          g_string_append_c (buffer, '\\');
          g_string_append_c (buffer, (char)c);
        }
      else if (c == '\n')
        g_string_append (buffer, "\\n");
      else if (c == '\t')
        g_string_append (buffer, "\\t");
      else
        g_string_append_printf (buffer, "\\u%04x", c);
    }
  g_string_append_c (buffer, '"');
}

void
chat_json_append_int (GString *buffer, gint64 value)
{
  char digits[20];
  char *at = digits + sizeof digits;
  guint64 rest = value < 0 ? 0 - (guint64)value : (guint64)value;

  do
    *--at = (char)('0' + rest % 10);
  while ((rest /= 10) != 0);
  if (value < 0)
    *--at = '-';
  g_string_append_len (buffer, at, digits + sizeof digits - at);
}

/* The shortest form that reads back as the same double and as a double. */
static void
append_double (GString *buffer, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value)) /* JSON has no such number; no text that we read makes one */
    {
      g_string_append (buffer, "null");
      return;
    }
  g_ascii_formatd (text, sizeof text, "%.15g", value);
  if (g_ascii_strtod (text, NULL) != value)
    g_ascii_formatd (text, sizeof text, "%.17g", value);
  g_string_append (buffer, text);
  if (strpbrk (text, ".e") == NULL)
    g_string_append (buffer, ".0");
}

static void
append_value (GString *buffer, JsonNode *node)
{
  GType type = json_node_get_value_type (node);

  if (type == G_TYPE_STRING)
    chat_json_append_string (buffer, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (buffer, json_node_get_boolean (node) ? "true" : "false");
  else if (type == G_TYPE_INT64)
    chat_json_append_int (buffer, json_node_get_int (node));
  else
    append_double (buffer, json_node_get_double (node));
}

static void
append_array (GString *buffer, JsonArray *array)
{
  guint n = json_array_get_length (array);

  g_string_append_c (buffer, '[');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (buffer, ',');
      chat_json_append_node (buffer, json_array_get_element (array, i));
    }
  g_string_append_c (buffer, ']');
}

static void
append_object (GString *buffer, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  gboolean first = TRUE;

  g_string_append_c (buffer, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (!first)
        g_string_append_c (buffer, ',');
      first = FALSE;
      chat_json_append_string (buffer, name);
      g_string_append_c (buffer, ':');
      chat_json_append_node (buffer, node);
    }
  g_string_append_c (buffer, '}');
}

void
chat_json_append_node (GString *buffer, JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      append_object (buffer, json_node_get_object (node));
      break;
    case JSON_NODE_ARRAY:
      append_array (buffer, json_node_get_array (node));
      break;
    case JSON_NODE_VALUE:
      append_value (buffer, node);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (buffer, "null");
      break;
    }
}

GBytes *
chat_json_to_bytes (JsonObject *object)
{
  GString *buffer = g_string_new (NULL);

  append_object (buffer, object);
  return g_string_free_to_bytes (buffer);
}

char *
chat_json_to_string (JsonObject *object)
{
  GString *buffer = g_string_new (NULL);

  append_object (buffer, object);
  return g_string_free (buffer, FALSE);
}

static ChatJsonType
type_of (JsonNode *node)
{
  GType type;

  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return CHAT_JSON_OBJECT;
    case JSON_NODE_ARRAY:
      return CHAT_JSON_ARRAY;
    case JSON_NODE_VALUE:
      type = json_node_get_value_type (node);
      if (type == G_TYPE_STRING)
        return CHAT_JSON_STRING;
      if (type == G_TYPE_BOOLEAN)
        return CHAT_JSON_BOOLEAN;
      return type == G_TYPE_INT64 ? CHAT_JSON_INTEGER : CHAT_JSON_REAL;
    case JSON_NODE_NULL:
    default:
      return CHAT_JSON_NULL;
    }
}

/* *node is NULL where the member may be left alone. */
static gboolean
get_member (JsonObject *object, const char *member, gboolean required, ChatJsonType type, JsonNode **node,
            GError **error)
{
  JsonNode *found = json_object_get_member (object, member);
  ChatJsonType found_type = found != NULL ? type_of (found) : CHAT_JSON_NULL;

  *node = found_type == type ? found : NULL;
  if (found_type == type || (found_type == CHAT_JSON_NULL && !required))
    return TRUE;
  if (found == NULL)
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "the member “%s” (%s) is missing", member,
                 chat_json_type_to_string (type));
  else
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "the member “%s” is %s; it should be %s", member,
                 chat_json_type_to_string (found_type), chat_json_type_to_string (type));
  return FALSE;
}

gboolean
chat_json_get_string (JsonObject *object, const char *member, gboolean required, const char **value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, member, required, CHAT_JSON_STRING, &node, error))
    return FALSE;
  if (node != NULL)
    *value = json_node_get_string (node);
  return TRUE;
}

gboolean
chat_json_get_int (JsonObject *object, const char *member, gboolean required, gint64 *value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, member, required, CHAT_JSON_INTEGER, &node, error))
    return FALSE;
  if (node != NULL)
    *value = json_node_get_int (node);
  return TRUE;
}

gboolean
chat_json_get_boolean (JsonObject *object, const char *member, gboolean required, gboolean *value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, member, required, CHAT_JSON_BOOLEAN, &node, error))
    return FALSE;
  if (node != NULL)
    *value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
chat_json_get_object (JsonObject *object, const char *member, gboolean required, JsonObject **value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, member, required, CHAT_JSON_OBJECT, &node, error))
    return FALSE;
  if (node != NULL)
    *value = json_node_get_object (node);
  return TRUE;
}

gboolean
chat_json_get_array (JsonObject *object, const char *member, gboolean required, JsonArray **value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, member, required, CHAT_JSON_ARRAY, &node, error))
    return FALSE;
  if (node != NULL)
    *value = json_node_get_array (node);
  return TRUE;
}
