/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/** chat_server_rejections_watch: logs what a role's signal `rejected (char *position, char *reason)` tells: the first
 * at once, then at most once a minute, with how many there were. */
void chat_server_rejections_watch (GObject *role, const char *name);

G_END_DECLS
