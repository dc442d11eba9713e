/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-picker.h"

#include <glib/gi18n.h>

#include "app/chat-fuzzy.h"
#include "core/chat-names.h"

#define MOST_ROWS 50

struct _ChatPicker
{
  AdwWindow parent_instance;

  /* Template */
  GtkEditable *entry;
  GtkWidget *scroller;
  GtkListBox *list;

  /* Owned */
  ChatWorkspace *workspace;
  GPtrArray *candidates; /* Candidate: what the rows show */
  char **recent;         /* nullable */
  GHashTable *talked_to; /* names (set): whom there is a conversation with */

  ChatPickerPurpose purpose;
};

typedef struct
{
  ChatPicked what;
  char *name;
  char *title;
  char *subtitle; /* nullable */
  const char *icon;
  guint unread, mentions;
  gboolean person, connected;
  guint score;
  gint64 rank; /* among equal scores: the greater the better */
} Candidate;

enum
{
  PICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatPicker, chat_picker, ADW_TYPE_WINDOW)

static void
candidate_free (gpointer data)
{
  Candidate *candidate = data;

  g_free (candidate->name);
  g_free (candidate->title);
  g_free (candidate->subtitle);
  g_free (candidate);
}

static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const Candidate *one = *(const Candidate *const *)a, *other = *(const Candidate *const *)b;

  if (one->score != other->score)
    return one->score > other->score ? -1 : 1;
  if (one->rank != other->rank)
    return one->rank > other->rank ? -1 : 1;
  return g_utf8_collate (one->title, other->title);
}

/* (transfer none): NULL where what was typed does not find it. */
static Candidate *
add (ChatPicker *self, ChatPicked what, const char *name, const char *title, const char *icon)
{
  guint score = chat_fuzzy_score (gtk_editable_get_text (self->entry), title);
  Candidate *candidate;

  if (score == 0)
    return NULL;
  candidate = g_new0 (Candidate, 1);
  candidate->what = what;
  candidate->name = g_strdup (name);
  candidate->title = g_strdup (title);
  candidate->icon = icon;
  candidate->score = score;
  g_ptr_array_add (self->candidates, candidate);
  return candidate;
}

static gint64
rank_of (ChatPicker *self, ChatChannel *channel)
{
  for (int i = 0; self->recent != NULL && self->recent[i] != NULL; i++)
    if (g_str_equal (self->recent[i], chat_channel_get_name (channel)))
      return G_MAXINT64 - i;
  return chat_channel_get_active (channel);
}

static void
add_channel (ChatPicker *self, ChatChannel *channel)
{
  gboolean private = chat_channel_get_private (channel), joined = chat_channel_get_joined (channel);
  const char *icon = "chat-channel-symbolic", *topic = chat_channel_get_topic (channel);
  Candidate *candidate;

  if (private && self->purpose == CHAT_PICKER_CHANNELS)
    return;
  if (private)
    icon = chat_channel_get_bot (channel) ? "chat-bot-symbolic" : "chat-person-symbolic";
  candidate = add (self, joined || self->purpose == CHAT_PICKER_SWITCH ? CHAT_PICKED_CHANNEL : CHAT_PICKED_JOIN,
                   chat_channel_get_name (channel), chat_channel_get_title (channel), icon);
  if (candidate == NULL)
    return;
  candidate->rank = rank_of (self, channel);
  candidate->unread = chat_channel_get_muted (channel) ? 0 : chat_channel_get_unread (channel);
  candidate->mentions = chat_channel_get_mentions (channel);
  if (topic != NULL && *topic != '\0')
    candidate->subtitle = g_strdup (topic);
  if (self->purpose == CHAT_PICKER_CHANNELS && joined)
    {
      g_autofree char *plain = g_steal_pointer (&candidate->subtitle);

      candidate->subtitle = plain == NULL ? g_strdup (_ ("Joined")) : g_strdup_printf (_ ("Joined · %s"), plain);
    }
}

/* Once for each filling: there may be many of both. */
static void
find_conversations (ChatPicker *self)
{
  GListModel *channels = chat_workspace_get_channels (self->workspace);

  g_hash_table_remove_all (self->talked_to);
  for (guint i = 0; i < g_list_model_get_n_items (channels); i++)
    {
      g_autoptr (ChatChannel) channel = g_list_model_get_item (channels, i);

      if (chat_channel_get_private (channel))
        g_hash_table_add (self->talked_to, g_strdup (chat_channel_get_title (channel)));
    }
}

