/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept on the disk between two starts, and disks that will not. */
#include "chat-test-message.h"
#include "client/chat-cache.h"
#include "client/chat-client-error.h"
#include "local-test.h"

#include <glib/gstdio.h>

typedef struct
{
  char *directory;
  ChatLocalDatabase *database;
  ChatCache *cache;
} World;

static void
world_open (World *world)
{
  world->database = chat_local_database_new (world->directory);
  world->cache = chat_cache_new (world->database);
}

static void
world_start (World *world)
{
  world->directory = local_test_directory ();
  world_open (world);
}

static void
flush (World *world)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_cache_flush, world->cache, &error);
  g_assert_no_error (error);
}

static void
world_close (World *world)
{
  g_assert_finalize_object (g_steal_pointer (&world->cache));
  local_test_close (g_steal_pointer (&world->database));
}

static void
world_restart (World *world)
{
  flush (world);
  world_close (world);
  world_open (world);
}

static void
world_end (World *world)
{
  world_close (world);
  local_test_remove (world->directory);
  g_free (world->directory);
}

static ChatCacheContents *
open_cache (World *world, const char *channel, guint limit, GError **error)
{
  return chat_test_call (chat_cache_open, world->cache, error, channel, limit);
}

static GPtrArray *
load (World *world, const char *channel, guint limit)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *messages = chat_test_call (chat_cache_load, world->cache, &error, channel, limit);

  g_assert_no_error (error);
  return messages;
}

static ChatMessage *
message_of (gint64 number, gint64 seq)
{
  g_autofree char *id = g_strdup_printf ("00000000-0000-7000-8000-%012" G_GINT64_FORMAT, number);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  ChatMessage *message = chat_test_message_new ("general", id, text, 1600000000000 + number);

  if (seq > 0)
    chat_message_set_seq (message, seq);
  return message;
}

static void
add_page (World *world, gint64 from, gint64 to, gint64 head)
{
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();

  for (gint64 seq = from; seq <= to; seq++)
    g_ptr_array_add (messages, message_of (seq, seq));
  chat_cache_add_page (world->cache, "general", messages, head);
}

static void
check_seqs (GPtrArray *messages, gint64 from, gint64 to)
{
  g_assert_cmpint (messages->len, ==, to - from + 1);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpint (chat_message_get_seq (g_ptr_array_index (messages, i)), ==, from + i);
}

static void
test_channels (void)
{
  g_autoptr (ChatChannel) general = chat_channel_new ("general", NULL, NULL);
  g_autoptr (ChatChannel) ops = chat_channel_new ("ops", NULL, NULL);
  g_autoptr (ChatCacheContents) contents = NULL, rest = NULL;
  ChatChannelState *state;
  World world;

  world_start (&world);
  chat_channel_set_topic (general, "Todo");
  chat_channel_set_draft (general, "a medio ñ");
  chat_channel_set_head (general, 20);
  chat_channel_set_read (general, 17);
  chat_unread_take (chat_channel_get_counter (general), 20, 3, 1);
  chat_channel_update_unread (general);
  chat_channel_set_language (general, "es,en");
  chat_channel_set_joined (general, TRUE);
  chat_channel_set_muted (general, TRUE);
  chat_channel_set_notify (general, CHAT_NOTIFY_MENTIONS);
  chat_channel_set_notified (general, 19);
  chat_channel_set_active (general, 1600000000000);
  chat_cache_put_channel (world.cache, general);
  chat_cache_put_channel (world.cache, ops);
  chat_cache_put_value (world.cache, "session", "ana");
  world_restart (&world);

  contents = open_cache (&world, NULL, 100, NULL);
  g_assert_cmpuint (contents->channels->len, ==, 2);
  g_assert_cmpstr (g_hash_table_lookup (contents->values, "session"), ==, "ana");
  state = g_ptr_array_index (contents->channels, 0);
  g_assert_cmpstr (state->name, ==, "general");
  g_assert_cmpstr (state->topic, ==, "Todo");
  g_assert_cmpstr (state->draft, ==, "a medio ñ");
  g_assert_cmpint (state->head, ==, 20);
  g_assert_cmpint (state->read, ==, 17);
  g_assert_cmpuint (state->unread, ==, 3);
  g_assert_cmpuint (state->mentions, ==, 1);
  g_assert_cmpint (state->active, ==, 1600000000000);
  g_assert_cmpstr (state->language, ==, "es,en");
  g_assert_true (state->joined && state->muted);
  g_assert_cmpint (state->notify, ==, CHAT_NOTIFY_MENTIONS);
  g_assert_cmpint (state->notified, ==, 19);
  state = g_ptr_array_index (contents->channels, 1);
  g_assert_false (state->joined || state->muted);

  chat_cache_remove_channel (world.cache, "ops");
  chat_cache_put_value (world.cache, "session", NULL);
  world_restart (&world);
  rest = open_cache (&world, NULL, 100, NULL);
  g_assert_cmpuint (rest->channels->len, ==, 1);
  g_assert_null (g_hash_table_lookup (rest->values, "session"));
  world_end (&world);
}

