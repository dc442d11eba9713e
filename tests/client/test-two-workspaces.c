/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two users on the real server, each with the whole client but its window: what one says the other reads; and when the
 * server is killed in the middle of it, again and again, each message is in both timelines once, in one order.
 */
#include "chat-test-call.h"
#include "chat-test-server.h"
#include "client/chat-workspace.h"
#include "core/chat-time.h"
#include "transport/websocket/chat-websocket-transport.h"

#include <glib/gstdio.h>
#include <string.h>

#define CHANNEL "general"

typedef struct
{
  ChatTestServer *server;
  char *directory;
  ChatWorkspace *ana, *luis;
  guint warned;
  guint refused;
} World;

static ChatTransport *
make_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_websocket_transport_new (session, uri, token);
}

static ChatWorkspace *
workspace_new (World *world, const char *user)
{
  g_autofree char *directory = g_build_filename (world->directory, user, NULL);

  return chat_workspace_new (chat_test_server_get_uri (world->server), user, directory, make_feed, NULL);
}

static void
workspace_open (ChatWorkspace *workspace, const char *channel)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_open, workspace, &error, channel);
  g_assert_no_error (error);
}

/* (transfer full): the token */
static char *
sign_in (ChatWorkspace *workspace, const char *token)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *opened = NULL;

  chat_workspace_sign_in_async (workspace, token, NULL, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the sign-in");
  chat_workspace_sign_in_finish (workspace, result, &opened, &error);
  g_assert_no_error (error);
  return opened;
}

static gboolean
is_live (gpointer data)
{
  return chat_workspace_get_state (data) == CHAT_WORKSPACE_LIVE;
}

static gboolean
has_channel (gpointer data)
{
  return chat_workspace_find_channel (data, CHANNEL) != NULL;
}

static void
wait_live (ChatWorkspace *workspace)
{
  chat_test_wait_until (is_live, workspace, "the workspace to be live");
  chat_test_wait_until (has_channel, workspace, "#general");
}

static void
workspace_close (ChatWorkspace *workspace, gboolean sign_out)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_close, workspace, &error, sign_out);
  g_assert_no_error (error);
  g_assert_finalize_object (workspace);
}

static void
world_start (World *world, const char *const *settings)
{
  *world = (World){ .server = chat_test_server_new (settings) };
  world->directory = g_dir_make_tmp ("tertulia-client-XXXXXX", NULL);
  chat_test_server_start (world->server);
  world->ana = workspace_new (world, "ana");
  world->luis = workspace_new (world, "luis");
  workspace_open (world->ana, CHANNEL);
  workspace_open (world->luis, CHANNEL);
  g_free (sign_in (world->ana, NULL));
  g_free (sign_in (world->luis, NULL));
  wait_live (world->ana);
  wait_live (world->luis);
}

static void
world_end (World *world)
{
  g_autofree char *command = NULL;

  if (world->ana != NULL)
    workspace_close (world->ana, FALSE);
  if (world->luis != NULL)
    workspace_close (world->luis, FALSE);
  chat_test_server_free (world->server);
  command = g_strdup_printf ("rm -rf '%s'", world->directory);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (world->directory);
}

static ChatTimeline *
timeline_of (ChatWorkspace *workspace)
{
  return chat_channel_get_timeline (chat_workspace_find_channel (workspace, CHANNEL));
}

static void
say (ChatWorkspace *workspace, const char *text)
{
  g_autoptr (GError) error = NULL;

  chat_workspace_send (workspace, CHANNEL, text, NULL, &error);
  g_assert_no_error (error);
}

static const char *
text_at (ChatTimeline *timeline, guint place)
{
  g_autoptr (ChatMessageItem) item = g_list_model_get_item (G_LIST_MODEL (timeline), place);
  ChatMessage *message = chat_message_item_get_message (item);

  return message != NULL ? chat_message_get_data (message) : NULL;
}

static ChatDelivery
delivery_at (ChatTimeline *timeline, guint place)
{
  g_autoptr (ChatMessageItem) item = g_list_model_get_item (G_LIST_MODEL (timeline), place);

  return chat_message_item_get_delivery (item);
}

static gboolean
has_one (gpointer data)
{
  return g_list_model_get_n_items (data) >= 1;
}

