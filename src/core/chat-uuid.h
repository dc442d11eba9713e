/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_uuid_v7: (transfer full): a new time-ordered UUID (RFC 9562 §5.7), strictly increasing within the process.
 * Thread-safe. */
char *chat_uuid_v7 (void);

/**
 * chat_uuid_v5:
 * @name_space: what kind of thing is named, such as "kafka" or "warning" (itself hashed into Tertulia's own UUID name
 * space)
 * @name: (array length=length): the bytes that name it
 *
 * Returns: (transfer full): the same UUID (RFC 9562 §5.5) for the same two arguments, always and everywhere
 */
char *chat_uuid_v5 (const char *name_space, const void *name, gsize length);

/** chat_uuid_is_valid: whether @text is a UUID in its usual form, 36 characters, either case. */
gboolean chat_uuid_is_valid (const char *text);

G_END_DECLS
