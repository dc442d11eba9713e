/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/** ChatSqlSearch: a search with what it names looked up. */
typedef struct
{
  GPtrArray *terms;    /* nullable (element-type ChatSearchTerm): any text */
  gint64 author;       /* number; 0: anybody */
  gint64 channel;      /* number; 0: any of these: */
  gboolean restricted; /* whether it is only the public ones, and */
  GArray *channels;    /* (element-type gint64) */

  gint64 low, high;    /* the numbers between which it may lie */
  gint64 since, until; /* as in ChatSearch */
  guint limit;

  GString *expression; /* for the driver: empty, and lives as long as the query */
} ChatSqlSearch;

/** chat_sql_search: @terms: (nullable) (element-type ChatSearchTerm): of search->text. (transfer full) */
ChatSearchPage *chat_sql_search (ChatSql *database, const ChatSearch *search, GPtrArray *terms);

G_END_DECLS
