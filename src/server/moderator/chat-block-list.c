/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-block-list.h"

#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "server/store/chat-store.h"
#include "transport/chat-backoff.h"

struct _ChatBlockList
{
  GObject parent_instance;

  /* Owned */
  ChatControlFeed *feed;
  ChatModerationStore *store;
  GCancellable *cancellable; /* of everything it has in flight */
  GHashTable *blocks;        /* user_key (owned by the block) → ChatBlock */
  GPtrArray *added;          /* (element-type ChatBlock): since the reload in flight began, which may not know them */
  GTask *start;              /* until the first load */
  GCancellable *start_cancellable;
  gulong start_cancelled_id;
  ChatBackoff backoff;
  GSource *retry;
  gboolean loaded, loading, load_again, stopped;
};

static void service_iface_init (ChatServiceInterface *iface);
static void load (ChatBlockList *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatBlockList, chat_block_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GHashTable *
blocks_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)chat_block_free);
}

static void
insert (GHashTable *blocks, const ChatBlock *block)
{
  ChatBlock *copy = chat_block_copy (block);

  g_hash_table_replace (blocks, copy->user_key, copy);
}

static gboolean
is_same (const ChatBlock *a, const ChatBlock *b)
{
  return a != NULL && b != NULL && a->since == b->since && a->until == b->until && g_strcmp0 (a->reason, b->reason) == 0
         && g_strcmp0 (a->record_id, b->record_id) == 0;
}

/* (element-type utf8): the users for whom the two are not the same. */
static GPtrArray *
compare (GHashTable *before, GHashTable *after)
{
  GPtrArray *changed = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer key, block;

  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (after, key))
      g_ptr_array_add (changed, g_strdup (key));
  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &key, &block))
    if (!is_same (g_hash_table_lookup (before, key), block))
      g_ptr_array_add (changed, g_strdup (key));
  return changed;
}

/* @error: (nullable) */
static void
end_start (ChatBlockList *self, const GError *error)
{
  g_autoptr (GTask) start = g_steal_pointer (&self->start);

  if (self->start_cancellable != NULL)
    g_clear_signal_handler (&self->start_cancelled_id, self->start_cancellable);
  if (error != NULL)
    g_task_return_error (start, g_error_copy (error));
  else
    g_task_return_boolean (start, TRUE);
}

static void
fail (ChatBlockList *self, const GError *error)
{
  if (self->start != NULL)
    end_start (self, error);
  else if (!self->stopped)
    chat_service_emit_failed (CHAT_SERVICE (self), error);
}

/* Loading: the store is the truth, a record on chat_control says only that it has changed. */

static gboolean
retry_cb (gpointer user_data)
{
  ChatBlockList *self = user_data;

  g_clear_pointer (&self->retry, g_source_unref);
  load (self);
  return G_SOURCE_REMOVE;
}

static void
take_over (ChatBlockList *self, GPtrArray *list)
{
  g_autoptr (GHashTable) before = g_steal_pointer (&self->blocks);

  self->blocks = blocks_new ();
  for (guint i = 0; i < list->len; i++)
    insert (self->blocks, g_ptr_array_index (list, i));
  for (guint i = 0; i < self->added->len; i++)
    {
      const ChatBlock *block = g_ptr_array_index (self->added, i);
      if (!g_hash_table_contains (self->blocks, block->user_key))
        insert (self->blocks, block);
    }
  g_ptr_array_set_size (self->added, 0);

  g_autoptr (GPtrArray) changed = compare (before, self->blocks);
  for (guint i = 0; i < changed->len; i++)
    g_signal_emit (self, signals[CHANGED], 0, g_ptr_array_index (changed, i));
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatBlockList) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list
      = chat_moderation_store_list_blocks_finish (CHAT_MODERATION_STORE (source), result, &error);

  self->loading = FALSE;
  if (list == NULL && chat_store_error_is_passing (error) && !self->stopped)
    {
      self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
      return;
    }
  if (list == NULL)
    {
      fail (self, error);
      return;
    }
  chat_backoff_reset (&self->backoff);
  self->loaded = TRUE;
  take_over (self, list);
  if (self->start != NULL)
    end_start (self, NULL);
  if (self->load_again && !self->stopped)
    load (self);
}

