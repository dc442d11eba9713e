/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/** ChatSqlListing: a table whose rows are listed newest first, by their numbers; all strings are SQL of the
 * caller's.
 */
typedef struct
{
  const char *select; /* up to its tables */
  const char *table;
  const char *cursor; /* the column that a page goes on from */
  const char *open;   /* nullable: the condition of rows that wait for somebody */
  gpointer (*read) (ChatSqlQuery *query);
  GDestroyNotify free;
} ChatSqlListing;

/** chat_sql_list_async: a call that lists @listing (static); like all of them, it ends in
 * chat_sql_store_finish().
 */
void chat_sql_list_async (gpointer store, gpointer tag, const ChatSqlListing *listing, const ChatModerationList *list,
                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
