/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_server_log_install:
 * @level: "error", "warning", "info" or "debug"
 *
 * From here on everything that is logged goes to standard error, one line each, as `key=value` pairs with the time
 * (RFC 3339, UTC), the level and the message first. Once in a process.
 */
void chat_server_log_install (const char *level);

G_END_DECLS
