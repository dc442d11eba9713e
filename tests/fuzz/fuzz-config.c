/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever comes, a file is taken or refused with its name and line; what is taken is within its bounds. */
#include "core/chat-config.h"
#include "core/chat-core-error.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char *const choices[] = { "log", "kafka", "rabbitmq", NULL };

static const ChatConfigKey keys[] = {
  { "server", "port", CHAT_CONFIG_INT, "8085", 1, 65535, NULL, "" },
  { "server", "name", CHAT_CONFIG_STRING, NULL, 0, 0, NULL, "" },
  { "server", "roles", CHAT_CONFIG_LIST, "log", 0, 0, choices, "" },
  { "server", "origins", CHAT_CONFIG_LIST, "", 0, 0, NULL, "" },
  { "server", "verbose", CHAT_CONFIG_BOOLEAN, "false", 0, 0, NULL, "" },
  { "transport", "broker", CHAT_CONFIG_CHOICE, "log", 0, 0, choices, "" },
  { "transport", "retention", CHAT_CONFIG_DURATION, "7d", 1000, G_GINT64_CONSTANT (31536000000), NULL, "" },
  { "transport", "segment", CHAT_CONFIG_SIZE, "64MiB", 4096, G_MAXINT64, NULL, "" },
  { "store", "path", CHAT_CONFIG_PATH, "data/tertulia.db", 0, 0, NULL, "" },
  { 0 },
};

static void
check_values (ChatConfig *config)
{
  const char *const *roles = chat_config_get_list (config, "server", "roles");

  g_assert_cmpint (chat_config_get_int (config, "server", "port"), >=, 1);
  g_assert_cmpint (chat_config_get_int (config, "server", "port"), <=, 65535);
  g_assert_cmpint (chat_config_get_int (config, "transport", "retention"), >=, 1000);
  g_assert_cmpint (chat_config_get_int (config, "transport", "segment"), >=, 4096);
  g_assert_true (g_strv_contains (choices, chat_config_get_string (config, "transport", "broker")));
  g_assert_true (g_path_is_absolute (chat_config_get_string (config, "store", "path")));
  for (guint i = 0; roles[i] != NULL; i++)
    g_assert_true (g_strv_contains (choices, roles[i]));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autoptr (GError) error = NULL;

  if (chat_config_load_data (config, (const char *)data, size, "/t.conf", &error))
    {
      g_assert_no_error (error);
    }
  else
    {
      g_assert_true (error->domain == CHAT_CORE_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "/t.conf:"));
      g_assert_true (g_ascii_isdigit (error->message[8]));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  check_values (config);
  return 0;
}
