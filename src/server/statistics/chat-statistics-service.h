/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-counter-store.h"

G_BEGIN_DECLS

/** ChatStatisticsState: of the last rebuild since the service began. */
typedef enum
{
  CHAT_STATISTICS_IDLE, /* there was none */
  CHAT_STATISTICS_RUNNING,
  CHAT_STATISTICS_DONE,
  CHAT_STATISTICS_CANCELLED,
  CHAT_STATISTICS_FAILED,
} ChatStatisticsState;

#define CHAT_TYPE_STATISTICS_SERVICE (chat_statistics_service_get_type ())
G_DECLARE_FINAL_TYPE (ChatStatisticsService, chat_statistics_service, CHAT, STATISTICS_SERVICE, GObject)

/**
 * ChatStatisticsService:
 *
 * Counts the counters anew from what is stored, one rebuild at a time, in steps that do not hold others up. It lives in
 * this process alone: after a restart it is simply not running, and the counters are those that were in use.
 */
ChatStatisticsService *chat_statistics_service_new (ChatCounterStore *counters);

/** chat_statistics_service_rebuild_async: G_IO_ERROR_PENDING where one is running; G_IO_ERROR_CANCELLED where it was
 * cancelled by chat_statistics_service_cancel(), @cancellable or the end of the service; else what the store says. What
 * passes (CHAT_STORE_ERROR_BUSY, FULL) is tried again for a minute. */
void chat_statistics_service_rebuild_async (ChatStatisticsService *self, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_statistics_service_rebuild_finish (ChatStatisticsService *self, GAsyncResult *result, GError **error);

/** chat_statistics_service_cancel: the rebuild that is running changes nothing, and its call returns soon. */
void chat_statistics_service_cancel (ChatStatisticsService *self);

ChatStatisticsState chat_statistics_service_get_state (ChatStatisticsService *self);
/** chat_statistics_service_get_counted: how far the last rebuild has come: records, about. */
gint64 chat_statistics_service_get_counted (ChatStatisticsService *self);

G_END_DECLS
