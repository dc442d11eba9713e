/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits, deletions, reactions, replies, topics, joins and leaves: what may be done, by whom, and what becomes of it. */
#include "api-test.h"

#include <string.h>

#include "chat-test-call.h"
#include "core/chat-uuid.h"

#define THUMB "%F0%9F%91%8D"
#define HEART "%E2%9D%A4"
#define HEART_QUALIFIED "\u2764\ufe0f"

static char *
path_of (const char *id, const char *rest)
{
  return g_strconcat ("/v1/messages/", id, rest, NULL);
}

/* (transfer full) */
static JsonObject *
read_message (ApiTest *self, const char *token, const char *id)
{
  g_autofree char *path = path_of (id, "");
  JsonObject *answer = api_test_call (self, "GET", path, token, NULL);

  g_assert_cmpuint (self->status, ==, 200);
  return answer;
}

static void
call (ApiTest *self, const char *method, const char *id, const char *rest, const char *token, const char *body,
      guint status, const char *problem)
{
  g_autofree char *path = path_of (id, rest);

  api_test_expect (self, method, path, token, body, status, problem);
}

/* Right behind the message, before anything is stored: the archiver is not there yet. */
static void
test_at_once (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *id = NULL, *other = NULL, *reply = NULL;
  g_autoptr (JsonObject) message = NULL, deleted = NULL;
  JsonObject *state, *reaction;

  api_test_channel (self, ana, "general");
  api_test_stop_archiver (self);
  id = api_test_post (self, ana, "general", "hola");
  call (self, "PATCH", id, "", ana, "{\"data\":\"adiós\"}", 202, NULL);
  call (self, "PUT", id, "/reactions/" THUMB, ana, NULL, 202, NULL);
  call (self, "PUT", id, "/reactions/" THUMB, ana, NULL, 200, NULL); /* it is so already */
  call (self, "DELETE", id, "/reactions/" THUMB, ana, NULL, 202, NULL);
  call (self, "DELETE", id, "/reactions/" THUMB, ana, NULL, 200, NULL);
  call (self, "PUT", id, "/reactions/" HEART, luis, NULL, 202, NULL);
  call (self, "PATCH", id, "", luis, "{\"data\":\"x\"}", 403, "not-yours");
  call (self, "DELETE", id, "", luis, NULL, 403, "not-yours");
  reply = g_strdup_printf ("{\"data\":\"sí\",\"reply_to\":\"%s\"}", id);
  api_test_expect (self, "POST", "/v1/channels/general/messages", luis, reply, 202, NULL);
  other = api_test_post (self, ana, "general", "y esto");
  call (self, "DELETE", other, "", ana, NULL, 202, NULL);
  call (self, "DELETE", other, "", ana, NULL, 200, NULL);
  call (self, "PATCH", other, "", ana, "{\"data\":\"x\"}", 409, "message-deleted");
  call (self, "PUT", other, "/reactions/" THUMB, luis, NULL, 409, "message-deleted");
  api_test_start_archiver (self);
  api_test_wait_head (self, ana, "general", 8);

  message = read_message (self, luis, id);
  g_assert_cmpstr (json_object_get_string_member (message, "data"), ==, "adiós");
  state = json_object_get_object_member (message, "state");
  g_assert_true (json_object_has_member (state, "edited"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (state, "reactions")), ==, 1);
  reaction = json_array_get_object_element (json_object_get_array_member (state, "reactions"), 0);
  g_assert_cmpstr (json_object_get_string_member (reaction, "author"), ==, "luis");
  g_assert_cmpstr (json_object_get_string_member (reaction, "emoji"), ==, HEART_QUALIFIED);
  deleted = read_message (self, luis, other);
  g_assert_cmpstr (json_object_get_string_member_with_default (deleted, "data", ""), ==, "");
  g_assert_true (json_object_has_member (json_object_get_object_member (deleted, "state"), "deleted"));
}

