/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_log_error_new:
 * @path: the log's file
 * @code: SQLite's extended result code (https://www.sqlite.org/rescode.html)
 * @system_error: the errno behind it, 0 where there is none
 * @detail: (nullable): SQLite's words
 *
 * Returns: (transfer full): a CHAT_TRANSPORT_ERROR that names @path and says what to do
 */
GError *chat_log_error_new (const char *path, int code, int system_error, const char *detail);

G_END_DECLS
