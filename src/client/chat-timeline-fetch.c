/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-timeline-private.h"

/*
 * One request at a time, the most urgent first: the newest page, a hole, what is newer, what is older. What the
 * timeline wants by itself (all but an older page) is tried again with back-off until it comes.
 */

#define PAGE_NEWEST 60
#define PAGE_OLDER 80
#define PAGE_NEWER 100
/* A hole that is larger than this is not worth filling: what lies behind it is fetched when somebody scrolls there. */
#define HOLE_MOST 500

/* One request; the timeline may be gone before its answer comes. */
typedef struct
{
  GWeakRef timeline;
  ChatFetch fetch;
  ChatHistoryQuery query;
  guint generation; /* of the window */
  guint resyncs;    /* how many had been asked for */
  gint64 announced; /* what had been */
} Request;

static void
request_free (Request *request)
{
  g_weak_ref_clear (&request->timeline);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static gint64
highest_known (ChatTimeline *self)
{
  return chat_seq_ranges_get_highest (chat_message_window_get_known (self->window));
}

static void
set_error (ChatTimeline *self, const char *message)
{
  if (g_strcmp0 (self->error, message) == 0)
    return;
  g_free (self->error);
  self->error = g_strdup (message);
  chat_timeline_notify (self, "error");
}

/* Whether the window begins with rows whose seq was never told, above some that have theirs: something may be missing
 * between them. */
static gboolean
begins_unplaced (ChatTimeline *self)
{
  return chat_message_window_get_length (self->window) > 0
         && chat_seq_ranges_get_lowest (chat_message_window_get_known (self->window)) > 0
         && chat_message_item_get_seq (chat_message_window_get_item (self->window, 0)) == 0;
}

/* Whether something is missing in what is known, above it or behind it. */
static gboolean
has_hole (ChatTimeline *self)
{
  gint64 from, to;

  if (!self->loaded)
    return FALSE;
  return chat_seq_ranges_find_hole (chat_message_window_get_known (self->window), &from, &to)
         || (self->tail == NULL && self->announced > highest_known (self)) || begins_unplaced (self);
}

static gboolean
hole_cb (gpointer user_data)
{
  ChatTimeline *self = user_data;

  self->hole_source = 0;
  if (!self->flooding && has_hole (self))
    {
      self->hole_ripe = TRUE;
      chat_timeline_fetch_next (self);
    }
  return G_SOURCE_REMOVE;
}

void
chat_timeline_check_holes (ChatTimeline *self)
{
  if (self->hole_source != 0 || self->hole_ripe || self->flooding || !has_hole (self))
    return;
  self->hole_source = g_timeout_add (self->hole_patience_ms, hole_cb, self);
  g_source_set_name_by_id (self->hole_source, "ChatTimeline hole");
}

/* A hole too large to fill: lets go of the side that the reader is not at. */
static void
give_up_large_hole (ChatTimeline *self)
{
  gint64 from, to;

  if (!chat_seq_ranges_find_hole (chat_message_window_get_known (self->window), &from, &to) || to - from < HOLE_MOST)
    return;
  if (self->following)
    {
      chat_message_window_drop_before (self->window, to + 1);
    }
  else
    {
      chat_timeline_detach (self, chat_message_window_split_before (self->window, to + 1));
    }
  chat_timeline_queue_flush (self);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatTimeline *self = user_data;

  self->retry_source = 0;
  chat_timeline_fetch_next (self);
  chat_timeline_check_holes (self);
  return G_SOURCE_REMOVE;
}

static void
retry_later (ChatTimeline *self)
{
  if (self->retry_source == 0)
    self->retry_source = g_timeout_add (chat_backoff_next (&self->backoff), retry_cb, self);
}

/* What @page makes known, as an answer to what was asked: from its first message to its last; its head may be of a
 * moment later. The beginning of a channel is known as seq 0, which no message has: so an empty channel is known, too.
 */
static void
page_range (const ChatHistoryQuery *query, const ChatHistoryPage *page, gint64 *from, gint64 *to)
{
  guint length = page->messages->len;
  gint64 first = length > 0 ? chat_message_get_seq (g_ptr_array_index (page->messages, 0)) : 0;
  gint64 last = length > 0 ? chat_message_get_seq (g_ptr_array_index (page->messages, length - 1)) : 0;

  if (page->to > 0)
    {
      *from = page->more_before || query->after > 0 ? page->from : 0;
      *to = page->to;
    }
  else if (query->before > 0)
    {
      *to = query->before - 1;
      *from = page->more_before && length > 0 ? first : 0;
    }
  else if (query->after > 0)
    {
      *from = query->after + 1;
      *to = length > 0 ? last : query->after;
    }
  else
    {
      *to = last;
      *from = page->more_before && length > 0 ? first : 0;
    }
}

static void
fetched_newest (ChatTimeline *self)
{
  self->loaded = TRUE;
  self->want_newest = self->want_newer = self->want_older = self->resyncing = FALSE;
  self->cached = 0;
}

static void
fetched_newer (ChatTimeline *self, const Request *request, const ChatHistoryPage *page)
{
  gint64 lowest = self->tail != NULL ? chat_seq_ranges_get_lowest (chat_message_window_get_known (self->tail)) : 0;
  gboolean reached = !page->more_after || (lowest > 0 && highest_known (self) + 1 >= lowest);

  if (self->tail != NULL && reached)
    {
      chat_timeline_attach (self);
      /* a break may have torn holes into what was kept aside: those without a seq above it are looked for */
      self->resyncing = TRUE;
      return;
    }
  /* whatever a receipt had said: the store has no more */
  if (!page->more_after && page->messages->len == 0 && self->announced == request->announced)
    self->announced = highest_known (self);
  if (self->resyncing && !reached && self->following && page->head - highest_known (self) > HOLE_MOST)
    self->want_newest = TRUE;
  else if (self->resyncing && !reached && self->tail == NULL)
    return;
  self->resyncing = FALSE;
  self->want_newer = FALSE;
}

/* What came live since stays. */
static void
forget_cached (ChatTimeline *self)
{
  ChatMessageWindow *newer;

  if (self->cached == 0)
    return;
  newer = chat_message_window_split_before (self->window, self->cached + 1);
  chat_timeline_forget (self);
  chat_message_window_absorb (self->window, newer);
}

/* Merges @page and says whether it brought the timeline on. */
static gboolean
take_page (ChatTimeline *self, const Request *request, const ChatHistoryPage *page)
{
  ChatFetch fetch = request->fetch;
  /* than the one the cache knew */
  gboolean another_store = fetch == CHAT_FETCH_NEWEST && page->head < self->cached;
  gint64 from, to;

  page_range (&request->query, page, &from, &to);
  if (another_store)
    chat_timeline_forget (self);
  else if (fetch == CHAT_FETCH_NEWEST && page->renumbered)
    forget_cached (self);
  chat_timeline_merge_page (self, page->messages, from, to);
  if (!page->local)
    chat_timeline_emit_fetched (self, page->messages, page->head);

  if (fetch == CHAT_FETCH_NEWEST)
    fetched_newest (self);
  else if (fetch == CHAT_FETCH_NEWER)
    fetched_newer (self, request, page);
  else if (fetch == CHAT_FETCH_OLDER)
    self->want_older = FALSE;
  /* what was asked before a break says nothing of what the break missed, nor of what came live and was forgotten */
  if ((another_store || request->resyncs != self->resyncs) && self->tail == NULL)
    self->want_newer = self->resyncing = TRUE;
  self->hole_ripe = FALSE;
  if (fetch == CHAT_FETCH_HOLE && request->query.before > 0 && begins_unplaced (self))
    chat_message_window_drop_unplaced (self->window); /* they are further up than it is worth looking */
  chat_message_window_drop_strays (self->window);
  give_up_large_hole (self);
  chat_timeline_trim (self);
  /* what it let go of again is brought up to date when the reader comes down there */
  if (self->tail != NULL && self->resyncing)
    self->want_newer = self->resyncing = FALSE;
  chat_timeline_place_unread (self);
  chat_timeline_queue_flush (self);
  /* a page of hardly anything but reactions fills no screen */
  if (self->loaded && fetch != CHAT_FETCH_HOLE && (page->messages->len > 0 || page->to == 0)
      && chat_message_window_get_length (self->window) < CHAT_TIMELINE_ROWS_LEAST)
    self->want_older = TRUE;
  return fetch != CHAT_FETCH_HOLE || to >= from;
}

/* Properties that follow from what is fetched. */
static void
set_fetch (ChatTimeline *self, ChatFetch fetch)
{
  gboolean older = chat_timeline_get_loading_older (self), newer = chat_timeline_get_loading_newer (self);

  self->fetch = fetch;
  if (chat_timeline_get_loading_older (self) != older)
    chat_timeline_notify (self, "loading-older");
  if (chat_timeline_get_loading_newer (self) != newer)
    chat_timeline_notify (self, "loading-newer");
}

static void
fetch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (ChatTimeline) self = g_weak_ref_get (&request->timeline);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatHistoryPage) page = chat_history_fetch_finish (CHAT_HISTORY (source), result, &error);

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  set_fetch (self, CHAT_FETCH_NONE);
  set_error (self, error != NULL ? error->message : NULL);
  if (request->generation != self->generation)
    ; /* about a window that is gone */
  else if (error != NULL && request->fetch == CHAT_FETCH_OLDER)
    self->want_older = FALSE; /* the view asks again; what else is wanted is not held up */
  else if (error != NULL || !take_page (self, request, page))
    retry_later (self);
  else
    chat_backoff_reset (&self->backoff);
  if (self->retry_source == 0)
    chat_timeline_fetch_next (self);
  chat_timeline_check_holes (self);
}

