/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What edits, deletions and reactions make of a message, in whatever order they come. */
#include "core/chat-time.h"
#include "store-case.h"

static ChatMessage *
get (StoreCase *self, const char *id)
{
  g_autoptr (GError) error = NULL;
  ChatMessage *message = chat_test_call (chat_message_store_get, self->messages, &error, id);

  g_assert_no_error (error);
  return message;
}

static void
assert_text (StoreCase *self, const char *id, const char *text)
{
  g_autoptr (ChatMessage) message = get (self, id);

  g_assert_cmpstr (chat_message_get_data (message), ==, text);
}

/* whether it was told now, and not before */
static ChatAppendOutcome
tell (StoreCase *self, ChatMessageKind kind, const char *id, const char *author, const char *target, const char *data)
{
  g_autoptr (ChatMessage) message = store_message_new (kind, "general", id, author, data);

  chat_message_set_target (message, target);
  return store_append_message (self, message).outcome;
}

static void
tell_as_moderator (StoreCase *self, ChatMessageKind kind, const char *id, const char *target, const char *data)
{
  g_autoptr (ChatMessage) message = store_message_new (kind, "general", id, "mod", data);

  chat_message_set_target (message, target);
  chat_message_set_moderator (message, TRUE);
  g_assert_cmpint (store_append_message (self, message).outcome, ==, CHAT_APPEND_STORED);
}

static void
assert_reactions (StoreCase *self, const char *id, const char *expected)
{
  g_autoptr (ChatMessage) message = get (self, id);
  const ChatMessageState *state = chat_message_get_state (message);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; state != NULL && i < state->reactions->len; i++)
    {
      const ChatReaction *reaction = g_ptr_array_index (state->reactions, i);

      g_string_append_printf (found, "%s:%s:%s ", reaction->id, reaction->author, reaction->emoji);
    }
  g_assert_cmpstr (found->str, ==, expected);
}

static void
edited (StoreCase *self)
{
  g_autoptr (ChatMessage) message = NULL;
  const ChatMessageState *state;

  tell (self, CHAT_KIND_MESSAGE, "m-1", "Ana", NULL, "one");
  tell (self, CHAT_KIND_MESSAGE, "m-2", "eva", NULL, "untouched");
  tell (self, CHAT_KIND_EDIT, "e-1", "Ana", "m-1", "two");
  tell (self, CHAT_KIND_EDIT, "e-2", "ANA", "m-1", "three");
  store_case_reopen (self);
  message = get (self, "m-1");
  state = chat_message_get_state (message);
  g_assert_cmpstr (chat_message_get_data (message), ==, "three");
  g_assert_cmpstr (chat_message_get_author (message), ==, "Ana");
  g_assert_cmpint (chat_message_get_seq (message), ==, 1);
  g_assert_cmpint (state->edited, ==, STORE_TIME);
  g_assert_cmpint (state->deleted, ==, CHAT_TIME_UNKNOWN);
  g_assert_null (state->deleted_by);
  g_assert_cmpint (state->seq, ==, 4);
  g_assert_cmpuint (state->reactions->len, ==, 0);

  /* edits are records like others; and whoever was not edited has no state */
  assert_text (self, "e-1", "two");
  assert_text (self, "e-2", "three");
  g_clear_pointer (&message, chat_message_unref);
  message = get (self, "m-2");
  g_assert_null (chat_message_get_state (message));
}

