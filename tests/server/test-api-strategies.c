/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several processes with the api on one broker and store; store.write = direct; notify = store. */
#include "api-test.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-uuid.h"

#define CONTROLLED "\"chat_controlled\""
#define GENERAL "/v1/channels/general"
#define PASSWORD "correct horse"

/* Another process, as far as the api goes: its own connection to the broker, its own sessions. */
typedef struct
{
  ApiTest api;
  ChatTransport *transport;
  ChatControlFeed *control;
  ChatRulesSource *rules;
} Other;

static void
other_start (Other *self, ApiTest *first)
{
  g_autoptr (GError) error = NULL;

  self->api = *first;
  self->api.allow = self->api.content_type = self->api.retry_after = NULL;
  self->transport = chat_loopback_transport_new (first->role.broker);
  g_assert_true (chat_test_call (chat_transport_connect, self->transport, &error));
  self->control = chat_control_feed_new (self->transport, first->role.signer);
  self->rules
      = chat_rules_source_new (self->control, chat_store_get_moderation (first->role.sqlite), first->role.lists);
  role_test_start (&first->role, self->control);
  role_test_start (&first->role, self->rules);
  self->api.role.transport = self->transport;
  self->api.role.loopback = CHAT_LOOPBACK_TRANSPORT (self->transport);
  self->api.role.control = self->control;
  self->api.role.rules = self->rules;
  if (first->options.direct != NULL)
    self->api.options.direct = "other";
  api_test_start_api (&self->api);
}

static void
other_stop (Other *self)
{
  g_autoptr (GError) error = NULL;

  api_test_stop_api (&self->api);
  role_test_stop (&self->api.role, self->rules);
  role_test_stop (&self->api.role, self->control);
  g_assert_true (chat_test_call (chat_transport_close, self->transport, &error));
  g_object_unref (self->transport);
  g_free (self->api.allow);
  g_free (self->api.content_type);
  g_free (self->api.retry_after);
}

static void
set_up_several (ApiTest *self, gconstpointer data)
{
  api_test_set_up (self, data);
  self->options.alone = FALSE;
  api_test_stop_api (self);
  api_test_start_api (self);
}

static void
set_up_direct (ApiTest *self, gconstpointer data)
{
  api_test_set_up (self, data);
  self->options.alone = FALSE;
  self->options.direct = "first";
  api_test_stop_api (self);
  api_test_start_api (self);
}

static void
set_up_notified (ApiTest *self, gconstpointer data)
{
  api_test_set_up (self, data);
  self->options.notify_store = TRUE;
  api_test_stop_api (self);
  api_test_start_api (self);
}

/* Posts @text under @id. Returns: (transfer full): the answer's timestamp, or its problem's type */
static char *
post_id (ApiTest *self, const char *token, const char *id, const char *text)
{
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"%s\"}", id, text);
  g_autoptr (JsonObject) answer = api_test_call (self, "POST", GENERAL "/messages", token, body);

  return g_strdup (json_object_get_string_member (answer, self->status == 202 ? "timestamp" : "type"));
}

/* The texts on `chat`, joined by spaces; an id that is there twice counts once. */
static char *
list_published (ApiTest *self)
{
  g_autoptr (GPtrArray) messages = role_test_list (&self->role, CHAT_TOPIC_CHAT);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  GString *texts = g_string_new (NULL);

  for (guint i = 0; i < messages->len; i++)
    if (g_hash_table_add (known, (gpointer)chat_message_get_id (messages->pdata[i])))
      g_string_append_printf (texts, "%s%s", texts->len > 0 ? " " : "", chat_message_get_data (messages->pdata[i]));
  return g_string_free (texts, FALSE);
}

/* Direct: the store accepts */

static void
test_broker_away (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = NULL, *path = NULL, *published = NULL;

  api_test_channel (self, ana, "general");
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  id = api_test_post (self, ana, "general", "uno");
  g_free (api_test_post (self, ana, "general", "dos"));
  path = g_strconcat ("/v1/messages/", id, NULL);
  api_test_expect (self, "GET", path, ana, NULL, 404, "message-unknown"); /* nobody has looked at it yet */
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
  api_test_wait_head (self, ana, "general", 2);
  api_test_expect (self, "GET", path, ana, NULL, 200, NULL);
  published = list_published (self);
  g_assert_cmpstr (published, ==, "uno dos");
}

