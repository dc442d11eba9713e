/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-directory.h"
#include "server/api/chat-api-gate.h"
#include "server/api/chat-api-publisher.h"
#include "server/api/chat-api.h"
#include "server/moderator/chat-rehearsals.h"
#include "server/statistics/chat-statistics-service.h"

G_BEGIN_DECLS

/**
 * ChatApiContext:
 *
 * What the handlers of requests work with. A reference-counted value: a request that is answered late keeps it alive.
 */
typedef struct _ChatApiLiveHub ChatApiLiveHub;
typedef struct _ChatApiHealth ChatApiHealth;
typedef struct _ChatApiMetrics ChatApiMetrics;

typedef struct
{
  /* Owned */
  ChatTransport *transport;
  ChatStore *store;
  ChatSessionService *sessions;
  ChatControlFeed *control;
  ChatRulesSource *rules;
  ChatAccountService *accounts;
  ChatPresence *presence;
  ChatRehearsals *rehearsals;
  ChatBlockList *blocks;
  ChatApiDirectory *directory;
  ChatApiOutbox *outbox; /* (nullable): with store.write = direct */
  ChatApiPublisher *publisher;
  ChatApiLiveHub *hub;
  ChatStatisticsService *statistics;
  ChatApiGate *gate;
  GStrv proxies; /* nullable */
  ChatApiHealth *health;
  ChatApiMetrics *metrics;
  char *metrics_token; /* nullable */
  char *workspace;
  char *language; /* (nullable): whose word lists apply in channels that name none */
  char *version;
  ChatBrokerOptions *feed; /* (nullable): the broker that desktops may read themselves */
  char *feed_ca;           /* (nullable): PEM */

  gint64 lease_ms;
  guint strike_limit;
  gboolean blocked_may_read;
  gboolean alone;  /* no other process has this role */
  guint answer_ms; /* for an answer to begin */
  ChatApiMetricsAccess metrics_access;

  gboolean stopping; /* what comes now is refused */

  /*< private >*/
  guint active;
  GTask *drain;
  GQueue waiting; /* of ChatApiRequest: those without an answer, by their deadlines */
} ChatApiContext;

/** chat_api_context_new: (transfer full): all empty; whoever fills it in gives it references. */
ChatApiContext *chat_api_context_new (void);
ChatApiContext *chat_api_context_ref (ChatApiContext *self);
void chat_api_context_unref (ChatApiContext *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiContext, chat_api_context_unref)

/** chat_api_context_begin, chat_api_context_end: one more request whose answer has not gone out, or one less. */
void chat_api_context_begin (ChatApiContext *self);
void chat_api_context_end (ChatApiContext *self);

/** chat_api_context_drain: @task: (transfer full): returns TRUE when there is no such request, or @milliseconds later.
 */
void chat_api_context_drain (ChatApiContext *self, GTask *task, guint milliseconds);

G_END_DECLS
