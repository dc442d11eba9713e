/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-record.h"

#include <string.h>

#include "transport/log/chat-log-file.h"

/* http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_OFFSET_BASIS 2166136261u
#define FNV_PRIME 16777619u

guint
chat_log_record_get_shard (const ChatRecord *record, guint shards)
{
  guint32 hash = FNV_OFFSET_BASIS;
  const char *key = chat_record_get_key (record);

  if (key == NULL || shards <= 1)
    return 0;
  for (const char *p = key; *p != '\0'; p++)
    hash = (hash ^ (guint8)*p) * FNV_PRIME;
  return hash % shards;
}

/* Headers are name NUL value NUL …, in no order. */
static char *
pack_headers (GHashTable *headers, gsize *size)
{
  GByteArray *bytes = g_byte_array_new ();
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      g_byte_array_append (bytes, name, (guint)strlen (name) + 1);
      g_byte_array_append (bytes, value, (guint)strlen (value) + 1);
    }
  *size = bytes->len;
  return (char *)g_byte_array_free (bytes, FALSE);
}

static void
unpack_headers (ChatRecord *record, const char *packed, gsize size)
{
  const char *end = packed + size;

  while (packed < end)
    {
      const char *name = packed;
      const char *value = memchr (name, '\0', (gsize)(end - name));
      const char *stop = value != NULL ? memchr (value + 1, '\0', (gsize)(end - value - 1)) : NULL;

      /* Cut short: that was not written by us, and what is whole of it is good. */
      if (stop == NULL || value == name)
        return;
      chat_record_set_header (record, name, value + 1);
      packed = stop + 1;
    }
}

void
chat_log_record_bind (const ChatRecord *record, sqlite3_stmt *statement, int first, gint64 time_ms)
{
  GHashTable *headers = chat_record_get_headers (record);
  gsize size;
  const void *payload = g_bytes_get_data (chat_record_get_bytes (record), &size);

  sqlite3_bind_int64 (statement, first, time_ms);
  sqlite3_bind_text (statement, first + 1, chat_record_get_key (record), -1, SQLITE_STATIC);
  /* An empty GBytes has no address, and SQLite would take that for NULL. */
  sqlite3_bind_blob64 (statement, first + 3, size > 0 ? payload : "", size, SQLITE_STATIC);
  if (headers == NULL || g_hash_table_size (headers) == 0)
    {
      sqlite3_bind_null (statement, first + 2);
      return;
    }
  char *packed = pack_headers (headers, &size);
  sqlite3_bind_blob64 (statement, first + 2, packed, size, g_free);
}

ChatRecord *
chat_log_record_read (sqlite3_stmt *row, const char *topic, gint shard)
{
  g_autoptr (GBytes) bytes = NULL;
  const void *payload = sqlite3_column_blob (row, 4), *headers;
  ChatRecord *record;

  bytes = g_bytes_new (payload, (gsize)sqlite3_column_bytes (row, 4));
  record = chat_record_new_delivered (topic, (const char *)sqlite3_column_text (row, 2), bytes, shard,
                                      CHAT_LOG_OFFSET (sqlite3_column_int64 (row, 0)), sqlite3_column_int64 (row, 1));
  headers = sqlite3_column_blob (row, 3);
  if (headers != NULL)
    unpack_headers (record, headers, (gsize)sqlite3_column_bytes (row, 3));
  return record;
}
