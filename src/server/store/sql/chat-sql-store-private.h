/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql-call.h"
#include "server/store/sql/chat-sql-store.h"

G_BEGIN_DECLS

/*
 * What the aggregates' files need: an asynchronous call copies its arguments into a struct of its file and hands them
 * over with the function that answers it.
 */

/**
 * chat_sql_store_read:
 * @self: the ChatSqlStore, as any of its interfaces
 * @tag: the asynchronous function, for the finish
 * @arguments: (transfer full) (nullable): for @func
 * @result_free: (nullable): NULL where @func returns a number
 *
 * Asks on the reading connection.
 */
void chat_sql_store_read (gpointer self, gpointer tag, ChatSqlFunc func, gpointer arguments,
                          GDestroyNotify arguments_free, GDestroyNotify result_free, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);

/** chat_sql_store_write: like chat_sql_store_read(), on the writing connection; returns once it is on the disk.
 */
void chat_sql_store_write (gpointer self, gpointer tag, ChatSqlFunc func, gpointer arguments,
                           GDestroyNotify arguments_free, GDestroyNotify result_free, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);

/** chat_sql_store_write_alone: like chat_sql_store_write(), in a transaction of its own: for a row that every process
 * writes, which none is to hold while it waits for what another holds. */
void chat_sql_store_write_alone (gpointer self, gpointer tag, ChatSqlFunc func, gpointer arguments,
                                 GDestroyNotify arguments_free, GDestroyNotify result_free, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);

/** chat_sql_store_finish: what a call's function returned. */
gpointer chat_sql_store_finish (gpointer self, gpointer tag, GAsyncResult *result, GError **error);

/** chat_sql_store_finish_number: the number that a call's function returned; -1 with @error. */
gssize chat_sql_store_finish_number (gpointer self, gpointer tag, GAsyncResult *result, GError **error);

/* The aggregates, one file each. */
void chat_sql_messages_iface_init (ChatMessageStoreInterface *iface);
void chat_sql_channels_iface_init (ChatChannelStoreInterface *iface);
void chat_sql_users_iface_init (ChatUserStoreInterface *iface);
void chat_sql_accounts_iface_init (ChatUserStoreInterface *iface); /* the rest of the users */
void chat_sql_counters_iface_init (ChatCounterStoreInterface *iface);
void chat_sql_moderation_iface_init (ChatModerationStoreInterface *iface);
void chat_sql_outbox_iface_init (ChatOutboxStoreInterface *iface);

G_END_DECLS
