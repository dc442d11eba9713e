/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-position.h"

G_BEGIN_DECLS

/** ChatWish: what was asked of a subscribe, for as long as it takes to be there. What @start points to belongs to it.
 */
typedef struct
{
  char **topics;
  char **channels; /* nullable */
  ChatStart start;
} ChatWish;

ChatWish *chat_wish_new (const char *const *topics, const char *const *channels, const ChatStart *start);
void chat_wish_free (ChatWish *self);

/** chat_wish_set_position: @position: (transfer full): it begins there, whatever it began with. */
void chat_wish_set_position (ChatWish *self, ChatPosition *position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatWish, chat_wish_free)

G_END_DECLS
