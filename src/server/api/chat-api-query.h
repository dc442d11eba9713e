/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-request.h"

G_BEGIN_DECLS

/* The parameters of a query. Each says with CHAT_API_ERROR_PARAMETER what is wrong and what would be right; what is
 * absent leaves its value as it was. */

/** chat_api_query_check_names: whether it has no others than @names: (array zero-terminated=1). */
gboolean chat_api_query_check_names (ChatApiRequest *request, const char *const *names, GError **error);
/** chat_api_query_get_limit: `limit`, 1 to @max. */
gboolean chat_api_query_get_limit (ChatApiRequest *request, guint max, guint *limit, GError **error);
/** chat_api_query_get_time: RFC 3339 → ms */
gboolean chat_api_query_get_time (ChatApiRequest *request, const char *name, gint64 *time_ms, GError **error);
/** chat_api_query_get_number: `cursor`, `revision` …: from 0. */
gboolean chat_api_query_get_number (ChatApiRequest *request, const char *name, gint64 *number, GError **error);
/** chat_api_query_get_choice: @index: of the one of @choices: (array zero-terminated=1) that it is. */
gboolean chat_api_query_get_choice (ChatApiRequest *request, const char *name, const char *const *choices, guint *index,
                                    GError **error);
/** chat_api_query_get_user: a user's name → (transfer full): his key */
gboolean chat_api_query_get_user (ChatApiRequest *request, const char *name, char **user_key, GError **error);

G_END_DECLS
