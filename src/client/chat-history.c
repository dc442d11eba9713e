/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-history.h"

G_DEFINE_INTERFACE (ChatHistory, chat_history, G_TYPE_OBJECT)

static void
chat_history_default_init (ChatHistoryInterface *iface)
{
}

void
chat_history_page_free (ChatHistoryPage *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_free (self);
}

void
chat_history_fetch_async (ChatHistory *self, const char *channel, const ChatHistoryQuery *query,
                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_HISTORY (self));
  g_return_if_fail (channel != NULL && query != NULL);

  CHAT_HISTORY_GET_IFACE (self)->fetch_async (self, channel, query, cancellable, callback, user_data);
}

ChatHistoryPage *
chat_history_fetch_finish (ChatHistory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_HISTORY (self), NULL);

  return CHAT_HISTORY_GET_IFACE (self)->fetch_finish (self, result, error);
}

void
chat_history_get_async (ChatHistory *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (CHAT_IS_HISTORY (self));
  g_return_if_fail (id != NULL);

  CHAT_HISTORY_GET_IFACE (self)->get_async (self, id, cancellable, callback, user_data);
}

ChatMessage *
chat_history_get_finish (ChatHistory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_HISTORY (self), NULL);

  return CHAT_HISTORY_GET_IFACE (self)->get_finish (self, result, error);
}
