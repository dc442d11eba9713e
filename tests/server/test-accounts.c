/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords and accounts, on a store in memory. */
#include <string.h>

#include "chat-fake-users.h"
#include "chat-test-call.h"
#include "server/session/chat-account-service.h"
#include "server/session/chat-session-token.h"
#include "server/store/chat-store.h"

#define LEASE_MS 300
#define PASSWORD "correct horse"
#define MIB (1024 * 1024)

static const ChatPasswordCost cheap = { 1, 8 * MIB };

/* One process of the service: two share a store. */
typedef struct
{
  ChatFakeUsers *store;
  ChatUserStore *users; /* the same */
  ChatSessionService *sessions;
  ChatPasswordService *passwords;
  ChatAccountService *accounts;
  GPtrArray *ended;  /* "id reason" */
  GPtrArray *events; /* ids that changed */
} World;

static void
ended_cb (ChatSessionService *sessions, const char *id, const char *reason, World *world)
{
  g_ptr_array_add (world->ended, g_strdup_printf ("%s %s", id, reason));
}

static void
changed_cb (ChatSessionService *sessions, const char *id, World *world)
{
  g_ptr_array_add (world->events, g_strdup (id));
}

static void
world_start (World *world, ChatFakeUsers *store, gboolean accounts_only, ChatRegistration registration)
{
  const ChatSessionOptions options = { LEASE_MS, 60000, 2 };
  const ChatAccountOptions account_options = { accounts_only, registration };

  world->store = store != NULL ? g_object_ref (store) : chat_fake_users_new ();
  world->users = CHAT_USER_STORE (world->store);
  world->sessions = chat_session_service_new (world->users, &options);
  world->passwords = chat_password_service_new (&cheap, 1, 4);
  world->accounts = chat_account_service_new (world->users, world->sessions, world->passwords, &account_options);
  world->ended = g_ptr_array_new_with_free_func (g_free);
  world->events = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (world->sessions, "ended", G_CALLBACK (ended_cb), world);
  g_signal_connect (world->sessions, "changed", G_CALLBACK (changed_cb), world);
}

static void
world_end (World *world)
{
  chat_test_run_pending ();
  g_assert_finalize_object (world->accounts);
  g_object_unref (world->passwords); /* its thread may still let go of a call */
  g_assert_finalize_object (world->sessions);
  g_object_unref (world->store);
  g_ptr_array_unref (world->ended);
  g_ptr_array_unref (world->events);
}

static ChatSessionInfo *
sign_in (World *world, const char *user, const char *password, char **token, GError **error)
{
  GAsyncResult *slot = NULL;

  chat_account_service_sign_in_async (world->accounts, user, password, NULL, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the sign-in");
  return chat_account_service_sign_in_finish (world->accounts, result, token, NULL, error);
}

static void
assert_refused (World *world, const char *user, const char *password, ChatSessionError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSessionInfo) session = sign_in (world, user, password, NULL, &error);

  g_assert_null (session);
  g_assert_error (error, CHAT_SESSION_ERROR, (int)code);
}

static char *
assert_in (World *world, const char *user, const char *password, ChatRole role)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) session = sign_in (world, user, password, &token, &error);

  g_assert_no_error (error);
  g_assert_cmpint (session->role, ==, role);
  return g_steal_pointer (&session->id);
}

static void
create (World *world, const char *user, const char *password, ChatRole role)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_create, world->accounts, &error, user, password, role);

  g_assert_no_error (error);
  g_assert_cmpstr (account->user, ==, user);
  g_assert_null (account->password_hash);
}

static void
assert_not_registered (World *world, const char *user, const char *password, const char *invitation,
                       ChatSessionError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_register, world->accounts, &error, user, password, invitation);

  g_assert_null (account);
  g_assert_error (error, CHAT_SESSION_ERROR, (int)code);
}

static void
edit (World *world, const char *user, const ChatAccountEdit *change)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_test_call (chat_account_service_edit, world->accounts, &error, user, change);

  g_assert_no_error (error);
  g_assert_nonnull (account);
}

static gboolean
has_ended (gpointer data)
{
  return ((World *)data)->ended->len > 0;
}

static gboolean
has_changed (gpointer data)
{
  return ((World *)data)->events->len > 0;
}

/* Passwords */

