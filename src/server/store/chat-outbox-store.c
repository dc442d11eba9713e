/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-outbox-store.h"

#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatOutboxStore, chat_outbox_store, G_TYPE_OBJECT)

static void
chat_outbox_store_default_init (ChatOutboxStoreInterface *iface)
{
}

void
chat_outbox_entry_free (ChatOutboxEntry *self)
{
  g_free (self->id);
  g_free (self->digest);
  g_free (self->channel);
  g_free (self->signature);
  g_free (self->record);
  g_free (self);
}

static const char *
entries_problem (GPtrArray *entries)
{
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const ChatOutboxEntry *entry = entries->pdata[i];

      if (entry->id == NULL || entry->digest == NULL || entry->channel == NULL || entry->record == NULL)
        return "What is accepted has an id, a digest, a channel and a record";
    }
  return entries == NULL || entries->len == 0 ? "There is nothing to add" : NULL;
}

void
chat_outbox_store_add_async (ChatOutboxStore *self, GPtrArray *entries, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_OUTBOX_STORE (self));

  if (chat_store_accepts (self, CHAT_OUTBOX_STORE_GET_IFACE (self)->add_async != NULL, entries_problem (entries),
                          callback, user_data))
    CHAT_OUTBOX_STORE_GET_IFACE (self)->add_async (self, entries, cancellable, callback, user_data);
}

GArray *
chat_outbox_store_add_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_OUTBOX_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_OUTBOX_STORE_GET_IFACE (self)->add_finish (self, result, error);
}

void
chat_outbox_store_claim_async (ChatOutboxStore *self, const char *owner, gint64 now, gint64 until, guint limit,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *problem = NULL;

  g_return_if_fail (CHAT_IS_OUTBOX_STORE (self));

  if (owner == NULL || *owner == '\0' || until < now || limit < 1)
    problem = "A claim has an owner, an end that is not over, and room for 1 entry or more";
  if (chat_store_accepts (self, CHAT_OUTBOX_STORE_GET_IFACE (self)->claim_async != NULL, problem, callback, user_data))
    CHAT_OUTBOX_STORE_GET_IFACE (self)->claim_async (self, owner, now, until, limit, cancellable, callback, user_data);
}

GPtrArray *
chat_outbox_store_claim_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_OUTBOX_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_OUTBOX_STORE_GET_IFACE (self)->claim_finish (self, result, error);
}

void
chat_outbox_store_done_async (ChatOutboxStore *self, GArray *numbers, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_OUTBOX_STORE (self));

  if (chat_store_accepts (self, CHAT_OUTBOX_STORE_GET_IFACE (self)->done_async != NULL,
                          numbers != NULL ? NULL : "It is not said what is done", callback, user_data))
    CHAT_OUTBOX_STORE_GET_IFACE (self)->done_async (self, numbers, cancellable, callback, user_data);
}

gboolean
chat_outbox_store_done_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_OUTBOX_STORE (self), FALSE);

  return !chat_store_refused (result, error) && CHAT_OUTBOX_STORE_GET_IFACE (self)->done_finish (self, result, error);
}

void
chat_outbox_store_forget_async (ChatOutboxStore *self, gint64 before, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_OUTBOX_STORE (self));

  if (chat_store_accepts (self, CHAT_OUTBOX_STORE_GET_IFACE (self)->forget_async != NULL, NULL, callback, user_data))
    CHAT_OUTBOX_STORE_GET_IFACE (self)->forget_async (self, before, cancellable, callback, user_data);
}

gboolean
chat_outbox_store_forget_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_OUTBOX_STORE (self), FALSE);

  return !chat_store_refused (result, error) && CHAT_OUTBOX_STORE_GET_IFACE (self)->forget_finish (self, result, error);
}
