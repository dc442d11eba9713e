/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-broker-watch.h"

#include <string.h>

/* Lives as long as the transport's status is watched. */
typedef struct
{
  GHashTable *said; /* a set of reasons: since it was online */
} Watch;

static void
watch_free (gpointer data, GClosure *closure)
{
  Watch *self = data;

  g_hash_table_unref (self->said);
  g_free (self);
}

/* Without how long it is until the next try, which is no news every second. */
static const char *
find_reason (ChatTransportState state, const char *status)
{
  const char *colon = state == CHAT_TRANSPORT_CONNECTING ? strstr (status, ": ") : NULL;

  return colon != NULL ? colon + 2 : status;
}

static void
status_cb (ChatTransport *transport, GParamSpec *property, gpointer user_data)
{
  Watch *self = user_data;
  ChatTransportState state = chat_transport_get_state (transport);
  g_autofree char *status = chat_transport_dup_status (transport);
  const char *reason = find_reason (state, status);
  gboolean lost = state == CHAT_TRANSPORT_DEGRADED || (state == CHAT_TRANSPORT_CONNECTING && reason != status);

  if (!lost)
    g_hash_table_remove_all (self->said);
  if (!g_hash_table_add (self->said, g_strdup (reason)))
    return;
  g_log_structured (G_LOG_DOMAIN, lost ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_INFO, "BROKER",
                    chat_transport_get_name (transport), "MESSAGE", "%s", status);
}

void
chat_server_broker_watch (ChatTransport *transport)
{
  Watch *self = g_new0 (Watch, 1);

  self->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect_data (transport, "notify::status", G_CALLBACK (status_cb), self, watch_free, 0);
}