/* What is needed most, as a query. */
static ChatFetch
choose (ChatTimeline *self, ChatHistoryQuery *query)
{
  ChatSeqRanges *known = chat_message_window_get_known (self->window);
  gint64 from, to;

  *query = (ChatHistoryQuery){ .around_time = G_MININT64, .limit = PAGE_NEWEST };
  if (self->want_newest)
    return CHAT_FETCH_NEWEST;
  if (self->hole_ripe && chat_seq_ranges_find_hole (known, &from, &to))
    {
      /* 0 would be no anchor */
      if (from > 1)
        query->after = from - 1;
      else
        query->before = to + 1;
      query->limit = (guint)MIN (to - from + 1, PAGE_NEWER);
      return CHAT_FETCH_HOLE;
    }
  if (self->hole_ripe && begins_unplaced (self))
    {
      query->before = chat_seq_ranges_get_lowest (known);
      query->limit = PAGE_OLDER;
      return CHAT_FETCH_HOLE;
    }
  if (self->hole_ripe && has_hole (self))
    self->want_newer = TRUE;
  self->hole_ripe = FALSE;
  if (self->want_newer && chat_seq_ranges_get_highest (known) == 0)
    return CHAT_FETCH_NEWEST;
  if (self->want_newer)
    {
      query->after = chat_seq_ranges_get_highest (known);
      query->limit = PAGE_NEWER;
      return CHAT_FETCH_NEWER;
    }
  self->want_older = self->want_older && !self->at_oldest;
  if (self->want_older && chat_seq_ranges_get_lowest (known) == 0)
    return CHAT_FETCH_NEWEST;
  if (self->want_older)
    {
      query->before = chat_seq_ranges_get_lowest (known);
      query->limit = PAGE_OLDER;
      return CHAT_FETCH_OLDER;
    }
  return CHAT_FETCH_NONE;
}

