/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-account-service.h"

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"
#include "server/session/chat-session-name.h"
#include "server/session/chat-session-token.h"
#include "server/store/chat-store.h"

#define REASON_PASSWORD "the session has ended: the password was changed"
#define REASON_DISABLED "the session has ended: the account was disabled"

struct _ChatAccountService
{
  GObject parent_instance;

  /* Owned */
  ChatUserStore *users;
  ChatSessionService *sessions;
  ChatPasswordService *passwords;
  ChatAccountOptions options;
};

G_DEFINE_FINAL_TYPE (ChatAccountService, chat_account_service, G_TYPE_OBJECT)

static void
return_taken (GTask *task, const char *user)
{
  g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN,
                           "The name “%s”, or one that looks the same, is taken: choose another one", user);
}

/* Also where there is no such account: the words are the same. */
static void
return_wrong (GTask *task, const char *user)
{
  g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG,
                           "“%s” needs a password to come in, and this is not it, or the account is disabled", user);
}

static void
return_no_account (GTask *task, const char *user)
{
  g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NO_ACCOUNT, "“%s” has no account", user);
}

static gboolean
is_not_found (const GError *error)
{
  return g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
}

/* A store that keeps no accounts has none. */
static gboolean
has_none (const GError *error)
{
  return is_not_found (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/*
 * Signing in: the account, its password, the session, and once more the account, for it may have been made, disabled or
 * given another password meanwhile
 */

typedef struct
{
  char *user;
  char *key;
  char *password; /* nullable */
  ChatAccount *account;
  char *rehashed; /* nullable */
  ChatSessionInfo *session;
  char *token;
  gint64 held_ms;
} SignIn;

static void
sign_in_free (SignIn *self)
{
  g_free (self->user);
  g_free (self->key);
  chat_password_free (self->password);
  g_clear_pointer (&self->account, chat_account_free);
  g_free (self->rehashed);
  g_clear_pointer (&self->session, chat_session_info_free);
  g_free (self->token);
  g_free (self);
}

static void
rehashed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  /* where it could not be kept, the next time tries again */
  chat_user_store_change_account_finish (CHAT_USER_STORE (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
taken_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const SignIn *sign_in = g_task_get_task_data (task);
  GError *error = NULL;

  if (chat_session_service_close_finish (CHAT_SESSION_SERVICE (source), result, &error))
    return_wrong (task, sign_in->user);
  else
    g_task_return_error (task, error);
}

static gboolean
is_as_before (const SignIn *sign_in, const ChatAccount *account)
{
  if (sign_in->account == NULL || account == NULL)
    return sign_in->account == account;
  return !account->disabled && g_strcmp0 (sign_in->account->password_hash, account->password_hash) == 0;
}

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  SignIn *sign_in = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account == NULL && !has_none (error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (!is_as_before (sign_in, account))
    chat_session_service_close_async (self->sessions, sign_in->session->id, NULL, taken_back_cb, g_object_ref (task));
  else if (sign_in->rehashed != NULL)
    {
      const ChatAccountChange change = { .password_hash = sign_in->rehashed };

      chat_user_store_change_account_async (self->users, sign_in->key, &change, NULL, rehashed_cb, g_object_ref (task));
    }
  else
    g_task_return_boolean (task, TRUE);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  SignIn *sign_in = g_task_get_task_data (task);
  GError *error = NULL;

  sign_in->session = chat_session_service_open_finish (CHAT_SESSION_SERVICE (source), result, &sign_in->token,
                                                       &sign_in->held_ms, &error);
  if (sign_in->session == NULL)
    g_task_return_error (task, error);
  else
    chat_user_store_get_account_async (self->users, sign_in->key, NULL, confirmed_cb, g_object_ref (task));
}

static void
open_session (GTask *task)
{
  ChatAccountService *self = g_task_get_source_object (task);
  const SignIn *sign_in = g_task_get_task_data (task);

  chat_session_service_open_async (self->sessions, sign_in->user, sign_in->account, g_task_get_cancellable (task),
                                   opened_cb, g_object_ref (task));
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignIn *sign_in = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (chat_password_service_check_finish (CHAT_PASSWORD_SERVICE (source), result, &sign_in->rehashed, &error))
    open_session (task);
  else if (g_error_matches (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG))
    return_wrong (task, sign_in->user);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
got_account_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  SignIn *sign_in = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean usable;

  sign_in->account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);
  usable = sign_in->account != NULL && !sign_in->account->disabled;
  if (sign_in->account == NULL && !has_none (error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (sign_in->password != NULL)
    chat_password_service_check_async (self->passwords, sign_in->password,
                                       usable ? sign_in->account->password_hash : NULL, g_task_get_cancellable (task),
                                       checked_cb, g_object_ref (task));
  else if (sign_in->account == NULL && !self->options.accounts_only)
    open_session (task);
  else
    return_wrong (task, sign_in->user);
}

void
chat_account_service_sign_in_async (ChatAccountService *self, const char *user, const char *password,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_ACCOUNT_SERVICE (self));
  g_return_if_fail (user != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  SignIn *sign_in;

  g_task_set_source_tag (task, chat_account_service_sign_in_async);
  if (!chat_session_name_check (user, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  sign_in = g_new0 (SignIn, 1);
  sign_in->user = g_strdup (user);
  sign_in->key = chat_skeleton (user);
  sign_in->password = password != NULL && *password != '\0' ? g_strdup (password) : NULL;
  sign_in->held_ms = -1;
  g_task_set_task_data (task, sign_in, (GDestroyNotify)sign_in_free);
  chat_user_store_get_account_async (self->users, sign_in->key, cancellable, got_account_cb, g_steal_pointer (&task));
}

ChatSessionInfo *
chat_account_service_sign_in_finish (ChatAccountService *self, GAsyncResult *result, char **token, gint64 *held_ms,
                                     GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  SignIn *sign_in = g_task_get_task_data (G_TASK (result));
  if (held_ms != NULL)
    *held_ms = sign_in != NULL ? sign_in->held_ms : -1;
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  if (token != NULL)
    *token = g_steal_pointer (&sign_in->token);
  return g_steal_pointer (&sign_in->session);
}

/*
 * Making an account
 */

typedef struct
{
  ChatAccount *account;
  char *password;
  char *invitation_hash; /* nullable */
} Creation;

static void
creation_free (Creation *self)
{
  g_clear_pointer (&self->account, chat_account_free);
  chat_password_free (self->password);
  g_free (self->invitation_hash);
  g_free (self);
}

static void
return_invitation (GTask *task)
{
  g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_INVITATION_INVALID,
                           "An invitation is needed that is neither used nor over: ask an admin for one");
}

static void
created_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Creation *creation = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (chat_user_store_create_account_finish (CHAT_USER_STORE (source), result, &creation->account->role, &error))
    {
      g_clear_pointer (&creation->account->password_hash, g_free);
      g_task_return_pointer (task, g_steal_pointer (&creation->account), (GDestroyNotify)chat_account_free);
    }
  else if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    return_taken (task, creation->account->user);
  else if (is_not_found (error))
    return_invitation (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
hashed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  Creation *creation = g_task_get_task_data (task);
  GError *error = NULL;

  creation->account->password_hash = chat_password_service_hash_finish (CHAT_PASSWORD_SERVICE (source), result, &error);
  if (creation->account->password_hash == NULL)
    g_task_return_error (task, error);
  else
    chat_user_store_create_account_async (self->users, creation->account, creation->invitation_hash,
                                          creation->account->created, NULL, created_cb, g_object_ref (task));
}

/* Who is here under the name without an account would be taken for its owner. */
static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  const Creation *creation = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) sessions = chat_user_store_list_sessions_finish (CHAT_USER_STORE (source), result, &error);

  if (sessions == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *info = sessions->pdata[i];

      if (g_str_equal (info->user_key, creation->account->user_key)
          && (info->bot || (!info->account && info->lease > creation->account->created)))
        {
          return_taken (task, creation->account->user);
          return;
        }
    }
  chat_password_service_hash_async (self->passwords, creation->password, creation->account->user,
                                    g_task_get_cancellable (task), hashed_cb, g_object_ref (task));
}

/* Takes @task. */
static void
create (ChatAccountService *self, GTask *task, const char *user, const char *password, ChatRole role,
        const char *invitation_hash)
{
  g_autoptr (GTask) held = task;
  g_autoptr (GError) error = NULL;
  Creation *creation;

  if (!chat_session_name_check (user, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  creation = g_new0 (Creation, 1);
  creation->password = g_strdup (password);
  creation->invitation_hash = g_strdup (invitation_hash);
  creation->account = g_new0 (ChatAccount, 1);
  creation->account->user = g_strdup (user);
  creation->account->user_key = chat_skeleton (user);
  creation->account->role = role;
  creation->account->created = chat_time_now ();
  g_task_set_task_data (task, creation, (GDestroyNotify)creation_free);
  chat_user_store_list_sessions_async (self->users, creation->account->created, g_task_get_cancellable (task),
                                       listed_cb, g_steal_pointer (&held));
}

void
chat_account_service_register_async (ChatAccountService *self, const char *user, const char *password,
                                     const char *invitation, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_return_if_fail (CHAT_IS_ACCOUNT_SERVICE (self));
  g_return_if_fail (user != NULL && password != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *hash = chat_session_token_hash (invitation);
  gboolean invited = invitation != NULL && *invitation != '\0';

  g_task_set_source_tag (task, chat_account_service_register_async);
  if (self->options.registration == CHAT_REGISTRATION_CLOSED)
    g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_REGISTRATION_CLOSED,
                             "Only an admin can make an account here: ask for one");
  else if (hash == NULL && (invited || self->options.registration == CHAT_REGISTRATION_INVITATION))
    return_invitation (task);
  else
    create (self, g_steal_pointer (&task), user, password, CHAT_ROLE_MEMBER, hash);
}

ChatAccount *
chat_account_service_register_finish (ChatAccountService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
chat_account_service_create_async (ChatAccountService *self, const char *user, const char *password, ChatRole role,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_ACCOUNT_SERVICE (self));
  g_return_if_fail (user != NULL && password != NULL);

  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_account_service_create_async);
  create (self, task, user, password, role, NULL);
}

ChatAccount *
chat_account_service_create_finish (ChatAccountService *self, GAsyncResult *result, GError **error)
{
  return chat_account_service_register_finish (self, result, error);
}

/*
 * Changing one
 */

typedef struct
{
  char *user;
  char *key;
  char *session_id; /* that stays; NULL: none does */
  char *old_password, *new_password;
  char *hash;
  ChatRole role;
  gboolean set_role, set_disabled, disabled;
} Edit;

static void
edit_free (Edit *self)
{
  g_free (self->user);
  g_free (self->key);
  g_free (self->session_id);
  chat_password_free (self->old_password);
  chat_password_free (self->new_password);
  g_free (self->hash);
  g_free (self);
}

static void
edited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_pointer (&account->password_hash, g_free);
  g_task_return_pointer (task, g_steal_pointer (&account), (GDestroyNotify)chat_account_free);
}

static void
sessions_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  const Edit *edit = g_task_get_task_data (task);
  GError *error = NULL;

  if (!chat_session_service_close_user_finish (CHAT_SESSION_SERVICE (source), result, &error))
    g_task_return_error (task, error);
  else
    chat_user_store_get_account_async (self->users, edit->key, NULL, edited_cb, g_object_ref (task));
}

static void
changed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  const Edit *edit = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!chat_user_store_change_account_finish (CHAT_USER_STORE (source), result, &error))
    {
      if (is_not_found (error))
        return_no_account (task, edit->user);
      else if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
        g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_LAST_ADMIN,
                                 "“%s” is the last admin who can sign in: make another one first", edit->user);
      else
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (edit->set_role)
    chat_session_service_refresh (self->sessions);
  if (edit->hash != NULL || (edit->set_disabled && edit->disabled))
    chat_session_service_close_user_async (self->sessions, edit->key, edit->session_id,
                                           edit->hash != NULL ? REASON_PASSWORD : REASON_DISABLED, NULL,
                                           sessions_closed_cb, g_object_ref (task));
  else
    chat_user_store_get_account_async (self->users, edit->key, NULL, edited_cb, g_object_ref (task));
}

