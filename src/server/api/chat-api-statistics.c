/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-csv.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define ROWS_DEFAULT 1000
#define ROWS_MAX 10000

typedef enum
{
  FORMAT_JSON,
  FORMAT_CSV,
} Format;

static const char *const kinds[] = { "messages", "users", "warnings", "blocks", NULL };
static const char *const steps[] = { "total", "hour", "day", NULL };
static const char *const groups[] = { "channel", "author", NULL };
static const char *const formats[] = { "json", "csv", NULL };

/* What is asked for: checked, and kept while its channel is looked up. */
typedef struct
{
  ChatApiRequest *request;
  ChatCounterQuery query;
  char *author;
  guint format;
} Asking;

static void
asking_free (Asking *self)
{
  chat_api_request_unref (self->request);
  g_free (self->author);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asking, asking_free)

/* The column of the groups; NULL where there are none. */
static const char *
group_name (const ChatCounterQuery *query)
{
  return query->group != CHAT_COUNTER_BY_NOTHING ? groups[query->group - CHAT_COUNTER_BY_CHANNEL] : NULL;
}

static void
reply_json (const Asking *asking, GPtrArray *rows)
{
  const char *group = group_name (&asking->query);
  JsonArray *array = json_array_sized_new (rows->len);
  JsonObject *answer = json_object_new ();

  for (guint i = 0; i < rows->len; i++)
    {
      const ChatCounterRow *row = rows->pdata[i];
      JsonObject *object = json_object_new ();

      chat_api_json_set_time (object, "time", row->time);
      if (group != NULL)
        json_object_set_string_member (object, group, row->group != NULL ? row->group : "");
      json_object_set_int_member (object, "value", row->value);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (answer, "rows", array);
  chat_api_request_reply (asking->request, SOUP_STATUS_OK, answer);
}

static void
reply_csv (const Asking *asking, GPtrArray *rows)
{
  const char *group = group_name (&asking->query);
  GString *text = g_string_new (group != NULL ? "time," : "time,value\r\n");
  gsize length;

  if (group != NULL)
    g_string_append_printf (text, "%s,value\r\n", group);
  for (guint i = 0; i < rows->len; i++)
    {
      const ChatCounterRow *row = rows->pdata[i];

      if (row->time != CHAT_TIME_UNKNOWN)
        chat_time_append (text, row->time);
      g_string_append_c (text, ',');
      if (group != NULL)
        {
          chat_api_csv_append (text, row->group != NULL ? row->group : "");
          g_string_append_c (text, ',');
        }
      g_string_append_printf (text, "%" G_GINT64_FORMAT "\r\n", row->value);
    }
  length = text->len;
  chat_api_request_reply_type (asking->request, "text/csv; charset=utf-8", g_string_free (text, FALSE), length);
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Asking) asking = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = chat_counter_store_query_finish (CHAT_COUNTER_STORE (source), result, &error);

  if (rows == NULL)
    chat_api_request_fail (asking->request, error);
  else if (asking->format == FORMAT_CSV)
    reply_csv (asking, rows);
  else
    reply_json (asking, rows);
}

/* Takes @asking. */
static void
count (Asking *asking)
{
  chat_counter_store_query_async (chat_store_get_counters (asking->request->context->store), &asking->query,
                                  asking->request->cancellable, counted_cb, asking);
}

static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Asking) asking = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel == NULL)
    chat_api_request_fail (asking->request, error);
  else
    count (g_steal_pointer (&asking));
}

/* `by`: channel, author; absent: neither. */
static gboolean
read_group (Asking *asking, GError **error)
{
  guint group = 0;

  if (!chat_api_query_get_choice (asking->request, "by", groups, &group, error))
    return FALSE;
  if (chat_api_request_get_query (asking->request, "by") != NULL)
    asking->query.group = (ChatCounterGroup)(CHAT_COUNTER_BY_CHANNEL + group);
  if (asking->query.kind != CHAT_COUNTER_USERS || asking->query.group != CHAT_COUNTER_BY_AUTHOR)
    return TRUE;
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                       "users can't be counted by author: ask for messages by author");
  return FALSE;
}

