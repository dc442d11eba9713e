/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two thousand connections that say nothing, or half of something, while others want to be served: by a server that has
 * room for all of them, and by one that has not.
 */
#include "wire.h"

#include "chat-test-server.h"

#include <string.h>
#include <sys/resource.h>

#define IDLE_CONNECTIONS 2000
#define REQUESTS 200
/* Of one request, on a new connection, beside all the others; sanitizers and busy machines included. */
#define IN_TIME_US                                                                                                     \
  (12 * G_USEC_PER_SEC) /* whoever had to wait for one of the crowd to be cut off would wait longer                    \
                         */

static GSocketConnection *
open_connection (const char *uri)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_to_uri (client, uri, 80, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

/* (transfer full) (element-type GSocketConnection) */
static GPtrArray *
crowd_new (const char *uri)
{
  static const char *const beginnings[] = { "", "GET /v1/work", "GET /healthz HTTP/1.1\r\nHost: x\r\n",
                                            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" };
  GPtrArray *crowd = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < IDLE_CONNECTIONS; i++)
    {
      GSocketConnection *connection = open_connection (uri);
      const char *beginning = beginnings[i % G_N_ELEMENTS (beginnings)];

      /* whoever was shown the door already does not hear this */
      g_socket_send (g_socket_connection_get_socket (connection), beginning, strlen (beginning), NULL, NULL);
      g_ptr_array_add (crowd, connection);
    }
  return crowd;
}

static void
check_served (const char *uri, const char *token)
{
  for (guint i = 0; i < REQUESTS; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (Wire) wire = wire_connect (uri);
      g_autoptr (WireAnswer) answer = wire_request (wire, "GET", "/v1/channels/general/messages", token, NULL, 0);

      g_assert_nonnull (answer);
      g_assert_cmpuint (answer->status, ==, 200);
      g_assert_cmpint (g_get_monotonic_time () - start, <, IN_TIME_US);
    }
}

static void
test_crowd (gconstpointer data)
{
  g_autofree char *room = g_strdup_printf ("limits.connections=%s", (const char *)data);
  const char *const settings[] = { room, "limits.connections_per_address=0", NULL };
  g_autoptr (ChatTestServer) server = chat_test_server_new (settings);
  g_autoptr (GPtrArray) crowd = NULL;
  g_autoptr (Wire) wire = NULL;
  g_autofree char *token = NULL;
  const char *uri;

  chat_test_server_start (server);
  uri = chat_test_server_get_uri (server);
  wire = wire_connect (uri);
  token = wire_sign_in (wire, "ana");
  crowd = crowd_new (uri);
  check_served (uri, token);
  /* They may leave as they came. */
  g_clear_pointer (&crowd, g_ptr_array_unref);
  check_served (uri, token);
  chat_test_server_stop (server);
}

int
main (int argc, char *argv[])
{
  struct rlimit limit;

  g_test_init (&argc, &argv, NULL);
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = MIN (limit.rlim_max, IDLE_CONNECTIONS * 2);
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < IDLE_CONNECTIONS * 2)
    {
      g_print ("1..0 # SKIP %d files may be open here\n", (int)limit.rlim_cur);
      return 0;
    }
  g_test_add_data_func ("/crowd/room-for-all", "4096", test_crowd);
  g_test_add_data_func ("/crowd/room-for-few", "100", test_crowd);
  return g_test_run ();
}
