/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appeals and reports. */
#include "server/store/sql/chat-sql-listing.h"
#include "server/store/sql/chat-sql-moderation.h"
#include "server/store/sql/chat-sql-store-private.h"

#define SELECT_APPEAL                                                                                                  \
  "SELECT id, record_id, \"user\", user_key, text, time, verdict, \"by\", remark, decided FROM appeals"
#define SELECT_REPORT                                                                                                  \
  "SELECT id, target, channel, \"user\", user_key, reason, time, \"by\", remark, closed FROM reports"

/* Appeals */

static gpointer
read_appeal (ChatSqlQuery *query)
{
  ChatAppeal *appeal = g_new0 (ChatAppeal, 1);

  chat_sql_read (query, "ssssmxmmmt", &appeal->id, &appeal->record_id, &appeal->user, &appeal->user_key, &appeal->text,
                 &appeal->time, &appeal->verdict, &appeal->by, &appeal->remark, &appeal->decided);
  return appeal;
}

static ChatAppeal *
find_appeal (ChatSql *database, const char *sql, const char *key)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, sql, "s", key);

  return chat_sql_next (database, query) ? read_appeal (query) : NULL;
}

static gpointer
add_appeal (ChatSql *database, gconstpointer arguments)
{
  const ChatAppeal *appeal = arguments;
  int added = chat_sql_run (database,
                            "INSERT INTO appeals (id, record_id, \"user\", user_key, text, time) "
                            "SELECT ?1, record_id, ?3, ?4, ?5, ?6 FROM strikes WHERE record_id = ?2 "
                            "AND user_key = ?4 ON CONFLICT (record_id) DO NOTHING",
                            "sssssx", appeal->id, appeal->record_id, appeal->user, appeal->user_key, appeal->text,
                            appeal->time);
  ChatAppeal *stored = find_appeal (database, SELECT_APPEAL " WHERE record_id = ?1", appeal->record_id);

  if (stored != NULL && !g_str_equal (stored->user_key, appeal->user_key))
    g_clear_pointer (&stored, chat_appeal_free);
  if (added > 0)
    chat_sql_write_audit (database, appeal->time, appeal->user, "appeal", appeal->user_key, appeal->record_id, NULL);
  else if (stored == NULL)
    chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "“%s” has no strike for the record “%s”", appeal->user,
                   appeal->record_id);
  return stored;
}

static void
add_appeal_async (ChatModerationStore *self, const ChatAppeal *appeal, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_write (self, add_appeal_async, add_appeal, chat_appeal_copy (appeal), (GDestroyNotify)chat_appeal_free,
                        (GDestroyNotify)chat_appeal_free, cancellable, callback, user_data);
}

static ChatAppeal *
add_appeal_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, add_appeal_async, result, error);
}

/** Decision: an appeal as it is now, and what that led to. */
typedef struct
{
  ChatAppeal *appeal;
  gboolean lifted;
} Decision;

static void
decision_free (gpointer data)
{
  Decision *decision = data;

  g_clear_pointer (&decision->appeal, chat_appeal_free);
  g_free (decision);
}

static gboolean
decide (ChatSql *database, const ChatAppeal *verdict, const ChatAppeal *appeal)
{
  gboolean granted = g_str_equal (verdict->verdict, "granted");

  chat_sql_run (database, "UPDATE appeals SET verdict = ?2, \"by\" = ?3, remark = ?4, decided = ?5 WHERE id = ?1",
                "ssssx", verdict->id, verdict->verdict, verdict->by, verdict->remark, verdict->decided);
  chat_sql_write_audit (database, verdict->decided, verdict->by, granted ? "grant" : "reject", appeal->user_key,
                        appeal->record_id, verdict->remark);
  return granted && chat_sql_forgive (database, appeal->record_id, verdict->by, verdict->decided);
}

static gpointer
decide_appeal (ChatSql *database, gconstpointer arguments)
{
  const ChatAppeal *verdict = arguments;
  g_autoptr (ChatAppeal) appeal = NULL;
  Decision *decision = g_new0 (Decision, 1);

  chat_sql_lock (database, "appeal", verdict->id);
  appeal = find_appeal (database, SELECT_APPEAL " WHERE id = ?1", verdict->id);
  if (appeal == NULL)
    chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no appeal “%s”", verdict->id);
  else if (appeal->verdict == NULL)
    decision->lifted = decide (database, verdict, appeal);
  else if (!g_str_equal (appeal->verdict, verdict->verdict))
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT, "The appeal “%s” is %s already, by %s", appeal->id,
                   appeal->verdict, appeal->by);
  decision->appeal = find_appeal (database, SELECT_APPEAL " WHERE id = ?1", verdict->id);
  return decision;
}

static void
decide_appeal_async (ChatModerationStore *self, const ChatAppeal *verdict, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_write (self, decide_appeal_async, decide_appeal, chat_appeal_copy (verdict),
                        (GDestroyNotify)chat_appeal_free, decision_free, cancellable, callback, user_data);
}

