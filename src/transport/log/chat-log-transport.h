/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_LOG_TRANSPORT (chat_log_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatLogTransport, chat_log_transport, CHAT, LOG_TRANSPORT, GObject)

/** ChatLogOptions: retention runs once a minute and never removes what a group has not acknowledged. */
typedef struct
{
  guint shards;           /* per topic, from 1; fixed at the first start of a file */
  gint64 retention_ms;    /* 0: keep for ever */
  gint64 retention_bytes; /* of payload per topic; 0: no limit */
  guint batch;            /* most publishes that share one commit */
} ChatLogOptions;

#define CHAT_LOG_OPTIONS_INIT                                                                                          \
  {                                                                                                                    \
    1, 0, 0, 512                                                                                                       \
  }

/** CHAT_LOG_RECORD_MOST: a larger payload is REJECTED, in bytes. */
#define CHAT_LOG_RECORD_MOST (1024 * 1024)

/**
 * chat_log_transport_new:
 * @path: the SQLite file; made when missing
 * @options: (nullable): NULL: CHAT_LOG_OPTIONS_INIT
 *
 * The embedded broker: an append-only log with group cursors, for one process. Commits with synchronous=FULL; publishes
 * that wait at the same time share a commit. A second process on the same file is refused at connect with
 * CHAT_TRANSPORT_ERROR_DENIED, naming the file. All features.
 *
 * A disk that is full answers FULL, a file that another program has locked OFFLINE; the state is DEGRADED with the
 * reason until a write goes through again, which it tries by itself.
 */
ChatTransport *chat_log_transport_new (const char *path, const ChatLogOptions *options);

/** chat_log_transport_retain_async: runs the retention now, until there is nothing left for it to remove. */
void chat_log_transport_retain_async (ChatLogTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean chat_log_transport_retain_finish (ChatLogTransport *self, GAsyncResult *result, GError **error);

/**
 * chat_log_transport_forget_group_async:
 *
 * A group that nobody will be a member of any more no longer keeps records from retention. G_IO_ERROR_BUSY where it has
 * members. The finish: *known: whether there was such a group; a new member of it would begin at the earliest record.
 */
void chat_log_transport_forget_group_async (ChatLogTransport *self, const char *group, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_log_transport_forget_group_finish (ChatLogTransport *self, GAsyncResult *result, gboolean *known,
                                                 GError **error);

G_END_DECLS
