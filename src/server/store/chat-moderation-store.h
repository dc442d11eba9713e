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

/** chat_moderation_store_list_blocks_async: those in force at @now. (transfer full) (element-type ChatBlock) */
void chat_moderation_store_list_blocks_async (ChatModerationStore *self, gint64 now, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_moderation_store_list_blocks_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

/** chat_moderation_store_lift_block_async: ends a block and sets the strikes back to 0, with an audit entry; NOT_FOUND
 * where there is none. */
void chat_moderation_store_lift_block_async (ChatModerationStore *self, const char *user_key, const char *by,
                                             gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                             gpointer user_data);
gboolean chat_moderation_store_lift_block_finish (ChatModerationStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
