/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-rehearsals.h"

#include "core/chat-time.h"
#include "role-test.h"

#define DAY_MS (24 * 60 * 60 * G_GINT64_CONSTANT (1000))

static ChatRules *
compile (RoleTest *test, const char *site)
{
  g_autoptr (GError) error = NULL;
  ChatRules *rules = chat_test_call (chat_rules_source_compile, test->rules, &error, site);

  g_assert_no_error (error);
  return rules;
}

/* Stores @message as a record of @channel; a masked one has a note, and its original a strike of its own. */
static void
store_message (RoleTest *test, const char *channel, const char *id, const char *text, gint64 time, const char *original)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  ChatMessage *message = role_test_message (test, "ana", channel, id, text);

  chat_message_set_timestamp (message, time);
  if (original != NULL)
    {
      g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
      const ChatStrike strike = { .record_id = (char *)id,
                                  .channel = (char *)channel,
                                  .user = (char *)"ana",
                                  .user_key = (char *)"ana",
                                  .rule = (char *)"es/insults",
                                  .spans = spans,
                                  .original = (char *)original,
                                  .rules_version = (char *)"1",
                                  .timestamp = time,
                                  .limit = 100 };
      g_autoptr (ChatStrike) answer = chat_test_call (chat_moderation_store_record_strike,
                                                      chat_store_get_moderation (test->sqlite), NULL, &strike);
      chat_message_take_moderation (message, chat_moderation_note_new ("es/insults", spans, answer->strike, 100));
    }
  g_ptr_array_add (messages, message);
  g_autoptr (GArray) results
      = chat_test_call (chat_message_store_append, chat_store_get_messages (test->sqlite), NULL, messages);
  g_assert_nonnull (results);
}

static gboolean
has_ended (gpointer rehearsal)
{
  return chat_rehearsal_get_state (rehearsal) != CHAT_REHEARSAL_RUNNING;
}

static ChatRehearsal *
begin (RoleTest *test, ChatRehearsals *rehearsals, ChatRules *candidate, const char *by, const char *channel)
{
  g_autoptr (GError) error = NULL;
  const ChatRehearsalWish wish = { .by = by,
                                   .in_force = chat_rules_source_get_rules (test->rules),
                                   .candidate = candidate,
                                   .channel = channel,
                                   .since = chat_time_now () - 7 * DAY_MS,
                                   .language = "es" };
  ChatRehearsal *rehearsal = chat_rehearsals_begin (rehearsals, &wish, &error);

  g_assert_no_error (error);
  return rehearsal;
}

static void
check_results (ChatRehearsal *rehearsal, const char *expected)
{
  g_autoptr (GString) found = g_string_new (NULL);
  GPtrArray *results = chat_rehearsal_get_results (rehearsal);

  for (guint i = 0; i < results->len; i++)
    {
      const ChatRehearsalResult *result = g_ptr_array_index (results, i);
      g_autofree char *rules = g_strjoinv (",", result->rules);
      g_string_append_printf (found, "%s|%s|%s|%s;", result->message, result->before, result->after, rules);
    }
  g_assert_cmpstr (found->str, ==, expected);
}

/* What would newly be masked, what would be freed; nothing that is older, private or of no text. */
static void
test_compares (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatRehearsals) rehearsals = chat_rehearsals_new (CHAT_STORE (test->sqlite));
  g_autoptr (ChatRules) candidate = compile (test, "language: es\nrule: es/site\npatata\n-mierda\n");
  gint64 now = chat_time_now ();
  guint64 read, total, masked, freed;

  store_message (test, "general", "old", "patata", now - 8 * DAY_MS, NULL);
  store_message (test, "general", "m1", "una patata", now - DAY_MS, NULL);
  store_message (test, "general", "m2", "pura ******", now - DAY_MS, "pura mierda");
  store_message (test, "general", "m3", "hola", now - DAY_MS, NULL);
  store_message (test, "general", "m4", "****", now - DAY_MS, NULL); /* nothing is known of it */
  store_message (test, "other", "m5", "culo y patata", now - DAY_MS, NULL);
  store_message (test, "dm.abc", "m6", "patata", now - DAY_MS, NULL);
  ChatRehearsal *rehearsal = begin (test, rehearsals, candidate, "eva", NULL);
  chat_test_wait_until (has_ended, rehearsal, "the end");
  g_assert_cmpint (chat_rehearsal_get_state (rehearsal), ==, CHAT_REHEARSAL_DONE);
  check_results (rehearsal, "m1|una patata|una ******|es/site;m2|pura ******|pura mierda|es/insults;"
                            "m5|**** y patata|**** y ******|es/site;");
  chat_rehearsal_get_progress (rehearsal, &read, &total);
  g_assert_cmpuint (read, ==, 5);
  g_assert_cmpuint (total, ==, 5);
  chat_rehearsal_get_counts (rehearsal, &masked, &freed);
  g_assert_cmpuint (masked, ==, 2);
  g_assert_cmpuint (freed, ==, 1);

  rehearsal = begin (test, rehearsals, candidate, "eva", "other");
  chat_test_wait_until (has_ended, rehearsal, "the end");
  check_results (rehearsal, "m5|**** y patata|**** y ******|es/site;");
  rehearsal = begin (test, rehearsals, candidate, "eva", "dm.abc");
  chat_test_wait_until (has_ended, rehearsal, "the end");
  check_results (rehearsal, "");
}

