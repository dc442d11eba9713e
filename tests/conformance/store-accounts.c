/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, invitations to have one, and their sessions. */
#include "store-case.h"

static gboolean
create (StoreCase *self, const char *user, ChatRole role, const char *invitation, ChatRole *given)
{
  const ChatAccount account = {
    .user = (char *)user, .user_key = (char *)user, .password_hash = (char *)"$argon2id$x", .role = role, .created = 77
  };
  g_autoptr (GError) error = NULL;
  ChatRole got;
  gboolean created = chat_test_call_out (chat_user_store_create_account, self->users, &got, &error, &account,
                                         invitation, (gint64)1000);

  if (!created)
    g_assert_true (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT)
                   || g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND));
  if (given != NULL)
    *given = got;
  return created;
}

static ChatAccount *
get (StoreCase *self, const char *user_key)
{
  g_autoptr (GError) error = NULL;
  ChatAccount *account = chat_test_call (chat_user_store_get_account, self->users, &error, user_key);

  if (account == NULL)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  return account;
}

/* what the change failed with; -1: it did not */
static int
change (StoreCase *self, const char *user_key, const ChatAccountChange *what)
{
  g_autoptr (GError) error = NULL;

  if (chat_test_call (chat_user_store_change_account, self->users, &error, user_key, what))
    return -1;
  g_assert_cmpuint (error->domain, ==, CHAT_STORE_ERROR);
  return error->code;
}

static void
invite (StoreCase *self, const char *id, ChatRole role, gint64 expires)
{
  const ChatInvitation invitation = {
    .id = (char *)id, .token_hash = (char *)id, .by = (char *)"root", .role = role, .created = 5, .expires = expires
  };
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_user_store_add_invitation, self->users, &error, &invitation));
  g_assert_no_error (error);
}

static gboolean
open_session (StoreCase *self, const char *id, const char *user, gboolean account, guint most, gint64 now)
{
  const ChatSessionInfo info = { .id = (char *)id,
                                 .user = (char *)user,
                                 .user_key = (char *)user,
                                 .token_hash = (char *)id,
                                 .account = account,
                                 .role = CHAT_ROLE_ADMIN, /* a claim */
                                 .since = now,
                                 .lease = now + 1000,
                                 .expires = now + 10000 };
  g_autoptr (GError) error = NULL;
  gboolean opened = chat_test_call (chat_user_store_open_session, self->users, &error, &info, most, now);

  if (!opened)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
  return opened;
}

static void
assert_sessions (StoreCase *self, const char *expected)
{
  g_autoptr (GPtrArray) list = chat_test_call (chat_user_store_list_sessions, self->users, NULL, (gint64)1000);
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", ((ChatSessionInfo *)g_ptr_array_index (list, i))->id);
  g_assert_cmpstr (ids->str, ==, expected);
}

static void
created (StoreCase *self)
{
  g_autoptr (ChatAccount) account = NULL;
  ChatRole role;

  g_assert_null (get (self, "ana"));
  g_assert_true (create (self, "ana", CHAT_ROLE_MODERATOR, NULL, &role));
  g_assert_cmpint (role, ==, CHAT_ROLE_MODERATOR);
  g_assert_false (create (self, "ana", CHAT_ROLE_ADMIN, NULL, NULL));
  store_case_reopen (self);
  account = get (self, "ana");
  g_assert_cmpstr (account->user, ==, "ana");
  g_assert_cmpstr (account->user_key, ==, "ana");
  g_assert_cmpstr (account->password_hash, ==, "$argon2id$x");
  g_assert_cmpint (account->role, ==, CHAT_ROLE_MODERATOR);
  g_assert_false (account->disabled);
  g_assert_cmpint (account->created, ==, 77);
}

static void
changed (StoreCase *self)
{
  g_autoptr (ChatAccount) account = NULL;

  g_assert_true (create (self, "ana", CHAT_ROLE_MEMBER, NULL, NULL));
  g_assert_cmpint (change (self, "eva", &(ChatAccountChange){ .password_hash = "x" }), ==, CHAT_STORE_ERROR_NOT_FOUND);
  g_assert_cmpint (change (self, "ana", &(ChatAccountChange){ .password_hash = "new", .disabled = TRUE }), ==, -1);
  account = get (self, "ana");
  g_assert_cmpstr (account->password_hash, ==, "new");
  g_assert_false (account->disabled);
  g_assert_cmpint (account->role, ==, CHAT_ROLE_MEMBER);
  g_clear_pointer (&account, chat_account_free);

  g_assert_cmpint (change (self, "ana",
                           &(ChatAccountChange){
                               .set_role = TRUE, .role = CHAT_ROLE_MODERATOR, .set_disabled = TRUE, .disabled = TRUE }),
                   ==, -1);
  account = get (self, "ana");
  g_assert_cmpstr (account->password_hash, ==, "new");
  g_assert_true (account->disabled);
  g_assert_cmpint (account->role, ==, CHAT_ROLE_MODERATOR);
}

