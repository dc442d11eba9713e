/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-conversation-private.h"

#include <glib/gi18n.h>

#include "core/chat-time.h"

enum
{
  PROP_FOLDED = 1,
  N_PROPS
};

enum
{
  OPEN,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatConversation, chat_conversation, GTK_TYPE_WIDGET)

ChatTimeline *
chat_conversation_get_timeline (ChatConversation *self)
{
  return self->channel == NULL ? NULL : chat_channel_get_timeline (self->channel);
}

static void
update_page (ChatConversation *self)
{
  ChatTimeline *timeline = chat_conversation_get_timeline (self);
  gboolean loading = FALSE, oldest = FALSE;
  const char *page = "none";

  if (timeline != NULL)
    {
      g_object_get (timeline, "loading-older", &loading, "at-oldest", &oldest, NULL);
      if (g_list_model_get_n_items (G_LIST_MODEL (timeline)) > 0)
        page = "messages";
      else
        page = loading && !oldest ? "loading" : "empty";
    }
  gtk_spinner_set_spinning (self->spinner, g_str_equal (page, "loading"));
  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_set_sensitive (GTK_WIDGET (self->foot), timeline != NULL);
}

static void
update_error (ChatConversation *self)
{
  g_autofree char *error = NULL;

  if (self->channel != NULL)
    g_object_get (chat_conversation_get_timeline (self), "error", &error, NULL);
  if (error != NULL)
    {
      g_autofree char *text = g_strdup_printf (_ ("Older messages could not be loaded: %s"), error);

      gtk_label_set_text (self->error_label, text);
    }
  gtk_revealer_set_reveal_child (self->error_revealer, error != NULL);
}

static void
update_down_button (ChatConversation *self)
{
  g_autofree char *label = NULL;
  guint unseen = 0;

  if (self->channel != NULL)
    g_object_get (chat_conversation_get_timeline (self), "unseen", &unseen, NULL);
  if (unseen > 0)
    label = g_strdup_printf (ngettext ("↓ %u new", "↓ %u new", unseen), unseen);
  else
    label = g_strdup (_ ("↓ Newest"));
  gtk_button_set_label (self->down_button, label);
  gtk_revealer_set_reveal_child (self->down_revealer,
                                 self->channel != NULL && !chat_message_list_get_at_bottom (self->list));
}

static void
update_title (ChatConversation *self)
{
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;
  const char *topic;
  guint people = 0;

  if (self->channel == NULL)
    {
      adw_window_title_set_title (self->title, "");
      adw_window_title_set_subtitle (self->title, "");
      return;
    }
  g_object_get (self->channel, "people", &people, NULL);
  topic = chat_channel_get_topic (self->channel);
  title = g_strdup_printf (chat_channel_get_private (self->channel) ? "%s" : "#%s",
                           chat_channel_get_title (self->channel));
  if (people > 0 && !chat_channel_get_private (self->channel))
    subtitle = g_strdup_printf (ngettext ("%u person", "%u people", people), people);
  if (topic != NULL && *topic != '\0')
    {
      g_autofree char *before = g_steal_pointer (&subtitle);

      subtitle = before == NULL ? g_strdup (topic) : g_strdup_printf ("%s · %s", before, topic);
    }
  adw_window_title_set_title (self->title, title);
  adw_window_title_set_subtitle (self->title, subtitle == NULL ? "" : subtitle);
  chat_composer_set_title (self->composer, title);
}

static char *
format_when (gint64 time_ms)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (time_ms / 1000);

  return when == NULL ? g_strdup ("") : g_date_time_format (when, _ ("%-d %B, %H:%M"));
}

static void
update_blocked (ChatConversation *self)
{
  gboolean blocked = self->workspace != NULL && chat_workspace_get_blocked (self->workspace);
  g_autofree char *reason = NULL;
  g_autofree char *title = NULL;
  g_autofree char *until = NULL;
  g_autofree char *body = NULL;
  gint64 since, end;

  if (blocked)
    {
      g_autofree char *start = NULL;

      g_object_get (self->workspace, "block-reason", &reason, "block-since", &since, "block-until", &end, NULL);
      start = format_when (since);
      title = g_strdup_printf (_ ("You have been blocked since %s"), start);
      if (end == CHAT_TIME_UNKNOWN)
        until = g_strdup (_ ("You can read, but not write, until a moderator lifts the block."));
      else
        {
          g_autofree char *when = format_when (end);

          until = g_strdup_printf (_ ("You can read, but not write, until %s."), when);
        }
      body = reason == NULL ? g_strdup (until) : g_strdup_printf (_ ("Reason: %s. %s"), reason, until);
      gtk_label_set_text (self->blocked_title, title);
      gtk_label_set_text (self->blocked_body, body);
    }
  gtk_stack_set_visible_child_name (self->foot, blocked ? "blocked" : "composer");
}