/* The same once it is stored, and the service knows nothing of it but what the store says. */
static void
test_stored (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *id = NULL;

  api_test_channel (self, ana, "general");
  id = api_test_post (self, ana, "general", "hola");
  call (self, "PUT", id, "/reactions/" HEART, luis, NULL, 202, NULL);
  api_test_wait_head (self, ana, "general", 2);
  api_test_stop_api (self);
  api_test_start_api (self);
  call (self, "PUT", id, "/reactions/" HEART, luis, NULL, 200, NULL);
  call (self, "DELETE", id, "/reactions/" HEART, ana, NULL, 200, NULL); /* not hers */
  call (self, "DELETE", id, "/reactions/" HEART, luis, NULL, 202, NULL);
  call (self, "PATCH", id, "", luis, "{\"data\":\"x\"}", 403, "not-yours");
  call (self, "PATCH", id, "", ana, "{\"data\":\"adiós\"}", 202, NULL);
  call (self, "DELETE", id, "", ana, NULL, 202, NULL);
  api_test_wait_head (self, ana, "general", 5);
  api_test_stop_api (self);
  api_test_start_api (self);
  call (self, "DELETE", id, "", ana, NULL, 200, NULL);
  call (self, "PATCH", id, "", ana, "{\"data\":\"x\"}", 409, "message-deleted");
  call (self, "PUT", id, "/reactions/" HEART, luis, NULL, 409, "message-deleted");
}

/* Sent again with the same id: the same answer and one record, also after a restart, an edit and a deletion. */
static void
test_again (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *post_id = chat_uuid_v7 (), *edit_id = chat_uuid_v7 (), *delete_id = chat_uuid_v7 ();
  g_autofree char *post = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"hola\"}", post_id);
  g_autofree char *edit = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"adiós\"}", edit_id);
  g_autofree char *other = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"otra cosa\"}", edit_id);
  g_autofree char *deletion = g_strconcat ("?id=", delete_id, NULL);
  g_autofree char *wrong = g_strconcat ("?id=", edit_id, NULL);

  api_test_channel (self, ana, "general");
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, post, 202, NULL);
  for (guint i = 0; i < 3; i++)
    {
      call (self, "PATCH", post_id, "", ana, edit, 202, NULL);
      call (self, "PATCH", post_id, "", ana, other, 409, "id-conflict");
      call (self, "DELETE", post_id, wrong, ana, NULL, 409, "id-conflict");
      api_test_expect (self, "POST", "/v1/channels/general/messages", ana, post, 202, NULL);
      api_test_wait_head (self, ana, "general", 2);
      if (i == 1)
        {
          api_test_stop_api (self);
          api_test_start_api (self);
        }
    }
  for (guint i = 0; i < 3; i++)
    {
      call (self, "DELETE", post_id, deletion, ana, NULL, 202, NULL);
      api_test_wait_head (self, ana, "general", 3);
      call (self, "PATCH", post_id, "", ana, edit, 202, NULL); /* it was done before that */
      api_test_expect (self, "POST", "/v1/channels/general/messages", ana, post, 202, NULL);
      if (i == 1)
        {
          api_test_stop_api (self);
          api_test_start_api (self);
        }
    }
  api_test_wait_head (self, ana, "general", 3);
}