static void
last_admin (StoreCase *self)
{
  const ChatAccountChange demote = { .set_role = TRUE, .role = CHAT_ROLE_MEMBER };
  const ChatAccountChange promote = { .set_role = TRUE, .role = CHAT_ROLE_ADMIN };
  const ChatAccountChange disable = { .set_disabled = TRUE, .disabled = TRUE };
  const ChatAccountChange enable = { .set_disabled = TRUE };
  g_autoptr (ChatAccount) account = NULL;

  g_assert_true (create (self, "ana", CHAT_ROLE_MEMBER, NULL, NULL));
  g_assert_cmpint (change (self, "ana", &demote), ==, -1);
  g_assert_true (create (self, "root", CHAT_ROLE_ADMIN, NULL, NULL));
  g_assert_cmpint (change (self, "root", &demote), ==, CHAT_STORE_ERROR_CONFLICT);
  g_assert_cmpint (change (self, "root", &disable), ==, CHAT_STORE_ERROR_CONFLICT);
  account = get (self, "root");
  g_assert_cmpint (account->role, ==, CHAT_ROLE_ADMIN);
  g_assert_false (account->disabled);

  /* one who can't sign in is none */
  g_assert_cmpint (change (self, "ana", &promote), ==, -1);
  g_assert_cmpint (change (self, "ana", &disable), ==, -1);
  g_assert_cmpint (change (self, "root", &demote), ==, CHAT_STORE_ERROR_CONFLICT);
  g_assert_cmpint (change (self, "ana", &enable), ==, -1);
  g_assert_cmpint (change (self, "root", &demote), ==, -1);
  g_assert_cmpint (change (self, "ana", &demote), ==, CHAT_STORE_ERROR_CONFLICT);
}

static void
listed (StoreCase *self)
{
  static const char *const users[] = { "eva", "", "Zoe", "ana", "ñu", "'", "%" };
  static const char *const sorted[] = { "", "%", "'", "Zoe", "ana", "eva", "ñu" };

  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    g_assert_true (create (self, users[i], CHAT_ROLE_MEMBER, NULL, NULL));
  for (guint limit = 1; limit < 9; limit++)
    {
      g_autofree char *after = NULL;
      guint found = 0;

      for (;;)
        {
          g_autoptr (GPtrArray) list = chat_test_call (chat_user_store_list_accounts, self->users, NULL, after, limit);

          g_assert_cmpuint (list->len, ==, MIN (limit, G_N_ELEMENTS (sorted) - found));
          for (guint i = 0; i < list->len; i++)
            {
              const ChatAccount *account = g_ptr_array_index (list, i);

              g_assert_cmpstr (account->user, ==, sorted[found++]);
              g_assert_null (account->password_hash);
              g_free (after);
              after = g_strdup (account->user_key);
            }
          if (list->len < limit)
            break;
        }
      g_assert_cmpuint (found, ==, G_N_ELEMENTS (sorted));
    }
}

static void
invited (StoreCase *self)
{
  g_autoptr (GPtrArray) list = NULL;
  const ChatInvitation *invitation;
  ChatRole role;

  invite (self, "i-1", CHAT_ROLE_MODERATOR, 2000);
  invite (self, "i-2", CHAT_ROLE_MEMBER, 1000);
  invite (self, "i-3", CHAT_ROLE_MEMBER, 1001);
  g_assert_true (create (self, "eva", CHAT_ROLE_MEMBER, NULL, NULL));
  g_assert_false (create (self, "ana", CHAT_ROLE_ADMIN, "unknown", NULL));
  g_assert_false (create (self, "ana", CHAT_ROLE_ADMIN, "i-2", NULL));
  /* a name that is taken uses nothing up */
  g_assert_false (create (self, "eva", CHAT_ROLE_ADMIN, "i-1", NULL));
  g_assert_true (create (self, "ana", CHAT_ROLE_ADMIN, "i-1", &role));
  g_assert_cmpint (role, ==, CHAT_ROLE_MODERATOR);
  g_assert_false (create (self, "leo", CHAT_ROLE_MEMBER, "i-1", NULL));
  g_assert_null (get (self, "leo"));

  store_case_reopen (self);
  list = chat_test_call (chat_user_store_list_invitations, self->users, NULL, (gint64)1000);
  g_assert_cmpuint (list->len, ==, 2);
  invitation = g_ptr_array_index (list, 0);
  g_assert_cmpstr (invitation->id, ==, "i-3");
  g_assert_null (invitation->used_by);
  g_assert_null (invitation->token_hash);
  invitation = g_ptr_array_index (list, 1);
  g_assert_cmpstr (invitation->id, ==, "i-1");
  g_assert_cmpstr (invitation->used_by, ==, "ana");
  g_assert_cmpstr (invitation->by, ==, "root");
  g_assert_cmpint (invitation->role, ==, CHAT_ROLE_MODERATOR);
  g_assert_cmpint (invitation->created, ==, 5);
  g_assert_cmpint (invitation->expires, ==, 2000);

  for (guint i = 0; i < 2; i++)
    g_assert_true (chat_test_call (chat_user_store_remove_invitation, self->users, NULL, "i-3"));
  g_assert_false (create (self, "leo", CHAT_ROLE_MEMBER, "i-3", NULL));
}

