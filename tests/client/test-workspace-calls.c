/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window relies on between a service that says what the test wants and a feed that is a loopback. */
#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "local-test.h"
#include "workspace-test.h"

#include <string.h>

#define PROBLEM "application/problem+json"

#define GENERAL(head, read, unread, mentions, joined)                                                                  \
  "{\"name\":\"general\",\"kind\":\"public\",\"topic\":\"Todo\",\"language\":\"es,en\",\"head\":" #head                \
  ",\"read\":" #read ",\"unread\":" #unread ",\"mentions\":" #mentions ",\"joined\":" #joined "}"

static const ChatFakeAnswer nothing = { 204, NULL, NULL };
static const ChatFakeAnswer channels
    = { 200, NULL,
        "{\"channels\":[" GENERAL (
            20, 10, 7, 2,
            true) ",{\"name\":\"dm.x\",\"kind\":\"private\",\"members\":[\"ana\",\"eco\"],\"head\":0}]}" };
static const ChatFakeAnswer users
    = { 200, NULL,
        "{\"users\":[{\"user\":\"ana\",\"bot\":false,\"connected\":true,\"role\":\"moderator\"},"
        "{\"user\":\"eco\",\"bot\":true,\"connected\":true,\"role\":\"member\"}]}" };
static const ChatFakeAnswer empty_page
    = { 200, NULL, "{\"messages\":[],\"head\":20,\"first\":0,\"more_before\":false,\"more_after\":false}" };
static const ChatFakeAnswer refused = { 403, PROBLEM, "{\"type\":\"x/not-yours\",\"detail\":\"Not yours\"}" };
static const ChatFakeAnswer accepted = { 202, NULL, "{\"state\":\"accepted\"}" };

typedef struct
{
  World world;
  ChatTransport *source; /* what the broker brings */
  guint noted, mentions, refusals;
} Office;

static void
noteworthy_cb (Office *office, ChatChannel *channel, ChatMessage *message, gboolean mention)
{
  office->noted++;
  office->mentions += mention ? 1 : 0;
}

static void
refused_cb (Office *office, const char *id, const char *reason)
{
  g_assert_cmpstr (reason, ==, "Not yours");
  office->refusals++;
}

static void
connect_office (Office *office)
{
  g_signal_connect_swapped (office->world.workspace, "noteworthy", G_CALLBACK (noteworthy_cb), office);
  g_signal_connect_swapped (office->world.workspace, "refused", G_CALLBACK (refused_cb), office);
}

static void
office_start (Office *office)
{
  ChatFakeService *service;
  g_autoptr (GError) error = NULL;

  *office = (Office){ .noted = 0 };
  world_start (&office->world);
  service = office->world.service;
  chat_fake_service_answer_to (service, "POST /v1/sessions", world_opened ());
  chat_fake_service_answer_to (service, "GET /v1/channels", &channels);
  chat_fake_service_answer_to (service, "GET /v1/users", &users);
  chat_fake_service_answer_to (service, "GET /v1/channels/general/messages", &empty_page);
  connect_office (office);
  office->source = chat_loopback_transport_new (office->world.broker);
  chat_test_call (chat_transport_connect, office->source, &error);
  g_assert_no_error (error);
  world_go_live (&office->world);
}

static void
office_end (Office *office)
{
  chat_test_call (chat_transport_close, office->source, NULL);
  g_clear_object (&office->source);
  world_end (&office->world);
}

static ChatChannel *
general (Office *office)
{
  return chat_workspace_find_channel (office->world.workspace, "general");
}

/* What the broker brings, and waits until it was looked at. */
static void
bring (Office *office, const char *topic, const char *json)
{
  g_autoptr (GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr (ChatRecord) record = chat_record_new (topic, "general", bytes);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_publish, office->source, &error, record);
  g_assert_no_error (error);
  chat_test_run_pending ();
}

