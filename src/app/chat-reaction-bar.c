/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-reaction-bar.h"

#include <glib/gi18n.h>

#define NAMES_SHOWN 20
#define SPACING 4

/* Buttons in lines, as many in each as there is room for. */
struct _ChatReactionBar
{
  GtkWidget parent_instance;
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

/* Places the buttons, where @place, and says how high their lines are at this width. */
static int
flow (GtkWidget *widget, int width, gboolean place)
{
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int x = 0, y = 0, line = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_width, child_height;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &child_width, NULL, NULL);
      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, child_width, NULL, &child_height, NULL, NULL);
      if (x > 0 && x + child_width > width)
        {
          x = 0;
          y += line + SPACING;
          line = 0;
        }
      if (place)
        gtk_widget_size_allocate (
            child, &(GtkAllocation){ mirrored ? width - x - child_width : x, y, child_width, child_height }, -1);
      x += child_width + SPACING;
      line = MAX (line, child_height);
    }
  return y + line;
}

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
         int *natural_baseline)
{
  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_VERTICAL)
    {
      *minimum = *natural = flow (widget, for_size < 0 ? G_MAXINT / 2 : for_size, FALSE);
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int width;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL, NULL);
      *minimum = MAX (*minimum, width);
      *natural += width + SPACING;
    }
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  flow (widget, width, TRUE);
}

static void
dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (chat_reaction_bar_parent_class)->dispose (object);
}

static void
chat_reaction_bar_class_init (ChatReactionBarClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
  GTK_WIDGET_CLASS (klass)->get_request_mode = get_request_mode;
  GTK_WIDGET_CLASS (klass)->measure = measure;
  GTK_WIDGET_CLASS (klass)->size_allocate = size_allocate;
}

static void
chat_reaction_bar_init (ChatReactionBar *self)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Reactions"), -1);
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

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  for (guint i = 0; i < groups->len; i++)
    gtk_widget_set_parent (create_button (id, g_ptr_array_index (groups, i)), GTK_WIDGET (self));
}
