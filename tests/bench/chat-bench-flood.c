/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <libsoup/soup.h>
#include <string.h>

#include "app/chat-window.h"
#include "chat-bench-app.h"
#include "chat-bench.h"
#include "chat-loopback-transport.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

#define RATE 20000 /* messages a second */
#define SECONDS 10
#define TICK_MS 10
#define WARM_UP_MS 1500

typedef struct
{
  GtkApplication *application;
  SoupServer *rest;
  ChatLoopbackBroker *broker;
  ChatWorkspace *workspace;
  GtkWindow *window;
  gint64 started_us, due_us;
  guint sent, trimmed;
  GArray *lateness; /* ms */
  double pss_at_5;
} Flood;

/* The least that a workspace needs of the service to sign in. */
static void
rest_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  const char *body = "{}";

  if (g_str_has_suffix (path, "/sessions"))
    body = "{\"token\":\"t\",\"user\":\"ana\",\"session\":\"s\",\"expires\":\"2100-01-01T00:00:00.000Z\",\"lease_ms\":"
           "30000}";
  else if (g_str_has_suffix (path, "/sessions/current"))
    body = "{\"user\":\"ana\",\"bot\":false,\"block\":null}";
  else if (g_str_has_suffix (path, "/workspace"))
    body = "{\"name\":\"flood\",\"version\":\"1\",\"mode\":\"open\",\"feeds\":[],\"limits\":{},\"moderation\":{"
           "\"limit\":3}}";
  else if (g_str_has_suffix (path, "/messages"))
    body = "{\"messages\":[],\"head\":0,\"first\":0,\"more_before\":false,\"more_after\":false}";
  else if (g_str_has_suffix (path, "/warnings"))
    body = "{\"warnings\":[],\"block\":null}";
  else if (g_str_has_suffix (path, "/users"))
    body = "{\"users\":[]}";
  else if (g_str_has_suffix (path, "/channels"))
    body = "{\"channels\":[{\"name\":\"general\",\"kind\":\"public\",\"topic\":\"\",\"language\":null,\"head\":0,"
           "\"members\":[],\"active\":\"2020-01-01T00:00:00.000Z\",\"read\":0}]}";
  soup_server_message_set_status (message, g_str_has_suffix (path, "/sessions") ? 201 : 200, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, body, strlen (body));
}

static ChatTransport *
create_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_loopback_transport_new (((Flood *)data)->broker);
}

static void
publish (Flood *self)
{
  static const char *const authors[] = { "luis", "marta", "jorge", "irene", "pablo" };
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *text = g_strdup_printf ("sensor %u of line 2 reads %u.%u bar, which is within its limits",
                                           self->sent % 97, self->sent % 13, self->sent % 10);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (ChatRecord) record = NULL;

  chat_message_set_id (message, id);
  chat_message_set_channel (message, "general");
  chat_message_set_author (message, authors[self->sent / 3 % G_N_ELEMENTS (authors)]);
  chat_message_set_data (message, text);
  chat_message_set_timestamp (message, chat_time_now ());
  bytes = chat_message_encode (message);
  record = chat_record_new (CHAT_TOPIC_CONTROLLED, "general", bytes);
  chat_loopback_broker_append (self->broker, record);
  self->sent++;
}

/* A window that shows nothing new is quick too, so: the newest message is on the screen. */
static void
expect_newest (Flood *self)
{
  ChatTimeline *timeline = chat_channel_get_timeline (chat_workspace_find_channel (self->workspace, "general"));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (timeline));
  g_autoptr (ChatMessageItem) newest = g_list_model_get_item (G_LIST_MODEL (timeline), n - 1);
  gint64 age = chat_time_now () - chat_message_item_get_time (newest);
  gboolean following;

  g_object_get (timeline, "following", &following, NULL);
  if (!following || age > 1000)
    g_error ("the window does not keep up: %s, its newest message is %" G_GINT64_FORMAT " ms old",
             following ? "it follows" : "it lost the bottom", age);
}

