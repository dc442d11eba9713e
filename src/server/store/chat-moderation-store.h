/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/chat-message.h"

G_BEGIN_DECLS

/** ChatStrike: a hit that counts, and the answer to it. */
typedef struct
{
  /* what happened */
  char *record_id; /* of the message; the idempotency key */
  char *channel;
  char *user;
  char *user_key; /* skeleton: strikes and blocks stay on it */
  char *rule;
  GArray *spans;  /* (element-type ChatSpan) */
  char *original; /* the text before masking: restricted, for appeals; NULL once its retention is over */
  char *rules_version;
  gint64 timestamp;
  guint limit; /* strikes until the block, from 1 */
  /* the answer */
  char *warning_id; /* UUIDv5 of record_id */
  guint strike;     /* which one this is, from 1 */
  gboolean blocked; /* whether this one led to the block */
  gint64 forgiven;  /* since when it no longer counts; CHAT_TIME_UNKNOWN: it counts */
} ChatStrike;

ChatStrike *chat_strike_copy (const ChatStrike *self);
void chat_strike_free (ChatStrike *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatStrike, chat_strike_free)

/** ChatBlock: a user who may not post. */
typedef struct
{
  char *user;
  char *user_key;
  gint64 since;
  gint64 until;    /* CHAT_TIME_UNKNOWN: until a moderator lifts it */
  char *reason;    /* for people */
  char *record_id; /* nullable: what led to it */
} ChatBlock;

ChatBlock *chat_block_copy (const ChatBlock *self);
void chat_block_free (ChatBlock *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatBlock, chat_block_free)

/** ChatAppeal: somebody asks that his strike be taken back. One for each strike. */
typedef struct
{
  char *id;        /* UUID */
  char *record_id; /* of the strike */
  char *user, *user_key;
  char *text;     /* why, in his words; nullable */
  gint64 time;    /* ms */
  char *verdict;  /* nullable: "granted", "rejected" */
  char *by;       /* nullable: the moderator */
  char *remark;   /* nullable: the moderator's, for the user */
  gint64 decided; /* CHAT_TIME_UNKNOWN: open */
} ChatAppeal;

ChatAppeal *chat_appeal_copy (const ChatAppeal *self);
void chat_appeal_free (ChatAppeal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatAppeal, chat_appeal_free)

/** ChatReport: somebody tells the moderators of another's message. */
typedef struct
{
  char *id;     /* UUID */
  char *target; /* the message's id */
  char *channel;
  char *user, *user_key; /* who reports */
  char *reason;          /* nullable */
  gint64 time;           /* ms */
  char *by;              /* nullable: the moderator who closed it */
  char *remark;          /* nullable */
  gint64 closed;         /* CHAT_TIME_UNKNOWN: open */
} ChatReport;

ChatReport *chat_report_copy (const ChatReport *self);
void chat_report_free (ChatReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatReport, chat_report_free)

/** ChatAuditEntry: one decision or reversal; never changed, never removed. */
typedef struct
{
  gint64 number;   /* ascending; the cursor */
  gint64 time;     /* ms */
  char *actor;     /* nullable: the service itself */
  char *action;    /* "strike", "block", "lift", "expire", "forgive", "appeal", "grant", "reject", "report", "close",
                      "rules", "delete", "edit", "role", "account" … */
  char *user_key;  /* nullable: whom it is about */
  char *record_id; /* nullable */
  char *detail;    /* nullable: for people */
} ChatAuditEntry;

void chat_audit_entry_free (ChatAuditEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatAuditEntry, chat_audit_entry_free)

/** ChatRulesRevision: what the site itself added to the word lists, as it was published. */
typedef struct
{
  gint64 revision; /* from 1; 0: none was ever published */
  char *text;      /* in the format of data/moderation */
  char *by;
  char *remark; /* nullable */
  gint64 time;  /* ms */
} ChatRulesRevision;

void chat_rules_revision_free (ChatRulesRevision *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRulesRevision, chat_rules_revision_free)

/** ChatModerationList: a page of a list, newest first; NOT_FOUND where there is no such cursor. Whose: @user_key, or
 * everybody's where it is NULL. */
typedef struct
{
  const char *user_key; /* nullable */
  gboolean open_only;   /* appeals and reports that wait for a moderator */
  const char *before;   /* nullable: cursor: the id (audit: the number) of the last one of the page before */
  guint limit;          /* from 1 */
} ChatModerationList;

#define CHAT_TYPE_MODERATION_STORE (chat_moderation_store_get_type ())
G_DECLARE_INTERFACE (ChatModerationStore, chat_moderation_store, CHAT, MODERATION_STORE, GObject)

struct _ChatModerationStoreInterface
{
  GTypeInterface parent_iface;

