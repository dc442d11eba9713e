/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A workspace whose public channels come from a broker, step by step: both feeds are loopbacks that do as they are
 * told, and the service says what the test wants. */
#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "client/chat-timeline-private.h"
#include "client/chat-workspace-private.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "local-test.h"
#include "workspace-test.h"

#include <glib/gstdio.h>
#include <string.h>

#define PATIENCE_MS 60
#define OVERLAP_MS 40

#define CHANNELS(head, unread)                                                                                         \
  "{\"channels\":[{\"name\":\"general\",\"kind\":\"public\",\"head\":" #head ",\"read\":0,\"unread\":" #unread         \
  ",\"mentions\":0,\"joined\":true}]}"
#define KAFKA(port) "{\"kind\":\"kafka\",\"addresses\":[\"kafka1:" #port "\"],\"prefix\":\"\"}"
#define RABBITMQ "{\"kind\":\"rabbitmq\",\"addresses\":[\"rabbit1:5672\"],\"virtual_host\":\"/\",\"prefix\":\"\"}"

static const ChatFakeAnswer channels = { 200, NULL, CHANNELS (0, 0) };
static const ChatFakeAnswer empty_page
    = { 200, NULL, "{\"messages\":[],\"head\":0,\"first\":0,\"more_before\":false,\"more_after\":false}" };
static const ChatFakeAnswer no_warnings = { 200, NULL, "{\"warnings\":[],\"block\":null}" };
static const ChatFakeAnswer blocked
    = { 200, NULL, "{\"warnings\":[],\"block\":{\"since\":\"2026-01-01T00:00:00Z\",\"until\":null,\"reason\":\"x\"}}" };
static const ChatFakeAnswer no_feeds = { 200, NULL, "{\"feeds\":[{\"kind\":\"websocket\"}]}" };
static const ChatFakeAnswer kafka = { 200, NULL, "{\"feeds\":[{\"kind\":\"websocket\"}," KAFKA (9092) "]}" };
static const ChatFakeAnswer other_kafka = { 200, NULL, "{\"feeds\":[" KAFKA (9093) "]}" };
static const ChatFakeAnswer both = { 200, NULL, "{\"feeds\":[" KAFKA (9092) "," RABBITMQ "]}" };
static const ChatFakeAnswer with_ca = { 200, NULL,
                                        "{\"feeds\":[{\"kind\":\"kafka\",\"addresses\":[\"kafka1:9093\"],\"tls\":true,"
                                        "\"ca\":\"-----BEGIN CERTIFICATE-----\\n\"}]}" };

typedef struct
{
  World world;
  ChatLoopbackBroker *broker;
  ChatTransport *last;        /* the last one that was made */
  ChatBrokerOptions *options; /* what it was made of */
  ChatTransportError denies;  /* the next connect is answered so; 0: not */
  guint made;
  gboolean unreachable;
  guint noted, warned, worded;
} Office;

static ChatTransport *
make_broker (const ChatBrokerOptions *options, gpointer data)
{
  Office *office = data;

  office->made++;
  chat_broker_options_free (office->options);
  office->options = chat_broker_options_copy (options);
  g_set_object (&office->last, NULL);
  office->last = chat_loopback_transport_new (office->broker);
  if (office->denies != 0)
    chat_loopback_transport_fail_connect (CHAT_LOOPBACK_TRANSPORT (office->last), office->denies);
  if (office->unreachable)
    chat_loopback_transport_set_reachable (CHAT_LOOPBACK_TRANSPORT (office->last), FALSE);
  return g_object_ref (office->last);
}

static void
noteworthy_cb (Office *office)
{
  office->noted++;
}

static void
warned_cb (Office *office, const ChatWarning *warning)
{
  office->warned++;
  office->worded += warning->rule != NULL ? 1 : 0;
}

static void
office_open (Office *office, const ChatFakeAnswer *feeds)
{
  ChatFakeService *service;

  *office = (Office){ .broker = chat_loopback_broker_new (1) };
  world_start (&office->world);
  service = office->world.service;
  chat_fake_service_answer_to (service, "POST /v1/sessions", world_opened ());
  chat_fake_service_answer_to (service, "GET /v1/channels", &channels);
  chat_fake_service_answer_to (service, "GET /v1/feeds", feeds);
  chat_fake_service_answer_to (service, "GET /v1/moderation/warnings", &no_warnings);
  chat_fake_service_answer_to (service, "GET /v1/channels/general/messages", &empty_page);
  chat_workspace_set_broker_factory (office->world.workspace, make_broker, office);
  office->world.workspace->patience_ms = PATIENCE_MS;
  office->world.workspace->overlap_ms = OVERLAP_MS;
  g_signal_connect_swapped (office->world.workspace, "noteworthy", G_CALLBACK (noteworthy_cb), office);
  g_signal_connect_swapped (office->world.workspace, "warned", G_CALLBACK (warned_cb), office);
}

