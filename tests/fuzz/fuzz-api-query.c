/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever stands behind the question mark, it is taken or refused with a reason that can be shown. A path goes nowhere
 * or to one route, and what it has for a parameter is text. */
#include "server/api/chat-api-address.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-routes.h"
#include "server/api/chat-rate-limiter.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Taken without an error, or refused with one that can be shown. */
static void
check (gboolean taken, GError **error)
{
  g_assert_true (taken == (*error == NULL));
  if (!taken)
    g_assert_true (*(*error)->message != '\0' && g_utf8_validate ((*error)->message, -1, NULL));
  g_clear_error (error);
}

static void
check_query (const char *text)
{
  static const char *const names[] = { "limit", "since", "cursor", "format", "user", NULL };
  static const char *const formats[] = { "jsonl", "text", NULL };
  ChatApiRequest request = { .query = g_uri_parse_params (text, -1, "&", G_URI_PARAMS_WWW_FORM, NULL) };
  gint64 time = 4711, number = 4711;
  guint limit = 50, choice = 0;
  g_autofree char *key = NULL;
  GError *error = NULL;

  if (request.query == NULL)
    return;
  check (chat_api_query_check_names (&request, names, &error), &error);
  check (chat_api_query_get_limit (&request, 200, &limit, &error), &error);
  check (chat_api_query_get_time (&request, "since", &time, &error), &error);
  check (chat_api_query_get_number (&request, "cursor", &number, &error), &error);
  check (chat_api_query_get_choice (&request, "format", formats, &choice, &error), &error);
  check (chat_api_query_get_user (&request, "user", &key, &error), &error);
  g_assert_true (limit >= 1 && limit <= 200);
  g_assert_cmpint (number, >=, 0);
  g_assert_cmpuint (choice, <, G_N_ELEMENTS (formats) - 1);
  g_hash_table_unref (request.query);
}

static void
check_path (const char *text)
{
  static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "" };
  g_autoptr (ChatApiRouter) router = chat_api_router_new (chat_api_routes_tables ());

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_auto (GStrv) parameters = NULL;
      g_autofree char *allow = NULL;
      g_autoptr (GError) error = NULL;
      const ChatApiRoute *route = chat_api_router_find (router, methods[i], text, &parameters, &allow, &error);

      g_assert_true ((route == NULL) == (error != NULL));
      g_assert_true ((route == NULL) == (parameters == NULL));
      for (guint k = 0; route != NULL && parameters[k] != NULL; k++)
        g_assert_true (g_utf8_validate (parameters[k], -1, NULL));
    }
}

/* Headers and configuration that are read by hand */
static void
check_words (const char *text)
{
  const char *const proxies[] = { "127.0.0.1", "::1", NULL };
  g_autoptr (GSocketAddress) peer = g_inet_socket_address_new_from_string ("127.0.0.1", 1);
  g_autofree char *client = chat_api_address_find_client (peer, text, proxies);
  g_autoptr (GError) error = NULL;
  ChatRate rate;

  g_assert_nonnull (client);
  if (chat_rate_parse (text, &rate, &error))
    g_assert_true ((rate.burst == 0) == (rate.count == 0) && (rate.burst == 0) == (rate.period_us == 0));
  else
    g_assert_nonnull (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *)data : "", size);

  check_query (text);
  check_path (text);
  /* as it comes in a header: libsoup takes what it will, a configuration only text */
  if (g_utf8_validate (text, -1, NULL))
    check_words (text);
  return 0;
}
