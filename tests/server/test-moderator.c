/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-moderator.h"

#include "core/chat-uuid.h"
#include "role-test.h"
#include "transport/chat-refusal.h"

#define LIMIT 3

static ChatModerator *
moderator_new (RoleTest *test)
{
  const ChatModeratorOptions options = { .limit = LIMIT, .language = "es" };

  return chat_moderator_new (test->transport, test->store, test->control, test->rules, test->signer, &options);
}

static ChatModerator *
moderator_start (RoleTest *test)
{
  ChatModerator *moderator = moderator_new (test);

  role_test_start (test, moderator);
  return moderator;
}

/* Passing on */

/* A clean record of ours goes on byte by byte. */
static void
test_clean (RoleTest *test, gconstpointer shards)
{
  const char *json = "{ \"id\": \"m1\", \"channel\":\"general\", \"author\":\"ana\", \"data\":\"hola\", "
                     "\"timestamp\": 1700000000, \"x\": [1, {\"y\": null}] }";
  ChatModerator *moderator = moderator_start (test);

  role_test_append (test, CHAT_TOPIC_CHAT, "another-key", json);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 1);
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_CONTROLLED);
  ChatRecord *record = g_ptr_array_index (records, 0);
  g_autofree char *text = g_strndup (g_bytes_get_data (chat_record_get_bytes (record), NULL),
                                     g_bytes_get_size (chat_record_get_bytes (record)));
  g_assert_cmpstr (text, ==, json);
  g_assert_cmpstr (chat_record_get_key (record), ==, "general");
  g_assert_cmpuint (chat_moderator_get_counters (moderator)->passed, ==, 1);
  role_test_stop (test, moderator);
}

/* What a foreign record is silent about is filled in, and is the same when it comes again. */
static void
test_foreign (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  chat_loopback_transport_fail_forwards (test->loopback, 1, CHAT_TRANSPORT_ERROR_ABORTED);
  role_test_append (test, CHAT_TOPIC_CHAT, "taller",
                    "{\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":1,\"x\":[1]}");
  role_test_append (test, CHAT_TOPIC_CHAT, NULL, "solo texto");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "channel:author:kind", "taller:ana:message general:-:message");
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (messages, 1)), ==, "solo texto");
  for (guint i = 0; i < 2; i++)
    g_assert_true (chat_uuid_is_valid (chat_message_get_id (g_ptr_array_index (messages, i))));
  g_assert_true (json_object_has_member (chat_message_get_extra (g_ptr_array_index (messages, 0)), "x"));
  role_test_stop (test, moderator);
}

static void
put (RoleTest *test, ChatMessageKind kind, const char *id, const char *author, const char *target, const char *data)
{
  g_autoptr (ChatMessage) message = role_test_message (test, author, "general", id, data);
  g_autoptr (ChatMessage) record = chat_message_new (kind);

  chat_message_set_id (record, id);
  chat_message_set_channel (record, "general");
  chat_message_set_author (record, author);
  chat_message_set_target (record, target);
  chat_message_set_data (record, data);
  chat_message_set_timestamp (record, chat_message_get_timestamp (message));
  role_test_publish (test, CHAT_TOPIC_CHAT, record);
}

/* An edit is judged as a message is, a topic too; an emoji and what has no text is not. */
static void
test_kinds (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  put (test, CHAT_KIND_EDIT, "e1", "ana", "m1", "pura mierda");
  put (test, CHAT_KIND_TOPIC, "t1", "bob", NULL, "mierda");
  put (test, CHAT_KIND_DELETE, "d1", "ana", "m1", NULL);
  put (test, CHAT_KIND_REACTION, "x1", "ana", "m1", "\u2764"); /* the heart without its variation selector */
  put (test, CHAT_KIND_REACTION, "x2", "ana", "m1", "mierda");
  put (test, CHAT_KIND_JOIN, "j1", "eva", NULL, NULL);
  role_test_append (test, CHAT_TOPIC_CHAT, "general", "{\"id\":\"r1\",\"kind\":\"read\",\"author\":\"eva\",\"seq\":7}");
  role_test_append (test, CHAT_TOPIC_CHAT, "general", "{\"id\":\"u1\",\"kind\":\"wave\",\"author\":\"eva\",\"seq\":7}");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:kind:target:note",
                   "e1:edit:m1:es/insults,1/3,5+6 t1:topic:-:es/insults,1/3,0+6 d1:delete:m1:- x1:reaction:m1:- "
                   "j1:join:-:- r1:read:-:- u1:-:-:-");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target", "warning:ana:e1 warning:bob:t1");
  role_test_wait (test, CHAT_TOPIC_REJECTED, 1); /* x2 */
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (messages, 3)), ==, "\u2764\ufe0f");
  g_assert_cmpint (chat_message_get_seq (g_ptr_array_index (messages, 5)), ==, 7); /* what it is about */
  g_assert_cmpint (chat_message_get_seq (g_ptr_array_index (messages, 6)), ==, 0); /* not the sender's to say */
  role_test_stop (test, moderator);
}

