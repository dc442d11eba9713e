/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* RFC 6455 §7.4.1 */
#define PROTOCOL_ERROR 1002
#define NOT_UTF8 1007
#define POLICY 1008
#define TOO_BIG 1009

#define MOST_BYTES (128 * 1024)

static Wire *
upgrade (Hostile *self)
{
  Wire *wire = hostile_connect (self);

  wire_upgrade (wire, self->token);
  return wire;
}

static void
send_text (Wire *wire, const char *text)
{
  wire_send_frame (wire, WIRE_FINAL | WIRE_TEXT, text, strlen (text));
}

/* The next frame is a close with this code and a reason; then the connection ends. */
static void
assert_closes (Wire *wire, guint code, const char *what)
{
  g_autoptr (WireFrame) frame = wire_read_frame (wire);

  if (frame == NULL)
    g_error ("%s: the connection ends without a close frame; %u is right", what, code);
  if (frame->opcode != WIRE_CLOSE)
    g_error ("%s: answered with “%s”; a close with %u is right", what, frame->text, code);
  if (frame->code != code)
    g_error ("%s: closed with %u, “%s”; %u is right", what, frame->code, frame->text, code);
  if (code == POLICY && frame->length == 0)
    g_error ("%s: closed without a reason", what);
}

/* (transfer full): the next frame as an object, whose "op" and "ref" are these. */
static JsonObject *
read_answer (Wire *wire, const char *op, gint64 ref, const char *what)
{
  g_autoptr (WireFrame) frame = wire_read_frame (wire);
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  if (frame == NULL)
    g_error ("%s: the service closed the connection", what);
  if (frame->opcode != WIRE_TEXT)
    g_error ("%s: closed with %u, “%s”", what, frame->code, frame->text);
  node = json_from_string (frame->text, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    g_error ("%s: answered with “%s”", what, frame->text);
  object = json_node_get_object (node);
  if (g_strcmp0 (json_object_get_string_member (object, "op"), op) != 0
      || json_object_get_int_member (object, "ref") != ref)
    g_error ("%s: answered with %s", what, frame->text);
  return json_object_ref (object);
}

static void
assert_problem (Wire *wire, gint64 ref, guint status, const char *name, const char *word, const char *what)
{
  g_autoptr (JsonObject) answer = read_answer (wire, "problem", ref, what);
  JsonObject *problem = json_object_get_object_member (answer, "problem");
  g_autofree char *type = g_strconcat ("https://tertulia.chat/problems/", name, NULL);

  if (g_strcmp0 (json_object_get_string_member (problem, "type"), type) != 0)
    g_error ("%s: %s: %s", what, json_object_get_string_member (problem, "type"),
             json_object_get_string_member (problem, "detail"));
  g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, status);
  if (word != NULL && strstr (json_object_get_string_member (problem, "detail"), word) == NULL)
    g_error ("%s: “%s” does not say “%s”", what, json_object_get_string_member (problem, "detail"), word);
}

static void
assert_pong (Wire *wire, const char *what)
{
  send_text (wire, "{\"op\":\"ping\",\"ref\":7777}");
  json_object_unref (read_answer (wire, "pong", 7777, what));
}

/* What is no frame of the protocol ends the connection, and says why. */
static void
test_protocol_errors (gconstpointer data)
{
  static const char *const frames[] = {
    "",
    "hello",
    "[]",
    "null",
    "\"ping\"",
    "{}",
    "{\"op\":\"ping\"}",
    "{\"ref\":1}",
    "{\"op\":7,\"ref\":1}",
    "{\"op\":\"ping\",\"ref\":\"1\"}",
    "{\"op\":\"ping\",\"ref\":1.5}",
    "{\"op\":\"ping\",\"ref\":null}",
    "{\"op\":\"ping\",\"ref\":1}{\"op\":\"ping\",\"ref\":2}",
    "{\"op\":\"ping\",\"ref\":1",
    "{\"op\":\"ping\",\"ref\":1,\"ref\":2}",
    "{\"op\":\"ping\",\"ref\":99999999999999999999}",
  };
  Hostile *self = (Hostile *)data;
  g_autofree char *deep = hostile_body_repeat ("{\"op\":\"ping\",\"ref\":1,\"x\":", "[", 10000, "");

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autoptr (Wire) wire = upgrade (self);

      send_text (wire, frames[i]);
      assert_closes (wire, POLICY, frames[i]);
    }
  {
    g_autoptr (Wire) wire = upgrade (self);

    send_text (wire, deep);
    assert_closes (wire, POLICY, "10,000 deep");
  }
  hostile_assert_alive (self);
}