static void
say (Office *office, const char *id, const char *author, const char *text)
{
  g_autofree char *now = chat_time_format (chat_time_now ());
  g_autofree char *json = g_strdup_printf (
      "{\"id\":\"%s\",\"channel\":\"general\",\"author\":\"%s\",\"data\":\"%s\",\"timestamp\":\"%s\"}", id, author,
      text, now);

  bring (office, CHAT_TOPIC_CONTROLLED, json);
}

static void
check_unread (Office *office, guint unread, guint mentions)
{
  g_assert_cmpuint (chat_channel_get_unread (general (office)), ==, unread);
  g_assert_cmpuint (chat_channel_get_mentions (general (office)), ==, mentions);
}

static void
test_channels (void)
{
  g_autofree char *language = NULL;
  ChatChannel *eco;
  Office office;

  office_start (&office);
  check_unread (&office, 7, 2);
  g_assert_true (chat_channel_get_joined (general (&office)));
  g_object_get (general (&office), "language", &language, NULL);
  g_assert_cmpstr (language, ==, "es,en");
  eco = chat_workspace_find_channel (office.world.workspace, "dm.x");
  g_assert_cmpstr (chat_channel_get_title (eco), ==, "eco");
  g_assert_true (chat_channel_get_joined (eco));
  g_assert_true (chat_channel_get_bot (eco));

  say (&office, "m1", "luis", "hola");
  say (&office, "m2", "luis", "¿está Ana?");
  say (&office, "m3", "ana", "sí");
  check_unread (&office, 9, 3);
  /* read elsewhere: all of it; then a part of it, of which the service knows what it leaves */
  bring (&office, CHAT_TOPIC_RECEIPTS,
         "{\"kind\":\"receipt\",\"channel\":\"general\",\"receipts\":{\"m1\":21,\"m2\":22,\"m3\":23}}");
  bring (&office, CHAT_TOPIC_MARKS, "{\"op\":\"mark\",\"ref\":1,\"channel\":\"general\",\"seq\":23}");
  check_unread (&office, 0, 0);
  say (&office, "m4", "luis", "otra");
  check_unread (&office, 1, 0);
  chat_workspace_set_active (office.world.workspace, "general", TRUE);
  check_unread (&office, 0, 0);
  say (&office, "m5", "luis", "y otra");
  check_unread (&office, 0, 0);
  /* a topic that somebody else changed; and a conversation that he began */
  bring (&office, CHAT_TOPIC_CONTROLLED,
         "{\"kind\":\"topic\",\"id\":\"t1\",\"channel\":\"general\",\"author\":\"luis\",\"data\":\"Cena\","
         "\"timestamp\":\"2026-11-20T10:10:10.000Z\"}");
  g_assert_cmpstr (chat_channel_get_topic (general (&office)), ==, "Cena");
  bring (&office, CHAT_TOPIC_PRIVATE,
         "{\"id\":\"p1\",\"channel\":\"dm.y\",\"author\":\"luis\",\"data\":\"psst\","
         "\"timestamp\":\"2026-11-20T10:10:10.000Z\"}");
  g_assert_nonnull (chat_workspace_find_channel (office.world.workspace, "dm.y"));
  office_end (&office);
}

static void
test_part_read_elsewhere (void)
{
  static const ChatFakeAnswer one = { 200, NULL, GENERAL (20, 15, 4, 1, true) };
  Office office;

  office_start (&office);
  chat_fake_service_answer_to (office.world.service, "GET /v1/channels/general", &one);
  bring (&office, CHAT_TOPIC_MARKS, "{\"op\":\"mark\",\"ref\":1,\"channel\":\"general\",\"seq\":15}");
  chat_test_wait_until (world_is_live, office.world.workspace, "the answer");
  check_unread (&office, 4, 1);
  office_end (&office);
}

static guint
connected (Office *office)
{
  GListModel *model = chat_workspace_get_users (office->world.workspace);
  guint count = 0;

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (model, i);

      count += chat_user_get_connected (user) ? 1 : 0;
    }
  return count;
}