static const char *const foreign_changes[]
    = { "{\"id\":\"f1\",\"kind\":\"edit\",\"author\":\"ana\",\"target\":\"m1\",\"data\":\"x\"}",
        "{\"id\":\"f2\",\"kind\":\"delete\",\"author\":\"ana\",\"target\":\"m1\"}",
        "{\"id\":\"f3\",\"kind\":\"topic\",\"author\":\"ana\",\"data\":\"x\"}",
        "{\"id\":\"f4\",\"kind\":\"attribute\",\"author\":\"ana\",\"target\":\"m1\"}",
        "{\"id\":\"f5\",\"kind\":\"join\",\"author\":\"ana\"}",
        "{\"id\":\"f6\",\"kind\":\"leave\",\"author\":\"ana\"}" };

/* Where names are not protected, nobody can show that a change comes from whom it names. */
static void
test_foreign_changes (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  for (guint i = 0; i < G_N_ELEMENTS (foreign_changes); i++)
    role_test_append (test, CHAT_TOPIC_CHAT, "general", foreign_changes[i]);
  role_test_append (
      test, CHAT_TOPIC_CHAT, "general",
      "{\"id\":\"x1\",\"kind\":\"reaction\",\"author\":\"ana\",\"target\":\"m1\",\"data\":\"\u2764\ufe0f\"}");
  role_test_wait (test, CHAT_TOPIC_REJECTED, G_N_ELEMENTS (foreign_changes));
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:author", "x1:ana");
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_REJECTED);
  g_assert_nonnull (strstr (chat_record_get_header (g_ptr_array_index (records, 0), CHAT_REJECTED_REASON_HEADER),
                            "sent through the service"));
  role_test_stop (test, moderator);
}

/* Where they are, a broker's own users have names of their own, and may do what they like under these. */
static void
test_guests (RoleTest *test, gconstpointer shards)
{
  const ChatModeratorOptions options = { .limit = LIMIT, .language = "es", .guests = TRUE };
  ChatModerator *moderator
      = chat_moderator_new (test->transport, test->store, test->control, test->rules, test->signer, &options);
  g_autofree char *suffix = g_strdup_printf (" (%s)", chat_transport_get_name (test->transport));
  g_autofree char *longest = g_strnfill (64 - strlen (suffix), 'n');
  g_autofree char *fits = g_strdup_printf ("{\"id\":\"g1\",\"author\":\"%s\",\"data\":\"a\",\"timestamp\":1}", longest);
  g_autofree char *too_long
      = g_strdup_printf ("{\"id\":\"g2\",\"author\":\"%sn\",\"data\":\"a\",\"timestamp\":1}", longest);
  g_autofree char *ana = g_strconcat ("ana", suffix, NULL);

  role_test_start (test, moderator);
  for (guint i = 0; i < G_N_ELEMENTS (foreign_changes); i++)
    role_test_append (test, CHAT_TOPIC_CHAT, "general", foreign_changes[i]);
  role_test_append (test, CHAT_TOPIC_CHAT, "general", fits);
  role_test_append (test, CHAT_TOPIC_CHAT, "general", too_long);
  role_test_append (test, CHAT_TOPIC_CHAT, "general",
                    "{\"id\":\"g3\",\"kind\":\"delete\",\"target\":\"m1\"}"); /* of nobody */
  role_test_append (test, CHAT_TOPIC_CHAT, "general", "solo texto");
  role_test_say (test, "ana", "general", "m1", "hola");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, G_N_ELEMENTS (foreign_changes) + 3);
  role_test_wait (test, CHAT_TOPIC_REJECTED, 2);
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  for (guint i = 0; i < G_N_ELEMENTS (foreign_changes); i++)
    g_assert_cmpstr (chat_message_get_author (g_ptr_array_index (messages, i)), ==, ana);
  g_assert_null (chat_message_get_author (g_ptr_array_index (messages, messages->len - 2)));
  g_assert_cmpstr (chat_message_get_author (g_ptr_array_index (messages, messages->len - 1)), ==, "ana");
  role_test_stop (test, moderator);
}

