/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "log-test.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

void
log_test_init (LogTest *self)
{
  g_autoptr (GError) error = NULL;

  self->transport = NULL;
  self->folder = g_dir_make_tmp ("test-log-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "log", NULL);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);

      remove_all (inner);
    }
  g_remove (path);
}

void
log_test_clear (LogTest *self)
{
  if (self->transport != NULL)
    log_test_close (self);
  remove_all (self->folder);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->path, g_free);
}

void
log_test_open (LogTest *self, const ChatLogOptions *options)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (self->transport);
  self->transport = chat_log_transport_new (self->path, options);
  chat_test_call (chat_transport_connect, self->transport, &error);
  g_assert_no_error (error);
}

gboolean
log_test_try (const char *path, GError **error)
{
  ChatTransport *transport = chat_log_transport_new (path, NULL);
  gboolean connected = chat_test_call (chat_transport_connect, transport, error);

  g_assert_true (chat_test_call (chat_transport_close, transport, NULL));
  g_assert_finalize_object (transport);
  return connected;
}

void
log_test_close (LogTest *self)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_close, self->transport, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (self->transport);
  self->transport = NULL;
}

static ChatRecord *
record_new (const char *topic, const char *key, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return chat_record_new (topic, key, bytes);
}

gboolean
log_test_publish (LogTest *self, const char *topic, const char *key, const char *text, GError **error)
{
  g_autoptr (ChatRecord) record = record_new (topic, key, text);

  return chat_test_call (chat_transport_publish, self->transport, error, record);
}

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *confirmed = user_data;
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  (*confirmed)++;
}

void
log_test_publish_many (LogTest *self, const char *topic, const char *key, const char *prefix, guint count)
{
  guint confirmed = 0;

  for (guint i = 0; i < count; i++)
    {
      g_autofree char *text = g_strdup_printf ("%s%u", prefix, i);
      g_autoptr (ChatRecord) record = record_new (topic, key, text);

      chat_transport_publish_async (self->transport, record, NULL, confirmed_cb, &confirmed);
    }
  chat_test_wait_count (&confirmed, count, "every confirmation");
}

char *
log_test_ask (const char *path, const char *sql)
{
  sqlite3 *db;
  sqlite3_stmt *row;
  char *answer = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 5000);
  if (sqlite3_prepare_v2 (db, sql, -1, &row, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  if (sqlite3_step (row) == SQLITE_ROW)
    answer = g_strdup ((const char *)sqlite3_column_text (row, 0));
  sqlite3_finalize (row);
  sqlite3_close (db);
  return answer;
}

void
log_test_do (const char *path, const char *sql)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  sqlite3_close (db);
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, LogReader *self)
{
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (self->records, chat_record_ref (g_ptr_array_index (batch, i)));
  self->count = self->records->len;
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to, LogReader *self)
{
  self->gaps++;
  self->gap_from = from;
  self->gap_to = to;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, LogReader *self)
{
  self->closed++;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

LogReader *
log_reader_new (LogTest *test, const char *topic, const ChatStart *start)
{
  const char *topics[] = { topic, NULL };
  LogReader *self = g_new0 (LogReader, 1);
  g_autoptr (GError) error = NULL;

  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  self->subscription = chat_test_call (chat_transport_subscribe, test->transport, &error, topics, NULL, start);
  g_assert_no_error (error);
  g_signal_connect (self->subscription, "records", G_CALLBACK (records_cb), self);
  g_signal_connect (self->subscription, "gap", G_CALLBACK (gap_cb), self);
  g_signal_connect (self->subscription, "closed", G_CALLBACK (closed_cb), self);
  return self;
}

LogReader *
log_reader_new_group (LogTest *test, const char *topic, const char *group)
{
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, group };

  return log_reader_new (test, topic, &start);
}

void
log_reader_free (LogReader *self)
{
  chat_test_call (chat_subscription_close, self->subscription, NULL);
  g_signal_handlers_disconnect_by_data (self->subscription, self);
  g_object_unref (self->subscription);
  g_ptr_array_unref (self->records);
  g_clear_error (&self->error);
  g_free (self);
}

char *
log_reader_text (LogReader *self, guint i)
{
  gsize size;
  const char *text = g_bytes_get_data (chat_record_get_bytes (g_ptr_array_index (self->records, i)), &size);

  return g_strndup (text, size);
}

gboolean
log_reader_forward (LogTest *test, LogReader *self, guint count, const char *output, GError **error)
{
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = 0; i < count; i++)
    {
      ChatRecord *input = g_ptr_array_index (self->records, i);

      g_ptr_array_add (inputs, chat_record_ref (input));
      if (output != NULL)
        g_ptr_array_add (outputs, chat_record_new (output, chat_record_get_key (input), chat_record_get_bytes (input)));
    }
  return chat_test_call (chat_transport_forward, test->transport, error, self->subscription, inputs, outputs);
}
