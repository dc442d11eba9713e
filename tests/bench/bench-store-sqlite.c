/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-store.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "server/store/sqlite/chat-sqlite-store.h"

typedef struct
{
  char *directory;
  sqlite3 *handle;
  sqlite3_stmt *insert;
  sqlite3_stmt *page;
} Plain;

static void
run (Plain *self, const char *sql)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (self->handle));
}

static gpointer
plain_open (ChatStore **store)
{
  Plain *self = g_new0 (Plain, 1);
  g_autofree char *path = NULL, *plain = NULL;
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("bench-store-XXXXXX", &error);
  if (self->directory == NULL)
    g_error ("%s", error->message);
  path = g_build_filename (self->directory, "store.db", NULL);
  *store = chat_sqlite_store_new (path);
  plain = g_build_filename (self->directory, "plain.db", NULL);
  sqlite3_open (plain, &self->handle);
  run (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;"
             "CREATE TABLE t (n INTEGER PRIMARY KEY, channel INTEGER NOT NULL, seq INTEGER NOT NULL,"
             "id TEXT NOT NULL, time INTEGER NOT NULL, record TEXT NOT NULL);"
             "CREATE UNIQUE INDEX t1 ON t (channel, seq); CREATE UNIQUE INDEX t2 ON t (id);"
             "CREATE INDEX t3 ON t (channel, time, seq)");
  sqlite3_prepare_v2 (self->handle, "INSERT INTO t (channel, seq, id, time, record) VALUES (?1, ?2, ?3, ?4, ?5)", -1,
                      &self->insert, NULL);
  sqlite3_prepare_v2 (self->handle,
                      "SELECT seq, record FROM t WHERE channel = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq", -1,
                      &self->page, NULL);
  return self;
}

static void
plain_close (gpointer plain)
{
  static const char *const names[] = { "store.db", "plain.db" };
  Plain *self = plain;

  sqlite3_finalize (self->insert);
  sqlite3_finalize (self->page);
  sqlite3_close (self->handle);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->directory, names[i], NULL);

      g_unlink (path);
    }
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self);
}

static void
plain_append (gpointer plain, const BenchRow *rows)
{
  Plain *self = plain;

  run (self, "BEGIN IMMEDIATE");
  for (guint i = 0; i < BENCH_STORE_BATCH; i++)
    {
      sqlite3_bind_int (self->insert, 1, (int)rows[i].channel);
      sqlite3_bind_int64 (self->insert, 2, rows[i].seq);
      sqlite3_bind_text (self->insert, 3, rows[i].id, -1, SQLITE_STATIC);
      sqlite3_bind_int64 (self->insert, 4, rows[i].time);
      sqlite3_bind_text (self->insert, 5, rows[i].record, -1, SQLITE_STATIC);
      if (sqlite3_step (self->insert) != SQLITE_DONE)
        g_error ("%s", sqlite3_errmsg (self->handle));
      sqlite3_reset (self->insert);
    }
  run (self, "COMMIT");
}

static void
plain_page (gpointer plain, gint64 first, gint64 last)
{
  Plain *self = plain;

  sqlite3_bind_int (self->page, 1, 0);
  sqlite3_bind_int64 (self->page, 2, first);
  sqlite3_bind_int64 (self->page, 3, last);
  while (sqlite3_step (self->page) == SQLITE_ROW)
    if (sqlite3_column_text (self->page, 1) == NULL)
      g_error ("%s", sqlite3_errmsg (self->handle));
  sqlite3_reset (self->page);
}

const BenchDatabase bench_sqlite = {
  .name = "sqlite",
  .prefix = "store.",
  .append_figure = { CHAT_BENCH_AT_LEAST, 20000 },
  .single_figure = { CHAT_BENCH_AT_LEAST, 5000 },
  .page_figure = { CHAT_BENCH_AT_MOST, 5 },
  .open = plain_open,
  .close = plain_close,
  .append = plain_append,
  .page = plain_page,
};
