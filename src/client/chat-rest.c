/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-rest-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"

/* The largest page: 200 messages of 64 KiB. */
#define ANSWER_MOST (16 * 1024 * 1024)
#define ANSWER_CHUNK (64 * 1024)
#define ANSWER_DEPTH 40

struct _ChatRest
{
  GObject parent_instance;

  /* Owned */
  SoupSession *session;
  char *uri;
  char *token;
  char *absent; /* nullable: why there is no service */
};

/* One call on its way: the data of its task. */
typedef struct
{
  SoupMessage *message;
  GByteArray *answer;
  JsonObject *problem;
} Call;

static void chat_rest_history_init (ChatHistoryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatRest, chat_rest, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_HISTORY, chat_rest_history_init)
                                   G_IMPLEMENT_INTERFACE (CHAT_TYPE_SENDER, chat_rest_sender_init))

static void
call_free (Call *call)
{
  g_clear_object (&call->message);
  g_clear_pointer (&call->answer, g_byte_array_unref);
  g_clear_pointer (&call->problem, json_object_unref);
  g_free (call);
}

/* The code for a problem of the service; its type ends in a name that stays what it is. */
static ChatClientError
code_of (guint status, const char *type)
{
  const char *name = type != NULL ? strrchr (type, '/') : NULL;

  name = name != NULL ? name + 1 : "";
  if (g_str_equal (name, "name-taken"))
    return CHAT_CLIENT_ERROR_NAME_TAKEN;
  if (g_str_equal (name, "name-invalid"))
    return CHAT_CLIENT_ERROR_NAME_INVALID;
  if (g_str_equal (name, "password-wrong"))
    return CHAT_CLIENT_ERROR_PASSWORD;
  if (g_str_equal (name, "blocked"))
    return CHAT_CLIENT_ERROR_BLOCKED;
  if (status == SOUP_STATUS_UNAUTHORIZED)
    return CHAT_CLIENT_ERROR_TOKEN;
  if (status == SOUP_STATUS_REQUEST_TIMEOUT || status == 429 || status >= 500)
    return CHAT_CLIENT_ERROR_SERVICE;
  return CHAT_CLIENT_ERROR_REFUSED;
}

static GError *
problem_error (ChatRest *self, guint status, const char *reason, JsonObject *problem)
{
  const char *type = NULL, *title = NULL, *detail = NULL;
  const char *text;

  if (problem == NULL && status >= 400 && status < 500 && status != SOUP_STATUS_REQUEST_TIMEOUT)
    return g_error_new (CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                        /* Translators: an address, a number and its name in HTTP: "404 Not Found" */
                        _ ("%s is not a Tertulia service: it answered “%u %s”. Check the address."), self->uri, status,
                        reason);
  if (problem != NULL)
    {
      chat_json_get_string (problem, "type", FALSE, &type, NULL);
      chat_json_get_string (problem, "title", FALSE, &title, NULL);
      chat_json_get_string (problem, "detail", FALSE, &detail, NULL);
    }
  text = detail != NULL ? detail : title;
  if (text != NULL)
    return g_error_new_literal (CHAT_CLIENT_ERROR, (gint)code_of (status, type), text);
  return g_error_new (CHAT_CLIENT_ERROR, (gint)code_of (status, type), _ ("%s answered “%u %s”"), self->uri, status,
                      reason);
}

static void
return_answer (GTask *task)
{
  ChatRest *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  guint status = soup_message_get_status (call->message);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = NULL;

  if (call->answer->len > 0)
    answer = chat_json_parse_object (call->answer->data, call->answer->len, ANSWER_DEPTH, &error);
  if (!SOUP_STATUS_IS_SUCCESSFUL (status))
    {
      call->problem = g_steal_pointer (&answer);
      g_task_return_error (task,
                           problem_error (self, status, soup_message_get_reason_phrase (call->message), call->problem));
    }
  else if (error != NULL)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                               _ ("%s is not a Tertulia service: its answer is %s. Check the address."), self->uri,
                               error->message);
    }
  else
    {
      g_task_return_pointer (task, answer != NULL ? g_steal_pointer (&answer) : json_object_new (),
                             (GDestroyNotify)json_object_unref);
    }
}

static void
return_offline (GTask *task, GError *error)
{
  ChatRest *self = g_task_get_source_object (task);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
      return;
    }
  /* Translators: an address, and what the system says: "Connection refused" */
  g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, _ ("Can't reach %s: %s"), self->uri,
                           error->message);
  g_error_free (error);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  GInputStream *stream = G_INPUT_STREAM (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (stream, result, &error);

  if (bytes == NULL)
    {
      return_offline (task, g_steal_pointer (&error));
      return;
    }
  if (g_bytes_get_size (bytes) == 0)
    {
      return_answer (task);
      return;
    }
  if (call->answer->len + g_bytes_get_size (bytes) > ANSWER_MOST)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                               _ ("%s gave an answer of more than %d MiB"),
                               chat_rest_get_uri (g_task_get_source_object (task)), ANSWER_MOST / 1024 / 1024);
      return;
    }
  g_byte_array_append (call->answer, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
  g_input_stream_read_bytes_async (stream, ANSWER_CHUNK, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), read_cb,
                                   g_object_ref (task));
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (stream == NULL)
    {
      return_offline (task, g_steal_pointer (&error));
      return;
    }
  g_input_stream_read_bytes_async (stream, ANSWER_CHUNK, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), read_cb,
                                   g_object_ref (task));
}

