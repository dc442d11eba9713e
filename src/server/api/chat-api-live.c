/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-listener.h"
#include "server/api/chat-api-live-hub.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

/* GET /v1/live: the handshake. What comes after it is ChatApiLiveClient's. */

/* A connection that does not even answer pings is dropped; they are sent every 20 s. */
#define SILENCE_MS 60000

/* What is left of the request when the connection becomes a WebSocket. It must not hold the message, which holds it. */
typedef struct
{
  ChatApiContext *context;
  ChatSessionInfo *session;
  char *address;
} Handshake;

static void
handshake_free (gpointer data, GClosure *closure)
{
  Handshake *handshake = data;

  chat_session_info_free (handshake->session);
  g_free (handshake->address);
  chat_api_context_unref (handshake->context);
  g_free (handshake);
}

static void
upgraded_cb (SoupServerMessage *message, gpointer user_data)
{
  const Handshake *handshake = user_data;
  g_autoptr (GIOStream) stream = NULL;

  chat_api_listener_release (message, SILENCE_MS);
  stream = soup_server_message_steal_connection (message);
  chat_api_context_end (handshake->context); /* a message without its connection is never finished */
  chat_api_live_hub_adopt (handshake->context->hub, stream, soup_server_message_get_uri (message), handshake->session,
                           handshake->address);
}

static void
upgrade (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  Handshake *handshake;

  if (!soup_websocket_server_check_handshake (request->message, NULL, NULL, NULL, &error))
    {
      g_autoptr (GError) said = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_UPGRADE_REQUIRED,
                                             "Connect with a WebSocket (RFC 6455), version 13: %s", error->message);

      soup_message_headers_replace (soup_server_message_get_response_headers (request->message), "Upgrade",
                                    "websocket");
      chat_api_request_fail (request, said);
      return;
    }
  soup_websocket_server_process_handshake (request->message, NULL, NULL, NULL, NULL);
  handshake = g_new0 (Handshake, 1);
  handshake->context = chat_api_context_ref (request->context);
  handshake->session = chat_session_info_copy (request->session);
  handshake->address = g_strdup (request->address);
  g_signal_connect_data (request->message, "wrote-informational", G_CALLBACK (upgraded_cb), handshake, handshake_free,
                         0);
  chat_api_request_upgrade (request);
}

const ChatApiRoute chat_api_live_routes[] = {
  { "GET", "/v1/live", 0, upgrade },
  { 0 },
};
