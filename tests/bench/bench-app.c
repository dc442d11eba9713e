/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How quick and how small the window is. Every figure comes from a process of its own, started by this program:
 *   start  the application with what it kept from last time, against an empty AdwApplicationWindow, taking turns
 *   flood  20,000 messages a second for ten seconds into the channel on screen, through a transport that only pretends;
 *          and the same from Kafka and RabbitMQ, published by another process
 */
#define _GNU_SOURCE /* sched_setaffinity() */
#include "config.h"

#include <adwaita.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "app/chat-application.h"
#include "app/chat-message-row.h"
#include "chat-bench-app.h"
#include "chat-bench.h"
#include "chat-test-broker.h"
#include "chat-test-feed.h"
#include "core/chat-json.h"

#define ROUNDS 9
#define CHANNELS 20
#define MESSAGES 500

typedef struct
{
  double ms;
  double pss_mb;
} Start;

/* Children */

static gint64
started_us (void)
{
  return g_ascii_strtoll (g_getenv ("BENCH_STARTED_US"), NULL, 10);
}

static GtkWidget *
find_widget (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type) && gtk_widget_get_mapped (root))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
report_start (GtkWidget *window)
{
  g_print ("%.2f %.2f\n", (g_get_monotonic_time () - started_us ()) / 1000.0, chat_bench_pss_mb ());
  g_application_quit (g_application_get_default ());
}

static void
painted_empty_cb (GdkFrameClock *clock, GtkWidget *window)
{
  g_signal_handlers_disconnect_by_func (clock, painted_empty_cb, window);
  report_start (window);
}

static void
painted_chat_cb (GdkFrameClock *clock, GtkWidget *window)
{
  GtkWidget *row = find_widget (window, CHAT_TYPE_MESSAGE_ROW);

  if (row == NULL || gtk_widget_get_height (row) == 0)
    return;
  g_signal_handlers_disconnect_by_func (clock, painted_chat_cb, window);
  report_start (window);
}

/* Filling: when the last message is there, it ends as a person would end it. */
static void
painted_filling_cb (GdkFrameClock *clock, GtkWidget *window)
{
  GtkWidget *view = find_widget (window, GTK_TYPE_LIST_VIEW);
  GListModel *model = view == NULL ? NULL : G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (view)));
  guint n = model == NULL ? 0 : g_list_model_get_n_items (model);
  g_autoptr (ChatMessageItem) last = n == 0 ? NULL : g_list_model_get_item (model, n - 1);
  ChatMessage *message = last == NULL ? NULL : chat_message_item_get_message (last);

  if (message == NULL || g_strcmp0 (chat_message_get_data (message), "the last of them") != 0)
    return;
  g_signal_handlers_disconnect_by_func (clock, painted_filling_cb, window);
  g_action_group_activate_action (G_ACTION_GROUP (g_application_get_default ()), "quit", NULL);
}

static void
watch_frames (GtkWidget *window, GCallback painted)
{
  g_signal_connect (gtk_widget_get_frame_clock (window), "after-paint", painted, window);
}

static void
window_added_cb (GtkApplication *application, GtkWindow *window, gpointer painted)
{
  g_signal_connect (window, "realize", G_CALLBACK (watch_frames), painted);
}

static void
activate_empty_cb (GtkApplication *application)
{
  GtkWidget *window = adw_application_window_new (application);

  gtk_window_set_default_size (GTK_WINDOW (window), 960, 640);
  gtk_widget_realize (window);
  watch_frames (window, G_CALLBACK (painted_empty_cb));
  gtk_window_present (GTK_WINDOW (window));
}

static int
run_empty (void)
{
  g_autoptr (AdwApplication) application = adw_application_new ("chat.tertulia.Empty", G_APPLICATION_NON_UNIQUE);

  g_signal_connect (application, "activate", G_CALLBACK (activate_empty_cb), NULL);
  return g_application_run (G_APPLICATION (application), 0, NULL);
}

static int
run_chat (const char *uri)
{
  g_autoptr (ChatApplication) application = chat_application_new ();
  const char *arguments[] = { "tertulia", "--profile", "bench", "--user", "ana", "--connect", uri, NULL };

  /* The first time it goes where it is told, and is left open; afterwards it goes there by itself. */
  g_signal_connect (application, "window-added", G_CALLBACK (window_added_cb),
                    uri == NULL ? painted_chat_cb : painted_filling_cb);
  return g_application_run (G_APPLICATION (application), uri == NULL ? 3 : 7, (char **)arguments);
}

/* Parent */

