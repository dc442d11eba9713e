/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A workspace on a broker without a service: what the broker has is what is seen, each message once and in order. */
#include "chat-loopback-transport.h"
#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "client/chat-message-item.h"
#include "client/chat-workspace.h"
#include "core/chat-time.h"
#include "local-test.h"

#include <string.h>

#define BASE_MS G_GINT64_CONSTANT (1633860610000)
#define JSON "[dialect]\nformat=json\nauthor_member=who\ntext_member=what\ntime_member=at\nid_member=id\n"
#define PLAIN "[dialect]\nformat=text\n"

typedef struct
{
  ChatLoopbackBroker *broker;
  ChatBrokerKind kind;
  char *directory;
  const char *dialect;
  const char *const *topics;
  ChatTransportFeatures without;
  int fail_connect;
  ChatBrokerSite *site;
  ChatWorkspace *workspace;
  ChatLoopbackTransport *transport; /* the last one made */
  guint noteworthy;
  const char *channel, *expected;
  char *found;
} World;

static ChatTransport *
make_transport (const ChatBrokerOptions *options, gpointer data)
{
  World *world = data;
  ChatTransport *transport = chat_loopback_transport_new (world->broker);
  ChatLoopbackTransport *loopback = CHAT_LOOPBACK_TRANSPORT (transport);

  g_assert_false (options->declare);
  if (world->without != 0)
    chat_loopback_transport_set_features (loopback, chat_transport_get_features (transport) & ~world->without);
  if (world->fail_connect >= 0)
    chat_loopback_transport_fail_connect (loopback, (ChatTransportError)world->fail_connect);
  g_set_object (&world->transport, loopback);
  return transport;
}

static void
world_init (World *world, ChatBrokerKind kind, const char *dialect, guint shards)
{
  *world = (World){ .kind = kind,
                    .dialect = dialect,
                    .directory = local_test_directory (),
                    .broker = chat_loopback_broker_new (shards),
                    .fail_connect = -1 };
  /* what is in several shards is in order by the broker's clock */
  chat_loopback_broker_set_clock (world->broker, BASE_MS);
}

static void
world_open (World *world)
{
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_new (world->kind);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatDialect) dialect = chat_dialect_load_data (world->dialect, strlen (world->dialect), "/d.conf", &error);

  g_assert_no_error (error);
  world->site = chat_broker_site_new (options, dialect, world->topics, "ana", make_transport, world);
  world->workspace = chat_workspace_new_on_broker (world->site, "ana", world->directory);
  g_assert_false (chat_workspace_has_service (world->workspace));
  chat_test_call (chat_workspace_open, world->workspace, &error, NULL);
  g_assert_no_error (error);
}

static gboolean
is_live (gpointer data)
{
  return chat_workspace_get_state (data) == CHAT_WORKSPACE_LIVE;
}

static void
noteworthy_cb (World *world)
{
  world->noteworthy++;
}

static void
world_start (World *world)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  world_open (world);
  g_signal_connect_swapped (world->workspace, "noteworthy", G_CALLBACK (noteworthy_cb), world);
  chat_test_call_out (chat_workspace_sign_in, world->workspace, &token, &error, NULL, NULL);
  g_assert_no_error (error);
  chat_test_wait_until (is_live, world->workspace, "the workspace to be live");
}

static void
world_close (World *world)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_close, world->workspace, &error, FALSE);
  g_assert_no_error (error);
  chat_test_run_pending ();
  g_assert_finalize_object (g_steal_pointer (&world->workspace));
  g_assert_finalize_object (g_steal_pointer (&world->site));
}

static void
world_end (World *world)
{
  if (world->workspace != NULL)
    world_close (world);
  g_clear_object (&world->transport);
  chat_test_run_pending ();
  g_object_unref (world->broker);
  local_test_remove (world->directory);
  g_free (world->directory);
}

static void
append (World *world, const char *topic, const char *key, const char *payload)
{
  g_autoptr (GBytes) bytes = g_bytes_new (payload, strlen (payload));
  g_autoptr (ChatRecord) record = chat_record_new (topic, key, bytes);

  chat_loopback_broker_append (world->broker, record);
}

