/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "app/chat-name-dialog.h"
#include "app/chat-password-dialog.h"
#include "app/chat-picker.h"
#include "app/chat-shortcuts.h"
#include "app/chat-window-private.h"

/* What makes no sense without a workspace. */
static const char *const workspace_actions[]
    = { "win.switch",      "win.new-channel",     "win.new-conversation", "win.open-channel",
        "win.talk-to",     "win.open-message",    "win.next-channel",     "win.previous-channel",
        "win.next-unread", "win.previous-unread", "win.nth-channel",      "win.find-channel",
        "win.show-people", "win.show-members",    "win.search",           "win.search-everywhere",
        "win.go-to-date" };

/* What a broker without a server can't do. */
static const char *const service_actions[] = { "win.new-conversation", "win.talk-to", "win.show-people",
                                               "win.show-members",     "win.search",  "win.search-everywhere" };

static void
tell (ChatWindow *self, GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    chat_window_tell (self, error->message);
}

static void
channel_created_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannel) channel = chat_workspace_create_channel_finish (CHAT_WORKSPACE (source), result, &error);

  if (channel != NULL)
    chat_window_choose_channel (self, channel);
  else
    tell (self, error);
}

static void
conversation_started_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannel) channel = chat_workspace_start_conversation_finish (CHAT_WORKSPACE (source), result, &error);

  if (channel != NULL)
    chat_window_choose_channel (self, channel);
  else
    tell (self, error);
}

static void
joined_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!chat_workspace_join_finish (CHAT_WORKSPACE (source), result, &error))
    tell (self, error);
}

static void
channel_named_cb (ChatWindow *self, const char *name, const char *topic)
{
  if (self->workspace != NULL)
    chat_workspace_create_channel_async (self->workspace, name, *topic == '\0' ? NULL : topic, self->cancellable,
                                         channel_created_cb, g_object_ref (self));
}

static void
ask_new_channel (ChatWindow *self, const char *name)
{
  GtkWidget *dialog
      = chat_name_dialog_new (GTK_WINDOW (self),
                              chat_workspace_has_service (self->workspace) ? CHAT_NAME_CHANNEL : CHAT_NAME_ON_BROKER);

  chat_name_dialog_set (CHAT_NAME_DIALOG (dialog), name, NULL);
  g_signal_connect_object (dialog, "named", G_CALLBACK (channel_named_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
open_named (ChatWindow *self, const char *name)
{
  ChatChannel *channel = chat_workspace_find_channel (self->workspace, name);

  if (channel != NULL)
    chat_window_choose_channel (self, channel);
}

static void
talk_to (ChatWindow *self, const char *user)
{
  chat_workspace_start_conversation_async (self->workspace, user, self->cancellable, conversation_started_cb,
                                           g_object_ref (self));
}

static void
picked_cb (ChatWindow *self, guint what, const char *name)
{
  if (self->workspace == NULL)
    return;
  if (what == CHAT_PICKED_NEW)
    ask_new_channel (self, name);
  else if (what == CHAT_PICKED_PERSON)
    talk_to (self, name);
  else
    open_named (self, name);
  if (what == CHAT_PICKED_JOIN)
    chat_workspace_join_async (self->workspace, name, TRUE, self->cancellable, joined_cb, g_object_ref (self));
}

/* Of the recent channels without the one that is open: who comes to go elsewhere does not mean that. */
static void
show_picker (ChatWindow *self, ChatPickerPurpose purpose)
{
  ChatChannel *open = chat_conversation_get_channel (self->conversation);
  g_autoptr (GPtrArray) recent = g_ptr_array_new ();
  GtkWidget *picker;

  for (guint i = 0; i < self->recent->len; i++)
    {
      const char *name = g_ptr_array_index (self->recent, i);

      if (open == NULL || !g_str_equal (name, chat_channel_get_name (open)))
        g_ptr_array_add (recent, (gpointer)name);
    }
  g_ptr_array_add (recent, NULL);
  picker = chat_picker_new (GTK_WINDOW (self), purpose, self->workspace, (const char *const *)recent->pdata);
  g_signal_connect_object (picker, "picked", G_CALLBACK (picked_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (picker));
}

static void
switch_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_picker (CHAT_WINDOW (widget), CHAT_PICKER_SWITCH);
}

static void
new_channel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  if (chat_workspace_has_service (self->workspace))
    show_picker (self, CHAT_PICKER_CHANNELS);
  else
    ask_new_channel (self, NULL);
}

static void
new_conversation_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_picker (CHAT_WINDOW (widget), CHAT_PICKER_PEOPLE);
}

static void
open_channel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  open_named (CHAT_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
talk_to_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  talk_to (CHAT_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
open_message_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *channel, *id;

  g_variant_get (parameter, "(&s&s)", &channel, &id);
  chat_window_open_message (CHAT_WINDOW (widget), channel, id);
}

static void
go_beside (GtkWidget *widget, int steps, gboolean unread)
{
  ChatWindow *self = CHAT_WINDOW (widget);
  ChatChannel *channel = chat_sidebar_list_get_beside (chat_sidebar_get_list (self->sidebar), steps, unread);

  if (channel != NULL)
    chat_window_choose_channel (self, channel);
  else
    gtk_widget_error_bell (widget);
}

static void
next_channel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  go_beside (widget, 1, FALSE);
}

static void
previous_channel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  go_beside (widget, -1, FALSE);
}

