/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever a service sends down, a frame is taken or refused with a reason; its records are parts of it, and what can
 * be published of them is one frame again. */
#include "core/chat-core-error.h"
#include "transport/chat-transport-error.h"
#include "transport/websocket/chat-live-frame.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_publish (GBytes *bytes)
{
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, "general", bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = chat_live_frame_publish (record, &error);
  g_autoptr (ChatLiveFrame) frame = NULL;
  g_autofree char *whole = NULL;
  g_autoptr (GBytes) sent = NULL;

  if (text == NULL)
    {
      g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
      return;
    }
  whole = g_strdup_printf ("{\"op\":\"publish\",%.*s", (int)g_bytes_get_size (text),
                           (const char *)g_bytes_get_data (text, NULL));
  sent = g_bytes_new (whole, strlen (whole));
  frame = chat_live_frame_parse (sent, &error);
  g_assert_no_error (error);
  g_assert_cmpint (frame->op, ==, CHAT_LIVE_OTHER);
  g_assert_cmpuint (frame->records->len, ==, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatLiveFrame) frame = chat_live_frame_parse (bytes, &error);
  const char *start = g_bytes_get_data (bytes, NULL);

  check_publish (bytes);
  if (frame == NULL)
    {
      g_assert_true (error->domain == CHAT_CORE_ERROR);
      return 0;
    }
  for (guint i = 0; i < frame->records->len; i++)
    {
      ChatLiveRecord *record = g_ptr_array_index (frame->records, i);
      gsize length;
      const char *text = g_bytes_get_data (record->bytes, &length);

      g_assert_true (text >= start && text + length <= start + size);
      g_assert_true (text[0] == '{' && text[length - 1] == '}');
      check_publish (record->bytes);
    }
  return 0;
}
