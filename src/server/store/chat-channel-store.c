/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-channel-store.h"

#include "core/chat-names.h"
#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatChannelStore, chat_channel_store, G_TYPE_OBJECT)

static void
chat_channel_store_default_init (ChatChannelStoreInterface *iface)
{
}

static const char *
info_problem (const ChatChannelInfo *info, const char *const *member_keys)
{
  if (info == NULL || info->name == NULL || !chat_channel_name_check (info->name, NULL))
    return "A channel to make needs a valid name";
  if (info->kind != CHAT_CHANNEL_PUBLIC && info->kind != CHAT_CHANNEL_PRIVATE)
    return "A channel to make is public or private";
  if (info->kind == CHAT_CHANNEL_PRIVATE && (info->members == NULL || info->members[0] == NULL))
    return "A private conversation to make needs its members";
  if ((info->members != NULL ? g_strv_length (info->members) : 0)
      != (member_keys != NULL ? g_strv_length ((char **)member_keys) : 0))
    return "A channel to make needs the key of each of its members, in the same order";
  return NULL;
}

static const char *
user_problem (const char *name, const char *user_key)
{
  return name != NULL && user_key != NULL ? NULL : "The channel's name or the user's name or key is missing";
}

static const char *
name_problem (const char *name)
{
  return name != NULL ? NULL : "The channel's name is missing";
}

ChatChannelInfo *
chat_channel_info_copy (const ChatChannelInfo *self)
{
  ChatChannelInfo *copy = g_new (ChatChannelInfo, 1);

  *copy = *self;
  copy->name = g_strdup (self->name);
  copy->topic = g_strdup (self->topic);
  copy->language = g_strdup (self->language);
  copy->members = g_strdupv (self->members);
  return copy;
}

void
chat_channel_info_free (ChatChannelInfo *self)
{
  g_free (self->name);
  g_free (self->topic);
  g_free (self->language);
  g_strfreev (self->members);
  g_free (self);
}

void
chat_channel_store_list_async (ChatChannelStore *self, const char *user_key, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_CHANNEL_STORE (self));

  if (chat_store_accepts (self, CHAT_CHANNEL_STORE_GET_IFACE (self)->list_async != NULL, NULL, callback, user_data))
    CHAT_CHANNEL_STORE_GET_IFACE (self)->list_async (self, user_key, cancellable, callback, user_data);
}

GPtrArray *
chat_channel_store_list_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_CHANNEL_STORE_GET_IFACE (self)->list_finish (self, result, error);
}

void
chat_channel_store_get_async (ChatChannelStore *self, const char *name, const char *user_key, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_CHANNEL_STORE (self));

  if (chat_store_accepts (self, CHAT_CHANNEL_STORE_GET_IFACE (self)->get_async != NULL, name_problem (name), callback,
                          user_data))
    CHAT_CHANNEL_STORE_GET_IFACE (self)->get_async (self, name, user_key, cancellable, callback, user_data);
}

ChatChannelInfo *
chat_channel_store_get_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_CHANNEL_STORE_GET_IFACE (self)->get_finish (self, result, error);
}

void
chat_channel_store_ensure_async (ChatChannelStore *self, const ChatChannelInfo *info, const char *const *member_keys,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_CHANNEL_STORE (self));

  if (chat_store_accepts (self, CHAT_CHANNEL_STORE_GET_IFACE (self)->ensure_async != NULL,
                          info_problem (info, member_keys), callback, user_data))
    CHAT_CHANNEL_STORE_GET_IFACE (self)->ensure_async (self, info, member_keys, cancellable, callback, user_data);
}

gboolean
chat_channel_store_ensure_finish (ChatChannelStore *self, GAsyncResult *result, gboolean *created, GError **error)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_CHANNEL_STORE_GET_IFACE (self)->ensure_finish (self, result, created, error);
}

void
chat_channel_store_update_async (ChatChannelStore *self, const char *name, const char *topic, const char *language,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_CHANNEL_STORE (self));

  if (chat_store_accepts (self, CHAT_CHANNEL_STORE_GET_IFACE (self)->update_async != NULL, name_problem (name),
                          callback, user_data))
    CHAT_CHANNEL_STORE_GET_IFACE (self)->update_async (self, name, topic, language, cancellable, callback, user_data);
}

gboolean
chat_channel_store_update_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_CHANNEL_STORE_GET_IFACE (self)->update_finish (self, result, error);
}

void
chat_channel_store_set_member_async (ChatChannelStore *self, const char *name, const char *user, const char *user_key,
                                     gboolean member, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_return_if_fail (CHAT_IS_CHANNEL_STORE (self));

  if (chat_store_accepts (self, CHAT_CHANNEL_STORE_GET_IFACE (self)->set_member_async != NULL,
                          user != NULL ? user_problem (name, user_key) : user_problem (name, NULL), callback,
                          user_data))
    CHAT_CHANNEL_STORE_GET_IFACE (self)->set_member_async (self, name, user, user_key, member, cancellable, callback,
                                                           user_data);
}

gboolean
chat_channel_store_set_member_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_CHANNEL_STORE_GET_IFACE (self)->set_member_finish (self, result, error);
}

void
chat_channel_store_set_read_async (ChatChannelStore *self, const char *name, const char *user_key, gint64 seq,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *problem = seq >= 0 ? user_problem (name, user_key) : "A read marker is a seq from 0 on";

  g_return_if_fail (CHAT_IS_CHANNEL_STORE (self));

  if (chat_store_accepts (self, CHAT_CHANNEL_STORE_GET_IFACE (self)->set_read_async != NULL, problem, callback,
                          user_data))
    CHAT_CHANNEL_STORE_GET_IFACE (self)->set_read_async (self, name, user_key, seq, cancellable, callback, user_data);
}

gboolean
chat_channel_store_set_read_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_CHANNEL_STORE_GET_IFACE (self)->set_read_finish (self, result, error);
}