/* One invitation, many who want it at once: one account. */
static void
race (StoreCase *self)
{
  enum
  {
    CALLS = 30
  };
  GAsyncResult *awaited[CALLS] = { NULL };
  guint made = 0;

  invite (self, "i-1", CHAT_ROLE_MEMBER, 2000);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%u", i);
      const ChatAccount account = { .user = user, .user_key = user, .password_hash = (char *)"x" };

      chat_user_store_create_account_async (self->users, &account, "i-1", 1000, NULL, chat_test_result_cb, &awaited[i]);
    }
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "an account");

      made += chat_user_store_create_account_finish (self->users, result, NULL, NULL);
    }
  g_assert_cmpuint (made, ==, 1);
}

static void
sessions (StoreCase *self)
{
  g_assert_true (create (self, "ana", CHAT_ROLE_MODERATOR, NULL, NULL));
  g_assert_true (open_session (self, "s-1", "ana", TRUE, 3, 1000));
  g_assert_true (open_session (self, "s-2", "ana", TRUE, 3, 1001));
  g_assert_true (open_session (self, "s-3", "ana", TRUE, 3, 1002));
  assert_sessions (self, "s-1 s-2 s-3");
  g_assert_true (open_session (self, "s-4", "ana", TRUE, 3, 1003));
  assert_sessions (self, "s-2 s-3 s-4");
  g_assert_true (open_session (self, "s-3", "ana", TRUE, 3, 1004));
  assert_sessions (self, "s-2 s-4 s-3");
  g_assert_true (open_session (self, "s-5", "ana", TRUE, 0, 1005));
  assert_sessions (self, "s-2 s-4 s-3 s-5");

  /* even one whose clock is behind stays: it is the newest */
  g_assert_true (open_session (self, "s-6", "ana", TRUE, 1, 500));
  assert_sessions (self, "s-6");
  /* a guest does not get the name, and does not keep it */
  g_assert_false (open_session (self, "s-7", "ana", FALSE, 0, 600));
  g_assert_true (open_session (self, "s-8", "eva", FALSE, 0, 1000));
  g_assert_true (open_session (self, "s-9", "eva", TRUE, 1, 1000));
  assert_sessions (self, "s-6 s-9");
}

/* The role is the account's, as it is now. */
static void
roles (StoreCase *self)
{
  static const struct
  {
    const char *token;
    ChatRole role;
  } rows[] = { { "s-1", CHAT_ROLE_MODERATOR }, { "s-2", CHAT_ROLE_MEMBER }, { "s-3", CHAT_ROLE_MEMBER } };
  const ChatAccountChange demote = { .set_role = TRUE, .role = CHAT_ROLE_MEMBER };
  g_autoptr (ChatSessionInfo) now = NULL;

  g_assert_true (create (self, "ana", CHAT_ROLE_MODERATOR, NULL, NULL));
  g_assert_true (create (self, "eva", CHAT_ROLE_ADMIN, NULL, NULL));
  g_assert_true (open_session (self, "s-1", "ana", TRUE, 3, 1000));
  g_assert_true (open_session (self, "s-2", "eva", FALSE, 3, 1000));
  g_assert_true (open_session (self, "s-3", "leo", TRUE, 3, 1000));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ChatSessionInfo) found
          = chat_test_call (chat_user_store_find_session, self->users, NULL, rows[i].token, (gint64)1000);

      g_assert_cmpint (found->role, ==, rows[i].role);
      g_assert_cmpint (found->account, ==, i != 1);
    }
  g_assert_cmpint (change (self, "ana", &demote), ==, -1);
  now = chat_test_call (chat_user_store_find_session, self->users, NULL, "s-1", (gint64)1000);
  g_assert_cmpint (now->role, ==, CHAT_ROLE_MEMBER);
}

static void
refused (StoreCase *self)
{
  for (guint i = 0; i < 4; i++)
    {
      ChatAccount account = { .user = (char *)"a", .user_key = (char *)"a", .password_hash = (char *)"x" };
      char **fields[] = { &account.user, &account.user_key, &account.password_hash };
      g_autoptr (GError) error = NULL;
      ChatRole role;

      if (i < 3)
        *fields[i] = NULL;
      else
        account.role = (ChatRole)7;
      g_assert_false (
          chat_test_call_out (chat_user_store_create_account, self->users, &role, &error, &account, NULL, (gint64)1));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

void
store_cases_accounts (const StoreFixture *fixture)
{
  store_case_add (fixture, "accounts/created", created);
  store_case_add (fixture, "accounts/changed", changed);
  store_case_add (fixture, "accounts/last-admin", last_admin);
  store_case_add (fixture, "accounts/listed", listed);
  store_case_add (fixture, "accounts/invited", invited);
  store_case_add (fixture, "accounts/race", race);
  store_case_add (fixture, "accounts/sessions", sessions);
  store_case_add (fixture, "accounts/roles", roles);
  store_case_add (fixture, "accounts/refused", refused);
}
