/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-subscription.h"
#include "transport/chat-transport-error.h"

G_BEGIN_DECLS

/*
 * The contract of every transport. It moves records, not messages; it knows no moderation, no store, no window.
 * tests/conformance/test-transport.c runs against each implementation: it is the contract, this header its summary.
 *
 * All calls are asynchronous, take a cancellable, always call back, and never block the main loop. A transport belongs
 * to the main context in which it was made.
 */
#define CHAT_TYPE_TRANSPORT (chat_transport_get_type ())
G_DECLARE_INTERFACE (ChatTransport, chat_transport, CHAT, TRANSPORT, GObject)

typedef enum
{
  CHAT_TRANSPORT_OFFLINE,    /* closed, or not connected yet */
  CHAT_TRANSPORT_CONNECTING, /* trying, or waiting for the next try */
  CHAT_TRANSPORT_ONLINE,
  CHAT_TRANSPORT_DEGRADED, /* connected, but something is missing: the status says what */
} ChatTransportState;
#define CHAT_TYPE_TRANSPORT_STATE (chat_transport_state_get_type ())
GType chat_transport_state_get_type (void);

typedef enum
{
  CHAT_TRANSPORT_RESUMABLE = 1 << 0, /* CHAT_START_POSITION; goes on where it stood after a break */
  CHAT_TRANSPORT_SEEKABLE = 1 << 1,  /* CHAT_START_TIME and chat_transport_seek_async() */
  CHAT_TRANSPORT_GROUPS = 1 << 2,    /* CHAT_START_GROUP and chat_transport_forward_async() */
  CHAT_TRANSPORT_ATOMIC_FORWARD
  = 1 << 3, /* outputs and acknowledgement happen both or not at all; without it: at least once */
  CHAT_TRANSPORT_EARLIEST = 1 << 4, /* CHAT_START_EARLIEST */
  CHAT_TRANSPORT_LISTABLE = 1 << 5, /* chat_transport_list_topics_async() */
} ChatTransportFeatures;
#define CHAT_TYPE_TRANSPORT_FEATURES (chat_transport_features_get_type ())
GType chat_transport_features_get_type (void);

/**
 * ChatTransportInterface:
 *
 * Properties: `state` (ChatTransportState) and `status` (a sentence for people, such as "Reconnecting to broker:9092 in
 * 4 s: connection refused"), both with notify.
 */
struct _ChatTransportInterface
{
  GTypeInterface parent_iface;

  const char *(*get_name) (ChatTransport *self);
  ChatTransportFeatures (*get_features) (ChatTransport *self);

