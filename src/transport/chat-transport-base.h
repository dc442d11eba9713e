/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"
#include "transport/chat-waiters.h"

G_BEGIN_DECLS

#define CHAT_TYPE_TRANSPORT_BASE (chat_transport_base_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatTransportBase, chat_transport_base, CHAT, TRANSPORT_BASE, GObject)

/**
 * ChatTransportBase: (abstract) (implements ChatTransport)
 *
 * What transports over a network have in common: state and status, who waits for a connection, the time until the next
 * try, and the answer to a close. An implementation says what happens to its connection; it inherits `connect_async`
 * and `close_async` and adds the other members of the interface.
 */
struct _ChatTransportBaseClass
{
  GObjectClass parent_class;

  /* open: somebody wants a connection, and there is none, or the time until the next try is over: tries at once. Also
   * while one is tried. */
  void (*open) (ChatTransportBase *self);
  /* close: called once: ends the subscriptions, flushes, then chat_transport_base_finish_close(). Nobody is let in any
   * more: whoever waited for a connection was answered. */
  void (*close) (ChatTransportBase *self);
};

/** chat_transport_base_set_title: first of all, and whenever it is another: what is connected to: "Kafka at
 * kafka1:9092". */
void chat_transport_base_set_title (ChatTransportBase *self, const char *title);

/* What happens to the connection. Each may run handlers, which may close the transport. */

/** chat_transport_base_connecting: it is tried. @reason: (nullable): why there is none; NULL: the same as before. */
void chat_transport_base_connecting (ChatTransportBase *self, const char *reason);
/** chat_transport_base_retry_later: it is tried again, by open(), after @wait_ms, or (0) after the next time of the
 * back-off, which is reset by a connection that lasts. */
void chat_transport_base_retry_later (ChatTransportBase *self, const char *reason, guint wait_ms);
/** chat_transport_base_set_online: it is there; who waited for it is answered. */
void chat_transport_base_set_online (ChatTransportBase *self);
/** chat_transport_base_deny: trying again can't help: who waits is answered with @error, and a connect tries again. */
void chat_transport_base_deny (ChatTransportBase *self, const GError *error);
/** chat_transport_base_set_trouble: @sentence: (nullable): what is missing while there is a connection. */
void chat_transport_base_set_trouble (ChatTransportBase *self, const char *sentence);

/** chat_transport_base_set_remark: @sentence: (nullable): what to know of a connection from which nothing is missing;
 * said from the next set_online() on. */
void chat_transport_base_set_remark (ChatTransportBase *self, const char *sentence);

gboolean chat_transport_base_is_connected (ChatTransportBase *self);
/** chat_transport_base_is_retrying: whether it waits for its next try. */
gboolean chat_transport_base_is_retrying (ChatTransportBase *self);
/** chat_transport_base_is_closing: since the first close. */
gboolean chat_transport_base_is_closing (ChatTransportBase *self);
const char *chat_transport_base_get_title (ChatTransportBase *self);
/** chat_transport_base_dup_obstacle: (transfer full): CLOSED, OFFLINE; NULL where there is a connection. */
GError *chat_transport_base_dup_obstacle (ChatTransportBase *self);

/** chat_transport_base_get_subscribes: (transfer none): whoever waits to subscribe: an implementation adds them, and
 * takes them when there is a connection. */
ChatWaiters *chat_transport_base_get_subscribes (ChatTransportBase *self);
/** chat_transport_base_lets_wait: TRUE where a subscribe may wait for a connection; else it has answered @task. */
gboolean chat_transport_base_lets_wait (ChatTransportBase *self, GTask *task);

/** chat_transport_base_add_unconfirmed: publishes that the close under way could not flush. */
void chat_transport_base_add_unconfirmed (ChatTransportBase *self, guint count);
/** chat_transport_base_finish_close: idempotent. */
void chat_transport_base_finish_close (ChatTransportBase *self);

G_END_DECLS
