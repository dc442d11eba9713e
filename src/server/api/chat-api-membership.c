/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

/* Joining and leaving a public channel. The record goes out first: should the store fail then, whoever tries again
 * makes a second one, but nobody is a member whom the channel was not told of. */

typedef struct
{
  ChatApiRequest *request;
  gboolean joins;
} Change;

static void
change_free (Change *self)
{
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Change, change_free)

static void
set_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) change = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_channel_store_set_member_finish (CHAT_CHANNEL_STORE (source), result, &error))
    chat_api_request_reply_empty (change->request);
  else
    chat_api_request_fail_channel (change->request, error);
}

static void
announced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) change = user_data;
  ChatApiRequest *request = change->request;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiReceipt) receipt = chat_api_publisher_post_finish (CHAT_API_PUBLISHER (source), result, &error);
  gboolean joins = change->joins;

  /* Whoever is blocked may go, if without a word. */
  if (receipt == NULL && (joins || !g_error_matches (error, CHAT_API_ERROR, CHAT_API_ERROR_BLOCKED)))
    chat_api_request_fail (request, error);
  else
    chat_channel_store_set_member_async (chat_store_get_channels (request->context->store), request->parameters[0],
                                         request->session->user, request->session->user_key, joins, NULL, set_cb,
                                         g_steal_pointer (&change));
}

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) change = user_data;
  ChatApiRequest *request = change->request;
  ChatMessageKind kind = change->joins ? CHAT_KIND_JOIN : CHAT_KIND_LEAVE;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannelInfo) channel = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);

  if (channel != NULL && channel->kind == CHAT_CHANNEL_PRIVATE)
    error = g_error_new_literal (CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT, "private");
  if (error != NULL)
    chat_api_request_fail_channel (request, error);
  else if (channel->joined == change->joins)
    chat_api_request_reply_empty (request);
  else
    chat_api_publisher_announce_async (request->context->publisher, request->session, kind, channel->name, NULL,
                                       request->cancellable, announced_cb, g_steal_pointer (&change));
}

static void
begin (ChatApiRequest *request, gboolean joins)
{
  Change *change = g_new0 (Change, 1);

  change->request = chat_api_request_ref (request);
  change->joins = joins;
  chat_channel_store_get_async (chat_store_get_channels (request->context->store), request->parameters[0],
                                request->session->user_key, request->cancellable, got_cb, change);
}

static void
join_channel (ChatApiRequest *request)
{
  begin (request, TRUE);
}

static void
leave_channel (ChatApiRequest *request)
{
  begin (request, FALSE);
}

const ChatApiRoute chat_api_membership_routes[] = {
  { "POST", "/v1/channels/{c}/join", 0, join_channel },
  { "POST", "/v1/channels/{c}/leave", 0, leave_channel },
  { 0 },
};