static void
test_refused (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *unknown = chat_uuid_v7 ();
  g_autofree char *id = NULL, *elsewhere = NULL, *reply = NULL, *longer = NULL, *text = g_strnfill (8001, 'a');
  g_autoptr (JsonObject) page = NULL;
  const char *edit_id;

  api_test_channel (self, ana, "general");
  api_test_channel (self, ana, "otro");
  id = api_test_post (self, ana, "general", "hola");
  elsewhere = api_test_post (self, ana, "otro", "hola");
  call (self, "PATCH", unknown, "", ana, "{\"data\":\"x\"}", 404, "message-unknown");
  call (self, "DELETE", unknown, "", ana, NULL, 404, "message-unknown");
  call (self, "PUT", unknown, "/reactions/" THUMB, ana, NULL, 404, "message-unknown");
  call (self, "PATCH", "%27%20OR%201%3D1", "", ana, "{\"data\":\"x\"}", 404, "message-unknown");
  call (self, "DELETE", "%27%3B%20DROP%20TABLE%20messages%3B--", "", ana, NULL, 404, "message-unknown");
  call (self, "PATCH", id, "", ana, "{}", 422, "member-invalid");
  call (self, "PATCH", id, "", ana, "{\"data\":\"\"}", 422, "member-invalid");
  call (self, "PATCH", id, "", ana, "{\"data\":7}", 422, "member-invalid");
  call (self, "PATCH", id, "", ana, "{\"data\":\"x\",\"id\":\"y\"}", 422, "member-invalid");
  call (self, "PATCH", id, "", ana, "{\"data\":\"x\",\"author\":\"luis\"}", 422, "member-invalid");
  call (self, "PATCH", id, "", ana, "{\"data\":\"x\",\"kind\":\"message\"}", 422, "member-invalid");
  longer = g_strdup_printf ("{\"data\":\"%s\"}", text);
  call (self, "PATCH", id, "", ana, longer, 413, "too-large");
  call (self, "DELETE", id, "?id=7", ana, NULL, 422, "member-invalid");
  call (self, "DELETE", id, "?color=7", ana, NULL, 400, "parameter-invalid");
  call (self, "PUT", id, "/reactions/hola", ana, NULL, 422, "emoji-invalid");
  call (self, "PUT", id, "/reactions/" THUMB THUMB, ana, NULL, 422, "emoji-invalid");
  call (self, "PUT", id, "/reactions/%3Cscript%3E", ana, NULL, 422, "emoji-invalid");
  call (self, "DELETE", id, "/reactions/%27", ana, NULL, 422, "emoji-invalid");
  reply = g_strdup_printf ("{\"data\":\"x\",\"reply_to\":\"%s\"}", elsewhere);
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, reply, 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, "{\"data\":\"x\",\"reply_to\":\"nada\"}", 422,
                   "member-invalid");
  /* An edit is a record of its own, but nothing that one edits. */
  call (self, "PATCH", id, "", ana, "{\"data\":\"x\"}", 202, NULL);
  api_test_wait_head (self, ana, "general", 2);
  page = api_test_call (self, "GET", "/v1/channels/general/messages", ana, NULL);
  edit_id = json_object_get_string_member (
      json_array_get_object_element (json_object_get_array_member (page, "messages"), 1), "id");
  call (self, "PATCH", edit_id, "", ana, "{\"data\":\"y\"}", 404, "message-unknown");
  call (self, "DELETE", edit_id, "", ana, NULL, 404, "message-unknown");
}

/* What a sender says of himself is not taken for true. */
static void
test_claims (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = NULL;
  g_autoptr (JsonObject) message = NULL;

  api_test_channel (self, ana, "general");
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana,
                   "{\"data\":\"hola\",\"moderator\":true,\"state\":{\"deleted\":\"2021-10-10T10:10:10Z\",\"seq\":7},"
                   "\"target\":\"x\"}",
                   202, NULL);
  api_test_wait_head (self, ana, "general", 1);
  {
    g_autoptr (JsonObject) page = api_test_call (self, "GET", "/v1/channels/general/messages", ana, NULL);
    JsonObject *first = json_array_get_object_element (json_object_get_array_member (page, "messages"), 0);

    g_assert_false (json_object_get_boolean_member_with_default (first, "moderator", FALSE));
    g_assert_false (json_object_has_member (first, "state"));
    g_assert_false (json_object_has_member (first, "target"));
    id = g_strdup (json_object_get_string_member (first, "id"));
  }
  call (self, "PATCH", id, "", ana,
        "{\"data\":\"adiós\",\"moderator\":true,\"target\":\"x\",\"channel\":\"otro\",\"reply_to\":\"y\"}", 202, NULL);
  api_test_wait_head (self, ana, "general", 2);
  message = read_message (self, ana, id);
  g_assert_cmpstr (json_object_get_string_member (message, "data"), ==, "adiós");
}

