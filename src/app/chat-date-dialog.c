/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-date-dialog.h"

#include <glib/gi18n.h>

#include "client/chat-command.h"

struct _ChatDateDialog
{
  AdwMessageDialog parent_instance;

  /* Borrowed */
  GtkCalendar *calendar;
  GtkEditable *entry;

  gint64 time; /* ms; the dialog is empty already when it tells its answer */
};

enum
{
  CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatDateDialog, chat_date_dialog, ADW_TYPE_MESSAGE_DIALOG)

/* What was typed, else the day of the calendar. */
static gboolean
read_time (ChatDateDialog *self, GError **error)
{
  const char *text = gtk_editable_get_text (self->entry);
  g_autoptr (GDateTime) day = gtk_calendar_get_date (self->calendar);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) start = NULL;

  if (*text != '\0')
    return chat_command_parse_date (text, now, &self->time, error);
  start = g_date_time_new_local (g_date_time_get_year (day), g_date_time_get_month (day),
                                 g_date_time_get_day_of_month (day), 0, 0, 0);
  self->time = g_date_time_to_unix (start) * 1000;
  return TRUE;
}

static void
update (ChatDateDialog *self)
{
  g_autoptr (GError) error = NULL;
  gboolean valid = read_time (self, &error);

  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (self), "go", valid);
  if (valid)
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->entry), valid ? NULL : error->message);
}

/* A day that was clicked is meant, whatever was typed before. */
static void
day_selected_cb (ChatDateDialog *self)
{
  gtk_editable_set_text (self->entry, "");
  update (self);
}

static void
response (AdwMessageDialog *dialog, const char *answer)
{
  if (g_str_equal (answer, "go"))
    g_signal_emit (dialog, signals[CHOSEN], 0, CHAT_DATE_DIALOG (dialog)->time);
}

static void
chat_date_dialog_class_init (ChatDateDialogClass *klass)
{
  ADW_MESSAGE_DIALOG_CLASS (klass)->response = response;
  signals[CHOSEN] = g_signal_new ("chosen", CHAT_TYPE_DATE_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  1, G_TYPE_INT64);
}

static void
chat_date_dialog_init (ChatDateDialog *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *calendar = gtk_calendar_new ();
  GtkWidget *entry = gtk_entry_new ();

  self->calendar = GTK_CALENDAR (calendar);
  self->entry = GTK_EDITABLE (entry);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), _ ("Or type: yesterday, 2026-11-03 10:30"));
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Date"), -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (calendar), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Calendar"), -1);
  gtk_box_append (GTK_BOX (box), calendar);
  gtk_box_append (GTK_BOX (box), entry);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (self), box);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (self), "cancel", _ ("_Cancel"), "go", _ ("_Go"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (self), "go", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (self), "go");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (self), "cancel");
  g_signal_connect_object (entry, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (calendar, "day-selected", G_CALLBACK (day_selected_cb), self, G_CONNECT_SWAPPED);
  update (self);
}

GtkWidget *
chat_date_dialog_new (GtkWindow *parent)
{
  return g_object_new (CHAT_TYPE_DATE_DIALOG, "transient-for", parent, "heading", _ ("Go to date"), NULL);
}
