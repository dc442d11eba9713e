/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-broker-trial.h"

#include <glib/gi18n-lib.h>

#include "client/chat-client-error.h"
#include "core/chat-names.h"
#include "core/chat-timer.h"

/* A transport tries for ever, so the time is kept here; what comes after it finds the task's transport gone. */
typedef struct
{
  ChatTransport *transport; /* nullable: until it is decided */
  char **topics;
  GSource *timer;
  guint found; /* topics that the broker lists */
} Trial;

static void
trial_end (Trial *trial)
{
  g_autoptr (ChatTransport) transport = g_steal_pointer (&trial->transport);

  chat_timer_clear (&trial->timer);
  if (transport != NULL)
    chat_transport_close_async (transport, NULL, NULL, NULL);
}

static void
trial_free (Trial *trial)
{
  trial_end (trial);
  g_strfreev (trial->topics);
  g_free (trial);
}

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  trial_end (g_task_get_task_data (task));
  g_task_return_error (task, error);
}

static void
succeed (GTask *task)
{
  Trial *trial = g_task_get_task_data (task);

  trial_end (trial);
  if (trial->found == 0)
    g_task_return_pointer (task, g_strdup (_ ("The connection works.")), g_free);
  else
    g_task_return_pointer (task,
                           g_strdup_printf (ngettext ("The connection works: the broker has %u topic.",
                                                      "The connection works: the broker has %u topics.", trial->found),
                                            trial->found),
                           g_free);
}

static gboolean
timeout_cb (gpointer user_data)
{
  /* the close may answer what holds it */
  g_autoptr (GTask) task = g_object_ref (user_data);
  Trial *trial = g_task_get_task_data (task);
  g_autofree char *status = chat_transport_dup_status (trial->transport);

  /* Translators: seconds, and what the connection is doing: "No connection within 10 s. Connecting to …" */
  fail (task, g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("No connection within %d s. %s"),
                           CHAT_BROKER_TRIAL_MS / 1000, status));
  return G_SOURCE_REMOVE;
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Trial *trial = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSubscription) subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);

  if (trial->transport == NULL)
    return;
  if (subscription == NULL)
    fail (task, g_steal_pointer (&error));
  else
    succeed (task);
}

static void
subscribe (GTask *task)
{
  static const ChatStart start = CHAT_START_LIVE_INIT;
  Trial *trial = g_task_get_task_data (task);

  chat_transport_subscribe_async (trial->transport, (const char *const *)trial->topics, NULL, &start,
                                  g_task_get_cancellable (task), subscribed_cb, g_object_ref (task));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Trial *trial = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) topics = chat_transport_list_topics_finish (CHAT_TRANSPORT (source), result, &error);

  if (trial->transport == NULL)
    return;
  if (topics == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  for (char **topic = trial->topics; *topic != NULL; topic++)
    if (!g_strv_contains ((const char *const *)topics, *topic))
      {
        fail (task,
              g_error_new (CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("The broker has no topic “%s”"), *topic));
        return;
      }
  trial->found = g_strv_length (topics);
  if (*trial->topics != NULL)
    subscribe (task);
  else
    succeed (task);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Trial *trial = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  chat_transport_connect_finish (CHAT_TRANSPORT (source), result, &error);
  if (trial->transport == NULL)
    return;
  if (error != NULL)
    fail (task, g_steal_pointer (&error));
  else if (chat_transport_get_features (trial->transport) & CHAT_TRANSPORT_LISTABLE)
    chat_transport_list_topics_async (trial->transport, g_task_get_cancellable (task), listed_cb, g_object_ref (task));
  else
    subscribe (task);
}

void
chat_broker_trial_async (ChatTransport *transport, const char *const *topics, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  static const char *const usual[] = { CHAT_TOPIC_CONTROLLED, NULL };
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Trial *trial = g_new0 (Trial, 1);
  gboolean listable = (chat_transport_get_features (transport) & CHAT_TRANSPORT_LISTABLE) != 0;

  g_task_set_source_tag (task, chat_broker_trial_async);
  g_task_set_task_data (task, trial, (GDestroyNotify)trial_free);
  trial->transport = transport;
  trial->topics = g_strdupv ((char **)(*topics != NULL || listable ? topics : usual));
  trial->timer = chat_timer_new (CHAT_BROKER_TRIAL_MS, timeout_cb, task);
  chat_transport_connect_async (transport, cancellable, connected_cb, g_object_ref (task));
}

char *
chat_broker_trial_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
