/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-directory.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"
#include "server/moderator/chat-rehearsals.h"

#define DAYS_MOST 366
#define DAYS 7
#define DAY_MS (24 * 60 * 60 * G_GINT64_CONSTANT (1000))

static JsonObject *
rehearsal_to_json (ChatRehearsal *rehearsal)
{
  JsonObject *object = json_object_new ();
  guint64 read, total, masked, freed;

  chat_rehearsal_get_progress (rehearsal, &read, &total);
  chat_rehearsal_get_counts (rehearsal, &masked, &freed);
  json_object_set_string_member (object, "id", chat_rehearsal_get_id (rehearsal));
  json_object_set_string_member (object, "by", chat_rehearsal_get_by (rehearsal));
  json_object_set_string_member (object, "state",
                                 chat_rehearsal_state_to_string (chat_rehearsal_get_state (rehearsal)));
  chat_api_json_set_text (object, "reason", chat_rehearsal_get_reason (rehearsal));
  json_object_set_int_member (object, "read", (gint64)read);
  json_object_set_int_member (object, "total", (gint64)total);
  json_object_set_int_member (object, "masked", (gint64)masked);
  json_object_set_int_member (object, "freed", (gint64)freed);
  return object;
}

/*
 * Beginning one
 */

static void
begin (ChatApiRequest *request, ChatRules *candidate)
{
  ChatApiContext *context = request->context;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) busy = NULL;
  const char *channel = NULL;
  gint64 days = DAYS;

  chat_json_get_string (request->body, "channel", FALSE, &channel, NULL);
  chat_json_get_int (request->body, "days", FALSE, &days, NULL);
  const ChatRehearsalWish wish = {
    .by = request->session->user,
    .in_force = chat_rules_source_get_rules (context->rules),
    .candidate = candidate,
    .channel = channel,
    .since = chat_time_now () - days * DAY_MS,
    .language = context->language,
  };
  ChatRehearsal *rehearsal = chat_rehearsals_begin (context->rehearsals, &wish, &error);
  if (rehearsal != NULL)
    {
      chat_api_request_reply (request, SOUP_STATUS_ACCEPTED, rehearsal_to_json (rehearsal));
      return;
    }
  busy = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_TOO_MANY, error->message);
  chat_api_request_fail (request, busy);
}

static void
compiled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatRules) candidate = chat_rules_source_compile_finish (CHAT_RULES_SOURCE (source), result, &error);

  if (candidate != NULL)
    begin (request, candidate);
  else
    chat_api_request_fail (request, error);
}

static void
compile (ChatApiRequest *request)
{
  chat_rules_source_compile_async (request->context->rules, json_object_get_string_member (request->body, "text"),
                                   request->cancellable, compiled_cb, chat_api_request_ref (request));
}

/* A private conversation is none of the moderators' business: it is as if there were none. */
static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel != NULL && channel->private)
    error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL, "There is no public channel %s", channel->name);
  if (error != NULL)
    chat_api_request_fail (request, error);
  else
    compile (request);
}

static void
rehearse (ChatApiRequest *request)
{
  const char *text = NULL, *channel = NULL;
  g_autoptr (GError) error = NULL;
  gint64 days = DAYS;

  if (!chat_json_get_string (request->body, "text", TRUE, &text, &error)
      || !chat_json_get_int (request->body, "days", FALSE, &days, &error)
      || !chat_json_get_string (request->body, "channel", FALSE, &channel, &error)
      || (channel != NULL && !chat_channel_name_check (channel, &error)))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (days < 1 || days > DAYS_MOST)
    {
      error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"days\" must be a number from 1 to %d", DAYS_MOST);
      chat_api_request_fail (request, error);
      return;
    }
  if (channel != NULL)
    chat_api_directory_lookup_async (request->context->directory, channel, NULL, request->cancellable, found_channel_cb,
                                     chat_api_request_ref (request));
  else
    compile (request);
}