static gboolean
is_on_broker (gpointer data)
{
  ChatWorkspace *workspace = ((Office *)data)->world.workspace;

  return workspace->public == CHAT_PUBLIC_BROKER && chat_feed_is_placed (workspace->feed) && world_is_live (workspace);
}

static gboolean
is_on_service (gpointer data)
{
  ChatWorkspace *workspace = ((Office *)data)->world.workspace;

  return workspace->public == CHAT_PUBLIC_SERVICE && chat_feed_is_placed (workspace->feed) && world_is_live (workspace);
}

static void
wait_for_broker (Office *office)
{
  chat_test_wait_until (is_on_broker, office, "the broker to bring public channels");
}

static void
wait_for_service (Office *office)
{
  chat_test_wait_until (is_on_service, office, "the service to bring public channels");
}

static void
office_start (Office *office)
{
  office_open (office, &kafka);
  world_go_live (&office->world);
  wait_for_broker (office);
  chat_channel_get_timeline (chat_workspace_find_channel (office->world.workspace, "general"));
  wait_for_broker (office);
}

static void
office_end (Office *office)
{
  world_end (&office->world);
  g_clear_object (&office->last);
  chat_broker_options_free (office->options);
  g_object_unref (office->broker);
}

static ChatChannel *
general (Office *office)
{
  return chat_workspace_find_channel (office->world.workspace, "general");
}

static ChatTimeline *
timeline_of (Office *office)
{
  return chat_channel_get_timeline (general (office));
}

/* What comes over one of the two; it is looked at when this returns. */
static void
bring (ChatLoopbackBroker *broker, const char *topic, const char *key, const char *json)
{
  g_autoptr (GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr (ChatRecord) record = chat_record_new (topic, key, bytes);

  chat_loopback_broker_append (broker, record);
  chat_test_run_pending ();
}

static void
say_with (ChatLoopbackBroker *broker, const char *id, const char *channel, const char *more)
{
  g_autofree char *now = chat_time_format (chat_time_now ());
  g_autofree char *json = g_strdup_printf ("{\"id\":\"%s\",\"channel\":\"%s\",\"author\":\"luis\",\"data\":\"hola, "
                                           "@ana\",\"timestamp\":\"%s\"%s}",
                                           id, channel, now, more);

  bring (broker, CHAT_TOPIC_CONTROLLED, channel, json);
}

static void
say (ChatLoopbackBroker *broker, const char *id)
{
  say_with (broker, id, "general", "");
}

static void
store (Office *office, const char *id, gint64 seq)
{
  g_autofree char *json
      = g_strdup_printf ("{\"id\":\"%s-r\",\"kind\":\"receipt\",\"channel\":\"general\",\"timestamp\":0,"
                         "\"receipts\":{\"%s\":%" G_GINT64_FORMAT "}}",
                         id, id, seq);

  bring (office->world.broker, CHAT_TOPIC_RECEIPTS, "general", json);
}

/* (transfer full): the rows as they are now: their ids, or "?" for those without a seq behind it. */
static char *
dup_rows (Office *office)
{
  GListModel *model = G_LIST_MODEL (timeline_of (office));
  GString *rows = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (model, i);

      if (chat_message_item_get_message (item) == NULL)
        g_string_append (rows, " card");
      else
        g_string_append_printf (rows, " %s%s", chat_message_get_id (chat_message_item_get_message (item)),
                                chat_message_item_get_seq (item) > 0 ? "" : "?");
    }
  return g_string_free (rows, FALSE);
}

typedef struct
{
  Office *office;
  const char *expected;
} Expectation;

static gboolean
are_rows (gpointer data)
{
  Expectation *self = data;
  g_autofree char *rows = dup_rows (self->office);

  return g_str_equal (rows, self->expected);
}

