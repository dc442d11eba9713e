/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-sidebar-header.h"

#include <glib/gi18n.h>

struct _ChatSidebarHeader
{
  GtkListBoxRow parent_instance;

  /* Borrowed */
  GtkWidget *arrow;

  ChatSidebarSection section;
};

G_DEFINE_FINAL_TYPE (ChatSidebarHeader, chat_sidebar_header, GTK_TYPE_LIST_BOX_ROW)

static const struct
{
  const char *name;
  const char *title;
} sections[CHAT_N_SECTIONS] = {
  [CHAT_SECTION_CHANNELS] = { "channels", N_ ("Channels") },
  [CHAT_SECTION_CONVERSATIONS] = { "conversations", N_ ("Conversations") },
  [CHAT_SECTION_BOTS] = { "bots", N_ ("Bots") },
  [CHAT_SECTION_OTHERS] = { "others", N_ ("Other channels") },
};

static void
chat_sidebar_header_class_init (ChatSidebarHeaderClass *klass)
{
}

static void
chat_sidebar_header_init (ChatSidebarHeader *self)
{
}

GtkWidget *
chat_sidebar_header_new (ChatSidebarSection section)
{
  ChatSidebarHeader *self = g_object_new (CHAT_TYPE_SIDEBAR_HEADER, "selectable", FALSE, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 4);
  GtkWidget *label = gtk_label_new (_ (sections[section].title));

  self->section = section;
  self->arrow = gtk_image_new_from_icon_name ("pan-down-symbolic");
  gtk_box_append (GTK_BOX (box), self->arrow);
  gtk_box_append (GTK_BOX (box), label);
  gtk_widget_add_css_class (GTK_WIDGET (self), "section-row");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), box);
  chat_sidebar_header_set_folded (self, FALSE);
  return GTK_WIDGET (self);
}

ChatSidebarSection
chat_sidebar_header_get_section (ChatSidebarHeader *self)
{
  return self->section;
}

void
chat_sidebar_header_set_folded (ChatSidebarHeader *self, gboolean folded)
{
  const char *title = _ (sections[self->section].title);
  g_autofree char *label = NULL;

  /* Translators: %s is a section of the sidebar, such as Channels */
  label = g_strdup_printf (folded ? _ ("Section %s, folded") : _ ("Section %s"), title);
  gtk_image_set_from_icon_name (GTK_IMAGE (self->arrow), folded ? "pan-end-symbolic" : "pan-down-symbolic");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

const char *
chat_sidebar_section_get_name (ChatSidebarSection section)
{
  return sections[section].name;
}