static void
append_json (World *world, const char *topic, const char *key, const char *who, const char *what, gint64 time_ms)
{
  g_autofree char *payload
      = g_strdup_printf ("{\"who\":\"%s\",\"what\":\"%s\",\"at\":%" G_GINT64_FORMAT "}", who, what, time_ms);

  append (world, topic, key, payload);
}

static ChatTimeline *
get_timeline (World *world, const char *channel)
{
  ChatChannel *found = chat_workspace_find_channel (world->workspace, channel);

  g_assert_nonnull (found);
  return chat_channel_get_timeline (found);
}

/* (transfer full): the texts of a channel, in order */
static char *
dup_texts (World *world, const char *channel)
{
  ChatTimeline *timeline = get_timeline (world, channel);
  GString *texts = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (timeline)); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (G_LIST_MODEL (timeline), i);
      const char *data = chat_message_get_data (chat_message_item_get_message (item));

      g_string_append_printf (texts, "%s%s", i > 0 ? " " : "", data);
    }
  return g_string_free (texts, FALSE);
}

static gboolean
has_texts (gpointer data)
{
  World *world = data;
  g_autofree char *texts = dup_texts (world, world->channel);

  if (g_strcmp0 (texts, world->found) != 0)
    {
      g_test_message ("in %s: “%s”", world->channel, texts);
      g_free (world->found);
      world->found = g_strdup (texts);
    }
  return g_str_equal (texts, world->expected);
}

static void
await_texts (World *world, const char *channel, const char *expected)
{
  world->channel = channel;
  world->expected = expected;
  chat_test_wait_until (has_texts, world, "these texts");
  g_clear_pointer (&world->found, g_free);
}

static ChatMessageItem *
get_item (World *world, const char *channel, guint place)
{
  return g_list_model_get_item (G_LIST_MODEL (get_timeline (world, channel)), place);
}

static guint
get_unread (World *world, const char *channel)
{
  return chat_channel_get_unread (chat_workspace_find_channel (world->workspace, channel));
}

static void
test_topics (void)
{
  World world;
  g_autoptr (ChatMessageItem) item = NULL;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  append_json (&world, "General", NULL, "luis", "one", BASE_MS);
  append_json (&world, "General", NULL, "luis", "two", BASE_MS + 1000);
  append_json (&world, "sales", NULL, "eva", "three", BASE_MS);
  append (&world, CHAT_TOPIC_RECEIPTS, NULL, "{}");
  world_start (&world);

  g_assert_cmpuint (g_list_model_get_n_items (chat_workspace_get_channels (world.workspace)), ==, 2);
  await_texts (&world, "general", "one two");
  await_texts (&world, "sales", "three");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 0);
  append_json (&world, "General", NULL, "luis", "four",
               chat_message_item_get_time (item = get_item (&world, "general", 1)));
  await_texts (&world, "general", "one two four");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 1);
  g_assert_cmpuint (get_unread (&world, "sales"), ==, 0);
  g_assert_cmpint (chat_message_item_get_time (item), ==, BASE_MS + 1000);
  g_assert_cmpstr (chat_workspace_get_status (world.workspace), ==, "Kafka · live");
  world_end (&world);
}

static gboolean
is_stored (gpointer data)
{
  World *world = data;
  g_autoptr (ChatMessageItem) item = get_item (world, "general", 0);

  return item != NULL && chat_message_item_get_delivery (item) == CHAT_DELIVERY_STORED;
}

