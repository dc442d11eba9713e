/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-private.h"

static void
driver_free (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  chat_postgresql_disconnect (self);
  g_hash_table_unref (self->statements);
  g_ptr_array_unref (self->posted);
  chat_postgresql_rows_free (self->rows);
  chat_sql_rows_free (self->news);
  chat_postgresql_address_unref (self->address);
  g_clear_error (&self->refusal);
  chat_sql_clear (database);
  g_free (self->schema);
  g_free (self->topic);
  g_free (self);
}

static GError *
driver_damaged (ChatSql *database, const char *detail)
{
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED, "%s is damaged (%s): put a backup in its place",
                      chat_postgresql_get_name ((ChatPostgresql *)database), detail);
}

static const ChatSqlDriver driver = {
  .free = driver_free,
  .open = chat_postgresql_open,
  .query = chat_postgresql_query,
  .query_end = chat_postgresql_query_end,
  .next = chat_postgresql_next,
  .get_text = chat_postgresql_get_text,
  .get_number = chat_postgresql_get_number,
  .is_null = chat_postgresql_is_null,
  .count_changed = chat_postgresql_count_changed,
  .post = chat_postgresql_post,
  .script = chat_postgresql_script,
  .begin = chat_postgresql_begin,
  .is_active = chat_postgresql_is_active,
  .end = chat_postgresql_end,
  .savepoint = chat_postgresql_savepoint,
  .release = chat_postgresql_release,
  .recovers = chat_postgresql_recovers,
  .lock = chat_postgresql_lock,
  .announce = chat_postgresql_announce,
  .damaged = driver_damaged,
  .index_words = chat_postgresql_index_words,
  .unindex_words = chat_postgresql_unindex_words,
  .search = chat_postgresql_search,
  .prepare_append = chat_postgresql_prepare_append,
  .next_number = chat_postgresql_next_number,
  .add_row = chat_postgresql_add_row,
  .flush_rows = chat_postgresql_flush_rows,
  .arrays = TRUE,
  .hour_slack = 10000,
};

/* Public */

ChatSql *
chat_postgresql_new (ChatPostgresqlAddress *address, ChatPostgresqlRole role, guint timeout, gboolean tells)
{
  ChatPostgresql *self = g_new0 (ChatPostgresql, 1);

  chat_sql_init (&self->parent, &driver);
  self->address = chat_postgresql_address_ref (address);
  self->role = role;
  self->timeout = timeout;
  self->tells = tells;
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->posted = g_ptr_array_new_with_free_func (chat_postgresql_statement_free);
  self->rows = chat_postgresql_rows_new ();
  self->news = chat_sql_rows_new ("ss");
  return &self->parent;
}

const char *
chat_postgresql_get_name (ChatPostgresql *self)
{
  return chat_postgresql_address_get_name (self->address);
}

const char *
chat_postgresql_get_schema (ChatPostgresql *self)
{
  return self->schema;
}

char *
chat_postgresql_dup_topic (const char *schema)
{
  /* a name has at most 63 bytes */
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, schema, -1);

  sum[16] = '\0';
  return g_strconcat ("tertulia_", sum, NULL);
}

ChatPostgresqlRows *
chat_postgresql_get_rows (ChatPostgresql *self)
{
  return self->rows;
}
