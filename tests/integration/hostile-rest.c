/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile.h"

#include <string.h>

#define UUID "018f6b8e-0000-7000-8000-0000000000%02x"

/* Bodies */

static void
test_bodies (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = hostile_connect (self);

  for (const HostileBody *body = hostile_bodies (); body->name != NULL; body++)
    {
      gsize length = body->length < 0 ? strlen (body->bytes) : (gsize)body->length;
      g_autoptr (WireAnswer) answer = wire_request (wire, "POST", HOSTILE_MESSAGES, self->token, body->bytes, length);

      hostile_assert_answer (answer, body->status, body->problem, body->word, body->name);
      if (body->status == 202)
        hostile_accept (self, body->text);
    }
}

/* As large as nobody needs, and as large as may just be. */
static void
test_sizes (gconstpointer data)
{
  static const struct
  {
    const char *name, *before, *unit;
    guint count;
    const char *after;
    guint status;
    const char *problem;
  } cases[] = {
    { "8,000 characters of four bytes", "", "😀", 8000, "", 202, "" },
    { "8,001 characters", "", "x", 8001, "", 413, "too-large" },
    { "64 KiB of emoji", "", "😀", 16384, "", 413, "too-large" },
    { "64 KiB in another member", "x\",\"more\":\"", "y", 65536, "", 413, "too-large" },
    { "128 KiB", "", "z", 128 * 1024, "", 413, "too-large" },
    { "1 MiB", "", "z", 1024 * 1024, "", 413, "too-large" },
    { "31 deep", "deep\",\"a\":[", "[", 29, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],\"b\":\"", 202, "" },
    { "10,000 deep", "x\",\"a\":", "[", 10000, ",\"b\":\"", 400, "json-invalid" },
    { "one member 10,000 times", "x\"", ",\"a\":0", 10000, ",\"b\":\"", 400, "json-invalid" },
  };
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = hostile_connect (self);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = hostile_body_repeat (cases[i].before, cases[i].unit, cases[i].count, cases[i].after);
      g_autofree char *body = g_strdup_printf ("{\"data\":\"%s\"}", text);
      g_autoptr (WireAnswer) answer = wire_post_text (wire, HOSTILE_MESSAGES, self->token, body);

      hostile_assert_answer (answer, cases[i].status, cases[i].problem, NULL, cases[i].name);
      if (cases[i].status == 202)
        hostile_accept (self, *cases[i].before == '\0' ? text : "deep");
    }
}

/* The same id again: the same message is a repeat, another one a conflict. */
static void
test_ids (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = hostile_connect (self);
  g_autofree char *first = g_strdup_printf ("{\"id\":\"" UUID "\",\"data\":\"the first\"}", 0xab);
  g_autofree char *upper = g_strdup_printf ("{\"id\":\"018F6B8E-0000-7000-8000-0000000000AB\",\"data\":\"the first\"}");
  g_autofree char *other = g_strdup_printf ("{\"id\":\"" UUID "\",\"data\":\"another\"}", 0xab);
  g_autoptr (WireAnswer) accepted = wire_post_text (wire, HOSTILE_MESSAGES, self->token, first);
  g_autoptr (WireAnswer) repeated = wire_post_text (wire, HOSTILE_MESSAGES, self->token, first);
  g_autoptr (WireAnswer) again = wire_post_text (wire, HOSTILE_MESSAGES, self->token, upper);
  g_autoptr (WireAnswer) conflict = wire_post_text (wire, HOSTILE_MESSAGES, self->token, other);

  hostile_assert_answer (accepted, 202, "", NULL, "the first");
  hostile_accept (self, "the first");
  g_assert_cmpstr (repeated->body, ==, accepted->body);
  g_assert_cmpstr (again->body, ==, accepted->body);
  hostile_assert_answer (conflict, 409, "id-conflict", "018f6b8e-0000-7000-8000-0000000000ab", "another text");
}

/* Lines and headers */

