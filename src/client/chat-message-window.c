/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-message-window.h"

#include "client/chat-message-item-private.h"

struct _ChatMessageWindow
{
  GPtrArray *rows; /* ChatMessageItem */
  GHashTable *ids; /* id (of the row's message) → ChatMessageItem, both borrowed from the rows */
  ChatSeqRanges *known;
};

static ChatMessageItem *
row_at (ChatMessageWindow *self, guint place)
{
  return g_ptr_array_index (self->rows, place);
}

static const char *
row_id (ChatMessageItem *item)
{
  return chat_message_get_id (chat_message_item_get_message (item));
}

/* The first row with a seq from @seq on; behind the last one where there is none. */
static guint
first_from (ChatMessageWindow *self, gint64 seq)
{
  guint place = self->rows->len;

  for (guint i = self->rows->len; i > 0; i--)
    {
      gint64 other = chat_message_item_get_seq (row_at (self, i - 1));

      if (other > 0 && other < seq)
        break;
      if (other >= seq)
        place = i - 1;
    }
  return place;
}

/* Where a row with @seq belongs: behind the newest one that is older. Which rows without a seq belong between the two
 * is not known; their time is the best guess, and a row that was guessed wrong moves when its seq is told. */
static guint
place_for (ChatMessageWindow *self, gint64 seq, gint64 time_ms)
{
  guint place = 0;

  for (guint i = self->rows->len; i > 0 && place == 0; i--)
    {
      gint64 other = chat_message_item_get_seq (row_at (self, i - 1));

      if (other > 0 && other < seq)
        place = i;
    }
  while (place < self->rows->len && chat_message_item_get_seq (row_at (self, place)) == 0
         && chat_message_item_get_time (row_at (self, place)) < time_ms)
    place++;
  return place;
}

/* Whether the rows around @place, as far as they have a seq, agree with @seq. */
static gboolean
fits (ChatMessageWindow *self, guint place, gint64 seq)
{
  for (guint i = place; i > 0; i--)
    {
      gint64 other = chat_message_item_get_seq (row_at (self, i - 1));

      if (other > seq)
        return FALSE;
      if (other > 0)
        break;
    }
  for (guint i = place + 1; i < self->rows->len; i++)
    {
      gint64 other = chat_message_item_get_seq (row_at (self, i));

      if (other > 0)
        return other > seq;
    }
  return TRUE;
}

static guint
find_row (ChatMessageWindow *self, ChatMessageItem *item)
{
  guint i = self->rows->len;

  while (i > 0 && row_at (self, i - 1) != item)
    i--;
  g_assert (i > 0);
  return i - 1;
}

static void
insert_row (ChatMessageWindow *self, guint place, ChatMessageItem *item)
{
  gint64 seq = chat_message_item_get_seq (item);

  g_hash_table_insert (self->ids, (gpointer)row_id (item), item);
  g_ptr_array_insert (self->rows, (gint)place, item);
  if (seq > 0)
    chat_seq_ranges_add (self->known, seq, seq);
}

/* The seq of the first row from @place on that has one, or 0. */
static gint64
next_seq (ChatMessageWindow *self, guint place)
{
  for (guint i = place; i < self->rows->len; i++)
    {
      gint64 seq = chat_message_item_get_seq (row_at (self, i));

      if (seq > 0)
        return seq;
    }
  return 0;
}

ChatMessageWindow *
chat_message_window_new (void)
{
  ChatMessageWindow *self = g_new0 (ChatMessageWindow, 1);

  self->rows = g_ptr_array_new_with_free_func (g_object_unref);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->known = chat_seq_ranges_new ();
  return self;
}

void
chat_message_window_free (ChatMessageWindow *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->ids);
  g_ptr_array_unref (self->rows);
  chat_seq_ranges_free (self->known);
  g_free (self);
}

guint
chat_message_window_get_length (ChatMessageWindow *self)
{
  return self->rows->len;
}

ChatMessageItem *
chat_message_window_get_item (ChatMessageWindow *self, guint place)
{
  return row_at (self, place);
}

ChatMessageItem *
chat_message_window_find (ChatMessageWindow *self, const char *id)
{
  return g_hash_table_lookup (self->ids, id);
}

ChatSeqRanges *
chat_message_window_get_known (ChatMessageWindow *self)
{
  return self->known;
}

void
chat_message_window_add_live (ChatMessageWindow *self, ChatMessageItem *item)
{
  gint64 seq = chat_message_item_get_seq (item);
  gboolean newest = seq == 0 || seq > chat_seq_ranges_get_highest (self->known);

  insert_row (self, newest ? self->rows->len : place_for (self, seq, chat_message_item_get_time (item)), item);
}

void
chat_message_window_add_stored (ChatMessageWindow *self, ChatMessageItem *item)
{
  insert_row (self, place_for (self, chat_message_item_get_seq (item), chat_message_item_get_time (item)), item);
}