static void
test_presence (void)
{
  g_autoptr (ChatUser) first = NULL;
  Office office;

  office_start (&office);
  first = g_list_model_get_item (chat_workspace_get_users (office.world.workspace), 0);
  g_assert_cmpstr (chat_user_get_name (first), ==, "ana");
  g_assert_cmpint (chat_user_get_role (first), ==, CHAT_ROLE_MODERATOR);
  g_assert_cmpuint (connected (&office), ==, 2);
  bring (&office, CHAT_TOPIC_PRESENCE,
         "{\"op\":\"presence\",\"ref\":1,\"all\":true,\"users\":[{\"user\":\"Bea\",\"bot\":false,\"connected\":true},"
         "{\"user\":\"ana\",\"bot\":false,\"connected\":true}]}");
  g_assert_cmpuint (connected (&office), ==, 2);
  g_assert_cmpuint (g_list_model_get_n_items (chat_workspace_get_users (office.world.workspace)), ==, 3);
  bring (&office, CHAT_TOPIC_PRESENCE,
         "{\"op\":\"presence\",\"ref\":1,\"users\":[{\"user\":\"Bea\",\"bot\":false,\"connected\":false}]}");
  g_assert_cmpuint (connected (&office), ==, 1);
  g_assert_true (chat_user_get_connected (first));
  office_end (&office);
}

static void
test_noteworthy (void)
{
  Office office;

  office_start (&office);
  say (&office, "n1", "luis", "hola");
  say (&office, "n1", "luis", "hola");
  say (&office, "n2", "luis", "hola, Ana");
  say (&office, "n3", "ana", "hola");
  g_assert_cmpuint (office.noted, ==, 2);
  g_assert_cmpuint (office.mentions, ==, 1);
  /* what is caught up with after a day; a channel that is muted; one that was left */
  bring (&office, CHAT_TOPIC_CONTROLLED,
         "{\"id\":\"n4\",\"channel\":\"general\",\"author\":\"luis\",\"data\":\"ana\","
         "\"timestamp\":\"2020-11-20T10:10:10.000Z\"}");
  chat_channel_set_muted (general (&office), TRUE);
  say (&office, "n5", "luis", "ana");
  chat_channel_set_muted (general (&office), FALSE);
  g_assert_cmpuint (office.noted, ==, 2);
  /* over a restart the seq tells */
  bring (&office, CHAT_TOPIC_RECEIPTS,
         "{\"kind\":\"receipt\",\"channel\":\"general\",\"receipts\":{\"n1\":21,\"n2\":22}}");
  world_close (&office.world, FALSE);
  world_open (&office.world, chat_fake_service_get_uri (office.world.service));
  connect_office (&office);
  world_go_live (&office.world);
  {
    g_autofree char *now = chat_time_format (chat_time_now ());
    g_autofree char *again
        = g_strdup_printf ("{\"id\":\"n2\",\"seq\":22,\"channel\":\"general\",\"author\":\"luis\",\"data\":\"ana\","
                           "\"timestamp\":\"%s\"}",
                           now);

    bring (&office, CHAT_TOPIC_CONTROLLED, again);
  }
  g_assert_cmpuint (office.noted, ==, 2);
  say (&office, "n6", "luis", "hola");
  g_assert_cmpuint (office.noted, ==, 3);
  office_end (&office);
}

/* What is written is shown at once, and taken back where the service refuses it. */
static void
test_refused_edit (void)
{
  g_autoptr (GError) error = NULL;
  ChatTimeline *timeline;
  ChatMessageItem *item;
  Office office;

  office_start (&office);
  timeline = chat_channel_get_timeline (general (&office));
  say (&office, "e1", "luis", "hola");
  chat_test_wait_until (world_is_live, office.world.workspace, "the first page");
  chat_test_run_for (50);
  item = chat_timeline_find (timeline, "e1", NULL);
  g_assert_nonnull (item);
  chat_fake_service_answer_to (office.world.service, "PATCH /v1/messages/e1", &refused);
  g_assert_true (chat_workspace_edit (office.world.workspace, "general", "e1", "adiós", &error));
  g_assert_cmpstr (chat_message_item_get_text (item), ==, "adiós");
  chat_test_wait_for_count (&office.refusals, 1);
  g_assert_cmpstr (chat_message_item_get_text (item), ==, "hola");

  chat_fake_service_answer (office.world.service, &accepted);
  chat_workspace_react (office.world.workspace, "general", "e1", "👍", TRUE);
  g_assert_cmpuint (chat_message_item_get_reactions (item)->len, ==, 1);
  chat_workspace_react (office.world.workspace, "general", "e1", "👍", FALSE);
  g_assert_cmpuint (chat_message_item_get_reactions (item)->len, ==, 0);
  chat_workspace_delete (office.world.workspace, "general", "e1");
  g_assert_null (chat_message_item_get_text (item));
  g_assert_false (chat_workspace_edit (office.world.workspace, "general", "e1", "", &error));
  g_assert_nonnull (error);
  office_end (&office);
}

