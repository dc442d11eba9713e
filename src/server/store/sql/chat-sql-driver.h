/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-lru.h"
#include "server/store/sql/chat-sql-record.h"
#include "server/store/sql/chat-sql-rows.h"
#include "server/store/sql/chat-sql-search.h"

G_BEGIN_DECLS

#define CHAT_SQL_MAX_VALUES 16 /* of a statement */

/** ChatSqlValue: one that is bound. */
typedef struct
{
  char type; /* 's', 'x' or 'b' */
  gboolean null;
  const char *text;
  gint64 number; /* also of 'b' */
} ChatSqlValue;

/**
 * ChatSqlDriver:
 *
 * What a database does in its own way. A driver's connection begins with a ChatSql, its query with a ChatSqlQuery. What
 * fails becomes the connection's failure, if there is none yet; none of these is called while there is one, but those
 * that end something.
 */
typedef struct
{
  void (*free) (ChatSql *self);
  gboolean (*open) (ChatSql *self, GError **error);

  ChatSqlQuery *(*query) (ChatSql *self, const char *sql, const ChatSqlValue *values, guint n_values);
  void (*query_end) (ChatSqlQuery *query);
  gboolean (*next) (ChatSqlQuery *query);
  /** get_text: NULL for NULL. get_number: 0 for NULL. */
  const char *(*get_text) (ChatSqlQuery *query, guint column);
  gint64 (*get_number) (ChatSqlQuery *query, guint column);
  gboolean (*is_null) (ChatSqlQuery *query, guint column);
  /** count_changed: rows, after the last of them was asked for. */
  int (*count_changed) (ChatSqlQuery *query);
  /** post: nullable: a statement whose answer nobody waits for; what fails may do so later, until the transaction or
   * the savepoint ends. */
  void (*post) (ChatSql *self, const char *sql, const ChatSqlValue *values, guint n_values);
  void (*script) (ChatSql *self, const char *sql);

  void (*begin) (ChatSql *self);
  gboolean (*is_active) (ChatSql *self);
  gboolean (*end) (ChatSql *self, GError **error);
  void (*savepoint) (ChatSql *self);
  gboolean (*release) (ChatSql *self, GError **error);
  gboolean (*recovers) (ChatSql *self, const GError *error, guint attempt); /* nullable: never */

  /** lock: nullable: there is one writer. @keys: (element-type utf8), locked in this order. */
  void (*lock) (ChatSql *self, const char *what, GPtrArray *keys, gboolean shared);
  void (*announce) (ChatSql *self, const char *channel, gint64 head);
  /** damaged: (transfer full): what to say of it. */
  GError *(*damaged) (ChatSql *self, const char *detail);

  /* Words: what is to be found by a record's text, and no longer. */
  void (*index_words) (ChatSql *self, const ChatSqlRecord *record, const char *text);
  void (*unindex_words) (ChatSql *self, const ChatSqlRecord *record, const char *text);
  /** search: (transfer full) (nullable): rows of CHAT_SQL_RECORD and the channel's name, newest first, one more than
   * the limit. */
  ChatSqlQuery *(*search) (ChatSql *self, const ChatSqlSearch *search);

  /*
   * Storing many at once: nullable, all of them. prepare_append() adds the ids to @known that have to go the slow way:
   * those that are stored, and those for which something waits. add_row() takes a record whose number it gives;
   * flush_rows() writes those that were added.
   */
  void (*prepare_append) (ChatSql *self, GPtrArray *messages, GHashTable *known);
  /** next_number: for the next record, higher than those before it in its channel. */
  gint64 (*next_number) (ChatSql *self);
  void (*add_row) (ChatSql *self, const ChatSqlRecord *record, const char *encoded);
  void (*flush_rows) (ChatSql *self);

  /** arrays: whether a statement may have arrays as its values, and there is post(): see ChatSqlRows. */
  gboolean arrays;
  /** hour_slack: how many numbers ahead an hour is said to reach: hours are shared by all writers, and one that need
   * not write them holds nobody up. */
  gint64 hour_slack;
} ChatSqlDriver;

/** chat_sql_rows_get: (transfer none): the values of a row, as many as it has. */
const ChatSqlValue *chat_sql_rows_get (const ChatSqlRows *self, guint row);

/** ChatSql: what all connections begin with. */
struct _ChatSql
{
  const ChatSqlDriver *driver;
  GError *failure;                    /* the first of this transaction */
  ChatLru *keys;                      /* user → key */
  ChatLru *authors;                   /* key → gint64, their numbers */
  gint64 hour, hour_first, hour_last; /* what the table of the hours has of one of them; hour_last 0: not known */
};

struct _ChatSqlQuery
{
  ChatSql *database;
};

void chat_sql_init (ChatSql *self, const ChatSqlDriver *driver);
/** chat_sql_clear: for driver->free. */
void chat_sql_clear (ChatSql *self);
/** chat_sql_forget: what is remembered of the tables: after anything was rolled back. */
void chat_sql_forget (ChatSql *self);
/** chat_sql_take_failure: @failure: (transfer full): becomes the connection's, unless it has one. */
void chat_sql_take_failure (ChatSql *self, GError *failure);

G_END_DECLS
