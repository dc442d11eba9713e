/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-search-view.h"

#include <glib/gi18n.h>

#include "app/chat-message-text.h"
#include "client/chat-command.h"
#include "core/chat-time.h"

#define EXCERPT_CHARS 300
/* Who types is not searched for at every key; the entry of the text waits as long by itself. */
#define TYPING_MS 150

struct _ChatSearchView
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  GtkEditable *entry;
  GtkToggleButton *filters_button;
  GtkRevealer *filters_revealer;
  GtkEditable *author;
  GtkEditable *since;
  GtkEditable *until;
  GtkWidget *scope;
  GtkToggleButton *here_button;
  GtkToggleButton *everywhere_button;
  GtkWidget *close_button;
  GtkWidget *retry_button;
  GtkStack *stack;
  GtkScrolledWindow *scroller;
  GtkListView *list;
  GtkSpinner *spinner;
  AdwStatusPage *nothing;
  AdwStatusPage *failed;

  /* Owned */
  ChatWorkspace *workspace;
  char *channel; /* nullable: the one on screen */
  ChatFoundList *found;
  GSignalGroup *found_signals;
  guint typing_id;

  gboolean own;
  gboolean setting_up; /* what changes is not to be searched for yet */
};

enum
{
  CHOSEN,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatSearchView, chat_search_view, GTK_TYPE_WIDGET)

static void
show_page (ChatSearchView *self, const char *page)
{
  gtk_spinner_set_spinning (self->spinner, g_str_equal (page, "loading"));
  gtk_stack_set_visible_child_name (self->stack, page);
}

static void
update (ChatSearchView *self)
{
  guint n = self->found != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->found)) : 0;
  const char *error = self->found != NULL ? chat_found_list_get_error (self->found) : NULL;

  if (self->found == NULL)
    show_page (self, "start");
  else if (n > 0)
    show_page (self, "results");
  else if (error != NULL)
    {
      g_autofree char *escaped = g_markup_escape_text (error, -1);

      adw_status_page_set_description (self->failed, escaped);
      show_page (self, "failed");
    }
  else
    show_page (self, chat_found_list_get_loading (self->found) ? "loading" : "nothing");
}

static void
set_found (ChatSearchView *self, ChatFoundList *found)
{
  g_autoptr (GtkSelectionModel) model = NULL;

  g_set_object (&self->found, found);
  g_signal_group_set_target (self->found_signals, found);
  if (found != NULL)
    model = GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (g_object_ref (found))));
  gtk_list_view_set_model (self->list, model);
  update (self);
}

/* A day that a person wrote; a whole one where @end. FALSE where it is no date: the entry then says so. */
static gboolean
read_date (GtkEditable *entry, gboolean end, gint64 *time)
{
  const char *text = gtk_editable_get_text (entry);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GError) error = NULL;

  *time = CHAT_TIME_UNKNOWN;
  gtk_widget_remove_css_class (GTK_WIDGET (entry), "error");
  gtk_widget_set_tooltip_text (GTK_WIDGET (entry), NULL);
  if (*text == '\0')
    return TRUE;
  if (!chat_command_parse_date (text, now, time, &error))
    {
      gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
      gtk_widget_set_tooltip_text (GTK_WIDGET (entry), error->message);
      return FALSE;
    }
  if (end)
    {
      g_autoptr (GDateTime) day = g_date_time_new_from_unix_local (*time / 1000);
      g_autoptr (GDateTime) next = g_date_time_add_days (day, 1);

      *time = g_date_time_to_unix (next) * 1000;
    }
  return TRUE;
}

static void
search (ChatSearchView *self)
{
  const char *text = gtk_editable_get_text (self->entry);
  const char *author = gtk_editable_get_text (self->author);
  ChatFoundQuery query = { .own = self->own };
  g_autoptr (ChatFoundList) found = NULL;

  if (self->setting_up || self->workspace == NULL)
    return;
  if (!read_date (self->since, FALSE, &query.since) || !read_date (self->until, TRUE, &query.until))
    return;
  query.text = *text != '\0' && !self->own ? text : NULL;
  query.author = *author != '\0' && !self->own ? author : NULL;
  query.channel = gtk_toggle_button_get_active (self->here_button) && !self->own ? self->channel : NULL;
  if (query.text != NULL || query.author != NULL || query.since != CHAT_TIME_UNKNOWN || query.until != CHAT_TIME_UNKNOWN
      || self->own)
    found = chat_workspace_search (self->workspace, &query);
  set_found (self, found);
}

