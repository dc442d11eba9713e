/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-feed-merge.h"

#include "core/chat-lru.h"

struct _ChatFeedMerge
{
  ChatLru *brought;      /* id → 1 + carrier: what one has brought and the other has not */
  ChatLru *waiting;      /* id → 1: records whose receipt has not come */
  ChatLru *early;        /* id → seq (gint64 *): receipts whose record has not come */
  GHashTable *delivered; /* channel → seq (gint64 *) */
  gboolean both;
};

ChatFeedMerge *
chat_feed_merge_new (void)
{
  ChatFeedMerge *self = g_new0 (ChatFeedMerge, 1);

  self->brought = chat_lru_new (CHAT_FEED_MERGE_MOST, NULL);
  self->waiting = chat_lru_new (CHAT_FEED_MERGE_MOST, NULL);
  self->early = chat_lru_new (CHAT_FEED_MERGE_MOST, g_free);
  self->delivered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
chat_feed_merge_free (ChatFeedMerge *self)
{
  if (self == NULL)
    return;
  chat_lru_free (self->brought);
  chat_lru_free (self->waiting);
  chat_lru_free (self->early);
  g_hash_table_unref (self->delivered);
  g_free (self);
}

void
chat_feed_merge_begin (ChatFeedMerge *self)
{
  self->both = TRUE;
}

void
chat_feed_merge_end (ChatFeedMerge *self)
{
  self->both = FALSE;
}

gboolean
chat_feed_merge_take (ChatFeedMerge *self, const char *id, ChatCarrier carrier)
{
  guint mark = GPOINTER_TO_UINT (chat_lru_get (self->brought, id));

  if (mark == 0)
    {
      if (self->both)
        chat_lru_put (self->brought, id, GUINT_TO_POINTER (1 + carrier));
      return TRUE;
    }
  /* both have brought it: it can't come again */
  if (mark != 1 + carrier)
    chat_lru_remove (self->brought, id);
  return FALSE;
}

void
chat_feed_merge_set_delivered (ChatFeedMerge *self, const char *channel, gint64 seq)
{
  gint64 *delivered = g_hash_table_lookup (self->delivered, channel);

  if (delivered == NULL)
    g_hash_table_insert (self->delivered, g_strdup (channel), g_memdup2 (&seq, sizeof seq));
  else
    *delivered = MAX (*delivered, seq);
}

gint64
chat_feed_merge_add_record (ChatFeedMerge *self, const char *channel, const char *id, gint64 seq)
{
  gint64 *early = chat_lru_get (self->early, id);

  if (seq == 0 && early == NULL)
    {
      chat_lru_put (self->waiting, id, GUINT_TO_POINTER (1));
      return 0;
    }
  seq = seq > 0 ? seq : *early;
  if (early != NULL)
    chat_lru_remove (self->early, id);
  chat_feed_merge_set_delivered (self, channel, seq);
  return seq;
}

void
chat_feed_merge_add_receipt (ChatFeedMerge *self, const char *channel, const char *id, gint64 seq)
{
  gint64 *delivered = g_hash_table_lookup (self->delivered, channel);

  if (chat_lru_get (self->waiting, id) != NULL)
    {
      chat_lru_remove (self->waiting, id);
      chat_feed_merge_set_delivered (self, channel, seq);
      return;
    }
  /* what came with its seq needs none */
  if (delivered != NULL && *delivered >= seq)
    return;
  if (delivered == NULL)
    chat_feed_merge_set_delivered (self, channel, seq - 1);
  chat_lru_put (self->early, id, g_memdup2 (&seq, sizeof seq));
}

guint
chat_feed_merge_get_early (ChatFeedMerge *self)
{
  return chat_lru_get_size (self->early);
}

gint64
chat_feed_merge_get_delivered (ChatFeedMerge *self, const char *channel)
{
  gint64 *delivered = g_hash_table_lookup (self->delivered, channel);

  return delivered != NULL ? *delivered : -1;
}