static void
change (ChatAccountService *self, GTask *task)
{
  const Edit *edit = g_task_get_task_data (task);
  const ChatAccountChange change = { .password_hash = edit->hash,
                                     .set_role = edit->set_role,
                                     .role = edit->role,
                                     .set_disabled = edit->set_disabled,
                                     .disabled = edit->disabled };

  chat_user_store_change_account_async (self->users, edit->key, &change, NULL, changed_cb, g_object_ref (task));
}

static void
new_hashed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Edit *edit = g_task_get_task_data (task);
  GError *error = NULL;

  edit->hash = chat_password_service_hash_finish (CHAT_PASSWORD_SERVICE (source), result, &error);
  if (edit->hash == NULL)
    g_task_return_error (task, error);
  else
    change (g_task_get_source_object (task), task);
}

static void
hash_new (GTask *task)
{
  ChatAccountService *self = g_task_get_source_object (task);
  const Edit *edit = g_task_get_task_data (task);

  chat_password_service_hash_async (self->passwords, edit->new_password, edit->user, g_task_get_cancellable (task),
                                    new_hashed_cb, g_object_ref (task));
}

static Edit *
edit_new (GTask *task, const char *user)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->user = g_strdup (user);
  edit->key = chat_skeleton (user);
  g_task_set_task_data (task, edit, (GDestroyNotify)edit_free);
  return edit;
}

