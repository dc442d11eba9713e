/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-names.h"
#include "store-case.h"

static ChatChannelInfo *
get (StoreCase *self, const char *name, const char *user)
{
  g_autoptr (GError) error = NULL;
  ChatChannelInfo *info = chat_test_call (chat_channel_store_get, self->channels, &error, name, user);

  if (info == NULL)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  return info;
}

static void
set_member (StoreCase *self, const char *name, const char *user, gboolean member)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_channel_store_set_member, self->channels, &error, name, user, user, member));
  g_assert_no_error (error);
}

static void
set_read (StoreCase *self, const char *name, const char *user, gint64 seq)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_channel_store_set_read, self->channels, &error, name, user, seq));
  g_assert_no_error (error);
}

static gint64
get_read (StoreCase *self, const char *name, const char *user)
{
  g_autoptr (ChatChannelInfo) info = get (self, name, user);

  return info->read;
}

static void
update (StoreCase *self, const char *name, const char *topic, const char *language)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_channel_store_update, self->channels, &error, name, topic, language));
  g_assert_no_error (error);
}

static void
assert_members (const ChatChannelInfo *info, const char *const *expected)
{
  g_assert_cmpstrv (info->members, (char **)expected);
}

static void
make_conversation (StoreCase *self, const char *name)
{
  const char *members[] = { "eva", "ana", NULL };
  ChatChannelInfo info
      = { .name = (char *)name, .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)members, .active = 7 };

  g_assert_true (store_ensure (self, &info));
}

static void
made_once (StoreCase *self)
{
  const char *members[] = { "eva", "ana", NULL };
  const char *sorted[] = { "ana", "eva", NULL };
  ChatChannelInfo info = { .name = (char *)"general",
                           .topic = (char *)"all and nothing",
                           .language = (char *)"es",
                           .members = (char **)members,
                           .active = 1234,
                           .head = 99,
                           .read = 99 };

  g_assert_null (get (self, "general", NULL));
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (ChatChannelInfo) stored = NULL;

      g_assert_cmpint (store_ensure (self, &info), ==, round == 0);
      stored = get (self, "general", "ana");
      g_assert_cmpstr (stored->name, ==, "general");
      g_assert_cmpint (stored->kind, ==, CHAT_CHANNEL_PUBLIC);
      g_assert_cmpstr (stored->topic, ==, "all and nothing");
      g_assert_cmpstr (stored->language, ==, "es");
      g_assert_cmpint (stored->active, ==, 1234);
      g_assert_cmpint (stored->head, ==, 0);
      g_assert_cmpint (stored->read, ==, 0);
      assert_members (stored, sorted);

      /* another one of that name changes nothing */
      info.topic = (char *)"another";
      info.members = NULL;
      info.active = 1;
      store_case_reopen (self);
    }
}

/* Whatever is asked for under a name that is there, nothing changes: members or none, the same kind or the other. */
static void
made_without_members (StoreCase *self)
{
  const char *members[] = { "ana", NULL };
  ChatChannelInfo public = { .name = (char *)"general", .topic = (char *)"first" };
  ChatChannelInfo private = { .name = (char *)"general", .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)members };
  g_autoptr (ChatChannelInfo) stored = NULL;

  g_assert_true (store_ensure (self, &public));
  public.topic = (char *)"second";
  public.members = (char **)members;
  g_assert_false (store_ensure (self, &public));
  g_assert_false (store_ensure (self, &private));
  stored = get (self, "general", "eva");
  g_assert_cmpint (stored->kind, ==, CHAT_CHANNEL_PUBLIC);
  g_assert_cmpstr (stored->topic, ==, "first");
  g_assert_cmpuint (g_strv_length (stored->members), ==, 0);
}

static void
made_by_append (StoreCase *self)
{
  const char *nobody[] = { NULL };
  g_autoptr (ChatChannelInfo) info = NULL;

  store_append (self, "general", "m-1", 500);
  store_append (self, "general", "m-2", 400);
  info = get (self, "general", "ana");
  g_assert_cmpint (info->kind, ==, CHAT_CHANNEL_PUBLIC);
  g_assert_cmpint (info->head, ==, 2);
  g_assert_cmpint (info->active, ==, 400);
  g_assert_null (info->topic);
  g_assert_null (info->language);
  assert_members (info, nobody);
}

