/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-people-pane.h"

#include <glib/gi18n.h>

/* Many may come at once, after an outage for one: the order and their number follow no more often than this. */
#define SORT_MS 200

struct _ChatPeoplePane
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  AdwHeaderBar *header;
  AdwWindowTitle *title;
  GtkListView *view;

  /* Owned */
  GListModel *users; /* nullable */
  GtkSorter *sorter;
  GtkSortListModel *sorted;
  gulong items_id;
  guint sort_id;
};

G_DEFINE_FINAL_TYPE (ChatPeoplePane, chat_people_pane, GTK_TYPE_WIDGET)

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  ChatUser *one = (ChatUser *)a, *other = (ChatUser *)b;

  if (chat_user_get_connected (one) != chat_user_get_connected (other))
    return chat_user_get_connected (one) ? -1 : 1;
  return g_utf8_collate (chat_user_get_name (one), chat_user_get_name (other));
}

static void
update_title (ChatPeoplePane *self)
{
  guint here = 0;
  g_autofree char *text = NULL;

  for (guint i = 0; self->users != NULL && i < g_list_model_get_n_items (self->users); i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (self->users, i);

      here += chat_user_get_connected (user);
    }
  text = g_strdup_printf (ngettext ("%u here now", "%u here now", here), here);
  adw_window_title_set_subtitle (self->title, text);
}

static gboolean
sort_cb (gpointer data)
{
  ChatPeoplePane *self = data;

  self->sort_id = 0;
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  update_title (self);
  return G_SOURCE_REMOVE;
}

static void
presence_cb (ChatPeoplePane *self)
{
  if (self->sort_id == 0)
    self->sort_id = g_timeout_add (SORT_MS, sort_cb, self);
}

static void
users_changed_cb (ChatPeoplePane *self, guint position, guint removed, guint added)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (self->users, position + i);

      g_signal_handlers_disconnect_by_func (user, presence_cb, self);
      g_signal_connect_object (user, "notify::connected", G_CALLBACK (presence_cb), self, G_CONNECT_SWAPPED);
    }
  presence_cb (self);
}

/* Rows */

static GtkWidget *
find_part (GtkWidget *row, const char *name)
{
  return g_object_get_data (G_OBJECT (row), name);
}

static const char *
role_name (ChatUser *user)
{
  if (chat_user_get_role (user) == CHAT_ROLE_ADMIN)
    return _ ("admin");
  return chat_user_get_role (user) == CHAT_ROLE_MODERATOR ? _ ("moderator") : NULL;
}

static void
update_row (GtkWidget *row, GParamSpec *pspec, ChatUser *user)
{
  gboolean connected = chat_user_get_connected (user);
  const char *role = role_name (user);
  GtkWidget *dot = find_part (row, "dot"), *name = find_part (row, "name");
  g_autofree char *label = NULL;

  gtk_widget_set_css_classes (dot, (const char *[]){ connected ? "success" : "dim-label", NULL });
  gtk_label_set_text (GTK_LABEL (name), chat_user_get_name (user));
  gtk_widget_set_css_classes (name, connected ? (const char *[]){ NULL } : (const char *[]){ "dim-label", NULL });
  gtk_widget_set_visible (find_part (row, "bot"), chat_user_get_bot (user));
  gtk_label_set_text (GTK_LABEL (find_part (row, "role")), role == NULL ? "" : role);
  label = g_strdup_printf ("%s, %s%s%s%s", chat_user_get_name (user), connected ? _ ("here now") : _ ("not here"),
                           chat_user_get_bot (user) ? _ (", bot") : "", role == NULL ? "" : ", ",
                           role == NULL ? "" : role);
  if (gtk_widget_get_parent (row) != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (row)), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                    -1);
}

