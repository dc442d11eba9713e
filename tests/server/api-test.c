/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api-test.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-uuid.h"

void
api_test_start_moderator (ApiTest *self)
{
  const ChatModeratorOptions options = { .limit = 3 };

  self->moderator = chat_moderator_new (self->role.transport, self->role.store, self->role.control, self->role.rules,
                                        self->role.signer, &options);
  role_test_start (&self->role, self->moderator);
}

void
api_test_stop_moderator (ApiTest *self)
{
  role_test_stop (&self->role, g_steal_pointer (&self->moderator));
}

void
api_test_start_archiver (ApiTest *self)
{
  self->archiver = chat_archiver_new (self->role.transport, chat_store_get_messages (self->role.sqlite));
  role_test_start (&self->role, self->archiver);
}

void
api_test_stop_archiver (ApiTest *self)
{
  role_test_stop (&self->role, g_steal_pointer (&self->archiver));
}

void
api_test_start_api (ApiTest *self)
{
  const ChatSessionOptions options = { .lease_ms = 30000, .expiry_ms = 3600000, .per_user = 3 };
  const ChatPasswordCost cost = { .passes = 1, .memory_bytes = 8 * 1024 * 1024 };
  ChatUserStore *users = chat_store_get_users (self->role.sqlite);

  self->sessions = chat_session_service_new (users, &options);
  self->passwords = chat_password_service_new (&cost, 1, 16);
  self->accounts = chat_account_service_new (users, self->sessions, self->passwords, &self->account_options);
  self->api = chat_api_new (self->role.transport, self->store != NULL ? self->store : self->role.sqlite, self->sessions,
                            self->accounts, self->role.signer, self->role.control, self->role.rules, &self->options);
  role_test_start (&self->role, self->api);
}

void
api_test_stop_api (ApiTest *self)
{
  role_test_stop (&self->role, g_steal_pointer (&self->api));
  chat_test_wait_finalized (g_steal_pointer (&self->accounts));
  chat_test_wait_finalized (g_steal_pointer (&self->passwords));
  chat_test_wait_finalized (g_steal_pointer (&self->sessions));
}

void
api_test_set_up (ApiTest *self, gconstpointer data)
{
  role_test_set_up (&self->role, NULL);
  self->options = (ChatApiOptions){ .address = "127.0.0.1",
                                    .workspace = "Prueba",
                                    .version = "1.2.3",
                                    .lease_ms = 30000,
                                    .strike_limit = 3,
                                    .blocked_may_read = TRUE,
                                    .alone = TRUE,
                                    .limits = { .connections = 100,
                                                .head_bytes = 16384,
                                                .body_bytes = 100000,
                                                .request_ms = 2000,
                                                .read_ms = 2000,
                                                .idle_ms = 5000 },
                                    .answer_ms = 10000,
                                    .metrics_access = CHAT_API_METRICS_LOOPBACK,
                                    .live_backlog_bytes = 256 * 1024 };
  api_test_start_archiver (self);
  api_test_start_moderator (self);
  api_test_start_api (self);
  self->http = soup_session_new ();
}

void
api_test_tear_down (ApiTest *self, gconstpointer data)
{
  soup_session_abort (self->http);
  chat_test_run_pending ();
  g_object_unref (self->http);
  if (self->api != NULL)
    api_test_stop_api (self);
  if (self->moderator != NULL)
    api_test_stop_moderator (self);
  if (self->archiver != NULL)
    api_test_stop_archiver (self);
  g_free (self->allow);
  g_free (self->content_type);
  g_free (self->retry_after);
  role_test_tear_down (&self->role, NULL);
}

/*
 * HTTP
 */

static SoupMessage *
make_message (ApiTest *self, const char *method, const char *path, const char *token)
{
  g_autofree char *uri = g_strconcat (chat_api_get_uri (self->api), path + 1, NULL);
  SoupMessage *message = soup_message_new (method, uri);

  g_assert_nonnull (message);
  if (token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", value);
    }
  if (self->forwarded != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message), "X-Forwarded-For", self->forwarded);
  return message;
}

char *
api_test_call_raw (ApiTest *self, const char *method, const char *path, const char *token, const char *type,
                   const char *body, gsize length)
{
  g_autoptr (SoupMessage) message = make_message (self, method, path, token);
  g_autoptr (GBytes) bytes = body != NULL ? g_bytes_new (body, length) : NULL;
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);

  if (bytes != NULL)
    soup_message_set_request_body_from_bytes (message, type, bytes);
  soup_session_send_and_read_async (self->http, message, G_PRIORITY_DEFAULT, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, path);
  answer = soup_session_send_and_read_finish (self->http, result, &error);
  g_assert_no_error (error);
  self->status = soup_message_get_status (message);
  g_free (self->allow);
  self->allow = g_strdup (soup_message_headers_get_one (headers, "Allow"));
  g_free (self->content_type);
  self->content_type = g_strdup (soup_message_headers_get_one (headers, "Content-Type"));
  g_free (self->retry_after);
  self->retry_after = g_strdup (soup_message_headers_get_one (headers, "Retry-After"));
  return g_bytes_get_size (answer) > 0 ? g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer))
                                       : g_strdup ("");
}