void
chat_conversation_tell (ChatConversation *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (escaped);

  /* what happened last is what is looked for: a pointer that rests on the word before would hold this one up */
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

void
chat_conversation_tell_error (ChatConversation *self, const GError *error)
{
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    chat_conversation_tell (self, error->message);
}

void
chat_conversation_open (ChatConversation *self, const char *channel, const char *message_id)
{
  g_signal_emit (self, signals[OPEN], 0, channel, message_id);
}

/* What blocked can be appealed against, once it is known which warning did. */
static void
update_appeal (ChatConversation *self)
{
  g_autofree char *warning = NULL;

  if (self->workspace != NULL)
    g_object_get (self->workspace, "appealable", &warning, NULL);
  if (warning != NULL)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (self->appeal_button), "s", warning);
  gtk_widget_set_visible (self->appeal_button, warning != NULL);
}

/* A message says so in its row; of an edit, a deletion or a reaction nothing is left to see. */
static void
refused_cb (ChatConversation *self, const char *message_id, const char *reason)
{
  g_autofree char *text = NULL;

  /* Translators: of a message, an edit, a deletion or a reaction; %s is the service's reason, a sentence */
  text = reason != NULL ? g_strdup_printf (_ ("Refused: %s"), reason) : g_strdup (_ ("Refused by the service"));
  chat_conversation_tell (self, text);
}

static void
update_completer (ChatConversation *self)
{
  g_autoptr (ChatCompleter) completer = NULL;

  if (self->workspace != NULL)
    completer = chat_completer_new (chat_workspace_get_users (self->workspace),
                                    chat_workspace_get_channels (self->workspace));
  chat_composer_set_completer (self->composer, completer);
}

static void
update_look (ChatConversation *self)
{
  if (self->look != NULL)
    chat_look_set_user (self->look, self->workspace != NULL ? chat_workspace_get_user (self->workspace) : NULL);
}

static void
update_all (ChatConversation *self)
{
  update_title (self);
  update_page (self);
  update_error (self);
  update_down_button (self);
  update_blocked (self);
  chat_conversation_place_update (self);
}

static void
react_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatConversation *self = CHAT_CONVERSATION (widget);
  const char *id, *emoji;
  gboolean add;

  g_variant_get (parameter, "(&s&sb)", &id, &emoji, &add);
  if (self->channel != NULL)
    chat_workspace_react (self->workspace, chat_channel_get_name (self->channel), id, emoji, add);
}

static void
search_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  chat_conversation_search (CHAT_CONVERSATION (widget), FALSE, NULL);
}

static void
ask_date_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  chat_conversation_ask_date (CHAT_CONVERSATION (widget));
}

static void
reload_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatTimeline *timeline = chat_conversation_get_timeline (CHAT_CONVERSATION (widget));

  if (timeline != NULL)
    chat_timeline_load_older (timeline);
}

static void
go_to_newest_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  chat_message_list_go_to_bottom (CHAT_CONVERSATION (widget)->list);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FOLDED)
    g_value_set_boolean (value, CHAT_CONVERSATION (object)->folded);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ChatConversation *self = CHAT_CONVERSATION (object);

  if (id != PROP_FOLDED)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  self->folded = g_value_get_boolean (value);
  gtk_widget_set_visible (self->back_button, self->folded);
}

static void
dispose (GObject *object)
{
  ChatConversation *self = CHAT_CONVERSATION (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->target, g_free);
  g_clear_weak_pointer (&self->menu_focus);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->workspace_signals);
  g_clear_object (&self->channel_signals);
  g_clear_object (&self->timeline_signals);
  g_clear_object (&self->message_actions);
  g_clear_object (&self->menu_item);
  g_clear_object (&self->channel);
  g_clear_object (&self->workspace);
  g_clear_object (&self->look);
  G_OBJECT_CLASS (chat_conversation_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-conversation.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, box);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, header);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, back_button);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, people_button);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, search_button);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, title);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, toasts);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, error_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, error_label);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, stack);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, list);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, spinner);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, empty_page);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, down_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, down_button);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, foot);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, composer);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, blocked_title);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, blocked_body);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, message_menu);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, pages);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, away_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, away_label);
  gtk_widget_class_bind_template_child (widget_class, ChatConversation, appeal_button);
}

