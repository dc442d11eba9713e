/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What every bench has in common: it prints one JSON object a line for each figure, with the members name, value,
 * unit, and where there are such reference, ratio (value / reference), target, bound and met. With --check it ends
 * with status 1 if a target was missed.
 *
 *   ChatBench *bench = chat_bench_new (&argc, &argv);
 *   chat_bench_report (bench, &(ChatBenchFigure){
 *     .name = "rules.clean", .value = bytes / seconds / 1e6, .unit = "MB/s", .bound = CHAT_BENCH_AT_LEAST, .target = 10
 * }); return chat_bench_finish (bench);
 */
typedef struct _ChatBench ChatBench;

typedef enum
{
  CHAT_BENCH_NO_BOUND, /* a figure to know, not to hold */
  CHAT_BENCH_AT_LEAST, /* value ≥ target */
  CHAT_BENCH_AT_MOST,  /* value ≤ target */
  CHAT_BENCH_RATIO_AT_LEAST,
  CHAT_BENCH_RATIO_AT_MOST,
} ChatBenchBound;

typedef struct
{
  const char *name; /* "subject.what", unique among all benches; like the unit, nothing that JSON would escape */
  double value;
  const char *unit; /* "ms", "MB/s", "messages/s" */
  double reference; /* in the same unit, measured in the same run without our code; 0: none */
  ChatBenchBound bound;
  double target; /* of the value, or of the ratio */
} ChatBenchFigure;

/**
 * chat_bench_new:
 * @argc: (inout): of main()
 * @argv: (inout): of main()
 *
 * Takes --check (and --help) out of the arguments; the rest is the bench's own. Ends the program with a message on an
 * argument error.
 *
 * Returns: (transfer full): to be given to chat_bench_finish()
 */
ChatBench *chat_bench_new (int *argc, char ***argv);

/**
 * chat_bench_report:
 *
 * Prints the line for @figure at once.
 */
void chat_bench_report (ChatBench *self, const ChatBenchFigure *figure);

/**
 * chat_bench_finish:
 * @self: (transfer full):
 *
 * Returns: the status for main() to return: 1 if --check was given and a target was missed, else 0
 */
int chat_bench_finish (ChatBench *self);

/**
 * chat_bench_percentile:
 * @values: (array length=n_values): sorted in place
 * @n_values: at least 1
 * @percent: 0 to 100; 50 is the median
 *
 * Returns: the smallest of the values that at least @percent of them do not exceed (nearest rank)
 */
double chat_bench_percentile (double *values, gsize n_values, double percent);

G_END_DECLS
