/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many records at once: what is known of them is asked for all together, and they are written by COPY. */
#include <string.h>

#include "server/store/chat-mentions.h"
#include "server/store/postgresql/chat-postgresql-words.h"
#include "server/store/postgresql/chat-postgresql.h"
#include "server/store/sql/chat-sql-rows.h"

struct _ChatPostgresqlRows
{
  GString *messages; /* in COPY's text format, each of them */
  GString *search;
  GString *mentions;
  GArray *numbers; /* gint64: reserved for the transaction's records */
  guint next;      /* which of them */
};

ChatPostgresqlRows *
chat_postgresql_rows_new (void)
{
  ChatPostgresqlRows *self = g_new0 (ChatPostgresqlRows, 1);

  self->messages = g_string_new (NULL);
  self->search = g_string_new (NULL);
  self->mentions = g_string_new (NULL);
  self->numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  return self;
}

void
chat_postgresql_rows_free (ChatPostgresqlRows *self)
{
  g_string_free (self->messages, TRUE);
  g_string_free (self->search, TRUE);
  g_string_free (self->mentions, TRUE);
  g_array_unref (self->numbers);
  g_free (self);
}

void
chat_postgresql_rows_drop (ChatPostgresqlRows *self)
{
  g_string_truncate (self->messages, 0);
  g_string_truncate (self->search, 0);
  g_string_truncate (self->mentions, 0);
  g_array_set_size (self->numbers, 0);
  self->next = 0;
}

static ChatPostgresqlRows *
rows_of (ChatSql *database)
{
  return chat_postgresql_get_rows ((ChatPostgresql *)database);
}

/* What is known of them */

static void
find_known (ChatSql *database, GPtrArray *messages, GHashTable *known)
{
  g_autoptr (ChatSqlRows) ids = chat_sql_rows_new ("s");
  g_autoptr (GHashTable) own = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ChatSqlQuery) query = NULL;

  for (guint i = 0; i < messages->len; i++)
    {
      const char *id = chat_message_get_id (g_ptr_array_index (messages, i));

      if (g_hash_table_add (own, (gpointer)id))
        chat_sql_rows_add (ids, id);
    }
  query = chat_sql_rows_query (ids, database,
                               "SELECT id FROM messages WHERE id = ANY (?1::text[]) "
                               "UNION SELECT target FROM pending WHERE target = ANY (?1::text[])");
  while (chat_sql_next (database, query))
    {
      g_autofree char *id = NULL;

      chat_sql_read (query, "s", &id);
      g_hash_table_add (known, g_hash_table_lookup (own, id));
    }
}

static void
find_authors (ChatSql *database, GPtrArray *messages)
{
  g_autoptr (ChatSqlRows) keys = chat_sql_rows_new ("s");
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ChatSqlQuery) query = NULL;

  for (guint i = 0; i < messages->len; i++)
    {
      const char *user = chat_message_get_author (g_ptr_array_index (messages, i));

      if (user == NULL || !g_hash_table_add (asked, (gpointer)user))
        continue;
      if (chat_lru_get (database->authors, chat_sql_get_key (database, user)) == NULL)
        chat_sql_rows_add (keys, chat_sql_get_key (database, user));
    }
  if (chat_sql_rows_count (keys) == 0)
    return;
  query
      = chat_sql_rows_query (keys, database, "SELECT user_key, number FROM authors WHERE user_key = ANY (?1::text[])");
  while (chat_sql_next (database, query))
    {
      g_autofree char *key = NULL;
      gint64 number;

      chat_sql_read (query, "sx", &key, &number);
      chat_lru_put (database->authors, key, g_memdup2 (&number, sizeof number));
    }
}

