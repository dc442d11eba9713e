/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* prlimit() */
#include "server-process.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <linux/capability.h>

#include "chat-test-loop.h"

#define READY "READY "

struct _ServerProcess
{
  GSubprocess *child;
  GDataInputStream *output;
  char *log;
  char *uri;
  gboolean reading; /* the first line has not come */
  gboolean ended;
};

/* In the child, between fork and exec. */

static void
setup_cb (gpointer user_data)
{
  const ServerProcessFlags *flags = user_data;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (*flags & SERVER_PROCESS_UNPRIVILEGED)
    {
      prctl (PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
      prctl (PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
    }
}

/* Its end, and its first line */

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ServerProcess *self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_subprocess_wait_finish (G_SUBPROCESS (source), result, &error))
    self->ended = TRUE;
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ServerProcess *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);

  self->reading = FALSE;
  if (line != NULL && g_str_has_prefix (line, READY))
    self->uri = g_strdup (g_strstrip (line + strlen (READY)));
}

static gboolean
is_ready (gpointer data)
{
  ServerProcess *self = data;

  return self->uri != NULL || self->ended;
}

static gboolean
is_over (gpointer data)
{
  ServerProcess *self = data;

  return self->ended;
}

static gboolean
is_silent (gpointer data)
{
  ServerProcess *self = data;

  return !self->reading;
}

ServerProcess *
server_process_start_command (const char *const *command, const char *log, ServerProcessFlags flags)
{
  ServerProcess *self = g_new0 (ServerProcess, 1);
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;

  self->log = g_strdup (log);
  /* a file, since a pipe would have to be read while the test waits for something else */
  g_subprocess_launcher_set_stderr_file_path (launcher, log);
  g_subprocess_launcher_set_child_setup (launcher, setup_cb, &flags, NULL);
  self->child = g_subprocess_launcher_spawnv (launcher, command, &error);
  g_assert_no_error (error);
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->child));
  self->reading = TRUE;
  g_data_input_stream_read_line_async (self->output, G_PRIORITY_DEFAULT, NULL, line_cb, self);
  g_subprocess_wait_async (self->child, NULL, ended_cb, self);
  return self;
}

ServerProcess *
server_process_start (const char *directory, ServerProcessFlags flags)
{
  const char *program = g_getenv ("TERTULIA_SERVER");
  const char *command[] = { program, "--embedded", directory, "--exit-with-stdin", NULL };
  g_autofree char *log = g_strconcat (directory, ".log", NULL);

  if (program == NULL)
    g_error ("TERTULIA_SERVER does not name the server: run this through `meson test`");
  return server_process_start_command (command, log, flags);
}

void
server_process_free (ServerProcess *self)
{
  server_process_kill (self);
  chat_test_wait_until (is_silent, self, "the end of what the server prints");
  g_object_unref (self->output);
  g_object_unref (self->child);
  g_free (self->log);
  g_free (self->uri);
  g_free (self);
}

ServerProcess *
server_process_start_ready (const char *directory)
{
  ServerProcess *self = server_process_start (directory, SERVER_PROCESS_PLAIN);

  server_process_wait_ready (self);
  return self;
}

const char *
server_process_get_uri (ServerProcess *self)
{
  return self->uri;
}

gboolean
server_process_has_ended (ServerProcess *self)
{
  return self->ended;
}

GPid
server_process_get_pid (ServerProcess *self)
{
  const char *identifier = g_subprocess_get_identifier (self->child);

  return identifier != NULL ? (GPid)g_ascii_strtoll (identifier, NULL, 10) : 0;
}

void
server_process_wait_ready (ServerProcess *self)
{
  g_autofree char *said = NULL;

  chat_test_wait_until (is_ready, self, "the server to be ready");
  if (self->uri != NULL)
    return;
  said = server_process_read_log (self);
  g_error ("The server ended instead of getting ready: %s", said);
}

int
server_process_wait_end (ServerProcess *self)
{
  chat_test_wait_until (is_over, self, "the server to end");
  return g_subprocess_get_if_exited (self->child) ? g_subprocess_get_exit_status (self->child) : -1;
}

void
server_process_kill (ServerProcess *self)
{
  g_subprocess_force_exit (self->child);
  server_process_wait_end (self);
}

void
server_process_stop (ServerProcess *self)
{
  int status;

  g_subprocess_send_signal (self->child, SIGTERM);
  status = server_process_wait_end (self);
  if (status != 0)
    {
      g_autofree char *said = server_process_read_log (self);

      g_error ("The server ended with status %d after SIGTERM: %s", status, said);
    }
}

void
server_process_limit_files (ServerProcess *self, guint64 bytes)
{
  struct rlimit limit;

  /* the soft limit alone: it can be raised again */
  g_assert_cmpint (prlimit (server_process_get_pid (self), RLIMIT_FSIZE, NULL, &limit), ==, 0);
  limit.rlim_cur = bytes == G_MAXUINT64 ? limit.rlim_max : bytes;
  g_assert_cmpint (prlimit (server_process_get_pid (self), RLIMIT_FSIZE, &limit, NULL), ==, 0);
}

char *
server_process_read_log (ServerProcess *self)
{
  char *text = NULL;

  if (!g_file_get_contents (self->log, &text, NULL, NULL))
    return g_strdup ("");
  return text;
}

void
server_process_assert_said (ServerProcess *self, ...)
{
  g_autofree char *said = server_process_read_log (self);
  const char *part;
  va_list parts;

  va_start (parts, self);
  while ((part = va_arg (parts, const char *)) != NULL)
    if (strstr (said, part) == NULL)
      g_error ("The server should have said “%s”, but said: %s", part, said);
  va_end (parts);
}
