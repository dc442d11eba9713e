/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-local-history.h"

#include "client/chat-client-error.h"

struct _ChatLocalHistory
{
  GObject parent_instance;

  /* Owned */
  ChatHistory *service;
  ChatCache *cache;
};

static void chat_local_history_iface_init (ChatHistoryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatLocalHistory, chat_local_history, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_HISTORY, chat_local_history_iface_init))

/* One question: the data of its task. */
typedef struct
{
  char *channel;
  ChatHistoryQuery query;
  GError *error; /* the service's */
} Question;

static void
question_free (Question *question)
{
  g_free (question->channel);
  g_clear_error (&question->error);
  g_free (question);
}

/* Whether the service may well have what it could not give now. */
static gboolean
is_out_of_reach (const GError *error)
{
  return g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE)
         || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_SERVICE)
         || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_TOKEN)
         || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL);
}

static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Question *question = g_task_get_task_data (task);
  g_autoptr (GPtrArray) messages = chat_cache_load_finish (CHAT_CACHE (source), result, NULL);
  ChatHistoryPage *page;

  if (messages == NULL || messages->len == 0)
    {
      g_task_return_error (task, g_steal_pointer (&question->error));
      return;
    }
  page = g_new0 (ChatHistoryPage, 1);
  page->local = TRUE;
  page->first = chat_message_get_seq (g_ptr_array_index (messages, 0));
  page->head = question->query.before - 1;
  page->more_before = page->first > 1;
  page->more_after = TRUE;
  page->messages = g_steal_pointer (&messages);
  g_task_return_pointer (task, page, (GDestroyNotify)chat_history_page_free);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatLocalHistory *self = g_task_get_source_object (task);
  Question *question = g_task_get_task_data (task);
  ChatHistoryPage *page = chat_history_fetch_finish (CHAT_HISTORY (source), result, &question->error);

  if (page != NULL)
    g_task_return_pointer (task, page, (GDestroyNotify)chat_history_page_free);
  else if (question->query.before > 0 && is_out_of_reach (question->error))
    chat_cache_load_before_async (self->cache, question->channel, question->query.before, question->query.limit,
                                  g_task_get_cancellable (task), kept_cb, g_object_ref (task));
  else
    g_task_return_error (task, g_steal_pointer (&question->error));
}

/* ChatHistory */

static void
chat_local_history_fetch_async (ChatHistory *history, const char *channel, const ChatHistoryQuery *query,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLocalHistory *self = CHAT_LOCAL_HISTORY (history);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);

  g_task_set_source_tag (task, chat_local_history_fetch_async);
  question->channel = g_strdup (channel);
  question->query = *query;
  question->query.around_id = NULL; /* borrowed, and not looked at again */
  g_task_set_task_data (task, question, (GDestroyNotify)question_free);
  chat_history_fetch_async (self->service, channel, query, cancellable, fetched_cb, task);
}

static ChatHistoryPage *
chat_local_history_fetch_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, history), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  ChatMessage *message = chat_history_get_finish (CHAT_HISTORY (source), result, &error);

  if (message != NULL)
    g_task_return_pointer (task, message, (GDestroyNotify)chat_message_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
chat_local_history_get_async (ChatHistory *history, const char *id, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLocalHistory *self = CHAT_LOCAL_HISTORY (history);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_local_history_get_async);
  chat_history_get_async (self->service, id, cancellable, got_cb, task);
}

static ChatMessage *
chat_local_history_get_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, history), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
chat_local_history_iface_init (ChatHistoryInterface *iface)
{
  iface->fetch_async = chat_local_history_fetch_async;
  iface->fetch_finish = chat_local_history_fetch_finish;
  iface->get_async = chat_local_history_get_async;
  iface->get_finish = chat_local_history_get_finish;
}

/* Overrides */

static void
chat_local_history_finalize (GObject *object)
{
  ChatLocalHistory *self = CHAT_LOCAL_HISTORY (object);

  g_clear_object (&self->service);
  g_clear_object (&self->cache);
  G_OBJECT_CLASS (chat_local_history_parent_class)->finalize (object);
}

static void
chat_local_history_class_init (ChatLocalHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_local_history_finalize;
}

static void
chat_local_history_init (ChatLocalHistory *self)
{
}

ChatLocalHistory *
chat_local_history_new (ChatHistory *service, ChatCache *cache)
{
  ChatLocalHistory *self = g_object_new (CHAT_TYPE_LOCAL_HISTORY, NULL);

  g_set_object (&self->service, service);
  g_set_object (&self->cache, cache);
  return self;
}
