/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-session-service.h"

#include "core/chat-time.h"
#include "role-test.h"
#include "server/session/chat-session-cache.h"
#include "server/session/chat-session-token.h"

#define LEASE_MS 500
#define EXPIRY_MS 60000

static ChatSessionService *
service_new (RoleTest *test)
{
  const ChatSessionOptions options = { LEASE_MS, EXPIRY_MS, 0 };

  return chat_session_service_new (chat_store_get_users (test->store), &options);
}

static ChatSessionInfo *
open_session (ChatSessionService *service, const char *user, char **token, GError **error)
{
  GAsyncResult *slot = NULL;

  chat_session_service_open_async (service, user, NULL, NULL, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the session");
  return chat_session_service_open_finish (service, result, token, NULL, error);
}

static ChatSessionInfo *
authenticate (ChatSessionService *service, const char *token, GError **error)
{
  return chat_test_call (chat_session_service_authenticate, service, error, token);
}

static void
assert_known (ChatSessionService *service, const char *token, const char *user)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSessionInfo) info = authenticate (service, token, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (info->user, ==, user);
}

static void
assert_unknown (ChatSessionService *service, const char *token)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSessionInfo) info = authenticate (service, token, &error);

  g_assert_null (info);
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_TOKEN);
}

static void
ended_cb (ChatSessionService *service, const char *id, const char *reason, GPtrArray *ended)
{
  g_ptr_array_add (ended, g_strdup (id));
}

static GPtrArray *
watch_ended (ChatSessionService *service)
{
  GPtrArray *ended = g_ptr_array_new_with_free_func (g_free);

  g_signal_connect (service, "ended", G_CALLBACK (ended_cb), ended);
  return ended;
}

static void
test_open (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autofree char *token = NULL;
  g_autoptr (GError) error = NULL;
  gint64 before = chat_time_now ();
  g_autoptr (ChatSessionInfo) info = open_session (service, "Ana María", &token, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (info->user, ==, "Ana María");
  g_assert_false (info->bot);
  g_assert_cmpint (info->since, >=, before);
  g_assert_cmpint (info->lease, ==, info->since + LEASE_MS);
  g_assert_cmpint (info->expires, ==, info->since + EXPIRY_MS);
  g_assert_cmpuint (strlen (token), ==, 43);
  g_assert_cmpstr (info->token_hash, !=, token);
  g_assert_cmpuint (strlen (info->token_hash), ==, 64);
  assert_known (service, token, "Ana María");

  g_autoptr (GPtrArray) sessions = chat_test_call (chat_session_service_list, service, NULL);
  g_assert_cmpuint (sessions->len, ==, 1);
  g_assert_cmpstr (((ChatSessionInfo *)g_ptr_array_index (sessions, 0))->id, ==, info->id);
}

static void
test_names (RoleTest *test, gconstpointer shards)
{
  const char *const alike[] = { "ana", "Ana", "ANA", "аna" /* Cyrillic */, "ａｎａ" };
  const char *const wrong[] = { "", " ana", "an@a", "a\nb", "ana (kafka)", "ana （kafka）" };
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autoptr (ChatSessionInfo) first = open_session (service, "ana", NULL, NULL);

  g_assert_nonnull (first);
  for (guint i = 0; i < G_N_ELEMENTS (alike); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatSessionInfo) info = open_session (service, alike[i], NULL, &error);
      g_assert_null (info);
      g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
      g_assert_nonnull (strstr (error->message, alike[i]));
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatSessionInfo) info = open_session (service, wrong[i], NULL, &error);
      g_assert_null (info);
      g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_INVALID);
    }
}

/* Whoever finds a name taken is told how long to wait, also by a service that was started after its holder came. */
static void
test_held (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) first = service_new (test);
  g_autoptr (ChatSessionService) second = service_new (test);
  ChatSessionService *const services[] = { first, second };
  g_autoptr (ChatSessionInfo) info = open_session (first, "ana", NULL, NULL);

  g_assert_nonnull (info);
  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    {
      GAsyncResult *slot = NULL;
      g_autoptr (GError) error = NULL;
      gint64 held_ms = -1;

      chat_session_service_open_async (services[i], "Ana", NULL, NULL, chat_test_result_cb, &slot);
      g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the session");
      g_assert_null (chat_session_service_open_finish (services[i], result, NULL, &held_ms, &error));
      g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
      g_assert_cmpint (held_ms, >=, 0);
      g_assert_cmpint (held_ms, <=, LEASE_MS);
    }
}

static void
test_tokens (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autofree char *first = chat_session_token_new ();
  g_autofree char *second = chat_session_token_new ();
  g_autofree char *hash = chat_session_token_hash (first);
  g_autofree char *same = chat_session_token_hash (first);
  g_autofree char *other = chat_session_token_hash (second);
  g_autofree char *long_token = g_strnfill (100000, 'x');

  g_assert_cmpstr (first, !=, second);
  g_assert_true (chat_session_token_hash_equal (hash, same));
  g_assert_false (chat_session_token_hash_equal (hash, other));
  g_assert_false (chat_session_token_hash_equal (hash, NULL));
  g_assert_false (chat_session_token_hash_equal (hash, ""));
  guint calls = chat_fault_store_get_calls (test->faults);
  assert_unknown (service, NULL);
  assert_unknown (service, "");
  assert_unknown (service, "short");
  assert_unknown (service, long_token);
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls); /* nobody is asked about these */
  assert_unknown (service, first);
  assert_unknown (service, first); /* and a no is not kept: the session may be opened elsewhere meanwhile */
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls + 2);
}

