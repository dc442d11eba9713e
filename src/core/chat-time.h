/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A time is milliseconds since 1970-01-01 00:00 UTC everywhere in Tertulia; CHAT_TIME_UNKNOWN where there is none. */
#define CHAT_TIME_UNKNOWN G_MININT64

/** chat_time_now: the wall clock in milliseconds. */
gint64 chat_time_now (void);

/** chat_time_is_valid: whether @time_ms can be written: within the years 0000 to 9999. */
gboolean chat_time_is_valid (gint64 time_ms);

/** chat_time_format: (transfer full): RFC 3339 in UTC with milliseconds, `2021-10-10T10:10:10.000Z`. A time that is not
 * chat_time_is_valid() is a programming error. */
char *chat_time_format (gint64 time_ms);

/** chat_time_append: the same, appended to @buffer. */
void chat_time_append (GString *buffer, gint64 time_ms);

/**
 * chat_time_parse:
 *
 * Reads RFC 3339 (any offset, 0–9 fractional digits, cut to milliseconds; a leap second is the second after it) and
 * `2021-10-10 10:10:10` (UTC; a fraction is allowed), in the years 0000 to 9999.
 *
 * Returns: TRUE and *time_ms, or FALSE with a CHAT_CORE_ERROR
 */
gboolean chat_time_parse (const char *text, gint64 *time_ms, GError **error);

/**
 * chat_time_from_number:
 *
 * Epoch seconds (integer or with a fraction) or epoch milliseconds: from 100,000,000,000 (1973 in milliseconds, the
 * year 5138 in seconds) on, milliseconds.
 *
 * Returns: TRUE and *time_ms, or FALSE with a CHAT_CORE_ERROR where it is no time between the years 1970 and 9999
 */
gboolean chat_time_from_number (double number, gint64 *time_ms, GError **error);

G_END_DECLS
