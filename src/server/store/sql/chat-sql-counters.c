/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-counters.h"

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/store/sql/chat-sql-rows.h"
#include "server/store/sql/chat-sql-store-private.h"

#define HOUR G_GINT64_CONSTANT (3600000) /* ms */
#define HOURS 24                         /* of a day */

/* the hour of a timestamp, in SQL */
#define HOUR_OF_TIMESTAMP "(timestamp - ((timestamp % 3600000) + 3600000) % 3600000) / 3600000"

static gint64
floor_divide (gint64 a, gint64 b)
{
  return a / b - (a % b < 0);
}

static gint64
ceil_divide (gint64 a, gint64 b)
{
  return a / b + (a % b > 0);
}

/* Counting */

/** Cell: what is counted in one row. */
typedef struct
{
  gint64 hour, channel, author;
  gint64 messages;
} Cell;

struct _ChatSqlTally
{
  GHashTable *cells; /* Cell → itself */
};

static guint
cell_hash (gconstpointer data)
{
  const Cell *cell = data;

  return (guint)((((guint64)cell->hour * 31 + (guint64)cell->channel) * 1000003) + (guint64)cell->author);
}

static gboolean
cell_equal (gconstpointer a, gconstpointer b)
{
  const Cell *first = a, *second = b;

  return first->hour == second->hour && first->channel == second->channel && first->author == second->author;
}

ChatSqlTally *
chat_sql_tally_new (void)
{
  ChatSqlTally *self = g_new (ChatSqlTally, 1);

  self->cells = g_hash_table_new_full (cell_hash, cell_equal, g_free, NULL);
  return self;
}

void
chat_sql_tally_free (ChatSqlTally *self)
{
  g_hash_table_unref (self->cells);
  g_free (self);
}

void
chat_sql_tally_add (ChatSqlTally *self, gint64 timestamp, gint64 channel, gint64 author)
{
  const Cell wanted = { floor_divide (timestamp, HOUR), channel, author, 1 };
  Cell *cell = g_hash_table_lookup (self->cells, &wanted);

  if (cell != NULL)
    cell->messages++;
  else
    g_hash_table_add (self->cells, g_memdup2 (&wanted, sizeof wanted));
}

void
chat_sql_tally_save (ChatSqlTally *self, ChatSql *database)
{
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("xxxx");
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const Cell *cell = key;

      chat_sql_rows_add (rows, cell->hour, cell->channel, cell->author, cell->messages);
    }
  chat_sql_rows_run (
      rows, database,
      "INSERT INTO counters VALUES (?1, ?2, ?3, ?4) ON CONFLICT (hour, channel, author) "
      "DO UPDATE SET messages = counters.messages + excluded.messages",
      "INSERT INTO counters SELECT * FROM unnest (?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[]) "
      "ON CONFLICT (hour, channel, author) DO UPDATE SET messages = counters.messages + excluded.messages");
  g_hash_table_remove_all (self->cells);
}

void
chat_sql_count_strike (ChatSql *database, const ChatStrike *strike)
{
  chat_sql_post (database,
                 "INSERT INTO strike_counters VALUES (?1, ?2, ?3, 1, ?4) "
                 "ON CONFLICT (hour, channel, user_key) DO UPDATE SET "
                 "warnings = strike_counters.warnings + 1, blocks = strike_counters.blocks + excluded.blocks",
                 "xssx", floor_divide (strike->timestamp, HOUR), strike->channel, strike->user_key,
                 (gint64)strike->blocked);
}

/* query */

typedef struct
{
  ChatCounterQuery query;
  char *channel;
  char *author;
  gint64 low, high; /* hours: low ≤ h < high */
} QueryCall;

static void
query_call_free (gpointer data)
{
  QueryCall *call = data;

  g_free (call->channel);
  g_free (call->author);
  g_free (call);
}

