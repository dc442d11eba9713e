/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters, against a ledger of the test's own: what was counted on the way, and what a rebuild makes of it. */
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "store-case.h"

#define HOUR G_GINT64_CONSTANT (3600000)
#define DAY (24 * HOUR)

/** Event: one thing that is counted. */
typedef struct
{
  ChatCounterKind kind; /* MESSAGES, WARNINGS or BLOCKS */
  const char *channel;
  const char *author;
  gint64 time;
} Event;

/** Ledger: what happened, and a store to which it did. */
typedef struct
{
  StoreCase *self;
  GRand *random;
  GArray *events;
  guint ids;
} Ledger;

static const char *const authors[] = { "ana", "eva", "leo" };
static const char *const channels[] = { "general", "other", "dm.x" };

static void
ledger_init (Ledger *ledger, StoreCase *self)
{
  *ledger = (Ledger){ self, g_rand_new_with_seed ((guint32)g_test_rand_int ()),
                      g_array_new (FALSE, FALSE, sizeof (Event)), 0 };
}

static void
ledger_clear (Ledger *ledger)
{
  g_rand_free (ledger->random);
  g_array_unref (ledger->events);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ledger, ledger_clear)

static void
note (Ledger *ledger, ChatCounterKind kind, const char *channel, const char *author, gint64 time)
{
  const Event event = { kind, channel, author, time };

  g_array_append_val (ledger->events, event);
}

static gint64
random_time (Ledger *ledger)
{
  return STORE_TIME + g_rand_int_range (ledger->random, -60, 60) * (HOUR / 2)
         + g_rand_int_range (ledger->random, -1, 2);
}

static void
strike (Ledger *ledger, const char *channel, const char *author, gint64 time)
{
  g_autofree char *id = g_strdup_printf ("s-%u", ledger->ids++);
  const ChatStrike wanted = { .record_id = id,
                              .channel = (char *)channel,
                              .user = (char *)author,
                              .user_key = (char *)author,
                              .rule = (char *)"r",
                              .original = (char *)"words",
                              .timestamp = time,
                              .limit = 4 };

  /* a repeat counts nothing */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ChatStrike) answer
          = chat_test_call (chat_moderation_store_record_strike, ledger->self->moderation, NULL, &wanted);

      if (i > 0)
        continue;
      note (ledger, CHAT_COUNTER_WARNINGS, channel, author, time);
      if (answer->blocked)
        note (ledger, CHAT_COUNTER_BLOCKS, channel, author, time);
    }
}

static void
add_record (Ledger *ledger, GPtrArray *batch, ChatMessageKind kind, const char *channel, const char *author,
            gint64 time)
{
  g_autofree char *id = g_strdup_printf ("%s-%u", channel, ledger->ids);
  ChatMessage *message = store_message_new (kind, channel, id, author, "text @ana");

  if (kind != CHAT_KIND_MESSAGE && kind != CHAT_KIND_NOTICE)
    {
      g_autofree char *target
          = g_strdup_printf ("%s-%u", channel, (guint)g_rand_int_range (ledger->random, 0, (gint32)ledger->ids + 3));

      chat_message_set_target (message, target);
    }
  else
    note (ledger, CHAT_COUNTER_MESSAGES, channel, author, time);
  chat_message_set_timestamp (message, time);
  ledger->ids++;
  g_ptr_array_add (batch, message);
  /* and the same again */
  if (g_rand_int_range (ledger->random, 0, 5) == 0)
    g_ptr_array_add (batch, chat_message_ref (message));
}

/* Some records in one call, or a strike. */
static void
happen (Ledger *ledger)
{
  static const ChatMessageKind kinds[] = { CHAT_KIND_MESSAGE, CHAT_KIND_MESSAGE, CHAT_KIND_MESSAGE, CHAT_KIND_NOTICE,
                                           CHAT_KIND_EDIT,    CHAT_KIND_DELETE,  CHAT_KIND_REACTION };
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;

  if (g_rand_int_range (ledger->random, 0, 4) == 0)
    {
      strike (ledger, channels[g_rand_int_range (ledger->random, 0, 3)],
              authors[g_rand_int_range (ledger->random, 0, 3)], random_time (ledger));
      return;
    }
  for (int i = g_rand_int_range (ledger->random, 1, 12); i > 0; i--)
    add_record (ledger, batch, kinds[g_rand_int_range (ledger->random, 0, G_N_ELEMENTS (kinds))],
                channels[g_rand_int_range (ledger->random, 0, 3)], authors[g_rand_int_range (ledger->random, 0, 3)],
                random_time (ledger));
  results = chat_test_call (chat_message_store_append, ledger->self->messages, NULL, batch);
  g_assert_cmpuint (results->len, ==, batch->len);
}

