/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-fake-users.h"

#include "server/store/chat-store.h"

struct _ChatFakeUsers
{
  GObject parent_instance;

  GPtrArray *sessions;    /* ChatSessionInfo, the oldest first */
  GPtrArray *accounts;    /* ChatAccount, by key */
  GPtrArray *invitations; /* ChatInvitation, the newest first */
  ChatFakeUsersHook before_open;
  gpointer before_open_data;
};

static void iface_init (ChatUserStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatFakeUsers, chat_fake_users, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_USER_STORE, iface_init))

static void
return_error (GTask *task, ChatStoreError code)
{
  g_task_return_new_error (task, CHAT_STORE_ERROR, (int)code, "fake: %d", code);
}

static gboolean
finish_boolean (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gpointer
finish_pointer (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Sessions */

/* (transfer full): as it is read: with the role as it is now */
static ChatSessionInfo *
read_session (ChatFakeUsers *self, const ChatSessionInfo *stored)
{
  ChatSessionInfo *session = chat_session_info_copy (stored);
  const ChatAccount *account = stored->account ? chat_fake_users_find (self, stored->user_key) : NULL;

  session->role = account != NULL ? account->role : CHAT_ROLE_MEMBER;
  return session;
}

static void
drop_oldest (ChatFakeUsers *self, const char *user_key, guint most)
{
  guint n = 0;

  for (guint i = self->sessions->len; most > 0 && i-- > 0;)
    if (g_str_equal (((ChatSessionInfo *)self->sessions->pdata[i])->user_key, user_key) && ++n > most)
      g_ptr_array_remove_index (self->sessions, i);
}

static void
open_session_async (ChatUserStore *store, const ChatSessionInfo *session, guint most, gint64 now,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  if (self->before_open != NULL)
    {
      ChatFakeUsersHook hook = g_steal_pointer (&self->before_open);
      hook (self, self->before_open_data);
    }
  for (guint i = self->sessions->len; i-- > 0;)
    {
      const ChatSessionInfo *other = self->sessions->pdata[i];
      gboolean same = g_str_equal (other->id, session->id);
      gboolean dead = other->lease <= now || other->expires <= now;

      if (!g_str_equal (other->user_key, session->user_key) || (other->account && session->account && !same))
        continue;
      if (!same && !dead && !session->account)
        {
          return_error (task, CHAT_STORE_ERROR_CONFLICT);
          return;
        }
      g_ptr_array_remove_index (self->sessions, i);
    }
  g_ptr_array_add (self->sessions, chat_session_info_copy (session));
  if (session->account)
    drop_oldest (self, session->user_key, most);
  g_task_return_boolean (task, TRUE);
}

static void
find_session_async (ChatUserStore *store, const char *token_hash, gint64 now, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  for (guint i = 0; i < self->sessions->len; i++)
    {
      const ChatSessionInfo *session = self->sessions->pdata[i];

      if (g_str_equal (session->token_hash, token_hash) && session->expires > now)
        {
          g_task_return_pointer (task, read_session (self, session), (GDestroyNotify)chat_session_info_free);
          return;
        }
    }
  return_error (task, CHAT_STORE_ERROR_NOT_FOUND);
}

static void
renew_sessions_async (ChatUserStore *store, const char *const *ids, gint64 lease, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  for (guint i = 0; i < self->sessions->len; i++)
    if (g_strv_contains (ids, ((ChatSessionInfo *)self->sessions->pdata[i])->id))
      ((ChatSessionInfo *)self->sessions->pdata[i])->lease = lease;
  g_task_return_boolean (task, TRUE);
}

static void
close_session_async (ChatUserStore *store, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  for (guint i = self->sessions->len; i-- > 0;)
    if (g_str_equal (((ChatSessionInfo *)self->sessions->pdata[i])->id, id))
      g_ptr_array_remove_index (self->sessions, i);
  g_task_return_boolean (task, TRUE);
}

static void
list_sessions_async (ChatUserStore *store, gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_session_info_free);

  for (guint i = 0; i < self->sessions->len; i++)
    if (((ChatSessionInfo *)self->sessions->pdata[i])->expires > now)
      g_ptr_array_add (list, read_session (self, self->sessions->pdata[i]));
  g_task_return_pointer (task, list, (GDestroyNotify)g_ptr_array_unref);
}

/* Accounts */

ChatAccount *
chat_fake_users_find (ChatFakeUsers *self, const char *user_key)
{
  for (guint i = 0; i < self->accounts->len; i++)
    if (g_str_equal (((ChatAccount *)self->accounts->pdata[i])->user_key, user_key))
      return self->accounts->pdata[i];
  return NULL;
}

static ChatInvitation *
find_invitation (ChatFakeUsers *self, const char *hash, gint64 now)
{
  for (guint i = 0; i < self->invitations->len; i++)
    {
      ChatInvitation *invitation = self->invitations->pdata[i];

      if (g_str_equal (invitation->token_hash, hash) && invitation->used_by == NULL && invitation->expires > now)
        return invitation;
    }
  return NULL;
}

static gint
compare_accounts (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(ChatAccount *const *)a)->user_key, (*(ChatAccount *const *)b)->user_key);
}

