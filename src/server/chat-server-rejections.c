/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-rejections.h"

#define QUIET_US (60 * G_TIME_SPAN_SECOND)

/* Lives as long as the role's signal is watched. */
typedef struct
{
  char *role;
  guint untold;
  gint64 last_told; /* monotonic, us; 0: never */
} Rejections;

static void
rejections_free (gpointer data, GClosure *closure)
{
  Rejections *self = data;

  g_free (self->role);
  g_free (self);
}

static void
rejected_cb (GObject *role, const char *position, const char *reason, gpointer user_data)
{
  Rejections *self = user_data;
  gint64 now = g_get_monotonic_time ();
  g_autofree char *count = NULL;

  self->untold++;
  if (self->last_told != 0 && now - self->last_told < QUIET_US)
    return;
  count = g_strdup_printf ("%u", self->untold);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "ROLE", self->role, "POSITION", position, "RECORDS", count,
                    "MESSAGE", "Put aside on chat_rejected: %s", reason);
  self->last_told = now;
  self->untold = 0;
}

void
chat_server_rejections_watch (GObject *role, const char *name)
{
  Rejections *self = g_new0 (Rejections, 1);

  self->role = g_strdup (name);
  g_signal_connect_data (role, "rejected", G_CALLBACK (rejected_cb), self, rejections_free, 0);
}
