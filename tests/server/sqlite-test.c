/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sqlite-test.h"

#include <string.h>

#include <glib/gstdio.h>

#include "core/chat-time.h"
#include "server/store/sqlite/chat-sqlite-store.h"

void
sqlite_test_init (SqliteTest *self)
{
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("sqlite-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->directory, "store.db", NULL);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  /* a directory whose rights a test took away, but no link to one */
  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_chmod (path, 0700);
      directory = g_dir_open (path, 0, NULL);
    }
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

void
sqlite_test_clear (SqliteTest *self)
{
  if (self->directory == NULL)
    return;
  remove_tree (self->directory);
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->path, g_free);
}

ChatStore *
sqlite_test_store_new (const char *path)
{
  return g_object_new (CHAT_TYPE_SQLITE_STORE, "path", path, "busy-timeout", 50, NULL);
}

ChatStore *
sqlite_test_store_open (const char *path)
{
  ChatStore *store = sqlite_test_store_new (path);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  return store;
}

void
sqlite_test_store_close (ChatStore *store)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_store_close, store, &error);
  g_assert_no_error (error);
  g_object_unref (store);
}

void
sqlite_test_fill (const char *path, guint count)
{
  ChatStore *store = sqlite_test_store_open (path);
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i <= count; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      g_ptr_array_add (messages, chat_test_message_new ("general", id, "some words that take their place", i));
    }
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), &error, messages);
  g_assert_no_error (error);
  sqlite_test_store_close (store);
}

static void
run_file (const char *path, const char *name)
{
  g_autofree char *file = g_build_filename (MIGRATIONS, name, NULL);
  g_autofree char *script = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (file, &script, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sqlite_test_sql (path, script), ==, SQLITE_OK);
}

void
sqlite_test_fill_version (const char *path, guint version, guint count)
{
  static const char *const migrations[] = { "001-messages.sql", "002-sessions.sql", "003-moderation.sql" };
  g_autofree char *messages = g_strdup_printf (
      "INSERT INTO channels (name, kind, head, clock, active) VALUES ('general', 0, %u, %u, %u);"
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
      "INSERT INTO messages (channel, seq, id, clock, record) SELECT 1, i, 'm-' || i, i, json_object ("
      "'kind', 'message', 'id', 'm-' || i, 'channel', 'general', 'author', 'Ana', 'data', 'text ' || i,"
      "'timestamp', '1970-01-01T00:00:00.00' || (i %% 10) || 'Z') FROM n;"
      "PRAGMA application_id = 1415934580; PRAGMA user_version = %u",
      count, count, count, count, version);

  g_assert_cmpuint (version, <=, G_N_ELEMENTS (migrations));
  for (guint i = 0; i < version; i++)
    run_file (path, migrations[i]);
  g_assert_cmpint (sqlite_test_sql (path, messages), ==, SQLITE_OK);
}

gint64
sqlite_test_append (ChatStore *store, const char *id, GError **error)
{
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;

  g_ptr_array_add (messages, chat_test_message_new ("general", id, "text", 1));
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), error, messages);
  return results != NULL ? g_array_index (results, ChatAppendResult, 0).seq : 0;
}

int
sqlite_test_list (ChatStore *store, GError **error)
{
  ChatPage latest = { .kind = CHAT_PAGE_LATEST, .time_ms = CHAT_TIME_UNKNOWN, .limit = CHAT_PAGE_MAX_LIMIT };
  g_autoptr (ChatMessagePage) page
      = chat_test_call (chat_message_store_list, chat_store_get_messages (store), error, "general", &latest);

  return page != NULL ? (int)page->messages->len : -1;
}

void
sqlite_test_assert_code (GError **error, ChatStoreError code, const char *path)
{
  g_assert_error (*error, CHAT_STORE_ERROR, (int)code);
  if (strstr ((*error)->message, path) == NULL)
    g_error ("This does not name “%s”: %s", path, (*error)->message);
  g_test_message ("%s", (*error)->message);
  g_clear_error (error);
}

void
sqlite_test_assert_refused (const char *path, ChatStoreError code)
{
  g_autoptr (ChatStore) store = sqlite_test_store_new (path);
  g_autoptr (GError) error = NULL;

  g_assert_false (chat_test_call (chat_store_open, store, &error));
  sqlite_test_assert_code (&error, code, path);
  g_assert_false (chat_test_call (chat_store_check, store, &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
}

sqlite3 *
sqlite_test_handle (const char *path)
{
  sqlite3 *handle = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), ==, SQLITE_OK);
  return handle;
}

int
sqlite_test_sql (const char *path, const char *sql)
{
  sqlite3 *handle = sqlite_test_handle (path);
  int code = sqlite3_exec (handle, sql, NULL, NULL, NULL);

  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
  return code;
}

static int
add_row_cb (gpointer user_data, int n_columns, char **values, char **names)
{
  GString *rows = user_data;

  if (rows->len > 0)
    g_string_append_c (rows, '\n');
  for (int i = 0; i < n_columns; i++)
    g_string_append_printf (rows, "%s%s", i > 0 ? "|" : "", values[i] != NULL ? values[i] : "");
  return 0;
}

char *
sqlite_test_ask (const char *path, const char *sql)
{
  sqlite3 *handle = sqlite_test_handle (path);
  GString *rows = g_string_new (NULL);

  g_assert_cmpint (sqlite3_exec (handle, sql, add_row_cb, rows, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
  return g_string_free (rows, FALSE);
}