static GSubprocess *
spawn (const char *program, const char *home, const char *mode, const char *argument)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *now = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_monotonic_time ());
  g_autofree char *keyring = g_build_filename (home, "keyring", NULL);
  g_autoptr (GError) error = NULL;
  const char *arguments[] = { program, mode, argument, NULL };
  GSubprocess *child;

  g_subprocess_launcher_setenv (launcher, "BENCH_STARTED_US", now, TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_DATA_HOME", home, TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_CONFIG_HOME", home, TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_CACHE_HOME", home, TRUE);
  g_subprocess_launcher_setenv (launcher, "GSETTINGS_BACKEND", "keyfile", TRUE);
  g_subprocess_launcher_setenv (launcher, "SECRET_BACKEND", "file", TRUE);
  g_subprocess_launcher_setenv (launcher, "SECRET_FILE_TEST_PATH", keyring, TRUE);
  g_subprocess_launcher_setenv (launcher, "SECRET_FILE_TEST_PASSWORD", "bench", TRUE);
  child = g_subprocess_launcher_spawnv (launcher, arguments, &error);
  if (child == NULL)
    g_error ("%s: %s", mode, error->message);
  return child;
}

static char *
run_child (const char *program, const char *home, const char *mode)
{
  g_autoptr (GSubprocess) child = spawn (program, home, mode, NULL);
  g_autoptr (GError) error = NULL;
  char *out = NULL;

  if (!g_subprocess_communicate_utf8 (child, NULL, NULL, &out, NULL, &error) || !g_subprocess_get_successful (child))
    g_error ("%s failed%s%s", mode, error == NULL ? "" : ": ", error == NULL ? "" : error->message);
  return out;
}

/* The window is live before the messages come, so all of them are kept. */
static void
fill_cache (ChatBenchServer *server, const char *program, const char *home)
{
  g_autoptr (GSubprocess) child = spawn (program, home, "--chat", server->uri);

  chat_bench_server_wait_for (server, "ana");
  chat_bench_server_post (server, MESSAGES);
  g_subprocess_wait (child, NULL, NULL);
  if (!g_subprocess_get_successful (child))
    g_error ("the window that was to be filled failed");
}

static Start
median_start (Start *starts)
{
  double ms[ROUNDS], pss[ROUNDS];

  for (guint i = 0; i < ROUNDS; i++)
    {
      ms[i] = starts[i].ms;
      pss[i] = starts[i].pss_mb;
    }
  return (Start){ chat_bench_percentile (ms, ROUNDS, 50), chat_bench_percentile (pss, ROUNDS, 50) };
}

static Start
measure_start (const char *program, const char *home, const char *mode)
{
  g_autofree char *out = run_child (program, home, mode);
  Start start = { 0, 0 };

  if (sscanf (out, "%lf %lf", &start.ms, &start.pss_mb) != 2)
    g_error ("%s said %s", mode, out);
  return start;
}

static void
bench_start (ChatBench *bench, const char *program, const char *home)
{
  Start empty[ROUNDS], chat[ROUNDS], reference, value;

  /* Once for the disk's cache, then in turns: what else the machine does hits both. */
  measure_start (program, home, "--empty");
  measure_start (program, home, "--chat");
  for (guint i = 0; i < ROUNDS; i++)
    {
      empty[i] = measure_start (program, home, "--empty");
      chat[i] = measure_start (program, home, "--chat");
    }
  reference = median_start (empty);
  value = median_start (chat);
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "app.first-frame",
                                                .value = value.ms,
                                                .unit = "ms",
                                                .reference = reference.ms,
                                                .bound = CHAT_BENCH_RATIO_AT_MOST,
                                                .target = 2 });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "app.first-frame.memory-above-empty",
                                                .value = value.pss_mb - reference.pss_mb,
                                                .unit = "MB PSS",
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = 20 });
}

/* Behind what is only said. */
static const char *
find_figures (const char *out)
{
  while (*out == '#' && strchr (out, '\n') != NULL)
    out = strchr (out, '\n') + 1;
  return out;
}

static void
bench_flood (ChatBench *bench, const char *program, const char *home)
{
  g_autofree char *out = run_child (program, home, "--flood");
  const char *figures = find_figures (out);
  double p99, max, growth, received;

  if (sscanf (figures, "%lf %lf %lf %lf", &p99, &max, &growth, &received) != 4)
    g_error ("--flood said %s", out);
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "app.flood.received",
                                                .value = received,
                                                .unit = "messages/s",
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 19500 });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "app.flood.timer-lateness-p99",
                                                .value = p99,
                                                .unit = "ms",
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = 25 });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "app.flood.timer-lateness-max",
                                                .value = max,
                                                .unit = "ms",
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = 60 });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "app.flood.growth-after-second-5",
                                                .value = growth,
                                                .unit = "MB PSS",
                                                .bound = CHAT_BENCH_AT_MOST,
                                                .target = 2 });
}

/* From a real broker. It stands for one on another machine: the window has the last CPU, it and whoever floods have
 * the others. (Nice values would not do: the kernel gives each session its share first, sched(7), autogroup.) */

