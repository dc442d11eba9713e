/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store-case.h"

static ChatSessionInfo
session (const char *id, const char *user, const char *token_hash)
{
  return (ChatSessionInfo){ .id = (char *)id,
                            .user = (char *)user,
                            .user_key = (char *)user,
                            .token_hash = (char *)token_hash,
                            .since = 1000,
                            .lease = 2000,
                            .expires = 9000 };
}

/* whether it was opened; else somebody else holds the name */
static gboolean
open_session (StoreCase *self, const ChatSessionInfo *info, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gboolean opened = chat_test_call (chat_user_store_open_session, self->users, &error, info, 0u, now);

  if (!opened)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
  return opened;
}

static ChatSessionInfo *
find (StoreCase *self, const char *token_hash, gint64 now)
{
  g_autoptr (GError) error = NULL;
  ChatSessionInfo *info = chat_test_call (chat_user_store_find_session, self->users, &error, token_hash, now);

  if (info == NULL)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  return info;
}

static gboolean
is_there (StoreCase *self, const char *token_hash, gint64 now)
{
  g_autoptr (ChatSessionInfo) info = find (self, token_hash, now);

  return info != NULL;
}

static void
renew (StoreCase *self, const char *id, gint64 lease)
{
  const char *ids[] = { "unknown", id, "unknown too", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_user_store_renew_sessions, self->users, &error, ids, lease));
  g_assert_no_error (error);
}

static void
close_session (StoreCase *self, const char *id)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_user_store_close_session, self->users, &error, id));
  g_assert_no_error (error);
}

static void
found_by_token (StoreCase *self)
{
  ChatSessionInfo info = session ("s-1", "Ana", "t-1");
  g_autoptr (ChatSessionInfo) found = NULL;

  info.user_key = (char *)"ana";
  info.bot = TRUE;
  info.lease = G_MAXINT64;
  g_assert_true (open_session (self, &info, 1000));
  store_case_reopen (self);
  found = find (self, "t-1", 1500);
  g_assert_cmpstr (found->id, ==, "s-1");
  g_assert_cmpstr (found->user, ==, "Ana");
  g_assert_cmpstr (found->user_key, ==, "ana");
  g_assert_cmpstr (found->token_hash, ==, "t-1");
  g_assert_true (found->bot);
  g_assert_cmpint (found->since, ==, 1000);
  g_assert_cmpint (found->lease, ==, G_MAXINT64);
  g_assert_cmpint (found->expires, ==, 9000);
  g_assert_false (is_there (self, "t-2", 1500));
  g_assert_false (is_there (self, "s-1", 1500));
}

/* One name, one session: for as long as its lease runs, to the millisecond. */
static void
names_are_unique (StoreCase *self)
{
  ChatSessionInfo first = session ("s-1", "ana", "t-1");
  ChatSessionInfo second = session ("s-2", "ana", "t-2");
  ChatSessionInfo other = session ("s-3", "eva", "t-3");

  second.user = (char *)"ANA";
  g_assert_true (open_session (self, &first, 1000));
  g_assert_true (open_session (self, &other, 1000));
  g_assert_false (open_session (self, &second, 1000));
  g_assert_false (open_session (self, &second, 1999));
  g_assert_true (is_there (self, "t-1", 1999));
  g_assert_false (is_there (self, "t-2", 1999));

  g_assert_true (open_session (self, &second, 2000));
  g_assert_false (is_there (self, "t-1", 2000));
  g_assert_true (is_there (self, "t-2", 2000));
  g_assert_true (is_there (self, "t-3", 2000));
}

static void
lapsed_but_not_taken (StoreCase *self)
{
  ChatSessionInfo info = session ("s-1", "ana", "t-1");

  g_assert_true (open_session (self, &info, 1000));
  g_assert_true (is_there (self, "t-1", 8999));
  g_assert_false (is_there (self, "t-1", 9000));
}

static void
renewed (StoreCase *self)
{
  ChatSessionInfo first = session ("s-1", "ana", "t-1");
  ChatSessionInfo second = session ("s-2", "ana", "t-2");
  g_autoptr (ChatSessionInfo) found = NULL;

  g_assert_true (open_session (self, &first, 1000));
  renew (self, "s-1", 5000);
  found = find (self, "t-1", 4000);
  g_assert_cmpint (found->lease, ==, 5000);
  g_assert_false (open_session (self, &second, 4999));
  g_assert_true (open_session (self, &second, 5000));

  /* whoever was replaced can't take it back by renewing */
  renew (self, "s-1", 8000);
  g_assert_false (is_there (self, "t-1", 5000));
  g_assert_true (open_session (self, &first, 5000));
}

static void
expired (StoreCase *self)
{
  ChatSessionInfo first = session ("s-1", "ana", "t-1");
  ChatSessionInfo second = session ("s-2", "ana", "t-2");

  /* an end is an end, whatever the lease says */
  first.lease = G_MAXINT64;
  g_assert_true (open_session (self, &first, 1000));
  g_assert_false (open_session (self, &second, 8999));
  second.expires = 20000;
  g_assert_true (open_session (self, &second, 9000));
}

