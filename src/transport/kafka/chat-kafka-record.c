/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-record.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-time.h"
#include "transport/chat-transport-error.h"
#include "transport/kafka/chat-kafka-transport.h"

/* Kafka's Topic.validate() */
#define TOPIC_MOST 249
#define EXTRAS_MOST 40000

static gsize
get_extras_size (const ChatRecord *record)
{
  GHashTable *headers = chat_record_get_headers (record);
  const char *key = chat_record_get_key (record);
  gsize size = key != NULL ? strlen (key) : 0;
  GHashTableIter iter;
  gpointer name, value;

  if (headers == NULL)
    return size;
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    size += strlen (name) + strlen (value) + 2;
  return size;
}

static gboolean
is_topic (const char *name)
{
  gsize length = strlen (name);

  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      return FALSE;
  return length > 0 && length <= TOPIC_MOST && !g_str_equal (name, ".") && !g_str_equal (name, "..");
}

gboolean
chat_kafka_record_check (const ChatBrokerOptions *options, const ChatRecord *record, GError **error)
{
  g_autofree char *name = chat_broker_options_dup_name (options, chat_record_get_topic (record));
  gsize size = g_bytes_get_size (chat_record_get_bytes (record));

  if (!is_topic (name))
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 _ ("“%s” can't be a topic of Kafka: 1 to %d letters of ASCII, digits, “.”, “_” and “-” can"), name,
                 TOPIC_MOST);
  else if (size > CHAT_KAFKA_RECORD_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 _ ("A record for %s has %u bytes; at most %d are taken"), name, (guint)MIN (size, G_MAXUINT),
                 CHAT_KAFKA_RECORD_MOST);
  else if (get_extras_size (record) > EXTRAS_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 _ ("The key and headers of a record have at most %d bytes"), EXTRAS_MOST);
  else
    return TRUE;
  return FALSE;
}

static rd_kafka_headers_t *
headers_new (const ChatRecord *record)
{
  GHashTable *headers = chat_record_get_headers (record);
  rd_kafka_headers_t *made;
  GHashTableIter iter;
  gpointer name, value;

  if (headers == NULL)
    return NULL;
  made = rd_kafka_headers_new (g_hash_table_size (headers));
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    rd_kafka_header_add (made, name, -1, value, -1);
  return made;
}

rd_kafka_resp_err_t
chat_kafka_record_produce (rd_kafka_t *handle, const ChatBrokerOptions *options, const ChatRecord *record,
                           gpointer opaque)
{
  g_autofree char *name = chat_broker_options_dup_name (options, chat_record_get_topic (record));
  rd_kafka_headers_t *headers = headers_new (record);
  const char *key = chat_record_get_key (record);
  gsize length;
  const void *data = g_bytes_get_data (chat_record_get_bytes (record), &length);
  rd_kafka_vu_t parts[6] = {
    { .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = name },
    { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
    /* no data at all would be a tombstone */
    { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { .ptr = data != NULL ? (void *)data : (void *)"", .size = length } },
    { .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque },
  };
  gsize count = 4;
  rd_kafka_error_t *failure;
  rd_kafka_resp_err_t code;

  if (key != NULL)
    parts[count++]
        = (rd_kafka_vu_t){ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { .ptr = (void *)key, .size = strlen (key) } };
  if (headers != NULL)
    parts[count++] = (rd_kafka_vu_t){ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers };
  failure = rd_kafka_produceva (handle, parts, count);
  if (failure == NULL)
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  code = rd_kafka_error_code (failure);
  rd_kafka_error_destroy (failure);
  if (headers != NULL)
    rd_kafka_headers_destroy (headers);
  return code;
}

static gboolean
is_text (const char *data, gsize length)
{
  return memchr (data, '\0', length) == NULL && g_utf8_validate_len (data, length, NULL);
}

char *
chat_kafka_record_dup_key (const rd_kafka_message_t *message)
{
  return message->key != NULL && is_text (message->key, message->key_len) ? g_strndup (message->key, message->key_len)
                                                                          : NULL;
}

static void
take_headers (ChatRecord *record, const rd_kafka_message_t *message)
{
  rd_kafka_headers_t *headers;
  const char *name;
  const void *value;
  size_t length;

  if (rd_kafka_message_headers (message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  for (size_t i = 0; rd_kafka_header_get_all (headers, i, &name, &value, &length) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
    {
      g_autofree char *text = NULL;

      if (*name == '\0' || !g_utf8_validate (name, -1, NULL) || (value != NULL && !is_text (value, length)))
        continue;
      text = g_strndup (value != NULL ? value : "", value != NULL ? length : 0);
      chat_record_set_header (record, name, text);
    }
}

ChatRecord *
chat_kafka_record_new (const char *topic, const rd_kafka_message_t *message)
{
  g_autofree char *key = chat_kafka_record_dup_key (message);
  g_autoptr (GBytes) bytes = g_bytes_new (message->payload, message->len);
  gint64 time_ms = rd_kafka_message_timestamp (message, NULL);
  ChatRecord *record = chat_record_new_delivered (topic, key, bytes, message->partition, message->offset,
                                                  time_ms >= 0 ? time_ms : CHAT_TIME_UNKNOWN);

  take_headers (record, message);
  return record;
}