static gboolean
first_is_stored (gpointer data)
{
  return g_list_model_get_n_items (data) >= 1 && delivery_at (data, 0) == CHAT_DELIVERY_STORED;
}

static void
test_talk (void)
{
  World world;
  ChatTimeline *anas, *luiss;
  g_autofree char *status = NULL;

  world_start (&world, NULL);
  anas = timeline_of (world.ana);
  luiss = timeline_of (world.luis);
  say (world.ana, "hola");
  chat_test_wait_until (has_one, luiss, "the message at the other's");
  g_assert_cmpstr (text_at (luiss, 0), ==, "hola");
  g_assert_cmpint (delivery_at (luiss, 0), ==, CHAT_DELIVERY_NONE);
  chat_test_wait_until (first_is_stored, anas, "the own message to be stored");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (anas)), ==, 1);
  g_object_get (world.ana, "status", &status, NULL);
  g_assert_cmpstr (status, ==, "WebSocket · live");
  world_end (&world);
}

/* Unread counters, and how far one has read, over a restart of both. */

static gboolean
has_two_unread (gpointer data)
{
  ChatChannel *channel = chat_workspace_find_channel (data, CHANNEL);

  return channel != NULL && chat_channel_get_unread (channel) == 2;
}

static guint
mentions_of (ChatWorkspace *workspace)
{
  guint mentions;

  g_object_get (chat_workspace_find_channel (workspace, CHANNEL), "mentions", &mentions, NULL);
  return mentions;
}

static gboolean
has_two (gpointer data)
{
  return g_list_model_get_n_items (data) >= 2;
}

static void
test_unread (void)
{
  World world;
  g_autofree char *token = NULL;
  g_autoptr (ChatMessageItem) first = NULL;

  world_start (&world, NULL);
  say (world.ana, "uno");
  say (world.ana, "dos para @luis");
  chat_test_wait_until (has_two_unread, world.luis, "two unread messages");
  g_assert_cmpuint (mentions_of (world.luis), ==, 1);
  g_assert_cmpuint (chat_channel_get_unread (chat_workspace_find_channel (world.ana, CHANNEL)), ==, 0);

  chat_test_wait_until (is_live, world.luis, "the workspace to be live");
  /* the next start shows the counter before there is any network */
  g_object_get (world.luis, "token", &token, NULL);
  workspace_close (g_steal_pointer (&world.luis), FALSE);
  world.luis = workspace_new (&world, "luis");
  workspace_open (world.luis, CHANNEL);
  g_assert_true (has_two_unread (world.luis));
  g_assert_cmpint (chat_workspace_get_state (world.luis), ==, CHAT_WORKSPACE_OFFLINE);
  g_free (sign_in (world.luis, token));
  wait_live (world.luis);

  chat_workspace_set_active (world.luis, CHANNEL, TRUE);
  g_assert_cmpuint (chat_channel_get_unread (chat_workspace_find_channel (world.luis, CHANNEL)), ==, 0);
  chat_test_wait_until (has_two, timeline_of (world.luis), "both messages");
  say (world.ana, "tres");
  chat_test_wait_until ((ChatTestCondition)is_live, world.luis, "to be live");
  world_end (&world);
}

/* Three swear words: warnings, then a block; the other sees asterisks. */

static gboolean
is_blocked (gpointer data)
{
  return chat_workspace_get_blocked (data);
}

static gboolean
knows_why (gpointer data)
{
  g_autofree char *reason = NULL;

  g_object_get (data, "block-reason", &reason, NULL);
  return reason != NULL;
}

static void
warned_cb (ChatWorkspace *workspace, const ChatWarning *warning, World *world)
{
  world->warned++;
  g_assert_cmpuint (warning->strike, ==, world->warned);
  g_assert_cmpuint (warning->limit, ==, 3);
  g_assert_cmpstr (warning->words[0], ==, "asshole");
}

static gboolean
last_is_refused (gpointer data)
{
  guint length = g_list_model_get_n_items (data);

  return length > 0 && delivery_at (data, length - 1) == CHAT_DELIVERY_REFUSED;
}

