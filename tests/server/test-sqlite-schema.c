/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/chat-time.h"
#include "server/store/sqlite/chat-sqlite-store.h"
#include "sqlite-test.h"

/* What the SQLite store's tables promise beyond the contract: migrations, settings, what may not be changed. */

#define VERSION 10

static const char *const tables
    = "SELECT group_concat (name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' "
      "AND name NOT LIKE 'sqlite_%' ORDER BY name)";
static const char *const all_tables
    = "accounts,appeals,audit,authors,blocks,channels,counters,counters_anew,digests,edits,heartbeat,hours,invitations,"
      "members,mentions,"
      "messages,originals,outbox,pending,reactions,read_markers,rebuild,reports,rules,search,search_config,"
      "search_data,search_idx,sessions,standings,states,strike_counters,strikes";

static void
assert_ask (const char *path, const char *sql, const char *expected)
{
  g_autofree char *answer = sqlite_test_ask (path, sql);

  g_assert_cmpstr (answer, ==, expected);
}

static void
made (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 1);
  assert_ask (test.path, tables, all_tables);
  assert_ask (test.path, "PRAGMA user_version", G_STRINGIFY (VERSION));
  assert_ask (test.path, "PRAGMA application_id", "1415934580");
  assert_ask (test.path, "PRAGMA journal_mode", "wal");
  assert_ask (test.path, "PRAGMA integrity_check", "ok");
}

/* A database of an earlier version gets what has come since, and keeps what it has. */
static void
brought_up_to_date (void)
{
  for (guint version = 1; version <= 3; version++)
    {
      g_auto (SqliteTest) test = { 0 };
      ChatStore *store;

      sqlite_test_init (&test);
      sqlite_test_fill_version (test.path, version, 3);
      store = sqlite_test_store_open (test.path);
      g_assert_cmpint (sqlite_test_list (store, NULL), ==, 3);
      g_assert_cmpint (sqlite_test_append (store, "new", NULL), ==, 4);
      sqlite_test_store_close (store);
      assert_ask (test.path, tables, all_tables);
      assert_ask (test.path, "PRAGMA user_version", G_STRINGIFY (VERSION));
      assert_ask (test.path, "PRAGMA integrity_check", "ok");
      assert_ask (test.path, "PRAGMA foreign_key_check", "");
    }
}

/* Names become keys: who was there under several spellings is there under one. */
static void
keys_of_names (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  sqlite_test_fill_version (test.path, 3, 3);
  g_assert_cmpint (sqlite_test_sql (test.path,
                                    "INSERT INTO members VALUES (1, 'Ana'), (1, 'ANA'), (1, 'eva'), (1, 'Ñu')"),
                   ==, SQLITE_OK);
  g_assert_cmpint (sqlite_test_sql (test.path, "INSERT INTO read_markers VALUES (1, 'Ana', 1), (1, 'ANA', 2),"
                                               "(1, 'eva', 3)"),
                   ==, SQLITE_OK);
  sqlite_test_store_close (sqlite_test_store_open (test.path));
  assert_ask (test.path, "SELECT channel, user_key, user FROM members ORDER BY user_key",
              "1|ana|ANA\n1|eva|eva\n1|ñu|Ñu");
  assert_ask (test.path, "SELECT user_key, seq FROM read_markers ORDER BY user_key", "ana|2\neva|3");
}

