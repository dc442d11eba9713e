/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChatWaiters:
 *
 * Calls that wait for the same thing, a connection say. A call whose cancellable fires is answered and leaves.
 */
typedef struct _ChatWaiters ChatWaiters;

ChatWaiters *chat_waiters_new (void);
/** chat_waiters_free: answers whoever still waits with CANCELLED. */
void chat_waiters_free (ChatWaiters *self);

/** chat_waiters_add: @task: referenced until it is answered or taken. */
void chat_waiters_add (ChatWaiters *self, GTask *task);
guint chat_waiters_get_length (const ChatWaiters *self);
/** chat_waiters_take: @task leaves, and the caller answers; FALSE: it has been answered. */
gboolean chat_waiters_take (ChatWaiters *self, GTask *task);
/** chat_waiters_list: (transfer full) (element-type GTask): in the order in which they came; they go on waiting. */
GPtrArray *chat_waiters_list (const ChatWaiters *self);
/** chat_waiters_take_all: (transfer full) (element-type GTask): in the order in which they came; the caller answers. */
GPtrArray *chat_waiters_take_all (ChatWaiters *self);
/** chat_waiters_answer: @error: (nullable): NULL answers TRUE. */
void chat_waiters_answer (ChatWaiters *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatWaiters, chat_waiters_free)

G_END_DECLS
