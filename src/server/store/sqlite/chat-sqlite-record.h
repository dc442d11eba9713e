/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "server/store/sqlite/chat-sqlite.h"

G_BEGIN_DECLS

/*
 * Records as the tables have them: reading them with their state, and what storing one does to others.
 */

/** ChatSqliteRecord: a record with its place. */
typedef struct
{
  gint64 number; /* in all of the store */
  gint64 channel;
  gboolean public; /* whether its channel is */
  gint64 seq;
  gint64 author;          /* 0: nobody */
  const char *author_key; /* "" of nobody */
  const ChatMessage *message;
} ChatSqliteRecord;

#define CHAT_SQLITE_HOUR G_GINT64_CONSTANT (3600000) /* ms */
#define CHAT_SQLITE_FILTER "\uE000"                  /* before what a search is limited by: no text has it there */

/* What chat_sqlite_read_record() wants, of messages m as in CHAT_SQLITE_RECORDS. */
#define CHAT_SQLITE_RECORD                                                                                             \
  "m.seq, m.id, m.clock, m.record, e.record, s.message IS NOT NULL, m.number, s.edited, s.deleted, s.deleted_by, "     \
  "s.seq "
#define CHAT_SQLITE_RECORD_COLUMNS 11
#define CHAT_SQLITE_RECORD_NUMBER 6 /* which of them is its number */
#define CHAT_SQLITE_RECORDS                                                                                            \
  "messages m LEFT JOIN states s ON s.message = m.number LEFT JOIN messages e ON e.number = s.edit "

/** chat_sqlite_read_record: (transfer full): the message of a row that begins with CHAT_SQLITE_RECORD, as it reads
 * now. */
ChatMessage *chat_sqlite_read_record (ChatSqlite *database, ChatSqliteQuery *query, const char *channel);

/** chat_sqlite_check_seq: @seq as the database has it; 0 after it failed because it is none. */
gint64 chat_sqlite_check_seq (ChatSqlite *database, gint64 seq);

/** chat_sqlite_author: the number of whoever has this key, made where it is new; 0 where the key is empty. */
gint64 chat_sqlite_author (ChatSqlite *database, const char *user_key, const char *user);

/** chat_sqlite_dup_digest: (transfer full): chat_message_digest() in hexadecimal. */
char *chat_sqlite_dup_digest (const ChatMessage *message);

/** chat_sqlite_apply: what the record that was just stored changes: the state of others or, of those that came before,
 * its own; its channel's topic; what finds its words and whom it names. */
void chat_sqlite_apply (ChatSqlite *database, const ChatSqliteRecord *record);

/** chat_sqlite_index_text: makes a message found by its words and those who are named in it; chat_sqlite_unindex_text()
 * takes that back, and has to be told the same text. */
void chat_sqlite_index_text (ChatSqlite *database, const ChatSqliteRecord *record, const char *text);
void chat_sqlite_unindex_text (ChatSqlite *database, const ChatSqliteRecord *record, const char *text);

/** chat_sqlite_extend_hour: that a record of this hour has a number from @first to @last. */
void chat_sqlite_extend_hour (ChatSqlite *database, gint64 hour, gint64 first, gint64 last);

/** chat_sqlite_backfill: does for all records that are there what storing them does now. */
void chat_sqlite_backfill (ChatSqlite *database);

G_END_DECLS
