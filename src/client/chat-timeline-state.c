/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-timeline-private.h"

#include "client/chat-message-item-private.h"

/*
 * Records that are no rows: edits, deletions and reactions change the row that they are about, whenever that comes; of
 * the others only their seq is kept, so that what is known has no holes where they are.
 */

/* Changes about messages that are not here: as many are kept, whatever else goes. */
#define ORPHANS 256

gboolean
chat_timeline_is_row (const ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  return kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE;
}

/* Which row a change is about, where it is here: the message itself, or the one that the reaction is under. */

static gboolean
has_reaction (ChatMessageItem *item, const char *id)
{
  const ChatMessageState *state = chat_message_get_state (chat_message_item_get_message (item));

  for (guint i = 0; state != NULL && i < state->reactions->len; i++)
    if (g_str_equal (((ChatReaction *)g_ptr_array_index (state->reactions, i))->id, id))
      return TRUE;
  return FALSE;
}

static ChatMessageItem *
find_by_reaction (ChatMessageWindow *window, const char *id)
{
  guint length = chat_message_window_get_length (window);

  for (guint i = length; i > 0; i--)
    if (has_reaction (chat_message_window_get_item (window, i - 1), id))
      return chat_message_window_get_item (window, i - 1);
  return NULL;
}

ChatMessageItem *
chat_timeline_find_any (ChatTimeline *self, const char *id)
{
  ChatMessageWindow *window;
  ChatMessageItem *item = chat_timeline_find_row (self, id, &window);

  for (guint i = 0; item == NULL && i < self->pending->len; i++)
    {
      ChatMessageItem *pending = g_ptr_array_index (self->pending, i);

      if (g_str_equal (chat_message_get_id (chat_message_item_get_message (pending)), id))
        return pending;
    }
  return item;
}

static ChatMessageItem *
find_concerned (ChatTimeline *self, ChatMessageWindow *window, const char *target)
{
  const char *about = chat_message_changes_find_target (self->changes, target);
  ChatMessageItem *item = chat_message_window_find (window, target);

  if (item == NULL && about != NULL)
    item = chat_message_window_find (window, about);
  return item != NULL ? item : find_by_reaction (window, target);
}

void
chat_timeline_refold (ChatTimeline *self, ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);

  if (message == NULL
      || !chat_message_item_take_state (item, chat_message_changes_apply (self->changes, message, self->user)))
    return;
  chat_timeline_touch (self, item);
  chat_timeline_requote (self, item);
}

/* While the reader is elsewhere a message may be in both windows, and either may be the one that he sees next. */
static void
refold_about (ChatTimeline *self, const char *target)
{
  ChatMessageItem *here = find_concerned (self, self->window, target);
  ChatMessageItem *aside = self->tail != NULL ? find_concerned (self, self->tail, target) : NULL;
  ChatMessageItem *pending = here == NULL && aside == NULL ? chat_timeline_find_any (self, target) : NULL;

  if (here != NULL)
    chat_timeline_refold (self, here);
  if (aside != NULL)
    chat_timeline_refold (self, aside);
  if (pending != NULL)
    chat_timeline_refold (self, pending);
}

/* What is about messages that are long gone is in their state when they come again. */

static void
add_ids (GHashTable *ids, ChatMessageWindow *window)
{
  guint length = window != NULL ? chat_message_window_get_length (window) : 0;

  for (guint i = 0; i < length; i++)
    g_hash_table_add (ids, (gpointer)chat_message_get_id (
                               chat_message_item_get_message (chat_message_window_get_item (window, i))));
}

static void
prune (ChatTimeline *self)
{
  g_autoptr (GHashTable) ids = NULL;

  if (chat_message_changes_get_size (self->changes) < self->prune_at)
    return;
  ids = g_hash_table_new (g_str_hash, g_str_equal);
  add_ids (ids, self->window);
  add_ids (ids, self->tail);
  chat_message_changes_prune (self->changes, ids, ORPHANS);
  self->prune_at = MAX (CHAT_TIMELINE_PRUNE_AT, 2 * chat_message_changes_get_size (self->changes));
}

void
chat_timeline_take_change (ChatTimeline *self, ChatMessage *message, gint64 seq, gboolean pending)
{
  if (!chat_message_changes_is (message) || !chat_message_changes_add (self->changes, message, seq, pending))
    return;
  refold_about (self, chat_message_get_target (message));
  prune (self);
}

void
chat_timeline_drop_change (ChatTimeline *self, const char *id)
{
  g_autofree char *target = g_strdup (chat_message_changes_find_target (self->changes, id));

  if (target == NULL)
    return;
  chat_message_changes_remove (self->changes, id);
  refold_about (self, target);
}

static void
know (ChatTimeline *self, gint64 seq)
{
  if (!chat_timeline_is_elsewhere (self, seq))
    chat_seq_ranges_add (chat_message_window_get_known (chat_timeline_newest_window (self)), seq, seq);
}

void
chat_timeline_take_hidden (ChatTimeline *self, ChatMessage *message, gint64 seq)
{
  chat_timeline_take_change (self, message, seq, FALSE);
  if (seq > 0)
    know (self, seq);
  else
    chat_lru_put (self->hidden, chat_message_get_id (message), GINT_TO_POINTER (1));
}

gboolean
chat_timeline_place_hidden (ChatTimeline *self, const char *id, gint64 seq)
{
  gboolean here = chat_lru_get (self->hidden, id) != NULL;

  if (chat_message_changes_place (self->changes, id, seq))
    refold_about (self, chat_message_changes_find_target (self->changes, id));
  if (!here)
    return FALSE;
  chat_lru_remove (self->hidden, id);
  know (self, seq);
  return TRUE;
}

void
chat_timeline_forget_changes (ChatTimeline *self)
{
  g_autoptr (GHashTable) none = g_hash_table_new (g_str_hash, g_str_equal);

  chat_message_changes_prune (self->changes, none, 0);
  chat_lru_clear (self->hidden);
}
