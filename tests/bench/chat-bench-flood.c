/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <errno.h>
#include <libsoup/soup.h>
#include <string.h>
#include <time.h>

#include "app/chat-window.h"
#include "chat-bench-app.h"
#include "chat-bench.h"
#include "chat-loopback-transport.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

#define RATE 20000 /* messages a second */
#define SECONDS 10
#define TICK_MS 10
#define WARM_UP_MS 1500

/* Before a broker's feed is taken for the only one: the service's leaves. */
#define SETTLE_MS 4000

typedef struct
{
  GtkApplication *application;
  SoupServer *rest;
  ChatLoopbackBroker *broker;
  const char *offer; /* nullable: JSON: the real broker from which it comes */
  ChatBrokerFactory make;
  guint came; /* records from that */
  ChatWorkspace *workspace;
  GtkWindow *window;
  gboolean begun;
  gint64 started_us, due_us;
  guint sent, trimmed;
  GArray *lateness; /* ms */
  GArray *busy;     /* ms of CPU of this thread between two ticks: what others do to the machine is not in it */
  gint64 cpu_us;
  double pss_at_5;
} Flood;

/* The least that a workspace needs of the service to sign in. */
static void
rest_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Flood *self = data;
  g_autofree char *feeds = g_strdup_printf ("{\"feeds\":[%s]}", self->offer != NULL ? self->offer : "");
  const char *body = "{}";

  if (g_str_has_suffix (path, "/feeds"))
    body = feeds;
  else if (g_str_has_suffix (path, "/sessions"))
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
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, body, strlen (body));
}

static ChatTransport *
create_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_loopback_transport_new (((Flood *)data)->broker);
}

/* (transfer full) */
static ChatRecord *
make_record (guint number)
{
  static const char *const authors[] = { "luis", "marta", "jorge", "irene", "pablo" };
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *text = g_strdup_printf ("sensor %u of line 2 reads %u.%u bar, which is within its limits",
                                           number % 97, number % 13, number % 10);
  g_autoptr (GBytes) bytes = NULL;

  chat_message_set_id (message, id);
  chat_message_set_channel (message, "general");
  chat_message_set_author (message, authors[number / 3 % G_N_ELEMENTS (authors)]);
  chat_message_set_data (message, text);
  chat_message_set_timestamp (message, chat_time_now ());
  bytes = chat_message_encode (message);
  return chat_record_new (CHAT_TOPIC_CONTROLLED, "general", bytes);
}

static void
publish (Flood *self)
{
  g_autoptr (ChatRecord) record = make_record (self->sent++);

  chat_loopback_broker_append (self->broker, record);
}

/* A window that shows nothing new is quick too, so: the newest message is on the screen. */
static void
expect_newest (Flood *self)
{
  ChatTimeline *timeline = chat_channel_get_timeline (chat_workspace_find_channel (self->workspace, "general"));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (timeline));
  g_autoptr (ChatMessageItem) newest = n > 0 ? g_list_model_get_item (G_LIST_MODEL (timeline), n - 1) : NULL;
  gboolean following;
  gint64 age;

  if (newest == NULL)
    g_error ("the window has no message (%s)", chat_workspace_get_status (self->workspace));
  age = chat_time_now () - chat_message_item_get_time (newest);
  g_object_get (timeline, "following", &following, NULL);
  /* what a real broker holds back is another figure */
  if (!following || (age > 1000 && self->offer == NULL))
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
  g_print ("# CPU between two ticks: p99 %.2f ms, most %.2f ms\n",
           chat_bench_percentile ((double *)self->busy->data, self->busy->len, 99),
           chat_bench_percentile ((double *)self->busy->data, self->busy->len, 100));
  g_print ("%.2f %.2f %.2f %.0f\n", p99, max, chat_bench_pss_mb () - self->pss_at_5,
           (self->offer != NULL ? self->came : self->sent) / seconds);
  g_application_quit (G_APPLICATION (self->application));
}