static const char *
value_of (ChatCounterKind kind)
{
  switch (kind)
    {
    case CHAT_COUNTER_USERS:
      return "count (DISTINCT nullif (author, 0))";
    case CHAT_COUNTER_WARNINGS:
      return "coalesce (sum (warnings), 0)";
    case CHAT_COUNTER_BLOCKS:
      return "coalesce (sum (blocks), 0)";
    case CHAT_COUNTER_MESSAGES:
    default:
      return "coalesce (sum (messages), 0)";
    }
}

static const char *
time_of (ChatCounterStep step)
{
  switch (step)
    {
    case CHAT_COUNTER_HOUR:
      return "hour";
    case CHAT_COUNTER_DAY:
      return "hour - ((hour % 24) + 24) % 24";
    case CHAT_COUNTER_TOTAL:
    default:
      return "NULL";
    }
}

/* @said: of messages, not of strikes */
static const char *
group_of (ChatCounterGroup group, gboolean said)
{
  switch (group)
    {
    case CHAT_COUNTER_BY_CHANNEL:
      return said ? "name" : "channel";
    case CHAT_COUNTER_BY_AUTHOR:
      return said ? "nullif (\"user\", '')"
                  : "coalesce ((SELECT \"user\" FROM authors a WHERE a.user_key = strike_counters.user_key), "
                    "(SELECT \"user\" FROM strikes s WHERE s.user_key = strike_counters.user_key LIMIT 1))";
    case CHAT_COUNTER_BY_NOTHING:
    default:
      return "NULL";
    }
}

/* All of it is made of the strings above; what the caller brings is bound. */
static char *
build_sql (const QueryCall *call)
{
  const ChatCounterQuery *query = &call->query;
  gboolean said = query->kind == CHAT_COUNTER_MESSAGES || query->kind == CHAT_COUNTER_USERS;
  gboolean total = query->step == CHAT_COUNTER_TOTAL;
  GString *sql = g_string_new (NULL);

  g_string_append_printf (sql, "SELECT %s AS time, %s AS label, %s AS value FROM %s WHERE hour >= ?3 AND hour < ?4",
                          time_of (query->step), group_of (query->group, said), value_of (query->kind),
                          said ? "counters JOIN channels ON channels.number = channel "
                                 "JOIN authors ON authors.number = author"
                               : "strike_counters");
  if (call->channel != NULL)
    g_string_append (sql, said ? " AND name = ?1" : " AND channel = ?1");
  else
    g_string_append (sql, said ? " AND kind = 0" : " AND substr (channel, 1, 3) <> '" CHAT_CONVERSATION_PREFIX "'");
  if (call->author != NULL)
    g_string_append (sql, " AND user_key = ?2");
  /* with neither it is one row, whatever there is */
  if (!total || query->group != CHAT_COUNTER_BY_NOTHING)
    g_string_append_printf (sql, " GROUP BY time, label HAVING %s > 0", value_of (query->kind));
  g_string_append_printf (sql, " ORDER BY %s LIMIT ?5",
                          total ? "value DESC, label NULLS FIRST" : "time, label NULLS FIRST");
  return g_string_free (sql, FALSE);
}

static gpointer
query_counters (ChatSql *database, gconstpointer arguments)
{
  const QueryCall *call = arguments;
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_counter_row_free);
  g_autofree char *sql = build_sql (call);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, sql, "ssxxu", call->channel, call->author, call->low, call->high, call->query.limit);

  while (chat_sql_next (database, query))
    {
      ChatCounterRow *row = g_new0 (ChatCounterRow, 1);

      chat_sql_read (query, "tmx", &row->time, &row->group, &row->value);
      if (row->time != CHAT_TIME_UNKNOWN)
        row->time *= HOUR;
      g_ptr_array_add (rows, row);
    }
  return rows;
}

static gint64
first_hour (gint64 time, ChatCounterStep step, gint64 otherwise)
{
  gint64 bucket = step == CHAT_COUNTER_DAY ? HOURS : 1;

  return time != CHAT_TIME_UNKNOWN ? ceil_divide (time, bucket * HOUR) * bucket : otherwise;
}