/* ChatHistory */

static char *
history_path (const char *channel, const ChatHistoryQuery *query)
{
  g_autofree char *escaped = g_uri_escape_string (channel, NULL, FALSE);
  GString *path = g_string_new (NULL);

  g_string_printf (path, "v1/channels/%s/messages?limit=%u", escaped, query->limit > 0 ? query->limit : 50);
  if (query->before > 0)
    g_string_append_printf (path, "&before=%" G_GINT64_FORMAT, query->before);
  else if (query->after > 0)
    g_string_append_printf (path, "&after=%" G_GINT64_FORMAT, query->after);
  else if (query->around > 0)
    g_string_append_printf (path, "&around=%" G_GINT64_FORMAT, query->around);
  else if (query->around_id != NULL)
    {
      g_autofree char *id = g_uri_escape_string (query->around_id, NULL, FALSE);

      g_string_append_printf (path, "&around=%s", id);
    }
  else if (query->around_time != CHAT_TIME_UNKNOWN)
    {
      g_autofree char *time = chat_time_format (query->around_time);

      g_string_append_printf (path, "&around=%s", time);
    }
  return g_string_free (path, FALSE);
}

static ChatHistoryPage *
parse_page (JsonObject *answer, GError **error)
{
  g_autoptr (ChatHistoryPage) page = g_new0 (ChatHistoryPage, 1);
  JsonArray *messages = NULL;

  page->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  if (!chat_json_get_array (answer, "messages", TRUE, &messages, error)
      || !chat_json_get_int (answer, "head", TRUE, &page->head, error)
      || !chat_json_get_int (answer, "first", FALSE, &page->first, error)
      || !chat_json_get_boolean (answer, "more_before", TRUE, &page->more_before, error)
      || !chat_json_get_boolean (answer, "more_after", TRUE, &page->more_after, error))
    return NULL;
  for (guint i = 0; i < json_array_get_length (messages); i++)
    {
      JsonNode *node = json_array_get_element (messages, i);
      g_autoptr (ChatMessage) message = NULL;

      if (JSON_NODE_HOLDS_OBJECT (node))
        message = chat_message_decode_object (json_node_get_object (node), NULL);
      /* one that can't be read must not take the page with it */
      if (message != NULL && chat_message_get_id (message) != NULL && chat_message_get_seq (message) > 0)
        g_ptr_array_add (page->messages, g_steal_pointer (&message));
    }
  return g_steal_pointer (&page);
}

static void
fetch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatRest *self = CHAT_REST (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (self, result, NULL, &error);
  ChatHistoryPage *page = NULL;

  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  page = parse_page (answer, &error);
  if (page != NULL)
    g_task_return_pointer (task, page, (GDestroyNotify)chat_history_page_free);
  else
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                             _ ("%s gave an answer that can't be read: %s"), self->uri, error->message);
}

static void
chat_rest_fetch_async (ChatHistory *history, const char *channel, const ChatHistoryQuery *query,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (history, cancellable, callback, user_data);
  g_autofree char *path = history_path (channel, query);

  g_task_set_source_tag (task, chat_rest_fetch_async);
  chat_rest_call_async (CHAT_REST (history), SOUP_METHOD_GET, path, NULL, cancellable, fetch_cb,
                        g_steal_pointer (&task));
}

static ChatHistoryPage *
chat_rest_fetch_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, history), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatRest *self = CHAT_REST (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (self, result, NULL, &error);
  ChatMessage *message = answer != NULL ? chat_message_decode_object (answer, &error) : NULL;

  if (message != NULL)
    g_task_return_pointer (task, message, (GDestroyNotify)chat_message_unref);
  else if (answer == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                             _ ("%s gave an answer that can't be read: %s"), self->uri, error->message);
}

static void
chat_rest_get_async (ChatHistory *history, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GTask *task = g_task_new (history, cancellable, callback, user_data);
  g_autofree char *escaped = g_uri_escape_string (id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("v1/messages/", escaped, NULL);

  g_task_set_source_tag (task, chat_rest_get_async);
  chat_rest_call_async (CHAT_REST (history), SOUP_METHOD_GET, path, NULL, cancellable, got_cb, task);
}

static ChatMessage *
chat_rest_get_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, history), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
chat_rest_history_init (ChatHistoryInterface *iface)
{
  iface->get_async = chat_rest_get_async;
  iface->get_finish = chat_rest_get_finish;
  iface->fetch_async = chat_rest_fetch_async;
  iface->fetch_finish = chat_rest_fetch_finish;
}

