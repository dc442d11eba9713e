/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/chat-record.h"
#include "transport/log/chat-log-transport.h"

G_BEGIN_DECLS

/**
 * ChatLogWriter:
 *
 * The log's only writer: lives on a ChatWorker's thread, which alone calls the functions marked as jobs. It knows where
 * every shard ends, gives records their places and commits them, many calls at a time.
 */
typedef struct _ChatLogWriter ChatLogWriter;

ChatLogWriter *chat_log_writer_new (const char *path, const ChatLogOptions *options);
/** chat_log_writer_free: closes the file. */
void chat_log_writer_free (ChatLogWriter *self);

/** ChatLogPlace: what lies in one shard: [first, next). */
typedef struct
{
  char *topic;
  gint shard;
  gint64 first;
  gint64 next;
} ChatLogPlace;
ChatLogPlace *chat_log_place_new (const char *topic, gint shard, gint64 first, gint64 next);
void chat_log_place_free (ChatLogPlace *self);

/** ChatLogCursor: a group has acknowledged everything before @next; CHAT_LOG_FORGOTTEN: there is no such group, in
 * whatever topic. */
#define CHAT_LOG_FORGOTTEN (-1)
typedef struct
{
  char *group;
  char *topic;
  gint shard;
  gint64 next;
} ChatLogCursor;
ChatLogCursor *chat_log_cursor_new (const char *group, const char *topic, gint shard, gint64 next);
void chat_log_cursor_free (ChatLogCursor *self);

/** ChatLogContents: what a file holds when it is opened. */
typedef struct
{
  guint shards;
  GPtrArray *places;  /* ChatLogPlace */
  GPtrArray *cursors; /* ChatLogCursor */
} ChatLogContents;
void chat_log_contents_free (ChatLogContents *self);

/** chat_log_writer_open: (job): → ChatLogContents; errors of chat_log_file_open_writer(). May be tried again. */
void chat_log_writer_open (GTask *task, gpointer writer, gpointer data, GCancellable *cancellable);

/** ChatLogWrite: the data of a write: @records (element-type ChatRecord) are appended and @cursors (element-type
 * ChatLogCursor) moved, together. @placed: (element-type ChatRecord): the answer: @records as they are delivered. */
typedef struct
{
  GPtrArray *records;
  GPtrArray *cursors; /* nullable */
  GPtrArray *placed;
} ChatLogWrite;

/** chat_log_writer_write: (batch job): → TRUE once it is on the disk, for each of the tasks. */
void chat_log_writer_write (GPtrArray *tasks, gpointer writer);

/** chat_log_writer_retain: (job): removes some of what the options do not want kept and no group still wants →
 * (element- type ChatLogPlace): the shards that now begin later; empty: nothing is left to remove. */
void chat_log_writer_retain (GTask *task, gpointer writer, gpointer data, GCancellable *cancellable);

/** chat_log_writer_probe: (job): → TRUE where the file can be written. */
void chat_log_writer_probe (GTask *task, gpointer writer, gpointer data, GCancellable *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatLogContents, chat_log_contents_free)

G_END_DECLS