static void
query_async (ChatCounterStore *self, const ChatCounterQuery *query, GCancellable *cancellable,
             GAsyncReadyCallback callback, gpointer user_data)
{
  QueryCall *call = g_new0 (QueryCall, 1);

  call->query = *query;
  call->channel = g_strdup (query->channel);
  call->author = g_strdup (query->author);
  call->low = first_hour (query->since, query->step, G_MININT64);
  call->high = first_hour (query->until, query->step, G_MAXINT64);
  chat_sql_store_read (self, query_async, query_counters, call, query_call_free, (GDestroyNotify)g_ptr_array_unref,
                       cancellable, callback, user_data);
}

static GPtrArray *
query_finish (ChatCounterStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, query_async, result, error);
}

/* rebuild */

typedef struct
{
  gint64 after;
  guint limit;
} RebuildCall;

/* Where the step ends that begins after @call->after; *full: whether there may be more. */
static gint64
find_end (ChatSql *database, const RebuildCall *call, gboolean *full)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT max (number), count (*) FROM (SELECT number FROM messages WHERE number > ?1 "
                        "ORDER BY number LIMIT ?2) AS step",
                        "xu", call->after, call->limit);
  gint64 end = 0, count = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "xx", &end, &count);
  *full = count == call->limit;
  return end;
}

static void
put_in_place (ChatSql *database)
{
  static const char *const script
      = "DELETE FROM counters; INSERT INTO counters SELECT * FROM counters_anew; DELETE FROM counters_anew;"
        "DELETE FROM strike_counters; INSERT INTO strike_counters SELECT " HOUR_OF_TIMESTAMP
        ", channel, user_key, count (*), count (*) FILTER (WHERE blocked) FROM strikes GROUP BY 1, 2, 3";

  chat_sql_script (database, script);
}

static gpointer
rebuild (ChatSql *database, gconstpointer arguments)
{
  const RebuildCall *call = arguments;
  gint64 *next = g_new0 (gint64, 1);
  gboolean full;
  gint64 end;

  /* nothing is counted meanwhile that this might miss */
  chat_sql_lock (database, "counters", "");
  if (call->after == 0)
    chat_sql_script (database, "DELETE FROM counters_anew");
  else if (chat_sql_number (database, "SELECT position FROM rebuild") != call->after)
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT,
                   "Another rebuild of the counters was begun since: wait for it, or begin anew");
  end = find_end (database, call, &full);
  chat_sql_run (database,
                "INSERT INTO counters_anew SELECT " HOUR_OF_TIMESTAMP ", channel, author, count (*) "
                "FROM messages WHERE number > ?1 AND number <= ?2 AND said > 0 GROUP BY 1, 2, 3 "
                "ON CONFLICT (hour, channel, author) DO UPDATE SET "
                "messages = counters_anew.messages + excluded.messages",
                "xx", call->after, end);
  if (full)
    *next = end;
  else
    put_in_place (database);
  chat_sql_run (database, "UPDATE rebuild SET position = ?1", "x", *next);
  return next;
}

static void
rebuild_async (ChatCounterStore *self, gint64 after, guint limit, GCancellable *cancellable,
               GAsyncReadyCallback callback, gpointer user_data)
{
  RebuildCall *call = g_new (RebuildCall, 1);

  *call = (RebuildCall){ after, limit };
  chat_sql_store_write (self, rebuild_async, rebuild, call, g_free, g_free, cancellable, callback, user_data);
}

static gboolean
rebuild_finish (ChatCounterStore *self, GAsyncResult *result, gint64 *next, GError **error)
{
  g_autofree gint64 *end = chat_sql_store_finish (self, rebuild_async, result, error);

  if (next != NULL)
    *next = end != NULL ? *end : 0;
  return end != NULL;
}

void
chat_sql_counters_iface_init (ChatCounterStoreInterface *iface)
{
  iface->query_async = query_async;
  iface->query_finish = query_finish;
  iface->rebuild_async = rebuild_async;
  iface->rebuild_finish = rebuild_finish;
}
