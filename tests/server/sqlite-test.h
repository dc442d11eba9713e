/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sqlite3.h>

#include "chat-test-call.h"
#include "chat-test-message.h"
#include "server/store/chat-store.h"

G_BEGIN_DECLS

/*
 * What the tests of the SQLite store share. Everything but the store itself goes to the database through sqlite3, with
 * SQL of the tests' own.
 */

/** SqliteTest: a directory of its own, and the database in it. */
typedef struct
{
  char *directory;
  char *path;
} SqliteTest;

void sqlite_test_init (SqliteTest *self);
/** sqlite_test_clear: removes the directory and all in it. */
void sqlite_test_clear (SqliteTest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqliteTest, sqlite_test_clear)

/** sqlite_test_store_new: (transfer full): not open yet; waits 50 ms for a lock. */
ChatStore *sqlite_test_store_new (const char *path);
/** sqlite_test_store_open: (transfer full): open; fails the test otherwise. */
ChatStore *sqlite_test_store_open (const char *path);
/** sqlite_test_store_close: @store: (transfer full). */
void sqlite_test_store_close (ChatStore *store);

/** sqlite_test_fill: makes the database, with @count messages in “general”. */
void sqlite_test_fill (const char *path, guint count);
/** sqlite_test_fill_version: the same as schema @version had it: made by its migrations alone, without the store. */
void sqlite_test_fill_version (const char *path, guint version, guint count);
/** sqlite_test_append: one message to “general”. Returns: its seq; 0 with @error */
gint64 sqlite_test_append (ChatStore *store, const char *id, GError **error);
/** sqlite_test_list: the newest 1,000 of “general”. Returns: how many; -1 with @error */
int sqlite_test_list (ChatStore *store, GError **error);

/** sqlite_test_assert_refused: that opening @path fails with @code, and a message that names it. */
void sqlite_test_assert_refused (const char *path, ChatStoreError code);
/** sqlite_test_assert_code: that @error is a CHAT_STORE_ERROR of this code and names @path; clears it. */
void sqlite_test_assert_code (GError **error, ChatStoreError code, const char *path);

/** sqlite_test_handle: (transfer full): a plain connection. */
sqlite3 *sqlite_test_handle (const char *path);
/** sqlite_test_sql: runs @sql. Returns: what sqlite3_exec() does */
int sqlite_test_sql (const char *path, const char *sql);
/** sqlite_test_ask: (transfer full): the rows of @sql, columns separated by "|", rows by a line end. */
char *sqlite_test_ask (const char *path, const char *sql);

G_END_DECLS
