/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-metrics.h"
#include "core/chat-service.h"
#include "core/chat-signature.h"
#include "server/api/chat-api-gate.h"
#include "server/api/chat-api-listener.h"
#include "server/moderator/chat-block-list.h"
#include "server/moderator/chat-rules-source.h"
#include "server/session/chat-account-service.h"
#include "server/session/chat-presence.h"
#include "server/store/chat-store.h"
#include "transport/chat-broker-options.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** ChatApiMetricsAccess: who may see GET /metrics. */
typedef enum
{
  CHAT_API_METRICS_OFF,
  CHAT_API_METRICS_LOOPBACK, /* whoever is on this machine, and not behind a proxy */
  CHAT_API_METRICS_TOKEN,    /* whoever has the token */
} ChatApiMetricsAccess;

/** ChatApiOptions: strings are copied; times in milliseconds. */
typedef struct
{
  const char *address;   /* "127.0.0.1", "::1", "0.0.0.0" … */
  guint port;            /* 0: any free one */
  const char *workspace; /* its name, for people */
  const char *version;
  gint64 lease_ms;           /* of the sessions: clients are told */
  guint strike_limit;        /* likewise */
  const char *language;      /* (nullable): whose word lists apply in channels that name none */
  gboolean blocked_may_read; /* else GET of messages answers blocked users with 403, and the live feed has none */
  ChatApiLimits limits;      /* of connections and requests */
  guint answer_ms;           /* for the services behind to answer a request */
  ChatMetrics *metrics;      /* (nullable): where its figures go */
  ChatApiMetricsAccess metrics_access;
  const char *metrics_token;     /* (nullable): with TOKEN */
  ChatApiRates rates;            /* of requests */
  gsize live_backlog_bytes;      /* per WebSocket: past this a reader is dropped with 4013 */
  const ChatBrokerOptions *feed; /* (nullable): the broker that desktops may read themselves, as they are told of it */
  const char *direct; /* (nullable): accepted records go through the store's outbox, which is relayed under this name */
  gboolean notify_store; /* new records are read from the store when it says so, and not from the broker */
  gboolean alone;        /* no other process has this role */
  const char *feed_ca;   /* (nullable): PEM: whose certificates they trust there */
} ChatApiOptions;

#define CHAT_TYPE_API (chat_api_get_type ())
G_DECLARE_FINAL_TYPE (ChatApi, chat_api, CHAT, API, GObject)

/**
 * chat_api_new: (implements ChatService)
 * @signer: (transfer none): must outlive it
 * @control, @rules: are to be started before it, and stopped after it
 *
 * REST and /v1/live (src/README.md). The start fails with a sentence for people where the address or port can't be
 * had. A stop refuses what comes, lets what is there be answered, and closes the live connections with 1001.
 */
ChatApi *chat_api_new (ChatTransport *transport, ChatStore *store, ChatSessionService *sessions,
                       ChatAccountService *accounts, ChatSigner *signer, ChatControlFeed *control,
                       ChatRulesSource *rules, const ChatApiOptions *options);

/** chat_api_get_uri: (transfer none): "http://127.0.0.1:PORT/", once started. */
const char *chat_api_get_uri (ChatApi *self);

G_END_DECLS