static void
in_pages (StoreCase *self)
{
  const ChatPage latest = { .kind = CHAT_PAGE_LATEST, .time_ms = CHAT_TIME_UNKNOWN, .limit = 10 };
  g_autoptr (ChatMessagePage) page = NULL;
  static const char *const texts[] = { "new", "", "", "" };

  tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "old");
  tell (self, CHAT_KIND_MESSAGE, "m-2", "ana", NULL, "gone");
  tell (self, CHAT_KIND_EDIT, "e-1", "ana", "m-2", "gone too");
  tell (self, CHAT_KIND_DELETE, "d-1", "ana", "m-2", NULL);
  tell (self, CHAT_KIND_EDIT, "e-2", "ana", "m-1", "new");
  page = chat_test_call (chat_message_store_list, self->messages, NULL, "general", &latest);
  g_assert_cmpuint (page->messages->len, ==, 5);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      const ChatMessage *message = g_ptr_array_index (page->messages, i);
      const char *data = chat_message_get_data (message);

      g_assert_cmpint (chat_message_get_kind (message), !=, CHAT_KIND_UNKNOWN);
      g_assert_cmpint (chat_message_get_seq (message), ==, i + 1);
      g_assert_cmpstr (data != NULL ? data : "", ==, texts[i]);
    }
}

/* The note on what a moderator masked is that of the text that holds. */
static void
edited_with_a_note (StoreCase *self)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  g_autoptr (ChatMessage) edit = store_message_new (CHAT_KIND_EDIT, "general", "e-1", "ana", "now ****");
  g_autoptr (ChatMessage) message = NULL;
  ChatSpan span = { 4, 4 };

  tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "words");
  g_array_append_val (spans, span);
  chat_message_take_moderation (edit, chat_moderation_note_new ("es/insults", g_array_ref (spans), 1, 3));
  chat_message_set_target (edit, "m-1");
  store_append_message (self, edit);
  message = get (self, "m-1");
  g_assert_cmpstr (chat_message_get_moderation (message)->rule, ==, "es/insults");

  g_clear_pointer (&message, chat_message_unref);
  tell (self, CHAT_KIND_EDIT, "e-2", "ana", "m-1", "clean");
  message = get (self, "m-1");
  g_assert_null (chat_message_get_moderation (message));
}

static void
who_may (StoreCase *self)
{
  g_autoptr (ChatMessage) elsewhere = store_message_new (CHAT_KIND_EDIT, "other", "e-4", "ana", "elsewhere");

  tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "one");
  tell (self, CHAT_KIND_MESSAGE, "m-2", NULL, NULL, "nobody's");
  tell (self, CHAT_KIND_REACTION, "r-1", "ana", "m-1", "👍");
  tell (self, CHAT_KIND_EDIT, "e-1", "eva", "m-1", "hers");
  tell (self, CHAT_KIND_EDIT, "e-2", NULL, "m-2", "still nobody's");
  tell (self, CHAT_KIND_EDIT, "e-3", "ana", "unknown", "of nothing");
  tell (self, CHAT_KIND_DELETE, "d-1", "eva", "m-1", NULL);
  tell (self, CHAT_KIND_DELETE, "d-2", "eva", "r-1", NULL);
  tell (self, CHAT_KIND_REACTION, "r-2", NULL, "m-1", "👍");
  tell (self, CHAT_KIND_EDIT, "e-5", "ana", "r-1", "no emoji");
  tell (self, CHAT_KIND_REACTION, "r-3", "eva", "r-1", "👍");
  chat_message_set_target (elsewhere, "m-1");
  store_append_message (self, elsewhere);
  assert_text (self, "m-1", "one");
  assert_text (self, "m-2", "nobody's");
  assert_reactions (self, "m-1", "r-1:ana:👍 ");

  tell_as_moderator (self, CHAT_KIND_EDIT, "e-6", "m-2", "a moderator's");
  tell_as_moderator (self, CHAT_KIND_DELETE, "d-3", "r-1", NULL);
  assert_text (self, "m-2", "a moderator's");
  assert_reactions (self, "m-1", "");
}

