/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-store.h"

#include "server/store/chat-store-call.h"

G_DEFINE_QUARK (chat - store - error - quark, chat_store_error)

G_DEFINE_INTERFACE (ChatStore, chat_store, G_TYPE_OBJECT)

static void
chat_store_default_init (ChatStoreInterface *iface)
{
  g_signal_new ("changed", CHAT_TYPE_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                G_TYPE_INT64);
}

gboolean
chat_store_error_is_passing (const GError *error)
{
  return g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY)
         || g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_FULL);
}

void
chat_store_open_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_STORE (self));

  if (chat_store_accepts (self, CHAT_STORE_GET_IFACE (self)->open_async != NULL, NULL, callback, user_data))
    CHAT_STORE_GET_IFACE (self)->open_async (self, cancellable, callback, user_data);
}

gboolean
chat_store_open_finish (ChatStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), FALSE);

  return !chat_store_refused (result, error) && CHAT_STORE_GET_IFACE (self)->open_finish (self, result, error);
}

void
chat_store_close_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_STORE (self));

  if (chat_store_accepts (self, CHAT_STORE_GET_IFACE (self)->close_async != NULL, NULL, callback, user_data))
    CHAT_STORE_GET_IFACE (self)->close_async (self, cancellable, callback, user_data);
}

gboolean
chat_store_close_finish (ChatStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), FALSE);

  return !chat_store_refused (result, error) && CHAT_STORE_GET_IFACE (self)->close_finish (self, result, error);
}

void
chat_store_check_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_STORE (self));

  if (chat_store_accepts (self, CHAT_STORE_GET_IFACE (self)->check_async != NULL, NULL, callback, user_data))
    CHAT_STORE_GET_IFACE (self)->check_async (self, cancellable, callback, user_data);
}

gboolean
chat_store_check_finish (ChatStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), FALSE);

  return !chat_store_refused (result, error) && CHAT_STORE_GET_IFACE (self)->check_finish (self, result, error);
}

void
chat_store_watch_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_STORE (self));

  if (chat_store_accepts (self, CHAT_STORE_GET_IFACE (self)->watch_async != NULL, NULL, callback, user_data))
    CHAT_STORE_GET_IFACE (self)->watch_async (self, cancellable, callback, user_data);
}

gboolean
chat_store_watch_finish (ChatStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), FALSE);

  return !chat_store_refused (result, error) && CHAT_STORE_GET_IFACE (self)->watch_finish (self, result, error);
}

ChatMessageStore *
chat_store_get_messages (ChatStore *self)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), NULL);

  return CHAT_STORE_GET_IFACE (self)->get_messages (self);
}

ChatChannelStore *
chat_store_get_channels (ChatStore *self)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), NULL);

  return CHAT_STORE_GET_IFACE (self)->get_channels (self);
}

ChatUserStore *
chat_store_get_users (ChatStore *self)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), NULL);

  return CHAT_STORE_GET_IFACE (self)->get_users (self);
}

ChatModerationStore *
chat_store_get_moderation (ChatStore *self)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), NULL);

  return CHAT_STORE_GET_IFACE (self)->get_moderation (self);
}

ChatCounterStore *
chat_store_get_counters (ChatStore *self)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), NULL);

  return CHAT_STORE_GET_IFACE (self)->get_counters (self);
}

ChatOutboxStore *
chat_store_get_outbox (ChatStore *self)
{
  g_return_val_if_fail (CHAT_IS_STORE (self), NULL);

  return CHAT_STORE_GET_IFACE (self)->get_outbox != NULL ? CHAT_STORE_GET_IFACE (self)->get_outbox (self) : NULL;
}
