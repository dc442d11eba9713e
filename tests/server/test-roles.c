/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moderator, archiver and eco together, on the real log and the real store. */
#include "server/archiver/chat-archiver.h"
#include "server/bot/chat-echo-bot.h"
#include "server/moderator/chat-moderator.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "chat-test-call.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "server/store/sqlite/chat-sqlite-store.h"
#include "transport/log/chat-log-transport.h"

#define MESSAGES 10000
#define AUTHORS 5
#define CHANNELS 3
#define WINDOW 1000      /* publishes in flight */
#define SWEAR_EVERY 1001 /* two of each author: nobody is blocked */
#define SWEARS 10
#define ASK_EVERY 101 /* every so many messages one asks eco */
#define RULES "language: es\nrule: es/insults\nmierda\n"

typedef struct
{
  char *directory, *log_path, *store_path;
  ChatTransport *transport;
  ChatStore *store;
  ChatControlFeed *control;
  ChatRulesSource *rules;
  ChatSigner *signer;
  ChatModerator *moderator;
  ChatArchiver *archiver;
  ChatEchoBot *bot;
  guint failures;

  guint published, confirmed;
  guint asked;
} Fixture;

static void
failed_cb (ChatService *service, const GError *error, Fixture *fixture)
{
  g_test_message ("%s failed: %s", chat_service_get_name (service), error->message);
  fixture->failures++;
}

static void
start (Fixture *fixture, gpointer service)
{
  g_autoptr (GError) error = NULL;

  g_signal_connect (service, "failed", G_CALLBACK (failed_cb), fixture);
  g_assert_true (chat_test_call (chat_service_start, CHAT_SERVICE (service), &error));
  g_assert_no_error (error);
}

static void
stop (gpointer service)
{
  g_assert_true (chat_test_call (chat_service_stop, CHAT_SERVICE (service), NULL));
  chat_test_run_pending ();
  g_assert_finalize_object (service);
}

static void
start_moderator (Fixture *fixture)
{
  const ChatModeratorOptions options = { .limit = 3, .language = "es" };

  fixture->moderator = chat_moderator_new (fixture->transport, fixture->store, fixture->control, fixture->rules,
                                           fixture->signer, &options);
  start (fixture, fixture->moderator);
}

static void
start_archiver (Fixture *fixture)
{
  fixture->archiver = chat_archiver_new (fixture->transport, chat_store_get_messages (fixture->store));
  start (fixture, fixture->archiver);
}

static void
set_up (Fixture *fixture, gconstpointer shards)
{
  ChatLogOptions options = CHAT_LOG_OPTIONS_INIT;
  g_autoptr (GBytes) lists = g_bytes_new_static (RULES, strlen (RULES));
  g_autoptr (GBytes) secret = g_bytes_new ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (GError) error = NULL;

  options.shards = GPOINTER_TO_UINT (shards);
  fixture->directory = g_dir_make_tmp ("tertulia-roles-XXXXXX", NULL);
  fixture->log_path = g_build_filename (fixture->directory, "log.sqlite", NULL);
  fixture->store_path = g_build_filename (fixture->directory, "store.sqlite", NULL);
  fixture->transport = chat_log_transport_new (fixture->log_path, &options);
  fixture->store = chat_sqlite_store_new (fixture->store_path);
  fixture->signer = chat_signer_new ("test", secret);
  g_assert_true (chat_test_call (chat_transport_connect, fixture->transport, &error));
  g_assert_no_error (error);
  g_assert_true (chat_test_call (chat_store_open, fixture->store, &error));
  g_assert_no_error (error);
  fixture->control = chat_control_feed_new (fixture->transport, fixture->signer);
  fixture->rules = chat_rules_source_new (fixture->control, chat_store_get_moderation (fixture->store), lists);
  start (fixture, fixture->control);
  start (fixture, fixture->rules);
  start_moderator (fixture);
  start_archiver (fixture);
  const ChatBotOptions bot_options = { fixture->transport, fixture->store, fixture->signer, NULL };
  fixture->bot = chat_echo_bot_new (&bot_options);
  start (fixture, fixture->bot);
}