/* What was edited is judged as it reads now: the original of the text before it is nobody's business any more. */
static void
test_edited (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatRehearsals) rehearsals = chat_rehearsals_new (CHAT_STORE (test->sqlite));
  g_autoptr (ChatRules) candidate = compile (test, "language: es\nrule: es/site\n-mierda\n");
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  ChatMessage *edit = chat_message_new (CHAT_KIND_EDIT);
  gint64 now = chat_time_now ();

  store_message (test, "general", "m1", "pura ******", now - DAY_MS, "pura mierda");
  chat_message_set_id (edit, "e1");
  chat_message_set_channel (edit, "general");
  chat_message_set_author (edit, "ana");
  chat_message_set_target (edit, "m1");
  chat_message_set_data (edit, "otra ******");
  chat_message_set_timestamp (edit, now - DAY_MS);
  chat_message_take_moderation (edit, chat_moderation_note_new ("es/insults", NULL, 2, 100));
  g_ptr_array_add (messages, edit);
  g_autoptr (GArray) results
      = chat_test_call (chat_message_store_append, chat_store_get_messages (test->sqlite), NULL, messages);
  g_assert_nonnull (results);

  ChatRehearsal *rehearsal = begin (test, rehearsals, candidate, "eva", NULL);
  chat_test_wait_until (has_ended, rehearsal, "the end");
  g_assert_cmpint (chat_rehearsal_get_state (rehearsal), ==, CHAT_REHEARSAL_DONE);
  check_results (rehearsal, "");
}

static void
fill (RoleTest *test, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", i);
      store_message (test, "general", id, "una patata", chat_time_now () - 1000, NULL);
    }
}

/* Pages, one after the other, all of them; one at a time for each moderator, and two in all. */
static void
test_bounds (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatRehearsals) rehearsals = chat_rehearsals_new (CHAT_STORE (test->sqlite));
  g_autoptr (ChatRules) candidate = compile (test, "language: es\nrule: es/site\npatata\n");
  const ChatRehearsalWish wish
      = { .by = "eva", .in_force = chat_rules_source_get_rules (test->rules), .candidate = candidate, .since = 0 };
  const ChatRehearsalWish third
      = { .by = "luis", .in_force = chat_rules_source_get_rules (test->rules), .candidate = candidate, .since = 0 };
  g_autoptr (GError) error = NULL;
  guint64 masked, freed;

  fill (test, 450);
  ChatRehearsal *first = begin (test, rehearsals, candidate, "eva", NULL);
  g_assert_null (chat_rehearsals_begin (rehearsals, &wish, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);
  ChatRehearsal *second = begin (test, rehearsals, candidate, "ana", NULL);
  g_assert_null (chat_rehearsals_begin (rehearsals, &third, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  chat_rehearsal_cancel (second);
  g_assert_cmpint (chat_rehearsal_get_state (second), ==, CHAT_REHEARSAL_CANCELLED);
  chat_test_wait_until (has_ended, first, "the end");
  chat_rehearsal_get_counts (first, &masked, &freed);
  g_assert_cmpuint (masked, ==, 450);
  chat_rehearsal_get_counts (second, &masked, &freed);
  g_assert_cmpuint (masked, ==, 0);
  g_assert_cmpuint (chat_rehearsals_list (rehearsals)->len, ==, 2);
  g_autofree char *id = g_strdup (chat_rehearsal_get_id (first));
  g_assert_true (chat_rehearsals_remove (rehearsals, id));
  g_assert_false (chat_rehearsals_remove (rehearsals, id));
  g_assert_cmpuint (chat_rehearsals_list (rehearsals)->len, ==, 1);
}

/* Cut in the middle: whatever is on its way when it goes does no harm. */
static void
test_cut (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatRules) candidate = compile (test, "language: es\nrule: es/site\npatata\n");

  fill (test, 450);
  for (guint i = 0; i < 60; i += 3)
    {
      ChatRehearsals *rehearsals = chat_rehearsals_new (CHAT_STORE (test->sqlite));

      begin (test, rehearsals, candidate, "eva", NULL);
      for (guint j = 0; j < i; j++)
        g_main_context_iteration (NULL, FALSE);
      g_assert_finalize_object (rehearsals);
      chat_test_run_pending ();
    }
}

/* A store that can't list channels (it does not offer the call) is the reason of a failure. */
static void
test_fails (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatRehearsals) rehearsals = chat_rehearsals_new (test->store);
  g_autoptr (ChatRules) candidate = compile (test, "");
  ChatRehearsal *rehearsal = begin (test, rehearsals, candidate, "eva", NULL);

  chat_test_wait_until (has_ended, rehearsal, "the end");
  g_assert_cmpint (chat_rehearsal_get_state (rehearsal), ==, CHAT_REHEARSAL_FAILED);
  g_assert_nonnull (chat_rehearsal_get_reason (rehearsal));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                                                \
  g_test_add ("/rehearsal/" name, RoleTest, GUINT_TO_POINTER (1), role_test_set_up, func, role_test_tear_down)
  ADD ("compares", test_compares);
  ADD ("edited", test_edited);
  ADD ("bounds", test_bounds);
  ADD ("cut", test_cut);
  ADD ("fails", test_fails);
  return g_test_run ();
}
