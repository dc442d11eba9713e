/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-message-changes.h"
#include "client/chat-rest-private.h"
#include "core/chat-json.h"
#include "core/chat-time.h"

/* What the user writes, as calls of the service: each with its own id, so that it may be sent again. */

typedef struct
{
  const char *method;
  char *path;
  JsonObject *body; /* nullable */
} Request;

static void
request_clear (Request *request)
{
  g_free (request->path);
  g_clear_pointer (&request->body, json_object_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

/* (transfer full) */
static char *
escape (const char *text)
{
  return g_uri_escape_string (text != NULL ? text : "", NULL, FALSE);
}

/* (transfer full) */
static JsonObject *
text_body (ChatMessage *message)
{
  g_autofree char *sent = chat_time_format (chat_message_get_sent (message));
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, "id", chat_message_get_id (message));
  json_object_set_string_member (body, "data", chat_message_get_data (message));
  json_object_set_string_member (body, "sent", sent);
  return body;
}

static void
describe_change (Request *request, ChatMessage *message)
{
  g_autofree char *target = escape (chat_message_get_target (message)), *id = escape (chat_message_get_id (message));
  g_autofree char *emoji = NULL;

  switch ((int)chat_message_get_kind (message))
    {
    case CHAT_KIND_EDIT:
      request->method = "PATCH";
      request->path = g_strdup_printf ("v1/messages/%s", target);
      request->body = text_body (message);
      break;
    case CHAT_KIND_DELETE:
      request->method = SOUP_METHOD_DELETE;
      request->path = g_strdup_printf ("v1/messages/%s?id=%s", target, id);
      break;
    default:
      emoji = escape (chat_message_get_data (message));
      request->method = chat_message_changes_is_removal (message) ? SOUP_METHOD_DELETE : SOUP_METHOD_PUT;
      request->path = g_strdup_printf ("v1/messages/%s/reactions/%s?id=%s", target, emoji, id);
      break;
    }
}

static void
describe_message (Request *request, ChatMessage *message)
{
  g_autofree char *channel = escape (chat_message_get_channel (message));

  request->method = SOUP_METHOD_POST;
  request->path = g_strdup_printf ("v1/channels/%s/messages", channel);
  request->body = text_body (message);
  if (chat_message_get_kind (message) != CHAT_KIND_MESSAGE)
    json_object_set_string_member (request->body, "kind",
                                   chat_message_kind_to_string (chat_message_get_kind (message)));
  if (chat_message_get_reply_to (message) != NULL)
    json_object_set_string_member (request->body, "reply_to", chat_message_get_reply_to (message));
}

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);

  if (answer == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_int (task, chat_rest_get_status (result) == SOUP_STATUS_OK ? CHAT_SENT_BEFORE : CHAT_SENT_NOW);
}

static void
chat_rest_send_async (ChatSender *sender, ChatMessage *message, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  ChatRest *self = CHAT_REST (sender);
  g_auto (Request) request = { NULL, NULL, NULL };
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_rest_send_async);
  if (chat_message_changes_is (message))
    describe_change (&request, message);
  else
    describe_message (&request, message);
  chat_rest_begin_call (self, request.method, request.path, request.body, SOUP_MESSAGE_IDEMPOTENT, cancellable, sent_cb,
                        task);
}

static ChatSent
chat_rest_send_finish (ChatSender *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gssize sent;

  g_return_val_if_fail (g_task_is_valid (result, self), CHAT_SENT_NOT);

  sent = g_task_propagate_int (G_TASK (result), &failure);
  if (failure == NULL)
    return (ChatSent)sent;
  g_propagate_error (error, g_steal_pointer (&failure));
  return CHAT_SENT_NOT;
}

void
chat_rest_sender_init (ChatSenderInterface *iface)
{
  iface->send_async = chat_rest_send_async;
  iface->send_finish = chat_rest_send_finish;
}
