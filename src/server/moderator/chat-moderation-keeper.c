/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-moderation-keeper.h"

#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "server/store/chat-store.h"

/* The longest sleep between two looks at the blocks: the wall clock may be set meanwhile. */
#define ROUND_MS (30 * 1000)
#define PURGE_MS (60 * 60 * 1000)

struct _ChatModerationKeeper
{
  GObject parent_instance;

  /* Owned */
  ChatControlFeed *feed;
  ChatModerationStore *store;
  GCancellable *cancellable;
  GSource *round;
  GSource *purge;

  GTask *stop; /* while it waits for what is in flight */
  guint calls; /* of the store that are in flight */

  gint64 originals_ms;
  gboolean looking, look_again, stopped;
};

static void service_iface_init (ChatServiceInterface *iface);
static void look (ChatModerationKeeper *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatModerationKeeper, chat_moderation_keeper, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

/* A call of the store has called back. */
static void
end_call (ChatModerationKeeper *self)
{
  g_autoptr (GTask) stop = --self->calls == 0 ? g_steal_pointer (&self->stop) : NULL;

  if (stop != NULL)
    g_task_return_boolean (stop, TRUE);
}

static void
fail_unless_passing (ChatModerationKeeper *self, const GError *error)
{
  if (!self->stopped && !chat_store_error_is_passing (error))
    chat_service_emit_failed (CHAT_SERVICE (self), error);
}

/* Blocks that run out */

static gboolean
round_cb (gpointer user_data)
{
  ChatModerationKeeper *self = user_data;

  g_clear_pointer (&self->round, g_source_unref);
  look (self);
  return G_SOURCE_REMOVE;
}

/* @next: when the next block runs out, ms */
static void
sleep_until (ChatModerationKeeper *self, gint64 next)
{
  gint64 now = chat_time_now ();

  chat_timer_clear (&self->round);
  if (!self->stopped)
    self->round = chat_timer_new ((guint)CLAMP (next - now, 1, ROUND_MS), round_cb, self);
}

/* One block that the store is ending. */
typedef struct
{
  ChatModerationKeeper *self; /* owned */
  ChatBlock *block;           /* owned */
} Ending;

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ending *ending = user_data;
  ChatModerationKeeper *self = ending->self;
  g_autoptr (GError) error = NULL;

  if (chat_moderation_store_lift_block_finish (CHAT_MODERATION_STORE (source), result, &error))
    chat_control_feed_announce_block (self->feed, ending->block->user, FALSE, ending->block->record_id);
  else if (!g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND)) /* else: another was quicker */
    fail_unless_passing (self, error);
  end_call (self);
  chat_block_free (ending->block);
  g_object_unref (ending->self);
  g_free (ending);
}

static void
end_block (ChatModerationKeeper *self, const ChatBlock *block, gint64 now)
{
  Ending *ending = g_new0 (Ending, 1);

  ending->self = g_object_ref (self);
  ending->block = chat_block_copy (block);
  self->calls++;
  chat_moderation_store_lift_block_async (self->store, block->user_key, NULL, now, self->cancellable, ended_cb, ending);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatModerationKeeper) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) blocks
      = chat_moderation_store_list_blocks_finish (CHAT_MODERATION_STORE (source), result, &error);
  gint64 now = chat_time_now (), next = G_MAXINT64;

  self->looking = FALSE;
  end_call (self);
  if (self->stopped)
    return;
  if (blocks == NULL)
    fail_unless_passing (self, error);
  for (guint i = 0; blocks != NULL && i < blocks->len; i++)
    {
      const ChatBlock *block = g_ptr_array_index (blocks, i);
      if (block->until == CHAT_TIME_UNKNOWN)
        continue;
      if (block->until <= now)
        end_block (self, block, now);
      else
        next = MIN (next, block->until);
    }
  if (self->look_again)
    look (self);
  else
    sleep_until (self, MIN (next, now + ROUND_MS));
}

static void
look (ChatModerationKeeper *self)
{
  self->look_again = self->looking;
  if (self->looking)
    return;
  self->looking = TRUE;
  self->calls++;
  chat_moderation_store_list_blocks_async (self->store, 0, self->cancellable, listed_cb, g_object_ref (self));
}

static void
received_cb (ChatControlFeed *feed, ChatMessage *message, ChatModerationKeeper *self)
{
  if (chat_message_get_kind (message) == CHAT_KIND_BLOCK && self->purge != NULL && !self->stopped)
    look (self);
}

/* Originals */

static void
purged_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatModerationKeeper) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_moderation_store_purge_originals_finish (CHAT_MODERATION_STORE (source), result, &error))
    fail_unless_passing (self, error);
  end_call (self);
}

static gboolean
purge_cb (gpointer user_data)
{
  ChatModerationKeeper *self = user_data;

  if (self->originals_ms > 0)
    {
      self->calls++;
      chat_moderation_store_purge_originals_async (self->store, chat_time_now () - self->originals_ms,
                                                   self->cancellable, purged_cb, g_object_ref (self));
    }
  return G_SOURCE_CONTINUE;
}

/* ChatService */

static const char *
chat_moderation_keeper_get_name (ChatService *service)
{
  return "moderation-keeper";
}

static void
chat_moderation_keeper_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  ChatModerationKeeper *self = CHAT_MODERATION_KEEPER (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_moderation_keeper_start_async);
  self->purge = chat_timer_new (PURGE_MS, purge_cb, self);
  purge_cb (self);
  look (self);
  g_task_return_boolean (task, TRUE);
}

static void
chat_moderation_keeper_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  ChatModerationKeeper *self = CHAT_MODERATION_KEEPER (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_moderation_keeper_stop_async);
  self->stopped = TRUE;
  chat_timer_clear (&self->round);
  chat_timer_clear (&self->purge);
  g_cancellable_cancel (self->cancellable);
  if (self->calls > 0 && self->stop == NULL)
    self->stop = g_steal_pointer (&task);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
chat_moderation_keeper_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_moderation_keeper_get_name;
  iface->start_async = chat_moderation_keeper_start_async;
  iface->start_finish = chat_moderation_keeper_finish;
  iface->stop_async = chat_moderation_keeper_stop_async;
  iface->stop_finish = chat_moderation_keeper_finish;
}

/* GObject */

static void
chat_moderation_keeper_finalize (GObject *object)
{
  ChatModerationKeeper *self = CHAT_MODERATION_KEEPER (object);

  chat_timer_clear (&self->round);
  chat_timer_clear (&self->purge);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->store);
  g_clear_object (&self->feed);
  G_OBJECT_CLASS (chat_moderation_keeper_parent_class)->finalize (object);
}

static void
chat_moderation_keeper_class_init (ChatModerationKeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_moderation_keeper_finalize;
}

static void
chat_moderation_keeper_init (ChatModerationKeeper *self)
{
  self->cancellable = g_cancellable_new ();
}

ChatModerationKeeper *
chat_moderation_keeper_new (ChatControlFeed *feed, ChatModerationStore *store, gint64 originals_ms)
{
  g_return_val_if_fail (CHAT_IS_CONTROL_FEED (feed), NULL);
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (store), NULL);

  ChatModerationKeeper *self = g_object_new (CHAT_TYPE_MODERATION_KEEPER, NULL);
  self->feed = g_object_ref (feed);
  self->store = g_object_ref (store);
  self->originals_ms = originals_ms;
  g_signal_connect_object (feed, "received", G_CALLBACK (received_cb), self, 0);
  return self;
}
