/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-moderation-store.h"

#include "core/chat-time.h"
#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatModerationStore, chat_moderation_store, G_TYPE_OBJECT)

static void
chat_moderation_store_default_init (ChatModerationStoreInterface *iface)
{
}

static const char *
strike_problem (const ChatStrike *strike)
{
  if (strike == NULL || strike->record_id == NULL || strike->channel == NULL || strike->user == NULL
      || strike->user_key == NULL || strike->rule == NULL || strike->original == NULL)
    return "A strike needs its record's id, channel, user, the user's key, rule and original text";
  if (strike->limit < 1)
    return "A strike's limit is 1 or more";
  return NULL;
}

static const char *
list_problem (const ChatModerationList *list)
{
  return list != NULL && list->limit >= 1 ? NULL : "A list has 1 entry or more";
}

static const char *
audit_list_problem (const ChatModerationList *list)
{
  if (list != NULL && list->before != NULL && !g_ascii_string_to_unsigned (list->before, 10, 0, G_MAXINT64, NULL, NULL))
    return "The cursor of the audit log is the number of an entry";
  return list_problem (list);
}

static const char *
block_problem (const ChatBlock *block)
{
  return block != NULL && block->user != NULL && block->user_key != NULL && block->reason != NULL
             ? NULL
             : "A block needs its user, the user's key and a reason";
}

static const char *
appeal_problem (const ChatAppeal *appeal)
{
  return appeal != NULL && appeal->id != NULL && appeal->record_id != NULL && appeal->user != NULL
                 && appeal->user_key != NULL
             ? NULL
             : "An appeal needs its id, the strike's record, its user and the user's key";
}

static const char *
verdict_problem (const ChatAppeal *verdict)
{
  if (verdict == NULL || verdict->id == NULL || verdict->by == NULL || verdict->decided == CHAT_TIME_UNKNOWN)
    return "A verdict needs the appeal's id, who decided and when";
  if (g_strcmp0 (verdict->verdict, "granted") != 0 && g_strcmp0 (verdict->verdict, "rejected") != 0)
    return "A verdict is “granted” or “rejected”";
  return NULL;
}

static const char *
report_problem (const ChatReport *report)
{
  return report != NULL && report->id != NULL && report->target != NULL && report->channel != NULL
                 && report->user != NULL && report->user_key != NULL
             ? NULL
             : "A report needs its id, the message, its channel, who reports and that user's key";
}

static const char *
closing_problem (const ChatReport *report)
{
  return report != NULL && report->id != NULL && report->by != NULL && report->closed != CHAT_TIME_UNKNOWN
             ? NULL
             : "Closing a report needs its id, who closes it and when";
}

static const char *
audit_problem (const ChatAuditEntry *entry)
{
  return entry != NULL && entry->action != NULL && *entry->action != '\0' ? NULL : "An audit entry needs its action";
}

static const char *
rules_problem (const ChatRulesRevision *revision)
{
  if (revision == NULL || revision->text == NULL || revision->by == NULL)
    return "Rules to publish need their text and who publishes them";
  return revision->revision >= 1 ? NULL : "A revision of the rules has a number from 1 on";
}

void
chat_moderation_store_record_strike_async (ChatModerationStore *self, const ChatStrike *strike,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->record_strike_async != NULL,
                          strike_problem (strike), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->record_strike_async (self, strike, cancellable, callback, user_data);
}

ChatStrike *
chat_moderation_store_record_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->record_strike_finish (self, result, error);
}

void
chat_moderation_store_list_strikes_async (ChatModerationStore *self, const char *user_key, guint limit,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *problem = user_key == NULL ? "The user's key is missing"
                        : limit < 1      ? "A list has 1 entry or more"
                                         : NULL;

  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_strikes_async != NULL, problem, callback,
                          user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_strikes_async (self, user_key, limit, cancellable, callback,
                                                                user_data);
}

GPtrArray *
chat_moderation_store_list_strikes_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_strikes_finish (self, result, error);
}

void
chat_moderation_store_get_strike_async (ChatModerationStore *self, const char *record_id, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->get_strike_async != NULL,
                          record_id != NULL ? NULL : "The id of the record is missing", callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->get_strike_async (self, record_id, cancellable, callback, user_data);
}

ChatStrike *
chat_moderation_store_get_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->get_strike_finish (self, result, error);
}

void
chat_moderation_store_list_blocks_async (ChatModerationStore *self, gint64 now, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_blocks_async != NULL, NULL, callback,
                          user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_blocks_async (self, now, cancellable, callback, user_data);
}

GPtrArray *
chat_moderation_store_list_blocks_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_blocks_finish (self, result, error);
}

void
chat_moderation_store_lift_block_async (ChatModerationStore *self, const char *user_key, const char *by, gint64 now,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->lift_block_async != NULL,
                          user_key != NULL ? NULL : "Whose block is lifted is missing", callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->lift_block_async (self, user_key, by, now, cancellable, callback,
                                                              user_data);
}

gboolean
chat_moderation_store_lift_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->lift_block_finish (self, result, error);
}

void
chat_moderation_store_list_all_strikes_async (ChatModerationStore *self, const ChatModerationList *list,
                                              GCancellable *cancellable, GAsyncReadyCallback callback,
                                              gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_all_strikes_async != NULL,
                          list_problem (list), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_all_strikes_async (self, list, cancellable, callback, user_data);
}

