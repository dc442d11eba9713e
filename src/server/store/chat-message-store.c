/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-message-store.h"

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatMessageStore, chat_message_store, G_TYPE_OBJECT)

static void
chat_message_store_default_init (ChatMessageStoreInterface *iface)
{
}

static const char *
append_problem (GPtrArray *messages)
{
  if (messages == NULL)
    return "There is no array of messages to append";

  for (guint i = 0; i < messages->len; i++)
    {
      const ChatMessage *message = g_ptr_array_index (messages, i);
      const char *id = chat_message_get_id (message);
      const char *channel = chat_message_get_channel (message);

      if (id == NULL || *id == '\0')
        return "A message to append needs its “id”";
      if (channel == NULL || !chat_channel_name_check (channel, NULL))
        return "A message to append needs a valid “channel”";
      if (chat_message_get_timestamp (message) == CHAT_TIME_UNKNOWN)
        return "A message to append needs its “timestamp”";
    }
  return NULL;
}

static const char *
page_problem (const char *channel, const ChatPage *page)
{
  int anchors;

  if (channel == NULL || page == NULL)
    return "A page needs the name of its channel and where it lies";
  if (page->limit < 1 || page->limit > CHAT_PAGE_MAX_LIMIT)
    return "A page has 1 to " G_STRINGIFY (CHAT_PAGE_MAX_LIMIT) " messages";
  if (page->seq < 0)
    return "A page's anchor is a seq from 0 on";

  anchors = (page->seq != 0) + (page->id != NULL) + (page->time_ms != CHAT_TIME_UNKNOWN);
  switch (page->kind)
    {
    case CHAT_PAGE_LATEST:
      return anchors == 0 ? NULL : "The latest page has no anchor";
    case CHAT_PAGE_AFTER:
      return anchors <= 1 ? NULL : "A page has one anchor: a seq, an id or a time";
    case CHAT_PAGE_BEFORE:
    case CHAT_PAGE_AROUND:
      return anchors == 1 ? NULL : "A page before or around something has one anchor: a seq, an id or a time";
    default:
      return "This kind of page is not known";
    }
}

static const char *
search_problem (const ChatSearch *search)
{
  if (search == NULL || search->limit < 1 || search->limit > CHAT_PAGE_MAX_LIMIT)
    return "A search gives 1 to " G_STRINGIFY (CHAT_PAGE_MAX_LIMIT) " messages";
  if (search->before < 0)
    return "A search goes on from 0 or from what the page before said";
  return NULL;
}

void
chat_search_page_free (ChatSearchPage *self)
{
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_free (self);
}

void
chat_message_page_free (ChatMessagePage *self)
{
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_free (self);
}

void
chat_message_store_append_async (ChatMessageStore *self, GPtrArray *messages, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MESSAGE_STORE (self));

  if (chat_store_accepts (self, CHAT_MESSAGE_STORE_GET_IFACE (self)->append_async != NULL, append_problem (messages),
                          callback, user_data))
    CHAT_MESSAGE_STORE_GET_IFACE (self)->append_async (self, messages, cancellable, callback, user_data);
}

GArray *
chat_message_store_append_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MESSAGE_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MESSAGE_STORE_GET_IFACE (self)->append_finish (self, result, error);
}

void
chat_message_store_list_async (ChatMessageStore *self, const char *channel, const ChatPage *page,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MESSAGE_STORE (self));

  if (chat_store_accepts (self, CHAT_MESSAGE_STORE_GET_IFACE (self)->list_async != NULL, page_problem (channel, page),
                          callback, user_data))
    CHAT_MESSAGE_STORE_GET_IFACE (self)->list_async (self, channel, page, cancellable, callback, user_data);
}

ChatMessagePage *
chat_message_store_list_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MESSAGE_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MESSAGE_STORE_GET_IFACE (self)->list_finish (self, result, error);
}

void
chat_message_store_get_async (ChatMessageStore *self, const char *id, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MESSAGE_STORE (self));

  if (chat_store_accepts (self, CHAT_MESSAGE_STORE_GET_IFACE (self)->get_async != NULL,
                          id != NULL ? NULL : "The id of the message is missing", callback, user_data))
    CHAT_MESSAGE_STORE_GET_IFACE (self)->get_async (self, id, cancellable, callback, user_data);
}

ChatMessage *
chat_message_store_get_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MESSAGE_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MESSAGE_STORE_GET_IFACE (self)->get_finish (self, result, error);
}

void
chat_message_store_search_async (ChatMessageStore *self, const ChatSearch *search, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MESSAGE_STORE (self));

  if (chat_store_accepts (self, CHAT_MESSAGE_STORE_GET_IFACE (self)->search_async != NULL, search_problem (search),
                          callback, user_data))
    CHAT_MESSAGE_STORE_GET_IFACE (self)->search_async (self, search, cancellable, callback, user_data);
}

ChatSearchPage *
chat_message_store_search_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MESSAGE_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MESSAGE_STORE_GET_IFACE (self)->search_finish (self, result, error);
}