static void
test_restart (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *published = NULL;

  api_test_channel (self, ana, "general");
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  for (guint i = 1; i <= 5; i++)
    {
      char text[] = { (char)('0' + i), '\0' };

      g_free (api_test_post (self, ana, "general", text));
    }
  api_test_stop_api (self);
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
  api_test_start_api (self);
  api_test_wait_head (self, ana, "general", 5);
  published = list_published (self);
  g_assert_cmpstr (published, ==, "1 2 3 4 5");
}

/* What the broker does not take at once holds up what comes behind it in its channel, and nothing else. */
static void
test_refused_once (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *published = NULL;

  api_test_channel (self, ana, "general");
  api_test_channel (self, ana, "otro");
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  for (guint i = 1; i <= 5; i++)
    {
      char text[] = { (char)('0' + i), '\0' };

      g_free (api_test_post (self, ana, i == 3 ? "otro" : "general", text));
    }
  api_test_stop_api (self);
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
  chat_loopback_transport_refuse_publishes (self->role.loopback, 1, CHAT_TRANSPORT_ERROR_FULL);
  api_test_start_api (self);
  api_test_wait_head (self, ana, "general", 4);
  published = list_published (self);
  g_assert_cmpstr (published, ==, "3 1 2 4 5");
}

/* What it will never take does not: its author is told that it is refused. */
static void
test_refused_for_good (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = NULL, *published = NULL, *told = NULL;
  GLogLevelFlags before;

  api_test_channel (self, ana, "general");
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  id = api_test_post (self, ana, "general", "uno");
  g_free (api_test_post (self, ana, "general", "dos"));
  api_test_stop_api (self);
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
  chat_loopback_transport_refuse_publishes (self->role.loopback, 1, CHAT_TRANSPORT_ERROR_REJECTED);
  before = g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* the log has a warning of it */
  api_test_start_api (self);
  api_test_wait_head (self, ana, "general", 1);
  g_log_set_always_fatal (before);
  published = list_published (self);
  g_assert_cmpstr (published, ==, "dos");
  told = g_strdup_printf ("refused:%s:ana", id);
  role_test_check (&self->role, CHAT_TOPIC_WARNINGS, "kind:target:user", told);
}

static void
test_repeats (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *first = NULL, *again = NULL, *there = NULL, *conflict = NULL, *published = NULL;
  Other other = { 0 };

  api_test_channel (self, ana, "general");
  other_start (&other, self);
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  chat_loopback_transport_set_reachable (other.api.role.loopback, FALSE);
  first = post_id (self, ana, id, "hola");
  again = post_id (self, ana, id, "hola");
  there = post_id (&other.api, ana, id, "hola");
  g_assert_cmpstr (again, ==, first);
  g_assert_cmpstr (there, ==, first);
  conflict = post_id (&other.api, ana, id, "adios");
  g_assert_true (g_str_has_suffix (conflict, "/id-conflict"));
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
  chat_loopback_transport_set_reachable (other.api.role.loopback, TRUE);
  api_test_wait_head (self, ana, "general", 1);
  published = list_published (self);
  g_assert_cmpstr (published, ==, "hola");
  other_stop (&other);
}

/* What the two publish is all there, and in the order of each author. */
static void
test_two_relays (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *published = NULL;
  Other other = { 0 };
  guint next[] = { 0, 0 };

  api_test_channel (self, ana, "general");
  other_start (&other, self);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *text = g_strdup_printf ("%c%u", i % 2 == 0 ? 'a' : 'b', i / 2);

      g_free (api_test_post (i % 2 == 0 ? self : &other.api, i % 2 == 0 ? ana : luis, "general", text));
    }
  api_test_wait_head (self, ana, "general", 40);
  published = list_published (self);
  g_auto (GStrv) texts = g_strsplit (published, " ", -1);
  g_assert_cmpuint (g_strv_length (texts), ==, 40);
  for (guint i = 0; i < 40; i++)
    {
      guint author = texts[i][0] == 'a' ? 0 : 1;

      g_assert_cmpint (atoi (texts[i] + 1), ==, next[author]++);
    }
  other_stop (&other);
}

