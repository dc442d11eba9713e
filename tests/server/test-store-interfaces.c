/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-call.h"
#include "core/chat-time.h"
#include "server/store/chat-store.h"

/* What the store interfaces do by themselves: a back-end that lacks a call, and the values that are handed about. */

#define TEST_TYPE_BARE (test_bare_get_type ())
G_DECLARE_FINAL_TYPE (TestBare, test_bare, TEST, BARE, GObject)

/** TestBare: a back-end that offers nothing. */
struct _TestBare
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (TestBare, test_bare, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_STORE, NULL)
                                   G_IMPLEMENT_INTERFACE (CHAT_TYPE_MESSAGE_STORE, NULL)
                                       G_IMPLEMENT_INTERFACE (CHAT_TYPE_CHANNEL_STORE, NULL)
                                           G_IMPLEMENT_INTERFACE (CHAT_TYPE_USER_STORE, NULL)
                                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_MODERATION_STORE, NULL)
                                                   G_IMPLEMENT_INTERFACE (CHAT_TYPE_COUNTER_STORE, NULL))

static void
test_bare_class_init (TestBareClass *klass)
{
}

static void
test_bare_init (TestBare *self)
{
}

#define assert_not_offered(function, type, ...)                                                                        \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GError) error_ = NULL;                                                                                  \
                                                                                                                       \
    g_assert_true (!chat_test_call (function, (type *)(gpointer)bare, &error_, ##__VA_ARGS__));                        \
    g_assert_error (error_, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);                                                     \
  }                                                                                                                    \
  G_STMT_END

/* of a call whose finish gives something besides */
#define assert_not_offered_out(function, type, out, ...)                                                               \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GError) error_ = NULL;                                                                                  \
                                                                                                                       \
    g_assert_true (!chat_test_call_out (function, (type *)(gpointer)bare, out, &error_, ##__VA_ARGS__));               \
    g_assert_error (error_, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);                                                     \
  }                                                                                                                    \
  G_STMT_END

static void
not_offered (void)
{
  g_autoptr (TestBare) bare = g_object_new (TEST_TYPE_BARE, NULL);
  g_autoptr (GPtrArray) messages = g_ptr_array_new ();
  const char *ids[] = { NULL };
  ChatPage page = { CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, 1 };
  ChatSessionInfo session = { 0 };
  ChatStrike strike = { 0 };

  assert_not_offered (chat_store_open, ChatStore);
  assert_not_offered (chat_store_close, ChatStore);
  assert_not_offered (chat_store_check, ChatStore);
  assert_not_offered (chat_message_store_append, ChatMessageStore, messages);
  assert_not_offered (chat_message_store_list, ChatMessageStore, "general", &page);
  assert_not_offered (chat_message_store_get, ChatMessageStore, "m-1");
  assert_not_offered (chat_channel_store_list, ChatChannelStore, NULL);
  assert_not_offered (chat_channel_store_get, ChatChannelStore, "general", NULL);
  assert_not_offered (chat_channel_store_update, ChatChannelStore, "general", NULL, NULL);
  assert_not_offered (chat_channel_store_set_member, ChatChannelStore, "general", "Ana", "ana", TRUE);
  assert_not_offered (chat_channel_store_set_read, ChatChannelStore, "general", "ana", (gint64)1);
  assert_not_offered (chat_user_store_open_session, ChatUserStore, &session, 0u, (gint64)1);
  assert_not_offered (chat_user_store_find_session, ChatUserStore, "t-1", (gint64)1);
  assert_not_offered (chat_user_store_renew_sessions, ChatUserStore, ids, (gint64)1);
  assert_not_offered (chat_user_store_close_session, ChatUserStore, "s-1");
  assert_not_offered (chat_user_store_list_sessions, ChatUserStore, (gint64)1);
  assert_not_offered (chat_moderation_store_record_strike, ChatModerationStore, &strike);
  assert_not_offered (chat_moderation_store_list_strikes, ChatModerationStore, "ana", 1u);
  assert_not_offered (chat_moderation_store_get_strike, ChatModerationStore, "m-1");
  assert_not_offered (chat_moderation_store_list_blocks, ChatModerationStore, (gint64)1);
  assert_not_offered (chat_moderation_store_lift_block, ChatModerationStore, "ana", "leo", (gint64)1);
}

static void
not_offered_either (void)
{
  g_autoptr (TestBare) bare = g_object_new (TEST_TYPE_BARE, NULL);
  gboolean lifted;
  gint64 next;
  ChatRole role;

  assert_not_offered (chat_message_store_search, ChatMessageStore, NULL);
  assert_not_offered (chat_user_store_get_account, ChatUserStore, "ana");
  assert_not_offered (chat_user_store_change_account, ChatUserStore, "ana", NULL);
  assert_not_offered (chat_user_store_list_accounts, ChatUserStore, NULL, 1u);
  assert_not_offered (chat_user_store_add_invitation, ChatUserStore, NULL);
  assert_not_offered (chat_user_store_list_invitations, ChatUserStore, (gint64)1);
  assert_not_offered (chat_user_store_remove_invitation, ChatUserStore, "i-1");
  assert_not_offered (chat_moderation_store_list_all_strikes, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_set_block, ChatModerationStore, NULL, NULL, (gint64)1);
  assert_not_offered (chat_moderation_store_add_appeal, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_list_appeals, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_add_report, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_close_report, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_list_reports, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_add_audit, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_list_audit, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_publish_rules, ChatModerationStore, NULL);
  assert_not_offered (chat_moderation_store_get_rules, ChatModerationStore, (gint64)0);
  assert_not_offered (chat_moderation_store_purge_originals, ChatModerationStore, (gint64)1);
  assert_not_offered (chat_counter_store_query, ChatCounterStore, NULL);

  /* what a finish gives besides */
  assert_not_offered_out (chat_user_store_create_account, ChatUserStore, &role, NULL, NULL, (gint64)1);
  assert_not_offered_out (chat_moderation_store_forgive_strike, ChatModerationStore, &lifted, "m-1", "leo", (gint64)1);
  assert_not_offered_out (chat_moderation_store_decide_appeal, ChatModerationStore, &lifted, NULL);
  assert_not_offered_out (chat_counter_store_rebuild, ChatCounterStore, &next, (gint64)0, 1u);
}

static void
passing_errors (void)
{
  for (int code = CHAT_STORE_ERROR_NOT_FOUND; code <= CHAT_STORE_ERROR_CLOSED; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (CHAT_STORE_ERROR, code, "");

      g_assert_cmpint (chat_store_error_is_passing (error), ==,
                       code == CHAT_STORE_ERROR_BUSY || code == CHAT_STORE_ERROR_FULL);
      error->domain = G_IO_ERROR;
      g_assert_false (chat_store_error_is_passing (error));
    }
  g_assert_false (chat_store_error_is_passing (NULL));
}

/* Copies have everything of their own, and cope with what is optional. */
static void
copies (void)
{
  const char *members[] = { "ana", "eva", NULL };
  ChatSpan span = { 3, 4 };
  ChatChannelInfo channel
      = { (char *)"c", CHAT_CHANNEL_PRIVATE, (char *)"t", NULL, (char **)members, 5, 6, 7, 8, 9, TRUE };
  ChatSessionInfo session
      = { (char *)"i", (char *)"u", (char *)"k", (char *)"h", TRUE, TRUE, CHAT_ROLE_ADMIN, 1, 2, 3 };
  ChatBlock block = { (char *)"u", (char *)"k", 1, CHAT_TIME_UNKNOWN, (char *)"r", NULL };
  ChatStrike strike = { .record_id = (char *)"m", .spans = g_array_new (FALSE, FALSE, sizeof span), .blocked = TRUE };
  g_autoptr (ChatChannelInfo) channel_copy = chat_channel_info_copy (&channel);
  g_autoptr (ChatSessionInfo) session_copy = chat_session_info_copy (&session);
  g_autoptr (ChatBlock) block_copy = chat_block_copy (&block);
  g_autoptr (ChatStrike) strike_copy = NULL;

  g_array_append_val (strike.spans, span);
  strike_copy = chat_strike_copy (&strike);
  g_array_unref (strike.spans);

  g_assert_true (channel_copy->name != channel.name);
  g_assert_cmpstr (channel_copy->name, ==, "c");
  g_assert_cmpstr (channel_copy->topic, ==, "t");
  g_assert_null (channel_copy->language);
  g_assert_true (g_strv_equal ((const char *const *)channel_copy->members, members));
  g_assert_cmpint (channel_copy->read, ==, 7);
  g_assert_cmpstr (session_copy->token_hash, ==, "h");
  g_assert_true (session_copy->bot);
  g_assert_cmpint (session_copy->expires, ==, 3);
  g_assert_cmpstr (block_copy->reason, ==, "r");
  g_assert_null (block_copy->record_id);
  g_assert_cmpint (block_copy->until, ==, CHAT_TIME_UNKNOWN);
  g_assert_cmpuint (g_array_index (strike_copy->spans, ChatSpan, 0).length, ==, 4);
  g_assert_true (strike_copy->blocked);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/interfaces/not-offered", not_offered);
  g_test_add_func ("/store/interfaces/not-offered-either", not_offered_either);
  g_test_add_func ("/store/interfaces/passing-errors", passing_errors);
  g_test_add_func ("/store/interfaces/copies", copies);
  return g_test_run ();
}
