/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is written is sent: in order, again until it is accepted, under one id; over restarts, and when the program is
 * killed. The service here writes down what it was sent.
 */
#include "chat-fake-service.h"
#include "chat-test-message.h"
#include "client/chat-outbox.h"
#include "client/chat-rest.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "local-test.h"

#include <signal.h>
#include <string.h>

static const ChatFakeAnswer accepted = { 202, NULL, "{\"state\":\"accepted\"}" };
static const ChatFakeAnswer broken = { 503, "application/problem+json", "{\"title\":\"No broker\"}" };
static const ChatFakeAnswer refused = { 422, "application/problem+json", "{\"detail\":\"Too long\"}" };
static const ChatFakeAnswer blocked
    = { 403, "application/problem+json",
        "{\"type\":\"https://tertulia.chat/problems/blocked\",\"detail\":\"You are blocked\"}" };
static const ChatFakeAnswer ended = { 401, "application/problem+json", "{\"detail\":\"The session ended\"}" };

typedef struct
{
  char *directory;
  ChatFakeService *service;
  SoupSession *session;
  ChatRest *rest;
  ChatLocalDatabase *database;
  ChatOutbox *outbox;
  GString *steps; /* "text:delivery " for each that was told */
  guint told;
  guint stopped, blocked;
  char *reason; /* of the last step */
} World;

static void
delivery_cb (World *world, ChatMessage *message, ChatDelivery delivery, const char *reason)
{
  GEnumClass *names = g_type_class_ref (CHAT_TYPE_DELIVERY);

  g_string_append_printf (world->steps, "%s:%s ", chat_message_get_data (message),
                          g_enum_get_value (names, (gint)delivery)->value_nick);
  g_free (world->reason);
  world->reason = g_strdup (reason);
  world->told++;
  g_type_class_unref (names);
}

static void
stopped_cb (World *world, const GError *error)
{
  world->stopped++;
}

static void
blocked_cb (World *world, const char *reason)
{
  g_assert_cmpstr (reason, ==, "You are blocked");
  world->blocked++;
}

static void
world_open (World *world, const char *user)
{
  g_autoptr (GError) error = NULL;

  world->database = chat_local_database_new (world->directory);
  world->outbox = chat_outbox_new (world->database, CHAT_SENDER (world->rest), user);
  g_signal_connect_swapped (world->outbox, "delivery", G_CALLBACK (delivery_cb), world);
  g_signal_connect_swapped (world->outbox, "stopped", G_CALLBACK (stopped_cb), world);
  g_signal_connect_swapped (world->outbox, "blocked", G_CALLBACK (blocked_cb), world);
  chat_test_call (chat_outbox_load, world->outbox, &error);
  g_assert_no_error (error);
}

static void
world_start (World *world)
{
  *world = (World){ .directory = local_test_directory (), .service = chat_fake_service_new () };
  world->session = soup_session_new ();
  world->rest = chat_rest_new (world->session, chat_fake_service_get_uri (world->service));
  world->steps = g_string_new (NULL);
  chat_fake_service_answer (world->service, &accepted);
  world_open (world, "ana");
}

static void
world_close (World *world)
{
  g_object_run_dispose (G_OBJECT (world->outbox));
  chat_test_run_pending ();
  local_test_close (g_steal_pointer (&world->database));
  chat_test_run_pending ();
  g_assert_finalize_object (g_steal_pointer (&world->outbox));
}

static void
world_end (World *world)
{
  world_close (world);
  chat_fake_service_release (world->service);
  chat_test_run_pending ();
  g_assert_finalize_object (world->rest);
  soup_session_abort (world->session);
  chat_fake_service_free (world->service);
  chat_test_run_pending ();
  g_object_unref (world->session);
  local_test_remove (world->directory);
  g_string_free (world->steps, TRUE);
  g_free (world->reason);
  g_free (world->directory);
}

/* (transfer full): its id */
static char *
write_to (World *world, const char *channel, const char *text)
{
  char *id = chat_uuid_v7 ();
  g_autoptr (ChatMessage) message = chat_test_message_new (channel, id, text, chat_time_now ());

  chat_message_set_sent (message, chat_message_get_timestamp (message));
  chat_outbox_add (world->outbox, message);
  return id;
}

static void
write_text (World *world, const char *text)
{
  g_free (write_to (world, "general", text));
}

static void
wait_asked (World *world, guint count)
{
  chat_test_wait_count (chat_fake_service_get_count (world->service), count, "the service to be asked");
}

