/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-bots.h"

#include "moderation/chat-skeleton.h"
#include "server/bot/chat-echo-bot.h"
#include "server/bot/chat-help-bot.h"
#include "server/chat-broker-factory.h"

static const char *const names[] = { CHAT_ECHO_BOT_NAME, CHAT_HELP_BOT_NAME };

/* One after the other: what is still to be forgotten. */
typedef struct
{
  ChatStore *store;
  ChatConfig *config;
  char *user_key; /* of the one that leaves */
  guint bot;
  guint channel; /* that it leaves next */
} Forgetting;

static void forget_next (GTask *task);

static void
forgetting_free (gpointer data)
{
  Forgetting *self = data;

  g_object_unref (self->store);
  g_object_unref (self->config);
  g_free (self->user_key);
  g_free (self);
}

static void leave_next (GTask *task);

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (chat_channel_store_set_member_finish (CHAT_CHANNEL_STORE (source), result, &error)
      || g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      g_clear_error (&error);
      leave_next (task);
    }
  else
    g_task_return_error (task, error);
}

static void
leave_next (GTask *task)
{
  Forgetting *self = g_task_get_task_data (task);
  const char *const *channels = chat_config_get_list (self->config, "channels", "initial");
  const char *channel = channels != NULL ? channels[self->channel++] : NULL;

  if (channel != NULL)
    {
      chat_channel_store_set_member_async (chat_store_get_channels (self->store), channel, names[self->bot],
                                           self->user_key, FALSE, g_task_get_cancellable (task), left_cb,
                                           g_object_ref (task));
      return;
    }
  self->bot++;
  forget_next (task);
}

static void
forgotten_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Forgetting *self = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean known;

  if (!chat_broker_factory_forget_group_finish (CHAT_TRANSPORT (source), result, &known, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (known)
    {
      g_free (self->user_key);
      self->user_key = chat_skeleton (names[self->bot]);
      self->channel = 0;
      leave_next (task);
      return;
    }
  self->bot++; /* somebody else may have the name meanwhile */
  forget_next (task);
}

static void
forget_next (GTask *task)
{
  Forgetting *self = g_task_get_task_data (task);

  while (self->bot < G_N_ELEMENTS (names) && chat_config_get_boolean (self->config, "bots", names[self->bot]))
    self->bot++;
  if (self->bot < G_N_ELEMENTS (names))
    chat_broker_factory_forget_group_async (g_task_get_source_object (task), names[self->bot],
                                            g_task_get_cancellable (task), forgotten_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

void
chat_server_bots_forget_async (ChatTransport *transport, ChatStore *store, ChatConfig *config,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (transport, cancellable, callback, user_data);
  Forgetting *forgetting = g_new0 (Forgetting, 1);

  g_task_set_source_tag (task, chat_server_bots_forget_async);
  forgetting->store = g_object_ref (store);
  forgetting->config = g_object_ref (config);
  g_task_set_task_data (task, forgetting, forgetting_free);
  forget_next (task);
}

gboolean
chat_server_bots_forget_finish (ChatTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
