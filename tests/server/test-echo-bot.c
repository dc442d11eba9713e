/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-echo-bot.h"

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "chat-test-message.h"
#include "role-test.h"

static ChatEchoBot *
bot_new (RoleTest *test)
{
  const char *const channels[] = { "general", "nowhere", NULL };
  const ChatBotOptions options = { test->transport, test->store, test->signer, channels };

  return chat_echo_bot_new (&options);
}

static ChatEchoBot *
bot_start (RoleTest *test)
{
  ChatEchoBot *bot = bot_new (test);

  role_test_start (test, bot);
  return bot;
}

static void
put (RoleTest *test, const char *topic, const char *author, const char *channel, const char *id, const char *text)
{
  g_autoptr (ChatMessage) message = role_test_message (test, author, channel, id, text);

  role_test_publish (test, topic, message);
}

static void
make_conversation (RoleTest *test, const char *name, const char *const *members)
{
  const ChatChannelInfo info
      = { .name = (char *)name, .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)members, .active = 1 };
  ChatChannelStore *channels = chat_store_get_channels (test->sqlite);
  GAsyncResult *slot = NULL;
  gboolean created;

  chat_channel_store_ensure_async (channels, &info, (const char *const *)info.members, NULL, chat_test_result_cb,
                                   &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the conversation");
  g_assert_true (chat_channel_store_ensure_finish (channels, result, &created, NULL));
}

/* In a conversation with it, everything; elsewhere nothing. */
static void
test_conversation (RoleTest *test, gconstpointer shards)
{
  const char *const with_bot[] = { "ana", "eco", NULL };
  const char *const without[] = { "ana", "bob", NULL };
  ChatEchoBot *bot = bot_start (test);

  make_conversation (test, "dm.with", with_bot);
  make_conversation (test, "dm.without", without);
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.without", "m1", "hola");
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m2", "hola");
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.nowhere", "m3", "hola");
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m4", "@eco");
  role_test_check (test, CHAT_TOPIC_CHAT, "channel:author:data:reply:bot",
                   "dm.with:eco:hola:m2:bot dm.with:eco:@eco:m4:bot");
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_CHAT);
  g_autoptr (GPtrArray) answers = role_test_list (test, CHAT_TOPIC_CHAT);
  for (guint i = 0; i < records->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (records, i);
      g_assert_cmpstr (chat_record_get_key (record), ==, "dm.with");
      g_assert_true (chat_signer_verify (test->signer, g_ptr_array_index (answers, i),
                                         chat_record_get_header (record, CHAT_SIGNATURE_HEADER)));
    }
  role_test_stop (test, bot);
}

/* The first message may come before its conversation has members. */
static void
test_members_later (RoleTest *test, gconstpointer shards)
{
  const char *const members[] = { "ana", "eco", NULL };
  ChatEchoBot *bot = bot_start (test);
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();

  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m0", "hola");
  chat_test_run_for (20);
  g_ptr_array_add (messages, chat_test_message_new ("dm.with", "m0", "hola", test->clock)); /* the archiver's part */
  g_autoptr (GArray) results
      = chat_test_call (chat_message_store_append, chat_store_get_messages (test->sqlite), NULL, messages);
  g_assert_nonnull (results);
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m1", "hola");
  chat_test_run_for (20);
  role_test_wait (test, CHAT_TOPIC_CHAT, 0);
  make_conversation (test, "dm.with", members);
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m2", "hola");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m2");
  guint calls = chat_fault_store_get_calls (test->faults);
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m3", "hola");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m2 m3");
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls); /* members are fixed */
  role_test_stop (test, bot);
}

static void
test_mention (RoleTest *test, gconstpointer shards)
{
  const struct
  {
    const char *text;
    const char *answer; /* nullable */
  } cases[] = {
    { "@eco hola", "hola" },  { "@Eco, ¿qué tal?", "¿qué tal?" },
    { "@eco: @eco", "@eco" }, { "@eco\nhola", "hola" },
    { "hola @eco", NULL },    { "@eco", NULL },
    { "@eco  ", NULL },       { "@ecologista hola", NULL },
    { "@eco_2 hola", NULL },  { "@ecoñ hola", NULL },
    { "eco hola", NULL },
  };
  ChatEchoBot *bot = bot_start (test);
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", i);
      put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", id, cases[i].text);
    }
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "end", "@eco end");
  role_test_wait (test, CHAT_TOPIC_CHAT, 5);
  g_autoptr (GPtrArray) answers = role_test_list (test, CHAT_TOPIC_CHAT);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (cases[i].answer != NULL)
      g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (answers, n++)), ==, cases[i].answer);
  role_test_stop (test, bot);
}