/* They come with a frame, and nothing else comes in the next ones. */
static void
check_rows (Office *office, const char *expected)
{
  Expectation expectation = { office, expected };
  g_autofree char *rows = NULL;

  chat_test_wait_until (are_rows, &expectation, expected);
  chat_test_run_for (40);
  rows = dup_rows (office);
  g_assert_cmpstr (rows, ==, expected);
}

static void
check_status (Office *office, const char *expected)
{
  g_assert_cmpstr (chat_workspace_get_status (office->world.workspace), ==, expected);
}

static ChatLoopbackTransport *
broker_of (Office *office)
{
  return CHAT_LOOPBACK_TRANSPORT (office->last);
}

/* Once the broker is in place the service brings public channels no longer. */
static void
test_move (void)
{
  g_autoptr (ChatFeedDetails) details = NULL;
  Office office;

  office_start (&office);
  check_status (&office, "loopback · live");
  say (office.broker, "a");
  say (office.world.broker, "b");
  check_rows (&office, " a?");
  store (&office, "a", 1);
  check_rows (&office, " a");
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 1);
  g_assert_cmpuint (office.noted, ==, 1);
  details = chat_workspace_dup_feed_details (office.world.workspace);
  g_assert_cmpstr (details->address, ==, "kafka1:9092");
  g_assert_cmpint (details->lag_records, ==, 0);
  g_assert_nonnull (details->position);
  g_assert_nonnull (details->service);
  office_end (&office);
}

/* While both bring them, each counts once, whoever is first. */
static void
test_overlap (void)
{
  Office office;

  office_open (&office, &kafka);
  office.world.workspace->overlap_ms = 300;
  world_go_live (&office.world);
  timeline_of (&office);
  chat_test_wait_for_count (&office.made, 1);
  while (office.world.workspace->public != CHAT_PUBLIC_BOTH)
    g_main_context_iteration (NULL, TRUE);
  say (office.broker, "a");
  say (office.world.broker, "a");
  say (office.world.broker, "b");
  say (office.world.broker, "c");
  store (&office, "a", 1);
  store (&office, "b", 2);
  wait_for_broker (&office);
  say (office.broker, "b");
  say (office.broker, "c");
  say (office.broker, "d");
  check_rows (&office, " a b c? d?");
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 4);
  g_assert_cmpuint (office.noted, ==, 4);
  office_end (&office);
}

static gboolean
subscription_cb (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
  g_set_object ((ChatSubscription **)data, g_value_get_object (&values[0]));
  return TRUE;
}

/* (transfer full): the one that brings what the service says: @id. */
static ChatSubscription *
find_subscription (Office *office, const char *id)
{
  guint signal = g_signal_lookup ("records", CHAT_TYPE_SUBSCRIPTION);
  ChatSubscription *subscription = NULL;
  gulong hook = g_signal_add_emission_hook (signal, 0, subscription_cb, &subscription, NULL);

  say (office->world.broker, id);
  g_signal_remove_emission_hook (signal, hook);
  g_assert_nonnull (subscription);
  return subscription;
}

static gboolean
has_settled (gpointer data)
{
  Office *office = data;

  return is_on_broker (office) && office->world.workspace->syncing == 0
         && chat_channel_get_head (general (office)) == 1;
}

/* A receipt that has come and was not looked at yet when the service lets go of public channels: it is told to nobody
 * again. */
static void
test_overlap_ends (void)
{
  static const ChatFakeAnswer counted = { 200, NULL, CHANNELS (1, 1) };
  static const char json[] = "{\"id\":\"r\",\"kind\":\"receipt\",\"channel\":\"general\",\"timestamp\":0,"
                             "\"receipts\":{\"a\":1}}";
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_autoptr (GBytes) bytes = g_bytes_new_static (json, strlen (json));
  g_autoptr (ChatSubscription) subscription = NULL;
  Office office;

  office_open (&office, &kafka);
  office.world.workspace->overlap_ms = 300;
  world_go_live (&office.world);
  while (office.world.workspace->public != CHAT_PUBLIC_BOTH)
    g_main_context_iteration (NULL, TRUE);
  subscription = find_subscription (&office, "a");
  chat_subscription_pause (subscription);
  g_ptr_array_add (batch, chat_record_new (CHAT_TOPIC_RECEIPTS, "general", bytes));
  chat_subscription_queue_records (subscription, batch);
  g_clear_object (&subscription);
  chat_fake_service_answer_to (office.world.service, "GET /v1/channels", &counted);
  chat_test_wait_until (has_settled, &office, "the broker alone, and what the service counts");
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 1);
  office_end (&office);
}

