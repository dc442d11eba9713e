/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-sender.h"

G_DEFINE_INTERFACE (ChatSender, chat_sender, G_TYPE_OBJECT)

static void
chat_sender_default_init (ChatSenderInterface *iface)
{
}

void
chat_sender_send_async (ChatSender *self, ChatMessage *message, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SENDER (self));
  g_return_if_fail (message != NULL);

  CHAT_SENDER_GET_IFACE (self)->send_async (self, message, cancellable, callback, user_data);
}

ChatSent
chat_sender_send_finish (ChatSender *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_SENDER (self), CHAT_SENT_NOT);

  return CHAT_SENDER_GET_IFACE (self)->send_finish (self, result, error);
}