static void
next_unread_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  go_beside (widget, 1, TRUE);
}

static void
previous_unread_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  go_beside (widget, -1, TRUE);
}

static void
nth_channel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);
  int place = g_variant_get_int32 (parameter);
  ChatChannel *channel = chat_sidebar_list_get_nth (chat_sidebar_get_list (self->sidebar), (guint)(place - 1));

  if (channel != NULL)
    chat_window_choose_channel (self, channel);
}

static void
find_channel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  adw_leaflet_set_visible_child_name (self->leaflet, "sidebar");
  chat_sidebar_find (self->sidebar);
}

static void
search_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  adw_leaflet_set_visible_child_name (self->leaflet, "conversation");
  chat_conversation_search (self->conversation, g_str_equal (name, "win.search-everywhere"), NULL);
}

static void
go_to_date_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  adw_leaflet_set_visible_child_name (self->leaflet, "conversation");
  chat_conversation_ask_date (self->conversation);
}

static void
show_members_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  adw_leaflet_set_visible_child_name (self->leaflet, "conversation");
  adw_flap_set_reveal_flap (self->flap, TRUE);
}

static void
change_password_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkWidget *dialog = chat_password_dialog_new (GTK_WINDOW (widget), CHAT_WINDOW (widget)->workspace);

  g_signal_connect_object (dialog, "told", G_CALLBACK (chat_window_tell), widget, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
exit_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_widget_activate_action (widget, "app.exit", NULL);
}

static void
shortcuts_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  chat_shortcuts_present (GTK_WINDOW (widget));
}

void
chat_window_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.switch", NULL, switch_cb);
  gtk_widget_class_install_action (widget_class, "win.new-channel", NULL, new_channel_cb);
  gtk_widget_class_install_action (widget_class, "win.new-conversation", NULL, new_conversation_cb);
  gtk_widget_class_install_action (widget_class, "win.open-channel", "s", open_channel_cb);
  gtk_widget_class_install_action (widget_class, "win.talk-to", "s", talk_to_cb);
  gtk_widget_class_install_action (widget_class, "win.open-message", "(ss)", open_message_cb);
  gtk_widget_class_install_action (widget_class, "win.next-channel", NULL, next_channel_cb);
  gtk_widget_class_install_action (widget_class, "win.previous-channel", NULL, previous_channel_cb);
  gtk_widget_class_install_action (widget_class, "win.next-unread", NULL, next_unread_cb);
  gtk_widget_class_install_action (widget_class, "win.previous-unread", NULL, previous_unread_cb);
  gtk_widget_class_install_action (widget_class, "win.nth-channel", "i", nth_channel_cb);
  gtk_widget_class_install_action (widget_class, "win.find-channel", NULL, find_channel_cb);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, search_cb);
  gtk_widget_class_install_action (widget_class, "win.search-everywhere", NULL, search_cb);
  gtk_widget_class_install_action (widget_class, "win.go-to-date", NULL, go_to_date_cb);
  gtk_widget_class_install_action (widget_class, "win.show-members", NULL, show_members_cb);
  gtk_widget_class_install_action (widget_class, "win.change-password", NULL, change_password_cb);
  gtk_widget_class_install_action (widget_class, "win.exit", NULL, exit_cb);
  gtk_widget_class_install_action (widget_class, "win.shortcuts", NULL, shortcuts_cb);
}

void
chat_window_update_actions (ChatWindow *self)
{
  gboolean password = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (workspace_actions); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), workspace_actions[i], self->workspace != NULL);
  if (self->workspace != NULL)
    g_object_get (self->workspace, "password-mode", &password, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (service_actions); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), service_actions[i],
                                   self->workspace != NULL && chat_workspace_has_service (self->workspace));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.change-password", password);
}
