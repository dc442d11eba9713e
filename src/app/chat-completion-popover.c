/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-completion-popover.h"

#include <glib/gi18n.h>

struct _ChatCompletionPopover
{
  GtkPopover parent_instance;

  /* Owned */
  GPtrArray *completions;

  /* Borrowed */
  GtkListBox *list;
};

enum
{
  CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatCompletionPopover, chat_completion_popover, GTK_TYPE_POPOVER)

static void
choose (ChatCompletionPopover *self, GtkListBoxRow *row)
{
  int place = gtk_list_box_row_get_index (row);
  g_autoptr (GPtrArray) completions = g_ptr_array_ref (self->completions);

  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[CHOSEN], 0, g_ptr_array_index (completions, place));
}

static void
activated_cb (ChatCompletionPopover *self, GtkListBoxRow *row)
{
  choose (self, row);
}

static GtkWidget *
create_label (const char *text, const char *style)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 44);
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  return label;
}

static GtkWidget *
create_row (const ChatCompletion *completion)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);

  gtk_box_append (GTK_BOX (box), create_label (completion->label, NULL));
  if (completion->detail != NULL && *completion->detail != '\0')
    {
      GtkWidget *detail = create_label (completion->detail, "dim-label");

      gtk_widget_set_hexpand (detail, TRUE);
      gtk_label_set_xalign (GTK_LABEL (detail), 1);
      gtk_box_append (GTK_BOX (box), detail);
    }
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_widget_set_can_focus (row, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, completion->label, -1);
  return row;
}

static void
fill (ChatCompletionPopover *self)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  for (guint i = 0; i < self->completions->len; i++)
    gtk_list_box_append (self->list, create_row (g_ptr_array_index (self->completions, i)));
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, 0));
}

static void
move (ChatCompletionPopover *self, int step)
{
  int n = (int)self->completions->len;
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);
  int place = row != NULL ? gtk_list_box_row_get_index (row) : 0;

  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, (place + step + n) % n));
}

static void
dispose (GObject *object)
{
  g_clear_pointer (&CHAT_COMPLETION_POPOVER (object)->completions, g_ptr_array_unref);
  G_OBJECT_CLASS (chat_completion_popover_parent_class)->dispose (object);
}

static void
chat_completion_popover_class_init (ChatCompletionPopoverClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
  signals[CHOSEN] = g_signal_new ("chosen", CHAT_TYPE_COMPLETION_POPOVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
chat_completion_popover_init (ChatCompletionPopover *self)
{
  GtkWidget *list = gtk_list_box_new ();

  self->list = GTK_LIST_BOX (list);
  gtk_widget_set_can_focus (list, FALSE);
  gtk_widget_add_css_class (list, "completions");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Completions"), -1);
  g_signal_connect_object (list, "row-activated", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
  gtk_popover_set_child (GTK_POPOVER (self), list);
  gtk_popover_set_autohide (GTK_POPOVER (self), FALSE);
  gtk_popover_set_has_arrow (GTK_POPOVER (self), FALSE);
  gtk_popover_set_position (GTK_POPOVER (self), GTK_POS_TOP);
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_START);
  gtk_widget_set_can_focus (GTK_WIDGET (self), FALSE);
}

GtkWidget *
chat_completion_popover_new (void)
{
  return g_object_new (CHAT_TYPE_COMPLETION_POPOVER, NULL);
}

void
chat_completion_popover_show (ChatCompletionPopover *self, GPtrArray *completions, const GdkRectangle *at)
{
  g_return_if_fail (CHAT_IS_COMPLETION_POPOVER (self));

  g_clear_pointer (&self->completions, g_ptr_array_unref);
  self->completions = completions;
  if (completions->len == 0)
    {
      gtk_popover_popdown (GTK_POPOVER (self));
      return;
    }
  fill (self);
  gtk_popover_set_pointing_to (GTK_POPOVER (self), at);
  gtk_popover_popup (GTK_POPOVER (self));
}

gboolean
chat_completion_popover_handle_key (ChatCompletionPopover *self, guint key, GdkModifierType state)
{
  g_return_val_if_fail (CHAT_IS_COMPLETION_POPOVER (self), FALSE);

  if (!gtk_widget_get_visible (GTK_WIDGET (self)) || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK)) != 0)
    return FALSE;
  switch (key)
    {
    case GDK_KEY_Up:
    case GDK_KEY_KP_Up:
      move (self, -1);
      return TRUE;
    case GDK_KEY_Down:
    case GDK_KEY_KP_Down:
      move (self, 1);
      return TRUE;
    case GDK_KEY_Tab:
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
      choose (self, gtk_list_box_get_selected_row (self->list));
      return TRUE;
    case GDK_KEY_Escape:
      gtk_popover_popdown (GTK_POPOVER (self));
      return TRUE;
    default:
      return FALSE;
    }
}