static ChatAppeal *
decide_appeal_finish (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted, GError **error)
{
  Decision *decision = chat_sql_store_finish (self, decide_appeal_async, result, error);
  ChatAppeal *appeal = decision != NULL ? g_steal_pointer (&decision->appeal) : NULL;

  if (lifted != NULL)
    *lifted = decision != NULL && decision->lifted;
  g_clear_pointer (&decision, decision_free);
  return appeal;
}

static const ChatSqlListing appeals = { .select = SELECT_APPEAL,
                                        .table = "appeals",
                                        .cursor = "id",
                                        .open = "decided IS NULL",
                                        .read = read_appeal,
                                        .free = (GDestroyNotify)chat_appeal_free };

static void
list_appeals_async (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_list_async (self, list_appeals_async, &appeals, list, cancellable, callback, user_data);
}

static GPtrArray *
list_appeals_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_appeals_async, result, error);
}

/* Reports */

static gpointer
read_report (ChatSqlQuery *query)
{
  ChatReport *report = g_new0 (ChatReport, 1);

  chat_sql_read (query, "sssssmxmmt", &report->id, &report->target, &report->channel, &report->user, &report->user_key,
                 &report->reason, &report->time, &report->by, &report->remark, &report->closed);
  return report;
}

static ChatReport *
find_report (ChatSql *database, const char *id)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, SELECT_REPORT " WHERE id = ?1", "s", id);

  return chat_sql_next (database, query) ? read_report (query) : NULL;
}

static ChatReport *
find_open_report (ChatSql *database, const char *user_key, const char *target)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, SELECT_REPORT " WHERE user_key = ?1 AND target = ?2 AND closed IS NULL", "ss",
                        user_key, target);

  return chat_sql_next (database, query) ? read_report (query) : NULL;
}

/* the audit log tells of whom it is, where the message is stored */
static void
audit_report (ChatSql *database, gint64 time, const char *actor, const char *action, const char *target,
              const char *detail)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (
      database, "SELECT user_key FROM messages JOIN authors ON authors.number = author WHERE id = ?1 AND author > 0",
      "s", target);
  g_autofree char *user_key = NULL;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "s", &user_key);
  chat_sql_write_audit (database, time, actor, action, user_key, target, detail);
}

static gpointer
add_report (ChatSql *database, gconstpointer arguments)
{
  const ChatReport *report = arguments;
  ChatReport *stored;

  chat_sql_lock (database, "user", report->user_key);
  stored = find_open_report (database, report->user_key, report->target);
  if (stored == NULL)
    stored = find_report (database, report->id);
  if (stored != NULL)
    return stored;
  chat_sql_run (database,
                "INSERT INTO reports (id, target, channel, \"user\", user_key, reason, time) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                "ssssssx", report->id, report->target, report->channel, report->user, report->user_key, report->reason,
                report->time);
  audit_report (database, report->time, report->user, "report", report->target, report->reason);
  return find_report (database, report->id);
}

static void
add_report_async (ChatModerationStore *self, const ChatReport *report, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_write (self, add_report_async, add_report, chat_report_copy (report), (GDestroyNotify)chat_report_free,
                        (GDestroyNotify)chat_report_free, cancellable, callback, user_data);
}

static ChatReport *
add_report_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, add_report_async, result, error);
}

static gpointer
close_report (ChatSql *database, gconstpointer arguments)
{
  const ChatReport *closing = arguments;
  int closed
      = chat_sql_run (database,
                      "UPDATE reports SET \"by\" = ?2, remark = ?3, closed = ?4 WHERE id = ?1 AND closed IS NULL",
                      "sssx", closing->id, closing->by, closing->remark, closing->closed);
  ChatReport *report = find_report (database, closing->id);

  if (report == NULL)
    return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no report “%s”", closing->id);
  if (closed > 0)
    audit_report (database, closing->closed, closing->by, "close", report->target, closing->remark);
  return report;
}

static void
close_report_async (ChatModerationStore *self, const ChatReport *report, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_write (self, close_report_async, close_report, chat_report_copy (report),
                        (GDestroyNotify)chat_report_free, (GDestroyNotify)chat_report_free, cancellable, callback,
                        user_data);
}

static ChatReport *
close_report_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, close_report_async, result, error);
}

static const ChatSqlListing reports = { .select = SELECT_REPORT,
                                        .table = "reports",
                                        .cursor = "id",
                                        .open = "closed IS NULL",
                                        .read = read_report,
                                        .free = (GDestroyNotify)chat_report_free };

static void
list_reports_async (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_list_async (self, list_reports_async, &reports, list, cancellable, callback, user_data);
}

static GPtrArray *
list_reports_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_reports_async, result, error);
}

void
chat_sql_appeals_iface_init (ChatModerationStoreInterface *iface)
{
  iface->add_appeal_async = add_appeal_async;
  iface->add_appeal_finish = add_appeal_finish;
  iface->decide_appeal_async = decide_appeal_async;
  iface->decide_appeal_finish = decide_appeal_finish;
  iface->list_appeals_async = list_appeals_async;
  iface->list_appeals_finish = list_appeals_finish;
  iface->add_report_async = add_report_async;
  iface->add_report_finish = add_report_finish;
  iface->close_report_async = close_report_async;
  iface->close_report_finish = close_report_finish;
  iface->list_reports_async = list_reports_async;
  iface->list_reports_finish = list_reports_finish;
}