/* Records that were stored when nobody applied them are applied now. */
static void
history_filled_in (void)
{
  g_auto (SqliteTest) test = { 0 };
  static const char *const records
      = "INSERT INTO messages (channel, seq, id, clock, record) VALUES"
        "(1, 4, 'e-1', 9, json_object ('kind', 'edit', 'id', 'e-1', 'channel', 'general', 'author', 'ANA', 'target',"
        "'m-1', 'data', 'for @eva', 'timestamp', '1970-01-01T00:00:00.009Z')),"
        "(1, 5, 'd-1', 9, json_object ('kind', 'delete', 'id', 'd-1', 'channel', 'general', 'author', 'Ana', 'target',"
        "'m-2', 'timestamp', '1970-01-01T00:00:00.009Z')),"
        "(1, 6, 'x-1', 9, 'no record'); UPDATE channels SET head = 6";
  g_autoptr (ChatMessage) first = NULL;
  g_autoptr (ChatChannelInfo) info = NULL;
  ChatStore *store;

  sqlite_test_init (&test);
  sqlite_test_fill_version (test.path, 3, 3);
  g_assert_cmpint (sqlite_test_sql (test.path, records), ==, SQLITE_OK);
  store = sqlite_test_store_open (test.path);
  first = chat_test_call (chat_message_store_get, chat_store_get_messages (store), NULL, "m-1");
  g_assert_cmpstr (chat_message_get_data (first), ==, "for @eva");
  info = chat_test_call (chat_channel_store_get, chat_store_get_channels (store), NULL, "general", "eva");
  g_assert_cmpuint (info->unread, ==, 2);
  g_assert_cmpuint (info->mentions, ==, 1);
  g_assert_cmpint (sqlite_test_list (store, NULL), ==, 6);
  sqlite_test_store_close (store);
  assert_ask (test.path, "SELECT id, author, timestamp, said FROM messages ORDER BY number",
              "m-1|1|1|1\nm-2|1|2|2\nm-3|1|3|1\ne-1|1|9|0\nd-1|1|9|0\nx-1|0|9|0");
  assert_ask (test.path, "SELECT number, user_key, user FROM authors", "0||\n1|ana|Ana");
  assert_ask (test.path, "SELECT * FROM counters", "0|1|1|3");
  assert_ask (test.path, "SELECT * FROM hours", "0|1|6");
}

/* What was deleted is in no table any more. */
static void
deleted_everywhere (void)
{
  static const struct
  {
    ChatMessageKind kind;
    const char *id, *target, *data;
  } rows[] = {
    { CHAT_KIND_MESSAGE, "m-1", NULL, "a regrettable word" },
    { CHAT_KIND_EDIT, "e-1", "m-1", "a regrettable thing" },
    { CHAT_KIND_DELETE, "d-1", "m-1", NULL },
    { CHAT_KIND_EDIT, "e-2", "m-1", "a regrettable answer" },
    { CHAT_KIND_EDIT, "e-3", "m-2", "a regrettable foresight" },
    { CHAT_KIND_DELETE, "d-2", "m-2", NULL },
    { CHAT_KIND_MESSAGE, "m-2", NULL, "a regrettable end" },
  };
  g_auto (SqliteTest) test = { 0 };
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autofree char *dump = NULL;
  ChatStore *store;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ChatMessage *message = chat_message_new (rows[i].kind);

      chat_message_set_id (message, rows[i].id);
      chat_message_set_channel (message, "general");
      chat_message_set_author (message, "ana");
      chat_message_set_target (message, rows[i].target);
      chat_message_set_data (message, rows[i].data);
      chat_message_set_timestamp (message, 1);
      g_ptr_array_add (messages, message);
    }
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), NULL, messages);
  g_assert_cmpuint (results->len, ==, G_N_ELEMENTS (rows));
  dump = sqlite_test_ask (test.path, "SELECT * FROM messages; SELECT * FROM states; SELECT * FROM mentions;"
                                     "SELECT * FROM pending; SELECT * FROM digests; SELECT * FROM reactions");
  g_assert_nonnull (strstr (dump, "m-1"));
  g_assert_null (strstr (dump, "regrettable"));
  sqlite_test_store_close (store);
}

