/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

#include "client/chat-timeline-private.h"
#include "core/chat-time.h"

/*
 * What is said to this user alone. On a broker everybody may read it, so it comes from there without the words, and
 * perhaps from somebody else: it is a hint, and the service has the word. Mostly both come within a moment.
 */

/* So long a hint waits for the service to say it itself. */
#define HINT_MS 1000

static gboolean
hint_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;
  g_autoptr (GHashTable) untold = g_steal_pointer (&self->untold);
  GHashTableIter iter;
  gpointer id;

  self->hint_source = 0;
  self->untold = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  chat_workspace_sync_block (self);
  g_hash_table_iter_init (&iter, untold);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    chat_workspace_emit_warned (self, g_hash_table_lookup (self->warnings, id));
  return G_SOURCE_REMOVE;
}

static void
ask_soon (ChatWorkspace *self)
{
  if (self->hint_source == 0)
    self->hint_source = g_timeout_add (HINT_MS, hint_cb, self);
}

/* (nullable): of the own message @id: who is warned of it has it in the outbox, or on the screen. */
static const char *
find_channel (ChatWorkspace *self, const char *id)
{
  ChatDelivery delivery = CHAT_DELIVERY_NONE;
  ChatMessage *message = chat_outbox_find (self->outbox, id, &delivery);

  if (message != NULL)
    return chat_message_get_channel (message);
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);
      ChatTimeline *timeline = chat_channel_peek_timeline (channel);

      if (timeline != NULL && chat_timeline_find_any (timeline, id) != NULL)
        return chat_channel_get_name (channel);
    }
  return NULL;
}

static void
take_hint (ChatWorkspace *self, ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);
  g_autoptr (ChatWarning) warning = NULL;

  /* what is refused comes from the service with its reason, or not at all */
  if (kind != CHAT_KIND_WARNING && kind != CHAT_KIND_BLOCK && kind != CHAT_KIND_UNBLOCK)
    return;
  if (kind == CHAT_KIND_WARNING)
    {
      warning = chat_warning_new_from_message (message);
      if (warning == NULL || g_hash_table_contains (self->warnings, warning->id))
        return;
      g_free (warning->channel);
      warning->channel = g_strdup (find_channel (self, warning->target));
    }
  if (warning != NULL && warning->channel != NULL)
    {
      chat_workspace_add_warning (self, warning, FALSE);
      g_hash_table_add (self->untold, g_strdup (warning->id));
    }
  ask_soon (self);
}

void
chat_workspace_take_private_word (ChatWorkspace *self, ChatMessage *message, gboolean of_service)
{
  const char *target = chat_message_get_target (message);
  g_autoptr (ChatWarning) warning = NULL;

  if (!of_service)
    {
      take_hint (self, message);
      return;
    }
  switch ((int)chat_message_get_kind (message))
    {
    case CHAT_KIND_WARNING:
      warning = chat_warning_new_from_message (message);
      if (warning != NULL)
        chat_workspace_add_warning (self, warning, TRUE);
      break;
    case CHAT_KIND_BLOCK:
      chat_workspace_set_block (self, TRUE, chat_message_get_reason (message), chat_message_get_timestamp (message),
                                self->block_until);
      chat_workspace_sync_block (self);
      break;
    case CHAT_KIND_UNBLOCK:
      chat_workspace_set_block (self, FALSE, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN);
      break;
    case CHAT_KIND_REFUSED:
      if (target != NULL)
        chat_outbox_refuse (self->outbox, target, chat_message_get_reason (message));
      break;
    default:
      break;
    }
}
