/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-broker-dialog.h"

#include <glib/gi18n.h>

#include "app/chat-dialects.h"
#include "client/chat-broker-address.h"
#include "client/chat-broker-trial.h"
#include "core/chat-names.h"

struct _ChatBrokerDialog
{
  AdwWindow parent_instance;

  /* Template */
  GtkWidget *connect_button;
  GtkWidget *try_button;
  GtkWidget *message;
  GtkSpinner *spinner;
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

  /* Borrowed */
  ChatBrokerFactory factory;

  /* Owned */
  char **dialects;       /* names, as the combo row has their titles */
  GCancellable *trial;   /* nullable: a connection is being tried */
  GtkFileChooser *files; /* nullable: a file is being chosen */
};

enum
{
  CONNECT_TO,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatBrokerDialog, chat_broker_dialog, ADW_TYPE_WINDOW)

typedef enum
{
  SAY_ERROR,
  SAY_SUCCESS,
  SAY_WAIT,
} Say;

/* @text: (nullable): NULL: nothing */
static void
say (ChatBrokerDialog *self, Say how, const char *text)
{
  static const char *const classes[] = { [SAY_ERROR] = "error", [SAY_SUCCESS] = "success", [SAY_WAIT] = "dim-label" };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    gtk_widget_remove_css_class (GTK_WIDGET (self->error), classes[i]);
  gtk_widget_add_css_class (GTK_WIDGET (self->error), classes[how]);
  gtk_label_set_text (self->error, text == NULL ? "" : text);
  gtk_spinner_set_spinning (self->spinner, how == SAY_WAIT);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), how == SAY_WAIT);
  gtk_widget_set_visible (self->message, text != NULL);
}

static void
show_error (ChatBrokerDialog *self, const char *text)
{
  say (self, SAY_ERROR, text);
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

/* Trying a connection */

static void
stop_trial (ChatBrokerDialog *self)
{
  if (self->trial == NULL)
    return;
  g_cancellable_cancel (self->trial);
  g_clear_object (&self->trial);
  gtk_widget_set_sensitive (self->try_button, TRUE);
}

static void
tried_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatBrokerDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = chat_broker_trial_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  stop_trial (self);
  say (self, error != NULL ? SAY_ERROR : SAY_SUCCESS, error != NULL ? error->message : sentence);
}

static void
try_cb (ChatBrokerDialog *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatBrokerOptions) options = read_options (self, &error);
  ChatTransport *transport = options != NULL ? self->factory (options, NULL) : NULL;
  g_autoptr (ChatBrokerAddress) address = NULL;

  if (options != NULL && transport == NULL)
    g_set_error (&error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("This Tertulia was built without %s"),
                 options->kind == CHAT_BROKER_KAFKA ? "Kafka" : "RabbitMQ");
  if (transport == NULL)
    {
      show_error (self, error->message);
      return;
    }
  address
      = chat_broker_address_new (g_steal_pointer (&options), "", gtk_editable_get_text (GTK_EDITABLE (self->topics)));
  self->trial = g_cancellable_new ();
  gtk_widget_set_sensitive (self->try_button, FALSE);
  say (self, SAY_WAIT, _ ("Trying to connect…"));
  chat_broker_trial_async (transport, (const char *const *)address->topics, self->trial, tried_cb, g_object_ref (self));
}

/* What was found holds for what was there then. */
static void
changed_cb (ChatBrokerDialog *self)
{
  stop_trial (self);
  say (self, SAY_WAIT, NULL);
}

/* Choosing a file */

static void
file_chosen_cb (ChatBrokerDialog *self, int response)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (self->files);
  GtkWidget *row = g_object_get_data (G_OBJECT (self->files), "row");
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (response == GTK_RESPONSE_ACCEPT && path != NULL)
    gtk_editable_set_text (GTK_EDITABLE (row), path);
  gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->files));
  g_clear_object (&self->files);
  gtk_widget_grab_focus (row);
}

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *const *patterns)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (; *patterns != NULL; patterns++)
    gtk_file_filter_add_pattern (filter, *patterns);
  gtk_file_chooser_add_filter (chooser, filter);
}

static void
choose_file_cb (GtkWidget *widget, const char *action, GVariant *parameter)
{
  static const char *const pem[] = { "*.pem", "*.crt", "*.cer", "*.key", NULL };
  static const char *const any[] = { "*", NULL };
  ChatBrokerDialog *self = CHAT_BROKER_DIALOG (widget);
  const char *name = g_variant_get_string (parameter, NULL);
  GtkWidget *row = g_str_equal (name, "ca")            ? self->ca
                   : g_str_equal (name, "certificate") ? self->certificate
                                                       : self->certificate_key;
  g_autofree char *path = dup_text (row);
  g_autoptr (GFile) file = path != NULL && g_path_is_absolute (path) ? g_file_new_for_path (path) : NULL;

  if (self->files != NULL)
    return;
  self->files
      = GTK_FILE_CHOOSER (gtk_file_chooser_native_new (_ ("Choose a PEM file"), GTK_WINDOW (self),
                                                       GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel")));
  add_filter (self->files, _ ("Certificates and keys"), pem);
  add_filter (self->files, _ ("All files"), any);
  if (file != NULL)
    gtk_file_chooser_set_file (self->files, file, NULL);
  g_object_set_data (G_OBJECT (self->files), "row", row);
  g_signal_connect_object (self->files, "response", G_CALLBACK (file_chosen_cb), self, G_CONNECT_SWAPPED);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->files), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->files));
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
dispose (GObject *object)
{
  ChatBrokerDialog *self = CHAT_BROKER_DIALOG (object);

  if (self->trial != NULL)
    g_cancellable_cancel (self->trial);
  g_clear_object (&self->trial);
  if (self->files != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->files));
  g_clear_object (&self->files);
  G_OBJECT_CLASS (chat_broker_dialog_parent_class)->dispose (object);
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

  G_OBJECT_CLASS (klass)->dispose = dispose;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  signals[CONNECT_TO] = g_signal_new ("connect-to", CHAT_TYPE_BROKER_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-broker-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, connect_button);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, try_button);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, message);
  gtk_widget_class_bind_template_child (widget_class, ChatBrokerDialog, spinner);
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
  gtk_widget_class_install_action (widget_class, "broker.choose-file", "s", choose_file_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

/* All that a trial depends on. */
static void
watch_rows (ChatBrokerDialog *self)
{
  GtkWidget *const texts[] = { self->address, self->topics,      self->login,          self->password,
                               self->ca,      self->certificate, self->certificate_key };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_signal_connect_object (texts[i], "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->mechanism, "notify::selected", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->tls, "notify::enable-expansion", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

static void
chat_broker_dialog_init (ChatBrokerDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  fill_dialects (self);
  g_signal_connect_object (self->connect_button, "clicked", G_CALLBACK (connect_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->try_button, "clicked", G_CALLBACK (try_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->address, "changed", G_CALLBACK (address_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->tls, "notify::enable-expansion", G_CALLBACK (tls_cb), self, G_CONNECT_SWAPPED);
  watch_rows (self);
}

GtkWidget *
chat_broker_dialog_new (GtkWindow *parent, const char *key, const char *user, const char *error,
                        ChatBrokerFactory factory)
{
  ChatBrokerDialog *self = g_object_new (CHAT_TYPE_BROKER_DIALOG, "transient-for", parent, NULL);

  self->factory = factory;

  set_text (self->user, user);
  if (key != NULL)
    fill (self, key);
  show_error (self, error);
  gtk_widget_grab_focus (error != NULL && key != NULL ? self->password : self->address);
  return GTK_WIDGET (self);
}
