/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What moderators decide: blocks, forgiven strikes, appeals, reports, rules, and the log of it all. */
#include "core/chat-time.h"
#include "store-case.h"

static ChatStrike *
strike (StoreCase *self, const char *record_id, const char *user, guint limit)
{
  const ChatStrike wanted = { .record_id = (char *)record_id,
                              .channel = (char *)"general",
                              .user = (char *)user,
                              .user_key = (char *)user,
                              .rule = (char *)"es/insults",
                              .original = (char *)"words",
                              .timestamp = 1000,
                              .limit = limit };
  g_autoptr (GError) error = NULL;
  ChatStrike *answer = chat_test_call (chat_moderation_store_record_strike, self->moderation, &error, &wanted);

  g_assert_no_error (error);
  return answer;
}

static void
assert_strike (StoreCase *self, const char *record_id, const char *user, guint limit, guint number, gboolean blocked)
{
  g_autoptr (ChatStrike) answer = strike (self, record_id, user, limit);

  g_assert_cmpuint (answer->strike, ==, number);
  g_assert_cmpint (answer->blocked, ==, blocked);
  g_assert_cmpint (answer->forgiven, ==, CHAT_TIME_UNKNOWN);
}

/* whether it took a block away */
static gboolean
forgive (StoreCase *self, const char *record_id)
{
  g_autoptr (GError) error = NULL;
  gboolean lifted = FALSE;

  g_assert_true (chat_test_call_out (chat_moderation_store_forgive_strike, self->moderation, &lifted, &error, record_id,
                                     "mod", (gint64)2000));
  g_assert_no_error (error);
  return lifted;
}

static char *
blocked_users (StoreCase *self, gint64 now)
{
  g_autoptr (GPtrArray) blocks = chat_test_call (chat_moderation_store_list_blocks, self->moderation, NULL, now);
  GString *users = g_string_new (NULL);

  for (guint i = 0; i < blocks->len; i++)
    g_string_append_printf (users, "%s ", ((ChatBlock *)g_ptr_array_index (blocks, i))->user);
  return g_string_free (users, FALSE);
}

static void
assert_blocked (StoreCase *self, gint64 now, const char *expected)
{
  g_autofree char *users = blocked_users (self, now);

  g_assert_cmpstr (users, ==, expected);
}

/* "actor action whom record", oldest first */
static void
assert_audit (StoreCase *self, const char *expected)
{
  const ChatModerationList list = { .limit = 100 };
  g_autoptr (GPtrArray) entries = chat_test_call (chat_moderation_store_list_audit, self->moderation, NULL, &list);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = entries->len; i-- > 0;)
    {
      const ChatAuditEntry *entry = g_ptr_array_index (entries, i);

      g_string_append_printf (found, "%s %s %s %s\n", entry->actor != NULL ? entry->actor : "-", entry->action,
                              entry->user_key != NULL ? entry->user_key : "-",
                              entry->record_id != NULL ? entry->record_id : "-");
    }
  g_assert_cmpstr (found->str, ==, expected);
}

static void
set_block (StoreCase *self, const char *user, gint64 until, const char *by, gint64 now)
{
  const ChatBlock block
      = { .user = (char *)user, .user_key = (char *)user, .since = now, .until = until, .reason = (char *)"because" };
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_test_call (chat_moderation_store_set_block, self->moderation, &error, &block, by, now));
  g_assert_no_error (error);
}

static void
blocks (StoreCase *self)
{
  g_autoptr (GPtrArray) list = NULL;

  set_block (self, "ana", CHAT_TIME_UNKNOWN, "mod", 100);
  set_block (self, "eva", 500, NULL, 200);
  assert_blocked (self, 499, "ana eva ");
  assert_blocked (self, 500, "ana ");
  set_block (self, "ana", 800, "mod", 300);
  list = chat_test_call (chat_moderation_store_list_blocks, self->moderation, NULL, (gint64)300);
  g_assert_cmpint (((ChatBlock *)g_ptr_array_index (list, 0))->since, ==, 100);
  g_assert_cmpint (((ChatBlock *)g_ptr_array_index (list, 0))->until, ==, 800);
  /* one that has run out is no block that could be changed */
  set_block (self, "eva", 900, "mod", 600);
  assert_blocked (self, 600, "ana eva ");
  assert_audit (self, "mod block ana -\n- block eva -\nmod block ana -\n- expire eva -\nmod block eva -\n");
}