static void
test_private (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *eva = api_test_log_in (self, "eva");
  g_autoptr (JsonObject) made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"luis\"]}");
  const char *name = json_object_get_string_member (made, "name");
  g_autofree char *id = api_test_post (self, ana, name, "entre nosotros");

  call (self, "PUT", id, "/reactions/" THUMB, eva, NULL, 404, "message-unknown");
  call (self, "PATCH", id, "", eva, "{\"data\":\"x\"}", 404, "message-unknown");
  call (self, "DELETE", id, "", eva, NULL, 404, "message-unknown");
  call (self, "PUT", id, "/reactions/" THUMB, luis, NULL, 202, NULL);
  api_test_wait_head (self, luis, name, 2);
  call (self, "DELETE", id, "", eva, NULL, 404, "message-unknown");
  call (self, "POST", id, "/report", eva, "{}", 404, "message-unknown");
}

/* They come as records of their own, in order, with their receipts; a replay has them as they are stored. */
static void
test_live (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ApiLive) late = NULL;
  g_autofree char *id = NULL;
  g_autoptr (JsonObject) frame = NULL;
  JsonObject *first;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, "\"chat_controlled\"", "");
  id = api_test_post (self, ana, "general", "hola");
  call (self, "PATCH", id, "", ana, "{\"data\":\"mierda\"}", 202, NULL);
  call (self, "PUT", id, "/reactions/" THUMB, ana, NULL, 202, NULL);
  call (self, "DELETE", id, "", ana, NULL, 202, NULL);
  api_live_check (live, 1, "chat_controlled", "kind", "message edit reaction delete");
  api_test_wait_head (self, ana, "general", 4);

  late = api_live_open (self, ana);
  api_live_subscribe (late, 1, "\"chat_controlled\"", "\"after\":{\"general\":0}");
  frame = api_live_expect (late, "records");
  first = json_array_get_object_element (json_object_get_array_member (frame, "records"), 0);
  g_assert_cmpstr (json_object_get_string_member_with_default (first, "data", ""), ==, "");
  g_assert_true (json_object_has_member (json_object_get_object_member (first, "state"), "deleted"));
}

static void
check_channel (ApiTest *self, const char *token, const char *name, const char *topic, gboolean joined)
{
  g_autofree char *path = g_strconcat ("/v1/channels/", name, NULL);
  g_autoptr (JsonObject) channel = api_test_call (self, "GET", path, token, NULL);

  g_assert_cmpstr (json_object_get_string_member (channel, "topic"), ==, topic);
  g_assert_cmpint (json_object_get_boolean_member (channel, "joined"), ==, joined);
}

static void
test_topic (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) live = api_live_open (self, ana);

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, "\"chat_controlled\"", "");
  {
    g_autoptr (JsonObject) changed
        = api_test_call (self, "PATCH", "/v1/channels/general", luis, "{\"topic\":\"de todo\"}");

    g_assert_cmpuint (self->status, ==, 200);
    g_assert_cmpstr (json_object_get_string_member (changed, "topic"), ==, "de todo");
  }
  api_live_check (live, 1, "chat_controlled", "kind", "topic");
  api_test_wait_head (self, ana, "general", 1);
  check_channel (self, luis, "general", "de todo", FALSE);
  api_test_expect (self, "PATCH", "/v1/channels/general", luis, "{\"topic\":\"de todo\"}", 200, NULL); /* no record */
  api_test_expect (self, "PATCH", "/v1/channels/general", luis, "{\"topic\":\"\"}", 200, NULL);
  api_test_wait_head (self, ana, "general", 2);
  check_channel (self, luis, "general", NULL, FALSE);
  api_test_expect (self, "PATCH", "/v1/channels/general", luis, "{}", 422, "member-invalid");
  api_test_expect (self, "PATCH", "/v1/channels/general", luis, "{\"topic\":7}", 422, "member-invalid");
  api_test_expect (self, "PATCH", "/v1/channels/general", luis, "{\"language\":\"es\"}", 403, "role");
  api_test_expect (self, "PATCH", "/v1/channels/general", luis, "{\"language\":\"e s\"}", 422, "member-invalid");
  api_test_expect (self, "PATCH", "/v1/channels/nada", luis, "{\"topic\":\"x\"}", 404, "channel-unknown");
}

