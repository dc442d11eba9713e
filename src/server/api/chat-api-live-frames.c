/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-frames.h"

#include "core/chat-json.h"
#include "core/chat-message-codec.h"

/* A frame that has so much takes no more. With the largest record behind it, it is still far under 1 MiB. */
#define FRAME_FULL_BYTES (256 * 1024)

struct _ChatApiLiveFrames
{
  const char *topic;
  GString *text; /* the body in the making; empty: none */
  GPtrArray *bodies;
};

static GPtrArray *
bodies_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

ChatApiLiveFrames *
chat_api_live_frames_new (const char *topic)
{
  ChatApiLiveFrames *self = g_new0 (ChatApiLiveFrames, 1);

  self->topic = topic;
  self->text = g_string_new (NULL);
  self->bodies = bodies_new ();
  return self;
}

void
chat_api_live_frames_free (ChatApiLiveFrames *self)
{
  g_string_free (self->text, TRUE);
  g_ptr_array_unref (self->bodies);
  g_free (self);
}

static void
end_body (ChatApiLiveFrames *self)
{
  if (self->text->len == 0)
    return;
  g_string_append (self->text, "]}");
  g_ptr_array_add (self->bodies, g_string_free_to_bytes (self->text));
  self->text = g_string_new (NULL);
}

static void
begin_record (ChatApiLiveFrames *self)
{
  if (self->text->len >= FRAME_FULL_BYTES)
    end_body (self);
  if (self->text->len > 0)
    g_string_append_c (self->text, ',');
  else
    g_string_append_printf (self->text, ",\"topic\":\"%s\",\"records\":[", self->topic);
}

void
chat_api_live_frames_add_json (ChatApiLiveFrames *self, const char *json, gsize length)
{
  begin_record (self);
  g_string_append_len (self->text, json, (gssize)length);
}

void
chat_api_live_frames_add_record (ChatApiLiveFrames *self, const ChatApiLiveRecord *record)
{
  gsize length;
  const char *json = g_bytes_get_data (record->json, &length);

  chat_api_live_frames_add_json (self, json, length);
  if (record->seq == 0)
    return;
  /* It was encoded before its seq was known: put that in front of the closing brace. */
  g_string_truncate (self->text, self->text->len - 1);
  g_string_append (self->text, ",\"seq\":");
  chat_json_append_int (self->text, record->seq);
  g_string_append_c (self->text, '}');
}

void
chat_api_live_frames_add_message (ChatApiLiveFrames *self, const ChatMessage *message)
{
  begin_record (self);
  chat_message_encode_append (message, self->text);
}

GPtrArray *
chat_api_live_frames_finish (ChatApiLiveFrames *self)
{
  GPtrArray *bodies;

  end_body (self);
  bodies = self->bodies;
  self->bodies = bodies_new ();
  return bodies;
}
