/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two desktops without their windows on a real server and a real broker, from which public channels come straight: what
 * one says the other reads, a warning comes with its words, who is blocked knows it; feeds are switched in mid-flood;
 * the broker is killed, and nothing is lost and nothing comes twice. Usage: test-broker-feeds kafka|rabbitmq
 */
#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "chat-test-feed.h"
#include "chat-test-server.h"
#include "client/chat-workspace-private.h"
#include "transport/websocket/chat-websocket-transport.h"

#include <stdlib.h>
#include <string.h>

#define CHANNEL "general"
#define FLOOD 300

static ChatBrokerKind kind;

typedef struct
{
  ChatTestBroker *broker;
  ChatTestServer *server;
  char *directory;
  ChatWorkspace *ana, *luis;
  guint warned, worded;
} World;

static ChatTransport *
make_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_websocket_transport_new (session, uri, token);
}

static void
add_setting (GPtrArray *settings, const char *name, const char *value)
{
  g_ptr_array_add (settings, g_strdup_printf ("%s=%s", name, value));
}

/* Of RabbitMQ the administrator reads: another user than the server's. */
static void
start_server (World *world)
{
  g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (world->broker, FALSE, CHAT_BROKER_ANONYMOUS);
  g_autofree char *addresses = g_strjoinv (";", options->addresses);
  g_autoptr (GPtrArray) settings = g_ptr_array_new_with_free_func (g_free);

  add_setting (settings, "broker.kind", chat_broker_kind_to_string (kind));
  add_setting (settings, "broker.addresses", addresses);
  add_setting (settings, "broker.prefix", options->prefix);
  add_setting (settings, "broker.shards", "2");
  add_setting (settings, "feeds.broker", "true");
  add_setting (settings, "channels.language", "en");
  if (kind == CHAT_BROKER_RABBITMQ)
    {
      add_setting (settings, "broker.virtual_host", options->virtual_host);
      add_setting (settings, "broker.user", options->user);
      add_setting (settings, "broker.password", options->password);
      add_setting (settings, "feeds.user", chat_test_broker_get (world->broker, "admin"));
      add_setting (settings, "feeds.password", chat_test_broker_get (world->broker, "admin_password"));
    }
  g_ptr_array_add (settings, NULL);
  world->server = chat_test_server_new ((const char *const *)settings->pdata);
  chat_test_server_start (world->server);
}

static gboolean
is_on_broker (gpointer data)
{
  ChatWorkspace *workspace = data;

  return workspace->public == CHAT_PUBLIC_BROKER && chat_feed_is_placed (workspace->feed)
         && chat_workspace_get_state (workspace) == CHAT_WORKSPACE_LIVE;
}

static ChatWorkspace *
open_workspace (World *world, const char *user)
{
  g_autofree char *directory = g_build_filename (world->directory, user, NULL);
  ChatWorkspace *workspace
      = chat_workspace_new (chat_test_server_get_uri (world->server), user, directory, make_feed, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;

  workspace->overlap_ms = 200;
  chat_workspace_set_broker_factory (workspace, chat_test_make_broker, NULL);
  chat_test_call (chat_workspace_open, workspace, &error, CHANNEL);
  g_assert_no_error (error);
  chat_workspace_sign_in_async (workspace, NULL, NULL, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the sign-in");
  chat_workspace_sign_in_finish (workspace, result, NULL, &error);
  g_assert_no_error (error);
  chat_test_wait_until (is_on_broker, workspace, "public channels from the broker");
  chat_channel_get_timeline (chat_workspace_find_channel (workspace, CHANNEL));
  return workspace;
}

/* FALSE: it is skipped. */
static gboolean
world_start (World *world)
{
  *world = (World){ .broker = kind == CHAT_BROKER_KAFKA ? chat_test_kafka_new (CHAT_TEST_BROKER_PRIVATE)
                                                        : chat_test_rabbitmq_new (CHAT_TEST_BROKER_PRIVATE) };
  if (world->broker == NULL)
    return FALSE;
  world->directory = g_dir_make_tmp ("tertulia-feeds-XXXXXX", NULL);
  start_server (world);
  world->ana = open_workspace (world, "ana");
  world->luis = open_workspace (world, "luis");
  return TRUE;
}

static void
close_workspace (ChatWorkspace *workspace)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_close, workspace, &error, FALSE);
  g_assert_no_error (error);
  g_object_unref (workspace);
}

static void
world_end (World *world)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", world->directory);

  close_workspace (world->ana);
  close_workspace (world->luis);
  chat_test_server_free (world->server);
  chat_test_broker_free (world->broker);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (world->directory);
}

static GListModel *
rows_of (ChatWorkspace *workspace)
{
  return G_LIST_MODEL (chat_channel_get_timeline (chat_workspace_find_channel (workspace, CHANNEL)));
}

static void
say (ChatWorkspace *workspace, const char *text)
{
  g_autoptr (GError) error = NULL;

  chat_workspace_send (workspace, CHANNEL, text, NULL, &error);
  g_assert_no_error (error);
}

/* The text that is waited for, as the last one there, with its seq. */
typedef struct
{
  GListModel *rows;
  const char *text;
} Awaited;