/* Notify: the store wakes the live readers */

static void
test_from_store (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) live = api_live_open (self, luis);
  g_autoptr (ChatMessage) unstored = role_test_message (&self->role, "mq", "general", "not-stored", "nada");
  g_autofree char *id = NULL;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED ",\"chat_private\",\"chat_receipts\"", "");
  g_free (api_test_post (self, ana, "general", "mierda"));
  api_live_check (live, 1, "chat_controlled", "data", "******");
  api_live_check (live, 1, "chat_receipts", "channel", "general");

  /* what is not stored is not shown, whatever the broker has */
  api_test_stop_archiver (self);
  g_free (api_test_post (self, ana, "general", "uno"));
  g_free (api_test_post (self, ana, "general", "dos"));
  role_test_wait (&self->role, CHAT_TOPIC_CONTROLLED, 3);
  api_live_check_quiet (live);
  api_test_start_archiver (self);
  api_live_check (live, 1, "chat_controlled", "data", "uno dos");
}

static void
test_conversation_from_store (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *eva = api_test_log_in (self, "eva");
  g_autoptr (ApiLive) live = api_live_open (self, luis);
  g_autoptr (ApiLive) outside = api_live_open (self, eva);
  g_autoptr (JsonObject) made = NULL;

  api_live_subscribe (live, 1, "\"chat_private\"", "");
  api_live_subscribe (outside, 1, "\"chat_private\"," CONTROLLED, "");
  made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"luis\"]}");
  g_free (api_test_post (self, ana, json_object_get_string_member (made, "name"), "en voz baja"));
  api_live_check (live, 1, "chat_private", "data", "en voz baja");
  api_live_check_quiet (outside);
}

/* Who was not told for a while looks at all channels, and finds each record once. */
static void
test_missed_by_store (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  gulong handler;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED, "");
  handler = g_signal_handler_find (self->role.sqlite, G_SIGNAL_MATCH_ID, g_signal_lookup ("changed", CHAT_TYPE_STORE),
                                   0, NULL, NULL, NULL);
  g_signal_handler_block (self->role.sqlite, handler);
  g_free (api_test_post (self, ana, "general", "uno"));
  api_test_wait_head (self, ana, "general", 1);
  api_live_check_quiet (live);
  g_signal_handler_unblock (self->role.sqlite, handler);
  g_signal_emit_by_name (self->role.sqlite, "changed", NULL, G_GINT64_CONSTANT (0));
  g_signal_emit_by_name (self->role.sqlite, "changed", NULL, G_GINT64_CONSTANT (0));
  api_live_check (live, 1, "chat_controlled", "data", "uno");
  g_free (api_test_post (self, ana, "general", "dos"));
  api_live_check (live, 1, "chat_controlled", "data", "dos");
}

/* Several: what one process is told the others know */

static void
test_one_message_twice (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *path = NULL, *conflict = NULL;
  Other other = { 0 };

  api_test_channel (self, ana, "general");
  other_start (&other, self);
  g_free (post_id (self, ana, id, "hola"));
  g_free (post_id (&other.api, ana, id, "hola"));
  g_assert_cmpuint (other.api.status, ==, 202);
  g_free (post_id (&other.api, ana, id, "hola"));
  g_assert_cmpuint (other.api.status, ==, 202);
  api_test_wait_head (self, ana, "general", 1);
  conflict = post_id (&other.api, ana, id, "adios");
  g_assert_true (g_str_has_suffix (conflict, "/id-conflict"));
  path = g_strconcat ("/v1/messages/", id, NULL);
  api_test_expect (&other.api, "GET", path, ana, NULL, 200, NULL);
  other_stop (&other);
}

