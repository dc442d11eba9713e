/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-json.h"

#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-error.h"

void
chat_api_json_set_time (JsonObject *object, const char *member, gint64 time_ms)
{
  g_autofree char *text = time_ms != CHAT_TIME_UNKNOWN ? chat_time_format (time_ms) : NULL;

  if (text != NULL)
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

JsonNode *
chat_api_json_block (const ChatBlock *block)
{
  JsonNode *node = json_node_new (JSON_NODE_NULL);
  JsonObject *object;

  if (block == NULL)
    return node;
  object = json_object_new ();
  chat_api_json_set_time (object, "since", block->since);
  chat_api_json_set_time (object, "until", block->until);
  set_text (object, "reason", block->reason);
  json_node_init_object (node, object);
  json_object_unref (object);
  return node;
}

JsonObject *
chat_api_json_channel (const ChatChannelInfo *channel)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", channel->name);
  json_object_set_string_member (object, "kind", channel->kind == CHAT_CHANNEL_PRIVATE ? "private" : "public");
  set_text (object, "topic", channel->topic);
  set_text (object, "language", channel->language);
  json_object_set_int_member (object, "head", channel->head);
  json_object_set_int_member (object, "read", channel->read);
  json_object_set_int_member (object, "unread", channel->unread);
  json_object_set_int_member (object, "mentions", channel->mentions);
  json_object_set_boolean_member (object, "joined", channel->joined);
  chat_api_json_set_time (object, "active", channel->active);
  if (channel->kind == CHAT_CHANNEL_PRIVATE)
    {
      JsonArray *members = json_array_new ();

      for (char **member = channel->members; member != NULL && *member != NULL; member++)
        json_array_add_string_element (members, *member);
      json_object_set_array_member (object, "members", members);
    }
  return object;
}

JsonObject *
chat_api_json_user (const ChatSessionInfo *session, gint64 now)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "user", session->user);
  json_object_set_boolean_member (object, "bot", session->bot);
  json_object_set_boolean_member (object, "connected", session->lease > now);
  chat_api_json_set_time (object, "since", session->since);
  return object;
}

JsonArray *
chat_api_json_spans (const GArray *spans)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; spans != NULL && i < spans->len; i++)
    {
      const ChatSpan *span = &g_array_index (spans, ChatSpan, i);
      JsonArray *pair = json_array_sized_new (2);

      json_array_add_int_element (pair, span->start);
      json_array_add_int_element (pair, span->length);
      json_array_add_array_element (array, pair);
    }
  return array;
}

JsonArray *
chat_api_json_words (const char *text, const GArray *spans)
{
  JsonArray *array = json_array_new ();
  glong characters = text != NULL ? g_utf8_strlen (text, -1) : 0;

  for (guint i = 0; spans != NULL && i < spans->len; i++)
    {
      const ChatSpan *span = &g_array_index (spans, ChatSpan, i);
      g_autofree char *word = NULL;

      if ((glong)span->start + (glong)span->length > characters)
        continue;
      word = g_utf8_substring (text, span->start, span->start + span->length);
      json_array_add_string_element (array, word);
    }
  return array;
}

JsonObject *
chat_api_json_strike (const ChatStrike *strike)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", strike->warning_id);
  json_object_set_string_member (object, "target", strike->record_id);
  json_object_set_string_member (object, "channel", strike->channel);
  json_object_set_string_member (object, "user", strike->user);
  json_object_set_string_member (object, "rule", strike->rule);
  json_object_set_array_member (object, "spans", chat_api_json_spans (strike->spans));
  json_object_set_array_member (object, "words", chat_api_json_words (strike->original, strike->spans));
  json_object_set_int_member (object, "strike", strike->strike);
  json_object_set_int_member (object, "limit", strike->limit);
  chat_api_json_set_time (object, "timestamp", strike->timestamp);
  chat_api_json_set_time (object, "forgiven", strike->forgiven);
  return object;
}

JsonObject *
chat_api_json_report (const ChatReport *report)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", report->id);
  json_object_set_string_member (object, "target", report->target);
  json_object_set_string_member (object, "channel", report->channel);
  json_object_set_string_member (object, "user", report->user);
  set_text (object, "reason", report->reason);
  chat_api_json_set_time (object, "time", report->time);
  set_text (object, "by", report->by);
  set_text (object, "remark", report->remark);
  chat_api_json_set_time (object, "closed", report->closed);
  return object;
}

gboolean
chat_api_json_check_remark (const char *member, const char *text, GError **error)
{
  if (text == NULL)
    return TRUE;
  if (!chat_text_check (text, error))
    {
      g_prefix_error (error, "\"%s\": ", member);
      return FALSE;
    }
  if (g_utf8_strlen (text, -1) <= CHAT_API_REMARK_CHARS)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"%s\" has more than %d characters", member,
               CHAT_API_REMARK_CHARS);
  return FALSE;
}

static void
append_messages (GString *text, GPtrArray *messages)
{
  g_string_append (text, "{\"messages\":[");
  for (guint i = 0; i < messages->len; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      chat_message_encode_append (messages->pdata[i], text);
    }
  g_string_append_c (text, ']');
}

char *
chat_api_json_page (const ChatMessagePage *page, gsize *length)
{
  GString *text = g_string_new (NULL);

  append_messages (text, page->messages);
  g_string_append_printf (text,
                          ",\"head\":%" G_GINT64_FORMAT ",\"first\":%" G_GINT64_FORMAT
                          ",\"more_before\":%s,\"more_after\":%s}",
                          page->head, page->first, page->more_before ? "true" : "false",
                          page->more_after ? "true" : "false");
  *length = text->len;
  return g_string_free (text, FALSE);
}

char *
chat_api_json_search_page (const ChatSearchPage *page, gsize *length)
{
  GString *text = g_string_new (NULL);

  append_messages (text, page->messages);
  if (page->next != 0)
    g_string_append_printf (text, ",\"next\":\"%" G_GINT64_FORMAT "\"}", page->next);
  else
    g_string_append (text, ",\"next\":null}");
  *length = text->len;
  return g_string_free (text, FALSE);
}
