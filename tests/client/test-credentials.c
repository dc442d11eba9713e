/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens in a keyring, in none, and in one that does not answer. Each in a process of its own: libsecret looks for its
 * keyring once. */
#include "chat-test-call.h"
#include "client/chat-credentials.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#define URI "https://chat.example"

static char *
lookup (ChatCredentials *credentials, const char *user)
{
  g_autoptr (GError) error = NULL;
  char *token = chat_test_call (chat_credentials_lookup, credentials, &error, URI, user);

  g_assert_no_error (error);
  return token;
}

static void
store (ChatCredentials *credentials, const char *user, const char *token)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_credentials_store, credentials, &error, URI, user, token));
  g_assert_no_error (error);
}

static void
clear (ChatCredentials *credentials, const char *user)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_credentials_clear, credentials, &error, URI, user));
  g_assert_no_error (error);
}

static void
check_lookup (ChatCredentials *credentials, const char *user, const char *expected)
{
  g_autofree char *token = lookup (credentials, user);

  g_assert_cmpstr (token, ==, expected);
}

/* Where libsecret finds a keyring it outlives this object; each user has his own. */
static void
child_keyring (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tertulia-keyring-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "keyring", NULL), *backup = g_strconcat (path, "~", NULL);
  g_autoptr (ChatCredentials) credentials = NULL;

  g_setenv ("SECRET_BACKEND", "file", TRUE);
  g_setenv ("SECRET_FILE_TEST_PATH", path, TRUE);
  g_setenv ("SECRET_FILE_TEST_PASSWORD", "test", TRUE);
  credentials = chat_credentials_new ();
  check_lookup (credentials, "ana", NULL);
  store (credentials, "ana", "one");
  store (credentials, "ana", "two");
  store (credentials, "luis", "three");
  g_assert_true (chat_credentials_get_persistent (credentials));
  g_clear_object (&credentials);

  credentials = chat_credentials_new ();
  check_lookup (credentials, "ana", "two");
  check_lookup (credentials, "luis", "three");
  clear (credentials, "ana");
  check_lookup (credentials, "ana", NULL);
  check_lookup (credentials, "luis", "three");
  g_assert_true (chat_credentials_get_persistent (credentials));
  g_unlink (path);
  g_unlink (backup);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

static void
count_cb (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

/* Without one it lives as long as this object, and the object says so. */
static void
child_none (void)
{
  g_autoptr (ChatCredentials) credentials = chat_credentials_new (), another = chat_credentials_new ();
  guint notified = 0;

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", TRUE);
  g_signal_connect (credentials, "notify::persistent", G_CALLBACK (count_cb), &notified);
  g_assert_true (chat_credentials_get_persistent (credentials));
  check_lookup (credentials, "ana", NULL);
  g_assert_false (chat_credentials_get_persistent (credentials));
  store (credentials, "ana", "one");
  check_lookup (credentials, "ana", "one");
  check_lookup (another, "ana", NULL);
  clear (credentials, "ana");
  check_lookup (credentials, "ana", NULL);
  g_assert_cmpuint (notified, ==, 1);
}

static gboolean
incoming_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  g_object_ref (connection); /* and never a word */
  return TRUE;
}

/* One that does not answer holds nobody up for longer than two seconds. */
static void
child_silent (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tertulia-bus-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "bus", NULL);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  g_autoptr (GSocketAddress) socket = g_unix_socket_address_new (path);
  g_autoptr (GSocketService) service = g_socket_service_new ();
  g_autoptr (ChatCredentials) credentials = chat_credentials_new ();
  g_autoptr (GError) error = NULL;
  gint64 began;

  g_socket_listener_add_address (G_SOCKET_LISTENER (service), socket, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                 NULL, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (service, "incoming", G_CALLBACK (incoming_cb), NULL);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  began = g_get_monotonic_time ();
  check_lookup (credentials, "ana", NULL);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 4 * G_USEC_PER_SEC);
  g_assert_false (chat_credentials_get_persistent (credentials));
  g_unlink (path);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

static void
test_child (gconstpointer data)
{
  void (*child) (void) = data;

  if (g_test_subprocess ())
    {
      child ();
      return;
    }
  /* libsecret's file leaks the entity tag of each write, in a stack that no suppression can name */
  if (child == child_keyring)
    g_setenv ("LSAN_OPTIONS", "detect_leaks=0", TRUE);
  g_test_trap_subprocess (NULL, 20 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* in a sandbox libsecret warns of a bus that is not there */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_test_add_data_func ("/credentials/keyring", child_keyring, test_child);
  g_test_add_data_func ("/credentials/none", child_none, test_child);
  /* there it talks to the bus itself first, and waits for that without end */
  if (!g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS))
    g_test_add_data_func ("/credentials/silent", child_silent, test_child);
  return g_test_run ();
}