static void
test_calls (void)
{
  static const ChatFakeAnswer changed = { 200, NULL, GENERAL (20, 10, 7, 2, false) };
  static const ChatFakeAnswer weak = { 422, PROBLEM, "{\"type\":\"x/password-weak\",\"detail\":\"Too short\"}" };
  ChatFakeService *service;
  ChatWorkspace *workspace;
  g_autoptr (GError) error = NULL;
  Office office;

  office_start (&office);
  service = office.world.service;
  workspace = office.world.workspace;
  chat_fake_service_answer (service, &nothing);
  chat_fake_service_answer_to (service, "PATCH /v1/channels/general", &changed);
  chat_fake_service_answer_to (service, "POST /v1/accounts", &weak);

  g_assert_true (chat_test_call (chat_workspace_join, workspace, &error, "general", FALSE));
  g_assert_false (chat_channel_get_joined (general (&office)));
  g_assert_true (chat_fake_service_was_asked (service, "POST /v1/channels/general/leave"));
  g_assert_true (chat_test_call (chat_workspace_join, workspace, &error, "general", TRUE));
  g_assert_true (chat_channel_get_joined (general (&office)));
  g_assert_false (chat_test_call (chat_workspace_join, workspace, &error, "No channel", TRUE));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (chat_test_call (chat_workspace_set_topic, workspace, &error, "general", "Cena"));
  g_assert_true (chat_fake_service_was_asked (service, "PATCH /v1/channels/general\n{\"topic\":\"Cena\"}"));
  g_assert_true (chat_test_call (chat_workspace_report, workspace, &error, "m1", "feo"));
  g_assert_true (chat_fake_service_was_asked (service, "POST /v1/messages/m1/report\n{\"reason\":\"feo\"}"));
  g_assert_true (chat_test_call (chat_workspace_appeal, workspace, &error, "w1", "no era eso"));
  g_assert_true (
      chat_fake_service_was_asked (service,
                                   "POST /v1/moderation/appeals\n{\"warning\":\"w1\",\"text\":\"no era eso\"}"));
  g_assert_false (chat_test_call (chat_workspace_register, workspace, &error, "ana", "x", NULL));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_assert_cmpstr (error->message, ==, "Too short");
  office_end (&office);
}

static gboolean
is_loaded (gpointer found)
{
  return !chat_found_list_get_loading (found);
}

