/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random calls, valid and not, to every route that the server names, with parameters and members that its description
 * (data/tertulia-v1.openapi.yaml) names: what is new in either is called too. Whatever comes, the answer is no 5xx but
 * 503, and every error a problem; in the end the server stops in order, and no sanitizer has had a word.
 *
 * --seed=… with the seed of a run that failed makes the same calls again.
 */
#include "wire.h"

#include "chat-test-server.h"

#include <gio/gio.h>
#include <string.h>

#define USUAL_S 10
#define FULL_S 600
#define PASSWORD "correct horse battery"
/* After so many calls on a connection a new one is made. */
#define CALLS_A_CONNECTION 50

typedef struct
{
  ChatTestServer *server;
  Wire *wire;
  GPtrArray *routes;     /* of GStrv: method, path, who */
  GPtrArray *parameters; /* names in queries */
  GPtrArray *members;    /* names in bodies */
  GPtrArray *seen;       /* ids and other words that answers have had */
  char *member, *admin;  /* tokens */
  char *before;          /* the call before, for messages */
  GHashTable *statuses;  /* "METHOD PATH" → how many were answered with 2xx */
} Chaos;

static const char *const words[] = {
  "general",
  "ana",
  "admin",
  "eco",
  "nowhere",
  "",
  "0",
  "1",
  "-1",
  "200",
  "201",
  "99999999999999999999",
  "2021-10-10T10:10:10.000Z",
  "yesterday",
  "018f6b8e-0000-7000-8000-0000000000ab",
  "true",
  "null",
  "jsonl",
  "text",
  "csv",
  "hour",
  "messages",
  "blocks",
  "author",
  "granted",
  "member",
  "moderator",
  "closed",
  "😀",
  "ñandú",
  "\u202eana",
  "a\"b'c;--",
  "' OR 1=1 --",
  "\"unbalanced phrase",
  "NEAR(a b) AND OR NOT *",
  "a* \"b c\" -d ^e {f}",
  "<b>&amp;</b>",
  "%s%n",
  "../../etc/passwd",
  "dm.aaaaaaaaaaaaaaaaaaaaaaaaaa",
  "assholes",
  PASSWORD,
};

static guint
pick (guint n)
{
  return (guint)g_test_rand_int_range (0, (gint32)n);
}

static const char *
pick_word (Chaos *self)
{
  if (self->seen->len > 0 && pick (3) == 0)
    return self->seen->pdata[pick (self->seen->len)];
  return words[pick (G_N_ELEMENTS (words))];
}

/*
 * What there is to call
 */

static void
read_routes (Chaos *self)
{
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_auto (GStrv) lines = NULL;

  self->routes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
  g_assert_cmpint (chat_test_server_run (&output, &errors, "--print-routes", NULL), ==, 0);
  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      g_ptr_array_add (self->routes, g_strsplit (lines[i], " ", 3));
  g_assert_cmpuint (self->routes->len, >, 10);
}

/* (transfer full) (element-type utf8): what @pattern finds, each once */
static GPtrArray *
find_names (const char *text, const char *pattern)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) found = NULL;

  for (g_regex_match (regex, text, 0, &found); g_match_info_matches (found); g_match_info_next (found, NULL))
    {
      g_autofree char *name = g_match_info_fetch (found, 1);

      if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
  g_assert_cmpuint (names->len, >, 0);
  return names;
}

