/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-fault-store.h"
#include "chat-loopback-transport.h"
#include "chat-test-call.h"
#include "core/chat-message.h"
#include "core/chat-service.h"
#include "core/chat-signature.h"
#include "server/moderator/chat-rules-source.h"

G_BEGIN_DECLS

/* What the tests of the roles have in common: a loopback broker, an SQLite store of its own behind one that fails on
 * demand, a signer, and rules: “mierda” (es/insults), “culo” (es/insults, mild), “shit” (en/insults). */
typedef struct
{
  char *directory;
  ChatStore *sqlite;
  ChatFaultStore *faults;
  ChatStore *store; /* the same */
  ChatLoopbackBroker *broker;
  ChatTransport *transport;
  ChatLoopbackTransport *loopback; /* the same */
  ChatSigner *signer;
  GBytes *lists;
  ChatControlFeed *control;
  ChatRulesSource *rules; /* started, as the feed is */
  guint failures;         /* of services that were started here */
  gint64 clock;           /* the timestamp of the next message that is sent */
} RoleTest;

void role_test_set_up (RoleTest *self, gconstpointer shards);
void role_test_tear_down (RoleTest *self, gconstpointer shards);

/** role_test_start: starts @service (a ChatService) and counts its failures; waits. */
void role_test_start (RoleTest *self, gpointer service);
/** role_test_stop: stops, waits, and drops the last reference. */
void role_test_stop (RoleTest *self, gpointer service);

/** role_test_message: (transfer full): with the next timestamp. */
ChatMessage *role_test_message (RoleTest *self, const char *author, const char *channel, const char *id,
                                const char *text);
/** role_test_publish: on @topic, under its channel, signed. */
void role_test_publish (RoleTest *self, const char *topic, ChatMessage *message);
/** role_test_say: a signed message on `chat`. */
void role_test_say (RoleTest *self, const char *author, const char *channel, const char *id, const char *text);
/** role_test_append: what somebody else might put there. */
void role_test_append (RoleTest *self, const char *topic, const char *key, const char *text);

/** role_test_wait: until @topic holds @n records, and then for whatever else is ready; fails where there are more. */
void role_test_wait (RoleTest *self, const char *topic, guint n);
/** role_test_list: (transfer full) (element-type ChatMessage): what @topic holds. */
GPtrArray *role_test_list (RoleTest *self, const char *topic);
/** role_test_check: that @topic holds, in this order, messages whose FIELD ("id", "data", "user:target:reason" …, see
 * the source) joined by spaces are @expected. Waits for as many. */
void role_test_check (RoleTest *self, const char *topic, const char *fields, const char *expected);

/** role_test_get_strikes: how many the store has of @user. */
guint role_test_get_strikes (RoleTest *self, const char *user);

G_END_DECLS
