/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "store-case.h"

static GArray *
spans_new (guint first)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  ChatSpan values[] = { { first, 4 }, { first + 10, 1 } };

  g_array_append_vals (spans, values, G_N_ELEMENTS (values));
  return spans;
}

static ChatStrike *
strike_new (const char *record_id, const char *user, guint limit)
{
  ChatStrike *strike = g_new0 (ChatStrike, 1);

  strike->record_id = g_strdup (record_id);
  strike->channel = g_strdup ("general");
  strike->user = g_strdup (user);
  strike->user_key = g_strdup (user);
  strike->rule = g_strdup ("es/insults");
  strike->spans = spans_new (3);
  strike->original = g_strdup_printf ("the words of %s", record_id);
  strike->rules_version = g_strdup ("v-7");
  strike->timestamp = 1000;
  strike->limit = limit;
  return strike;
}

static ChatStrike *
record (StoreCase *self, const ChatStrike *strike)
{
  g_autoptr (GError) error = NULL;
  ChatStrike *answer = chat_test_call (chat_moderation_store_record_strike, self->moderation, &error, strike);

  g_assert_no_error (error);
  return answer;
}

static void
assert_strike (StoreCase *self, const char *record_id, const char *user, guint limit, guint number, gboolean blocked)
{
  g_autoptr (ChatStrike) strike = strike_new (record_id, user, limit);
  g_autoptr (ChatStrike) answer = record (self, strike);

  g_assert_cmpuint (answer->strike, ==, number);
  g_assert_cmpint (answer->blocked, ==, blocked);
}

static GPtrArray *
list_blocks (StoreCase *self, gint64 now)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *blocks = chat_test_call (chat_moderation_store_list_blocks, self->moderation, &error, now);

  g_assert_no_error (error);
  return blocks;
}

static void
assert_blocks (StoreCase *self, guint count)
{
  g_autoptr (GPtrArray) blocks = list_blocks (self, 5000);

  g_assert_cmpuint (blocks->len, ==, count);
}

/* whether there was one to lift */
static gboolean
lift (StoreCase *self, const char *user_key)
{
  g_autoptr (GError) error = NULL;
  gboolean lifted
      = chat_test_call (chat_moderation_store_lift_block, self->moderation, &error, user_key, "mod", (gint64)5000);

  if (!lifted)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  return lifted;
}

static void
assert_equal (const ChatStrike *a, const ChatStrike *b)
{
  g_assert_cmpstr (a->record_id, ==, b->record_id);
  g_assert_cmpstr (a->channel, ==, b->channel);
  g_assert_cmpstr (a->user, ==, b->user);
  g_assert_cmpstr (a->user_key, ==, b->user_key);
  g_assert_cmpstr (a->rule, ==, b->rule);
  g_assert_cmpstr (a->original, ==, b->original);
  g_assert_cmpstr (a->rules_version, ==, b->rules_version);
  g_assert_cmpint (a->timestamp, ==, b->timestamp);
  g_assert_cmpuint (a->limit, ==, b->limit);
  g_assert_cmpmem (a->spans->data, a->spans->len * sizeof (ChatSpan), b->spans->data,
                   b->spans->len * sizeof (ChatSpan));
}

static void
assert_same_answer (const ChatStrike *a, const ChatStrike *b)
{
  assert_equal (a, b);
  g_assert_cmpstr (a->warning_id, ==, b->warning_id);
  g_assert_cmpuint (a->strike, ==, b->strike);
  g_assert_cmpint (a->blocked, ==, b->blocked);
}

static void
answered (StoreCase *self)
{
  g_autofree char *warning_id = chat_uuid_v5 ("warning", "m-1", strlen ("m-1"));
  g_autoptr (ChatStrike) strike = strike_new ("m-1", "ana", 3);
  g_autoptr (ChatStrike) answer = NULL;
  g_autoptr (ChatStrike) stored = NULL;
  g_autoptr (GError) error = NULL;

  /* what the caller thinks the answer is does not count */
  strike->warning_id = g_strdup ("mine");
  strike->strike = 99;
  strike->blocked = TRUE;
  answer = record (self, strike);
  assert_equal (answer, strike);
  g_assert_cmpstr (answer->warning_id, ==, warning_id);
  g_assert_cmpuint (answer->strike, ==, 1);
  g_assert_false (answer->blocked);

  store_case_reopen (self);
  stored = chat_test_call (chat_moderation_store_get_strike, self->moderation, &error, "m-1");
  g_assert_no_error (error);
  assert_same_answer (stored, answer);
  g_assert_null (chat_test_call (chat_moderation_store_get_strike, self->moderation, &error, "m-2"));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
}