/* Frames that RFC 6455 forbids, or that are of no use here. */
static void
test_frames (gconstpointer data)
{
  static const struct
  {
    const char *name;
    guint8 head;
    const char *payload;
    guint code;
  } cases[] = {
    { "a binary frame", WIRE_FINAL | WIRE_BINARY, "{\"op\":\"ping\",\"ref\":1}", POLICY },
    { "not UTF-8", WIRE_FINAL | WIRE_TEXT, "{\"op\":\"\xff\xfe\",\"ref\":1}", NOT_UTF8 },
    { "a surrogate", WIRE_FINAL | WIRE_TEXT, "{\"op\":\"\xed\xa0\x80\",\"ref\":1}", NOT_UTF8 },
    { "an opcode that there is not", WIRE_FINAL | 0x3, "x", PROTOCOL_ERROR },
    { "a control opcode that there is not", WIRE_FINAL | 0xb, "x", PROTOCOL_ERROR },
    { "a bit that nobody agreed on", WIRE_FINAL | 0x40 | WIRE_TEXT, "{\"op\":\"ping\",\"ref\":1}", PROTOCOL_ERROR },
    { "the rest of nothing", WIRE_FINAL | WIRE_CONTINUATION, "x", PROTOCOL_ERROR },
    { "half a ping", WIRE_PING, "x", PROTOCOL_ERROR },
    { "a close of one byte", WIRE_FINAL | WIRE_CLOSE, "x", PROTOCOL_ERROR },
  };
  Hostile *self = (Hostile *)data;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Wire) wire = upgrade (self);

      wire_send_frame (wire, cases[i].head, cases[i].payload, strlen (cases[i].payload));
      assert_closes (wire, cases[i].code, cases[i].name);
    }
  hostile_assert_alive (self);
}

static void
test_lengths (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  static const guint64 claims[] = { MOST_BYTES + 1, G_MAXUINT32, G_MAXINT64 };
  g_autofree char *much = hostile_body_repeat ("{\"op\":\"ping\",\"ref\":1,\"x\":\"", "😀", MOST_BYTES / 4, "\"}");

  for (guint i = 0; i < G_N_ELEMENTS (claims); i++)
    {
      g_autoptr (Wire) wire = upgrade (self);

      g_autofree char *what = g_strdup_printf ("a frame that claims to have %" G_GUINT64_FORMAT " bytes", claims[i]);

      wire_send_frame_head (wire, WIRE_FINAL | WIRE_TEXT, claims[i], TRUE);
      assert_closes (wire, TOO_BIG, what);
    }
  {
    g_autoptr (Wire) wire = upgrade (self);

    send_text (wire, much);
    assert_closes (wire, TOO_BIG, "more than 128 KiB");
  }
  {
    g_autoptr (Wire) wire = upgrade (self);

    /* in pieces, each of which is small enough */
    for (guint i = 0; i < 16; i++)
      wire_send_frame (wire, i == 0 ? WIRE_TEXT : WIRE_CONTINUATION, much, 64 * 1024);
    assert_closes (wire, TOO_BIG, "more than 128 KiB in pieces");
  }
  hostile_assert_alive (self);
}

/* A frame that nobody ends, and a connection that ends in the middle of one. */
static void
test_halves (gconstpointer data)
{
  static const char text[] = "{\"op\":\"ping\",\"ref\":7}";
  Hostile *self = (Hostile *)data;

  for (gsize length = 1; length < sizeof text; length += 5)
    {
      g_autoptr (Wire) wire = upgrade (self);

      wire_send_frame_head (wire, WIRE_FINAL | WIRE_TEXT, sizeof text - 1, TRUE);
      wire_send (wire, text, length);
      wire_shut (wire);
      g_clear_pointer (&wire, wire_free);
    }
  {
    g_autoptr (Wire) wire = upgrade (self);

    /* with a ping between the pieces, as is allowed */
    wire_send_frame (wire, WIRE_TEXT, text, 5);
    wire_send_frame (wire, WIRE_FINAL | WIRE_PING, "x", 1);
    wire_send_frame (wire, WIRE_FINAL | WIRE_CONTINUATION, text + 5, sizeof text - 1 - 5);
    json_object_unref (read_answer (wire, "pong", 7, "a ping in two pieces"));
  }
  hostile_assert_alive (self);
}

/* RFC 6455 §5.1: a client's frames are masked. */
static void
test_unmasked (gconstpointer data)
{
  static const char text[] = "{\"op\":\"ping\",\"ref\":1}";
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = upgrade (self);

  wire_send_frame_head (wire, WIRE_FINAL | WIRE_TEXT, sizeof text - 1, FALSE);
  wire_send (wire, text, sizeof text - 1);
  assert_closes (wire, PROTOCOL_ERROR, "a frame without a mask");
}

