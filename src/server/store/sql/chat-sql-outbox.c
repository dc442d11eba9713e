/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is accepted and waits to be published. */
#include "server/store/sql/chat-sql-driver.h"
#include "server/store/sql/chat-sql-rows.h"
#include "server/store/sql/chat-sql-store-private.h"

/* add */

static GPtrArray *
copy_entries (GPtrArray *entries)
{
  GPtrArray *copies = g_ptr_array_new_full (entries->len, (GDestroyNotify)chat_outbox_entry_free);

  for (guint i = 0; i < entries->len; i++)
    {
      const ChatOutboxEntry *entry = entries->pdata[i];
      ChatOutboxEntry *copy = g_new0 (ChatOutboxEntry, 1);

      *copy = (ChatOutboxEntry){ .id = g_strdup (entry->id),
                                 .digest = g_strdup (entry->digest),
                                 .channel = g_strdup (entry->channel),
                                 .signature = g_strdup (entry->signature),
                                 .record = g_strdup (entry->record),
                                 .time = entry->time };
      g_ptr_array_add (copies, copy);
    }
  return copies;
}

static ChatOutboxResult
look_at_first (ChatSql *database, const ChatOutboxEntry *entry)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT digest, time FROM outbox WHERE id = ?1", "s", entry->id);
  g_autofree char *digest = NULL;
  ChatOutboxResult result = { CHAT_OUTBOX_CONFLICT, 0 };

  if (!chat_sql_next (database, query))
    return result;
  chat_sql_read (query, "sx", &digest, &result.time);
  if (g_str_equal (digest, entry->digest))
    result.outcome = CHAT_OUTBOX_REPEATED;
  return result;
}

#define INSERT "INSERT INTO outbox (id, digest, channel, signature, record, time) "

static void
insert_each (ChatSql *database, const GPtrArray *entries, GHashTable *added)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const ChatOutboxEntry *entry = entries->pdata[i];

      if (chat_sql_run (database, INSERT "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING", "sssssx", entry->id,
                        entry->digest, entry->channel, entry->signature, entry->record, entry->time)
          > 0)
        g_hash_table_add (added, g_strdup (entry->id));
    }
}

static void
insert_together (ChatSql *database, const GPtrArray *entries, GHashTable *added)
{
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("sssssx");
  g_autoptr (ChatSqlQuery) query = NULL;

  for (guint i = 0; i < entries->len; i++)
    {
      const ChatOutboxEntry *entry = entries->pdata[i];

      chat_sql_rows_add (rows, entry->id, entry->digest, entry->channel, entry->signature, entry->record, entry->time);
    }
  query = chat_sql_rows_query (rows, database,
                               INSERT
                               "SELECT i, d, c, s, r, t FROM unnest (?1::text[], ?2::text[], ?3::text[], ?4::text[], "
                               "?5::text[], ?6::bigint[]) WITH ORDINALITY AS e (i, d, c, s, r, t, place) "
                               "ORDER BY place ON CONFLICT DO NOTHING RETURNING id");
  while (chat_sql_next (database, query))
    {
      char *id;

      chat_sql_read (query, "s", &id);
      g_hash_table_add (added, id);
    }
}

static gpointer
add (ChatSql *database, gconstpointer arguments)
{
  const GPtrArray *entries = arguments;
  g_autoptr (GArray) results = g_array_sized_new (FALSE, FALSE, sizeof (ChatOutboxResult), entries->len);
  g_autoptr (GHashTable) added = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (database->driver->arrays)
    insert_together (database, entries, added);
  else
    insert_each (database, entries, added);
  for (guint i = 0; i < entries->len; i++)
    {
      const ChatOutboxEntry *entry = entries->pdata[i];
      ChatOutboxResult result = { CHAT_OUTBOX_ADDED, entry->time };

      /* of the same id twice the first was added */
      if (!g_hash_table_remove (added, entry->id))
        result = look_at_first (database, entry);
      g_array_append_val (results, result);
    }
  return chat_sql_has_failed (database) ? NULL : g_steal_pointer (&results);
}

static void
add_async (ChatOutboxStore *self, GPtrArray *entries, GCancellable *cancellable, GAsyncReadyCallback callback,
           gpointer user_data)
{
  chat_sql_store_write (self, add_async, add, copy_entries (entries), (GDestroyNotify)g_ptr_array_unref,
                        (GDestroyNotify)g_array_unref, cancellable, callback, user_data);
}

static GArray *
add_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, add_async, result, error);
}

/* claim */

typedef struct
{
  char *owner;
  gint64 now, until;
  guint limit;
} ClaimCall;

static void
claim_call_free (gpointer data)
{
  ClaimCall *call = data;

  g_free (call->owner);
  g_free (call);
}