/* What an older version kept is kept on. */
static void
test_older_version (void)
{
  g_autoptr (ChatCacheContents) contents = NULL;
  g_autoptr (ChatChannel) general = chat_channel_new ("general", NULL, NULL);
  ChatChannelState *state;
  World world;
  static const char *const columns[] = { "language", "joined", "muted", "notify", "notified" };

  world_start (&world);
  chat_channel_set_draft (general, "a medio");
  chat_cache_put_channel (world.cache, general);
  world_restart (&world);
  world_close (&world);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autofree char *sql = g_strdup_printf ("ALTER TABLE channels DROP COLUMN %s", columns[i]);

      g_free (local_test_query (world.directory, sql));
    }
  g_free (local_test_query (world.directory, "PRAGMA user_version = 1"));
  world_open (&world);
  contents = open_cache (&world, NULL, 100, NULL);
  g_assert_cmpuint (contents->channels->len, ==, 1);
  state = g_ptr_array_index (contents->channels, 0);
  g_assert_cmpstr (state->draft, ==, "a medio");
  g_assert_cmpint (state->notify, ==, CHAT_NOTIFY_DEFAULT);
  world_end (&world);
}

/* The state of a message is kept with it. */
static void
test_state (void)
{
  g_autoptr (GPtrArray) messages = chat_test_messages_new (), kept = NULL;
  ChatMessage *message = message_of (1, 1);
  ChatMessageState *given = chat_message_state_new ();
  const ChatMessageState *state;
  World world;

  world_start (&world);
  given->edited = 1600000000000;
  given->seq = 7;
  g_ptr_array_add (given->reactions, chat_reaction_new ("r1", "luis", "👍"));
  chat_message_take_state (message, given);
  g_ptr_array_add (messages, message);
  chat_cache_add_page (world.cache, "general", messages, 7);
  world_restart (&world);
  kept = load (&world, "general", 60);
  g_assert_cmpuint (kept->len, ==, 1);
  state = chat_message_get_state (g_ptr_array_index (kept, 0));
  g_assert_nonnull (state);
  g_assert_cmpint (state->edited, ==, 1600000000000);
  g_assert_cmpint (state->seq, ==, 7);
  g_assert_cmpstr (((ChatReaction *)g_ptr_array_index (state->reactions, 0))->author, ==, "luis");
  world_end (&world);
}

/* The newest 500, and of these as many as are asked for. */
static void
test_messages (void)
{
  g_autoptr (GPtrArray) few = NULL, all = NULL, other = NULL;
  g_autoptr (ChatCacheContents) contents = NULL;
  g_autofree char *count = NULL;
  World world;

  world_start (&world);
  add_page (&world, 1, 300, 700);
  add_page (&world, 301, 700, 700);
  world_restart (&world);
  few = load (&world, "general", 60);
  check_seqs (few, 641, 700);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (few, 0)), ==, "641");
  all = load (&world, "general", 10000);
  check_seqs (all, 201, 700);
  other = load (&world, "ops", 60);
  g_assert_cmpuint (other->len, ==, 0);
  contents = open_cache (&world, "general", 10, NULL);
  check_seqs (contents->messages, 691, 700);
  world_close (&world);
  count = local_test_query (world.directory, "SELECT count(*) FROM messages");
  g_assert_cmpstr (count, ==, "500");
  world_open (&world);
  world_end (&world);
}