/* Unsigned records are read in the dialect of the site, and become records of ours; the service's own stay as they are.
 */
static void
test_dialect (RoleTest *test, gconstpointer shards)
{
  static const char file[] = "[dialect]\nformat=json\nauthor_member=from.name\ntext_member=body\nid_member=uuid\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatDialect) dialect = chat_dialect_load_data (file, strlen (file), "/d.conf", &error);
  const ChatModeratorOptions options = { .limit = LIMIT, .language = "es", .dialect = dialect };
  ChatModerator *moderator
      = chat_moderator_new (test->transport, test->store, test->control, test->rules, test->signer, &options);

  g_assert_no_error (error);
  role_test_start (test, moderator);
  role_test_append (test, CHAT_TOPIC_CHAT, "General",
                    "{\"from\":{\"name\":\"luis\"},\"body\":\"buenas\",\"uuid\":\"u1\"}");
  role_test_append (test, CHAT_TOPIC_CHAT, "general", "{\"from\":{\"name\":\"luis\"}}");
  role_test_append (test, CHAT_TOPIC_CHAT, "general",
                    "{\"body\":\"mierda\",\"uuid\":\"u2\",\"from\":{\"name\":\"eva\"}}");
  role_test_say (test, "ana", "general", "m1", "hola");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 3);
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:channel:author:data",
                   "u1:general:luis:buenas u2:general:eva:****** m1:general:ana:hola");
  role_test_wait (test, CHAT_TOPIC_REJECTED, 1);
  role_test_stop (test, moderator);
}

static void
test_private (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  role_test_say (test, "ana", "dm.abc", "m1", "hola");
  role_test_say (test, "ana", "dm.abc", "m2", "mierda");
  role_test_append (test, CHAT_TOPIC_CHAT, "dm.abc",
                    "{\"id\":\"m3\",\"channel\":\"dm.abc\",\"author\":\"ana\",\"data\":\"x\",\"timestamp\":1}");
  role_test_check (test, CHAT_TOPIC_PRIVATE, "id:data", "m1:hola m2:******");
  role_test_wait (test, CHAT_TOPIC_REJECTED, 1);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 0);
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:target:channel", "warning:m2:-");
  role_test_stop (test, moderator);
}

/* Who is it: only what is signed may be a bot, and nobody gives his own seq or moderation. */
static void
test_claims (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);
  g_autoptr (ChatMessage) bot = role_test_message (test, "eco", "general", "m1", "hola");

  chat_message_set_bot (bot, TRUE);
  role_test_publish (test, CHAT_TOPIC_CHAT, bot);
  role_test_append (
      test, CHAT_TOPIC_CHAT, "general",
      "{\"id\":\"m2\",\"channel\":\"general\",\"author\":\"eco\",\"data\":\"hola\",\"timestamp\":1,"
      "\"bot\":true,\"seq\":9,\"moderation\":{\"rule\":\"x\",\"y\":1},\"moderator\":true,\"user\":\"bob\","
      "\"reason\":\"x\",\"receipts\":{\"m9\":3},\"state\":{\"seq\":4}}");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:bot:note", "m1:bot:- m2:human:-");
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  const ChatMessage *foreign = g_ptr_array_index (messages, 1);
  g_assert_cmpint (chat_message_get_seq (foreign), ==, 0);
  g_assert_false (chat_message_get_moderator (foreign));
  g_assert_null (chat_message_get_user (foreign));
  g_assert_null (chat_message_get_reason (foreign));
  g_assert_null (chat_message_get_receipts (foreign));
  g_assert_null (chat_message_get_state (foreign));
  role_test_stop (test, moderator);
}

/* Rules */

static void
test_mask (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  role_test_say (test, "ana", "general", "m1", "qué_mierda");
  role_test_say (test, "ana", "general", "m2", "culo");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:data:note", "m1:qué_mierda:- m2:****:es/insults,0/0,0+4");
  role_test_say (test, "ana", "general", "m3", "¡mierda!");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 3);
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (messages, 2)), ==, "¡******!");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target:note:data:channel", "warning:ana:m3:-,1/3:-:-");
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_WARNINGS);
  g_assert_cmpstr (chat_record_get_key (g_ptr_array_index (records, 0)), ==, "ana");
  g_assert_cmpuint (chat_moderator_get_counters (moderator)->masked, ==, 2);
  g_assert_cmpuint (chat_moderator_get_counters (moderator)->strikes, ==, 1);

  g_autoptr (ChatStrike) strike
      = chat_test_call (chat_moderation_store_get_strike, chat_store_get_moderation (test->sqlite), NULL, "m3");
  g_assert_cmpstr (strike->original, ==, "¡mierda!");
  g_assert_cmpstr (strike->rule, ==, "es/insults");
  g_assert_cmpstr (strike->rules_version, ==, chat_rules_get_version (chat_rules_source_get_rules (test->rules)));
  role_test_stop (test, moderator);
}

