/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-timeline-private.h"

#include "client/chat-message-item-private.h"
#include "core/chat-time.h"

/*
 * The model is a list of its own, brought up to date once a frame: a burst of changes becomes one splice, and a view
 * never sees a state in between.
 */

#define FRAME_US 16000
#define FLOOD_FRAME_US 100000
#define FLOOD_ROWS 60
#define RATE_BUCKET_US (G_USEC_PER_SEC / 2)
#define CONTINUES_MS (5 * 60 * 1000)

/* The list that should be shown, whole. */
static void
compose_item (ChatTimeline *self, ChatMessageItem *item)
{
  GPtrArray *warnings;

  g_ptr_array_add (self->composed, g_object_ref (item));
  if (g_hash_table_size (self->warnings) == 0)
    return;
  warnings = g_hash_table_lookup (self->warnings, chat_message_get_id (chat_message_item_get_message (item)));
  for (guint i = 0; warnings != NULL && i < warnings->len; i++)
    g_ptr_array_add (self->composed, g_object_ref (g_ptr_array_index (warnings, i)));
}

static void
compose (ChatTimeline *self)
{
  guint length = chat_message_window_get_length (self->window);

  g_ptr_array_set_size (self->composed, 0);
  for (guint i = 0; i < length; i++)
    compose_item (self, chat_message_window_get_item (self->window, i));
  for (guint i = 0; self->tail == NULL && i < self->pending->len; i++)
    compose_item (self, g_ptr_array_index (self->pending, i));
}

/* Whether @time_ms lies in the local day that was asked for last; otherwise that day is looked up. */
static gboolean
in_known_day (ChatTimeline *self, gint64 time_ms)
{
  g_autoptr (GDateTime) time = NULL;
  g_autoptr (GDateTime) midnight = NULL;
  g_autoptr (GDateTime) next = NULL;

  if (time_ms >= self->day_from && time_ms < self->day_to)
    return TRUE;
  time = g_date_time_new_from_unix_local (time_ms / 1000);
  if (time != NULL)
    midnight = g_date_time_new_local (g_date_time_get_year (time), g_date_time_get_month (time),
                                      g_date_time_get_day_of_month (time), 0, 0, 0);
  if (midnight != NULL)
    next = g_date_time_add_days (midnight, 1);
  self->day_from = midnight != NULL ? g_date_time_to_unix (midnight) * 1000 : time_ms;
  self->day_to = next != NULL ? g_date_time_to_unix (next) * 1000 : time_ms + 1;
  return FALSE;
}

static gboolean
same_day (ChatTimeline *self, gint64 one, gint64 other)
{
  in_known_day (self, one);
  return in_known_day (self, other);
}

static gboolean
goes_on (ChatMessageItem *before, ChatMessageItem *item)
{
  ChatMessage *one = chat_message_item_get_message (before), *other = chat_message_item_get_message (item);

  if (one == NULL || other == NULL || chat_message_get_kind (one) != chat_message_get_kind (other))
    return FALSE;
  return g_strcmp0 (chat_message_get_author (one), chat_message_get_author (other)) == 0
         && chat_message_item_get_time (item) - chat_message_item_get_time (before) <= CONTINUES_MS;
}

/* What the row at @place of the composed list says of its place. */
static gboolean
update_context (ChatTimeline *self, guint place)
{
  ChatMessageItem *item = g_ptr_array_index (self->composed, place);
  ChatMessageItem *before = place > 0 ? g_ptr_array_index (self->composed, place - 1) : NULL;
  gint64 time_ms = chat_message_item_get_time (item);
  guint unread = item == self->unread ? self->unread_count : 0;
  gboolean new_day;

  if (time_ms == CHAT_TIME_UNKNOWN || chat_message_item_get_kind (item) == CHAT_ITEM_WARNING)
    new_day = FALSE;
  else
    new_day = before == NULL || !same_day (self, chat_message_item_get_time (before), time_ms);
  return chat_message_item_set_context (item, new_day,
                                        before != NULL && !new_day && unread == 0 && goes_on (before, item), unread);
}

