/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "chat-bench-app.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <string.h>

#include "core/chat-uuid.h"

double
chat_bench_pss_mb (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    g_error ("/proc/self/smaps_rollup can't be read");
  line = strstr (text, "\nPss:");
  return line == NULL ? 0 : g_ascii_strtod (line + strlen ("\nPss:"), NULL) / 1024;
}

static JsonNode *
call (ChatBenchServer *self, SoupSession *session, const char *method, const char *path, const char *token,
      const char *body)
{
  g_autofree char *uri = g_strconcat (self->uri, path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", bearer);
    }
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }
  answer = soup_session_send_and_read (session, message, NULL, &error);
  if (answer == NULL || soup_message_get_status (message) >= 300)
    g_error ("%s %s: %s %.*s", method, path, error == NULL ? soup_message_get_reason_phrase (message) : error->message,
             answer == NULL ? 0 : (int)g_bytes_get_size (answer),
             answer == NULL ? "" : (const char *)g_bytes_get_data (answer, NULL));
  return json_from_string (g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer)), NULL);
}

static char *
sign_in (ChatBenchServer *self, SoupSession *session)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"bench-%u\"}", g_random_int ());
  g_autoptr (JsonNode) answer = call (self, session, "POST", "v1/sessions", NULL, body);

  return g_strdup (json_object_get_string_member (json_node_get_object (answer), "token"));
}

ChatBenchServer *
chat_bench_server_start (const char *home, guint channels)
{
  ChatBenchServer *self = g_new0 (ChatBenchServer, 1);
  g_autofree char *directory = g_build_filename (home, "server", NULL);
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  g_autofree char *line = NULL;
  g_autofree char *token = NULL;

  self->server = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, g_getenv ("TERTULIA_SERVER"), "--embedded",
                                   directory, NULL);
  if (self->server == NULL)
    g_error ("tertulia-server: %s", error->message);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->server));
  line = g_data_input_stream_read_line_utf8 (out, NULL, NULL, NULL);
  if (line == NULL || !g_str_has_prefix (line, "READY "))
    g_error ("tertulia-server said %s in place of READY", line);
  self->uri = g_strdup (line + strlen ("READY "));
  token = sign_in (self, session);
  for (guint i = 1; i < channels; i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"name\":\"room-%02u\",\"topic\":\"what number %u is about\"}", i, i);
      g_autoptr (JsonNode) answer = call (self, session, "POST", "v1/channels", token, body);
    }
  return self;
}

static gboolean
is_connected (JsonNode *answer, const char *user)
{
  JsonArray *users = json_object_get_array_member (json_node_get_object (answer), "users");

  for (guint i = 0; i < json_array_get_length (users); i++)
    {
      JsonObject *one = json_array_get_object_element (users, i);

      if (g_str_equal (json_object_get_string_member (one, "user"), user))
        return json_object_get_boolean_member (one, "connected");
    }
  return FALSE;
}

void
chat_bench_server_wait_for (ChatBenchServer *self, const char *user)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *token = sign_in (self, session);
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (JsonNode) answer = call (self, session, "GET", "v1/users", token, NULL);

      if (is_connected (answer, user))
        return;
    }
  g_error ("%s did not connect within 30 s", user);
}

void
chat_bench_server_post (ChatBenchServer *self, guint messages)
{
  static const char *const texts[] = {
    "has anybody seen the figures of line 2 since this morning?",
    "yes, they are in the shared folder, under *reports*: https://example.org/reports/line-2",
    "thanks",
    "the second pump runs hot again; I have called maintenance and they will be here at ten, until then keep it at "
    "half "
    "speed and look at the gauge now and then",
    "ok 👍",
  };
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *token = sign_in (self, session);

  for (guint i = 0; i < messages; i++)
    {
      g_autofree char *id = chat_uuid_v7 ();
      g_autofree char *body
          = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"%s\"}", id,
                             i + 1 == messages ? "the last of them" : texts[i % G_N_ELEMENTS (texts)]);
      g_autoptr (JsonNode) answer = call (self, session, "POST", "v1/channels/general/messages", token, body);
    }
}

void
chat_bench_server_stop (ChatBenchServer *self)
{
  g_subprocess_send_signal (self->server, SIGTERM);
  g_subprocess_wait (self->server, NULL, NULL);
  g_object_unref (self->server);
  g_free (self->uri);
  g_free (self);
}