/* A mild word before it takes nothing from what counts. */
static void
test_mild_and_worse (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  role_test_say (test, "ana", "general", "m1", "culo,mierda");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "data:note", "****,******:es/insults,1/3,0+4,5+6");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:target", "warning:m1");
  role_test_stop (test, moderator);
}

/* Nobody knows whom to warn. */
static void
test_unknown_author (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  for (guint i = 0; i <= LIMIT; i++)
    role_test_append (test, CHAT_TOPIC_CHAT, "general", "mierda");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "author:data", "-:****** -:****** -:****** -:******");
  role_test_wait (test, CHAT_TOPIC_WARNINGS, 0);
  role_test_stop (test, moderator);
}

static void
set_language (RoleTest *test, const char *channel, const char *language)
{
  const ChatChannelInfo info = { .name = (char *)channel, .kind = CHAT_CHANNEL_PUBLIC };
  gboolean created;
  GAsyncResult *slot = NULL;

  chat_channel_store_ensure_async (chat_store_get_channels (test->sqlite), &info, (const char *const *)info.members,
                                   NULL, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the channel");
  g_assert_true (chat_channel_store_ensure_finish (chat_store_get_channels (test->sqlite), result, &created, NULL));
  g_assert_true (chat_test_call (chat_channel_store_update, chat_store_get_channels (test->sqlite), NULL, channel, NULL,
                                 language));
}

/* The lists of the channel's language; the server's where it names none; a change applies at once when it is said. */
static void
test_languages (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);
  g_autoptr (ChatMessage) topic = chat_message_new (CHAT_KIND_TOPIC);

  set_language (test, "english", "en");
  role_test_say (test, "ana", "english", "m1", "mierda");
  role_test_say (test, "bob", "english", "m2", "shit");
  role_test_say (test, "eva", "general", "m3", "shit");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:data", "m1:mierda m2:**** m3:shit");
  guint calls = chat_fault_store_get_calls (test->faults);
  role_test_say (test, "eva", "english", "m4", "hello");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 4);
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls); /* known for some seconds */

  set_language (test, "english", "es");
  chat_message_set_id (topic, "t1");
  chat_message_set_channel (topic, "english");
  chat_message_set_author (topic, "eva");
  chat_message_set_data (topic, "Se habla español");
  chat_message_set_timestamp (topic, test->clock);
  role_test_publish (test, CHAT_TOPIC_CHAT, topic);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 5);
  role_test_say (test, "ana", "english", "m5", "mierda");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 6);
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (messages, 5)), ==, "******");

  set_language (test, "both", "es, en");
  role_test_say (test, "ana", "both", "m6", "mierda shit");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 7);
  g_autoptr (GPtrArray) more = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (more, 6)), ==, "****** ****");
  role_test_stop (test, moderator);
}

/* Blocks */

/* Five in one batch: the third leads to the block, the fourth and fifth are refused, and others are not held up. */
static void
test_block_within_batch (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_new (test);

  role_test_say (test, "ana", "general", "a1", "mierda");
  role_test_say (test, "bob", "general", "b1", "hola");
  role_test_say (test, "Ana", "general", "a2", "mierda");
  role_test_say (test, "ana", "general", "a3", "culo");
  role_test_say (test, "ana", "other", "a4", "mierda");
  role_test_say (test, "ana", "general", "a5", "ya");
  role_test_say (test, "bob", "general", "b2", "mierda");
  role_test_say (test, "аna", "general", "a6", "hola"); /* the first letter is Cyrillic */
  role_test_start (test, moderator);
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:data", "a1:****** b1:hola a2:****** a3:**** a4:****** b2:******");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target:note",
                   "warning:ana:a1:-,1/3 warning:Ana:a2:-,2/3 warning:ana:a4:-,3/3 block:ana:a4:-,3/3 "
                   "refused:ana:a5:- warning:bob:b2:-,1/3 refused:аna:a6:-");
  role_test_say (test, "ana", "general", "a7", "hola");
  role_test_wait (test, CHAT_TOPIC_WARNINGS, 8);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 6);
  g_assert_cmpuint (role_test_get_strikes (test, "ana"), ==, 3);
  const ChatModeratorCounters *counters = chat_moderator_get_counters (moderator);
  g_assert_cmpuint (counters->refused, ==, 3);
  g_assert_cmpuint (counters->strikes, ==, 4);
  g_assert_cmpuint (counters->blocks, ==, 1);
  role_test_stop (test, moderator);
}