/* After the channels are locked: within each of them a later record has a higher number. */
static void
reserve_numbers (ChatSql *database, guint count)
{
  ChatPostgresqlRows *rows = rows_of (database);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT nextval ('message_numbers') FROM generate_series (1, ?1)", "u", count);

  g_array_set_size (rows->numbers, 0);
  rows->next = 0;
  while (chat_sql_next (database, query))
    {
      gint64 number;

      chat_sql_read (query, "x", &number);
      g_array_append_val (rows->numbers, number);
    }
}

void
chat_postgresql_prepare_append (ChatSql *database, GPtrArray *messages, GHashTable *known)
{
  if (messages->len == 0)
    return;
  find_known (database, messages, known);
  find_authors (database, messages);
  reserve_numbers (database, messages->len);
}

gint64
chat_postgresql_next_number (ChatSql *database)
{
  ChatPostgresqlRows *rows = rows_of (database);

  return rows->next < rows->numbers->len ? g_array_index (rows->numbers, gint64, rows->next++) : 0;
}

/* Rows */

/* https://www.postgresql.org/docs/15/sql-copy.html: the text format */
static void
append_field (GString *row, const char *text, char end)
{
  for (const char *at = text; *at != '\0'; at++)
    switch (*at)
      {
      case '\\':
        g_string_append (row, "\\\\");
        break;
      case '\n':
        g_string_append (row, "\\n");
        break;
      case '\r':
        g_string_append (row, "\\r");
        break;
      case '\t':
        g_string_append (row, "\\t");
        break;
      default:
        g_string_append_c (row, *at);
      }
  g_string_append_c (row, end);
}

static void
append_number (GString *row, gint64 number, char end)
{
  g_string_append_printf (row, "%" G_GINT64_FORMAT "%c", number, end);
}

static void
add_mentions (ChatPostgresqlRows *rows, const ChatSqlRecord *record)
{
  g_autoptr (GPtrArray) keys = chat_mentions_find (chat_message_get_data (record->message));

  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (!g_str_equal (keys->pdata[i], record->author_key))
      {
        append_field (rows->mentions, keys->pdata[i], '\t');
        append_number (rows->mentions, record->channel, '\t');
        append_number (rows->mentions, record->seq, '\n');
      }
}

void
chat_postgresql_add_row (ChatSql *database, const ChatSqlRecord *record, const char *encoded)
{
  ChatPostgresqlRows *rows = rows_of (database);
  g_autoptr (GString) words = NULL;

  if (!g_utf8_validate (chat_message_get_id (record->message), -1, NULL) || !g_utf8_validate (encoded, -1, NULL))
    {
      chat_sql_take_failure (database, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                                            "A record to store is not valid UTF-8"));
      return;
    }
  append_number (rows->messages, record->number, '\t');
  append_number (rows->messages, record->channel, '\t');
  append_number (rows->messages, record->seq, '\t');
  append_field (rows->messages, chat_message_get_id (record->message), '\t');
  append_number (rows->messages, record->clock, '\t');
  append_field (rows->messages, encoded, '\t');
  append_number (rows->messages, record->author, '\t');
  append_number (rows->messages, chat_message_get_timestamp (record->message), '\t');
  append_number (rows->messages, record->said ? 1 : 0, '\n');
  if (!record->said)
    return;
  words = g_string_new (NULL);
  chat_postgresql_append_words (words, record, chat_message_get_data (record->message));
  append_number (rows->search, record->number, '\t');
  append_field (rows->search, words->str, '\n');
  add_mentions (rows, record);
}

static void
flush (ChatPostgresql *database, const char *sql, GString *rows)
{
  if (rows->len > 0)
    chat_postgresql_copy (database, sql, rows);
  g_string_truncate (rows, 0);
}

void
chat_postgresql_flush_rows (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  ChatPostgresqlRows *rows = rows_of (database);

  flush (self, "COPY messages (number, channel, seq, id, clock, record, author, timestamp, said) FROM STDIN",
         rows->messages);
  flush (self, "COPY search (number, words) FROM STDIN", rows->search);
  flush (self, "COPY mentions (user_key, channel, seq) FROM STDIN", rows->mentions);
}
