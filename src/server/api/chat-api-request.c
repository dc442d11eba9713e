/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-request.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-time.h"
#include "server/api/chat-api-address.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-metrics.h"

#define RETRY_AFTER_SECONDS "1"

/* Whether this is the answer: the only one, to somebody who is still there. */
static gboolean
begin_answer (ChatApiRequest *self)
{
  if (self->answered)
    return FALSE;
  self->answered = TRUE;
  g_queue_unlink (&self->context->waiting, &self->waiting);
  return TRUE;
}

static void
finished_cb (SoupServerMessage *message, gpointer user_data)
{
  ChatApiRequest *self = user_data;

  if (begin_answer (self))
    g_cancellable_cancel (self->cancellable);
}

/* The answer has gone out, or can't: whether or not the request is still held by somebody. */
static void
ended_cb (SoupServerMessage *message, gpointer user_data)
{
  chat_api_context_end (user_data);
}

static void
ended_free (gpointer data, GClosure *closure)
{
  chat_api_context_unref (data);
}

static char *
find_address (ChatApiContext *context, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  GSocketAddress *peer = soup_server_message_get_remote_address (message);

  if (peer == NULL)
    return g_strdup ("local");
  return chat_api_address_find_client (peer, soup_message_headers_get_list (headers, "X-Forwarded-For"),
                                       (const char *const *)context->proxies);
}

ChatApiRequest *
chat_api_request_new (ChatApiContext *context, SoupServerMessage *message)
{
  ChatApiRequest *self = g_rc_box_new0 (ChatApiRequest);

  self->context = chat_api_context_ref (context);
  self->message = g_object_ref (message);
  self->address = find_address (context, message);
  self->cancellable = g_cancellable_new ();
  self->begun = g_get_monotonic_time ();
  self->deadline = self->begun + context->answer_ms * G_TIME_SPAN_MILLISECOND;
  self->waiting.data = self;
  g_queue_push_tail_link (&context->waiting, &self->waiting);
  self->finished_id = g_signal_connect (message, "finished", G_CALLBACK (finished_cb), self);
  chat_api_context_begin (context);
  g_signal_connect_data (message, "finished", G_CALLBACK (ended_cb), chat_api_context_ref (context), ended_free, 0);
  soup_server_message_pause (message);
  return self;
}

ChatApiRequest *
chat_api_request_ref (ChatApiRequest *self)
{
  return g_rc_box_acquire (self);
}

static void
answer_type (ChatApiRequest *self, guint status, const char *type, char *text, gsize length)
{
  soup_server_message_set_status (self->message, status, NULL);
  if (text != NULL)
    soup_server_message_set_response (self->message, type, SOUP_MEMORY_TAKE, text, length);
  soup_server_message_unpause (self->message);
}

static void
answer (ChatApiRequest *self, guint status, char *text, gsize length)
{
  answer_type (self, status, "application/json", text, length);
}

static void
set_problem (SoupServerMessage *message, const GError *error, guint status, JsonObject *problem)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  char *text = chat_json_to_string (problem);

  if (status == SOUP_STATUS_UNAUTHORIZED)
    soup_message_headers_replace (headers, "WWW-Authenticate", "Bearer");
  if (status == SOUP_STATUS_SERVICE_UNAVAILABLE)
    soup_message_headers_replace (headers, "Retry-After", RETRY_AFTER_SECONDS);
  if (status == SOUP_STATUS_INTERNAL_SERVER_ERROR)
    g_warning ("%s %s can't be answered: %s", soup_server_message_get_method (message),
               g_uri_get_path (soup_server_message_get_uri (message)), error->message);
  else if (chat_api_problem_is_ours (error))
    g_info ("%s %s: %s", soup_server_message_get_method (message),
            g_uri_get_path (soup_server_message_get_uri (message)), error->message);
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "application/problem+json", SOUP_MEMORY_TAKE, text, strlen (text));
}

void
chat_api_request_set_problem (SoupServerMessage *message, const GError *error, const ChatBlock *block)
{
  guint status;
  g_autoptr (JsonObject) problem = chat_api_problem_new (error, block, &status);

  set_problem (message, error, status, problem);
}

static void
request_clear (gpointer data)
{
  ChatApiRequest *self = data;

  if (begin_answer (self))
    {
      g_warning ("%s %s was given up without an answer", soup_server_message_get_method (self->message),
                 g_uri_get_path (soup_server_message_get_uri (self->message)));
      answer (self, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL, 0);
    }
  chat_api_metrics_count (self->context->metrics, self->route, soup_server_message_get_status (self->message),
                          g_get_monotonic_time () - self->begun);
  g_signal_handler_disconnect (self->message, self->finished_id);
  g_clear_pointer (&self->session, chat_session_info_free);
  g_clear_pointer (&self->body, json_object_unref);
  g_clear_pointer (&self->query, g_hash_table_unref);
  g_clear_pointer (&self->parameters, g_strfreev);
  g_free (self->address);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->message);
  g_clear_pointer (&self->context, chat_api_context_unref);
}

void
chat_api_request_unref (ChatApiRequest *self)
{
  g_rc_box_release_full (self, request_clear);
}