/* Requests that are wrong: answered one by one, and the connection goes on. */
static void
test_requests (gconstpointer data)
{
  static const struct
  {
    const char *frame;
    guint status;
    const char *problem, *word;
  } cases[] = {
    { "{\"op\":\"dance\",\"ref\":1}", 422, "member-invalid", "op" },
    { "{\"op\":\"publish\",\"ref\":1}", 422, "member-invalid", "record" },
    { "{\"op\":\"publish\",\"ref\":1,\"record\":[]}", 422, "member-invalid", "record" },
    { "{\"op\":\"publish\",\"ref\":1,\"record\":{\"data\":\"x\"}}", 422, "member-invalid", "channel" },
    { "{\"op\":\"publish\",\"ref\":1,\"record\":{\"channel\":\"Nowhere\",\"data\":\"x\"}}", 422, "member-invalid",
      "Nowhere" },
    { "{\"op\":\"publish\",\"ref\":1,\"record\":{\"channel\":\"nowhere\",\"data\":\"x\"}}", 404, "channel-unknown",
      "nowhere" },
    { "{\"op\":\"subscribe\",\"ref\":1}", 422, "member-invalid", "topics" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[]}", 422, "member-invalid", "topics" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":\"chat\"}", 422, "member-invalid", "topics" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[7]}", 422, "member-invalid", "topics" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat\"]}", 422, "member-invalid", "chat" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_rejected\"]}", 422, "member-invalid", "topics" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[\"nowhere\"]}", 404,
      "channel-unknown", "nowhere" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":7}", 422, "member-invalid",
      "channels" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"after\":[]}", 422, "member-invalid",
      "after" },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"after\":{\"general\":\"1\"}}", 422,
      "member-invalid", NULL },
    { "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"after\":{\"general\":-1}}", 422,
      "member-invalid", NULL },
  };
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = upgrade (self);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      send_text (wire, cases[i].frame);
      assert_problem (wire, 1, cases[i].status, cases[i].problem, cases[i].word, cases[i].frame);
    }
  send_text (wire, "{\"op\":\"unsubscribe\",\"ref\":99}");
  json_object_unref (read_answer (wire, "unsubscribed", 99, "the end of what never was"));
  assert_pong (wire, "after all of it");
}

static void
test_too_many (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = upgrade (self);

  for (guint i = 0; i < 64; i++)
    {
      g_autofree char *frame = g_strdup_printf ("{\"op\":\"subscribe\",\"ref\":%u,\"topics\":[\"chat_warnings\"]}", i);

      send_text (wire, frame);
      json_object_unref (read_answer (wire, "subscribed", i, frame));
    }
  send_text (wire, "{\"op\":\"subscribe\",\"ref\":3,\"topics\":[\"chat_warnings\"]}");
  assert_problem (wire, 3, 409, "ref-in-use", "3", "a ref that is in use");
  send_text (wire, "{\"op\":\"subscribe\",\"ref\":64,\"topics\":[\"chat_warnings\"]}");
  assert_problem (wire, 64, 429, "too-many", "64", "the 65th subscription");
  assert_pong (wire, "after too many");
}

/* Every body that is an object, as the record of a publish. */
static void
test_publish (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  g_autoptr (Wire) wire = upgrade (self);
  gint64 ref = 0;

  for (const HostileBody *body = hostile_bodies (); body->name != NULL; body++)
    {
      g_autofree char *frame = NULL;

      /* with a channel of its own, and a ref that would be there twice: that would be another case */
      if (!body->is_object || strstr (body->bytes, "\"channel\"") != NULL || strstr (body->name, "twice") != NULL)
        continue;
      frame = g_strdup_printf ("{\"op\":\"publish\",\"ref\":%" G_GINT64_FORMAT ",\"record\":{\"channel\":\"%s\"%s%s}",
                               ++ref, HOSTILE_CHANNEL, g_str_equal (body->bytes, "{}") ? "" : ",", body->bytes + 1);
      send_text (wire, frame);
      if (body->status != 202)
        assert_problem (wire, ref, body->status, body->problem, body->word, body->name);
      else
        {
          json_object_unref (read_answer (wire, "accepted", ref, body->name));
          hostile_accept (self, body->text);
        }
    }
  assert_pong (wire, "after all of it");
}

void
hostile_add_live (Hostile *self)
{
  g_test_add_data_func ("/hostile/live/protocol-errors", self, test_protocol_errors);
  g_test_add_data_func ("/hostile/live/frames", self, test_frames);
  g_test_add_data_func ("/hostile/live/lengths", self, test_lengths);
  g_test_add_data_func ("/hostile/live/halves", self, test_halves);
  g_test_add_data_func ("/hostile/live/unmasked", self, test_unmasked);
  g_test_add_data_func ("/hostile/live/requests", self, test_requests);
  g_test_add_data_func ("/hostile/live/too-many", self, test_too_many);
  g_test_add_data_func ("/hostile/live/publish", self, test_publish);
}