/* A live message is kept once its receipt tells where. */
static void
test_live (void)
{
  g_autoptr (ChatMessage) one = message_of (1, 0), two = message_of (2, 0), three = message_of (3, 3);
  g_autoptr (ChatMessage) receipt = chat_message_new (CHAT_KIND_RECEIPT);
  g_autoptr (GPtrArray) before = NULL, after = NULL;
  World world;

  world_start (&world);
  chat_cache_add_live (world.cache, "general", one);
  chat_cache_add_live (world.cache, "general", two);
  chat_cache_add_live (world.cache, "general", three);
  flush (&world);
  before = load (&world, "general", 60);
  check_seqs (before, 3, 3);
  chat_message_add_receipt (receipt, chat_message_get_id (one), 1);
  chat_message_add_receipt (receipt, chat_message_get_id (two), 2);
  chat_message_add_receipt (receipt, "somebody else's", 9);
  chat_cache_add_receipts (world.cache, "general", receipt);
  flush (&world);
  after = load (&world, "general", 60);
  check_seqs (after, 1, 3);
  world_end (&world);
}

/* Only as far back as nothing is missing. */
static void
test_hole (void)
{
  g_autoptr (GPtrArray) messages = NULL;
  World world;

  world_start (&world);
  add_page (&world, 1, 50, 100);
  add_page (&world, 61, 100, 100);
  flush (&world);
  messages = load (&world, "general", 500);
  check_seqs (messages, 61, 100);
  world_end (&world);
}

/* A head that is less than what was read from the disk is of another store. */
static void
test_another_store (void)
{
  g_autoptr (GPtrArray) old = NULL, now = NULL;
  World world;

  world_start (&world);
  add_page (&world, 1, 100, 100);
  world_restart (&world);
  old = load (&world, "general", 60);
  add_page (&world, 1, 5, 5);
  flush (&world);
  now = load (&world, "general", 60);
  check_seqs (now, 1, 5);
  world_end (&world);
}

/* It is written by itself, within a second or so. */

static void
written_cb (ChatCache *cache, const GError *error, guint *count)
{
  g_assert_no_error (error);
  (*count)++;
}

static void
test_behind (void)
{
  g_autoptr (ChatChannel) general = chat_channel_new ("general", NULL, NULL);
  guint writes = 0;
  World world;

  world_start (&world);
  g_signal_connect (world.cache, "written", G_CALLBACK (written_cb), &writes);
  for (guint i = 0; i < 100; i++)
    {
      add_page (&world, 1, 10, 10);
      chat_cache_put_channel (world.cache, general);
    }
  chat_test_wait_for_count (&writes, 1);
  chat_test_run_for (50);
  g_assert_cmpuint (writes, ==, 1);
  world_end (&world);
}

/* Disks that will not */

