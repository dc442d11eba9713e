/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-store-private.h"

typedef struct
{
  ChatAccount *account;
  ChatInvitation *invitation;
  ChatAccountChange change;
  char *password_hash; /* of the change */
  char *key;           /* a user's, an invitation's id or hash */
  gint64 now;
  guint limit;
} AccountCall;

static AccountCall *
account_call_new (const char *key)
{
  AccountCall *call = g_new0 (AccountCall, 1);

  call->key = g_strdup (key);
  return call;
}

static void
account_call_free (gpointer data)
{
  AccountCall *call = data;

  g_clear_pointer (&call->account, chat_account_free);
  g_clear_pointer (&call->invitation, chat_invitation_free);
  g_free (call->password_hash);
  g_free (call->key);
  g_free (call);
}

static gpointer
fail_unknown (ChatSql *database, const char *user_key)
{
  return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no account “%s”", user_key);
}

static ChatRole
role_of (guint number)
{
  return number < CHAT_N_ROLES ? (ChatRole)number : CHAT_ROLE_MEMBER;
}

/* create_account */

/* the role that it gives; fails where it is none that can be used */
static guint
use_invitation (ChatSql *database, const AccountCall *call)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "UPDATE invitations SET used_by = ?3 WHERE token_hash = ?1 AND used_by IS NULL "
                        "AND expires > ?2 RETURNING role",
                        "sxs", call->key, call->now, call->account->user);
  guint role = CHAT_ROLE_MEMBER;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "u", &role);
  else
    chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND,
                   "This invitation is not known, was used or has run out: ask for another one");
  return role;
}

static gpointer
create_account (ChatSql *database, gconstpointer arguments)
{
  const AccountCall *call = arguments;
  const ChatAccount *account = call->account;
  guint role = call->key != NULL ? use_invitation (database, call) : (guint)account->role;

  if (chat_sql_run (database,
                    "INSERT INTO accounts (user_key, \"user\", password_hash, role, disabled, created) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                    "sssubx", account->user_key, account->user, account->password_hash, role, account->disabled,
                    account->created)
      == 0)
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT, "“%s” is taken: there is an account of that name",
                   account->user);
  return GUINT_TO_POINTER ((guint)role_of (role));
}

static void
create_account_async (ChatUserStore *self, const ChatAccount *account, const char *invitation_hash, gint64 now,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AccountCall *call = account_call_new (invitation_hash);

  call->account = chat_account_copy (account);
  call->now = now;
  chat_sql_store_write (self, create_account_async, create_account, call, account_call_free, NULL, cancellable,
                        callback, user_data);
}

static gboolean
create_account_finish (ChatUserStore *self, GAsyncResult *result, ChatRole *role, GError **error)
{
  gssize given = chat_sql_store_finish_number (self, create_account_async, result, error);

  if (role != NULL)
    *role = given >= 0 ? role_of ((guint)given) : CHAT_ROLE_MEMBER;
  return given >= 0;
}

/* get_account, list_accounts */

static ChatAccount *
read_account (ChatSqlQuery *query)
{
  ChatAccount *account = g_new0 (ChatAccount, 1);
  guint role;

  chat_sql_read (query, "ssmubx", &account->user_key, &account->user, &account->password_hash, &role,
                 &account->disabled, &account->created);
  account->role = role_of (role);
  return account;
}

static gpointer
get_account (ChatSql *database, gconstpointer arguments)
{
  const AccountCall *call = arguments;
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT user_key, \"user\", password_hash, role, disabled, created FROM accounts "
                        "WHERE user_key = ?1",
                        "s", call->key);

  return chat_sql_next (database, query) ? read_account (query) : fail_unknown (database, call->key);
}

static void
get_account_async (ChatUserStore *self, const char *user_key, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  chat_sql_store_read (self, get_account_async, get_account, account_call_new (user_key), account_call_free,
                       (GDestroyNotify)chat_account_free, cancellable, callback, user_data);
}

static ChatAccount *
get_account_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, get_account_async, result, error);
}

static gpointer
list_accounts (ChatSql *database, gconstpointer arguments)
{
  const AccountCall *call = arguments;
  GPtrArray *accounts = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_account_free);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT user_key, \"user\", NULL, role, disabled, created FROM accounts "
                        "WHERE user_key > coalesce (?1, '') OR ?1 IS NULL ORDER BY user_key LIMIT ?2",
                        "su", call->key, call->limit);

  while (chat_sql_next (database, query))
    g_ptr_array_add (accounts, read_account (query));
  return accounts;
}

static void
list_accounts_async (ChatUserStore *self, const char *after_key, guint limit, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  AccountCall *call = account_call_new (after_key);

  call->limit = limit;
  chat_sql_store_read (self, list_accounts_async, list_accounts, call, account_call_free,
                       (GDestroyNotify)g_ptr_array_unref, cancellable, callback, user_data);
}

static GPtrArray *
list_accounts_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_accounts_async, result, error);
}

/* change_account */

