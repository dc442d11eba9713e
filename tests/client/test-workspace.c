/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signing in, and staying signed in, with a service that says what the test wants and a feed that is a loopback. With
 * the real service: test-two-workspaces.c.
 */
#include "chat-test-call.h"
#include "chat-test-message.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "local-test.h"
#include "workspace-test.h"

#include <string.h>
#include <time.h>

#define PROBLEM "application/problem+json"

static void
test_by_name (void)
{
  g_autofree char *token = NULL;
  World world;

  world_start (&world);
  g_assert_cmpint (chat_workspace_get_state (world.workspace), ==, CHAT_WORKSPACE_OFFLINE);
  chat_fake_service_answer (world.service, world_opened ());
  token = world_sign_in (&world, NULL, NULL);
  g_assert_cmpstr (token, ==, "t2");
  g_assert_cmpstr (world_question (&world, 0), ==, "POST /v1/sessions\n{\"user\":\"ana\"}");
  g_assert_cmpstr (world.feed_token, ==, "t2");
  chat_test_wait_until (world_is_live, world.workspace, "the workspace to be live");
  world_end (&world);
}

/* The token of last time is tried first; where it is not good any more the name does. */
static void
test_by_token (void)
{
  g_autofree char *token = NULL, *renewed = NULL;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, world_known ());
  token = world_sign_in (&world, "t1", NULL);
  g_assert_cmpstr (token, ==, "t1");
  g_assert_cmpstr (world_question (&world, 0), ==, "GET /v1/sessions/current\n");
  world_close (&world, FALSE);

  world_open (&world, chat_fake_service_get_uri (world.service));
  chat_fake_service_answer_once (world.service, world_unknown ());
  chat_fake_service_answer (world.service, world_opened ());
  renewed = world_sign_in (&world, "t1", NULL);
  g_assert_cmpstr (renewed, ==, "t2");
  world_end (&world);
}

/* A name that a person must choose anew. */
static void
test_name_taken (void)
{
  const ChatFakeAnswer taken = { 409, PROBLEM,
                                 "{\"type\":\"https://tertulia.chat/problems/name-taken\",\"detail\":\"ana is here\","
                                 "\"lease_ms\":1000}" };
  g_autoptr (GError) error = NULL;
  g_autofree char *status = NULL, *token = NULL;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, &taken);
  g_assert_null (world_sign_in (&world, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_TAKEN);
  g_assert_cmpstr (error->message, ==, "ana is here");
  g_assert_cmpuint (*chat_fake_service_get_count (world.service), ==, 1);

  /* who was here and was killed meets his own lease, and waits for its end */
  g_clear_error (&error);
  chat_fake_service_answer (world.service, world_opened ());
  g_free (world_sign_in (&world, NULL, &error));
  g_assert_no_error (error);
  world_close (&world, FALSE);
  world_open (&world, chat_fake_service_get_uri (world.service));
  chat_fake_service_answer (world.service, &taken);
  world_begin_sign_in (&world, NULL, NULL, NULL);
  chat_test_run_for (100);
  g_assert_null (world.signing_in);
  g_object_get (world.workspace, "status", &status, NULL);
  g_assert_cmpstr (status, ==, "Waiting for your last session to end");
  chat_fake_service_answer (world.service, world_opened ());
  token = world_end_sign_in (&world, &error);
  g_assert_cmpstr (token, ==, "t2");

  /* who signed out does not wait */
  world_close (&world, TRUE);
  g_assert_cmpstr (world_question (&world, *chat_fake_service_get_count (world.service) - 1), ==,
                   "DELETE /v1/sessions/current\n");
  world_open (&world, chat_fake_service_get_uri (world.service));
  chat_fake_service_answer (world.service, &taken);
  g_assert_null (world_sign_in (&world, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_TAKEN);
  world_end (&world);
}

/* Who signed out, and nobody heard it, meets his own lease as well. */
static void
test_sign_out_unheard (void)
{
  const ChatFakeAnswer taken = { 409, PROBLEM,
                                 "{\"type\":\"https://tertulia.chat/problems/name-taken\",\"detail\":\"ana is here\","
                                 "\"lease_ms\":1000}" };
  g_autofree char *first = NULL, *status = NULL, *second = NULL;
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, world_opened ());
  first = world_sign_in (&world, NULL, NULL);
  chat_fake_service_answer (world.service, world_failing ());
  world_close (&world, TRUE);
  world_open (&world, chat_fake_service_get_uri (world.service));
  chat_fake_service_answer (world.service, &taken);
  world_begin_sign_in (&world, NULL, NULL, NULL);
  chat_test_run_for (100);
  g_assert_null (world.signing_in);
  g_object_get (world.workspace, "status", &status, NULL);
  g_assert_cmpstr (status, ==, "Waiting for your last session to end");
  chat_fake_service_answer (world.service, world_opened ());
  second = world_end_sign_in (&world, &error);
  g_assert_no_error (error);
  world_end (&world);
}

