/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that is stopped twice answers both when it has stopped. */
#include "chat-test-loop.h"
#include "server/chat-server-config.h"
#include "server/chat-server-directory.h"
#include "server/chat-server.h"

#include <glib/gstdio.h>

typedef struct
{
  const char *directory;
  guint stopped;
} Stops;

/* Whoever holds the directory has not stopped. */
static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Stops *stops = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatServerDirectory) directory = chat_server_directory_open (stops->directory, TRUE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (directory);
  g_assert_true (chat_service_stop_finish (CHAT_SERVICE (source), result, &error));
  stops->stopped++;
}

static gboolean
have_three (gpointer data)
{
  return ((Stops *)data)->stopped == 3;
}

static void
test_twice (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tertulia-stop-XXXXXX", NULL);
  g_autoptr (ChatConfig) config = chat_server_config_new ();
  g_autoptr (ChatServer) server = NULL;
  g_autoptr (GAsyncResult) started = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *remove = g_strdup_printf ("rm -rf '%s'", directory);
  GAsyncResult *awaited = NULL;
  Stops stops = { .directory = directory };

  chat_config_set (config, "server", "data_directory", directory, &error);
  chat_config_set (config, "server", "port", "0", &error);
  g_assert_no_error (error);
  server = chat_server_new (config, TRUE);
  chat_service_start_async (CHAT_SERVICE (server), NULL, chat_test_result_cb, &awaited);
  started = chat_test_await (&awaited, "the start");
  g_assert_true (chat_service_start_finish (CHAT_SERVICE (server), started, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    chat_service_stop_async (CHAT_SERVICE (server), NULL, stopped_cb, &stops);
  chat_test_wait_until (have_three, &stops, "all three to be told");
  g_assert_true (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/stop/twice", test_twice);
  return g_test_run ();
}