static void
test_requests (gconstpointer data)
{
  static const struct
  {
    const char *method, *path;
    gboolean signed_in;
    guint status;
    const char *problem, *word;
  } cases[] = {
    { "GET", HOSTILE_MESSAGES, FALSE, 401, "unauthorized", "/v1/sessions" },
    { "GET", "/v1/nothing", TRUE, 404, "not-found", NULL },
    { "GET", "/", TRUE, 404, "not-found", NULL },
    { "GET", "/v1/channels/../../etc/passwd", TRUE, 404, "not-found", NULL },
    { "GET", "/v1/channels/nowhere/messages", TRUE, 404, "channel-unknown", "nowhere" },
    { "GET", "/v1/channels/General/messages", TRUE, 422, "member-invalid", "General" },
    { "GET", "/v1/channels/%2e%2e%2f/messages", TRUE, 422, "member-invalid", NULL },
    { "GET", "/v1/channels/a%00b/messages", TRUE, 400, "parameter-invalid", NULL },
    { "GET", "/v1/channels/%ff/messages", TRUE, 400, "parameter-invalid", NULL },
    { "GET", HOSTILE_MESSAGES "?limit=0", TRUE, 400, "parameter-invalid", "limit" },
    { "GET", HOSTILE_MESSAGES "?limit=201", TRUE, 400, "parameter-invalid", "limit" },
    { "GET", HOSTILE_MESSAGES "?limit=ten", TRUE, 400, "parameter-invalid", "limit" },
    { "GET", HOSTILE_MESSAGES "?limit=99999999999999999999", TRUE, 400, "parameter-invalid", "limit" },
    { "GET", HOSTILE_MESSAGES "?before=1&after=1", TRUE, 400, "parameter-invalid", NULL },
    { "GET", HOSTILE_MESSAGES "?before=-1", TRUE, 400, "parameter-invalid", "before" },
    { "GET", HOSTILE_MESSAGES "?before=yesterday", TRUE, 400, "parameter-invalid", "before" },
    { "GET", HOSTILE_MESSAGES "?befor=1", TRUE, 400, "parameter-invalid", "befor" },
    { "GET", HOSTILE_MESSAGES "?before=%ff", TRUE, 400, "parameter-invalid", NULL },
    { "GET", HOSTILE_MESSAGES "?around=018f6b8e-0000-7000-8000-ffffffffffff", TRUE, 404, "message-unknown", NULL },
    { "GET", "/v1/messages/1", TRUE, 404, "message-unknown", NULL },
    { "DELETE", HOSTILE_MESSAGES, TRUE, 405, "method-not-allowed", NULL },
    { "DANCE", HOSTILE_MESSAGES, TRUE, 405, "method-not-allowed", NULL },
    { "GET", "/v1/live", TRUE, 426, "upgrade-required", NULL },
    { "POST", HOSTILE_MESSAGES, TRUE, 411, "length-required", NULL },
  };
  Hostile *self = (Hostile *)data;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Wire) wire = hostile_connect (self);
      g_autoptr (WireAnswer) answer
          = wire_request (wire, cases[i].method, cases[i].path, cases[i].signed_in ? self->token : NULL, NULL, 0);

      hostile_assert_answer (answer, cases[i].status, cases[i].problem, cases[i].word, cases[i].path);
    }
}

static void
test_headers (gconstpointer data)
{
  static const struct
  {
    const char *name, *headers, *body;
    guint status;
    const char *problem;
  } cases[] = {
    { "of no type", "Content-Length: 12\r\n", "{\"data\":\"x\"}", 415, "media-type" },
    { "of another type", "Content-Type: text/plain\r\nContent-Length: 12\r\n", "{\"data\":\"x\"}", 415, "media-type" },
    { "in chunks", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
      "3\r\n{\"d\r\n1a\r\nata\":\"a chunk by a chunk\"}\r\n0\r\n\r\n", 202, "" },
    { "far too long", "Content-Type: application/json\r\nContent-Length: 9999999999\r\nExpect: 100-continue\r\n", "",
      413, "too-large" },
  };
  Hostile *self = (Hostile *)data;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Wire) wire = hostile_connect (self);
      g_autoptr (WireAnswer) answer = NULL;

      wire_send_text (wire,
                      "POST " HOSTILE_MESSAGES " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n%s",
                      self->token, cases[i].headers, cases[i].body);
      answer = wire_read_answer (wire);
      hostile_assert_answer (answer, cases[i].status, cases[i].problem, NULL, cases[i].name);
      if (cases[i].status == 202)
        hostile_accept (self, "a chunk by a chunk");
    }
}

