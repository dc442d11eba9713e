/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_FORWARDER (chat_forwarder_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatForwarder, chat_forwarder, CHAT, FORWARDER, GObject)

/**
 * ChatForwarder: (implements ChatService)
 *
 * The loop of every role that consumes: it reads topics in a group, hands its subclass one batch at a time (what
 * arrived while the one before was on its way), and forwards what the subclass makes of it. A batch is handed over
 * again whenever its forward did not happen, so what a subclass does must be idempotent by the ids of the records.
 *
 * - The subclass answers with a passing error: the same batch again after a back-off; meanwhile the subscription fills
 *   up to a bound and is paused. With another error: `failed`.
 * - A forward is aborted: the batch and what waits behind it are dropped, for the transport delivers them again.
 * - Shards are revoked: their records are dropped from the batch, and the rest is handed over again.
 * - A stop: the batch in flight is finished, what waits behind it is left to the next start.
 *
 * Signal `waiting (GError *error)`: a batch could not be processed or forwarded, and is tried again later; @error is
 * NULL once one has gone through after that.
 *
 * A subclass may hand the callback of one of its calls on to another object's call, and finish that.
 *
 * Construct properties: `transport`, `group` (also the service's name), `topics` (GStrv); property `batch`: most
 * records of one, 1–1,024, else 512.
 */
struct _ChatForwarderClass
{
  GObjectClass parent_class;

  /** prepare_async: (nullable): before the subscription; an error fails the start. */
  void (*prepare_async) (ChatForwarder *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data);
  gboolean (*prepare_finish) (ChatForwarder *self, GAsyncResult *result, GError **error);

  /** process_async: @inputs: (element-type ChatRecord): not changed until it calls back. One at a time. The finish:
   * (transfer full) (element-type ChatRecord): what is to be forwarded, in this order. */
  void (*process_async) (ChatForwarder *self, GPtrArray *inputs, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*process_finish) (ChatForwarder *self, GAsyncResult *result, GError **error);

  /** forwarded: (nullable): the batch handed over last has been forwarded and will not come again. */
  void (*forwarded) (ChatForwarder *self);

  /** is_passing: (nullable): whether what failed with @error in process_async() may succeed later. */
  gboolean (*is_passing) (ChatForwarder *self, const GError *error);

  /** release_async: (nullable): when it stops, after the subscription is closed. */
  void (*release_async) (ChatForwarder *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data);
  gboolean (*release_finish) (ChatForwarder *self, GAsyncResult *result, GError **error);

  gpointer padding[4];
};

/** chat_forwarder_get_lag: how far its subscription is behind, as chat_subscription_get_lag(); -1 while it has none. */
void chat_forwarder_get_lag (ChatForwarder *self, gint64 *records, gint64 *milliseconds);

/** chat_forwarder_fail: for subclasses: it can't go on: nothing new is taken up, and `failed` is emitted. */
void chat_forwarder_fail (ChatForwarder *self, const GError *error);

G_END_DECLS
