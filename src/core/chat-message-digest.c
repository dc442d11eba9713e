/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-digest.h"

#include "core/chat-json.h"

#include <string.h>

static void
add_field (GChecksum *checksum, const char *field)
{
  /* The length keeps ("ab", "c") and ("a", "bc") apart, and NULL from "". */
  gint64 length = field != NULL ? (gint64)strlen (field) : -1;

  g_checksum_update (checksum, (const guchar *)&length, sizeof length);
  if (field != NULL)
    g_checksum_update (checksum, (const guchar *)field, length);
}

static const char *
kind_name (const ChatMessage *self)
{
  const char *name = chat_message_kind_to_string (chat_message_get_kind (self));

  if (name == NULL && chat_message_get_extra (self) != NULL)
    chat_json_get_string (chat_message_get_extra (self), "kind", FALSE, &name, NULL);
  return name;
}

void
chat_message_digest (const ChatMessage *self, guint8 digest[CHAT_MESSAGE_DIGEST_BYTES])
{
  g_autoptr (GChecksum) checksum = NULL;
  gsize length = CHAT_MESSAGE_DIGEST_BYTES;

  g_return_if_fail (self != NULL);

  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  add_field (checksum, kind_name (self));
  add_field (checksum, chat_message_get_author (self));
  add_field (checksum, chat_message_get_channel (self));
  add_field (checksum, chat_message_get_data (self));
  add_field (checksum, chat_message_get_target (self));
  add_field (checksum, chat_message_get_reply_to (self));
  g_checksum_get_digest (checksum, digest, &length);
}
