/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-shard-group.h"

/* A member that writes down what it is told. */
typedef struct
{
  ChatShardGroup *group;
  gboolean busy;
  gboolean leaves_when_revoked;
  guint owned;   /* bits */
  guint flowing; /* bits: owned and not stopped */
  guint revocations;
} Member;

static gboolean
is_busy (gpointer member)
{
  return ((Member *)member)->busy;
}

static void
stop (gpointer member, gpointer data, gint shard)
{
  Member *self = member;

  g_assert_true ((self->flowing & (1u << shard)) != 0);
  self->flowing &= ~(1u << shard);
}

static void
revoked (gpointer member, gpointer data, GArray *shards)
{
  Member *self = member;

  g_assert_false (self->busy);
  self->revocations++;
  for (guint i = 0; i < shards->len; i++)
    {
      gint shard = g_array_index (shards, gint, i);

      g_assert_true ((self->owned & (1u << shard)) != 0);
      g_assert_true ((self->flowing & (1u << shard)) == 0);
      g_assert_false (chat_shard_group_owns (self->group, self, shard));
      self->owned &= ~(1u << shard);
    }
  if (self->leaves_when_revoked)
    {
      self->owned = self->flowing = 0;
      chat_shard_group_leave (self->group, self);
    }
}

static void
granted (gpointer member, gpointer data, gint shard)
{
  Member *self = member;

  g_assert_true ((self->owned & (1u << shard)) == 0);
  g_assert_true (chat_shard_group_owns (self->group, self, shard));
  self->owned |= 1u << shard;
  self->flowing |= 1u << shard;
}

static const ChatShardGroupFuncs funcs = { is_busy, stop, revoked, granted };

static void
join (ChatShardGroup *group, Member *member)
{
  member->group = group;
  chat_shard_group_join (group, member);
}

static void
leave (ChatShardGroup *group, Member *member)
{
  member->owned = member->flowing = 0;
  chat_shard_group_leave (group, member);
}

static void
test_shares (void)
{
  g_autoptr (ChatShardGroup) group = chat_shard_group_new (5, &funcs, NULL);
  Member a = { 0 }, b = { 0 }, c = { 0 };

  join (group, &a);
  g_assert_cmpuint (a.owned, ==, 0x1f);
  join (group, &b);
  g_assert_cmpuint (a.owned, ==, 0x15);
  g_assert_cmpuint (b.owned, ==, 0x0a);
  join (group, &c);
  g_assert_cmpuint (a.owned | b.owned | c.owned, ==, 0x1f);
  g_assert_cmpuint (a.owned & b.owned, ==, 0);
  g_assert_cmpuint (b.owned & c.owned, ==, 0);
  g_assert_cmpuint (chat_shard_group_get_members (group), ==, 3);
  leave (group, &a);
  g_assert_cmpuint (b.owned | c.owned, ==, 0x1f);
  leave (group, &b);
  g_assert_cmpuint (c.owned, ==, 0x1f);
  leave (group, &c);
  g_assert_cmpuint (chat_shard_group_get_members (group), ==, 0);
  join (group, &a);
  g_assert_cmpuint (a.owned, ==, 0x1f);
  leave (group, &a);
}

static void
test_more_members_than_shards (void)
{
  g_autoptr (ChatShardGroup) group = chat_shard_group_new (1, &funcs, NULL);
  Member a = { 0 }, b = { 0 };

  join (group, &a);
  join (group, &b);
  g_assert_cmpuint (a.owned, ==, 1);
  g_assert_cmpuint (b.owned, ==, 0);
  g_assert_cmpuint (a.revocations, ==, 0);
  leave (group, &a);
  g_assert_cmpuint (b.owned, ==, 1);
  leave (group, &b);
  leave (group, &b);
}

/* A busy owner keeps what it has, stopped, until it has settled. */
static void
test_busy (void)
{
  g_autoptr (ChatShardGroup) group = chat_shard_group_new (2, &funcs, NULL);
  Member a = { 0 }, b = { 0 };

  join (group, &a);
  a.busy = TRUE;
  join (group, &b);
  g_assert_cmpuint (a.owned, ==, 3);
  g_assert_cmpuint (a.flowing, ==, 1);
  g_assert_cmpuint (b.owned, ==, 0);
  g_assert_true (chat_shard_group_owns (group, &a, 1));
  a.busy = FALSE;
  chat_shard_group_settle (group);
  g_assert_cmpuint (a.owned, ==, 1);
  g_assert_cmpuint (b.owned, ==, 2);
  g_assert_cmpuint (a.revocations, ==, 1);
  leave (group, &a);
  leave (group, &b);
}

/* What was stopped is revoked and granted again, even where it stays with the same. */
static void
test_busy_and_left (void)
{
  g_autoptr (ChatShardGroup) group = chat_shard_group_new (2, &funcs, NULL);
  Member a = { 0 }, b = { 0 };

  join (group, &a);
  a.busy = TRUE;
  join (group, &b);
  leave (group, &b);
  g_assert_cmpuint (a.flowing, ==, 1);
  a.busy = FALSE;
  chat_shard_group_settle (group);
  g_assert_cmpuint (a.flowing, ==, 3);
  g_assert_cmpuint (a.revocations, ==, 1);
  leave (group, &a);
}

/* A busy owner that leaves: its shards are free at once. */
static void
test_busy_leaves (void)
{
  g_autoptr (ChatShardGroup) group = chat_shard_group_new (2, &funcs, NULL);
  Member a = { 0 }, b = { 0 };

  join (group, &a);
  a.busy = TRUE;
  join (group, &b);
  leave (group, &a);
  g_assert_cmpuint (b.owned, ==, 3);
  leave (group, &b);
}

static void
test_leaves_inside (void)
{
  g_autoptr (ChatShardGroup) group = chat_shard_group_new (4, &funcs, NULL);
  Member a = { .leaves_when_revoked = TRUE }, b = { 0 };

  join (group, &a);
  join (group, &b);
  g_assert_cmpuint (b.owned, ==, 0xf);
  g_assert_cmpuint (chat_shard_group_get_members (group), ==, 1);
  g_assert_false (chat_shard_group_owns (group, &a, 0));
  g_assert_false (chat_shard_group_owns (group, &b, 4));
  g_assert_false (chat_shard_group_owns (group, &b, -1));
  leave (group, &b);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shard-group/shares", test_shares);
  g_test_add_func ("/shard-group/more-members-than-shards", test_more_members_than_shards);
  g_test_add_func ("/shard-group/busy", test_busy);
  g_test_add_func ("/shard-group/busy-and-left", test_busy_and_left);
  g_test_add_func ("/shard-group/busy-leaves", test_busy_leaves);
  g_test_add_func ("/shard-group/leaves-inside", test_leaves_inside);
  return g_test_run ();
}