static GtkWidget *
append_label (GtkWidget *row, const char *part, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_box_append (GTK_BOX (row), label);
  g_object_set_data (G_OBJECT (row), part, label);
  return label;
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, gpointer data)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *dot = gtk_image_new_from_icon_name ("chat-feed-symbolic");
  GtkWidget *name, *bot, *role;

  gtk_box_append (GTK_BOX (row), dot);
  g_object_set_data (G_OBJECT (row), "dot", dot);
  name = append_label (row, "name", NULL);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_widget_set_hexpand (name, TRUE);
  bot = append_label (row, "bot", _ ("bot"));
  gtk_widget_add_css_class (bot, "badge");
  gtk_widget_set_valign (bot, GTK_ALIGN_CENTER);
  role = append_label (row, "role", NULL);
  gtk_widget_add_css_class (role, "caption");
  gtk_widget_add_css_class (role, "dim-label");
  gtk_list_item_set_child (list_item, row);
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, gpointer data)
{
  GtkWidget *row = gtk_list_item_get_child (list_item);
  ChatUser *user = gtk_list_item_get_item (list_item);

  g_signal_connect_object (user, "notify", G_CALLBACK (update_row), row, G_CONNECT_SWAPPED);
  update_row (row, NULL, user);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, gpointer data)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (list_item), update_row,
                                        gtk_list_item_get_child (list_item));
}

static void
activate_cb (ChatPeoplePane *self, guint position)
{
  g_autoptr (ChatUser) user = g_list_model_get_item (G_LIST_MODEL (self->sorted), position);

  gtk_widget_activate_action (GTK_WIDGET (self), "win.talk-to", "s", chat_user_get_name (user));
}

static void
dispose (GObject *object)
{
  ChatPeoplePane *self = CHAT_PEOPLE_PANE (object);

  chat_people_pane_set_workspace (self, NULL);
  g_clear_handle_id (&self->sort_id, g_source_remove);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->sorter);
  g_clear_object (&self->sorted);
  G_OBJECT_CLASS (chat_people_pane_parent_class)->dispose (object);
}

static void
chat_people_pane_class_init (ChatPeoplePaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-people-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatPeoplePane, box);
  gtk_widget_class_bind_template_child (widget_class, ChatPeoplePane, header);
  gtk_widget_class_bind_template_child (widget_class, ChatPeoplePane, title);
  gtk_widget_class_bind_template_child (widget_class, ChatPeoplePane, view);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "win.show-people", NULL);
}

static void
chat_people_pane_init (ChatPeoplePane *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSelectionModel) selection = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare, NULL, NULL));
  self->sorted = gtk_sort_list_model_new (NULL, g_object_ref (self->sorter));
  selection = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->sorted))));
  gtk_list_view_set_factory (self->view, factory);
  gtk_list_view_set_model (self->view, selection);
  g_signal_connect_object (self->view, "activate", G_CALLBACK (activate_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
chat_people_pane_new (void)
{
  return g_object_new (CHAT_TYPE_PEOPLE_PANE, NULL);
}

void
chat_people_pane_group_header (ChatPeoplePane *self, GtkSizeGroup *group)
{
  gtk_size_group_add_widget (group, GTK_WIDGET (self->header));
}

void
chat_people_pane_set_workspace (ChatPeoplePane *self, ChatWorkspace *workspace)
{
  if (self->users != NULL)
    {
      g_clear_signal_handler (&self->items_id, self->users);
      for (guint i = 0; i < g_list_model_get_n_items (self->users); i++)
        {
          g_autoptr (ChatUser) user = g_list_model_get_item (self->users, i);

          g_signal_handlers_disconnect_by_func (user, presence_cb, self);
        }
    }
  g_clear_object (&self->users);
  if (workspace != NULL)
    self->users = g_object_ref (chat_workspace_get_users (workspace));
  if (self->sorted != NULL)
    gtk_sort_list_model_set_model (self->sorted, self->users);
  if (self->users == NULL)
    return;
  self->items_id
      = g_signal_connect_object (self->users, "items-changed", G_CALLBACK (users_changed_cb), self, G_CONNECT_SWAPPED);
  users_changed_cb (self, 0, 0, g_list_model_get_n_items (self->users));
  update_title (self);
}