/* Keys from before "Iuis" and "luis" were one. */
static void
keys_anew (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  sqlite_test_fill_version (test.path, 3, 1);
  g_assert_cmpint (
      sqlite_test_sql (
          test.path, "INSERT INTO sessions VALUES ('1', 'Ivan', 'ivan', 'x', 0, 1, 2, 3), ('2', 'ana', 'ana', 'y', 0, "
                     "1, 2, 3);"
                     "INSERT INTO strikes VALUES (1, 'r1', 'w1', 'general', 'Luis', 'luis', 'es/insults', '0+4', "
                     "NULL, 1, 3, 1, 0);"
                     "INSERT INTO standings VALUES ('luis', 1), ('iuis', 1), ('ana', 2);"
                     "INSERT INTO blocks VALUES ('ivan', 'Ivan', 1, NULL, 'x', NULL);"
                     "INSERT INTO audit VALUES (1, 1, NULL, 'block', 'ivan', NULL, NULL)"),
      ==, SQLITE_OK);
  sqlite_test_store_close (sqlite_test_store_open (test.path));
  assert_ask (test.path, "SELECT user_key FROM sessions ORDER BY id", "lvan\nana");
  assert_ask (test.path, "SELECT user_key FROM strikes", "luls");
  assert_ask (test.path, "SELECT user_key, base FROM standings ORDER BY user_key", "");
  assert_ask (test.path, "SELECT user_key FROM blocks", "lvan");
  assert_ask (test.path, "SELECT user_key FROM audit", "lvan");
  g_assert_cmpint (sqlite_test_sql (test.path, "UPDATE audit SET user_key = 'x'"), !=, SQLITE_OK);
}

/* A script that fails leaves the database as it was after the one before. */
static void
stopped_half_way (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  sqlite_test_fill_version (test.path, 1, 3);
  g_assert_cmpint (sqlite_test_sql (test.path, "CREATE TABLE blocks (x)"), ==, SQLITE_OK);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_DAMAGED);
  assert_ask (test.path, tables, "blocks,channels,heartbeat,members,messages,read_markers,sessions");
  assert_ask (test.path, "PRAGMA user_version", "2");

  g_assert_cmpint (sqlite_test_sql (test.path, "DROP TABLE blocks"), ==, SQLITE_OK);
  sqlite_test_store_close (sqlite_test_store_open (test.path));
  assert_ask (test.path, tables, all_tables);
}

