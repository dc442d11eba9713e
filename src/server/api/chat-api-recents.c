/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-recents.h"

#include <string.h>

/* By how much the clocks of senders may differ from ours before their ids prove nothing. */
#define CLOCK_SLACK_MS 1000

struct _ChatApiRecents
{
  guint max;
  gint64 forgotten; /* ms: of what was posted until then it may know nothing */

  /* Owned */
  GHashTable *by_id;     /* id → GList link of order */
  GHashTable *deletions; /* target → ChatApiRecent */
  GHashTable *reactions; /* who, where and which emoji → ChatApiRecent */
  GQueue order;          /* (element-type ChatApiRecent), oldest first */
};

static void
recent_free (gpointer data)
{
  ChatApiRecent *recent = data;

  g_clear_pointer (&recent->waiters, g_ptr_array_unref);
  g_free (recent->id);
  g_free (recent->target);
  g_free (recent->reaction);
  g_ref_string_release (recent->author);
  g_ref_string_release (recent->user_key);
  g_ref_string_release (recent->channel);
  g_free (recent);
}

/* Ids have no spaces. */
static char *
reaction_key (const char *user_key, const char *target, const char *emoji)
{
  return g_strdup_printf ("%s %s %s", target, emoji, user_key);
}

ChatApiRecents *
chat_api_recents_new (guint max, gint64 now)
{
  ChatApiRecents *self = g_new0 (ChatApiRecents, 1);

  self->max = max;
  self->forgotten = now;
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->deletions = g_hash_table_new (g_str_hash, g_str_equal);
  self->reactions = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->order);
  return self;
}

void
chat_api_recents_free (ChatApiRecents *self)
{
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->deletions);
  g_hash_table_unref (self->reactions);
  g_queue_clear_full (&self->order, recent_free);
  g_free (self);
}

ChatApiRecent *
chat_api_recents_find (ChatApiRecents *self, const char *id)
{
  GList *link = g_hash_table_lookup (self->by_id, id);

  return link != NULL ? link->data : NULL;
}

static void
forget (GHashTable *table, const char *key, const ChatApiRecent *recent)
{
  if (key != NULL && g_hash_table_lookup (table, key) == recent)
    g_hash_table_remove (table, key);
}

static void
remove_link (ChatApiRecents *self, GList *link)
{
  ChatApiRecent *recent = link->data;

  g_hash_table_remove (self->by_id, recent->id);
  forget (self->deletions, recent->target, recent);
  forget (self->reactions, recent->reaction, recent);
  g_queue_delete_link (&self->order, link);
  recent_free (recent);
}

/* The keys are the new entry's own. */
static void
index_target (ChatApiRecents *self, ChatApiRecent *recent, const ChatMessage *message)
{
  const char *target = chat_message_get_target (message);

  if (target == NULL)
    return;
  recent->target = g_strdup (target);
  if (recent->kind == CHAT_KIND_DELETE)
    g_hash_table_replace (self->deletions, recent->target, recent);
  if (recent->kind != CHAT_KIND_REACTION)
    return;
  recent->reaction = reaction_key (recent->user_key, target, chat_message_get_data (message));
  g_hash_table_replace (self->reactions, recent->reaction, recent);
}

ChatApiRecent *
chat_api_recents_add (ChatApiRecents *self, const ChatMessage *message, const char *user_key)
{
  ChatApiRecent *recent = g_new0 (ChatApiRecent, 1);
  GList *oldest = g_queue_peek_head_link (&self->order);

  /* One that waits for the broker stays: its callback will look for it. */
  if (g_queue_get_length (&self->order) >= self->max && ((ChatApiRecent *)oldest->data)->accepted)
    {
      self->forgotten = MAX (self->forgotten, ((ChatApiRecent *)oldest->data)->timestamp);
      remove_link (self, oldest);
    }
  recent->id = g_strdup (chat_message_get_id (message));
  recent->timestamp = chat_message_get_timestamp (message);
  chat_message_digest (message, recent->digest);
  recent->kind = chat_message_get_kind (message);
  recent->author = g_ref_string_new_intern (chat_message_get_author (message));
  recent->user_key = g_ref_string_new_intern (user_key);
  recent->channel = g_ref_string_new_intern (chat_message_get_channel (message));
  index_target (self, recent, message);
  g_queue_push_tail (&self->order, recent);
  g_hash_table_insert (self->by_id, recent->id, g_queue_peek_tail_link (&self->order));
  return recent;
}

void
chat_api_recents_remove (ChatApiRecents *self, const char *id)
{
  GList *link = g_hash_table_lookup (self->by_id, id);

  if (link != NULL)
    remove_link (self, link);
}

const char *
chat_api_recents_find_reaction (ChatApiRecents *self, const char *user_key, const char *target, const char *emoji)
{
  g_autofree char *key = reaction_key (user_key, target, emoji);
  const ChatApiRecent *recent = g_hash_table_lookup (self->reactions, key);

  return recent != NULL ? recent->id : NULL;
}

gboolean
chat_api_recents_has_deleted (ChatApiRecents *self, const char *id)
{
  return g_hash_table_contains (self->deletions, id);
}

gboolean
chat_api_recent_is_same (const ChatApiRecent *recent, const ChatMessage *message)
{
  guint8 bytes[sizeof recent->digest];

  chat_message_digest (message, bytes);
  return memcmp (bytes, recent->digest, sizeof bytes) == 0;
}

/* The milliseconds in the first 48 bits of a UUIDv7 (RFC 9562 §5.7); -1 for another version. */
static gint64
time_of_id (const char *id)
{
  g_autofree char *digits = g_strdup_printf ("%.8s%.4s", id, id + 9);

  return id[14] == '7' ? (gint64)g_ascii_strtoull (digits, NULL, 16) : -1;
}

gboolean
chat_api_recents_covers (ChatApiRecents *self, const char *id, gint64 now)
{
  gint64 made = time_of_id (id);

  return made > self->forgotten + CLOCK_SLACK_MS && made < now + CLOCK_SLACK_MS;
}