/* While the service can't be reached it goes on trying, and says so; and the address may come later. */
static void
test_patience (void)
{
  g_autofree char *waiting = NULL, *said = NULL, *token = NULL;
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  world_close (&world, FALSE);
  world_open (&world, NULL);
  g_assert_null (chat_workspace_get_uri (world.workspace));
  world_begin_sign_in (&world, NULL, NULL, NULL);
  chat_test_run_pending ();
  g_object_get (world.workspace, "status", &waiting, NULL);
  g_assert_cmpstr (waiting, ==, "Waiting for the server to start");

  chat_fake_service_answer (world.service, world_failing ());
  chat_workspace_set_uri (world.workspace, chat_fake_service_get_uri (world.service));
  chat_test_wait_count (chat_fake_service_get_count (world.service), 2, "a second try");
  g_assert_cmpint (chat_workspace_get_state (world.workspace), ==, CHAT_WORKSPACE_CONNECTING);
  g_object_get (world.workspace, "status", &said, NULL);
  g_assert_cmpstr (said, ==, "No store");
  chat_fake_service_answer (world.service, world_opened ());
  chat_workspace_reconnect_now (world.workspace);
  token = world_end_sign_in (&world, &error);
  g_assert_no_error (error);
  world_end (&world);
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, world_failing ());
  world_begin_sign_in (&world, NULL, NULL, cancellable);
  chat_test_wait_count (chat_fake_service_get_count (world.service), 1, "a try");
  g_cancellable_cancel (cancellable);
  g_assert_null (world_end_sign_in (&world, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  chat_test_run_pending ();
  g_assert_cmpint (chat_workspace_get_state (world.workspace), ==, CHAT_WORKSPACE_OFFLINE);
  world_end (&world);
}

/* Another program at that address. */
static void
test_foreign (void)
{
  const ChatFakeAnswer foreign = { 404, "text/html", "<html>" };
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, &foreign);
  g_assert_null (world_sign_in (&world, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL);
  world_end (&world);
}

static void
count_cb (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

/* A session that ends in the middle of things is opened again, with what waits to be sent. */
static void
test_renewed (void)
{
  const ChatFakeAnswer again = { 201, NULL, "{\"token\":\"t3\"}" };
  const ChatFakeAnswer refused = { 422, PROBLEM, "{\"type\":\"x/name-invalid\",\"detail\":\"no\"}" };
  g_autofree char *token = NULL, *first = NULL;
  g_autoptr (GError) error = NULL;
  guint renewed = 0, asked;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, world_opened ());
  first = world_sign_in (&world, NULL, NULL);
  chat_test_wait_until (world_is_live, world.workspace, "the workspace to be live");
  g_signal_connect (world.workspace, "notify::token", G_CALLBACK (count_cb), &renewed);
  asked = *chat_fake_service_get_count (world.service);
  chat_fake_service_answer (world.service, world_unknown ());
  g_assert_true (chat_workspace_send (world.workspace, "general", "hola", NULL, &error));
  chat_test_wait_count (chat_fake_service_get_count (world.service), asked + 1, "the post");
  chat_fake_service_answer (world.service, &again);
  chat_test_wait_for_count (&renewed, 1);
  g_object_get (world.workspace, "token", &token, NULL);
  g_assert_cmpstr (token, ==, "t3");
  chat_test_wait_for_count (&world.feeds, 2);
  g_assert_cmpstr (world.feed_token, ==, "t3");
  g_assert_cmpuint (world.signed_out, ==, 0);
  chat_test_wait_until (world_is_live, world.workspace, "the workspace to be live");

  /* unless a person has to do something about it */
  chat_fake_service_answer (world.service, world_unknown ());
  asked = *chat_fake_service_get_count (world.service);
  g_assert_true (chat_workspace_send (world.workspace, "general", "hola", NULL, &error));
  chat_test_wait_count (chat_fake_service_get_count (world.service), asked + 1, "the post");
  chat_fake_service_answer (world.service, &refused);
  chat_test_wait_for_count (&world.signed_out, 1);
  g_assert_cmpint (chat_workspace_get_state (world.workspace), ==, CHAT_WORKSPACE_OFFLINE);
  world_end (&world);
}

/* A disk that can't be used: the workspace works, and says what it does not do. */
static void
test_no_disk (void)
{
  g_autofree char *why = NULL, *token = NULL;
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  world_close (&world, FALSE);
  local_test_write (world.directory, "no database at all, whatever its name says", 42);
  world.workspace
      = chat_workspace_new (chat_fake_service_get_uri (world.service), "ana", world.directory, world_make_feed, &world);
  chat_test_call (chat_workspace_open, world.workspace, &error, "general");
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE);
  g_object_get (world.workspace, "storage-error", &why, NULL);
  g_assert_cmpstr (why, ==, error->message);
  chat_fake_service_answer (world.service, world_opened ());
  token = world_sign_in (&world, NULL, NULL);
  g_assert_nonnull (token);
  g_clear_error (&error);
  chat_test_call (chat_workspace_close, world.workspace, &error, FALSE);
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE);
  chat_test_run_pending ();
  g_assert_finalize_object (g_steal_pointer (&world.workspace));
  world_end (&world);
}

