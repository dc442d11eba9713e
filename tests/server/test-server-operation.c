/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tertulia-server under a supervisor, and on files that somebody has left open to others. */
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "chat-test-server.h"

static const char *const files[] = { "signing.key", "store.db", "broker.db" };

static void
test_modes (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  g_autofree char *said = NULL;

  chat_test_server_start (server);
  chat_test_server_stop (server);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (chat_test_server_get_directory (server), files[i], NULL);

      g_assert_cmpint (g_chmod (path, 0644), ==, 0);
    }
  chat_test_server_start (server);
  said = chat_test_server_dup_log (server);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (chat_test_server_get_directory (server), files[i], NULL);
      GStatBuf info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
      g_assert_nonnull (strstr (said, path));
    }
  chat_test_server_stop (server);
}

/* The socket of a supervisor: a file, or a name that is none. */
static GSocket *
supervise (const char *name)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, 0, &error);
  g_autoptr (GSocketAddress) address
      = *name == '@' ? g_unix_socket_address_new_with_type (name + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT)
                     : g_unix_socket_address_new (name);

  g_assert_no_error (error);
  g_socket_set_timeout (socket, 10);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  return socket;
}

static void
check_told (GSocket *socket, const char *expected)
{
  char buffer[256] = "";
  g_autoptr (GError) error = NULL;

  g_socket_receive (socket, buffer, sizeof buffer - 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, expected);
}

static void
test_notify (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tertulia-notify-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (directory, "notify", NULL);
  g_autofree char *abstract = g_strdup_printf ("@%s", file);
  const char *const names[] = { file, abstract };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
      g_autoptr (GSocket) supervisor = supervise (names[i]);

      g_setenv ("NOTIFY_SOCKET", names[i], TRUE);
      chat_test_server_start (server);
      check_told (supervisor, "READY=1");
      chat_test_server_stop (server);
      check_told (supervisor, "STOPPING=1");
    }
  g_unsetenv ("NOTIFY_SOCKET");
  g_remove (file);
  g_rmdir (directory);
}

/* A supervisor that is not there is no reason not to serve. */
static void
test_no_supervisor (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  g_autofree char *said = NULL;

  g_setenv ("NOTIFY_SOCKET", "/nowhere/at/all", TRUE);
  chat_test_server_start (server);
  chat_test_server_stop (server);
  g_unsetenv ("NOTIFY_SOCKET");
  said = chat_test_server_dup_log (server);
  g_assert_nonnull (strstr (said, "READY=1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/operation/modes", test_modes);
  g_test_add_func ("/server/operation/notify", test_notify);
  g_test_add_func ("/server/operation/no-supervisor", test_no_supervisor);
  return g_test_run ();
}
