/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of figures, to the letter of the text format. */
#include "core/chat-metrics.h"

#include <math.h>
#include <string.h>

static void
check (ChatMetrics *metrics, const char *expected)
{
  gsize length;
  g_autofree char *text = chat_metrics_write (metrics, &length);

  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpuint (length, ==, strlen (expected));
}

static void
test_plain (void)
{
  g_autoptr (ChatMetrics) metrics = chat_metrics_new ();
  ChatMetric *posts = chat_metrics_add_counter (metrics, "posts_total", "Posts.", NULL);
  ChatMetric *open = chat_metrics_add_gauge (metrics, "open", "Open ones.", NULL);

  check (metrics, "# HELP posts_total Posts.\n# TYPE posts_total counter\n# HELP open Open ones.\n# TYPE open gauge\n");
  chat_metric_add (posts, NULL, 1);
  chat_metric_add (posts, NULL, 2);
  chat_metric_set (open, NULL, 5);
  chat_metric_add (open, NULL, -7.5);
  check (metrics, "# HELP posts_total Posts.\n# TYPE posts_total counter\nposts_total 3\n"
                  "# HELP open Open ones.\n# TYPE open gauge\nopen -2.5\n");
}

static void
test_labels (void)
{
  g_autoptr (ChatMetrics) metrics = chat_metrics_new ();
  const char *const labels[] = { "path", "who", NULL };
  const char *const first[] = { "/v1/{c}", "ana" };
  const char *const odd[] = { "a\\b\n\"c\"", "\xff" };
  ChatMetric *calls = chat_metrics_add_counter (metrics, "calls_total", "A \"help\" with \\ and\na line.", labels);

  chat_metric_add (calls, first, 1);
  chat_metric_add (calls, odd, 4);
  chat_metric_add (calls, first, 1);
  check (metrics, "# HELP calls_total A \"help\" with \\\\ and\\na line.\n# TYPE calls_total counter\n"
                  "calls_total{path=\"/v1/{c}\",who=\"ana\"} 2\n"
                  "calls_total{path=\"a\\\\b\\n\\\"c\\\"\",who=\"\xef\xbf\xbd\"} 4\n");
}

static void
test_histogram (void)
{
  static const double bounds[] = { 0.005, 0.1, 1 };
  g_autoptr (ChatMetrics) metrics = chat_metrics_new ();
  const char *const labels[] = { "r", NULL };
  const char *const values[] = { "x" };
  ChatMetric *times = chat_metrics_add_histogram (metrics, "s", "Times.", labels, bounds, G_N_ELEMENTS (bounds));

  chat_metric_observe (times, values, 0.001);
  chat_metric_observe (times, values, 0.005); /* a bound belongs to its bucket */
  chat_metric_observe (times, values, 0.5);
  chat_metric_observe (times, values, 100);
  check (metrics, "# HELP s Times.\n# TYPE s histogram\n"
                  "s_bucket{r=\"x\",le=\"0.005\"} 2\ns_bucket{r=\"x\",le=\"0.1\"} 2\ns_bucket{r=\"x\",le=\"1\"} 3\n"
                  "s_bucket{r=\"x\",le=\"+Inf\"} 4\ns_sum{r=\"x\"} 100.506\ns_count{r=\"x\"} 4\n");
}

static void
test_numbers (void)
{
  g_autoptr (ChatMetrics) metrics = chat_metrics_new ();
  const char *const labels[] = { "n", NULL };
  ChatMetric *gauge = chat_metrics_add_gauge (metrics, "g", "G.", labels);
  const double numbers[] = { 0, 9007199254740991.0, 1e300, 0.1, NAN, INFINITY, -INFINITY };
  const char *const names[] = { "0", "1", "2", "3", "4", "5", "6" };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    chat_metric_set (gauge, &names[i], numbers[i]);
  check (metrics, "# HELP g G.\n# TYPE g gauge\ng{n=\"0\"} 0\ng{n=\"1\"} 9007199254740991\ng{n=\"2\"} 1e+300\n"
                  "g{n=\"3\"} 0.1\ng{n=\"4\"} NaN\ng{n=\"5\"} +Inf\ng{n=\"6\"} -Inf\n");
}

static void
collect (gpointer data)
{
  static const char *const none[] = { NULL };

  chat_metric_add (data, none, 1);
}

static void
test_collectors (void)
{
  g_autoptr (ChatMetrics) metrics = chat_metrics_new ();
  ChatMetric *gauge = chat_metrics_add_gauge (metrics, "g", "G.", NULL);
  guint first = chat_metrics_add_collector (metrics, collect, gauge);

  chat_metrics_add_collector (metrics, collect, gauge);
  check (metrics, "# HELP g G.\n# TYPE g gauge\ng 2\n");
  chat_metrics_remove_collector (metrics, first);
  check (metrics, "# HELP g G.\n# TYPE g gauge\ng 3\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/plain", test_plain);
  g_test_add_func ("/metrics/labels", test_labels);
  g_test_add_func ("/metrics/histogram", test_histogram);
  g_test_add_func ("/metrics/numbers", test_numbers);
  g_test_add_func ("/metrics/collectors", test_collectors);
  return g_test_run ();
}