/* What the broker has got. (transfer full) */
static char *
dup_payload (World *world, const char *topic, guint place)
{
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (world->broker, topic);
  GBytes *bytes;

  g_assert_cmpuint (place, <, records->len);
  bytes = chat_record_get_bytes (g_ptr_array_index (records, place));
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_send (void)
{
  static const char *const topics[] = { "general", NULL };
  static const char *const dialects[] = { JSON, PLAIN };

  for (guint i = 0; i < G_N_ELEMENTS (dialects); i++)
    {
      World world;
      g_autoptr (GError) error = NULL;
      g_autofree char *payload = NULL;
      g_autoptr (ChatMessageItem) item = NULL;

      world_init (&world, CHAT_BROKER_KAFKA, dialects[i], 1);
      world.topics = topics;
      world_start (&world);
      await_texts (&world, "general", "");
      chat_workspace_send (world.workspace, "general", "hola", NULL, &error);
      g_assert_no_error (error);
      chat_test_wait_until (is_stored, &world, "the message to be in the log");
      await_texts (&world, "general", "hola");
      payload = dup_payload (&world, "general", 0);
      if (i == 0)
        g_assert_true (g_str_has_prefix (payload, "{\"who\":\"ana\",\"what\":\"hola\",\"at\":\""));
      else
        g_assert_cmpstr (payload, ==, "hola");
      item = get_item (&world, "general", 0);
      g_assert_true (chat_message_item_get_own (item));
      g_assert_cmpuint (get_unread (&world, "general"), ==, 0);

      /* a new look at the log knows it again */
      world_close (&world);
      world_start (&world);
      await_texts (&world, "general", "hola");
      world_end (&world);
    }
}

static gboolean
has_sent_twice (gpointer data)
{
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (((World *)data)->broker, "general");

  return records->len == 2;
}

/* It arrived, and nobody said so: it is sent again with its id, and seen once. */
static void
test_lost_confirm (void)
{
  static const char *const topics[] = { "general", NULL };
  World world;

  world_init (&world, CHAT_BROKER_KAFKA, PLAIN, 1);
  world.topics = topics;
  world_start (&world);
  await_texts (&world, "general", "");
  chat_loopback_transport_lose_confirms (world.transport, 1);
  chat_loopback_transport_set_stalled (world.transport, FALSE);
  chat_workspace_send (world.workspace, "general", "once", NULL, NULL);
  chat_test_wait_until (is_stored, &world, "the message to be in the log");
  await_texts (&world, "general", "once");
  world_close (&world);
  if (!has_sent_twice (&world))
    g_test_message ("it was seen before it was sent again");
  world_start (&world);
  await_texts (&world, "general", "once");
  world_end (&world);
}

/* Written while there is no connection, sent when there is. */
static void
test_break (void)
{
  static const char *const topics[] = { "general", NULL };
  World world;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  world.topics = topics;
  world_start (&world);
  chat_loopback_transport_set_reachable (world.transport, FALSE);
  chat_workspace_send (world.workspace, "general", "a", NULL, NULL);
  chat_workspace_send (world.workspace, "general", "b", NULL, NULL);
  append_json (&world, "general", NULL, "luis", "meanwhile", BASE_MS);
  chat_test_run_pending ();
  g_assert_cmpint (chat_workspace_get_state (world.workspace), ==, CHAT_WORKSPACE_CONNECTING);
  chat_loopback_transport_set_reachable (world.transport, TRUE);
  await_texts (&world, "general", "meanwhile a b");
  chat_test_wait_until (is_live, world.workspace, "the workspace to be live");
  world_end (&world);
}

/* A topic is added by its name while messages come on another: the one feed gives way to the next without a double. */
static void
test_add_topic (gconstpointer data)
{
  static const char *const topics[] = { "general", NULL };
  guint shards = GPOINTER_TO_UINT (data);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatChannel) channel = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *added = NULL;
  GString *texts = g_string_new ("m0");
  World world;
  guint count = 1;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, shards);
  world.topics = topics;
  append_json (&world, "sales", NULL, "eva", "three", BASE_MS);
  world_start (&world);
  append_json (&world, "general", NULL, "luis", "m0", chat_time_now ());
  await_texts (&world, "general", "m0");
  chat_workspace_create_channel_async (world.workspace, "sales", NULL, NULL, chat_test_result_cb, &added);
  while (added == NULL || count < 40)
    {
      g_autofree char *text = g_strdup_printf ("m%u", count++);

      chat_loopback_broker_set_clock (world.broker, BASE_MS + count);
      append_json (&world, "general", NULL, "luis", text, chat_time_now ());
      g_string_append_printf (texts, " %s", text);
      g_main_context_iteration (NULL, FALSE);
    }
  result = added;
  channel = chat_workspace_create_channel_finish (world.workspace, result, &error);
  g_assert_no_error (error);
  await_texts (&world, "general", texts->str);
  await_texts (&world, "sales", "three");
  append_json (&world, "sales", NULL, "eva", "four", chat_time_now ());
  await_texts (&world, "sales", "three four");
  chat_test_wait_until (is_live, world.workspace, "the workspace to be live");
  g_assert_cmpuint (get_unread (&world, "general"), ==, count);
  g_assert_cmpuint (world.noteworthy, ==, count + 1);
  g_string_free (texts, TRUE);
  g_clear_object (&result);
  g_clear_object (&channel);
  world_end (&world);
}

