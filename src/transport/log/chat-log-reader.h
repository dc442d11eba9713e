/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/chat-position.h"

G_BEGIN_DECLS

/**
 * ChatLogReader:
 *
 * Reads what is no longer in memory, beside the writer: lives on the thread of a ChatWorker of its own.
 */
typedef struct _ChatLogReader ChatLogReader;

ChatLogReader *chat_log_reader_new (const char *path);
void chat_log_reader_free (ChatLogReader *self);

/** ChatLogRead: the data of a read of [@from, @to) in one shard. The answer: @records (element-type ChatRecord), those
 * that @channels (nullable: all) want; @found: the offset of the first row, wanted or not; @next: where to read on. */
typedef struct
{
  char *topic;
  gint shard;
  gint64 from, to;
  GHashTable *channels;
  GPtrArray *records;
  gint64 found, next;
} ChatLogRead;
ChatLogRead *chat_log_read_new (const char *topic, gint shard, gint64 from, gint64 to, GHashTable *channels);
void chat_log_read_free (ChatLogRead *self);

/** chat_log_reader_read: (job): → TRUE, with some of what was asked: at most a few hundred records. */
void chat_log_reader_read (GTask *task, gpointer reader, gpointer read, GCancellable *cancellable);

/** ChatLogSearch: the data of a search: @places (element-type ChatLogPlace): where to look. */
typedef struct
{
  GPtrArray *places;
  gint64 time_ms;
} ChatLogSearch;
void chat_log_search_free (ChatLogSearch *self);

/** chat_log_reader_search: (job): → ChatPosition of the first records at or after the time. */
void chat_log_reader_search (GTask *task, gpointer reader, gpointer search, GCancellable *cancellable);

G_END_DECLS
