/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-migrations.h"

#include "moderation/chat-skeleton.h"
#include "server/store/sql/chat-sql-migrations.h"
#include "server/store/sqlite/sqlite-resources.h"

#define MIGRATIONS "/chat/tertulia/store/sqlite/migrations/"

/* "Tert" in the file's header: which program's database it is */
#define APPLICATION_ID 0x54657274

/* chat_skeleton (name): the key under which a name is unique */
static void
skeleton_func (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  const char *name = (const char *)sqlite3_value_text (values[0]);
  g_autofree char *valid = name != NULL ? g_utf8_make_valid (name, -1) : NULL;

  if (valid != NULL)
    sqlite3_result_text (context, chat_skeleton (valid), -1, g_free);
}

/* the migration whose tables are filled in here: SQL knows nothing of words and names */
#define FILLED_IN 5

static void
migrate (ChatSql *database, const char *name, gint64 version)
{
  g_autofree char *path = g_strconcat (MIGRATIONS, name, NULL);
  g_autoptr (GBytes) script = g_resources_lookup_data (path, 0, NULL);
  g_autofree char *mark = NULL;

  g_assert (g_ascii_strtoll (name, NULL, 10) == version);

  /* a resource ends with a NUL byte that its size does not count */
  chat_sql_script (database, g_bytes_get_data (script, NULL));
  if (version == FILLED_IN)
    chat_sqlite_backfill (database);
  mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, (int)version);
  chat_sql_script (database, mark);
}

gboolean
chat_sqlite_recognise (ChatSql *database, GError **error)
{
  g_auto (GStrv) names = chat_sql_list_migrations (MIGRATIONS, chat_sqlite_register_resource);
  gint64 known = g_strv_length (names);
  gint64 version, application;
  gboolean empty;

  /* one look at it all: another process may be making the schema */
  chat_sql_run (database, "BEGIN", "");
  version = chat_sql_number (database, "PRAGMA user_version");
  application = chat_sql_number (database, "PRAGMA application_id");
  empty = chat_sql_number (database, "SELECT count (*) FROM sqlite_schema") == 0;

  if (application != APPLICATION_ID && !(empty && application == 0 && version == 0))
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT,
                   "“%s” is another program's database: name another file in the configuration",
                   chat_sqlite_get_path ((ChatSqlite *)database));
  else if (version > known)
    chat_sql_fail (database, CHAT_STORE_ERROR_TOO_NEW,
                   "“%s” was written by a later version of tertulia-server (schema %" G_GINT64_FORMAT
                   ", this one knows up to %" G_GINT64_FORMAT "): start that version, or put a backup from before "
                   "in its place; nothing was touched",
                   chat_sqlite_get_path ((ChatSqlite *)database), version, known);
  return chat_sql_end (database, error);
}

gboolean
chat_sqlite_migrate (ChatSql *database, GError **error)
{
  g_auto (GStrv) names = chat_sql_list_migrations (MIGRATIONS, chat_sqlite_register_resource);

  chat_sqlite_offer ((ChatSqlite *)database, "chat_skeleton", 1, skeleton_func);
  for (gint64 i = 0; names[i] != NULL; i++)
    {
      chat_sql_begin (database);
      /* within the transaction: another process may be doing the same */
      if (chat_sql_number (database, "PRAGMA user_version") == i)
        migrate (database, names[i], i + 1);
      if (!chat_sql_end (database, error))
        return FALSE;
    }
  return TRUE;
}