static void
test_found (void)
{
  static const ChatFakeAnswer first
      = { 200, NULL,
          "{\"messages\":[{\"id\":\"f2\",\"seq\":2,\"channel\":\"general\",\"author\":\"ana\",\"data\":\"dos\","
          "\"timestamp\":\"2026-11-20T10:10:10.000Z\",\"state\":{\"edited\":\"2026-11-20T10:10:11.000Z\",\"seq\":3}}],"
          "\"next\":17}" };
  static const ChatFakeAnswer last
      = { 200, NULL,
          "{\"messages\":[{\"id\":\"f1\",\"seq\":1,\"channel\":\"general\",\"author\":\"luis\",\"data\":\"uno\","
          "\"timestamp\":\"2026-11-20T10:10:10.000Z\"}],\"next\":null}" };
  const ChatFoundQuery query = { "el tren", "general", NULL, 1600000000000, CHAT_TIME_UNKNOWN, FALSE };
  const ChatFoundQuery own = { NULL, NULL, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, TRUE };
  g_autoptr (ChatFoundList) found = NULL, mine = NULL;
  g_autoptr (ChatMessageItem) item = NULL;
  Office office;

  office_start (&office);
  chat_fake_service_answer_to (office.world.service, "GET /v1/search", &first);
  found = chat_workspace_search (office.world.workspace, &query);
  g_assert_true (chat_found_list_get_loading (found));
  chat_test_wait_until (is_loaded, found, "the first page");
  g_assert_true (chat_fake_service_was_asked (
      office.world.service, "GET /v1/search?limit=50&channel=general&q=el%20tren&since=2020-09-13T12%3A26%3A40.000Z"));
  item = g_list_model_get_item (G_LIST_MODEL (found), 0);
  g_assert_true (chat_message_item_get_own (item));
  g_assert_cmpint (chat_message_item_get_edited (item), !=, CHAT_TIME_UNKNOWN);
  g_assert_cmpstr (chat_message_item_get_text (item), ==, "dos");
  g_assert_false (chat_found_list_get_complete (found));

  chat_fake_service_answer_to (office.world.service, "GET /v1/search", &refused);
  chat_found_list_load_more (found);
  chat_test_wait_until (is_loaded, found, "the refusal");
  g_assert_cmpstr (chat_found_list_get_error (found), ==, "Not yours");
  chat_fake_service_answer_to (office.world.service, "GET /v1/search", &last);
  chat_found_list_load_more (found);
  chat_test_wait_until (is_loaded, found, "the last page");
  g_assert_null (chat_found_list_get_error (found));
  g_assert_true (chat_found_list_get_complete (found));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (found)), ==, 2);

  chat_fake_service_answer_to (office.world.service, "GET /v1/users/me/messages", &first);
  mine = chat_workspace_search (office.world.workspace, &own);
  chat_test_wait_until (is_loaded, mine, "own messages");
  g_assert_true (chat_fake_service_was_asked (office.world.service, "GET /v1/users/me/messages?limit=50"));
  office_end (&office);
}

static void
test_export (void)
{
  static const ChatFakeAnswer whole = { 200, "text/plain", "2026-11-20T10:10:10.123Z <ana> hola\n# 1 message\n" };
  g_autofree char *path = NULL, *text = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = NULL;
  const char *name;
  Office office;

  office_start (&office);
  path = g_build_filename (office.world.directory, "general.txt", NULL);
  file = g_file_new_for_path (path);
  g_assert_true (g_file_set_contents (path, "before", -1, NULL));
  chat_fake_service_answer_to (office.world.service, "GET /v1/export", &refused);
  g_assert_false (chat_test_call (chat_workspace_export, office.world.workspace, &error, "general", "text",
                                  CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, file));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_assert_cmpstr (error->message, ==, "Not yours");
  chat_test_run_for (20);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "before");
  g_clear_error (&error);
  g_clear_pointer (&text, g_free);

  chat_fake_service_answer_to (office.world.service, "GET /v1/export", &whole);
  g_assert_true (chat_test_call (chat_workspace_export, office.world.workspace, &error, "general", "text",
                                 1600000000000, CHAT_TIME_UNKNOWN, file));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, whole.body);
  g_assert_true (
      chat_fake_service_was_asked (office.world.service,
                                   "GET /v1/export?channel=general&format=text&since=2020-09-13T12:26:40.000Z"));
  folder = g_dir_open (office.world.directory, 0, NULL);
  while ((name = g_dir_read_name (folder)) != NULL)
    g_assert_false (g_str_has_suffix (name, ".part"));
  office_end (&office);
}

