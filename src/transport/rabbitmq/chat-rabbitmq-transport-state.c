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

/* What is missing while there is a connection. */
void
chat_rabbitmq_transport_judge (ChatRabbitmqTransport *self)
{
  const char *trouble = find_trouble (self);
  g_autofree char *sentence = NULL;

  if (self->publishing == NULL || chat_transport_base_is_closing (CHAT_TRANSPORT_BASE (self)))
    return;
  if (self->blocked != NULL)
    sentence = g_strdup_printf (_ ("RabbitMQ at %s takes nothing: %s"), self->address, self->blocked);
  else if (trouble != NULL)
    sentence = g_strdup_printf (_ ("RabbitMQ at %s does not do all that is wanted of it: %s"), self->address, trouble);
  chat_transport_base_set_trouble (CHAT_TRANSPORT_BASE (self), sentence);
}

gboolean
chat_rabbitmq_transport_is_connected (ChatRabbitmqTransport *self)
{
  return self->publishing != NULL;
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