JsonObject *
api_test_call (ApiTest *self, const char *method, const char *path, const char *token, const char *body)
{
  g_autofree char *text
      = api_test_call_raw (self, method, path, token, "application/json", body, body != NULL ? strlen (body) : 0);
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  if (*text == '\0')
    return NULL;
  object = chat_json_parse_object (text, strlen (text), 32, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (self->content_type, ==,
                   self->status >= 400 && json_object_has_member (object, "type") ? "application/problem+json"
                                                                                  : "application/json");
  return object;
}

static void
check_problem (JsonObject *answer, guint status, const char *problem)
{
  g_autofree char *type = g_strconcat ("https://tertulia.chat/problems/", problem, NULL);

  g_assert_nonnull (answer);
  g_assert_cmpstr (json_object_get_string_member (answer, "type"), ==, type);
  g_assert_cmpint (json_object_get_int_member (answer, "status"), ==, status);
  g_assert_cmpstr (json_object_get_string_member (answer, "title"), !=, "");
  g_assert_cmpstr (json_object_get_string_member (answer, "detail"), !=, "");
}

void
api_test_expect (ApiTest *self, const char *method, const char *path, const char *token, const char *body, guint status,
                 const char *problem)
{
  g_autoptr (JsonObject) answer = api_test_call (self, method, path, token, body);

  if (self->status != status)
    g_test_message ("%s %s %s: %s", method, path, body != NULL ? body : "",
                    answer != NULL ? json_object_get_string_member_with_default (answer, "detail", "") : "");
  g_assert_cmpuint (self->status, ==, status);
  if (problem != NULL)
    check_problem (answer, status, problem);
}

void
api_test_wait_status (ApiTest *self, const char *method, const char *path, const char *token, const char *body,
                      guint status)
{
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;

  do
    g_free (api_test_call_raw (self, method, path, token, "application/json", body, body != NULL ? strlen (body) : 0));
  while (self->status != status && g_get_monotonic_time () < deadline);
  g_assert_cmpuint (self->status, ==, status);
}

char *
api_test_log_in (ApiTest *self, const char *user)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\"}", user);
  g_autoptr (JsonObject) answer = api_test_call (self, "POST", "/v1/sessions", NULL, body);

  g_assert_cmpuint (self->status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

void
api_test_channel (ApiTest *self, const char *token, const char *name)
{
  g_autofree char *body = g_strdup_printf ("{\"name\":\"%s\"}", name);

  api_test_expect (self, "POST", "/v1/channels", token, body, 201, NULL);
}

char *
api_test_post (ApiTest *self, const char *token, const char *channel, const char *text)
{
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *path = g_strdup_printf ("/v1/channels/%s/messages", channel);
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"%s\"}", id, text);

  api_test_expect (self, "POST", path, token, body, 202, NULL);
  return g_steal_pointer (&id);
}

void
api_test_wait_head (ApiTest *self, const char *token, const char *channel, gint64 head)
{
  g_autofree char *path = g_strdup_printf ("/v1/channels/%s", channel);
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (JsonObject) answer = api_test_call (self, "GET", path, token, NULL);

      if (json_object_get_int_member (answer, "head") >= head)
        {
          g_assert_cmpint (json_object_get_int_member (answer, "head"), ==, head);
          return;
        }
    }
  g_error ("waited too long for %s to have %d messages", channel, (int)head);
}

/*
 * WebSocket
 */

static void
message_cb (SoupWebsocketConnection *connection, int type, GBytes *message, gpointer user_data)
{
  ApiLive *self = user_data;
  gsize length;
  const char *text = g_bytes_get_data (message, &length);
  g_autoptr (GError) error = NULL;
  JsonObject *frame;

  g_assert_cmpint (type, ==, SOUP_WEBSOCKET_DATA_TEXT);
  g_assert_cmpuint (length, <=, 1024 * 1024);
  frame = chat_json_parse_object (text, length, 32, &error);
  g_assert_no_error (error);
  g_queue_push_tail (&self->frames, frame);
}

static void
closed_cb (SoupWebsocketConnection *connection, gpointer user_data)
{
  ApiLive *self = user_data;

  self->closed = TRUE;
  self->code = soup_websocket_connection_get_close_code (connection);
  self->reason = g_strdup (soup_websocket_connection_get_close_data (connection));
}

