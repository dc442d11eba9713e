/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-moderation.h"

#include <string.h>

#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/store/sql/chat-sql-counters.h"
#include "server/store/sql/chat-sql-listing.h"
#include "server/store/sql/chat-sql-store-private.h"

#define SELECT_STRIKE                                                                                                  \
  "SELECT record_id, channel, \"user\", user_key, rule, spans, text, rules_version, timestamp, \"limit\", "            \
  "warning_id, "                                                                                                       \
  "strike, blocked, forgiven FROM strikes LEFT JOIN originals USING (record_id) "

typedef struct
{
  ChatStrike *strike;
  ChatBlock *block;
  char *key; /* a record's id or a user's key */
  char *by;
  gint64 now;
  guint limit;
} ModerationCall;

static ModerationCall *
moderation_call_new (const char *key)
{
  ModerationCall *call = g_new0 (ModerationCall, 1);

  call->key = g_strdup (key);
  return call;
}

static void
moderation_call_free (gpointer data)
{
  ModerationCall *call = data;

  g_clear_pointer (&call->strike, chat_strike_free);
  g_clear_pointer (&call->block, chat_block_free);
  g_free (call->key);
  g_free (call->by);
  g_free (call);
}

/* Spans: "0+4 7+2" */

static char *
spans_to_text (const GArray *spans)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; spans != NULL && i < spans->len; i++)
    {
      const ChatSpan *span = &g_array_index (spans, ChatSpan, i);

      g_string_append_printf (text, "%s%u+%u", i > 0 ? " " : "", span->start, span->length);
    }
  return g_string_free (text, FALSE);
}

static GArray *
spans_from_text (const char *text)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  char *end;

  while (*text != '\0')
    {
      ChatSpan span;

      span.start = (guint)g_ascii_strtoull (text, &end, 10);
      if (*end != '+')
        break;
      span.length = (guint)g_ascii_strtoull (end + 1, &end, 10);
      g_array_append_val (spans, span);
      text = end;
    }
  return spans;
}

/* Strikes */

static ChatStrike *
read_strike (ChatSqlQuery *query)
{
  ChatStrike *strike = g_new0 (ChatStrike, 1);
  g_autofree char *spans = NULL;
  chat_sql_read (query, "ssssssmmtusubt", &strike->record_id, &strike->channel, &strike->user, &strike->user_key,
                 &strike->rule, &spans, &strike->original, &strike->rules_version, &strike->timestamp, &strike->limit,
                 &strike->warning_id, &strike->strike, &strike->blocked, &strike->forgiven);
  strike->spans = spans_from_text (spans);
  return strike;
}

static ChatStrike *
find_strike (ChatSql *database, const char *record_id)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, SELECT_STRIKE "WHERE record_id = ?1", "s", record_id);

  return chat_sql_next (database, query) ? read_strike (query) : NULL;
}

/* Strikes count from 0 again. */
static void
reset_strikes (ChatSql *database, const char *user_key)
{
  chat_sql_run (database,
                "INSERT INTO standings SELECT ?1, coalesce (max (number), 0) FROM strikes WHERE true "
                "ON CONFLICT (user_key) DO UPDATE SET base = excluded.base",
                "s", user_key);
}

/* A block that has run out is as good as lifted: strikes count from 0 again. */
static void
expire_block (ChatSql *database, const char *user_key, gint64 now)
{
  if (chat_sql_run (database, "DELETE FROM blocks WHERE user_key = ?1 AND until <= ?2", "sx", user_key, now) == 0)
    return;
  reset_strikes (database, user_key);
  chat_sql_write_audit (database, now, NULL, "expire", user_key, NULL, NULL);
}

/* those that count */
static guint
count_strikes (ChatSql *database, const char *user_key)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT count (*) FROM strikes WHERE user_key = ?1 AND forgiven IS NULL "
                        "AND number > coalesce ((SELECT base FROM standings WHERE user_key = ?1), 0)",
                        "s", user_key);
  guint strikes = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "u", &strikes);
  return strikes;
}

