/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many records at once: what is known of them is asked for all together, and they are written together. */
#include "server/store/chat-mentions.h"
#include "server/store/postgresql/chat-postgresql-words.h"
#include "server/store/postgresql/chat-postgresql.h"
#include "server/store/sql/chat-sql-rows.h"

/* Up to so many rows go with the commit, which saves them exchanges of their own; COPY writes more of them at less
 * cost. */
#define FEW 32

struct _ChatPostgresqlRows
{
  ChatSqlRows *messages;
  ChatSqlRows *search;
  ChatSqlRows *mentions;
  GArray *numbers; /* gint64: reserved for the transaction's records */
  guint next;      /* which of them */
};

ChatPostgresqlRows *
chat_postgresql_rows_new (void)
{
  ChatPostgresqlRows *self = g_new0 (ChatPostgresqlRows, 1);

  self->messages = chat_sql_rows_new ("xxxsxsxxx");
  self->search = chat_sql_rows_new ("xs");
  self->mentions = chat_sql_rows_new ("sxx");
  self->numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  return self;
}

void
chat_postgresql_rows_free (ChatPostgresqlRows *self)
{
  chat_sql_rows_free (self->messages);
  chat_sql_rows_free (self->search);
  chat_sql_rows_free (self->mentions);
  g_array_unref (self->numbers);
  g_free (self);
}

void
chat_postgresql_rows_drop (ChatPostgresqlRows *self)
{
  chat_sql_rows_clear (self->messages);
  chat_sql_rows_clear (self->search);
  chat_sql_rows_clear (self->mentions);
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
take_number (ChatPostgresqlRows *rows, gint64 number)
{
  g_array_append_val (rows->numbers, number);
}

/* Which ids are taken, and numbers for all of them: after the channels are locked, so that within each of them a later
 * record has a higher number. */
static void
find_known (ChatSql *database, GPtrArray *messages, GHashTable *known)
{
  g_autoptr (ChatSqlRows) ids = chat_sql_rows_new ("s");
  g_autoptr (GHashTable) own = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ChatSqlQuery) query = NULL;

  for (guint i = 0; i < messages->len; i++)
    {
      const char *id = chat_message_get_id (g_ptr_array_index (messages, i));

      g_hash_table_add (own, (gpointer)id);
      chat_sql_rows_add (ids, id);
    }
  query = chat_sql_rows_query (
      ids, database,
      "SELECT id, 0 FROM messages WHERE id = ANY (?1::text[]) "
      "UNION ALL SELECT target, 0 FROM pending WHERE target = ANY (?1::text[]) "
      "UNION ALL SELECT NULL, nextval ('message_numbers') FROM generate_series (1, cardinality (?1::text[]))");
  while (chat_sql_next (database, query))
    {
      g_autofree char *id = NULL;
      gint64 number;

      chat_sql_read (query, "mx", &id, &number);
      if (id != NULL)
        g_hash_table_add (known, g_hash_table_lookup (own, id));
      else
        take_number (rows_of (database), number);
    }
}

static void
take_authors (ChatSql *database, ChatSqlQuery *query)
{
  while (chat_sql_next (database, query))
    {
      g_autofree char *key = NULL;
      gint64 number;

      chat_sql_read (query, "sx", &key, &number);
      chat_lru_put (database->authors, key, g_memdup2 (&number, sizeof number));
    }
}

static gboolean
is_author_known (ChatSql *database, const char *user)
{
  return chat_lru_get (database->authors, chat_sql_get_key (database, user)) != NULL;
}

/* Whoever is not known yet is made in the order of the keys: two that append what the same new ones wrote, in channels
 * of their own, wait for each other only once. */
static void
make_authors (ChatSql *database, GPtrArray *users)
{
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("ss");
  g_autoptr (ChatSqlQuery) query = NULL;

  for (guint i = 0; i < users->len; i++)
    if (!is_author_known (database, users->pdata[i]))
      chat_sql_rows_add (rows, chat_sql_get_key (database, users->pdata[i]), (const char *)users->pdata[i]);
  if (chat_sql_rows_count (rows) == 0)
    return;
  query = chat_sql_rows_query (rows, database,
                               "INSERT INTO authors (user_key, \"user\") "
                               "SELECT k, u FROM unnest (?1::text[], ?2::text[]) AS r (k, u) ORDER BY k COLLATE \"C\" "
                               "ON CONFLICT (user_key) DO NOTHING RETURNING user_key, number");
  take_authors (database, query);
}

