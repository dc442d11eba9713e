/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-store.h"

G_BEGIN_DECLS

/** StorePlaced: a message as an independent reader finds it. */
typedef struct
{
  gint64 seq;
  char *id;
} StorePlaced;

void store_placed_free (StorePlaced *self);

/**
 * StoreFixture:
 *
 * What the suite needs to know of a back-end, and to do to its database. Each case has a database of its own, empty.
 */
typedef struct
{
  const char *name; /* of its cases */

  gboolean tells_others; /* whether who watches a store is told what another store on the same place appends */

  guint kills; /* how often the case that kills who appends does so */

  /** available: (nullable): (transfer full): why the database is not to be had here, or NULL. */
  char *(*available) (void);
  /** place_new: (transfer full): where a new, empty database is: a path, say. The same place from another process too.
   */
  char *(*place_new) (void);
  void (*place_free) (char *place);
  ChatStore *(*store_new) (const char *place);

  /** read_channel: (transfer full) (element-type StorePlaced): what the database's own tools find in @channel, in the
   * order of seq; contains no code of the product. */
  GPtrArray *(*read_channel) (const char *place, const char *channel);
} StoreFixture;

extern const StoreFixture store_fixture_sqlite, store_fixture_postgresql;

G_END_DECLS