/* whether there was none yet */
static gboolean
block (ChatSql *database, const ChatStrike *strike)
{
  g_autofree char *reason = g_strdup_printf ("strike %u of %u (%s)", strike->strike, strike->limit, strike->rule);

  if (chat_sql_run (database,
                    "INSERT INTO blocks (user_key, \"user\", since, until, reason, record_id) "
                    "VALUES (?1, ?2, ?3, NULL, ?4, ?5) ON CONFLICT (user_key) DO NOTHING",
                    "ssxss", strike->user_key, strike->user, strike->timestamp, reason, strike->record_id)
      == 0)
    return FALSE;
  chat_sql_write_audit (database, strike->timestamp, NULL, "block", strike->user_key, strike->record_id, reason);
  return TRUE;
}

static void
write_strike (ChatSql *database, const ChatStrike *strike)
{
  g_autofree char *spans = spans_to_text (strike->spans);

  chat_sql_run (database,
                "INSERT INTO strikes (record_id, warning_id, channel, \"user\", user_key, rule, spans, rules_version, "
                "timestamp, \"limit\", strike, blocked) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                "ssssssssxuub", strike->record_id, strike->warning_id, strike->channel, strike->user, strike->user_key,
                strike->rule, spans, strike->rules_version, strike->timestamp, strike->limit, strike->strike,
                strike->blocked);
  chat_sql_run (database, "INSERT INTO originals VALUES (?1, ?2)", "ss", strike->record_id, strike->original);
  chat_sql_write_audit (database, strike->timestamp, NULL, "strike", strike->user_key, strike->record_id, strike->rule);
}

static gpointer
record_strike (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;
  ChatStrike *strike;

  chat_sql_share (database, "counters", "");
  chat_sql_lock (database, "user", call->strike->user_key);
  strike = find_strike (database, call->strike->record_id);
  if (strike != NULL || chat_sql_has_failed (database))
    return strike;

  strike = chat_strike_copy (call->strike);
  g_free (strike->warning_id);
  strike->warning_id = chat_uuid_v5 ("warning", strike->record_id, strlen (strike->record_id));
  strike->forgiven = CHAT_TIME_UNKNOWN;
  expire_block (database, strike->user_key, strike->timestamp);
  strike->strike = count_strikes (database, strike->user_key) + 1;
  strike->blocked = strike->strike >= strike->limit && block (database, strike);
  write_strike (database, strike);
  chat_sql_count_strike (database, strike);
  return strike;
}

static void
record_strike_async (ChatModerationStore *self, const ChatStrike *strike, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  ModerationCall *call = moderation_call_new (NULL);

  call->strike = chat_strike_copy (strike);
  chat_sql_store_write (self, record_strike_async, record_strike, call, moderation_call_free,
                        (GDestroyNotify)chat_strike_free, cancellable, callback, user_data);
}

static ChatStrike *
record_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, record_strike_async, result, error);
}

static gpointer
list_strikes (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;
  GPtrArray *strikes = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_strike_free);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, SELECT_STRIKE "WHERE user_key = ?1 ORDER BY number DESC LIMIT ?2", "su", call->key,
                        call->limit);

  while (chat_sql_next (database, query))
    g_ptr_array_add (strikes, read_strike (query));
  return strikes;
}

static void
list_strikes_async (ChatModerationStore *self, const char *user_key, guint limit, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  ModerationCall *call = moderation_call_new (user_key);

  call->limit = limit;
  chat_sql_store_read (self, list_strikes_async, list_strikes, call, moderation_call_free,
                       (GDestroyNotify)g_ptr_array_unref, cancellable, callback, user_data);
}

static GPtrArray *
list_strikes_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_strikes_async, result, error);
}

static gpointer
read_any_strike (ChatSqlQuery *query)
{
  return read_strike (query);
}

static const ChatSqlListing strikes = { .select = SELECT_STRIKE,
                                        .table = "strikes",
                                        .cursor = "record_id",
                                        .read = read_any_strike,
                                        .free = (GDestroyNotify)chat_strike_free };