static void
tear_down (Fixture *fixture, gconstpointer shards)
{
  g_autoptr (GDir) directory = g_dir_open (fixture->directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
      g_unlink (path);
    }
  g_rmdir (fixture->directory);
  chat_signer_free (fixture->signer);
  g_object_unref (fixture->transport);
  g_object_unref (fixture->store);
  g_free (fixture->directory);
  g_free (fixture->log_path);
  g_free (fixture->store_path);
}

/* Sending */

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  fixture->confirmed++;
}

static const char *
text_of (guint number)
{
  if (number % SWEAR_EVERY == 500)
    return "¡mierda!";
  return number % ASK_EVERY == 0 ? "@eco ¿estás?" : "una frase cualquiera, ni larga ni corta";
}

static void
publish (Fixture *fixture, guint number)
{
  g_autofree char *id = g_strdup_printf ("message-%05u", number);
  g_autofree char *author = g_strdup_printf ("author-%u", number % AUTHORS);
  g_autofree char *channel = g_strdup_printf ("channel-%u", number % CHANNELS);
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, author);
  chat_message_set_data (message, text_of (number));
  chat_message_set_timestamp (message, chat_time_now ());
  fixture->asked += g_str_has_prefix (text_of (number), "@eco");

  g_autoptr (GBytes) bytes = chat_message_encode (message);
  g_autofree char *signature = chat_signer_sign (fixture->signer, message);
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, channel, bytes);
  chat_record_set_header (record, CHAT_SIGNATURE_HEADER, signature);
  chat_transport_publish_async (fixture->transport, record, NULL, published_cb, fixture);
  fixture->published++;
}

static void
publish_until (Fixture *fixture, guint until)
{
  while (fixture->published < until)
    {
      if (fixture->published - fixture->confirmed < WINDOW)
        publish (fixture, fixture->published);
      else
        g_main_context_iteration (NULL, TRUE);
    }
}

/* Looking: with nothing of the product between the file and the test */