void
chat_account_service_edit_async (ChatAccountService *self, const char *user, const ChatAccountEdit *edit,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_ACCOUNT_SERVICE (self));
  g_return_if_fail (user != NULL && edit != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Edit *copy = edit_new (task, user);

  g_task_set_source_tag (task, chat_account_service_edit_async);
  copy->new_password = g_strdup (edit->password);
  copy->set_role = edit->role != NULL;
  copy->role = edit->role != NULL ? *edit->role : CHAT_ROLE_MEMBER;
  copy->set_disabled = edit->disabled != NULL;
  copy->disabled = edit->disabled != NULL && *edit->disabled;
  if (copy->new_password != NULL)
    hash_new (task);
  else
    change (self, task);
}

ChatAccount *
chat_account_service_edit_finish (ChatAccountService *self, GAsyncResult *result, GError **error)
{
  return chat_account_service_register_finish (self, result, error);
}

static void
old_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_password_service_check_finish (CHAT_PASSWORD_SERVICE (source), result, NULL, &error))
    hash_new (task);
  else if (g_error_matches (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG))
    g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG,
                             "The old password is wrong: nothing was changed");
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
got_own_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatAccountService *self = g_task_get_source_object (task);
  const Edit *edit = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account != NULL)
    chat_password_service_check_async (self->passwords, edit->old_password, account->password_hash,
                                       g_task_get_cancellable (task), old_checked_cb, g_object_ref (task));
  else if (is_not_found (error))
    return_no_account (task, edit->user);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