/* A known token costs no query, until a lease has gone by. */
static void
test_cached (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autoptr (ChatSessionService) elsewhere = service_new (test);
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) info = open_session (service, "ana", &token, NULL);
  guint calls = chat_fault_store_get_calls (test->faults);

  for (guint i = 0; i < 100; i++)
    assert_known (service, token, "ana");
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls);
  assert_known (elsewhere, token, "ana"); /* another process asks once */
  assert_known (elsewhere, token, "ana");
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls + 1);

  g_autoptr (GPtrArray) ended = watch_ended (elsewhere);
  g_assert_true (chat_test_call (chat_session_service_close, service, NULL, info->id));
  assert_unknown (service, token);
  chat_test_run_for (LEASE_MS + 50);
  assert_unknown (elsewhere, token); /* and hears of the end after a lease at the latest */
  g_assert_cmpuint (ended->len, ==, 1);
}

static void
test_close (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autoptr (GPtrArray) ended = watch_ended (service);
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) info = open_session (service, "ana", &token, NULL);
  g_autoptr (ChatSessionInfo) again = NULL;

  g_assert_true (chat_test_call (chat_session_service_close, service, NULL, info->id));
  g_assert_cmpuint (ended->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (ended, 0), ==, info->id);
  assert_unknown (service, token);
  again = open_session (service, "Ana", NULL, NULL);
  g_assert_nonnull (again);
  g_assert_true (chat_test_call (chat_session_service_close, service, NULL, info->id)); /* not the new one */
  g_autoptr (GPtrArray) sessions = chat_test_call (chat_session_service_list, service, NULL);
  g_assert_cmpuint (sessions->len, ==, 1);
}

/* An answer that the store gave before the session was closed does not bring it back. */
static void
test_close_overtakes (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) opener = service_new (test);
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) info = open_session (opener, "ana", &token, NULL);
  GAsyncResult *found = NULL;
  GAsyncResult *closed = NULL;
  g_autoptr (GError) error = NULL;

  chat_fault_store_hold (test->faults, TRUE);
  chat_session_service_authenticate_async (service, token, NULL, chat_test_result_cb, &found);
  while (chat_fault_store_get_held (test->faults) == 0)
    g_main_context_iteration (NULL, TRUE);
  chat_session_service_close_async (service, info->id, NULL, chat_test_result_cb, &closed);
  while (chat_fault_store_get_held (test->faults) == 1)
    g_main_context_iteration (NULL, TRUE);
  chat_fault_store_release_last (test->faults);
  g_autoptr (GAsyncResult) close_result = chat_test_await (&closed, "the close");
  g_assert_true (chat_session_service_close_finish (service, close_result, NULL));
  chat_fault_store_hold (test->faults, FALSE);
  g_autoptr (GAsyncResult) result = chat_test_await (&found, "the session");
  g_assert_null (chat_session_service_authenticate_finish (service, result, &error));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_TOKEN);
}

/* Connected, a session keeps its name for as long as it lasts; else for a lease. */
static void
test_leases (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autoptr (GPtrArray) ended = watch_ended (service);
  g_autofree char *ana_token = NULL;
  g_autofree char *bob_token = NULL;
  g_autoptr (ChatSessionInfo) ana = open_session (service, "ana", &ana_token, NULL);
  g_autoptr (ChatSessionInfo) bob = open_session (service, "bob", &bob_token, NULL);
  g_autoptr (GError) error = NULL;

  chat_session_service_connected (service, ana->id, TRUE);
  chat_session_service_connected (service, ana->id, TRUE);
  chat_session_service_connected (service, ana->id, FALSE); /* one of the two is left */
  chat_test_run_for (LEASE_MS + LEASE_MS / 2);
  g_assert_null (open_session (service, "ana", NULL, &error));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
  g_assert_cmpuint (ended->len, ==, 0);
  g_autoptr (ChatSessionInfo) thief = open_session (service, "Bob", NULL, NULL);
  g_assert_nonnull (thief);
  g_assert_cmpuint (ended->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (ended, 0), ==, bob->id);
  assert_unknown (service, bob_token);
  assert_known (service, ana_token, "ana");

  chat_session_service_connected (service, ana->id, FALSE);
  chat_test_run_for (LEASE_MS + LEASE_MS / 2); /* the last request is good for a renewal */
  g_autoptr (ChatSessionInfo) next = open_session (service, "ana", NULL, NULL);
  g_assert_nonnull (next);
}

