/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-migrations.h"

#include <stdlib.h>

#include "server/store/sql/chat-sql-migrations.h"
#include "server/store/postgresql/postgresql-resources.h"

#define MIGRATIONS "/chat/tertulia/store/postgresql/migrations/"

/* what it would be to find any of these without the table of the version */
#define OUR_TABLES "'channels', 'messages', 'sessions', 'accounts', 'audit'"

static gint64
find_version (ChatSql *database)
{
  if (chat_sql_number (database, "SELECT count (*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                                 "WHERE nspname = current_schema () AND relname = 'tertulia_schema'")
      > 0)
    return chat_sql_number (database, "SELECT version FROM tertulia_schema");
  if (chat_sql_number (database, "SELECT count (*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                                 "WHERE nspname = current_schema () AND relname IN (" OUR_TABLES ")")
      > 0)
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT,
                   "%s has another program's tables in the schema “%s”: name another database in the uri, or another "
                   "schema by its search_path",
                   chat_postgresql_get_name ((ChatPostgresql *)database),
                   chat_postgresql_get_schema ((ChatPostgresql *)database));
  return 0;
}

static void
migrate (ChatSql *database, char **names, gint64 version)
{
  gint64 known = g_strv_length (names);

  if (version > known)
    chat_sql_fail (database, CHAT_STORE_ERROR_TOO_NEW,
                   "%s was written by a later version of tertulia-server (schema %" G_GINT64_FORMAT
                   ", this one knows up to %" G_GINT64_FORMAT "): start that version, or put a backup from before in "
                   "its place; nothing was touched",
                   chat_postgresql_get_name ((ChatPostgresql *)database), version, known);
  for (gint64 i = version; i < known && !chat_sql_has_failed (database); i++)
    {
      g_autofree char *path = g_strconcat (MIGRATIONS, names[i], NULL);
      g_autoptr (GBytes) script = g_resources_lookup_data (path, 0, NULL);

      g_assert (g_ascii_strtoll (names[i], NULL, 10) == i + 1);
      /* a resource ends with a NUL byte that its size does not count */
      chat_sql_script (database, g_bytes_get_data (script, NULL));
    }
  if (version < known)
    chat_sql_run (database, "UPDATE tertulia_schema SET version = ?1", "x", known);
}

void
chat_postgresql_migrate (ChatPostgresql *self)
{
  ChatSql *database = (ChatSql *)self;
  g_auto (GStrv) names = NULL;
  GError *failure = NULL;

  names = chat_sql_list_migrations (MIGRATIONS, chat_postgresql_register_resource);
  /* another process may be at it for longer than a statement may take */
  chat_postgresql_set_patient (self, TRUE);
  chat_sql_begin (database);
  chat_sql_lock (database, "schema", "");
  migrate (database, names, find_version (database));
  if (!chat_sql_end (database, &failure))
    chat_sql_take_failure (database, failure);
  chat_postgresql_set_patient (self, FALSE);
}
