/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-limits.h"

static const struct
{
  const char *key;
  ChatApiRate rate;
  gboolean per_address;
} rate_keys[] = {
  { "sign_in_per_name", CHAT_API_RATE_SIGN_IN, FALSE }, { "sign_in_per_address", CHAT_API_RATE_SIGN_IN, TRUE },
  { "post_per_user", CHAT_API_RATE_POST, FALSE },       { "post_per_address", CHAT_API_RATE_POST, TRUE },
  { "create_per_user", CHAT_API_RATE_CREATE, FALSE },   { "create_per_address", CHAT_API_RATE_CREATE, TRUE },
  { "read_per_user", CHAT_API_RATE_READ, FALSE },       { "read_per_address", CHAT_API_RATE_READ, TRUE },
  { "search_per_user", CHAT_API_RATE_SEARCH, FALSE },   { "search_per_address", CHAT_API_RATE_SEARCH, TRUE },
};

gboolean
chat_server_limits_read_rates (ChatConfig *config, ChatApiRates *rates, GError **error)
{
  ChatApiRates read = { 0 };

  *rates = read;
  for (guint i = 0; i < G_N_ELEMENTS (rate_keys); i++)
    {
      ChatRate *to = rate_keys[i].per_address ? read.per_address : read.per_user;

      if (!chat_rate_parse (chat_config_get_string (config, "limits", rate_keys[i].key), &to[rate_keys[i].rate], error))
        {
          g_prefix_error (error, "[limits] %s: ", rate_keys[i].key);
          return FALSE;
        }
    }
  if (chat_config_get_boolean (config, "limits", "rates"))
    *rates = read;
  return TRUE;
}

static void
fill_metrics (ChatConfig *config, ChatApiOptions *options)
{
  const char *access = chat_config_get_string (config, "metrics", "access");

  options->metrics_token = chat_config_get_string (config, "metrics", "token");
  options->metrics_access = CHAT_API_METRICS_OFF;
  if (g_str_equal (access, "loopback"))
    options->metrics_access = CHAT_API_METRICS_LOOPBACK;
  else if (g_str_equal (access, "token"))
    options->metrics_access = CHAT_API_METRICS_TOKEN;
}

void
chat_server_limits_fill (ChatConfig *config, ChatApiOptions *options)
{
  options->limits = (ChatApiLimits){
    .connections = (guint)chat_config_get_int (config, "limits", "connections"),
    .connections_per_address = (guint)chat_config_get_int (config, "limits", "connections_per_address"),
    .proxies = chat_config_get_list (config, "server", "proxies"),
    .head_bytes = (gsize)chat_config_get_int (config, "limits", "head_size"),
    .body_bytes = (gsize)chat_config_get_int (config, "limits", "body_size"),
    .request_ms = (guint)chat_config_get_int (config, "limits", "request_timeout"),
    .idle_ms = (guint)chat_config_get_int (config, "limits", "idle_timeout"),
    .read_ms = (guint)chat_config_get_int (config, "limits", "read_timeout"),
  };
  options->answer_ms = (guint)chat_config_get_int (config, "limits", "answer_timeout");
  chat_server_limits_read_rates (config, &options->rates, NULL);
  fill_metrics (config, options);
}
