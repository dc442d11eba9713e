/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-bot-session.h"

#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"
#include "server/store/chat-store.h"

#define LEASE_MS 30000
#define RENEW_MS (LEASE_MS / 3)
/* Past its lease it is only a row: it goes when it expires. */
#define EXPIRY_MS (2 * LEASE_MS)

struct _ChatBotSession
{
  GObject parent_instance;

  /* Owned */
  ChatUserStore *users;
  char *name;
  char *user_key;
  char *id;
  GSource *timer; /* while it is held */

  gint64 since;
};

G_DEFINE_FINAL_TYPE (ChatBotSession, chat_bot_session, G_TYPE_OBJECT)

static void
open_session (ChatBotSession *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  gint64 now = chat_time_now ();
  const ChatSessionInfo session = {
    .id = self->id,
    .user = self->name,
    .user_key = self->user_key,
    .token_hash = self->id, /* no token has a hash that looks like this */
    .bot = TRUE,
    .account = TRUE, /* the name is its own, in however many processes */
    .since = self->since,
    .lease = now + LEASE_MS,
    .expires = now + EXPIRY_MS,
  };

  chat_user_store_open_session_async (self->users, &session, 0, now, cancellable, callback, user_data);
}

static void
renewed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  /* what a store could not do twice in a row is done the third time */
  chat_user_store_open_session_finish (CHAT_USER_STORE (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
renew_cb (gpointer user_data)
{
  ChatBotSession *self = user_data;
  GTask *task = g_task_new (self, NULL, NULL, NULL);

  g_task_set_source_tag (task, renew_cb);
  open_session (self, NULL, renewed_cb, task);
  return G_SOURCE_CONTINUE;
}

static void
return_taken (GTask *task, const char *by)
{
  ChatBotSession *self = g_task_get_source_object (task);

  g_task_return_new_error (task, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT, "The bot “%s” can’t start while %s",
                           self->name, by);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatBotSession *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!chat_user_store_open_session_finish (CHAT_USER_STORE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  chat_timer_clear (&self->timer);
  self->timer = chat_timer_new (RENEW_MS, renew_cb, self);
  g_task_return_boolean (task, TRUE);
}

static void
got_account_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatBotSession *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account != NULL)
    return_taken (task, "an account has its name: switch the bot off ([bots])");
  else if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND)
           || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    open_session (self, g_task_get_cancellable (task), opened_cb, g_object_ref (task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatBotSession *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) sessions = chat_user_store_list_sessions_finish (CHAT_USER_STORE (source), result, &error);
  gint64 now = chat_time_now ();

  if (sessions == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *other = sessions->pdata[i];

      if (!other->bot && other->lease > now && g_str_equal (other->user_key, self->user_key))
        {
          return_taken (task, "somebody is here under its name: wait until they have left, or end their session");
          return;
        }
    }
  chat_user_store_get_account_async (self->users, self->user_key, g_task_get_cancellable (task), got_account_cb,
                                     g_object_ref (task));
}

void
chat_bot_session_hold_async (ChatBotSession *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (CHAT_IS_BOT_SESSION (self));

  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_bot_session_hold_async);
  if (self->since == 0)
    self->since = chat_time_now ();
  chat_user_store_list_sessions_async (self->users, chat_time_now (), cancellable, listed_cb, task);
}

gboolean
chat_bot_session_hold_finish (ChatBotSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (chat_user_store_close_session_finish (CHAT_USER_STORE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
chat_bot_session_release_async (ChatBotSession *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (CHAT_IS_BOT_SESSION (self));

  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_bot_session_release_async);
  chat_timer_clear (&self->timer);
  self->since = 0;
  chat_user_store_close_session_async (self->users, self->id, cancellable, closed_cb, task);
}

gboolean
chat_bot_session_release_finish (ChatBotSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
chat_bot_session_finalize (GObject *object)
{
  ChatBotSession *self = CHAT_BOT_SESSION (object);

  chat_timer_clear (&self->timer);
  g_clear_object (&self->users);
  g_free (self->name);
  g_free (self->user_key);
  g_free (self->id);
  G_OBJECT_CLASS (chat_bot_session_parent_class)->finalize (object);
}

static void
chat_bot_session_class_init (ChatBotSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_bot_session_finalize;
}

static void
chat_bot_session_init (ChatBotSession *self)
{
  self->id = chat_uuid_v7 ();
}

ChatBotSession *
chat_bot_session_new (ChatUserStore *users, const char *name)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (users) && name != NULL, NULL);

  ChatBotSession *self = g_object_new (CHAT_TYPE_BOT_SESSION, NULL);
  self->users = g_object_ref (users);
  self->name = g_strdup (name);
  self->user_key = chat_skeleton (name);
  return self;
}
