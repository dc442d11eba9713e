/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-hub.h"

#include "transport/log/chat-log-reader.h"

struct _ChatLogHub
{
  guint shards;
  GHashTable *topics; /* name → ChatLogTopic */
  GHashTable *groups; /* name NUL-free, newline, topic → ChatLocalGroup */
  GPtrArray *subscriptions;
  ChatWorker *reader;
};

ChatLogHub *
chat_log_hub_new (const char *path, const ChatLogContents *contents)
{
  ChatLogHub *self = g_new0 (ChatLogHub, 1);

  self->shards = contents->shards;
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)chat_log_topic_free);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)chat_local_group_free);
  self->subscriptions = g_ptr_array_new ();
  self->reader = chat_worker_new ("log-reader", chat_log_reader_new (path), (GDestroyNotify)chat_log_reader_free);
  for (guint i = 0; i < contents->places->len; i++)
    {
      const ChatLogPlace *place = g_ptr_array_index (contents->places, i);

      chat_log_topic_place (chat_log_hub_get_topic (self, place->topic), place->shard, place->first, place->next);
    }
  for (guint i = 0; i < contents->cursors->len; i++)
    chat_log_hub_move_cursor (self, g_ptr_array_index (contents->cursors, i));
  return self;
}

void
chat_log_hub_free (ChatLogHub *self)
{
  g_return_if_fail (self->subscriptions->len == 0);

  g_clear_object (&self->reader);
  g_ptr_array_unref (self->subscriptions);
  g_hash_table_unref (self->groups);
  g_hash_table_unref (self->topics);
  g_free (self);
}

guint
chat_log_hub_get_shards (ChatLogHub *self)
{
  return self->shards;
}

ChatLogTopic *
chat_log_hub_get_topic (ChatLogHub *self, const char *name)
{
  ChatLogTopic *topic = g_hash_table_lookup (self->topics, name);

  if (topic == NULL)
    {
      topic = chat_log_topic_new (name, self->shards);
      g_hash_table_insert (self->topics, (gpointer)chat_log_topic_get_name (topic), topic);
    }
  return topic;
}

ChatLocalGroup *
chat_log_hub_find_group (ChatLogHub *self, const char *name, const char *topic)
{
  g_autofree char *key = g_strconcat (name, "\n", topic, NULL);

  return g_hash_table_lookup (self->groups, key);
}

void
chat_log_hub_move_cursor (ChatLogHub *self, const ChatLogCursor *cursor)
{
  ChatLocalGroup *group = chat_log_hub_find_group (self, cursor->group, cursor->topic);

  if (group == NULL)
    {
      group = chat_local_group_new (cursor->group, cursor->topic, self->shards);
      g_hash_table_insert (self->groups, g_strconcat (cursor->group, "\n", cursor->topic, NULL), group);
    }
  if (cursor->shard >= 0 && (guint)cursor->shard < self->shards)
    group->cursors[cursor->shard] = cursor->next;
}

GPtrArray *
chat_log_hub_list_group (ChatLogHub *self, const char *name)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer group;

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, &group))
    if (g_str_equal (((ChatLocalGroup *)group)->name, name))
      g_ptr_array_add (list, group);
  return list;
}

void
chat_log_hub_forget_group (ChatLogHub *self, const char *name)
{
  GHashTableIter iter;
  gpointer group;

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, &group))
    if (g_str_equal (((ChatLocalGroup *)group)->name, name))
      g_hash_table_iter_remove (&iter);
}

void
chat_log_hub_add (ChatLogHub *self, ChatLocalSubscription *subscription)
{
  g_ptr_array_add (self->subscriptions, subscription);
}

void
chat_log_hub_remove (ChatLogHub *self, ChatLocalSubscription *subscription)
{
  g_ptr_array_remove (self->subscriptions, subscription);
}

GPtrArray *
chat_log_hub_dup_subscriptions (ChatLogHub *self)
{
  GPtrArray *subscriptions = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->subscriptions->len; i++)
    g_ptr_array_add (subscriptions, g_object_ref (g_ptr_array_index (self->subscriptions, i)));
  return subscriptions;
}

static void
wake_readers (ChatLogHub *self, const char *topic)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      ChatLocalSubscription *subscription = g_ptr_array_index (self->subscriptions, i);

      if (chat_local_subscription_reads (subscription, topic))
        chat_subscription_refill (CHAT_SUBSCRIPTION (subscription));
    }
}

void
chat_log_hub_announce (ChatLogHub *self, GPtrArray *placed)
{
  ChatLogTopic *topic = NULL;

  for (guint i = 0; i < placed->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (placed, i);
      const char *name = chat_record_get_topic (record);
      gboolean another = topic == NULL || !g_str_equal (chat_log_topic_get_name (topic), name);

      if (another)
        topic = chat_log_hub_get_topic (self, name);
      chat_log_topic_append (topic, record);
      if (another)
        wake_readers (self, name);
    }
}

ChatWorker *
chat_log_hub_get_reader (ChatLogHub *self)
{
  return self->reader;
}
