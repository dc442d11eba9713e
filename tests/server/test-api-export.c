/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A channel's log as a file: whole, or seen to be cut; and no text in it can pass for another's. */
#include "api-test.h"

#include <string.h>
#include <sys/socket.h>

#include "chat-test-call.h"
#include "core/chat-time.h"
#include "server/api/chat-api-csv.h"
#include "server/api/chat-api-export-text.h"

/*
 * Lines and fields
 */

static void
check_line (ChatMessage *message, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_cmpint (chat_api_export_append_text (text, message), ==, expected != NULL);
  g_assert_cmpstr (text->str, ==, expected != NULL ? expected : "");
}

static ChatMessage *
message_new (ChatMessageKind kind, const char *author, const char *data)
{
  ChatMessage *message = chat_message_new (kind);

  chat_message_set_author (message, author);
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, 1000);
  return message;
}

#define T "1970-01-01T00:00:01.000Z "

static void
test_lines (void)
{
  const struct
  {
    ChatMessageKind kind;
    const char *author, *data, *line;
  } cases[] = {
    { CHAT_KIND_MESSAGE, "ana", "hola", T "<ana> hola\n" },
    { CHAT_KIND_NOTICE, "ana", "hola", T "-ana- hola\n" },
    { CHAT_KIND_JOIN, "ana", NULL, T "* ana joined\n" },
    { CHAT_KIND_LEAVE, "ana", NULL, T "* ana left\n" },
    { CHAT_KIND_TOPIC, "ana", "de todo", T "* ana set the topic: de todo\n" },
    { CHAT_KIND_REACTION, "ana", "👍", NULL },
    { CHAT_KIND_EDIT, "ana", "x", NULL },
    { CHAT_KIND_DELETE, "ana", NULL, NULL },
    /* What would forge a line, or the name before a text. */
    { CHAT_KIND_MESSAGE, "ana", "hola\n" T "<luis> sí", T "<ana> hola\n\t" T "<luis> sí\n" },
    { CHAT_KIND_MESSAGE, "ana",
      "a\u2028b\u2029c\xc2\x85"
      "d\re",
      T "<ana> a\n\tb\n\tc\n\td\n\te\n" },
    { CHAT_KIND_MESSAGE, "ana", "\n# 7 lines\n", T "<ana> \n\t# 7 lines\n\t\n" },
    { CHAT_KIND_MESSAGE, "a> hola <luis", "x", T "<a\ufffd hola \ufffdluis> x\n" },
    { CHAT_KIND_JOIN, "a\n" T "<luis", NULL, T "* a\ufffd" T "\ufffdluis joined\n" },
    { CHAT_KIND_MESSAGE, NULL, "de nadie", T "<> de nadie\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ChatMessage) message = message_new (cases[i].kind, cases[i].author, cases[i].data);

      check_line (message, cases[i].line);
    }
}

static void
test_clocks (void)
{
  g_autoptr (ChatMessage) message = message_new (CHAT_KIND_MESSAGE, "ana", "[deleted] hola");
  ChatMessageState *state = chat_message_state_new ();

  chat_message_set_sent (message, 500);
  state->edited = 2000;
  chat_message_take_state (message, state);
  check_line (message, T "[sent 1970-01-01T00:00:00.500Z] [edited 1970-01-01T00:00:02.000Z] <ana> [deleted] hola\n");
  state = chat_message_state_new ();
  state->deleted = 3000;
  state->deleted_by = g_strdup ("lu]is");
  chat_message_take_state (message, state);
  chat_message_set_data (message, "");
  check_line (message, T "[sent 1970-01-01T00:00:00.500Z] [deleted 1970-01-01T00:00:03.000Z] [by lu\ufffdis] <ana> \n");
}

static void
test_csv (void)
{
  static const struct
  {
    const char *text, *field;
  } cases[] = {
    { "ana", "ana" },
    { "", "" },
    { "ana maría", "\"ana maría\"" },
    { "a,b", "\"a,b\"" },
    { "a\"b", "\"a\"\"b\"" },
    { "a\r\nb", "\"a\r\nb\"" },
    { "=1+1", "\"'=1+1\"" },
    { "+1", "\"'+1\"" },
    { "-1", "\"'-1\"" },
    { "@SUM(A1)", "\"'@SUM(A1)\"" },
    { "\t=1", "\"'\t=1\"" },
    { "  =1", "\"'  =1\"" },
    { "\r=1", "\"'\r=1\"" },
    { "＝1", "\"'＝1\"" },
    { "=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      chat_api_csv_append (text, cases[i].text);
      g_assert_cmpstr (text->str, ==, cases[i].field);
    }
}

/*
 * Over HTTP
 */

static char *export(ApiTest *self, const char *token, const char *query)
{
  g_autofree char *path = g_strconcat ("/v1/export?", query, NULL);

  return api_test_call_raw (self, "GET", path, token, NULL, NULL, 0);
}

static void
check_last_line (const char *text, const char *expected)
{
  g_assert_true (g_str_has_suffix (text, expected));
  g_assert_true (strlen (text) == strlen (expected) || text[strlen (text) - strlen (expected) - 1] == '\n');
}

static guint
count_lines (const char *text)
{
  guint n = 0;

  for (; *text != '\0'; text++)
    n += *text == '\n';
  return n;
}

static void
test_formats (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *empty = NULL, *jsonl = NULL, *text = NULL;

  api_test_channel (self, ana, "general");
  empty = export(self, ana, "channel=general");
  g_assert_cmpstr (empty, ==, "{\"records\":0}\n");
  for (guint i = 0; i < 250; i++) /* some pages */
    g_free (api_test_post (self, ana, "general", i % 2 ? "hola" : "una\\nforja 2021-10-10T10:10:10.000Z <luis> x"));
  api_test_wait_head (self, ana, "general", 250);
  jsonl = export(self, ana, "channel=general&format=jsonl");
  g_assert_cmpuint (self->status, ==, 200);
  g_assert_cmpstr (self->content_type, ==, "application/jsonl");
  g_assert_cmpuint (count_lines (jsonl), ==, 251);
  check_last_line (jsonl, "{\"records\":250}\n");
  text = export(self, ana, "channel=general&format=text");
  g_assert_cmpstr (self->content_type, ==, "text/plain; charset=utf-8");
  g_assert_cmpuint (count_lines (text), ==, 376);
  check_last_line (text, "# 250 lines\n");
  for (const char *line = text; (line = strstr (line, "<luis>")) != NULL; line++)
    g_assert_true (g_utf8_prev_char (line)[0] == ' ');
  api_test_expect (self, "HEAD", "/v1/export?channel=general", ana, NULL, 200, NULL);
}

static void
test_range (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *middle = NULL, *query = NULL, *before = NULL, *after = NULL, *none = NULL, *future = NULL;
  g_autoptr (JsonObject) page = NULL;

  api_test_channel (self, ana, "general");
  for (guint i = 0; i < 3; i++)
    {
      gint64 posted;

      g_free (api_test_post (self, ana, "general", "hola"));
      posted = chat_time_now ();
      while (chat_time_now () == posted) /* the next one has a later millisecond */
        ;
    }
  api_test_wait_head (self, ana, "general", 3);
  page = api_test_call (self, "GET", "/v1/channels/general/messages", ana, NULL);
  middle = g_strdup (
      json_object_get_string_member (json_array_get_object_element (json_object_get_array_member (page, "messages"), 1),
                                     "timestamp"));
  query = g_strconcat ("channel=general&until=", middle, NULL);
  before = export(self, ana, query);
  check_last_line (before, "{\"records\":1}\n");
  g_free (query);
  query = g_strconcat ("channel=general&since=", middle, NULL);
  after = export(self, ana, query);
  check_last_line (after, "{\"records\":2}\n");
  none = export(self, ana, "channel=general&until=1999-01-01T00:00:00Z");
  g_assert_cmpstr (none, ==, "{\"records\":0}\n");
  future = export(self, ana, "channel=general&since=2999-01-01T00:00:00Z");
  g_assert_cmpstr (future, ==, "{\"records\":0}\n");
}

static void
test_refused (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *eva = api_test_log_in (self, "eva");
  g_autofree char *private = NULL, *own = NULL;
  g_autoptr (JsonObject) made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"ana\"]}");

  private = g_strdup_printf ("/v1/export?channel=%s", json_object_get_string_member (made, "name"));
  api_test_expect (self, "GET", private, eva, NULL, 404, "channel-unknown");
  own = export(self, ana, strchr (private, '?') + 1);
  g_assert_cmpuint (self->status, ==, 200);
  api_test_expect (self, "GET", "/v1/export", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/export?channel=nada", ana, NULL, 404, "channel-unknown");
  api_test_expect (self, "GET", "/v1/export?channel=../x", ana, NULL, 422, "member-invalid");
  api_test_expect (self, "GET", "/v1/export?channel=general&format=xml", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/export?channel=general&since=ayer", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/export?channel=general&color=7", ana, NULL, 400, "parameter-invalid");
}

/* A client that takes its bytes when it wants to. */
typedef struct
{
  GSocketConnection *connection;
  GString *text;
} Reader;

static Reader *
reader_new (ApiTest *self, const char *token, const char *path)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autofree char *head
      = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, token);
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *awaited = NULL;
  Reader *reader = g_new0 (Reader, 1);

  g_socket_client_connect_to_uri_async (client, chat_api_get_uri (self->api), 80, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the connection");
  reader->connection = g_socket_client_connect_to_uri_finish (client, result, NULL);
  g_assert_nonnull (reader->connection);
  g_socket_set_option (g_socket_connection_get_socket (reader->connection), SOL_SOCKET, SO_RCVBUF, 262144, NULL);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (reader->connection)), head,
                                            strlen (head), NULL, NULL, NULL));
  reader->text = g_string_new (NULL);
  return reader;
}