  void (*record_strike_async) (ChatModerationStore *self, const ChatStrike *strike, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
  ChatStrike *(*record_strike_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*list_strikes_async) (ChatModerationStore *self, const char *user_key, guint limit, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_strikes_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*get_strike_async) (ChatModerationStore *self, const char *record_id, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
  ChatStrike *(*get_strike_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*list_blocks_async) (ChatModerationStore *self, gint64 now, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_blocks_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*lift_block_async) (ChatModerationStore *self, const char *user_key, const char *by, gint64 now,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*lift_block_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*list_all_strikes_async) (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_all_strikes_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*set_block_async) (ChatModerationStore *self, const ChatBlock *block, const char *by, gint64 now,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*set_block_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*forgive_strike_async) (ChatModerationStore *self, const char *record_id, const char *by, gint64 now,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*forgive_strike_finish) (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted, GError **error);
  void (*add_appeal_async) (ChatModerationStore *self, const ChatAppeal *appeal, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
  ChatAppeal *(*add_appeal_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*decide_appeal_async) (ChatModerationStore *self, const ChatAppeal *verdict, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
  ChatAppeal *(*decide_appeal_finish) (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted,
                                       GError **error);
  void (*list_appeals_async) (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_appeals_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*add_report_async) (ChatModerationStore *self, const ChatReport *report, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
  ChatReport *(*add_report_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*close_report_async) (ChatModerationStore *self, const ChatReport *report, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
  ChatReport *(*close_report_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*list_reports_async) (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_reports_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*add_audit_async) (ChatModerationStore *self, const ChatAuditEntry *entry, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*add_audit_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*list_audit_async) (ChatModerationStore *self, const ChatModerationList *list, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_audit_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*publish_rules_async) (ChatModerationStore *self, const ChatRulesRevision *revision, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*publish_rules_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*get_rules_async) (ChatModerationStore *self, gint64 revision, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
  ChatRulesRevision *(*get_rules_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
  void (*purge_originals_async) (ChatModerationStore *self, gint64 before, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*purge_originals_finish) (ChatModerationStore *self, GAsyncResult *result, GError **error);
};

/**
 * chat_moderation_store_record_strike_async:
 *
 * One atomic step: warning, strike number, rule version, original, block at the limit, audit entry. A repeat of the
 * same record_id changes nothing and returns the first answer. A strike of a user who is blocked counts, but makes no
 * second block. Strikes count from 0 again after a block was lifted or ran out. The finish: (transfer full): @strike
 * with its answer filled in.
 */
void chat_moderation_store_record_strike_async (ChatModerationStore *self, const ChatStrike *strike,
                                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                                gpointer user_data);
ChatStrike *chat_moderation_store_record_strike_finish (ChatModerationStore *self, GAsyncResult *result,
                                                        GError **error);

/** chat_moderation_store_list_strikes_async: a user's, newest first, at most @limit. (transfer full) (element-type
 * ChatStrike) */
void chat_moderation_store_list_strikes_async (ChatModerationStore *self, const char *user_key, guint limit,
                                               GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data);
GPtrArray *chat_moderation_store_list_strikes_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_get_strike_async: NOT_FOUND where there is none for that record. */
void chat_moderation_store_get_strike_async (ChatModerationStore *self, const char *record_id,
                                             GCancellable *cancellable, GAsyncReadyCallback callback,
                                             gpointer user_data);
ChatStrike *chat_moderation_store_get_strike_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_list_blocks_async: those in force at @now (0: also those that have run out and were not ended
 * yet). (transfer full) (element-type ChatBlock) */
void chat_moderation_store_list_blocks_async (ChatModerationStore *self, gint64 now, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_moderation_store_list_blocks_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_lift_block_async: ends a block and sets the strikes back to 0, with an audit entry; NOT_FOUND
 * where there is none. @by: (nullable): NULL: the service ends a block that has run out (its until is not after @now,
 * else NOT_FOUND): the entry is `expire`. */
void chat_moderation_store_lift_block_async (ChatModerationStore *self, const char *user_key, const char *by,
                                             gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                             gpointer user_data);
gboolean chat_moderation_store_lift_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_list_all_strikes_async: newest first, cursor: record_id. (transfer full) (element-type
 * ChatStrike) */
void chat_moderation_store_list_all_strikes_async (ChatModerationStore *self, const ChatModerationList *list,
                                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                                   gpointer user_data);
GPtrArray *chat_moderation_store_list_all_strikes_finish (ChatModerationStore *self, GAsyncResult *result,
                                                          GError **error);

/** chat_moderation_store_set_block_async: blocks somebody (a moderator may, without a strike), or gives the block that
 * there is another end or reason; audit entry. @by: (nullable) the moderator. */
void chat_moderation_store_set_block_async (ChatModerationStore *self, const ChatBlock *block, const char *by,
                                            gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                            gpointer user_data);
gboolean chat_moderation_store_set_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_forgive_strike_async: the strike no longer counts (it stays in the lists, as `forgiven`);
 * *lifted: whether that took away the block it had led to, or one that comes of strikes of which fewer than the limit
 * are left. The strikes that are left go on counting. Idempotent. NOT_FOUND. Audit entry. */
void chat_moderation_store_forgive_strike_async (ChatModerationStore *self, const char *record_id, const char *by,
                                                 gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                                 gpointer user_data);
gboolean chat_moderation_store_forgive_strike_finish (ChatModerationStore *self, GAsyncResult *result, gboolean *lifted,
                                                      GError **error);

/** chat_moderation_store_add_appeal_async: NOT_FOUND where its strike is not that user's; where that strike has an
 * appeal already, the finish returns that one. Audit entry. */
void chat_moderation_store_add_appeal_async (ChatModerationStore *self, const ChatAppeal *appeal,
                                             GCancellable *cancellable, GAsyncReadyCallback callback,
                                             gpointer user_data);
ChatAppeal *chat_moderation_store_add_appeal_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_decide_appeal_async: @verdict: id, verdict, by, remark, decided. "granted" forgives the strike
 * in the same transaction (*lifted). CONFLICT where it was decided otherwise, NOT_FOUND. Audit entry. */
void chat_moderation_store_decide_appeal_async (ChatModerationStore *self, const ChatAppeal *verdict,
                                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                                gpointer user_data);
ChatAppeal *chat_moderation_store_decide_appeal_finish (ChatModerationStore *self, GAsyncResult *result,
                                                        gboolean *lifted, GError **error);
/** chat_moderation_store_list_appeals_async: (transfer full) (element-type ChatAppeal) */
void chat_moderation_store_list_appeals_async (ChatModerationStore *self, const ChatModerationList *list,
                                               GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data);
GPtrArray *chat_moderation_store_list_appeals_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_add_report_async: one open report for each user and message: a repeat returns the first.
 * Audit entry. */
void chat_moderation_store_add_report_async (ChatModerationStore *self, const ChatReport *report,
                                             GCancellable *cancellable, GAsyncReadyCallback callback,
                                             gpointer user_data);
ChatReport *chat_moderation_store_add_report_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);
/** chat_moderation_store_close_report_async: @report: id, by, remark, closed. NOT_FOUND; closed before: unchanged. */
void chat_moderation_store_close_report_async (ChatModerationStore *self, const ChatReport *report,
                                               GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data);
ChatReport *chat_moderation_store_close_report_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);
/** chat_moderation_store_list_reports_async: (transfer full) (element-type ChatReport) */
void chat_moderation_store_list_reports_async (ChatModerationStore *self, const ChatModerationList *list,
                                               GCancellable *cancellable, GAsyncReadyCallback callback,
                                               gpointer user_data);
GPtrArray *chat_moderation_store_list_reports_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_add_audit_async: what no other call writes down by itself. Its number is passed over. */
void chat_moderation_store_add_audit_async (ChatModerationStore *self, const ChatAuditEntry *entry,
                                            GCancellable *cancellable, GAsyncReadyCallback callback,
                                            gpointer user_data);
gboolean chat_moderation_store_add_audit_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);
/** chat_moderation_store_list_audit_async: (transfer full) (element-type ChatAuditEntry) */
void chat_moderation_store_list_audit_async (ChatModerationStore *self, const ChatModerationList *list,
                                             GCancellable *cancellable, GAsyncReadyCallback callback,
                                             gpointer user_data);
GPtrArray *chat_moderation_store_list_audit_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_publish_rules_async: @revision: one more than the last, else CONFLICT (somebody else was
 * quicker). Audit entry. */
void chat_moderation_store_publish_rules_async (ChatModerationStore *self, const ChatRulesRevision *revision,
                                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                                gpointer user_data);
gboolean chat_moderation_store_publish_rules_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);
/** chat_moderation_store_get_rules_async: @revision: 0: the last one (revision 0 and an empty text where there is
 * none); NOT_FOUND. (transfer full) */
void chat_moderation_store_get_rules_async (ChatModerationStore *self, gint64 revision, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);
ChatRulesRevision *chat_moderation_store_get_rules_finish (ChatModerationStore *self, GAsyncResult *result,
                                                           GError **error);

/** chat_moderation_store_purge_originals_async: forgets the texts of the strikes before that time, but those with an
 * open appeal. */
void chat_moderation_store_purge_originals_async (ChatModerationStore *self, gint64 before, GCancellable *cancellable,
                                                  GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_moderation_store_purge_originals_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
