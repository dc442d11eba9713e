/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-refusal.h"

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

#include <string.h>

char *
chat_refusal_dup_position (const ChatRecord *record)
{
  return g_strdup_printf ("%s/%d/%" G_GINT64_FORMAT, chat_record_get_topic (record), chat_record_get_shard (record),
                          chat_record_get_offset (record));
}

ChatRecord *
chat_refusal_new_rejected (const ChatRecord *record, const char *reason)
{
  g_autofree char *position = chat_refusal_dup_position (record);
  ChatRecord *rejected
      = chat_record_new (CHAT_TOPIC_REJECTED, chat_record_get_key (record), chat_record_get_bytes (record));

  chat_record_set_header (rejected, CHAT_REJECTED_REASON_HEADER, reason);
  chat_record_set_header (rejected, CHAT_REJECTED_POSITION_HEADER, position);
  return rejected;
}

ChatRecord *
chat_refusal_new_refused (const ChatMessage *message, const char *reason)
{
  const char *target = chat_message_get_id (message);
  const char *user = chat_message_get_author (message);

  if (user == NULL)
    return NULL;

  g_autofree char *id = chat_uuid_v5 ("refused", target, strlen (target));
  g_autoptr (ChatMessage) refused = chat_message_new (CHAT_KIND_REFUSED);
  chat_message_set_id (refused, id);
  chat_message_set_target (refused, target);
  chat_message_set_user (refused, user);
  chat_message_set_reason (refused, reason);
  chat_message_set_timestamp (refused, chat_time_now ());
  g_autoptr (GBytes) bytes = chat_message_encode (refused);
  return chat_record_new (CHAT_TOPIC_WARNINGS, user, bytes);
}
