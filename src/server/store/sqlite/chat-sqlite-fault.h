/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * chat_sqlite_fault_new:
 * @path: the database file, named in the message
 * @code: an extended result code (https://www.sqlite.org/rescode.html), not SQLITE_OK, SQLITE_ROW or SQLITE_DONE
 * @system_error: the errno behind it, 0 where not known
 * @detail: (nullable): SQLite's own words
 *
 * Returns: (transfer full): what failed as a CHAT_STORE_ERROR, with what to do about it
 */
GError *chat_sqlite_fault_new (const char *path, int code, int system_error, const char *detail);

G_END_DECLS