ApiLive *
api_live_open (ApiTest *self, const char *token)
{
  ApiLive *live = g_new0 (ApiLive, 1);
  g_autoptr (SoupMessage) message = make_message (self, "GET", "/v1/live", token);
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  g_queue_init (&live->frames);
  soup_session_websocket_connect_async (self->http, message, NULL, NULL, G_PRIORITY_DEFAULT, NULL, chat_test_result_cb,
                                        &awaited);
  result = chat_test_await (&awaited, "the handshake");
  live->connection = soup_session_websocket_connect_finish (self->http, result, NULL);
  live->status = soup_message_get_status (message);
  if (live->connection == NULL)
    return live;
  soup_websocket_connection_set_max_incoming_payload_size (live->connection, 1024 * 1024);
  g_signal_connect (live->connection, "message", G_CALLBACK (message_cb), live);
  g_signal_connect (live->connection, "closed", G_CALLBACK (closed_cb), live);
  return live;
}

gboolean
api_live_is_closed (gpointer data)
{
  return ((ApiLive *)data)->closed;
}

void
api_live_free (ApiLive *self)
{
  if (self->connection != NULL && !self->closed)
    {
      soup_websocket_connection_close (self->connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
      chat_test_wait_until (api_live_is_closed, self, "the close");
    }
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
  g_queue_clear_full (&self->frames, (GDestroyNotify)json_object_unref);
  g_free (self->reason);
  g_free (self);
}

void
api_live_send (ApiLive *self, const char *text)
{
  soup_websocket_connection_send_text (self->connection, text);
}

static gboolean
has_frame (gpointer data)
{
  ApiLive *self = data;

  return !g_queue_is_empty (&self->frames) || self->closed;
}

JsonObject *
api_live_next (ApiLive *self)
{
  chat_test_wait_until (has_frame, self, "a frame");
  if (g_queue_is_empty (&self->frames))
    g_error ("the connection was closed: %d %s", self->code, self->reason);
  return g_queue_pop_head (&self->frames);
}

JsonObject *
api_live_expect (ApiLive *self, const char *op)
{
  JsonObject *frame = api_live_next (self);

  if (!g_str_equal (json_object_get_string_member (frame, "op"), op))
    {
      g_autofree char *text = chat_json_to_string (frame);

      g_error ("expected %s, but there came %s", op, text);
    }
  return frame;
}

void
api_live_subscribe (ApiLive *self, int ref, const char *topics, const char *rest)
{
  g_autofree char *text = g_strdup_printf ("{\"op\":\"subscribe\",\"ref\":%d,\"topics\":[%s]%s%s}", ref, topics,
                                           *rest != '\0' ? "," : "", rest);
  g_autoptr (JsonObject) answer = NULL;

  api_live_send (self, text);
  answer = api_live_expect (self, "subscribed");
  g_assert_cmpint (json_object_get_int_member (answer, "ref"), ==, ref);
}

static void
append_field (GString *text, JsonObject *record, const char *field)
{
  if (text->len > 0)
    g_string_append_c (text, ' ');
  if (g_str_equal (field, "data=seq"))
    g_string_append_printf (text, "%s=%d", json_object_get_string_member (record, "data"),
                            (int)json_object_get_int_member_with_default (record, "seq", 0));
  else
    g_string_append (text, json_object_get_string_member (record, field));
}

void
api_live_check (ApiLive *self, int ref, const char *topic, const char *field, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  while (text->len < strlen (expected))
    {
      g_autoptr (JsonObject) frame = api_live_expect (self, "records");
      JsonArray *records = json_object_get_array_member (frame, "records");

      g_assert_cmpint (json_object_get_int_member (frame, "ref"), ==, ref);
      g_assert_cmpstr (json_object_get_string_member (frame, "topic"), ==, topic);
      for (guint i = 0; i < json_array_get_length (records); i++)
        append_field (text, json_array_get_object_element (records, i), field);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

void
api_live_check_quiet (ApiLive *self)
{
  g_autoptr (JsonObject) pong = NULL;

  /* Frames come in order, so what was sent before the pong would be here. */
  api_live_send (self, "{\"op\":\"ping\",\"ref\":4711}");
  pong = api_live_expect (self, "pong");
  g_assert_cmpint (json_object_get_int_member (pong, "ref"), ==, 4711);
}

void
api_live_check_closed (ApiLive *self, gushort code, const char *reason_has)
{
  chat_test_wait_until (api_live_is_closed, self, "the close");
  g_assert_cmpint (self->code, ==, code);
  g_assert_nonnull (self->reason);
  if (strstr (self->reason, reason_has) == NULL)
    g_error ("the reason is \"%s\", without \"%s\"", self->reason, reason_has);
}
