/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records, positions, back-offs: the plain values of the contract. */
#include <string.h>

#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "transport/chat-backoff.h"
#include "transport/chat-position.h"
#include "transport/chat-record.h"
#include "transport/chat-transport-error.h"

static void
test_record (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("hola", 4);
  g_autoptr (ChatRecord) record = chat_record_new ("chat", "general", bytes);
  g_autoptr (ChatRecord) keyless = chat_record_new ("chat", NULL, bytes);
  g_autoptr (ChatRecord) again = chat_record_ref (record);

  g_assert_true (again == record);
  g_assert_cmpstr (chat_record_get_topic (record), ==, "chat");
  g_assert_cmpstr (chat_record_get_key (record), ==, "general");
  g_assert_true (chat_record_get_bytes (record) == bytes);
  g_assert_cmpint (chat_record_get_shard (record), ==, -1);
  g_assert_cmpint (chat_record_get_offset (record), ==, -1);
  g_assert_cmpint (chat_record_get_time (record), ==, CHAT_TIME_UNKNOWN);
  g_assert_null (chat_record_get_key (keyless));
  g_assert_null (chat_record_get_headers (record));
  g_assert_null (chat_record_get_header (record, "x"));
}

static void
test_record_placed (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("hola", 4);
  g_autoptr (ChatRecord) record = chat_record_new ("chat", "general", bytes);
  g_autoptr (ChatRecord) placed = NULL;

  chat_record_set_header (record, "signature", "one");
  chat_record_set_header (record, "signature", "two");
  placed = chat_record_new_placed (record, 2, 17, 1000);
  g_assert_cmpint (chat_record_get_shard (placed), ==, 2);
  g_assert_cmpint (chat_record_get_offset (placed), ==, 17);
  g_assert_cmpint (chat_record_get_time (placed), ==, 1000);
  g_assert_cmpstr (chat_record_get_topic (placed), ==, "chat");
  g_assert_cmpstr (chat_record_get_key (placed), ==, "general");
  g_assert_cmpstr (chat_record_get_header (placed, "signature"), ==, "two");
  g_assert_cmpuint (g_hash_table_size (chat_record_get_headers (placed)), ==, 1);
}

static void
test_record_id (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("hola", 4), other = g_bytes_new ("adiós", 6);
  g_autoptr (ChatRecord) record = chat_record_new_delivered ("chat", "general", bytes, 1, 17, 1000);
  g_autoptr (ChatRecord) same = chat_record_new_delivered ("chat", "random", other, 1, 17, 2000);
  g_autoptr (ChatRecord) next = chat_record_new_delivered ("chat", "general", bytes, 1, 18, 1000);
  g_autofree char *id = chat_record_dup_id (record, "log"), *same_id = chat_record_dup_id (same, "log");
  g_autofree char *next_id = chat_record_dup_id (next, "log"), *kafka_id = chat_record_dup_id (record, "kafka");

  g_assert_true (chat_uuid_is_valid (id));
  g_assert_cmpstr (id, ==, same_id);
  g_assert_cmpstr (id, !=, next_id);
  g_assert_cmpstr (id, !=, kafka_id);
}

static void
test_position (void)
{
  g_autoptr (ChatPosition) position = chat_position_new (), copy = NULL;

  g_assert_cmpint (chat_position_get (position, "chat", "0"), ==, -1);
  chat_position_set (position, "chat", "0", 5);
  chat_position_set (position, "chat", "1", 0);
  chat_position_set (position, "chat", "0", 6);
  copy = chat_position_copy (position);
  chat_position_set (position, "chat", "0", 7);
  g_assert_cmpint (chat_position_get (position, "chat", "0"), ==, 7);
  chat_position_set (position, "chat", "0", 2);
  g_assert_cmpint (chat_position_get (position, "chat", "0"), ==, 2);
  g_assert_cmpint (chat_position_get (copy, "chat", "0"), ==, 6);
  g_assert_cmpint (chat_position_get (copy, "chat", "1"), ==, 0);
  g_assert_cmpint (chat_position_get (copy, "chat", "2"), ==, -1);
  g_assert_cmpint (chat_position_get (copy, "chats", "0"), ==, -1);
}

