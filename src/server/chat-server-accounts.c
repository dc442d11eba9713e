/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-accounts.h"

#define PAGE 200

static gboolean
accounts_only (ChatConfig *config)
{
  return g_str_equal (chat_config_get_string (config, "sessions", "mode"), "password");
}

ChatSessionService *
chat_server_accounts_new_sessions (ChatConfig *config, ChatUserStore *users)
{
  const ChatSessionOptions options = {
    .lease_ms = chat_config_get_int (config, "sessions", "lease"),
    .expiry_ms = chat_config_get_int (config, "sessions", "expiry"),
    .per_user = (guint)chat_config_get_int (config, "sessions", "per_user"),
  };

  return chat_session_service_new (users, &options);
}

static ChatRegistration
get_registration (ChatConfig *config)
{
  const char *text = chat_config_get_string (config, "sessions", "registration");

  if (g_str_equal (text, "open"))
    return CHAT_REGISTRATION_OPEN;
  return g_str_equal (text, "invitation") ? CHAT_REGISTRATION_INVITATION : CHAT_REGISTRATION_CLOSED;
}

ChatAccountService *
chat_server_accounts_new (ChatConfig *config, ChatUserStore *users, ChatSessionService *sessions)
{
  const ChatPasswordCost cost = {
    .passes = (guint)chat_config_get_int (config, "sessions", "password_passes"),
    .memory_bytes = (gsize)chat_config_get_int (config, "sessions", "password_memory"),
  };
  const ChatAccountOptions options = { accounts_only (config), get_registration (config) };
  g_autoptr (ChatPasswordService) passwords
      = chat_password_service_new (&cost, (guint)chat_config_get_int (config, "sessions", "password_threads"),
                                   (guint)chat_config_get_int (config, "sessions", "password_queue"));

  return chat_account_service_new (users, sessions, passwords, &options);
}

/* The first administrator */

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatUserStore *users = CHAT_USER_STORE (source);
  g_autoptr (GPtrArray) accounts = chat_user_store_list_accounts_finish (users, result, NULL);

  for (guint i = 0; accounts != NULL && i < accounts->len; i++)
    {
      const ChatAccount *account = accounts->pdata[i];

      if (account->role == CHAT_ROLE_ADMIN && !account->disabled)
        return;
    }
  if (accounts != NULL && accounts->len == PAGE)
    chat_user_store_list_accounts_async (users, ((ChatAccount *)accounts->pdata[PAGE - 1])->user_key, PAGE, NULL,
                                         listed_cb, NULL);
  else if (accounts != NULL)
    g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE",
                      "Only who has an account gets in, and there is no admin who could. Make one with: "
                      "tertulia-server account create NAME --role admin (with the same --config; this server may go "
                      "on running)");
}

void
chat_server_accounts_advise (ChatConfig *config, ChatUserStore *users)
{
  if (accounts_only (config))
    chat_user_store_list_accounts_async (users, NULL, PAGE, NULL, listed_cb, NULL);
}
