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
 * never before the callback of chat_transport_subscribe_finish() has returned.
 *
 * Signals:
 * - `records (GPtrArray *batch)`: (element-type ChatRecord), never empty. With a dispatch budget of 4 ms a long backlog
 * comes in several main-loop iterations, below redraw priority.
 * - `revoked (GArray *shards)`: (element-type gint): a group member lost these shards, after its forward in flight has
 * ended.
 * - `gap (char *shard, gint64 from, gint64 to)`: what lies between is gone for this reader (retention, a dropped
 * reader): fetch it elsewhere.
 * - `closed (GError *error)`: for good; @error is NULL when the owner closed it.
 */
struct _ChatSubscriptionClass
{
  GObjectClass parent_class;

  void (*pause) (ChatSubscription *self);
  void (*resume) (ChatSubscription *self);
  void (*get_lag) (ChatSubscription *self, gint64 *records, gint64 *milliseconds);
  ChatPosition *(*dup_position) (ChatSubscription *self);
  void (*close_async) (ChatSubscription *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*close_finish) (ChatSubscription *self, GAsyncResult *result, GError **error);

  gpointer padding[8];
};

/** chat_subscription_pause: no `records` until a resume (pauses count: two pauses want two resumes). May be called
 * inside a `records` handler. */
void chat_subscription_pause (ChatSubscription *self);
void chat_subscription_resume (ChatSubscription *self);
gboolean chat_subscription_is_paused (ChatSubscription *self);

/** chat_subscription_get_lag: how far behind the end of its topics it is, in records and milliseconds; -1 where the
 * broker can't say. */
void chat_subscription_get_lag (ChatSubscription *self, gint64 *records, gint64 *milliseconds);

/** chat_subscription_dup_position: (transfer full): after what has been delivered so far (not: acknowledged). */
ChatPosition *chat_subscription_dup_position (ChatSubscription *self);

/** chat_subscription_close_async: waits for a forward in flight, gives its shards back, emits `closed (NULL)`.
 * Idempotent. Dropping the last reference closes too. */
void chat_subscription_close_async (ChatSubscription *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean chat_subscription_close_finish (ChatSubscription *self, GAsyncResult *result, GError **error);

/* For implementations. A paused subscription must not be given records. */
void chat_subscription_emit_records (ChatSubscription *self, GPtrArray *batch);
void chat_subscription_emit_revoked (ChatSubscription *self, GArray *shards);
void chat_subscription_emit_gap (ChatSubscription *self, const char *shard, gint64 from, gint64 to);
void chat_subscription_emit_closed (ChatSubscription *self, const GError *error);

G_END_DECLS
