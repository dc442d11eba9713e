/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-counter-store.h"

#include "core/chat-time.h"
#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatCounterStore, chat_counter_store, G_TYPE_OBJECT)

static void
chat_counter_store_default_init (ChatCounterStoreInterface *iface)
{
}

static const char *
query_problem (const ChatCounterQuery *query)
{
  if (query == NULL || (guint)query->kind > CHAT_COUNTER_BLOCKS || (guint)query->step > CHAT_COUNTER_DAY
      || (guint)query->group > CHAT_COUNTER_BY_AUTHOR)
    return "A question about counters says what to count, by which time and by which group";
  if (query->kind == CHAT_COUNTER_USERS && query->group == CHAT_COUNTER_BY_AUTHOR)
    return "Users can't be counted by author";
  if (query->limit < 1)
    return "A list has 1 entry or more";
  return NULL;
}

void
chat_counter_row_free (ChatCounterRow *self)
{
  g_free (self->group);
  g_free (self);
}

void
chat_counter_store_query_async (ChatCounterStore *self, const ChatCounterQuery *query, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_COUNTER_STORE (self));

  if (chat_store_accepts (self, CHAT_COUNTER_STORE_GET_IFACE (self)->query_async != NULL, query_problem (query),
                          callback, user_data))
    CHAT_COUNTER_STORE_GET_IFACE (self)->query_async (self, query, cancellable, callback, user_data);
}

GPtrArray *
chat_counter_store_query_finish (ChatCounterStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_COUNTER_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_COUNTER_STORE_GET_IFACE (self)->query_finish (self, result, error);
}

void
chat_counter_store_rebuild_async (ChatCounterStore *self, gint64 after, guint limit, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_COUNTER_STORE (self));

  if (chat_store_accepts (self, CHAT_COUNTER_STORE_GET_IFACE (self)->rebuild_async != NULL,
                          after >= 0 && limit >= 1
                              ? NULL
                              : "A step of a rebuild goes on from 0 or what the last one said, with 1 record or more",
                          callback, user_data))
    CHAT_COUNTER_STORE_GET_IFACE (self)->rebuild_async (self, after, limit, cancellable, callback, user_data);
}

gboolean
chat_counter_store_rebuild_finish (ChatCounterStore *self, GAsyncResult *result, gint64 *next, GError **error)
{
  g_return_val_if_fail (CHAT_IS_COUNTER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_COUNTER_STORE_GET_IFACE (self)->rebuild_finish (self, result, next, error);
}
