/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/chat-position.h"
#include "transport/chat-record.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SUBSCRIPTION (chat_subscription_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatSubscription, chat_subscription, CHAT, SUBSCRIPTION, GObject)

/**
 * ChatSubscription:
 *
 * One reader of some topics. Records come in broker order within a shard, in the main context in which it was made,
 * never before the callback of chat_transport_subscribe_async() has returned. It has a queue of its own, which an
 * implementation fills and which it empties within a time budget; see the end of this header.
 *
 * Signals:
 * - `records (GPtrArray *batch)`: (element-type ChatRecord), never empty. With a dispatch budget of 4 ms a long backlog
 * comes in several main-loop iterations, below redraw priority unless chat_subscription_set_priority() says otherwise.
 * - `revoked (char *topic, GArray *shards)`: (element-type gint): a group member lost these shards of one topic, once
 * its forward in flight is decided (whose callback may come right after). Nothing of theirs is delivered after it, and
 * a forward that names one of their records is ABORTED.
 * - `gap (char *topic, char *shard, gint64 from, gint64 to)`: the records from @from up to, not including, @to are gone
 * for this reader (retention, a dropped reader): fetch them elsewhere. Comes in its place among the records: what is
 * published from then on is delivered.
 * - `closed (GError *error)`: for good, once; @error is NULL when the owner closed it.
 */
struct _ChatSubscriptionClass
{
  GObjectClass parent_class;

  /* All may be missing. The base class counts pauses, waits for a forward in flight before it closes, and calls
   * close_async() at most once. */
  void (*pause) (ChatSubscription *self);
  void (*resume) (ChatSubscription *self);
  void (*get_lag) (ChatSubscription *self, gint64 *records, gint64 *milliseconds);
  ChatPosition *(*dup_position) (ChatSubscription *self);
  void (*close_async) (ChatSubscription *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*close_finish) (ChatSubscription *self, GAsyncResult *result, GError **error);

  /* delivering: right before `records` is emitted: note how far the reader is. */
  void (*delivering) (ChatSubscription *self, GPtrArray *batch);
  /* hungry: the queue runs low, nothing holds it, and somebody has called chat_subscription_refill(): queue more, or
   * begin to fetch it; where that may not be all, call refill again. */
  void (*hungry) (ChatSubscription *self);
  /* forward_ended: after a forward, while nothing is in flight. */
  void (*forward_ended) (ChatSubscription *self);

  gpointer padding[8];
};

/** chat_subscription_pause: no `records` until a resume (pauses count: two pauses want two resumes). May be called
 * inside a `records` handler. */
void chat_subscription_pause (ChatSubscription *self);
void chat_subscription_resume (ChatSubscription *self);
gboolean chat_subscription_is_paused (ChatSubscription *self);

/** chat_subscription_set_priority: the main-loop priority of `records`. The default lies below GTK's redraw; a service,
 * which has nothing to draw, wants G_PRIORITY_DEFAULT, or its own requests starve its readers. */
void chat_subscription_set_priority (ChatSubscription *self, int priority);

/** chat_subscription_get_lag: how far behind the end of its topics it is, in records (of all channels, also where it
 * filters) and milliseconds; -1 where the broker can't say. */
void chat_subscription_get_lag (ChatSubscription *self, gint64 *records, gint64 *milliseconds);

/** chat_subscription_dup_position: (transfer full): after what has been delivered so far (not: acknowledged). A
 * subscription that starts there misses nothing and repeats nothing. */
ChatPosition *chat_subscription_dup_position (ChatSubscription *self);

/** chat_subscription_close_async: delivers nothing more, waits for a forward in flight, gives its shards back, emits
 * `closed (NULL)`. Idempotent. Dropping the last reference closes too. */
void chat_subscription_close_async (ChatSubscription *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean chat_subscription_close_finish (ChatSubscription *self, GAsyncResult *result, GError **error);

/** chat_subscription_is_closed: also while it is closing. */
gboolean chat_subscription_is_closed (ChatSubscription *self);

/*
 * For implementations: the queue, and what every broker needs around it.
 */

/** CHAT_SUBSCRIPTION_LOW_WATER: hungry() is called with fewer records in the queue than this. */
#define CHAT_SUBSCRIPTION_LOW_WATER 64

/** chat_subscription_start: lets `records` flow once the callback of @subscribe has returned. */
void chat_subscription_start (ChatSubscription *self, GTask *subscribe);
/** chat_subscription_set_budget: most time of one dispatch, else 4,000 µs; 0 changes nothing. */
void chat_subscription_set_budget (ChatSubscription *self, guint budget_us);
/** chat_subscription_hold: nothing flows until the callback of @task has returned: a seek, an aborted forward. */
void chat_subscription_hold (ChatSubscription *self, GTask *task);

/** chat_subscription_queue_records: @batch: (element-type ChatRecord): behind what waits; it belongs to the queue from
 * here on. */
void chat_subscription_queue_records (ChatSubscription *self, GPtrArray *batch);
void chat_subscription_queue_gap (ChatSubscription *self, const char *topic, const char *shard, gint64 from, gint64 to);
/** chat_subscription_refill: there is more to read: hungry() is called from the main loop once it can be used. Cheap.
 */
void chat_subscription_refill (ChatSubscription *self);
guint chat_subscription_get_queued (ChatSubscription *self);
/** chat_subscription_peek: (transfer none) (nullable): the next record to be delivered. */
ChatRecord *chat_subscription_peek (ChatSubscription *self);

/** chat_subscription_drop_queued: @drop: (nullable): which records and, by a NULL record, whether gaps; NULL: all. */
void chat_subscription_drop_queued (ChatSubscription *self, gboolean (*drop) (ChatRecord *record, gpointer data),
                                    gpointer data);

/** chat_subscription_begin_forward: FALSE with PENDING (one is in flight) or CLOSED. */
gboolean chat_subscription_begin_forward (ChatSubscription *self, GError **error);
/** chat_subscription_end_forward: before the forward's callback, so that this may start the next one. */
void chat_subscription_end_forward (ChatSubscription *self);
gboolean chat_subscription_is_forwarding (ChatSubscription *self);

void chat_subscription_emit_revoked (ChatSubscription *self, const char *topic, GArray *shards);
/** chat_subscription_emit_closed: for good, from the broker's side: drops the queue. Nothing where it is closed. */
void chat_subscription_emit_closed (ChatSubscription *self, const GError *error);

G_END_DECLS