static void
without_the_optional (StoreCase *self)
{
  g_autoptr (ChatStrike) strike = strike_new ("m-1", "ana", 3);
  g_autoptr (ChatStrike) answer = NULL;
  g_autoptr (ChatStrike) stored = NULL;

  g_clear_pointer (&strike->spans, g_array_unref);
  g_clear_pointer (&strike->rules_version, g_free);
  answer = record (self, strike);
  stored = chat_test_call (chat_moderation_store_get_strike, self->moderation, NULL, "m-1");
  g_assert_cmpuint (stored->spans->len, ==, 0);
  g_assert_null (stored->rules_version);
}

static void
repeated (StoreCase *self)
{
  g_autoptr (ChatStrike) strike = strike_new ("m-1", "ana", 2);
  g_autoptr (ChatStrike) first = record (self, strike);

  /* the repeat may be told differently, by a moderator with other rules: the first answer stands */
  g_free (strike->rule);
  strike->rule = g_strdup ("en/insults");
  strike->timestamp = 2000;
  strike->limit = 1;
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (ChatStrike) again = record (self, strike);

      assert_same_answer (again, first);
      store_case_reopen (self);
    }
  assert_blocks (self, 0);
  assert_strike (self, "m-2", "ana", 2, 2, TRUE);
  assert_strike (self, "m-2", "ana", 2, 2, TRUE);
  assert_blocks (self, 1);
}

static void
blocked_at_the_limit (StoreCase *self)
{
  g_autoptr (GPtrArray) blocks = NULL;
  const ChatBlock *block;

  assert_strike (self, "m-1", "ana", 3, 1, FALSE);
  assert_strike (self, "m-2", "eva", 3, 1, FALSE);
  assert_strike (self, "m-3", "ana", 3, 2, FALSE);
  assert_blocks (self, 0);
  assert_strike (self, "m-4", "ana", 3, 3, TRUE);

  blocks = list_blocks (self, 5000);
  g_assert_cmpuint (blocks->len, ==, 1);
  block = g_ptr_array_index (blocks, 0);
  g_assert_cmpstr (block->user, ==, "ana");
  g_assert_cmpstr (block->user_key, ==, "ana");
  g_assert_cmpint (block->since, ==, 1000);
  g_assert_cmpint (block->until, ==, CHAT_TIME_UNKNOWN);
  g_assert_cmpstr (block->record_id, ==, "m-4");
  g_assert_nonnull (strstr (block->reason, "3"));
}

/* What was on its way when the block came still counts, but blocks nobody twice. */
static void
strikes_of_the_blocked (StoreCase *self)
{
  g_autoptr (GPtrArray) blocks = NULL;

  assert_strike (self, "m-1", "ana", 1, 1, TRUE);
  assert_strike (self, "m-2", "ana", 1, 2, FALSE);
  assert_strike (self, "m-3", "ana", 1, 3, FALSE);
  blocks = list_blocks (self, 5000);
  g_assert_cmpuint (blocks->len, ==, 1);
  g_assert_cmpstr (((ChatBlock *)g_ptr_array_index (blocks, 0))->record_id, ==, "m-1");
}

/* A limit that was lowered since catches whoever is beyond it at the next strike. */
static void
lowered_limit (StoreCase *self)
{
  assert_strike (self, "m-1", "ana", 5, 1, FALSE);
  assert_strike (self, "m-2", "ana", 5, 2, FALSE);
  assert_strike (self, "m-3", "ana", 2, 3, TRUE);
}

static void
lifted (StoreCase *self)
{
  g_assert_false (lift (self, "ana"));
  assert_strike (self, "m-1", "ana", 2, 1, FALSE);
  assert_strike (self, "m-2", "ana", 2, 2, TRUE);
  assert_strike (self, "m-3", "ana", 2, 3, FALSE);
  assert_strike (self, "m-4", "eva", 2, 1, FALSE);
  g_assert_true (lift (self, "ana"));
  g_assert_false (lift (self, "ana"));
  assert_blocks (self, 0);

  /* from 0 again; what the others have is untouched, and so is what was recorded */
  store_case_reopen (self);
  assert_strike (self, "m-3", "ana", 2, 3, FALSE);
  assert_strike (self, "m-5", "ana", 2, 1, FALSE);
  assert_strike (self, "m-6", "eva", 2, 2, TRUE);
  assert_strike (self, "m-7", "ana", 2, 2, TRUE);
  assert_blocks (self, 2);
}

static void
on_the_key (StoreCase *self)
{
  g_autoptr (ChatStrike) first = strike_new ("m-1", "Ana", 2);
  g_autoptr (ChatStrike) second = strike_new ("m-2", "ANA", 2);
  g_autoptr (ChatStrike) answer = NULL;

  g_free (first->user_key);
  first->user_key = g_strdup ("ana");
  g_free (second->user_key);
  second->user_key = g_strdup ("ana");
  chat_strike_free (record (self, first));
  answer = record (self, second);
  g_assert_cmpuint (answer->strike, ==, 2);
  g_assert_true (answer->blocked);
}

