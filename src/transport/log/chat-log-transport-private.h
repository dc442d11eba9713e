/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-backoff.h"
#include "transport/chat-waiters.h"
#include "transport/log/chat-log-hub.h"
#include "transport/log/chat-log-transport.h"

G_BEGIN_DECLS

/*
 * The log's transport is divided by aspect: its state, connecting and closing in chat-log-transport.c; publishing,
 * forwarding and retention in chat-log-writing.c; subscribing and seeking in chat-log-subscribe.c.
 */

typedef enum
{
  CHAT_LOG_PHASE_NEW,
  CHAT_LOG_PHASE_OPENING,
  CHAT_LOG_PHASE_OPEN,
  CHAT_LOG_PHASE_CLOSING,
  CHAT_LOG_PHASE_CLOSED,
} ChatLogPhase;

struct _ChatLogTransport
{
  GObject parent_instance;

  /* Owned */
  char *path;
  ChatWorker *writer; /* (nullable): from the first connect on */
  ChatLogHub *hub;    /* (nullable): from CHAT_LOG_PHASE_OPEN on */
  ChatWaiters *connects;
  ChatWaiters *subscribes; /* each with a ChatWish */
  ChatWaiters *closes;
  GSource *timer;     /* (nullable): opens again, or probes while something is wrong */
  GSource *retention; /* (nullable) */
  char *trouble;      /* (nullable): why it is not online */

  ChatLogOptions options;
  ChatBackoff backoff;
  ChatLogPhase phase;
  guint closing;     /* subscriptions */
  guint unconfirmed; /* calls that failed while it closed */
};

/** chat_log_transport_dup_obstacle: (transfer full): NULL where the log is open. */
GError *chat_log_transport_dup_obstacle (ChatLogTransport *self);

/** chat_log_transport_note_result: of a write: @error: (nullable): the state is DEGRADED from one on, until one goes
 * through. */
void chat_log_transport_note_result (ChatLogTransport *self, const GError *error);

/** chat_log_transport_push_job: runs @job on the writer's thread. Its task has no source object, for the last reference
 * to one might be dropped on that thread: what @callback needs comes as @data. */
void chat_log_transport_push_job (ChatLogTransport *self, ChatWorkerFunc job, GAsyncReadyCallback callback,
                                  gpointer data);

/** ChatLogWriting: a write on its way, and the call that it answers. */
typedef struct
{
  ChatLogWrite write;
  ChatLogTransport *self;
  GTask *call;
  ChatSubscription *forwarding; /* nullable */
  GArray *acks;                 /* (nullable) (element-type ChatLocalAck) */
} ChatLogWriting;

/** chat_log_writing_new: (transfer full) */
ChatLogWriting *chat_log_writing_new (ChatLogTransport *self, GTask *call);
void chat_log_writing_free (ChatLogWriting *writing);
void chat_log_writing_add_cursor (ChatLogWriting *writing, const char *group, const char *topic, gint shard,
                                  gint64 next);
/** chat_log_writing_push: @writing: (transfer full): @callback gets it as its data. */
void chat_log_writing_push (ChatLogWriting *writing, GAsyncReadyCallback callback);
/** chat_log_writing_finish: first of all in that callback: announces what was written. @error: of the call. */
gboolean chat_log_writing_finish (ChatLogWriting *writing, GAsyncResult *result, GError **error);

/** chat_log_transport_subscribe_now: a subscribe that waited for the log to be open. */
void chat_log_transport_subscribe_now (ChatLogTransport *self, GTask *task);

/* Members of the interface. */
void chat_log_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
void chat_log_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                       GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data);
void chat_log_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                         const char *const *channels, const ChatStart *start, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
void chat_log_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
