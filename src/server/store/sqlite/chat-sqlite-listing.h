/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sqlite/chat-sqlite.h"

G_BEGIN_DECLS

/** ChatSqliteListing: a table whose rows are listed newest first, by their numbers; all strings are SQL of the
 * caller's.
 */
typedef struct
{
  const char *select; /* up to its tables */
  const char *table;
  const char *cursor; /* the column that a page goes on from */
  const char *open;   /* nullable: the condition of rows that wait for somebody */
  gpointer (*read) (ChatSqliteQuery *query);
  GDestroyNotify free;
} ChatSqliteListing;

/** chat_sqlite_list_async: a call that lists @listing (static); like all of them, it ends in
 * chat_sqlite_store_finish().
 */
void chat_sqlite_list_async (gpointer store, gpointer tag, const ChatSqliteListing *listing,
                             const ChatModerationList *list, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);

G_END_DECLS