void
chat_api_request_reply_text (ChatApiRequest *self, guint status, char *text, gsize length)
{
  if (begin_answer (self))
    answer (self, status, text, length);
  else
    g_free (text);
}

void
chat_api_request_reply_type (ChatApiRequest *self, const char *type, char *text, gsize length)
{
  if (begin_answer (self))
    answer_type (self, SOUP_STATUS_OK, type, text, length);
  else
    g_free (text);
}

void
chat_api_request_reply (ChatApiRequest *self, guint status, JsonObject *object)
{
  char *text = chat_json_to_string (object);

  json_object_unref (object);
  chat_api_request_reply_text (self, status, text, strlen (text));
}

void
chat_api_request_reply_empty (ChatApiRequest *self)
{
  if (begin_answer (self))
    answer (self, SOUP_STATUS_NO_CONTENT, NULL, 0);
}

static void
fail_with_block (ChatApiRequest *self, const GError *error, const ChatBlock *block)
{
  if (!begin_answer (self))
    return;
  if (self->context->stopping)
    soup_message_headers_replace (soup_server_message_get_response_headers (self->message), "Connection", "close");
  chat_api_request_set_problem (self->message, error, block);
  soup_server_message_unpause (self->message);
}

void
chat_api_request_fail (ChatApiRequest *self, const GError *error)
{
  gboolean blocked = g_error_matches (error, CHAT_API_ERROR, CHAT_API_ERROR_BLOCKED) && self->session != NULL;

  fail_with_block (self, error, blocked ? chat_api_request_find_block (self) : NULL);
}

void
chat_api_request_fail_channel (ChatApiRequest *self, const GError *error)
{
  g_autoptr (GError) said = NULL;

  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    said = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL, "There is no channel \"%s\"", self->parameters[0]);
  else if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    said = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_MEMBERS_FIXED,
                                "The members of a private conversation are fixed: start another one");
  chat_api_request_fail (self, said != NULL ? said : error);
}

void
chat_api_request_fail_blocked (ChatApiRequest *self, const ChatBlock *block, const char *what)
{
  g_autoptr (GError) error = chat_api_error_new_blocked (block, what);

  fail_with_block (self, error, block);
}

void
chat_api_request_fail_taken (ChatApiRequest *self, const GError *error, gint64 held_ms)
{
  guint status;
  g_autoptr (JsonObject) problem = chat_api_problem_new (error, NULL, &status);

  if (!begin_answer (self))
    return;
  json_object_set_int_member (problem, "lease_ms", held_ms);
  set_problem (self->message, error, status, problem);
  soup_server_message_unpause (self->message);
}

void
chat_api_request_fail_limited (ChatApiRequest *self, const GError *error, gint64 wait_ms)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->message);
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, (wait_ms + 999) / 1000);
  guint status;
  g_autoptr (JsonObject) problem = chat_api_problem_new (error, NULL, &status);

  if (!begin_answer (self))
    return;
  json_object_set_int_member (problem, "retry_after_ms", wait_ms);
  soup_message_headers_replace (headers, "Retry-After", seconds);
  set_problem (self->message, error, status, problem);
  soup_server_message_unpause (self->message);
}

void
chat_api_request_expire (ChatApiContext *context, gint64 now_us)
{
  ChatApiRequest *first;

  while ((first = g_queue_peek_head (&context->waiting)) != NULL && first->deadline <= now_us)
    {
      g_autoptr (ChatApiRequest) self = chat_api_request_ref (first);
      g_autoptr (GError) error
          = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_TIMEOUT, "there was no answer to %s %s for %u ms",
                         soup_server_message_get_method (self->message),
                         g_uri_get_path (soup_server_message_get_uri (self->message)), context->answer_ms);

      chat_api_request_fail (self, error);
      g_cancellable_cancel (self->cancellable);
    }
}

gboolean
chat_api_request_begin (ChatApiRequest *self)
{
  return begin_answer (self);
}

void
chat_api_request_upgrade (ChatApiRequest *self)
{
  if (begin_answer (self))
    soup_server_message_unpause (self->message);
}

const ChatBlock *
chat_api_request_find_block (ChatApiRequest *self)
{
  return chat_block_list_find (self->context->blocks, self->session->user_key, chat_time_now ());
}

gboolean
chat_api_request_check_role (ChatApiRequest *self, ChatRole least, GError **error)
{
  if (self->session->role >= least)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_ROLE, "This needs the role \"%s\"; %s has \"%s\"",
               chat_role_to_string (least), self->session->user, chat_role_to_string (self->session->role));
  return FALSE;
}

gboolean
chat_api_request_may_read (ChatApiRequest *self)
{
  const ChatBlock *block = self->context->blocked_may_read ? NULL : chat_api_request_find_block (self);

  if (block != NULL)
    chat_api_request_fail_blocked (self, block, "read messages");
  return block == NULL;
}

const char *
chat_api_request_get_query (ChatApiRequest *self, const char *name)
{
  return self->query != NULL ? g_hash_table_lookup (self->query, name) : NULL;
}
