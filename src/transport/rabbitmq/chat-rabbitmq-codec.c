/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-codec.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-time.h"
#include "transport/chat-transport-error.h"

/* Short strings of AMQP have one byte for their length. */
#define SHORT_MOST 255

#define TIME_HEADER "timestamp_in_ms"
#define OFFSET_HEADER "x-stream-offset"
#define BCC_HEADER "BCC"

static gboolean rejected (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
rejected (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED, text);
  return FALSE;
}

gboolean
chat_rabbitmq_codec_check (ChatRecord *record, gsize most, GError **error)
{
  gsize size = g_bytes_get_size (chat_record_get_bytes (record));
  const char *key = chat_record_get_key (record), *id = chat_record_get_header (record, CHAT_RECORD_ID_HEADER);
  GHashTable *headers = chat_record_get_headers (record);
  GHashTableIter iter;
  gpointer name;

  if (size > most)
    return rejected (error, _ ("A record of %u bytes is too large: %u are the most"), (guint)MIN (size, G_MAXUINT),
                     (guint)most);
  if (key != NULL && strlen (key) > SHORT_MOST)
    return rejected (error, _ ("A routing key has at most %d bytes"), SHORT_MOST);
  if (id != NULL && strlen (id) > SHORT_MOST)
    return rejected (error, _ ("A message id has at most %d bytes"), SHORT_MOST);
  if (headers == NULL)
    return TRUE;
  if (g_hash_table_size (headers) > CHAT_RABBITMQ_HEADERS_MOST)
    return rejected (error, _ ("A record has at most %d headers"), CHAT_RABBITMQ_HEADERS_MOST);
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (strlen (name) > SHORT_MOST)
      return rejected (error, _ ("A header's name has at most %d bytes"), SHORT_MOST);
  return TRUE;
}

static amqp_table_entry_t *
add_entry (amqp_table_t *table, const char *name, guint8 kind)
{
  amqp_table_entry_t *entry = &table->entries[table->num_entries++];

  memset (entry, 0, sizeof *entry);
  entry->key = amqp_cstring_bytes (name);
  entry->value.kind = kind;
  return entry;
}

static void
add_headers (amqp_table_t *table, GHashTable *headers)
{
  GHashTableIter iter;
  gpointer name, value;

  if (headers == NULL)
    return;
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!g_str_equal (name, CHAT_RECORD_ID_HEADER))
      add_entry (table, name, AMQP_FIELD_KIND_UTF8)->value.value.bytes = amqp_cstring_bytes (value);
}

static gboolean
looks_like_json (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  return size > 1 && data[0] == '{' && data[size - 1] == '}';
}

static void
add_shard (ChatRabbitmqProperties *self, ChatRecord *record, guint shards)
{
  const char *key = chat_record_get_key (record);

  g_snprintf (self->shard, sizeof self->shard, "%u", g_str_hash (key != NULL ? key : "") % shards);
  add_entry (&self->properties.headers, CHAT_RABBITMQ_SHARD_HEADER, AMQP_FIELD_KIND_UTF8)->value.value.bytes
      = amqp_cstring_bytes (self->shard);
}

void
chat_rabbitmq_codec_encode (ChatRabbitmqProperties *self, ChatRecord *record, gint64 time_ms, gboolean direct,
                            guint shards)
{
  amqp_basic_properties_t *properties = &self->properties;
  amqp_table_t *table = &properties->headers;
  const char *id = chat_record_get_header (record, CHAT_RECORD_ID_HEADER);

  memset (properties, 0, sizeof *properties);
  properties->_flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TIMESTAMP_FLAG;
  properties->delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties->timestamp = (guint64)(time_ms / 1000);
  if (looks_like_json (chat_record_get_bytes (record)))
    {
      properties->_flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
      properties->content_type = amqp_cstring_bytes ("application/json");
    }
  if (id != NULL)
    {
      properties->_flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
      properties->message_id = amqp_cstring_bytes (id);
    }

  *table = (amqp_table_t){ 0, self->entries };
  add_entry (table, TIME_HEADER, AMQP_FIELD_KIND_I64)->value.value.i64 = time_ms;
  if (direct)
    {
      memset (self->every, 0, sizeof self->every);
      self->every[0].kind = AMQP_FIELD_KIND_UTF8;
      self->every[0].value.bytes = amqp_cstring_bytes (CHAT_RABBITMQ_EVERY_KEY);
      add_entry (table, BCC_HEADER, AMQP_FIELD_KIND_ARRAY)->value.value.array = (amqp_array_t){ 1, self->every };
    }
  if (shards > 1)
    add_shard (self, record, shards);
  add_headers (table, chat_record_get_headers (record));
}

/* Reading */

static gboolean
is_named (const amqp_table_entry_t *entry, const char *name)
{
  return entry->key.len == strlen (name) && memcmp (entry->key.bytes, name, entry->key.len) == 0;
}

