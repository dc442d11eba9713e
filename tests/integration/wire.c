/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define TIMEOUT_SECONDS 10
#define PROBLEMS "https://tertulia.chat/problems/"

Wire *
wire_connect (const char *uri)
{
  Wire *self = g_new0 (Wire, 1);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;

  self->connection = g_socket_client_connect_to_uri (client, uri, 80, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (g_socket_connection_get_socket (self->connection), TIMEOUT_SECONDS);
  self->input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)));
  g_data_input_stream_set_newline_type (self->input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  return self;
}

void
wire_free (Wire *self)
{
  g_object_unref (self->input);
  g_object_unref (self->connection);
  g_free (self);
}

void
wire_send (Wire *self, const void *bytes, gsize length)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)), bytes, length, NULL, NULL,
                             NULL);
}

void
wire_send_text (Wire *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  wire_send (self, text, strlen (text));
}

void
wire_shut (Wire *self)
{
  g_socket_shutdown (g_socket_connection_get_socket (self->connection), FALSE, TRUE, NULL);
}

/* A service that says nothing is a fault; one that hangs up is an answer. */
void
wire_check (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_error ("The service said nothing for %d seconds", TIMEOUT_SECONDS);
}

static char *
read_line (Wire *self)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line (self->input, NULL, NULL, &error);

  wire_check (error);
  return line;
}

gboolean
wire_read_all (Wire *self, void *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  gsize n_read = 0;

  g_input_stream_read_all (G_INPUT_STREAM (self->input), bytes, length, &n_read, NULL, &error);
  wire_check (error);
  return n_read == length;
}

static void
read_problem (WireAnswer *answer)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *problem;
  const char *type;

  answer->problem = g_strdup ("");
  if (g_strcmp0 (answer->type, "application/problem+json") != 0)
    return;
  node = json_from_string (answer->body, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    g_error ("A problem that is not a JSON object: %s", answer->body);
  problem = json_node_get_object (node);
  type = json_object_get_string_member (problem, "type");
  if (!g_str_has_prefix (type, PROBLEMS))
    g_error ("A problem of a type that is not ours: %s", answer->body);
  g_assert_cmpint (json_object_get_int_member_with_default (problem, "status", answer->status), ==, answer->status);
  g_assert_cmpstr (json_object_get_string_member (problem, "title"), !=, "");
  g_free (answer->problem);
  answer->problem = g_strdup (type + strlen (PROBLEMS));
  answer->detail = g_strdup (json_object_get_string_member (problem, "detail"));
  g_assert_cmpstr (answer->detail, !=, "");
}

/* RFC 9112 §7.1; FALSE where it ends too early. */
static gboolean
read_chunks (Wire *self, WireAnswer *answer)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  for (;;)
    {
      g_autofree char *head = read_line (self);
      guint length = head != NULL ? (guint)g_ascii_strtoull (head, NULL, 16) : 0;
      g_autofree char *end = NULL;

      if (head == NULL)
        return FALSE;
      g_byte_array_set_size (body, body->len + length);
      if (!wire_read_all (self, body->data + body->len - length, length) || (end = read_line (self)) == NULL)
        return FALSE;
      if (length == 0)
        break;
    }
  answer->length = body->len;
  answer->body = g_strndup ((const char *)body->data, body->len);
  read_problem (answer);
  return TRUE;
}

WireAnswer *
wire_read_answer (Wire *self)
{
  g_autofree char *first = read_line (self);
  g_autoptr (WireAnswer) answer = NULL;
  gboolean chunked = FALSE;
  char *line;

  if (first == NULL)
    return NULL;
  if (!g_str_has_prefix (first, "HTTP/1.1 ") && !g_str_has_prefix (first, "HTTP/1.0 "))
    g_error ("Not the first line of an answer: %s", first);
  answer = g_new0 (WireAnswer, 1);
  answer->status = (guint)g_ascii_strtoull (first + strlen ("HTTP/1.1 "), NULL, 10);
  while ((line = read_line (self)) != NULL && *line != '\0')
    {
      if (g_ascii_strncasecmp (line, "Content-Type: ", strlen ("Content-Type: ")) == 0)
        answer->type = g_strdup (line + strlen ("Content-Type: "));
      else if (g_ascii_strncasecmp (line, "Content-Length: ", strlen ("Content-Length: ")) == 0)
        answer->length = g_ascii_strtoull (line + strlen ("Content-Length: "), NULL, 10);
      else if (g_ascii_strcasecmp (line, "Transfer-Encoding: chunked") == 0)
        chunked = TRUE;
      g_free (line);
    }
  g_free (line);
  if (chunked)
    return read_chunks (self, answer) ? g_steal_pointer (&answer) : NULL;
  answer->body = g_malloc0 (answer->length + 1);
  if (!wire_read_all (self, answer->body, answer->length))
    return NULL;
  read_problem (answer);
  return g_steal_pointer (&answer);
}

void
wire_answer_free (WireAnswer *self)
{
  g_free (self->type);
  g_free (self->body);
  g_free (self->problem);
  g_free (self->detail);
  g_free (self);
}

WireAnswer *
wire_request (Wire *self, const char *method, const char *path, const char *token, const void *body, gsize length)
{
  g_autoptr (GString) request = g_string_new (NULL);

  g_string_append_printf (request, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);
  if (token != NULL)
    g_string_append_printf (request, "Authorization: Bearer %s\r\n", token);
  if (body != NULL)
    g_string_append_printf (request, "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n",
                            length);
  g_string_append (request, "\r\n");
  if (body != NULL)
    g_string_append_len (request, body, (gssize)length);
  wire_send (self, request->str, request->len);
  return wire_read_answer (self);
}

WireAnswer *
wire_post_text (Wire *self, const char *path, const char *token, const char *text)
{
  return wire_request (self, "POST", path, token, text, strlen (text));
}

char *
wire_sign_in (Wire *self, const char *user)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\"}", user);
  g_autoptr (WireAnswer) answer = wire_post_text (self, "/v1/sessions", NULL, body);
  g_autoptr (JsonNode) node = NULL;

  if (answer == NULL || answer->status != 201)
    g_error ("%s can't sign in: %s", user, answer != NULL ? answer->body : "the service closed the connection");
  node = json_from_string (answer->body, NULL);
  return g_strdup (json_object_get_string_member (json_node_get_object (node), "token"));
}