/* Also those that no row or counter remembers when the other brings them. */
static void
test_late_overlap (void)
{
  const guint many = 700;
  g_autofree char *last = NULL;
  ChatMessageWindow *window;
  Office office;

  office_open (&office, &kafka);
  office.world.workspace->overlap_ms = 600000;
  world_go_live (&office.world);
  timeline_of (&office);
  while (office.world.workspace->public != CHAT_PUBLIC_BOTH)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 2 * many; i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", i % many);

      say (i < many ? office.world.broker : office.broker, id);
    }
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, many);
  g_assert_cmpuint (office.noted, ==, many);
  window = chat_timeline_newest_window (timeline_of (&office));
  last = g_strdup_printf ("m%u", many - 1);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (
                       chat_message_window_get_item (window, chat_message_window_get_length (window) - 1))),
                   ==, last);
  office_end (&office);
}

/* A receipt takes another way, and may be the first. */
static void
test_early_receipt (void)
{
  Office office;

  office_start (&office);
  store (&office, "a", 1);
  store (&office, "b", 2);
  say (office.broker, "a");
  say (office.broker, "b");
  say (office.broker, "c");
  check_rows (&office, " a b c?");
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 3);
  g_assert_cmpint (chat_feed_merge_get_delivered (office.world.workspace->merge, "general"), ==, 2);
  /* also of a channel that nobody knew */
  bring (office.world.broker, CHAT_TOPIC_RECEIPTS, "nuevo",
         "{\"id\":\"r\",\"kind\":\"receipt\",\"channel\":\"nuevo\",\"timestamp\":0,\"receipts\":{\"n\":1}}");
  say_with (office.broker, "n", "nuevo", "");
  g_assert_cmpint (chat_channel_get_head (chat_workspace_find_channel (office.world.workspace, "nuevo")), ==, 1);
  office_end (&office);
}

/* What others write there, and what they claim in it. */
static void
test_claims (void)
{
  Office office;

  office_start (&office);
  say_with (office.broker, "a", "general", ",\"seq\":7,\"state\":{\"seq\":9,\"deleted\":\"2026-01-01T00:00:00Z\"}");
  check_rows (&office, " a?");
  g_assert_cmpint (chat_channel_get_head (general (&office)), ==, 0);
  say_with (office.broker, "b", "dm.x", "");
  g_assert_null (chat_workspace_find_channel (office.world.workspace, "dm.x"));
  say_with (office.broker, "c", "general", ",\"kind\":\"block\",\"target\":\"a\",\"user\":\"ana\"");
  bring (office.broker, CHAT_TOPIC_CONTROLLED, "general", "{\"author\":\"luis\",\"data\":\"x\",\"timestamp\":0}");
  bring (office.broker, CHAT_TOPIC_CONTROLLED, "general", "plain");
  bring (office.broker, CHAT_TOPIC_CONTROLLED, "general",
         "{\"id\":\"r\",\"kind\":\"receipt\",\"channel\":\"general\",\"timestamp\":0,\"receipts\":{\"a\":5}}");
  check_rows (&office, " a?");
  g_assert_false (chat_workspace_get_blocked (office.world.workspace));
  office_end (&office);
}

#define WARNING "\"kind\":\"warning\",\"target\":\"a\",\"user\":\"ana\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"id\":"
#define STRIKE "\"strike\":1,\"limit\":3"

static void
warn_by_broker (Office *office, const char *id)
{
  g_autofree char *json = g_strdup_printf ("{" WARNING "\"%s\",\"moderation\":{" STRIKE "}}", id);

  bring (office->broker, CHAT_TOPIC_WARNINGS, "ana", json);
}

static void
warn_by_service (Office *office, const char *id)
{
  g_autofree char *json
      = g_strdup_printf ("{" WARNING "\"%s\",\"channel\":\"general\",\"moderation\":{\"rule\":\"es/x\"," STRIKE
                         "},\"words\":[\"y\"]}",
                         id);

  bring (office->world.broker, CHAT_TOPIC_WARNINGS, "ana", json);
}

