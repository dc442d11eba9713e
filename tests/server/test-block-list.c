/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-block-list.h"

#include "core/chat-time.h"
#include "role-test.h"

static ChatBlockList *
list_new (RoleTest *test)
{
  return chat_block_list_new (test->control, chat_store_get_moderation (test->store));
}

static ChatBlockList *
list_start (RoleTest *test)
{
  ChatBlockList *list = list_new (test);

  role_test_start (test, list);
  return list;
}

/* At a limit of 1, a strike is a block. */
static void
block (RoleTest *test, const char *user, const char *record_id)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  const ChatStrike strike = { .record_id = (char *)record_id,
                              .channel = (char *)"general",
                              .user = (char *)user,
                              .user_key = (char *)user,
                              .rule = (char *)"es/insults",
                              .spans = spans,
                              .original = (char *)"x",
                              .rules_version = (char *)"1",
                              .timestamp = test->clock,
                              .limit = 1 };
  g_autoptr (ChatStrike) answer
      = chat_test_call (chat_moderation_store_record_strike, chat_store_get_moderation (test->sqlite), NULL, &strike);

  g_assert_true (answer->blocked);
}

static void
lift (RoleTest *test, const char *user)
{
  g_assert_true (chat_test_call (chat_moderation_store_lift_block, chat_store_get_moderation (test->sqlite), NULL, user,
                                 "eva", test->clock));
}

static void
announce (RoleTest *test, ChatMessageKind kind, const char *user)
{
  g_autoptr (ChatMessage) message = chat_message_new (kind);

  chat_message_set_id (message, "n1");
  chat_message_set_target (message, "m1");
  chat_message_set_user (message, user);
  chat_message_set_channel (message, "general");
  role_test_publish (test, CHAT_TOPIC_CONTROL, message);
}

typedef struct
{
  ChatBlockList *list;
  const char *user;
  gboolean blocked;
} Wait;

static gboolean
is_so (gpointer data)
{
  Wait *wait = data;

  return (chat_block_list_find (wait->list, wait->user, 0) != NULL) == wait->blocked;
}

static void
wait_for (ChatBlockList *list, const char *user, gboolean blocked)
{
  Wait wait = { list, user, blocked };

  chat_test_wait_until (is_so, &wait, blocked ? "the block" : "the end of the block");
}

static void
changed_cb (ChatBlockList *list, const char *user_key, GString *changes)
{
  g_string_append_printf (changes, "%s ", user_key);
}

static void
test_loads (RoleTest *test, gconstpointer shards)
{
  block (test, "ana", "m1");
  ChatBlockList *list = list_start (test);
  const ChatBlock *found = chat_block_list_find (list, "ana", test->clock);
  g_assert_nonnull (found);
  g_assert_cmpstr (found->user, ==, "ana");
  g_assert_cmpstr (found->record_id, ==, "m1");
  g_assert_null (chat_block_list_find (list, "bob", test->clock));
  role_test_stop (test, list);
}

/* What others do is on chat_control, signed; whatever else may be there is none of its business. */
static void
test_follows (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_start (test);
  g_autoptr (GString) changes = g_string_new (NULL);

  g_signal_connect (list, "changed", G_CALLBACK (changed_cb), changes);
  block (test, "ana", "m1");
  announce (test, CHAT_KIND_BLOCK, "ana");
  wait_for (list, "ana", TRUE);
  block (test, "bob", "m2");
  announce (test, CHAT_KIND_BLOCK, "bob");
  wait_for (list, "bob", TRUE);
  lift (test, "ana");
  announce (test, CHAT_KIND_UNBLOCK, "ana");
  wait_for (list, "ana", FALSE);
  g_assert_nonnull (chat_block_list_find (list, "bob", 0));
  g_assert_cmpstr (changes->str, ==, "ana bob ana ");

  guint calls = chat_fault_store_get_calls (test->faults);
  announce (test, CHAT_KIND_WARNING, "ana");
  announce (test, CHAT_KIND_REFUSED, "ana");
  role_test_append (test, CHAT_TOPIC_CONTROL, "control", "nonsense");
  role_test_append (test, CHAT_TOPIC_CONTROL, "control", /* not signed */
                    "{\"id\":\"b1\",\"kind\":\"block\",\"user\":\"ana\",\"target\":\"m1\"}");
  chat_test_run_pending ();
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls);
  role_test_stop (test, list);
}

