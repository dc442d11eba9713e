/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/rabbitmq/chat-rabbitmq-roll.h"

#define SECOND G_USEC_PER_SEC

static ChatRabbitmqRollNews
tell (ChatRabbitmqRoll *from, ChatRabbitmqRoll *to, gboolean here, gint64 now)
{
  g_autofree char *call = chat_rabbitmq_roll_dup_call (from, here);

  return chat_rabbitmq_roll_hear (to, call, now);
}

static guint
count_mine (ChatRabbitmqRoll *roll, guint shards)
{
  guint count = 0;

  for (guint i = 0; i < shards; i++)
    {
      gboolean mine;

      chat_rabbitmq_roll_get_owner (roll, i, &mine);
      count += mine;
    }
  return count;
}

/* However they hear of each other, all agree on whose a shard is, and the shares are even. */
static void
test_share (void)
{
  ChatRabbitmqRoll *rolls[3];
  guint sum = 0;

  for (guint i = 0; i < G_N_ELEMENTS (rolls); i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", 9 - i);

      rolls[i] = chat_rabbitmq_roll_new (id, i < 2 ? 100 : 50);
      g_assert_cmpuint (count_mine (rolls[i], 8), ==, 8);
    }
  for (guint i = 0; i < G_N_ELEMENTS (rolls); i++)
    for (guint j = G_N_ELEMENTS (rolls); j > 0; j--)
      if (i != j - 1)
        g_assert_cmpint (tell (rolls[j - 1], rolls[i], TRUE, 0), ==, CHAT_RABBITMQ_ROLL_JOINED);
  for (guint i = 0; i < G_N_ELEMENTS (rolls); i++)
    {
      guint mine = count_mine (rolls[i], 8);

      g_assert_cmpuint (mine, >=, 2);
      g_assert_cmpuint (mine, <=, 3);
      sum += mine;
      for (guint shard = 0; shard < 8; shard++)
        {
          gboolean mine_here, mine_there;

          g_assert_cmpstr (chat_rabbitmq_roll_get_owner (rolls[i], shard, &mine_here), ==,
                           chat_rabbitmq_roll_get_owner (rolls[0], shard, &mine_there));
        }
    }
  g_assert_cmpuint (sum, ==, 8);
  for (guint i = 0; i < G_N_ELEMENTS (rolls); i++)
    chat_rabbitmq_roll_free (rolls[i]);
}

static void
test_leave (void)
{
  g_autoptr (ChatRabbitmqRoll) own = chat_rabbitmq_roll_new ("a", 1), other = chat_rabbitmq_roll_new ("b", 2);

  g_assert_cmpint (tell (own, own, TRUE, 0), ==, CHAT_RABBITMQ_ROLL_SAME);
  tell (other, own, TRUE, 0);
  g_assert_cmpuint (chat_rabbitmq_roll_get_members (own), ==, 2);
  g_assert_cmpint (tell (other, own, TRUE, 0), ==, CHAT_RABBITMQ_ROLL_SAME);
  g_assert_cmpint (tell (other, own, FALSE, 0), ==, CHAT_RABBITMQ_ROLL_CHANGED);
  g_assert_cmpint (tell (other, own, FALSE, 0), ==, CHAT_RABBITMQ_ROLL_SAME);
  g_assert_cmpuint (count_mine (own, 5), ==, 5);
}

static void
test_silence (void)
{
  g_autoptr (ChatRabbitmqRoll) own = chat_rabbitmq_roll_new ("a", 1), other = chat_rabbitmq_roll_new ("b", 2);

  tell (other, own, TRUE, 10 * SECOND);
  g_assert_cmpint (chat_rabbitmq_roll_expire (own, 12 * SECOND), ==, CHAT_RABBITMQ_ROLL_SAME);
  tell (other, own, TRUE, 13 * SECOND);
  g_assert_cmpint (chat_rabbitmq_roll_expire (own, 18 * SECOND), ==, CHAT_RABBITMQ_ROLL_SAME);
  g_assert_cmpint (chat_rabbitmq_roll_expire (own, 20 * SECOND), ==, CHAT_RABBITMQ_ROLL_CHANGED);
  g_assert_cmpuint (chat_rabbitmq_roll_get_members (own), ==, 1);
}

/* Who queues up for his own shards anew has everybody else do the same behind him. */
static void
test_renew (void)
{
  g_autoptr (ChatRabbitmqRoll) own = chat_rabbitmq_roll_new ("a", 1), other = chat_rabbitmq_roll_new ("b", 2);
  g_autofree char *before = NULL;
  gboolean mine;

  tell (other, own, TRUE, 0);
  before = g_strdup (chat_rabbitmq_roll_get_owner (own, 1, &mine));
  g_assert_false (mine);
  chat_rabbitmq_roll_renew (other);
  g_assert_cmpint (tell (other, own, TRUE, 0), ==, CHAT_RABBITMQ_ROLL_CHANGED);
  g_assert_cmpstr (chat_rabbitmq_roll_get_owner (own, 1, &mine), !=, before);
}

static void
test_nonsense (void)
{
  static const char *const calls[]
      = { "",
          " ",
          "here",
          "here x",
          "here x 1",
          "here x y 1",
          "here x 1 -1",
          "here  1 1",
          "off x 1 1",
          "here x 1 1 1",
          "here 0123456789012345678901234567890123456789012345678901234567890123456789 1 1" };
  g_autoptr (ChatRabbitmqRoll) own = chat_rabbitmq_roll_new ("a", 1);

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    g_assert_cmpint (chat_rabbitmq_roll_hear (own, calls[i], 0), ==, CHAT_RABBITMQ_ROLL_SAME);
  g_assert_cmpuint (chat_rabbitmq_roll_get_members (own), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rabbitmq/roll/share", test_share);
  g_test_add_func ("/rabbitmq/roll/leave", test_leave);
  g_test_add_func ("/rabbitmq/roll/silence", test_silence);
  g_test_add_func ("/rabbitmq/roll/renew", test_renew);
  g_test_add_func ("/rabbitmq/roll/nonsense", test_nonsense);
  return g_test_run ();
}