/* What the ledger says to a question, as the rows should be */

static gboolean
belongs (const ChatCounterQuery *query, const Event *event)
{
  ChatCounterKind kind = query->kind == CHAT_COUNTER_USERS ? CHAT_COUNTER_MESSAGES : query->kind;
  gint64 bucket = query->step == CHAT_COUNTER_DAY ? DAY : HOUR;
  gint64 begin = event->time / bucket * bucket;

  return event->kind == kind && (query->author == NULL || g_str_equal (query->author, event->author))
         && (query->channel != NULL ? g_str_equal (query->channel, event->channel)
                                    : !chat_channel_name_is_private (event->channel))
         && (query->since == CHAT_TIME_UNKNOWN || begin >= query->since)
         && (query->until == CHAT_TIME_UNKNOWN || begin < query->until);
}

static char *
bucket_key (const ChatCounterQuery *query, const Event *event)
{
  gint64 bucket = query->step == CHAT_COUNTER_DAY ? DAY : HOUR;
  const char *group = query->group == CHAT_COUNTER_BY_CHANNEL  ? event->channel
                      : query->group == CHAT_COUNTER_BY_AUTHOR ? event->author
                                                               : "";

  return g_strdup_printf ("%015" G_GINT64_FORMAT " %s",
                          query->step == CHAT_COUNTER_TOTAL ? 0 : event->time / bucket * bucket, group);
}

/* bucket key → value */
static GHashTable *
recount (Ledger *ledger, const ChatCounterQuery *query)
{
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < ledger->events->len; i++)
    {
      const Event *event = &g_array_index (ledger->events, Event, i);
      g_autofree char *key = bucket_key (query, event);

      if (!belongs (query, event))
        continue;
      if (query->kind == CHAT_COUNTER_USERS && !g_hash_table_add (seen, g_strdup_printf ("%s %s", key, event->author)))
        continue;
      g_hash_table_insert (values, g_strdup (key),
                           GINT_TO_POINTER (GPOINTER_TO_INT (g_hash_table_lookup (values, key)) + 1));
    }
  return values;
}

static void
assert_query (Ledger *ledger, const ChatCounterQuery *query)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = chat_test_call (chat_counter_store_query, ledger->self->counters, &error, query);
  g_autoptr (GHashTable) values = recount (ledger, query);
  gboolean one_row = query->step == CHAT_COUNTER_TOTAL && query->group == CHAT_COUNTER_BY_NOTHING;
  const ChatCounterRow *last = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, one_row ? 1 : MIN (g_hash_table_size (values), query->limit));
  for (guint i = 0; i < rows->len; i++)
    {
      const ChatCounterRow *row = g_ptr_array_index (rows, i);
      gboolean total = query->step == CHAT_COUNTER_TOTAL;
      g_autofree char *key
          = g_strdup_printf ("%015" G_GINT64_FORMAT " %s", total ? 0 : row->time, row->group != NULL ? row->group : "");

      g_assert_cmpint (row->value, ==, GPOINTER_TO_INT (g_hash_table_lookup (values, key)));
      if (total)
        g_assert_cmpint (row->time, ==, CHAT_TIME_UNKNOWN);
      if (last != NULL && total)
        g_assert_cmpint (row->value, <=, last->value);
      else if (last != NULL)
        g_assert_cmpint (row->time, >=, last->time);
      last = row;
    }
}

