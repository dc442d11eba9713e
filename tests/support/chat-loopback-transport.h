/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-loopback-broker.h"

G_BEGIN_DECLS

/**
 * ChatLoopbackTransport:
 *
 * A connection to a ChatLoopbackBroker, that does what it is told to do wrong, when it is told. Nothing in it is
 * random, and nothing waits for a clock but chat_loopback_transport_set_confirm_delay() and _set_close_delay().
 */
#define CHAT_TYPE_LOOPBACK_TRANSPORT (chat_loopback_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatLoopbackTransport, chat_loopback_transport, CHAT, LOOPBACK_TRANSPORT, GObject)

/** chat_loopback_transport_new: a connection to @broker. All features. A second one is what another process would be.
 */
ChatTransport *chat_loopback_transport_new (ChatLoopbackBroker *broker);

/** chat_loopback_transport_set_features: be a poorer transport, before anything is subscribed. Without RESUMABLE a
 * reader has a `gap` after a break. */
void chat_loopback_transport_set_features (ChatLoopbackTransport *self, ChatTransportFeatures features);

/** chat_loopback_transport_set_reachable: FALSE breaks the connection: what is in flight is answered OFFLINE (though it
 * arrived), the state is CONNECTING, and connect and subscribe wait. TRUE connects again and resumes; a group's readers
 * are delivered again what they have not acknowledged. */
void chat_loopback_transport_set_reachable (ChatLoopbackTransport *self, gboolean reachable);

/** chat_loopback_transport_set_stalled: connected, but nothing is delivered and nothing is confirmed while it is on. */
void chat_loopback_transport_set_stalled (ChatLoopbackTransport *self, gboolean stalled);

/** chat_loopback_transport_set_confirm_delay: records arrive at once, their confirmation @delay_ms later. */
void chat_loopback_transport_set_confirm_delay (ChatLoopbackTransport *self, guint delay_ms);

/** chat_loopback_transport_set_close_delay: a close is answered @delay_ms later. */
void chat_loopback_transport_set_close_delay (ChatLoopbackTransport *self, guint delay_ms);
/** chat_loopback_transport_has_ended: whether a close has been answered. */
gboolean chat_loopback_transport_has_ended (ChatLoopbackTransport *self);

/** chat_loopback_transport_refuse_publishes: the next @count publishes are answered with @code and do not arrive. */
void chat_loopback_transport_refuse_publishes (ChatLoopbackTransport *self, guint count, ChatTransportError code);

/** chat_loopback_transport_lose_confirms: the next @count publishes arrive and are answered OFFLINE all the same. */
void chat_loopback_transport_lose_confirms (ChatLoopbackTransport *self, guint count);

/** chat_loopback_transport_fail_forwards: the next @count forwards are answered with @code and nothing of them is done;
 * after ABORTED the inputs come again. */
void chat_loopback_transport_fail_forwards (ChatLoopbackTransport *self, guint count, ChatTransportError code);

/** chat_loopback_transport_duplicate: each of the next @count records that are delivered comes twice. */
void chat_loopback_transport_duplicate (ChatLoopbackTransport *self, guint count);

/** chat_loopback_transport_end_subscriptions: closes every subscription from the broker's side, with @code. */
void chat_loopback_transport_end_subscriptions (ChatLoopbackTransport *self, ChatTransportError code);

/** chat_loopback_transport_fail_connect: the next connect is answered with @code (DENIED or DAMAGED). */
void chat_loopback_transport_fail_connect (ChatLoopbackTransport *self, ChatTransportError code);

/** chat_loopback_transport_set_degraded: @why: (nullable): a sentence for people: the state is DEGRADED; NULL: as
 * before. */
void chat_loopback_transport_set_degraded (ChatLoopbackTransport *self, const char *why);

/** chat_loopback_transport_get_publishes: how many publishes were asked of it, refused ones too. */
guint chat_loopback_transport_get_publishes (ChatLoopbackTransport *self);

G_END_DECLS
