/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-help-bot.h"

#include "core/chat-names.h"
#include "role-test.h"
#include "server/bot/chat-help-topics.h"

#define LIMIT 5

static ChatHelpBot *
bot_start (RoleTest *test, const char *const *channels)
{
  const ChatBotOptions options = { test->transport, test->store, test->signer, channels };
  ChatHelpBot *bot = chat_help_bot_new (&options, LIMIT);

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
make_channel (RoleTest *test, const char *name, ChatChannelKind kind, const char *const *members)
{
  const ChatChannelInfo info = { .name = (char *)name, .kind = kind, .members = (char **)members, .active = 1 };
  gboolean created;

  g_assert_true (chat_test_call_out (chat_channel_store_ensure, chat_store_get_channels (test->sqlite), &created, NULL,
                                     &info, members));
}

/* What is asked, and a piece of the answer. */
static void
test_answers (void)
{
  const struct
  {
    const char *question, *answer;
  } cases[] = {
    { "¿Qué comandos hay?", "`/users` quién está" },
    { "what are the commands?", "`/users` who is here" },
    { "¿Cómo funciona la MODERACIÓN?", "Con 5 avisos" },
    { "how does moderation work", "At 5 warnings" },
    { "why was my message masked", "word lists" },
    { "estoy bloqueado", "*Recurrir*" },
    { "how can I appeal", "*Appeal* button" },
    { "¿cómo voy a una fecha?", "Ctrl+G" },
    { "go to a date", "Back to now" },
    { "buscar mensajes", "Ctrl+Mayús+F" },
    { "How do I search for a message?", "Ctrl+Shift+F" },
    { "mensajes privados", "`/msg nombre texto`" },
    { "a private message", "`/msg name text`" },
    { "¿se puede editar?", "↑" },
    { "gracias", "De nada." },
    { "thank you", "You're welcome." },
    { "hola", "Puedo explicar" },
    { "help", "I can explain" },
    { "", "In English" },
    { "zzz", "In English" },
    { "\xf0\x9f\x98\x80", "In English" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = chat_help_answer (cases[i].question, LIMIT);

      g_test_message ("%s → %s", cases[i].question, answer);
      g_assert_nonnull (strstr (answer, cases[i].answer));
      g_assert_null (strchr (answer, '%'));
      g_assert_null (strchr (answer, '@') != NULL && strstr (answer, "@ayuda") ? answer : NULL);
      g_assert_true (chat_text_check (answer, NULL));
    }
}

/* In its conversation, and wherever it is named, in the language of the question. */
static void
test_mentioned (RoleTest *test, gconstpointer shards)
{
  const char *const with_bot[] = { "ana", "ayuda", NULL };
  ChatHelpBot *bot = bot_start (test, NULL);

  make_channel (test, "dm.with", CHAT_CHANNEL_PRIVATE, with_bot);
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m1", "oye, ¿cómo busco algo, @ayuda?");
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m2", "@Ayuda: how do I search?");
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m3", "escribe a correo@ayuda.example, o a @ayudante");
  put (test, CHAT_TOPIC_PRIVATE, "ana", "dm.with", "m4", "comandos");
  role_test_check (test, CHAT_TOPIC_CHAT, "channel:author:reply:bot",
                   "general:ayuda:m1:bot general:ayuda:m2:bot dm.with:ayuda:m4:bot");
  g_autoptr (GPtrArray) answers = role_test_list (test, CHAT_TOPIC_CHAT);
  g_assert_nonnull (strstr (chat_message_get_data (g_ptr_array_index (answers, 0)), "Para buscar"));
  g_assert_nonnull (strstr (chat_message_get_data (g_ptr_array_index (answers, 1)), "To search"));
  role_test_stop (test, bot);
}

/* It never answers a bot, nor itself; and the same message never twice under another id. */
static void
test_once (RoleTest *test, gconstpointer shards)
{
  ChatHelpBot *bot = bot_start (test, NULL);
  g_autoptr (ChatMessage) other = role_test_message (test, "eco", "general", "m1", "@ayuda comandos");

  chat_message_set_bot (other, TRUE);
  role_test_publish (test, CHAT_TOPIC_CONTROLLED, other);
  put (test, CHAT_TOPIC_CONTROLLED, "AYUDA", "general", "m2", "@ayuda comandos");
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m3", "@ayuda comandos");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m3");
  role_test_stop (test, bot);
  bot = bot_start (test, NULL);
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", "m3", "@ayuda comandos");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m3 m3");
  g_autoptr (GPtrArray) answers = role_test_list (test, CHAT_TOPIC_CHAT);
  g_assert_cmpstr (chat_message_get_id (g_ptr_array_index (answers, 0)), ==,
                   chat_message_get_id (g_ptr_array_index (answers, 1)));
  role_test_stop (test, bot);
}

/* A channel is not flooded, whoever asks; another channel and conversations are not held up by it, and a batch that is
 * gone through again counts once. */
static void
test_bounded (RoleTest *test, gconstpointer shards)
{
  ChatHelpBot *bot = bot_start (test, NULL);

  chat_loopback_transport_fail_forwards (test->loopback, 2, CHAT_TRANSPORT_ERROR_ABORTED);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", i);
      put (test, CHAT_TOPIC_CONTROLLED, "ana", "general", id, "@ayuda comandos");
    }
  put (test, CHAT_TOPIC_CONTROLLED, "ana", "other", "end", "@ayuda comandos");
  role_test_check (test, CHAT_TOPIC_CHAT, "reply", "m0 m1 m2 m3 m4 m5 end");
  role_test_stop (test, bot);
}

static gboolean
is_member (RoleTest *test)
{
  g_autoptr (ChatChannelInfo) info
      = chat_test_call (chat_channel_store_get, chat_store_get_channels (test->sqlite), NULL, "general", "ayuda");

  return info->joined;
}

static void
test_member (RoleTest *test, gconstpointer shards)
{
  const char *const channels[] = { "nowhere", "general", NULL };

  make_channel (test, "general", CHAT_CHANNEL_PUBLIC, NULL);
  ChatHelpBot *bot = bot_start (test, channels);
  g_assert_true (is_member (test));
  role_test_stop (test, bot);
  g_assert_false (is_member (test));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/help-bot/answers", test_answers);
#define ADD(name, func)                                                                                                \
  g_test_add ("/help-bot/" name, RoleTest, GUINT_TO_POINTER (1), role_test_set_up, func, role_test_tear_down)
  ADD ("mentioned", test_mentioned);
  ADD ("once", test_once);
  ADD ("bounded", test_bounded);
  ADD ("member", test_member);
  return g_test_run ();
}
