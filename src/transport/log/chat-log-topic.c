/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-topic.h"

/* What a shard keeps in memory at the most. A power of two: an offset's slot is its low bits. */
#define TAIL_RECORDS 4096
#define TAIL_BYTES (2 * 1024 * 1024)

typedef struct
{
  ChatLocalShard shard;
  ChatRecord **tail; /* (nullable): slots of [oldest, shard.end) */
  gint64 oldest;
  gsize bytes;
} Shard;

struct _ChatLogTopic
{
  char *name;
  guint n_shards;
  Shard *shards;
};

static gsize
record_size (ChatRecord *record)
{
  return g_bytes_get_size (chat_record_get_bytes (record));
}

static ChatRecord **
slot (const Shard *shard, gint64 offset)
{
  return &shard->tail[offset & (TAIL_RECORDS - 1)];
}

static void
forget_oldest (Shard *shard)
{
  ChatRecord **oldest = slot (shard, shard->oldest++);

  shard->bytes -= record_size (*oldest);
  g_clear_pointer (oldest, chat_record_unref);
}

ChatLogTopic *
chat_log_topic_new (const char *name, guint shards)
{
  ChatLogTopic *self = g_new0 (ChatLogTopic, 1);

  self->name = g_strdup (name);
  self->n_shards = shards;
  self->shards = g_new0 (Shard, shards);
  for (guint i = 0; i < shards; i++)
    {
      self->shards[i].shard.topic = self->name;
      self->shards[i].shard.number = (gint)i;
    }
  return self;
}

void
chat_log_topic_free (ChatLogTopic *self)
{
  for (guint i = 0; i < self->n_shards; i++)
    {
      Shard *shard = &self->shards[i];

      while (shard->oldest < shard->shard.end)
        forget_oldest (shard);
      g_free (shard->tail);
    }
  g_free (self->shards);
  g_free (self->name);
  g_free (self);
}

const char *
chat_log_topic_get_name (const ChatLogTopic *self)
{
  return self->name;
}

const ChatLocalShard *
chat_log_topic_get_shard (const ChatLogTopic *self, gint shard)
{
  return &self->shards[shard].shard;
}

void
chat_log_topic_place (ChatLogTopic *self, gint number, gint64 first, gint64 next)
{
  Shard *shard = &self->shards[number];

  g_return_if_fail (shard->tail == NULL);

  shard->shard.first = first;
  shard->shard.end = shard->oldest = next;
}

void
chat_log_topic_trim (ChatLogTopic *self, gint number, gint64 first)
{
  self->shards[number].shard.first = MAX (self->shards[number].shard.first, first);
}

void
chat_log_topic_append (ChatLogTopic *self, ChatRecord *record)
{
  Shard *shard = &self->shards[chat_record_get_shard (record)];

  g_return_if_fail (chat_record_get_offset (record) == shard->shard.end);

  if (shard->tail == NULL)
    shard->tail = g_new0 (ChatRecord *, TAIL_RECORDS);
  while (shard->oldest < shard->shard.end
         && (shard->shard.end - shard->oldest == TAIL_RECORDS || shard->bytes + record_size (record) > TAIL_BYTES))
    forget_oldest (shard);
  *slot (shard, shard->shard.end++) = chat_record_ref (record);
  shard->bytes += record_size (record);
}

ChatRecord *
chat_log_topic_peek (const ChatLogTopic *self, gint number, gint64 offset)
{
  const Shard *shard = &self->shards[number];

  if (shard->tail == NULL || offset < shard->oldest || offset >= shard->shard.end)
    return NULL;
  return *slot (shard, offset);
}