/* Overrides */

static void
chat_rest_finalize (GObject *object)
{
  ChatRest *self = CHAT_REST (object);

  g_clear_object (&self->session);
  g_free (self->uri);
  g_free (self->token);
  g_free (self->absent);
  G_OBJECT_CLASS (chat_rest_parent_class)->finalize (object);
}

static void
chat_rest_class_init (ChatRestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_rest_finalize;
}

static void
chat_rest_init (ChatRest *self)
{
}

ChatRest *
chat_rest_new (SoupSession *session, const char *uri)
{
  ChatRest *self = g_object_new (CHAT_TYPE_REST, NULL);

  g_set_object (&self->session, session);
  chat_rest_set_uri (self, uri);
  return self;
}

const char *
chat_rest_get_uri (ChatRest *self)
{
  g_return_val_if_fail (CHAT_IS_REST (self), NULL);
  return self->uri;
}

void
chat_rest_set_uri (ChatRest *self, const char *uri)
{
  gsize length;

  g_return_if_fail (CHAT_IS_REST (self));

  length = strlen (uri);
  while (length > 0 && uri[length - 1] == '/')
    length--;
  g_free (self->uri);
  self->uri = g_strndup (uri, length);
}

void
chat_rest_set_token (ChatRest *self, const char *token)
{
  g_return_if_fail (CHAT_IS_REST (self));

  if (token != self->token)
    {
      g_free (self->token);
      self->token = g_strdup (token);
    }
}

void
chat_rest_set_absent (ChatRest *self, const char *why)
{
  g_return_if_fail (CHAT_IS_REST (self));
  g_free (self->absent);
  self->absent = g_strdup (why);
}

SoupMessage *
chat_rest_make_message (ChatRest *self, const char *method, const char *path, const char *accept, GError **error)
{
  g_autofree char *uri = g_strdup_printf ("%s/%s", self->uri, path);
  SoupMessage *message = NULL;
  SoupMessageHeaders *headers;

  if (self->absent != NULL)
    {
      g_set_error_literal (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, self->absent);
      return NULL;
    }
  message = soup_message_new (method, uri);
  if (message == NULL)
    {
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                   _ ("“%s” is no address of a service: it begins with http:// or https://"), self->uri);
      return NULL;
    }
  headers = soup_message_get_request_headers (message);
  soup_message_headers_replace (headers, "Accept", accept);
  if (self->token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", self->token, NULL);

      soup_message_headers_replace (headers, "Authorization", bearer);
    }
  return message;
}

SoupSession *
chat_rest_get_session (ChatRest *self)
{
  return self->session;
}

GError *
chat_rest_error_of (ChatRest *self, SoupMessage *message, GBytes *body)
{
  g_autoptr (JsonObject) problem = NULL;

  if (body != NULL && g_bytes_get_size (body) > 0)
    problem = chat_json_parse_object (g_bytes_get_data (body, NULL), g_bytes_get_size (body), ANSWER_DEPTH, NULL);
  return problem_error (self, soup_message_get_status (message), soup_message_get_reason_phrase (message), problem);
}

void
chat_rest_begin_call (ChatRest *self, const char *method, const char *path, JsonObject *body, SoupMessageFlags flags,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  Call *call = g_new0 (Call, 1);

  g_task_set_source_tag (task, chat_rest_call_async);
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  call->answer = g_byte_array_new ();
  call->message = chat_rest_make_message (self, method, path, "application/json, application/problem+json", &error);
  if (call->message == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  soup_message_add_flags (call->message, flags);
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = chat_json_to_bytes (body);

      soup_message_set_request_body_from_bytes (call->message, "application/json", bytes);
    }
  soup_session_send_async (self->session, call->message, G_PRIORITY_DEFAULT, cancellable, send_cb,
                           g_steal_pointer (&task));
}

void
chat_rest_call_async (ChatRest *self, const char *method, const char *path, JsonObject *body, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_REST (self));

  chat_rest_begin_call (self, method, path, body, 0, cancellable, callback, user_data);
}

guint
chat_rest_get_status (GAsyncResult *result)
{
  Call *call = g_task_get_task_data (G_TASK (result));

  return call->message != NULL ? soup_message_get_status (call->message) : 0;
}

JsonObject *
chat_rest_call_finish (ChatRest *self, GAsyncResult *result, JsonObject **problem, GError **error)
{
  Call *call;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  call = g_task_get_task_data (G_TASK (result));
  if (problem != NULL)
    *problem = g_steal_pointer (&call->problem);
  return g_task_propagate_pointer (G_TASK (result), error);
}
