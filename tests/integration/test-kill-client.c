/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desktop is killed while its user writes, again and again. Its outbox goes on where it was: what had been written to
 * the disk arrives, once and in order; what had not may be missing, and nothing else is there.
 */
#include "person.h"
#include "stored.h"
#include "wire.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "chat-test-loop.h"
#include "chat-test-server.h"

#define CHANNEL "general"
#define NAME "ana"
#define KILLS 30
/* So many times as many with TERTULIA_TEST_FULL. */
#define FULL 4
/* How many messages are on the disk at most before a desktop is killed, and how many wait for the service at most. */
#define MOST_KEPT 80
#define WAITING 40

/*
 * The desktop that is killed. It tells what it does, a line each: "writing N" before it hands over the text N, "kept N"
 * once that is on the disk.
 */

typedef struct
{
  Person *person;
  GHashTable *kept; /* (element-type utf8): ids that it has told of */
  guint first;
} Desktop;

/* At once: what is in the pipe outlives the process. */
static void
tell (const char *what, guint number)
{
  g_autofree char *line = g_strdup_printf ("%s %u\n", what, number);

  if (write (STDOUT_FILENO, line, strlen (line)) != (gssize)strlen (line))
    _exit (1);
}

static void
item_changed_cb (ChatMessageItem *item, gpointer user_data)
{
  Desktop *self = user_data;
  ChatMessage *message = chat_message_item_get_message (item);
  guint number;

  if (message == NULL)
    return; /* a card about one */
  number = (guint)atoi (chat_message_get_data (message) + strlen (NAME ", line "));
  if (chat_message_item_get_delivery (item) == CHAT_DELIVERY_NONE || number < self->first
      || !g_hash_table_add (self->kept, g_strdup (chat_message_get_id (message))))
    return;
  tell ("kept", number);
}

static void
items_changed_cb (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (model, i);

      g_signal_handlers_disconnect_by_data (item, user_data);
      g_signal_connect (item, "changed", G_CALLBACK (item_changed_cb), user_data);
      item_changed_cb (item, user_data);
    }
}

static void G_GNUC_NORETURN
run_desktop (const char *uri, const char *directory, const char *token, guint first)
{
  Desktop self
      = { person_new (NAME, directory, uri), g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL), first };
  ChatTimeline *timeline;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  self.person->written = first;
  g_free (person_sign_in (self.person, token));
  timeline = person_watch (self.person, CHANNEL);
  g_signal_connect (timeline, "items-changed", G_CALLBACK (items_changed_cb), &self);
  for (;;)
    {
      Person *person = self.person;

      while (person->waiting < WAITING && person->written - first < WAITING + g_hash_table_size (self.kept))
        {
          tell ("writing", self.person->written);
          person_write (self.person, CHANNEL);
        }
      g_main_context_iteration (NULL, TRUE);
    }
}

/* The one that kills, and keeps the ledger */

typedef struct
{
  char *uri;
  char *directory; /* the desktop's */
  char *token;
  guint written; /* texts 0 … written - 1 were handed over, the last perhaps not */
  GHashTable *kept;
} Ledger;

/* Notes one line; returns whether it is "kept". */
static gboolean
note (Ledger *self, const char *line)
{
  guint number = (guint)atoi (strchr (line, ' ') + 1);

  if (g_str_has_prefix (line, "kept "))
    {
      g_hash_table_add (self->kept, GUINT_TO_POINTER (number));
      return TRUE;
    }
  self->written = MAX (self->written, number + 1);
  return FALSE;
}

/* @kept: it is killed once so many are on the disk; 0: after @milliseconds, wherever it is then. */
static void
run_and_kill (Ledger *self, guint kept, guint milliseconds)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *first = g_strdup_printf ("%u", self->written);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--desktop",
                                                    self->uri, self->directory, self->token, first, NULL);
  g_autoptr (GDataInputStream) output = NULL;
  char *line;

  g_assert_no_error (error);
  if (kept == 0)
    {
      chat_test_run_for (milliseconds);
      g_subprocess_force_exit (child);
    }
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
  for (guint i = 0; (line = g_data_input_stream_read_line (output, NULL, NULL, NULL)) != NULL; g_free (line))
    if (note (self, line) && ++i == kept)
      g_subprocess_force_exit (child);
  g_subprocess_wait (child, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_signaled (child));
  g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
}