static gboolean
has_last (gpointer data)
{
  Awaited *awaited = data;

  for (guint i = g_list_model_get_n_items (awaited->rows); i > 0; i--)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (awaited->rows, i - 1);
      ChatMessage *message = chat_message_item_get_message (item);

      if (message != NULL)
        return g_strcmp0 (chat_message_get_data (message), awaited->text) == 0 && chat_message_item_get_seq (item) > 0;
    }
  return FALSE;
}

static void
wait_for_text (ChatWorkspace *workspace, const char *text)
{
  Awaited awaited = { rows_of (workspace), text };

  chat_test_wait_until (has_last, &awaited, text);
}

static guint
count_cards (ChatWorkspace *workspace)
{
  GListModel *rows = rows_of (workspace);
  guint cards = 0;

  for (guint i = 0; i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (rows, i);

      cards += chat_message_item_get_warning (item) != NULL ? 1 : 0;
    }
  return cards;
}

static void
warned_cb (World *world, const ChatWarning *warning)
{
  world->warned++;
  world->worded += g_strcmp0 (warning->words[0], "asshole") == 0 ? 1 : 0;
}

static void
talk (World *world)
{
  g_autofree char *live = g_strdup_printf ("%s · live", chat_workspace_broker_title (kind));

  g_assert_cmpstr (chat_workspace_get_status (world->ana), ==, live);
  say (world->ana, "hola");
  wait_for_text (world->luis, "hola");
  wait_for_text (world->ana, "hola");
  say (world->luis, "¿qué tal?");
  wait_for_text (world->ana, "¿qué tal?");
}

/* Feeds are switched in mid-flood: the rows are what was said, each once, in order. */
static void
check_flood (ChatWorkspace *workspace, const char *letter, guint most)
{
  GListModel *rows = rows_of (workspace);
  guint next = 0;

  for (guint i = 0; i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (rows, i);
      ChatMessage *message = chat_message_item_get_message (item);

      if (message == NULL || !g_str_has_prefix (chat_message_get_data (message), letter))
        continue;
      g_assert_cmpuint (strtoul (chat_message_get_data (message) + strlen (letter), NULL, 10), ==, next++);
      g_assert_cmpint (chat_message_item_get_seq (item), >, 0);
    }
  g_assert_cmpuint (next, ==, most);
}

static void
switch_in_flood (World *world)
{
  g_autofree char *last = g_strdup_printf ("f:%u", FLOOD - 1);

  for (guint i = 0; i < FLOOD; i++)
    {
      g_autofree char *text = g_strdup_printf ("f:%u", i);

      say (world->luis, text);
      if (i % 60 == 20)
        chat_workspace_set_feed_choice (world->ana, CHAT_FEED_WEBSOCKET);
      if (i % 60 == 50)
        chat_workspace_set_feed_choice (world->ana, CHAT_FEED_AUTOMATIC);
      chat_test_run_for (5);
    }
  chat_workspace_set_feed_choice (world->ana, CHAT_FEED_AUTOMATIC);
  wait_for_text (world->ana, last);
  chat_test_wait_until (is_on_broker, world->ana, "public channels from the broker");
  check_flood (world->ana, "f:", FLOOD);
}

static gboolean
is_away (gpointer data)
{
  return !is_on_broker (data);
}

/* Killed and started again, while both go on writing. */
static void
outlive_broker (World *world)
{
  chat_test_broker_kill (world->broker, 1);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("k:%u", i);

      say (world->luis, text);
    }
  chat_test_wait_until (is_away, world->ana, "the foot to say that the broker is gone");
  chat_test_broker_restart (world->broker, 1);
  chat_workspace_reconnect_now (world->luis);
  wait_for_text (world->ana, "k:19");
  chat_test_wait_until (is_on_broker, world->ana, "public channels from the broker");
  check_flood (world->ana, "k:", 20);
  say (world->ana, "y ya está");
  wait_for_text (world->luis, "y ya está");
}

static gboolean
is_blocked (gpointer data)
{
  return chat_workspace_get_blocked (data);
}

static void
swear (World *world)
{
  g_signal_connect_swapped (world->ana, "warned", G_CALLBACK (warned_cb), world);
  say (world->ana, "what an asshole");
  wait_for_text (world->luis, "what an *******");
  chat_test_wait_for_count (&world->warned, 1);
  chat_test_run_for (200);
  g_assert_cmpuint (world->warned, ==, 1);
  g_assert_cmpuint (world->worded, ==, 1);
  g_assert_cmpuint (count_cards (world->ana), ==, 1);
  g_assert_cmpuint (count_cards (world->luis), ==, 0);
  say (world->ana, "you asshole");
  say (world->ana, "asshole");
  chat_test_wait_until (is_blocked, world->ana, "the block");
}

static void
test_all (void)
{
  World world;

  if (!world_start (&world))
    return;
  talk (&world);
  switch_in_flood (&world);
  outlive_broker (&world);
  swear (&world);
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc != 2 || !chat_broker_kind_from_string (argv[1], &kind))
    {
      g_printerr ("usage: test-broker-feeds kafka|rabbitmq\n");
      return EXIT_FAILURE;
    }
  g_test_add_func ("/broker-feeds/all", test_all);
  return g_test_run ();
}
