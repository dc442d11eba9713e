/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_sqlite_file_prepare:
 *
 * Makes the missing directories of @path (0700) and then the file itself (0600; SQLite gives the files beside it the
 * same mode). A file that is there keeps its mode and is not touched.
 *
 * Returns: TRUE, or FALSE with CHAT_STORE_ERROR_READ_ONLY, FULL, or DAMAGED where it is too small to be a database
 */
gboolean chat_sqlite_file_prepare (const char *path, GError **error);

G_END_DECLS