/* Puts @added items of the composed list, from @from on, in the place of @removed shown ones. */
static void
splice (ChatTimeline *self, guint place, guint removed, guint from, guint added)
{
  guint behind = self->shown->len - place - removed;

  for (guint i = 0; i < added; i++)
    update_context (self, from + i);
  if (removed > 0)
    g_ptr_array_remove_range (self->shown, place, removed);
  if (added > 0)
    {
      g_ptr_array_set_size (self->shown, (gint)(self->shown->len + added));
      memmove (self->shown->pdata + place + added, self->shown->pdata + place, behind * sizeof (gpointer));
      for (guint i = 0; i < added; i++)
        self->shown->pdata[place + i] = g_object_ref (g_ptr_array_index (self->composed, from + i));
    }
  /* the row below has another one above it now */
  if (from + added < self->composed->len && update_context (self, from + added))
    chat_timeline_touch (self, g_ptr_array_index (self->composed, from + added));
  g_list_model_items_changed (G_LIST_MODEL (self), place, removed, added);
}

/* Marks each shown item with its place (from 1) in the composed list from @offset on, 0 where it is not in it or would
 * have to move: such a one is taken out and put in again. */
static void
mark_kept (ChatTimeline *self, guint offset)
{
  guint last = 0;

  for (guint i = 0; i < self->shown->len; i++)
    chat_message_item_set_mark (g_ptr_array_index (self->shown, i), 0);
  for (guint i = offset; i < self->composed->len; i++)
    chat_message_item_set_mark (g_ptr_array_index (self->composed, i), i + 1);
  for (guint i = 0; i < self->shown->len; i++)
    {
      ChatMessageItem *item = g_ptr_array_index (self->shown, i);
      guint mark = chat_message_item_get_mark (item);

      if (mark > last)
        last = mark;
      else
        chat_message_item_set_mark (item, 0);
    }
}

/* Makes the shown list what the composed one is from @offset on. */
static void
update_shown (ChatTimeline *self, guint offset)
{
  guint place = 0, from = offset;

  mark_kept (self, offset);
  while (place < self->shown->len || from < self->composed->len)
    {
      guint removed = 0, added, kept;

      while (place + removed < self->shown->len
             && chat_message_item_get_mark (g_ptr_array_index (self->shown, place + removed)) == 0)
        removed++;
      if (place + removed < self->shown->len)
        kept = chat_message_item_get_mark (g_ptr_array_index (self->shown, place + removed)) - 1;
      else
        kept = self->composed->len;
      added = kept - from;

      if (removed > 0 || added > 0)
        splice (self, place, removed, from, added);
      place += added + 1;
      from += added + 1;
    }
}

/* Rows that show something else than before; their neighbours may depend on it. */
static void
tell_changed (ChatTimeline *self, guint offset)
{
  g_autoptr (GPtrArray) dirty = NULL;

  for (guint i = 0; i < self->dirty->len; i++)
    {
      guint place = chat_message_item_get_mark (g_ptr_array_index (self->dirty, i));

      if (place <= offset || place > self->composed->len
          || g_ptr_array_index (self->composed, place - 1) != g_ptr_array_index (self->dirty, i))
        continue;
      update_context (self, place - 1);
      if (place < self->composed->len && update_context (self, place))
        chat_timeline_touch (self, g_ptr_array_index (self->composed, place));
    }
  dirty = g_steal_pointer (&self->dirty);
  self->dirty = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < dirty->len; i++)
    chat_message_item_emit_changed (g_ptr_array_index (dirty, i));
}

static gboolean
flush_cb (gpointer user_data)
{
  ChatTimeline *self = user_data;

  self->flush_source = 0;
  chat_timeline_flush (self);
  return G_SOURCE_REMOVE;
}

static void
update_rate (ChatTimeline *self, guint messages)
{
  gint64 now = g_get_monotonic_time ();
  guint rate;

  if (now - self->bucket >= RATE_BUCKET_US)
    {
      self->bucket_before = now - self->bucket < 2 * RATE_BUCKET_US ? self->bucket_count : 0;
      self->bucket_count = 0;
      self->bucket = now;
    }
  self->bucket_count += messages;
  rate = self->bucket_before + self->bucket_count;
  self->flooding = rate > (self->flooding ? self->flood_begins / 2 : self->flood_begins);
}

