/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-channel.h"
#include "client/chat-unread.h"

G_BEGIN_DECLS

/** ChatChannelState: what is kept of a channel on disk. */
typedef struct
{
  char *name;
  char *topic;    /* nullable */
  char *language; /* nullable */
  char *other;    /* nullable */
  char *draft;    /* nullable */
  gint64 active, head, read, notified;
  guint unread, mentions, people;
  ChatNotify notify;
  gboolean bot, joined, muted;
} ChatChannelState;

void chat_channel_state_free (ChatChannelState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatChannelState, chat_channel_state_free)

/** ChatChannelOpen: makes the timeline of a channel when it is asked for first. (transfer full) @awake: it is there,
 * and somebody looks at it from here on: returns NULL. */
typedef ChatTimeline *(*ChatChannelOpen) (ChatChannel *channel, gpointer data, gboolean awake);

/** chat_channel_new: @open: called at most once, never after chat_channel_orphan(). */
ChatChannel *chat_channel_new (const char *name, ChatChannelOpen open, gpointer data);
/** chat_channel_orphan: its workspace goes: a channel that somebody still holds has an empty timeline at most. */
void chat_channel_orphan (ChatChannel *self);
gint64 chat_channel_get_made (ChatChannel *self); /* monotonic time, µs: when this object was */
/** chat_channel_open_ahead: makes its timeline before anybody looks at it, so that it is there at once. */
void chat_channel_open_ahead (ChatChannel *self);
gboolean chat_channel_is_asleep (ChatChannel *self);          /* opened ahead, and nobody looks at it yet */
ChatTimeline *chat_channel_peek_timeline (ChatChannel *self); /* transfer none, nullable */

ChatChannelState *chat_channel_dup_state (ChatChannel *self); /* transfer full */
void chat_channel_apply_state (ChatChannel *self, const ChatChannelState *state);

void chat_channel_set_topic (ChatChannel *self, const char *topic);
/** chat_channel_set_other: the other one in a private conversation: gives it its title. */
void chat_channel_set_other (ChatChannel *self, const char *user);
const char *chat_channel_get_other (ChatChannel *self); /* nullable */
void chat_channel_set_bot (ChatChannel *self, gboolean bot);
void chat_channel_set_language (ChatChannel *self, const char *language);
void chat_channel_set_joined (ChatChannel *self, gboolean joined);
void chat_channel_set_people (ChatChannel *self, guint people);
/** chat_channel_set_active: @time_ms: of the last record: never goes back. */
void chat_channel_set_active (ChatChannel *self, gint64 time_ms);
/** chat_channel_get_counter: (transfer none): after a change of it: chat_channel_update_unread(). */
ChatUnread *chat_channel_get_counter (ChatChannel *self);
void chat_channel_update_unread (ChatChannel *self);

/* Seqs, which the sidebar does not show: the newest one heard of, and up to where its user has read. */
gint64 chat_channel_get_head (ChatChannel *self);
void chat_channel_set_head (ChatChannel *self, gint64 seq);
/** chat_channel_begin_again: its messages are numbered anew: all seqs so far mean nothing, and nothing is unread. */
void chat_channel_begin_again (ChatChannel *self);
/** chat_channel_meet: TRUE for the first time ever that the service tells of it, on this computer. */
gboolean chat_channel_meet (ChatChannel *self);
/* Up to which seq somebody was notified. */
gint64 chat_channel_get_notified (ChatChannel *self);
void chat_channel_set_notified (ChatChannel *self, gint64 seq);
gint64 chat_channel_get_read (ChatChannel *self);
void chat_channel_set_read (ChatChannel *self, gint64 seq);

/** chat_channel_compare: the order of the sidebar. */
int chat_channel_compare (ChatChannel *a, ChatChannel *b);

G_END_DECLS