static void
forgiven (StoreCase *self)
{
  g_autoptr (ChatStrike) stored = NULL;
  g_autoptr (GError) error = NULL;
  gboolean lifted;

  assert_strike (self, "m-1", "ana", 3, 1, FALSE);
  assert_strike (self, "m-2", "ana", 3, 2, FALSE);
  g_assert_false (forgive (self, "m-1"));
  g_assert_false (forgive (self, "m-1"));
  assert_strike (self, "m-3", "ana", 3, 2, FALSE);
  assert_strike (self, "m-4", "ana", 3, 3, TRUE);
  store_case_reopen (self);
  g_assert_true (forgive (self, "m-4"));
  assert_blocked (self, 2000, "");
  assert_strike (self, "m-5", "ana", 3, 3, TRUE);

  stored = chat_test_call (chat_moderation_store_get_strike, self->moderation, NULL, "m-4");
  g_assert_cmpint (stored->forgiven, ==, 2000);
  g_assert_true (stored->blocked);
  g_assert_false (chat_test_call_out (chat_moderation_store_forgive_strike, self->moderation, &lifted, &error,
                                      "unknown", "mod", (gint64)2000));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
}

/* An earlier strike that is forgiven takes the block away that would not have been without it; but none of a
 * moderator's. */
static void
forgiven_before (StoreCase *self)
{
  assert_strike (self, "m-1", "ana", 2, 1, FALSE);
  assert_strike (self, "m-2", "ana", 2, 2, TRUE);
  assert_strike (self, "m-3", "ana", 2, 3, FALSE);
  g_assert_false (forgive (self, "m-1"));
  assert_blocked (self, 2000, "ana ");
  g_assert_true (forgive (self, "m-3"));
  assert_blocked (self, 2000, "");

  assert_strike (self, "m-4", "eva", 2, 1, FALSE);
  set_block (self, "eva", CHAT_TIME_UNKNOWN, "mod", 1000);
  g_assert_false (forgive (self, "m-4"));
  assert_blocked (self, 2000, "eva ");
}

static ChatAppeal *
appeal (StoreCase *self, const char *id, const char *record_id, const char *user)
{
  const ChatAppeal wanted = { .id = (char *)id,
                              .record_id = (char *)record_id,
                              .user = (char *)user,
                              .user_key = (char *)user,
                              .text = (char *)"I did not",
                              .time = 1500 };
  g_autoptr (GError) error = NULL;
  ChatAppeal *answer = chat_test_call (chat_moderation_store_add_appeal, self->moderation, &error, &wanted);

  if (answer == NULL)
    g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
  return answer;
}

static void
assert_appeal (StoreCase *self, const char *id, const char *record_id, const char *user, const char *answer)
{
  g_autoptr (ChatAppeal) stored = appeal (self, id, record_id, user);

  g_assert_cmpstr (stored != NULL ? stored->id : NULL, ==, answer);
}

static ChatAppeal *
decide (StoreCase *self, const char *id, const char *verdict, gboolean *lifted, int code)
{
  const ChatAppeal wanted = {
    .id = (char *)id, .verdict = (char *)verdict, .by = (char *)"mod", .remark = (char *)"well", .decided = 1800
  };
  g_autoptr (GError) error = NULL;
  ChatAppeal *answer
      = chat_test_call_out (chat_moderation_store_decide_appeal, self->moderation, lifted, &error, &wanted);

  if (code >= 0)
    g_assert_error (error, CHAT_STORE_ERROR, code);
  else
    g_assert_no_error (error);
  return answer;
}

