/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"

G_BEGIN_DECLS

/** chat_server_config_new: every key of tertulia-server; `data/tertulia-server.conf` is its sample. */
ChatConfig *chat_server_config_new (void);

/** chat_server_config_check: what no single value tells: whether they fit together. A CHAT_CORE_ERROR says which do not
 * and what would be right. */
gboolean chat_server_config_check (ChatConfig *config, GError **error);

/** chat_server_config_read_lists: (transfer full) (nullable): the word lists that it names, as one (ChatRulesText);
 * takes some 10 ms, and once 60 more for what ICU loads. A CHAT_RULES_ERROR names file and line. May be called in any
 * thread while @config is not changed. */
GBytes *chat_server_config_read_lists (ChatConfig *config, GError **error);

/** chat_server_config_has_role: whether this process has the role: "api", "moderator", "archiver" or "bots". */
gboolean chat_server_config_has_role (ChatConfig *config, const char *role);

/** chat_server_config_dup_path: (transfer full): the file that @group names under `path`, else @name in the data
 * directory. */
char *chat_server_config_dup_path (ChatConfig *config, const char *group, const char *name);

G_END_DECLS
