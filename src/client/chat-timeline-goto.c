/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-timeline-private.h"

#include <glib/gi18n-lib.h>

#include "client/chat-client-error.h"
#include "core/chat-time.h"

/*
 * Going to a place of the channel: where it is not in the window, a page around it is fetched and becomes the window;
 * what was there is kept aside, like what comes live meanwhile.
 */

#define PAGE_AROUND 100

/* Where somebody wants to go: the data of the task. */
typedef struct
{
  char *id;    /* nullable */
  gint64 time; /* ms; CHAT_TIME_UNKNOWN: to the message */
} Place;

static void
place_free (Place *place)
{
  g_free (place->id);
  g_free (place);
}

/* The row to scroll to. (nullable) */
static ChatMessageItem *
find_place (ChatTimeline *self, const Place *place)
{
  ChatMessageItem *last = NULL;

  if (place->id != NULL)
    return chat_message_window_find (self->window, place->id);
  for (guint i = 0; i < chat_message_window_get_length (self->window); i++)
    {
      last = chat_message_window_get_item (self->window, i);
      if (chat_message_item_get_time (last) >= place->time)
        return last;
    }
  return last;
}

/* Whether the window has what is at that time, and what was before it. */
static gboolean
covers (ChatTimeline *self, const Place *place)
{
  guint length = chat_message_window_get_length (self->window);

  if (place->id != NULL)
    return chat_message_window_find (self->window, place->id) != NULL;
  return self->loaded && length > 0
         && (self->at_oldest
             || chat_message_item_get_time (chat_message_window_get_item (self->window, 0)) < place->time)
         && (self->tail == NULL
             || chat_message_item_get_time (chat_message_window_get_item (self->window, length - 1)) >= place->time);
}

void
chat_timeline_set_away (ChatTimeline *self, gboolean away)
{
  if (self->away == away)
    return;
  self->away = away;
  chat_timeline_notify (self, "away");
}

static void
arrive (ChatTimeline *self, GTask *task)
{
  ChatMessageItem *item = find_place (self, g_task_get_task_data (task));

  if (item == NULL)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("There is no message to go to"));
      return;
    }
  chat_timeline_set_following (self, FALSE);
  chat_timeline_flush (self);
  g_task_return_pointer (task, g_object_ref (item), g_object_unref);
}

/* The page becomes the window. What was the window goes behind it, where it is the newest; else what is kept aside
 * already is what leads to the newest. */
static void
move_to (ChatTimeline *self, const ChatHistoryPage *page)
{
  ChatMessageWindow *before = self->window;
  guint length = page->messages->len;
  gint64 last = length > 0 ? chat_message_get_seq (g_ptr_array_index (page->messages, length - 1)) : 0;
  gint64 first = length > 0 ? chat_message_get_seq (g_ptr_array_index (page->messages, 0)) : 0;
  gint64 lowest;

  self->window = chat_message_window_new ();
  chat_timeline_supersede (self);
  if (self->tail == NULL)
    chat_timeline_detach (self, before);
  else
    chat_message_window_free (before);
  self->loaded = TRUE;
  if (page->to > 0)
    {
      first = page->from;
      last = page->to;
    }
  chat_timeline_merge_page (self, page->messages, page->more_before ? first : 0, last);
  lowest = chat_seq_ranges_get_lowest (chat_message_window_get_known (self->tail));
  if (!page->more_after || (lowest > 0 && lowest <= last + 1))
    {
      chat_timeline_attach (self);
      /* what was kept aside may have missed something */
      self->want_newer = self->resyncing = TRUE;
    }
  self->want_older = chat_message_window_get_length (self->window) < CHAT_TIMELINE_ROWS_LEAST;
  chat_timeline_update_at_oldest (self);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatTimeline *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatHistoryPage) page = chat_history_fetch_finish (CHAT_HISTORY (source), result, &error);

  if (page == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* it may have come into the window meanwhile */
  if (!covers (self, g_task_get_task_data (task)))
    {
      move_to (self, page);
      chat_timeline_emit_fetched (self, page->messages, page->head);
      chat_timeline_set_away (self, self->tail != NULL);
    }
  arrive (self, task);
  chat_timeline_fetch_next (self);
  chat_timeline_check_holes (self);
}

static void
go_to (ChatTimeline *self, gpointer tag, const char *id, gint64 time_ms, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ChatHistoryQuery query = { .around_time = time_ms, .around_id = id, .limit = PAGE_AROUND };
  Place *place = g_new0 (Place, 1);

  g_task_set_source_tag (task, tag);
  place->id = g_strdup (id);
  place->time = time_ms;
  g_task_set_task_data (task, place, (GDestroyNotify)place_free);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (covers (self, place))
    arrive (self, task);
  else if (self->history == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("There is no message to go to"));
  else
    chat_history_fetch_async (self->history, self->channel, &query, cancellable, fetched_cb, g_steal_pointer (&task));
}

void
chat_timeline_go_to_time_async (ChatTimeline *self, gint64 time, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  if (!chat_time_is_valid (time))
    g_task_report_new_error (self, callback, user_data, chat_timeline_go_to_time_async, CHAT_CLIENT_ERROR,
                             CHAT_CLIENT_ERROR_REFUSED, _ ("There is no message to go to"));
  else
    go_to (self, chat_timeline_go_to_time_async, NULL, time, cancellable, callback, user_data);
}

void
chat_timeline_go_to_message_async (ChatTimeline *self, const char *id, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));
  g_return_if_fail (id != NULL);

  go_to (self, chat_timeline_go_to_message_async, id, CHAT_TIME_UNKNOWN, cancellable, callback, user_data);
}

ChatMessageItem *
chat_timeline_go_to_finish (ChatTimeline *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
chat_timeline_get_away (ChatTimeline *self)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), FALSE);
  return self->away;
}