static gboolean
read_query (Asking *asking, GError **error)
{
  static const char *const names[] = { "step", "by", "channel", "author", "since", "until", "limit", "format", NULL };
  ChatApiRequest *request = asking->request;
  ChatCounterQuery *query = &asking->query;
  guint step = CHAT_COUNTER_DAY;

  query->channel = chat_api_request_get_query (request, "channel");
  if (!chat_api_query_check_names (request, names, error)
      || !chat_api_query_get_choice (request, "step", steps, &step, error) || !read_group (asking, error)
      || !chat_api_query_get_user (request, "author", &asking->author, error)
      || !chat_api_query_get_time (request, "since", &query->since, error)
      || !chat_api_query_get_time (request, "until", &query->until, error)
      || !chat_api_query_get_choice (request, "format", formats, &asking->format, error)
      || !chat_api_query_get_limit (request, ROWS_MAX, &query->limit, error)
      || (query->channel != NULL && !chat_channel_name_check (query->channel, error)))
    return FALSE;
  query->step = (ChatCounterStep)step;
  query->author = asking->author;
  return TRUE;
}

/* What is told of people is a moderator's, or one's own. */
static gboolean
check_who (const Asking *asking, GError **error)
{
  const ChatCounterQuery *query = &asking->query;
  gboolean own = query->author != NULL && g_str_equal (query->author, asking->request->session->user_key);
  gboolean of_people = query->author != NULL || query->group == CHAT_COUNTER_BY_AUTHOR
                       || query->kind == CHAT_COUNTER_WARNINGS || query->kind == CHAT_COUNTER_BLOCKS;

  return own || !of_people || chat_api_request_check_role (asking->request, CHAT_ROLE_MODERATOR, error);
}

static gboolean
find_kind (ChatApiRequest *request, ChatCounterKind *kind, GError **error)
{
  for (guint i = 0; kinds[i] != NULL; i++)
    if (g_str_equal (request->parameters[0], kinds[i]))
      {
        *kind = (ChatCounterKind)i;
        return TRUE;
      }
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_RESOURCE,
                       "There are statistics of messages, users, warnings and blocks");
  return FALSE;
}

static void
get_statistics (ChatApiRequest *request)
{
  g_autoptr (Asking) asking = g_new0 (Asking, 1);
  g_autoptr (GError) error = NULL;
  const char *channel;

  asking->request = chat_api_request_ref (request);
  asking->query = (ChatCounterQuery){ .since = CHAT_TIME_UNKNOWN, .until = CHAT_TIME_UNKNOWN, .limit = ROWS_DEFAULT };
  if (!find_kind (request, &asking->query.kind, &error) || !read_query (asking, &error) || !check_who (asking, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  channel = asking->query.channel;
  if (channel == NULL)
    count (g_steal_pointer (&asking));
  else
    chat_api_directory_lookup_async (request->context->directory, channel, request->session->user_key,
                                     request->cancellable, found_channel_cb, g_steal_pointer (&asking));
}

/*
 * Counting anew
 */

static void
reply_state (ChatApiRequest *request, guint status)
{
  static const char *const states[] = {
    [CHAT_STATISTICS_IDLE] = "idle",           [CHAT_STATISTICS_RUNNING] = "running", [CHAT_STATISTICS_DONE] = "done",
    [CHAT_STATISTICS_CANCELLED] = "cancelled", [CHAT_STATISTICS_FAILED] = "failed",
  };
  ChatStatisticsService *statistics = request->context->statistics;
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "state", states[chat_statistics_service_get_state (statistics)]);
  json_object_set_int_member (answer, "counted", chat_statistics_service_get_counted (statistics));
  chat_api_request_reply (request, status, answer);
}

static void
rebuilt_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!chat_statistics_service_rebuild_finish (CHAT_STATISTICS_SERVICE (source), result, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_info ("The counters could not be counted anew: %s", error->message);
}

static void
start_rebuild (ChatApiRequest *request)
{
  if (chat_statistics_service_get_state (request->context->statistics) != CHAT_STATISTICS_RUNNING)
    chat_statistics_service_rebuild_async (request->context->statistics, NULL, rebuilt_cb, NULL);
  reply_state (request, SOUP_STATUS_ACCEPTED);
}

static void
get_rebuild (ChatApiRequest *request)
{
  reply_state (request, SOUP_STATUS_OK);
}

static void
cancel_rebuild (ChatApiRequest *request)
{
  chat_statistics_service_cancel (request->context->statistics);
  chat_api_request_reply_empty (request);
}

const ChatApiRoute chat_api_statistics_routes[] = {
  { "POST", "/v1/statistics/rebuild", 0, start_rebuild, CHAT_ROLE_ADMIN },
  { "GET", "/v1/statistics/rebuild", 0, get_rebuild, CHAT_ROLE_ADMIN },
  { "DELETE", "/v1/statistics/rebuild", 0, cancel_rebuild, CHAT_ROLE_ADMIN },
  { "GET", "/v1/statistics/{kind}", 0, get_statistics, .rate = CHAT_API_RATE_SEARCH },
  { 0 },
};
