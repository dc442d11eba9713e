/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything that should not be sent, put upon one server, as REST and on the live feed. Each is answered with the
 * right problem or the right code; after all of it the server works as before, and the store has exactly what was
 * accepted.
 */
#include "hostile.h"
#include "stored.h"

#include <string.h>

Wire *
hostile_connect (Hostile *self)
{
  return wire_connect (chat_test_server_get_uri (self->server));
}

void
hostile_accept (Hostile *self, const char *text)
{
  g_ptr_array_add (self->accepted, g_strdup (text));
}

void
hostile_assert_answer (const WireAnswer *answer, guint status, const char *problem, const char *word, const char *what)
{
  if (answer == NULL)
    g_error ("%s: the service closed the connection; %u %s is right", what, status, problem);
  if (answer->status != status || g_strcmp0 (answer->problem, problem) != 0)
    g_error ("%s: answered with %u %s, not with %u %s: %s", what, answer->status, answer->problem, status, problem,
             answer->body);
  if (word != NULL && strstr (answer->detail, word) == NULL)
    g_error ("%s: “%s” does not say “%s”", what, answer->detail, word);
}

void
hostile_assert_alive (Hostile *self)
{
  g_autoptr (Wire) wire = hostile_connect (self);
  g_autofree char *text = g_strdup_printf ("still here, for the %u. time", self->accepted->len);
  g_autofree char *body = g_strdup_printf ("{\"data\":\"%s\"}", text);
  g_autoptr (WireAnswer) answer = wire_post_text (wire, HOSTILE_MESSAGES, self->token, body);

  hostile_assert_answer (answer, 202, "", NULL, text);
  hostile_accept (self, text);
}

/* The last of all: the ledger against the store, and what the server had to say. */
static void
test_nothing_lost (gconstpointer data)
{
  Hostile *self = (Hostile *)data;
  g_autoptr (GPtrArray) stored = NULL;
  g_autofree char *said = NULL;

  hostile_assert_alive (self);
  stored_wait_count (chat_test_server_get_directory (self->server), HOSTILE_CHANNEL, self->accepted->len);
  chat_test_server_stop (self->server);
  stored = stored_read (chat_test_server_get_directory (self->server), HOSTILE_CHANNEL);
  stored_assert_contiguous (stored);
  g_assert_cmpuint (stored->len, ==, self->accepted->len);
  for (guint i = 0; i < stored->len; i++)
    {
      const StoredMessage *message = stored->pdata[i];

      g_assert_cmpstr (message->author, ==, HOSTILE_USER);
      g_assert_cmpstr (message->data, ==, self->accepted->pdata[i]);
    }
  said = chat_test_server_dup_log (self->server);
  if (strstr (said, "level=critical") != NULL || strstr (said, "level=warning") != NULL)
    g_error ("Bad input is no fault of the server’s own, but it said: %s", said);
}

int
main (int argc, char *argv[])
{
  Hostile self = { 0 };
  int status;

  g_test_init (&argc, &argv, NULL);
  self.server = chat_test_server_new (NULL);
  chat_test_server_start (self.server);
  self.accepted = g_ptr_array_new_with_free_func (g_free);
  {
    g_autoptr (Wire) wire = hostile_connect (&self);

    self.token = wire_sign_in (wire, HOSTILE_USER);
  }
  hostile_add_rest (&self);
  hostile_add_live (&self);
  g_test_add_data_func ("/hostile/end/nothing-lost", &self, test_nothing_lost);
  status = g_test_run ();

  chat_test_server_free (self.server);
  g_ptr_array_unref (self.accepted);
  g_free (self.token);
  return status;
}