static void
test_prepare (void)
{
  g_autofree char *long_one = g_strnfill (CHAT_PASSWORD_MAX_BYTES, 'x');
  g_autofree char *too_long = g_strnfill (CHAT_PASSWORD_MAX_BYTES + 1, 'x');
  g_autofree char *far_too_long = g_strnfill (1000000, 'x');
  const struct
  {
    const char *typed, *prepared; /* NULL: refused */
  } cases[] = {
    { "12345678", "12345678" },
    { "1234567", NULL },
    { "", NULL },
    { long_one, long_one },
    { too_long, NULL },
    { far_too_long, NULL },
    { "cafe\xcc\x81 negro", "caf\xc3\xa9 negro" },          /* composed */
    { "one\xc2\xa0two\xe3\x80\x80three", "one two three" }, /* no-break and ideographic space */
    { "  spaces stay  ", "  spaces stay  " },
    { "ﬁve①five", "ﬁve①five" }, /* not NFKC: these are other characters */
    { "tab\there you", NULL },
    { "line\nbreak..", NULL },
    { "\xff\xfe not UTF-8", NULL },
    { "private \xee\x80\x80 use", NULL },
    { "Ana María", NULL }, /* the name */
    { "ANA MARÍA", NULL },
    { "contraseña", "contraseña" },
    { "👩‍👩‍👧 family", "👩‍👩‍👧 family" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char *prepared = chat_password_prepare (cases[i].typed, "Ana María", &error);

      g_assert_cmpstr (prepared, ==, cases[i].prepared);
      if (cases[i].prepared == NULL)
        g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WEAK);
      chat_password_free (prepared);
    }
}

static void
test_hash (void)
{
  const ChatPasswordCost other = { 2, 8 * MIB };
  g_autofree char *first = chat_password_hash (PASSWORD, &cheap, NULL);
  g_autofree char *second = chat_password_hash (PASSWORD, &cheap, NULL);
  g_autofree char *decoy = chat_password_decoy (&cheap);

  g_assert_true (g_str_has_prefix (first, "$argon2id$v=19$m=8192,t=1,p=1$"));
  g_assert_true (g_str_has_prefix (decoy, "$argon2id$v=19$m=8192,t=1,p=1$"));
  g_assert_cmpuint (strlen (first), ==, strlen (decoy));
  g_assert_cmpstr (first, !=, second); /* each has a salt of its own */
  g_assert_true (chat_password_verify (PASSWORD, first));
  g_assert_false (chat_password_verify ("correct horsf", first));
  g_assert_false (chat_password_verify (PASSWORD, decoy));
  g_assert_false (chat_password_verify (PASSWORD, ""));
  g_assert_false (chat_password_verify (PASSWORD, "no hash at all"));
  g_assert_false (chat_password_is_outdated (first, &cheap));
  g_assert_true (chat_password_is_outdated (first, &other));
}

static void
test_queue (void)
{
  g_autoptr (ChatPasswordService) service = chat_password_service_new (&cheap, 1, 2);
  GAsyncResult *slots[5] = { NULL };
  guint busy = 0;

  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    chat_password_service_check_async (service, PASSWORD, NULL, NULL, chat_test_result_cb, &slots[i]);
  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&slots[i], "a check");
      g_autoptr (GError) error = NULL;

      g_assert_false (chat_password_service_check_finish (service, result, NULL, &error));
      if (g_error_matches (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_BUSY))
        busy++;
      else
        g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG);
    }
  g_assert_cmpuint (busy, ==, 3);
  g_assert_cmpuint (chat_password_service_get_hashings (service), ==, 2);
}

/* Signing in */

