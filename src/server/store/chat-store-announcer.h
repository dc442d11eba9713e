/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-store.h"

G_BEGIN_DECLS

/**
 * ChatStoreAnnouncer:
 *
 * How the threads of a back-end tell that something was stored: it carries that into the main context of the store,
 * where `changed` is emitted while somebody watches. Outlives the store that it was made for, and is mute then.
 */
typedef struct _ChatStoreAnnouncer ChatStoreAnnouncer;

/** chat_store_announcer_new: @store: borrowed. Emits in the main context that is the default of this thread. */
ChatStoreAnnouncer *chat_store_announcer_new (ChatStore *store);
ChatStoreAnnouncer *chat_store_announcer_ref (ChatStoreAnnouncer *self);
void chat_store_announcer_unref (ChatStoreAnnouncer *self);

/** chat_store_announcer_set_watched: whether anybody watches; at the beginning nobody does. */
void chat_store_announcer_set_watched (ChatStoreAnnouncer *self, gboolean watched);

/** chat_store_announcer_tell: from any thread. @channel: (nullable): for both see ChatStore::changed. */
void chat_store_announcer_tell (ChatStoreAnnouncer *self, const char *channel, gint64 head);

G_END_DECLS
