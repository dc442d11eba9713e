/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is unread, and by whom one is named in it. */
#include <string.h>

#include "core/chat-names.h"
#include "moderation/chat-skeleton.h"
#include "server/store/chat-mentions.h"
#include "store-case.h"

static void
say (StoreCase *self, const char *channel, const char *id, const char *author, const char *data)
{
  g_autoptr (ChatMessage) message = store_message_new (CHAT_KIND_MESSAGE, channel, id, author, data);

  g_assert_cmpint (store_append_message (self, message).outcome, ==, CHAT_APPEND_STORED);
}

static void
change (StoreCase *self, ChatMessageKind kind, const char *id, const char *target, const char *data)
{
  g_autoptr (ChatMessage) message = store_message_new (kind, "general", id, "eva", data);

  chat_message_set_target (message, target);
  store_append_message (self, message);
}

static void
set_read (StoreCase *self, const char *user_key, gint64 seq)
{
  g_assert_true (chat_test_call (chat_channel_store_set_read, self->channels, NULL, "general", user_key, seq));
}

static void
assert_unread (StoreCase *self, const char *channel, const char *user_key, guint unread, guint mentions)
{
  g_autoptr (ChatChannelInfo) info = chat_test_call (chat_channel_store_get, self->channels, NULL, channel, user_key);
  g_autoptr (GPtrArray) list = chat_test_call (chat_channel_store_list, self->channels, NULL, user_key);

  g_assert_cmpuint (info->unread, ==, unread);
  g_assert_cmpuint (info->mentions, ==, mentions);
  for (guint i = 0; i < list->len; i++)
    {
      const ChatChannelInfo *listed = g_ptr_array_index (list, i);

      if (!g_str_equal (listed->name, channel))
        continue;
      g_assert_cmpuint (listed->unread, ==, unread);
      g_assert_cmpuint (listed->mentions, ==, mentions);
    }
}

static void
counted (StoreCase *self)
{
  say (self, "general", "m-1", "Eva", "hello");
  say (self, "general", "m-2", "ana", "hello @eva");
  say (self, "general", "m-3", "EVA", "@Ana: hello");
  say (self, "general", "m-4", NULL, "nobody's");
  change (self, CHAT_KIND_JOIN, "j-1", NULL, NULL);
  say (self, "other", "m-5", "eva", "elsewhere");
  assert_unread (self, "general", "ana", 3, 1);
  assert_unread (self, "general", "eva", 2, 1);
  assert_unread (self, "general", "leo", 4, 0);
  assert_unread (self, "general", NULL, 0, 0);
  assert_unread (self, "other", "ana", 1, 0);

  set_read (self, "ana", 1);
  assert_unread (self, "general", "ana", 2, 1);
  set_read (self, "ana", 3);
  assert_unread (self, "general", "ana", 1, 0);
  set_read (self, "ana", 5);
  store_case_reopen (self);
  assert_unread (self, "general", "ana", 0, 0);
  assert_unread (self, "general", "leo", 4, 0);
}

/* As they read now. */
static void
changed (StoreCase *self)
{
  say (self, "general", "m-1", "eva", "for @ana");
  say (self, "general", "m-2", "eva", "for nobody");
  say (self, "general", "m-3", "eva", "for @ana again");
  assert_unread (self, "general", "ana", 3, 2);
  change (self, CHAT_KIND_EDIT, "e-1", "m-1", "for @leo");
  change (self, CHAT_KIND_EDIT, "e-2", "m-2", "for @ana and @leo");
  change (self, CHAT_KIND_DELETE, "d-1", "m-3", NULL);
  assert_unread (self, "general", "ana", 2, 1);
  assert_unread (self, "general", "leo", 2, 2);
}

static void
up_to_a_limit (StoreCase *self)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;

  for (guint i = 0; i < CHAT_UNREAD_MAX + 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      g_ptr_array_add (batch, store_message_new (CHAT_KIND_MESSAGE, "general", id, "eva", "@ana"));
    }
  results = chat_test_call (chat_message_store_append, self->messages, NULL, batch);
  assert_unread (self, "general", "ana", CHAT_UNREAD_MAX, CHAT_UNREAD_MAX);
  set_read (self, "ana", 6);
  assert_unread (self, "general", "ana", CHAT_UNREAD_MAX - 1, CHAT_UNREAD_MAX - 1);
}

