/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is offered for what is being typed; emoji by their names; what a message says in words. */
#include "app/chat-completer.h"
#include "app/chat-emoji-names.h"
#include "app/chat-message-text.h"
#include "client/chat-channel-private.h"
#include "client/chat-message-item-private.h"
#include "client/chat-user-private.h"
#include "core/chat-time.h"

#include <string.h>

static ChatCompleter *
create_completer (void)
{
  static const char *const users[] = { "ana", "Anabel", "Luis Ángel", "mariana", "ñandú" };
  static const char *const channels[] = { "general", "incidencias", "linea-general", "dm.abc" };
  g_autoptr (GListStore) user_list = g_list_store_new (CHAT_TYPE_USER);
  g_autoptr (GListStore) channel_list = g_list_store_new (CHAT_TYPE_CHANNEL);

  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    {
      g_autoptr (ChatUser) user = chat_user_new (users[i]);

      g_list_store_append (user_list, user);
    }
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    {
      g_autoptr (ChatChannel) channel = chat_channel_new (channels[i], NULL, NULL);

      if (g_str_has_prefix (channels[i], "dm."))
        chat_channel_set_other (channel, "luis");
      g_list_store_append (channel_list, channel);
    }
  return chat_completer_new (G_LIST_MODEL (user_list), G_LIST_MODEL (channel_list));
}

/* Completes at `|`; answers what would then stand there, one text a completion. */
static char *
complete (ChatCompleter *completer, const char *typed)
{
  g_auto (GStrv) parts = g_strsplit (typed, "|", 2);
  g_autofree char *text = g_strconcat (parts[0], parts[1], NULL);
  g_autoptr (GPtrArray) found = chat_completer_complete (completer, text, (guint)g_utf8_strlen (parts[0], -1));
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_cmpuint (found->len, <=, CHAT_COMPLETIONS_MAX);
  for (guint i = 0; i < found->len; i++)
    {
      const ChatCompletion *completion = g_ptr_array_index (found, i);
      g_autofree char *before = g_utf8_substring (text, 0, completion->start);
      const char *after = g_utf8_offset_to_pointer (text, completion->end);

      g_assert_nonnull (completion->label);
      g_string_append_printf (out, "%s%s%s%s", i > 0 ? " | " : "", before, completion->insert, after);
    }
  return g_strdup (out->str);
}

static void
test_completions (void)
{
  static const struct
  {
    const char *typed, *offered;
  } cases[] = {
    { "/top|", "/topic " },
    { "/topic|", "" },
    { " /top|", "" },
    { "@an|", "@ana  | @Anabel  | @mariana  | @ñandú " },
    { "hola @ANA| y", "hola @ana  y | hola @Anabel  y | hola @mariana  y" },
    { "@ñ|", "@ñandú " },
    { "@luis|", "@Luis Ángel " },
    { "@ñandú|", "" },
    { "correo@an|", "" },
    { "#gen|", "#general  | #linea-general " },
    { "#luis|", "" },
    { "/join inc|", "/join incidencias " },
    { "/join |", "/join general  | /join incidencias  | /join linea-general " },
    { "/leave |", "" },
    { "/msg mar|", "/msg mariana " },
    { "/me an|", "" },
    { ":D|", "" },
    { ":tad|", "🎉 " },
    { "bien :rocket|", "bien 🚀 " },
    { "|@an", "" },
    { "sin nada|", "" },
    { "|", "" },
  };
  g_autoptr (ChatCompleter) completer = create_completer ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *offered = complete (completer, cases[i].typed);

      g_test_message ("%s", cases[i].typed);
      g_assert_cmpstr (offered, ==, cases[i].offered);
    }
}

static void
test_nothing_known (void)
{
  g_autoptr (ChatCompleter) completer = chat_completer_new (NULL, NULL);
  g_autofree char *users = complete (completer, "@a|");
  g_autofree char *channels = complete (completer, "/join |");
  g_autofree char *commands = complete (completer, "/users|");
  g_autofree char *many = complete (completer, ":e|moji");

  g_assert_cmpstr (users, ==, "");
  g_assert_cmpstr (channels, ==, "");
  g_assert_cmpstr (commands, ==, "");
  g_assert_cmpstr (many, ==, "");
}