static void
test_join (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) live = api_live_open (self, ana);

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, "\"chat_controlled\"", "");
  check_channel (self, ana, "general", NULL, TRUE);
  api_test_expect (self, "POST", "/v1/channels/general/join", luis, NULL, 204, NULL);
  api_test_expect (self, "POST", "/v1/channels/general/join", luis, NULL, 204, NULL); /* changes nothing */
  check_channel (self, luis, "general", NULL, TRUE);
  api_test_expect (self, "POST", "/v1/channels/general/leave", luis, NULL, 204, NULL);
  api_test_expect (self, "POST", "/v1/channels/general/leave", luis, NULL, 204, NULL);
  check_channel (self, luis, "general", NULL, FALSE);
  api_live_check (live, 1, "chat_controlled", "kind", "join leave");
  api_test_wait_head (self, ana, "general", 2);
}

static void
test_unread (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (JsonObject) channel = NULL;

  api_test_channel (self, ana, "general");
  g_free (api_test_post (self, ana, "general", "hola @luis"));
  g_free (api_test_post (self, ana, "general", "hola"));
  g_free (api_test_post (self, luis, "general", "hola, ana"));
  api_test_wait_head (self, ana, "general", 3);
  channel = api_test_call (self, "GET", "/v1/channels/general", luis, NULL);
  g_assert_cmpint (json_object_get_int_member (channel, "unread"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (channel, "mentions"), ==, 1);
  api_test_expect (self, "PUT", "/v1/channels/general/read", luis, "{\"seq\":1}", 204, NULL);
  json_object_unref (channel);
  channel = api_test_call (self, "GET", "/v1/channels/general", luis, NULL);
  g_assert_cmpint (json_object_get_int_member (channel, "unread"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (channel, "mentions"), ==, 0);
}

/* What one author sends stays in order, though the store is asked for some of it. */
static void
test_order (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = NULL;
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  GString *expected = g_string_new (NULL);

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, "\"chat_controlled\"", "");
  id = api_test_post (self, ana, "general", "0");
  for (guint i = 1; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autofree char *body = g_strdup_printf ("{\"data\":\"%u\"}", i);

      if (i % 2)
        call (self, "PATCH", id, "", ana, body, 202, NULL);
      else
        g_free (api_test_post (self, ana, "general", text));
    }
  for (guint i = 0; i < 20; i++)
    g_string_append_printf (expected, i > 0 ? " %u" : "%u", i);
  api_live_check (live, 1, "chat_controlled", "data", expected->str);
  g_string_free (expected, TRUE);
}

/* (transfer full): the token of a moderator */
static char *
log_in_moderator (ApiTest *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_test_call (chat_account_service_create, self->accounts, &error, "mona",
                                                    "correct horse", CHAT_ROLE_MODERATOR);
  g_autoptr (JsonObject) answer
      = api_test_call (self, "POST", "/v1/sessions", NULL, "{\"user\":\"mona\",\"password\":\"correct horse\"}");

  g_assert_no_error (error);
  g_assert_cmpuint (self->status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

/* How many entries of @action on @id the audit log has, all by mona. */
static guint
count_audit (ApiTest *self, const char *action, const char *id)
{
  const ChatModerationList list = { .limit = 100 };
  g_autoptr (GPtrArray) entries
      = chat_test_call (chat_moderation_store_list_audit, chat_store_get_moderation (self->role.sqlite), NULL, &list);
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      const ChatAuditEntry *entry = entries->pdata[i];

      if (!g_str_equal (entry->action, action) || g_strcmp0 (entry->record_id, id) != 0)
        continue;
      g_assert_cmpstr (entry->actor, ==, "mona");
      g_assert_cmpstr (entry->user_key, ==, "ana");
      n++;
    }
  return n;
}

static void
test_moderator (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *mona = log_in_moderator (self);
  g_autofree char *id = NULL, *own = NULL;
  g_autoptr (JsonObject) edited = NULL, deleted = NULL;

  api_test_channel (self, ana, "general");
  id = api_test_post (self, ana, "general", "hola");
  call (self, "PATCH", id, "", mona, "{\"data\":\"retocado\"}", 202, NULL);
  api_test_wait_head (self, ana, "general", 2);
  edited = read_message (self, ana, id);
  g_assert_cmpstr (json_object_get_string_member (edited, "data"), ==, "retocado");
  g_assert_cmpstr (json_object_get_string_member (edited, "author"), ==, "ana");
  call (self, "DELETE", id, "", mona, NULL, 202, NULL);
  call (self, "DELETE", id, "", mona, NULL, 200, NULL);
  api_test_wait_head (self, ana, "general", 3);
  deleted = read_message (self, ana, id);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (deleted, "state"), "deleted_by"), ==,
                   "mona");
  g_assert_cmpuint (count_audit (self, "edit", id), ==, 1);
  g_assert_cmpuint (count_audit (self, "delete", id), ==, 1);

  /* What is one's own needs no rights, and is nothing for the log. */
  own = api_test_post (self, mona, "general", "mía");
  call (self, "PATCH", own, "", mona, "{\"data\":\"x\"}", 202, NULL);
  g_assert_cmpuint (count_audit (self, "edit", own), ==, 0);
  api_test_expect (self, "PATCH", "/v1/channels/general", mona, "{\"language\":\"es,en\"}", 200, NULL);
}

