/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-transport-private.h"

/* Who gives a permission back tells nobody: where nothing was refused for so long, it may be there again. */
#define REFUSED_MS (60 * 1000)

static const char *
find_trouble (ChatRabbitmqTransport *self)
{
  GHashTableIter iter;
  gpointer refusal;

  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      const char *trouble = chat_rabbitmq_subscription_get_trouble (g_ptr_array_index (self->subscriptions, i));

      if (trouble != NULL)
        return trouble;
    }
  g_hash_table_iter_init (&iter, self->refused);
  return g_hash_table_iter_next (&iter, NULL, &refusal) ? refusal : NULL;
}

/* (transfer full) */
static char *
describe_online (ChatRabbitmqTransport *self)
{
  if (self->has_streams)
    return g_strdup_printf (_ ("Connected to RabbitMQ at %s"), self->address);
  return g_strdup_printf (
      _ ("Connected to RabbitMQ at %s, without streams: what comes while nobody reads it stays in the "
         "history alone"),
      self->address);
}

/* (transfer full) */
static char *
describe_degraded (ChatRabbitmqTransport *self)
{
  const char *trouble = find_trouble (self);

  if (self->blocked != NULL)
    return g_strdup_printf (_ ("RabbitMQ at %s takes nothing: %s"), self->address, self->blocked);
  return g_strdup_printf (_ ("RabbitMQ at %s does not do all that is wanted of it: %s"), self->address,
                          trouble != NULL ? trouble : "");
}

/* (transfer full) */
static char *
describe (ChatRabbitmqTransport *self)
{
  gint64 seconds = (self->retry_at - g_get_monotonic_time () + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;

  switch (self->state)
    {
    case CHAT_TRANSPORT_ONLINE:
      return describe_online (self);
    case CHAT_TRANSPORT_DEGRADED:
      return describe_degraded (self);
    case CHAT_TRANSPORT_OFFLINE:
      return g_strdup (self->reason != NULL ? self->reason : _ ("Not connected"));
    case CHAT_TRANSPORT_CONNECTING:
    default:
      if (self->retry != NULL && seconds > 0)
        return g_strdup_printf (_ ("Reconnecting in %d s: %s"), (int)seconds, self->reason);
      if (self->reason != NULL)
        return g_strdup_printf (_ ("Reconnecting: %s"), self->reason);
      return g_strdup_printf (_ ("Connecting to RabbitMQ at %s"), self->options->addresses[0]);
    }
}

void
chat_rabbitmq_transport_update_status (ChatRabbitmqTransport *self)
{
  g_autofree char *status = describe (self);

  if (g_strcmp0 (self->status, status) == 0)
    return;
  g_free (self->status);
  self->status = g_steal_pointer (&status);
  g_object_notify (G_OBJECT (self), "status");
}

void
chat_rabbitmq_transport_set_state (ChatRabbitmqTransport *self, ChatTransportState state)
{
  gboolean changed = self->state != state;

  self->state = state;
  chat_rabbitmq_transport_update_status (self);
  if (changed)
    g_object_notify (G_OBJECT (self), "state");
}

/* What is missing while there is a connection. */
void
chat_rabbitmq_transport_judge (ChatRabbitmqTransport *self)
{
  if (self->publishing == NULL || self->closed)
    return;
  chat_rabbitmq_transport_set_state (self, self->blocked != NULL || find_trouble (self) != NULL
                                               ? CHAT_TRANSPORT_DEGRADED
                                               : CHAT_TRANSPORT_ONLINE);
}

gboolean
chat_rabbitmq_transport_is_connected (ChatRabbitmqTransport *self)
{
  return self->publishing != NULL;
}

void
chat_rabbitmq_transport_set_reason (ChatRabbitmqTransport *self, const char *reason)
{
  g_autofree char *before = self->reason;

  self->reason = g_strdup (reason);
}

/* What may be published */

static gboolean
pardon_cb (gpointer user_data)
{
  ChatRabbitmqTransport *self = user_data;

  chat_timer_clear (&self->pardon);
  g_hash_table_remove_all (self->refused);
  chat_rabbitmq_transport_judge (self);
  return G_SOURCE_REMOVE;
}

void
chat_rabbitmq_transport_note_published (ChatRabbitmqTransport *self, const char *topic, const GError *error)
{
  if (error != NULL && chat_rabbitmq_is_denied (error))
    {
      g_hash_table_replace (self->refused, g_strdup (topic), g_strdup (error->message));
      chat_timer_clear (&self->pardon);
      self->pardon = chat_timer_new (REFUSED_MS, pardon_cb, self);
    }
  else if (error != NULL || g_hash_table_size (self->refused) == 0 || !g_hash_table_remove (self->refused, topic))
    {
      return;
    }
  chat_rabbitmq_transport_judge (self);
}
