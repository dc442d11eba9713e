/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "server/store/chat-channel-store.h"
#include "server/store/chat-counter-store.h"
#include "server/store/chat-message-store.h"
#include "server/store/chat-moderation-store.h"
#include "server/store/chat-outbox-store.h"
#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

/**
 * CHAT_STORE_ERROR:
 *
 * What a store can answer, in codes a caller can act on.
 */
#define CHAT_STORE_ERROR (chat_store_error_quark ())

typedef enum
{
  CHAT_STORE_ERROR_NOT_FOUND,
  CHAT_STORE_ERROR_CONFLICT,  /* the name, id or key is held by something else */
  CHAT_STORE_ERROR_BUSY,      /* locked by another, short of memory or files, or the disk failed: try again */
  CHAT_STORE_ERROR_FULL,      /* no room on the disk: wait, then try again */
  CHAT_STORE_ERROR_READ_ONLY, /* can't be made or written where it is */
  CHAT_STORE_ERROR_DAMAGED,   /* what is there can't be read: names the file and what to do */
  CHAT_STORE_ERROR_TOO_NEW,   /* written by a later version: nothing was touched */
  CHAT_STORE_ERROR_CLOSED,
  CHAT_STORE_ERROR_REFUSED, /* its server refuses us: says whom or what, and what to do */
} ChatStoreError;

GQuark chat_store_error_quark (void);

/** chat_store_error_is_passing: whether the same call may succeed later (BUSY, FULL). */
gboolean chat_store_error_is_passing (const GError *error);

/*
 * The contract of a database: one small interface per aggregate, typed queries, no SQL in a signature. Every call is an
 * asynchronous GTask pair behind a ChatWorker, and is one transaction. Calls that write run in order of the calls, and
 * so do those that read with the same function; others may overtake each other. A call that reads sees all that had
 * returned when it was made.
 *
 * A call that is cancelled before its turn does nothing (G_IO_ERROR_CANCELLED); one whose turn has come returns what it
 * did. Before open has returned and after close was called, every call is CHAT_STORE_ERROR_CLOSED; arguments that break
 * the contract are G_IO_ERROR_INVALID_ARGUMENT, a call that a back-end does not offer G_IO_ERROR_NOT_SUPPORTED.
 *
 * ChatStore::changed (ChatStore *self, const char *channel, gint64 head): records were stored in @channel, whose last
 * seq is now @head or later; told in the main context in which the store was made, while it is watched
 * (chat_store_watch_async). @channel NULL: some may have been missed (the connection was lost for a while): look at the
 * heads of all channels. It may be told more than once, and of one channel in any order: a head that is not beyond the
 * known one says nothing new.
 *
 * tests/conformance/test-store.c is the contract.
 */
#define CHAT_TYPE_STORE (chat_store_get_type ())
G_DECLARE_INTERFACE (ChatStore, chat_store, CHAT, STORE, GObject)

struct _ChatStoreInterface
{
  GTypeInterface parent_iface;

  void (*open_async) (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*open_finish) (ChatStore *self, GAsyncResult *result, GError **error);
  void (*close_async) (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*close_finish) (ChatStore *self, GAsyncResult *result, GError **error);
  void (*check_async) (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*check_finish) (ChatStore *self, GAsyncResult *result, GError **error);
  void (*watch_async) (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*watch_finish) (ChatStore *self, GAsyncResult *result, GError **error);

  ChatMessageStore *(*get_messages) (ChatStore *self);
  ChatChannelStore *(*get_channels) (ChatStore *self);
  ChatUserStore *(*get_users) (ChatStore *self);
  ChatModerationStore *(*get_moderation) (ChatStore *self);
  ChatCounterStore *(*get_counters) (ChatStore *self);
  ChatOutboxStore *(*get_outbox) (ChatStore *self);
};

/** chat_store_open_async: connects, creates what is missing, runs the migrations. Idempotent; may be called again after
 * it failed, and after a close has returned. */
void chat_store_open_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean chat_store_open_finish (ChatStore *self, GAsyncResult *result, GError **error);
/** chat_store_close_async: after what was called before; idempotent. */
void chat_store_close_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean chat_store_close_finish (ChatStore *self, GAsyncResult *result, GError **error);
/** chat_store_check_async: whether it can be read and written now (readiness). */
void chat_store_check_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean chat_store_check_finish (ChatStore *self, GAsyncResult *result, GError **error);
/** chat_store_watch_async: from its return on until the store is closed, `changed` tells of every append that is
 * committed, also those of other processes on the same database: PostgreSQL by LISTEN / NOTIFY. SQLite tells of those
 * of this store alone: processes that share its file are not told of each other. Idempotent. */
void chat_store_watch_async (ChatStore *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean chat_store_watch_finish (ChatStore *self, GAsyncResult *result, GError **error);

/* (transfer none): live as long as the store */
ChatMessageStore *chat_store_get_messages (ChatStore *self);
ChatChannelStore *chat_store_get_channels (ChatStore *self);
ChatUserStore *chat_store_get_users (ChatStore *self);
ChatModerationStore *chat_store_get_moderation (ChatStore *self);
ChatCounterStore *chat_store_get_counters (ChatStore *self);
/** chat_store_get_outbox: (nullable): NULL where a back-end has none: then store.write = direct is not to be had. */
ChatOutboxStore *chat_store_get_outbox (ChatStore *self);

G_END_DECLS
