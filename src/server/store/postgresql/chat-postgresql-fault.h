/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

/** ChatPostgresqlRemedy: what can be done about a failure. */
typedef enum
{
  CHAT_POSTGRESQL_NOTHING,   /* the same again fails again */
  CHAT_POSTGRESQL_AGAIN,     /* another transaction was in the way: run it again at once */
  CHAT_POSTGRESQL_RECONNECT, /* the connection is gone */
  CHAT_POSTGRESQL_WAIT,      /* its administrator has to do something: connect again, but not soon */
} ChatPostgresqlRemedy;

/**
 * chat_postgresql_fault_new:
 * @name: of the database, for the message
 * @state: (nullable): the SQLSTATE (PostgreSQL's appendix A); NULL where the connection failed
 * @detail: (nullable): what the server or libpq says, of several lines
 *
 * Returns: (transfer full): what failed as a CHAT_STORE_ERROR, with what to do about it
 */
GError *chat_postgresql_fault_new (const char *name, const char *state, const char *detail,
                                   ChatPostgresqlRemedy *remedy);

/** chat_postgresql_fault_new_refused: why no connection comes about; libpq has no SQLSTATE for that, its words tell. */
GError *chat_postgresql_fault_new_refused (const char *name, const char *detail, ChatPostgresqlRemedy *remedy);

G_END_DECLS