static void
create_account_async (ChatUserStore *store, const ChatAccount *account, const char *invitation_hash, gint64 now,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ChatInvitation *invitation = invitation_hash != NULL ? find_invitation (self, invitation_hash, now) : NULL;
  ChatAccount *copy;

  if (chat_fake_users_find (self, account->user_key) != NULL)
    return_error (task, CHAT_STORE_ERROR_CONFLICT);
  else if (invitation_hash != NULL && invitation == NULL)
    return_error (task, CHAT_STORE_ERROR_NOT_FOUND);
  else
    {
      copy = chat_account_copy (account);
      if (invitation != NULL)
        {
          copy->role = invitation->role;
          invitation->used_by = g_strdup (account->user);
        }
      g_ptr_array_add (self->accounts, copy);
      g_ptr_array_sort (self->accounts, compare_accounts);
      g_task_return_int (task, copy->role);
    }
}

static gboolean
create_account_finish (ChatUserStore *store, GAsyncResult *result, ChatRole *role, GError **error)
{
  gssize got = g_task_propagate_int (G_TASK (result), error);

  if (got >= 0 && role != NULL)
    *role = (ChatRole)got;
  return got >= 0;
}

static void
get_account_async (ChatUserStore *store, const char *user_key, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  const ChatAccount *account = chat_fake_users_find (self, user_key);

  if (account != NULL)
    g_task_return_pointer (task, chat_account_copy (account), (GDestroyNotify)chat_account_free);
  else
    return_error (task, CHAT_STORE_ERROR_NOT_FOUND);
}

static gboolean
has_other_admin (ChatFakeUsers *self, const ChatAccount *account)
{
  for (guint i = 0; i < self->accounts->len; i++)
    {
      const ChatAccount *other = self->accounts->pdata[i];

      if (other != account && other->role == CHAT_ROLE_ADMIN && !other->disabled)
        return TRUE;
    }
  return FALSE;
}

static void
change_account_async (ChatUserStore *store, const char *user_key, const ChatAccountChange *change,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ChatAccount *account = chat_fake_users_find (self, user_key);
  gboolean loses = (change->set_disabled && change->disabled) || (change->set_role && change->role != CHAT_ROLE_ADMIN);

  if (account == NULL)
    return_error (task, CHAT_STORE_ERROR_NOT_FOUND);
  else if (account->role == CHAT_ROLE_ADMIN && !account->disabled && loses && !has_other_admin (self, account))
    return_error (task, CHAT_STORE_ERROR_CONFLICT);
  else
    {
      if (change->password_hash != NULL)
        {
          g_free (account->password_hash);
          account->password_hash = g_strdup (change->password_hash);
        }
      if (change->set_role)
        account->role = change->role;
      if (change->set_disabled)
        account->disabled = change->disabled;
      g_task_return_boolean (task, TRUE);
    }
}