static void
private_ones_are_their_members (StoreCase *self)
{
  g_autofree char *name = chat_conversation_name ((const char *const[]){ "ana", "eva", NULL });
  static const char *const users[] = { "ana", "eva", "leo", "an", "%", NULL };

  make_conversation (self, name);
  store_append (self, "general", "m-1", 1);
  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    {
      gboolean sees = users[i] == NULL || i < 2;
      g_autoptr (ChatChannelInfo) info = get (self, name, users[i]);
      g_autoptr (GPtrArray) list = chat_test_call (chat_channel_store_list, self->channels, NULL, users[i]);

      g_assert_cmpint (info != NULL, ==, sees);
      g_assert_cmpuint (list->len, ==, sees ? 2 : 1);
      if (info != NULL)
        g_assert_cmpint (info->kind, ==, CHAT_CHANNEL_PRIVATE);
    }
}

/* A history that is filled in again before anybody asks for the conversation must not lock its members out. */
static void
private_one_made_by_append (StoreCase *self)
{
  g_autofree char *name = chat_conversation_name ((const char *const[]){ "ana", "eva", NULL });
  const char *others[] = { "leo", "mar", NULL };
  ChatChannelInfo info = { .name = name, .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)others };
  g_autoptr (ChatChannelInfo) stored = NULL;

  store_append (self, name, "m-1", 1);
  g_assert_null (get (self, name, "ana"));
  make_conversation (self, name);
  stored = get (self, name, "ana");
  g_assert_cmpint (stored->head, ==, 1);
  g_assert_cmpuint (g_strv_length (stored->members), ==, 2);

  /* but only once */
  g_assert_false (store_ensure (self, &info));
  g_assert_null (get (self, name, "leo"));
}

static void
in_order_of_names (StoreCase *self)
{
  static const char *const names[] = { "b", "a", "z-9", "a.b", "10", "9", "a-b", "a_b" };
  static const char *const sorted[] = { "10", "9", "a", "a-b", "a.b", "a_b", "b", "z-9" };
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (store_ensure (self, &(ChatChannelInfo){ .name = (char *)names[i] }));
  list = chat_test_call (chat_channel_store_list, self->channels, NULL, "ana");
  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (sorted));
  for (guint i = 0; i < list->len; i++)
    g_assert_cmpstr (((ChatChannelInfo *)g_ptr_array_index (list, i))->name, ==, sorted[i]);
}

static void
updates (StoreCase *self)
{
  static const struct
  {
    const char *topic, *language;
    const char *new_topic, *new_language;
  } steps[] = {
    { "one", "es", "one", "es" }, { NULL, NULL, "one", "es" }, { "two", NULL, "two", "es" },
    { NULL, "en", "two", "en" },  { "", NULL, NULL, "en" },    { NULL, "", NULL, NULL },
  };
  g_autoptr (GError) error = NULL;

  store_append (self, "general", "m-1", 1);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (ChatChannelInfo) info = NULL;

      update (self, "general", steps[i].topic, steps[i].language);
      info = get (self, "general", NULL);
      g_assert_cmpstr (info->topic, ==, steps[i].new_topic);
      g_assert_cmpstr (info->language, ==, steps[i].new_language);
    }
  g_assert_false (chat_test_call (chat_channel_store_update, self->channels, &error, "unknown", "x", "es"));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
}

