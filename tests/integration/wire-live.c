/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire-private.h"

#include <string.h>

static const guint8 mask[4] = { 0x13, 0x57, 0x9b, 0xdf };

void
wire_upgrade (Wire *self, const char *token)
{
  g_autoptr (WireAnswer) answer = NULL;

  wire_send_text (self,
                  "GET /v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                  token);
  answer = wire_read_answer (self);
  if (answer == NULL || answer->status != 101)
    g_error ("The live feed is refused: %s", answer != NULL ? answer->body : "the service closed the connection");
}

static void
append_head (GByteArray *frame, guint8 head, guint64 length, gboolean masked)
{
  guint8 bytes[10] = { head };
  guint n_bytes = 2;

  if (length < 126)
    bytes[1] = (guint8)length;
  else
    {
      guint n_digits = length <= G_MAXUINT16 ? 2 : 8;

      bytes[1] = n_digits == 2 ? 126 : 127;
      for (guint i = 0; i < n_digits; i++)
        bytes[2 + i] = (guint8)(length >> (8 * (n_digits - 1 - i)));
      n_bytes += n_digits;
    }
  if (masked)
    bytes[1] |= 0x80;
  g_byte_array_append (frame, bytes, n_bytes);
}

void
wire_send_frame_head (Wire *self, guint8 head, guint64 length, gboolean masked)
{
  static const guint8 no_mask[4] = { 0 };
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  append_head (frame, head, length, masked);
  if (masked)
    g_byte_array_append (frame, no_mask, sizeof no_mask);
  wire_send (self, frame->data, frame->len);
}

void
wire_send_frame (Wire *self, guint8 head, const void *payload, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_sized_new (length + 14);
  guint start;

  append_head (frame, head, length, TRUE);
  g_byte_array_append (frame, mask, sizeof mask);
  start = frame->len;
  if (length > 0)
    g_byte_array_append (frame, payload, length);
  for (gsize i = 0; i < length; i++)
    frame->data[start + i] ^= mask[i % 4];
  wire_send (self, frame->data, frame->len);
}

static gboolean
read_length (Wire *self, guint8 first, gsize *length)
{
  guint8 digits[8];
  guint n_digits = first == 126 ? 2 : 8;

  *length = first;
  if (first < 126)
    return TRUE;
  if (!wire_read_all (self, digits, n_digits))
    return FALSE;
  *length = 0;
  for (guint i = 0; i < n_digits; i++)
    *length = *length << 8 | digits[i];
  return TRUE;
}

static WireFrame *
read_any_frame (Wire *self)
{
  g_autoptr (WireFrame) frame = g_new0 (WireFrame, 1);
  guint8 head[2];

  if (!wire_read_all (self, head, sizeof head))
    return NULL;
  g_assert_cmpint (head[1] & 0x80, ==, 0); /* a server's frames are not masked */
  if (!read_length (self, head[1] & 0x7f, &frame->length))
    return NULL;
  g_assert_cmpint (frame->length, <=, 1024 * 1024); /* what src/README.md promises */
  frame->opcode = head[0] & 0x0f;
  frame->final = (head[0] & WIRE_FINAL) != 0;
  frame->text = g_malloc0 (frame->length + 1);
  if (!wire_read_all (self, frame->text, frame->length))
    return NULL;
  if (frame->opcode == WIRE_CLOSE && frame->length >= 2)
    {
      frame->code = (guint)(guint8)frame->text[0] << 8 | (guint8)frame->text[1];
      frame->length -= 2;
      memmove (frame->text, frame->text + 2, frame->length + 1);
    }
  return g_steal_pointer (&frame);
}

WireFrame *
wire_read_frame (Wire *self)
{
  WireFrame *frame;

  while ((frame = read_any_frame (self)) != NULL && (frame->opcode == WIRE_PING || frame->opcode == WIRE_PONG))
    wire_frame_free (frame);
  return frame;
}

void
wire_frame_free (WireFrame *self)
{
  g_free (self->text);
  g_free (self);
}