static void
test_restart (void)
{
  World world;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  append_json (&world, "general", NULL, "luis", "one", BASE_MS);
  world_start (&world);
  await_texts (&world, "general", "one");
  append_json (&world, "general", NULL, "luis", "two", BASE_MS + 1);
  await_texts (&world, "general", "one two");
  chat_workspace_mark_read (world.workspace, "general");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 0);
  world_close (&world);

  append_json (&world, "general", NULL, "luis", "three", BASE_MS + 2);
  append_json (&world, "general", NULL, "eva", "@ana four", BASE_MS + 3);
  append_json (&world, "new", NULL, "eva", "five", BASE_MS + 4);
  /* what was kept is there without the broker */
  world_open (&world);
  await_texts (&world, "general", "one two");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 0);
  world_close (&world);

  world_start (&world);
  await_texts (&world, "general", "one two three @ana four");
  await_texts (&world, "new", "five");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 2);
  g_assert_cmpuint (chat_channel_get_mentions (chat_workspace_find_channel (world.workspace, "general")), ==, 1);
  world_end (&world);
}

static gboolean
is_idle (gpointer data)
{
  gboolean older, newer;

  g_object_get (data, "loading-older", &older, "loading-newer", &newer, NULL);
  return !older && !newer;
}

static gboolean
is_at_oldest (gpointer data)
{
  gboolean at_oldest;

  g_object_get (data, "at-oldest", &at_oldest, NULL);
  return at_oldest;
}

/* (transfer full) */
static char *
number_texts (guint from, guint to)
{
  GString *texts = g_string_new (NULL);

  for (guint i = from; i < to; i++)
    g_string_append_printf (texts, "%sm%u", i > from ? " " : "", i);
  return g_string_free (texts, FALSE);
}

static void
append_number (World *world, guint number)
{
  g_autofree char *key = g_strdup_printf ("k%u", number % 7), *text = g_strdup_printf ("m%u", number);

  append_json (world, "general", key, "luis", text, BASE_MS + number);
}

/* Every message is seen once, in its order, however many partitions there are and however often the reader pages. */
static void
test_pages (gconstpointer data)
{
  guint shards = GPOINTER_TO_UINT (data);
  World world;
  g_autofree char *all = number_texts (0, 700);
  ChatTimeline *timeline;
  gboolean at_oldest = FALSE;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, shards);
  for (guint i = 0; i < 650; i++)
    append_number (&world, i);
  world_start (&world);
  timeline = get_timeline (&world, "general");
  chat_timeline_set_following (timeline, FALSE);
  /* something comes live between any two pages */
  for (guint i = 650; i < 700; i++)
    {
      chat_test_wait_until (is_idle, timeline, "a page");
      append_number (&world, i);
      chat_timeline_load_older (timeline);
    }
  chat_test_wait_until (is_idle, timeline, "the last page");
  g_object_get (timeline, "at-oldest", &at_oldest, NULL);
  g_assert_true (at_oldest);
  await_texts (&world, "general", all);
  world_end (&world);
}

/* (transfer full) (nullable) */
static ChatMessageItem *
go_to (ChatTimeline *timeline, gint64 time_ms, GError **error)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_timeline_go_to_time_async (timeline, time_ms, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the place");
  return chat_timeline_go_to_finish (timeline, result, error);
}