static void
block_ana (RoleTest *test)
{
  ChatModerator *moderator = moderator_start (test);

  for (guint i = 0; i < LIMIT; i++)
    {
      g_autofree char *id = g_strdup_printf ("swear-%u", i);
      role_test_say (test, "ana", "general", id, "mierda");
    }
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, LIMIT);
  role_test_stop (test, moderator);
}

/* A block outlives the moderator; a moderator lifts it, and says so on chat_control. */
static void
test_lifted (RoleTest *test, gconstpointer shards)
{
  g_autoptr (ChatMessage) unblock = chat_message_new (CHAT_KIND_UNBLOCK);

  block_ana (test);
  ChatModerator *moderator = moderator_start (test);
  role_test_say (test, "ana", "general", "m1", "hola");
  role_test_wait (test, CHAT_TOPIC_WARNINGS, LIMIT + 2);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, LIMIT);

  g_assert_true (chat_test_call (chat_moderation_store_lift_block, chat_store_get_moderation (test->sqlite), NULL,
                                 "ana", "eva", test->clock));
  chat_message_set_id (unblock, "u1");
  chat_message_set_target (unblock, "swear-2");
  chat_message_set_user (unblock, "ana");
  role_test_publish (test, CHAT_TOPIC_CONTROL, unblock);
  chat_test_run_pending ();
  guint calls = chat_fault_store_get_calls (test->faults);
  chat_test_run_for (50);
  g_assert_cmpuint (chat_fault_store_get_calls (test->faults), ==, calls);
  role_test_say (test, "ana", "general", "m2", "hola");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, LIMIT + 1);
  role_test_stop (test, moderator);
}

/* Who is blocked may take back what he has said, and go; nothing else. */
static void
test_blocked_kinds (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator;
  g_autoptr (ChatMessage) other = chat_message_new (CHAT_KIND_DELETE);

  block_ana (test);
  moderator = moderator_start (test);
  put (test, CHAT_KIND_EDIT, "e1", "ana", "m1", "hola");
  put (test, CHAT_KIND_REACTION, "x1", "ana", "m1", "\u2764\ufe0f");
  put (test, CHAT_KIND_TOPIC, "t1", "ana", NULL, "hola");
  put (test, CHAT_KIND_DELETE, "d1", "ana", "m1", NULL);
  put (test, CHAT_KIND_LEAVE, "l1", "ana", NULL, NULL);
  chat_message_set_id (other, "d2");
  chat_message_set_channel (other, "general");
  chat_message_set_author (other, "ana");
  chat_message_set_target (other, "m2");
  chat_message_set_timestamp (other, test->clock++);
  chat_message_set_moderator (other, TRUE);
  role_test_publish (test, CHAT_TOPIC_CHAT, other);
  role_test_wait (test, CHAT_TOPIC_WARNINGS, LIMIT + 1 + 4);
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id", "swear-0 swear-1 swear-2 d1 l1");
  role_test_stop (test, moderator);
}

/* Every process hears of a block, and what led to it: signed, and no text. */
static void
test_announced (RoleTest *test, gconstpointer shards)
{
  block_ana (test);
  role_test_check (test, CHAT_TOPIC_CONTROL, "kind:user:target:data", "block:ana:swear-2:-");
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_CONTROL);
  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROL);
  g_assert_true (chat_signer_verify (test->signer, g_ptr_array_index (messages, 0),
                                     chat_record_get_header (g_ptr_array_index (records, 0), CHAT_SIGNATURE_HEADER)));
}

/* Doing it again */

/* What comes before the culprit, and the culprit itself, must have the outcome of the first time. */
static void
check_redo (RoleTest *test)
{
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:data",
                   "a0:hola a1:****** a2:hola a3:****** a4:hola a5:****** b1:hola");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:target:note",
                   "warning:a1:-,1/3 warning:a3:-,2/3 warning:a5:-,3/3 block:a5:-,3/3 refused:a6:-");
  g_assert_cmpuint (role_test_get_strikes (test, "ana"), ==, 3);
}