static void
wait_told (World *world, guint count)
{
  chat_test_wait_count (&world->told, count, "steps to be told");
  chat_test_run_pending ();
  g_assert_cmpuint (world->told, ==, count);
}

/* The text that was sent with the question @place. (transfer full) */
static char *
sent_text (World *world, guint place, char **id)
{
  const char *question = g_ptr_array_index (chat_fake_service_get_asked (world->service), place);
  const char *body = strchr (question, '\n') + 1;
  g_autoptr (JsonObject) object = chat_json_parse_object (body, strlen (body), 8, NULL);

  g_assert_nonnull (object);
  if (id != NULL)
    *id = g_strdup (json_object_get_string_member (object, "id"));
  return g_strdup (json_object_get_string_member (object, "data"));
}

static void
check_sent (World *world, guint place, const char *text)
{
  g_autofree char *sent = sent_text (world, place, NULL);

  g_assert_cmpstr (sent, ==, text);
}

static void
test_order (void)
{
  World world;

  world_start (&world);
  write_text (&world, "a");
  write_text (&world, "b");
  write_text (&world, "c");
  wait_told (&world, 3);
  g_assert_cmpstr (world.steps->str, ==, "a:queued b:queued c:queued ");
  g_assert_cmpuint (*chat_fake_service_get_count (world.service), ==, 0);
  g_assert_cmpuint (chat_outbox_get_waiting (world.outbox), ==, 3);

  g_string_truncate (world.steps, 0);
  chat_outbox_start (world.outbox);
  wait_told (&world, 6);
  g_assert_cmpstr (world.steps->str, ==, "a:accepted b:accepted c:accepted ");
  g_assert_cmpuint (chat_outbox_get_waiting (world.outbox), ==, 0);
  for (guint i = 0; i < 3; i++)
    check_sent (&world, i, (const char *const[]){ "a", "b", "c" }[i]);
  world_end (&world);
}

/* One at a time in a channel; another channel does not wait for it. */
static void
test_lanes (void)
{
  World world;

  world_start (&world);
  chat_outbox_start (world.outbox);
  chat_fake_service_hold (world.service, TRUE);
  write_text (&world, "a");
  write_text (&world, "b");
  g_free (write_to (&world, "ops", "o"));
  wait_asked (&world, 2);
  chat_test_run_for (30);
  g_assert_cmpuint (*chat_fake_service_get_count (world.service), ==, 2);
  chat_fake_service_hold (world.service, FALSE);
  chat_fake_service_release (world.service);
  wait_told (&world, 6);
  check_sent (&world, 2, "b");
  world_end (&world);
}

/* A service that fails is asked again, with the same id, until it does not. */
static void
test_again (void)
{
  g_autofree char *first = NULL, *last = NULL;
  World world;
  guint asked;

  world_start (&world);
  chat_fake_service_answer (world.service, &broken);
  chat_outbox_start (world.outbox);
  write_text (&world, "a");
  write_text (&world, "b");
  wait_asked (&world, 2);
  g_assert_cmpuint (chat_outbox_get_waiting (world.outbox), ==, 2);
  g_assert_cmpstr (world.steps->str, ==, "a:queued b:queued ");
  chat_fake_service_answer (world.service, &accepted);
  wait_told (&world, 4);
  asked = *chat_fake_service_get_count (world.service);
  g_free (sent_text (&world, 0, &first));
  g_free (sent_text (&world, asked - 2, &last));
  g_assert_cmpstr (first, ==, last);
  check_sent (&world, asked - 2, "a");
  check_sent (&world, asked - 1, "b");
  world_end (&world);
}

/* What will never be taken makes way, and says why. */
static void
test_refused (void)
{
  g_autofree char *id = NULL;
  World world;

  world_start (&world);
  chat_outbox_start (world.outbox);
  chat_fake_service_answer (world.service, &refused);
  id = write_to (&world, "general", "a");
  wait_told (&world, 2);
  g_assert_cmpstr (world.steps->str, ==, "a:queued a:failed ");
  g_assert_cmpstr (world.reason, ==, "Too long");
  chat_fake_service_answer (world.service, &blocked);
  write_text (&world, "b");
  wait_told (&world, 4);
  g_assert_cmpstr (world.reason, ==, "You are blocked");
  g_assert_cmpuint (world.blocked, ==, 1);
  g_assert_true (g_str_has_suffix (world.steps->str, "b:queued b:refused "));

  chat_fake_service_answer (world.service, &accepted);
  write_text (&world, "c");
  wait_told (&world, 6);
  chat_outbox_retry (world.outbox, id);
  wait_told (&world, 8);
  g_assert_true (g_str_has_suffix (world.steps->str, "c:accepted a:queued a:accepted "));
  world_end (&world);
}

