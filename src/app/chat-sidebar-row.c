/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-sidebar-row.h"

#include <glib/gi18n.h>

struct _ChatSidebarRow
{
  GtkListBoxRow parent_instance;

  /* Borrowed: children; made in code, and the last three when they are needed: a start shows many rows */
  GtkWidget *box;
  GtkImage *icon;
  GtkLabel *title;
  GtkWidget *draft;
  GtkWidget *muted;
  GtkLabel *badge;

  /* Owned */
  ChatChannel *channel;
};

G_DEFINE_FINAL_TYPE (ChatSidebarRow, chat_sidebar_row, GTK_TYPE_LIST_BOX_ROW)

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
show_mark (ChatSidebarRow *self, GtkWidget **mark, gboolean on, const char *icon, const char *tip)
{
  if (on && *mark == NULL)
    {
      *mark = gtk_image_new_from_icon_name (icon);
      gtk_widget_set_tooltip_text (*mark, tip);
      gtk_widget_add_css_class (*mark, "dim-label");
      gtk_box_insert_child_after (GTK_BOX (self->box), *mark, GTK_WIDGET (self->title));
    }
  if (*mark != NULL)
    gtk_widget_set_visible (*mark, on);
}

static void
ensure_badge (ChatSidebarRow *self)
{
  if (self->badge != NULL)
    return;
  self->badge = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_set_valign (GTK_WIDGET (self->badge), GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (GTK_WIDGET (self->badge), "badge");
  gtk_widget_add_css_class (GTK_WIDGET (self->badge), "numeric");
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->badge));
}

static void
update_badge (ChatSidebarRow *self, guint unread, guint mentions)
{
  gboolean muted = chat_channel_get_muted (self->channel);
  g_autofree char *text = NULL;

  if (mentions > 0)
    text = mentions > 99 ? g_strdup ("@99+") : g_strdup_printf ("@%u", mentions);
  else
    text = unread > 999 ? g_strdup ("999+") : g_strdup_printf ("%u", unread);
  if (unread > 0)
    ensure_badge (self);
  if (self->badge != NULL)
    {
      gtk_label_set_text (self->badge, text);
      gtk_widget_set_visible (GTK_WIDGET (self->badge), unread > 0 && !muted);
      set_class (GTK_WIDGET (self->badge), "mention", mentions > 0);
    }
  set_class (GTK_WIDGET (self->title), "unread", unread > 0 && !muted);
  set_class (GTK_WIDGET (self), "muted", muted);
  set_class (GTK_WIDGET (self), "not-joined", !chat_channel_get_joined (self->channel));
}

/* (transfer full): all that the row shows, in words. */
static char *
dup_label (ChatSidebarRow *self, guint unread, guint mentions)
{
  GString *label = g_string_new (chat_channel_get_title (self->channel));

  if (unread > 0)
    g_string_append_printf (label, ngettext (", %u unread message", ", %u unread messages", unread), unread);
  if (mentions > 0)
    g_string_append_printf (label, ngettext (", %u mention", ", %u mentions", mentions), mentions);
  if (chat_channel_get_draft (self->channel) != NULL)
    g_string_append (label, _ (", a message is being written here"));
  if (chat_channel_get_muted (self->channel))
    g_string_append (label, _ (", muted"));
  if (!chat_channel_get_joined (self->channel))
    g_string_append (label, _ (", not joined"));
  return g_string_free (label, FALSE);
}

static void
update (ChatSidebarRow *self)
{
  const char *icon = "chat-channel-symbolic";
  const char *topic = chat_channel_get_topic (self->channel);
  guint unread = chat_channel_get_unread (self->channel), mentions = chat_channel_get_mentions (self->channel);
  g_autofree char *label = dup_label (self, unread, mentions);

  if (chat_channel_get_bot (self->channel))
    icon = "chat-bot-symbolic";
  else if (chat_channel_get_private (self->channel))
    icon = "chat-person-symbolic";
  gtk_image_set_from_icon_name (self->icon, icon);
  gtk_label_set_text (self->title, chat_channel_get_title (self->channel));
  show_mark (self, &self->draft, chat_channel_get_draft (self->channel) != NULL, "document-edit-symbolic",
             _ ("A message is being written here"));
  show_mark (self, &self->muted, chat_channel_get_muted (self->channel), "chat-muted-symbolic", _ ("Muted"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), topic == NULL || *topic == '\0' ? NULL : topic);
  update_badge (self, unread, mentions);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
dispose (GObject *object)
{
  g_clear_object (&CHAT_SIDEBAR_ROW (object)->channel);
  G_OBJECT_CLASS (chat_sidebar_row_parent_class)->dispose (object);
}

static void
chat_sidebar_row_class_init (ChatSidebarRowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
}

static void
chat_sidebar_row_init (ChatSidebarRow *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  self->icon = GTK_IMAGE (gtk_image_new ());
  self->title = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->title, 0);
  gtk_label_set_ellipsize (self->title, PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (self->title, 1);
  gtk_widget_set_hexpand (GTK_WIDGET (self->title), TRUE);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->icon));
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->title));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), self->box);
}

GtkWidget *
chat_sidebar_row_new (ChatChannel *channel)
{
  ChatSidebarRow *self = g_object_new (CHAT_TYPE_SIDEBAR_ROW, NULL);

  self->channel = g_object_ref (channel);
  g_signal_connect_object (channel, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

ChatChannel *
chat_sidebar_row_get_channel (ChatSidebarRow *self)
{
  return self->channel;
}
