/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-mention.h"
#include "client/chat-unread.h"

static void
check (ChatUnread *unread, guint messages, guint mentions)
{
  g_assert_cmpuint (chat_unread_get_unread (unread), ==, messages);
  g_assert_cmpuint (chat_unread_get_mentions (unread), ==, mentions);
}

static void
test_live (void)
{
  ChatUnread *unread = chat_unread_new ();

  chat_unread_take (unread, 10, 3, 1);
  check (unread, 3, 1);
  chat_unread_add (unread, "a", 0, TRUE);
  chat_unread_add (unread, "a", 0, TRUE);
  chat_unread_add (unread, "b", 12, FALSE);
  /* the service has counted that */
  chat_unread_add (unread, "old", 9, TRUE);
  check (unread, 5, 2);
  chat_unread_place (unread, "a", 11);
  check (unread, 5, 2);
  chat_unread_take (unread, 11, 4, 2);
  check (unread, 5, 2);
  chat_unread_clear (unread, 12);
  check (unread, 0, 0);
  chat_unread_add (unread, "b", 12, FALSE);
  check (unread, 0, 0);
  chat_unread_free (unread);
}

/* One whose seq comes later than the count that it was in. */
static void
test_late_receipt (void)
{
  ChatUnread *unread = chat_unread_new ();

  chat_unread_add (unread, "a", 0, TRUE);
  chat_unread_take (unread, 5, 1, 1);
  check (unread, 2, 2);
  chat_unread_place (unread, "a", 5);
  check (unread, 1, 1);
  chat_unread_free (unread);
}

static void
test_many (void)
{
  ChatUnread *unread = chat_unread_new ();

  for (guint i = 1; i <= 1000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      chat_unread_add (unread, id, i, i % 10 == 0);
    }
  check (unread, 1000, 100);
  chat_unread_add (unread, "1", 1, FALSE);
  check (unread, 1000, 100);
  chat_unread_free (unread);
}

static void
test_mention (void)
{
  static const struct
  {
    const char *text, *user;
    gboolean is;
  } cases[] = {
    { "hola @ana", "ana", TRUE },
    { "ANA, ¿vienes?", "ana", TRUE },
    { "ana", "Ana", TRUE },
    { "banana", "ana", FALSE },
    { "anatomía y luego ana.", "ana", TRUE },
    { "ana_2", "ana", FALSE },
    { "anañ", "ana", FALSE },
    { "(José) dice", "josé", TRUE },
    { "Jose\314\201 dice", "josé", TRUE },
    { "¡ÓSCAR!", "óscar", TRUE },
    { "Ana María viene", "ana maría", TRUE },
    { "STRASSE", "straße", TRUE },
    { "nada", "ana", FALSE },
    { "", "ana", FALSE },
    { NULL, "ana", FALSE },
    { "ana", "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s in %s", cases[i].user, cases[i].text);
      g_assert_cmpint (chat_mention_is_in (cases[i].text, cases[i].user), ==, cases[i].is);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/unread/live", test_live);
  g_test_add_func ("/unread/late-receipt", test_late_receipt);
  g_test_add_func ("/unread/many", test_many);
  g_test_add_func ("/mention", test_mention);
  return g_test_run ();
}
