/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/rabbitmq/chat-rabbitmq-roll.h"

#include <string.h>

#define SILENT_CALLS 3
/* More would be no group but somebody who plays with us. */
#define MEMBERS_MOST 1024
#define ID_MOST 64

typedef struct
{
  char *id;
  char *mark; /* id and turn: what chat_rabbitmq_roll_get_owner() gives */
  gint64 since;
  gint64 heard;
  gint64 turn;
} Member;

struct _ChatRabbitmqRoll
{
  GPtrArray *members; /* Member, in the order of joining */
  Member *own;
};

static void
member_free (Member *member)
{
  g_free (member->id);
  g_free (member->mark);
  g_free (member);
}

static void
member_set_turn (Member *member, gint64 turn)
{
  g_free (member->mark);
  member->turn = turn;
  member->mark = g_strdup_printf ("%s/%" G_GINT64_FORMAT, member->id, turn);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Member *first = *(const Member *const *)a, *second = *(const Member *const *)b;

  if (first->since != second->since)
    return first->since < second->since ? -1 : 1;
  return strcmp (first->id, second->id);
}

static Member *
add (ChatRabbitmqRoll *self, const char *id, gint64 since, gint64 turn)
{
  Member *member = g_new0 (Member, 1);

  member->id = g_strdup (id);
  member->since = since;
  member_set_turn (member, turn);
  g_ptr_array_add (self->members, member);
  g_ptr_array_sort (self->members, compare);
  return member;
}

static Member *
find (ChatRabbitmqRoll *self, const char *id)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      Member *member = g_ptr_array_index (self->members, i);

      if (g_str_equal (member->id, id))
        return member;
    }
  return NULL;
}

ChatRabbitmqRoll *
chat_rabbitmq_roll_new (const char *id, gint64 since)
{
  ChatRabbitmqRoll *self = g_new0 (ChatRabbitmqRoll, 1);

  self->members = g_ptr_array_new_with_free_func ((GDestroyNotify)member_free);
  self->own = add (self, id, since, 1);
  return self;
}

void
chat_rabbitmq_roll_free (ChatRabbitmqRoll *self)
{
  g_return_if_fail (self != NULL);

  g_ptr_array_unref (self->members);
  g_free (self);
}

char *
chat_rabbitmq_roll_dup_call (ChatRabbitmqRoll *self, gboolean here)
{
  return g_strdup_printf ("%s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, here ? "here" : "bye", self->own->id,
                          self->own->since, self->own->turn);
}

ChatRabbitmqRollNews
chat_rabbitmq_roll_hear (ChatRabbitmqRoll *self, const char *call, gint64 now)
{
  g_auto (GStrv) words = g_strsplit (call, " ", 5);
  gint64 since, turn;
  Member *member;

  if (g_strv_length (words) != 4 || *words[1] == '\0' || strlen (words[1]) > ID_MOST
      || !g_ascii_string_to_signed (words[2], 10, 0, G_MAXINT64, &since, NULL)
      || !g_ascii_string_to_signed (words[3], 10, 0, G_MAXINT64, &turn, NULL))
    return CHAT_RABBITMQ_ROLL_SAME;
  member = find (self, words[1]);
  if (member == self->own)
    return CHAT_RABBITMQ_ROLL_SAME;

  if (g_str_equal (words[0], "bye") && member != NULL)
    {
      g_ptr_array_remove (self->members, member);
      return CHAT_RABBITMQ_ROLL_CHANGED;
    }
  if (!g_str_equal (words[0], "here"))
    return CHAT_RABBITMQ_ROLL_SAME;
  if (member == NULL)
    {
      if (self->members->len >= MEMBERS_MOST)
        return CHAT_RABBITMQ_ROLL_SAME;
      add (self, words[1], since, turn)->heard = now;
      return CHAT_RABBITMQ_ROLL_JOINED;
    }
  member->heard = now;
  if (member->turn == turn)
    return CHAT_RABBITMQ_ROLL_SAME;
  member_set_turn (member, turn);
  return CHAT_RABBITMQ_ROLL_CHANGED;
}

ChatRabbitmqRollNews
chat_rabbitmq_roll_expire (ChatRabbitmqRoll *self, gint64 now)
{
  const gint64 latest = now - (gint64)SILENT_CALLS * CHAT_RABBITMQ_ROLL_CALL_MS * 1000;
  ChatRabbitmqRollNews news = CHAT_RABBITMQ_ROLL_SAME;

  for (guint i = self->members->len; i > 0; i--)
    {
      Member *member = g_ptr_array_index (self->members, i - 1);

      if (member == self->own || member->heard >= latest)
        continue;
      g_ptr_array_remove_index (self->members, i - 1);
      news = CHAT_RABBITMQ_ROLL_CHANGED;
    }
  return news;
}

void
chat_rabbitmq_roll_renew (ChatRabbitmqRoll *self)
{
  member_set_turn (self->own, self->own->turn + 1);
}

const char *
chat_rabbitmq_roll_get_owner (ChatRabbitmqRoll *self, guint shard, gboolean *mine)
{
  const Member *owner = g_ptr_array_index (self->members, shard % self->members->len);

  *mine = owner == self->own;
  return owner->mark;
}

guint
chat_rabbitmq_roll_get_members (const ChatRabbitmqRoll *self)
{
  return self->members->len;
}