/* A warning comes twice, and without its words first: it is one card, and is told once. */
static void
test_warnings (void)
{
  Office office;

  office_start (&office);
  say (office.broker, "a");
  warn_by_broker (&office, "w1");
  check_rows (&office, " a? card");
  g_assert_cmpuint (office.warned, ==, 0);
  warn_by_service (&office, "w1");
  check_rows (&office, " a? card");
  g_assert_cmpuint (office.warned, ==, 1);
  g_assert_cmpuint (office.worded, ==, 1);
  warn_by_service (&office, "w2");
  warn_by_broker (&office, "w2");
  check_rows (&office, " a? card card");
  g_assert_cmpuint (office.warned, ==, 2);
  /* one that the service is silent of is told after a moment, and the service is asked */
  warn_by_broker (&office, "w3");
  chat_test_wait_for_count (&office.warned, 3);
  g_assert_cmpuint (office.worded, ==, 2);
  /* somebody else's is nobody's business */
  bring (office.broker, CHAT_TOPIC_WARNINGS, "luis", "{" WARNING "\"w4\",\"moderation\":{" STRIKE "}}");
  g_assert_false (g_hash_table_contains (office.world.workspace->warnings, "w4"));
  office_end (&office);
}

static gboolean
asked_of_warnings (gpointer data)
{
  GPtrArray *asked = chat_fake_service_get_asked (((Office *)data)->world.service);
  guint times = 0;

  for (guint i = 0; i < asked->len; i++)
    times += g_str_has_prefix (g_ptr_array_index (asked, i), "GET /v1/moderation/warnings") ? 1 : 0;
  return times > 1;
}

/* A block that a broker tells of is for the service to confirm. */
static void
test_block_hint (void)
{
  Office office;

  office_start (&office);
  chat_fake_service_hold (office.world.service, TRUE);
  bring (office.broker, CHAT_TOPIC_WARNINGS, "ana",
         "{\"id\":\"x\",\"kind\":\"block\",\"user\":\"ana\",\"target\":\"a\",\"timestamp\":0}");
  g_assert_false (chat_workspace_get_blocked (office.world.workspace));
  chat_fake_service_hold (office.world.service, FALSE);
  chat_fake_service_release (office.world.service);
  chat_test_wait_until (asked_of_warnings, &office, "a question about the block");
  g_assert_false (chat_workspace_get_blocked (office.world.workspace));
  chat_fake_service_answer_to (office.world.service, "GET /v1/moderation/warnings", &blocked);
  bring (office.world.broker, CHAT_TOPIC_WARNINGS, "ana",
         "{\"id\":\"x\",\"kind\":\"block\",\"user\":\"ana\",\"target\":\"a\",\"timestamp\":0}");
  g_assert_true (chat_workspace_get_blocked (office.world.workspace));
  office_end (&office);
}

/* A short break is resumed; a long one is the service's. */
static void
test_lost (void)
{
  Office office;

  office_start (&office);
  office.world.workspace->patience_ms = 10000;
  say (office.broker, "a");
  store (&office, "a", 1);
  chat_loopback_transport_set_reachable (broker_of (&office), FALSE);
  g_assert_cmpint (chat_workspace_get_state (office.world.workspace), ==, CHAT_WORKSPACE_CONNECTING);
  say (office.broker, "b");
  chat_loopback_transport_set_reachable (broker_of (&office), TRUE);
  wait_for_broker (&office);
  check_rows (&office, " a b?");

  office.world.workspace->patience_ms = PATIENCE_MS;
  chat_loopback_transport_set_reachable (broker_of (&office), FALSE);
  wait_for_service (&office);
  check_status (&office, "Kafka can’t be reached · loopback · live");
  say (office.world.broker, "c");
  say (office.broker, "c");
  say (office.broker, "d");
  say (office.world.broker, "d");
  chat_loopback_transport_set_reachable (broker_of (&office), TRUE);
  wait_for_broker (&office);
  say (office.broker, "e");
  check_rows (&office, " a b? c? d? e?");
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 5);
  g_assert_cmpuint (office.made, ==, 1);
  office_end (&office);
}

static gboolean
is_off_broker (gpointer data)
{
  return ((ChatWorkspace *)data)->public != CHAT_PUBLIC_BROKER;
}