static void
say_until_blocked (RoleTest *test)
{
  role_test_say (test, "ana", "general", "a0", "hola");
  role_test_say (test, "ana", "general", "a1", "mierda");
  role_test_say (test, "ana", "general", "a2", "hola");
  role_test_say (test, "ana", "general", "a3", "mierda");
  role_test_say (test, "ana", "general", "a4", "hola");
  role_test_say (test, "ana", "general", "a5", "mierda");
  role_test_say (test, "ana", "general", "a6", "hola");
  role_test_say (test, "bob", "general", "b1", "hola");
}

static void
test_aborted (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_new (test);

  chat_loopback_transport_fail_forwards (test->loopback, 2, CHAT_TRANSPORT_ERROR_ABORTED);
  say_until_blocked (test);
  role_test_start (test, moderator);
  check_redo (test);
  g_assert_cmpuint (chat_moderator_get_counters (moderator)->strikes, ==, 3);
  role_test_stop (test, moderator);
}

/* The process ends between the strikes and the forward, and the next one finds the block in the store. */
static void
test_crash (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_new (test);

  chat_loopback_transport_fail_forwards (test->loopback, 1, CHAT_TRANSPORT_ERROR_DAMAGED);
  say_until_blocked (test);
  role_test_start (test, moderator);
  chat_test_wait_for_count (&test->failures, 1);
  role_test_stop (test, moderator);
  g_assert_cmpuint (role_test_get_strikes (test, "ana"), ==, 3);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 0);

  moderator = moderator_start (test);
  check_redo (test);
  role_test_stop (test, moderator);
}

/* The same where the next process sees the batch in pieces, so that the culprit is not among what comes before it. */
static void
test_crash_in_pieces (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_new (test);

  chat_loopback_transport_fail_forwards (test->loopback, 1, CHAT_TRANSPORT_ERROR_DAMAGED);
  say_until_blocked (test);
  role_test_start (test, moderator);
  chat_test_wait_for_count (&test->failures, 1);
  role_test_stop (test, moderator);

  moderator = moderator_new (test);
  g_object_set (moderator, "batch", 1, NULL);
  role_test_start (test, moderator);
  check_redo (test);
  role_test_stop (test, moderator);
}

/* The store recorded the strike, and nobody heard of it. */
static void
test_lost_answer (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  role_test_say (test, "ana", "general", "m0", "hola");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 1);
  chat_fault_store_lose_answers (test->faults, 1, CHAT_STORE_ERROR_BUSY);
  role_test_say (test, "ana", "general", "m1", "mierda");
  role_test_say (test, "ana", "general", "m2", "mierda");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:note", "m0:- m1:es/insults,1/3,0+6 m2:es/insults,2/3,0+6");
  g_assert_cmpuint (role_test_get_strikes (test, "ana"), ==, 2);
  g_assert_cmpuint (test->failures, ==, 0);
  role_test_stop (test, moderator);
}

/* While the store can't say, nothing passes; then everything does. */
static void
test_busy (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  chat_fault_store_refuse (test->faults, 3, CHAT_STORE_ERROR_BUSY);
  role_test_say (test, "ana", "general", "m1", "hola");
  role_test_say (test, "ana", "general", "m2", "mierda");
  chat_test_run_pending ();
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 0);
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:data", "m1:hola m2:******");
  g_assert_cmpuint (test->failures, ==, 0);
  role_test_stop (test, moderator);
}

static void
test_damaged (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_DAMAGED);
  role_test_say (test, "ana", "general", "m1", "hola");
  chat_test_wait_for_count (&test->failures, 1);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 0);
  role_test_stop (test, moderator);
}

/* Ids */

static void
test_repeats (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_new (test);

  role_test_say (test, "ana", "general", "m1", "hola");
  role_test_say (test, "ana", "general", "m1", "hola"); /* within the batch */
  role_test_say (test, "ana", "general", "m2", "mierda");
  role_test_say (test, "ana", "general", "m1", "adiós");
  role_test_start (test, moderator);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 2);
  role_test_say (test, "ana", "general", "m1", "hola"); /* and later */
  role_test_say (test, "ana", "general", "m2", "mierda");
  role_test_say (test, "bob", "general", "m2", "mierda");
  role_test_say (test, "bob", "general", "m3", "fin");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id:data", "m1:hola m2:****** m3:fin");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target", "warning:ana:m2 refused:ana:m1 refused:bob:m2");
  g_assert_cmpuint (chat_moderator_get_counters (moderator)->repeated, ==, 3);
  g_assert_cmpuint (role_test_get_strikes (test, "ana"), ==, 1);
  g_assert_cmpuint (role_test_get_strikes (test, "bob"), ==, 0);
  role_test_stop (test, moderator);
}

