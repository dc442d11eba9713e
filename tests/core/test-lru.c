/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-lru.h"

#include <string.h>

static char *
value (const char *name)
{
  return g_strdup (name);
}

static void
assert_has (ChatLru *lru, const char *key, const char *expected)
{
  g_assert_cmpstr (chat_lru_get (lru, key), ==, expected);
}

static void
test_oldest_goes (void)
{
  g_autoptr (ChatLru) lru = chat_lru_new (2, g_free);

  chat_lru_put (lru, "a", value ("1"));
  chat_lru_put (lru, "b", value ("2"));
  assert_has (lru, "a", "1"); /* so "b" is the one unused for longest */
  chat_lru_put (lru, "c", value ("3"));
  g_assert_cmpuint (chat_lru_get_size (lru), ==, 2);
  g_assert_null (chat_lru_get (lru, "b"));
  assert_has (lru, "a", "1");
  assert_has (lru, "c", "3");
}

static void
test_replace (void)
{
  g_autoptr (ChatLru) lru = chat_lru_new (2, g_free);

  chat_lru_put (lru, "a", value ("1"));
  chat_lru_put (lru, "b", value ("2"));
  chat_lru_put (lru, "a", value ("3"));
  g_assert_cmpuint (chat_lru_get_size (lru), ==, 2);
  assert_has (lru, "a", "3");
  assert_has (lru, "b", "2");
}

static void
test_remove (void)
{
  g_autoptr (ChatLru) lru = chat_lru_new (2, g_free);

  chat_lru_remove (lru, "a");
  chat_lru_put (lru, "a", value ("1"));
  chat_lru_put (lru, "b", value ("2"));
  chat_lru_remove (lru, "a");
  g_assert_null (chat_lru_get (lru, "a"));
  g_assert_cmpuint (chat_lru_get_size (lru), ==, 1);
  chat_lru_clear (lru);
  chat_lru_clear (lru);
  g_assert_cmpuint (chat_lru_get_size (lru), ==, 0);
  chat_lru_put (lru, "a", value ("3"));
  assert_has (lru, "a", "3");
}

static void
test_without_free (void)
{
  static char stays[] = "x";
  g_autoptr (ChatLru) lru = chat_lru_new (1, NULL);

  chat_lru_put (lru, "a", stays);
  chat_lru_put (lru, "b", stays);
  assert_has (lru, "b", "x");
}

#define CAPACITY 8
#define KEYS 16

/* Against the plainest model there is: an array in the order of use. */
static void
test_model (void)
{
  g_autoptr (ChatLru) lru = chat_lru_new (CAPACITY, g_free);
  g_autoptr (GPtrArray) model = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *key = g_strdup_printf ("%d", g_test_rand_int_range (0, KEYS));
      gint what = g_test_rand_int_range (0, 10);
      guint at = G_MAXUINT;
      gboolean known = g_ptr_array_find_with_equal_func (model, key, g_str_equal, &at);

      if (known)
        g_ptr_array_remove_index (model, at);
      if (what == 0)
        chat_lru_remove (lru, key);
      else if (what < 5)
        chat_lru_put (lru, key, g_strdup (key));
      else
        g_assert_cmpstr (chat_lru_get (lru, key), ==, known ? key : NULL);
      if (what != 0 && (what < 5 || known))
        g_ptr_array_insert (model, 0, g_strdup (key));
      if (model->len > CAPACITY)
        g_ptr_array_set_size (model, CAPACITY);
      g_assert_cmpuint (chat_lru_get_size (lru), ==, model->len);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/lru/oldest-goes", test_oldest_goes);
  g_test_add_func ("/core/lru/replace", test_replace);
  g_test_add_func ("/core/lru/remove", test_remove);
  g_test_add_func ("/core/lru/without-free", test_without_free);
  g_test_add_func ("/core/lru/model", test_model);
  return g_test_run ();
}