/* Against the ledger: what was kept is there; all that is there was written, each once and in order. */
static void
assert_ledger (const Ledger *self, const char *server)
{
  g_autoptr (GPtrArray) stored = stored_read (server, CHANNEL);
  g_autoptr (GHashTable) missing = g_hash_table_new (NULL, NULL);
  guint next = 0, swears = 0;
  GHashTableIter iter;
  gpointer number;

  g_hash_table_iter_init (&iter, self->kept);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    g_hash_table_add (missing, number);
  stored_assert_contiguous (stored);
  for (guint i = 0; i < stored->len; i++)
    {
      const StoredMessage *message = stored->pdata[i];
      guint found = (guint)atoi (message->data + strlen (NAME ", line "));
      g_autofree char *text = person_text_seen (NAME, found);

      g_assert_cmpstr (message->author, ==, NAME);
      g_assert_cmpstr (message->data, ==, text);
      g_assert_cmpuint (found, >=, next);
      g_assert_cmpuint (found, <, self->written);
      swears += strchr (text, '*') != NULL ? 1 : 0;
      next = found + 1;
      g_hash_table_remove (missing, GUINT_TO_POINTER (found));
    }
  stored_assert_strikes (server, NAME, swears);
  if (g_hash_table_size (missing) > 0)
    {
      g_hash_table_iter_init (&iter, missing);
      g_hash_table_iter_next (&iter, &number, NULL);
      g_error ("%u messages that were on the desktop’s disk never arrived, such as “line %u” of %u",
               g_hash_table_size (missing), GPOINTER_TO_UINT (number), self->written);
    }
}

static gboolean
nothing_waits (gpointer data)
{
  const Person *person = data;

  return person->waiting == 0;
}

/* The desktop's last run, which nobody ends: its outbox empties, and it sees what the store has. */
static void
run_to_the_end (Ledger *self, const char *server)
{
  g_autoptr (Person) person = person_new (NAME, self->directory, self->uri);
  g_autofree char *token = person_sign_in (person, self->token);
  g_autofree char *last = person_text_seen (NAME, self->written);
  g_autoptr (GPtrArray) stored = NULL;
  g_autoptr (GPtrArray) seen = NULL;

  chat_test_wait_until (nothing_waits, person, "the outbox to be empty");
  person->written = self->written;
  person_write (person, CHANNEL);
  g_hash_table_add (self->kept, GUINT_TO_POINTER (self->written++));
  stored_wait_text (server, CHANNEL, last);
  assert_ledger (self, server);
  stored = stored_read (server, CHANNEL);
  seen = person_read_all (person, CHANNEL);
  stored_assert_same (seen, stored);
  person_close (person);
}

static char *
sign_in (const char *uri)
{
  g_autoptr (Wire) wire = wire_connect (uri);

  return wire_sign_in (wire, NAME);
}

static void
test_kill_client (void)
{
  const char *const settings[] = { "moderation.limit=1000", NULL }; /* nobody is blocked */
  g_autoptr (ChatTestServer) server = chat_test_server_new (settings);
  guint kills = KILLS * (g_getenv ("TERTULIA_TEST_FULL") != NULL ? FULL : 1);
  Ledger ledger = { .directory = chat_test_server_dup_path (server, "desktop"), .kept = g_hash_table_new (NULL, NULL) };

  chat_test_server_start (server);
  ledger.uri = g_strdup (chat_test_server_get_uri (server));
  ledger.token = sign_in (ledger.uri);
  for (guint i = 0; i < kills; i++)
    if (i % 5 == 4)
      run_and_kill (&ledger, 0, (guint)g_test_rand_int_range (0, 150));
    else
      run_and_kill (&ledger, (guint)g_test_rand_int_range (1, MOST_KEPT), 0);
  run_to_the_end (&ledger, chat_test_server_get_directory (server));
  chat_test_server_stop (server);
  g_hash_table_unref (ledger.kept);
  g_free (ledger.token);
  g_free (ledger.directory);
  g_free (ledger.uri);
}

int
main (int argc, char *argv[])
{
  if (argc == 6 && g_str_equal (argv[1], "--desktop"))
    run_desktop (argv[2], argv[3], argv[4], (guint)atoi (argv[5]));
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/integration/kill-client", test_kill_client);
  return g_test_run ();
}