/* A struck id is no licence to swear without a strike, for a moderator that does not remember it either. */
static void
test_struck_id (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);

  role_test_say (test, "ana", "general", "m1", "mierda");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 1);
  role_test_stop (test, moderator);
  moderator = moderator_start (test);
  role_test_say (test, "ana", "general", "m1", "mierda mierda");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target", "warning:ana:m1 refused:ana:m1");
  role_test_say (test, "bob", "general", "m1", "mierda");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target", "warning:ana:m1 refused:ana:m1 refused:bob:m1");
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, 1);
  role_test_stop (test, moderator);
}

/* Nor does the culprit's id open a way around the block. */
static void
test_culprit_id (RoleTest *test, gconstpointer shards)
{
  block_ana (test);
  ChatModerator *moderator = moderator_new (test);
  role_test_append (test, CHAT_TOPIC_CHAT, "general",
                    "{\"id\":\"x1\",\"channel\":\"general\",\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":1}");
  role_test_append (
      test, CHAT_TOPIC_CHAT, "general",
      "{\"id\":\"swear-2\",\"channel\":\"general\",\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":1}");
  role_test_start (test, moderator);
  role_test_wait (test, CHAT_TOPIC_WARNINGS, LIMIT + 1 + 2);
  role_test_wait (test, CHAT_TOPIC_CONTROLLED, LIMIT);
  role_test_stop (test, moderator);
}

/* Bad input */

static void
rejected_cb (ChatModerator *moderator, const char *position, const char *reason, GPtrArray *positions)
{
  g_assert_cmpstr (reason, !=, "");
  g_ptr_array_add (positions, g_strdup (position));
}

static void
test_unreadable (RoleTest *test, gconstpointer shards)
{
  const char *const bad[] = {
    "",
    "{\"author\":\"\",\"data\":\"x\"}",
    "{\"author\":\"ana\"}",
    "{\"author\":\"ana\",\"data\":7}",
    "{\"author\":\"ana\",\"data\":\"a\\u0000b\"}",
    "{\"author\":\"ana\",\"data\":\"x\",\"channel\":\"NOT A CHANNEL\"}",
    "\xff\xfe",
    "text with a bell \a",
    "{\"kind\":\"warning\",\"user\":\"ana\",\"target\":\"m1\"}",
    "{\"kind\":\"unblock\",\"user\":\"ana\",\"target\":\"m1\"}",
    "{\"kind\":\"receipt\",\"channel\":\"general\",\"receipts\":{\"m1\":1}}",
    "{\"kind\":\"control\"}",
    "{\"kind\":\"rules\"}",
  };
  ChatModerator *moderator = moderator_start (test);
  g_autoptr (GPtrArray) positions = g_ptr_array_new_with_free_func (g_free);

  g_signal_connect (moderator, "rejected", G_CALLBACK (rejected_cb), positions);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    role_test_append (test, CHAT_TOPIC_CHAT, "general", bad[i]);
  role_test_say (test, "ana", "general", "m1", "hola");
  role_test_check (test, CHAT_TOPIC_CONTROLLED, "id", "m1");
  role_test_wait (test, CHAT_TOPIC_REJECTED, G_N_ELEMENTS (bad));
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_REJECTED);
  for (guint i = 0; i < records->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (records, i);
      g_autofree char *position = g_strdup_printf ("chat/0/%u", i);
      gsize size = g_bytes_get_size (chat_record_get_bytes (record));
      g_assert_cmpuint (size, ==, strlen (bad[i]));
      g_assert_cmpmem (g_bytes_get_data (chat_record_get_bytes (record), NULL), size, bad[i], strlen (bad[i]));
      g_assert_cmpstr (chat_record_get_header (record, CHAT_REJECTED_POSITION_HEADER), ==, position);
      g_assert_nonnull (chat_record_get_header (record, CHAT_REJECTED_REASON_HEADER));
      g_assert_cmpstr (g_ptr_array_index (positions, i), ==, position);
    }
  g_assert_cmpuint (chat_moderator_get_counters (moderator)->rejected, ==, G_N_ELEMENTS (bad));
  role_test_stop (test, moderator);
}

/* 64 KiB is for everybody; the service's own records may have grown on their way. */
static void
test_too_large (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);
  g_autofree char *padding = g_strnfill (70000, 'x');
  g_autofree char *json
      = g_strdup_printf ("{\"id\":\"m1\",\"channel\":\"general\",\"author\":\"ana\",\"data\":\"hola\","
                         "\"timestamp\":1,\"x\":\"%s\"}",
                         padding);

  role_test_append (test, CHAT_TOPIC_CHAT, "general", json);
  role_test_wait (test, CHAT_TOPIC_REJECTED, 1);
  role_test_stop (test, moderator);
}

