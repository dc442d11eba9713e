/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-live-marks.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

static ChatChannelStore *
channels_of (ChatApiRequest *request)
{
  return chat_store_get_channels (request->context->store);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) channels = chat_channel_store_list_finish (CHAT_CHANNEL_STORE (source), result, &error);
  JsonArray *array;
  JsonObject *answer;

  if (channels == NULL)
    {
      chat_api_request_fail_channel (request, error);
      return;
    }
  array = json_array_new ();
  for (guint i = 0; i < channels->len; i++)
    json_array_add_object_element (array, chat_api_json_channel (channels->pdata[i]));
  answer = json_object_new ();
  json_object_set_array_member (answer, "channels", array);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_channels (ChatApiRequest *request)
{
  chat_channel_store_list_async (channels_of (request), request->session->user_key, request->cancellable, listed_cb,
                                 chat_api_request_ref (request));
}

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannelInfo) channel = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);

  if (channel == NULL)
    chat_api_request_fail_channel (request, error);
  else
    chat_api_request_reply (request, SOUP_STATUS_OK, chat_api_json_channel (channel));
}

static void
get_channel (ChatApiRequest *request)
{
  chat_channel_store_get_async (channels_of (request), request->parameters[0], request->session->user_key,
                                request->cancellable, got_cb, chat_api_request_ref (request));
}

/*
 * Who is in it
 */

/* A channel whose members are being described. */
typedef struct
{
  ChatApiRequest *request;
  ChatChannelInfo *channel;
} Describing;

static void
describing_free (Describing *self)
{
  chat_channel_info_free (self->channel);
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Describing, describing_free)

static JsonArray *
describe_members (GStrv names, GPtrArray *sessions)
{
  g_autoptr (GHashTable) by_user = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 now = chat_time_now ();
  JsonArray *members = json_array_new ();

  for (guint i = 0; i < sessions->len; i++)
    {
      ChatSessionInfo *session = sessions->pdata[i];
      const ChatSessionInfo *other = g_hash_table_lookup (by_user, session->user);

      if (other == NULL || other->lease < session->lease)
        g_hash_table_insert (by_user, session->user, session);
    }
  for (; names != NULL && *names != NULL; names++)
    {
      const ChatSessionInfo absent = { .user = *names };
      const ChatSessionInfo *member = g_hash_table_lookup (by_user, *names);
      JsonObject *object = chat_api_json_user (member != NULL ? member : &absent, now);

      json_object_remove_member (object, "since");
      json_array_add_object_element (members, object);
    }
  return members;
}

static void
listed_sessions_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Describing) describing = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  JsonObject *answer;

  if (sessions == NULL)
    {
      chat_api_request_fail (describing->request, error);
      return;
    }
  answer = json_object_new ();
  json_object_set_array_member (answer, "members", describe_members (describing->channel->members, sessions));
  chat_api_request_reply (describing->request, SOUP_STATUS_OK, answer);
}

static void
got_members_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannelInfo) channel = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);
  Describing *describing;

  if (channel == NULL)
    {
      chat_api_request_fail_channel (request, error);
      return;
    }
  describing = g_new0 (Describing, 1);
  describing->request = chat_api_request_ref (request);
  describing->channel = g_steal_pointer (&channel);
  chat_session_service_list_async (request->context->sessions, request->cancellable, listed_sessions_cb, describing);
}

static void
list_members (ChatApiRequest *request)
{
  chat_channel_store_get_async (channels_of (request), request->parameters[0], request->session->user_key,
                                request->cancellable, got_members_cb, chat_api_request_ref (request));
}

/*
 * What changes something waits for the channel: a private one must not show that it is there
 */

static void
look_up (ChatApiRequest *request, GAsyncReadyCallback callback)
{
  chat_api_directory_lookup_async (request->context->directory, request->parameters[0], request->session->user_key,
                                   request->cancellable, callback, chat_api_request_ref (request));
}

static gboolean
looked_up (ChatApiRequest *request, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel == NULL)
    chat_api_request_fail (request, error);
  return channel != NULL;
}

/* Takes @error, which is NULL where it was done. */
static void
end_change (ChatApiRequest *request, GError *error)
{
  g_autoptr (GError) reason = error;

  if (reason == NULL)
    chat_api_request_reply_empty (request);
  else
    chat_api_request_fail_channel (request, reason);
}

/* Only an account has several sessions, and they may be connected to several processes. */
static void
tell_mark (ChatApiRequest *request)
{
  const ChatApiContext *context = request->context;
  const ChatSessionInfo *session = request->session;

  if (context->alone || !session->account)
    chat_api_live_marks_moved (context->hub, session, request->parameters[0]);
  else
    chat_control_feed_tell_mark (context->control, session->id, session->user, request->parameters[0]);
}

static void
set_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  GError *error = NULL;

  if (chat_channel_store_set_read_finish (CHAT_CHANNEL_STORE (source), result, &error))
    tell_mark (request);
  end_change (request, error);
}

static void
may_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;

  if (looked_up (request, source, result))
    chat_channel_store_set_read_async (channels_of (request), request->parameters[0], request->session->user_key,
                                       json_object_get_int_member (request->body, "seq"), NULL, set_read_cb,
                                       chat_api_request_ref (request));
}

static void
put_read (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  gint64 seq = 0;

  if (!chat_json_get_int (request->body, "seq", TRUE, &seq, &error))
    chat_api_request_fail (request, error);
  else if (seq < 0)
    {
      error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                           "\"seq\" is %" G_GINT64_FORMAT ", but must be 0 or more", seq);
      chat_api_request_fail (request, error);
    }
  else
    look_up (request, may_read_cb);
}

const ChatApiRoute chat_api_channels_routes[] = {
  { "GET", "/v1/channels", 0, list_channels },
  { "GET", "/v1/channels/{c}", 0, get_channel },
  { "GET", "/v1/channels/{c}/members", 0, list_members },
  { "PUT", "/v1/channels/{c}/read", CHAT_API_BODY, put_read },
  { 0 },
};