/* Two bots never talk to each other, nor one to itself; only messages want an answer. */
static void
test_silence (RoleTest *test, gconstpointer shards)
{
  ChatEchoBot *bot = bot_start (test);
  g_autoptr (ChatMessage) other = role_test_message (test, "otro", "general", "m1", "@eco hola");
  g_autoptr (ChatMessage) edit = chat_message_new (CHAT_KIND_EDIT);

  chat_message_set_bot (other, TRUE);
  role_test_publish (test, CHAT_TOPIC_CONTROLLED, other);
  put (test, CHAT_TOPIC_CONTROLLED, "ECO", "general", "m2", "@eco hola");
  chat_message_set_id (edit, "m3");
  chat_message_set_channel (edit, "general");
  chat_message_set_author (edit, "ana");
  chat_message_set_target (edit, "m0");
  chat_message_set_data (edit, "@eco hola");
  role_test_publish (test, CHAT_TOPIC_CONTROLLED, edit);
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general", "@eco not json");
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general",
                    "{\"id\":\"m4\",\"channel\":\"general\",\"author\":null,\"data\":\"@eco x\",\"timestamp\":1}");
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m5", "@eco fin");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m5");
  role_test_stop (test, bot);
}

/* Whatever is delivered again, the answer has the same id. */
static void
test_once (RoleTest *test, gconstpointer shards)
{
  ChatEchoBot *bot = bot_start (test);

  chat_loopback_transport_fail_forwards (test->loopback, 1, CHAT_TRANSPORT_ERROR_ABORTED);
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m1", "@eco hola");
  role_test_wait (test, CHAT_TOPIC_CHAT, 1);
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m1", "@eco hola");
  role_test_wait (test, CHAT_TOPIC_CHAT, 2);
  g_autoptr (GPtrArray) answers = role_test_list (test, CHAT_TOPIC_CHAT);
  g_assert_cmpstr (chat_message_get_id (g_ptr_array_index (answers, 0)), ==,
                   chat_message_get_id (g_ptr_array_index (answers, 1)));
  g_assert_true (chat_message_equal_content (g_ptr_array_index (answers, 0), g_ptr_array_index (answers, 1)));
  role_test_stop (test, bot);
}

static void
test_busy (RoleTest *test, gconstpointer shards)
{
  const char *const members[] = { "ana", "eco", NULL };
  ChatEchoBot *bot = bot_start (test);

  make_conversation (test, "dm.with", members);
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_BUSY);
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m1", "hola");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m1");
  g_assert_cmpuint (test->failures, ==, 0);
  role_test_stop (test, bot);
}

static GPtrArray *
list_sessions (RoleTest *test)
{
  return chat_test_call (chat_user_store_list_sessions, chat_store_get_users (test->sqlite), NULL, chat_time_now ());
}

/* It is among the users as a bot, once in each process: what stops takes nothing from the others, and one that was
 * killed stands in nobody's way. */
static void
test_session (RoleTest *test, gconstpointer shards)
{
  ChatEchoBot *bot = bot_start (test);
  ChatEchoBot *other = bot_start (test); /* in another process, or as after a kill */

  g_autoptr (GPtrArray) sessions = list_sessions (test);
  g_assert_cmpuint (sessions->len, ==, 2);
  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *info = g_ptr_array_index (sessions, i);
      g_assert_cmpstr (info->user, ==, "eco");
      g_assert_true (info->bot);
      g_assert_cmpint (info->lease, >, chat_time_now ());
      g_assert_cmpint (info->expires, <, chat_time_now () + 120000); /* of a killed one nothing stays */
    }
  role_test_stop (test, other);
  g_autoptr (GPtrArray) one = list_sessions (test);
  g_assert_cmpuint (one->len, ==, 1);
  role_test_stop (test, bot);
  g_autoptr (GPtrArray) none = list_sessions (test);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_name_taken (RoleTest *test, gconstpointer shards)
{
  gint64 now = chat_time_now ();
  const ChatSessionInfo human = { .id = (char *)"s1",
                                  .user = (char *)"ECO",
                                  .user_key = (char *)"eco",
                                  .token_hash = (char *)"h1",
                                  .since = now,
                                  .lease = now + 60000,
                                  .expires = now + 60000 };
  g_autoptr (GError) error = NULL;
  ChatEchoBot *bot = bot_new (test);

  g_assert_true (
      chat_test_call (chat_user_store_open_session, chat_store_get_users (test->sqlite), NULL, &human, 0u, now));
  g_assert_false (chat_test_call (chat_service_start, CHAT_SERVICE (bot), &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
  g_assert_nonnull (strstr (error->message, "eco"));
  role_test_stop (test, bot);
  g_autoptr (GPtrArray) sessions = list_sessions (test);
  g_assert_cmpuint (sessions->len, ==, 1); /* his */
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                                                \
  g_test_add ("/echo-bot/" name, RoleTest, GUINT_TO_POINTER (1), role_test_set_up, func, role_test_tear_down)
  ADD ("conversation", test_conversation);
  ADD ("members-later", test_members_later);
  ADD ("mention", test_mention);
  ADD ("silence", test_silence);
  ADD ("once", test_once);
  ADD ("busy", test_busy);
  ADD ("session", test_session);
  ADD ("name-taken", test_name_taken);
  return g_test_run ();
}
