/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "store-case.h"

#define BATCH 16
#define IN_FLIGHT 4

/* The process that is killed */

typedef struct
{
  ChatMessageStore *messages;
  guint next;
} Appender;

static void append_next (Appender *self);

/* One line a confirmed id, written at once: what is in the pipe outlives the process. */
static void
print_confirmed (guint first)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; i < BATCH; i++)
    g_string_append_printf (lines, "k-%u\n", first + i);
  if (write (STDOUT_FILENO, lines->str, lines->len) != (gssize)lines->len)
    _exit (1);
}

typedef struct
{
  Appender *appender;
  guint first;
} Batch;

static void
appended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Batch *batch = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = chat_message_store_append_finish (CHAT_MESSAGE_STORE (source), result, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < results->len; i++)
    g_assert_cmpint (g_array_index (results, ChatAppendResult, i).outcome, !=, CHAT_APPEND_CONFLICT);
  print_confirmed (batch->first);
  append_next (batch->appender);
}

static void
append_next (Appender *self)
{
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();
  Batch *batch = g_new (Batch, 1);

  *batch = (Batch){ self, self->next };
  for (guint i = 0; i < BATCH; i++, self->next++)
    {
      g_autofree char *id = g_strdup_printf ("k-%u", self->next);

      g_ptr_array_add (messages, chat_test_message_new ("general", id, id, self->next));
    }
  chat_message_store_append_async (self->messages, messages, NULL, appended_cb, batch);
}

int
store_crash_child (const StoreFixture *fixture, const char *place, guint first)
{
  g_autoptr (ChatStore) store = fixture->store_new (place);
  g_autoptr (GError) error = NULL;
  Appender appender = { chat_store_get_messages (store), first };

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < IN_FLIGHT; i++)
    append_next (&appender);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

/* The one that kills */

/* Starts a child that appends from @first on and kills it in the middle, once it has confirmed @lines. The ids that it
 * had confirmed by then go into @confirmed. Returns: where the next one is to start: before the last confirmed, so that
 * some come twice. */
static guint
run_and_kill (StoreCase *self, guint first, guint lines, GHashTable *confirmed)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *number = g_strdup_printf ("%u", first);
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  g_autoptr (GError) error = NULL;
  guint last = first;
  char *line;

  child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--append", self->fixture->name,
                            self->place, number, NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));

  for (guint i = 1; (line = g_data_input_stream_read_line (output, NULL, NULL, NULL)) != NULL; i++)
    {
      last = MAX (last, (guint)atoi (line + strlen ("k-")));
      g_hash_table_add (confirmed, line);
      if (i == lines)
        g_subprocess_force_exit (child);
    }
  g_subprocess_wait (child, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_signaled (child));
  g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
  return last > 3 * BATCH ? last - 3 * BATCH : 0;
}

/* kill -9 in the middle of appending, again and again: what was confirmed is there once, and the seqs have no hole. */
static void
killed (StoreCase *self)
{
  g_autoptr (GHashTable) confirmed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint next = 0;

  for (guint i = 0; i < self->fixture->kills; i++)
    {
      g_autoptr (GHashTable) placed = NULL;
      GHashTableIter iter;
      gpointer id;

      next = run_and_kill (self, next, 1 + 23 * i, confirmed);
      placed = store_assert_placed (self, "general", G_MAXUINT);
      g_hash_table_iter_init (&iter, confirmed);
      while (g_hash_table_iter_next (&iter, &id, NULL))
        g_assert_true (g_hash_table_contains (placed, id));
    }
  store_append (self, "general", "after", 1);
  g_hash_table_unref (store_assert_placed (self, "general", G_MAXUINT));
}

void
store_cases_crash (const StoreFixture *fixture)
{
  store_case_add (fixture, "crash/killed", killed);
}