static void
check_unusable (World *world, const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (open_cache (world, NULL, 10, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
  g_assert_nonnull (strstr (error->message, "workspace.db"));
}

static void
test_damaged (void)
{
  g_autofree char *noise = g_strnfill (20000, 'x');
  g_autoptr (GBytes) after = NULL;
  World world;

  world_start (&world);
  local_test_write (world.directory, noise, 20000);
  check_unusable (&world, "is damaged");
  world_close (&world);
  after = local_test_read (world.directory);
  g_assert_cmpmem (g_bytes_get_data (after, NULL), g_bytes_get_size (after), noise, 20000);
  world_open (&world);
  world_end (&world);
}

static guint
count_files (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

/* What a newer program wrote is not touched. */
static void
test_newer (void)
{
  g_autofree char *none = NULL;
  g_autoptr (GBytes) before = NULL, after = NULL;
  World world;

  world_start (&world);
  add_page (&world, 1, 5, 5);
  flush (&world);
  world_close (&world);
  none = local_test_query (world.directory, "PRAGMA user_version = 99");
  before = local_test_read (world.directory);
  world_open (&world);
  check_unusable (&world, "newer Tertulia");
  world_close (&world);
  after = local_test_read (world.directory);
  g_assert_true (g_bytes_equal (before, after));
  g_assert_cmpuint (count_files (world.directory), ==, 1);
  world_open (&world);
  world_end (&world);
}

static void
test_no_directory (void)
{
  g_autoptr (ChatLocalDatabase) database = chat_local_database_new ("/proc/no/such");
  g_autoptr (ChatCache) cache = chat_cache_new (database);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_cache_flush, cache, &error);
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "/proc/no/such"));
  g_clear_error (&error);
  chat_test_call (chat_local_database_close, database, &error);
}

/* Two programs: the second one is told; it must not send from the same outbox. */
static void
test_in_use (void)
{
  World world, second;

  world_start (&world);
  flush (&world);
  second.directory = g_strdup (world.directory);
  world_open (&second);
  check_unusable (&second, "in use by another program");
  world_close (&second);
  g_free (second.directory);
  world_end (&world);
}

/* A full disk is an error while it lasts, and no longer. */
static void
test_full (void)
{
  ChatTestDisk disk = { 0 };
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GError) error = NULL;
  World world;

  chat_test_disk_insert (&disk);
  world_start (&world);
  flush (&world);
  chat_test_disk_fail (&disk, 1, 1000, SQLITE_FULL);
  add_page (&world, 1, 200, 200);
  chat_test_call (chat_cache_flush, world.cache, &error);
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "disk is full"));
  chat_test_disk_fail (&disk, 0, 0, 0);
  add_page (&world, 1, 200, 200);
  flush (&world);
  messages = load (&world, "general", 500);
  check_seqs (messages, 1, 200);
  world_end (&world);
  chat_test_disk_remove (&disk);
}

/* One job that fails does not take those with it that share its commit. */

static gboolean
failing_job (sqlite3 *db, gpointer data, GError **error)
{
  return chat_local_execute (db, error, "INSERT INTO workspace VALUES ('lost', 'x')", "")
         && chat_local_execute (db, error, "INSERT INTO nowhere VALUES (1)", "");
}

static void
test_jobs (void)
{
  g_autoptr (ChatCacheContents) contents = NULL;
  GAsyncResult *failing = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  chat_local_database_run_async (world.database, failing_job, NULL, NULL, NULL, chat_test_result_cb, &failing);
  chat_cache_put_value (world.cache, "kept", "y");
  flush (&world);
  result = chat_test_await (&failing, "the job that fails");
  g_assert_false (chat_local_database_run_finish (world.database, result, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE);
  g_clear_object (&result);
  contents = open_cache (&world, NULL, 1, NULL);
  g_assert_cmpstr (g_hash_table_lookup (contents->values, "kept"), ==, "y");
  g_assert_null (g_hash_table_lookup (contents->values, "lost"));
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cache/channels", test_channels);
  g_test_add_func ("/cache/messages", test_messages);
  g_test_add_func ("/cache/live", test_live);
  g_test_add_func ("/cache/hole", test_hole);
  g_test_add_func ("/cache/another-store", test_another_store);
  g_test_add_func ("/cache/behind", test_behind);
  g_test_add_func ("/cache/damaged", test_damaged);
  g_test_add_func ("/cache/newer", test_newer);
  g_test_add_func ("/cache/no-directory", test_no_directory);
  g_test_add_func ("/cache/in-use", test_in_use);
  g_test_add_func ("/cache/full", test_full);
  g_test_add_func ("/cache/jobs", test_jobs);
  g_test_add_func ("/cache/older-version", test_older_version);
  g_test_add_func ("/cache/state", test_state);
  return g_test_run ();
}
