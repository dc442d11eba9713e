/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "server/api/chat-api-routes.h"
#include "server/chat-server-command.h"
#include "server/chat-server-config.h"
#include "server/chat-server-log.h"
#include "server/chat-server-notify.h"
#include "server/chat-server.h"

#define EXIT_CONFIGURATION 2
/* Descriptors beside those of the connections: files, the log, what libraries open. */
#define OTHER_DESCRIPTORS 128
/* Connections that were cut off are closed a moment later: one such for so many that may be open. */
#define LEAVING_PART 4

/* What the command line says. */
typedef struct
{
  char *config;
  GStrv settings;
  char *embedded;
  gboolean exit_with_stdin;
  gboolean check_config;
  gboolean print_config;
  gboolean print_routes;
  gboolean version;
  GStrv command; /* nullable: "account", "create", … */
  char *role;
  int days;
} Options;

/* The program while it runs. */
typedef struct
{
  GMainLoop *loop;
  ChatServer *server;
  GCancellable *cancellable;
  gboolean exit_with_stdin;
  gboolean starting;
  gboolean stopping;
  int status;
} Program;

static void
complain (const GError *error)
{
  g_printerr ("tertulia-server: %s\n", error->message);
}

/*
 * Configuration: what the embedded mode wants, then the file, then --set
 */

/* What stands behind the first word of a command; what stood before it holds too. */
static gboolean
parse_command (Options *options, int *argc, char ***argv, GError **error)
{
  g_auto (GStrv) before = g_steal_pointer (&options->settings);
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "The configuration of the service", "FILE" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->settings, "Set one key, as if it stood in the file",
      "GROUP.KEY=VALUE" },
    { "embedded", 0, 0, G_OPTION_ARG_FILENAME, &options->embedded, "The service of this computer alone, in DIR",
      "DIR" },
    { "role", 0, 0, G_OPTION_ARG_STRING, &options->role, "What it may do: member, moderator or admin", "ROLE" },
    { "days", 0, 0, G_OPTION_ARG_INT, &options->days, "How long an invitation lasts: 1 to 365; else 7", "DAYS" },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND…");
  GStrv behind;
  guint n = before != NULL ? g_strv_length (before) : 0;

  g_option_context_set_description (context, CHAT_SERVER_COMMAND_HELP);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  options->command = g_strdupv (*argv + 1);
  if (n == 0)
    return TRUE;
  behind = g_steal_pointer (&options->settings);
  options->settings = g_new0 (char *, n + (behind != NULL ? g_strv_length (behind) : 0) + 1);
  for (guint i = 0; i < n; i++)
    options->settings[i] = g_strdup (before[i]);
  for (guint i = 0; behind != NULL && behind[i] != NULL; i++)
    options->settings[n + i] = g_strdup (behind[i]);
  g_strfreev (behind);
  return TRUE;
}

static gboolean
parse_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "Read the configuration from FILE", "FILE" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->settings, "Set one key, as if it stood in the file",
      "GROUP.KEY=VALUE" },
    { "embedded", 0, 0, G_OPTION_ARG_FILENAME, &options->embedded,
      "Serve this computer alone, with everything that is kept in DIR", "DIR" },
    { "exit-with-stdin", 0, 0, G_OPTION_ARG_NONE, &options->exit_with_stdin, "Stop when standard input ends", NULL },
    { "check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_config, "Only say whether the configuration is right",
      NULL },
    { "print-routes", 0, 0, G_OPTION_ARG_NONE, &options->print_routes,
      "Print every call of the service, and who may make it", NULL },
    { "print-config", 0, 0, G_OPTION_ARG_NONE, &options->print_config, "Print a configuration with every key explained",
      NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[COMMAND…]");

  g_option_context_set_summary (context, "Tertulia's server: REST and live feed, moderation, history, bots.");
  g_option_context_set_description (context, CHAT_SERVER_COMMAND_HELP);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc < 2)
    return TRUE;
  if (chat_server_command_is ((*argv)[1]))
    return parse_command (options, argc, argv, error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s\" is not expected here: see --help", (*argv)[1]);
  return FALSE;
}

