/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-sidebar.h"

#include <glib/gi18n.h>

#include "app/chat-sidebar-row.h"

struct _ChatSidebar
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  AdwWindowTitle *title;
  GtkListBox *list;
  GtkWidget *foot;
  GtkWidget *foot_icon;
  GtkLabel *foot_label;
  GtkLabel *details;
  GtkWidget *popover;

  /* Owned */
  ChatWorkspace *workspace;
  GSignalGroup *workspace_signals;
};

enum
{
  CHANNEL_CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatSidebar, chat_sidebar, GTK_TYPE_WIDGET)

/* The class of the foot's dot for each state. */
static const char *const state_classes[] = {
  [CHAT_WORKSPACE_OFFLINE] = "error",
  [CHAT_WORKSPACE_CONNECTING] = "warning",
  [CHAT_WORKSPACE_LIVE] = "success",
  [CHAT_WORKSPACE_CATCHING_UP] = "accent",
};

static void
update_foot (ChatSidebar *self)
{
  ChatWorkspaceState state = CHAT_WORKSPACE_OFFLINE;
  g_autofree char *details = NULL;
  g_autofree char *waiting = NULL;
  const char *status = "";
  guint queued = 0;

  if (self->workspace == NULL)
    return;
  state = chat_workspace_get_state (self->workspace);
  status = chat_workspace_get_status (self->workspace);
  g_object_get (self->workspace, "queued", &queued, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (state_classes); i++)
    gtk_widget_remove_css_class (self->foot_icon, state_classes[i]);
  gtk_widget_add_css_class (self->foot_icon, state_classes[state]);
  gtk_label_set_text (self->foot_label, status);
  gtk_widget_set_tooltip_text (self->foot, status);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->foot), GTK_ACCESSIBLE_PROPERTY_LABEL, status, -1);
  waiting = g_strdup_printf (ngettext ("%u message waits to be sent", "%u messages wait to be sent", queued), queued);
  details = g_strdup_printf (_ ("%s\n\nServer: %s\nYou are: %s\n%s"), status, chat_workspace_get_uri (self->workspace),
                             chat_workspace_get_user (self->workspace), waiting);
  gtk_label_set_text (self->details, details);
}

static void
update_title (ChatSidebar *self)
{
  g_autofree char *name = NULL;

  if (self->workspace == NULL)
    return;
  g_object_get (self->workspace, "name", &name, NULL);
  adw_window_title_set_title (self->title, name == NULL || *name == '\0' ? "Tertulia" : name);
  adw_window_title_set_subtitle (self->title, chat_workspace_get_user (self->workspace));
}

/* Which section a row belongs to: channels, people, bots: their order is the list's. */
static const char *
section_of (ChatChannel *channel)
{
  if (chat_channel_get_bot (channel))
    return _ ("Bots");
  return chat_channel_get_private (channel) ? _ ("Conversations") : _ ("Channels");
}

static void
update_header_cb (GtkListBoxRow *row, GtkListBoxRow *before, gpointer data)
{
  const char *section = section_of (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)));
  GtkWidget *label;

  if (before != NULL && g_str_equal (section, section_of (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (before)))))
    {
      gtk_list_box_row_set_header (row, NULL);
      return;
    }
  label = gtk_label_new (section);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "section-label");
  gtk_list_box_row_set_header (row, label);
}

static GtkWidget *
create_row_cb (gpointer item, gpointer data)
{
  /* who is a bot may be known only later */
  g_signal_connect_object (item, "notify::bot", G_CALLBACK (gtk_list_box_invalidate_headers), data, G_CONNECT_SWAPPED);
  return chat_sidebar_row_new (item);
}

static void
row_activated_cb (ChatSidebar *self, GtkListBoxRow *row)
{
  g_signal_emit (self, signals[CHANNEL_CHOSEN], 0, chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)));
}

static void
row_selected_cb (ChatSidebar *self, GtkListBoxRow *row)
{
  if (row != NULL)
    row_activated_cb (self, row);
}

static void
dispose (GObject *object)
{
  ChatSidebar *self = CHAT_SIDEBAR (object);

  if (self->popover != NULL)
    gtk_widget_unparent (self->popover);
  self->popover = NULL;
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->workspace_signals);
  g_clear_object (&self->workspace);
  G_OBJECT_CLASS (chat_sidebar_parent_class)->dispose (object);
}

static void
chat_sidebar_class_init (ChatSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  signals[CHANNEL_CHOSEN] = g_signal_new ("channel-chosen", CHAT_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, CHAT_TYPE_CHANNEL);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, box);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, title);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, list);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot_icon);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot_label);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, details);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, popover);
}

static void
chat_sidebar_init (ChatSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_parent (self->popover, self->foot);
  g_signal_connect_object (self->foot, "clicked", G_CALLBACK (gtk_popover_popup), self->popover, G_CONNECT_SWAPPED);
  gtk_list_box_set_header_func (self->list, update_header_cb, NULL, NULL);
  g_signal_connect_object (self->list, "row-activated", G_CALLBACK (row_activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "row-selected", G_CALLBACK (row_selected_cb), self, G_CONNECT_SWAPPED);
  self->workspace_signals = g_signal_group_new (CHAT_TYPE_WORKSPACE);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::status", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::state", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::queued", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::name", G_CALLBACK (update_title), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::user", G_CALLBACK (update_title), self);
}

GtkWidget *
chat_sidebar_new (void)
{
  return g_object_new (CHAT_TYPE_SIDEBAR, NULL);
}

void
chat_sidebar_set_workspace (ChatSidebar *self, ChatWorkspace *workspace)
{
  g_return_if_fail (CHAT_IS_SIDEBAR (self));

  if (!g_set_object (&self->workspace, workspace))
    return;
  g_signal_group_set_target (self->workspace_signals, workspace);
  gtk_list_box_bind_model (self->list, workspace == NULL ? NULL : chat_workspace_get_channels (workspace),
                           create_row_cb, self->list, NULL);
  update_title (self);
  update_foot (self);
}

void
chat_sidebar_select (ChatSidebar *self, ChatChannel *channel)
{
  for (int i = 0;; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, i);

      if (row == NULL)
        return;
      if (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)) == channel)
        {
          gtk_list_box_select_row (self->list, row);
          return;
        }
    }
}
