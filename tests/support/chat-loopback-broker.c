/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-loopback-broker.h"

typedef struct
{
  ChatLocalShard shard;
  char *topic;
  GPtrArray *records; /* the first of them has the offset shard.first */
} Shard;

struct _ChatLoopbackBroker
{
  GObject parent_instance;

  guint shards;
  gint64 clock;       /* ms: of the next record; 0: as it is */
  GHashTable *topics; /* name → GPtrArray of Shard */
  GHashTable *groups; /* name, newline, topic → ChatLocalGroup */
};

G_DEFINE_FINAL_TYPE (ChatLoopbackBroker, chat_loopback_broker, G_TYPE_OBJECT)

enum
{
  APPENDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
shard_free (Shard *shard)
{
  g_ptr_array_unref (shard->records);
  g_free (shard->topic);
  g_free (shard);
}

static void
chat_loopback_broker_finalize (GObject *object)
{
  ChatLoopbackBroker *self = CHAT_LOOPBACK_BROKER (object);

  g_clear_pointer (&self->topics, g_hash_table_unref);
  g_clear_pointer (&self->groups, g_hash_table_unref);
  G_OBJECT_CLASS (chat_loopback_broker_parent_class)->finalize (object);
}

static void
chat_loopback_broker_class_init (ChatLoopbackBrokerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_loopback_broker_finalize;
  signals[APPENDED]
      = g_signal_new ("appended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_loopback_broker_init (ChatLoopbackBroker *self)
{
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)chat_local_group_free);
}

ChatLoopbackBroker *
chat_loopback_broker_new (guint shards)
{
  ChatLoopbackBroker *self = g_object_new (CHAT_TYPE_LOOPBACK_BROKER, NULL);

  self->shards = MAX (shards, 1);
  return self;
}

static gint64
chat_loopback_broker_now (ChatLoopbackBroker *self)
{
  return self->clock > 0 ? self->clock++ : g_get_real_time () / 1000;
}

void
chat_loopback_broker_set_clock (ChatLoopbackBroker *self, gint64 time_ms)
{
  self->clock = time_ms;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
chat_loopback_broker_dup_topics (ChatLoopbackBroker *self)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}

guint
chat_loopback_broker_get_shards (ChatLoopbackBroker *self)
{
  return self->shards;
}

static Shard *
find_shard (ChatLoopbackBroker *self, const char *topic, gint number)
{
  GPtrArray *shards = g_hash_table_lookup (self->topics, topic);

  if (shards == NULL)
    {
      shards = g_ptr_array_new_with_free_func ((GDestroyNotify)shard_free);
      for (guint i = 0; i < self->shards; i++)
        {
          Shard *shard = g_new0 (Shard, 1);

          shard->topic = g_strdup (topic);
          shard->shard.topic = shard->topic;
          shard->shard.number = (gint)i;
          shard->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
          g_ptr_array_add (shards, shard);
        }
      g_hash_table_insert (self->topics, g_strdup (topic), shards);
    }
  return g_ptr_array_index (shards, number);
}

const ChatLocalShard *
chat_loopback_broker_get_shard (ChatLoopbackBroker *self, const char *topic, gint shard)
{
  return &find_shard (self, topic, shard)->shard;
}

ChatRecord *
chat_loopback_broker_get_record (ChatLoopbackBroker *self, const ChatLocalShard *shard, gint64 offset)
{
  return g_ptr_array_index (find_shard (self, shard->topic, shard->number)->records, offset - shard->first);
}

ChatLocalGroup *
chat_loopback_broker_get_group (ChatLoopbackBroker *self, const char *name, const char *topic)
{
  g_autofree char *key = g_strconcat (name, "\n", topic, NULL);
  ChatLocalGroup *group = g_hash_table_lookup (self->groups, key);

  if (group == NULL)
    {
      group = chat_local_group_new (name, topic, self->shards);
      for (guint i = 0; i < self->shards; i++)
        group->cursors[i] = find_shard (self, topic, (gint)i)->shard.first;
      g_hash_table_insert (self->groups, g_steal_pointer (&key), group);
    }
  return group;
}

ChatPosition *
chat_loopback_broker_find_time (ChatLoopbackBroker *self, const char *const *topics, gint64 time_ms)
{
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; topics[i] != NULL; i++)
    for (guint number = 0; number < self->shards; number++)
      {
        Shard *shard = find_shard (self, topics[i], (gint)number);
        g_autofree char *name = g_strdup_printf ("%u", number);
        guint before = 0;

        while (before < shard->records->len
               && chat_record_get_time (g_ptr_array_index (shard->records, before)) < time_ms)
          before++;
        chat_position_set (position, topics[i], name, shard->shard.first + before);
      }
  return position;
}

GPtrArray *
chat_loopback_broker_get_records (ChatLoopbackBroker *self, const char *topic)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = 0; i < self->shards; i++)
    {
      GPtrArray *records = find_shard (self, topic, (gint)i)->records;

      for (guint j = 0; j < records->len; j++)
        g_ptr_array_add (all, chat_record_ref (g_ptr_array_index (records, j)));
    }
  return all;
}

void
chat_loopback_broker_append (ChatLoopbackBroker *self, ChatRecord *record)
{
  const char *key = chat_record_get_key (record);
  gint number = key != NULL ? (gint)(g_str_hash (key) % self->shards) : 0;
  Shard *shard = find_shard (self, chat_record_get_topic (record), number);

  g_ptr_array_add (shard->records,
                   chat_record_new_placed (record, number, shard->shard.end, chat_loopback_broker_now (self)));
  shard->shard.end++;
  g_signal_emit (self, signals[APPENDED], 0);
}

void
chat_loopback_broker_trim (ChatLoopbackBroker *self, const char *topic, gint shard, guint count)
{
  Shard *trimmed = find_shard (self, topic, shard);

  g_return_if_fail (count <= trimmed->records->len);
  if (count > 0)
    g_ptr_array_remove_range (trimmed->records, 0, count);
  trimmed->shard.first += count;
}
