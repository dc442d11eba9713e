/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-broker-log.h"

#include <string.h>

/* Vectors that are remembered; then the older half of them goes, by seq. */
#define REMEMBERED_MOST 20000

struct _ChatBrokerLog
{
  char *topic;
  guint shards;
  gint64 *ends;
  gint64 *lows;
  GArray *seqs;    /* gint64, ascending: of what is remembered */
  GArray *vectors; /* gint64: for each of them one vector */
};

ChatBrokerLog *
chat_broker_log_new (const char *topic)
{
  ChatBrokerLog *self = g_new0 (ChatBrokerLog, 1);

  self->topic = g_strdup (topic);
  self->seqs = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->vectors = g_array_new (FALSE, FALSE, sizeof (gint64));
  return self;
}

void
chat_broker_log_free (ChatBrokerLog *self)
{
  g_array_unref (self->seqs);
  g_array_unref (self->vectors);
  g_free (self->ends);
  g_free (self->lows);
  g_free (self->topic);
  g_free (self);
}

const char *
chat_broker_log_get_topic (ChatBrokerLog *self)
{
  return self->topic;
}

/* A topic may get more shards while it is used. */
static void
grow (ChatBrokerLog *self, guint shards)
{
  g_autoptr (GArray) vectors = NULL;

  if (shards <= self->shards)
    return;
  self->ends = g_renew (gint64, self->ends, shards);
  self->lows = g_renew (gint64, self->lows, shards);
  for (guint i = self->shards; i < shards; i++)
    self->ends[i] = self->lows[i] = 0;
  vectors = g_array_sized_new (FALSE, TRUE, sizeof (gint64), self->seqs->len * shards);
  g_array_set_size (vectors, self->seqs->len * shards);
  for (guint i = 0; i < self->seqs->len; i++)
    memcpy (&g_array_index (vectors, gint64, i * shards), &g_array_index (self->vectors, gint64, i * self->shards),
            self->shards * sizeof (gint64));
  g_array_unref (self->vectors);
  self->vectors = g_steal_pointer (&vectors);
  self->shards = shards;
}

typedef struct
{
  ChatBrokerLog *log;
  gboolean jumped;
} Begin;

static void
begin_cb (const char *topic, const char *shard, gint64 next, gpointer data)
{
  Begin *begin = data;
  guint64 number;

  if (!g_str_equal (topic, begin->log->topic) || !g_ascii_string_to_unsigned (shard, 10, 0, G_MAXINT16, &number, NULL))
    return;
  grow (begin->log, (guint)number + 1);
  if (begin->log->ends[number] != next)
    begin->jumped = TRUE;
  begin->log->ends[number] = next;
}

gboolean
chat_broker_log_begin (ChatBrokerLog *self, const ChatPosition *position)
{
  Begin begin = { self, FALSE };

  chat_position_foreach (position, begin_cb, &begin);
  if (self->shards > 0)
    chat_broker_log_remember (self, self->ends);
  return begin.jumped;
}

void
chat_broker_log_forget (ChatBrokerLog *self)
{
  g_array_set_size (self->seqs, 0);
  g_array_set_size (self->vectors, 0);
  for (guint i = 0; i < self->shards; i++)
    self->lows[i] = 0;
  chat_broker_log_remember (self, self->ends);
}

gboolean
chat_broker_log_has_begun (ChatBrokerLog *self)
{
  return self->shards > 0;
}

gint64
chat_broker_log_take_live (ChatBrokerLog *self, gint shard, gint64 offset)
{
  guint place = (guint)MAX (shard, 0);

  grow (self, place + 1);
  if (offset < self->ends[place])
    return 0;
  if (self->shards > 1)
    {
      /* what lies right before it: others are before a gap in the offsets */
      self->ends[place] = offset;
      chat_broker_log_remember (self, self->ends);
    }
  self->ends[place] = offset + 1;
  chat_broker_log_remember (self, self->ends);
  return chat_broker_log_get_end (self);
}

gint64
chat_broker_log_get_end (ChatBrokerLog *self)
{
  return chat_broker_log_sum (self, self->ends);
}

guint
chat_broker_log_get_shards (ChatBrokerLog *self)
{
  return self->shards;
}

const gint64 *
chat_broker_log_get_ends (ChatBrokerLog *self)
{
  return self->ends;
}

const gint64 *
chat_broker_log_get_lows (ChatBrokerLog *self)
{
  return self->lows;
}

void
chat_broker_log_set_low (ChatBrokerLog *self, gint shard, gint64 low)
{
  if (shard >= 0 && (guint)shard < self->shards)
    self->lows[shard] = MAX (self->lows[shard], low);
}

gint64
chat_broker_log_sum (ChatBrokerLog *self, const gint64 *vector)
{
  gint64 sum = 0;

  for (guint i = 0; i < self->shards; i++)
    sum += vector[i];
  return sum;
}

/* The first that is not less than @seq. */
static guint
lower_bound (ChatBrokerLog *self, gint64 seq)
{
  guint low = 0, high = self->seqs->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (self->seqs, gint64, middle) < seq)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

void
chat_broker_log_remember (ChatBrokerLog *self, const gint64 *vector)
{
  gint64 seq = chat_broker_log_sum (self, vector);
  guint place;

  if (self->shards < 2)
    return;
  place = lower_bound (self, seq);
  if (place < self->seqs->len && g_array_index (self->seqs, gint64, place) == seq)
    return;
  g_array_insert_val (self->seqs, place, seq);
  g_array_insert_vals (self->vectors, place * self->shards, vector, self->shards);
  if (self->seqs->len <= REMEMBERED_MOST)
    return;
  g_array_remove_range (self->seqs, 0, REMEMBERED_MOST / 2);
  g_array_remove_range (self->vectors, 0, REMEMBERED_MOST / 2 * self->shards);
}

void
chat_broker_log_find (ChatBrokerLog *self, gint64 seq, gboolean below, gint64 *vector)
{
  guint place;

  if (self->shards == 1)
    {
      vector[0] = seq;
      return;
    }
  place = lower_bound (self, seq);
  if (below && (place == self->seqs->len || g_array_index (self->seqs, gint64, place) > seq))
    place--; /* before the first: wraps, and is handled below */
  if (place < self->seqs->len)
    memcpy (vector, &g_array_index (self->vectors, gint64, place * self->shards), self->shards * sizeof (gint64));
  else
    memcpy (vector, below ? self->lows : self->ends, self->shards * sizeof (gint64));
}
