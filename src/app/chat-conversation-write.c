/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-conversation-private.h"

#include <glib/gi18n.h>

#include "app/chat-message-text.h"
#include "client/chat-command.h"
#include "core/chat-names.h"
#include "core/chat-time.h"

#define EXCERPT_CHARS 120

static void
set_target (ChatConversation *self, ChatMessageItem *item)
{
  g_free (self->target);
  self->target = g_strdup (chat_message_get_id (chat_message_item_get_message (item)));
}

void
chat_conversation_reply (ChatConversation *self, ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);
  const char *author = chat_message_get_author (message);
  g_autofree char *title = g_strdup_printf (_ ("Reply to %s"), author == NULL ? _ ("Unknown") : author);
  g_autofree char *text = chat_message_text_dup (item);
  g_autofree char *excerpt = chat_message_text_dup_excerpt (text, EXCERPT_CHARS);

  set_target (self, item);
  chat_composer_set_mode (self->composer, CHAT_COMPOSER_REPLY, title, excerpt);
  chat_composer_focus (self->composer);
}

void
chat_conversation_edit (ChatConversation *self, ChatMessageItem *item)
{
  g_autofree char *text = g_strdup (chat_message_item_get_text (item));
  g_autofree char *excerpt = chat_message_text_dup_excerpt (text == NULL ? "" : text, EXCERPT_CHARS);

  set_target (self, item);
  chat_composer_set_mode (self->composer, CHAT_COMPOSER_EDIT, _ ("Edit your message"), excerpt);
  chat_composer_set_text (self->composer, text);
  chat_composer_focus (self->composer);
}

static void
edit_last_cb (ChatConversation *self)
{
  ChatTimeline *timeline = chat_conversation_get_timeline (self);
  ChatMessageItem *item = timeline != NULL && chat_workspace_has_service (self->workspace)
                              ? chat_timeline_find_last_own (timeline)
                              : NULL;

  if (item != NULL)
    chat_conversation_edit (self, item);
  else
    gtk_widget_error_bell (GTK_WIDGET (self));
}

static gboolean
write_message (ChatConversation *self, const char *text, GError **error)
{
  const char *channel = chat_channel_get_name (self->channel);
  g_autofree char *plain = chat_command_unescape (text);

  switch (chat_composer_get_mode (self->composer))
    {
    case CHAT_COMPOSER_EDIT:
      return chat_workspace_edit (self->workspace, channel, self->target, text, error);
    case CHAT_COMPOSER_REPLY:
      return chat_workspace_send (self->workspace, channel, plain, self->target, error);
    case CHAT_COMPOSER_NEW:
    default:
      return chat_workspace_send (self->workspace, channel, plain, NULL, error);
    }
}

static gboolean
send_cb (ChatConversation *self, const char *text)
{
  ChatComposerMode mode = chat_composer_get_mode (self->composer);
  g_autoptr (GError) error = NULL;

  if (self->channel == NULL || self->workspace == NULL)
    return FALSE;
  if (mode != CHAT_COMPOSER_EDIT && chat_command_is (text))
    {
      if (!chat_conversation_run_command (self, text))
        return FALSE;
      chat_channel_set_draft (self->channel, NULL);
      return TRUE;
    }
  if (g_utf8_strlen (text, -1) > CHAT_TEXT_MAX_CHARS)
    {
      chat_conversation_tell (self, _ ("A message has at most 8,000 characters: shorten it."));
      return FALSE;
    }
  if (!write_message (self, text, &error))
    {
      chat_conversation_tell_error (self, error);
      return FALSE;
    }
  if (mode == CHAT_COMPOSER_EDIT)
    return TRUE;
  chat_channel_set_draft (self->channel, NULL);
  chat_message_list_go_to_bottom (self->list);
  return TRUE;
}

/* Commands */

typedef struct
{
  ChatConversation *self;
  char *text; /* nullable: what is said there at once */
} Errand;

static Errand *
errand_new (ChatConversation *self, const char *text)
{
  Errand *errand = g_new0 (Errand, 1);

  errand->self = g_object_ref (self);
  errand->text = g_strdup (text);
  return errand;
}

static void
errand_free (Errand *errand)
{
  g_object_unref (errand->self);
  g_free (errand->text);
  g_free (errand);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Errand, errand_free)

static void
conversation_started_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Errand) errand = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannel) channel = chat_workspace_start_conversation_finish (CHAT_WORKSPACE (source), result, &error);

  if (channel == NULL)
    {
      chat_conversation_tell_error (errand->self, error);
      return;
    }
  if (errand->text != NULL
      && !chat_workspace_send (CHAT_WORKSPACE (source), chat_channel_get_name (channel), errand->text, NULL, &error))
    chat_conversation_tell_error (errand->self, error);
  chat_conversation_open (errand->self, chat_channel_get_name (channel), NULL);
}

static void
joined_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Errand) errand = data;
  g_autoptr (GError) error = NULL;

  if (!chat_workspace_join_finish (CHAT_WORKSPACE (source), result, &error))
    chat_conversation_tell_error (errand->self, error);
  else
    chat_conversation_open (errand->self, errand->text, NULL);
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Errand) errand = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf (_ ("You have left #%s"), errand->text);

  if (chat_workspace_join_finish (CHAT_WORKSPACE (source), result, &error))
    chat_conversation_tell (errand->self, text);
  else
    chat_conversation_tell_error (errand->self, error);
}