static void
load (ChatBlockList *self)
{
  /* what is asked before a change was stored does not show it: ask once more afterwards */
  if (self->loading || self->retry != NULL)
    {
      self->load_again = self->loading;
      return;
    }
  self->loading = TRUE;
  self->load_again = FALSE;
  g_ptr_array_set_size (self->added, 0);
  chat_moderation_store_list_blocks_async (self->store, chat_time_now (), self->cancellable, load_cb,
                                           g_object_ref (self));
}

static void
received_cb (ChatControlFeed *feed, ChatMessage *message, ChatBlockList *self)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  if ((kind == CHAT_KIND_BLOCK || kind == CHAT_KIND_UNBLOCK) && self->loaded && !self->stopped)
    load (self);
}

static void
refresh_cb (ChatControlFeed *feed, ChatBlockList *self)
{
  if (self->loaded && !self->stopped)
    load (self);
}

/* ChatService */

static const char *
chat_block_list_get_name (ChatService *service)
{
  return "block-list";
}

static void
chat_block_list_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  ChatBlockList *self = CHAT_BLOCK_LIST (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_block_list_start_async);
  if (self->stopped || self->start != NULL || self->loaded)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "The block list was started before");
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  self->start = g_steal_pointer (&task);
  if (g_set_object (&self->start_cancellable, cancellable))
    self->start_cancelled_id = g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel),
                                                        self->cancellable, G_CONNECT_SWAPPED);
  load (self); /* the feed is in place already: no change falls between the two */
}

static void
chat_block_list_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChatBlockList *self = CHAT_BLOCK_LIST (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_block_list_stop_async);
  self->stopped = TRUE;
  if (self->retry != NULL && self->start != NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped while it started");
      end_start (self, error);
    }
  chat_timer_clear (&self->retry);
  g_cancellable_cancel (self->cancellable);
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_block_list_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_block_list_get_name;
  iface->start_async = chat_block_list_start_async;
  iface->start_finish = chat_block_list_finish;
  iface->stop_async = chat_block_list_stop_async;
  iface->stop_finish = chat_block_list_finish;
}

/* GObject */

static void
chat_block_list_finalize (GObject *object)
{
  ChatBlockList *self = CHAT_BLOCK_LIST (object);

  chat_timer_clear (&self->retry);
  g_clear_pointer (&self->blocks, g_hash_table_unref);
  g_clear_pointer (&self->added, g_ptr_array_unref);
  g_clear_object (&self->start_cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->store);
  g_clear_object (&self->feed);
  G_OBJECT_CLASS (chat_block_list_parent_class)->finalize (object);
}

static void
chat_block_list_class_init (ChatBlockListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_block_list_finalize;
  signals[CHANGED] = g_signal_new ("changed", CHAT_TYPE_BLOCK_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   1, G_TYPE_STRING);
}

static void
chat_block_list_init (ChatBlockList *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->cancellable = g_cancellable_new ();
  self->blocks = blocks_new ();
  self->added = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_block_free);
}

ChatBlockList *
chat_block_list_new (ChatControlFeed *feed, ChatModerationStore *store)
{
  g_return_val_if_fail (CHAT_IS_CONTROL_FEED (feed), NULL);
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (store), NULL);

  ChatBlockList *self = g_object_new (CHAT_TYPE_BLOCK_LIST, NULL);
  self->feed = g_object_ref (feed);
  self->store = g_object_ref (store);
  g_signal_connect_object (feed, "received", G_CALLBACK (received_cb), self, 0);
  g_signal_connect_object (feed, "refresh", G_CALLBACK (refresh_cb), self, 0);
  return self;
}

const ChatBlock *
chat_block_list_find (ChatBlockList *self, const char *user_key, gint64 now)
{
  g_return_val_if_fail (CHAT_IS_BLOCK_LIST (self), NULL);
  g_return_val_if_fail (user_key != NULL, NULL);

  const ChatBlock *block = g_hash_table_lookup (self->blocks, user_key);
  if (block == NULL || (block->until != CHAT_TIME_UNKNOWN && now >= block->until))
    return NULL;
  return block;
}

void
chat_block_list_add (ChatBlockList *self, const ChatBlock *block)
{
  g_return_if_fail (CHAT_IS_BLOCK_LIST (self));
  g_return_if_fail (block != NULL);

  insert (self->blocks, block);
  if (self->loading)
    g_ptr_array_add (self->added, chat_block_copy (block));
  g_signal_emit (self, signals[CHANGED], 0, block->user_key);
}