static void
list_accounts_async (ChatUserStore *store, const char *after_key, guint limit, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_account_free);

  for (guint i = 0; i < self->accounts->len && list->len < limit; i++)
    if (g_strcmp0 (((ChatAccount *)self->accounts->pdata[i])->user_key, after_key) > 0)
      g_ptr_array_add (list, chat_account_copy (self->accounts->pdata[i]));
  g_task_return_pointer (task, list, (GDestroyNotify)g_ptr_array_unref);
}

/* Invitations */

static void
add_invitation_async (ChatUserStore *store, const ChatInvitation *invitation, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_ptr_array_insert (self->invitations, 0, chat_invitation_copy (invitation));
  g_task_return_boolean (task, TRUE);
}

static void
list_invitations_async (ChatUserStore *store, gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_invitation_free);

  for (guint i = 0; i < self->invitations->len; i++)
    g_ptr_array_add (list, chat_invitation_copy (self->invitations->pdata[i]));
  g_task_return_pointer (task, list, (GDestroyNotify)g_ptr_array_unref);
}

static void
remove_invitation_async (ChatUserStore *store, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  for (guint i = self->invitations->len; i-- > 0;)
    if (g_str_equal (((ChatInvitation *)self->invitations->pdata[i])->id, id))
      g_ptr_array_remove_index (self->invitations, i);
  g_task_return_boolean (task, TRUE);
}

static void
iface_init (ChatUserStoreInterface *iface)
{
  iface->open_session_async = open_session_async;
  iface->open_session_finish = finish_boolean;
  iface->find_session_async = find_session_async;
  iface->find_session_finish = (gpointer)finish_pointer;
  iface->renew_sessions_async = renew_sessions_async;
  iface->renew_sessions_finish = finish_boolean;
  iface->close_session_async = close_session_async;
  iface->close_session_finish = finish_boolean;
  iface->list_sessions_async = list_sessions_async;
  iface->list_sessions_finish = (gpointer)finish_pointer;
  iface->create_account_async = create_account_async;
  iface->create_account_finish = create_account_finish;
  iface->get_account_async = get_account_async;
  iface->get_account_finish = (gpointer)finish_pointer;
  iface->change_account_async = change_account_async;
  iface->change_account_finish = finish_boolean;
  iface->list_accounts_async = list_accounts_async;
  iface->list_accounts_finish = (gpointer)finish_pointer;
  iface->add_invitation_async = add_invitation_async;
  iface->add_invitation_finish = finish_boolean;
  iface->list_invitations_async = list_invitations_async;
  iface->list_invitations_finish = (gpointer)finish_pointer;
  iface->remove_invitation_async = remove_invitation_async;
  iface->remove_invitation_finish = finish_boolean;
}

static void
chat_fake_users_finalize (GObject *object)
{
  ChatFakeUsers *self = CHAT_FAKE_USERS (object);

  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->accounts);
  g_ptr_array_unref (self->invitations);
  G_OBJECT_CLASS (chat_fake_users_parent_class)->finalize (object);
}

static void
chat_fake_users_class_init (ChatFakeUsersClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_fake_users_finalize;
}

static void
chat_fake_users_init (ChatFakeUsers *self)
{
  self->sessions = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_session_info_free);
  self->accounts = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_account_free);
  self->invitations = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_invitation_free);
}

ChatFakeUsers *
chat_fake_users_new (void)
{
  return g_object_new (CHAT_TYPE_FAKE_USERS, NULL);
}

void
chat_fake_users_before_open (ChatFakeUsers *self, ChatFakeUsersHook hook, gpointer data)
{
  self->before_open = hook;
  self->before_open_data = data;
}
