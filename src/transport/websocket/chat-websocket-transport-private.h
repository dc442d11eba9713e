/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport-base.h"
#include "transport/websocket/chat-live-frame.h"
#include "transport/websocket/chat-live-publishes.h"
#include "transport/websocket/chat-live-socket.h"
#include "transport/websocket/chat-websocket-subscription.h"
#include "transport/websocket/chat-websocket-transport.h"

G_BEGIN_DECLS

/*
 * The live feed's transport is divided by aspect: its socket, publishing and closing in chat-websocket-transport.c;
 * subscribing, and what comes for subscriptions, in chat-websocket-subscribe.c.
 */

struct _ChatWebsocketTransport
{
  ChatTransportBase parent_instance;

  /* Owned */
  SoupSession *session;
  char *uri;
  char *token;            /* nullable */
  ChatLiveSocket *socket; /* nullable: also while it connects */
  GHashTable *asked;      /* ref → GTask: subscribes that were sent, and wait still */
  GHashTable *resuming;   /* ref → ChatWebsocketSubscription (borrowed): in place before the break */
  GHashTable *readers;    /* ref → ChatWebsocketSubscription (borrowed): in place */
  ChatLivePublishes *publishes;
  GSource *guard; /* nullable: of a close */

  /* Borrowed */
  GPtrArray *subscriptions; /* ChatWebsocketSubscription: all that were in place */

  gint64 last_ref;
  guint silence_ms;
};

/** chat_websocket_transport_open: connects, if there is no socket and every reader reads. */
void chat_websocket_transport_open (ChatWebsocketTransport *self);
/** chat_websocket_transport_resumed: every reader is where it was before the break. */
void chat_websocket_transport_resumed (ChatWebsocketTransport *self);
/** chat_websocket_transport_pause: a reader does not read: there is no socket until it does. */
void chat_websocket_transport_pause (ChatWebsocketTransport *self);

/** chat_websocket_transport_resume_all: of a new socket: asks for what was in place. FALSE: there was nothing. */
gboolean chat_websocket_transport_resume_all (ChatWebsocketTransport *self);
/** chat_websocket_transport_request_waiting: subscribes that waited for a connection. */
void chat_websocket_transport_request_waiting (ChatWebsocketTransport *self);
/** chat_websocket_transport_forget_requests: the socket is gone: they wait again. */
void chat_websocket_transport_forget_requests (ChatWebsocketTransport *self);
/** chat_websocket_transport_end_subscriptions: all of them are closed. @error: (nullable) */
void chat_websocket_transport_end_subscriptions (ChatWebsocketTransport *self, const GError *error);
gboolean chat_websocket_transport_is_full (ChatWebsocketTransport *self);

/* Frames. */
void chat_websocket_transport_take_subscribed (ChatWebsocketTransport *self, const ChatLiveFrame *frame);
/** chat_websocket_transport_take_problem: FALSE where it is not about a subscription. @error: what it says */
gboolean chat_websocket_transport_take_problem (ChatWebsocketTransport *self, const ChatLiveFrame *frame,
                                                const GError *error);
void chat_websocket_transport_take_records (ChatWebsocketTransport *self, ChatLiveFrame *frame);
void chat_websocket_transport_take_feed (ChatWebsocketTransport *self, const ChatLiveFrame *frame, GBytes *bytes);

/* A member of the interface. */
void chat_websocket_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                               const char *const *channels, const ChatStart *start,
                                               GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data);

G_END_DECLS
