/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/websocket/chat-live-frame.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-core-error.h"
#include "core/chat-json-reader.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "transport/chat-transport-error.h"

/* The frame, the array, and the deepest record. */
#define FRAME_DEPTH (CHAT_RECORD_MAX_DEPTH + 2)

#define NAME_IS(token, text) chat_json_token_equals ((token), (text), sizeof (text) - 1)

static void
live_record_free (ChatLiveRecord *record)
{
  g_clear_pointer (&record->bytes, g_bytes_unref);
  g_clear_pointer (&record->receipts, g_hash_table_unref);
  g_free (record->id);
  g_free (record->channel);
  g_free (record->user);
  g_free (record);
}

void
chat_live_frame_free (ChatLiveFrame *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->heads, g_hash_table_unref);
  g_free (self->topic);
  g_free (self->detail);
  g_free (self);
}

static void
take_string (const ChatJsonToken *token, char **place)
{
  if (token->type != CHAT_JSON_STRING)
    return;
  g_free (*place);
  *place = token->escaped ? chat_json_token_dup_string (token) : g_strndup (token->raw + 1, token->length - 2);
}

static void
take_int (const ChatJsonToken *token, gint64 *place)
{
  if (token->type == CHAT_JSON_INTEGER)
    chat_json_token_get_int (token, place);
}

static void
take_time (const ChatJsonToken *token, gint64 *place)
{
  g_autofree char *text = NULL;

  take_string (token, &text);
  if (text != NULL && !chat_time_parse (text, place, NULL))
    *place = CHAT_TIME_UNKNOWN;
}

/* What becomes of one member: reads its value. */
typedef gboolean (*TakeMember) (ChatJsonReader *reader, const ChatJsonToken *name, gpointer data, GError **error);