static void
same_session_again (StoreCase *self)
{
  ChatSessionInfo info = session ("s-1", "ana", "t-1");

  g_assert_true (open_session (self, &info, 1000));
  info.token_hash = (char *)"t-2";
  g_assert_true (open_session (self, &info, 1000));
  g_assert_false (is_there (self, "t-1", 1000));
  g_assert_true (is_there (self, "t-2", 1000));
}

/* An id or a token that another name's session has is no way into it. */
static void
borrowed_identity (StoreCase *self)
{
  ChatSessionInfo first = session ("s-1", "ana", "t-1");
  ChatSessionInfo same_id = session ("s-1", "eva", "t-2");
  ChatSessionInfo same_token = session ("s-2", "eva", "t-1");
  g_autoptr (ChatSessionInfo) found = NULL;

  g_assert_true (open_session (self, &first, 1000));
  g_assert_false (open_session (self, &same_id, 1000));
  g_assert_false (open_session (self, &same_token, 1000));
  found = find (self, "t-1", 1000);
  g_assert_cmpstr (found->user, ==, "ana");
}

static void
closed (StoreCase *self)
{
  ChatSessionInfo first = session ("s-1", "ana", "t-1");
  ChatSessionInfo second = session ("s-2", "ana", "t-2");

  g_assert_true (open_session (self, &first, 1000));
  close_session (self, "s-1");
  close_session (self, "s-1");
  close_session (self, "unknown");
  g_assert_false (is_there (self, "t-1", 1000));
  g_assert_true (open_session (self, &second, 1000));
}

static void
listed (StoreCase *self)
{
  static const char *const users[] = { "eva", "Zoe", "ana", "ñu", "bob" };
  static const char *const sorted[] = { "Zoe", "ana", "eva", "ñu" };
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    {
      g_autofree char *token = g_strdup_printf ("t-%u", i);
      ChatSessionInfo info = session (token, users[i], token);

      if (g_str_equal (users[i], "bob"))
        info.expires = 1500;
      g_assert_true (open_session (self, &info, 1000));
    }
  list = chat_test_call (chat_user_store_list_sessions, self->users, NULL, (gint64)2500);
  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (sorted));
  for (guint i = 0; i < list->len; i++)
    g_assert_cmpstr (((ChatSessionInfo *)g_ptr_array_index (list, i))->user, ==, sorted[i]);
}

/* Many want one name at once: one gets it. */
static void
race (StoreCase *self)
{
  enum
  {
    CALLS = 50
  };
  GAsyncResult *awaited[CALLS] = { NULL };
  guint opened = 0;

  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *token = g_strdup_printf ("t-%u", i);
      ChatSessionInfo info = session (token, "ana", token);

      chat_user_store_open_session_async (self->users, &info, 0, 1000, NULL, chat_test_result_cb, &awaited[i]);
    }
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "a session");
      g_autoptr (GError) error = NULL;

      if (chat_user_store_open_session_finish (self->users, result, &error))
        opened++;
      else
        g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
    }
  g_assert_cmpuint (opened, ==, 1);
  g_assert_true (is_there (self, "t-0", 1000));
}

static void
odd_strings (StoreCase *self)
{
  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      const char *odd = store_odd_strings[i];
      ChatSessionInfo info = session (odd, odd, odd);
      g_autoptr (ChatSessionInfo) found = NULL;

      g_assert_false (is_there (self, odd, 1000));
      g_assert_true (open_session (self, &info, 1000));
      renew (self, odd, 3000 + i);
      found = find (self, odd, 1000);
      g_assert_cmpstr (found->id, ==, odd);
      g_assert_cmpstr (found->user, ==, odd);
      g_assert_cmpstr (found->user_key, ==, odd);
      g_assert_cmpint (found->lease, ==, 3000 + i);
      close_session (self, odd);
    }
}

static void
refused (StoreCase *self)
{
  for (guint i = 0; i < 4; i++)
    {
      ChatSessionInfo info = session ("s-1", "ana", "t-1");
      char **fields[] = { &info.id, &info.user, &info.user_key, &info.token_hash };
      g_autoptr (GError) error = NULL;

      *fields[i] = NULL;
      g_assert_false (chat_test_call (chat_user_store_open_session, self->users, &error, &info, 0u, (gint64)1000));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

void
store_cases_users (const StoreFixture *fixture)
{
  store_case_add (fixture, "users/found-by-token", found_by_token);
  store_case_add (fixture, "users/names-are-unique", names_are_unique);
  store_case_add (fixture, "users/lapsed-but-not-taken", lapsed_but_not_taken);
  store_case_add (fixture, "users/renewed", renewed);
  store_case_add (fixture, "users/expired", expired);
  store_case_add (fixture, "users/same-session-again", same_session_again);
  store_case_add (fixture, "users/borrowed-identity", borrowed_identity);
  store_case_add (fixture, "users/closed", closed);
  store_case_add (fixture, "users/listed", listed);
  store_case_add (fixture, "users/race", race);
  store_case_add (fixture, "users/odd-strings", odd_strings);
  store_case_add (fixture, "users/refused", refused);
}