static void
test_expires (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_start (test);
  const ChatBlock block = { .user = (char *)"ana", .user_key = (char *)"ana", .since = 100, .until = 200 };

  chat_block_list_add (list, &block);
  g_assert_nonnull (chat_block_list_find (list, "ana", 199));
  g_assert_null (chat_block_list_find (list, "ana", 200));
  role_test_stop (test, list);
}

/* What the role adds while the list is being read, and which the reading does not show, is not lost. */
static void
test_added_while_loading (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_start (test);
  const ChatBlock block
      = { .user = (char *)"ana", .user_key = (char *)"ana", .since = 100, .until = CHAT_TIME_UNKNOWN };

  chat_fault_store_hold (test->faults, TRUE);
  announce (test, CHAT_KIND_BLOCK, "bob");
  while (chat_fault_store_get_held (test->faults) == 0)
    g_main_context_iteration (NULL, TRUE);
  chat_block_list_add (list, &block);
  chat_fault_store_hold (test->faults, FALSE);
  chat_test_run_pending ();
  g_assert_nonnull (chat_block_list_find (list, "ana", 150));
  announce (test, CHAT_KIND_UNBLOCK, "ana"); /* the store knows better, once it is asked anew */
  wait_for (list, "ana", FALSE);
  role_test_stop (test, list);
}

/* A change that comes while the list is being read leads to another reading. */
static void
test_changed_while_loading (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_start (test);

  chat_fault_store_hold (test->faults, TRUE);
  announce (test, CHAT_KIND_BLOCK, "ana");
  while (chat_fault_store_get_held (test->faults) == 0)
    g_main_context_iteration (NULL, TRUE);
  block (test, "ana", "m1");
  announce (test, CHAT_KIND_BLOCK, "ana");
  chat_test_run_pending ();
  chat_fault_store_hold (test->faults, FALSE);
  wait_for (list, "ana", TRUE);
  role_test_stop (test, list);
}

static void
test_busy (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_new (test);

  block (test, "ana", "m1");
  chat_fault_store_refuse (test->faults, 2, CHAT_STORE_ERROR_BUSY);
  role_test_start (test, list);
  g_assert_nonnull (chat_block_list_find (list, "ana", 0));
  lift (test, "ana");
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_BUSY);
  announce (test, CHAT_KIND_UNBLOCK, "ana");
  wait_for (list, "ana", FALSE);
  g_assert_cmpuint (test->failures, ==, 0);
  role_test_stop (test, list);
}

static void
test_damaged (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_new (test);
  g_autoptr (GError) error = NULL;

  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_DAMAGED);
  g_assert_false (chat_test_call (chat_service_start, CHAT_SERVICE (list), &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED);
  role_test_stop (test, list);

  list = list_start (test);
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_DAMAGED);
  announce (test, CHAT_KIND_BLOCK, "ana");
  chat_test_wait_for_count (&test->failures, 1);
  role_test_stop (test, list);
}

static void
stop_while_starting (gpointer service)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GError) error = NULL;

  chat_service_start_async (CHAT_SERVICE (service), NULL, chat_test_result_cb, &slot);
  chat_test_run_for (20);
  g_assert_null (slot);
  g_assert_true (chat_test_call (chat_service_stop, CHAT_SERVICE (service), NULL));
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the start");
  g_assert_false (chat_service_start_finish (CHAT_SERVICE (service), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_stop_while_starting (RoleTest *test, gconstpointer shards)
{
  ChatBlockList *list = list_new (test);

  chat_fault_store_refuse (test->faults, G_MAXUINT, CHAT_STORE_ERROR_BUSY); /* in the back-off */
  stop_while_starting (list);
  role_test_stop (test, list);
  chat_fault_store_refuse (test->faults, 0, CHAT_STORE_ERROR_BUSY);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                                                \
  g_test_add ("/block-list/" name, RoleTest, GUINT_TO_POINTER (1), role_test_set_up, func, role_test_tear_down)
  ADD ("loads", test_loads);
  ADD ("follows", test_follows);
  ADD ("expires", test_expires);
  ADD ("added-while-loading", test_added_while_loading);
  ADD ("changed-while-loading", test_changed_while_loading);
  ADD ("busy", test_busy);
  ADD ("damaged", test_damaged);
  ADD ("stop-while-starting", test_stop_while_starting);
  return g_test_run ();
}
