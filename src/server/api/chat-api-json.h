/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "server/store/chat-store.h"

G_BEGIN_DECLS

/* How the api writes what the store holds: the shapes of src/README.md. */

/** chat_api_json_set_time: null where @time_ms is CHAT_TIME_UNKNOWN. */
void chat_api_json_set_time (JsonObject *object, const char *member, gint64 time_ms);

/** chat_api_json_block: (transfer full): null for NULL. */
JsonNode *chat_api_json_block (const ChatBlock *block);

/** chat_api_json_channel: (transfer full) */
JsonObject *chat_api_json_channel (const ChatChannelInfo *channel);

/** chat_api_json_user: (transfer full): connected where its lease lives at @now. */
JsonObject *chat_api_json_user (const ChatSessionInfo *session, gint64 now);

/** chat_api_json_spans: (transfer full): `[[start, length]…]` */
JsonArray *chat_api_json_spans (const GArray *spans);
/** chat_api_json_words: (transfer full): what @spans cut out of @text, in order. */
JsonArray *chat_api_json_words (const char *text, const GArray *spans);

/** chat_api_json_strike: (transfer full): as a warning of GET /v1/moderation/warnings, without its
 * appeal. */
JsonObject *chat_api_json_strike (const ChatStrike *strike);

/** chat_api_json_report: (transfer full): as in GET /v1/moderation/reports. */
JsonObject *chat_api_json_report (const ChatReport *report);

/** chat_api_json_check_remark: whether @text (nullable) can be the reason, remark or appeal that the member @member
 * brings: a text of at most CHAT_API_REMARK_CHARS. */
gboolean chat_api_json_check_remark (const char *member, const char *text, GError **error);
#define CHAT_API_REMARK_CHARS 1000

/** chat_api_json_page: (transfer full): the whole answer, written without a tree in between: pages are long. */
char *chat_api_json_page (const ChatMessagePage *page, gsize *length);
/** chat_api_json_search_page: (transfer full): likewise; `next` is a text, for it is the store's business what it says.
 */
char *chat_api_json_search_page (const ChatSearchPage *page, gsize *length);

G_END_DECLS
