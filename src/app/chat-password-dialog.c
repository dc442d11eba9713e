/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-password-dialog.h"

#include <glib/gi18n.h>

struct _ChatPasswordDialog
{
  AdwWindow parent_instance;

  /* Template */
  GtkWidget *change_button;
  GtkLabel *error;
  GtkEditable *old;
  GtkEditable *password;
  GtkEditable *again;

  /* Owned */
  ChatWorkspace *workspace;
  GCancellable *cancellable;
};

enum
{
  TOLD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatPasswordDialog, chat_password_dialog, ADW_TYPE_WINDOW)

static void
show_error (ChatPasswordDialog *self, const char *text)
{
  gtk_label_set_text (self->error, text);
  gtk_widget_set_visible (GTK_WIDGET (self->error), TRUE);
  gtk_widget_set_sensitive (self->change_button, TRUE);
}

static void
changed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatPasswordDialog) self = data;
  g_autoptr (GError) error = NULL;

  if (chat_workspace_change_password_finish (CHAT_WORKSPACE (source), result, &error))
    {
      g_signal_emit (self, signals[TOLD], 0, _ ("Your password is changed."));
      gtk_window_close (GTK_WINDOW (self));
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      show_error (self, error->message);
      gtk_widget_grab_focus (GTK_WIDGET (self->old));
    }
}

static void
change_cb (ChatPasswordDialog *self)
{
  const char *password = gtk_editable_get_text (self->password);

  if (!g_str_equal (password, gtk_editable_get_text (self->again)))
    {
      show_error (self, _ ("The new password is not the same both times: type it again."));
      gtk_widget_grab_focus (GTK_WIDGET (self->again));
      return;
    }
  gtk_widget_set_sensitive (self->change_button, FALSE);
  chat_workspace_change_password_async (self->workspace, gtk_editable_get_text (self->old), password, self->cancellable,
                                        changed_cb, g_object_ref (self));
}

static void
dispose (GObject *object)
{
  ChatPasswordDialog *self = CHAT_PASSWORD_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->workspace);
  G_OBJECT_CLASS (chat_password_dialog_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  g_object_unref (CHAT_PASSWORD_DIALOG (object)->cancellable);
  G_OBJECT_CLASS (chat_password_dialog_parent_class)->finalize (object);
}

static void
chat_password_dialog_class_init (ChatPasswordDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  signals[TOLD] = g_signal_new ("told", CHAT_TYPE_PASSWORD_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-password-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatPasswordDialog, change_button);
  gtk_widget_class_bind_template_child (widget_class, ChatPasswordDialog, error);
  gtk_widget_class_bind_template_child (widget_class, ChatPasswordDialog, old);
  gtk_widget_class_bind_template_child (widget_class, ChatPasswordDialog, password);
  gtk_widget_class_bind_template_child (widget_class, ChatPasswordDialog, again);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
chat_password_dialog_init (ChatPasswordDialog *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (self->change_button, "clicked", G_CALLBACK (change_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
chat_password_dialog_new (GtkWindow *parent, ChatWorkspace *workspace)
{
  ChatPasswordDialog *self = g_object_new (CHAT_TYPE_PASSWORD_DIALOG, "transient-for", parent, NULL);

  self->workspace = g_object_ref (workspace);
  gtk_widget_grab_focus (GTK_WIDGET (self->old));
  return GTK_WIDGET (self);
}
