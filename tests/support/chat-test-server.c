/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-server.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 20000
#define STOP_MS 10000
#define READY "READY "
#define READY_WITHOUT_URI "READY" /* without the role api */

struct _ChatTestServer
{
  char *root;      /* the directory of the test */
  char *directory; /* the server's, in it */
  char *log;
  GStrv settings;
  char *uri;
  GPid pid;  /* 0: it does not run */
  int input; /* -1: none */
  int output;
  gboolean humble;
};

const char *
chat_test_server_program (void)
{
  const char *program = g_getenv ("TERTULIA_SERVER");

  if (program == NULL)
    g_error ("TERTULIA_SERVER does not say where tertulia-server is: run the test by meson, or in `meson devenv`");
  return program;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

ChatTestServer *
chat_test_server_new (const char *const *settings)
{
  ChatTestServer *self = g_new0 (ChatTestServer, 1);
  g_autoptr (GError) error = NULL;

  self->root = g_dir_make_tmp ("tertulia-server-XXXXXX", &error);
  g_assert_no_error (error);
  self->directory = g_build_filename (self->root, "data", NULL);
  self->log = g_build_filename (self->root, "log", NULL);
  self->settings = settings != NULL ? g_strdupv ((char **)settings) : g_new0 (char *, 1);
  self->input = self->output = -1;
  return self;
}

void
chat_test_server_set_humble (ChatTestServer *self, gboolean humble)
{
  self->humble = humble;
}

void
chat_test_server_free (ChatTestServer *self)
{
  if (self->pid != 0)
    chat_test_server_kill (self);
  remove_tree (self->root);
  g_free (self->root);
  g_free (self->directory);
  g_free (self->log);
  g_free (self->uri);
  g_strfreev (self->settings);
  g_free (self);
}

static void
fail (ChatTestServer *self, const char *what)
{
  g_autofree char *log = chat_test_server_dup_log (self);

  g_error ("tertulia-server %s. It wrote:\n%s", what, log);
}

static GStrv
make_arguments (ChatTestServer *self, gboolean with_input)
{
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();

  g_strv_builder_add_many (arguments, chat_test_server_program (), "--embedded", self->directory, NULL);
  if (with_input)
    g_strv_builder_add (arguments, "--exit-with-stdin");
  if (self->uri != NULL)
    {
      g_autofree char *port = g_strdup_printf ("server.port=%s", strrchr (self->uri, ':') + 1);

      port[strlen (port) - 1] = '\0'; /* the slash */
      g_strv_builder_add_many (arguments, "--set", port, NULL);
    }
  /* what a test does in a second is more than people do in an hour */
  g_strv_builder_add_many (arguments, "--set", "limits.rates=false", NULL);
  for (char **setting = self->settings; *setting != NULL; setting++)
    g_strv_builder_add_many (arguments, "--set", *setting, NULL);
  return g_strv_builder_end (arguments);
}

/* In the child: its standard error, its rights, and that it does not outlive a test that fails. */
static void
set_up_child (gpointer data)
{
  const ChatTestServer *self = data;
  int log = g_open (self->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

  dup2 (log, STDERR_FILENO);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (!self->humble)
    return;
  prctl (PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
  prctl (PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
}

/* One line, read by itself, so that nothing of the test runs meanwhile. */
static char *
read_line (ChatTestServer *self, gint64 deadline)
{
  GString *line = g_string_new (NULL);
  struct pollfd output = { .fd = self->output, .events = POLLIN };
  char next;

  for (;;)
    {
      gint64 left = (deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

      if (left <= 0 || poll (&output, 1, (int)left) == 0)
        fail (self, "was not ready in time");
      if (read (self->output, &next, 1) <= 0)
        fail (self, "ended before it was ready");
      if (next == '\n')
        return g_string_free (line, FALSE);
      g_string_append_c (line, next);
    }
}

static void
spawn (ChatTestServer *self, gboolean with_input)
{
  g_auto (GStrv) arguments = make_arguments (self, with_input);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (self->pid, ==, 0);
  g_spawn_async_with_pipes (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, set_up_child, self, &self->pid,
                            with_input ? &self->input : NULL, &self->output, NULL, &error);
  g_assert_no_error (error);
}

static void
start (ChatTestServer *self, gboolean with_input)
{
  g_autofree char *line = NULL;

  spawn (self, with_input);
  line = read_line (self, g_get_monotonic_time () + START_MS * G_TIME_SPAN_MILLISECOND);
  g_clear_pointer (&self->uri, g_free);
  if (g_str_equal (line, READY_WITHOUT_URI))
    return;
  g_assert_true (g_str_has_prefix (line, READY));
  self->uri = g_strdup (line + strlen (READY));
}

void
chat_test_server_start (ChatTestServer *self)
{
  start (self, FALSE);
}

void
chat_test_server_spawn (ChatTestServer *self)
{
  spawn (self, FALSE);
}

void
chat_test_server_start_with_input (ChatTestServer *self)
{
  start (self, TRUE);
}

void
chat_test_server_signal (ChatTestServer *self, int signal)
{
  g_assert_cmpint (self->pid, !=, 0);
  g_assert_cmpint (kill (self->pid, signal), ==, 0);
}

int
chat_test_server_wait (ChatTestServer *self)
{
  gint64 deadline = g_get_monotonic_time () + STOP_MS * G_TIME_SPAN_MILLISECOND;
  struct pollfd output = { .fd = self->output, .events = POLLIN };
  char ignored[256];
  int status;

  /* Its end closes the pipe. */
  do
    {
      gint64 left = (deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

      if (left <= 0 || poll (&output, 1, (int)left) == 0)
        fail (self, "did not end in time");
    }
  while (read (self->output, ignored, sizeof ignored) > 0);
  g_assert_cmpint (waitpid (self->pid, &status, 0), ==, self->pid);
  self->pid = 0;
  close (self->output);
  if (self->input >= 0)
    close (self->input);
  self->input = self->output = -1;
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

void
chat_test_server_stop (ChatTestServer *self)
{
  chat_test_server_signal (self, SIGTERM);
  if (chat_test_server_wait (self) != 0)
    fail (self, "did not end in order");
}

void
chat_test_server_kill (ChatTestServer *self)
{
  chat_test_server_signal (self, SIGKILL);
  chat_test_server_wait (self);
}

void
chat_test_server_close_input (ChatTestServer *self)
{
  g_assert_cmpint (self->input, >=, 0);
  close (self->input);
  self->input = -1;
  if (chat_test_server_wait (self) != 0)
    fail (self, "did not end in order");
}

const char *
chat_test_server_get_uri (ChatTestServer *self)
{
  return self->uri;
}

const char *
chat_test_server_get_directory (ChatTestServer *self)
{
  return self->directory;
}

char *
chat_test_server_dup_path (ChatTestServer *self, const char *name)
{
  return g_build_filename (self->root, name, NULL);
}

GPid
chat_test_server_get_pid (ChatTestServer *self)
{
  return self->pid;
}

char *
chat_test_server_dup_log (ChatTestServer *self)
{
  char *text = NULL;

  if (!g_file_get_contents (self->log, &text, NULL, NULL))
    text = g_strdup ("");
  return text;
}

int
chat_test_server_run (char **output, char **errors, const char *first, ...)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  va_list rest;
  int status;

  g_ptr_array_add (arguments, (gpointer)chat_test_server_program ());
  va_start (rest, first);
  for (const char *argument = first; argument != NULL; argument = va_arg (rest, const char *))
    g_ptr_array_add (arguments, (gpointer)argument);
  va_end (rest);
  g_ptr_array_add (arguments, NULL);
  g_spawn_sync (NULL, (char **)arguments->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, output, errors, &status, &error);
  g_assert_no_error (error);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}