static gboolean
apply_setting (ChatConfig *config, const char *setting, GError **error)
{
  const char *equals = strchr (setting, '=');
  const char *dot = strchr (setting, '.');
  g_autofree char *group = NULL;
  g_autofree char *key = NULL;

  if (equals == NULL || dot == NULL || dot > equals)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--set %s: write it as GROUP.KEY=VALUE, such as server.port=8080", setting);
      return FALSE;
    }
  group = g_strndup (setting, dot - setting);
  key = g_strndup (dot + 1, equals - dot - 1);
  if (chat_config_set (config, group, key, equals + 1, error))
    return TRUE;
  g_prefix_error (error, "--set %s: ", setting);
  return FALSE;
}

/* The language of the channels on somebody's own computer is that of the desktop. */
static const char *
desktop_language (void)
{
  const char *const *names = g_get_language_names_with_category ("LC_MESSAGES");

  return g_str_has_prefix (names[0], "es") ? "es" : "en";
}

/* A path as a configuration has it: there a backslash escapes, and white space at the end is none. */
static char *
escape_path (const char *path)
{
  static const char plain[] = "\\ \n\t\r", letters[] = "\\sntr";
  GString *escaped = g_string_new (NULL);

  for (; *path != '\0'; path++)
    {
      const char *special = strchr (plain, *path);

      if (special != NULL)
        g_string_append_printf (escaped, "\\%c", letters[special - plain]);
      else
        g_string_append_c (escaped, *path);
    }
  return g_string_free (escaped, FALSE);
}

static gboolean
apply_embedded (ChatConfig *config, const char *directory, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (directory, NULL);
  g_autofree char *escaped = escape_path (path);

  return chat_config_set (config, "server", "data_directory", escaped, error)
         && chat_config_set (config, "server", "address", "127.0.0.1", error)
         && chat_config_set (config, "server", "port", "0", error)
         && chat_config_set (config, "limits", "rates", "false", error) /* there is nobody to be kept from the others */
         && chat_config_set (config, "channels", "language", desktop_language (), error);
}

static gboolean
configure (ChatConfig *config, const Options *options, GError **error)
{
  if (options->embedded != NULL && !apply_embedded (config, options->embedded, error))
    return FALSE;
  if (options->config != NULL && !chat_config_load_file (config, options->config, error))
    return FALSE;
  for (char **setting = options->settings; setting != NULL && *setting != NULL; setting++)
    if (!apply_setting (config, *setting, error))
      return FALSE;
  return chat_server_config_check (config, error);
}

/*
 * Running
 */

/* What the supervisor is not told does not keep the service from its work. */
static void
notify (const char *state)
{
  g_autoptr (GError) error = NULL;

  if (!chat_server_notify (state, &error))
    g_warning ("The supervisor can't be told \"%s\": %s", state, error->message);
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_service_stop_finish (CHAT_SERVICE (source), result, &error))
    program->status = EXIT_FAILURE;
  g_info ("Stopped");
  g_main_loop_quit (program->loop);
}

static void
stop (Program *program, const char *reason)
{
  if (program->stopping)
    return;
  program->stopping = TRUE;
  g_info ("Stopping: %s", reason);
  notify ("STOPPING=1");
  g_cancellable_cancel (program->cancellable);
  if (!program->starting) /* else when the start has come back */
    chat_service_stop_async (CHAT_SERVICE (program->server), NULL, stopped_cb, program);
}

static gboolean
signal_cb (gpointer user_data)
{
  Program *program = user_data;

  if (program->stopping)
    _exit (EXIT_FAILURE); /* asked twice: at once. The next start goes on where this one stood */
  stop (program, "a signal came");
  return G_SOURCE_CONTINUE;
}

static gboolean
stdin_cb (int descriptor, GIOCondition condition, gpointer user_data)
{
  char ignored[4096];

  if (read (descriptor, ignored, sizeof ignored) > 0)
    return G_SOURCE_CONTINUE;
  stop (user_data, "standard input has ended");
  return G_SOURCE_REMOVE;
}

static void
failed_cb (ChatService *service, const GError *error, gpointer user_data)
{
  Program *program = user_data;

  g_critical ("Can't go on: %s", error->message);
  program->status = EXIT_FAILURE;
  stop (program, "a part has failed");
}