static void
read_description (Chaos *self)
{
  g_autofree char *path = g_build_filename (g_getenv ("TERTULIA_DATA_DIR"), "tertulia-v1.openapi.yaml", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  self->parameters = find_names (text, "name: (\\w+), in: query");
  self->members = find_names (text, "\\b([a-z_]+): \\{type:");
}

/*
 * Calls
 */

static char *
make_path (Chaos *self, const char *pattern)
{
  g_autoptr (GString) path = g_string_new (NULL);

  while (*pattern != '\0')
    {
      g_autofree char *escaped = NULL;

      if (*pattern != '{')
        {
          g_string_append_c (path, *pattern++);
          continue;
        }
      escaped = g_uri_escape_string (pick_word (self), NULL, FALSE);
      g_string_append (path, pick (30) == 0 ? "%ff%zz" : escaped);
      pattern = strchr (pattern, '}') + 1;
    }
  for (guint i = 0, n = pick (2) * pick (4); i < n; i++)
    {
      g_autofree char *escaped = g_uri_escape_string (pick_word (self), NULL, FALSE);

      g_string_append_printf (path, "%c%s=%s", i == 0 ? '?' : '&',
                              (char *)self->parameters->pdata[pick (self->parameters->len)], escaped);
    }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

static void
append_value (Chaos *self, GString *text, guint depth)
{
  static const char *const others[]
      = { "null", "true", "false",       "0",          "-1", "3", "1e400", "0.5", "9223372036854775807",
          "[]",   "{}",   "\"\\u0000\"", "\"\\ud800\"" };

  if (depth > 0 && pick (10) == 0)
    {
      g_string_append_c (text, '[');
      for (guint i = 0, n = pick (4); i < n; i++)
        {
          g_string_append (text, i > 0 ? "," : "");
          append_value (self, text, depth - 1);
        }
      g_string_append_c (text, ']');
    }
  else if (pick (3) == 0)
    g_string_append (text, others[pick (G_N_ELEMENTS (others))]);
  else
    {
      g_autofree char *escaped = NULL;
      g_auto (GStrv) parts = g_strsplit (pick_word (self), "\"", -1);

      escaped = g_strjoinv ("\\\"", parts);
      g_string_append_printf (text, "\"%s\"", escaped);
    }
}

/* (nullable): sometimes there is none, and sometimes it is no JSON */
static char *
make_body (Chaos *self)
{
  g_autoptr (GString) text = g_string_new ("{");

  for (guint i = 0, n = pick (6); i < n; i++)
    {
      g_string_append_printf (text, "%s\"%s\":", i > 0 ? "," : "",
                              (char *)self->members->pdata[pick (self->members->len)]);
      append_value (self, text, 3);
    }
  g_string_append (text, "}");
  switch (pick (30))
    {
    case 0:
      return NULL;
    case 1:
      g_string_truncate (text, pick ((guint)text->len));
      break;
    case 2:
      text->str[pick ((guint)text->len)] = (char)g_test_rand_int_range (1, 255);
      break;
    default:
      break;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static const char *
pick_token (Chaos *self)
{
  switch (pick (20))
    {
    case 0:
      return NULL;
    case 1:
      return "guess";
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return self->admin;
    default:
      return self->member;
    }
}

/* What an answer names can be asked for. */
static void
note_words (Chaos *self, const WireAnswer *answer)
{
  g_autoptr (GRegex) regex = g_regex_new ("\"(?:id|name|user|warning|session)\":\"([^\"\\\\]{1,64})\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) found = NULL;

  if (!g_utf8_validate (answer->body, (gssize)answer->length, NULL))
    return;
  for (g_regex_match (regex, answer->body, 0, &found); g_match_info_matches (found); g_match_info_next (found, NULL))
    g_ptr_array_add (self->seen, g_match_info_fetch (found, 1));
  while (self->seen->len > 200)
    g_ptr_array_remove_index_fast (self->seen, pick (self->seen->len));
}

static void
judge (Chaos *self, const WireAnswer *answer, const char *method, const char *pattern, const char *path,
       const char *body)
{
  gboolean faulty = answer == NULL || (answer->status >= 500 && answer->status != 503);
  g_autofree char *said = faulty ? chat_test_server_dup_log (self->server) : NULL;

  if (answer == NULL)
    g_error ("%s %s %s: after %s the service hung up: %s", method, path, body != NULL ? body : "", self->before, said);
  if (faulty || answer->status < 200)
    g_error ("%s %s %s: answered with %u: %s: %s", method, path, body != NULL ? body : "", answer->status, answer->body,
             said);
  /* Wire has read the problem, and is strict; readiness answers 503 with what is missing. */
  if (answer->status >= 400 && *answer->problem == '\0' && !g_str_equal (pattern, "/readyz"))
    g_error ("%s %s %s: %u is no problem: %s", method, path, body != NULL ? body : "", answer->status, answer->body);
  if (answer->status < 300)
    {
      char *key = g_strdup_printf ("%s %s", method, pattern);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->statuses, key)) + 1;

      g_hash_table_replace (self->statuses, key, GUINT_TO_POINTER (n));
      note_words (self, answer);
    }
}

static char *
sign_in (Chaos *self, const char *user, const char *password)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\",\"password\":\"%s\"}", user, password);
  g_autofree char *plain = g_strdup_printf ("{\"user\":\"%s\"}", user);
  g_autoptr (WireAnswer) answer = wire_post_text (self->wire, "/v1/sessions", NULL, password != NULL ? body : plain);
  g_autoptr (GRegex) regex = g_regex_new ("\"token\":\"([^\"]+)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) found = NULL;

  g_assert_nonnull (answer);
  return g_regex_match (regex, answer->body, 0, &found) ? g_match_info_fetch (found, 1) : NULL;
}

/* A call may have ended the session, or taken the account away: then there is another. */
static void
renew_tokens (Chaos *self)
{
  static guint number; /* of the names: never the same twice */
  g_autofree char *name = g_strdup_printf ("person%u", number++);
  g_autofree char *admin = sign_in (self, "admin", PASSWORD);

  g_free (self->member);
  self->member = sign_in (self, name, NULL);
  g_assert_nonnull (self->member);
  if (admin == NULL)
    return;
  g_free (self->admin);
  self->admin = g_steal_pointer (&admin);
}

static void
reconnect (Chaos *self)
{
  g_clear_pointer (&self->wire, wire_free);
  self->wire = wire_connect (chat_test_server_get_uri (self->server));
}

static void
call (Chaos *self)
{
  static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
  const char *const *route = self->routes->pdata[pick (self->routes->len)];
  const char *method = pick (20) == 0 ? methods[pick (G_N_ELEMENTS (methods))] : route[0];
  gboolean with_body = g_str_has_prefix (method, "P") || pick (20) == 0;
  g_autofree char *path = make_path (self, route[1]);
  g_autofree char *body = with_body ? make_body (self) : NULL;
  g_autoptr (WireAnswer) answer = NULL;

  answer = wire_request (self->wire, method, path, pick_token (self), body, body != NULL ? strlen (body) : 0);
  judge (self, answer, method, route[1], path, body);
  g_free (self->before);
  self->before = g_strdup_printf ("%s %s %s (%u)", method, path, body != NULL ? body : "", answer->status);
  /* after these libsoup hangs up */
  if (g_str_equal (answer->problem, "request-invalid") || answer->status == 204)
    reconnect (self);
}

/* The only way to an administrator is a command. */
static void
make_admin (Chaos *self)
{
  g_autofree char *directory
      = g_strconcat ("server.data_directory=", chat_test_server_get_directory (self->server), NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) command = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
                                                      &error, chat_test_server_program (), "--set", directory,
                                                      "account", "create", "admin", "--role", "admin", NULL);

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (command, PASSWORD "\n" PASSWORD "\n", NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (command));
}

static void
check_log (Chaos *self)
{
  static const char *const faults[] = { "AddressSanitizer", "LeakSanitizer", "runtime error:", "level=critical" };
  g_autofree char *said = chat_test_server_dup_log (self->server);

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    if (strstr (said, faults[i]) != NULL)
      g_error ("The server had this to say: %s", strstr (said, faults[i]));
}

static void
test_chaos (void)
{
  /* little memory for a password: it is hashed again and again */
  const char *const settings[] = { "sessions.password_memory=8MiB", NULL };
  gint64 end = g_get_monotonic_time ();
  Chaos self = { .seen = g_ptr_array_new_with_free_func (g_free),
                 .statuses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };
  guint calls = 0;

  end += (g_getenv ("TERTULIA_TEST_FULL") != NULL ? FULL_S : USUAL_S) * G_TIME_SPAN_SECOND;
  read_routes (&self);
  read_description (&self);
  self.server = chat_test_server_new (settings);
  chat_test_server_start (self.server);
  make_admin (&self);
  while (g_get_monotonic_time () < end)
    {
      if (calls % CALLS_A_CONNECTION == 0)
        reconnect (&self);
      if (calls % (4 * CALLS_A_CONNECTION) == 0)
        renew_tokens (&self);
      call (&self);
      calls++;
    }
  g_test_message ("%u calls; %u of %u routes have answered with 2xx", calls, g_hash_table_size (self.statuses),
                  self.routes->len);
  g_assert_cmpuint (g_hash_table_size (self.statuses), >, self.routes->len / 3);
  wire_free (self.wire);
  chat_test_server_stop (self.server);
  check_log (&self);
  chat_test_server_free (self.server);
  g_ptr_array_unref (self.routes);
  g_ptr_array_unref (self.parameters);
  g_ptr_array_unref (self.members);
  g_ptr_array_unref (self.seen);
  g_hash_table_unref (self.statuses);
  g_free (self.before);
  g_free (self.member);
  g_free (self.admin);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/random-calls/chaos", test_chaos);
  return g_test_run ();
}
