/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-text-dialog.h"

#include <glib/gi18n.h>

#define HEIGHT 96

struct _ChatTextDialog
{
  AdwMessageDialog parent_instance;

  /* Owned: the dialog is empty already when it tells its answer */
  GtkTextBuffer *buffer;

  gboolean required;
};

enum
{
  WRITTEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatTextDialog, chat_text_dialog, ADW_TYPE_MESSAGE_DIALOG)

static char *
dup_text (ChatTextDialog *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  return g_strstrip (gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE));
}

static void
update (ChatTextDialog *self)
{
  g_autofree char *text = dup_text (self);

  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (self), "send", !self->required || *text != '\0');
}

static void
response (AdwMessageDialog *dialog, const char *answer)
{
  g_autofree char *text = dup_text (CHAT_TEXT_DIALOG (dialog));

  if (g_str_equal (answer, "send"))
    g_signal_emit (dialog, signals[WRITTEN], 0, text);
}

static void
finalize (GObject *object)
{
  g_clear_object (&CHAT_TEXT_DIALOG (object)->buffer);
  G_OBJECT_CLASS (chat_text_dialog_parent_class)->finalize (object);
}

static void
chat_text_dialog_class_init (ChatTextDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  ADW_MESSAGE_DIALOG_CLASS (klass)->response = response;
  signals[WRITTEN] = g_signal_new ("written", CHAT_TYPE_TEXT_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
chat_text_dialog_init (ChatTextDialog *self)
{
  GtkTextBuffer *buffer = gtk_text_buffer_new (NULL);
  GtkWidget *view = gtk_text_view_new_with_buffer (buffer);
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->buffer = buffer;
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), 8);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), 8);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), 8);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (view), 8);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Your words"), -1);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_scrolled_window_set_has_frame (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_widget_set_size_request (scroller, -1, HEIGHT);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (self), scroller);
  g_signal_connect_object (buffer, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
}

GtkWidget *
chat_text_dialog_new (GtkWindow *parent, const char *heading, const char *body, const char *answer, gboolean required)
{
  ChatTextDialog *self = g_object_new (CHAT_TYPE_TEXT_DIALOG, "transient-for", parent, "heading", heading, "body", body,
                                       "close-response", "cancel", NULL);

  self->required = required;
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (self), "cancel", _ ("_Cancel"), "send", answer, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (self), "send", ADW_RESPONSE_SUGGESTED);
  update (self);
  return GTK_WIDGET (self);
}
