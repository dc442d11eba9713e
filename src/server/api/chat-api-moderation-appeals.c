/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"

#define STRIKES_AT_ONCE 200

static ChatModerationStore *
get_store (ChatApiRequest *request)
{
  return chat_store_get_moderation (request->context->store);
}

/*
 * Appealing: the warning is looked for among the caller's own
 */

typedef struct
{
  ChatApiRequest *request; /* owned */
  char *id;                /* of the appeal, if it is the first */
} Appealing;

static void
appealing_free (Appealing *self)
{
  chat_api_request_unref (self->request);
  g_free (self->id);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Appealing, appealing_free)

static void
added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Appealing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAppeal) appeal
      = chat_moderation_store_add_appeal_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (appeal == NULL)
    {
      chat_api_moderation_fail (self->request, error, CHAT_API_ERROR_NO_WARNING, "There is no such warning of yours");
      return;
    }
  if (!g_str_equal (appeal->id, self->id))
    {
      chat_api_request_reply (self->request, SOUP_STATUS_OK, chat_api_json_appeal (appeal, NULL));
      return;
    }
  chat_control_feed_announce (self->request->context->control, CHAT_KIND_CONTROL, NULL, NULL, CHAT_CONTROL_APPEAL);
  chat_api_request_reply (self->request, SOUP_STATUS_CREATED, chat_api_json_appeal (appeal, NULL));
}

static void
add_appeal (ChatApiRequest *request, const ChatStrike *strike)
{
  Appealing *self = g_new0 (Appealing, 1);
  const char *text = NULL;

  self->request = chat_api_request_ref (request);
  self->id = chat_uuid_v7 ();
  chat_json_get_string (request->body, "text", FALSE, &text, NULL);
  const ChatAppeal appeal = {
    .id = self->id,
    .record_id = strike->record_id,
    .user = request->session->user,
    .user_key = request->session->user_key,
    .text = (char *)text,
    .time = chat_time_now (),
    .decided = CHAT_TIME_UNKNOWN,
  };
  chat_moderation_store_add_appeal_async (get_store (request), &appeal, NULL, added_cb, self);
}

static void look_for_warning (ChatApiRequest *request, const char *before);

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) strikes
      = chat_moderation_store_list_all_strikes_finish (CHAT_MODERATION_STORE (source), result, &error);
  const char *warning = json_object_get_string_member (request->body, "warning");
  const ChatStrike *strike = NULL;

  if (strikes == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  for (guint i = 0; i < strikes->len; i++)
    {
      strike = g_ptr_array_index (strikes, i);
      if (g_ascii_strcasecmp (strike->warning_id, warning) == 0)
        {
          add_appeal (request, strike);
          return;
        }
    }
  if (strikes->len == STRIKES_AT_ONCE)
    {
      look_for_warning (request, strike->record_id);
      return;
    }
  error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_WARNING, "There is no warning %s of yours", warning);
  chat_api_request_fail (request, error);
}

/* @before: (nullable): goes on after that one. */
static void
look_for_warning (ChatApiRequest *request, const char *before)
{
  const ChatModerationList list
      = { .user_key = request->session->user_key, .before = before, .limit = STRIKES_AT_ONCE };

  chat_moderation_store_list_all_strikes_async (get_store (request), &list, request->cancellable, looked_cb,
                                                chat_api_request_ref (request));
}

static void
appeal (ChatApiRequest *request)
{
  const char *warning = NULL, *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!chat_json_get_string (request->body, "warning", TRUE, &warning, &error)
      || !chat_api_moderation_get_remark (request, "text", &text, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (!chat_uuid_is_valid (warning))
    {
      error
          = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"warning\" is \"%s\", which is not a UUID", warning);
      chat_api_request_fail (request, error);
      return;
    }
  look_for_warning (request, NULL);
}

/*
 * The list. A moderator also sees what each strike was for, which is asked for one after the other
 */

static void list_next (ChatApiModerationListing *self);

static void
strike_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiModerationListing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatStrike) strike
      = chat_moderation_store_get_strike_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (strike == NULL)
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  json_array_add_object_element (self->answers,
                                 chat_api_json_appeal (chat_api_moderation_listing_get_next (self), strike));
  list_next (g_steal_pointer (&self));
}