/* A session that ended: it waits to be started again. */
static void
test_stopped (void)
{
  World world;

  world_start (&world);
  chat_outbox_start (world.outbox);
  chat_fake_service_answer (world.service, &ended);
  write_text (&world, "a");
  chat_test_wait_for_count (&world.stopped, 1);
  chat_test_run_for (30);
  g_assert_cmpuint (*chat_fake_service_get_count (world.service), ==, 1);
  chat_fake_service_answer (world.service, &accepted);
  chat_outbox_start (world.outbox);
  wait_told (&world, 2);
  world_end (&world);
}

static void
count_cb (ChatMessage *message, ChatDelivery delivery, const char *reason, gpointer data)
{
  GString *text = data;

  g_string_append_printf (text, "%s:%d ", chat_message_get_data (message), delivery);
}

static void
check_kept (World *world, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  chat_outbox_foreach (world->outbox, count_cb, text);
  g_assert_cmpstr (text->str, ==, expected);
}

/* The next start goes on where this one was: what is accepted stays until it was seen. */
static void
test_restart (void)
{
  g_autofree char *seen = NULL, *failed = NULL, *discarded = NULL;
  World world;

  world_start (&world);
  chat_outbox_start (world.outbox);
  seen = write_to (&world, "general", "seen");
  write_text (&world, "accepted");
  wait_told (&world, 4);
  g_assert_true (chat_outbox_settle (world.outbox, seen));
  g_assert_false (chat_outbox_settle (world.outbox, seen));
  chat_fake_service_answer (world.service, &refused);
  failed = write_to (&world, "general", "failed");
  discarded = write_to (&world, "general", "discarded");
  wait_told (&world, 8);
  g_assert_true (chat_outbox_discard (world.outbox, discarded));
  chat_outbox_stop (world.outbox);
  write_text (&world, "queued");
  wait_told (&world, 9);
  world_close (&world);

  world_open (&world, "luis");
  check_kept (&world, "");
  world_close (&world);
  world_open (&world, "ana");
  check_kept (&world, "accepted:2 failed:5 queued:1 ");
  g_assert_cmpuint (chat_outbox_get_waiting (world.outbox), ==, 1);
  chat_outbox_refuse (world.outbox, failed, "after all");
  world_end (&world);
}

/* Seen while the answer to the post is on its way: it is gone, whatever the answer says. */
static void
test_settled_early (void)
{
  g_autofree char *id = NULL;
  World world;

  world_start (&world);
  chat_outbox_start (world.outbox);
  chat_fake_service_hold (world.service, TRUE);
  chat_fake_service_answer (world.service, &broken);
  id = write_to (&world, "general", "a");
  wait_asked (&world, 1);
  g_assert_false (chat_outbox_discard (world.outbox, id));
  g_assert_true (chat_outbox_settle (world.outbox, id));
  chat_fake_service_release (world.service);
  while (chat_outbox_get_waiting (world.outbox) > 0)
    g_main_context_iteration (NULL, TRUE);
  check_kept (&world, "");
  world_end (&world);
}

/* A disk that is full: it is sent all the same, and says what would be lost. */
static void
test_full (void)
{
  ChatTestDisk disk = { 0 };
  World world;

  chat_test_disk_insert (&disk);
  world_start (&world);
  chat_test_disk_fail (&disk, 1, 1000, SQLITE_FULL);
  write_text (&world, "a");
  wait_told (&world, 1);
  g_assert_cmpstr (world.steps->str, ==, "a:queued ");
  g_assert_nonnull (strstr (world.reason, "Not kept on this computer"));
  g_assert_nonnull (strstr (world.reason, "full"));
  chat_outbox_start (world.outbox);
  wait_told (&world, 2);
  check_sent (&world, 0, "a");
  chat_test_disk_fail (&disk, 0, 0, 0);
  world_end (&world);
  chat_test_disk_remove (&disk);
}

/* Killed in the middle of it */

#define KILLED_MESSAGES 40
#define KILLS 6

