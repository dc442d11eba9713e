/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-fake-service.h"
#include "chat-loopback-transport.h"
#include "client/chat-workspace.h"

G_BEGIN_DECLS

/** World: a workspace of "ana" with a service that says what the test wants and a feed that is a loopback. */
typedef struct
{
  char *directory;
  ChatFakeService *service;
  ChatLoopbackBroker *broker;
  ChatWorkspace *workspace;
  char *feed_token; /* what the last feed was made with */
  guint feeds;
  guint signed_out;
  GAsyncResult *signing_in;
} World;

/** What the service answers: a session, to a token that is good, to one that is not, and when it fails. */
const ChatFakeAnswer *world_opened (void);
const ChatFakeAnswer *world_known (void);
const ChatFakeAnswer *world_unknown (void);
const ChatFakeAnswer *world_failing (void);

void world_start (World *world);
/** world_open: another workspace in the same directory. */
void world_open (World *world, const char *uri);
void world_close (World *world, gboolean sign_out);
void world_end (World *world);
ChatTransport *world_make_feed (SoupSession *session, const char *uri, const char *token, gpointer world);

void world_begin_sign_in (World *world, const char *token, const char *password, GCancellable *cancellable);
/** world_end_sign_in: (transfer full): the token, or NULL with an error. */
char *world_end_sign_in (World *world, GError **error);
char *world_sign_in (World *world, const char *token, GError **error);
/** world_go_live: signs in by name, and waits until the feed is on and everything asked for is answered. */
void world_go_live (World *world);
/** world_question: what the service was asked, from 0. */
const char *world_question (World *world, guint place);
/** world_is_live: a ChatTestCondition of a ChatWorkspace. */
gboolean world_is_live (gpointer workspace);

G_END_DECLS
