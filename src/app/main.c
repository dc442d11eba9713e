/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "app/chat-application.h"

/* dconf keeps nothing where there is no session bus (root in a bare X session, a browser through broadway): a file
 * does. What the environment says comes first. */
static void
choose_settings_backend (void)
{
  g_autofree char *bus = g_build_filename (g_get_user_runtime_dir (), "bus", NULL);

  if (g_getenv ("DBUS_SESSION_BUS_ADDRESS") == NULL && !g_file_test (bus, G_FILE_TEST_EXISTS))
    g_setenv ("GSETTINGS_BACKEND", "keyfile", FALSE);
}

int
main (int argc, char **argv)
{
  g_autoptr (ChatApplication) application = NULL;
  const char *locale_dir = g_getenv ("TERTULIA_LOCALE_DIR");

  choose_settings_backend ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir == NULL ? CHAT_LOCALE_DIR : locale_dir);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  application = chat_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
