/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store-fixture.h"

#include <sqlite3.h>

#include <glib/gstdio.h>

#include "server/store/sqlite/chat-sqlite-store.h"

static char *
place_new (void)
{
  g_autofree char *directory = g_dir_make_tmp ("store-XXXXXX", NULL);

  g_assert_nonnull (directory);
  return g_build_filename (directory, "store.db", NULL);
}

static void
place_free (char *place)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  g_autofree char *directory = g_path_get_dirname (place);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strconcat (place, suffixes[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_free (place);
}

static GPtrArray *
read_channel (const char *place, const char *channel)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)store_placed_free);
  sqlite3 *handle = NULL;
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_open_v2 (place, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (handle,
                                       "SELECT m.seq, m.id FROM messages m JOIN channels c ON m.channel = c.number "
                                       "WHERE c.name = ?1 ORDER BY m.seq",
                                       -1, &statement, NULL),
                   ==, SQLITE_OK);
  sqlite3_bind_text (statement, 1, channel, -1, SQLITE_STATIC);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      StorePlaced *row = g_new0 (StorePlaced, 1);

      row->seq = sqlite3_column_int64 (statement, 0);
      row->id = g_strdup ((const char *)sqlite3_column_text (statement, 1));
      g_ptr_array_add (rows, row);
    }
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
  return rows;
}

const StoreFixture store_fixture_sqlite = {
  .name = "sqlite",
  .kills = 20,
  .place_new = place_new,
  .place_free = place_free,
  .store_new = chat_sqlite_store_new,
  .read_channel = read_channel,
};
