/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-moderation-store.h"

#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatModerationStore, chat_moderation_store, G_TYPE_OBJECT)

static void
chat_moderation_store_default_init (ChatModerationStoreInterface *iface)
{
}

static const char *
strike_problem (const ChatStrike *strike)
{
  if (strike == NULL || strike->record_id == NULL || strike->channel == NULL || strike->user == NULL
      || strike->user_key == NULL || strike->rule == NULL || strike->original == NULL)
    return "A strike needs its record's id, channel, user, the user's key, rule and original text";
  if (strike->limit < 1)
    return "A strike's limit is 1 or more";
  return NULL;
}

ChatStrike *
chat_strike_copy (const ChatStrike *self)
{
  ChatStrike *copy = g_new (ChatStrike, 1);

  *copy = *self;
  copy->record_id = g_strdup (self->record_id);
  copy->channel = g_strdup (self->channel);
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->rule = g_strdup (self->rule);
  copy->spans = self->spans != NULL ? g_array_copy (self->spans) : NULL;
  copy->original = g_strdup (self->original);
  copy->rules_version = g_strdup (self->rules_version);
  copy->warning_id = g_strdup (self->warning_id);
  return copy;
}

void
chat_strike_free (ChatStrike *self)
{
  g_free (self->record_id);
  g_free (self->channel);
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->rule);
  g_clear_pointer (&self->spans, g_array_unref);
  g_free (self->original);
  g_free (self->rules_version);
  g_free (self->warning_id);
  g_free (self);
}

ChatBlock *
chat_block_copy (const ChatBlock *self)
{
  ChatBlock *copy = g_new (ChatBlock, 1);

  *copy = *self;
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->reason = g_strdup (self->reason);
  copy->record_id = g_strdup (self->record_id);
  return copy;
}

void
chat_block_free (ChatBlock *self)
{
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->reason);
  g_free (self->record_id);
  g_free (self);
}

void
chat_moderation_store_record_strike_async (ChatModerationStore *self, const ChatStrike *strike,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->record_strike_async != NULL,
                          strike_problem (strike), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->record_strike_async (self, strike, cancellable, callback, user_data);
}

ChatStrike *
chat_moderation_store_record_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->record_strike_finish (self, result, error);
}

void
chat_moderation_store_list_strikes_async (ChatModerationStore *self, const char *user_key, guint limit,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *problem = user_key == NULL ? "The user's key is missing"
                        : limit < 1      ? "A list has 1 entry or more"
                                         : NULL;

  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_strikes_async != NULL, problem, callback,
                          user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_strikes_async (self, user_key, limit, cancellable, callback,
                                                                user_data);
}

GPtrArray *
chat_moderation_store_list_strikes_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_strikes_finish (self, result, error);
}

void
chat_moderation_store_get_strike_async (ChatModerationStore *self, const char *record_id, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->get_strike_async != NULL,
                          record_id != NULL ? NULL : "The id of the record is missing", callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->get_strike_async (self, record_id, cancellable, callback, user_data);
}

ChatStrike *
chat_moderation_store_get_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->get_strike_finish (self, result, error);
}

void
chat_moderation_store_list_blocks_async (ChatModerationStore *self, gint64 now, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_blocks_async != NULL, NULL, callback,
                          user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_blocks_async (self, now, cancellable, callback, user_data);
}

GPtrArray *
chat_moderation_store_list_blocks_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_blocks_finish (self, result, error);
}

void
chat_moderation_store_lift_block_async (ChatModerationStore *self, const char *user_key, const char *by, gint64 now,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->lift_block_async != NULL,
                          user_key != NULL && by != NULL ? NULL : "Whose block is lifted, or by whom, is missing",
                          callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->lift_block_async (self, user_key, by, now, cancellable, callback,
                                                              user_data);
}

gboolean
chat_moderation_store_lift_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->lift_block_finish (self, result, error);
}