/* The child: writes everything in its first life, and sends. Ends only by being killed. */
G_NORETURN static void
run_child (const char *directory, const char *uri)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *marker = g_build_filename (directory, "written", NULL);
  World world = { .directory = (char *)directory, .steps = g_string_new (NULL) };

  world.rest = chat_rest_new (session, uri);
  world_open (&world, "ana");
  if (!g_file_test (marker, G_FILE_TEST_EXISTS))
    {
      for (guint i = 0; i < KILLED_MESSAGES; i++)
        {
          g_autofree char *text = g_strdup_printf ("%u", i);

          write_text (&world, text);
        }
      wait_told (&world, KILLED_MESSAGES);
      g_assert_true (g_file_set_contents (marker, "", 0, NULL));
    }
  chat_outbox_start (world.outbox);
  while (TRUE)
    g_main_context_iteration (NULL, TRUE);
}

static GSubprocess *
spawn_child (World *world, const char *program)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "--child", world->directory,
                                         chat_fake_service_get_uri (world->service), NULL);

  g_assert_no_error (error);
  return child;
}

static void
kill_child (GSubprocess *child)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (child, SIGKILL);
  g_subprocess_wait (child, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (child);
}

/* The service's own view: which texts came, each under one id, the first time each came in order. */
static guint
check_ledger (World *world)
{
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  guint next = 0;

  for (guint i = 0; i < *chat_fake_service_get_count (world->service); i++)
    {
      char *id = NULL;
      g_autofree char *text = sent_text (world, i, &id);
      const char *before = g_hash_table_lookup (ids, text);

      if (before != NULL)
        {
          g_assert_cmpstr (before, ==, id);
          g_free (id);
          continue;
        }
      g_assert_cmpuint (g_ascii_strtoull (text, NULL, 10), ==, next++);
      g_hash_table_insert (ids, g_steal_pointer (&text), id);
    }
  return next;
}

static gboolean
has_everything (gpointer data)
{
  return check_ledger (data) == KILLED_MESSAGES;
}

static void
test_killed (gconstpointer program)
{
  GSubprocess *child;
  World world;

  world_start (&world);
  world_close (&world);
  for (guint i = 0; i < KILLS; i++)
    {
      guint asked = *chat_fake_service_get_count (world.service);

      /* the last question of each life is not answered: whether it arrived is not known */
      child = spawn_child (&world, program);
      wait_asked (&world, asked + 3);
      chat_fake_service_hold (world.service, TRUE);
      wait_asked (&world, *chat_fake_service_get_count (world.service));
      kill_child (child);
      chat_fake_service_hold (world.service, FALSE);
      chat_fake_service_release (world.service);
    }
  child = spawn_child (&world, program);
  chat_test_wait_until (has_everything, &world, "every message");
  kill_child (child);
  world_open (&world, "ana");
  world_end (&world);
}

/* Everything that can be written, as the service is asked for it: in order, one after the other. */

static void
write_change (World *world, const char *kind, const char *target, const char *data, gboolean removal)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = g_strconcat (kind, data != NULL ? "-1" : "-0", NULL);

  json_object_set_string_member (object, "kind", kind);
  json_object_set_string_member (object, "id", id);
  json_object_set_string_member (object, "channel", "general");
  json_object_set_string_member (object, "author", "ana");
  json_object_set_string_member (object, "timestamp", "2026-11-20T10:10:10.000Z");
  json_object_set_string_member (object, "sent", "2026-11-20T10:10:10.000Z");
  if (target != NULL)
    json_object_set_string_member (object, "target", target);
  if (data != NULL)
    json_object_set_string_member (object, "data", data);
  if (removal)
    json_object_set_boolean_member (object, "removal", TRUE);
  message = chat_message_decode_object (object, &error);
  g_assert_no_error (error);
  chat_outbox_add (world->outbox, message);
}

static const char *
asked (World *world, guint place)
{
  return g_ptr_array_index (chat_fake_service_get_asked (world->service), place);
}

static void
test_kinds (void)
{
  World world;

  world_start (&world);
  write_change (&world, "notice", NULL, "come", FALSE);
  write_change (&world, "edit", "m1", "otra cosa", FALSE);
  write_change (&world, "delete", "m1", NULL, FALSE);
  write_change (&world, "reaction", "m2", "👍", FALSE);
  /* over a restart as well */
  chat_test_wait_for_count (&world.told, 4);
  world_close (&world);
  world_open (&world, "ana");
  chat_outbox_start (world.outbox);
  wait_asked (&world, 4);
  chat_test_wait_for_count (&world.told, 8);
  g_assert_cmpstr (asked (&world, 0), ==,
                   "POST /v1/channels/general/messages\n{\"id\":\"notice-1\",\"data\":\"come\","
                   "\"sent\":\"2026-11-20T10:10:10.000Z\",\"kind\":\"notice\"}");
  g_assert_cmpstr (asked (&world, 1), ==,
                   "PATCH /v1/messages/m1\n{\"id\":\"edit-1\",\"data\":\"otra cosa\","
                   "\"sent\":\"2026-11-20T10:10:10.000Z\"}");
  g_assert_cmpstr (asked (&world, 2), ==, "DELETE /v1/messages/m1?id=delete-0\n");
  g_assert_cmpstr (asked (&world, 3), ==, "PUT /v1/messages/m2/reactions/👍?id=reaction-1\n");
  world_end (&world);
}

