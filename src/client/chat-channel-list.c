/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-channel-list.h"

#include "client/chat-channel-private.h"

struct _ChatChannelList
{
  GObject parent_instance;

  /* Owned */
  GPtrArray *channels;
  GHashTable *names; /* name (the channel's) → ChatChannel (borrowed) */
};

static void chat_channel_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatChannelList, chat_channel_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, chat_channel_list_model_init))

static guint
insert_sorted (ChatChannelList *self, ChatChannel *channel)
{
  guint place = self->channels->len;

  while (place > 0 && chat_channel_compare (g_ptr_array_index (self->channels, place - 1), channel) > 0)
    place--;
  g_ptr_array_insert (self->channels, (gint)place, channel);
  return place;
}

static void
title_cb (ChatChannel *channel, GParamSpec *pspec, ChatChannelList *self)
{
  guint before, after;

  if (!g_ptr_array_find (self->channels, channel, &before))
    return;
  g_ptr_array_steal_index (self->channels, before);
  after = insert_sorted (self, channel);
  if (before != after)
    g_list_model_items_changed (G_LIST_MODEL (self), MIN (before, after), MAX (before, after) - MIN (before, after) + 1,
                                MAX (before, after) - MIN (before, after) + 1);
}

/* GListModel */

static GType
chat_channel_list_get_item_type (GListModel *model)
{
  return CHAT_TYPE_CHANNEL;
}

static guint
chat_channel_list_get_n_items (GListModel *model)
{
  return CHAT_CHANNEL_LIST (model)->channels->len;
}

static gpointer
chat_channel_list_get_item (GListModel *model, guint place)
{
  ChatChannelList *self = CHAT_CHANNEL_LIST (model);

  return place < self->channels->len ? g_object_ref (g_ptr_array_index (self->channels, place)) : NULL;
}

static void
chat_channel_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = chat_channel_list_get_item_type;
  iface->get_n_items = chat_channel_list_get_n_items;
  iface->get_item = chat_channel_list_get_item;
}

/* Overrides */

static void
chat_channel_list_finalize (GObject *object)
{
  ChatChannelList *self = CHAT_CHANNEL_LIST (object);

  g_hash_table_unref (self->names);
  g_ptr_array_unref (self->channels);
  G_OBJECT_CLASS (chat_channel_list_parent_class)->finalize (object);
}

static void
chat_channel_list_class_init (ChatChannelListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_channel_list_finalize;
}

static void
chat_channel_list_init (ChatChannelList *self)
{
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->names = g_hash_table_new (g_str_hash, g_str_equal);
}

ChatChannelList *
chat_channel_list_new (void)
{
  return g_object_new (CHAT_TYPE_CHANNEL_LIST, NULL);
}

void
chat_channel_list_add (ChatChannelList *self, ChatChannel *channel)
{
  guint place;

  g_return_if_fail (chat_channel_list_find (self, chat_channel_get_name (channel)) == NULL);

  g_hash_table_insert (self->names, (gpointer)chat_channel_get_name (channel), channel);
  place = insert_sorted (self, g_object_ref (channel));
  g_signal_connect_object (channel, "notify::title", G_CALLBACK (title_cb), self, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), place, 0, 1);
}

void
chat_channel_list_remove (ChatChannelList *self, ChatChannel *channel)
{
  guint place;

  if (!g_ptr_array_find (self->channels, channel, &place))
    return;
  g_signal_handlers_disconnect_by_func (channel, title_cb, self);
  g_hash_table_remove (self->names, chat_channel_get_name (channel));
  g_ptr_array_remove_index (self->channels, place);
  g_list_model_items_changed (G_LIST_MODEL (self), place, 1, 0);
}

ChatChannel *
chat_channel_list_find (ChatChannelList *self, const char *name)
{
  return name != NULL ? g_hash_table_lookup (self->names, name) : NULL;
}

guint
chat_channel_list_get_length (ChatChannelList *self)
{
  return self->channels->len;
}

ChatChannel *
chat_channel_list_get (ChatChannelList *self, guint place)
{
  return g_ptr_array_index (self->channels, place);
}