static gint64
count_admins (ChatSql *database)
{
  return chat_sql_number (database, "SELECT count (*) FROM accounts WHERE role = 2 AND NOT disabled");
}

static gpointer
change_account (ChatSql *database, gconstpointer arguments)
{
  const AccountCall *call = arguments;
  const ChatAccountChange *change = &call->change;
  gint64 admins;

  chat_sql_lock (database, "accounts", "admins");
  admins = count_admins (database);
  if (chat_sql_run (database,
                    "UPDATE accounts SET password_hash = coalesce (?2, password_hash), "
                    "role = CASE WHEN ?3 THEN ?4 ELSE role END, "
                    "disabled = CASE WHEN ?5 THEN ?6 ELSE disabled END WHERE user_key = ?1",
                    "ssbubb", call->key, call->password_hash, change->set_role, (guint)change->role,
                    change->set_disabled, change->disabled)
      == 0)
    fail_unknown (database, call->key);
  else if (admins > 0 && count_admins (database) == 0)
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT,
                   "“%s” is the last administrator who can sign in: make another one first", call->key);
  return NULL;
}

static void
change_account_async (ChatUserStore *self, const char *user_key, const ChatAccountChange *change,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AccountCall *call = account_call_new (user_key);

  call->change = *change;
  call->password_hash = g_strdup (change->password_hash);
  call->change.password_hash = NULL;
  chat_sql_store_write (self, change_account_async, change_account, call, account_call_free, NULL, cancellable,
                        callback, user_data);
}

static gboolean
change_account_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, change_account_async, result, error) >= 0;
}

/* Invitations */

static gpointer
add_invitation (ChatSql *database, gconstpointer arguments)
{
  const ChatInvitation *invitation = ((const AccountCall *)arguments)->invitation;

  if (chat_sql_run (database,
                    "INSERT INTO invitations (id, token_hash, \"by\", role, created, expires) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                    "sssuxx", invitation->id, invitation->token_hash, invitation->by, (guint)invitation->role,
                    invitation->created, invitation->expires)
      == 0)
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT, "There is an invitation “%s” already", invitation->id);
  return NULL;
}

static void
add_invitation_async (ChatUserStore *self, const ChatInvitation *invitation, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  AccountCall *call = account_call_new (NULL);

  call->invitation = chat_invitation_copy (invitation);
  chat_sql_store_write (self, add_invitation_async, add_invitation, call, account_call_free, NULL, cancellable,
                        callback, user_data);
}

static gboolean
add_invitation_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, add_invitation_async, result, error) >= 0;
}

static gpointer
list_invitations (ChatSql *database, gconstpointer arguments)
{
  const AccountCall *call = arguments;
  GPtrArray *invitations = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_invitation_free);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT id, \"by\", role, created, expires, used_by FROM invitations "
                        "WHERE expires > ?1 OR used_by IS NOT NULL ORDER BY number DESC",
                        "x", call->now);

  while (chat_sql_next (database, query))
    {
      ChatInvitation *invitation = g_new0 (ChatInvitation, 1);
      guint role;

      chat_sql_read (query, "ssuxxm", &invitation->id, &invitation->by, &role, &invitation->created,
                     &invitation->expires, &invitation->used_by);
      invitation->role = role_of (role);
      g_ptr_array_add (invitations, invitation);
    }
  return invitations;
}

static void
list_invitations_async (ChatUserStore *self, gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  AccountCall *call = account_call_new (NULL);

  call->now = now;
  chat_sql_store_read (self, list_invitations_async, list_invitations, call, account_call_free,
                       (GDestroyNotify)g_ptr_array_unref, cancellable, callback, user_data);
}

static GPtrArray *
list_invitations_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_invitations_async, result, error);
}

static gpointer
remove_invitation (ChatSql *database, gconstpointer arguments)
{
  chat_sql_run (database, "DELETE FROM invitations WHERE id = ?1", "s", ((const AccountCall *)arguments)->key);
  return NULL;
}

static void
remove_invitation_async (ChatUserStore *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  chat_sql_store_write (self, remove_invitation_async, remove_invitation, account_call_new (id), account_call_free,
                        NULL, cancellable, callback, user_data);
}

static gboolean
remove_invitation_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, remove_invitation_async, result, error) >= 0;
}

void
chat_sql_accounts_iface_init (ChatUserStoreInterface *iface)
{
  iface->create_account_async = create_account_async;
  iface->create_account_finish = create_account_finish;
  iface->get_account_async = get_account_async;
  iface->get_account_finish = get_account_finish;
  iface->change_account_async = change_account_async;
  iface->change_account_finish = change_account_finish;
  iface->list_accounts_async = list_accounts_async;
  iface->list_accounts_finish = list_accounts_finish;
  iface->add_invitation_async = add_invitation_async;
  iface->add_invitation_finish = add_invitation_finish;
  iface->list_invitations_async = list_invitations_async;
  iface->list_invitations_finish = list_invitations_finish;
  iface->remove_invitation_async = remove_invitation_async;
  iface->remove_invitation_finish = remove_invitation_finish;
}
