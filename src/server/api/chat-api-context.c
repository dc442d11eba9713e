/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-context.h"

#include "server/api/chat-api-health.h"
#include "server/api/chat-api-live-hub.h"
#include "server/api/chat-api-metrics.h"

ChatApiContext *
chat_api_context_new (void)
{
  ChatApiContext *self = g_rc_box_new0 (ChatApiContext);

  g_queue_init (&self->waiting);
  self->health = chat_api_health_new ();
  return self;
}

ChatApiContext *
chat_api_context_ref (ChatApiContext *self)
{
  return g_rc_box_acquire (self);
}

static void
context_clear (gpointer data)
{
  ChatApiContext *self = data;

  g_clear_object (&self->statistics);
  g_clear_object (&self->hub);
  g_clear_object (&self->publisher);
  g_clear_object (&self->outbox);
  g_clear_object (&self->directory);
  g_clear_object (&self->blocks);
  g_clear_object (&self->rehearsals);
  g_clear_object (&self->rules);
  g_clear_object (&self->control);
  g_clear_object (&self->presence);
  g_clear_object (&self->accounts);
  g_clear_object (&self->sessions);
  g_clear_object (&self->store);
  g_clear_object (&self->transport);
  g_clear_pointer (&self->gate, chat_api_gate_unref);
  g_clear_pointer (&self->health, chat_api_health_free);
  g_clear_pointer (&self->metrics, chat_api_metrics_free);
  g_free (self->metrics_token);
  g_strfreev (self->proxies);
  g_free (self->workspace);
  g_free (self->language);
  g_free (self->version);
  chat_broker_options_free (self->feed);
  g_free (self->feed_ca);
}

void
chat_api_context_unref (ChatApiContext *self)
{
  g_rc_box_release_full (self, context_clear);
}

static void
end_drain (ChatApiContext *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->drain);

  if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

static gboolean
drain_waited_cb (gpointer user_data)
{
  end_drain (user_data);
  return G_SOURCE_REMOVE;
}

void
chat_api_context_begin (ChatApiContext *self)
{
  self->active++;
}

void
chat_api_context_end (ChatApiContext *self)
{
  if (--self->active == 0)
    end_drain (self);
}

void
chat_api_context_drain (ChatApiContext *self, GTask *task, guint milliseconds)
{
  self->drain = task;
  if (self->active == 0)
    end_drain (self);
  else
    g_timeout_add_full (G_PRIORITY_DEFAULT, milliseconds, drain_waited_cb, chat_api_context_ref (self),
                        (GDestroyNotify)chat_api_context_unref);
}