static void
test_moderation (void)
{
  World world;
  ChatTimeline *luiss;

  world_start (&world, NULL);
  luiss = timeline_of (world.luis);
  timeline_of (world.ana);
  g_signal_connect (world.ana, "warned", G_CALLBACK (warned_cb), &world);
  say (world.ana, "what an asshole");
  chat_test_wait_until (has_one, luiss, "the masked message");
  g_assert_cmpstr (text_at (luiss, 0), ==, "what an *******");
  say (world.ana, "you asshole");
  say (world.ana, "asshole");
  chat_test_wait_until (is_blocked, world.ana, "the block");
  chat_test_wait_for_count (&world.warned, 3);
  chat_test_wait_until (knows_why, world.ana, "the reason of the block");
  say (world.ana, "¿hola?");
  chat_test_wait_until (last_is_refused, timeline_of (world.ana), "a refusal");
  world_end (&world);
}

/* Edits, deletions and reactions: what one does the other sees; what he may not is taken back. */

static ChatMessageItem *
first_of (ChatWorkspace *workspace)
{
  g_autoptr (ChatMessageItem) item = g_list_model_get_item (G_LIST_MODEL (timeline_of (workspace)), 0);

  return item;
}

static const char *
id_of (ChatMessageItem *item)
{
  return chat_message_get_id (chat_message_item_get_message (item));
}

static gboolean
is_edited (gpointer data)
{
  return chat_message_item_get_edited (data) != CHAT_TIME_UNKNOWN;
}

static gboolean
is_deleted (gpointer data)
{
  return chat_message_item_get_deleted (data) != CHAT_TIME_UNKNOWN;
}

static gboolean
has_reaction (gpointer data)
{
  return chat_message_item_get_reactions (data)->len > 0;
}

static gboolean
has_no_reaction (gpointer data)
{
  return chat_message_item_get_reactions (data)->len == 0;
}

static gboolean
is_settled (gpointer data)
{
  guint queued;

  g_object_get (data, "queued", &queued, NULL);
  return queued == 0;
}

static void
count_refused_cb (World *world, const char *id, const char *reason)
{
  world->refused++;
}

static void
test_changes (void)
{
  g_autoptr (GError) error = NULL;
  ChatMessageItem *anas, *luiss;
  World world;

  world_start (&world, NULL);
  timeline_of (world.ana);
  timeline_of (world.luis);
  g_signal_connect_swapped (world.luis, "refused", G_CALLBACK (count_refused_cb), &world);
  say (world.ana, "hola");
  chat_test_wait_until (has_one, timeline_of (world.luis), "the message at the other's");
  chat_test_wait_until (first_is_stored, timeline_of (world.ana), "the own message to be stored");
  anas = first_of (world.ana);
  luiss = first_of (world.luis);

  chat_workspace_react (world.luis, CHANNEL, id_of (luiss), "👍", TRUE);
  chat_test_wait_until (has_reaction, anas, "the reaction at the other's");
  g_assert_false (((ChatReactionGroup *)g_ptr_array_index (chat_message_item_get_reactions (anas), 0))->mine);
  chat_workspace_react (world.luis, CHANNEL, id_of (luiss), "👍", FALSE);
  chat_test_wait_until (has_no_reaction, anas, "the reaction to go");
  g_assert_true (chat_workspace_edit (world.ana, CHANNEL, id_of (anas), "hola, Luis", &error));
  chat_test_wait_until (is_edited, luiss, "the edit at the other's");
  g_assert_cmpstr (chat_message_item_get_text (luiss), ==, "hola, Luis");

  chat_workspace_delete (world.luis, CHANNEL, id_of (luiss));
  g_assert_true (is_deleted (luiss));
  chat_test_wait_for_count (&world.refused, 1);
  g_assert_false (is_deleted (luiss));
  chat_workspace_delete (world.ana, CHANNEL, id_of (anas));
  chat_test_wait_until (is_deleted, luiss, "the deletion at the other's");
  g_assert_null (chat_message_item_get_deleted_by (luiss));
  chat_test_wait_until (is_settled, world.ana, "everything to be sent");
  world_end (&world);
}

/* The office around it: who is there, a topic, what is found, a file. */

static gboolean
sees_luis (gpointer data)
{
  GListModel *users = chat_workspace_get_users (data);

  for (guint i = 0; i < g_list_model_get_n_items (users); i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (users, i);

      if (g_str_equal (chat_user_get_name (user), "luis"))
        return chat_user_get_connected (user);
    }
  return FALSE;
}

static gboolean
misses_luis (gpointer data)
{
  return !sees_luis (data);
}

