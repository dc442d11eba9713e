/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-fake-history.h"
#include "client/chat-timeline-private.h"

G_BEGIN_DECLS

#define T0 G_GINT64_CONSTANT (1600000000000) /* 2020-09-13 12:26:40 UTC */
#define MINUTE_MS (60 * 1000)

/** World: a timeline of "luis" and the history behind it; message number N is "id-N", N seconds after T0. */
typedef struct
{
  ChatFakeHistory *history;
  ChatTimeline *timeline;
  guint stored;                         /* in the history */
  guint splices, place, removed, added; /* the last one */
  guint changes;                        /* of items */
} World;

void world_start (World *world, guint stored);
void world_end (World *world);

char *world_id (guint number);             /* transfer full */
ChatMessage *world_message (guint number); /* transfer full */

/** world_store: the next @count are in the history. */
void world_store (World *world, guint count);
/** world_live: @count from number @from come live. */
void world_live (World *world, guint from, guint count);
/** world_receipt: says that message @number has @seq. */
void world_receipt (World *world, guint number, gint64 seq);
/** world_settle: waits until nothing is being fetched; the model has all of it. */
void world_settle (World *world);
/** world_load: asks the history, as at first and after a break, and settles. */
void world_load (World *world);

guint world_length (World *world);
/** world_item: (transfer none) */
ChatMessageItem *world_item (World *world, guint place);
/** world_check_rows: the rows are @from … @to, each once, in order. */
void world_check_rows (World *world, guint from, guint to);
/** world_count_changes: `changes` counts those of @item from now on. */
void world_count_changes (World *world, ChatMessageItem *item);

G_END_DECLS
