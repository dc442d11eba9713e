/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-metrics.h"

#include <string.h>

#include "server/api/chat-api-address.h"
#include "server/api/chat-api-live-hub.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define TEXT_FORMAT "text/plain; version=0.0.4; charset=utf-8"

struct _ChatApiMetrics
{
  /* Owned */
  ChatMetrics *metrics;

  /* Borrowed */
  ChatMetric *requests;
  ChatMetric *connections, *accepted, *refused, *late, *displaced;
  ChatMetric *limited;
  ChatMetric *live, *backlog, *dropped;
  ChatMetric *posts;
};

static const char *const rate_names[] = {
  [CHAT_API_RATE_READ] = "read",     [CHAT_API_RATE_POST] = "post",       [CHAT_API_RATE_CREATE] = "create",
  [CHAT_API_RATE_SEARCH] = "search", [CHAT_API_RATE_SIGN_IN] = "sign_in",
};

static void
add_connections (ChatApiMetrics *self)
{
  self->connections
      = chat_metrics_add_gauge (self->metrics, "tertulia_http_connections", "Open connections, WebSockets too.", NULL);
  self->accepted = chat_metrics_add_counter (self->metrics, "tertulia_http_connections_accepted_total",
                                             "Connections that were taken.", NULL);
  self->refused = chat_metrics_add_counter (self->metrics, "tertulia_http_connections_refused_total",
                                            "Connections that were refused for want of room.", NULL);
  self->late = chat_metrics_add_counter (self->metrics, "tertulia_http_connections_late_total",
                                         "Connections that were cut because their time was over.", NULL);
  self->displaced = chat_metrics_add_counter (self->metrics, "tertulia_http_connections_displaced_total",
                                              "Idle connections that gave way to others.", NULL);
}

ChatApiMetrics *
chat_api_metrics_new (ChatMetrics *metrics)
{
  static const double seconds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10 };
  const char *const request_labels[] = { "method", "route", "status", NULL };
  const char *const rate_labels[] = { "kind", NULL };
  ChatApiMetrics *self = g_new0 (ChatApiMetrics, 1);

  self->metrics = chat_metrics_ref (metrics);
  self->requests = chat_metrics_add_histogram (metrics, "tertulia_http_request_duration_seconds",
                                               "From a request to its answer, by what it asks for and how it ended.",
                                               request_labels, seconds, G_N_ELEMENTS (seconds));
  add_connections (self);
  self->limited = chat_metrics_add_counter (metrics, "tertulia_rate_limited_total",
                                            "What was refused because too much came in too short a time.", rate_labels);
  self->live = chat_metrics_add_gauge (metrics, "tertulia_live_connections", "Connections of the live feed.", NULL);
  self->backlog = chat_metrics_add_gauge (metrics, "tertulia_live_backlog_bytes",
                                          "What waits for the readers of the live feed.", NULL);
  self->dropped
      = chat_metrics_add_counter (metrics, "tertulia_live_dropped_total",
                                  "Readers of the live feed that were dropped because they were too slow.", NULL);
  self->posts = chat_metrics_add_counter (metrics, "tertulia_messages_accepted_total",
                                          "Messages that the broker has confirmed.", NULL);
  return self;
}

void
chat_api_metrics_free (ChatApiMetrics *self)
{
  chat_metrics_unref (self->metrics);
  g_free (self);
}

void
chat_api_metrics_count (ChatApiMetrics *self, const ChatApiRoute *route, guint status, gint64 duration_us)
{
  static const char *const classes[] = { "gone", "1xx", "2xx", "3xx", "4xx", "5xx" };
  const char *const values[] = {
    route != NULL ? route->method : "none",
    route != NULL ? route->path : "none",
    classes[MIN (status / 100, G_N_ELEMENTS (classes) - 1)],
  };

  chat_metric_observe (self->requests, values, (double)duration_us / G_TIME_SPAN_SECOND);
}