static void
test_emoji_names (void)
{
  gsize n;
  const ChatEmojiName *names = chat_emoji_names (&n);

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("a :%s: b", names[i].name);
      g_autofree char *expected = g_strdup_printf ("a %s b", names[i].emoji);
      g_autofree char *replaced = chat_emoji_replace (text);

      g_assert_true (i == 0 || strcmp (names[i - 1].name, names[i].name) < 0);
      g_assert_cmpstr (chat_emoji_find (names[i].name), ==, names[i].emoji);
      g_assert_cmpstr (replaced, ==, expected);
    }
  g_assert_null (chat_emoji_find ("tad"));
  g_assert_null (chat_emoji_find ("tadaa"));
  g_assert_null (chat_emoji_find (""));
}

static void
test_emoji_replace (void)
{
  static const char *const cases[][2] = {
    { ":tada::fire:", "🎉🔥" },
    { "a las 10:100:20", "a las 10:100:20" },
    { "`:tada:`", "`:tada:`" },
    { "```\n:tada:\n```\n:tada:", "```\n:tada:\n```\n🎉" },
    { ":no-such:", ":no-such:" },
    { "::", "::" },
    { ":", ":" },
    { ":tada", ":tada" },
    { "http://x:fire:", "http://x:fire:" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *replaced = chat_emoji_replace (cases[i][0]);

      g_assert_cmpstr (replaced, ==, cases[i][1]);
    }
}

static void
test_excerpts (void)
{
  static const struct
  {
    const char *text;
    guint chars;
    const char *excerpt;
  } cases[] = {
    { "hola", 10, "hola" },
    { "  a \n\t b  ", 10, "a b" },
    { "uno dos tres", 7, "uno dos…" },
    { "uno dos tres", 8, "uno dos…" },
    { "ñandúes", 3, "ñan…" },
    { "", 5, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *excerpt = chat_message_text_dup_excerpt (cases[i].text, cases[i].chars);

      g_assert_cmpstr (excerpt, ==, cases[i].excerpt);
    }
}

static ChatMessageItem *
create_item (ChatItemState *state, const char *reply_to)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);
  ChatMessageItem *item;

  chat_message_set_id (message, "m");
  chat_message_set_author (message, "ana");
  chat_message_set_data (message, "hola");
  chat_message_set_reply_to (message, reply_to);
  chat_message_set_timestamp (message, 1000);
  item = chat_message_item_new (message);
  if (state != NULL)
    chat_message_item_take_state (item, state);
  return item;
}

static void
assert_label (ChatMessageItem *item, const char *end)
{
  g_autofree char *label = chat_message_text_dup_label (item, NULL);

  g_assert_true (g_str_has_prefix (label, "ana, "));
  if (!g_str_has_suffix (label, end))
    g_error ("“%s” does not end in “%s”", label, end);
}

static void
test_labels (void)
{
  ChatItemState *edited = chat_item_state_new (), *deleted = chat_item_state_new ();
  const char *const users[] = { "eva", "luis", NULL };
  g_autoptr (ChatMessageItem) plain = create_item (NULL, NULL);
  g_autoptr (ChatMessageItem) reply = create_item (NULL, "q");
  g_autoptr (ChatMessageItem) changed = NULL, gone = NULL;
  g_autoptr (ChatMessage) quoted = chat_message_new (CHAT_KIND_MESSAGE);

  edited->text = g_strdup ("adiós");
  edited->edited = 2000;
  g_ptr_array_add (edited->reactions, chat_reaction_group_new ("👍", g_strdupv ((char **)users), FALSE));
  deleted->deleted = 2000;
  deleted->deleted_by = g_strdup ("eva");
  changed = create_item (edited, NULL);
  gone = create_item (deleted, NULL);
  assert_label (plain, ": hola");
  assert_label (changed, ": adiós (edited). 👍 2");
  assert_label (gone, ": This message was deleted by eva.");
  assert_label (reply, ": hola (reply to An earlier message)");
  chat_message_set_author (quoted, "luis");
  chat_message_set_data (quoted, "una\npregunta");
  chat_message_item_set_quoted (reply, quoted);
  assert_label (reply, ": hola (reply to luis: una pregunta)");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/completer/completions", test_completions);
  g_test_add_func ("/completer/nothing-known", test_nothing_known);
  g_test_add_func ("/emoji/names", test_emoji_names);
  g_test_add_func ("/emoji/replace", test_emoji_replace);
  g_test_add_func ("/message-text/excerpts", test_excerpts);
  g_test_add_func ("/message-text/labels", test_labels);
  return g_test_run ();
}