static void
assert_everything (Ledger *ledger)
{
  for (guint i = 0; i < 4 * 3 * 3 * 4; i++)
    {
      ChatCounterQuery query = { .kind = (ChatCounterKind)(i % 4),
                                 .step = (ChatCounterStep)(i / 4 % 3),
                                 .group = (ChatCounterGroup)(i / 12 % 3),
                                 .since = CHAT_TIME_UNKNOWN,
                                 .until = CHAT_TIME_UNKNOWN,
                                 .limit = 1000 };

      if (query.kind == CHAT_COUNTER_USERS && query.group == CHAT_COUNTER_BY_AUTHOR)
        continue;
      if (i / 36 == 1)
        query.channel = channels[g_rand_int_range (ledger->random, 0, 3)];
      if (i / 36 == 2)
        query.author = authors[g_rand_int_range (ledger->random, 0, 3)];
      if (i / 36 > 0)
        query.since = random_time (ledger);
      if (i / 36 > 1)
        query.until = random_time (ledger);
      assert_query (ledger, &query);
      query.limit = 2;
      assert_query (ledger, &query);
    }
}

/* one step. Returns: where to go on; 0: done */
static gint64
step (Ledger *ledger, gint64 after, guint limit)
{
  g_autoptr (GError) error = NULL;
  gint64 next = -1;

  g_assert_true (chat_test_call_out (chat_counter_store_rebuild, ledger->self->counters, &next, &error, after, limit));
  g_assert_no_error (error);
  return next;
}

static void
counted (StoreCase *self)
{
  g_auto (Ledger) ledger = { 0 };

  ledger_init (&ledger, self);
  assert_everything (&ledger);
  for (guint i = 0; i < 60; i++)
    happen (&ledger);
  assert_everything (&ledger);
  store_case_reopen (self);
  for (guint i = 0; i < 20; i++)
    happen (&ledger);
  assert_everything (&ledger);
}

/* A rebuild makes the same, whatever the size of its steps and whatever happens meanwhile. */
static void
rebuilt (StoreCase *self)
{
  static const guint limits[] = { 1000, 50, 7, 3 };
  g_auto (Ledger) ledger = { 0 };

  ledger_init (&ledger, self);
  g_assert_cmpint (step (&ledger, 0, 10), ==, 0);
  for (guint i = 0; i < 30; i++)
    happen (&ledger);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      gint64 at = 0;
      guint steps = 0;

      while ((at = step (&ledger, at, limits[i])) != 0)
        if (steps++ % 10 == 0)
          {
            happen (&ledger);
            assert_query (&ledger,
                          &(ChatCounterQuery){ .since = CHAT_TIME_UNKNOWN, .until = CHAT_TIME_UNKNOWN, .limit = 1 });
          }
      assert_everything (&ledger);
    }
}

/* Begun anew, or given up, it changes nothing; and one that another one has overtaken is told so. */
static void
rebuilt_by_two (StoreCase *self)
{
  g_auto (Ledger) ledger = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 first, second, next;

  ledger_init (&ledger, self);
  for (guint i = 0; i < 30; i++)
    happen (&ledger);
  first = step (&ledger, 0, 5);
  first = step (&ledger, first, 5);
  assert_everything (&ledger);
  second = step (&ledger, 0, 3);
  g_assert_false (chat_test_call_out (chat_counter_store_rebuild, self->counters, &next, &error, first, 5u));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
  while (second != 0)
    second = step (&ledger, second, 3);
  happen (&ledger);
  assert_everything (&ledger);
}

static void
refused (StoreCase *self)
{
  const ChatCounterQuery queries[] = {
    { .limit = 0 },
    { .limit = 1, .kind = CHAT_COUNTER_USERS, .group = CHAT_COUNTER_BY_AUTHOR },
    { .limit = 1, .kind = (ChatCounterKind)9 },
    { .limit = 1, .step = (ChatCounterStep)9 },
    { .limit = 1, .group = (ChatCounterGroup)9 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (chat_test_call (chat_counter_store_query, self->counters, &error, &queries[i]));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

void
store_cases_counters (const StoreFixture *fixture)
{
  store_case_add (fixture, "counters/counted", counted);
  store_case_add (fixture, "counters/rebuilt", rebuilt);
  store_case_add (fixture, "counters/rebuilt-by-two", rebuilt_by_two);
  store_case_add (fixture, "counters/refused", refused);
}