static void
appeals (StoreCase *self)
{
  g_autoptr (ChatAppeal) decided = NULL;
  g_autoptr (ChatAppeal) again = NULL;
  gboolean lifted;

  assert_strike (self, "m-1", "ana", 1, 1, TRUE);
  assert_strike (self, "m-2", "eva", 5, 1, FALSE);
  assert_appeal (self, "a-1", "m-1", "eva", NULL);
  assert_appeal (self, "a-1", "unknown", "ana", NULL);
  assert_appeal (self, "a-1", "m-1", "ana", "a-1");
  assert_appeal (self, "a-2", "m-1", "ana", "a-1");
  assert_appeal (self, "a-3", "m-1", "eva", NULL);
  assert_appeal (self, "a-4", "m-2", "eva", "a-4");

  g_assert_null (decide (self, "unknown", "granted", &lifted, CHAT_STORE_ERROR_NOT_FOUND));
  decided = decide (self, "a-1", "granted", &lifted, -1);
  g_assert_true (lifted);
  g_assert_cmpstr (decided->record_id, ==, "m-1");
  g_assert_cmpstr (decided->user, ==, "ana");
  g_assert_cmpstr (decided->text, ==, "I did not");
  g_assert_cmpint (decided->time, ==, 1500);
  g_assert_cmpstr (decided->verdict, ==, "granted");
  g_assert_cmpstr (decided->by, ==, "mod");
  g_assert_cmpstr (decided->remark, ==, "well");
  g_assert_cmpint (decided->decided, ==, 1800);
  again = decide (self, "a-1", "granted", &lifted, -1);
  g_assert_false (lifted);
  g_assert_null (decide (self, "a-1", "rejected", &lifted, CHAT_STORE_ERROR_CONFLICT));
  chat_appeal_free (decide (self, "a-4", "rejected", &lifted, -1));
  g_assert_false (lifted);
  assert_blocked (self, 2000, "");
  assert_audit (self, "- block ana m-1\n- strike ana m-1\n- strike eva m-2\nana appeal ana m-1\neva appeal eva m-2\n"
                      "mod grant ana m-1\nmod forgive ana m-1\nmod lift ana m-1\nmod reject eva m-2\n");
}

/* Pages of every size, whose, and only what is open. */
static void
appeals_listed (StoreCase *self)
{
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *record = g_strdup_printf ("m-%u", i);
      g_autofree char *id = g_strdup_printf ("a-%u", i);
      const char *user = i % 3 ? "ana" : "eva";
      gboolean lifted;

      chat_strike_free (strike (self, record, user, 100));
      assert_appeal (self, id, record, user, id);
      if (i % 2)
        chat_appeal_free (decide (self, id, "rejected", &lifted, -1));
    }
  for (guint variant = 0; variant < 4 * 13; variant++)
    {
      g_autofree char *before = NULL;
      ChatModerationList list = { .user_key = variant & 1 ? "ana" : NULL, .open_only = (variant & 2) != 0 };
      int at = 12;

      for (list.limit = variant / 4 + 1;;)
        {
          g_autoptr (GPtrArray) page
              = chat_test_call (chat_moderation_store_list_appeals, self->moderation, NULL, &list);

          for (guint i = 0; i < page->len; i++)
            {
              const ChatAppeal *found = g_ptr_array_index (page, i);
              g_autofree char *expected = NULL;

              do
                at--;
              while ((list.user_key != NULL && at % 3 == 0) || (list.open_only && at % 2));
              expected = g_strdup_printf ("a-%d", at);
              g_assert_cmpstr (found->id, ==, expected);
              g_free (before);
              before = g_strdup (found->id);
            }
          if (page->len < list.limit)
            break;
          list.before = before;
        }
      while (at > 0 && ((list.user_key != NULL && (at - 1) % 3 == 0) || (list.open_only && (at - 1) % 2)))
        at--;
      g_assert_cmpint (at, ==, 0);
    }
}

static ChatReport *
report (StoreCase *self, const char *id, const char *target, const char *user)
{
  const ChatReport wanted = { .id = (char *)id,
                              .target = (char *)target,
                              .channel = (char *)"general",
                              .user = (char *)user,
                              .user_key = (char *)user,
                              .reason = (char *)"rude",
                              .time = 1500 };
  g_autoptr (GError) error = NULL;
  ChatReport *answer = chat_test_call (chat_moderation_store_add_report, self->moderation, &error, &wanted);

  g_assert_no_error (error);
  return answer;
}