static void
test_go_to_date (gconstpointer data)
{
  World world;
  g_autoptr (ChatMessageItem) item = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = NULL;
  gint64 time_ms;
  ChatTimeline *timeline;
  gboolean away;

  world_init (&world, CHAT_BROKER_KAFKA, "[dialect]\nformat=json\nauthor_member=who\ntext_member=what\n",
              GPOINTER_TO_UINT (data));
  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *key = g_strdup_printf ("k%u", i % 5), *text = g_strdup_printf ("m%u", i);

      append_json (&world, "general", key, "luis", text, BASE_MS);
    }
  records = chat_loopback_broker_get_records (world.broker, "general");
  time_ms = chat_record_get_time (g_ptr_array_index (records, 30));
  world_start (&world);
  timeline = get_timeline (&world, "general");
  chat_test_wait_until (is_idle, timeline, "the first page");

  item = go_to (timeline, time_ms, &error);
  g_assert_no_error (error);
  g_assert_cmpint (chat_message_item_get_time (item), >=, time_ms);
  g_assert_cmpint (chat_message_item_get_time (item), <=, time_ms + 10);
  g_object_get (timeline, "away", &away, NULL);
  g_assert_true (away);
  chat_timeline_jump_to_newest (timeline);
  chat_test_wait_until (is_idle, timeline, "the newest page");
  {
    g_autofree char *texts = dup_texts (&world, "general");

    g_assert_true (g_str_has_suffix (texts, "m598 m599"));
  }
  world_end (&world);
}

static void
test_keys (void)
{
  static const char *const exchanges[] = { "amq.topic", NULL };
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannel) made = NULL;
  g_autofree char *payload = NULL;

  world_init (&world, CHAT_BROKER_RABBITMQ, JSON, 1);
  world.topics = exchanges;
  for (guint i = 0; i < 400; i++)
    append_json (&world, "amq.topic", i % 100 == 0 ? "Rare" : "busy", "luis", i % 100 == 0 ? "r" : "b", BASE_MS + i);
  world_start (&world);
  g_assert_cmpuint (g_list_model_get_n_items (chat_workspace_get_channels (world.workspace)), ==, 0);
  append_json (&world, "amq.topic", "busy", "luis", "last", BASE_MS + 500);
  made = chat_test_call (chat_workspace_create_channel, world.workspace, &error, "Rare", NULL);
  g_assert_no_error (error);
  g_assert_cmpstr (chat_channel_get_name (made), ==, "rare");
  g_clear_object (&made);
  await_texts (&world, "rare", "r r r r");
  append_json (&world, "amq.topic", "Rare", "luis", "s", BASE_MS + 501);
  await_texts (&world, "rare", "r r r r s");
  g_assert_cmpuint (get_unread (&world, "busy"), ==, 1);
  chat_workspace_send (world.workspace, "rare", "mine", NULL, &error);
  g_assert_no_error (error);
  await_texts (&world, "rare", "r r r r s mine");
  {
    g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (world.broker, "amq.topic");

    g_assert_cmpstr (chat_record_get_key (g_ptr_array_index (records, records->len - 1)), ==, "Rare");
  }
  world_close (&world);
  world_start (&world);
  await_texts (&world, "rare", "r r r r s mine");
  world_end (&world);
}

static void
test_garbage (void)
{
  World world;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  append_json (&world, "general", NULL, "luis", "a", BASE_MS);
  append (&world, "general", NULL, "\xff\xfe");
  append (&world, "general", NULL, "{\"who\":\"luis\"}");
  append_json (&world, "general", NULL, "luis", "b", BASE_MS + 1);
  world_start (&world);
  await_texts (&world, "general", "a b");
  append (&world, "general", NULL, "{\"what\":7,\"what\":8}");
  append (&world, "general", NULL, "{\"what\":[]}");
  append_json (&world, "general", NULL, "luis", "c", BASE_MS + 2);
  await_texts (&world, "general", "a b c");
  g_assert_cmpuint (chat_broker_site_get_unreadable (world.site), >=, 4);
  world_end (&world);
}