/* What can't be a message is not taken. */
static void
test_bad_text (void)
{
  g_autofree char *long_text = g_strnfill (8001, 'x');
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  g_assert_false (chat_workspace_send (world.workspace, "general", "", NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_false (chat_workspace_send (world.workspace, "general", long_text, NULL, &error));
  g_clear_error (&error);
  g_assert_false (chat_workspace_send (world.workspace, "No Channel", "x", NULL, &error));
  world_end (&world);
}

/* A flood costs little: from the record to the rows, with everything that is kept of it, no more than some times what
 * it takes to read the same records, measured in the same run. */

#define FLOOD 20000
#define FLOOD_RATIO_MOST 12

/* (element-type GBytes) */
static GPtrArray *
make_flood (void)
{
  GPtrArray *flood = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (guint i = 0; i < FLOOD; i++)
    {
      g_autofree char *id = chat_uuid_v7 ();
      g_autoptr (ChatMessage) message
          = chat_test_message_new ("general", id, "el tren de las ocho llega con retraso, otra vez", chat_time_now ());

      chat_message_set_author (message, "luis");
      g_ptr_array_add (flood, chat_message_encode (message));
    }
  return flood;
}

static void
publish_flood (World *world, GPtrArray *flood)
{
  g_autoptr (ChatTransport) source = chat_loopback_transport_new (world->broker);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_connect, source, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < flood->len; i++)
    {
      g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CONTROLLED, "general", g_ptr_array_index (flood, i));

      chat_transport_publish_async (source, record, NULL, NULL, NULL);
    }
  chat_test_call (chat_transport_close, source, &error);
  g_assert_no_error (error);
}

static gint64
thread_time_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* CPU of reading @flood, in µs. */
static gint64
read_flood (GPtrArray *flood)
{
  gint64 began = thread_time_us ();

  for (guint i = 0; i < flood->len; i++)
    {
      gsize length;
      const void *data = g_bytes_get_data (g_ptr_array_index (flood, i), &length);
      g_autoptr (ChatMessage) message = chat_message_decode (data, length, NULL);

      g_assert_nonnull (message);
    }
  return MAX (thread_time_us () - began, 1);
}

static void
test_flood (void)
{
  g_autoptr (GPtrArray) messages = make_flood ();
  const ChatFakeAnswer answer = { 200, NULL,
                                  "{\"token\":\"t\",\"channels\":[{\"name\":\"general\",\"head\":0}],\"messages\":[],"
                                  "\"head\":0,\"more_before\":false,\"more_after\":false}" };
  g_autofree char *token = NULL;
  ChatChannel *channel;
  World world;
  gint64 began;
  double ratio;
  guint left;

  world_start (&world);
  chat_fake_service_answer (world.service, &answer);
  token = world_sign_in (&world, NULL, NULL);
  chat_test_wait_until (world_is_live, world.workspace, "the workspace to be live");
  channel = chat_workspace_find_channel (world.workspace, "general");
  chat_workspace_set_active (world.workspace, "general", FALSE);
  chat_channel_get_timeline (channel);
  chat_test_wait_until (world_is_live, world.workspace, "the workspace to be live");
  publish_flood (&world, messages);
  left = FLOOD - chat_channel_get_unread (channel);
  g_assert_cmpuint (left, >, FLOOD / 2);
  began = thread_time_us ();
  while (chat_channel_get_unread (channel) < FLOOD)
    g_main_context_iteration (NULL, TRUE);
  began = thread_time_us () - began;
  g_assert_cmpuint (chat_channel_get_unread (channel), ==, FLOOD);
  ratio = (double)began / left / ((double)read_flood (messages) / FLOOD);
  g_test_message ("one message took %.2f µs, %.1f times what reading it takes", (double)began / left, ratio);
  if (g_getenv ("ASAN_OPTIONS") == NULL)
    g_assert_cmpfloat (ratio, <, FLOOD_RATIO_MOST);
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workspace/by-name", test_by_name);
  g_test_add_func ("/workspace/by-token", test_by_token);
  g_test_add_func ("/workspace/name-taken", test_name_taken);
  g_test_add_func ("/workspace/sign-out-unheard", test_sign_out_unheard);
  g_test_add_func ("/workspace/patience", test_patience);
  g_test_add_func ("/workspace/cancel", test_cancel);
  g_test_add_func ("/workspace/foreign", test_foreign);
  g_test_add_func ("/workspace/renewed", test_renewed);
  g_test_add_func ("/workspace/no-disk", test_no_disk);
  g_test_add_func ("/workspace/bad-text", test_bad_text);
  g_test_add_func ("/workspace/flood", test_flood);
  return g_test_run ();
}
