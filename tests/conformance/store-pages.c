/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-time.h"
#include "store-case.h"

#define MESSAGES 23

/* Out of order, with repeats, one far ahead: as clocks of several producers are. */
static const gint64 timestamps[MESSAGES] = { 100, 110, 90,  120, 120, 80,  130, 200, 140, 150, 150, 160,
                                             170, 165, 180, 190, 210, 205, 220, 230, 225, 240, 250 };

static void
fill (StoreCase *self, const char *channel)
{
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autofree char *id = g_strdup_printf ("%s-%u", channel, i + 1);

      store_append (self, channel, id, timestamps[i]);
    }
}

/* What the contract says, in the plainest way: the first seq whose timestamp is at or after the time. */
static gint64
seq_at (gint64 time_ms)
{
  for (guint i = 0; i < MESSAGES; i++)
    if (timestamps[i] >= time_ms)
      return i + 1;
  return MESSAGES + 1;
}

static void
expect_range (const ChatPage *page, gint64 anchor, gint64 *low, gint64 *high)
{
  gint64 limit = page->limit;

  *low = 1;
  *high = MESSAGES;
  if (page->kind == CHAT_PAGE_AFTER)
    *low = page->time_ms != CHAT_TIME_UNKNOWN ? anchor : anchor + 1;
  if (page->kind == CHAT_PAGE_BEFORE)
    *high = MIN (anchor - 1, MESSAGES);
  if (page->kind == CHAT_PAGE_AFTER)
    *high = MIN (*low + limit - 1, MESSAGES);
  if (page->kind == CHAT_PAGE_BEFORE || page->kind == CHAT_PAGE_LATEST)
    *low = MAX (*high - limit + 1, 1);
  if (page->kind != CHAT_PAGE_AROUND)
    return;

  /* take the anchor's half first, then what is there on either side */
  *low = *high = CLAMP (anchor - limit / 2, 1, MESSAGES);
  while (*high - *low + 1 < limit && (*high < MESSAGES || *low > 1))
    {
      if (*high < MESSAGES)
        (*high)++;
      else
        (*low)--;
    }
}

static void
assert_page (StoreCase *self, const ChatPage *asked, gint64 anchor)
{
  g_autoptr (ChatMessagePage) page = NULL;
  g_autoptr (GError) error = NULL;
  gint64 low, high;

  expect_range (asked, anchor, &low, &high);
  page = chat_test_call (chat_message_store_list, self->messages, &error, "general", asked);
  g_assert_no_error (error);
  g_assert_cmpint (page->head, ==, MESSAGES);
  g_assert_cmpint (page->first, ==, 1);
  g_assert_cmpint (page->messages->len, ==, MAX (high - low + 1, 0));
  for (guint i = 0; i < page->messages->len; i++)
    {
      const ChatMessage *message = g_ptr_array_index (page->messages, i);

      g_assert_cmpint (chat_message_get_seq (message), ==, low + i);
      g_assert_cmpint (chat_message_get_timestamp (message), ==, timestamps[low + i - 1]);
      g_assert_cmpstr (chat_message_get_channel (message), ==, "general");
    }
  g_assert_cmpint (page->more_before, ==, low > 1);
  g_assert_cmpint (page->more_after, ==, high < MESSAGES);
}

static const guint limits[] = { 1, 2, 5, 10, MESSAGES, CHAT_PAGE_MAX_LIMIT };
static const ChatPageKind anchored[] = { CHAT_PAGE_BEFORE, CHAT_PAGE_AFTER, CHAT_PAGE_AROUND };

static void
latest (StoreCase *self)
{
  fill (self, "general");
  fill (self, "other");
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    assert_page (self, &(ChatPage){ CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, limits[i] }, 0);
}

static void
by_seq (StoreCase *self)
{
  static const gint64 seqs[] = { 1, 2, 3, 11, 12, MESSAGES - 1, MESSAGES, MESSAGES + 1, 1000, G_MAXINT64 };

  fill (self, "other");
  fill (self, "general");
  for (guint kind = 0; kind < G_N_ELEMENTS (anchored); kind++)
    for (guint i = 0; i < G_N_ELEMENTS (seqs); i++)
      for (guint j = 0; j < G_N_ELEMENTS (limits); j++)
        assert_page (self, &(ChatPage){ anchored[kind], seqs[i], NULL, CHAT_TIME_UNKNOWN, limits[j] },
                     MIN (seqs[i], MESSAGES + 1));
  /* after nothing: from the first on */
  assert_page (self, &(ChatPage){ CHAT_PAGE_AFTER, 0, NULL, CHAT_TIME_UNKNOWN, 5 }, 0);
}

static void
by_id (StoreCase *self)
{
  fill (self, "other");
  fill (self, "general");
  for (guint kind = 0; kind < G_N_ELEMENTS (anchored); kind++)
    for (guint seq = 1; seq <= MESSAGES; seq += 11)
      for (guint j = 0; j < G_N_ELEMENTS (limits); j++)
        {
          g_autofree char *id = g_strdup_printf ("general-%u", seq);

          assert_page (self, &(ChatPage){ anchored[kind], 0, id, CHAT_TIME_UNKNOWN, limits[j] }, seq);
        }
}

