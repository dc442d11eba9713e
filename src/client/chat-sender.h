/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/chat-message.h"

G_BEGIN_DECLS

/** ChatSent: BEFORE: nothing was to be done, it is so already: no record will come of it. */
typedef enum
{
  CHAT_SENT_NOT,
  CHAT_SENT_NOW,
  CHAT_SENT_BEFORE,
} ChatSent;

/** ChatSender: where own messages go: the REST service, or a broker itself. */
#define CHAT_TYPE_SENDER (chat_sender_get_type ())
G_DECLARE_INTERFACE (ChatSender, chat_sender, CHAT, SENDER, GObject)

struct _ChatSenderInterface
{
  GTypeInterface parent_iface;

  void (*send_async) (ChatSender *self, ChatMessage *message, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data);
  ChatSent (*send_finish) (ChatSender *self, GAsyncResult *result, GError **error);
};

/** chat_sender_send_async: a message or a notice, an edit, a deletion or a reaction. The same may be sent again: its id
 * makes it one. The finish: CHAT_SENT_NOT with a CHAT_CLIENT_ERROR or G_IO_ERROR_CANCELLED. */
void chat_sender_send_async (ChatSender *self, ChatMessage *message, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
ChatSent chat_sender_send_finish (ChatSender *self, GAsyncResult *result, GError **error);

G_END_DECLS
