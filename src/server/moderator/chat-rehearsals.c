/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-rehearsals.h"

#include "core/chat-timer.h"

#define RUNNING_MOST 2
#define KEPT_MOST 20
#define KEPT_US (60 * 60 * G_TIME_SPAN_SECOND)
#define SWEEP_MS (60 * 1000)

struct _ChatRehearsals
{
  GObject parent_instance;

  /* Owned */
  ChatStore *store;
  ChatWorker *worker; /* (nullable): from the first one on */
  GPtrArray *list;    /* (element-type ChatRehearsal) */
  GHashTable *ended;  /* ChatRehearsal, borrowed → when, monotonic, µs, owned */
  GSource *sweep;
};

G_DEFINE_FINAL_TYPE (ChatRehearsals, chat_rehearsals, G_TYPE_OBJECT)

static void
forget (ChatRehearsals *self, guint place)
{
  ChatRehearsal *rehearsal = g_ptr_array_index (self->list, place);

  g_signal_handlers_disconnect_by_data (rehearsal, self);
  g_hash_table_remove (self->ended, rehearsal);
  g_ptr_array_remove_index (self->list, place);
}

static gboolean
sweep_cb (gpointer user_data)
{
  ChatRehearsals *self = user_data;
  gint64 now = g_get_monotonic_time ();

  for (guint i = self->list->len; i > 0; i--)
    {
      const gint64 *ended = g_hash_table_lookup (self->ended, g_ptr_array_index (self->list, i - 1));
      if (ended != NULL && now - *ended >= KEPT_US)
        forget (self, i - 1);
    }
  return G_SOURCE_CONTINUE;
}

static void
ended_cb (ChatRehearsal *rehearsal, ChatRehearsals *self)
{
  gint64 *now = g_new (gint64, 1);

  *now = g_get_monotonic_time ();
  g_hash_table_replace (self->ended, rehearsal, now);
}

static gboolean
check_room (ChatRehearsals *self, const char *by, GError **error)
{
  guint running = 0;

  for (guint i = 0; i < self->list->len; i++)
    {
      ChatRehearsal *rehearsal = g_ptr_array_index (self->list, i);

      if (chat_rehearsal_get_state (rehearsal) != CHAT_REHEARSAL_RUNNING)
        continue;
      running++;
      if (g_str_equal (chat_rehearsal_get_by (rehearsal), by))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                       "A rehearsal of yours is running already (%s): wait for it, or cancel it",
                       chat_rehearsal_get_id (rehearsal));
          return FALSE;
        }
    }
  if (running < RUNNING_MOST)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
               "%u rehearsals are running already, more is not allowed: wait for one", running);
  return FALSE;
}

static void
chat_rehearsals_finalize (GObject *object)
{
  ChatRehearsals *self = CHAT_REHEARSALS (object);

  chat_rehearsals_cancel_all (self);
  while (self->list->len > 0)
    forget (self, 0);
  chat_timer_clear (&self->sweep);
  g_ptr_array_unref (self->list);
  g_hash_table_unref (self->ended);
  g_clear_object (&self->worker);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (chat_rehearsals_parent_class)->finalize (object);
}

static void
chat_rehearsals_class_init (ChatRehearsalsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_rehearsals_finalize;
}

static void
chat_rehearsals_init (ChatRehearsals *self)
{
  self->list = g_ptr_array_new_with_free_func (g_object_unref);
  self->ended = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->sweep = chat_timer_new (SWEEP_MS, sweep_cb, self);
}

ChatRehearsals *
chat_rehearsals_new (ChatStore *store)
{
  ChatRehearsals *self = g_object_new (CHAT_TYPE_REHEARSALS, NULL);

  self->store = g_object_ref (store);
  return self;
}

ChatRehearsal *
chat_rehearsals_begin (ChatRehearsals *self, const ChatRehearsalWish *wish, GError **error)
{
  g_return_val_if_fail (CHAT_IS_REHEARSALS (self), NULL);
  g_return_val_if_fail (wish != NULL && wish->by != NULL, NULL);

  if (!check_room (self, wish->by, error))
    return NULL;
  /* those that have ended are the older ones, but for the few that run */
  for (guint i = 0; self->list->len >= KEPT_MOST && i < self->list->len; i++)
    if (chat_rehearsal_get_state (g_ptr_array_index (self->list, i)) != CHAT_REHEARSAL_RUNNING)
      forget (self, i--);
  if (self->worker == NULL)
    self->worker = chat_worker_new ("chat-rehearse", NULL, NULL);

  ChatRehearsal *rehearsal = chat_rehearsal_new (self->store, self->worker, wish);
  g_ptr_array_add (self->list, rehearsal);
  g_signal_connect (rehearsal, "ended", G_CALLBACK (ended_cb), self);
  chat_rehearsal_start (rehearsal);
  return rehearsal;
}

ChatRehearsal *
chat_rehearsals_find (ChatRehearsals *self, const char *id)
{
  g_return_val_if_fail (CHAT_IS_REHEARSALS (self), NULL);

  for (guint i = 0; i < self->list->len; i++)
    if (g_str_equal (chat_rehearsal_get_id (g_ptr_array_index (self->list, i)), id))
      return g_ptr_array_index (self->list, i);
  return NULL;
}

GPtrArray *
chat_rehearsals_list (ChatRehearsals *self)
{
  g_return_val_if_fail (CHAT_IS_REHEARSALS (self), NULL);
  return self->list;
}

gboolean
chat_rehearsals_remove (ChatRehearsals *self, const char *id)
{
  ChatRehearsal *rehearsal = chat_rehearsals_find (self, id);
  guint place;

  if (rehearsal == NULL)
    return FALSE;
  chat_rehearsal_cancel (rehearsal);
  if (g_ptr_array_find (self->list, rehearsal, &place))
    forget (self, place);
  return TRUE;
}

void
chat_rehearsals_cancel_all (ChatRehearsals *self)
{
  g_return_if_fail (CHAT_IS_REHEARSALS (self));

  for (guint i = 0; i < self->list->len; i++)
    chat_rehearsal_cancel (g_ptr_array_index (self->list, i));
}