/* An object, member by member. What is no object is passed over. */
static gboolean
read_object (ChatJsonReader *reader, TakeMember take, gpointer data, GError **error)
{
  gboolean first = TRUE, more = TRUE;
  ChatJsonToken name;

  if (chat_json_reader_peek (reader) != '{')
    return chat_json_reader_value (reader, &name, error);
  if (!chat_json_reader_open (reader, '{', error))
    return FALSE;
  while (TRUE)
    {
      if (!chat_json_reader_next_member (reader, &first, &more, &name, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!take (reader, &name, data, error))
        return FALSE;
    }
}

static gboolean
take_number (ChatJsonReader *reader, const ChatJsonToken *name, gpointer data, GError **error)
{
  GHashTable *numbers = data;
  ChatJsonToken value;
  gint64 number;

  if (!chat_json_reader_value (reader, &value, error))
    return FALSE;
  if (value.type == CHAT_JSON_INTEGER && chat_json_token_get_int (&value, &number))
    g_hash_table_insert (numbers, chat_json_token_dup_string (name), g_memdup2 (&number, sizeof number));
  return TRUE;
}

/* An object of numbers: `{"general":21}`. */
static gboolean
read_numbers (ChatJsonReader *reader, GHashTable **numbers, GError **error)
{
  if (*numbers == NULL)
    *numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return read_object (reader, take_number, *numbers, error);
}

static gboolean
take_record_member (ChatJsonReader *reader, const ChatJsonToken *name, gpointer data, GError **error)
{
  ChatLiveRecord *record = data;
  ChatJsonToken value;

  if (NAME_IS (name, "receipts"))
    return read_numbers (reader, &record->receipts, error);
  if (!chat_json_reader_value (reader, &value, error))
    return FALSE;
  if (NAME_IS (name, "id"))
    take_string (&value, &record->id);
  else if (NAME_IS (name, "channel"))
    take_string (&value, &record->channel);
  else if (NAME_IS (name, "user"))
    take_string (&value, &record->user);
  else if (NAME_IS (name, "seq"))
    take_int (&value, &record->seq);
  else if (NAME_IS (name, "timestamp"))
    take_time (&value, &record->time_ms);
  return TRUE;
}

/* One element of `records`; only objects are records. */
static gboolean
read_record (ChatJsonReader *reader, GBytes *frame, GPtrArray *records, GError **error)
{
  gboolean is_object = chat_json_reader_peek (reader) == '{';
  const char *start = reader->at;
  ChatLiveRecord *record = g_new0 (ChatLiveRecord, 1);
  gboolean ok;

  record->time_ms = CHAT_TIME_UNKNOWN;
  ok = read_object (reader, take_record_member, record, error);
  if (!ok || !is_object)
    {
      live_record_free (record);
      return ok;
    }
  record->bytes = g_bytes_new_from_bytes (frame, (gsize)(start - (const char *)g_bytes_get_data (frame, NULL)),
                                          (gsize)(reader->at - start));
  g_ptr_array_add (records, record);
  return TRUE;
}

static gboolean
read_records (ChatJsonReader *reader, GBytes *frame, GPtrArray *records, GError **error)
{
  gboolean first = TRUE, more = TRUE;
  ChatJsonToken value;

  if (chat_json_reader_peek (reader) != '[')
    return chat_json_reader_value (reader, &value, error);
  if (!chat_json_reader_open (reader, '[', error))
    return FALSE;
  while (TRUE)
    {
      if (!chat_json_reader_next_element (reader, &first, &more, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!read_record (reader, frame, records, error))
        return FALSE;
    }
}

static gboolean
take_problem_member (ChatJsonReader *reader, const ChatJsonToken *name, gpointer data, GError **error)
{
  ChatLiveFrame *frame = data;
  ChatJsonToken value;

  if (!chat_json_reader_value (reader, &value, error))
    return FALSE;
  if (NAME_IS (name, "status"))
    take_int (&value, &frame->status);
  else if (NAME_IS (name, "detail") || (NAME_IS (name, "title") && frame->detail == NULL))
    take_string (&value, &frame->detail);
  return TRUE;
}

typedef struct
{
  const char *name;
  ChatLiveOp op;
  const char *topic; /* of the feed's own */
} Op;

/* (nullable) */
static const Op *
op_of (const ChatJsonToken *token)
{
  static const Op ops[] = {
    { "records", CHAT_LIVE_RECORDS, NULL },
    { "subscribed", CHAT_LIVE_SUBSCRIBED, NULL },
    { "unsubscribed", CHAT_LIVE_UNSUBSCRIBED, NULL },
    { "pong", CHAT_LIVE_PONG, NULL },
    { "accepted", CHAT_LIVE_ACCEPTED, NULL },
    { "problem", CHAT_LIVE_PROBLEM, NULL },
    { "presence", CHAT_LIVE_FEED, CHAT_TOPIC_PRESENCE },
    { "mark", CHAT_LIVE_FEED, CHAT_TOPIC_MARKS },
    { "moderation", CHAT_LIVE_FEED, CHAT_TOPIC_MODERATION },
  };

  for (guint i = 0; token->type == CHAT_JSON_STRING && i < G_N_ELEMENTS (ops); i++)
    if (chat_json_token_equals (token, ops[i].name, strlen (ops[i].name)))
      return &ops[i];
  return NULL;
}

typedef struct
{
  ChatLiveFrame *frame;
  GBytes *bytes;
  const Op *op; /* nullable */
} Parse;

static gboolean
take_frame_member (ChatJsonReader *reader, const ChatJsonToken *name, gpointer data, GError **error)
{
  Parse *parse = data;
  ChatLiveFrame *frame = parse->frame;
  ChatJsonToken value;

  if (NAME_IS (name, "records"))
    return read_records (reader, parse->bytes, frame->records, error);
  if (NAME_IS (name, "heads"))
    return read_numbers (reader, &frame->heads, error);
  if (NAME_IS (name, "problem"))
    return read_object (reader, take_problem_member, frame, error);
  if (!chat_json_reader_value (reader, &value, error))
    return FALSE;
  if (NAME_IS (name, "op"))
    parse->op = op_of (&value);
  else if (NAME_IS (name, "ref"))
    take_int (&value, &frame->ref);
  else if (NAME_IS (name, "topic"))
    take_string (&value, &frame->topic);
  return TRUE;
}

static gboolean
read_frame (ChatJsonReader *reader, Parse *parse, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (chat_json_reader_peek (reader) != '{')
    {
      g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_JSON, "not a JSON object");
      return FALSE;
    }
  if (!read_object (reader, take_frame_member, parse, error))
    return FALSE;
  /* a rule of ours that one record breaks is for who decodes that record */
  if (chat_json_reader_finish (reader, &failure) || g_error_matches (failure, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

ChatLiveFrame *
chat_live_frame_parse (GBytes *bytes, GError **error)
{
  g_autoptr (ChatLiveFrame) frame = g_new0 (ChatLiveFrame, 1);
  ChatJsonReader reader;
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  Parse parse = { frame, bytes, NULL };
  gboolean ok;

  frame->records = g_ptr_array_new_with_free_func ((GDestroyNotify)live_record_free);
  ok = chat_json_reader_init (&reader, data, length, FRAME_DEPTH, error) && read_frame (&reader, &parse, error);
  chat_json_reader_clear (&reader);
  frame->op = parse.op != NULL ? parse.op->op : CHAT_LIVE_OTHER;
  if (frame->op == CHAT_LIVE_FEED)
    {
      g_free (frame->topic);
      frame->topic = g_strdup (parse.op->topic);
    }
  return ok ? g_steal_pointer (&frame) : NULL;
}

/* Whether @bytes is one JSON object, and whether it names its channel. */
static gboolean
check_record (GBytes *bytes, gboolean *named, GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify)live_record_free);
  ChatJsonReader reader;
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  gboolean ok;

  ok = chat_json_reader_init (&reader, data, length, CHAT_RECORD_MAX_DEPTH, error)
       && read_record (&reader, bytes, records, error) && chat_json_reader_finish (&reader, error);
  chat_json_reader_clear (&reader);
  if (ok && records->len == 0)
    g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_JSON, "not a JSON object");
  if (!ok || records->len == 0)
    return FALSE;
  *named = ((ChatLiveRecord *)g_ptr_array_index (records, 0))->channel != NULL;
  return TRUE;
}

GBytes *
chat_live_frame_publish (ChatRecord *record, GError **error)
{
  GBytes *bytes = chat_record_get_bytes (record);
  g_autoptr (GError) failure = NULL;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length), *end, *open;
  gboolean named = FALSE;
  GString *text;

  if (length > CHAT_RECORD_MAX_BYTES)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                   _ ("The record has %zu bytes; at most %d can be sent"), length, CHAT_RECORD_MAX_BYTES);
      return NULL;
    }
  if (!check_record (bytes, &named, &failure))
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED, _ ("The record can't be sent: %s"),
                   failure->message);
      return NULL;
    }
  text = g_string_new ("\"record\":{");
  end = data + length;
  open = (const char *)memchr (data, '{', length) + 1;
  if (!named && chat_record_get_key (record) != NULL)
    {
      const char *rest = open;

      g_string_append (text, "\"channel\":");
      chat_json_append_string (text, chat_record_get_key (record));
      while (rest < end && g_ascii_isspace (*rest))
        rest++;
      if (rest < end && *rest != '}')
        g_string_append_c (text, ',');
    }
  g_string_append_len (text, open, end - open);
  g_string_append_c (text, '}');
  return g_string_free_to_bytes (text);
}