static void
append_place (const char *topic, const char *shard, gint64 next, gpointer data)
{
  g_string_append_printf (data, "%s %s %" G_GINT64_FORMAT ", ", topic, shard, next);
}

static void
test_position_order (void)
{
  g_autoptr (ChatPosition) position = chat_position_new ();
  g_autoptr (GString) seen = g_string_new (NULL);

  chat_position_set (position, "private", "0", 1);
  chat_position_set (position, "chat", "ops", 2);
  chat_position_set (position, "chat", "general", 3);
  chat_position_foreach (position, append_place, seen);
  g_assert_cmpstr (seen->str, ==, "chat general 3, chat ops 2, private 0 1, ");
}

static void
test_position_text (void)
{
  static const char *const names[]
      = { "chat", "chat_controlled.log", "a/b", "x=1;y=2", "100 %", "ñandú", "频道", " ", "%2F" };
  g_autoptr (ChatPosition) position = chat_position_new (), read = NULL, empty = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *again = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (names); j++)
      chat_position_set (position, names[i], names[j], (gint64)i * 1000 + j);
  chat_position_set (position, "far", "0", G_MAXINT64);
  text = chat_position_to_string (position);
  read = chat_position_from_string (text, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (names); j++)
      g_assert_cmpint (chat_position_get (read, names[i], names[j]), ==, (gint64)i * 1000 + j);
  g_assert_cmpint (chat_position_get (read, "far", "0"), ==, G_MAXINT64);
  again = chat_position_to_string (read);
  g_assert_cmpstr (text, ==, again);

  empty = chat_position_from_string ("", &error);
  g_assert_no_error (error);
  g_assert_cmpint (chat_position_get (empty, "chat", "0"), ==, -1);
}

static void
test_position_bad_text (void)
{
  static const char *const texts[] = { "chat",       "chat/0",    "chat=1",     "chat/0=",
                                       "chat/0=x",   "chat/0=-1", "/0=1",       "chat/=1",
                                       "chat/0=1;",  ";chat/0=1", "chat/0=1 ",  "chat/%zz=1",
                                       "chat/%00=1", "a%/0=1",    "chat/0=1;b", "chat/0=99999999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatPosition) position = chat_position_from_string (texts[i], &error);

      g_assert_null (position);
      g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST);
      g_assert_nonnull (strstr (error->message, texts[i]));
    }
}

static void
test_backoff (void)
{
  ChatBackoff backoff = CHAT_BACKOFF_INIT;
  guint expected = 250, spread = 0, first = 0;

  for (guint i = 0; i < 200; i++)
    {
      guint wait = chat_backoff_next (&backoff);

      g_assert_cmpuint (wait, >=, expected * 3 / 4);
      g_assert_cmpuint (wait, <=, expected * 5 / 4);
      expected = MIN (expected * 2, 15000);
      first = i == 10 ? wait : first;
      spread += i > 10 && wait != first;
    }
  g_assert_cmpuint (spread, >, 100);

  chat_backoff_reset (&backoff);
  g_assert_cmpuint (chat_backoff_next (&backoff), <=, 250 * 5 / 4);
}

static void
test_backoff_edges (void)
{
  ChatBackoff never = { 0, 0, 0 }, still = { 1, 1, 0 }, huge = { G_MAXUINT, G_MAXUINT, G_MAXUINT };

  g_assert_cmpuint (chat_backoff_next (&never), ==, 0);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (chat_backoff_next (&still), ==, 1);
  g_assert_cmpuint (chat_backoff_next (&huge), >=, G_MAXUINT / 4 * 3 - 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/new", test_record);
  g_test_add_func ("/record/placed", test_record_placed);
  g_test_add_func ("/record/id", test_record_id);
  g_test_add_func ("/position/get", test_position);
  g_test_add_func ("/position/order", test_position_order);
  g_test_add_func ("/position/text", test_position_text);
  g_test_add_func ("/position/bad-text", test_position_bad_text);
  g_test_add_func ("/backoff/doubles", test_backoff);
  g_test_add_func ("/backoff/edges", test_backoff_edges);
  return g_test_run ();
}
