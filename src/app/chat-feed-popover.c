/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-feed-popover.h"

#include <glib/gi18n.h>

#include "core/chat-time.h"

#define REFRESH_SECONDS 1

enum
{
  ROW_FEED,
  ROW_ADDRESS,
  ROW_STATE,
  ROW_SINCE,
  ROW_BEHIND,
  ROW_POSITION,
  ROW_BROKER,
  ROW_SERVICE,
  ROW_ERROR,
  ROW_USER,
  ROW_WAITING,
  ROW_STORAGE,
  N_ROWS
};

static const char *const titles[N_ROWS] = {
  [ROW_FEED] = N_ ("Feed"),     [ROW_ADDRESS] = N_ ("Address"),    [ROW_STATE] = N_ ("State"),
  [ROW_SINCE] = N_ ("Since"),   [ROW_BEHIND] = N_ ("Behind"),      [ROW_POSITION] = N_ ("Position"),
  [ROW_BROKER] = N_ ("Broker"), [ROW_SERVICE] = N_ ("Service"),    [ROW_ERROR] = N_ ("Last error"),
  [ROW_USER] = N_ ("You are"),  [ROW_WAITING] = N_ ("To be sent"), [ROW_STORAGE] = N_ ("This computer"),
};

struct _ChatFeedPopover
{
  GtkPopover parent_instance;

  /* Template */
  GtkGrid *grid;

  /* Borrowed */
  GtkWidget *names[N_ROWS];
  GtkWidget *values[N_ROWS];

  /* Owned */
  ChatWorkspace *workspace;
  GSignalGroup *signals;
  guint refresh_source;
};

G_DEFINE_FINAL_TYPE (ChatFeedPopover, chat_feed_popover, GTK_TYPE_POPOVER)

static void
show (ChatFeedPopover *self, guint row, const char *value)
{
  gboolean visible = value != NULL && *value != '\0';

  gtk_widget_set_visible (self->names[row], visible);
  gtk_widget_set_visible (self->values[row], visible);
  if (visible && g_strcmp0 (gtk_label_get_text (GTK_LABEL (self->values[row])), value) != 0)
    gtk_label_set_text (GTK_LABEL (self->values[row]), value);
}

/* (transfer full) (nullable) */
static char *
dup_since (gint64 time_ms)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) since = time_ms != CHAT_TIME_UNKNOWN ? g_date_time_new_from_unix_local (time_ms / 1000) : NULL;

  if (since == NULL)
    return NULL;
  if (g_date_time_get_day_of_year (now) == g_date_time_get_day_of_year (since)
      && g_date_time_get_year (now) == g_date_time_get_year (since))
    return g_date_time_format (since, "%X");
  return g_date_time_format (since, "%x %X");
}

/* (transfer full) (nullable) */
static char *
dup_behind (const ChatFeedDetails *details)
{
  g_autofree char *records = NULL;

  if (details->lag_records < 0)
    return NULL;
  if (details->lag_records == 0)
    return g_strdup (_ ("nothing"));
  records = g_strdup_printf (ngettext ("%u message", "%u messages", (gulong)details->lag_records),
                             (guint)MIN (details->lag_records, G_MAXUINT));
  if (details->lag_ms < 0)
    return g_steal_pointer (&records);
  /* Translators: how far behind: "42 messages, 1.2 s" */
  return g_strdup_printf (_ ("%s, %.1f s"), records, (double)details->lag_ms / 1000);
}

/* (transfer full): @reason: (nullable) */
static char *
dup_waiting (guint queued, const char *reason)
{
  g_autofree char *messages = g_strdup_printf (ngettext ("%u message", "%u messages", queued), queued);

  /* Translators: how much is to be sent, and why that can't be done now: "2 messages: connection refused" */
  return reason != NULL ? g_strdup_printf (_ ("%s: %s"), messages, reason) : g_steal_pointer (&messages);
}

