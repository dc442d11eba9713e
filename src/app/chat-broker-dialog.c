/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-broker-dialog.h"

#include <glib/gi18n.h>

#include "app/chat-dialects.h"
#include "client/chat-broker-address.h"
#include "core/chat-names.h"

struct _ChatBrokerDialog
{
  AdwWindow parent_instance;

  /* Template */
  GtkWidget *connect_button;
  GtkLabel *error;
  GtkWidget *address;
  GtkWidget *user;
  AdwComboRow *dialect;
  GtkWidget *topics;
  AdwComboRow *mechanism;
  GtkWidget *login;
  GtkWidget *password;
  AdwExpanderRow *tls;
  GtkWidget *ca;
  GtkWidget *certificate;
  GtkWidget *certificate_key;

  /* Owned */
  char **dialects; /* names, as the combo row has their titles */
};

enum
{
  CONNECT_TO,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatBrokerDialog, chat_broker_dialog, ADW_TYPE_WINDOW)

static void
show_error (ChatBrokerDialog *self, const char *text)
{
  gtk_label_set_text (self->error, text == NULL ? "" : text);
  gtk_widget_set_visible (GTK_WIDGET (self->error), text != NULL);
}

/* (transfer full) (nullable): NULL: empty */
static char *
dup_text (GtkWidget *row)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))));

  if (*text != '\0')
    return text;
  g_free (text);
  return NULL;
}

/* What has a row replaces what the address said, where something was typed there. */
static void
take_text (char **field, GtkWidget *row)
{
  char *text = dup_text (row);

  if (text == NULL)
    return;
  g_free (*field);
  *field = text;
}

/* (transfer full) (nullable): what the rows say, or NULL with an error. */
static ChatBrokerOptions *
read_options (ChatBrokerDialog *self, GError **error)
{
  g_autofree char *address = dup_text (self->address);
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_parse (address != NULL ? address : "", error);
  const char *password = gtk_editable_get_text (GTK_EDITABLE (self->password));

  if (options == NULL)
    return NULL;
  if (adw_combo_row_get_selected (self->mechanism) != CHAT_BROKER_ANONYMOUS)
    options->mechanism = (ChatBrokerMechanism)adw_combo_row_get_selected (self->mechanism);
  take_text (&options->user, self->login);
  if (*password != '\0')
    {
      g_free (options->password);
      options->password = g_strdup (password);
    }
  if (adw_expander_row_get_enable_expansion (self->tls))
    {
      options->tls = TRUE;
      take_text (&options->ca_file, self->ca);
      take_text (&options->certificate_file, self->certificate);
      take_text (&options->key_file, self->certificate_key);
    }
  return chat_broker_options_check (options, error) ? g_steal_pointer (&options) : NULL;
}

static void
connect_cb (ChatBrokerDialog *self)
{
  g_autofree char *user = dup_text (self->user);
  guint selected = adw_combo_row_get_selected (self->dialect);
  const char *name = selected < g_strv_length (self->dialects) ? self->dialects[selected] : self->dialects[0];
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatBrokerOptions) options = read_options (self, &error);
  g_autoptr (ChatDialect) dialect = NULL;
  g_autoptr (ChatBrokerAddress) address = NULL;
  g_autofree char *key = NULL, *password = NULL;

  if (options != NULL && chat_user_name_check (user != NULL ? user : "", &error))
    dialect = chat_dialects_load (name, &error);
  if (dialect == NULL)
    {
      show_error (self, error->message);
      return;
    }
  password = g_strdup (options->password);
  address
      = chat_broker_address_new (g_steal_pointer (&options), name, gtk_editable_get_text (GTK_EDITABLE (self->topics)));
  key = chat_broker_address_to_key (address);
  g_signal_emit (self, signals[CONNECT_TO], 0, key, user, password);
  gtk_window_close (GTK_WINDOW (self));
}