static void
joins_and_leaves (StoreCase *self)
{
  g_autofree char *conversation = chat_conversation_name ((const char *const[]){ "ana", "eva", NULL });
  g_autoptr (ChatChannelInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  store_append (self, "general", "m-1", 1);
  store_append (self, "other", "m-2", 1);
  set_member (self, "general", "eva", TRUE);
  set_member (self, "general", "ana", TRUE);
  set_member (self, "general", "ana", TRUE);
  set_member (self, "general", "leo", FALSE);
  info = get (self, "general", NULL);
  assert_members (info, (const char *[]){ "ana", "eva", NULL });
  g_clear_pointer (&info, chat_channel_info_free);

  set_member (self, "general", "ana", FALSE);
  info = get (self, "general", NULL);
  assert_members (info, (const char *[]){ "eva", NULL });

  g_assert_false (
      chat_test_call (chat_channel_store_set_member, self->channels, &error, "unknown", "ana", "ana", TRUE));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  make_conversation (self, conversation);
  for (guint member = 0; member < 2; member++)
    {
      g_assert_false (chat_test_call (chat_channel_store_set_member, self->channels, &error, conversation, "ana", "ana",
                                      (gboolean)member));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
      g_clear_error (&error);
    }
}

static void
read_markers (StoreCase *self)
{
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i <= 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      store_append (self, "general", id, i);
    }
  g_assert_cmpint (get_read (self, "general", "ana"), ==, 0);
  set_read (self, "general", "ana", 3);
  g_assert_cmpint (get_read (self, "general", "ana"), ==, 3);
  g_assert_cmpint (get_read (self, "general", "eva"), ==, 0);
  g_assert_cmpint (get_read (self, "general", NULL), ==, 0);
  set_read (self, "general", "ana", 2);
  g_assert_cmpint (get_read (self, "general", "ana"), ==, 3);
  set_read (self, "general", "ana", 1000);
  set_read (self, "general", "ana", 0);
  g_assert_cmpint (get_read (self, "general", "ana"), ==, 5);
  list = chat_test_call (chat_channel_store_list, self->channels, NULL, "ana");
  g_assert_cmpint (((ChatChannelInfo *)g_ptr_array_index (list, 0))->read, ==, 5);

  g_assert_false (chat_test_call (chat_channel_store_set_read, self->channels, &error, "unknown", "ana", (gint64)1));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (chat_test_call (chat_channel_store_set_read, self->channels, &error, "general", "ana", (gint64)-1));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
odd_strings (StoreCase *self)
{
  store_append (self, "general", "m-1", 1);
  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      const char *odd = store_odd_strings[i];
      const char *members[] = { odd, NULL };
      g_autofree char *topic = *odd != '\0' ? g_strdup (odd) : NULL;
      g_autoptr (ChatChannelInfo) info = NULL;

      update (self, "general", odd, odd);
      set_member (self, "general", odd, TRUE);
      set_read (self, "general", odd, 1);
      info = get (self, "general", odd);
      g_assert_cmpstr (info->topic, ==, topic);
      g_assert_cmpstr (info->language, ==, topic);
      assert_members (info, members);
      g_assert_cmpint (info->read, ==, 1);
      set_member (self, "general", odd, FALSE);
      g_assert_null (get (self, odd, NULL));
    }
}

static void
refused (StoreCase *self)
{
  const char *nobody[] = { NULL };
  const ChatChannelInfo infos[] = {
    { .name = NULL },
    { .name = (char *)"" },
    { .name = (char *)"No Name" },
    { .name = (char *)"x'); --" },
    { .name = (char *)"x", .kind = 7 },
    { .name = (char *)"dm.x", .kind = CHAT_CHANNEL_PRIVATE },
    { .name = (char *)"dm.x", .kind = CHAT_CHANNEL_PRIVATE, .members = (char **)nobody },
  };
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      GAsyncResult *awaited = NULL;

      chat_channel_store_ensure_async (self->channels, &infos[i], (const char *const *)infos[i].members, NULL,
                                       chat_test_result_cb, &awaited);
      result = chat_test_await (&awaited, "the refusal");
      g_assert_false (chat_channel_store_ensure_finish (self->channels, result, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  list = chat_test_call (chat_channel_store_list, self->channels, NULL, NULL);
  g_assert_cmpuint (list->len, ==, 0);
}

void
store_cases_channels (const StoreFixture *fixture)
{
  store_case_add (fixture, "channels/made-once", made_once);
  store_case_add (fixture, "channels/made-without-members", made_without_members);
  store_case_add (fixture, "channels/made-by-append", made_by_append);
  store_case_add (fixture, "channels/private-ones-are-their-members", private_ones_are_their_members);
  store_case_add (fixture, "channels/private-one-made-by-append", private_one_made_by_append);
  store_case_add (fixture, "channels/in-order-of-names", in_order_of_names);
  store_case_add (fixture, "channels/updates", updates);
  store_case_add (fixture, "channels/joins-and-leaves", joins_and_leaves);
  store_case_add (fixture, "channels/read-markers", read_markers);
  store_case_add (fixture, "channels/odd-strings", odd_strings);
  store_case_add (fixture, "channels/refused", refused);
}