static void
who_is_named (StoreCase *self)
{
  static const struct
  {
    const char *text;
    const char *names; /* of whose keys are wanted */
  } rows[] = {
    { "@ana", "ana" },
    { "hello @Ana!", "ana" },
    { "(@ANA)", "ana" },
    { "@ana, @eva; @leo.", "ana eva leo" },
    { "@ana:hello", "ana" },
    { "@ana\nhello", "ana" },
    { "@ana @ana @ana", "ana" },
    { "@Ana María Ruiz Gil", "ana|ana maría|ana maría ruiz" },
    { "@ana  two", "ana" },
    { "@ana. Then", "ana" },
    { "@ana-b and", "ana-b|ana-b and" },
    { "@niño", "niño" },
    { "mail ana@example.org", "" },
    { "@", "" },
    { "@@ana", "ana" },
    { "@ ana", "" },
    { "@!", "" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_auto (GStrv) keys = g_strsplit_set (rows[i].names, strchr (rows[i].names, '|') != NULL ? "|" : " ", -1);
      g_autoptr (GPtrArray) found = chat_mentions_find (rows[i].text);

      g_assert_cmpuint (found != NULL ? found->len : 0, ==, g_strv_length (keys));
      for (char **key = keys; *key != NULL; key++)
        {
          g_autofree char *skeleton = chat_skeleton (*key);

          g_assert_true (g_ptr_array_find_with_equal_func (found, skeleton, g_str_equal, NULL));
        }
      if (*rows[i].text == '\0')
        continue;
      say (self, "general", id, "someone", rows[i].text);
      set_read (self, "ana", i);
      assert_unread (self, "general", "ana", 1, g_strv_contains ((const char *const *)keys, "ana"));
    }
}

/* A text that is nothing but names costs no more than some of them. */
static void
many_names (StoreCase *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) found = NULL;
  g_autofree char *first = chat_skeleton ("user0");

  for (guint i = 0; text->len < 7900; i++)
    g_string_append_printf (text, "@user%u ", i);
  found = chat_mentions_find (text->str);
  g_assert_cmpuint (found->len, ==, CHAT_MENTIONS_MAX);
  say (self, "general", "m-1", "eva", text->str);
  assert_unread (self, "general", first, 1, 1);
}

/* A member is a member under any spelling; the first one is shown. */
static void
members_by_key (StoreCase *self)
{
  const char *members[] = { "Ana", "EVA", NULL };
  const char *const keys[] = { "ana", "eva", NULL };
  g_autofree char *name = chat_conversation_name (keys);
  ChatChannelInfo info = { .name = name, .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)members };
  g_autoptr (ChatChannelInfo) stored = NULL;

  g_assert_true (store_ensure_with_keys (self, &info, keys));
  stored = chat_test_call (chat_channel_store_get, self->channels, NULL, name, "eva");
  g_assert_cmpstrv (stored->members, (char **)members);
  g_assert_true (stored->joined);
  g_clear_pointer (&stored, chat_channel_info_free);
  g_assert_null (chat_test_call (chat_channel_store_get, self->channels, NULL, name, "EVA"));

  say (self, "general", "m-1", "ana", "hello");
  for (guint i = 0; i < 2; i++)
    g_assert_true (chat_test_call (chat_channel_store_set_member, self->channels, NULL, "general",
                                   i == 0 ? "Ana" : "ANA", "ana", TRUE));
  stored = chat_test_call (chat_channel_store_get, self->channels, NULL, "general", "ana");
  g_assert_cmpstrv (stored->members, ((char *[]){ (char *)"Ana", NULL }));
  g_assert_true (stored->joined);
  g_clear_pointer (&stored, chat_channel_info_free);
  g_assert_true (chat_test_call (chat_channel_store_set_member, self->channels, NULL, "general", "aNa", "ana", FALSE));
  stored = chat_test_call (chat_channel_store_get, self->channels, NULL, "general", "ana");
  g_assert_false (stored->joined);
}

/* A key for each member, or nothing is made. */
static void
keys_missing (StoreCase *self)
{
  const char *members[] = { "Ana", "Eva", NULL };
  const char *const key[] = { "ana", NULL };
  const ChatChannelInfo info = { .name = (char *)"general", .members = (char **)members };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean created;

      g_assert_false (
          chat_test_call_out (chat_channel_store_ensure, self->channels, &created, &error, &info, i == 0 ? key : NULL));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

void
store_cases_unread (const StoreFixture *fixture)
{
  store_case_add (fixture, "unread/counted", counted);
  store_case_add (fixture, "unread/changed", changed);
  store_case_add (fixture, "unread/up-to-a-limit", up_to_a_limit);
  store_case_add (fixture, "unread/who-is-named", who_is_named);
  store_case_add (fixture, "unread/many-names", many_names);
  store_case_add (fixture, "unread/members-by-key", members_by_key);
  store_case_add (fixture, "unread/keys-missing", keys_missing);
}