static void
assert_report (StoreCase *self, const char *id, const char *target, const char *user, const char *answer)
{
  g_autoptr (ChatReport) stored = report (self, id, target, user);

  g_assert_cmpstr (stored->id, ==, answer);
}

static void
reports (StoreCase *self)
{
  ChatReport closing = { .id = (char *)"r-1", .by = (char *)"mod", .remark = (char *)"seen", .closed = 1700 };
  const ChatModerationList open = { .open_only = TRUE, .limit = 10 };
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  store_append (self, "general", "m-1", 1);
  assert_report (self, "r-1", "m-1", "eva", "r-1");
  assert_report (self, "r-2", "m-1", "eva", "r-1");
  assert_report (self, "r-3", "m-1", "leo", "r-3");
  assert_report (self, "r-4", "m-2", "eva", "r-4");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ChatReport) closed
          = chat_test_call (chat_moderation_store_close_report, self->moderation, NULL, &closing);

      g_assert_cmpstr (closed->target, ==, "m-1");
      g_assert_cmpstr (closed->by, ==, "mod");
      g_assert_cmpstr (closed->remark, ==, "seen");
      g_assert_cmpint (closed->closed, ==, 1700);
      closing.by = (char *)"another";
      closing.closed = 1900;
    }
  assert_report (self, "r-1", "m-1", "eva", "r-1");
  assert_report (self, "r-5", "m-1", "eva", "r-5");
  closing.id = (char *)"unknown";
  g_assert_null (chat_test_call (chat_moderation_store_close_report, self->moderation, &error, &closing));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);

  list = chat_test_call (chat_moderation_store_list_reports, self->moderation, NULL, &open);
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_cmpstr (((ChatReport *)g_ptr_array_index (list, 0))->id, ==, "r-5");
  assert_audit (self, "eva report ana m-1\nleo report ana m-1\neva report - m-2\nmod close ana m-1\n"
                      "eva report ana m-1\n");
}

static void
audited (StoreCase *self)
{
  const ChatAuditEntry entry = { .number = 99, .time = 5, .action = (char *)"role", .detail = (char *)"x'\"" };
  ChatModerationList list = { .limit = 2 };
  g_autoptr (GError) error = NULL;
  gint64 last = G_MAXINT64;
  guint count = 0;

  for (guint i = 0; i < 7; i++)
    g_assert_true (chat_test_call (chat_moderation_store_add_audit, self->moderation, NULL, &entry));
  for (;;)
    {
      g_autoptr (GPtrArray) page = chat_test_call (chat_moderation_store_list_audit, self->moderation, NULL, &list);
      g_autofree char *before = NULL;

      for (guint i = 0; i < page->len; i++, count++)
        {
          const ChatAuditEntry *found = g_ptr_array_index (page, i);

          g_assert_cmpint (found->number, <, last);
          g_assert_cmpstr (found->action, ==, "role");
          g_assert_cmpstr (found->detail, ==, "x'\"");
          g_assert_null (found->actor);
          last = found->number;
        }
      if (page->len < list.limit)
        break;
      before = g_strdup_printf ("%" G_GINT64_FORMAT, last);
      list.before = g_intern_string (before);
    }
  g_assert_cmpuint (count, ==, 7);
  list.before = "no number";
  g_assert_null (chat_test_call (chat_moderation_store_list_audit, self->moderation, &error, &list));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
rules (StoreCase *self)
{
  g_autoptr (ChatRulesRevision) none
      = chat_test_call (chat_moderation_store_get_rules, self->moderation, NULL, (gint64)0);
  g_autoptr (ChatRulesRevision) last = NULL;
  static const gint64 revisions[] = { 2, 1, 1, 3, 2 };

  g_assert_cmpint (none->revision, ==, 0);
  g_assert_cmpstr (none->text, ==, "");
  for (guint i = 0; i < G_N_ELEMENTS (revisions); i++)
    {
      g_autofree char *text = g_strdup_printf ("word %u\n", i);
      const ChatRulesRevision revision
          = { .revision = revisions[i], .text = text, .by = (char *)"mod", .time = 100 + i };
      g_autoptr (GError) error = NULL;
      gboolean published = chat_test_call (chat_moderation_store_publish_rules, self->moderation, &error, &revision);

      g_assert_cmpint (published, ==, i == 1 || i == 4);
      if (!published)
        g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT);
    }
  store_case_reopen (self);
  for (gint64 asked = 0; asked < 4; asked++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatRulesRevision) found
          = chat_test_call (chat_moderation_store_get_rules, self->moderation, &error, asked);

      if (asked == 3)
        {
          g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
          continue;
        }
      g_assert_cmpint (found->revision, ==, asked == 0 ? 2 : asked);
      g_assert_cmpstr (found->text, ==, asked == 1 ? "word 1\n" : "word 4\n");
      g_assert_cmpint (found->time, ==, asked == 1 ? 101 : 104);
      g_assert_null (found->remark);
    }
  assert_audit (self, "mod rules - -\nmod rules - -\n");
}