/* Requests are a sign of life too, and a lapsed session whose name nobody took is taken up again. */
static void
test_signs_of_life (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) info = open_session (service, "ana", &token, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (info);
  chat_test_run_for (LEASE_MS / 2);
  assert_known (service, token, "ana");
  chat_test_run_for (LEASE_MS * 7 / 10);
  g_assert_null (open_session (service, "ana", NULL, &error));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
  g_clear_error (&error);

  chat_test_run_for (LEASE_MS + LEASE_MS / 2);
  assert_known (service, token, "ana");
  g_assert_null (open_session (service, "ana", NULL, &error)); /* at once, not with the next renewal */
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
}

/* A store that can't answer for a moment costs nobody his name. */
static void
test_busy (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) ana = open_session (service, "ana", NULL, NULL);
  g_autoptr (ChatSessionInfo) bob = open_session (service, "bob", &token, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (bob);
  chat_session_service_connected (service, ana->id, TRUE);
  assert_known (service, token, "bob");
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_BUSY); /* the first renewal of both */
  chat_test_run_for (LEASE_MS + LEASE_MS / 5);
  g_assert_null (open_session (service, "ana", NULL, &error));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
  g_clear_error (&error);
  g_assert_null (open_session (service, "bob", NULL, &error));
  g_assert_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN);
  g_clear_error (&error);
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_BUSY);
  g_assert_null (open_session (service, "eva", NULL, &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY);
}

static void
test_expires (RoleTest *test, gconstpointer shards)
{
  const ChatSessionOptions options = { 300, 500, 0 };
  g_autoptr (ChatSessionService) service = chat_session_service_new (chat_store_get_users (test->store), &options);
  g_autoptr (GPtrArray) ended = watch_ended (service);
  g_autofree char *token = NULL;
  g_autoptr (ChatSessionInfo) info = open_session (service, "ana", &token, NULL);

  chat_session_service_connected (service, info->id, TRUE);
  chat_test_wait_for_count (&ended->len, 1);
  assert_unknown (service, token);
  chat_session_service_connected (service, info->id, FALSE); /* its connection is closed after it has ended */
}

/* Between being authenticated and being connected a session may end. */
static void
test_connected_too_late (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatSessionService) service = service_new (test);
  g_autoptr (GPtrArray) ended = watch_ended (service);

  chat_session_service_connected (service, "gone", TRUE);
  g_assert_cmpuint (ended->len, ==, 1);
  chat_session_service_connected (service, "gone", FALSE);
  g_assert_cmpuint (ended->len, ==, 1);
}

static ChatSessionInfo *
info_new (guint number)
{
  ChatSessionInfo *info = g_new0 (ChatSessionInfo, 1);

  info->id = g_strdup_printf ("id-%u", number);
  info->user = g_strdup_printf ("user-%u", number);
  info->user_key = g_strdup (info->user);
  info->token_hash = g_strdup_printf ("hash-%u", number);
  return info;
}

/* Only those without a connection are forgotten. */
static void
test_cache (void)
{
  g_autoptr (ChatSessionCache) cache = chat_session_cache_new (3);
  ChatSessionEntry *connected = chat_session_cache_put (cache, info_new (0), 1);

  chat_session_cache_connect (cache, connected, TRUE);
  for (guint i = 1; i <= 3; i++)
    chat_session_cache_put (cache, info_new (i), 1);
  chat_session_cache_use (cache, chat_session_cache_find_id (cache, "id-1"));
  chat_session_cache_put (cache, info_new (4), 1);
  g_assert_null (chat_session_cache_find_hash (cache, "hash-2"));
  g_assert_null (chat_session_cache_find_user (cache, "user-2"));
  g_assert_nonnull (chat_session_cache_find_user (cache, "user-1"));
  g_assert_true (chat_session_cache_find_hash (cache, "hash-0") == connected);

  chat_session_cache_put (cache, info_new (0), 2); /* the same session again keeps its connections */
  g_assert_cmpuint (connected->connections, ==, 1);
  g_assert_cmpint (connected->checked, ==, 2);
  chat_session_cache_connect (cache, connected, FALSE);
  chat_session_cache_put (cache, info_new (5), 1);
  g_autoptr (GPtrArray) list = chat_session_cache_list (cache);
  g_assert_cmpuint (list->len, ==, 4); /* the bound holds again with the next that comes */
  chat_session_cache_remove (cache, chat_session_cache_find_id (cache, "id-5"));
  g_assert_null (chat_session_cache_find_hash (cache, "hash-5"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                                                \
  g_test_add ("/session/" name, RoleTest, GUINT_TO_POINTER (1), role_test_set_up, func, role_test_tear_down)
  ADD ("open", test_open);
  ADD ("names", test_names);
  ADD ("held", test_held);
  ADD ("tokens", test_tokens);
  ADD ("cached", test_cached);
  ADD ("close", test_close);
  ADD ("close-overtakes", test_close_overtakes);
  ADD ("leases", test_leases);
  ADD ("signs-of-life", test_signs_of_life);
  ADD ("busy", test_busy);
  ADD ("expires", test_expires);
  ADD ("connected-too-late", test_connected_too_late);
  g_test_add_func ("/session/cache", test_cache);
  return g_test_run ();
}
