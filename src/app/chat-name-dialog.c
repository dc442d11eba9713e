/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-name-dialog.h"

#include <glib/gi18n.h>

#include "core/chat-names.h"

struct _ChatNameDialog
{
  AdwMessageDialog parent_instance;

  /* Borrowed */
  GtkWidget *name;
  GtkWidget *topic;
  GtkLabel *complaint;

  ChatNamePurpose purpose;
};

enum
{
  NAMED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatNameDialog, chat_name_dialog, ADW_TYPE_MESSAGE_DIALOG)

static void
name_changed_cb (ChatNameDialog *self)
{
  const char *name = gtk_editable_get_text (GTK_EDITABLE (self->name));
  g_autoptr (GError) error = NULL;
  gboolean good = chat_channel_name_check (name, &error);

  if (good && chat_channel_name_is_private (name))
    {
      good = FALSE;
      error = g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("Names that begin with %s are kept for conversations."), CHAT_CONVERSATION_PREFIX);
    }
  good = good || self->purpose == CHAT_NAME_TOPIC || (self->purpose == CHAT_NAME_ON_BROKER && *name != '\0');
  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (self), "ok", good);
  gtk_label_set_text (self->complaint, good || *name == '\0' ? "" : error->message);
}

static void
response (AdwMessageDialog *dialog, const char *response)
{
  ChatNameDialog *self = CHAT_NAME_DIALOG (dialog);

  if (g_str_equal (response, "ok"))
    g_signal_emit (self, signals[NAMED], 0, gtk_editable_get_text (GTK_EDITABLE (self->name)),
                   gtk_editable_get_text (GTK_EDITABLE (self->topic)));
}

static void
chat_name_dialog_class_init (ChatNameDialogClass *klass)
{
  ADW_MESSAGE_DIALOG_CLASS (klass)->response = response;
  signals[NAMED] = g_signal_new ("named", CHAT_TYPE_NAME_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                 G_TYPE_STRING, G_TYPE_STRING);
}

static void
chat_name_dialog_init (ChatNameDialog *self)
{
}

static GtkWidget *
create_entry (const char *title)
{
  GtkWidget *entry = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (entry), title);
  gtk_text_set_activates_default (GTK_TEXT (gtk_editable_get_delegate (GTK_EDITABLE (entry))), TRUE);
  return entry;
}

static void
set_texts (ChatNameDialog *self)
{
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (self);
  gboolean channel = self->purpose == CHAT_NAME_CHANNEL, on_broker = self->purpose == CHAT_NAME_ON_BROKER;

  if (on_broker)
    {
      adw_message_dialog_set_heading (dialog, _ ("Add a channel"));
      adw_message_dialog_set_body (dialog, _ ("One that the broker has: a topic (Kafka) or a routing key (RabbitMQ)."));
    }
  if (channel)
    {
      adw_message_dialog_set_heading (dialog, _ ("New channel"));
      adw_message_dialog_set_body (dialog, _ ("Everybody can read and join it."));
    }
  adw_message_dialog_add_responses (dialog, "cancel", _ ("_Cancel"), "ok",
                                    channel     ? _ ("C_reate")
                                    : on_broker ? _ ("_Add")
                                                : _ ("_Change"),
                                    NULL);
  adw_message_dialog_set_response_appearance (dialog, "ok", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (dialog, "ok");
  adw_message_dialog_set_close_response (dialog, "cancel");
}

GtkWidget *
chat_name_dialog_new (GtkWindow *parent, ChatNamePurpose purpose)
{
  ChatNameDialog *self = g_object_new (CHAT_TYPE_NAME_DIALOG, "transient-for", parent, "modal", TRUE, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *group = adw_preferences_group_new ();

  self->purpose = purpose;
  self->name = create_entry (_ ("Name, such as incidents"));
  g_signal_connect_object (self->name, "changed", G_CALLBACK (name_changed_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (self->name, purpose != CHAT_NAME_TOPIC);
  self->topic = create_entry (_ ("Topic"));
  gtk_widget_set_visible (self->topic, purpose != CHAT_NAME_ON_BROKER);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), self->name);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), self->topic);
  self->complaint = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->complaint, TRUE);
  gtk_label_set_xalign (self->complaint, 0);
  gtk_widget_add_css_class (GTK_WIDGET (self->complaint), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->complaint), "dim-label");
  gtk_box_append (GTK_BOX (box), group);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->complaint));
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (self), box);
  set_texts (self);
  name_changed_cb (self);
  return GTK_WIDGET (self);
}

void
chat_name_dialog_set (ChatNameDialog *self, const char *name, const char *topic)
{
  gtk_editable_set_text (GTK_EDITABLE (self->name), name == NULL ? "" : name);
  gtk_editable_set_text (GTK_EDITABLE (self->topic), topic == NULL ? "" : topic);
  if (self->purpose != CHAT_NAME_TOPIC)
    return;
  /* Translators: the heading of a dialog; %s is a channel's name */
  adw_message_dialog_format_heading (ADW_MESSAGE_DIALOG (self), _ ("Topic of #%s"), name);
  gtk_widget_grab_focus (self->topic);
}
