/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server is killed in the middle of a conversation, again and again. Nothing that was written may be lost, doubled
 * or out of order: neither in the store, as SQLite itself reads it, nor in what the two at their desktops see. And
 * whoever swears gets one strike for it.
 */
#include "person.h"
#include "stored.h"

#include "chat-test-loop.h"
#include "chat-test-server.h"

#define CHANNEL "general"
#define PEOPLE 2
#define KILLS 20
#define MESSAGES 5000
/* So many times as many with TERTULIA_TEST_FULL. */
#define FULL 4
/* How many messages of one person wait for the service at most, as if he wrote them one after the other. */
#define WAITING 40
/* How long after its turn has come a kill falls at the latest, and one that falls while the server starts. */
#define KILL_DELAY_MS 30
#define START_KILL_DELAY_MS 120

static const char *const names[PEOPLE] = { "ana", "bob" };

typedef struct
{
  ChatTestServer *server;
  Person *people[PEOPLE];
  guint messages; /* in all */
  guint wanted;   /* how many of them are to be accepted before the test goes on */
  guint pumping;
} Case;

static guint
count_accepted (Case *self)
{
  guint accepted = 0;

  for (guint i = 0; i < PEOPLE; i++)
    accepted += self->people[i]->accepted;
  return accepted;
}

/* Everybody writes on as soon as some of what he wrote has been accepted. */
static gboolean
pump_cb (gpointer user_data)
{
  Case *self = user_data;

  for (guint i = 0; i < PEOPLE; i++)
    {
      Person *person = self->people[i];

      while (person->written < self->messages / PEOPLE && person->written - person->accepted < WAITING)
        person_write (person, CHANNEL);
    }
  self->pumping = 0;
  return G_SOURCE_REMOVE;
}

static void
waiting_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  Case *self = user_data;

  if (self->pumping == 0)
    self->pumping = g_idle_add (pump_cb, self);
}

static gboolean
has_wanted (gpointer data)
{
  Case *self = data;

  return count_accepted (self) >= self->wanted;
}

/* In steps, since the deadline of a wait is for something to happen, not for all of it. */
static void
wait_accepted (Case *self, guint wanted)
{
  while (self->wanted < wanted)
    {
      self->wanted = MIN (wanted, self->wanted + 100);
      chat_test_wait_until (has_wanted, self, "the service to accept messages");
    }
}

static void
start_server (Case *self)
{
  chat_test_server_start (self->server);
  for (guint i = 0; i < PEOPLE; i++)
    {
      chat_workspace_set_uri (self->people[i]->workspace, chat_test_server_get_uri (self->server));
      chat_workspace_reconnect_now (self->people[i]->workspace);
    }
}

/* Within @delay_ms from now. */
static void
kill_server (Case *self, guint delay_ms)
{
  chat_test_run_for ((guint)g_test_rand_int_range (0, (gint32)delay_ms));
  chat_test_server_kill (self->server);
}

static Case *
case_new (guint messages)
{
  /* another port each time, as an embedded server has it: the old one may be taken by now; and nobody is blocked */
  const char *const settings[] = { "server.port=0", "moderation.limit=1000", NULL };
  Case *self = g_new0 (Case, 1);

  self->server = chat_test_server_new (settings);
  self->messages = messages;
  chat_test_server_start (self->server);
  for (guint i = 0; i < PEOPLE; i++)
    {
      g_autofree char *directory = chat_test_server_dup_path (self->server, names[i]);
      g_autofree char *token = NULL;

      self->people[i] = person_new (names[i], directory, chat_test_server_get_uri (self->server));
      token = person_sign_in (self->people[i], NULL);
    }
  for (guint i = 0; i < PEOPLE; i++)
    {
      g_signal_connect (self->people[i]->workspace, "notify::queued", G_CALLBACK (waiting_cb), self);
      person_watch (self->people[i], CHANNEL);
    }
  return self;
}

static void
case_free (Case *self)
{
  for (guint i = 0; i < PEOPLE; i++)
    {
      g_signal_handlers_disconnect_by_data (self->people[i]->workspace, self);
      person_close (self->people[i]);
      person_free (self->people[i]);
    }
  g_clear_handle_id (&self->pumping, g_source_remove);
  chat_test_server_stop (self->server);
  chat_test_server_free (self->server);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Case, case_free)

/* Against the ledger: each author's texts from the first to the last, each once, and nothing else. */
static void
assert_ledger (Case *self, GPtrArray *stored)
{
  guint next[PEOPLE] = { 0 };

  for (guint i = 0; i < stored->len; i++)
    {
      const StoredMessage *message = stored->pdata[i];
      guint who = g_strcmp0 (message->author, names[0]) == 0 ? 0 : 1;
      g_autofree char *text = person_text_seen (names[who], next[who]++);

      g_assert_cmpstr (message->author, ==, names[who]);
      g_assert_cmpstr (message->data, ==, text);
    }
  for (guint i = 0; i < PEOPLE; i++)
    g_assert_cmpuint (next[i], ==, self->messages / PEOPLE);
}

static void
assert_nothing_lost (Case *self)
{
  const char *directory = chat_test_server_get_directory (self->server);
  g_autoptr (GPtrArray) stored = NULL;

  stored_wait_count (directory, CHANNEL, self->messages);
  stored = stored_read (directory, CHANNEL);
  stored_assert_contiguous (stored);
  assert_ledger (self, stored);
  for (guint i = 0; i < PEOPLE; i++)
    stored_assert_strikes (directory, names[i], person_swears (self->messages / PEOPLE));
  for (guint i = 0; i < PEOPLE; i++)
    {
      g_autoptr (GPtrArray) seen = person_read_all (self->people[i], CHANNEL);

      stored_assert_same (seen, stored);
    }
}

static void
converse (guint messages, guint kills)
{
  g_autoptr (Case) self = case_new (messages);

  waiting_cb (NULL, NULL, self);
  for (guint i = 0; i < kills; i++)
    {
      /* one kill in each of as many parts of the conversation, somewhere in it */
      wait_accepted (self, messages * i / (kills + 1) + (guint)g_test_rand_int_range (1, (gint32)(messages / kills)));
      kill_server (self, KILL_DELAY_MS);
      if (g_test_rand_int_range (0, 4) == 0)
        {
          chat_test_server_spawn (self->server);
          kill_server (self, START_KILL_DELAY_MS);
        }
      start_server (self);
    }
  wait_accepted (self, messages);
  assert_nothing_lost (self);
}

static void
test_kill_server (void)
{
  guint times = g_getenv ("TERTULIA_TEST_FULL") != NULL ? FULL : 1;

  converse (times * MESSAGES, times * KILLS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/integration/kill-server", test_kill_server);
  return g_test_run ();
}