/* What is not HTTP: refused or hung up on, never stored. */
static void
test_garbage (gconstpointer data)
{
  static const struct
  {
    const char *name, *bytes;
    gsize length;
  } cases[] = {
#define CASE(name, literal) { name, literal, sizeof literal - 1 }
    CASE ("zeros", "\0\0\0\0\0\0\0\0\r\n\r\n"),
    CASE ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    CASE ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    CASE ("no version", "GET /v1/workspace\r\n\r\n"),
    CASE ("a version that there is not", "GET /v1/workspace HTTP/9.9\r\n\r\n"),
    CASE ("an escape that is none", "GET /v1/channels/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    CASE ("no path", "GET\r\n\r\n"),
    CASE ("a header without a name", "GET /v1/workspace HTTP/1.1\r\n: x\r\n\r\n"),
    CASE ("a length that is no number", "POST " HOSTILE_MESSAGES " HTTP/1.1\r\nContent-Length: x\r\n\r\n"),
    CASE ("a length below zero", "POST " HOSTILE_MESSAGES " HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
    CASE ("two lengths", "POST " HOSTILE_MESSAGES " HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
    CASE ("a chunk that is no number",
          "POST " HOSTILE_MESSAGES " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    CASE ("half a request line", "GET /v1/work"),
    CASE ("half a head", "GET /v1/workspace HTTP/1.1\r\nHost: local"),
    CASE ("half a body",
          "POST /v1/sessions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"us"),
#undef CASE
  };
  Hostile *self = (Hostile *)data;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Wire) wire = hostile_connect (self);
      g_autoptr (WireAnswer) answer = NULL;

      wire_send (wire, cases[i].bytes, cases[i].length);
      wire_shut (wire);
      answer = wire_read_answer (wire);
      if (answer != NULL && answer->status < 400)
        g_error ("%s: answered with %u", cases[i].name, answer->status);
      hostile_assert_alive (self);
    }
}

static void
test_long_head (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = hostile_connect (self);
  g_autofree char *value = hostile_body_repeat ("", "x", 1024 * 1024, "");
  g_autoptr (WireAnswer) answer = NULL;

  wire_send_text (wire, "GET /v1/workspace HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n", value);
  answer = wire_read_answer (wire);
  if (answer != NULL && answer->status < 400)
    g_error ("A head of 1 MiB is answered with %u", answer->status);
  hostile_assert_alive (self);
}

/* Names */

static void
test_names (gconstpointer data)
{
  static const struct
  {
    const char *user; /* as in JSON */
    guint status;
    const char *problem;
  } cases[] = {
    { "\"\"", 422, "name-invalid" },
    { "\" ana\"", 422, "name-invalid" },
    { "\"a\\u0000b\"", 400, "json-invalid" },
    { "\"a\\nb\"", 422, "name-invalid" },
    { "\"\\u202eana\"", 422, "name-invalid" },
    { "\"a\\u200bna\"", 422, "name-invalid" },
    { "\"a@b\"", 422, "name-invalid" },
    { "7", 422, "member-invalid" },
    { "null", 422, "member-invalid" },
    { "[\"ana\"]", 422, "member-invalid" },
    { "\"" HOSTILE_USER "\"", 409, "name-taken" },
    { "\"ANA\"", 409, "name-taken" },
    { "\"\\uff41na\"", 409, "name-taken" }, /* a full-width a */
    { "\"\\u0430na\"", 409, "name-taken" }, /* a Cyrillic one */
    { "\"eco\"", 409, "name-taken" },
  };
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = hostile_connect (self);
  g_autofree char *long_name = hostile_body_repeat ("{\"user\":\"", "ñ", 65, "\"}");
  g_autoptr (WireAnswer) too_long = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"user\":%s}", cases[i].user);
      g_autoptr (WireAnswer) answer = wire_post_text (wire, "/v1/sessions", NULL, body);

      hostile_assert_answer (answer, cases[i].status, cases[i].problem != NULL ? cases[i].problem : answer->problem,
                             NULL, cases[i].user);
    }
  too_long = wire_post_text (wire, "/v1/sessions", NULL, long_name);
  hostile_assert_answer (too_long, 422, "name-invalid", "64", "65 characters");
}

static void
test_tokens (gconstpointer data)
{
  static const char *const tokens[] = { "", "x", "null", "' OR 1=1 --", "\xff\xfe", "Bearer" };
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = hostile_connect (self);
  g_autofree char *longer = g_strconcat (self->token, "x", NULL);
  g_autofree char *shorter = g_strndup (self->token, strlen (self->token) - 1);
  g_autofree char *huge = hostile_body_repeat ("", "x", 10000, "");
  const char *const near[] = { longer, shorter, huge };

  for (guint i = 0; i < G_N_ELEMENTS (tokens) + G_N_ELEMENTS (near); i++)
    {
      const char *token = i < G_N_ELEMENTS (tokens) ? tokens[i] : near[i - G_N_ELEMENTS (tokens)];
      g_autoptr (WireAnswer) answer = wire_post_text (wire, HOSTILE_MESSAGES, token, "{\"data\":\"x\"}");

      hostile_assert_answer (answer, 401, "unauthorized", NULL, token);
    }
}

void
hostile_add_rest (Hostile *self)
{
  g_test_add_data_func ("/hostile/rest/bodies", self, test_bodies);
  g_test_add_data_func ("/hostile/rest/sizes", self, test_sizes);
  g_test_add_data_func ("/hostile/rest/ids", self, test_ids);
  g_test_add_data_func ("/hostile/rest/requests", self, test_requests);
  g_test_add_data_func ("/hostile/rest/headers", self, test_headers);
  g_test_add_data_func ("/hostile/rest/garbage", self, test_garbage);
  g_test_add_data_func ("/hostile/rest/long-head", self, test_long_head);
  g_test_add_data_func ("/hostile/rest/names", self, test_names);
  g_test_add_data_func ("/hostile/rest/tokens", self, test_tokens);
}
