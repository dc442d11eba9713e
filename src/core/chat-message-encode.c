/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"

#include "core/chat-json-reader.h"
#include "core/chat-json.h"
#include "core/chat-message-private.h"
#include "core/chat-time.h"

#include <string.h>

/* Written by hand and not through JsonGenerator: building a tree only to write it costs several times the writing. */

#define TYPICAL_BYTES 320

static void
append_name (GString *buffer, const char *name)
{
  if (buffer->str[buffer->len - 1] != '{')
    g_string_append_c (buffer, ',');
  g_string_append_c (buffer, '"');
  g_string_append (buffer, name);
  g_string_append_len (buffer, "\":", 2);
}

static void
append_string (GString *buffer, const char *name, const char *value)
{
  if (value == NULL)
    return;
  append_name (buffer, name);
  chat_json_append_string (buffer, value);
}

static void
append_int (GString *buffer, const char *name, gint64 value)
{
  append_name (buffer, name);
  chat_json_append_int (buffer, value);
}

static void
append_time (GString *buffer, const char *name, gint64 value)
{
  if (value == CHAT_TIME_UNKNOWN)
    return;
  append_name (buffer, name);
  g_string_append_c (buffer, '"');
  chat_time_append (buffer, value);
  g_string_append_c (buffer, '"');
}

static void
append_moderation (GString *buffer, const ChatMessage *self)
{
  const ChatModerationNote *note = self->moderation;

  append_name (buffer, "moderation");
  g_string_append_c (buffer, '{');
  append_string (buffer, "rule", note->rule);
  if (note->spans->len > 0)
    {
      append_name (buffer, "spans");
      for (guint i = 0; i < note->spans->len; i++)
        {
          const ChatSpan *span = &g_array_index (note->spans, ChatSpan, i);

          g_string_append (buffer, i == 0 ? "[[" : ",[");
          chat_json_append_int (buffer, span->start);
          g_string_append_c (buffer, ',');
          chat_json_append_int (buffer, span->length);
          g_string_append_c (buffer, ']');
        }
      g_string_append_c (buffer, ']');
    }
  if (note->strike > 0)
    append_int (buffer, "strike", note->strike);
  if (note->limit > 0)
    append_int (buffer, "limit", note->limit);
  if (self->moderation_extra != NULL)
    {
      if (buffer->str[buffer->len - 1] != '{')
        g_string_append_c (buffer, ',');
      g_string_append (buffer, self->moderation_extra);
    }
  g_string_append_c (buffer, '}');
}

typedef struct
{
  const char *id;
  gint64 seq;
} Receipt;

static int
compare_receipts (gconstpointer a, gconstpointer b)
{
  const Receipt *x = a, *y = b;

  if (x->seq != y->seq)
    return x->seq < y->seq ? -1 : 1;
  return strcmp (x->id, y->id);
}

/* By seq, so that a message is always written in the same way. */
static void
append_receipts (GString *buffer, GHashTable *receipts)
{
  g_autoptr (GArray) sorted = g_array_new (FALSE, FALSE, sizeof (Receipt));
  GHashTableIter iter;
  gpointer id, seq;

  g_hash_table_iter_init (&iter, receipts);
  while (g_hash_table_iter_next (&iter, &id, &seq))
    {
      Receipt receipt = { id, *(gint64 *)seq };

      g_array_append_val (sorted, receipt);
    }
  g_array_sort (sorted, compare_receipts);
  append_name (buffer, "receipts");
  g_string_append_c (buffer, '{');
  for (guint i = 0; i < sorted->len; i++)
    {
      const Receipt *receipt = &g_array_index (sorted, Receipt, i);

      if (i > 0)
        g_string_append_c (buffer, ',');
      chat_json_append_string (buffer, receipt->id);
      g_string_append_c (buffer, ':');
      chat_json_append_int (buffer, receipt->seq);
    }
  g_string_append_c (buffer, '}');
}

static void
append_author (GString *buffer, const ChatMessage *self)
{
  append_string (buffer, "author", self->author);
  /* Said in so many words, as chat_message_decode() takes a message that is merely silent about it for a mistake. */
  if (self->author == NULL && (self->kind == CHAT_KIND_MESSAGE || self->kind == CHAT_KIND_NOTICE))
    {
      append_name (buffer, "author");
      g_string_append (buffer, "null");
    }
}

void
chat_message_encode_append (const ChatMessage *self, GString *buffer)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (buffer != NULL);

  g_string_append_c (buffer, '{');
  append_string (buffer, "id", self->id);
  append_string (buffer, "channel", self->channel);
  append_string (buffer, "kind", chat_message_kind_to_string (self->kind));
  append_author (buffer, self);
  append_string (buffer, "data", self->data);
  append_time (buffer, "timestamp", self->timestamp);
  append_time (buffer, "sent", self->sent);
  if (self->seq > 0 || self->kind == CHAT_KIND_READ)
    append_int (buffer, "seq", self->seq);
  append_string (buffer, "target", self->target);
  append_string (buffer, "reply_to", self->reply_to);
  append_string (buffer, "user", self->user);
  append_string (buffer, "reason", self->reason);
  if (self->bot)
    {
      append_name (buffer, "bot");
      g_string_append (buffer, "true");
    }
  if (self->moderator)
    {
      append_name (buffer, "moderator");
      g_string_append (buffer, "true");
    }
  if (self->state != NULL)
    {
      append_name (buffer, "state");
      chat_message_state_append (self->state, buffer);
    }
  if (self->moderation != NULL)
    append_moderation (buffer, self);
  if (self->receipts != NULL)
    append_receipts (buffer, self->receipts);
  if (self->extra != NULL)
    {
      if (buffer->str[buffer->len - 1] != '{')
        g_string_append_c (buffer, ',');
      g_string_append (buffer, self->extra->members);
    }
  g_string_append_c (buffer, '}');
}

GBytes *
chat_message_encode (const ChatMessage *self)
{
  GString *buffer = g_string_sized_new (TYPICAL_BYTES);

  chat_message_encode_append (self, buffer);
  return g_string_free_to_bytes (buffer);
}

JsonObject *
chat_message_encode_object (const ChatMessage *self)
{
  g_autoptr (GString) buffer = g_string_sized_new (TYPICAL_BYTES);

  /* Through the text and not from the fields, so that there is one place that says what a record looks like, and so
   * that the caller gets a tree that shares nothing with a message that other threads may hold. */
  chat_message_encode_append (self, buffer);
  return chat_json_parse_object (buffer->str, buffer->len, CHAT_JSON_DEEPEST, NULL);
}