static void
add_user (ChatPicker *self, ChatUser *user)
{
  const char *name = chat_user_get_name (user);
  Candidate *candidate;

  if (g_str_equal (name, chat_workspace_get_user (self->workspace)))
    return;
  if (self->purpose == CHAT_PICKER_SWITCH
      && (*gtk_editable_get_text (self->entry) == '\0' || g_hash_table_contains (self->talked_to, name)))
    return;
  candidate = add (self, CHAT_PICKED_PERSON, name, name,
                   chat_user_get_bot (user) ? "chat-bot-symbolic" : "chat-person-symbolic");
  if (candidate == NULL)
    return;
  candidate->person = TRUE;
  candidate->connected = chat_user_get_connected (user);
  candidate->rank = candidate->connected;
  candidate->subtitle = g_strdup (chat_user_get_bot (user) ? _ ("Bot")
                                  : candidate->connected   ? _ ("Here now")
                                                           : _ ("Not here"));
}

/* What was typed and is not there: a channel to make, a name to try. */
static void
add_new (ChatPicker *self)
{
  g_autofree char *typed = g_strstrip (g_strdup (gtk_editable_get_text (self->entry)));
  g_autofree char *title = NULL;
  Candidate *candidate;
  gboolean channels = self->purpose == CHAT_PICKER_CHANNELS;

  if (self->purpose == CHAT_PICKER_SWITCH || (!channels && !chat_user_name_check (typed, NULL)))
    return;
  for (guint i = 0; i < self->candidates->len; i++)
    if (g_str_equal (((Candidate *)g_ptr_array_index (self->candidates, i))->name, typed))
      return;
  if (!channels)
    title = g_strdup_printf (_ ("Talk to “%s”"), typed);
  else if (*typed == '\0' || !chat_channel_name_check (typed, NULL) || chat_channel_name_is_private (typed))
    title = g_strdup (_ ("Create a channel…"));
  else
    title = g_strdup_printf (_ ("Create the channel “%s”…"), typed);
  candidate = g_new0 (Candidate, 1);
  candidate->what = channels ? CHAT_PICKED_NEW : CHAT_PICKED_PERSON;
  candidate->name = g_steal_pointer (&typed);
  candidate->title = g_steal_pointer (&title);
  candidate->icon = "list-add-symbolic";
  g_ptr_array_add (self->candidates, candidate);
}

static GtkWidget *
create_texts (const Candidate *candidate)
{
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *title = gtk_label_new (candidate->title);

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (texts), title);
  if (candidate->subtitle != NULL)
    {
      GtkWidget *subtitle = gtk_label_new (candidate->subtitle);

      gtk_label_set_xalign (GTK_LABEL (subtitle), 0);
      gtk_label_set_ellipsize (GTK_LABEL (subtitle), PANGO_ELLIPSIZE_END);
      gtk_widget_add_css_class (subtitle, "caption");
      gtk_widget_add_css_class (subtitle, "dim-label");
      gtk_box_append (GTK_BOX (texts), subtitle);
    }
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_widget_set_valign (texts, GTK_ALIGN_CENTER);
  return texts;
}

static void
append_mark (GtkWidget *box, const Candidate *candidate)
{
  if (candidate->person)
    {
      GtkWidget *dot = gtk_image_new_from_icon_name ("chat-feed-symbolic");

      gtk_widget_add_css_class (dot, candidate->connected ? "success" : "dim-label");
      gtk_box_append (GTK_BOX (box), dot);
    }
  else if (candidate->unread > 0)
    {
      g_autofree char *count = candidate->mentions > 0 ? g_strdup_printf ("@%u", candidate->mentions)
                                                       : g_strdup_printf ("%u", candidate->unread);
      GtkWidget *badge = gtk_label_new (count);

      gtk_widget_add_css_class (badge, "badge");
      if (candidate->mentions > 0)
        gtk_widget_add_css_class (badge, "mention");
      gtk_widget_set_valign (badge, GTK_ALIGN_CENTER);
      gtk_box_append (GTK_BOX (box), badge);
    }
}

static GtkWidget *
create_row (const Candidate *candidate)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  g_autofree char *label = candidate->subtitle == NULL
                               ? g_strdup (candidate->title)
                               : g_strdup_printf ("%s, %s", candidate->title, candidate->subtitle);

  gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name (candidate->icon));
  gtk_box_append (GTK_BOX (box), create_texts (candidate));
  append_mark (box, candidate);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return row;
}

