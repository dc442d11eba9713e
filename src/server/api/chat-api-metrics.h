/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-metrics.h"
#include "server/api/chat-api-context.h"
#include "server/api/chat-api-listener.h"
#include "server/api/chat-api-router.h"

G_BEGIN_DECLS

/** ChatApiMetrics: the figures of the api, and GET /metrics, which shows them with all others of the same ChatMetrics.
 */
typedef struct _ChatApiMetrics ChatApiMetrics;

/** chat_api_metrics_new: @metrics: referenced; its figures must not be there already */
ChatApiMetrics *chat_api_metrics_new (ChatMetrics *metrics);
void chat_api_metrics_free (ChatApiMetrics *self);

/** chat_api_metrics_count: a request has been answered. @route: (nullable): where it went; @status: 0: its client had
 * gone before. */
void chat_api_metrics_count (ChatApiMetrics *self, const ChatApiRoute *route, guint status, gint64 duration_us);

/** chat_api_metrics_collect: looks up what is only known by looking. */
void chat_api_metrics_collect (ChatApiMetrics *self, ChatApiContext *context, ChatApiListener *listener);

G_END_DECLS