static void
chat_conversation_class_init (ChatConversationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->dispose = dispose;
  properties[PROP_FOLDED]
      = g_param_spec_boolean ("folded", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[OPEN] = g_signal_new ("open", CHAT_TYPE_CONVERSATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                G_TYPE_STRING, G_TYPE_STRING);
  gtk_widget_class_install_action (widget_class, "conversation.react", "(ssb)", react_cb);
  gtk_widget_class_install_action (widget_class, "conversation.search", NULL, search_cb);
  gtk_widget_class_install_action (widget_class, "conversation.go-to-date", NULL, ask_date_cb);
  gtk_widget_class_install_action (widget_class, "conversation.reload", NULL, reload_cb);
  gtk_widget_class_install_action (widget_class, "conversation.go-to-newest", NULL, go_to_newest_cb);
  g_type_ensure (CHAT_TYPE_MESSAGE_LIST);
  g_type_ensure (CHAT_TYPE_COMPOSER);
  bind_template (widget_class);
}

static void
init_signals (ChatConversation *self)
{
  self->workspace_signals = g_signal_group_new (CHAT_TYPE_WORKSPACE);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::blocked", G_CALLBACK (update_blocked), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::block-reason", G_CALLBACK (update_blocked), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::appealable", G_CALLBACK (update_appeal), self);
  g_signal_group_connect_swapped (self->workspace_signals, "refused", G_CALLBACK (refused_cb), self);
  self->channel_signals = g_signal_group_new (CHAT_TYPE_CHANNEL);
  g_signal_group_connect_swapped (self->channel_signals, "notify::topic", G_CALLBACK (update_title), self);
  g_signal_group_connect_swapped (self->channel_signals, "notify::people", G_CALLBACK (update_title), self);
  self->timeline_signals = g_signal_group_new (CHAT_TYPE_TIMELINE);
  g_signal_group_connect_swapped (self->timeline_signals, "items-changed", G_CALLBACK (update_page), self);
  g_signal_group_connect_swapped (self->timeline_signals, "notify::loading-older", G_CALLBACK (update_page), self);
  g_signal_group_connect_swapped (self->timeline_signals, "notify::at-oldest", G_CALLBACK (update_page), self);
  g_signal_group_connect_swapped (self->timeline_signals, "notify::error", G_CALLBACK (update_error), self);
  g_signal_group_connect_swapped (self->timeline_signals, "notify::unseen", G_CALLBACK (update_down_button), self);
  g_signal_group_connect_swapped (self->timeline_signals, "notify::away", G_CALLBACK (chat_conversation_place_update),
                                  self);
}

static void
chat_conversation_init (ChatConversation *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  init_signals (self);
  chat_conversation_menu_init (self);
  chat_conversation_write_init (self);
  chat_conversation_place_init (self);
  g_signal_connect_object (self->composer, "rested", G_CALLBACK (chat_conversation_keep_draft), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "notify::at-bottom", G_CALLBACK (update_down_button), self, G_CONNECT_SWAPPED);
  update_all (self);
}

GtkWidget *
chat_conversation_new (void)
{
  return g_object_new (CHAT_TYPE_CONVERSATION, NULL);
}

void
chat_conversation_group_header (ChatConversation *self, GtkSizeGroup *group)
{
  gtk_size_group_add_widget (group, GTK_WIDGET (self->header));
}

void
chat_conversation_bind_settings (ChatConversation *self, GSettings *settings)
{
  g_clear_object (&self->look);
  self->look = chat_look_new (settings);
  update_look (self);
  chat_message_list_set_look (self->list, self->look);
  g_settings_bind (settings, "enter-sends", self->composer, "enter-sends", G_SETTINGS_BIND_GET);
}

void
chat_conversation_set_workspace (ChatConversation *self, ChatWorkspace *workspace)
{
  gboolean service;

  g_return_if_fail (CHAT_IS_CONVERSATION (self));

  if (self->workspace == workspace)
    return;
  chat_conversation_set_channel (self, NULL);
  g_set_object (&self->workspace, workspace);
  g_signal_group_set_target (self->workspace_signals, workspace);
  if (self->search != NULL)
    chat_search_view_set_workspace (self->search, workspace);
  /* a broker without a server knows neither people nor words */
  service = workspace == NULL || chat_workspace_has_service (workspace);
  gtk_widget_set_visible (self->people_button, service);
  gtk_widget_set_visible (self->search_button, service);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "conversation.search", service);
  update_appeal (self);
  update_completer (self);
  update_look (self);
  update_all (self);
}

void
chat_conversation_set_channel (ChatConversation *self, ChatChannel *channel)
{
  g_return_if_fail (CHAT_IS_CONVERSATION (self));

  if (self->channel == channel)
    return;
  /* it is about a message of the channel that goes */
  if (self->menu != NULL)
    gtk_popover_popdown (GTK_POPOVER (self->menu));
  chat_conversation_keep_draft (self);
  chat_composer_set_mode (self->composer, CHAT_COMPOSER_NEW, NULL, NULL);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  gtk_stack_set_visible_child_name (self->pages, "conversation");
  g_set_object (&self->channel, channel);
  g_signal_group_set_target (self->channel_signals, channel);
  g_signal_group_set_target (self->timeline_signals, chat_conversation_get_timeline (self));
  chat_message_list_set_timeline (self->list, chat_conversation_get_timeline (self));
  chat_composer_set_text (self->composer, channel == NULL ? NULL : chat_channel_get_draft (channel));
  update_all (self);
}

ChatChannel *
chat_conversation_get_channel (ChatConversation *self)
{
  return self->channel;
}

void
chat_conversation_keep_draft (ChatConversation *self)
{
  g_autofree char *draft = NULL;

  if (self->channel == NULL)
    return;
  draft = chat_composer_dup_draft (self->composer);
  chat_channel_set_draft (self->channel, draft == NULL || *draft == '\0' ? NULL : draft);
}

void
chat_conversation_focus (ChatConversation *self)
{
  chat_composer_focus (self->composer);
}

void
chat_conversation_set_end_buttons (ChatConversation *self, gboolean end_buttons)
{
  adw_header_bar_set_show_end_title_buttons (self->header, end_buttons);
}
