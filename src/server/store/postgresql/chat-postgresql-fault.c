/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-fault.h"

#include <string.h>

#include "server/store/chat-store.h"

/** Row: what a class of states, or one of them, means. */
typedef struct
{
  const char *state; /* its beginning */
  ChatStoreError code;
  ChatPostgresqlRemedy remedy;
  const char *advice;
} Row;

/* https://www.postgresql.org/docs/15/errcodes-appendix.html; the first that fits */
static const Row rows[] = {
  { "40", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_AGAIN, "try again" },
  { "23505", CHAT_STORE_ERROR_CONFLICT, CHAT_POSTGRESQL_AGAIN, "it is there already" },
  { "23", CHAT_STORE_ERROR_CONFLICT, CHAT_POSTGRESQL_NOTHING, "it refuses what was to be stored" },
  { "55P03", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_NOTHING,
    "something holds its tables: end the database tool, backup or migration that does, or try again" },
  { "57014", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_NOTHING,
    "it took too long: ask for less, or look at what keeps that server busy" },
  { "57P", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_RECONNECT, "it is tried again" },
  { "08", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_RECONNECT, "it is tried again" },
  { "25P03", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_RECONNECT, "it is tried again" },
  { "53100", CHAT_STORE_ERROR_FULL, CHAT_POSTGRESQL_NOTHING,
    "free some room on that server's disk; then it goes on by itself" },
  { "53300", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_RECONNECT,
    "raise its max_connections, or lower connections in [store]" },
  { "53", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_NOTHING, "that server is short of something: give it more" },
  { "25006", CHAT_STORE_ERROR_READ_ONLY, CHAT_POSTGRESQL_WAIT,
    "it can only be read: name the server that can be written, or add target_session_attrs=read-write to the uri" },
  { "42501", CHAT_STORE_ERROR_REFUSED, CHAT_POSTGRESQL_WAIT,
    "give the user of the uri its schema and tables, with USAGE, CREATE and all rights" },
  { "28", CHAT_STORE_ERROR_REFUSED, CHAT_POSTGRESQL_WAIT, "look at user and password, and at its pg_hba.conf" },
  { "3D", CHAT_STORE_ERROR_REFUSED, CHAT_POSTGRESQL_WAIT, "make that database, or name another in the uri" },
  { "3F", CHAT_STORE_ERROR_REFUSED, CHAT_POSTGRESQL_WAIT, "make that schema, or name another in the uri" },
  { "0A", CHAT_STORE_ERROR_REFUSED, CHAT_POSTGRESQL_NOTHING, "a PostgreSQL of version 15 or later is needed" },
  { "58", CHAT_STORE_ERROR_BUSY, CHAT_POSTGRESQL_NOTHING, "look at that server's log and its disk" },
};

static const Row *
find_row (const char *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_has_prefix (state, rows[i].state))
      return &rows[i];
  return NULL;
}

/* libpq's words are of several lines and end with one */
static char *
dup_one_line (const char *detail)
{
  char *line = detail != NULL ? g_utf8_make_valid (detail, -1) : g_strdup ("no reason given");

  g_strdelimit (line, "\n\t", ' ');
  return g_strstrip (line);
}

GError *
chat_postgresql_fault_new (const char *name, const char *state, const char *detail, ChatPostgresqlRemedy *remedy)
{
  const Row *row = state != NULL ? find_row (state) : NULL;
  g_autofree char *line = dup_one_line (detail);

  if (state == NULL)
    {
      *remedy = CHAT_POSTGRESQL_RECONNECT;
      return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY,
                          "The connection to %s is lost (%s): it is tried again; look whether that server runs", name,
                          line);
    }
  *remedy = row != NULL ? row->remedy : CHAT_POSTGRESQL_NOTHING;
  if (row == NULL)
    return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED,
                        "%s can't answer (%s, SQLSTATE %s): look at that server's log", name, line, state);
  return g_error_new (CHAT_STORE_ERROR, (int)row->code, "%s: %s (SQLSTATE %s): %s", name, line, state, row->advice);
}

GError *
chat_postgresql_fault_new_refused (const char *name, const char *detail, ChatPostgresqlRemedy *remedy)
{
  static const struct
  {
    const char *words;
    const char *advice;
  } refusals[] = {
    { "password authentication failed", "look at user and password, or password_file, in [store]" },
    { "no password supplied", "name password_file in [store], or put the password into the uri" },
    { "pg_hba.conf", "let that server's pg_hba.conf take this user from here" },
    { "does not support SSL", "that server has no TLS: give it a certificate, or leave sslmode out of the uri" },
    { "SSL error", "look at sslmode, sslrootcert and the certificates in the uri" },
    { "certificate", "look at sslmode, sslrootcert, sslcert and sslkey in the uri" },
    { "does not exist", "make that database or user, or name another in the uri" },
    { "is not permitted to log in", "let that user log in, or name another in the uri" },
    { "permission denied for database", "let that user connect to the database" },
    { "invalid ", "look at the uri in [store]" },
  };
  g_autofree char *line = dup_one_line (detail);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (strstr (line, refusals[i].words) != NULL)
      {
        *remedy = CHAT_POSTGRESQL_WAIT;
        return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_REFUSED, "%s refuses us (%s): %s", name, line,
                            refusals[i].advice);
      }
  *remedy = CHAT_POSTGRESQL_RECONNECT;
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY,
                      "%s can't be reached (%s): start that server, or look at host and port of the uri in [store]",
                      name, line);
}
