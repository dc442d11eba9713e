/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/* What the files of the moderation share. */

/** chat_sql_write_audit: all but @action may be NULL. */
void chat_sql_write_audit (ChatSql *database, gint64 time, const char *actor, const char *action, const char *user_key,
                           const char *record_id, const char *detail);

/** chat_sql_forgive: the strike of this record does not count any more; it fails where there is none. Returns:
 * whether that took away a block */
gboolean chat_sql_forgive (ChatSql *database, const char *record_id, const char *by, gint64 now);

/* Parts of the interface: appeals and reports; the audit log and the rules. */
void chat_sql_appeals_iface_init (ChatModerationStoreInterface *iface);
void chat_sql_audit_iface_init (ChatModerationStoreInterface *iface);

G_END_DECLS
