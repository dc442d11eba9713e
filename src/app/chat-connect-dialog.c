/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-connect-dialog.h"

#include <glib/gi18n.h>

#include "core/chat-core-error.h"
#include "core/chat-names.h"

struct _ChatConnectDialog
{
  AdwWindow parent_instance;

  /* Template */
  GtkWidget *connect_button;
  GtkLabel *error;
  GtkWidget *uri;
  GtkWidget *user;
  GtkWidget *password;
  GtkWidget *account_group;
  AdwExpanderRow *account;
  GtkWidget *again;
  GtkWidget *invitation;

  ChatConnectAsk ask;
};

enum
{
  CONNECT_TO,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatConnectDialog, chat_connect_dialog, ADW_TYPE_WINDOW)

static void
show_error (ChatConnectDialog *self, const char *text)
{
  gtk_label_set_text (self->error, text == NULL ? "" : text);
  gtk_widget_set_visible (GTK_WIDGET (self->error), text != NULL);
}

/* (nullable) (transfer none): what is wrong with what was typed for a password. */
static const char *
check_password (ChatConnectDialog *self, gboolean account)
{
  const char *password = gtk_editable_get_text (GTK_EDITABLE (self->password));

  if ((self->ask & CHAT_CONNECT_PASSWORD) == 0)
    return NULL;
  if (*password == '\0')
    return _ ("Type the password.");
  if (account && !g_str_equal (password, gtk_editable_get_text (GTK_EDITABLE (self->again))))
    return _ ("The password is not the same both times: type it again.");
  return NULL;
}

static void
connect_cb (ChatConnectDialog *self)
{
  g_autofree char *user = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->user))));
  g_autofree char *invitation = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->invitation))));
  const char *password = gtk_editable_get_text (GTK_EDITABLE (self->password)), *complaint;
  gboolean account = (self->ask & CHAT_CONNECT_PASSWORD) != 0 && adw_expander_row_get_enable_expansion (self->account);
  g_autofree char *uri = NULL;
  g_autoptr (GError) error = NULL;

  if ((self->ask & CHAT_CONNECT_HERE) == 0)
    uri = chat_connect_dialog_complete_uri (gtk_editable_get_text (GTK_EDITABLE (self->uri)), &error);
  if (error != NULL || !chat_user_name_check (user, &error))
    {
      show_error (self, error->message);
      return;
    }
  complaint = check_password (self, account);
  if (complaint != NULL)
    {
      show_error (self, complaint);
      return;
    }
  g_signal_emit (self, signals[CONNECT_TO], 0, uri, user, *password == '\0' ? NULL : password, account,
                 *invitation == '\0' ? NULL : invitation);
  gtk_window_close (GTK_WINDOW (self));
}

static void
account_cb (ChatConnectDialog *self)
{
  gboolean account = adw_expander_row_get_enable_expansion (self->account);

  adw_expander_row_set_expanded (self->account, account);
  gtk_button_set_label (GTK_BUTTON (self->connect_button), account ? _ ("C_reate account") : _ ("C_onnect"));
}

static void
chat_connect_dialog_class_init (ChatConnectDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  signals[CONNECT_TO]
      = g_signal_new ("connect-to", CHAT_TYPE_CONNECT_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 5,
                      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_BOOLEAN, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-connect-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, connect_button);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, error);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, uri);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, user);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, password);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, account_group);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, account);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, again);
  gtk_widget_class_bind_template_child (widget_class, ChatConnectDialog, invitation);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
chat_connect_dialog_init (ChatConnectDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (self->connect_button, "clicked", G_CALLBACK (connect_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->account, "notify::enable-expansion", G_CALLBACK (account_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
chat_connect_dialog_new (GtkWindow *parent, const char *uri, const char *user, const char *error, ChatConnectAsk ask)
{
  ChatConnectDialog *self = g_object_new (CHAT_TYPE_CONNECT_DIALOG, "transient-for", parent, NULL);
  gboolean here = (ask & CHAT_CONNECT_HERE) != 0, password = (ask & CHAT_CONNECT_PASSWORD) != 0;

  self->ask = ask;
  gtk_widget_set_visible (self->uri, !here);
  gtk_widget_set_visible (self->password, password);
  gtk_widget_set_visible (self->account_group, password);
  if (password)
    gtk_window_set_title (GTK_WINDOW (self), _ ("Sign in"));
  else if (here)
    gtk_window_set_title (GTK_WINDOW (self), _ ("Choose a name"));
  gtk_editable_set_text (GTK_EDITABLE (self->uri), uri == NULL ? "" : uri);
  gtk_editable_set_text (GTK_EDITABLE (self->user), user == NULL ? "" : user);
  show_error (self, error);
  gtk_widget_grab_focus (password ? self->password : here || uri != NULL ? self->user : self->uri);
  return GTK_WIDGET (self);
}

char *
chat_connect_dialog_complete_uri (const char *text, GError **error)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  g_autofree char *full = NULL;
  g_autoptr (GUri) uri = NULL;

  if (strstr (trimmed, "://") != NULL)
    full = g_strdup (trimmed);
  else
    full = g_strconcat ("http://", trimmed, NULL);
  uri = g_uri_parse (full, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0'
      || (!g_str_equal (g_uri_get_scheme (uri), "http") && !g_str_equal (g_uri_get_scheme (uri), "https")))
    {
      g_set_error (
          error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
          _ ("“%s” is not a server's address: write it like chat.example.org:8080 or https://chat.example.org/."),
          trimmed);
      return NULL;
    }
  if (g_str_has_suffix (full, "/"))
    return g_steal_pointer (&full);
  return g_strconcat (full, "/", NULL);
}