void
chat_timeline_fetch_next (ChatTimeline *self)
{
  ChatHistoryQuery query;
  ChatFetch fetch;
  Request *request;

  if (self->fetch != CHAT_FETCH_NONE || self->history == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  fetch = choose (self, &query);
  if (fetch == CHAT_FETCH_NONE)
    return;
  g_clear_handle_id (&self->retry_source, g_source_remove);
  request = g_new0 (Request, 1);
  g_weak_ref_init (&request->timeline, self);
  request->fetch = fetch;
  request->query = query;
  request->generation = self->generation;
  request->resyncs = self->resyncs;
  request->announced = self->announced;
  set_fetch (self, fetch);
  chat_history_fetch_async (self->history, self->channel, &query, self->cancellable, fetch_cb, request);
}

gboolean
chat_timeline_get_loading_older (ChatTimeline *self)
{
  return self->fetch == CHAT_FETCH_OLDER || self->fetch == CHAT_FETCH_NEWEST;
}

gboolean
chat_timeline_get_loading_newer (ChatTimeline *self)
{
  return self->fetch == CHAT_FETCH_NEWER || self->fetch == CHAT_FETCH_HOLE;
}

void
chat_timeline_supersede (ChatTimeline *self)
{
  self->generation++;
  self->want_newest = self->want_newer = self->want_older = self->resyncing = self->hole_ripe = FALSE;
}

void
chat_timeline_stop_fetching (ChatTimeline *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->hole_source, g_source_remove);
  g_clear_handle_id (&self->retry_source, g_source_remove);
}

void
chat_timeline_resync (ChatTimeline *self)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  self->resyncs++;
  /* what is kept aside may have holes from here on: it is asked for when it is shown again */
  if (!self->loaded)
    self->want_newest = TRUE;
  else if (self->tail == NULL)
    self->want_newer = self->resyncing = TRUE;
  chat_timeline_fetch_next (self);
}

void
chat_timeline_begin_again (ChatTimeline *self)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  g_clear_pointer (&self->tail, chat_message_window_free);
  chat_timeline_supersede (self);
  chat_timeline_forget (self);
  chat_timeline_set_away (self, FALSE);
  chat_timeline_set_read (self, 0);
  self->loaded = FALSE;
  self->cached = 0;
  self->want_newest = TRUE;
  chat_timeline_notify (self, "at-newest");
  chat_timeline_queue_flush (self);
  chat_timeline_fetch_next (self);
}

gboolean
chat_timeline_is_resyncing (ChatTimeline *self)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), FALSE);
  return self->fetch == CHAT_FETCH_HOLE || (self->fetch != CHAT_FETCH_NONE && (self->want_newest || self->resyncing));
}

void
chat_timeline_load_older (ChatTimeline *self)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  /* in a flood only the tail is shown: its top is not the top */
  if (self->at_oldest || (self->flooding && self->following))
    return;
  self->downwards = FALSE;
  self->want_older = TRUE;
  chat_timeline_fetch_next (self);
}

void
chat_timeline_load_newer (ChatTimeline *self)
{
  gint64 lowest;

  g_return_if_fail (CHAT_IS_TIMELINE (self));

  if (self->tail == NULL)
    return;
  self->downwards = TRUE;
  lowest = chat_seq_ranges_get_lowest (chat_message_window_get_known (self->tail));
  if (lowest > 0 && lowest <= highest_known (self) + 1)
    {
      chat_timeline_attach (self);
      chat_timeline_trim (self);
      chat_timeline_queue_flush (self);
      self->resyncing = TRUE;
    }
  self->want_newer = TRUE;
  chat_timeline_fetch_next (self);
}