/* A name that needs a password says so; the right one is not kept. */
static void
test_password (void)
{
  static const ChatFakeAnswer wrong = { 401, PROBLEM, "{\"type\":\"x/password-wrong\",\"detail\":\"Not this one\"}" };
  static const ChatFakeAnswer session
      = { 201, NULL, "{\"token\":\"t2\",\"user\":\"ana\",\"role\":\"admin\",\"session\":\"s\"}" };
  static const ChatFakeAnswer about = { 200, NULL, "{\"name\":\"La oficina\",\"mode\":\"password\"}" };
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  gboolean password_mode;
  guint role;
  World world;

  world_start (&world);
  chat_fake_service_answer_to (world.service, "POST /v1/sessions", &wrong);
  chat_fake_service_answer_to (world.service, "GET /v1/workspace", &about);
  g_assert_null (world_sign_in (&world, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PASSWORD);
  g_assert_cmpstr (error->message, ==, "Not this one");
  g_clear_error (&error);
  chat_fake_service_answer_to (world.service, "POST /v1/sessions", &session);
  world_begin_sign_in (&world, NULL, "secreto", NULL);
  token = world_end_sign_in (&world, &error);
  g_assert_no_error (error);
  g_assert_true (
      chat_fake_service_was_asked (world.service, "POST /v1/sessions\n{\"user\":\"ana\",\"password\":\"secreto\"}"));
  chat_test_wait_until (world_is_live, world.workspace, "the workspace to be live");
  g_object_get (world.workspace, "role", &role, "password-mode", &password_mode, NULL);
  g_assert_cmpuint (role, ==, CHAT_ROLE_ADMIN);
  g_assert_true (password_mode);
  world_end (&world);
}

static gboolean
has_sixty (gpointer timeline)
{
  return g_list_model_get_n_items (timeline) >= 60;
}

/* Without a service: the channels of last time are there at once, and what is kept of them comes as one scrolls up. */
static void
test_offline (void)
{
  static const ChatFakeAnswer gone = { 503, PROBLEM, "{\"detail\":\"No store\"}" };
  g_autoptr (GString) page = g_string_new ("{\"messages\":[");
  g_autofree char *body = NULL;
  ChatFakeAnswer answer;
  ChatTimeline *timeline;
  Office office;

  for (guint i = 1; i <= 150; i++)
    g_string_append_printf (page,
                            "%s{\"id\":\"o%u\",\"seq\":%u,\"channel\":\"general\",\"author\":\"luis\",\"data\":\"%u\","
                            "\"timestamp\":\"2026-11-20T10:10:10.000Z\"}",
                            i > 1 ? "," : "", i, i, i);
  body = g_strdup_printf ("%s],\"head\":150,\"first\":1,\"more_before\":false,\"more_after\":false}", page->str);
  answer = (ChatFakeAnswer){ 200, NULL, body };
  office_start (&office);
  chat_fake_service_answer_to (office.world.service, "GET /v1/channels/general/messages", &answer);
  timeline = chat_channel_get_timeline (general (&office));
  chat_test_wait_until (has_sixty, timeline, "the page");
  world_close (&office.world, FALSE);
  chat_fake_service_answer_to (office.world.service, "GET /v1/channels/general/messages", &gone);
  world_open (&office.world, chat_fake_service_get_uri (office.world.service));
  timeline = chat_channel_get_timeline (general (&office));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (timeline)), ==, 60);
  for (guint loads = 0; g_list_model_get_n_items (G_LIST_MODEL (timeline)) < 150; loads++)
    {
      g_assert_cmpuint (loads, <, 20);
      chat_timeline_load_older (timeline);
      chat_test_run_for (30);
    }
  office_end (&office);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workspace/calls/channels", test_channels);
  g_test_add_func ("/workspace/calls/part-read-elsewhere", test_part_read_elsewhere);
  g_test_add_func ("/workspace/calls/presence", test_presence);
  g_test_add_func ("/workspace/calls/noteworthy", test_noteworthy);
  g_test_add_func ("/workspace/calls/refused-edit", test_refused_edit);
  g_test_add_func ("/workspace/calls/calls", test_calls);
  g_test_add_func ("/workspace/calls/found", test_found);
  g_test_add_func ("/workspace/calls/export", test_export);
  g_test_add_func ("/workspace/calls/password", test_password);
  g_test_add_func ("/workspace/calls/offline", test_offline);
  return g_test_run ();
}