static void
topic_set_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatConversation) self = data;
  g_autoptr (GError) error = NULL;

  if (!chat_workspace_set_topic_finish (CHAT_WORKSPACE (source), result, &error))
    chat_conversation_tell_error (self, error);
}

static gboolean
run_topic (ChatConversation *self, const char *text)
{
  const char *topic = chat_channel_get_topic (self->channel);
  g_autofree char *told = NULL;

  if (text != NULL)
    {
      chat_workspace_set_topic_async (self->workspace, chat_channel_get_name (self->channel), text, NULL, topic_set_cb,
                                      g_object_ref (self));
      return TRUE;
    }
  told = topic == NULL || *topic == '\0' ? g_strdup (_ ("This channel has no topic")) : g_strdup (topic);
  chat_conversation_tell (self, told);
  return TRUE;
}

static gboolean
run_goto (ChatConversation *self, const char *text)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GError) error = NULL;
  gint64 time;

  if (!chat_command_parse_date (text, now, &time, &error))
    {
      chat_conversation_tell_error (self, error);
      return FALSE;
    }
  chat_conversation_go_to_time (self, time);
  return TRUE;
}

static gboolean
run_me (ChatConversation *self, const char *text)
{
  g_autoptr (GError) error = NULL;

  if (!chat_workspace_send_notice (self->workspace, chat_channel_get_name (self->channel), text, &error))
    {
      chat_conversation_tell_error (self, error);
      return FALSE;
    }
  chat_message_list_go_to_bottom (self->list);
  return TRUE;
}

static void
run_join (ChatConversation *self, const char *channel, gboolean join)
{
  const char *name = channel != NULL ? channel : chat_channel_get_name (self->channel);

  chat_workspace_join_async (self->workspace, name, join, NULL, join ? joined_cb : left_cb, errand_new (self, name));
}

static gboolean
run (ChatConversation *self, const ChatCommand *command)
{
  GtkWidget *widget = GTK_WIDGET (self);

  switch (command->id)
    {
    case CHAT_COMMAND_USERS:
      return gtk_widget_activate_action (widget, "win.show-members", NULL);
    case CHAT_COMMAND_MYMSGS:
      chat_conversation_show_own (self);
      return TRUE;
    case CHAT_COMMAND_JOIN:
      run_join (self, command->argument, TRUE);
      return TRUE;
    case CHAT_COMMAND_LEAVE:
      run_join (self, command->argument, FALSE);
      return TRUE;
    case CHAT_COMMAND_TOPIC:
      return run_topic (self, command->text);
    case CHAT_COMMAND_ME:
      return run_me (self, command->text);
    case CHAT_COMMAND_MSG:
      chat_workspace_start_conversation_async (self->workspace, command->argument, NULL, conversation_started_cb,
                                               errand_new (self, command->text));
      return TRUE;
    case CHAT_COMMAND_SEARCH:
      chat_conversation_search (self, TRUE, command->text);
      return TRUE;
    case CHAT_COMMAND_GOTO:
      return run_goto (self, command->argument);
    case CHAT_COMMAND_HELP:
      chat_conversation_show_help (self);
      return TRUE;
    case CHAT_COMMAND_EXIT:
      /* or it would be kept as a draft */
      chat_composer_set_text (self->composer, NULL);
      return gtk_widget_activate_action (widget, "win.exit", NULL);
    default:
      g_return_val_if_reached (FALSE);
    }
}

gboolean
chat_conversation_run_command (ChatConversation *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatCommand) command = chat_command_parse (text, &error);

  if (command == NULL)
    {
      chat_conversation_tell_error (self, error);
      return FALSE;
    }
  return run (self, command);
}

static GtkWidget *
create_help_row (const ChatCommandInfo *info)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *title = g_markup_escape_text (_ (info->usage), -1);
  g_autofree char *subtitle = g_markup_escape_text (_ (info->summary), -1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  return row;
}

void
chat_conversation_show_help (ChatConversation *self)
{
  GtkWidget *window = adw_preferences_window_new ();
  GtkWidget *page = adw_preferences_page_new ();
  GtkWidget *group = adw_preferences_group_new ();
  gsize n;
  const ChatCommandInfo *commands = chat_command_list (&n);

  for (gsize i = 0; i < n; i++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), create_help_row (&commands[i]));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group),
                                         _ ("Type them where you write messages; Tab completes. A message that "
                                            "begins with a slash is written with two."));
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (window), ADW_PREFERENCES_PAGE (page));
  adw_preferences_window_set_search_enabled (ADW_PREFERENCES_WINDOW (window), FALSE);
  gtk_window_set_title (GTK_WINDOW (window), _ ("Commands"));
  gtk_window_set_default_size (GTK_WINDOW (window), 480, 560);
  gtk_window_set_modal (GTK_WINDOW (window), TRUE);
  gtk_window_set_transient_for (GTK_WINDOW (window), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_window_present (GTK_WINDOW (window));
}

void
chat_conversation_write_init (ChatConversation *self)
{
  g_signal_connect_object (self->composer, "send", G_CALLBACK (send_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->composer, "edit-last", G_CALLBACK (edit_last_cb), self, G_CONNECT_SWAPPED);
}
