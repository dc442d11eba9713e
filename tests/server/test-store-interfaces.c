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
                                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_MODERATION_STORE, NULL))

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
  assert_not_offered (chat_channel_store_set_member, ChatChannelStore, "general", "ana", TRUE);
  assert_not_offered (chat_channel_store_set_read, ChatChannelStore, "general", "ana", (gint64)1);
  assert_not_offered (chat_user_store_open_session, ChatUserStore, &session, (gint64)1);
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
  ChatChannelInfo channel = { (char *)"c", CHAT_CHANNEL_PRIVATE, (char *)"t", NULL, (char **)members, 5, 6, 7 };
  ChatSessionInfo session = { (char *)"i", (char *)"u", (char *)"k", (char *)"h", TRUE, 1, 2, 3 };
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
  g_test_add_func ("/store/interfaces/passing-errors", passing_errors);
  g_test_add_func ("/store/interfaces/copies", copies);
  return g_test_run ();
}
