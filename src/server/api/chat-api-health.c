/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-health.h"

#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

/* How long a verdict on the store holds: to find it the store writes to the disk, and anybody may ask. */
#define VERDICT_US G_TIME_SPAN_SECOND
/* What can be wrong names files and hosts: that is for the log. */
#define STORE_STATUS "It can't be read and written now; the service's log says why."
#define BROKER_STATUS "It can't be reached now; the service's log says why."
#define BROKER_DEGRADED_STATUS                                                                                         \
  "It can be reached, and does not do all that is wanted of it; the service's log says why."

struct _ChatApiHealth
{
  GPtrArray *waiting; /* (element-type ChatApiRequest) (nullable): while the store is being asked */
  gint64 checked;     /* monotonic, us; 0: never */
  gboolean store_ready;
};

ChatApiHealth *
chat_api_health_new (void)
{
  return g_new0 (ChatApiHealth, 1);
}

void
chat_api_health_free (ChatApiHealth *self)
{
  g_clear_pointer (&self->waiting, g_ptr_array_unref);
  g_free (self);
}

static void
get_health (ChatApiRequest *request)
{
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "status", "ok");
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static JsonObject *
describe (gboolean ready, const char *status)
{
  JsonObject *part = json_object_new ();

  json_object_set_boolean_member (part, "ready", ready);
  json_object_set_string_member (part, "status", ready ? "" : status);
  return part;
}

static void
reply (ChatApiRequest *request, gboolean store_ready)
{
  ChatTransportState state = chat_transport_get_state (request->context->transport);
  gboolean broker_ready = state == CHAT_TRANSPORT_ONLINE;
  gboolean ready = store_ready && broker_ready;
  JsonObject *answer = json_object_new ();

  json_object_set_object_member (answer, "broker",
                                 describe (broker_ready,
                                           state == CHAT_TRANSPORT_DEGRADED ? BROKER_DEGRADED_STATUS : BROKER_STATUS));
  json_object_set_object_member (answer, "store", describe (store_ready, STORE_STATUS));
  json_object_set_string_member (answer, "status", ready ? "ready" : "not ready");
  chat_api_request_reply (request, ready ? SOUP_STATUS_OK : SOUP_STATUS_SERVICE_UNAVAILABLE, answer);
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiContext) context = user_data;
  ChatApiHealth *self = context->health;
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
  g_autoptr (GError) error = NULL;

  self->store_ready = chat_store_check_finish (CHAT_STORE (source), result, &error);
  self->checked = g_get_monotonic_time ();
  if (!self->store_ready)
    g_info ("Not ready: the store: %s", error->message);
  for (guint i = 0; i < waiting->len; i++)
    reply (waiting->pdata[i], self->store_ready);
}

/* Whoever asks while the store is being asked gets the same answer; a client that has gone takes it from nobody. */
static void
get_readiness (ChatApiRequest *request)
{
  ChatApiHealth *self = request->context->health;
  gboolean asking = self->waiting != NULL;

  if (!asking && self->checked != 0 && g_get_monotonic_time () - self->checked < VERDICT_US)
    {
      reply (request, self->store_ready);
      return;
    }
  if (!asking)
    self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_api_request_unref);
  g_ptr_array_add (self->waiting, chat_api_request_ref (request));
  if (!asking)
    chat_store_check_async (request->context->store, NULL, checked_cb, chat_api_context_ref (request->context));
}

const ChatApiRoute chat_api_health_routes[] = {
  { "GET", "/healthz", CHAT_API_OPEN, get_health, .rate = CHAT_API_RATE_NONE },
  { "GET", "/readyz", CHAT_API_OPEN, get_readiness, .rate = CHAT_API_RATE_NONE },
  { 0 },
};