static void
fill (ChatPicker *self)
{
  GListModel *channels = chat_workspace_get_channels (self->workspace);
  GListModel *users = chat_workspace_get_users (self->workspace);
  GtkListBoxRow *row;

  g_ptr_array_set_size (self->candidates, 0);
  find_conversations (self);
  for (guint i = 0; self->purpose != CHAT_PICKER_PEOPLE && i < g_list_model_get_n_items (channels); i++)
    {
      g_autoptr (ChatChannel) channel = g_list_model_get_item (channels, i);

      add_channel (self, channel);
    }
  for (guint i = 0; self->purpose != CHAT_PICKER_CHANNELS && i < g_list_model_get_n_items (users); i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (users, i);

      add_user (self, user);
    }
  g_ptr_array_sort (self->candidates, compare_candidates);
  g_ptr_array_set_size (self->candidates, (int)MIN (self->candidates->len, MOST_ROWS));
  add_new (self);
  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (guint i = 0; i < self->candidates->len; i++)
    gtk_list_box_append (self->list, create_row (g_ptr_array_index (self->candidates, i)));
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, 0));
  gtk_adjustment_set_value (gtk_list_box_get_adjustment (self->list), 0);
}

static void
pick (ChatPicker *self, GtkListBoxRow *row)
{
  Candidate *candidate;

  if (row == NULL)
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }
  candidate = g_ptr_array_index (self->candidates, (guint)gtk_list_box_row_get_index (row));
  g_signal_emit (self, signals[PICKED], 0, candidate->what, candidate->name);
  gtk_window_close (GTK_WINDOW (self));
}

static void
entered_cb (ChatPicker *self)
{
  pick (self, gtk_list_box_get_selected_row (self->list));
}

/* The keys of the list work while the entry has the focus. */
static gboolean
key_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, ChatPicker *self)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list), *next;
  int steps = key == GDK_KEY_Down || key == GDK_KEY_KP_Down ? 1 : key == GDK_KEY_Up || key == GDK_KEY_KP_Up ? -1 : 0;
  graphene_rect_t bounds;

  if (steps == 0 || row == NULL)
    return GDK_EVENT_PROPAGATE;
  next = gtk_list_box_get_row_at_index (self->list, gtk_list_box_row_get_index (row) + steps);
  if (next == NULL || gtk_list_box_row_get_index (row) + steps < 0)
    return GDK_EVENT_STOP;
  gtk_list_box_select_row (self->list, next);
  if (gtk_widget_compute_bounds (GTK_WIDGET (next), GTK_WIDGET (self->list), &bounds))
    gtk_adjustment_clamp_page (gtk_list_box_get_adjustment (self->list), bounds.origin.y,
                               bounds.origin.y + bounds.size.height);
  return GDK_EVENT_STOP;
}

static void
dispose (GObject *object)
{
  g_clear_object (&CHAT_PICKER (object)->workspace);
  G_OBJECT_CLASS (chat_picker_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  ChatPicker *self = CHAT_PICKER (object);

  g_ptr_array_unref (self->candidates);
  g_strfreev (self->recent);
  g_hash_table_unref (self->talked_to);
  G_OBJECT_CLASS (chat_picker_parent_class)->finalize (object);
}

static void
chat_picker_class_init (ChatPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  signals[PICKED] = g_signal_new ("picked", CHAT_TYPE_PICKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                  G_TYPE_UINT, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatPicker, entry);
  gtk_widget_class_bind_template_child (widget_class, ChatPicker, scroller);
  gtk_widget_class_bind_template_child (widget_class, ChatPicker, list);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
chat_picker_init (ChatPicker *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->candidates = g_ptr_array_new_with_free_func (candidate_free);
  self->talked_to = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->entry), keys);
  g_signal_connect_object (self->entry, "search-changed", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->entry, "activate", G_CALLBACK (entered_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->entry, "stop-search", G_CALLBACK (gtk_window_close), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "row-activated", G_CALLBACK (pick), self, G_CONNECT_SWAPPED);
}

GtkWidget *
chat_picker_new (GtkWindow *parent, ChatPickerPurpose purpose, ChatWorkspace *workspace, const char *const *recent)
{
  static const char *const titles[] = { N_ ("Go to"), N_ ("Join or create a channel"), N_ ("New conversation") };
  static const char *const hints[]
      = { N_ ("Go to a channel or person"), N_ ("Name of a channel"), N_ ("Name of a person or bot") };
  ChatPicker *self = g_object_new (CHAT_TYPE_PICKER, "transient-for", parent, "title", _ (titles[purpose]), NULL);

  self->purpose = purpose;
  self->workspace = g_object_ref (workspace);
  self->recent = g_strdupv ((char **)recent);
  g_object_set (self->entry, "placeholder-text", _ (hints[purpose]), NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _ (hints[purpose]), -1);
  g_signal_connect_object (chat_workspace_get_users (workspace), "items-changed", G_CALLBACK (fill), self,
                           G_CONNECT_SWAPPED);
  fill (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
  return GTK_WIDGET (self);
}