static void
reader_free (Reader *self)
{
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_object_unref (self->connection);
  g_string_free (self->text, TRUE);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reader, reader_free)

/* FALSE at the end, or where the connection was cut. */
static gboolean
reader_read (Reader *self)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));
  char buffer[65536];
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  gssize n;

  g_input_stream_read_async (stream, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "some bytes");
  n = g_input_stream_read_finish (stream, result, NULL);
  if (n > 0)
    g_string_append_len (self->text, buffer, n);
  return n > 0;
}

/* A few megabytes: more than what the sockets take in advance. */
static void
fill (ApiTest *self, const char *token, const char *channel)
{
  g_autofree char *text = g_strnfill (8000, 'a');
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  g_autoptr (GArray) results = NULL;

  api_test_channel (self, token, channel);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", i);

      g_ptr_array_add (messages, role_test_message (&self->role, "ana", channel, id, text));
    }
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (self->role.sqlite), NULL, messages);
  g_assert_cmpuint (results->len, ==, 1000);
}

static gboolean
is_whole (Reader *reader)
{
  return g_str_has_suffix (reader->text->str, "\r\n0\r\n\r\n");
}

/* The store fails in the middle: the reader sees it by the missing end, and others go on. */
static void
test_store_fails (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (Reader) reader = NULL;

  fill (self, ana, "general");
  reader = reader_new (self, ana, "/v1/export?channel=general");
  while (reader->text->len < 20000)
    g_assert_true (reader_read (reader));
  g_assert_true (chat_test_call (chat_store_close, self->role.sqlite, NULL));
  while (reader_read (reader))
    ;
  g_assert_false (is_whole (reader));
  g_assert_null (strstr (reader->text->str, "{\"records\":"));
  g_assert_cmpuint (reader->text->len, <, 8000000);
  api_test_expect (self, "GET", "/v1/workspace", NULL, NULL, 200, NULL);
  g_assert_true (chat_test_call (chat_store_open, self->role.sqlite, NULL));
}

/* One that goes in the middle, and one that takes its time: neither holds up others. */
static void
test_slow_reader (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (Reader) slow = NULL, gone = NULL;

  fill (self, ana, "general");
  gone = reader_new (self, ana, "/v1/export?channel=general");
  g_assert_true (reader_read (gone));
  g_clear_pointer (&gone, reader_free);
  slow = reader_new (self, ana, "/v1/export?channel=general");
  g_assert_true (reader_read (slow));
  g_free (api_test_post (self, ana, "general", "hola")); /* too late for it */
  api_test_wait_head (self, ana, "general", 1001);
  while (!is_whole (slow))
    g_assert_true (reader_read (slow));
  g_assert_nonnull (strstr (slow->text->str, "{\"records\":1000}\n"));
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/api/export/lines", test_lines);
  g_test_add_func ("/api/export/clocks", test_clocks);
  g_test_add_func ("/api/export/csv", test_csv);
  ADD ("/api/export/formats", test_formats);
  ADD ("/api/export/range", test_range);
  ADD ("/api/export/refused", test_refused);
  ADD ("/api/export/store-fails", test_store_fails);
  ADD ("/api/export/slow-reader", test_slow_reader);
  return g_test_run ();
}
