/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-waits.h"

#include "transport/chat-transport-error.h"

/* Lives as long as the role's signal is watched. */
typedef struct
{
  GHashTable *said; /* a set of reasons: since it last went on */
} Waits;

static void
waits_free (gpointer data, GClosure *closure)
{
  Waits *self = data;

  g_hash_table_unref (self->said);
  g_free (self);
}

static void
waiting_cb (ChatForwarder *role, const GError *error, gpointer user_data)
{
  Waits *self = user_data;
  const char *name = chat_service_get_name (CHAT_SERVICE (role));

  if (error == NULL && g_hash_table_size (self->said) > 0)
    {
      g_hash_table_remove_all (self->said);
      g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "ROLE", name, "MESSAGE", "The %s goes on", name);
    }
  else if (error != NULL && error->domain != CHAT_TRANSPORT_ERROR
           && g_hash_table_add (self->said, g_strdup (error->message)))
    g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "ROLE", name, "MESSAGE", "The %s waits: %s", name,
                      error->message);
}

void
chat_server_waits_watch (ChatForwarder *role)
{
  Waits *self = g_new0 (Waits, 1);

  self->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect_data (role, "waiting", G_CALLBACK (waiting_cb), self, waits_free, 0);
}
