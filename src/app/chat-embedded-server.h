/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHAT_TYPE_EMBEDDED_SERVER (chat_embedded_server_get_type ())
G_DECLARE_FINAL_TYPE (ChatEmbeddedServer, chat_embedded_server, CHAT, EMBEDDED_SERVER, GObject)

/**
 * ChatEmbeddedServer:
 *
 * tertulia-server as a child of the application, with all its state in one directory, on a loopback port of its own
 * choice. It ends in an orderly way when this object or the application goes, however that happens (its standard input
 * ends), and is started again when it dies.
 *
 * Property `uri` (nullable, notify): where it listens now. Signal `failed (GError *)`: it can't be started.
 */
ChatEmbeddedServer *chat_embedded_server_new (const char *directory);

/** chat_embedded_server_start: idempotent; `uri` or `failed` follows. */
void chat_embedded_server_start (ChatEmbeddedServer *self);
const char *chat_embedded_server_get_uri (ChatEmbeddedServer *self);

/** chat_embedded_server_stop_async: calls back when the child has ended. */
void chat_embedded_server_stop_async (ChatEmbeddedServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean chat_embedded_server_stop_finish (ChatEmbeddedServer *self, GAsyncResult *result, GError **error);

G_END_DECLS