static void
test_mode_open (void)
{
  World world;

  world_start (&world, NULL, FALSE, CHAT_REGISTRATION_OPEN);
  create (&world, "Ana", PASSWORD, CHAT_ROLE_MODERATOR);
  g_free (assert_in (&world, "beto", NULL, CHAT_ROLE_MEMBER));
  g_free (assert_in (&world, "carla", "", CHAT_ROLE_MEMBER));
  g_free (assert_in (&world, "аna" /* Cyrillic */, PASSWORD, CHAT_ROLE_MODERATOR));
  assert_refused (&world, "ana", NULL, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  assert_refused (&world, "ana", "wrong password", CHAT_SESSION_ERROR_PASSWORD_WRONG);
  assert_refused (&world, "ana", "short", CHAT_SESSION_ERROR_PASSWORD_WRONG);
  assert_refused (&world, "nobody", PASSWORD, CHAT_SESSION_ERROR_PASSWORD_WRONG); /* who shows one means an account */
  assert_refused (&world, "beto", NULL, CHAT_SESSION_ERROR_NAME_TAKEN);
  assert_refused (&world, " ana", NULL, CHAT_SESSION_ERROR_NAME_INVALID);
  world_end (&world);
}

static void
test_mode_password (void)
{
  const gboolean yes = TRUE;
  const ChatAccountEdit disable = { .disabled = &yes };
  World world;
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) disabled = NULL;

  world_start (&world, NULL, TRUE, CHAT_REGISTRATION_CLOSED);
  create (&world, "ana", PASSWORD, CHAT_ROLE_ADMIN);
  create (&world, "eva", PASSWORD, CHAT_ROLE_MEMBER);
  g_free (assert_in (&world, "ana", PASSWORD, CHAT_ROLE_ADMIN));
  assert_refused (&world, "beto", NULL, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  edit (&world, "eva", &disable);
  g_assert_null (sign_in (&world, "eva", PASSWORD, NULL, &disabled));
  g_assert_null (sign_in (&world, "iva", PASSWORD, NULL, &unknown));
  g_assert_error (disabled, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  /* in the same words */
  disabled->message[strcspn (disabled->message, "e")] = 'i';
  g_assert_cmpstr (disabled->message, ==, unknown->message);
  world_end (&world);
}

/* Every refusal is as dear as a sign-in: in hashings, and on the clock. */
static void
test_same_cost (void)
{
  static const struct
  {
    const char *user, *password;
  } tries[] = { { "ana", PASSWORD },
                { "ana", "wrong password" },
                { "nobody", PASSWORD },
                { "eva", PASSWORD },
                { "ana", "tab\there" } };
  const gboolean yes = TRUE;
  const ChatAccountEdit disable = { .disabled = &yes };
  gint64 fastest[G_N_ELEMENTS (tries)];
  World world;

  world_start (&world, NULL, TRUE, CHAT_REGISTRATION_CLOSED);
  create (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  create (&world, "eva", PASSWORD, CHAT_ROLE_MEMBER);
  edit (&world, "eva", &disable);
  for (guint i = 0; i < G_N_ELEMENTS (tries); i++)
    fastest[i] = G_MAXINT64;
  /* in turns, so that what else the machine does concerns all of them */
  for (guint n = 0; n < 20 * G_N_ELEMENTS (tries); n++)
    {
      guint i = n % G_N_ELEMENTS (tries);
      guint64 before = chat_password_service_get_hashings (world.passwords);
      gint64 start = g_get_monotonic_time ();
      g_autoptr (ChatSessionInfo) session = sign_in (&world, tries[i].user, tries[i].password, NULL, NULL);

      fastest[i] = MIN (fastest[i], g_get_monotonic_time () - start);
      g_assert_cmpuint (chat_password_service_get_hashings (world.passwords), ==, before + 1);
      g_assert_true ((session != NULL) == (i == 0));
    }
  for (guint i = 1; i < G_N_ELEMENTS (tries); i++)
    {
      g_assert_cmpint (fastest[i], >=, fastest[0] / 3);
      g_assert_cmpint (fastest[i], <=, fastest[0] * 3);
    }
  world_end (&world);
}

static void
test_rehash (void)
{
  const ChatPasswordCost dearer = { 2, 8 * MIB };
  World world;
  g_autofree char *before = NULL;

  world_start (&world, NULL, TRUE, CHAT_REGISTRATION_CLOSED);
  create (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  before = g_strdup (chat_fake_users_find (world.store, "ana")->password_hash);
  g_free (assert_in (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER));
  g_assert_cmpstr (chat_fake_users_find (world.store, "ana")->password_hash, ==, before);

  {
    g_autoptr (ChatPasswordService) passwords = chat_password_service_new (&dearer, 1, 4);
    const ChatAccountOptions options = { TRUE, CHAT_REGISTRATION_CLOSED };

    g_object_unref (world.accounts);
    world.accounts = chat_account_service_new (world.users, world.sessions, passwords, &options);
    assert_refused (&world, "ana", "wrong password", CHAT_SESSION_ERROR_PASSWORD_WRONG);
    g_assert_cmpstr (chat_fake_users_find (world.store, "ana")->password_hash, ==, before);
    g_free (assert_in (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER));
    g_assert_nonnull (strstr (chat_fake_users_find (world.store, "ana")->password_hash, ",t=2,"));
    g_free (assert_in (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER));
  }
  world_end (&world);
}

/* What happens between the check and the session counts. */

static void
make_account (ChatFakeUsers *store, gpointer data)
{
  const ChatAccount account = { .user = (char *)"beto", .user_key = (char *)"beto", .password_hash = (char *)"x" };
  GAsyncResult *slot = NULL;

  chat_user_store_create_account_async (CHAT_USER_STORE (store), &account, NULL, 1, NULL, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the account");
  g_assert_true (chat_user_store_create_account_finish (CHAT_USER_STORE (store), result, NULL, NULL));
}

static void
disable_account (ChatFakeUsers *store, gpointer data)
{
  chat_fake_users_find (store, "ana")->disabled = TRUE;
}

static void
test_meanwhile (void)
{
  World world;

  world_start (&world, NULL, FALSE, CHAT_REGISTRATION_OPEN);
  create (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  chat_fake_users_before_open (world.store, make_account, NULL);
  assert_refused (&world, "beto", NULL, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  chat_fake_users_before_open (world.store, disable_account, NULL);
  assert_refused (&world, "ana", PASSWORD, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  g_autoptr (GPtrArray) left = chat_test_call (chat_session_service_list, world.sessions, NULL);
  g_assert_cmpuint (left->len, ==, 0);
  world_end (&world);
}

static void
test_per_user (void)
{
  World world;
  g_autofree char *first = NULL, *second = NULL, *third = NULL;

  world_start (&world, NULL, FALSE, CHAT_REGISTRATION_OPEN);
  create (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  first = assert_in (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  second = assert_in (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  g_assert_cmpuint (world.ended->len, ==, 0);
  third = assert_in (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  chat_test_wait_until (has_ended, &world, "the end of the oldest");
  g_assert_cmpuint (world.ended->len, ==, 1);
  g_assert_true (g_str_has_prefix (world.ended->pdata[0], first));
  g_assert_nonnull (strstr (world.ended->pdata[0], "newer"));
  world_end (&world);
}

/* Making accounts */

static void
test_register (void)
{
  World world;

  world_start (&world, NULL, FALSE, CHAT_REGISTRATION_OPEN);
  g_free (assert_in (&world, "beto", NULL, CHAT_ROLE_MEMBER));
  assert_not_registered (&world, "Beto", PASSWORD, NULL, CHAT_SESSION_ERROR_NAME_TAKEN); /* he is here */
  assert_not_registered (&world, "ana", "short", NULL, CHAT_SESSION_ERROR_PASSWORD_WEAK);
  assert_not_registered (&world, "an\na", PASSWORD, NULL, CHAT_SESSION_ERROR_NAME_INVALID);
  assert_not_registered (&world, "ana", PASSWORD, "nonsense", CHAT_SESSION_ERROR_INVITATION_INVALID);
  create (&world, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  assert_not_registered (&world, "Ana", PASSWORD, NULL, CHAT_SESSION_ERROR_NAME_TAKEN);
  world_end (&world);

  world_start (&world, NULL, FALSE, CHAT_REGISTRATION_CLOSED);
  assert_not_registered (&world, "ana", PASSWORD, NULL, CHAT_SESSION_ERROR_REGISTRATION_CLOSED);
  world_end (&world);
}

static void
test_invitation (void)
{
  World world;
  g_autofree char *token = NULL, *wrong = chat_session_token_new ();
  g_autoptr (GError) error = NULL;

  world_start (&world, NULL, TRUE, CHAT_REGISTRATION_INVITATION);
  assert_not_registered (&world, "eva", PASSWORD, NULL, CHAT_SESSION_ERROR_INVITATION_INVALID);
  assert_not_registered (&world, "eva", PASSWORD, wrong, CHAT_SESSION_ERROR_INVITATION_INVALID);
  g_autoptr (ChatInvitation) invitation = chat_test_call_out (chat_account_service_invite, world.accounts, &token,
                                                              &error, "ana", CHAT_ROLE_MODERATOR, 1000);
  g_assert_no_error (error);
  g_assert_cmpint (invitation->expires, ==, invitation->created + 1000);
  g_assert_cmpstr (invitation->token_hash, !=, token);
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_register, world.accounts, &error, "eva", PASSWORD, token);
  g_assert_no_error (error);
  g_assert_cmpint (account->role, ==, CHAT_ROLE_MODERATOR);
  assert_not_registered (&world, "iva", PASSWORD, token, CHAT_SESSION_ERROR_INVITATION_INVALID); /* once */
  world_end (&world);
}

/* Changing them, seen by two processes */

static void
test_set_password (void)
{
  World here, there;
  g_autofree char *one = NULL, *other = NULL;
  g_autoptr (GError) error = NULL;

  world_start (&here, NULL, FALSE, CHAT_REGISTRATION_OPEN);
  world_start (&there, here.store, FALSE, CHAT_REGISTRATION_OPEN);
  create (&here, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  one = assert_in (&here, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  other = assert_in (&there, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  const ChatSessionInfo own = { .id = one, .user = (char *)"ana", .user_key = (char *)"ana", .account = TRUE };
  const ChatSessionInfo guest = { .id = one, .user = (char *)"beto", .user_key = (char *)"beto" };

  g_assert_false (
      chat_test_call (chat_account_service_set_password, here.accounts, &error, &guest, PASSWORD, "whatever"));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NO_ACCOUNT);
  g_clear_error (&error);
  g_assert_false (
      chat_test_call (chat_account_service_set_password, here.accounts, &error, &own, "wrong", "battery staple"));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  g_clear_error (&error);
  g_assert_false (chat_test_call (chat_account_service_set_password, here.accounts, &error, &own, PASSWORD, "short"));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WEAK);
  g_clear_error (&error);
  g_assert_true (
      chat_test_call (chat_account_service_set_password, here.accounts, &error, &own, PASSWORD, "battery staple"));
  g_assert_no_error (error);
  chat_test_wait_until (has_ended, &there, "the end of the other session, within a third of a lease");
  g_assert_true (g_str_has_prefix (there.ended->pdata[0], other));
  for (guint i = 0; i < here.ended->len; i++)
    g_assert_false (g_str_has_prefix (here.ended->pdata[i], one)); /* the one that did it stays */
  assert_refused (&here, "ana", PASSWORD, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  g_free (assert_in (&here, "ana", "battery staple", CHAT_ROLE_MEMBER));
  world_end (&there);
  world_end (&here);
}

static void
test_edit (void)
{
  const gboolean yes = TRUE;
  const ChatRole moderator = CHAT_ROLE_MODERATOR;
  const ChatAccountEdit disable = { .disabled = &yes }, promote = { .role = &moderator },
                        password = { .password = "battery staple" };
  World here, there;
  g_autofree char *session = NULL, *token = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSessionInfo) known = NULL;

  world_start (&here, NULL, FALSE, CHAT_REGISTRATION_OPEN);
  world_start (&there, here.store, FALSE, CHAT_REGISTRATION_OPEN);
  create (&here, "root", PASSWORD, CHAT_ROLE_ADMIN);
  create (&here, "ana", PASSWORD, CHAT_ROLE_MEMBER);
  g_autoptr (ChatSessionInfo) opened = sign_in (&there, "ana", PASSWORD, &token, NULL);
  g_assert_nonnull (opened);
  g_assert_null (chat_test_call (chat_account_service_edit, here.accounts, &error, "nobody", &promote));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NO_ACCOUNT);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_account_service_edit, here.accounts, &error, "root", &promote));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_LAST_ADMIN);
  g_clear_error (&error);
  edit (&here, "Ana", &promote);
  chat_test_wait_until (has_changed, &there, "the other role, within a third of a lease");
  known = chat_test_call (chat_session_service_authenticate, there.sessions, &error, token);
  g_assert_no_error (error);
  g_assert_cmpint (known->role, ==, CHAT_ROLE_MODERATOR);
  edit (&here, "ana", &disable);
  chat_test_wait_until (has_ended, &there, "the end of a disabled account's session");
  g_assert_null (chat_test_call (chat_session_service_authenticate, there.sessions, &error, token));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_TOKEN);
  edit (&here, "root", &password);
  assert_refused (&here, "root", PASSWORD, CHAT_SESSION_ERROR_PASSWORD_WRONG);
  g_free (assert_in (&here, "root", "battery staple", CHAT_ROLE_ADMIN));
  world_end (&there);
  world_end (&here);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/password/prepare", test_prepare);
  g_test_add_func ("/password/hash", test_hash);
  g_test_add_func ("/password/queue", test_queue);
  g_test_add_func ("/accounts/mode-open", test_mode_open);
  g_test_add_func ("/accounts/mode-password", test_mode_password);
  g_test_add_func ("/accounts/same-cost", test_same_cost);
  g_test_add_func ("/accounts/rehash", test_rehash);
  g_test_add_func ("/accounts/meanwhile", test_meanwhile);
  g_test_add_func ("/accounts/per-user", test_per_user);
  g_test_add_func ("/accounts/register", test_register);
  g_test_add_func ("/accounts/invitation", test_invitation);
  g_test_add_func ("/accounts/set-password", test_set_password);
  g_test_add_func ("/accounts/edit", test_edit);
  return g_test_run ();
}