#define STORM 3000

static gboolean
is_judged (gpointer data)
{
  const ChatModeratorCounters *counters = chat_moderator_get_counters (data);

  return counters->passed + counters->masked + counters->refused >= STORM;
}

/* Everything at once: every message has one outcome, and each channel its order. */
static void
test_storm (RoleTest *test, gconstpointer shards)
{
  ChatModerator *moderator = moderator_start (test);
  g_autoptr (GHashTable) outcomes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint last[7] = { 0 };

  for (guint i = 0; i < STORM; i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", i);
      g_autofree char *author = g_strdup_printf ("user-%u", i % 50);
      g_autofree char *channel = g_strdup_printf ("channel-%u", i % 7);
      role_test_say (test, author, channel, id, i % 11 == 3 ? "qué mierda" : "hola");
      if (i % 100 == 0)
        chat_loopback_transport_duplicate (test->loopback, 10);
      if (i % 500 == 0)
        chat_loopback_transport_fail_forwards (test->loopback, 1, CHAT_TRANSPORT_ERROR_ABORTED);
      if (i % 700 == 0)
        chat_fault_store_lose_answers (test->faults, 1, CHAT_STORE_ERROR_BUSY);
      if (i % 30 == 0)
        g_main_context_iteration (NULL, FALSE);
    }
  chat_test_wait_until (is_judged, moderator, "every verdict");

  g_autoptr (GPtrArray) messages = role_test_list (test, CHAT_TOPIC_CONTROLLED);
  for (guint i = 0; i < messages->len; i++)
    {
      const char *id = chat_message_get_id (g_ptr_array_index (messages, i));
      guint number = (guint)g_ascii_strtoull (id + 1, NULL, 10);
      g_assert_true (g_hash_table_add (outcomes, g_strdup (id)));
      g_assert_true (number == number % 7 || number > last[number % 7]);
      last[number % 7] = number;
    }
  g_autoptr (GPtrArray) warnings = role_test_list (test, CHAT_TOPIC_WARNINGS);
  for (guint i = 0; i < warnings->len; i++)
    if (chat_message_get_kind (g_ptr_array_index (warnings, i)) == CHAT_KIND_REFUSED)
      g_assert_true (g_hash_table_add (outcomes, g_strdup (chat_message_get_target (g_ptr_array_index (warnings, i)))));
  g_assert_cmpuint (g_hash_table_size (outcomes), ==, STORM);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *author = g_strdup_printf ("user-%u", i);
      g_assert_cmpuint (role_test_get_strikes (test, author), ==, LIMIT);
    }
  role_test_stop (test, moderator);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, shards, func)                                                                                        \
  g_test_add ("/moderator/" name, RoleTest, GUINT_TO_POINTER (shards), role_test_set_up, func, role_test_tear_down)
  ADD ("clean", 1, test_clean);
  ADD ("foreign", 1, test_foreign);
  ADD ("kinds", 1, test_kinds);
  ADD ("foreign-changes", 1, test_foreign_changes);
  ADD ("guests", 1, test_guests);
  ADD ("dialect", 1, test_dialect);
  ADD ("private", 1, test_private);
  ADD ("claims", 1, test_claims);
  ADD ("mask", 1, test_mask);
  ADD ("mild-and-worse", 1, test_mild_and_worse);
  ADD ("unknown-author", 1, test_unknown_author);
  ADD ("languages", 1, test_languages);
  ADD ("block-within-batch", 1, test_block_within_batch);
  ADD ("lifted", 1, test_lifted);
  ADD ("blocked-kinds", 1, test_blocked_kinds);
  ADD ("announced", 1, test_announced);
  ADD ("aborted", 1, test_aborted);
  ADD ("crash", 1, test_crash);
  ADD ("crash-in-pieces", 1, test_crash_in_pieces);
  ADD ("lost-answer", 1, test_lost_answer);
  ADD ("busy", 1, test_busy);
  ADD ("damaged", 1, test_damaged);
  ADD ("repeats", 1, test_repeats);
  ADD ("struck-id", 1, test_struck_id);
  ADD ("culprit-id", 1, test_culprit_id);
  ADD ("unreadable", 1, test_unreadable);
  ADD ("too-large", 1, test_too_large);
  ADD ("storm", 3, test_storm);
  return g_test_run ();
}