static void
by_time (StoreCase *self)
{
  static const gint64 others[] = { 0, -1, 1, G_MININT64 + 1, G_MAXINT64, 260 };

  fill (self, "other");
  fill (self, "general");
  for (guint kind = 0; kind < G_N_ELEMENTS (anchored); kind++)
    {
      for (gint64 time_ms = 75; time_ms <= 255; time_ms += 5)
        assert_page (self, &(ChatPage){ anchored[kind], 0, NULL, time_ms, 5 }, seq_at (time_ms));
      for (guint i = 0; i < G_N_ELEMENTS (others); i++)
        assert_page (self, &(ChatPage){ anchored[kind], 0, NULL, others[i], 5 }, seq_at (others[i]));
    }
}

/* Upwards from the newest and downwards from the first: every message once. */
static void
walk (StoreCase *self)
{
  gint64 seq = MESSAGES + 1;
  guint seen = 0;
  gboolean more = TRUE;

  fill (self, "general");
  while (more)
    {
      ChatPage asked = { CHAT_PAGE_BEFORE, seq, NULL, CHAT_TIME_UNKNOWN, 4 };
      g_autoptr (ChatMessagePage) page
          = chat_test_call (chat_message_store_list, self->messages, NULL, "general", &asked);

      seq = chat_message_get_seq (g_ptr_array_index (page->messages, 0));
      seen += page->messages->len;
      more = page->more_before;
    }
  g_assert_cmpuint (seen, ==, MESSAGES);

  seq = 0;
  for (more = TRUE; more;)
    {
      ChatPage asked = { CHAT_PAGE_AFTER, seq, NULL, CHAT_TIME_UNKNOWN, 4 };
      g_autoptr (ChatMessagePage) page
          = chat_test_call (chat_message_store_list, self->messages, NULL, "general", &asked);

      seq = chat_message_get_seq (g_ptr_array_index (page->messages, page->messages->len - 1));
      seen -= page->messages->len;
      more = page->more_after;
    }
  g_assert_cmpuint (seen, ==, 0);
}

static void
empty (StoreCase *self)
{
  static const ChatPage asked[] = {
    { CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_BEFORE, 7, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AFTER, 7, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AFTER, 0, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AROUND, 1, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AFTER, 0, NULL, 100, 5 },
    { CHAT_PAGE_BEFORE, 0, NULL, 100, 5 },
  };
  static const char *const channels[] = { "made", "unknown" };
  ChatChannelInfo info = { .name = (char *)"made", .active = 1 };

  g_assert_true (store_ensure (self, &info));
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    for (guint j = 0; j < G_N_ELEMENTS (channels); j++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (ChatMessagePage) page
            = chat_test_call (chat_message_store_list, self->messages, &error, channels[j], &asked[i]);

        g_assert_no_error (error);
        g_assert_cmpuint (page->messages->len, ==, 0);
        g_assert_cmpint (page->head, ==, 0);
        g_assert_cmpint (page->first, ==, 0);
        g_assert_false (page->more_before || page->more_after);
      }
}

static void
unknown_anchor (StoreCase *self)
{
  static const char *const channels[] = { "other", "unknown" };

  fill (self, "general");
  store_append (self, "other", "other-1", 1);
  for (guint kind = 0; kind < G_N_ELEMENTS (anchored); kind++)
    for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
      {
        ChatPage asked = { anchored[kind], 0, "general-1", CHAT_TIME_UNKNOWN, 5 };
        g_autoptr (GError) error = NULL;

        g_assert_null (chat_test_call (chat_message_store_list, self->messages, &error, channels[i], &asked));
        g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
      }
}

static void
refused (StoreCase *self)
{
  static const ChatPage asked[] = {
    { CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, 0 },
    { CHAT_PAGE_LATEST, 0, NULL, CHAT_TIME_UNKNOWN, CHAT_PAGE_MAX_LIMIT + 1 },
    { CHAT_PAGE_LATEST, 1, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_LATEST, 0, "m-1", CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_LATEST, 0, NULL, 100, 5 },
    { CHAT_PAGE_BEFORE, 0, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AROUND, 0, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_BEFORE, -1, NULL, CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AFTER, 1, "m-1", CHAT_TIME_UNKNOWN, 5 },
    { CHAT_PAGE_AFTER, 1, NULL, 100, 5 },
    { CHAT_PAGE_AROUND, 0, "m-1", 100, 5 },
    { 99, 1, NULL, CHAT_TIME_UNKNOWN, 5 },
  };

  fill (self, "general");
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (chat_test_call (chat_message_store_list, self->messages, &error, "general", &asked[i]));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

void
store_cases_pages (const StoreFixture *fixture)
{
  store_case_add (fixture, "pages/latest", latest);
  store_case_add (fixture, "pages/by-seq", by_seq);
  store_case_add (fixture, "pages/by-id", by_id);
  store_case_add (fixture, "pages/by-time", by_time);
  store_case_add (fixture, "pages/walk", walk);
  store_case_add (fixture, "pages/empty", empty);
  store_case_add (fixture, "pages/unknown-anchor", unknown_anchor);
  store_case_add (fixture, "pages/refused", refused);
}
