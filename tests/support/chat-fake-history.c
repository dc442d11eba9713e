/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-fake-history.h"

#include "client/chat-client-error.h"

struct _ChatFakeHistory
{
  GObject parent_instance;

  /* Owned */
  GPtrArray *messages; /* ChatMessage: its seq is its place and 1 */
  GPtrArray *waiting;  /* GTask, each with its page, or NULL: it fails */

  ChatHistoryQuery last;
  gboolean held;
  guint fail;
  guint calls;
};

static void chat_fake_history_iface_init (ChatHistoryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatFakeHistory, chat_fake_history, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_HISTORY, chat_fake_history_iface_init))

/* (transfer full) */
static ChatHistoryPage *
make_page (ChatFakeHistory *self, const ChatHistoryQuery *query)
{
  ChatHistoryPage *page = g_new0 (ChatHistoryPage, 1);
  gint64 head = self->messages->len, limit = query->limit, from, to;

  if (query->before > 0)
    {
      to = MIN (query->before - 1, head);
      from = MAX (to - limit + 1, 1);
    }
  else if (query->after > 0)
    {
      from = query->after + 1;
      to = MIN (from + limit - 1, head);
    }
  else
    {
      to = head;
      from = MAX (to - limit + 1, 1);
    }
  page->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  for (gint64 seq = from; seq <= to; seq++)
    g_ptr_array_add (page->messages, chat_message_ref (g_ptr_array_index (self->messages, seq - 1)));
  page->head = head;
  page->first = head > 0 ? 1 : 0;
  page->more_before = from > 1 && head > 0;
  page->more_after = to < head;
  return page;
}

static void
answer (GTask *task)
{
  ChatHistoryPage *page = g_task_get_task_data (task);

  g_task_set_task_data (task, NULL, NULL);
  if (page != NULL)
    g_task_return_pointer (task, page, (GDestroyNotify)chat_history_page_free);
  else
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, "The history was told to fail");
}

/* ChatHistory */

static void
chat_fake_history_fetch_async (ChatHistory *history, const char *channel, const ChatHistoryQuery *query,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeHistory *self = CHAT_FAKE_HISTORY (history);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  self->calls++;
  self->last = *query;
  /* no destroy function: answer() gives it on */
  g_task_set_task_data (task, self->fail > 0 ? NULL : make_page (self, query), NULL);
  if (self->fail > 0)
    self->fail--;
  if (self->held)
    g_ptr_array_add (self->waiting, g_steal_pointer (&task));
  else
    answer (task);
}

static ChatHistoryPage *
chat_fake_history_fetch_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
chat_fake_history_iface_init (ChatHistoryInterface *iface)
{
  iface->fetch_async = chat_fake_history_fetch_async;
  iface->fetch_finish = chat_fake_history_fetch_finish;
}

/* Overrides */

static void
chat_fake_history_finalize (GObject *object)
{
  ChatFakeHistory *self = CHAT_FAKE_HISTORY (object);

  g_ptr_array_unref (self->messages);
  g_ptr_array_unref (self->waiting);
  G_OBJECT_CLASS (chat_fake_history_parent_class)->finalize (object);
}

static void
chat_fake_history_class_init (ChatFakeHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_fake_history_finalize;
}

static void
chat_fake_history_init (ChatFakeHistory *self)
{
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}

ChatFakeHistory *
chat_fake_history_new (void)
{
  return g_object_new (CHAT_TYPE_FAKE_HISTORY, NULL);
}

gint64
chat_fake_history_append (ChatFakeHistory *self, ChatMessage *message)
{
  ChatMessage *stored = chat_message_copy (message);

  chat_message_set_seq (stored, (gint64)self->messages->len + 1);
  g_ptr_array_add (self->messages, stored);
  return self->messages->len;
}

gint64
chat_fake_history_get_head (ChatFakeHistory *self)
{
  return self->messages->len;
}

void
chat_fake_history_clear (ChatFakeHistory *self)
{
  g_ptr_array_set_size (self->messages, 0);
}

void
chat_fake_history_hold (ChatFakeHistory *self, gboolean hold)
{
  self->held = hold;
}

gboolean
chat_fake_history_release (ChatFakeHistory *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < waiting->len; i++)
    answer (g_ptr_array_index (waiting, i));
  return waiting->len > 0;
}

void
chat_fake_history_fail (ChatFakeHistory *self, guint count)
{
  self->fail = count;
}

guint
chat_fake_history_get_calls (ChatFakeHistory *self)
{
  return self->calls;
}

const ChatHistoryQuery *
chat_fake_history_get_last (ChatFakeHistory *self)
{
  return &self->last;
}