static ChatOutboxEntry *
read_entry (ChatSqlQuery *query)
{
  ChatOutboxEntry *entry = g_new0 (ChatOutboxEntry, 1);

  chat_sql_read (query, "xsssmsx", &entry->number, &entry->id, &entry->digest, &entry->channel, &entry->signature,
                 &entry->record, &entry->time);
  return entry;
}

static gpointer
claim (ChatSql *database, gconstpointer arguments)
{
  const ClaimCall *call = arguments;
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_outbox_entry_free);
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("sxx");
  g_autoptr (ChatSqlQuery) query = NULL;

  chat_sql_lock (database, "outbox", "claims");
  query = chat_sql_query (database,
                          "SELECT number, id, digest, channel, signature, record, time FROM outbox AS mine "
                          "WHERE NOT done AND (owner IS NULL OR owner = ?1 OR until < ?2) AND NOT EXISTS "
                          "(SELECT 1 FROM outbox AS earlier WHERE NOT earlier.done AND earlier.owner IS NOT NULL "
                          "AND earlier.channel = mine.channel AND earlier.number < mine.number "
                          "AND earlier.owner <> ?1 AND earlier.until >= ?2) ORDER BY number LIMIT ?3",
                          "sxu", call->owner, call->now, call->limit);

  while (chat_sql_next (database, query))
    g_ptr_array_add (entries, read_entry (query));
  g_clear_pointer (&query, chat_sql_query_end);
  for (guint i = 0; i < entries->len; i++)
    chat_sql_rows_add (rows, call->owner, call->until, ((ChatOutboxEntry *)entries->pdata[i])->number);
  chat_sql_rows_run (rows, database, "UPDATE outbox SET owner = ?1, until = ?2 WHERE number = ?3",
                     "UPDATE outbox SET owner = r.o, until = r.u "
                     "FROM unnest (?1::text[], ?2::bigint[], ?3::bigint[]) AS r (o, u, n) WHERE number = r.n");
  return chat_sql_has_failed (database) ? NULL : g_steal_pointer (&entries);
}

static void
claim_async (ChatOutboxStore *self, const char *owner, gint64 now, gint64 until, guint limit, GCancellable *cancellable,
             GAsyncReadyCallback callback, gpointer user_data)
{
  ClaimCall *call = g_new0 (ClaimCall, 1);

  *call = (ClaimCall){ g_strdup (owner), now, until, limit };
  chat_sql_store_write (self, claim_async, claim, call, claim_call_free, (GDestroyNotify)g_ptr_array_unref, cancellable,
                        callback, user_data);
}

static GPtrArray *
claim_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, claim_async, result, error);
}

/* done */

static gpointer
done (ChatSql *database, gconstpointer arguments)
{
  const GArray *numbers = arguments;
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("x");

  for (guint i = 0; i < numbers->len; i++)
    chat_sql_rows_add (rows, g_array_index (numbers, gint64, i));
  chat_sql_rows_run (rows, database, "UPDATE outbox SET done = TRUE, owner = NULL, until = NULL WHERE number = ?1",
                     "UPDATE outbox SET done = TRUE, owner = NULL, until = NULL WHERE number = ANY (?1::bigint[])");
  return NULL;
}

static void
done_async (ChatOutboxStore *self, GArray *numbers, GCancellable *cancellable, GAsyncReadyCallback callback,
            gpointer user_data)
{
  chat_sql_store_write (self, done_async, done, g_array_copy (numbers), (GDestroyNotify)g_array_unref, NULL,
                        cancellable, callback, user_data);
}

static gboolean
done_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, done_async, result, error) >= 0;
}

/* forget */

static gpointer
forget (ChatSql *database, gconstpointer arguments)
{
  chat_sql_run (database, "DELETE FROM outbox WHERE done AND time < ?1", "x", *(const gint64 *)arguments);
  return NULL;
}

static void
forget_async (ChatOutboxStore *self, gint64 before, GCancellable *cancellable, GAsyncReadyCallback callback,
              gpointer user_data)
{
  chat_sql_store_write (self, forget_async, forget, g_memdup2 (&before, sizeof before), g_free, NULL, cancellable,
                        callback, user_data);
}

static gboolean
forget_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, forget_async, result, error) >= 0;
}

void
chat_sql_outbox_iface_init (ChatOutboxStoreInterface *iface)
{
  iface->add_async = add_async;
  iface->add_finish = add_finish;
  iface->claim_async = claim_async;
  iface->claim_finish = claim_finish;
  iface->done_async = done_async;
  iface->done_finish = done_finish;
  iface->forget_async = forget_async;
  iface->forget_finish = forget_finish;
}