/* Roles that start together make the schema once. */
static void
opened_by_many (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *stores[6];
  GAsyncResult *awaited[6] = { NULL };

  sqlite_test_init (&test);
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      stores[i] = chat_sqlite_store_new (test.path);
      chat_store_open_async (stores[i], NULL, chat_test_result_cb, &awaited[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "an open");
      g_autoptr (GError) error = NULL;

      chat_store_open_finish (stores[i], result, &error);
      g_assert_no_error (error);
      g_assert_cmpint (sqlite_test_append (stores[i], "m-1", &error), ==, 1);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    sqlite_test_store_close (stores[i]);
  assert_ask (test.path, "PRAGMA user_version", G_STRINGIFY (VERSION));
}

static gboolean
commit_cb (gpointer handle)
{
  g_assert_cmpint (sqlite3_exec (handle, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  return G_SOURCE_REMOVE;
}

/* A new file that another writes to just then: it waits. */
static void
written_while_made (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autoptr (GError) error = NULL;
  ChatStore *store;
  sqlite3 *other;

  sqlite_test_init (&test);
  other = sqlite_test_handle (test.path);
  /* the store may just be looking at the file when this commits */
  sqlite3_busy_timeout (other, 5000);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_timeout_add (20, commit_cb, other);
  store = chat_sqlite_store_new (test.path);
  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  sqlite3_close (other);
  sqlite_test_store_close (store);
}

static ChatStrike *
record_strike (ChatStore *store, const char *record_id, gint64 timestamp)
{
  ChatStrike strike = { .record_id = (char *)record_id,
                        .channel = (char *)"general",
                        .user = (char *)"Ana",
                        .user_key = (char *)"ana",
                        .rule = (char *)"es/insults",
                        .original = (char *)"what was really said",
                        .timestamp = timestamp,
                        .limit = 2 };
  g_autoptr (GError) error = NULL;
  ChatStrike *answer
      = chat_test_call (chat_moderation_store_record_strike, chat_store_get_moderation (store), &error, &strike);

  g_assert_no_error (error);
  return answer;
}

static void
audited (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;
  g_autoptr (GError) error = NULL;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  for (guint round = 0; round < 2; round++)
    {
      chat_strike_free (record_strike (store, "m-1", 10));
      chat_strike_free (record_strike (store, "m-2", 20));
    }
  g_assert_true (chat_test_call (chat_moderation_store_lift_block, chat_store_get_moderation (store), &error, "ana",
                                 "leo", (gint64)30));
  sqlite_test_store_close (store);

  assert_ask (test.path, "SELECT time, actor, action, user_key, record_id, detail FROM audit ORDER BY number",
              "10||strike|ana|m-1|es/insults\n"
              "20||block|ana|m-2|strike 2 of 2 (es/insults)\n"
              "20||strike|ana|m-2|es/insults\n"
              "30|leo|lift|ana||");
  g_assert_cmpint (sqlite_test_sql (test.path, "UPDATE audit SET actor = 'me'"), ==, SQLITE_CONSTRAINT);
  g_assert_cmpint (sqlite_test_sql (test.path, "DELETE FROM audit WHERE number = 1"), ==, SQLITE_CONSTRAINT);
  g_assert_cmpint (sqlite_test_sql (test.path, "DELETE FROM audit"), ==, SQLITE_CONSTRAINT);
  assert_ask (test.path, "SELECT count (*) FROM audit", "4");
}

/* The words are in one table, and a strike outlives them. */
static void
originals_apart (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *rest = NULL;
  g_autoptr (ChatStrike) strike = NULL;
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  chat_strike_free (record_strike (store, "m-1", 10));
  chat_strike_free (record_strike (store, "m-2", 10));
  assert_ask (test.path, "SELECT * FROM originals ORDER BY record_id",
              "m-1|what was really said\nm-2|what was really said");
  rest = sqlite_test_ask (test.path, "SELECT * FROM strikes; SELECT * FROM blocks; SELECT * FROM audit");
  g_assert_nonnull (strstr (rest, "es/insults"));
  g_assert_null (strstr (rest, "really"));

  g_assert_cmpint (sqlite_test_sql (test.path, "DELETE FROM originals WHERE record_id = 'm-1'"), ==, SQLITE_OK);
  strike = chat_test_call (chat_moderation_store_get_strike, chat_store_get_moderation (store), &error, "m-1");
  g_assert_no_error (error);
  g_assert_null (strike->original);
  g_assert_cmpstr (strike->rule, ==, "es/insults");
  sqlite_test_store_close (store);
}

static guint
count_blocks (ChatStore *store, gint64 now)
{
  g_autoptr (GPtrArray) blocks
      = chat_test_call (chat_moderation_store_list_blocks, chat_store_get_moderation (store), NULL, now);

  return blocks->len;
}

/* A block with an end: in force up to it, and then strikes count from 0 again. */
static void
expiring_block (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autoptr (ChatStrike) within = NULL;
  g_autoptr (ChatStrike) after = NULL;
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  chat_strike_free (record_strike (store, "m-1", 10));
  chat_strike_free (record_strike (store, "m-2", 20));
  g_assert_cmpint (sqlite_test_sql (test.path, "UPDATE blocks SET until = 50"), ==, SQLITE_OK);
  g_assert_cmpuint (count_blocks (store, 49), ==, 1);
  g_assert_cmpuint (count_blocks (store, 50), ==, 0);
  g_assert_false (chat_test_call (chat_moderation_store_lift_block, chat_store_get_moderation (store), &error, "ana",
                                  "leo", (gint64)50));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);

  within = record_strike (store, "m-3", 49);
  g_assert_cmpuint (within->strike, ==, 3);
  g_assert_false (within->blocked);
  after = record_strike (store, "m-4", 50);
  g_assert_cmpuint (after->strike, ==, 1);
  g_assert_false (after->blocked);
  sqlite_test_store_close (store);
  assert_ask (test.path, "SELECT time, user_key FROM audit WHERE action = 'expire'", "50|ana");
}

/* Calls in flight of three messages each, of which every fifth call's last is one that a trigger refuses with @raise.
 * Whatever is refused with it: a call that returned is there as a whole, one that failed is not there at all. */
static guint
append_with_refused (ChatStore *store, const char *path, const char *raise)
{
  enum
  {
    CALLS = 50
  };
  g_autofree char *trigger
      = g_strdup_printf ("CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.id LIKE '%%bad' "
                         "BEGIN SELECT RAISE (%s, 'refused'); END",
                         raise);
  g_autofree char *order = NULL;
  GAsyncResult *awaited[CALLS] = { NULL };
  guint done = 0;

  g_assert_cmpint (sqlite_test_sql (path, trigger), ==, SQLITE_OK);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GPtrArray) messages = chat_test_messages_new ();

      for (guint j = 0; j < 3; j++)
        {
          g_autofree char *id = g_strdup_printf ("m-%u-%u%s", i, j, i % 5 == 4 && j == 2 ? "-bad" : "");

          g_ptr_array_add (messages, chat_test_message_new ("general", id, "text", i));
        }
      chat_message_store_append_async (chat_store_get_messages (store), messages, NULL, chat_test_result_cb,
                                       &awaited[i]);
    }
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "an append");
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) results = chat_message_store_append_finish (chat_store_get_messages (store), result, &error);
      g_autofree char *sql = g_strdup_printf ("SELECT count (*) FROM messages WHERE id LIKE 'm-%u-%%'", i);
      g_autofree char *found = sqlite_test_ask (path, sql);

      if (results == NULL)
        g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
      g_assert_false (results != NULL && i % 5 == 4);
      g_assert_cmpstr (found, ==, results != NULL ? "3" : "0");
      done += results != NULL;
    }
  order = sqlite_test_ask (path,
                           "SELECT count (*) = max (seq) AND max (seq) = (SELECT head FROM channels) FROM messages");
  g_assert_cmpstr (order, ==, done > 0 ? "1" : "");
  return done;
}