static void
text_changed_cb (ChatSearchView *self)
{
  /* the entry tells a moment later of what it was set to */
  if (self->setting_up || (self->own && *gtk_editable_get_text (self->entry) == '\0'))
    return;
  self->own = FALSE;
  gtk_widget_set_visible (self->scope, self->channel != NULL);
  search (self);
}

static gboolean
typed_cb (gpointer data)
{
  ChatSearchView *self = data;

  self->typing_id = 0;
  text_changed_cb (self);
  return G_SOURCE_REMOVE;
}

static void
filter_changed_cb (ChatSearchView *self)
{
  if (self->setting_up)
    return;
  g_clear_handle_id (&self->typing_id, g_source_remove);
  self->typing_id = g_timeout_add (TYPING_MS, typed_cb, self);
}

static void
activated_cb (ChatSearchView *self, guint place)
{
  g_autoptr (ChatMessageItem) item = g_list_model_get_item (G_LIST_MODEL (self->found), place);
  ChatMessage *message = chat_message_item_get_message (item);

  g_signal_emit (self, signals[CHOSEN], 0, chat_message_get_channel (message), chat_message_get_id (message));
}

static void
scrolled_cb (ChatSearchView *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  if (self->found != NULL
      && gtk_adjustment_get_value (adjustment) + 2 * gtk_adjustment_get_page_size (adjustment)
             > gtk_adjustment_get_upper (adjustment))
    chat_found_list_load_more (self->found);
}

static void
retry_cb (ChatSearchView *self)
{
  if (self->found != NULL)
    chat_found_list_load_more (self->found);
}

static void
close_cb (ChatSearchView *self)
{
  g_signal_emit (self, signals[CLOSED], 0);
}

static gboolean
escape_cb (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  close_cb (CHAT_SEARCH_VIEW (widget));
  return GDK_EVENT_STOP;
}

/* Results */

static GtkWidget *
create_label (const char *style, int lines)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  if (lines > 1)
    {
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
      gtk_label_set_lines (GTK_LABEL (label), lines);
    }
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  return label;
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  gtk_box_append (GTK_BOX (box), create_label ("dim-label", 1));
  gtk_box_append (GTK_BOX (box), create_label (NULL, 2));
  gtk_list_item_set_child (list_item, box);
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, gpointer data)
{
  GtkWidget *box = gtk_list_item_get_child (list_item);
  GtkWidget *head = gtk_widget_get_first_child (box);
  ChatMessageItem *item = gtk_list_item_get_item (list_item);
  ChatMessage *message = chat_message_item_get_message (item);
  const char *channel = chat_message_get_channel (message), *author = chat_message_get_author (message);
  ChatWorkspace *workspace = CHAT_SEARCH_VIEW (data)->workspace;
  ChatChannel *known = workspace != NULL ? chat_workspace_find_channel (workspace, channel) : NULL;
  g_autofree char *day = chat_message_text_format_day (chat_message_item_get_time (item));
  g_autofree char *clock = chat_message_text_format_clock (chat_message_item_get_time (item), NULL);
  g_autofree char *text = chat_message_text_dup (item);
  g_autofree char *excerpt = chat_message_text_dup_excerpt (text, EXCERPT_CHARS);
  g_autofree char *where = NULL;
  g_autofree char *label = NULL;

  /* Translators: above a search result: channel or person, author, day and time */
  where = g_strdup_printf (_ ("%s%s · %s · %s, %s"), known != NULL && chat_channel_get_private (known) ? "" : "#",
                           known != NULL ? chat_channel_get_title (known) : channel,
                           author != NULL ? author : _ ("Unknown"), day, clock);
  gtk_label_set_text (GTK_LABEL (head), where);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_next_sibling (head)), excerpt);
  label = g_strdup_printf ("%s: %s", where, excerpt);
  gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (box)), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
}

