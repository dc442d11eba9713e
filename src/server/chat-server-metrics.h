/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-metrics.h"

G_BEGIN_DECLS

/** ChatServerMetrics: the figures of the process and of the roles in it. */
typedef struct _ChatServerMetrics ChatServerMetrics;

/** chat_server_metrics_new: @services: (element-type ChatService): looked at whenever the figures are wanted; like
 * @metrics it is referenced. */
ChatServerMetrics *chat_server_metrics_new (ChatMetrics *metrics, GPtrArray *services);
void chat_server_metrics_free (ChatServerMetrics *self);

G_END_DECLS