/* @self: (transfer full) */
static void
list_next (ChatApiModerationListing *self)
{
  g_autoptr (ChatApiModerationListing) owned = self;
  gboolean is_moderator = self->request->session->role >= CHAT_ROLE_MODERATOR;
  const ChatAppeal *next, *last;

  while ((next = chat_api_moderation_listing_get_next (self)) != NULL && !is_moderator)
    json_array_add_object_element (self->answers, chat_api_json_appeal (next, NULL));
  if (next != NULL)
    {
      chat_moderation_store_get_strike_async (get_store (self->request), next->record_id, self->request->cancellable,
                                              strike_cb, g_steal_pointer (&owned));
      return;
    }
  last = chat_api_moderation_listing_get_last (self);
  chat_api_request_reply (self->request, SOUP_STATUS_OK,
                          chat_api_moderation_listing_finish (self, "appeals", last != NULL ? last->id : NULL));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiModerationListing) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *appeals = chat_moderation_store_list_appeals_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (chat_api_moderation_listing_take (self, appeals, error))
    list_next (g_steal_pointer (&self));
}

static void
list_appeals (ChatApiRequest *request)
{
  static const char *const names[] = { "open", "cursor", "limit", NULL };
  gboolean is_moderator = request->session->role >= CHAT_ROLE_MODERATOR;
  ChatApiModerationListing *self = chat_api_moderation_listing_new (request, names);
  ChatModerationList list;

  if (self == NULL)
    return;
  list = chat_api_moderation_listing_get_list (self, is_moderator ? NULL : request->session->user_key);
  chat_moderation_store_list_appeals_async (get_store (request), &list, request->cancellable, listed_cb, self);
}

/*
 * The verdict, on another's appeal
 */

/* Of one's own that wait, most that are looked through. */
#define OWN_MOST 1000

static void
decided_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean lifted = FALSE;
  g_autoptr (ChatAppeal) decided
      = chat_moderation_store_decide_appeal_finish (CHAT_MODERATION_STORE (source), result, &lifted, &error);

  if (decided != NULL)
    {
      if (lifted)
        chat_control_feed_announce_block (request->context->control, decided->user, FALSE, decided->record_id);
      chat_control_feed_announce (request->context->control, CHAT_KIND_CONTROL, NULL, NULL, CHAT_CONTROL_APPEAL);
      chat_api_request_reply (request, SOUP_STATUS_OK, chat_api_json_appeal (decided, NULL));
      return;
    }
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    {
      g_clear_error (&error);
      error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_DECIDED,
                                   "The appeal has been decided otherwise; look at the list again");
    }
  chat_api_moderation_fail (request, error, CHAT_API_ERROR_NO_APPEAL, "There is no such appeal");
}

static void
decide (ChatApiRequest *request)
{
  const char *verdict = json_object_get_string_member (request->body, "verdict"), *remark = NULL;

  chat_json_get_string (request->body, "remark", FALSE, &remark, NULL);
  const ChatAppeal decided = {
    .id = request->parameters[0],
    .verdict = (char *)verdict,
    .by = request->session->user,
    .remark = (char *)remark,
    .decided = chat_time_now (),
  };
  chat_moderation_store_decide_appeal_async (get_store (request), &decided, NULL, decided_cb,
                                             chat_api_request_ref (request));
}

static void
listed_own_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) own
      = chat_moderation_store_list_appeals_finish (CHAT_MODERATION_STORE (source), result, &error);

  for (guint i = 0; own != NULL && error == NULL && i < own->len; i++)
    {
      const ChatAppeal *appeal = g_ptr_array_index (own, i);
      if (g_str_equal (appeal->id, request->parameters[0]))
        chat_api_moderation_check_judge (request, appeal->user_key, &error);
    }
  if (error != NULL)
    chat_api_request_fail (request, error);
  else
    decide (request);
}

static void
read_verdict (ChatApiRequest *request)
{
  const ChatModerationList own = { .user_key = request->session->user_key, .open_only = TRUE, .limit = OWN_MOST };
  const char *verdict = NULL, *remark = NULL;
  g_autoptr (GError) error = NULL;

  if (!chat_json_get_string (request->body, "verdict", TRUE, &verdict, &error)
      || !chat_api_moderation_get_remark (request, "remark", &remark, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (!g_str_equal (verdict, "granted") && !g_str_equal (verdict, "rejected"))
    {
      error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                                   "\"verdict\" must be \"granted\" or \"rejected\"");
      chat_api_request_fail (request, error);
      return;
    }
  chat_moderation_store_list_appeals_async (get_store (request), &own, request->cancellable, listed_own_cb,
                                            chat_api_request_ref (request));
}

const ChatApiRoute chat_api_moderation_appeals_routes[] = {
  { "GET", "/v1/moderation/appeals", 0, list_appeals },
  { "POST", "/v1/moderation/appeals", CHAT_API_BODY, appeal },
  { "POST", "/v1/moderation/appeals/{id}/verdict", CHAT_API_BODY, read_verdict, CHAT_ROLE_MODERATOR },
  { 0 },
};
