/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local-test.h"

#include <glib/gstdio.h>

char *
local_test_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *directory = g_dir_make_tmp ("tertulia-local-XXXXXX", &error);

  g_assert_no_error (error);
  return directory;
}

void
local_test_remove (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_unlink (path);
    }
  g_rmdir (directory);
}

char *
local_test_file (const char *directory)
{
  return g_build_filename (directory, "workspace.db", NULL);
}

GBytes *
local_test_read (const char *directory)
{
  g_autofree char *path = local_test_file (directory);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

void
local_test_write (const char *directory, const void *data, gsize length)
{
  g_autofree char *path = local_test_file (directory);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, (gssize)length, &error);
  g_assert_no_error (error);
}

void
local_test_close (ChatLocalDatabase *database)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_local_database_close, database, &error);
  g_assert_no_error (error);
  g_object_unref (database);
}

char *
local_test_query (const char *directory, const char *sql)
{
  g_autofree char *path = local_test_file (directory);
  sqlite3_stmt *statement = NULL;
  sqlite3 *db = NULL;
  char *text = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  if (sqlite3_step (statement) == SQLITE_ROW)
    text = g_strdup ((const char *)sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return text;
}