/* A message that one process has let in can be changed in another as soon as it is seen there. */
static void
test_changed_elsewhere (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *id = NULL, *path = NULL, *body = NULL, *edit = chat_uuid_v7 (), *masked = NULL;
  g_autoptr (ApiLive) live = NULL;
  Other other = { 0 };

  api_test_channel (self, ana, "general");
  other_start (&other, self);
  api_test_stop_archiver (self);
  live = api_live_open (&other.api, luis);
  api_live_subscribe (live, 1, CONTROLLED, "");
  id = api_test_post (self, ana, "general", "mierda");
  api_live_check (live, 1, "chat_controlled", "data", "******");
  path = g_strconcat ("/v1/messages/", id, NULL);
  body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"flor\"}", edit);
  api_test_expect (&other.api, "PATCH", path, luis, body, 403, "not-yours");
  api_test_expect (&other.api, "PATCH", path, ana, body, 202, NULL);
  masked = post_id (&other.api, ana, id, "mierda"); /* a repeat, though its text is another there */
  g_assert_cmpuint (other.api.status, ==, 202);
  api_test_start_archiver (self);
  api_test_wait_head (self, ana, "general", 2);
  api_live_free (g_steal_pointer (&live));
  other_stop (&other);
}

static void
test_marks (ApiTest *self, gconstpointer data)
{
  const char *credentials = "{\"user\":\"ana\",\"password\":\"" PASSWORD "\"}";
  g_autoptr (JsonObject) one = NULL, two = NULL, mark = NULL;
  g_autoptr (ApiLive) live = NULL;
  Other other = { 0 };
  const char *first, *second;

  other_start (&other, self);
  api_test_expect (self, "POST", "/v1/accounts", NULL, credentials, 201, NULL);
  one = api_test_call (self, "POST", "/v1/sessions", NULL, credentials);
  two = api_test_call (&other.api, "POST", "/v1/sessions", NULL, credentials);
  first = json_object_get_string_member (one, "token");
  second = json_object_get_string_member (two, "token");
  api_test_channel (self, first, "general");
  g_free (api_test_post (self, first, "general", "hola"));
  api_test_wait_head (self, first, "general", 1);
  live = api_live_open (self, first);
  api_live_subscribe (live, 1, "\"marks\"", "");
  api_test_expect (&other.api, "PUT", GENERAL "/read", second, "{\"seq\":1}", 204, NULL);
  mark = api_live_expect (live, "mark");
  g_assert_cmpstr (json_object_get_string_member (mark, "channel"), ==, "general");
  g_assert_cmpint (json_object_get_int_member (mark, "seq"), ==, 1);
  api_live_free (g_steal_pointer (&live));
  other_stop (&other);
}

/* Strikes in one process and another lead to a block in both. */
static void
test_blocked_everywhere (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  Other other = { 0 };

  api_test_channel (self, ana, "general");
  other_start (&other, self);
  g_free (api_test_post (self, ana, "general", "mierda"));
  g_free (api_test_post (&other.api, ana, "general", "mierda"));
  g_free (api_test_post (self, ana, "general", "mierda"));
  api_test_wait_status (self, "POST", GENERAL "/messages", ana, "{\"data\":\"hola\"}", 403);
  api_test_wait_status (&other.api, "POST", GENERAL "/messages", ana, "{\"data\":\"hola\"}", 403);
  other_stop (&other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func, set_up) g_test_add (path, ApiTest, NULL, set_up, func, api_test_tear_down)
  ADD ("/api-strategies/direct/broker-away", test_broker_away, set_up_direct);
  ADD ("/api-strategies/direct/restart", test_restart, set_up_direct);
  ADD ("/api-strategies/direct/refused-once", test_refused_once, set_up_direct);
  ADD ("/api-strategies/direct/refused-for-good", test_refused_for_good, set_up_direct);
  ADD ("/api-strategies/direct/repeats", test_repeats, set_up_direct);
  ADD ("/api-strategies/direct/two-relays", test_two_relays, set_up_direct);
  ADD ("/api-strategies/notify/store", test_from_store, set_up_notified);
  ADD ("/api-strategies/notify/conversation", test_conversation_from_store, set_up_notified);
  ADD ("/api-strategies/notify/missed", test_missed_by_store, set_up_notified);
  ADD ("/api-strategies/several/one-message-twice", test_one_message_twice, set_up_several);
  ADD ("/api-strategies/several/changed-elsewhere", test_changed_elsewhere, set_up_several);
  ADD ("/api-strategies/several/marks", test_marks, set_up_several);
  ADD ("/api-strategies/several/blocked-everywhere", test_blocked_everywhere, set_up_several);
  return g_test_run ();
}
