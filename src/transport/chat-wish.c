/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-wish.h"

static void
clear_start (ChatStart *start)
{
  if (start->position != NULL)
    chat_position_free ((ChatPosition *)start->position);
  g_free ((char *)start->group);
}

ChatWish *
chat_wish_new (const char *const *topics, const char *const *channels, const ChatStart *start)
{
  ChatWish *self = g_new0 (ChatWish, 1);

  self->topics = g_strdupv ((char **)topics);
  self->channels = g_strdupv ((char **)channels);
  self->start.kind = start->kind;
  self->start.time_ms = start->time_ms;
  if (start->kind == CHAT_START_POSITION)
    self->start.position = chat_position_copy (start->position);
  if (start->kind == CHAT_START_GROUP)
    self->start.group = g_strdup (start->group);
  return self;
}

void
chat_wish_free (ChatWish *self)
{
  g_return_if_fail (self != NULL);

  clear_start (&self->start);
  g_strfreev (self->topics);
  g_strfreev (self->channels);
  g_free (self);
}

void
chat_wish_set_position (ChatWish *self, ChatPosition *position)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (position != NULL);

  clear_start (&self->start);
  self->start = (ChatStart){ CHAT_START_POSITION, position, 0, NULL };
}