chat_account_service_set_password_async (ChatAccountService *self, const ChatSessionInfo *session,
                                         const char *old_password, const char *new_password, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_ACCOUNT_SERVICE (self));
  g_return_if_fail (session != NULL && old_password != NULL && new_password != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Edit *edit = edit_new (task, session->user);

  g_task_set_source_tag (task, chat_account_service_set_password_async);
  edit->session_id = g_strdup (session->id);
  edit->old_password = g_strdup (old_password);
  edit->new_password = g_strdup (new_password);
  if (session->account)
    chat_user_store_get_account_async (self->users, edit->key, cancellable, got_own_cb, g_steal_pointer (&task));
  else
    return_no_account (task, session->user);
}

gboolean
chat_account_service_set_password_finish (ChatAccountService *self, GAsyncResult *result, GError **error)
{
  g_autoptr (ChatAccount) account = chat_account_service_register_finish (self, result, error);

  return account != NULL;
}

/*
 * Inviting
 */

typedef struct
{
  ChatInvitation *invitation;
  char *token;
} Inviting;

static void
inviting_free (Inviting *self)
{
  g_clear_pointer (&self->invitation, chat_invitation_free);
  g_free (self->token);
  g_free (self);
}

static void
invited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (chat_user_store_add_invitation_finish (CHAT_USER_STORE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
chat_account_service_invite_async (ChatAccountService *self, const char *by, ChatRole role, gint64 lasts_ms,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_ACCOUNT_SERVICE (self));
  g_return_if_fail (by != NULL && lasts_ms > 0);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Inviting *inviting = g_new0 (Inviting, 1);

  g_task_set_source_tag (task, chat_account_service_invite_async);
  inviting->token = chat_session_token_new ();
  inviting->invitation = g_new0 (ChatInvitation, 1);
  inviting->invitation->id = chat_uuid_v7 ();
  inviting->invitation->token_hash = chat_session_token_hash (inviting->token);
  inviting->invitation->by = g_strdup (by);
  inviting->invitation->role = role;
  inviting->invitation->created = chat_time_now ();
  inviting->invitation->expires = inviting->invitation->created + lasts_ms;
  g_task_set_task_data (task, inviting, (GDestroyNotify)inviting_free);
  chat_user_store_add_invitation_async (self->users, inviting->invitation, NULL, invited_cb, task);
}

ChatInvitation *
chat_account_service_invite_finish (ChatAccountService *self, GAsyncResult *result, char **token, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  Inviting *inviting = g_task_get_task_data (G_TASK (result));
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  *token = g_steal_pointer (&inviting->token);
  return g_steal_pointer (&inviting->invitation);
}

/* GObject */

static void
chat_account_service_finalize (GObject *object)
{
  ChatAccountService *self = CHAT_ACCOUNT_SERVICE (object);

  g_clear_object (&self->passwords);
  g_clear_object (&self->sessions);
  g_clear_object (&self->users);
  G_OBJECT_CLASS (chat_account_service_parent_class)->finalize (object);
}

static void
chat_account_service_class_init (ChatAccountServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_account_service_finalize;
}

static void
chat_account_service_init (ChatAccountService *self)
{
}

ChatAccountService *
chat_account_service_new (ChatUserStore *users, ChatSessionService *sessions, ChatPasswordService *passwords,
                          const ChatAccountOptions *options)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (users) && CHAT_IS_SESSION_SERVICE (sessions), NULL);
  g_return_val_if_fail (CHAT_IS_PASSWORD_SERVICE (passwords) && options != NULL, NULL);

  ChatAccountService *self = g_object_new (CHAT_TYPE_ACCOUNT_SERVICE, NULL);
  self->users = g_object_ref (users);
  self->sessions = g_object_ref (sessions);
  self->passwords = g_object_ref (passwords);
  self->options = *options;
  return self;
}

const ChatAccountOptions *
chat_account_service_get_options (ChatAccountService *self)
{
  return &self->options;
}