static void
deleted (StoreCase *self)
{
  g_autoptr (ChatMessage) message = NULL;
  const ChatMessageState *state;

  tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "one");
  tell (self, CHAT_KIND_EDIT, "e-1", "ana", "m-1", "two");
  tell (self, CHAT_KIND_REACTION, "r-1", "eva", "m-1", "👍");
  tell (self, CHAT_KIND_DELETE, "d-1", "ana", "m-1", NULL);
  tell (self, CHAT_KIND_EDIT, "e-2", "ana", "m-1", "too late");
  tell (self, CHAT_KIND_REACTION, "r-2", "eva", "m-1", "👎");
  tell_as_moderator (self, CHAT_KIND_DELETE, "d-2", "m-1", NULL);
  store_case_reopen (self);

  message = get (self, "m-1");
  state = chat_message_get_state (message);
  g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_MESSAGE);
  g_assert_cmpstr (chat_message_get_data (message), ==, "");
  g_assert_cmpstr (chat_message_get_author (message), ==, "ana");
  g_assert_cmpint (chat_message_get_timestamp (message), ==, STORE_TIME);
  g_assert_cmpint (state->deleted, ==, STORE_TIME);
  g_assert_null (state->deleted_by);
  g_assert_cmpint (state->seq, ==, 4);
  assert_reactions (self, "m-1", "");
  assert_text (self, "e-1", "");
  assert_text (self, "e-2", "");

  /* what is gone is known all the same */
  g_assert_cmpint (tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "one"), ==, CHAT_APPEND_REPEATED);
  g_assert_cmpint (tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, ""), ==, CHAT_APPEND_CONFLICT);
  g_assert_cmpint (tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "two"), ==, CHAT_APPEND_CONFLICT);
  g_assert_cmpint (tell (self, CHAT_KIND_EDIT, "e-1", "ana", "m-1", "two"), ==, CHAT_APPEND_REPEATED);
  g_assert_cmpint (tell (self, CHAT_KIND_EDIT, "e-2", "ana", "m-1", "too late"), ==, CHAT_APPEND_REPEATED);
  assert_text (self, "m-1", "");
}

static void
deleted_by_a_moderator (StoreCase *self)
{
  g_autoptr (ChatMessage) message = NULL;

  tell (self, CHAT_KIND_NOTICE, "m-1", "ana", NULL, "one");
  tell_as_moderator (self, CHAT_KIND_DELETE, "d-1", "m-1", NULL);
  message = get (self, "m-1");
  g_assert_cmpstr (chat_message_get_state (message)->deleted_by, ==, "mod");
  g_assert_cmpstr (chat_message_get_data (message), ==, "");
}

static void
reactions (StoreCase *self)
{
  tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "one");
  tell (self, CHAT_KIND_REACTION, "r-1", "Eva", "m-1", "👍");
  tell (self, CHAT_KIND_REACTION, "r-2", "ana", "m-1", "👍");
  tell (self, CHAT_KIND_REACTION, "r-3", "eva", "m-1", "🎉");
  tell (self, CHAT_KIND_REACTION, "r-4", "EVA", "m-1", "👍");
  assert_reactions (self, "m-1", "r-1:Eva:👍 r-2:ana:👍 r-3:Eva:🎉 ");

  /* the second one of the same was none, so taking it away takes nothing away */
  tell (self, CHAT_KIND_DELETE, "d-1", "eva", "r-4", NULL);
  tell (self, CHAT_KIND_DELETE, "d-2", "eva", "r-3", NULL);
  assert_reactions (self, "m-1", "r-1:Eva:👍 r-2:ana:👍 ");
  tell (self, CHAT_KIND_DELETE, "d-3", "eva", "r-1", NULL);
  tell (self, CHAT_KIND_REACTION, "r-5", "eva", "m-1", "👍");
  store_case_reopen (self);
  assert_reactions (self, "m-1", "r-2:ana:👍 r-5:Eva:👍 ");
  assert_text (self, "m-1", "one");
}

