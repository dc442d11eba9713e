/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-store-announcer.h"
#include "server/store/postgresql/chat-postgresql-address.h"

G_BEGIN_DECLS

/**
 * ChatPostgresqlListener:
 *
 * A thread with a connection that does nothing but LISTEN, and tells an announcer what it hears. Where the connection
 * is lost it comes back by itself, and then tells that something may have been missed.
 */
typedef struct _ChatPostgresqlListener ChatPostgresqlListener;

/** chat_postgresql_listener_new: @ready: (transfer full): a GTask that returns TRUE once it listens, or why it can't;
 * it tries again all the same until it is freed. */
ChatPostgresqlListener *chat_postgresql_listener_new (ChatPostgresqlAddress *address, ChatStoreAnnouncer *announcer,
                                                      GTask *ready);
/** chat_postgresql_listener_add: @ready: (transfer full): another one who waits for it. */
void chat_postgresql_listener_add (ChatPostgresqlListener *self, GTask *ready);
/** chat_postgresql_listener_free: ends the thread, and waits for that; it does not take long. */
void chat_postgresql_listener_free (ChatPostgresqlListener *self);

G_END_DECLS