static void
fails_alone (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  g_assert_cmpuint (append_with_refused (store, test.path, "ABORT"), ==, 40);
  sqlite_test_store_close (store);
}

/* Some faults make SQLite give up the whole transaction: nobody in it is told that all went well. */
static void
fails_together (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  append_with_refused (store, test.path, "ROLLBACK");
  g_assert_cmpint (sqlite_test_append (store, "after", NULL), >, 0);
  sqlite_test_store_close (store);
}

/* Where the oldest are gone, a channel begins later: no page reaches before that. */
static void
oldest_removed (void)
{
  static const struct
  {
    ChatPage page;
    gint64 first, last;
    gboolean more_before, more_after;
  } rows[] = {
    { { CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, 100 }, 6, 20, FALSE, FALSE },
    { { CHAT_PAGE_AFTER, 0, NULL, CHAT_TIME_UNKNOWN, 4 }, 6, 9, FALSE, TRUE },
    { { CHAT_PAGE_AFTER, 3, NULL, CHAT_TIME_UNKNOWN, 4 }, 6, 9, FALSE, TRUE },
    { { CHAT_PAGE_AFTER, 0, NULL, 3, 4 }, 6, 9, FALSE, TRUE },
    { { CHAT_PAGE_AROUND, 1, NULL, CHAT_TIME_UNKNOWN, 4 }, 6, 9, FALSE, TRUE },
    { { CHAT_PAGE_BEFORE, 8, NULL, CHAT_TIME_UNKNOWN, 4 }, 6, 7, FALSE, TRUE },
    { { CHAT_PAGE_BEFORE, 12, NULL, CHAT_TIME_UNKNOWN, 4 }, 8, 11, TRUE, TRUE },
    { { CHAT_PAGE_BEFORE, 6, NULL, CHAT_TIME_UNKNOWN, 4 }, 0, 0, FALSE, TRUE },
    { { CHAT_PAGE_BEFORE, 2, NULL, CHAT_TIME_UNKNOWN, 4 }, 0, 0, FALSE, TRUE },
  };
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  for (guint i = 1; i <= 20; i++)
    {
      g_autoptr (GPtrArray) messages = chat_test_messages_new ();
      g_autoptr (GArray) results = NULL;
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autofree char *other = g_strdup_printf ("o-%u", i);

      g_ptr_array_add (messages, chat_test_message_new ("other", other, "text", i));
      g_ptr_array_add (messages, chat_test_message_new ("general", id, "text", i));
      results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), NULL, messages);
    }
  g_assert_cmpint (sqlite_test_sql (test.path, "DELETE FROM messages WHERE id LIKE 'm-%' AND seq <= 5"), ==, SQLITE_OK);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ChatMessagePage) page
          = chat_test_call (chat_message_store_list, chat_store_get_messages (store), NULL, "general", &rows[i].page);
      guint count = page->messages->len;

      g_assert_cmpint (page->first, ==, 6);
      g_assert_cmpint (page->head, ==, 20);
      g_assert_cmpint (count, ==, rows[i].first == 0 ? 0 : rows[i].last - rows[i].first + 1);
      if (count > 0)
        g_assert_cmpint (chat_message_get_seq (g_ptr_array_index (page->messages, 0)), ==, rows[i].first);
      g_assert_cmpint (page->more_before, ==, rows[i].more_before);
      g_assert_cmpint (page->more_after, ==, rows[i].more_after);
    }
  sqlite_test_store_close (store);
}

