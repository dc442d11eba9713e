/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-record.h"

#include <string.h>

#include "core/chat-time.h"
#include "core/chat-uuid.h"

/* One allocation holds the record, its topic and its key: a busy feed makes tens of thousands of these a second. */
struct _ChatRecord
{
  GBytes *bytes;
  GHashTable *headers; /* nullable; shared between a published record and its delivered form */
  const char *key;     /* nullable */
  gint64 offset;
  gint64 time_ms;
  gint shard;
  gboolean named_by_content;
  char topic[];
};

G_DEFINE_BOXED_TYPE (ChatRecord, chat_record, chat_record_ref, chat_record_unref)

static void
chat_record_clear (ChatRecord *self)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->headers, g_hash_table_unref);
}

ChatRecord *
chat_record_new (const char *topic, const char *key, GBytes *bytes)
{
  return chat_record_new_delivered (topic, key, bytes, -1, -1, CHAT_TIME_UNKNOWN);
}

ChatRecord *
chat_record_new_delivered (const char *topic, const char *key, GBytes *bytes, gint shard, gint64 offset, gint64 time_ms)
{
  ChatRecord *self;
  gsize topic_size, key_size;

  g_return_val_if_fail (topic != NULL, NULL);
  g_return_val_if_fail (bytes != NULL, NULL);

  topic_size = strlen (topic) + 1;
  key_size = key != NULL ? strlen (key) + 1 : 0;
  self = g_atomic_rc_box_alloc0 (sizeof (ChatRecord) + topic_size + key_size);
  memcpy (self->topic, topic, topic_size);
  if (key != NULL)
    self->key = memcpy (self->topic + topic_size, key, key_size);
  self->bytes = g_bytes_ref (bytes);
  self->shard = shard;
  self->offset = offset;
  self->time_ms = time_ms;
  return self;
}

ChatRecord *
chat_record_new_placed (const ChatRecord *published, gint shard, gint64 offset, gint64 time_ms)
{
  ChatRecord *self;

  g_return_val_if_fail (published != NULL, NULL);

  self = chat_record_new_delivered (published->topic, published->key, published->bytes, shard, offset, time_ms);
  if (published->headers != NULL)
    self->headers = g_hash_table_ref (published->headers);
  return self;
}

ChatRecord *
chat_record_ref (ChatRecord *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
chat_record_unref (ChatRecord *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)chat_record_clear);
}

const char *
chat_record_get_topic (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->topic;
}

const char *
chat_record_get_key (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->key;
}

GBytes *
chat_record_get_bytes (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->bytes;
}

gint
chat_record_get_shard (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, -1);
  return self->shard;
}

gint64
chat_record_get_offset (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, -1);
  return self->offset;
}

gint64
chat_record_get_time (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, CHAT_TIME_UNKNOWN);
  return self->time_ms;
}

void
chat_record_set_header (ChatRecord *self, const char *name, const char *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL && *name != '\0');
  g_return_if_fail (value != NULL);

  if (self->headers == NULL)
    self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_replace (self->headers, g_strdup (name), g_strdup (value));
}

const char *
chat_record_get_header (const ChatRecord *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  return self->headers != NULL ? g_hash_table_lookup (self->headers, name) : NULL;
}

GHashTable *
chat_record_get_headers (const ChatRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->headers;
}

void
chat_record_set_named_by_content (ChatRecord *self)
{
  g_return_if_fail (self != NULL);
  self->named_by_content = TRUE;
}

static char *
name_by_content (const ChatRecord *self, const char *transport)
{
  g_autofree char *place
      = g_strdup_printf ("%s/%s/%" G_GINT64_FORMAT, self->topic, self->key != NULL ? self->key : "", self->time_ms);
  g_autoptr (GByteArray) name = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (self->bytes, &size);

  g_byte_array_append (name, (const guint8 *)place, (guint)strlen (place) + 1);
  g_byte_array_append (name, data, (guint)size);
  return chat_uuid_v5 (transport, name->data, name->len);
}

char *
chat_record_dup_id (const ChatRecord *self, const char *transport)
{
  g_autofree char *place = NULL;
  const char *own;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (transport != NULL, NULL);

  own = chat_record_get_header (self, CHAT_RECORD_ID_HEADER);
  if (own != NULL && chat_uuid_is_valid (own))
    return g_ascii_strdown (own, -1);
  if (own != NULL && *own != '\0')
    return chat_uuid_v5 (transport, own, strlen (own));
  if (self->named_by_content)
    return name_by_content (self, transport);

  place = g_strdup_printf ("%s/%d/%" G_GINT64_FORMAT, self->topic, self->shard, self->offset);
  return chat_uuid_v5 (transport, place, strlen (place));
}
