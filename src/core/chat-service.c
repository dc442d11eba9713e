/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-service.h"

G_DEFINE_INTERFACE (ChatService, chat_service, G_TYPE_OBJECT)

static void
chat_service_default_init (ChatServiceInterface *iface)
{
  /**
   * ChatService::failed:
   * @error: why it can't go on by itself; it does no more work and waits to be stopped
   */
  g_signal_new ("failed", CHAT_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

const char *
chat_service_get_name (ChatService *self)
{
  g_return_val_if_fail (CHAT_IS_SERVICE (self), NULL);
  return CHAT_SERVICE_GET_IFACE (self)->get_name (self);
}

void
chat_service_start_async (ChatService *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SERVICE (self));
  CHAT_SERVICE_GET_IFACE (self)->start_async (self, cancellable, callback, user_data);
}

gboolean
chat_service_start_finish (ChatService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_SERVICE (self), FALSE);
  return CHAT_SERVICE_GET_IFACE (self)->start_finish (self, result, error);
}

void
chat_service_stop_async (ChatService *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SERVICE (self));
  CHAT_SERVICE_GET_IFACE (self)->stop_async (self, cancellable, callback, user_data);
}

gboolean
chat_service_stop_finish (ChatService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_SERVICE (self), FALSE);
  return CHAT_SERVICE_GET_IFACE (self)->stop_finish (self, result, error);
}

void
chat_service_emit_failed (ChatService *self, const GError *error)
{
  g_return_if_fail (CHAT_IS_SERVICE (self));
  g_return_if_fail (error != NULL);
  g_signal_emit_by_name (self, "failed", error);
}