/* A broker that keeps nothing: this computer does. */
static void
test_without_log (void)
{
  static const char *const exchanges[] = { "amq.topic", NULL };
  World world;

  world_init (&world, CHAT_BROKER_RABBITMQ, JSON, 1);
  world.topics = exchanges;
  world.without = CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_EARLIEST;
  append_json (&world, "amq.topic", "general", "luis", "before", BASE_MS);
  world_start (&world);
  append_json (&world, "amq.topic", "general", "luis", "a", BASE_MS);
  append_json (&world, "amq.topic", "other", "luis", "x", BASE_MS);
  append_json (&world, "amq.topic", "general", "luis", "b", BASE_MS);
  chat_test_run_pending ();
  await_texts (&world, "general", "a b");
  world_close (&world);
  append_json (&world, "amq.topic", "general", "luis", "missed", BASE_MS);
  world_start (&world);
  await_texts (&world, "general", "a b");
  append_json (&world, "amq.topic", "general", "luis", "c", BASE_MS);
  await_texts (&world, "general", "a b c");
  /* all there is: nothing is before it */
  chat_test_wait_until (is_at_oldest, get_timeline (&world, "general"), "the oldest message");
  world_end (&world);
}

static void
test_denied (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  world.fail_connect = CHAT_TRANSPORT_ERROR_DENIED;
  world_open (&world);
  chat_test_call_out (chat_workspace_sign_in, world.workspace, &token, &error, NULL, NULL);
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_assert_cmpint (chat_workspace_get_state (world.workspace), ==, CHAT_WORKSPACE_OFFLINE);
  world.fail_connect = -1;
  g_clear_error (&error);
  chat_test_call_out (chat_workspace_sign_in, world.workspace, &token, &error, NULL, NULL);
  g_assert_no_error (error);
  world_end (&world);
}

/* Retention took what lies between; what is left is all there is. */
static void
test_retention (void)
{
  World world;
  ChatTimeline *timeline;
  gboolean at_oldest;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf ("m%u", i);

      append_json (&world, "general", NULL, "luis", text, BASE_MS + i);
    }
  chat_loopback_broker_trim (world.broker, "general", 0, 97);
  world_start (&world);
  await_texts (&world, "general", "m97 m98 m99");
  timeline = get_timeline (&world, "general");
  chat_test_wait_until (is_idle, timeline, "the page");
  g_object_get (timeline, "at-oldest", &at_oldest, NULL);
  g_assert_true (at_oldest);
  world_close (&world);

  append_json (&world, "general", NULL, "luis", "x", BASE_MS + 200);
  append_json (&world, "general", NULL, "luis", "y", BASE_MS + 201);
  chat_loopback_broker_trim (world.broker, "general", 0, 4);
  world_start (&world);
  await_texts (&world, "general", "y");
  world_end (&world);
}

/* What only a service can do says so. */
/* The topic was deleted and made again, or it is another broker's: what the last run knew of its places holds no more,
 * and what comes is seen, and unread. */
static void
test_made_again (gconstpointer data)
{
  guint shards = GPOINTER_TO_UINT (data);
  World world;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, shards);
  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *text = g_strdup_printf ("m%u", i);

      chat_loopback_broker_set_clock (world.broker, BASE_MS + i);
      append_json (&world, "general", NULL, "luis", text, BASE_MS + i);
    }
  world_start (&world);
  await_texts (&world, "general", "m0 m1 m2 m3 m4 m5 m6 m7 m8");
  world_close (&world);

  g_object_unref (world.broker);
  world.broker = chat_loopback_broker_new (shards);
  chat_loopback_broker_set_clock (world.broker, BASE_MS + 100);
  append_json (&world, "general", NULL, "eva", "n0", BASE_MS + 100);
  world_start (&world);
  chat_loopback_broker_set_clock (world.broker, BASE_MS + 200);
  /* comes before the first page of the history does */
  append_json (&world, "general", NULL, "eva", "n1", BASE_MS + 200);
  await_texts (&world, "general", "n0 n1");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 1);
  world_end (&world);
}