static void
finish (Flood *self)
{
  double *lateness = (double *)self->lateness->data;
  double seconds = (g_get_monotonic_time () - self->started_us) / 1e6;
  double p99 = chat_bench_percentile (lateness, self->lateness->len, 99);
  double max = chat_bench_percentile (lateness, self->lateness->len, 100);

  expect_newest (self);
  g_print ("%.2f %.2f %.2f %.0f\n", p99, max, chat_bench_pss_mb () - self->pss_at_5, self->sent / seconds);
  g_application_quit (G_APPLICATION (self->application));
}

/* A timer that is due every 10 ms: how late it is, is how long the window would not have answered a key. */
static gboolean
tick_cb (gpointer data)
{
  Flood *self = data;
  gint64 now = g_get_monotonic_time ();
  double late = (now - self->due_us) / 1000.0;
  guint due = (now - self->started_us) * RATE / G_USEC_PER_SEC;

  if (now - self->started_us > WARM_UP_MS * 1000)
    g_array_append_val (self->lateness, late);
  while (self->sent < due)
    publish (self);
  if (self->sent - self->trimmed > RATE / 2)
    {
      chat_loopback_broker_trim (self->broker, CHAT_TOPIC_CONTROLLED, 0, RATE / 4);
      self->trimmed += RATE / 4;
    }
  if (self->pss_at_5 == 0 && now - self->started_us > 5 * G_USEC_PER_SEC)
    self->pss_at_5 = chat_bench_pss_mb ();
  if (now - self->started_us > SECONDS * G_USEC_PER_SEC)
    {
      finish (self);
      return G_SOURCE_REMOVE;
    }
  self->due_us = g_get_monotonic_time () + TICK_MS * 1000;
  g_timeout_add_full (G_PRIORITY_DEFAULT, TICK_MS, tick_cb, self, NULL);
  return G_SOURCE_REMOVE;
}

static void
state_cb (Flood *self)
{
  if (self->started_us != 0 || chat_workspace_get_state (self->workspace) != CHAT_WORKSPACE_LIVE)
    return;
  self->started_us = g_get_monotonic_time ();
  self->due_us = self->started_us;
  tick_cb (self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Flood *self = data;
  g_autoptr (GError) error = NULL;

  if (!chat_workspace_open_finish (self->workspace, result, &error))
    g_error ("%s", error->message);
  chat_window_show_workspace (CHAT_WINDOW (self->window), self->workspace, "general", FALSE);
  gtk_window_present (self->window);
  g_signal_connect_swapped (self->workspace, "notify::state", G_CALLBACK (state_cb), self);
  chat_workspace_sign_in_async (self->workspace, NULL, NULL, NULL, NULL, NULL);
}

static void
activate_cb (GtkApplication *application, gpointer data)
{
  Flood *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettings) settings = g_settings_new_with_path (CHAT_SETTINGS_SCHEMA, "/chat/tertulia/bench/");
  g_autofree char *uri = NULL;
  g_autofree char *directory = g_dir_make_tmp ("tertulia-flood.XXXXXX", NULL);
  GSList *uris;

  self->application = application;
  self->broker = chat_loopback_broker_new (1);
  self->rest = g_object_new (SOUP_TYPE_SERVER, NULL);
  soup_server_add_handler (self->rest, NULL, rest_cb, NULL, NULL);
  if (!soup_server_listen_local (self->rest, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    g_error ("%s", error->message);
  uris = soup_server_get_uris (self->rest);
  uri = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  self->window = GTK_WINDOW (chat_window_new (application, settings));
  self->workspace = chat_workspace_new (uri, "ana", directory, create_feed, self);
  chat_workspace_open_async (self->workspace, "general", NULL, opened_cb, self);
}

int
chat_bench_flood (void)
{
  Flood flood = { 0 };
  g_autoptr (AdwApplication) application = adw_application_new (CHAT_APPLICATION_ID, G_APPLICATION_NON_UNIQUE);

  flood.lateness = g_array_new (FALSE, FALSE, sizeof (double));
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), &flood);
  return g_application_run (G_APPLICATION (application), 0, NULL);
}
