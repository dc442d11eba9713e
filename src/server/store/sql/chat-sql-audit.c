/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log, and the site's own rules. */
#include "server/store/sql/chat-sql-listing.h"
#include "server/store/sql/chat-sql-moderation.h"
#include "server/store/sql/chat-sql-store-private.h"

void
chat_sql_write_audit (ChatSql *database, gint64 time, const char *actor, const char *action, const char *user_key,
                      const char *record_id, const char *detail)
{
  chat_sql_post (database,
                 "INSERT INTO audit (time, actor, action, user_key, record_id, detail) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                 "xsssss", time, actor, action, user_key, record_id, detail);
}

static gpointer
read_entry (ChatSqlQuery *query)
{
  ChatAuditEntry *entry = g_new0 (ChatAuditEntry, 1);

  chat_sql_read (query, "xxmsmmm", &entry->number, &entry->time, &entry->actor, &entry->action, &entry->user_key,
                 &entry->record_id, &entry->detail);
  return entry;
}

static const ChatSqlListing entries
    = { .select = "SELECT number, time, actor, action, user_key, record_id, detail FROM audit",
        .table = "audit",
        .cursor = "number",
        .read = read_entry,
        .free = (GDestroyNotify)chat_audit_entry_free };

static void
list_audit_async (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_list_async (self, list_audit_async, &entries, list, cancellable, callback, user_data);
}

static GPtrArray *
list_audit_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_audit_async, result, error);
}

static gpointer
add_audit (ChatSql *database, gconstpointer arguments)
{
  const ChatAuditEntry *entry = arguments;

  chat_sql_write_audit (database, entry->time, entry->actor, entry->action, entry->user_key, entry->record_id,
                        entry->detail);
  return NULL;
}

static void
add_audit_async (ChatModerationStore *self, const ChatAuditEntry *entry, GCancellable *cancellable,
                 GAsyncReadyCallback callback, gpointer user_data)
{
  ChatAuditEntry *copy = g_new0 (ChatAuditEntry, 1);

  *copy = (ChatAuditEntry){ .time = entry->time,
                            .actor = g_strdup (entry->actor),
                            .action = g_strdup (entry->action),
                            .user_key = g_strdup (entry->user_key),
                            .record_id = g_strdup (entry->record_id),
                            .detail = g_strdup (entry->detail) };
  chat_sql_store_write (self, add_audit_async, add_audit, copy, (GDestroyNotify)chat_audit_entry_free, NULL,
                        cancellable, callback, user_data);
}

static gboolean
add_audit_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, add_audit_async, result, error) >= 0;
}

/* Rules */

static gpointer
publish_rules (ChatSql *database, gconstpointer arguments)
{
  const ChatRulesRevision *rules = arguments;
  gint64 last;
  g_autofree char *detail = rules->remark != NULL
                                ? g_strdup_printf ("revision %" G_GINT64_FORMAT ": %s", rules->revision, rules->remark)
                                : g_strdup_printf ("revision %" G_GINT64_FORMAT, rules->revision);

  chat_sql_lock (database, "rules", "");
  last = chat_sql_number (database, "SELECT max (revision) FROM rules");
  if (rules->revision != last + 1)
    return chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT,
                          "Revision %" G_GINT64_FORMAT " of the rules can't follow revision %" G_GINT64_FORMAT
                          ": somebody else has published; look at theirs first",
                          rules->revision, last);
  chat_sql_run (database, "INSERT INTO rules VALUES (?1, ?2, ?3, ?4, ?5)", "xsssx", rules->revision, rules->text,
                rules->by, rules->remark, rules->time);
  chat_sql_write_audit (database, rules->time, rules->by, "rules", NULL, NULL, detail);
  return NULL;
}

static ChatRulesRevision *
rules_new (gint64 revision, const char *text, const char *by, const char *remark, gint64 time)
{
  ChatRulesRevision *rules = g_new0 (ChatRulesRevision, 1);

  *rules = (ChatRulesRevision){ revision, g_strdup (text), g_strdup (by), g_strdup (remark), time };
  return rules;
}

static void
publish_rules_async (ChatModerationStore *self, const ChatRulesRevision *rules, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_write (self, publish_rules_async, publish_rules,
                        rules_new (rules->revision, rules->text, rules->by, rules->remark, rules->time),
                        (GDestroyNotify)chat_rules_revision_free, NULL, cancellable, callback, user_data);
}

static gboolean
publish_rules_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, publish_rules_async, result, error) >= 0;
}

static gpointer
get_rules (ChatSql *database, gconstpointer arguments)
{
  gint64 revision = *(const gint64 *)arguments;
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT revision, text, \"by\", remark, time FROM rules "
                        "WHERE revision = CASE ?1 WHEN 0 THEN (SELECT max (revision) FROM rules) ELSE ?1 END",
                        "x", revision);
  ChatRulesRevision *rules;

  if (!chat_sql_next (database, query))
    return revision == 0 ? rules_new (0, "", "", NULL, 0)
                         : chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND,
                                          "There is no revision %" G_GINT64_FORMAT " of the rules", revision);
  rules = g_new0 (ChatRulesRevision, 1);
  chat_sql_read (query, "xssmx", &rules->revision, &rules->text, &rules->by, &rules->remark, &rules->time);
  return rules;
}

static void
get_rules_async (ChatModerationStore *self, gint64 revision, GCancellable *cancellable, GAsyncReadyCallback callback,
                 gpointer user_data)
{
  chat_sql_store_read (self, get_rules_async, get_rules, g_memdup2 (&revision, sizeof revision), g_free,
                       (GDestroyNotify)chat_rules_revision_free, cancellable, callback, user_data);
}

static ChatRulesRevision *
get_rules_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, get_rules_async, result, error);
}

void
chat_sql_audit_iface_init (ChatModerationStoreInterface *iface)
{
  iface->add_audit_async = add_audit_async;
  iface->add_audit_finish = add_audit_finish;
  iface->list_audit_async = list_audit_async;
  iface->list_audit_finish = list_audit_finish;
  iface->publish_rules_async = publish_rules_async;
  iface->publish_rules_finish = publish_rules_finish;
  iface->get_rules_async = get_rules_async;
  iface->get_rules_finish = get_rules_finish;
}
