/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-preferences.h"

#include <glib/gi18n.h>

#include "app/chat-workspace-host.h"

struct _ChatPreferences
{
  AdwPreferencesWindow parent_instance;

  /* Template */
  AdwComboRow *scheme;
  AdwComboRow *density;
  AdwComboRow *clock;
  AdwComboRow *order;
  AdwComboRow *notify;
  AdwComboRow *feed;
  GtkWidget *enter_sends;
  AdwPreferencesGroup *workspaces;

  /* Owned */
  GSettings *settings;
  GPtrArray *rows; /* of workspaces (borrowed) */
};

G_DEFINE_FINAL_TYPE (ChatPreferences, chat_preferences, ADW_TYPE_PREFERENCES_WINDOW)

/* The values of a setting in the order of its row. */
static const char *const schemes[] = { "system", "light", "dark", NULL };
static const char *const densities[] = { "comfortable", "compact", NULL };
static const char *const clocks[] = { "locale", "24", "12", NULL };
static const char *const orders[] = { "name", "activity", NULL };
static const char *const feeds[] = { "automatic", "kafka", "rabbitmq", "websocket", NULL };
static const char *const notifies[] = { "all", "mentions", "none", NULL };

static gboolean
get_choice_cb (GValue *value, GVariant *variant, gpointer choices)
{
  const char *const *names = choices;

  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], g_variant_get_string (variant, NULL)))
      {
        g_value_set_uint (value, i);
        return TRUE;
      }
  return FALSE;
}

static GVariant *
set_choice_cb (const GValue *value, const GVariantType *type, gpointer choices)
{
  const char *const *names = choices;
  guint place = g_value_get_uint (value);

  return place < g_strv_length ((char **)names) ? g_variant_new_string (names[place]) : NULL;
}

static void
bind_choice (ChatPreferences *self, const char *key, AdwComboRow *row, const char *const *choices)
{
  g_settings_bind_with_mapping (self->settings, key, row, "selected", G_SETTINGS_BIND_DEFAULT, get_choice_cb,
                                set_choice_cb, (gpointer)choices, NULL);
}

static GtkWidget *
create_button (const char *icon, const char *tip, const char *action, const char *key, const char *user)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "(ss)", key, user);
  return button;
}

static void
add_workspace (ChatPreferences *self, const char *key, const char *user, gboolean last)
{
  g_autofree char *title = chat_workspace_host_dup_title (key, user);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (last)
    {
      GtkWidget *leave = gtk_button_new_with_label (_ ("Sign out"));

      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _ ("Open"));
      gtk_widget_set_valign (leave, GTK_ALIGN_CENTER);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (leave), "app.leave-workspace");
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), leave);
    }
  else
    adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                               create_button ("go-next-symbolic", _ ("Go there"), "app.open-workspace", key, user));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), create_button ("user-trash-symbolic", _ ("Remove from the list"),
                                                                  "app.forget-workspace", key, user));
  adw_preferences_group_add (self->workspaces, row);
  g_ptr_array_add (self->rows, row);
}

static void
list_workspaces (ChatPreferences *self)
{
  g_autoptr (GVariantIter) known = NULL;
  g_autofree char *last_key = NULL;
  g_autofree char *last_user = NULL;
  const char *key, *user;

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->workspaces, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  g_settings_get (self->settings, "last-workspace", "(ss)", &last_key, &last_user);
  g_settings_get (self->settings, "workspaces", "a(ss)", &known);
  while (g_variant_iter_next (known, "(&s&s)", &key, &user))
    add_workspace (self, key, user, g_str_equal (key, last_key) && g_str_equal (user, last_user));
}

static void
connect_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (widget));

  gtk_window_close (GTK_WINDOW (widget));
  gtk_widget_activate_action (GTK_WIDGET (parent), "win.connect", NULL);
}

static void
dispose (GObject *object)
{
  ChatPreferences *self = CHAT_PREFERENCES (object);

  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (chat_preferences_parent_class)->dispose (object);
}

static void
chat_preferences_class_init (ChatPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  gtk_widget_class_install_action (widget_class, "preferences.connect", NULL, connect_cb);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, scheme);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, density);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, clock);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, order);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, notify);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, feed);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, enter_sends);
  gtk_widget_class_bind_template_child (widget_class, ChatPreferences, workspaces);
}

static void
chat_preferences_init (ChatPreferences *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
chat_preferences_new (GtkWindow *parent, GSettings *settings)
{
  ChatPreferences *self = g_object_new (CHAT_TYPE_PREFERENCES, "application", gtk_window_get_application (parent),
                                        "transient-for", parent, "modal", TRUE, "title", _ ("Preferences"), NULL);

  self->settings = g_object_ref (settings);
  bind_choice (self, "color-scheme", self->scheme, schemes);
  bind_choice (self, "density", self->density, densities);
  bind_choice (self, "clock", self->clock, clocks);
  bind_choice (self, "sidebar-order", self->order, orders);
  bind_choice (self, "notify", self->notify, notifies);
  bind_choice (self, "feed", self->feed, feeds);
  g_settings_bind (settings, "enter-sends", self->enter_sends, "active", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (settings, "changed::workspaces", G_CALLBACK (list_workspaces), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::last-workspace", G_CALLBACK (list_workspaces), self, G_CONNECT_SWAPPED);
  list_workspaces (self);
  return GTK_WIDGET (self);
}