/* Its transport notices nothing, but the service tells of what has been stored and did not come. */
static void
test_silent (void)
{
  Office office;

  office_start (&office);
  say (office.broker, "a");
  store (&office, "a", 1);
  chat_loopback_transport_set_stalled (broker_of (&office), TRUE);
  store (&office, "b", 2);
  chat_test_wait_until (is_off_broker, office.world.workspace, "the service to take over");
  say (office.world.broker, "c");
  check_rows (&office, " a c?");
  chat_loopback_transport_set_stalled (broker_of (&office), FALSE);
  wait_for_broker (&office);
  say (office.broker, "d");
  check_rows (&office, " a c? d?");
  office_end (&office);
}

/* It is not hammered. */
static void
test_denied (void)
{
  g_autoptr (ChatFeedDetails) details = NULL;
  Office office;

  office_open (&office, &kafka);
  office.denies = CHAT_TRANSPORT_ERROR_DENIED;
  world_go_live (&office.world);
  chat_test_wait_for_count (&office.made, 1);
  wait_for_service (&office);
  chat_test_run_for (3 * PATIENCE_MS);
  check_status (&office, "Kafka can’t be reached · loopback · live");
  g_assert_cmpuint (office.made, ==, 1);
  details = chat_workspace_dup_feed_details (office.world.workspace);
  g_assert_nonnull (details->error);
  say (office.world.broker, "a");
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 1);
  office.denies = 0;
  chat_workspace_reconnect_now (office.world.workspace);
  wait_for_broker (&office);
  office_end (&office);
}

/* Its subscriptions end from its own side: the service fills in, and it is asked anew. */
static void
test_ended (void)
{
  Office office;

  office_start (&office);
  say (office.broker, "a");
  chat_loopback_transport_end_subscriptions (broker_of (&office), CHAT_TRANSPORT_ERROR_LOST);
  chat_test_wait_for_count (&office.made, 2);
  wait_for_broker (&office);
  say (office.broker, "b");
  check_rows (&office, " a? b?");
  office_end (&office);
}

/* What is offered, and what is chosen of it. */

static void
sync_again (Office *office, const ChatFakeAnswer *feeds)
{
  chat_fake_service_answer_to (office->world.service, "GET /v1/feeds", feeds);
  chat_workspace_sync (office->world.workspace);
}

static gboolean
has_unread (gpointer data)
{
  return chat_channel_get_unread (general (data)) == 5;
}

/* What is in a channel when somebody sees it first is its past; what comes later is not, though it was empty then. */
static void
test_empty_channel (void)
{
  static const ChatFakeAnswer empty
      = { 200, NULL, "{\"channels\":[{\"name\":\"general\",\"kind\":\"public\",\"head\":0,\"read\":0,\"unread\":0}]}" };
  static const ChatFakeAnswer filled
      = { 200, NULL, "{\"channels\":[{\"name\":\"general\",\"kind\":\"public\",\"head\":5,\"read\":0,\"unread\":5}]}" };
  Office office;

  office_open (&office, &kafka);
  chat_fake_service_answer_to (office.world.service, "GET /v1/channels", &empty);
  world_go_live (&office.world);
  wait_for_broker (&office);
  chat_fake_service_answer_to (office.world.service, "GET /v1/channels", &filled);
  chat_workspace_sync (office.world.workspace);
  chat_test_wait_until (has_unread, &office, "what is unread");
  office_end (&office);
}

static gboolean
has_port_9093 (gpointer data)
{
  Office *office = data;

  return g_str_has_suffix (office->options->addresses[0], ":9093") && is_on_broker (office);
}

static gboolean
has_rabbitmq (gpointer data)
{
  Office *office = data;

  return office->options->kind == CHAT_BROKER_RABBITMQ && is_on_broker (office);
}

static gboolean
has_no_broker (gpointer data)
{
  return ((Office *)data)->world.workspace->broker == NULL && is_on_service (data);
}

static void
test_offers (void)
{
  Office office;

  office_start (&office);
  g_assert_cmpint (office.options->kind, ==, CHAT_BROKER_KAFKA);
  sync_again (&office, &kafka);
  chat_test_wait_until (is_on_broker, &office, "the answers");
  g_assert_cmpuint (office.made, ==, 1);
  sync_again (&office, &other_kafka);
  chat_test_wait_until (has_port_9093, &office, "the other address");
  sync_again (&office, &both);
  chat_test_wait_for_count (&office.made, 3);
  wait_for_broker (&office);
  chat_workspace_set_feed_choice (office.world.workspace, CHAT_FEED_RABBITMQ);
  chat_test_wait_until (has_rabbitmq, &office, "RabbitMQ");
  chat_workspace_set_feed_choice (office.world.workspace, CHAT_FEED_WEBSOCKET);
  chat_test_wait_until (has_no_broker, &office, "the service alone");
  check_status (&office, "loopback · live");
  chat_workspace_set_feed_choice (office.world.workspace, CHAT_FEED_KAFKA);
  wait_for_broker (&office);
  sync_again (&office, &no_feeds);
  chat_test_wait_until (has_no_broker, &office, "the service alone");
  check_status (&office, "Kafka is not offered here · loopback · live");
  office_end (&office);
}

