/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-warning.h"

#include "core/chat-json.h"
#include "core/chat-time.h"

G_DEFINE_BOXED_TYPE (ChatWarning, chat_warning, chat_warning_copy, chat_warning_free)

/* The strings of the array @member; what is no string is passed over: a word more or less is no reason to lose a
 * warning. */
static char **
read_words (JsonObject *object)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  JsonArray *array = NULL;
  guint length;

  if (object != NULL)
    chat_json_get_array (object, "words", FALSE, &array, NULL);
  length = array != NULL ? json_array_get_length (array) : 0;
  for (guint i = 0; i < length; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (json_node_get_value_type (node) == G_TYPE_STRING)
        g_ptr_array_add (words, json_node_dup_string (node));
    }
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_steal (words, NULL);
}

ChatWarning *
chat_warning_copy (const ChatWarning *self)
{
  ChatWarning *copy = g_new (ChatWarning, 1);

  *copy = *self;
  copy->id = g_strdup (self->id);
  copy->target = g_strdup (self->target);
  copy->channel = g_strdup (self->channel);
  copy->rule = g_strdup (self->rule);
  copy->words = g_strdupv (self->words);
  copy->remark = g_strdup (self->remark);
  return copy;
}

void
chat_warning_free (ChatWarning *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->target);
  g_free (self->channel);
  g_free (self->rule);
  g_strfreev (self->words);
  g_free (self->remark);
  g_free (self);
}

gboolean
chat_warning_equal (const ChatWarning *a, const ChatWarning *b)
{
  return g_strcmp0 (a->id, b->id) == 0 && g_strcmp0 (a->target, b->target) == 0
         && g_strcmp0 (a->channel, b->channel) == 0 && g_strcmp0 (a->rule, b->rule) == 0 && a->strike == b->strike
         && a->limit == b->limit && a->timestamp == b->timestamp && a->forgiven == b->forgiven
         && a->verdict == b->verdict && g_strcmp0 (a->remark, b->remark) == 0
         && g_strv_equal ((const char *const *)a->words, (const char *const *)b->words);
}

ChatWarning *
chat_warning_new_from_message (ChatMessage *message)
{
  const ChatModerationNote *note = chat_message_get_moderation (message);
  ChatWarning *self;

  if (chat_message_get_id (message) == NULL || chat_message_get_target (message) == NULL)
    return NULL;

  self = g_new0 (ChatWarning, 1);
  self->id = g_strdup (chat_message_get_id (message));
  self->target = g_strdup (chat_message_get_target (message));
  self->channel = g_strdup (chat_message_get_channel (message));
  self->timestamp = chat_message_get_timestamp (message);
  self->forgiven = CHAT_TIME_UNKNOWN;
  self->words = read_words (chat_message_get_extra (message));
  if (note != NULL)
    {
      self->rule = g_strdup (note->rule);
      self->strike = note->strike;
      self->limit = note->limit;
    }
  return self;
}

/* What is wrong with it must not take the warning with it. */
static void
read_appeal (ChatWarning *self, JsonObject *object)
{
  const char *forgiven = NULL, *verdict = NULL, *remark = NULL;
  JsonObject *appeal = NULL;

  self->forgiven = CHAT_TIME_UNKNOWN;
  if (chat_json_get_string (object, "forgiven", FALSE, &forgiven, NULL) && forgiven != NULL)
    chat_time_parse (forgiven, &self->forgiven, NULL);
  if (!chat_json_get_object (object, "appeal", FALSE, &appeal, NULL) || appeal == NULL)
    return;
  chat_json_get_string (appeal, "verdict", FALSE, &verdict, NULL);
  chat_json_get_string (appeal, "remark", FALSE, &remark, NULL);
  self->remark = g_strdup (remark);
  if (verdict == NULL)
    self->verdict = CHAT_VERDICT_OPEN;
  else
    self->verdict = g_str_equal (verdict, "granted") ? CHAT_VERDICT_GRANTED : CHAT_VERDICT_REJECTED;
}

ChatWarning *
chat_warning_new_from_json (JsonObject *object, GError **error)
{
  const char *id = NULL, *target = NULL, *channel = NULL, *rule = NULL, *timestamp = NULL;
  gint64 strike = 0, limit = 0, time_ms = CHAT_TIME_UNKNOWN;
  ChatWarning *self;

  if (!chat_json_get_string (object, "id", TRUE, &id, error)
      || !chat_json_get_string (object, "target", TRUE, &target, error)
      || !chat_json_get_string (object, "channel", FALSE, &channel, error)
      || !chat_json_get_string (object, "rule", FALSE, &rule, error)
      || !chat_json_get_int (object, "strike", FALSE, &strike, error)
      || !chat_json_get_int (object, "limit", FALSE, &limit, error)
      || !chat_json_get_string (object, "timestamp", FALSE, &timestamp, error)
      || (timestamp != NULL && !chat_time_parse (timestamp, &time_ms, error)))
    return NULL;

  self = g_new0 (ChatWarning, 1);
  self->id = g_strdup (id);
  self->target = g_strdup (target);
  self->channel = g_strdup (channel);
  self->rule = g_strdup (rule);
  self->words = read_words (object);
  self->strike = (guint)CLAMP (strike, 0, G_MAXUINT16);
  self->limit = (guint)CLAMP (limit, 0, G_MAXUINT16);
  self->timestamp = time_ms;
  read_appeal (self, object);
  return self;
}
