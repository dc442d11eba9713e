/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-shard-group.h"

typedef struct
{
  gpointer owner;
  gboolean stopped; /* the owner is to give it back */
} Shard;

struct _ChatShardGroup
{
  const ChatShardGroupFuncs *funcs;
  gpointer data;
  GPtrArray *members; /* borrowed, in the order in which they joined */
  Shard *shards;
  guint n_shards;
  gboolean settling;
  gboolean again;
};

ChatShardGroup *
chat_shard_group_new (guint shards, const ChatShardGroupFuncs *funcs, gpointer group_data)
{
  ChatShardGroup *self = g_new0 (ChatShardGroup, 1);

  self->funcs = funcs;
  self->data = group_data;
  self->members = g_ptr_array_new ();
  self->n_shards = shards;
  self->shards = g_new0 (Shard, shards);
  return self;
}

void
chat_shard_group_free (ChatShardGroup *self)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (self->members->len == 0);

  g_ptr_array_unref (self->members);
  g_free (self->shards);
  g_free (self);
}

static gpointer
chat_shard_group_heir (const ChatShardGroup *self, guint shard)
{
  return self->members->len > 0 ? g_ptr_array_index (self->members, shard % self->members->len) : NULL;
}

/* Tells every owner of a shard that is to go to somebody else to stop. */
static void
chat_shard_group_stop (ChatShardGroup *self)
{
  for (guint i = 0; i < self->n_shards; i++)
    {
      Shard *shard = &self->shards[i];

      if (shard->owner == NULL || shard->stopped || shard->owner == chat_shard_group_heir (self, i))
        continue;
      shard->stopped = TRUE;
      self->funcs->stop (shard->owner, self->data, (gint)i);
    }
}

/* Takes what was stopped from one owner that is not busy; FALSE where there is none left. */
static gboolean
chat_shard_group_revoke (ChatShardGroup *self)
{
  g_autoptr (GArray) shards = g_array_new (FALSE, FALSE, sizeof (gint));
  gpointer owner = NULL;

  for (guint i = 0; i < self->n_shards; i++)
    {
      Shard *shard = &self->shards[i];
      const gint number = (gint)i;

      if (!shard->stopped || (owner != NULL && shard->owner != owner) || self->funcs->is_busy (shard->owner))
        continue;
      owner = shard->owner;
      shard->owner = NULL;
      shard->stopped = FALSE;
      g_array_append_val (shards, number);
    }
  if (owner != NULL)
    self->funcs->revoked (owner, self->data, shards);
  return owner != NULL;
}

static void
chat_shard_group_grant (ChatShardGroup *self)
{
  for (guint i = 0; i < self->n_shards && self->members->len > 0; i++)
    {
      Shard *shard = &self->shards[i];

      if (shard->owner != NULL)
        continue;
      shard->owner = chat_shard_group_heir (self, i);
      self->funcs->granted (shard->owner, self->data, (gint)i);
    }
}

void
chat_shard_group_settle (ChatShardGroup *self)
{
  g_return_if_fail (self != NULL);

  /* A member that is told something may join or leave at once: look again rather than recurse. */
  self->again = TRUE;
  if (self->settling)
    return;
  self->settling = TRUE;
  while (self->again)
    {
      self->again = FALSE;
      chat_shard_group_stop (self);
      while (chat_shard_group_revoke (self))
        ;
      chat_shard_group_grant (self);
    }
  self->settling = FALSE;
}

void
chat_shard_group_join (ChatShardGroup *self, gpointer member)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (member != NULL);

  g_ptr_array_add (self->members, member);
  chat_shard_group_settle (self);
}

void
chat_shard_group_leave (ChatShardGroup *self, gpointer member)
{
  g_return_if_fail (self != NULL);

  if (!g_ptr_array_remove (self->members, member))
    return;
  for (guint i = 0; i < self->n_shards; i++)
    {
      if (self->shards[i].owner != member)
        continue;
      self->shards[i].owner = NULL;
      self->shards[i].stopped = FALSE;
    }
  chat_shard_group_settle (self);
}

guint
chat_shard_group_get_members (const ChatShardGroup *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->members->len;
}

gboolean
chat_shard_group_owns (const ChatShardGroup *self, gconstpointer member, gint shard)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return shard >= 0 && (guint)shard < self->n_shards && self->shards[shard].owner == member;
}
