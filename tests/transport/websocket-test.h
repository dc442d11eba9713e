/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "transport/websocket/chat-websocket-transport.h"

G_BEGIN_DECLS

/* Where silence is not what is tested, a busy machine must not be taken for it. */
#define PATIENCE_MS 60000

/** World: a live feed, and a service that does what the test wants. */
typedef struct
{
  SoupServer *server;
  guint16 port;
  SoupSession *session;
  ChatTransport *transport;
  ChatSubscription *subscription;

  SoupWebsocketConnection *socket; /* the last one that came */
  guint connections, requests, pings, unsubscribes;
  JsonObject *request; /* the last subscribe */
  const char *heads;   /* of the answer to it; NULL: none */
  const char *refusal; /* (nullable): the problem that is the answer instead */
  const char *answer;  /* to a publish, behind the ref; NULL: none */
  char *published;     /* the last publish */
  guint refuse;        /* status of the handshake; 0: welcome */

  GPtrArray *came; /* texts of records */
  guint count;
  guint closed;
  GError *why;
} World;

/** world_listen: the service alone; world_start: a transport that is connected and subscribed, too. */
void world_listen (World *world);
void world_start (World *world);
void world_make_transport (World *world, guint16 port, guint silence_ms);
void world_end (World *world);

gboolean world_connect (World *world, GError **error);
void world_subscribe_to (World *world, const char *const *topics);
void world_subscribe (World *world);

/** world_answer: a frame of the service's; @rest: its members behind `ref`. */
void world_answer (World *world, const char *op, gint64 ref, const char *rest);
void world_send_records (World *world, const char *topic, const char *records);
/** world_after: what the last subscribe asked for of @channel; -1: nothing. */
gint64 world_after (World *world, const char *channel);

/** world_is_online, world_is_connecting: ChatTestConditions of a ChatTransport. */
gboolean world_is_online (gpointer transport);
gboolean world_is_connecting (gpointer transport);
/** world_wait_reconnected: waits for the break, and for one connection more than @before; not for the time in between,
 * which grows. */
void world_wait_reconnected (World *world, guint before);

G_END_DECLS
