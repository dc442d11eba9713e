/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** chat_server_notify: tells whoever supervises the process how it is, such as "READY=1" (sd_notify(3)); nothing where
 * nobody does. FALSE with a GIOErrorEnum where it can't be told. */
gboolean chat_server_notify (const char *state, GError **error);

G_END_DECLS