/* One order of the five things that may happen to a message: the same comes of all of them. */
static void
in_order (StoreCase *self, guint permutation)
{
  enum
  {
    THINGS = 5
  };
  char *ids[THINGS];
  guint left[THINGS] = { 0, 1, 2, 3, 4 };
  static const ChatMessageKind kinds[THINGS]
      = { CHAT_KIND_MESSAGE, CHAT_KIND_EDIT, CHAT_KIND_REACTION, CHAT_KIND_DELETE, CHAT_KIND_REACTION };
  static const int targets[THINGS] = { -1, 0, 0, 2, 0 };
  static const char *const texts[THINGS] = { "one", "two", "👍", NULL, "🎉" };
  g_autofree char *reactions_left = NULL;

  for (guint i = 0; i < THINGS; i++)
    ids[i] = g_strdup_printf ("p-%u-%u", permutation, i);
  for (guint i = THINGS; i > 0; i--)
    {
      guint at = permutation % i;
      guint thing = left[at];

      permutation /= i;
      left[at] = left[i - 1];
      tell (self, kinds[thing], ids[thing], "ana", targets[thing] >= 0 ? ids[targets[thing]] : NULL, texts[thing]);
    }
  reactions_left = g_strdup_printf ("%s:ana:🎉 ", ids[4]);
  assert_text (self, ids[0], "two");
  assert_reactions (self, ids[0], reactions_left);
  for (guint i = 0; i < THINGS; i++)
    g_free (ids[i]);
}

static void
before_their_target (StoreCase *self)
{
  for (guint permutation = 0; permutation < 120; permutation++)
    in_order (self, permutation);
}

static void
deleted_before_it_came (StoreCase *self)
{
  g_autoptr (ChatMessage) message = NULL;

  tell (self, CHAT_KIND_EDIT, "e-1", "ana", "m-1", "two");
  tell (self, CHAT_KIND_DELETE, "d-1", "eva", "m-1", NULL);
  tell (self, CHAT_KIND_DELETE, "d-2", "ana", "m-1", NULL);
  tell (self, CHAT_KIND_EDIT, "e-2", "ana", "m-1", "three");
  tell (self, CHAT_KIND_MESSAGE, "m-1", "ana", NULL, "one");
  message = get (self, "m-1");
  g_assert_cmpint (chat_message_get_state (message)->deleted, ==, STORE_TIME);
  assert_text (self, "m-1", "");
  assert_text (self, "e-1", "");
  assert_text (self, "e-2", "");
}

static void
claims (StoreCase *self)
{
  g_autoptr (ChatMessage) claim = store_message_new (CHAT_KIND_MESSAGE, "general", "m-1", "ana", "one");
  g_autoptr (ChatMessage) stored = NULL;
  ChatMessageState *state = chat_message_state_new ();

  state->deleted = state->edited = 5;
  chat_message_take_state (claim, state);
  store_append_message (self, claim);
  stored = get (self, "m-1");
  g_assert_null (chat_message_get_state (stored));
  g_assert_cmpstr (chat_message_get_data (stored), ==, "one");
}

static void
topics (StoreCase *self)
{
  static const char *const texts[] = { "first", "second", "" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *id = g_strdup_printf ("t-%u", i);
      g_autoptr (ChatChannelInfo) info = NULL;

      tell (self, CHAT_KIND_TOPIC, id, "ana", NULL, texts[i]);
      info = chat_test_call (chat_channel_store_get, self->channels, NULL, "general", NULL);
      g_assert_cmpstr (info->topic, ==, *texts[i] != '\0' ? texts[i] : NULL);
    }
}

void
store_cases_state (const StoreFixture *fixture)
{
  store_case_add (fixture, "state/edited", edited);
  store_case_add (fixture, "state/in-pages", in_pages);
  store_case_add (fixture, "state/edited-with-a-note", edited_with_a_note);
  store_case_add (fixture, "state/who-may", who_may);
  store_case_add (fixture, "state/deleted", deleted);
  store_case_add (fixture, "state/deleted-by-a-moderator", deleted_by_a_moderator);
  store_case_add (fixture, "state/reactions", reactions);
  store_case_add (fixture, "state/before-their-target", before_their_target);
  store_case_add (fixture, "state/deleted-before-it-came", deleted_before_it_came);
  store_case_add (fixture, "state/claims", claims);
  store_case_add (fixture, "state/topics", topics);
}