static void
dispose (GObject *object)
{
  ChatSearchView *self = CHAT_SEARCH_VIEW (object);

  g_clear_handle_id (&self->typing_id, g_source_remove);
  g_clear_object (&self->found_signals);
  g_clear_object (&self->found);
  g_clear_object (&self->workspace);
  g_clear_pointer (&self->channel, g_free);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (chat_search_view_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-search-view.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, box);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, entry);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, filters_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, filters_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, author);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, since);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, until);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, scope);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, here_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, everywhere_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, close_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, retry_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, stack);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, scroller);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, list);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, spinner);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, nothing);
  gtk_widget_class_bind_template_child (widget_class, ChatSearchView, failed);
}

static void
chat_search_view_class_init (ChatSearchViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  signals[CHOSEN] = g_signal_new ("chosen", CHAT_TYPE_SEARCH_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  2, G_TYPE_STRING, G_TYPE_STRING);
  signals[CLOSED]
      = g_signal_new ("closed", CHAT_TYPE_SEARCH_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, escape_cb, NULL);
  bind_template (widget_class);
}

static void
chat_search_view_init (ChatSearchView *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkEditable *filters[3];

  gtk_widget_init_template (GTK_WIDGET (self));
  filters[0] = self->author;
  filters[1] = self->since;
  filters[2] = self->until;
  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  gtk_list_view_set_factory (self->list, factory);
  self->found_signals = g_signal_group_new (CHAT_TYPE_FOUND_LIST);
  g_signal_group_connect_swapped (self->found_signals, "items-changed", G_CALLBACK (update), self);
  g_signal_group_connect_swapped (self->found_signals, "notify", G_CALLBACK (update), self);
  g_object_bind_property (self->filters_button, "active", self->filters_revealer, "reveal-child", G_BINDING_DEFAULT);
  g_signal_connect_object (self->entry, "search-changed", G_CALLBACK (text_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->entry, "stop-search", G_CALLBACK (close_cb), self, G_CONNECT_SWAPPED);
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    g_signal_connect_object (filters[i], "changed", G_CALLBACK (filter_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->here_button, "toggled", G_CALLBACK (search), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->close_button, "clicked", G_CALLBACK (close_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->retry_button, "clicked", G_CALLBACK (retry_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "activate", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scroller), "value-changed",
                           G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
}

void
chat_search_view_set_workspace (ChatSearchView *self, ChatWorkspace *workspace)
{
  if (self->workspace == workspace)
    return;
  set_found (self, NULL);
  g_set_object (&self->workspace, workspace);
}

static void
set_up (ChatSearchView *self, ChatChannel *channel, gboolean everywhere, gboolean own, const char *text)
{
  g_autofree char *label = NULL;

  self->setting_up = TRUE;
  g_clear_handle_id (&self->typing_id, g_source_remove);
  self->own = own;
  g_free (self->channel);
  self->channel = channel != NULL ? g_strdup (chat_channel_get_name (channel)) : NULL;
  if (channel != NULL)
    label = g_strdup_printf (chat_channel_get_private (channel) ? "%s" : "#%s", chat_channel_get_title (channel));
  gtk_button_set_label (GTK_BUTTON (self->here_button), label != NULL ? label : "");
  gtk_toggle_button_set_active (everywhere || channel == NULL ? self->everywhere_button : self->here_button, TRUE);
  gtk_widget_set_visible (self->scope, channel != NULL && !own);
  gtk_editable_set_text (self->entry, text != NULL ? text : "");
  gtk_editable_set_text (self->author, "");
  gtk_editable_set_text (self->since, "");
  gtk_editable_set_text (self->until, "");
  adw_status_page_set_description (self->nothing, own ? _ ("You have not written anything yet.")
                                                      : _ ("Try fewer words, or search everywhere."));
  self->setting_up = FALSE;
  search (self);
}

void
chat_search_view_start (ChatSearchView *self, ChatChannel *channel, gboolean everywhere, const char *text)
{
  g_return_if_fail (CHAT_IS_SEARCH_VIEW (self));

  set_up (self, channel, everywhere, FALSE, text);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

void
chat_search_view_start_own (ChatSearchView *self)
{
  g_return_if_fail (CHAT_IS_SEARCH_VIEW (self));

  set_up (self, NULL, TRUE, TRUE, NULL);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}
