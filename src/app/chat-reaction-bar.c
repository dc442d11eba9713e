/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-reaction-bar.h"

#include <glib/gi18n.h>

#define NAMES_SHOWN 20

struct _ChatReactionBar
{
  GtkWidget parent_instance;

  /* Owned */
  GtkWidget *box;
};

G_DEFINE_FINAL_TYPE (ChatReactionBar, chat_reaction_bar, GTK_TYPE_WIDGET)

static char *
dup_names (const ChatReactionGroup *group)
{
  guint n = g_strv_length (group->users);
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < MIN (n, NAMES_SHOWN); i++)
    g_string_append_printf (names, "%s%s", i == 0 ? "" : ", ", group->users[i]);
  if (n > NAMES_SHOWN)
    g_string_append_printf (names, ngettext (" and %u more", " and %u more", n - NAMES_SHOWN), n - NAMES_SHOWN);
  return g_string_free (names, FALSE);
}

static GtkWidget *
create_button (const char *id, const ChatReactionGroup *group)
{
  guint n = g_strv_length (group->users);
  g_autofree char *text = g_strdup_printf ("%s %u", group->emoji, n);
  g_autofree char *names = dup_names (group);
  /* Translators: a reaction for a screen reader: the emoji, how many, who */
  g_autofree char *label
      = g_strdup_printf (ngettext ("%s, %u person: %s", "%s, %u people: %s", n), group->emoji, n, names);
  GtkWidget *button = gtk_button_new_with_label (text);

  gtk_widget_add_css_class (button, "reaction");
  if (group->mine)
    gtk_widget_add_css_class (button, "mine");
  gtk_widget_set_tooltip_text (button, names);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "conversation.react");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "(ssb)", id, group->emoji, !group->mine);
  return button;
}

static void
dispose (GObject *object)
{
  g_clear_pointer (&CHAT_REACTION_BAR (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (chat_reaction_bar_parent_class)->dispose (object);
}

static void
chat_reaction_bar_class_init (ChatReactionBarClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
chat_reaction_bar_init (ChatReactionBar *self)
{
  self->box = gtk_flow_box_new ();
  gtk_flow_box_set_selection_mode (GTK_FLOW_BOX (self->box), GTK_SELECTION_NONE);
  gtk_flow_box_set_max_children_per_line (GTK_FLOW_BOX (self->box), 24);
  gtk_flow_box_set_column_spacing (GTK_FLOW_BOX (self->box), 4);
  gtk_flow_box_set_row_spacing (GTK_FLOW_BOX (self->box), 4);
  gtk_widget_set_halign (self->box, GTK_ALIGN_START);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->box), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Reactions"), -1);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

GtkWidget *
chat_reaction_bar_new (void)
{
  return g_object_new (CHAT_TYPE_REACTION_BAR, NULL);
}

void
chat_reaction_bar_set_item (ChatReactionBar *self, ChatMessageItem *item)
{
  GPtrArray *groups = chat_message_item_get_reactions (item);
  const char *id = chat_message_get_id (chat_message_item_get_message (item));
  GtkWidget *child;

  g_return_if_fail (CHAT_IS_REACTION_BAR (self));

  while ((child = gtk_widget_get_first_child (self->box)) != NULL)
    gtk_flow_box_remove (GTK_FLOW_BOX (self->box), child);
  for (guint i = 0; i < groups->len; i++)
    {
      GtkWidget *button = create_button (id, g_ptr_array_index (groups, i));

      gtk_flow_box_append (GTK_FLOW_BOX (self->box), button);
      gtk_widget_set_focusable (gtk_widget_get_parent (button), FALSE);
    }
}
