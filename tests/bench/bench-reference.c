/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-reference.h"

#include <gio/gunixinputstream.h>
#include <libsoup/soup.h>
#include <string.h>
#include <unistd.h>

#define ANSWER                                                                                                         \
  "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"timestamp\":\"2021-10-10T10:10:10.000Z\",\"state\":"             \
  "\"accepted\"}"

typedef struct
{
  GMainLoop *loop;
  GPtrArray *listeners; /* (element-type SoupWebsocketConnection) */
} Reference;

static void
post_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  Reference *self = user_data;
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  if (self->listeners->len > 0)
    {
      g_autofree char *frame
          = g_strdup_printf ("{\"op\":\"records\",\"ref\":1,\"records\":[%.*s]}", (int)body->length, body->data);

      for (guint i = 0; i < self->listeners->len; i++)
        soup_websocket_connection_send_text (self->listeners->pdata[i], frame);
    }
  soup_server_message_set_status (message, SOUP_STATUS_ACCEPTED, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, ANSWER, strlen (ANSWER));
}

static void
closed_cb (SoupWebsocketConnection *connection, gpointer user_data)
{
  Reference *self = user_data;

  g_ptr_array_remove (self->listeners, connection);
}

static void
message_cb (SoupWebsocketConnection *connection, int type, GBytes *message, gpointer user_data)
{
  soup_websocket_connection_send_text (connection, "{\"op\":\"subscribed\",\"ref\":1,\"heads\":{}}");
}

static void
listener_cb (SoupServer *server, SoupServerMessage *message, const char *path, SoupWebsocketConnection *connection,
             gpointer user_data)
{
  Reference *self = user_data;

  g_ptr_array_add (self->listeners, g_object_ref (connection));
  g_signal_connect (connection, "message", G_CALLBACK (message_cb), self);
  g_signal_connect (connection, "closed", G_CALLBACK (closed_cb), self);
}

static gboolean
stdin_cb (GObject *stream, gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
bench_reference_run (void)
{
  Reference self = { g_main_loop_new (NULL, FALSE), g_ptr_array_new_with_free_func (g_object_unref) };
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GSource) ended = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  GSList *uris;

  soup_server_add_handler (server, NULL, post_cb, &self, NULL);
  soup_server_add_websocket_handler (server, "/v1/live", NULL, NULL, listener_cb, &self, NULL);
  if (!soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    g_error ("%s", error->message);
  uris = soup_server_get_uris (server);
  uri = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  g_source_set_callback (ended, G_SOURCE_FUNC (stdin_cb), self.loop, NULL);
  g_source_attach (ended, NULL);
  g_print ("%s\n", uri);
  g_main_loop_run (self.loop);
  g_ptr_array_unref (self.listeners);
  g_main_loop_unref (self.loop);
  return 0;
}
