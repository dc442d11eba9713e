/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/rabbitmq/chat-rabbitmq-codec.h"

G_BEGIN_DECLS

/**
 * ChatRabbitmqLink:
 *
 * A connection that has been logged in, as a GSource of the caller's thread-default main context. It assembles frames
 * within a time budget and never blocks: what the socket has no room for waits in a queue. Its channels are
 * ChatRabbitmqChannel.
 */
typedef struct _ChatRabbitmqLink ChatRabbitmqLink;
typedef struct _ChatRabbitmqChannel ChatRabbitmqChannel;

typedef struct
{
  /* @reason: (nullable): the broker takes nothing that is published, for lack of memory or disk; NULL: it does again */
  void (*blocked) (gpointer data, const char *reason);
  /* the end, once, from the main loop: free it. @error: NULL after chat_rabbitmq_link_end() */
  void (*closed) (gpointer data, const GError *error);
} ChatRabbitmqLinkFuncs;

/** chat_rabbitmq_link_new: @state: (transfer full): logged in. @funcs: borrowed for good. */
ChatRabbitmqLink *chat_rabbitmq_link_new (amqp_connection_state_t state, gint64 budget_us,
                                          const ChatRabbitmqLinkFuncs *funcs, gpointer data);
/** chat_rabbitmq_link_set_shards: of what is published: as chat_rabbitmq_codec_encode(). */
void chat_rabbitmq_link_set_shards (ChatRabbitmqLink *self, guint shards);
/** chat_rabbitmq_link_free: cuts it, and all its channels with it, without a callback. May be called in one. */
void chat_rabbitmq_link_free (ChatRabbitmqLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRabbitmqLink, chat_rabbitmq_link_free)

/** chat_rabbitmq_link_get_patience: how long what the broker should answer may take, in µs. */
gint64 chat_rabbitmq_link_get_patience (ChatRabbitmqLink *self);

/** chat_rabbitmq_link_fail: it is of no use any more: `closed` follows, from the main loop. @error: (transfer full)
 * (nullable) */
void chat_rabbitmq_link_fail (ChatRabbitmqLink *self, GError *error);

/** chat_rabbitmq_link_end: closes it in good order: what was sent before is heeded; then `closed`. */
void chat_rabbitmq_link_end (ChatRabbitmqLink *self);

/** Channels: handles that are good until they are closed, by chat_rabbitmq_channel_close() or by `closed`, or the link
 * is freed. */
typedef struct
{
  void (*delivered) (gpointer data, const ChatRabbitmqDelivery *delivery);
  void (*returned) (gpointer data, const ChatRabbitmqDelivery *delivery);
  void (*confirmed) (gpointer data, guint64 tag, gboolean multiple, gboolean taken);
  /* the broker ended the consumer: its queue is gone or has moved */
  void (*cancelled) (gpointer data);
  /* the broker closed the channel, and the handle is gone */
  void (*closed) (gpointer data, const GError *error);
} ChatRabbitmqChannelFuncs;

/** ChatRabbitmqReply: @decoded: the method that answers, such as amqp_queue_declare_ok_t. */
typedef void (*ChatRabbitmqReply) (gpointer decoded, gpointer data);

/** chat_rabbitmq_channel_new: (nullable): NULL where the broker allows no more. @funcs: borrowed for good. */
ChatRabbitmqChannel *chat_rabbitmq_channel_new (ChatRabbitmqLink *link, const ChatRabbitmqChannelFuncs *funcs,
                                                gpointer data);

/** chat_rabbitmq_channel_call: sends a method that is answered by another, in the order of the calls. What fails closes
 * the channel. @reply: (nullable) */
void chat_rabbitmq_channel_call (ChatRabbitmqChannel *self, amqp_method_number_t method, gpointer decoded,
                                 amqp_method_number_t answer, ChatRabbitmqReply reply, gpointer data);

void chat_rabbitmq_channel_ack (ChatRabbitmqChannel *self, guint64 tag, gboolean multiple);

/** chat_rabbitmq_channel_publish: mandatory or not, persistent; checked before. */
void chat_rabbitmq_channel_publish (ChatRabbitmqChannel *self, const char *exchange, ChatRecord *record, gint64 time_ms,
                                    gboolean mandatory, gboolean direct);

/** chat_rabbitmq_channel_close: the handle is gone at once, and nothing is called any more. @done: (nullable): when the
 * broker has heeded it (what was unacknowledged is back in its queue); not called where the link breaks. */
void chat_rabbitmq_channel_close (ChatRabbitmqChannel *self, ChatRabbitmqReply done, gpointer data);

/** chat_rabbitmq_link_forget: no `done` of a close is called any more whose data is @data. */
void chat_rabbitmq_link_forget (ChatRabbitmqLink *self, gpointer data);

G_END_DECLS
