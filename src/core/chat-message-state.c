/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-core-error.h"
#include "core/chat-json.h"
#include "core/chat-message-private.h"
#include "core/chat-names.h"
#include "core/chat-time.h"

ChatReaction *
chat_reaction_new (const char *id, const char *author, const char *emoji)
{
  ChatReaction *self = g_new0 (ChatReaction, 1);

  self->id = g_strdup (id);
  self->author = g_strdup (author);
  self->emoji = g_strdup (emoji);
  return self;
}

void
chat_reaction_free (ChatReaction *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->author);
  g_free (self->emoji);
  g_free (self);
}

ChatMessageState *
chat_message_state_new (void)
{
  ChatMessageState *self = g_new0 (ChatMessageState, 1);

  self->edited = self->deleted = CHAT_TIME_UNKNOWN;
  self->reactions = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_reaction_free);
  return self;
}

ChatMessageState *
chat_message_state_copy (const ChatMessageState *self)
{
  ChatMessageState *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = chat_message_state_new ();
  copy->edited = self->edited;
  copy->deleted = self->deleted;
  copy->deleted_by = g_strdup (self->deleted_by);
  copy->seq = self->seq;
  for (guint i = 0; i < self->reactions->len; i++)
    {
      const ChatReaction *reaction = g_ptr_array_index (self->reactions, i);

      g_ptr_array_add (copy->reactions, chat_reaction_new (reaction->id, reaction->author, reaction->emoji));
    }
  return copy;
}

void
chat_message_state_free (ChatMessageState *self)
{
  if (self == NULL)
    return;
  g_free (self->deleted_by);
  g_ptr_array_unref (self->reactions);
  g_free (self);
}

/* The codec of `state` */

static void
append_time (GString *buffer, const char *name, gint64 value)
{
  if (value == CHAT_TIME_UNKNOWN)
    return;
  g_string_append_printf (buffer, "%s\"%s\":\"", buffer->str[buffer->len - 1] == '{' ? "" : ",", name);
  chat_time_append (buffer, value);
  g_string_append_c (buffer, '"');
}

static void
append_reaction (GString *buffer, const ChatReaction *reaction)
{
  g_string_append (buffer, buffer->str[buffer->len - 1] == '[' ? "{\"id\":" : ",{\"id\":");
  chat_json_append_string (buffer, reaction->id);
  g_string_append (buffer, ",\"author\":");
  chat_json_append_string (buffer, reaction->author);
  g_string_append (buffer, ",\"emoji\":");
  chat_json_append_string (buffer, reaction->emoji);
  g_string_append_c (buffer, '}');
}

void
chat_message_state_append (const ChatMessageState *self, GString *buffer)
{
  g_string_append_c (buffer, '{');
  append_time (buffer, "edited", self->edited);
  append_time (buffer, "deleted", self->deleted);
  if (self->deleted_by != NULL)
    {
      g_string_append (buffer, buffer->str[buffer->len - 1] == '{' ? "\"deleted_by\":" : ",\"deleted_by\":");
      chat_json_append_string (buffer, self->deleted_by);
    }
  if (self->reactions->len > 0)
    {
      g_string_append (buffer, buffer->str[buffer->len - 1] == '{' ? "\"reactions\":[" : ",\"reactions\":[");
      for (guint i = 0; i < self->reactions->len; i++)
        append_reaction (buffer, g_ptr_array_index (self->reactions, i));
      g_string_append_c (buffer, ']');
    }
  if (self->seq > 0)
    {
      g_string_append (buffer, buffer->str[buffer->len - 1] == '{' ? "\"seq\":" : ",\"seq\":");
      chat_json_append_int (buffer, self->seq);
    }
  g_string_append_c (buffer, '}');
}

static gboolean
refuse (GError **error, const char *text)
{
  g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, text);
  return FALSE;
}

static gboolean
read_time (JsonObject *object, const char *name, gint64 *value, GError **error)
{
  const char *text = NULL;

  return chat_json_get_string (object, name, FALSE, &text, error)
         && (text == NULL || chat_time_parse (text, value, error));
}

static gboolean
read_name (JsonObject *object, const char *name, gboolean required, const char **value, GError **error)
{
  return chat_json_get_string (object, name, required, value, error)
         && (*value == NULL || chat_user_name_check (*value, error));
}

static gboolean
read_reaction (JsonNode *node, GPtrArray *reactions, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *id = NULL, *author = NULL, *emoji = NULL;

  if (object == NULL)
    return refuse (error, "a reaction should be an object");
  if (!chat_json_get_string (object, "id", TRUE, &id, error) || !read_name (object, "author", TRUE, &author, error)
      || !chat_json_get_string (object, "emoji", TRUE, &emoji, error) || !chat_text_check (emoji, error))
    return FALSE;
  g_ptr_array_add (reactions, chat_reaction_new (id, author, emoji));
  return TRUE;
}

static gboolean
read_reactions (JsonObject *object, GPtrArray *reactions, GError **error)
{
  JsonArray *array = NULL;
  guint n;

  if (!chat_json_get_array (object, "reactions", FALSE, &array, error))
    return FALSE;
  n = array != NULL ? json_array_get_length (array) : 0;
  if (n > CHAT_REACTIONS_MAX)
    return refuse (error, "there are more reactions than a message can have");
  for (guint i = 0; i < n; i++)
    if (!read_reaction (json_array_get_element (array, i), reactions, error))
      return FALSE;
  return TRUE;
}

ChatMessageState *
chat_message_state_from_json (JsonObject *object, GError **error)
{
  g_autoptr (ChatMessageState) self = chat_message_state_new ();
  const char *deleted_by = NULL;

  if (!read_time (object, "edited", &self->edited, error) || !read_time (object, "deleted", &self->deleted, error)
      || !read_name (object, "deleted_by", FALSE, &deleted_by, error)
      || !chat_json_get_int (object, "seq", FALSE, &self->seq, error)
      || !read_reactions (object, self->reactions, error))
    return NULL;
  if (self->seq < 0)
    {
      refuse (error, "“seq” is below 0");
      return NULL;
    }
  self->deleted_by = g_strdup (deleted_by);
  return g_steal_pointer (&self);
}
