/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/rabbitmq/chat-rabbitmq-link.h"

G_BEGIN_DECLS

/* What the two halves of a link share: chat-rabbitmq-link.c has the socket, chat-rabbitmq-channel.c what it says. */

struct _ChatRabbitmqLink
{
  /* Owned */
  amqp_connection_state_t state;
  GSource *source;
  gpointer watch;
  GHashTable *channels; /* number → ChatRabbitmqChannel */
  GQueue outgoing;      /* Outgoing: what the socket has had no room for */
  GError *failure;      /* nullable: told by the next dispatch */

  /* Borrowed */
  const ChatRabbitmqLinkFuncs *funcs;
  gpointer data;

  gint64 budget_us;
  gint64 next_tick; /* monotonic, µs */
  gint64 heard;     /* when a frame came last */
  gint64 unblocked; /* when it began to take what is sent */
  guint heartbeat_s;
  guint shards;
  guint16 last_channel, channel_most;
  int fd;
  gatomicrefcount references;
  gboolean pending; /* there may be more to read than the socket shows */
  gboolean watching, blocked, ending, ended, dead;
};

typedef enum
{
  STAGE_IDLE,
  STAGE_HEADER,
  STAGE_BODY,
} Stage;

struct _ChatRabbitmqChannel
{
  ChatRabbitmqLink *link;                /* borrowed */
  const ChatRabbitmqChannelFuncs *funcs; /* NULL: nobody listens any more */
  gpointer data;
  ChatRabbitmqReply done; /* nullable: of a close */
  gpointer done_data;
  GQueue calls; /* Call */

  Stage stage;
  gboolean is_return, closing;
  ChatRabbitmqDelivery delivery; /* what is being assembled */
  GByteArray *body;              /* nullable: of several frames */
  guint64 size;
  guint16 number;
};

/** chat_rabbitmq_link_send: a method; later where there is no room now. */
void chat_rabbitmq_link_send (ChatRabbitmqLink *self, guint16 channel, amqp_method_number_t method, gpointer decoded);
void chat_rabbitmq_link_publish (ChatRabbitmqLink *self, guint16 channel, const char *exchange, ChatRecord *record,
                                 gint64 time_ms, gboolean mandatory, gboolean direct);
/** chat_rabbitmq_link_purge: what waits to be sent on a channel that is no more. */
void chat_rabbitmq_link_purge (ChatRabbitmqLink *self, guint16 channel);

void chat_rabbitmq_channel_free (ChatRabbitmqChannel *self);
/** chat_rabbitmq_channel_get_since: when the oldest call was made that is not answered; G_MAXINT64: there is none. */
gint64 chat_rabbitmq_channel_get_since (const ChatRabbitmqChannel *self);
/** chat_rabbitmq_channel_take: one frame of this channel. Returns whether its buffers may be released. */
gboolean chat_rabbitmq_channel_take (ChatRabbitmqChannel *self, const amqp_frame_t *frame);

G_END_DECLS
