/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-bench.h"

#include <math.h>
#include <stdlib.h>

struct _ChatBench
{
  gboolean check;
  guint n_missed;
};

static const char *const bound_names[] = {
  [CHAT_BENCH_AT_LEAST] = "at-least",
  [CHAT_BENCH_AT_MOST] = "at-most",
  [CHAT_BENCH_RATIO_AT_LEAST] = "ratio-at-least",
  [CHAT_BENCH_RATIO_AT_MOST] = "ratio-at-most",
};

static gboolean
figure_is_met (const ChatBenchFigure *figure, double ratio)
{
  switch (figure->bound)
    {
    case CHAT_BENCH_AT_LEAST:
      return figure->value >= figure->target;
    case CHAT_BENCH_AT_MOST:
      return figure->value <= figure->target;
    case CHAT_BENCH_RATIO_AT_LEAST:
      return ratio >= figure->target;
    case CHAT_BENCH_RATIO_AT_MOST:
      return ratio <= figure->target;
    case CHAT_BENCH_NO_BOUND:
    default:
      return TRUE;
    }
}

/* JSON has no word for what is not a number, and a figure needs no more than four significant digits. */
static void
add_number (GString *line, const char *member, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (isfinite (value))
    g_ascii_formatd (digits, sizeof digits, fabs (value) < 1000 ? "%.4g" : "%.0f", value);
  else
    g_strlcpy (digits, "null", sizeof digits);
  g_string_append_printf (line, ",\"%s\":%s", member, digits);
}

ChatBench *
chat_bench_new (int *argc, char ***argv)
{
  ChatBench *self = g_new0 (ChatBench, 1);
  const GOptionEntry entries[] = {
    { "check", 0, 0, G_OPTION_ARG_NONE, &self->check, "End with status 1 if a target is missed", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      g_printerr ("%s: %s\n", g_get_prgname (), error->message);
      exit (2);
    }
  return self;
}

void
chat_bench_report (ChatBench *self, const ChatBenchFigure *figure)
{
  g_autoptr (GString) line = g_string_new (NULL);
  double ratio = figure->reference != 0 ? figure->value / figure->reference : NAN;
  gboolean met = figure_is_met (figure, ratio);

  g_string_append_printf (line, "{\"name\":\"%s\"", figure->name);
  add_number (line, "value", figure->value);
  g_string_append_printf (line, ",\"unit\":\"%s\"", figure->unit);
  if (figure->reference != 0)
    {
      add_number (line, "reference", figure->reference);
      add_number (line, "ratio", ratio);
    }
  if (figure->bound != CHAT_BENCH_NO_BOUND)
    {
      add_number (line, "target", figure->target);
      g_string_append_printf (line, ",\"bound\":\"%s\",\"met\":%s", bound_names[figure->bound], met ? "true" : "false");
    }
  if (!met)
    self->n_missed++;
  g_print ("%s}\n", line->str);
}

int
chat_bench_finish (ChatBench *self)
{
  gboolean failed = self->check && self->n_missed > 0;

  g_free (self);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *)a;
  double y = *(const double *)b;

  return (x > y) - (x < y);
}

double
chat_bench_percentile (double *values, gsize n_values, double percent)
{
  gsize rank = (gsize)ceil (percent / 100 * n_values);

  qsort (values, n_values, sizeof *values, compare_doubles);
  return values[CLAMP (rank, 1, n_values) - 1];
}
