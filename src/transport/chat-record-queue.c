/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-record-queue.h"

/* How far a shard has been delivered. */
typedef struct
{
  char *topic;
  gint shard;
  gint64 next;
} Reach;

struct _ChatRecordQueue
{
  GPtrArray *records; /* (element-type ChatRecord) */
  GArray *reaches;    /* (element-type Reach) */
};

static void
reach_clear (Reach *reach)
{
  g_free (reach->topic);
}

static GPtrArray *
records_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
}

ChatRecordQueue *
chat_record_queue_new (void)
{
  ChatRecordQueue *self = g_new0 (ChatRecordQueue, 1);

  self->records = records_new ();
  self->reaches = g_array_new (FALSE, FALSE, sizeof (Reach));
  g_array_set_clear_func (self->reaches, (GDestroyNotify)reach_clear);
  return self;
}

void
chat_record_queue_free (ChatRecordQueue *self)
{
  g_ptr_array_unref (self->records);
  g_array_unref (self->reaches);
  g_free (self);
}

static gint64 *
find_reach (ChatRecordQueue *self, const ChatRecord *record)
{
  const char *topic = chat_record_get_topic (record);
  gint shard = chat_record_get_shard (record);

  for (guint i = 0; i < self->reaches->len; i++)
    {
      Reach *reach = &g_array_index (self->reaches, Reach, i);
      if (reach->shard == shard && g_str_equal (reach->topic, topic))
        return &reach->next;
    }
  Reach reach = { g_strdup (topic), shard, 0 };
  g_array_append_val (self->reaches, reach);
  return &g_array_index (self->reaches, Reach, self->reaches->len - 1).next;
}

static gboolean
is_same_shard (const ChatRecord *a, const ChatRecord *b)
{
  return chat_record_get_shard (a) == chat_record_get_shard (b)
         && g_str_equal (chat_record_get_topic (a), chat_record_get_topic (b));
}

static gboolean
contains (GPtrArray *records, const ChatRecord *record)
{
  for (guint i = 0; i < records->len; i++)
    {
      ChatRecord *other = g_ptr_array_index (records, i);
      if (is_same_shard (other, record) && chat_record_get_offset (other) == chat_record_get_offset (record))
        return TRUE;
    }
  return FALSE;
}

/* A shard is delivered again from @record on: what waits of it from there on comes behind it once more. */
static void
make_way (ChatRecordQueue *self, const ChatRecord *record)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&self->records);

  self->records = records_new ();
  for (guint i = 0; i < before->len; i++)
    {
      ChatRecord *waiting = g_ptr_array_index (before, i);
      if (!is_same_shard (waiting, record) || chat_record_get_offset (waiting) < chat_record_get_offset (record))
        g_ptr_array_add (self->records, chat_record_ref (waiting));
    }
}

void
chat_record_queue_push (ChatRecordQueue *self, ChatRecord *record, GPtrArray *taken)
{
  gint64 offset = chat_record_get_offset (record);

  if (offset >= 0)
    {
      gint64 *next = find_reach (self, record);
      gboolean again = offset < *next;

      if (again && taken != NULL && contains (taken, record))
        return;
      if (again)
        make_way (self, record);
      *next = offset + 1;
    }
  g_ptr_array_add (self->records, chat_record_ref (record));
}

GPtrArray *
chat_record_queue_take (ChatRecordQueue *self, guint most)
{
  guint n = MIN (self->records->len, most);
  GPtrArray *taken = records_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (taken, chat_record_ref (g_ptr_array_index (self->records, i)));
  if (n > 0)
    g_ptr_array_remove_range (self->records, 0, n);
  return taken;
}

guint
chat_record_queue_get_length (const ChatRecordQueue *self)
{
  return self->records->len;
}

void
chat_record_queue_clear (ChatRecordQueue *self)
{
  g_ptr_array_set_size (self->records, 0);
}

void
chat_record_queue_drop_shards (ChatRecordQueue *self, const char *topic, GArray *shards)
{
  GPtrArray *kept = chat_record_array_without_shards (self->records, topic, shards);

  g_ptr_array_unref (self->records);
  self->records = kept;
}

static gboolean
is_of (const ChatRecord *record, const char *topic, GArray *shards)
{
  if (!g_str_equal (chat_record_get_topic (record), topic))
    return FALSE;
  for (guint i = 0; i < shards->len; i++)
    if (g_array_index (shards, gint, i) == chat_record_get_shard (record))
      return TRUE;
  return FALSE;
}

GPtrArray *
chat_record_array_without_shards (GPtrArray *records, const char *topic, GArray *shards)
{
  GPtrArray *kept = records_new ();

  for (guint i = 0; i < records->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (records, i);
      if (!is_of (record, topic, shards))
        g_ptr_array_add (kept, chat_record_ref (record));
    }
  return kept;
}
