/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-signature.h"

#include "core/chat-json.h"

#include <string.h>

#define KEY_ID_MAX 32
#define SECRET_MIN_BYTES 32
#define ABSENT G_MAXUINT32

struct _ChatSigner
{
  char *key_id;
  GBytes *secret;
};

static gboolean
key_id_is_valid (const char *key_id)
{
  gsize length = strspn (key_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

  return length > 0 && length <= KEY_ID_MAX && key_id[length] == '\0';
}

ChatSigner *
chat_signer_new (const char *key_id, GBytes *secret)
{
  ChatSigner *self;

  g_return_val_if_fail (key_id != NULL && key_id_is_valid (key_id), NULL);
  g_return_val_if_fail (secret != NULL && g_bytes_get_size (secret) >= SECRET_MIN_BYTES, NULL);

  self = g_new0 (ChatSigner, 1);
  self->key_id = g_strdup (key_id);
  self->secret = g_bytes_new (g_bytes_get_data (secret, NULL), g_bytes_get_size (secret));
  return self;
}

void
chat_signer_free (ChatSigner *self)
{
  if (self == NULL)
    return;
  g_free (self->key_id);
  g_bytes_unref (self->secret);
  g_free (self);
}

static void
add_number (GHmac *hmac, guint64 number)
{
  guint64 big_endian = GUINT64_TO_BE (number);

  g_hmac_update (hmac, (const guchar *)&big_endian, sizeof big_endian);
}

/* Length first, so that no two sets of fields give the same bytes; an absent one is not an empty one. */
static void
add_string (GHmac *hmac, const char *text)
{
  add_number (hmac, text != NULL ? strlen (text) : ABSENT);
  if (text != NULL)
    g_hmac_update (hmac, (const guchar *)text, (gssize)strlen (text));
}

static const char *
kind_name (const ChatMessage *message)
{
  const char *name = chat_message_kind_to_string (chat_message_get_kind (message));

  if (name == NULL && chat_message_get_extra (message) != NULL)
    chat_json_get_string (chat_message_get_extra (message), "kind", FALSE, &name, NULL);
  return name;
}

char *
chat_signer_sign (ChatSigner *self, const ChatMessage *message)
{
  g_autoptr (GHmac) hmac = NULL;
  gsize size;
  const guchar *secret;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (message != NULL, NULL);

  secret = g_bytes_get_data (self->secret, &size);
  hmac = g_hmac_new (G_CHECKSUM_SHA256, secret, size);
  add_string (hmac, "tertulia-2"); /* so that another choice of fields can never be taken for this one */
  add_string (hmac, chat_message_get_id (message));
  add_string (hmac, chat_message_get_channel (message));
  add_string (hmac, chat_message_get_author (message));
  add_string (hmac, kind_name (message));
  add_string (hmac, chat_message_get_target (message));
  add_string (hmac, chat_message_get_reply_to (message));
  add_string (hmac, chat_message_get_data (message));
  add_number (hmac, (guint64)chat_message_get_timestamp (message));
  add_number (hmac, (chat_message_get_bot (message) ? 1 : 0) | (chat_message_get_moderator (message) ? 2 : 0));
  return g_strconcat (self->key_id, ":", g_hmac_get_string (hmac), NULL);
}

gboolean
chat_signer_verify (ChatSigner *self, const ChatMessage *message, const char *signature)
{
  g_autofree char *right = NULL;
  guint difference = 0;
  gsize length;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (message != NULL, FALSE);

  if (signature == NULL)
    return FALSE;
  right = chat_signer_sign (self, message);
  length = strlen (right);
  if (strlen (signature) != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    difference |= (guint)(signature[i] ^ right[i]);
  return difference == 0;
}