static void
originals_purged (StoreCase *self)
{
  static const gboolean kept[] = { FALSE, TRUE, FALSE };
  gboolean lifted;

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *record = g_strdup_printf ("m-%u", i);

      chat_strike_free (strike (self, record, "ana", 9));
    }
  assert_appeal (self, "a-1", "m-1", "ana", "a-1");
  assert_appeal (self, "a-2", "m-2", "ana", "a-2");
  chat_appeal_free (decide (self, "a-2", "rejected", &lifted, -1));
  g_assert_true (chat_test_call (chat_moderation_store_purge_originals, self->moderation, NULL, (gint64)1000));
  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < 3; i++)
        {
          g_autofree char *record = g_strdup_printf ("m-%u", i);
          g_autoptr (ChatStrike) found
              = chat_test_call (chat_moderation_store_get_strike, self->moderation, NULL, record);

          g_assert_cmpint (found->original != NULL, ==, round == 0 || kept[i]);
          g_assert_cmpstr (found->rule, ==, "es/insults");
        }
      g_assert_true (chat_test_call (chat_moderation_store_purge_originals, self->moderation, NULL, (gint64)1001));
    }
}

static void
all_strikes (StoreCase *self)
{
  const ChatModerationList all = { .limit = 10 };
  const ChatModerationList anas = { .limit = 1, .user_key = "ana", .before = "m-2" };
  const ChatModerationList lost = { .limit = 1, .before = "unknown" };
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *record = g_strdup_printf ("m-%u", i);

      chat_strike_free (strike (self, record, i % 2 ? "eva" : "ana", 9));
    }
  list = chat_test_call (chat_moderation_store_list_all_strikes, self->moderation, NULL, &all);
  g_assert_cmpuint (list->len, ==, 4);
  g_assert_cmpstr (((ChatStrike *)g_ptr_array_index (list, 0))->record_id, ==, "m-3");
  g_assert_cmpstr (((ChatStrike *)g_ptr_array_index (list, 3))->user, ==, "ana");
  g_clear_pointer (&list, g_ptr_array_unref);
  list = chat_test_call (chat_moderation_store_list_all_strikes, self->moderation, NULL, &anas);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpstr (((ChatStrike *)g_ptr_array_index (list, 0))->record_id, ==, "m-0");
  g_assert_null (chat_test_call (chat_moderation_store_list_all_strikes, self->moderation, &error, &lost));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND);
}

void
store_cases_appeals (const StoreFixture *fixture)
{
  store_case_add (fixture, "appeals/blocks", blocks);
  store_case_add (fixture, "appeals/forgiven", forgiven);
  store_case_add (fixture, "appeals/forgiven-before", forgiven_before);
  store_case_add (fixture, "appeals/appeals", appeals);
  store_case_add (fixture, "appeals/appeals-listed", appeals_listed);
  store_case_add (fixture, "appeals/reports", reports);
  store_case_add (fixture, "appeals/audited", audited);
  store_case_add (fixture, "appeals/rules", rules);
  store_case_add (fixture, "appeals/originals-purged", originals_purged);
  store_case_add (fixture, "appeals/all-strikes", all_strikes);
}
