/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/**
 * ChatSqlFunc:
 * @arguments: what the call was made with
 *
 * One query: runs on the worker's thread, within a transaction.
 *
 * Returns: what the finish returns: a pointer, or GINT_TO_POINTER() of a number from 0 where the call has no
 *   result_free; nothing after a failure of @database
 */
typedef gpointer (*ChatSqlFunc) (ChatSql *database, gconstpointer arguments);

/** chat_sql_call_attach: makes @task a call of @func. @arguments: (transfer full) (nullable). */
void chat_sql_call_attach (GTask *task, ChatSqlFunc func, gpointer arguments, GDestroyNotify arguments_free,
                           GDestroyNotify result_free);

/** chat_sql_call_alone: a ChatWorkerFunc: the call in a transaction of its own. */
void chat_sql_call_alone (GTask *task, gpointer database, gpointer call, GCancellable *cancellable);

/** chat_sql_call_write: a ChatWorkerBatchFunc: the calls in one transaction; each fails alone. A call that was
 * cancelled before does nothing, later it goes through. */
void chat_sql_call_write (GPtrArray *tasks, gpointer database);

G_END_DECLS
