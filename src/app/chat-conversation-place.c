/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-conversation-private.h"

#include <glib/gi18n.h>

#include "app/chat-date-dialog.h"
#include "app/chat-message-text.h"
#include "core/chat-time.h"

void
chat_conversation_place_update (ChatConversation *self)
{
  ChatTimeline *timeline = chat_conversation_get_timeline (self);
  gboolean away = timeline != NULL && chat_timeline_get_away (timeline);
  ChatMessageItem *first = away ? chat_message_list_get_first_visible (self->list) : NULL;

  gtk_revealer_set_reveal_child (self->away_revealer, away);
  if (first == NULL)
    return;

  g_autofree char *day = chat_message_text_format_day (chat_message_item_get_time (first));
  /* Translators: which day of the channel is on screen */
  g_autofree char *text = g_strdup_printf (_ ("Viewing %s"), day);

  gtk_label_set_text (self->away_label, text);
}

static void
went_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatConversation) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessageItem) item = chat_timeline_go_to_finish (CHAT_TIMELINE (source), result, &error);

  if (CHAT_TIMELINE (source) != chat_conversation_get_timeline (self))
    return; /* another channel is on screen by now */
  if (item == NULL)
    {
      chat_conversation_tell_error (self, error);
      return;
    }
  chat_message_list_go_to_item (self->list, item);
  chat_conversation_place_update (self);
}

void
chat_conversation_go_to_message (ChatConversation *self, const char *message_id)
{
  ChatTimeline *timeline = chat_conversation_get_timeline (self);

  g_return_if_fail (message_id != NULL);

  if (timeline == NULL)
    return;
  chat_conversation_close_search (self);
  chat_timeline_go_to_message_async (timeline, message_id, self->cancellable, went_cb, g_object_ref (self));
}

void
chat_conversation_go_to_time (ChatConversation *self, gint64 time)
{
  ChatTimeline *timeline = chat_conversation_get_timeline (self);

  if (timeline == NULL)
    return;
  chat_conversation_close_search (self);
  chat_timeline_go_to_time_async (timeline, time, self->cancellable, went_cb, g_object_ref (self));
}

static void
date_chosen_cb (ChatConversation *self, gint64 time)
{
  chat_conversation_go_to_time (self, time);
}

void
chat_conversation_ask_date (ChatConversation *self)
{
  GtkWidget *dialog;

  if (self->channel == NULL)
    return;
  dialog = chat_date_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));
  g_signal_connect_object (dialog, "chosen", G_CALLBACK (date_chosen_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

gboolean
chat_conversation_close_search (ChatConversation *self)
{
  if (!g_str_equal (gtk_stack_get_visible_child_name (self->pages), "search"))
    return FALSE;
  gtk_stack_set_visible_child_name (self->pages, "conversation");
  chat_conversation_focus (self);
  return TRUE;
}

static void
result_chosen_cb (ChatConversation *self, const char *channel, const char *message_id)
{
  if (self->channel != NULL && g_str_equal (channel, chat_channel_get_name (self->channel)))
    chat_conversation_go_to_message (self, message_id);
  else
    {
      chat_conversation_close_search (self);
      chat_conversation_open (self, channel, message_id);
    }
}

static void
closed_cb (ChatConversation *self)
{
  chat_conversation_close_search (self);
}

static void
show_search (ChatConversation *self)
{
  if (self->search == NULL)
    {
      self->search = g_object_new (CHAT_TYPE_SEARCH_VIEW, NULL);
      gtk_stack_add_named (self->pages, GTK_WIDGET (self->search), "search");
      chat_search_view_set_workspace (self->search, self->workspace);
      g_signal_connect_object (self->search, "chosen", G_CALLBACK (result_chosen_cb), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->search, "closed", G_CALLBACK (closed_cb), self, G_CONNECT_SWAPPED);
    }
  gtk_stack_set_visible_child_name (self->pages, "search");
}

void
chat_conversation_search (ChatConversation *self, gboolean everywhere, const char *text)
{
  show_search (self);
  chat_search_view_start (self->search, self->channel, everywhere, text);
}

void
chat_conversation_show_own (ChatConversation *self)
{
  show_search (self);
  chat_search_view_start_own (self->search);
}

static void
quote_activated_cb (ChatConversation *self, const char *message_id)
{
  chat_conversation_go_to_message (self, message_id);
}

void
chat_conversation_place_init (ChatConversation *self)
{
  g_signal_connect_object (self->list, "activate-quote", G_CALLBACK (quote_activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "moved", G_CALLBACK (chat_conversation_place_update), self, G_CONNECT_SWAPPED);
}
