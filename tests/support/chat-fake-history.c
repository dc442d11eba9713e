/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-fake-history.h"

#include "client/chat-client-error.h"
#include "core/chat-time.h"

#include <string.h>

struct _ChatFakeHistory
{
  GObject parent_instance;

  /* Owned */
  GPtrArray *messages; /* ChatMessage: its seq is its place and 1 */
  GPtrArray *early;    /* ChatMessage: changes that came before what they are about */
  GPtrArray *waiting;  /* GTask, each with its page, or NULL: it fails */

  ChatHistoryQuery last;
  gboolean held;
  guint fail;
  guint calls;
  guint gets;
};

static void chat_fake_history_iface_init (ChatHistoryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatFakeHistory, chat_fake_history, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_HISTORY, chat_fake_history_iface_init))

/* The store's rules, as simply as can be: what is said of a message changes it at once. */

/* The place of @id, or -1. */
static gint
find_message (ChatFakeHistory *self, const char *id)
{
  for (guint i = self->messages->len; i > 0; i--)
    if (g_str_equal (chat_message_get_id (g_ptr_array_index (self->messages, i - 1)), id))
      return (gint)i - 1;
  return -1;
}

static void
change_state (ChatMessage *target, ChatMessageState *state, ChatMessage *change)
{
  const char *author = chat_message_get_author (change);

  switch ((int)chat_message_get_kind (change))
    {
    case CHAT_KIND_EDIT:
      chat_message_set_data (target, chat_message_get_data (change));
      state->edited = chat_message_get_timestamp (change);
      break;
    case CHAT_KIND_DELETE:
      chat_message_set_data (target, "");
      state->deleted = chat_message_get_timestamp (change);
      state->deleted_by = g_strdup (strcmp (author, chat_message_get_author (target)) != 0 ? author : NULL);
      g_ptr_array_set_size (state->reactions, 0);
      break;
    default:
      for (guint i = 0; i < state->reactions->len; i++)
        {
          ChatReaction *other = g_ptr_array_index (state->reactions, i);

          if (g_str_equal (other->author, author) && g_str_equal (other->emoji, chat_message_get_data (change)))
            return;
        }
      g_ptr_array_add (state->reactions,
                       chat_reaction_new (chat_message_get_id (change), author, chat_message_get_data (change)));
      break;
    }
}

static gboolean
may_change (ChatMessage *change, ChatMessage *target)
{
  return chat_message_get_moderator (change)
         || g_strcmp0 (chat_message_get_author (change), chat_message_get_author (target)) == 0;
}

/* Pages that were given out keep the message as it was. */
static void
replace (ChatFakeHistory *self, guint place, ChatMessage *change, ChatMessage *reaction)
{
  ChatMessage *old = g_ptr_array_index (self->messages, place), *now;
  const ChatMessageState *was = chat_message_get_state (old);
  ChatMessageState *state = was != NULL ? chat_message_state_copy (was) : chat_message_state_new ();

  now = chat_message_copy (old);
  state->seq = MAX (state->seq, chat_message_get_seq (change));
  for (guint i = 0; reaction != NULL && i < state->reactions->len; i++)
    if (g_str_equal (((ChatReaction *)g_ptr_array_index (state->reactions, i))->id, chat_message_get_id (reaction)))
      {
        g_ptr_array_remove_index (state->reactions, i);
        break;
      }
  if (reaction == NULL)
    change_state (now, state, change);
  chat_message_take_state (now, state);
  self->messages->pdata[place] = now;
  chat_message_unref (old);
}