/* Statements that went through a whole table or sorted, with how far: what the store's own connections report. */
static int
watch_cb (unsigned int event, gpointer user_data, gpointer statement, gpointer duration)
{
  GAsyncQueue *slow = user_data;
  int steps = sqlite3_stmt_status (statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
  int sorts = sqlite3_stmt_status (statement, SQLITE_STMTSTATUS_SORT, 1);

  if (steps > 20 || sorts > 0)
    g_async_queue_push (slow, g_strdup_printf ("%d steps, %d sorts: %s", steps, sorts, sqlite3_sql (statement)));
  return 0;
}

static GAsyncQueue *slow_statements; /* an extension's entry point has no data of its own */

static int
watch (sqlite3 *handle, char **message, const struct sqlite3_api_routines *api)
{
  return sqlite3_trace_v2 (handle, SQLITE_TRACE_PROFILE, watch_cb, slow_statements);
}

static void
use_everything (ChatStore *store)
{
  static const char *const ids[] = { "s-3", NULL };
  ChatMessageStore *messages = chat_store_get_messages (store);
  ChatChannelStore *channels = chat_store_get_channels (store);
  ChatUserStore *users = chat_store_get_users (store);
  const ChatPage pages[] = {
    { CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, 10 },
    { CHAT_PAGE_BEFORE, 50, NULL, CHAT_TIME_UNKNOWN, 10 },
    { CHAT_PAGE_AFTER, 0, "m-50", CHAT_TIME_UNKNOWN, 10 },
    { CHAT_PAGE_AROUND, 0, NULL, 50, 10 },
  };

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *id = g_strdup_printf ("s-%u", i);
      ChatSessionInfo session
          = { .id = id, .user = id, .user_key = id, .token_hash = id, .since = 1, .lease = 1000, .expires = 1000 };

      chat_test_call (chat_user_store_open_session, users, NULL, &session, 0u, (gint64)1);
      chat_session_info_free (chat_test_call (chat_user_store_find_session, users, NULL, id, (gint64)2));
      chat_strike_free (record_strike (store, id, 10));
    }
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    chat_message_page_free (chat_test_call (chat_message_store_list, messages, NULL, "general", &pages[i]));
  chat_message_unref (chat_test_call (chat_message_store_get, messages, NULL, "m-50"));
  g_assert_cmpint (sqlite_test_append (store, "m-50", NULL), ==, 50);
  chat_test_call (chat_channel_store_set_read, channels, NULL, "general", "ana", (gint64)7);
  chat_test_call (chat_channel_store_set_member, channels, NULL, "general", "ana", "ana", TRUE);
  chat_test_call (chat_channel_store_set_member, channels, NULL, "general", "ana", "ana", FALSE);
  chat_channel_info_free (chat_test_call (chat_channel_store_get, channels, NULL, "general", "ana"));
  chat_test_call (chat_user_store_renew_sessions, users, NULL, ids, (gint64)2000);
  chat_test_call (chat_user_store_close_session, users, NULL, "s-5");
  g_ptr_array_unref (
      chat_test_call (chat_moderation_store_list_strikes, chat_store_get_moderation (store), NULL, "ana", 10u));
  chat_strike_free (chat_test_call (chat_moderation_store_get_strike, chat_store_get_moderation (store), NULL, "s-50"));
}