/*
 * Looking at them
 */

static void
list_rehearsals (ChatApiRequest *request)
{
  GPtrArray *list = chat_rehearsals_list (request->context->rehearsals);
  JsonArray *array = json_array_new ();
  JsonObject *answer = json_object_new ();

  for (guint i = list->len; i > 0; i--)
    json_array_add_object_element (array, rehearsal_to_json (g_ptr_array_index (list, i - 1)));
  json_object_set_array_member (answer, "rehearsals", array);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static JsonObject *
result_to_json (const ChatRehearsalResult *result)
{
  JsonObject *object = json_object_new ();
  JsonArray *rules = json_array_new ();

  json_object_set_string_member (object, "message", result->message);
  json_object_set_string_member (object, "channel", result->channel);
  chat_api_json_set_text (object, "user", result->user);
  chat_api_json_set_time (object, "time", result->time);
  json_object_set_string_member (object, "before", result->before);
  json_object_set_string_member (object, "after", result->after);
  for (char **rule = result->rules; *rule != NULL; rule++)
    json_array_add_string_element (rules, *rule);
  json_object_set_array_member (object, "rules", rules);
  return object;
}

static void
fail_unknown (ChatApiRequest *request)
{
  g_autoptr (GError) error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_NO_RESOURCE,
                                                  "There is no such rehearsal here: they are forgotten after an hour");

  chat_api_request_fail (request, error);
}

/* The cursor is a place in the list of results, which only grows. */
static gboolean
read_place (const ChatApiModerationPage *page, guint *place, GError **error)
{
  guint64 value = 0;

  if (page->cursor != NULL && !g_ascii_string_to_unsigned (page->cursor, 10, 0, G_MAXUINT, &value, NULL))
    {
      g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                           "cursor must be what \"next\" of the page before says");
      return FALSE;
    }
  *place = (guint)value;
  return TRUE;
}

static void
get_rehearsal (ChatApiRequest *request)
{
  static const char *const names[] = { "cursor", "limit", NULL };
  ChatRehearsal *rehearsal = chat_rehearsals_find (request->context->rehearsals, request->parameters[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiModerationPage) page = chat_api_moderation_page_new (request, names, &error);
  g_autofree char *next = NULL;
  JsonObject *answer;
  JsonArray *array;
  GPtrArray *results;
  guint from, to;

  if (page == NULL || !read_place (page, &from, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (rehearsal == NULL)
    {
      fail_unknown (request);
      return;
    }
  results = chat_rehearsal_get_results (rehearsal);
  from = MIN (from, results->len);
  to = MIN (from + page->limit, results->len);
  array = json_array_new ();
  for (guint i = from; i < to; i++)
    json_array_add_object_element (array, result_to_json (g_ptr_array_index (results, i)));
  if (to < results->len)
    next = g_strdup_printf ("%u", to);
  answer = rehearsal_to_json (rehearsal);
  json_object_set_array_member (answer, "results", array);
  chat_api_json_set_text (answer, "next", next);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
remove_rehearsal (ChatApiRequest *request)
{
  if (chat_rehearsals_remove (request->context->rehearsals, request->parameters[0]))
    chat_api_request_reply_empty (request);
  else
    fail_unknown (request);
}

const ChatApiRoute chat_api_moderation_rehearsals_routes[] = {
  { "POST", "/v1/moderation/rehearsals", CHAT_API_BODY, rehearse, CHAT_ROLE_MODERATOR, .rate = CHAT_API_RATE_SEARCH },
  { "GET", "/v1/moderation/rehearsals", 0, list_rehearsals, CHAT_ROLE_MODERATOR },
  { "GET", "/v1/moderation/rehearsals/{id}", 0, get_rehearsal, CHAT_ROLE_MODERATOR },
  { "DELETE", "/v1/moderation/rehearsals/{id}", 0, remove_rehearsal, CHAT_ROLE_MODERATOR },
  { 0 },
};
