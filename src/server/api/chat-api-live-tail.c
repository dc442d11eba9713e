/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-tail.h"

/* So much is kept of what is stored: it saves a query to whoever joins while records go by. */
#define STORED_MAX 128
/* So much of what is not: past it joining waits until the archiver has caught up. */
#define WAITING_MAX 2048
/* So many rows are remembered of which the broker's copy is still to come. */
#define UNSEEN_MAX 2048

typedef struct
{
  ChatApiLiveRecord record;
  gboolean dead; /* will never be stored */
} Item;

struct _ChatApiLiveTail
{
  GQueue items;      /* of Item, seen, in broker order */
  GQueue unseen;     /* of Item, oldest first */
  GHashTable *by_id; /* id → GList link in one of them */
  GList *fresh;      /* the first of items that was not taken yet */
  guint waiting;
  gint64 newest;
  gint64 complete;
  gboolean lost_waiting; /* let go of a record that waited */
};

static void
item_free (gpointer data)
{
  Item *item = data;

  g_clear_pointer (&item->record.json, g_bytes_unref);
  g_free (item->record.id);
  g_free (item);
}

static Item *
item_new (const char *id, gint64 seq, GBytes *json)
{
  Item *item = g_new0 (Item, 1);

  item->record.id = g_strdup (id);
  item->record.seq = seq;
  item->record.json = json != NULL ? g_bytes_ref (json) : NULL;
  return item;
}

static gboolean
item_waits (const Item *item)
{
  return item->record.seq == 0 && !item->dead;
}

