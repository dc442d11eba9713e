/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-bench.h"
#include "server/store/chat-store.h"

G_BEGIN_DECLS

#define BENCH_STORE_BATCH 256

/** BenchRow: what the plain table has of a message. */
typedef struct
{
  guint channel;
  gint64 seq;
  const char *id;
  gint64 time;
  const char *record;
} BenchRow;

/** BenchTarget: what a figure is held to. */
typedef struct
{
  ChatBenchBound bound;
  double target;
} BenchTarget;

/** BenchDatabase: one of those that a store may be in, and itself alone, without any code of the product. Whatever goes
 * wrong ends the program. */
typedef struct
{
  const char *name;
  const char *prefix; /* of its figures */
  BenchTarget append_figure, single_figure, page_figure;

  /** open: makes a plain table and, beside it, a store that is not open yet. */
  gpointer (*open) (ChatStore **store);
  void (*close) (gpointer plain);
  /** append: BENCH_STORE_BATCH rows in one transaction, as fast as the database takes them. */
  void (*append) (gpointer plain, const BenchRow *rows);
  /** page: reads the records of channel 0 from @first to @last. */
  void (*page) (gpointer plain, gint64 first, gint64 last);
  /** settle: (nullable): what the database does by itself after a while. */
  void (*settle) (gpointer plain);
} BenchDatabase;

extern const BenchDatabase bench_sqlite, bench_postgresql;

G_END_DECLS
