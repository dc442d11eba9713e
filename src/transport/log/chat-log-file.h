/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * ChatLogFile:
 *
 * One connection to the log's SQLite file: opening and recognising it, its statements, its errors. Used by one thread.
 */
typedef struct _ChatLogFile ChatLogFile;

/* A record's place in the file: its shard's id above, its offset below. Rows of a shard lie side by side, and a new one
 * is an append to them. */
#define CHAT_LOG_OFFSET_BITS 40
#define CHAT_LOG_PLACE(shard_id, offset) (((gint64)(shard_id) << CHAT_LOG_OFFSET_BITS) | (gint64)(offset))
#define CHAT_LOG_OFFSET(place) ((gint64)(place) & ((G_GINT64_CONSTANT (1) << CHAT_LOG_OFFSET_BITS) - 1))

typedef enum
{
  CHAT_LOG_BEGIN,
  CHAT_LOG_COMMIT,
  CHAT_LOG_ROLLBACK,
  CHAT_LOG_GET_SHARDS,   /* → id, topic, number, first, next, bytes, the last record's time */
  CHAT_LOG_FIND_SHARD,   /* topic, number → id */
  CHAT_LOG_ADD_SHARD,    /* id, topic, number */
  CHAT_LOG_MOVE_SHARD,   /* id, first, next, bytes */
  CHAT_LOG_ADD_RECORD,   /* place, time, key, headers, payload */
  CHAT_LOG_GET_RECORDS,  /* from place, before place → place, time, key, headers, payload */
  CHAT_LOG_GET_TIME,     /* place → time */
  CHAT_LOG_GET_SIZES,    /* from place, before place → place, time, bytes of payload */
  CHAT_LOG_REMOVE,       /* from place, before place */
  CHAT_LOG_GET_CURSORS,  /* → group, topic, number, next */
  CHAT_LOG_MOVE_CURSOR,  /* group, topic, number, next */
  CHAT_LOG_FORGET_GROUP, /* group */
  CHAT_LOG_GET_SLOWEST,  /* topic, number → the lowest next of a group, or NULL */
  CHAT_LOG_PROBE,        /* a write that changes nothing */
  CHAT_LOG_N_STATEMENTS
} ChatLogStatement;

/**
 * chat_log_file_open_writer:
 * @path: made, with its folders, when missing (0600, 0700)
 * @shards: of every topic of a new file
 *
 * Returns: (transfer full): the only writer on this file, or NULL with DENIED (another process has it, no permission),
 *   DAMAGED (not a log, or a newer one; nothing was touched), FULL or OFFLINE
 */
ChatLogFile *chat_log_file_open_writer (const char *path, guint shards, GError **error);
/** chat_log_file_open_reader: beside the writer of the same process. */
ChatLogFile *chat_log_file_open_reader (const char *path, GError **error);
void chat_log_file_close (ChatLogFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatLogFile, chat_log_file_close)

/** chat_log_file_get_shards: how many shards a topic of this file has. */
guint chat_log_file_get_shards (ChatLogFile *self);

/** chat_log_file_get: (transfer none): the statement, ready to be bound; NULL with an error. */
sqlite3_stmt *chat_log_file_get (ChatLogFile *self, ChatLogStatement which, GError **error);
/** chat_log_file_step: TRUE at a row; FALSE at the end (the statement is reset) or with an error. */
gboolean chat_log_file_step (ChatLogFile *self, sqlite3_stmt *statement, GError **error);
/** chat_log_file_run: a statement to its end. */
gboolean chat_log_file_run (ChatLogFile *self, sqlite3_stmt *statement, GError **error);
/** chat_log_file_do: a statement without parameters. */
gboolean chat_log_file_do (ChatLogFile *self, ChatLogStatement which, GError **error);
/** chat_log_file_roll_back: whatever state a failure has left the transaction in. */
void chat_log_file_roll_back (ChatLogFile *self);

G_END_DECLS
