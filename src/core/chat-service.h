/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChatService:
 *
 * What can be started and stopped: a role of the server, or the server itself. Emits `failed (GError *error)` when it
 * can't go on by itself.
 */
#define CHAT_TYPE_SERVICE (chat_service_get_type ())
G_DECLARE_INTERFACE (ChatService, chat_service, CHAT, SERVICE, GObject)

struct _ChatServiceInterface
{
  GTypeInterface parent_iface;

  const char *(*get_name) (ChatService *self);
  void (*start_async) (ChatService *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*start_finish) (ChatService *self, GAsyncResult *result, GError **error);
  void (*stop_async) (ChatService *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*stop_finish) (ChatService *self, GAsyncResult *result, GError **error);
};

const char *chat_service_get_name (ChatService *self);
/** chat_service_start_async: calls back when it does its work. Once; a stopped service is not started again. */
void chat_service_start_async (ChatService *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean chat_service_start_finish (ChatService *self, GAsyncResult *result, GError **error);
/** chat_service_stop_async: takes no new work, finishes what is in flight, loses nothing. Idempotent. */
void chat_service_stop_async (ChatService *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean chat_service_stop_finish (ChatService *self, GAsyncResult *result, GError **error);

/** chat_service_emit_failed: for implementations. */
void chat_service_emit_failed (ChatService *self, const GError *error);

G_END_DECLS