void
chat_timeline_count_live (ChatTimeline *self, guint messages)
{
  update_rate (self, messages);
}

void
chat_timeline_touch (ChatTimeline *self, ChatMessageItem *item)
{
  if (!chat_message_item_set_dirty (item))
    return;
  g_ptr_array_add (self->dirty, g_object_ref (item));
  chat_timeline_queue_flush (self);
}

void
chat_timeline_queue_flush (ChatTimeline *self)
{
  gint64 due;

  self->flush_again = self->flushing;
  if (self->flush_source != 0 || self->flushing)
    return;
  due = self->flushed + (self->flooding ? FLOOD_FRAME_US : FRAME_US) - g_get_monotonic_time ();
  /* before GTK draws (G_PRIORITY_HIGH_IDLE + 20) and after what comes in */
  self->flush_source = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, (guint)(MAX (due, 0) / 1000), flush_cb, self, NULL);
  g_source_set_name_by_id (self->flush_source, "ChatTimeline flush");
}

void
chat_timeline_flush (ChatTimeline *self)
{
  gboolean flooded = self->flooding;
  guint offset = 0;

  if (self->flushing)
    return;
  self->flushing = TRUE;
  self->flush_again = FALSE;
  g_clear_handle_id (&self->flush_source, g_source_remove);
  self->flushed = g_get_monotonic_time ();
  update_rate (self, 0);

  compose (self);
  if (self->flooding && self->following && self->composed->len > FLOOD_ROWS)
    offset = self->composed->len - FLOOD_ROWS;
  update_shown (self, offset);
  tell_changed (self, offset);
  self->flushing = FALSE;
  chat_timeline_ask_quoted (self);

  /* the end of a flood must be seen too */
  if (self->flooding || flooded || self->flush_again)
    chat_timeline_queue_flush (self);
  if (flooded && !self->flooding)
    chat_timeline_check_holes (self);
}

void
chat_timeline_stop_showing (ChatTimeline *self)
{
  g_clear_handle_id (&self->flush_source, g_source_remove);
}

/* GListModel */

static GType
chat_timeline_get_item_type (GListModel *model)
{
  return CHAT_TYPE_MESSAGE_ITEM;
}

static guint
chat_timeline_get_n_items (GListModel *model)
{
  return CHAT_TIMELINE (model)->shown->len;
}

static gpointer
chat_timeline_get_item (GListModel *model, guint place)
{
  ChatTimeline *self = CHAT_TIMELINE (model);

  return place < self->shown->len ? g_object_ref (g_ptr_array_index (self->shown, place)) : NULL;
}

void
chat_timeline_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = chat_timeline_get_item_type;
  iface->get_n_items = chat_timeline_get_n_items;
  iface->get_item = chat_timeline_get_item;
}

ChatMessageItem *
chat_timeline_find_last_own (ChatTimeline *self)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), NULL);

  for (guint i = self->shown->len; i > 0; i--)
    {
      ChatMessageItem *item = g_ptr_array_index (self->shown, i - 1);
      ChatDelivery delivery = chat_message_item_get_delivery (item);

      if (chat_message_item_get_own (item) && chat_message_item_get_text (item) != NULL
          && delivery != CHAT_DELIVERY_FAILED && delivery != CHAT_DELIVERY_REFUSED)
        return item;
    }
  return NULL;
}

ChatMessageItem *
chat_timeline_find (ChatTimeline *self, const char *id, guint *place)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = self->shown->len; i > 0; i--)
    {
      ChatMessageItem *item = g_ptr_array_index (self->shown, i - 1);
      ChatMessage *message = chat_message_item_get_message (item);

      if (message == NULL || strcmp (chat_message_get_id (message), id) != 0)
        continue;
      if (place != NULL)
        *place = i - 1;
      return item;
    }
  return NULL;
}