static gint64
thread_cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* A timer that is due every 10 ms: how late it is, is how long the window would not have answered a key. */
static gboolean
tick_cb (gpointer data)
{
  Flood *self = data;
  gint64 now = g_get_monotonic_time ();
  double late = (now - self->due_us) / 1000.0;
  double busy = (double)(thread_cpu_us () - self->cpu_us) / 1000;
  guint due = (now - self->started_us) * RATE / G_USEC_PER_SEC;

  if (now - self->started_us > WARM_UP_MS * 1000)
    {
      g_array_append_val (self->lateness, late);
      g_array_append_val (self->busy, busy);
    }
  while (self->offer == NULL && self->sent < due)
    publish (self);
  if (self->offer == NULL && self->sent - self->trimmed > RATE / 2)
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
  self->cpu_us = thread_cpu_us ();
  self->due_us = g_get_monotonic_time () + TICK_MS * 1000;
  g_timeout_add_full (G_PRIORITY_DEFAULT, TICK_MS, tick_cb, self, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
came_cb (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
  ((Flood *)data)->came += ((GPtrArray *)g_value_get_boxed (&values[1]))->len;
  return TRUE;
}

/* From a real broker it comes from another process. */
static gboolean
begin_cb (gpointer data)
{
  Flood *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GSubprocess) feeder = NULL;

  if (self->offer != NULL)
    {
      g_print ("# %s\n", chat_workspace_get_status (self->workspace));
      feeder = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "--feed", self->offer, NULL);
      if (feeder == NULL)
        g_error ("%s", error->message);
      g_signal_add_emission_hook (g_signal_lookup ("records", CHAT_TYPE_SUBSCRIPTION), 0, came_cb, self, NULL);
    }
  self->started_us = g_get_monotonic_time ();
  self->due_us = self->started_us;
  tick_cb (self);
  return G_SOURCE_REMOVE;
}

static void
state_cb (Flood *self)
{
  if (self->begun || chat_workspace_get_state (self->workspace) != CHAT_WORKSPACE_LIVE)
    return;
  self->begun = TRUE;
  g_timeout_add (self->offer != NULL ? SETTLE_MS : 0, begin_cb, self);
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
  g_autofree char *directory = g_build_filename (g_get_user_cache_dir (), "flood.XXXXXX", NULL);
  GSList *uris;

  if (g_mkdtemp (directory) == NULL)
    g_error ("%s: %s", directory, g_strerror (errno));
  self->application = application;
  self->broker = chat_loopback_broker_new (1);
  self->rest = g_object_new (SOUP_TYPE_SERVER, NULL);
  soup_server_add_handler (self->rest, NULL, rest_cb, self, NULL);
  if (!soup_server_listen_local (self->rest, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    g_error ("%s", error->message);
  uris = soup_server_get_uris (self->rest);
  uri = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  self->window = GTK_WINDOW (chat_window_new (application, settings));
  self->workspace = chat_workspace_new (uri, "ana", directory, create_feed, self);
  if (self->offer != NULL)
    chat_workspace_set_broker_factory (self->workspace, self->make, NULL);
  chat_workspace_open_async (self->workspace, "general", NULL, opened_cb, self);
}

int
chat_bench_flood (const char *offer, ChatBrokerFactory make)
{
  Flood flood = { .offer = offer, .make = make };
  g_autoptr (AdwApplication) application = adw_application_new (CHAT_APPLICATION_ID, G_APPLICATION_NON_UNIQUE);

  flood.lateness = g_array_new (FALSE, FALSE, sizeof (double));
  flood.busy = g_array_new (FALSE, FALSE, sizeof (double));
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), &flood);
  return g_application_run (G_APPLICATION (application), 0, NULL);
}

/* The feeder: the same flood, published to a real broker. */

typedef struct
{
  ChatTransport *transport;
  GMainLoop *loop;
  gint64 started_us;
  guint sent, confirmed;
  guint most; /* messages a second; 0: one of each topic, so that they are there */
  guint source;
} Feeder;

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Feeder *self = data;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, NULL);
  self->confirmed++;
  if (self->most == 0 && self->confirmed == 2)
    g_main_loop_quit (self->loop);
}

static gboolean
feed_cb (gpointer data)
{
  Feeder *self = data;
  gint64 now = g_get_monotonic_time () - self->started_us;
  guint due = self->most == 0 ? 1 : (guint)(now * self->most / G_USEC_PER_SEC);

  /* a broker that takes less is not pressed for more than a second's worth */
  for (; self->sent < due && self->sent - self->confirmed < RATE; self->sent++)
    {
      g_autoptr (ChatRecord) record = make_record (self->sent);

      chat_transport_publish_async (self->transport, record, NULL, confirmed_cb, self);
    }
  if (now > (SECONDS + 1) * G_USEC_PER_SEC)
    g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static void
feed_connected_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Feeder *self = data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_connect_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  self->started_us = g_get_monotonic_time ();
  if (self->most == 0)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static ("{}", 2);
      g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_WARNINGS, "nadie", bytes);

      chat_transport_publish_async (self->transport, record, NULL, confirmed_cb, self);
    }
  self->source = g_timeout_add (TICK_MS, feed_cb, self);
}

int
chat_bench_feed (ChatTransport *transport, gboolean flood)
{
  Feeder feeder = { .transport = transport, .loop = g_main_loop_new (NULL, FALSE), .most = flood ? RATE : 0 };

  chat_transport_connect_async (transport, NULL, feed_connected_cb, &feeder);
  g_main_loop_run (feeder.loop);
  g_source_remove (feeder.source);
  g_main_loop_unref (feeder.loop);
  return 0;
}