static void
list_all_strikes_async (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_list_async (self, list_all_strikes_async, &strikes, list, cancellable, callback, user_data);
}

static GPtrArray *
list_all_strikes_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_all_strikes_async, result, error);
}

static gpointer
get_strike (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;
  ChatStrike *strike = find_strike (database, call->key);

  if (strike != NULL)
    return strike;
  return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no strike for the record “%s”", call->key);
}

static void
get_strike_async (ChatModerationStore *self, const char *record_id, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_read (self, get_strike_async, get_strike, moderation_call_new (record_id), moderation_call_free,
                       (GDestroyNotify)chat_strike_free, cancellable, callback, user_data);
}

static ChatStrike *
get_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, get_strike_async, result, error);
}

/* Forgiving */

gboolean
chat_sql_forgive (ChatSql *database, const char *record_id, const char *by, gint64 now)
{
  g_autoptr (ChatStrike) strike = find_strike (database, record_id);
  guint left;

  if (strike != NULL)
    {
      chat_sql_lock (database, "user", strike->user_key);
      chat_strike_free (strike);
      strike = find_strike (database, record_id);
    }
  if (strike == NULL)
    chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no strike for the record “%s”", record_id);
  if (strike == NULL || strike->forgiven != CHAT_TIME_UNKNOWN)
    return FALSE;

  chat_sql_run (database, "UPDATE strikes SET forgiven = ?2 WHERE record_id = ?1", "sx", record_id, now);
  chat_sql_write_audit (database, now, by, "forgive", strike->user_key, record_id, NULL);
  left = count_strikes (database, strike->user_key);
  if (chat_sql_run (database,
                    "DELETE FROM blocks WHERE user_key = ?1 AND (until IS NULL OR until > ?2) AND (record_id = ?3 "
                    "OR ?4 < (SELECT \"limit\" FROM strikes WHERE record_id = blocks.record_id))",
                    "sxsu", strike->user_key, now, record_id, left)
      == 0)
    return FALSE;
  chat_sql_write_audit (database, now, by, "lift", strike->user_key, record_id, NULL);
  return TRUE;
}

static gpointer
forgive_strike (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;

  return GINT_TO_POINTER (chat_sql_forgive (database, call->key, call->by, call->now));
}

static void
forgive_strike_async (ChatModerationStore *self, const char *record_id, const char *by, gint64 now,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ModerationCall *call = moderation_call_new (record_id);

  call->by = g_strdup (by);
  call->now = now;
  chat_sql_store_write (self, forgive_strike_async, forgive_strike, call, moderation_call_free, NULL, cancellable,
                        callback, user_data);
}

static gboolean
forgive_strike_finish (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted, GError **error)
{
  gssize answer = chat_sql_store_finish_number (self, forgive_strike_async, result, error);

  if (lifted != NULL)
    *lifted = answer > 0;
  return answer >= 0;
}

static gpointer
purge_originals (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;

  chat_sql_run (database,
                "DELETE FROM originals WHERE record_id IN (SELECT record_id FROM strikes WHERE timestamp < ?1) "
                "AND record_id NOT IN (SELECT record_id FROM appeals WHERE decided IS NULL)",
                "x", call->now);
  return NULL;
}

static void
purge_originals_async (ChatModerationStore *self, gint64 before, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  ModerationCall *call = moderation_call_new (NULL);

  call->now = before;
  chat_sql_store_write (self, purge_originals_async, purge_originals, call, moderation_call_free, NULL, cancellable,
                        callback, user_data);
}

static gboolean
purge_originals_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, purge_originals_async, result, error) >= 0;
}

/* Blocks */

static gpointer
set_block (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;
  const ChatBlock *wanted = call->block;

  chat_sql_lock (database, "user", wanted->user_key);
  expire_block (database, wanted->user_key, call->now);
  chat_sql_run (database,
                "INSERT INTO blocks (user_key, \"user\", since, until, reason, record_id) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                "ON CONFLICT (user_key) DO UPDATE SET until = excluded.until, reason = excluded.reason",
                "ssxtss", wanted->user_key, wanted->user, wanted->since, wanted->until, wanted->reason,
                wanted->record_id);
  chat_sql_write_audit (database, call->now, call->by, "block", wanted->user_key, wanted->record_id, wanted->reason);
  return NULL;
}