static void
change_some (ChatStore *store)
{
  static const ChatMessageKind kinds[] = { CHAT_KIND_EDIT, CHAT_KIND_DELETE };
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *id = g_strdup_printf ("c-%u", i);
      g_autofree char *target = g_strdup_printf ("m-%u", i * 5);
      ChatMessage *message = chat_message_new (kinds[i % 2]);

      chat_message_set_id (message, id);
      chat_message_set_channel (message, "general");
      chat_message_set_author (message, "ana");
      chat_message_set_timestamp (message, i);
      chat_message_set_data (message, "other words for @eva");
      chat_message_set_target (message, target);
      g_ptr_array_add (batch, message);
    }
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), NULL, batch);
}

static void
look_for_some (ChatStore *store)
{
  const ChatSearch searches[] = {
    { "words", NULL, NULL, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, 0, 10 },
    { "other words", "eva", "general", "ana", 1, 1000, 400, 10 },
    { NULL, "eva", NULL, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, 0, 10 },
    { NULL, NULL, NULL, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, 0, 10 },
  };
  const ChatModerationList lists[] = { { NULL, FALSE, NULL, 10 }, { "ana", TRUE, NULL, 10 } };
  ChatModerationStore *moderation = chat_store_get_moderation (store);

  for (guint i = 0; i < G_N_ELEMENTS (searches); i++)
    chat_search_page_free (
        chat_test_call (chat_message_store_search, chat_store_get_messages (store), NULL, &searches[i]));
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_ptr_array_unref (chat_test_call (chat_moderation_store_list_all_strikes, moderation, NULL, &lists[i]));
      g_ptr_array_unref (chat_test_call (chat_moderation_store_list_appeals, moderation, NULL, &lists[i]));
      g_ptr_array_unref (chat_test_call (chat_moderation_store_list_reports, moderation, NULL, &lists[i]));
      g_ptr_array_unref (chat_test_call (chat_moderation_store_list_audit, moderation, NULL, &lists[i]));
    }
  g_ptr_array_unref (chat_test_call (chat_user_store_list_accounts, chat_store_get_users (store), NULL, "b", 10u));
}

/* Every call that asks for one thing, or for a page, walks along an index. */
static void
by_index (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *found = NULL;
  ChatStore *store;

  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 500);
  slow_statements = g_async_queue_new_full (g_free);
  g_assert_cmpint (sqlite3_auto_extension ((void (*) (void))watch), ==, SQLITE_OK);
  store = sqlite_test_store_open (test.path);
  use_everything (store);
  change_some (store);
  look_for_some (store);
  sqlite_test_store_close (store);
  sqlite3_reset_auto_extension ();

  found = g_async_queue_try_pop (slow_statements);
  g_assert_cmpstr (found, ==, NULL);
  g_clear_pointer (&slow_statements, g_async_queue_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sqlite/schema/made", made);
  g_test_add_func ("/sqlite/schema/brought-up-to-date", brought_up_to_date);
  g_test_add_func ("/sqlite/schema/keys-of-names", keys_of_names);
  g_test_add_func ("/sqlite/schema/keys-anew", keys_anew);
  g_test_add_func ("/sqlite/schema/history-filled-in", history_filled_in);
  g_test_add_func ("/sqlite/schema/deleted-everywhere", deleted_everywhere);
  g_test_add_func ("/sqlite/schema/stopped-half-way", stopped_half_way);
  g_test_add_func ("/sqlite/schema/opened-by-many", opened_by_many);
  g_test_add_func ("/sqlite/schema/written-while-made", written_while_made);
  g_test_add_func ("/sqlite/schema/audited", audited);
  g_test_add_func ("/sqlite/schema/originals-apart", originals_apart);
  g_test_add_func ("/sqlite/schema/expiring-block", expiring_block);
  g_test_add_func ("/sqlite/schema/fails-alone", fails_alone);
  g_test_add_func ("/sqlite/schema/fails-together", fails_together);
  g_test_add_func ("/sqlite/schema/oldest-removed", oldest_removed);
  g_test_add_func ("/sqlite/schema/by-index", by_index);
  return g_test_run ();
}