static void
test_made_again_live (gconstpointer data)
{
  guint shards = GPOINTER_TO_UINT (data);
  World world;
  ChatLoopbackBroker *old;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, shards);
  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *text = g_strdup_printf ("m%u", i);

      chat_loopback_broker_set_clock (world.broker, BASE_MS + i);
      append_json (&world, "general", NULL, "luis", text, BASE_MS + i);
    }
  world_start (&world);
  await_texts (&world, "general", "m0 m1 m2 m3 m4 m5 m6 m7 m8");

  old = world.broker;
  world.broker = chat_loopback_broker_new (shards);
  chat_loopback_broker_set_clock (world.broker, BASE_MS + 100);
  append_json (&world, "general", NULL, "eva", "n0", BASE_MS + 100);
  chat_loopback_transport_end_subscriptions (world.transport, CHAT_TRANSPORT_ERROR_LOST);
  chat_test_run_pending ();
  chat_test_wait_until (is_live, world.workspace, "the workspace to be live");
  chat_loopback_broker_set_clock (world.broker, BASE_MS + 200);
  append_json (&world, "general", NULL, "eva", "n1", BASE_MS + 200);
  await_texts (&world, "general", "n0 n1");
  g_assert_cmpuint (get_unread (&world, "general"), ==, 1);
  world_end (&world);
  g_object_unref (old);
}

static void
test_refused (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  gboolean service = TRUE;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  append_json (&world, "general", NULL, "luis", "a", BASE_MS);
  world_start (&world);
  g_object_get (world.workspace, "service", &service, NULL);
  g_assert_false (service);
  g_assert_false (chat_test_call (chat_workspace_set_topic, world.workspace, &error, "general", "x"));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_workspace_start_conversation, world.workspace, &error, "luis"));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_workspace_create_channel, world.workspace, &error, "nowhere", NULL));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "“nowhere”"));
  world_end (&world);
}

/* The library of a broker has threads, which the end of the process must not meet: they have ended before. */
static void
test_close (void)
{
  World world;

  world_init (&world, CHAT_BROKER_KAFKA, JSON, 1);
  append (&world, "general", "general", "{}");
  world_start (&world);
  chat_loopback_transport_set_close_delay (world.transport, 300);
  world_close (&world);
  g_assert_true (chat_loopback_transport_has_ended (world.transport));
  world_end (&world);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/workspace-site/topics", test_topics);
  g_test_add_func ("/client/workspace-site/send", test_send);
  g_test_add_func ("/client/workspace-site/lost-confirm", test_lost_confirm);
  g_test_add_func ("/client/workspace-site/break", test_break);
  g_test_add_data_func ("/client/workspace-site/add-topic/1", GUINT_TO_POINTER (1), test_add_topic);
  g_test_add_data_func ("/client/workspace-site/add-topic/3", GUINT_TO_POINTER (3), test_add_topic);
  g_test_add_func ("/client/workspace-site/restart", test_restart);
  g_test_add_data_func ("/client/workspace-site/pages/1", GUINT_TO_POINTER (1), test_pages);
  g_test_add_data_func ("/client/workspace-site/pages/3", GUINT_TO_POINTER (3), test_pages);
  g_test_add_data_func ("/client/workspace-site/go-to-date/1", GUINT_TO_POINTER (1), test_go_to_date);
  g_test_add_data_func ("/client/workspace-site/go-to-date/3", GUINT_TO_POINTER (3), test_go_to_date);
  g_test_add_func ("/client/workspace-site/keys", test_keys);
  g_test_add_func ("/client/workspace-site/garbage", test_garbage);
  g_test_add_func ("/client/workspace-site/without-log", test_without_log);
  g_test_add_func ("/client/workspace-site/denied", test_denied);
  g_test_add_func ("/client/workspace-site/retention", test_retention);
  g_test_add_data_func ("/client/workspace-site/made-again/1", GUINT_TO_POINTER (1), test_made_again);
  g_test_add_data_func ("/client/workspace-site/made-again/3", GUINT_TO_POINTER (3), test_made_again);
  g_test_add_data_func ("/client/workspace-site/made-again-live/1", GUINT_TO_POINTER (1), test_made_again_live);
  g_test_add_data_func ("/client/workspace-site/made-again-live/3", GUINT_TO_POINTER (3), test_made_again_live);
  g_test_add_func ("/client/workspace-site/refused", test_refused);
  g_test_add_func ("/client/workspace-site/close", test_close);
  return g_test_run ();
}
