/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-request.h"

G_BEGIN_DECLS

/* What the resources under /v1/moderation have in common. */

#define CHAT_API_MODERATION_LIMIT 50
#define CHAT_API_MODERATION_MOST 200

/** ChatApiModerationPage: which page of a list the query asks for. */
typedef struct
{
  char *user_key; /* nullable: of `user` */
  gboolean all;   /* `all` */
  gboolean open;  /* `open` */
  char *cursor;   /* nullable */
  guint limit;
} ChatApiModerationPage;

/** chat_api_moderation_page_new: (transfer full) (nullable): with CHAT_API_ERROR_PARAMETER. @names: (array
 * zero-terminated=1): which parameters there are here. */
ChatApiModerationPage *chat_api_moderation_page_new (ChatApiRequest *request, const char *const *names, GError **error);
void chat_api_moderation_page_free (ChatApiModerationPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiModerationPage, chat_api_moderation_page_free)

/** ChatApiModerationListing: one list on its way. */
typedef struct
{
  ChatApiRequest *request;     /* owned */
  ChatApiModerationPage *page; /* owned */
  GPtrArray *rows;             /* (nullable) owned: as the store gave them */
  JsonArray *answers;          /* owned: as many of them as are written */
  gboolean more;               /* there is a next page */
} ChatApiModerationListing;

/** chat_api_moderation_listing_new: (transfer full) (nullable): NULL where @request was answered with what is wrong.
 * @names: (array zero-terminated=1): which parameters there are here. */
ChatApiModerationListing *chat_api_moderation_listing_new (ChatApiRequest *request, const char *const *names);
void chat_api_moderation_listing_free (ChatApiModerationListing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiModerationListing, chat_api_moderation_listing_free)

/** chat_api_moderation_listing_get_list: what to ask the store for: one row more than the page has. @user_key:
 * (nullable): whose. Borrows from both. */
ChatModerationList chat_api_moderation_listing_get_list (const ChatApiModerationListing *self, const char *user_key);
/** chat_api_moderation_listing_take: @rows: (transfer full) (nullable): what the store answered. FALSE where the
 * request was answered with @error. */
gboolean chat_api_moderation_listing_take (ChatApiModerationListing *self, GPtrArray *rows, const GError *error);
/** chat_api_moderation_listing_get_next: (nullable): the row whose answer is to be written next. */
gpointer chat_api_moderation_listing_get_next (const ChatApiModerationListing *self);
/** chat_api_moderation_listing_get_last: (nullable): where there is a next page, the row that its cursor names. */
gpointer chat_api_moderation_listing_get_last (const ChatApiModerationListing *self);
/** chat_api_moderation_listing_finish: (transfer full): the answer, with the rows under @member and @next (nullable).
 */
JsonObject *chat_api_moderation_listing_finish (ChatApiModerationListing *self, const char *member, const char *next);

/** chat_api_moderation_get_remark: a text for people in the body, of at most CHAT_API_REMARK_CHARS; *text stays where
 * it is absent or null. */
gboolean chat_api_moderation_get_remark (ChatApiRequest *request, const char *member, const char **text,
                                         GError **error);

/** chat_api_moderation_check_judge: whether the caller may decide about the block or the appeal of @user_key: nobody
 * about his own, but for an admin, above whom there may be nobody. */
gboolean chat_api_moderation_check_judge (ChatApiRequest *request, const char *user_key, GError **error);

/** chat_api_moderation_fail: answers with @error; a CHAT_STORE_ERROR_NOT_FOUND as @missing, with @detail. */
void chat_api_moderation_fail (ChatApiRequest *request, const GError *error, ChatApiError missing, const char *detail);

/** chat_api_moderation_dup_warning: (transfer full): the id of the warning of a record: always the same. */
char *chat_api_moderation_dup_warning (const char *record_id);

/** chat_api_json_appeal: (transfer full): as in GET /v1/moderation/appeals. @strike: (nullable): for moderators: with
 * what the strike was for. */
JsonObject *chat_api_json_appeal (const ChatAppeal *appeal, const ChatStrike *strike);
/** chat_api_json_set_text: null where @text is NULL. */
void chat_api_json_set_text (JsonObject *object, const char *member, const char *text);

G_END_DECLS
