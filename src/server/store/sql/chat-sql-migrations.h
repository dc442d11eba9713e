/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** chat_sql_list_migrations: (transfer full): the names of a driver's scripts, in the order of their numbers, which
 * start at 001 and leave none out. @folder: of the resources; @register_resource: makes them known, at the first call.
 */
char **chat_sql_list_migrations (const char *folder, void (*register_resource) (void));

G_END_DECLS