GPtrArray *
chat_moderation_store_list_all_strikes_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_all_strikes_finish (self, result, error);
}

void
chat_moderation_store_set_block_async (ChatModerationStore *self, const ChatBlock *block, const char *by, gint64 now,
                                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->set_block_async != NULL, block_problem (block),
                          callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->set_block_async (self, block, by, now, cancellable, callback, user_data);
}

gboolean
chat_moderation_store_set_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->set_block_finish (self, result, error);
}

void
chat_moderation_store_forgive_strike_async (ChatModerationStore *self, const char *record_id, const char *by,
                                            gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->forgive_strike_async != NULL,
                          record_id != NULL && by != NULL ? NULL : "Which strike is forgiven, or by whom, is missing",
                          callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->forgive_strike_async (self, record_id, by, now, cancellable, callback,
                                                                  user_data);
}

gboolean
chat_moderation_store_forgive_strike_finish (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted,
                                             GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->forgive_strike_finish (self, result, lifted, error);
}

void
chat_moderation_store_add_appeal_async (ChatModerationStore *self, const ChatAppeal *appeal, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->add_appeal_async != NULL,
                          appeal_problem (appeal), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->add_appeal_async (self, appeal, cancellable, callback, user_data);
}

ChatAppeal *
chat_moderation_store_add_appeal_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->add_appeal_finish (self, result, error);
}

void
chat_moderation_store_decide_appeal_async (ChatModerationStore *self, const ChatAppeal *verdict,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->decide_appeal_async != NULL,
                          verdict_problem (verdict), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->decide_appeal_async (self, verdict, cancellable, callback, user_data);
}

ChatAppeal *
chat_moderation_store_decide_appeal_finish (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted,
                                            GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->decide_appeal_finish (self, result, lifted, error);
}

void
chat_moderation_store_list_appeals_async (ChatModerationStore *self, const ChatModerationList *list,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_appeals_async != NULL, list_problem (list),
                          callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_appeals_async (self, list, cancellable, callback, user_data);
}

GPtrArray *
chat_moderation_store_list_appeals_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_appeals_finish (self, result, error);
}

void
chat_moderation_store_add_report_async (ChatModerationStore *self, const ChatReport *report, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->add_report_async != NULL,
                          report_problem (report), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->add_report_async (self, report, cancellable, callback, user_data);
}

ChatReport *
chat_moderation_store_add_report_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->add_report_finish (self, result, error);
}

void
chat_moderation_store_close_report_async (ChatModerationStore *self, const ChatReport *report,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->close_report_async != NULL,
                          closing_problem (report), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->close_report_async (self, report, cancellable, callback, user_data);
}

ChatReport *
chat_moderation_store_close_report_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->close_report_finish (self, result, error);
}

void
chat_moderation_store_list_reports_async (ChatModerationStore *self, const ChatModerationList *list,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_reports_async != NULL, list_problem (list),
                          callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_reports_async (self, list, cancellable, callback, user_data);
}

GPtrArray *
chat_moderation_store_list_reports_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_reports_finish (self, result, error);
}

void
chat_moderation_store_add_audit_async (ChatModerationStore *self, const ChatAuditEntry *entry,
                                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->add_audit_async != NULL, audit_problem (entry),
                          callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->add_audit_async (self, entry, cancellable, callback, user_data);
}

gboolean
chat_moderation_store_add_audit_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->add_audit_finish (self, result, error);
}

void
chat_moderation_store_list_audit_async (ChatModerationStore *self, const ChatModerationList *list,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->list_audit_async != NULL,
                          audit_list_problem (list), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->list_audit_async (self, list, cancellable, callback, user_data);
}

GPtrArray *
chat_moderation_store_list_audit_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->list_audit_finish (self, result, error);
}

void
chat_moderation_store_publish_rules_async (ChatModerationStore *self, const ChatRulesRevision *revision,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->publish_rules_async != NULL,
                          rules_problem (revision), callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->publish_rules_async (self, revision, cancellable, callback, user_data);
}

gboolean
chat_moderation_store_publish_rules_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->publish_rules_finish (self, result, error);
}

void
chat_moderation_store_get_rules_async (ChatModerationStore *self, gint64 revision, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->get_rules_async != NULL,
                          revision >= 0 ? NULL : "A revision of the rules is a number from 0 on", callback, user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->get_rules_async (self, revision, cancellable, callback, user_data);
}

ChatRulesRevision *
chat_moderation_store_get_rules_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_MODERATION_STORE_GET_IFACE (self)->get_rules_finish (self, result, error);
}

void
chat_moderation_store_purge_originals_async (ChatModerationStore *self, gint64 before, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_MODERATION_STORE (self));

  if (chat_store_accepts (self, CHAT_MODERATION_STORE_GET_IFACE (self)->purge_originals_async != NULL, NULL, callback,
                          user_data))
    CHAT_MODERATION_STORE_GET_IFACE (self)->purge_originals_async (self, before, cancellable, callback, user_data);
}

gboolean
chat_moderation_store_purge_originals_finish (ChatModerationStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_MODERATION_STORE_GET_IFACE (self)->purge_originals_finish (self, result, error);
}
