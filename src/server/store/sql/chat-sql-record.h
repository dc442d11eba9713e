/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/*
 * Records as the tables have them: reading them with their state, and what storing one does to others.
 */

/** ChatSqlRecord: a record with its place. */
typedef struct
{
  gint64 number; /* in all of the store */
  gint64 channel;
  gboolean public; /* whether its channel is */
  gint64 seq;
  gint64 clock;  /* the latest timestamp of its channel up to and including it, ms; known while it is appended */
  gboolean said; /* whether it is a message or a notice; likewise */
  gint64 author; /* 0: nobody */
  const char *author_key; /* "" of nobody */
  const ChatMessage *message;
} ChatSqlRecord;

#define CHAT_SQL_HOUR G_GINT64_CONSTANT (3600000) /* ms */
#define CHAT_SQL_FILTER "\uE000"                  /* before what a search is limited by: no text has it there */

/* What chat_sql_read_record() wants, of messages m as in CHAT_SQL_RECORDS. */
#define CHAT_SQL_RECORD                                                                                                \
  "m.seq, m.id, m.clock, m.record, e.record, s.message IS NOT NULL, m.number, s.edited, s.deleted, s.deleted_by, "     \
  "s.seq "
#define CHAT_SQL_RECORD_COLUMNS 11
#define CHAT_SQL_RECORD_NUMBER 6 /* which of them is its number */
#define CHAT_SQL_RECORDS                                                                                               \
  "messages m LEFT JOIN states s ON s.message = m.number LEFT JOIN messages e ON e.number = s.edit "

/** chat_sql_read_record: (transfer full): the message of a row that begins with CHAT_SQL_RECORD, as it reads
 * now. */
ChatMessage *chat_sql_read_record (ChatSql *database, ChatSqlQuery *query, const char *channel);

/** chat_sql_check_seq: @seq as the database has it; 0 after it failed because it is none. */
gint64 chat_sql_check_seq (ChatSql *database, gint64 seq);

/** chat_sql_author: the number of whoever has this key, made where it is new; 0 where the key is empty. */
gint64 chat_sql_author (ChatSql *database, const char *user_key, const char *user);

/** chat_sql_dup_digest: (transfer full): chat_message_digest() in hexadecimal. */
char *chat_sql_dup_digest (const ChatMessage *message);

/** chat_sql_apply: what the record that was just stored changes: the state of others or, of those that came before,
 * its own; its channel's topic; what finds its words and whom it names. */
void chat_sql_apply (ChatSql *database, const ChatSqlRecord *record);

/** chat_sql_index_text: makes a message found by its words and those who are named in it; chat_sql_unindex_text()
 * takes that back, and has to be told the same text. */
void chat_sql_index_text (ChatSql *database, const ChatSqlRecord *record, const char *text);
void chat_sql_unindex_text (ChatSql *database, const ChatSqlRecord *record, const char *text);

/** chat_sql_index_mentions: who is named in it alone. */
void chat_sql_index_mentions (ChatSql *database, const ChatSqlRecord *record, const char *text);

/** chat_sql_extend_hour: that a record of this hour has a number from @first to @last. */
void chat_sql_extend_hour (ChatSql *database, gint64 hour, gint64 first, gint64 last);

G_END_DECLS
