/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-uuid.h"

#include "core/chat-time.h"

#include <string.h>

#define MANY 20000
#define THREADS 4

static guint64
ms_of (const char *uuid)
{
  g_autofree char *hex = g_strdup_printf ("%.8s%.4s", uuid, uuid + 9);

  return g_ascii_strtoull (hex, NULL, 16);
}

static void
test_v7_form (void)
{
  gint64 before = chat_time_now ();
  g_autofree char *uuid = chat_uuid_v7 ();

  g_assert_true (chat_uuid_is_valid (uuid));
  g_assert_cmpint (uuid[14], ==, '7');
  g_assert_nonnull (strchr ("89ab", uuid[19]));
  g_assert_cmpint ((gint64)ms_of (uuid), >=, before);
  g_assert_cmpint ((gint64)ms_of (uuid), <=, chat_time_now () + 1);
}

/* Far more within a millisecond than its counter holds. */
static void
test_v7_increases (void)
{
  g_autofree char *last = chat_uuid_v7 ();

  for (guint i = 0; i < MANY; i++)
    {
      char *next = chat_uuid_v7 ();

      g_assert_cmpstr (last, <, next);
      g_free (last);
      last = next;
    }
  /* It may run ahead of the clock, but not away from it. */
  g_assert_cmpint ((gint64)ms_of (last), <, chat_time_now () + 1000);
}

static gpointer
make_many (gpointer data)
{
  GPtrArray *made = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < MANY / THREADS; i++)
    g_ptr_array_add (made, chat_uuid_v7 ());
  return made;
}

static void
test_v7_threads (void)
{
  g_autoptr (GHashTable) all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("uuid", make_many, NULL);
  for (guint i = 0; i < THREADS; i++)
    {
      g_autoptr (GPtrArray) made = g_thread_join (threads[i]);

      for (guint j = 0; j < made->len; j++)
        {
          if (j > 0)
            g_assert_cmpstr (made->pdata[j - 1], <, made->pdata[j]);
          g_assert_true (g_hash_table_add (all, g_strdup (made->pdata[j])));
        }
    }
}

/* What was once derived must be derived for ever: these are written in stores. Reckoned with Python's uuid.uuid5(). */
static void
test_v5_values (void)
{
  g_autofree char *a = chat_uuid_v5 ("kafka", "a", 1);
  g_autofree char *empty = chat_uuid_v5 ("warning", NULL, 0);
  g_autofree char *with_nul = chat_uuid_v5 ("log", "a\0b", 3);

  g_assert_cmpstr (a, ==, "580a81bf-1f95-5f64-b36c-a9ba4e161bbe");
  g_assert_cmpstr (empty, ==, "009d284d-f6b0-5c07-a3d4-78d03630b3ff");
  g_assert_cmpstr (with_nul, ==, "f2a0ce6a-fc26-591f-ace3-ad9c513262b2");
}

static void
test_v5_differs (void)
{
  g_autofree char *a = chat_uuid_v5 ("kafka", "a", 1);
  g_autofree char *again = chat_uuid_v5 ("kafka", "a", 1);
  g_autofree char *b = chat_uuid_v5 ("kafka", "b", 1);
  g_autofree char *other = chat_uuid_v5 ("log", "a", 1);

  g_assert_true (chat_uuid_is_valid (a));
  g_assert_cmpint (a[14], ==, '5');
  g_assert_nonnull (strchr ("89ab", a[19]));
  g_assert_cmpstr (a, ==, again);
  g_assert_cmpstr (a, !=, b);
  g_assert_cmpstr (a, !=, other);
}

static void
test_valid (void)
{
  g_assert_true (chat_uuid_is_valid ("0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6a"));
  g_assert_true (chat_uuid_is_valid ("0190A6C2-7C1E-7A44-9D0A-1F2E3D4C5B6A"));
  g_assert_true (chat_uuid_is_valid ("00000000-0000-0000-0000-000000000000"));
  g_assert_false (chat_uuid_is_valid (NULL));
  g_assert_false (chat_uuid_is_valid (""));
  g_assert_false (chat_uuid_is_valid ("0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6"));
  g_assert_false (chat_uuid_is_valid ("0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6a0"));
  g_assert_false (chat_uuid_is_valid ("0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6g"));
  g_assert_false (chat_uuid_is_valid ("0190a6c27c1e-7a44-9d0a-1f2e3d4c5b6a-"));
  g_assert_false (chat_uuid_is_valid ("0190a6c2_7c1e_7a44_9d0a_1f2e3d4c5b6a"));
  g_assert_false (chat_uuid_is_valid ("{0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6a}"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/uuid/v7/form", test_v7_form);
  g_test_add_func ("/core/uuid/v7/increases", test_v7_increases);
  g_test_add_func ("/core/uuid/v7/threads", test_v7_threads);
  g_test_add_func ("/core/uuid/v5/values", test_v5_values);
  g_test_add_func ("/core/uuid/v5/differs", test_v5_differs);
  g_test_add_func ("/core/uuid/valid", test_valid);
  return g_test_run ();
}