void
chat_api_metrics_collect (ChatApiMetrics *self, ChatApiContext *context, ChatApiListener *listener)
{
  const ChatApiListenerCounters *connections = chat_api_listener_get_counters (listener);
  const ChatApiLiveCounters live = chat_api_live_hub_get_counters (context->hub);

  chat_metric_set (self->connections, NULL, connections->connections);
  chat_metric_set (self->accepted, NULL, (double)connections->accepted);
  chat_metric_set (self->refused, NULL, (double)connections->refused);
  chat_metric_set (self->late, NULL, (double)connections->late);
  chat_metric_set (self->displaced, NULL, (double)connections->displaced);
  for (guint i = 0; i < G_N_ELEMENTS (rate_names); i++)
    if (rate_names[i] != NULL)
      chat_metric_set (self->limited, &rate_names[i], (double)chat_api_gate_get_refused (context->gate, i));
  chat_metric_set (self->live, NULL, live.connections);
  chat_metric_set (self->backlog, NULL, (double)live.backlog_bytes);
  chat_metric_set (self->dropped, NULL, (double)live.dropped);
  chat_metric_set (self->posts, NULL, (double)chat_api_publisher_get_accepted (context->publisher));
}

/*
 * GET /metrics
 */

/* From this machine, and not through a proxy on it. */
static gboolean
is_local (ChatApiRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->message);
  GSocketAddress *peer = soup_server_message_get_remote_address (request->message);

  return peer != NULL && chat_api_address_is_loopback (peer)
         && soup_message_headers_get_list (headers, "X-Forwarded-For") == NULL
         && soup_message_headers_get_list (headers, "Forwarded") == NULL;
}

/* The digests are compared, so that the time it takes tells nothing of the token. */
static gboolean
is_token (ChatApiRequest *request, const char *value)
{
  g_autofree char *expected = g_strconcat ("Bearer ", request->context->metrics_token, NULL);
  g_autofree char *left = g_compute_checksum_for_string (G_CHECKSUM_SHA256, value, -1);
  g_autofree char *right = g_compute_checksum_for_string (G_CHECKSUM_SHA256, expected, -1);

  return g_str_equal (left, right);
}

/* A wrong token counts like one of a session; who has got in from there before does not open the door to guesses. */
static gboolean
check_token (ChatApiRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->message);
  const char *value = soup_message_headers_get_one (headers, "Authorization");
  ChatApiGate *gate = request->context->gate;
  gint64 now = g_get_monotonic_time (), wait_ms;
  g_autoptr (GError) error = NULL;
  gboolean right;

  if (value == NULL)
    value = "";
  if (!chat_api_gate_admit_token (gate, request->address, value, now, &wait_ms, &error))
    {
      chat_api_request_fail_limited (request, error, wait_ms);
      return FALSE;
    }
  right = is_token (request, value);
  chat_api_gate_judge_token (gate, request->address, value, right, now);
  if (right)
    return TRUE;
  error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_UNAUTHORIZED,
                       "Send \"Authorization: Bearer TOKEN\" with the token of [metrics] token");
  chat_api_request_fail (request, error);
  return FALSE;
}

static gboolean
is_there (ChatApiRequest *request)
{
  ChatApiMetricsAccess access = request->context->metrics_access;

  return access == CHAT_API_METRICS_TOKEN || (access == CHAT_API_METRICS_LOOPBACK && is_local (request));
}

static void
get_metrics (ChatApiRequest *request)
{
  ChatApiMetrics *self = request->context->metrics;
  gsize length;
  char *text;

  if (!is_there (request))
    {
      g_autoptr (GError) error
          = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_RESOURCE, "There is nothing at /metrics");

      chat_api_request_fail (request, error);
      return;
    }
  if (request->context->metrics_access == CHAT_API_METRICS_TOKEN && !check_token (request))
    return;
  text = chat_metrics_write (self->metrics, &length);
  chat_api_request_reply_type (request, TEXT_FORMAT, text, length);
}

const ChatApiRoute chat_api_metrics_routes[] = {
  { "GET", "/metrics", CHAT_API_OPEN, get_metrics, .rate = CHAT_API_RATE_NONE },
  { 0 },
};