static void
started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  const char *uri;
  g_autoptr (GError) error = NULL;
  gboolean started = chat_service_start_finish (CHAT_SERVICE (source), result, &error);

  program->starting = FALSE;
  if (started && !program->stopping)
    {
      uri = chat_server_get_uri (program->server);
      g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "URI", uri != NULL ? uri : "none", "MESSAGE", "Ready");
      printf ("READY%s%s\n", uri != NULL ? " " : "", uri != NULL ? uri : "");
      fflush (stdout);
      notify ("READY=1");
      return;
    }
  if (!started && !program->stopping)
    {
      complain (error);
      program->status = EXIT_FAILURE;
    }
  program->stopping = TRUE;
  chat_service_stop_async (CHAT_SERVICE (program->server), NULL, stopped_cb, program);
}

static void
raise_descriptors (guint64 connections)
{
  guint64 needed = connections + connections / LEAVING_PART + OTHER_DESCRIPTORS;
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  if (limit.rlim_cur < needed)
    {
      limit.rlim_cur = MIN (limit.rlim_max, needed);
      setrlimit (RLIMIT_NOFILE, &limit);
    }
  if (limit.rlim_cur < needed)
    g_warning ("The system allows %" G_GUINT64_FORMAT
               " open files: too few for [limits] connections = %" G_GUINT64_FORMAT,
               (guint64)limit.rlim_cur, connections);
}

static int
run (ChatConfig *config, const Options *options)
{
  Program program = { .exit_with_stdin = options->exit_with_stdin, .starting = TRUE };

  umask (077);
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN); /* a file at its limit is a full disk, not the end */
  raise_descriptors ((guint64)chat_config_get_int (config, "limits", "connections"));
  program.loop = g_main_loop_new (NULL, FALSE);
  program.server = chat_server_new (config, options->embedded != NULL);
  program.cancellable = g_cancellable_new ();
  g_signal_connect (program.server, "failed", G_CALLBACK (failed_cb), &program);
  g_unix_signal_add (SIGTERM, signal_cb, &program);
  g_unix_signal_add (SIGINT, signal_cb, &program);
  g_unix_signal_add (SIGHUP, signal_cb, &program);
  if (program.exit_with_stdin)
    g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, stdin_cb, &program);
  chat_service_start_async (CHAT_SERVICE (program.server), program.cancellable, started_cb, &program);
  g_main_loop_run (program.loop);
  g_object_unref (program.cancellable);
  g_object_unref (program.server);
  g_main_loop_unref (program.loop);
  return program.status;
}

static void
options_clear (Options *options)
{
  g_free (options->config);
  g_free (options->embedded);
  g_free (options->role);
  g_strfreev (options->command);
  g_strfreev (options->settings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (ChatConfig) config = chat_server_config_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *sample = NULL;

  setlocale (LC_ALL, "");
  if (!parse_options (&options, &argc, &argv, &error))
    {
      complain (error);
      return EXIT_CONFIGURATION;
    }
  if (options.version)
    {
      printf ("tertulia-server %s\n", CHAT_VERSION);
      return EXIT_SUCCESS;
    }
  if (options.print_routes)
    {
      g_autofree char *routes = chat_api_routes_describe ();

      printf ("%s", routes);
      return EXIT_SUCCESS;
    }
  if (options.print_config)
    {
      sample = chat_config_sample (config);
      fputs (sample, stdout);
      return EXIT_SUCCESS;
    }
  if (!configure (config, &options, &error))
    {
      complain (error);
      return EXIT_CONFIGURATION;
    }
  if (options.command != NULL)
    {
      const ChatServerCommand command = { (const char *const *)options.command, options.role, options.days };

      return (int)chat_server_command_run (config, &command);
    }
  if (options.check_config)
    {
      g_autoptr (GBytes) lists = chat_server_config_read_lists (config, &error);

      if (lists == NULL)
        {
          complain (error);
          return EXIT_CONFIGURATION;
        }
      printf ("The configuration is right.\n");
      return EXIT_SUCCESS;
    }
  chat_server_log_install (chat_config_get_string (config, "server", "log_level"));
  return run (config, &options);
}