static void
keep_to_cpus (gboolean last)
{
  guint n = g_get_num_processors ();
  cpu_set_t cpus;

  if (n < 2)
    return;
  CPU_ZERO (&cpus);
  for (guint i = 0; i < n; i++)
    if ((i == n - 1) == last)
      CPU_SET (i, &cpus);
  if (sched_setaffinity (0, sizeof cpus, &cpus) != 0)
    g_printerr ("The broker and the window share their CPUs: %s\n", g_strerror (errno));
}

static int
run_broker (const char *name)
{
  g_autoptr (ChatTestBroker) broker = NULL;
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autoptr (ChatTransport) transport = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *offer = NULL;

  keep_to_cpus (FALSE);
  broker = g_str_equal (name, "kafka") ? chat_test_kafka_new (CHAT_TEST_BROKER_PRIVATE)
                                       : chat_test_rabbitmq_new (CHAT_TEST_BROKER_PRIVATE);
  if (broker == NULL)
    return 0;
  options = chat_test_broker_dup_options (broker, FALSE, CHAT_BROKER_ANONYMOUS);
  transport = chat_test_make_broker (options, NULL);
  chat_bench_feed (transport, FALSE);
  object = chat_broker_options_to_json (options);
  offer = chat_json_to_string (object);
  g_print ("%s\n", offer);
  /* until who started it is done */
  while (getchar () != EOF)
    ;
  return 0;
}

static int
run_feeder (const char *offer)
{
  g_autoptr (JsonObject) object = chat_json_parse_object (offer, strlen (offer), 4, NULL);
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_from_json (object, NULL);
  g_autoptr (ChatTransport) transport = NULL;

  keep_to_cpus (FALSE);
  transport = chat_test_make_broker (options, NULL);
  return chat_bench_feed (transport, TRUE);
}

static void
bench_broker_flood (ChatBench *bench, const char *program, const char *home, const char *name)
{
  g_autofree char *late = g_strdup_printf ("app.flood.%s.timer-lateness-p99", name);
  g_autofree char *rate = g_strdup_printf ("app.flood.%s.received", name);
  g_autoptr (GSubprocess) broker = spawn (program, home, "--broker", name);
  g_autoptr (GDataInputStream) said = g_data_input_stream_new (g_subprocess_get_stdout_pipe (broker));
  g_autofree char *offer = g_data_input_stream_read_line_utf8 (said, NULL, NULL, NULL);
  g_autofree char *out = NULL;
  const char *figures;
  double p99, max, growth, received;

  /* it has said why */
  if (offer == NULL)
    return;
  g_setenv ("BENCH_OFFER", offer, TRUE);
  out = run_child (program, home, "--flood");
  g_unsetenv ("BENCH_OFFER");
  g_output_stream_close (g_subprocess_get_stdin_pipe (broker), NULL, NULL);
  g_subprocess_wait (broker, NULL, NULL);
  figures = find_figures (out);
  if (sscanf (figures, "%lf %lf %lf %lf", &p99, &max, &growth, &received) != 4)
    g_error ("--flood said %s", out);
  g_print ("%s", out);
  chat_bench_report (bench, &(ChatBenchFigure){ .name = rate, .value = received, .unit = "messages/s" });
  chat_bench_report (bench, &(ChatBenchFigure){
                                .name = late, .value = p99, .unit = "ms", .bound = CHAT_BENCH_AT_MOST, .target = 25 });
}

static void
remove_tree (const char *path)
{
  const char *arguments[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_autofree char *home = NULL;
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GError) error = NULL;
  ChatBenchServer *server;
  ChatBench *bench;

  if (argc > 1 && g_str_equal (argv[1], "--empty"))
    return run_empty ();
  if (argc > 1 && g_str_equal (argv[1], "--chat"))
    return run_chat (argc > 2 ? argv[2] : NULL);
  if (argc > 1 && g_str_equal (argv[1], "--flood"))
    {
      if (g_getenv ("BENCH_OFFER") != NULL)
        keep_to_cpus (TRUE);
      return chat_bench_flood (g_getenv ("BENCH_OFFER"), chat_test_make_broker);
    }
  if (argc > 2 && g_str_equal (argv[1], "--feed"))
    return run_feeder (argv[2]);
  if (argc > 2 && g_str_equal (argv[1], "--broker"))
    return run_broker (argv[2]);

  bench = chat_bench_new (&argc, &argv);
  home = g_dir_make_tmp ("tertulia-bench.XXXXXX", &error);
  if (home == NULL)
    g_error ("%s", error->message);
  server = chat_bench_server_start (home, CHANNELS);
  fill_cache (server, program, home);
  bench_start (bench, program, home);
  chat_bench_server_stop (server);
  bench_flood (bench, program, home);
#if CHAT_HAVE_KAFKA
  bench_broker_flood (bench, program, home, "kafka");
#endif
#if CHAT_HAVE_RABBITMQ
  bench_broker_flood (bench, program, home, "rabbitmq");
#endif
  remove_tree (home);
  return chat_bench_finish (bench);
}
