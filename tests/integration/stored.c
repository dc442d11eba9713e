/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stored.h"

#include <json-glib/json-glib.h>
#include <sqlite3.h>

#include "chat-test-loop.h"

/* The server may be in the middle of something: that is waited for. */
#define BUSY_MS 10000
#define TICK_MS 20

StoredMessage *
stored_message_new (gint64 seq, const char *id, const char *author, const char *data)
{
  StoredMessage *message = g_new0 (StoredMessage, 1);

  *message = (StoredMessage){ seq, g_strdup (id), g_strdup (author), g_strdup (data) };
  return message;
}

void
stored_message_free (gpointer data)
{
  StoredMessage *message = data;

  if (message == NULL)
    return;
  g_free (message->id);
  g_free (message->author);
  g_free (message->data);
  g_free (message);
}

char *
stored_path (const char *directory)
{
  return g_build_filename (directory, "store.db", NULL);
}

char *
stored_log_path (const char *directory)
{
  return g_build_filename (directory, "broker.db", NULL);
}

static sqlite3 *
open_store (const char *directory)
{
  g_autofree char *path = stored_path (directory);
  sqlite3 *handle = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (handle, BUSY_MS);
  return handle;
}

static sqlite3_stmt *
prepare (sqlite3 *handle, const char *sql, const char *parameter)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (handle));
  sqlite3_bind_text (statement, 1, parameter, -1, SQLITE_STATIC);
  return statement;
}

static StoredMessage *
read_row (sqlite3_stmt *statement)
{
  const char *id = (const char *)sqlite3_column_text (statement, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string ((const char *)sqlite3_column_text (statement, 2), &error);
  JsonObject *record;

  g_assert_no_error (error);
  record = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (record, "id"), ==, id);
  return stored_message_new (sqlite3_column_int64 (statement, 0), id,
                             json_object_get_string_member_with_default (record, "author", NULL),
                             json_object_get_string_member_with_default (record, "data", NULL));
}

GPtrArray *
stored_read (const char *directory, const char *channel)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func (stored_message_free);
  sqlite3 *handle = open_store (directory);
  sqlite3_stmt *statement = prepare (handle,
                                     "SELECT m.seq, m.id, m.record FROM messages m JOIN channels c "
                                     "ON m.channel = c.number WHERE c.name = ?1 ORDER BY m.seq",
                                     channel);

  while (sqlite3_step (statement) == SQLITE_ROW)
    g_ptr_array_add (messages, read_row (statement));
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  sqlite3_close (handle);
  return messages;
}

/* The newest row of a channel, or none. max() of an index is one look; that there is no hole below it is the verdict's
 * business. */
static StoredMessage *
read_newest (const char *directory, const char *channel)
{
  sqlite3 *handle = open_store (directory);
  sqlite3_stmt *statement = prepare (handle,
                                     "SELECT seq, id, record FROM messages WHERE channel = "
                                     "(SELECT number FROM channels WHERE name = ?1) ORDER BY seq DESC LIMIT 1",
                                     channel);
  StoredMessage *message = sqlite3_step (statement) == SQLITE_ROW ? read_row (statement) : NULL;

  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  sqlite3_close (handle);
  return message;
}

gint64
stored_count (const char *directory, const char *channel)
{
  StoredMessage *newest = read_newest (directory, channel);
  gint64 count = newest != NULL ? newest->seq : 0;

  stored_message_free (newest);
  return count;
}

/* Nobody tells when another process commits: it is asked now and then. */

typedef struct
{
  const char *directory;
  const char *channel;
  const char *text;
  gint64 count;
} Awaited;

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
is_there (gpointer data)
{
  const Awaited *awaited = data;
  StoredMessage *newest = read_newest (awaited->directory, awaited->channel);
  gboolean there = newest != NULL && newest->seq >= awaited->count
                   && (awaited->text == NULL || g_strcmp0 (newest->data, awaited->text) == 0);

  stored_message_free (newest);
  return there;
}

static void
wait (Awaited awaited, const char *what)
{
  guint tick = g_timeout_add (TICK_MS, tick_cb, NULL);

  chat_test_wait_until (is_there, &awaited, what);
  g_source_remove (tick);
}

void
stored_wait_count (const char *directory, const char *channel, gint64 count)
{
  wait ((Awaited){ directory, channel, NULL, count }, "messages to be stored");
}

void
stored_wait_text (const char *directory, const char *channel, const char *text)
{
  wait ((Awaited){ directory, channel, text, 0 }, text);
}

void
stored_assert_strikes (const char *directory, const char *user, gint64 count)
{
  sqlite3 *handle = open_store (directory);
  sqlite3_stmt *statement = prepare (handle,
                                     "SELECT count(*), count(DISTINCT record_id), count(DISTINCT strike), max(strike) "
                                     "FROM strikes WHERE user = ?1",
                                     user);

  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  for (int column = 0; column < 4; column++)
    g_assert_cmpint (sqlite3_column_int64 (statement, column), ==, count);
  sqlite3_finalize (statement);
  sqlite3_close (handle);
}

void
stored_assert_contiguous (GPtrArray *messages)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < messages->len; i++)
    {
      const StoredMessage *message = messages->pdata[i];

      g_assert_cmpint (message->seq, ==, i + 1);
      if (!g_hash_table_add (ids, message->id))
        g_error ("The id %s is in the store twice, the second time as seq %" G_GINT64_FORMAT, message->id,
                 message->seq);
    }
}

void
stored_assert_same (GPtrArray *seen, GPtrArray *messages)
{
  g_assert_cmpuint (seen->len, ==, messages->len);
  for (guint i = 0; i < seen->len; i++)
    {
      const StoredMessage *a = seen->pdata[i];
      const StoredMessage *b = messages->pdata[i];

      g_assert_cmpint (a->seq, ==, b->seq);
      g_assert_cmpstr (a->id, ==, b->id);
      g_assert_cmpstr (a->author, ==, b->author);
      g_assert_cmpstr (a->data, ==, b->data);
    }
}
