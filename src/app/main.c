/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "app/chat-application.h"

int
main (int argc, char **argv)
{
  g_autoptr (ChatApplication) application = NULL;
  const char *locale_dir = g_getenv ("TERTULIA_LOCALE_DIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir == NULL ? CHAT_LOCALE_DIR : locale_dir);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  application = chat_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