static void
set_block_async (ChatModerationStore *self, const ChatBlock *wanted, const char *by, gint64 now,
                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ModerationCall *call = moderation_call_new (NULL);

  call->block = chat_block_copy (wanted);
  call->by = g_strdup (by);
  call->now = now;
  chat_sql_store_write (self, set_block_async, set_block, call, moderation_call_free, NULL, cancellable, callback,
                        user_data);
}

static gboolean
set_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, set_block_async, result, error) >= 0;
}

static gpointer
list_blocks (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;
  GPtrArray *blocks = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_block_free);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT \"user\", user_key, since, until, reason, record_id FROM blocks "
                        "WHERE until IS NULL OR until > ?1 ORDER BY since, user_key",
                        "x", call->now);

  while (chat_sql_next (database, query))
    {
      ChatBlock *found = g_new0 (ChatBlock, 1);

      chat_sql_read (query, "ssxtsm", &found->user, &found->user_key, &found->since, &found->until, &found->reason,
                     &found->record_id);
      g_ptr_array_add (blocks, found);
    }
  return blocks;
}

static void
list_blocks_async (ChatModerationStore *self, gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  ModerationCall *call = moderation_call_new (NULL);

  call->now = now;
  chat_sql_store_read (self, list_blocks_async, list_blocks, call, moderation_call_free,
                       (GDestroyNotify)g_ptr_array_unref, cancellable, callback, user_data);
}

static GPtrArray *
list_blocks_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_blocks_async, result, error);
}

static gpointer
lift_block (ChatSql *database, gconstpointer arguments)
{
  const ModerationCall *call = arguments;

  const char *const lift = "DELETE FROM blocks WHERE user_key = ?1 AND (until IS NULL OR until > ?2)";
  const char *const expire = "DELETE FROM blocks WHERE user_key = ?1 AND until <= ?2";

  chat_sql_lock (database, "user", call->key);
  if (chat_sql_run (database, call->by != NULL ? lift : expire, "sx", call->key, call->now) == 0)
    return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "“%s” is not blocked", call->key);
  reset_strikes (database, call->key);
  chat_sql_write_audit (database, call->now, call->by, call->by != NULL ? "lift" : "expire", call->key, NULL, NULL);
  return NULL;
}

static void
lift_block_async (ChatModerationStore *self, const char *user_key, const char *by, gint64 now,
                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ModerationCall *call = moderation_call_new (user_key);

  call->by = g_strdup (by);
  call->now = now;
  chat_sql_store_write (self, lift_block_async, lift_block, call, moderation_call_free, NULL, cancellable, callback,
                        user_data);
}

static gboolean
lift_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, lift_block_async, result, error) >= 0;
}

void
chat_sql_moderation_iface_init (ChatModerationStoreInterface *iface)
{
  iface->record_strike_async = record_strike_async;
  iface->record_strike_finish = record_strike_finish;
  iface->list_strikes_async = list_strikes_async;
  iface->list_strikes_finish = list_strikes_finish;
  iface->get_strike_async = get_strike_async;
  iface->get_strike_finish = get_strike_finish;
  iface->list_blocks_async = list_blocks_async;
  iface->list_blocks_finish = list_blocks_finish;
  iface->lift_block_async = lift_block_async;
  iface->lift_block_finish = lift_block_finish;
  iface->list_all_strikes_async = list_all_strikes_async;
  iface->list_all_strikes_finish = list_all_strikes_finish;
  iface->set_block_async = set_block_async;
  iface->set_block_finish = set_block_finish;
  iface->forgive_strike_async = forgive_strike_async;
  iface->forgive_strike_finish = forgive_strike_finish;
  iface->purge_originals_async = purge_originals_async;
  iface->purge_originals_finish = purge_originals_finish;
  chat_sql_appeals_iface_init (iface);
  chat_sql_audit_iface_init (iface);
}