/* Whom to trust is kept where only the user may read it. */
static void
test_ca (void)
{
  g_autofree char *text = NULL;
  Office office;
  GStatBuf info;

  office_open (&office, &with_ca);
  world_go_live (&office.world);
  wait_for_broker (&office);
  g_assert_true (office.options->tls);
  g_assert_nonnull (office.options->ca_file);
  g_assert_true (g_file_get_contents (office.options->ca_file, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "-----BEGIN CERTIFICATE-----\n");
  g_assert_cmpint (g_stat (office.options->ca_file, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  office_end (&office);
}

/* How far behind it is, is said. */

static gboolean
is_behind (gpointer data)
{
  return strstr (chat_workspace_get_status (((Office *)data)->world.workspace), "42 behind · catching up") != NULL;
}

static void
test_lag (void)
{
  Office office;

  office_start (&office);
  chat_loopback_transport_set_stalled (broker_of (&office), TRUE);
  for (guint i = 0; i < 42; i++)
    {
      g_autofree char *id = g_strdup_printf ("m%u", i);

      say (office.broker, id);
    }
  chat_test_wait_until (is_behind, &office, "the lag in the foot");
  g_assert_cmpint (chat_workspace_get_state (office.world.workspace), ==, CHAT_WORKSPACE_CATCHING_UP);
  chat_loopback_transport_set_stalled (broker_of (&office), FALSE);
  wait_for_broker (&office);
  g_assert_cmpuint (chat_channel_get_unread (general (&office)), ==, 42);
  office_end (&office);
}

/* The session ends: everything begins anew. */
static void
test_session_lost (void)
{
  Office office;

  office_start (&office);
  chat_workspace_session_lost (office.world.workspace);
  g_assert_null (office.world.workspace->broker);
  wait_for_broker (&office);
  g_assert_cmpuint (office.made, ==, 2);
  office_end (&office);
}

/* The library of a broker has threads, which the end of the process must not meet: they have ended before. */
static void
test_close (void)
{
  Office office;

  office_start (&office);
  chat_loopback_transport_set_close_delay (CHAT_LOOPBACK_TRANSPORT (office.last), 300);
  world_end (&office.world);
  g_assert_true (chat_loopback_transport_has_ended (CHAT_LOOPBACK_TRANSPORT (office.last)));
  g_clear_object (&office.last);
  chat_broker_options_free (office.options);
  g_object_unref (office.broker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workspace-broker/move", test_move);
  g_test_add_func ("/workspace-broker/overlap", test_overlap);
  g_test_add_func ("/workspace-broker/overlap-ends", test_overlap_ends);
  g_test_add_func ("/workspace-broker/late-overlap", test_late_overlap);
  g_test_add_func ("/workspace-broker/early-receipt", test_early_receipt);
  g_test_add_func ("/workspace-broker/claims", test_claims);
  g_test_add_func ("/workspace-broker/warnings", test_warnings);
  g_test_add_func ("/workspace-broker/block-hint", test_block_hint);
  g_test_add_func ("/workspace-broker/lost", test_lost);
  g_test_add_func ("/workspace-broker/silent", test_silent);
  g_test_add_func ("/workspace-broker/denied", test_denied);
  g_test_add_func ("/workspace-broker/ended", test_ended);
  g_test_add_func ("/workspace-broker/empty-channel", test_empty_channel);
  g_test_add_func ("/workspace-broker/offers", test_offers);
  g_test_add_func ("/workspace-broker/ca", test_ca);
  g_test_add_func ("/workspace-broker/lag", test_lag);
  g_test_add_func ("/workspace-broker/session-lost", test_session_lost);
  g_test_add_func ("/workspace-broker/close", test_close);
  return g_test_run ();
}