/* What takes a reaction away is known as that after a restart; and where it is so already no record will come. */
static void
test_removal (void)
{
  const ChatFakeAnswer so_already = { 200, NULL, "{}" };
  World world;

  world_start (&world);
  write_change (&world, "reaction", "m2", "👍", TRUE);
  chat_test_wait_for_count (&world.told, 1);
  world_close (&world);
  world_open (&world, "ana");
  chat_fake_service_answer (world.service, &so_already);
  chat_outbox_start (world.outbox);
  chat_test_wait_for_count (&world.told, 2);
  g_assert_cmpstr (asked (&world, 0), ==, "DELETE /v1/messages/m2/reactions/👍?id=reaction-1\n");
  g_assert_cmpstr (world.steps->str, ==, "👍:queued 👍:stored ");
  g_assert_cmpuint (chat_outbox_get_waiting (world.outbox), ==, 0);
  g_assert_false (chat_outbox_settle (world.outbox, "reaction-1"));
  world_end (&world);
}

/* What is about an own message that the service accepted and can't find yet is tried again; about another it is not. */
static void
test_ahead (void)
{
  g_autofree char *id = NULL;
  World world;

  world_start (&world);
  id = write_to (&world, "general", "hola");
  chat_outbox_start (world.outbox);
  chat_test_wait_for_count (&world.told, 2);
  chat_fake_service_answer (world.service, &refused);
  write_change (&world, "edit", id, "hola, hola", FALSE);
  wait_asked (&world, 3);
  chat_fake_service_answer (world.service, &accepted);
  chat_test_wait_for_count (&world.told, 4);
  g_assert_cmpstr (world.steps->str, ==, "hola:queued hola:accepted hola, hola:queued hola, hola:accepted ");

  chat_fake_service_answer (world.service, &refused);
  write_change (&world, "reaction", "m9", "👍", FALSE);
  chat_test_wait_for_count (&world.told, 6);
  g_assert_true (g_str_has_suffix (world.steps->str, "👍:failed "));
  world_end (&world);
}

/* One that was accepted and that the service does not know after all. */
static void
test_sent_again (void)
{
  g_autofree char *id = NULL;
  World world;

  world_start (&world);
  id = write_to (&world, "general", "hola");
  chat_outbox_send_again (world.outbox, id);
  chat_outbox_start (world.outbox);
  chat_test_wait_for_count (&world.told, 2);
  chat_outbox_send_again (world.outbox, id);
  wait_asked (&world, 2);
  g_assert_cmpstr (asked (&world, 1), ==, asked (&world, 0));
  chat_fake_service_answer (world.service, &refused);
  chat_test_wait_for_count (&world.told, 3);
  chat_outbox_send_again (world.outbox, id);
  chat_test_wait_for_count (&world.told, 4);
  g_assert_cmpstr (world.steps->str, ==, "hola:queued hola:accepted hola:accepted hola:failed ");
  world_end (&world);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--child"))
    run_child (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/outbox/order", test_order);
  g_test_add_func ("/outbox/lanes", test_lanes);
  g_test_add_func ("/outbox/again", test_again);
  g_test_add_func ("/outbox/refused", test_refused);
  g_test_add_func ("/outbox/stopped", test_stopped);
  g_test_add_func ("/outbox/restart", test_restart);
  g_test_add_func ("/outbox/settled-early", test_settled_early);
  g_test_add_func ("/outbox/full", test_full);
  g_test_add_data_func ("/outbox/killed", argv[0], test_killed);
  g_test_add_func ("/outbox/kinds", test_kinds);
  g_test_add_func ("/outbox/removal", test_removal);
  g_test_add_func ("/outbox/ahead", test_ahead);
  g_test_add_func ("/outbox/sent-again", test_sent_again);
  return g_test_run ();
}