/* FALSE where what it is about is not there yet. */
static gboolean
apply (ChatFakeHistory *self, ChatMessage *change)
{
  gint place = find_message (self, chat_message_get_target (change)), about;
  ChatMessage *target;

  if (place < 0)
    return FALSE;
  target = g_ptr_array_index (self->messages, (guint)place);
  if (chat_message_get_kind (change) != CHAT_KIND_REACTION && !may_change (change, target))
    return TRUE;
  if (chat_message_get_kind (target) == CHAT_KIND_REACTION && chat_message_get_kind (change) == CHAT_KIND_DELETE)
    {
      about = find_message (self, chat_message_get_target (target));
      if (about >= 0)
        replace (self, (guint)about, change, target);
      return about >= 0;
    }
  if (chat_message_get_kind (target) != CHAT_KIND_MESSAGE
      || (chat_message_get_state (target) != NULL && chat_message_get_state (target)->deleted != CHAT_TIME_UNKNOWN))
    return TRUE;
  replace (self, (guint)place, change, NULL);
  return TRUE;
}

static gboolean
is_change (ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  return kind == CHAT_KIND_EDIT || kind == CHAT_KIND_DELETE || kind == CHAT_KIND_REACTION;
}

static void
apply_all (ChatFakeHistory *self, ChatMessage *message)
{
  if (is_change (message) && !apply (self, message))
    g_ptr_array_add (self->early, chat_message_ref (message));
  for (guint i = 0; i < self->early->len;)
    {
      g_autoptr (ChatMessage) early = chat_message_ref (g_ptr_array_index (self->early, i));

      if (early != message && apply (self, early))
        g_ptr_array_remove_index (self->early, i);
      else
        i++;
    }
}

/* Where a page around something begins. */
static gint64
begin_around (ChatFakeHistory *self, const ChatHistoryQuery *query)
{
  gint64 head = self->messages->len, seq = query->around;

  if (query->around_id != NULL)
    seq = find_message (self, query->around_id) + 1;
  for (gint64 i = head;
       query->around_time != CHAT_TIME_UNKNOWN && query->around == 0 && query->around_id == NULL && i > 0; i--)
    if (chat_message_get_timestamp (g_ptr_array_index (self->messages, (guint)i - 1)) >= query->around_time || seq == 0)
      seq = chat_message_get_timestamp (g_ptr_array_index (self->messages, (guint)i - 1)) >= query->around_time ? i
                                                                                                                : head;
  return CLAMP (seq - query->limit / 2, 1, MAX (head - query->limit + 1, 1));
}

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
  else if (query->around > 0 || query->around_id != NULL || query->around_time != CHAT_TIME_UNKNOWN)
    {
      from = begin_around (self, query);
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
  if (query->around_id != NULL && find_message (self, query->around_id) < 0)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, "There is no such message");
      return;
    }
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
chat_fake_history_get_async (ChatHistory *history, const char *id, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeHistory *self = CHAT_FAKE_HISTORY (history);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  gint place = find_message (self, id);

  self->gets++;
  if (place < 0)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, "There is no such message");
  else
    g_task_return_pointer (task, chat_message_ref (g_ptr_array_index (self->messages, (guint)place)),
                           (GDestroyNotify)chat_message_unref);
}

static ChatMessage *
chat_fake_history_get_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
chat_fake_history_iface_init (ChatHistoryInterface *iface)
{
  iface->get_async = chat_fake_history_get_async;
  iface->get_finish = chat_fake_history_get_finish;
  iface->fetch_async = chat_fake_history_fetch_async;
  iface->fetch_finish = chat_fake_history_fetch_finish;
}

/* Overrides */

static void
chat_fake_history_finalize (GObject *object)
{
  ChatFakeHistory *self = CHAT_FAKE_HISTORY (object);

  g_ptr_array_unref (self->messages);
  g_ptr_array_unref (self->early);
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
  self->early = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
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
  apply_all (self, stored);
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
chat_fake_history_get_gets (ChatFakeHistory *self)
{
  return self->gets;
}

ChatMessage *
chat_fake_history_find (ChatFakeHistory *self, const char *id)
{
  gint place = find_message (self, id);

  return place >= 0 ? g_ptr_array_index (self->messages, (guint)place) : NULL;
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
