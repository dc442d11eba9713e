/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-notify.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

/* A name that begins with @ is no file (unix(7)). */
static GSocketAddress *
make_address (const char *name)
{
  if (*name == '@')
    return g_unix_socket_address_new_with_type (name + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  return g_unix_socket_address_new (name);
}

gboolean
chat_server_notify (const char *state, GError **error)
{
  const char *name = g_getenv ("NOTIFY_SOCKET");
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;

  if (name == NULL || *name == '\0')
    return TRUE;
  address = make_address (name);
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  return socket != NULL && g_socket_send_to (socket, address, state, strlen (state), NULL, error) >= 0;
}