static void
listed (StoreCase *self)
{
  for (guint i = 1; i <= 10; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      assert_strike (self, id, i % 2 ? "ana" : "eva", 100, (i + 1) / 2, FALSE);
    }
  for (guint limit = 1; limit <= 7; limit++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) list
          = chat_test_call (chat_moderation_store_list_strikes, self->moderation, &error, "ana", limit);

      g_assert_no_error (error);
      g_assert_cmpuint (list->len, ==, MIN (limit, 5));
      for (guint i = 0; i < list->len; i++)
        {
          const ChatStrike *strike = g_ptr_array_index (list, i);
          g_autofree char *original = g_strdup_printf ("the words of m-%u", 9 - 2 * i);

          g_assert_cmpuint (strike->strike, ==, 5 - i);
          g_assert_cmpstr (strike->original, ==, original);
        }
    }
}

static void
in_flight (StoreCase *self)
{
  enum
  {
    CALLS = 60
  };
  GAsyncResult *awaited[CALLS] = { NULL };
  guint blocked = 0;

  /* each record comes twice, as it does when a moderator is killed and another takes over */
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i / 2);
      g_autoptr (ChatStrike) strike = strike_new (id, "ana", 3);

      chat_moderation_store_record_strike_async (self->moderation, strike, NULL, chat_test_result_cb, &awaited[i]);
    }
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "a strike");
      g_autoptr (ChatStrike) strike = chat_moderation_store_record_strike_finish (self->moderation, result, NULL);

      g_assert_cmpuint (strike->strike, ==, i / 2 + 1);
      blocked += strike->blocked;
    }
  g_assert_cmpuint (blocked, ==, 2); /* the third, and its repeat */
  assert_blocks (self, 1);
}

static void
odd_strings (StoreCase *self)
{
  for (guint i = 0; store_odd_strings[i] != NULL; i++)
    {
      const char *odd = store_odd_strings[i];
      g_autoptr (ChatStrike) strike = strike_new (odd, odd, 1);
      g_autoptr (ChatStrike) answer = NULL;
      g_autoptr (ChatStrike) stored = NULL;
      char **fields[] = { &strike->channel, &strike->rule, &strike->original, &strike->rules_version };

      for (guint j = 0; j < G_N_ELEMENTS (fields); j++)
        {
          g_free (*fields[j]);
          *fields[j] = g_strdup (odd);
        }
      answer = record (self, strike);
      assert_equal (answer, strike);
      stored = chat_test_call (chat_moderation_store_get_strike, self->moderation, NULL, odd);
      assert_same_answer (stored, answer);
      assert_blocks (self, 1);
      g_assert_true (lift (self, odd));
    }
}

static void
refused (StoreCase *self)
{
  g_autoptr (ChatStrike) strike = strike_new ("m-1", "ana", 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (chat_test_call (chat_moderation_store_record_strike, self->moderation, &error, strike));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  strike->limit = 1;
  g_clear_pointer (&strike->original, g_free);
  g_assert_null (chat_test_call (chat_moderation_store_record_strike, self->moderation, &error, strike));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_moderation_store_list_strikes, self->moderation, &error, "ana", 0u));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (chat_test_call (chat_moderation_store_lift_block, self->moderation, &error, NULL, "mod", (gint64)1));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* The service itself ends what has run out, and nothing else. */
static void
lasting (StoreCase *self)
{
  g_autoptr (GError) error = NULL;

  assert_strike (self, "m-1", "ana", 1, 1, TRUE);
  g_assert_false (
      chat_test_call (chat_moderation_store_lift_block, self->moderation, &error, "ana", NULL, G_MAXINT64 - 1));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  assert_blocks (self, 1);
}

void
store_cases_moderation (const StoreFixture *fixture)
{
  store_case_add (fixture, "moderation/answered", answered);
  store_case_add (fixture, "moderation/lasting", lasting);
  store_case_add (fixture, "moderation/without-the-optional", without_the_optional);
  store_case_add (fixture, "moderation/repeated", repeated);
  store_case_add (fixture, "moderation/blocked-at-the-limit", blocked_at_the_limit);
  store_case_add (fixture, "moderation/strikes-of-the-blocked", strikes_of_the_blocked);
  store_case_add (fixture, "moderation/lowered-limit", lowered_limit);
  store_case_add (fixture, "moderation/lifted", lifted);
  store_case_add (fixture, "moderation/on-the-key", on_the_key);
  store_case_add (fixture, "moderation/listed", listed);
  store_case_add (fixture, "moderation/in-flight", in_flight);
  store_case_add (fixture, "moderation/odd-strings", odd_strings);
  store_case_add (fixture, "moderation/refused", refused);
}
