/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workspace-test.h"

#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "local-test.h"

#define SESSION "{\"token\":\"t2\",\"user\":\"ana\",\"session\":\"s\",\"lease_ms\":30000}"
#define PROBLEM "application/problem+json"

static const ChatFakeAnswer opened = { 201, NULL, SESSION };
static const ChatFakeAnswer known = { 200, NULL, "{\"user\":\"ana\",\"bot\":false,\"block\":null,\"token\":\"t2\"}" };
static const ChatFakeAnswer unknown = { 401, PROBLEM, "{\"detail\":\"The session ended\"}" };
static const ChatFakeAnswer failing = { 503, PROBLEM, "{\"detail\":\"No store\"}" };

const ChatFakeAnswer *
world_opened (void)
{
  return &opened;
}

const ChatFakeAnswer *
world_known (void)
{
  return &known;
}

const ChatFakeAnswer *
world_unknown (void)
{
  return &unknown;
}

const ChatFakeAnswer *
world_failing (void)
{
  return &failing;
}

ChatTransport *
world_make_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  World *world = data;

  g_free (world->feed_token);
  world->feed_token = g_strdup (token);
  world->feeds++;
  return chat_loopback_transport_new (world->broker);
}

static void
signed_out_cb (World *world, const GError *error)
{
  g_assert_nonnull (error);
  world->signed_out++;
}

void
world_open (World *world, const char *uri)
{
  g_autoptr (GError) error = NULL;

  world->workspace = chat_workspace_new (uri, "ana", world->directory, world_make_feed, world);
  g_signal_connect_swapped (world->workspace, "signed-out", G_CALLBACK (signed_out_cb), world);
  chat_test_call (chat_workspace_open, world->workspace, &error, "general");
  g_assert_no_error (error);
}

void
world_start (World *world)
{
  *world = (World){ .directory = local_test_directory (),
                    .service = chat_fake_service_new (),
                    .broker = chat_loopback_broker_new (1) };
  world_open (world, chat_fake_service_get_uri (world->service));
}

void
world_close (World *world, gboolean sign_out)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_close, world->workspace, &error, sign_out);
  g_assert_no_error (error);
  chat_test_run_pending ();
  g_assert_finalize_object (g_steal_pointer (&world->workspace));
}

void
world_end (World *world)
{
  if (world->workspace != NULL)
    world_close (world, FALSE);
  chat_test_run_pending ();
  chat_fake_service_free (world->service);
  g_object_unref (world->broker);
  local_test_remove (world->directory);
  g_free (world->feed_token);
  g_free (world->directory);
}

void
world_begin_sign_in (World *world, const char *token, const char *password, GCancellable *cancellable)
{
  chat_workspace_sign_in_async (world->workspace, token, password, cancellable, chat_test_result_cb,
                                &world->signing_in);
}

char *
world_end_sign_in (World *world, GError **error)
{
  g_autoptr (GAsyncResult) result = chat_test_await (&world->signing_in, "the sign-in");
  char *token = NULL;

  world->signing_in = NULL;
  chat_workspace_sign_in_finish (world->workspace, result, &token, error);
  return token;
}

char *
world_sign_in (World *world, const char *token, GError **error)
{
  world_begin_sign_in (world, token, NULL, NULL);
  return world_end_sign_in (world, error);
}

const char *
world_question (World *world, guint place)
{
  GPtrArray *asked = chat_fake_service_get_asked (world->service);

  g_assert_cmpuint (place, <, asked->len);
  return g_ptr_array_index (asked, place);
}

gboolean
world_is_live (gpointer data)
{
  return chat_workspace_get_state (data) == CHAT_WORKSPACE_LIVE;
}

void
world_go_live (World *world)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = world_sign_in (world, NULL, &error);

  g_assert_no_error (error);
  chat_test_wait_until (world_is_live, world->workspace, "the workspace to be live");
}