static void
refresh (ChatFeedPopover *self)
{
  g_autoptr (ChatFeedDetails) details = NULL;
  g_autofree char *since = NULL, *behind = NULL, *waiting = NULL, *storage_error = NULL;
  guint queued = 0;

  if (self->workspace == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  details = chat_workspace_dup_feed_details (self->workspace);
  since = dup_since (details->since);
  behind = dup_behind (details);
  g_object_get (self->workspace, "queued", &queued, "storage-error", &storage_error, NULL);
  if (queued > 0)
    waiting = dup_waiting (queued, details->delay);
  show (self, ROW_FEED, details->feed);
  show (self, ROW_ADDRESS, details->address);
  show (self, ROW_STATE, details->state);
  show (self, ROW_SINCE, since);
  show (self, ROW_BEHIND, behind);
  show (self, ROW_POSITION, details->position);
  show (self, ROW_BROKER, details->broker);
  show (self, ROW_SERVICE, details->service);
  show (self, ROW_ERROR, details->error);
  show (self, ROW_USER, chat_workspace_get_user (self->workspace));
  show (self, ROW_WAITING, waiting);
  show (self, ROW_STORAGE, storage_error);
}

static gboolean
refresh_cb (gpointer user_data)
{
  refresh (user_data);
  return G_SOURCE_CONTINUE;
}

/* Overrides */

static void
chat_feed_popover_map (GtkWidget *widget)
{
  ChatFeedPopover *self = CHAT_FEED_POPOVER (widget);

  GTK_WIDGET_CLASS (chat_feed_popover_parent_class)->map (widget);
  refresh (self);
  if (self->refresh_source == 0)
    self->refresh_source = g_timeout_add_seconds (REFRESH_SECONDS, refresh_cb, self);
}

/* The keyboard is then on the first value, which GTK marks whole. */
static void
chat_feed_popover_show (GtkWidget *widget)
{
  ChatFeedPopover *self = CHAT_FEED_POPOVER (widget);

  GTK_WIDGET_CLASS (chat_feed_popover_parent_class)->show (widget);
  for (guint row = 0; row < N_ROWS; row++)
    gtk_label_select_region (GTK_LABEL (self->values[row]), 0, 0);
}

static void
chat_feed_popover_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&CHAT_FEED_POPOVER (widget)->refresh_source, g_source_remove);
  GTK_WIDGET_CLASS (chat_feed_popover_parent_class)->unmap (widget);
}

static void
chat_feed_popover_dispose (GObject *object)
{
  ChatFeedPopover *self = CHAT_FEED_POPOVER (object);

  g_clear_handle_id (&self->refresh_source, g_source_remove);
  g_clear_object (&self->signals);
  g_clear_object (&self->workspace);
  G_OBJECT_CLASS (chat_feed_popover_parent_class)->dispose (object);
}

static void
chat_feed_popover_class_init (ChatFeedPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_feed_popover_dispose;
  widget_class->show = chat_feed_popover_show;
  widget_class->map = chat_feed_popover_map;
  widget_class->unmap = chat_feed_popover_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-feed-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatFeedPopover, grid);
}

static GtkWidget *
make_label (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 36);
  gtk_widget_set_valign (label, GTK_ALIGN_START);
  return label;
}

static void
add_row (ChatFeedPopover *self, guint row)
{
  GtkWidget *name = make_label (), *value = make_label ();

  gtk_label_set_text (GTK_LABEL (name), _ (titles[row]));
  gtk_widget_add_css_class (name, "dim-label");
  gtk_label_set_selectable (GTK_LABEL (value), TRUE);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (value), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, name, NULL, -1);
  gtk_grid_attach (self->grid, name, 0, (int)row, 1, 1);
  gtk_grid_attach (self->grid, value, 1, (int)row, 1, 1);
  self->names[row] = name;
  self->values[row] = value;
}

static void
chat_feed_popover_init (ChatFeedPopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint row = 0; row < N_ROWS; row++)
    add_row (self, row);
  self->signals = g_signal_group_new (CHAT_TYPE_WORKSPACE);
  g_signal_group_connect_swapped (self->signals, "notify::status", G_CALLBACK (refresh), self);
  g_signal_group_connect_swapped (self->signals, "notify::queued", G_CALLBACK (refresh), self);
  g_signal_group_connect_swapped (self->signals, "notify::storage-error", G_CALLBACK (refresh), self);
}

void
chat_feed_popover_set_workspace (ChatFeedPopover *self, ChatWorkspace *workspace)
{
  g_return_if_fail (CHAT_IS_FEED_POPOVER (self));

  if (!g_set_object (&self->workspace, workspace))
    return;
  g_signal_group_set_target (self->signals, workspace);
  refresh (self);
}
