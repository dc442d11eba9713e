/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is there, as several processes with one store see it. */
#include "chat-fake-users.h"
#include "chat-test-call.h"
#include "server/session/chat-presence.h"

#define LEASE_MS 800
#define GRACE_MS 200

typedef struct
{
  ChatSessionService *sessions;
  ChatPresence *presence;
  GPtrArray *told; /* "+ana" "-ana" */
} Process;

static void
changed_cb (ChatPresence *presence, GPtrArray *users, Process *process)
{
  for (guint i = 0; i < users->len; i++)
    {
      const ChatPresentUser *user = users->pdata[i];

      g_ptr_array_add (process->told, g_strconcat (user->connected ? "+" : "-", user->user, NULL));
    }
}

static void
process_start (Process *process, ChatFakeUsers *store)
{
  const ChatSessionOptions options = { LEASE_MS, 60000, 0 };

  process->sessions = chat_session_service_new (CHAT_USER_STORE (store), &options);
  process->presence = chat_presence_new (process->sessions, LEASE_MS, GRACE_MS);
  process->told = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (process->presence, "changed", G_CALLBACK (changed_cb), process);
}

static void
process_end (Process *process)
{
  chat_test_run_pending ();
  g_assert_finalize_object (process->presence);
  g_assert_finalize_object (process->sessions);
  g_ptr_array_unref (process->told);
}

static ChatSessionInfo *
open_session (Process *process, const char *user)
{
  GAsyncResult *slot = NULL;

  chat_session_service_open_async (process->sessions, user, NULL, NULL, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the session");
  return chat_session_service_open_finish (process->sessions, result, NULL, NULL, NULL);
}

static gboolean
has_told (gpointer data)
{
  return ((Process *)data)->told->len > 0;
}

/* Waits for the next thing that it tells: "+ana". */
static void
expect (Process *process, const char *expected, const char *what)
{
  chat_test_wait_until (has_told, process, what);
  g_assert_cmpstr (process->told->pdata[0], ==, expected);
  g_ptr_array_remove_index (process->told, 0);
}

static void
test_here (void)
{
  g_autoptr (ChatFakeUsers) store = chat_fake_users_new ();
  Process process;
  gint64 start;

  process_start (&process, store);
  g_autoptr (ChatSessionInfo) ana = open_session (&process, "ana");
  expect (&process, "+ana", "that ana has come");
  chat_session_service_connected (process.sessions, ana->id, TRUE);
  g_assert_true (chat_presence_is_connected (process.presence, ana));

  /* a reconnect is nothing to speak of */
  chat_session_service_connected (process.sessions, ana->id, FALSE);
  chat_session_service_connected (process.sessions, ana->id, TRUE);
  chat_test_run_for (2 * GRACE_MS);
  g_assert_cmpuint (process.told->len, ==, 0);

  /* gone long before the lease is */
  start = g_get_monotonic_time ();
  chat_session_service_connected (process.sessions, ana->id, FALSE);
  expect (&process, "-ana", "that ana has gone");
  g_assert_cmpint (g_get_monotonic_time () - start, <, LEASE_MS * 1000 * 3 / 4);
  g_assert_false (chat_presence_is_connected (process.presence, ana));
  chat_session_service_connected (process.sessions, ana->id, TRUE);
  expect (&process, "+ana", "that ana is back");

  /* nor is it when something else is told meanwhile */
  chat_session_service_connected (process.sessions, ana->id, FALSE);
  g_autoptr (ChatSessionInfo) beto = open_session (&process, "beto");
  expect (&process, "+beto", "that beto has come");
  g_assert_cmpuint (process.told->len, ==, 0);
  chat_session_service_connected (process.sessions, ana->id, TRUE);
  g_autoptr (GPtrArray) there = chat_presence_list (process.presence);
  g_assert_cmpuint (there->len, ==, 2);
  g_assert_true (chat_test_call (chat_session_service_close, process.sessions, NULL, ana->id));
  expect (&process, "-ana", "that ana has signed out");
  process_end (&process);
}

static void
test_elsewhere (void)
{
  g_autoptr (ChatFakeUsers) store = chat_fake_users_new ();
  Process here, there;

  process_start (&there, store);
  g_autoptr (ChatSessionInfo) early = open_session (&there, "early");
  chat_session_service_connected (there.sessions, early->id, TRUE);
  process_start (&here, store);
  expect (&here, "+early", "who was there before");

  g_autoptr (ChatSessionInfo) ana = open_session (&there, "ana");
  chat_session_service_connected (there.sessions, ana->id, TRUE);
  expect (&here, "+ana", "that ana has come elsewhere");
  chat_test_run_for (LEASE_MS + LEASE_MS / 2); /* renewed there: she stays */
  g_assert_cmpuint (here.told->len, ==, 0);
  g_assert_true (chat_test_call (chat_session_service_close, there.sessions, NULL, ana->id));
  expect (&here, "-ana", "that ana has signed out elsewhere");

  /* a process that is killed renews nothing */
  process_end (&there);
  expect (&here, "-early", "that a lease has run out");
  process_end (&here);
}

/* Two connections of one user are one user. */
static void
test_several (void)
{
  const ChatAccount account = { .user = (char *)"ana", .user_key = (char *)"ana" };
  g_autoptr (ChatFakeUsers) store = chat_fake_users_new ();
  ChatSessionInfo *sessions[2];
  Process process;

  process_start (&process, store);
  for (guint i = 0; i < 2; i++)
    {
      GAsyncResult *slot = NULL;

      chat_session_service_open_async (process.sessions, "ana", &account, NULL, chat_test_result_cb, &slot);
      g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the session");
      sessions[i] = chat_session_service_open_finish (process.sessions, result, NULL, NULL, NULL);
      chat_session_service_connected (process.sessions, sessions[i]->id, TRUE);
    }
  expect (&process, "+ana", "that ana has come");
  chat_session_service_connected (process.sessions, sessions[0]->id, FALSE);
  chat_test_run_for (2 * GRACE_MS);
  g_assert_cmpuint (process.told->len, ==, 0);
  chat_session_service_connected (process.sessions, sessions[1]->id, FALSE);
  expect (&process, "-ana", "that ana has gone with her last connection");
  process_end (&process);
  chat_session_info_free (sessions[0]);
  chat_session_info_free (sessions[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/presence/here", test_here);
  g_test_add_func ("/presence/elsewhere", test_elsewhere);
  g_test_add_func ("/presence/several", test_several);
  return g_test_run ();
}
