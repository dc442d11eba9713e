/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-feed-choice.h"

ChatFeedChoice
chat_feed_choice_from_string (const char *name)
{
  static const char *const names[] = { [CHAT_FEED_AUTOMATIC] = "automatic",
                                       [CHAT_FEED_KAFKA] = "kafka",
                                       [CHAT_FEED_RABBITMQ] = "rabbitmq",
                                       [CHAT_FEED_WEBSOCKET] = "websocket" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (names[i], name) == 0)
      return (ChatFeedChoice)i;
  return CHAT_FEED_AUTOMATIC;
}

void
chat_feed_details_free (ChatFeedDetails *self)
{
  if (self == NULL)
    return;
  g_free (self->feed);
  g_free (self->address);
  g_free (self->state);
  g_free (self->position);
  g_free (self->service);
  g_free (self->broker);
  g_free (self->error);
  g_free (self->delay);
  g_free (self);
}