/* RabbitMQ has exchanges, and routing keys for channels. */
static void
address_cb (ChatBrokerDialog *self)
{
  g_autofree char *address = dup_text (self->address);
  gboolean amqp = address != NULL && g_str_has_prefix (address, "amqp");

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->topics),
                                 amqp ? _ ("Exchange; empty: chat_controlled")
                                      : _ ("Topics, with commas; empty: all of them"));
}

static void
tls_cb (ChatBrokerDialog *self)
{
  adw_expander_row_set_expanded (self->tls, adw_expander_row_get_enable_expansion (self->tls));
}

static void
fill_dialects (ChatBrokerDialog *self)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  self->dialects = chat_dialects_list ();
  for (guint i = 0; self->dialects[i] != NULL; i++)
    gtk_string_list_take (titles, chat_dialects_dup_title (self->dialects[i]));
  adw_combo_row_set_model (self->dialect, G_LIST_MODEL (titles));
}

static void
set_text (GtkWidget *row, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (row), text == NULL ? "" : text);
}

/* (transfer full): as chat_broker_options_parse() reads it */
static char *
dup_address (const ChatBrokerOptions *options)
{
  g_autofree char *hosts = g_strjoinv (",", options->addresses);
  g_autofree char *virtual_host = NULL;

  if (options->kind == CHAT_BROKER_KAFKA)
    return g_steal_pointer (&hosts);
  virtual_host = g_uri_escape_string (options->virtual_host != NULL ? options->virtual_host : "/", NULL, TRUE);
  return g_strdup_printf ("%s://%s/%s", options->tls ? "amqps" : "amqp", hosts, virtual_host);
}

static void
fill (ChatBrokerDialog *self, const char *key)
{
  g_autoptr (ChatBrokerAddress) address = chat_broker_address_from_key (key, NULL);
  g_autofree char *text = NULL, *topics = NULL;

  if (address == NULL)
    return;
  text = dup_address (address->options);
  topics = g_strjoinv (", ", address->topics);
  set_text (self->address, text);
  set_text (self->topics, topics);
  set_text (self->login, address->options->user);
  set_text (self->ca, address->options->ca_file);
  set_text (self->certificate, address->options->certificate_file);
  set_text (self->certificate_key, address->options->key_file);
  adw_combo_row_set_selected (self->mechanism, address->options->mechanism);
  adw_expander_row_set_enable_expansion (self->tls, address->options->tls);
  for (guint i = 0; self->dialects[i] != NULL; i++)
    if (g_str_equal (self->dialects[i], address->dialect))
      adw_combo_row_set_selected (self->dialect, i);
}

static void
finalize (GObject *object)
{
  g_strfreev (CHAT_BROKER_DIALOG (object)->dialects);
  G_OBJECT_CLASS (chat_broker_dialog_parent_class)->finalize (object);
}

static void
chat_broker_dialog_class_init (ChatBrokerDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  signals[CONNECT_TO] = g_signal_new ("connect-to", CHAT_TYPE_BROKER_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-broker-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, connect_button);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, error);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, address);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, user);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, dialect);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, topics);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, mechanism);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, login);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, password);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, tls);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, ca);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, certificate);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, certificate_key);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
chat_broker_dialog_init (ChatBrokerDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  fill_dialects (self);
  g_signal_connect_object (self->connect_button, "clicked", G_CALLBACK (connect_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->address, "changed", G_CALLBACK (address_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->tls, "notify::enable-expansion", G_CALLBACK (tls_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
chat_broker_dialog_new (GtkWindow *parent, const char *key, const char *user, const char *error)
{
  ChatBrokerDialog *self = g_object_new (CHAT_TYPE_BROKER_DIALOG, "transient-for", parent, NULL);

  set_text (self->user, user);
  if (key != NULL)
    fill (self, key);
  show_error (self, error);
  gtk_widget_grab_focus (error != NULL && key != NULL ? self->password : self->address);
  return GTK_WIDGET (self);
}
