/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-listing.h"

#include "server/store/sql/chat-sql-store-private.h"

typedef struct
{
  const ChatSqlListing *listing;
  char *user_key;
  char *before;
  gboolean open_only;
  guint limit;
} ListCall;

static void
list_call_free (gpointer data)
{
  ListCall *call = data;

  g_free (call->user_key);
  g_free (call->before);
  g_free (call);
}

/* the number of the row that the page before ended with */
static gint64
find_cursor (ChatSql *database, const ListCall *call)
{
  g_autofree char *sql
      = g_strdup_printf ("SELECT number FROM %s WHERE %s = ?1", call->listing->table, call->listing->cursor);
  g_autoptr (ChatSqlQuery) query = NULL;
  gint64 number = G_MAXINT64;

  if (call->before == NULL)
    return number;
  /* the audit log may be asked to go on from an entry that there is not */
  if (g_str_equal (call->listing->cursor, "number"))
    return g_ascii_strtoll (call->before, NULL, 10);
  query = chat_sql_query (database, sql, "s", call->before);
  if (chat_sql_next (database, query))
    chat_sql_read (query, "x", &number);
  else
    chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no “%s” to go on from", call->before);
  return number;
}

static gpointer
list (ChatSql *database, gconstpointer arguments)
{
  const ListCall *call = arguments;
  const ChatSqlListing *listing = call->listing;
  GPtrArray *rows = g_ptr_array_new_with_free_func (listing->free);
  gboolean open = call->open_only && listing->open != NULL;
  g_autofree char *sql = g_strdup_printf ("%s WHERE number < ?2 %s %s%s ORDER BY number DESC LIMIT ?3", listing->select,
                                          call->user_key != NULL ? "AND user_key = ?1" : "AND ?1 IS NULL",
                                          open ? "AND " : "", open ? listing->open : "");
  gint64 before = find_cursor (database, call);
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, sql, "sxu", call->user_key, before, call->limit);

  while (chat_sql_next (database, query))
    g_ptr_array_add (rows, listing->read (query));
  return rows;
}

void
chat_sql_list_async (gpointer store, gpointer tag, const ChatSqlListing *listing, const ChatModerationList *what,
                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ListCall *call = g_new0 (ListCall, 1);

  *call = (ListCall){ .listing = listing,
                      .user_key = g_strdup (what->user_key),
                      .before = g_strdup (what->before),
                      .open_only = what->open_only,
                      .limit = what->limit };
  chat_sql_store_read (store, tag, list, call, list_call_free, (GDestroyNotify)g_ptr_array_unref, cancellable, callback,
                       user_data);
}