static void
find_authors (ChatSql *database, GPtrArray *messages)
{
  g_autoptr (ChatSqlRows) keys = chat_sql_rows_new ("s");
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) users = g_ptr_array_new ();
  g_autoptr (ChatSqlQuery) query = NULL;

  for (guint i = 0; i < messages->len; i++)
    {
      const char *user = chat_message_get_author (g_ptr_array_index (messages, i));

      if (user == NULL || !g_hash_table_add (asked, (gpointer)user) || is_author_known (database, user))
        continue;
      g_ptr_array_add (users, (gpointer)user);
      chat_sql_rows_add (keys, chat_sql_get_key (database, user));
    }
  if (users->len == 0)
    return;
  query
      = chat_sql_rows_query (keys, database, "SELECT user_key, number FROM authors WHERE user_key = ANY (?1::text[])");
  take_authors (database, query);
  make_authors (database, users);
}

void
chat_postgresql_prepare_append (ChatSql *database, GPtrArray *messages, GHashTable *known)
{
  ChatPostgresqlRows *rows = rows_of (database);

  g_array_set_size (rows->numbers, 0);
  rows->next = 0;
  if (messages->len == 0)
    return;
  find_known (database, messages, known);
  find_authors (database, messages);
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

static char *
dup_copy_text (const ChatSqlRows *rows, guint width)
{
  GString *text = g_string_new (NULL);

  for (guint row = 0; row < chat_sql_rows_count (rows); row++)
    for (guint column = 0; column < width; column++)
      {
        const ChatSqlValue *value = &chat_sql_rows_get (rows, row)[column];
        char end = column + 1 < width ? '\t' : '\n';

        if (value->type == 's')
          append_field (text, value->text, end);
        else
          g_string_append_printf (text, "%" G_GINT64_FORMAT "%c", value->number, end);
      }
  return g_string_free (text, FALSE);
}

static void
add_mentions (ChatPostgresqlRows *rows, const ChatSqlRecord *record)
{
  g_autoptr (GPtrArray) keys = chat_mentions_find (chat_message_get_data (record->message));

  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (!g_str_equal (keys->pdata[i], record->author_key))
      chat_sql_rows_add (rows->mentions, (const char *)keys->pdata[i], record->channel, record->seq);
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
  chat_sql_rows_add (rows->messages, record->number, record->channel, record->seq,
                     chat_message_get_id (record->message), record->clock, encoded, record->author,
                     chat_message_get_timestamp (record->message), (gint64)(record->said ? 1 : 0));
  if (!record->said)
    return;
  words = g_string_new (NULL);
  chat_postgresql_append_words (words, record, chat_message_get_data (record->message));
  chat_sql_rows_add (rows->search, record->number, words->str);
  add_mentions (rows, record);
}

/** Table: how rows come into it, few of them and many. */
typedef struct
{
  guint width; /* columns */
  const char *few, *many;
} Table;

static void
write_rows (ChatSql *database, const Table *table, ChatSqlRows *rows)
{
  if (chat_sql_rows_count (rows) <= FEW)
    chat_sql_rows_run (rows, database, NULL, table->few);
  else
    {
      g_autofree char *text = dup_copy_text (rows, table->width);

      chat_postgresql_copy ((ChatPostgresql *)database, table->many, text);
    }
  chat_sql_rows_clear (rows);
}

#define MESSAGES "messages (number, channel, seq, id, clock, record, author, timestamp, said) "

void
chat_postgresql_flush_rows (ChatSql *database)
{
  static const Table messages
      = { 9,
          "INSERT INTO " MESSAGES "SELECT * FROM unnest (?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::text[], "
          "?5::bigint[], ?6::text[], ?7::bigint[], ?8::bigint[], ?9::smallint[])",
          "COPY " MESSAGES "FROM STDIN" };
  static const Table search
      = { 2, "INSERT INTO search (number, words) SELECT n, w::tsvector FROM unnest (?1::bigint[], ?2::text[]) r (n, w)",
          "COPY search (number, words) FROM STDIN" };
  static const Table mentions = { 3,
                                  "INSERT INTO mentions (user_key, channel, seq) "
                                  "SELECT * FROM unnest (?1::text[], ?2::bigint[], ?3::bigint[])",
                                  "COPY mentions (user_key, channel, seq) FROM STDIN" };
  ChatPostgresqlRows *rows = rows_of (database);

  write_rows (database, &messages, rows->messages);
  write_rows (database, &search, rows->search);
  write_rows (database, &mentions, rows->mentions);
}