static gboolean
get_integer (const amqp_field_value_t *value, gint64 *integer)
{
  switch (value->kind)
    {
    case AMQP_FIELD_KIND_I8:
      *integer = value->value.i8;
      return TRUE;
    case AMQP_FIELD_KIND_U8:
      *integer = value->value.u8;
      return TRUE;
    case AMQP_FIELD_KIND_I16:
      *integer = value->value.i16;
      return TRUE;
    case AMQP_FIELD_KIND_U16:
      *integer = value->value.u16;
      return TRUE;
    case AMQP_FIELD_KIND_I32:
      *integer = value->value.i32;
      return TRUE;
    case AMQP_FIELD_KIND_U32:
      *integer = value->value.u32;
      return TRUE;
    case AMQP_FIELD_KIND_I64:
      *integer = value->value.i64;
      return TRUE;
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
      *integer = (gint64)MIN (value->value.u64, (guint64)G_MAXINT64);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
find_integer (const amqp_basic_properties_t *properties, const char *name, gint64 *integer)
{
  if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) == 0)
    return FALSE;
  for (int i = 0; i < properties->headers.num_entries; i++)
    if (is_named (&properties->headers.entries[i], name))
      return get_integer (&properties->headers.entries[i].value, integer);
  return FALSE;
}

gint64
chat_rabbitmq_codec_get_offset (const amqp_basic_properties_t *properties)
{
  gint64 offset;

  return find_integer (properties, OFFSET_HEADER, &offset) && offset >= 0 ? offset : -1;
}

gint64
chat_rabbitmq_codec_get_time (const amqp_basic_properties_t *properties)
{
  gint64 time_ms;

  if (find_integer (properties, TIME_HEADER, &time_ms) && time_ms > 0)
    return time_ms;
  if ((properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0 && properties->timestamp > 0
      && properties->timestamp < G_MAXINT64 / 1000)
    return (gint64)properties->timestamp * 1000;
  return CHAT_TIME_UNKNOWN;
}

/* Valid UTF-8 without NUL, whatever it was. */
static char *
dup_string (amqp_bytes_t bytes)
{
  if (bytes.len == 0)
    return g_strdup ("");
  if (g_utf8_validate_len (bytes.bytes, bytes.len, NULL))
    return g_strndup (bytes.bytes, bytes.len);
  return g_utf8_make_valid (bytes.bytes, (gssize)bytes.len);
}

static void
take_header (ChatRecord *record, const amqp_table_entry_t *entry)
{
  g_autofree char *name = NULL, *value = NULL;
  gint64 integer;

  if (entry->key.len == 0 || is_named (entry, TIME_HEADER) || is_named (entry, OFFSET_HEADER)
      || is_named (entry, CHAT_RECORD_ID_HEADER) || is_named (entry, "x-delivery-count")
      || is_named (entry, CHAT_RABBITMQ_SHARD_HEADER))
    return;
  if (entry->value.kind == AMQP_FIELD_KIND_UTF8 || entry->value.kind == AMQP_FIELD_KIND_BYTES)
    value = dup_string (entry->value.value.bytes);
  else if (entry->value.kind == AMQP_FIELD_KIND_BOOLEAN)
    value = g_strdup (entry->value.value.boolean ? "true" : "false");
  else if (get_integer (&entry->value, &integer))
    value = g_strdup_printf ("%" G_GINT64_FORMAT, integer);
  else
    return;
  name = dup_string (entry->key);
  chat_record_set_header (record, name, value);
}

ChatRecord *
chat_rabbitmq_codec_decode (const char *topic, const ChatRabbitmqDelivery *delivery, gint shard, gint64 offset)
{
  const amqp_basic_properties_t *properties = delivery->properties;
  char buffer[SHORT_MOST + 1];
  const char *key = NULL;
  ChatRecord *record;

  if (delivery->key.len > 0 && g_utf8_validate_len (delivery->key.bytes, delivery->key.len, NULL))
    {
      gsize length = MIN (delivery->key.len, (gsize)SHORT_MOST);

      memcpy (buffer, delivery->key.bytes, length);
      buffer[length] = '\0';
      key = buffer;
    }
  if (key == NULL && delivery->key.len > 0)
    {
      g_autofree char *mended = dup_string (delivery->key);

      record = chat_record_new_delivered (topic, mended, delivery->body, shard, offset,
                                          chat_rabbitmq_codec_get_time (properties));
    }
  else
    {
      record = chat_record_new_delivered (topic, key, delivery->body, shard, offset,
                                          chat_rabbitmq_codec_get_time (properties));
    }
  chat_record_set_named_by_content (record);
  if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0)
    for (int i = 0; i < properties->headers.num_entries; i++)
      take_header (record, &properties->headers.entries[i]);
  if ((properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0 && properties->message_id.len > 0)
    {
      g_autofree char *id = dup_string (properties->message_id);

      chat_record_set_header (record, CHAT_RECORD_ID_HEADER, id);
    }
  return record;
}