/* Without an entry in the log it is not done. */
static void
test_audit_fails (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *mona = log_in_moderator (self);
  g_autofree char *id = NULL;
  g_autoptr (JsonObject) message = NULL;
  GLogLevelFlags before;

  api_test_channel (self, ana, "general");
  id = api_test_post (self, ana, "general", "hola");
  api_test_wait_head (self, ana, "general", 1);
  api_test_stop_api (self);
  self->store = self->role.store; /* which does not offer it */
  api_test_start_api (self);
  before = g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* the log has a warning of it */
  call (self, "DELETE", id, "", mona, NULL, 500, "internal");
  g_log_set_always_fatal (before);
  api_test_expect (self, "POST", "/v1/channels/general/messages", mona, "{\"data\":\"y sigue\"}", 202, NULL);
  api_test_wait_head (self, ana, "general", 2);
  message = read_message (self, ana, id);
  g_assert_cmpstr (json_object_get_string_member (message, "data"), ==, "hola");
}

static void
test_report (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *id = NULL, *long_reason = g_strnfill (1001, 'a'), *longer = NULL, *first = NULL;

  api_test_channel (self, ana, "general");
  id = api_test_post (self, ana, "general", "hola");
  api_test_wait_head (self, ana, "general", 1);
  for (guint i = 0; i < 2; i++) /* again is the same */
    {
      g_autofree char *path = path_of (id, "/report");
      g_autoptr (JsonObject) report = api_test_call (self, "POST", path, luis, "{\"reason\":\"'; DROP TABLE\"}");

      g_assert_cmpuint (self->status, ==, i == 0 ? 201 : 200);
      g_assert_cmpstr (json_object_get_string_member (report, "user"), ==, "luis");
      g_assert_cmpstr (json_object_get_string_member (report, "target"), ==, id);
      g_assert_cmpstr (json_object_get_string_member (report, "reason"), ==, "'; DROP TABLE");
      if (first == NULL)
        first = g_strdup (json_object_get_string_member (report, "id"));
      g_assert_cmpstr (json_object_get_string_member (report, "id"), ==, first);
    }
  longer = g_strdup_printf ("{\"reason\":\"%s\"}", long_reason);
  call (self, "POST", id, "/report", luis, longer, 422, "member-invalid");
  call (self, "POST", id, "/report", luis, "{\"reason\":7}", 422, "member-invalid");
  call (self, "POST", "nada", "/report", luis, "{}", 404, "message-unknown");
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/changes/at-once", test_at_once);
  ADD ("/api/changes/stored", test_stored);
  ADD ("/api/changes/again", test_again);
  ADD ("/api/changes/refused", test_refused);
  ADD ("/api/changes/claims", test_claims);
  ADD ("/api/changes/private", test_private);
  ADD ("/api/changes/live", test_live);
  ADD ("/api/changes/topic", test_topic);
  ADD ("/api/changes/join", test_join);
  ADD ("/api/changes/unread", test_unread);
  ADD ("/api/changes/order", test_order);
  ADD ("/api/changes/moderator", test_moderator);
  ADD ("/api/changes/audit-fails", test_audit_fails);
  ADD ("/api/changes/report", test_report);
  return g_test_run ();
}
