/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-timeline-private.h"

#include "client/chat-message-item-private.h"
#include "core/chat-time.h"

/*
 * What a row is a reply to: the row itself where it is here, as it reads now; else it is asked for, one after the
 * other.
 */

/* Messages that are only quoted. */
#define QUOTED_MOST 256

/* (transfer full): @item as it reads now */
static ChatMessage *
as_it_reads (ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);
  const char *text = chat_message_item_get_text (item);
  ChatMessageState *state;
  ChatMessage *copy;

  if (chat_message_item_get_edited (item) == CHAT_TIME_UNKNOWN
      && chat_message_item_get_deleted (item) == CHAT_TIME_UNKNOWN)
    return chat_message_ref (message);
  copy = chat_message_copy (message);
  state = chat_message_state_new ();
  state->edited = chat_message_item_get_edited (item);
  state->deleted = chat_message_item_get_deleted (item);
  state->deleted_by = g_strdup (chat_message_item_get_deleted_by (item));
  chat_message_take_state (copy, state);
  chat_message_set_data (copy, text != NULL ? text : "");
  return copy;
}

static const char *
reply_of (ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);

  return message != NULL ? chat_message_get_reply_to (message) : NULL;
}

static void
set_quoted (ChatTimeline *self, ChatMessageItem *item, ChatMessage *quoted)
{
  if (chat_message_item_set_quoted (item, quoted))
    chat_timeline_touch (self, item);
}

/* Calls @func with each row that is a reply to @id. */
static void
foreach_reply (ChatTimeline *self, const char *id, ChatMessage *quoted)
{
  ChatMessageWindow *windows[] = { self->window, self->tail };

  for (guint w = 0; w < G_N_ELEMENTS (windows); w++)
    for (guint i = 0; windows[w] != NULL && i < chat_message_window_get_length (windows[w]); i++)
      {
        ChatMessageItem *item = chat_message_window_get_item (windows[w], i);

        if (g_strcmp0 (reply_of (item), id) == 0)
          set_quoted (self, item, quoted);
      }
  for (guint i = 0; i < self->pending->len; i++)
    if (g_strcmp0 (reply_of (g_ptr_array_index (self->pending, i)), id) == 0)
      set_quoted (self, g_ptr_array_index (self->pending, i), quoted);
}

void
chat_timeline_requote (ChatTimeline *self, ChatMessageItem *item)
{
  const char *id = chat_message_get_id (chat_message_item_get_message (item));
  g_autoptr (ChatMessage) now = NULL;

  if (!chat_lru_get (self->replied_to, id))
    return;
  now = as_it_reads (item);
  foreach_reply (self, id, now);
}

/* Asking */

typedef struct
{
  GWeakRef timeline;
  char *id;
} Question;

static void ask_next (ChatTimeline *self);

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *question = user_data;
  g_autoptr (ChatTimeline) self = g_weak_ref_get (&question->timeline);
  g_autofree char *id = g_steal_pointer (&question->id);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = chat_history_get_finish (CHAT_HISTORY (source), result, &error);

  g_weak_ref_clear (&question->timeline);
  g_free (question);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->asking = FALSE;
  if (message != NULL)
    {
      foreach_reply (self, id, message);
      chat_lru_put (self->quoted, id, g_steal_pointer (&message));
    }
  /* one that can't be had now is asked for when its row comes again */
  ask_next (self);
}

static void
ask_next (ChatTimeline *self)
{
  Question *question;

  if (self->asking || self->history == NULL || g_queue_is_empty (&self->to_ask)
      || g_cancellable_is_cancelled (self->cancellable))
    return;
  self->asking = TRUE;
  question = g_new0 (Question, 1);
  g_weak_ref_init (&question->timeline, self);
  question->id = g_queue_pop_head (&self->to_ask);
  chat_history_get_async (self->history, question->id, self->cancellable, got_cb, question);
}

void
chat_timeline_quote (ChatTimeline *self, ChatMessageItem *item)
{
  const char *id = reply_of (item);
  ChatMessageItem *here;
  ChatMessage *known;

  chat_timeline_requote (self, item);
  if (id == NULL)
    return;
  chat_lru_put (self->replied_to, id, GINT_TO_POINTER (1));
  here = chat_timeline_find_any (self, id);
  known = here == NULL ? chat_lru_get (self->quoted, id) : NULL;
  if (here != NULL)
    {
      g_autoptr (ChatMessage) now = as_it_reads (here);

      chat_message_item_set_quoted (item, now);
      return;
    }
  if (known != NULL)
    {
      chat_message_item_set_quoted (item, known);
      return;
    }
  if (g_queue_find_custom (&self->to_ask, id, (GCompareFunc)strcmp) == NULL)
    g_queue_push_tail (&self->to_ask, g_strdup (id));
  if (self->to_ask.length > QUOTED_MOST)
    g_free (g_queue_pop_head (&self->to_ask));
  chat_timeline_queue_flush (self);
}

void
chat_timeline_ask_quoted (ChatTimeline *self)
{
  /* the page that is being merged may bring it */
  while (!g_queue_is_empty (&self->to_ask))
    {
      const char *id = g_queue_peek_head (&self->to_ask);
      ChatMessageItem *here = chat_timeline_find_any (self, id);

      if (here == NULL)
        break;
      chat_timeline_requote (self, here);
      g_free (g_queue_pop_head (&self->to_ask));
    }
  ask_next (self);
}

void
chat_timeline_quotes_init (ChatTimeline *self)
{
  g_queue_init (&self->to_ask);
  self->quoted = chat_lru_new (QUOTED_MOST, (GDestroyNotify)chat_message_unref);
  self->replied_to = chat_lru_new (CHAT_TIMELINE_MOST_ROWS, NULL);
}

void
chat_timeline_quotes_finalize (ChatTimeline *self)
{
  g_queue_clear_full (&self->to_ask, g_free);
  chat_lru_free (self->quoted);
  chat_lru_free (self->replied_to);
}