ChatApiLiveTail *
chat_api_live_tail_new (void)
{
  ChatApiLiveTail *self = g_new0 (ChatApiLiveTail, 1);

  g_queue_init (&self->items);
  g_queue_init (&self->unseen);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
chat_api_live_tail_free (ChatApiLiveTail *self)
{
  g_hash_table_unref (self->by_id);
  g_queue_clear_full (&self->items, item_free);
  g_queue_clear_full (&self->unseen, item_free);
  g_free (self);
}

static void
let_go_of_oldest (ChatApiLiveTail *self)
{
  Item *item = g_queue_pop_head (&self->items);

  if (item_waits (item))
    {
      self->waiting--;
      self->lost_waiting = TRUE;
    }
  self->complete = MAX (self->complete, item->record.seq);
  g_hash_table_remove (self->by_id, item->record.id);
  item_free (item);
}

/* Only what has been taken goes, and only from the old end. */
static void
trim (ChatApiLiveTail *self)
{
  GList *oldest;

  while ((oldest = g_queue_peek_head_link (&self->items)) != NULL && oldest != self->fresh)
    {
      gboolean waits = item_waits (oldest->data);
      guint others = waits ? self->waiting : self->items.length - self->waiting;

      if (others <= (waits ? WAITING_MAX : STORED_MAX))
        break;
      let_go_of_oldest (self);
    }
  while (self->unseen.length > UNSEEN_MAX)
    {
      Item *item = g_queue_pop_head (&self->unseen);

      g_hash_table_remove (self->by_id, item->record.id);
      item_free (item);
    }
}

static GList *
find (ChatApiLiveTail *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

static gboolean
is_seen (GList *link)
{
  return link != NULL && ((Item *)link->data)->record.json != NULL;
}

/* Takes a remembered row out of `unseen`. Returns: its seq, 0 where there was none. */
static gint64
forget_unseen (ChatApiLiveTail *self, GList *link)
{
  Item *item;
  gint64 seq;

  if (link == NULL)
    return 0;
  item = link->data;
  seq = item->record.seq;
  g_hash_table_remove (self->by_id, item->record.id);
  g_queue_delete_link (&self->unseen, link);
  item_free (item);
  return seq;
}

gboolean
chat_api_live_tail_add (ChatApiLiveTail *self, const char *id, GBytes *json)
{
  GList *known = find (self, id);
  Item *item;

  if (is_seen (known))
    return FALSE;
  item = item_new (id, forget_unseen (self, known), json);
  g_queue_push_tail (&self->items, item);
  g_hash_table_insert (self->by_id, item->record.id, g_queue_peek_tail_link (&self->items));
  if (self->fresh == NULL)
    self->fresh = g_queue_peek_tail_link (&self->items);
  if (item_waits (item))
    self->waiting++;
  trim (self);
  return TRUE;
}

gboolean
chat_api_live_tail_insert (ChatApiLiveTail *self, const char *id, gint64 seq, GBytes *json)
{
  GList *known = find (self, id);
  Item *item;

  if (is_seen (known))
    return FALSE;
  forget_unseen (self, known);
  item = item_new (id, seq, json);
  if (self->fresh == NULL)
    {
      g_queue_push_tail (&self->items, item);
      self->fresh = g_queue_peek_tail_link (&self->items);
      g_hash_table_insert (self->by_id, item->record.id, self->fresh);
    }
  else
    {
      /* Behind what was inserted before it, so that rows keep their order. */
      GList *before = self->fresh;

      while (before != NULL && ((Item *)before->data)->record.seq != 0 && ((Item *)before->data)->record.seq < seq)
        before = before->next;
      g_queue_insert_before (&self->items, before, item);
      g_hash_table_insert (self->by_id, item->record.id, before != NULL ? before->prev : self->items.tail);
      if (before == self->fresh)
        self->fresh = self->fresh->prev;
    }
  self->newest = MAX (self->newest, seq);
  return TRUE;
}

static void
remember_unseen (ChatApiLiveTail *self, const char *id, gint64 seq)
{
  Item *item = item_new (id, seq, NULL);

  g_queue_push_tail (&self->unseen, item);
  g_hash_table_insert (self->by_id, item->record.id, g_queue_peek_tail_link (&self->unseen));
  trim (self);
}

gboolean
chat_api_live_tail_settle (ChatApiLiveTail *self, const char *id, gint64 seq)
{
  GList *link = find (self, id);
  gboolean older = seq <= self->newest;
  Item *item;

  self->newest = MAX (self->newest, seq);
  if (link == NULL)
    {
      /* Up to the newest seq everything has been seen once, and what is not here any more was let go. */
      if (older)
        return TRUE;
      remember_unseen (self, id, seq);
      return FALSE;
    }
  item = link->data;
  if (item_waits (item))
    self->waiting--;
  item->record.seq = seq;
  return item->record.json != NULL;
}

void
chat_api_live_tail_settled (ChatApiLiveTail *self, const char *last_id)
{
  GList *link = find (self, last_id);

  if (!is_seen (link))
    return;
  if (self->lost_waiting)
    {
      self->lost_waiting = FALSE;
      self->complete = MAX (self->complete, ((Item *)link->data)->record.seq - 1);
    }
  for (link = link->prev; link != NULL && item_waits (link->data); link = link->prev)
    {
      ((Item *)link->data)->dead = TRUE;
      self->waiting--;
    }
  trim (self);
}

gboolean
chat_api_live_tail_is_seen (ChatApiLiveTail *self, const char *id)
{
  return is_seen (find (self, id));
}

GPtrArray *
chat_api_live_tail_take (ChatApiLiveTail *self)
{
  GPtrArray *records = g_ptr_array_new ();

  for (GList *link = self->fresh; link != NULL; link = link->next)
    g_ptr_array_add (records, &((Item *)link->data)->record);
  self->fresh = NULL;
  return records;
}

GPtrArray *
chat_api_live_tail_list_after (ChatApiLiveTail *self, gint64 seq)
{
  GPtrArray *records = g_ptr_array_new ();

  for (GList *link = self->items.head; link != NULL && link != self->fresh; link = link->next)
    {
      Item *item = link->data;

      if (!item->dead && (item->record.seq == 0 || item->record.seq > seq))
        g_ptr_array_add (records, &item->record);
    }
  return records;
}

guint
chat_api_live_tail_count_waiting (ChatApiLiveTail *self)
{
  return self->waiting;
}

gint64
chat_api_live_tail_get_newest (ChatApiLiveTail *self)
{
  return self->newest;
}

gint64
chat_api_live_tail_get_complete (ChatApiLiveTail *self)
{
  return self->lost_waiting ? G_MAXINT64 : self->complete;
}