void
chat_message_window_place (ChatMessageWindow *self, ChatMessageItem *item, gint64 seq)
{
  guint place;

  if (chat_message_item_get_seq (item) == seq)
    return;
  place = find_row (self, item);
  if (!fits (self, place, seq))
    {
      g_ptr_array_steal_index (self->rows, place);
      g_ptr_array_insert (self->rows, (gint)place_for (self, seq, chat_message_item_get_time (item)), item);
    }
  chat_message_item_set_seq (item, seq);
  chat_seq_ranges_add (self->known, seq, seq);
}

gboolean
chat_message_window_set_message (ChatMessageWindow *self, ChatMessageItem *item, ChatMessage *message)
{
  gboolean changed;

  /* the key is the message's own string */
  g_hash_table_remove (self->ids, row_id (item));
  changed = chat_message_item_set_message (item, message);
  g_hash_table_insert (self->ids, (gpointer)row_id (item), item);
  return changed;
}

void
chat_message_window_remove (ChatMessageWindow *self, ChatMessageItem *item)
{
  guint place = find_row (self, item);

  g_hash_table_remove (self->ids, row_id (item));
  g_ptr_array_remove_index (self->rows, place);
}

gboolean
chat_message_window_drop_oldest (ChatMessageWindow *self, guint keep)
{
  guint drop = self->rows->len > keep ? self->rows->len - keep : 0;
  gint64 seq;

  if (drop == 0)
    return FALSE;
  for (guint i = 0; i < drop; i++)
    g_hash_table_remove (self->ids, row_id (row_at (self, i)));
  g_ptr_array_remove_range (self->rows, 0, drop);

  seq = next_seq (self, 0);
  chat_seq_ranges_cut (self->known, seq > 0 ? seq : G_MAXINT64, G_MAXINT64);
  return TRUE;
}

void
chat_message_window_drop_before (ChatMessageWindow *self, gint64 seq)
{
  chat_message_window_drop_oldest (self, self->rows->len - first_from (self, seq));
  chat_seq_ranges_cut (self->known, seq, G_MAXINT64);
}

/* Whether every seq between @from and @to is known. */
static gboolean
knows_all (ChatMessageWindow *self, gint64 from, gint64 to)
{
  return chat_seq_ranges_contains (self->known, from) && chat_seq_ranges_reach_from (self->known, from) >= to;
}

void
chat_message_window_drop_strays (ChatMessageWindow *self)
{
  gint64 below = 0;

  for (guint i = self->rows->len; i > 0; i--)
    {
      gint64 above = 0;
      guint first = i;

      if (chat_message_item_get_seq (row_at (self, i - 1)) > 0)
        {
          below = chat_message_item_get_seq (row_at (self, i - 1));
          continue;
        }
      while (first > 1 && above == 0)
        above = chat_message_item_get_seq (row_at (self, --first - 1));
      if (below == 0 || !knows_all (self, above, below))
        continue;
      chat_message_window_remove (self, row_at (self, i - 1));
    }
}

void
chat_message_window_drop_unplaced (ChatMessageWindow *self)
{
  while (self->rows->len > 0 && chat_message_item_get_seq (row_at (self, 0)) == 0)
    chat_message_window_remove (self, row_at (self, 0));
}

ChatMessageWindow *
chat_message_window_split (ChatMessageWindow *self, guint keep)
{
  ChatMessageWindow *newer = chat_message_window_new ();
  gint64 seq = 0;

  for (guint i = 0; i < keep && i < self->rows->len; i++)
    seq = MAX (seq, chat_message_item_get_seq (row_at (self, i)));
  for (guint i = keep; i < self->rows->len; i++)
    {
      ChatMessageItem *item = row_at (self, i);

      g_hash_table_remove (self->ids, row_id (item));
      insert_row (newer, newer->rows->len, g_object_ref (item));
    }
  if (keep < self->rows->len)
    g_ptr_array_remove_range (self->rows, keep, self->rows->len - keep);

  chat_seq_ranges_add_all (newer->known, self->known);
  chat_seq_ranges_cut (newer->known, seq + 1, G_MAXINT64);
  chat_seq_ranges_cut (self->known, G_MININT64, seq);
  return newer;
}

ChatMessageWindow *
chat_message_window_split_before (ChatMessageWindow *self, gint64 seq)
{
  return chat_message_window_split (self, first_from (self, seq));
}

void
chat_message_window_absorb (ChatMessageWindow *self, ChatMessageWindow *newer)
{
  for (guint i = 0; i < newer->rows->len; i++)
    {
      ChatMessageItem *item = row_at (newer, i);
      ChatMessageItem *mine = chat_message_window_find (self, row_id (item));

      if (mine == NULL)
        chat_message_window_add_live (self, g_object_ref (item));
      else if (chat_message_item_get_seq (item) > 0)
        chat_message_window_place (self, mine, chat_message_item_get_seq (item));
    }
  chat_seq_ranges_add_all (self->known, newer->known);
  chat_message_window_free (newer);
}
