/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatLru:
 *
 * A map from text to values that keeps at most so many entries and forgets the one unused for longest: every cache
 * whose keys come from outside is one of these. For one thread.
 */
typedef struct _ChatLru ChatLru;

/** chat_lru_new: @capacity: entries, from 1; @value_free: (nullable) */
ChatLru *chat_lru_new (guint capacity, GDestroyNotify value_free);
void chat_lru_free (ChatLru *self);

/** chat_lru_get: (transfer none) (nullable): the value, which is thereby the one used last. Valid until the next put,
 * remove or clear. */
gpointer chat_lru_get (ChatLru *self, const char *key);
/** chat_lru_put: @value: (transfer full) (not nullable): replaces what was there. */
void chat_lru_put (ChatLru *self, const char *key, gpointer value);
void chat_lru_remove (ChatLru *self, const char *key);
void chat_lru_clear (ChatLru *self);
guint chat_lru_get_size (const ChatLru *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatLru, chat_lru_free)

G_END_DECLS
