/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-shortcuts.h"

static const struct
{
  const char *action;
  const char *keys[3];
} shortcuts[] = {
  { "win.switch", { "<Control>k" } },
  { "win.find-channel", { "<Control>l" } },
  { "win.next-channel", { "<Alt>Down" } },
  { "win.previous-channel", { "<Alt>Up" } },
  { "win.next-unread", { "<Alt><Shift>Down" } },
  { "win.previous-unread", { "<Alt><Shift>Up" } },
  { "win.new-conversation", { "<Control>n" } },
  { "win.new-channel", { "<Control>j" } },
  { "win.search", { "<Control>f" } },
  { "win.search-everywhere", { "<Control><Shift>f" } },
  { "win.go-to-date", { "<Control>g" } },
  { "win.show-people", { "F9" } },
  { "win.shortcuts", { "<Control>question", "<Control>F1" } },
  { "app.preferences", { "<Control>comma" } },
  { "app.quit", { "<Control>q" } },
  { "window.close", { "<Control>w" } },
};

void
chat_shortcuts_install (GtkApplication *application)
{
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_application_set_accels_for_action (application, shortcuts[i].action, shortcuts[i].keys);
  for (int i = 1; i <= 9; i++)
    {
      g_autofree char *action = g_strdup_printf ("win.nth-channel(%d)", i);
      g_autofree char *key = g_strdup_printf ("<Control>%d", i);

      gtk_application_set_accels_for_action (application, action, (const char *[]){ key, NULL });
    }
}

void
chat_shortcuts_present (GtkWindow *parent)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/chat/tertulia/Tertulia/chat-shortcuts.ui");
  GtkWindow *window = GTK_WINDOW (gtk_builder_get_object (builder, "shortcuts"));

  gtk_window_set_transient_for (window, parent);
  gtk_window_set_modal (window, TRUE);
  gtk_window_set_destroy_with_parent (window, TRUE);
  gtk_window_present (window);
}