static gboolean
look_until_all (gpointer data)
{
  Fixture *fixture = data;
  sqlite3 *database = NULL;
  sqlite3_stmt *query = NULL;
  gint64 count = -1;

  g_assert_cmpint (sqlite3_open_v2 (fixture->store_path, &database, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (database, 5000);
  g_assert_cmpint (sqlite3_prepare_v2 (database, "SELECT count (*) FROM messages", -1, &query, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  count = sqlite3_column_int64 (query, 0);
  sqlite3_finalize (query);
  sqlite3_close (database);
  return count >= MESSAGES + fixture->asked;
}

static guint
check_channel (sqlite3 *database, guint channel, guint *answers, guint *masked)
{
  g_autofree char *name = g_strdup_printf ("channel-%u", channel);
  sqlite3_stmt *query = NULL;
  guint next = channel;
  gint64 seq = 0;

  g_assert_cmpint (sqlite3_prepare_v2 (database,
                                       "SELECT messages.seq, messages.id, json_extract (record, '$.author'), "
                                       "json_extract (record, '$.data') FROM messages JOIN channels ON "
                                       "channels.number = messages.channel WHERE channels.name = ?1 ORDER BY seq",
                                       -1, &query, NULL),
                   ==, SQLITE_OK);
  sqlite3_bind_text (query, 1, name, -1, SQLITE_STATIC);
  while (sqlite3_step (query) == SQLITE_ROW)
    {
      const char *author = (const char *)sqlite3_column_text (query, 2);
      const char *text = (const char *)sqlite3_column_text (query, 3);

      g_assert_cmpint (sqlite3_column_int64 (query, 0), ==, ++seq);
      if (g_str_equal (author, "eco"))
        {
          g_assert_cmpstr (text, ==, "¿estás?");
          ++*answers;
          continue;
        }
      g_autofree char *id = g_strdup_printf ("message-%05u", next);
      g_assert_cmpstr ((const char *)sqlite3_column_text (query, 1), ==, id);
      *masked += g_str_equal (text, "¡******!");
      g_assert_null (strstr (text, "mierda"));
      next += CHANNELS;
    }
  sqlite3_finalize (query);
  return (next - channel) / CHANNELS;
}

static void
check_store (Fixture *fixture)
{
  sqlite3 *database = NULL;
  guint found = 0, answers = 0, masked = 0;

  g_assert_cmpint (sqlite3_open_v2 (fixture->store_path, &database, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  for (guint i = 0; i < CHANNELS; i++)
    found += check_channel (database, i, &answers, &masked);
  sqlite3_close (database);
  g_assert_cmpuint (found, ==, MESSAGES);
  g_assert_cmpuint (answers, ==, fixture->asked);
  g_assert_cmpuint (masked, ==, SWEARS);
}

typedef struct
{
  GHashTable *seqs; /* id → seq, as the receipts say */
  guint warnings;
} Readings;

static void
readings_cb (ChatSubscription *subscription, GPtrArray *batch, Readings *readings)
{
  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      GBytes *bytes = chat_record_get_bytes (record);
      g_autoptr (ChatMessage) message
          = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
      GHashTableIter iter;
      gpointer id, seq;

      if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_WARNINGS))
        {
          readings->warnings++;
          continue;
        }
      g_hash_table_iter_init (&iter, chat_message_get_receipts (message));
      while (g_hash_table_iter_next (&iter, &id, &seq))
        g_assert_true (g_hash_table_insert (readings->seqs, g_strdup (id), GINT_TO_POINTER (*(gint64 *)seq)));
    }
}

static ChatSubscription *
read_on (Fixture *fixture, Readings *readings)
{
  const char *const topics[] = { CHAT_TOPIC_RECEIPTS, CHAT_TOPIC_WARNINGS, NULL };
  const ChatStart start = CHAT_START_LIVE_INIT;
  GAsyncResult *slot = NULL;

  chat_transport_subscribe_async (fixture->transport, topics, NULL, &start, NULL, chat_test_result_cb, &slot);
  g_autoptr (GAsyncResult) result = chat_test_await (&slot, "the subscription");
  ChatSubscription *subscription = chat_transport_subscribe_finish (fixture->transport, result, NULL);
  readings->seqs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (subscription, "records", G_CALLBACK (readings_cb), readings);
  return subscription;
}

static gboolean
has_all_receipts (gpointer data)
{
  gpointer *wait = data;

  return g_hash_table_size (((Readings *)wait[0])->seqs) >= GPOINTER_TO_UINT (wait[1]);
}

/* 10,000 messages of five authors in three channels, with the roles taken down and put up again in the midst of it:
 * each is stored once, in order, with a contiguous seq, and its receipt says so. */
static void
test_all (Fixture *fixture, gconstpointer shards)
{
  Readings readings = { NULL, 0 };
  ChatSubscription *subscription = read_on (fixture, &readings);
  gint64 began = g_get_monotonic_time ();

  publish_until (fixture, MESSAGES / 3);
  stop (fixture->moderator);
  start_moderator (fixture);
  publish_until (fixture, MESSAGES / 2);
  stop (fixture->archiver);
  publish_until (fixture, MESSAGES * 2 / 3);
  start_archiver (fixture);
  publish_until (fixture, MESSAGES);
  gpointer wait[] = { &readings, GUINT_TO_POINTER (MESSAGES + fixture->asked) };
  chat_test_wait_until (has_all_receipts, wait, "every receipt");
  g_test_message ("%u messages in %.2f s", MESSAGES, (double)(g_get_monotonic_time () - began) / G_USEC_PER_SEC);

  g_assert_true (look_until_all (fixture));
  stop (fixture->bot);
  stop (fixture->moderator);
  stop (fixture->archiver);
  stop (fixture->rules);
  stop (fixture->control);
  g_assert_true (chat_test_call (chat_subscription_close, subscription, NULL));
  g_object_unref (subscription);
  g_assert_true (chat_test_call (chat_transport_close, fixture->transport, NULL));
  g_assert_true (chat_test_call (chat_store_close, fixture->store, NULL));
  check_store (fixture);
  g_assert_cmpuint (readings.warnings, ==, SWEARS);
  g_assert_cmpuint (g_hash_table_size (readings.seqs), ==, MESSAGES + fixture->asked);
  g_hash_table_unref (readings.seqs);
  g_assert_cmpuint (fixture->failures, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/roles/one-shard", Fixture, GUINT_TO_POINTER (1), set_up, test_all, tear_down);
  g_test_add ("/roles/shards", Fixture, GUINT_TO_POINTER (3), set_up, test_all, tear_down);
  return g_test_run ();
}