static gboolean
has_topic (gpointer data)
{
  return g_strcmp0 (chat_channel_get_topic (chat_workspace_find_channel (data, CHANNEL)), "Cena el viernes") == 0;
}

static gboolean
is_loaded (gpointer data)
{
  return !chat_found_list_get_loading (data);
}

static void
test_office (void)
{
  const ChatFoundQuery query = { "tren", NULL, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, FALSE };
  g_autofree char *path = NULL, *text = NULL;
  g_autoptr (ChatFoundList) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = NULL;
  World world;

  world_start (&world, NULL);
  timeline_of (world.ana);
  chat_test_wait_until (sees_luis, world.ana, "luis among the users");
  g_assert_true (chat_test_call (chat_workspace_set_topic, world.ana, &error, CHANNEL, "Cena el viernes"));
  chat_test_wait_until (has_topic, world.luis, "the topic at the other's");
  say (world.ana, "el tren de las ocho");
  chat_test_wait_until (first_is_stored, timeline_of (world.ana), "the own message to be stored");
  found = chat_workspace_search (world.luis, &query);
  chat_test_wait_until (is_loaded, found, "what is found");
  g_assert_null (chat_found_list_get_error (found));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (found)), ==, 1);
  g_assert_true (chat_test_call (chat_workspace_join, world.luis, &error, CHANNEL, TRUE));
  g_assert_no_error (error);

  path = g_build_filename (world.directory, "general.txt", NULL);
  file = g_file_new_for_path (path);
  g_assert_true (chat_test_call (chat_workspace_export, world.luis, &error, CHANNEL, "text", CHAT_TIME_UNKNOWN,
                                 CHAT_TIME_UNKNOWN, file));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "<ana> el tren de las ocho"));
  workspace_close (g_steal_pointer (&world.luis), TRUE);
  chat_test_wait_until (misses_luis, world.ana, "luis to be gone");
  world_end (&world);
}

/* In mid-traffic */

#define ROUNDS 4
#define EACH 60
#define ALL (2 * ROUNDS * EACH)

/* All there and stored. */
static gboolean
is_whole (gpointer data)
{
  if (g_list_model_get_n_items (data) < ALL)
    return FALSE;
  for (guint i = 0; i < ALL; i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (data, i);

      if (chat_message_item_get_seq (item) == 0)
        return FALSE;
    }
  return TRUE;
}

/* Each of them once, each author's in the order in which he said them. */
static void
check_each_once (ChatTimeline *timeline)
{
  guint next[2] = { 0, 0 };

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (timeline)), ==, ALL);
  for (guint i = 0; i < ALL; i++)
    {
      const char *text = text_at (timeline, i);

      g_assert_cmpuint (g_ascii_strtoull (text + 1, NULL, 10), ==, next[text[0] == 'a' ? 0 : 1]++);
    }
}

static void
test_killed (void)
{
  World world;
  ChatTimeline *anas, *luiss;

  world_start (&world, NULL);
  anas = timeline_of (world.ana);
  luiss = timeline_of (world.luis);
  for (guint round = 0, next = 0; round < ROUNDS; round++)
    {
      for (guint i = 0; i < EACH; i++, next++)
        {
          g_autofree char *a = g_strdup_printf ("a%u", next), *l = g_strdup_printf ("l%u", next);

          say (world.ana, a);
          say (world.luis, l);
          chat_test_run_pending ();
        }
      chat_test_run_for (20);
      chat_test_server_kill (world.server);
      chat_test_run_for (50);
      chat_test_server_start (world.server);
    }
  chat_test_wait_until (is_whole, anas, "every message at ana's");
  chat_test_wait_until (is_whole, luiss, "every message at luis'");
  check_each_once (anas);
  for (guint i = 0; i < ALL; i++)
    g_assert_cmpstr (text_at (anas, i), ==, text_at (luiss, i));
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/two-workspaces/talk", test_talk);
  g_test_add_func ("/two-workspaces/unread", test_unread);
  g_test_add_func ("/two-workspaces/moderation", test_moderation);
  g_test_add_func ("/two-workspaces/changes", test_changes);
  g_test_add_func ("/two-workspaces/office", test_office);
  g_test_add_func ("/two-workspaces/killed", test_killed);
  return g_test_run ();
}