  /* Each answers with a GTask whose source object is the transport: with a boolean, or what is said behind it. */
  void (*connect_async) (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data);
  void (*close_async) (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
  void (*subscribe_async) (ChatTransport *self, const char *const *topics, const char *const *channels,
                           const ChatStart *start, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
  void (*publish_async) (ChatTransport *self, ChatRecord *record, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
  void (*forward_async) (ChatTransport *self, ChatSubscription *subscription, GPtrArray *inputs, GPtrArray *outputs,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  void (*seek_async) (ChatTransport *self, ChatSubscription *subscription, const ChatStart *start,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  void (*list_topics_async) (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data); /* char ** */
};

/** chat_transport_get_name: (transfer none): "log", "websocket", "kafka", "rabbitmq": stable, part of the ids it gives.
 */
const char *chat_transport_get_name (ChatTransport *self);
ChatTransportFeatures chat_transport_get_features (ChatTransport *self);
ChatTransportState chat_transport_get_state (ChatTransport *self);
char *chat_transport_dup_status (ChatTransport *self);

/**
 * chat_transport_connect_async:
 *
 * Idempotent. Calls back at the first success, or with DENIED / DAMAGED where trying again can't help; meanwhile, and
 * after any later break, it tries for ever with jittered back-off and resumes every subscription where it stood. After
 * a close it answers CLOSED: a transport is closed for good.
 */
void chat_transport_connect_async (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean chat_transport_connect_finish (ChatTransport *self, GAsyncResult *result, GError **error);

/** chat_transport_close_async: Idempotent. Flushes what can be confirmed; every publish that can't is called back with
 * OFFLINE, and the close's own error names how many. Closes the subscriptions. */
void chat_transport_close_async (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean chat_transport_close_finish (ChatTransport *self, GAsyncResult *result, GError **error);

/**
 * chat_transport_subscribe_async:
 * @topics: (array zero-terminated=1): not empty
 * @channels: (array zero-terminated=1) (nullable): only records with these keys; NULL: all. Not with a group.
 *
 * When it calls back, the subscription is in place: whatever is published after that is delivered. OFFLINE before the
 * first connect, CLOSED after a close; while the transport reconnects it waits for that. A position that retention has
 * overtaken starts with a `gap`; one that this broker never had is LOST.
 * A group shares the shards of its topics among its members, each shard to one of them; what it is delivered is to be
 * acknowledged by forwarding, and comes again (to some member) if it is not. After a break of the connection it comes
 * again, or is still the member's to forward.
 */
void chat_transport_subscribe_async (ChatTransport *self, const char *const *topics, const char *const *channels,
                                     const ChatStart *start, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
/** chat_transport_subscribe_finish: (transfer full) */
ChatSubscription *chat_transport_subscribe_finish (ChatTransport *self, GAsyncResult *result, GError **error);

/**
 * chat_transport_publish_async:
 *
 * Calls back when the broker has confirmed the record (log: its transaction is on disk). Calls are confirmed in any
 * order but stored in the order of the calls, for one key. Not cancelled once it is on its way: a cancelled publish may
 * have arrived. OFFLINE at once while there is no connection; CLOSED after a close.
 */
void chat_transport_publish_async (ChatTransport *self, ChatRecord *record, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_transport_publish_finish (ChatTransport *self, GAsyncResult *result, GError **error);

/**
 * chat_transport_forward_async:
 * @inputs: (element-type ChatRecord): delivered by @subscription, a prefix per shard of what is unacknowledged
 * @outputs: (element-type ChatRecord): published first, in this order; may be empty
 *
 * Publishes @outputs and acknowledges @inputs. One at a time per subscription (else G_IO_ERROR_PENDING). On ABORTED
 * nothing was published where the transport has ATOMIC_FORWARD, and all that is unacknowledged is delivered again, from
 * the last acknowledged record on and never before this callback: the caller drops what it holds. On another error of
 * the broker (FULL, OFFLINE) nothing is delivered again: forward the same inputs once more, and where the first did
 * arrive after all this is ABORTED. NOT_SUPPORTED for a subscription without a group. Not cancelled once it is on its
 * way.
 */
void chat_transport_forward_async (ChatTransport *self, ChatSubscription *subscription, GPtrArray *inputs,
                                   GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean chat_transport_forward_finish (ChatTransport *self, GAsyncResult *result, GError **error);

/** chat_transport_seek_async: moves a subscription that has no group (else NOT_SUPPORTED) to another start: what lies
 * before the seek is delivered before the callback or not at all, what lies after it after the callback. Where the
 * start is LOST it goes on as it was. */
void chat_transport_seek_async (ChatTransport *self, ChatSubscription *subscription, const ChatStart *start,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_transport_seek_finish (ChatTransport *self, GAsyncResult *result, GError **error);

/** chat_transport_list_topics_async: the topics that the broker has and these credentials may see, sorted, without the
 * prefix and without the broker's own. OFFLINE before the first connect and while it reconnects; NOT_SUPPORTED where a
 * broker can't say. */
void chat_transport_list_topics_async (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data);
/** chat_transport_list_topics_finish: (transfer full) (array zero-terminated=1) */
char **chat_transport_list_topics_finish (ChatTransport *self, GAsyncResult *result, GError **error);

G_END_DECLS
