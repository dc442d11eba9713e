/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"
#include "core/chat-json-reader.h"
#include "core/chat-json.h"
#include "core/chat-message-private.h"
#include "core/chat-names.h"
#include "core/chat-time.h"

#include <string.h>

#define ID_MAX_CHARS 64
#define SEQ_MAX (G_GINT64_CONSTANT (1) << 53) /* what a double holds exactly: some readers have nothing else */

typedef enum
{
  MEMBER_ID,
  MEMBER_CHANNEL,
  MEMBER_KIND,
  MEMBER_AUTHOR,
  MEMBER_DATA,
  MEMBER_TIMESTAMP,
  MEMBER_SENT,
  MEMBER_SEQ,
  MEMBER_TARGET,
  MEMBER_REPLY_TO,
  MEMBER_USER,
  MEMBER_REASON,
  MEMBER_BOT,
  MEMBER_MODERATOR,
  MEMBER_STATE,
  MEMBER_MODERATION,
  MEMBER_RECEIPTS,
  N_MEMBERS,
} Member;

#define BIT(member) (1u << (member))

static const struct
{
  const char *name;
  gsize length;
} members[N_MEMBERS] = {
  [MEMBER_ID] = { "id", 2 },
  [MEMBER_CHANNEL] = { "channel", 7 },
  [MEMBER_KIND] = { "kind", 4 },
  [MEMBER_AUTHOR] = { "author", 6 },
  [MEMBER_DATA] = { "data", 4 },
  [MEMBER_TIMESTAMP] = { "timestamp", 9 },
  [MEMBER_SENT] = { "sent", 4 },
  [MEMBER_SEQ] = { "seq", 3 },
  [MEMBER_TARGET] = { "target", 6 },
  [MEMBER_REPLY_TO] = { "reply_to", 8 },
  [MEMBER_USER] = { "user", 4 },
  [MEMBER_REASON] = { "reason", 6 },
  [MEMBER_BOT] = { "bot", 3 },
  [MEMBER_MODERATOR] = { "moderator", 9 },
  [MEMBER_STATE] = { "state", 5 },
  [MEMBER_MODERATION] = { "moderation", 10 },
  [MEMBER_RECEIPTS] = { "receipts", 8 },
};

/* What a kind cannot do without. */
static const guint needs[] = {
  [CHAT_KIND_MESSAGE] = BIT (MEMBER_AUTHOR) | BIT (MEMBER_DATA) | BIT (MEMBER_TIMESTAMP),
  [CHAT_KIND_NOTICE] = BIT (MEMBER_AUTHOR) | BIT (MEMBER_DATA) | BIT (MEMBER_TIMESTAMP),
  [CHAT_KIND_EDIT] = BIT (MEMBER_TARGET) | BIT (MEMBER_DATA),
  [CHAT_KIND_DELETE] = BIT (MEMBER_TARGET),
  [CHAT_KIND_REACTION] = BIT (MEMBER_TARGET) | BIT (MEMBER_DATA),
  [CHAT_KIND_ATTRIBUTE] = BIT (MEMBER_TARGET) | BIT (MEMBER_AUTHOR),
  [CHAT_KIND_JOIN] = BIT (MEMBER_AUTHOR),
  [CHAT_KIND_LEAVE] = BIT (MEMBER_AUTHOR),
  [CHAT_KIND_TOPIC] = BIT (MEMBER_AUTHOR) | BIT (MEMBER_DATA),
  [CHAT_KIND_READ] = BIT (MEMBER_AUTHOR) | BIT (MEMBER_SEQ),
  [CHAT_KIND_WARNING] = BIT (MEMBER_TARGET) | BIT (MEMBER_USER),
  [CHAT_KIND_BLOCK] = BIT (MEMBER_TARGET) | BIT (MEMBER_USER),
  [CHAT_KIND_UNBLOCK] = BIT (MEMBER_TARGET) | BIT (MEMBER_USER),
  [CHAT_KIND_REFUSED] = BIT (MEMBER_TARGET) | BIT (MEMBER_USER),
  [CHAT_KIND_RECEIPT] = BIT (MEMBER_CHANNEL) | BIT (MEMBER_RECEIPTS),
  [CHAT_KIND_RULES] = 0,
  [CHAT_KIND_CONTROL] = 0,
  [CHAT_KIND_UNKNOWN] = 0,
};

typedef struct
{
  ChatMessage *message;
  guint seen;  /* BIT: the member is there, be it null */
  guint given; /* BIT: with a value */
  GString *extra;
} Decoder;

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (GError **error, Member member, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "the member “%s” %s", members[member].name, text);
  return FALSE;
}

static gboolean
expect (const ChatJsonToken *value, ChatJsonType type, Member member, GError **error)
{
  if (value->type == type)
    return TRUE;
  return refuse (error, member, "is %s; it should be %s", chat_json_type_to_string (value->type),
                 chat_json_type_to_string (type));
}

/* Ids of other producers need not be UUIDs; they go into addresses and headers, though. */
static gboolean
check_id (const char *id, Member member, GError **error)
{
  gsize length = 0;

  for (; id[length] != '\0'; length++)
    if (length == ID_MAX_CHARS || (!g_ascii_isalnum (id[length]) && strchr ("._:-", id[length]) == NULL))
      break;
  if (length > 0 && id[length] == '\0')
    return TRUE;
  return refuse (error, member, "should have 1–%d characters of A–Z, a–z, 0–9, “.”, “_”, “:”, “-” (a UUID, best)",
                 ID_MAX_CHARS);
}

/* Puts the member's name before an error of another check. */
static gboolean
prefix (gboolean ok, Member member, GError **error)
{
  if (!ok)
    g_prefix_error (error, "the member “%s”: ", members[member].name);
  return ok;
}

static char **
string_field (ChatMessage *message, Member member)
{
  switch ((guint)member)
    {
    case MEMBER_ID:
      return &message->id;
    case MEMBER_CHANNEL:
      return &message->channel;
    case MEMBER_AUTHOR:
      return &message->author;
    case MEMBER_DATA:
      return &message->data;
    case MEMBER_TARGET:
      return &message->target;
    case MEMBER_REPLY_TO:
      return &message->reply_to;
    case MEMBER_USER:
      return &message->user;
    case MEMBER_REASON:
      return &message->reason;
    default:
      g_return_val_if_reached (NULL);
    }
}

static gboolean
read_string (Decoder *self, Member member, const ChatJsonToken *value, GError **error)
{
  char **field = string_field (self->message, member);

  if (!expect (value, CHAT_JSON_STRING, member, error))
    return FALSE;
  g_free (*field);
  *field = chat_json_token_dup_string (value);
  switch ((guint)member)
    {
    case MEMBER_CHANNEL:
      return prefix (chat_channel_name_check (*field, error), member, error);
    case MEMBER_AUTHOR:
    case MEMBER_USER:
      return prefix (chat_user_name_check (*field, error), member, error);
    case MEMBER_DATA: /* whether it may be empty depends on the kind, which may come later */
      return **field == '\0' || prefix (chat_text_check (*field, error), member, error);
    case MEMBER_REASON:
      return prefix (chat_text_check (*field, error), member, error);
    default:
      return check_id (*field, member, error);
    }
}

static gboolean
read_time (Member member, const ChatJsonToken *value, gint64 *time_ms, GError **error)
{
  g_autofree char *text = NULL;

  if (value->type == CHAT_JSON_INTEGER || value->type == CHAT_JSON_REAL)
    return prefix (chat_time_from_number (chat_json_token_get_double (value), time_ms, error), member, error);
  if (value->type != CHAT_JSON_STRING)
    return refuse (error, member, "is %s; it should be a time", chat_json_type_to_string (value->type));
  text = chat_json_token_dup_string (value);
  return prefix (chat_time_parse (text, time_ms, error), member, error);
}

static gboolean
read_seq (const ChatJsonToken *value, gint64 *seq, GError **error)
{
  if (!expect (value, CHAT_JSON_INTEGER, MEMBER_SEQ, error))
    return FALSE;
  if (!chat_json_token_get_int (value, seq) || *seq < 0 || *seq > SEQ_MAX)
    return refuse (error, MEMBER_SEQ, "should be from 0 to 2^53");
  return TRUE;
}

static gboolean
read_kind (Decoder *self, const ChatJsonToken *value, GError **error)
{
  g_autofree char *name = NULL;

  if (!expect (value, CHAT_JSON_STRING, MEMBER_KIND, error))
    return FALSE;
  name = chat_json_token_dup_string (value);
  if (*name == '\0')
    return refuse (error, MEMBER_KIND, "is empty");
  self->message->kind = chat_message_kind_from_string (name);
  if (self->message->kind == CHAT_KIND_UNKNOWN)
    {
      if (self->extra->len > 0)
        g_string_append_c (self->extra, ',');
      g_string_append (self->extra, "\"kind\":");
      chat_json_token_append (value, self->extra);
    }
  return TRUE;
}

static gboolean
read_span (JsonNode *node, ChatSpan *span)
{
  JsonArray *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  gint64 number[2];

  if (pair == NULL || json_array_get_length (pair) != 2)
    return FALSE;
  for (guint i = 0; i < 2; i++)
    {
      JsonNode *element = json_array_get_element (pair, i);

      if (!JSON_NODE_HOLDS_VALUE (element) || json_node_get_value_type (element) != G_TYPE_INT64)
        return FALSE;
      number[i] = json_node_get_int (element);
      if (number[i] < 0 || number[i] > CHAT_TEXT_MAX_CHARS)
        return FALSE;
    }
  *span = (ChatSpan){ (guint)number[0], (guint)number[1] };
  return number[1] > 0 && number[0] + number[1] <= CHAT_TEXT_MAX_CHARS;
}

static gboolean
read_spans (JsonArray *array, GArray *spans, GError **error)
{
  guint n = array != NULL ? json_array_get_length (array) : 0;

  for (guint i = 0; i < n; i++)
    {
      ChatSpan span;

      if (!read_span (json_array_get_element (array, i), &span))
        return refuse (error, MEMBER_MODERATION,
                       "has a wrong span: each should be [start, length], within %d characters", CHAT_TEXT_MAX_CHARS);
      g_array_append_val (spans, span);
    }
  return TRUE;
}

static gboolean
read_count (JsonObject *object, const char *name, guint *count, GError **error)
{
  gint64 number = 0;

  if (!prefix (chat_json_get_int (object, name, FALSE, &number, error), MEMBER_MODERATION, error))
    return FALSE;
  if (number < 0 || number > G_MAXINT32)
    return refuse (error, MEMBER_MODERATION, "has a wrong “%s”: it should be from 0 to %d", name, G_MAXINT32);
  *count = (guint)number;
  return TRUE;
}

/* The members of `moderation` that are not ours, as text. */
static char *
moderation_extra (JsonObject *object)
{
  GString *extra = NULL;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (g_str_equal (name, "rule") || g_str_equal (name, "spans") || g_str_equal (name, "strike")
          || g_str_equal (name, "limit"))
        continue;
      if (extra == NULL)
        extra = g_string_new (NULL);
      else
        g_string_append_c (extra, ',');
      chat_json_append_string (extra, name);
      g_string_append_c (extra, ':');
      chat_json_append_node (extra, node);
    }
  return extra != NULL ? g_string_free (extra, FALSE) : NULL;
}

static gboolean
read_moderation (Decoder *self, const ChatJsonToken *value, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  JsonArray *array = NULL;
  const char *rule = NULL;
  guint strike, limit;

  if (!expect (value, CHAT_JSON_OBJECT, MEMBER_MODERATION, error))
    return FALSE;
  object = chat_json_parse_object (value->raw, value->length, CHAT_JSON_DEEPEST, error);
  if (!prefix (object != NULL && chat_json_get_string (object, "rule", FALSE, &rule, error)
                   && chat_json_get_array (object, "spans", FALSE, &array, error),
               MEMBER_MODERATION, error)
      || !read_spans (array, spans, error) || !read_count (object, "strike", &strike, error)
      || !read_count (object, "limit", &limit, error))
    return FALSE;
  chat_message_take_moderation (self->message, chat_moderation_note_new (rule, spans, strike, limit));
  self->message->moderation_extra = moderation_extra (object);
  return TRUE;
}

static gboolean
read_state (Decoder *self, const ChatJsonToken *value, GError **error)
{
  g_autoptr (JsonObject) object = NULL;

  if (!expect (value, CHAT_JSON_OBJECT, MEMBER_STATE, error))
    return FALSE;
  object = chat_json_parse_object (value->raw, value->length, CHAT_JSON_DEEPEST, error);
  if (object != NULL)
    self->message->state = chat_message_state_from_json (object, error);
  return prefix (self->message->state != NULL, MEMBER_STATE, error);
}

static gboolean
read_receipts (Decoder *self, const ChatJsonToken *value, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  JsonObjectIter iter;
  const char *id;

  if (!expect (value, CHAT_JSON_OBJECT, MEMBER_RECEIPTS, error))
    return FALSE;
  object = chat_json_parse_object (value->raw, value->length, CHAT_JSON_DEEPEST, error);
  if (!prefix (object != NULL, MEMBER_RECEIPTS, error))
    return FALSE;
  if (json_object_get_size (object) == 0)
    return refuse (error, MEMBER_RECEIPTS, "is empty");
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &id, NULL))
    {
      gint64 seq = 0;

      if (!check_id (id, MEMBER_RECEIPTS, error)
          || !prefix (chat_json_get_int (object, id, TRUE, &seq, error), MEMBER_RECEIPTS, error))
        return FALSE;
      if (seq < 1 || seq > SEQ_MAX)
        return refuse (error, MEMBER_RECEIPTS, "has a wrong seq: it should be from 1 to 2^53");
      chat_message_add_receipt (self->message, id, seq);
    }
  return TRUE;
}

static gboolean
read_known (Decoder *self, Member member, const ChatJsonToken *value, GError **error)
{
  if (self->seen & BIT (member))
    return refuse (error, member, "is there twice");
  self->seen |= BIT (member);
  if (value->type == CHAT_JSON_NULL)
    return TRUE;
  self->given |= BIT (member);
  switch ((guint)member)
    {
    case MEMBER_KIND:
      return read_kind (self, value, error);
    case MEMBER_TIMESTAMP:
      return read_time (member, value, &self->message->timestamp, error);
    case MEMBER_SENT:
      return read_time (member, value, &self->message->sent, error);
    case MEMBER_SEQ:
      return read_seq (value, &self->message->seq, error);
    case MEMBER_BOT:
      self->message->bot = value->raw[0] == 't';
      return expect (value, CHAT_JSON_BOOLEAN, member, error);
    case MEMBER_MODERATOR:
      self->message->moderator = value->raw[0] == 't';
      return expect (value, CHAT_JSON_BOOLEAN, member, error);
    case MEMBER_STATE:
      return read_state (self, value, error);
    case MEMBER_MODERATION:
      return read_moderation (self, value, error);
    case MEMBER_RECEIPTS:
      return read_receipts (self, value, error);
    default:
      return read_string (self, member, value, error);
    }
}

static Member
find_member (const ChatJsonToken *name)
{
  g_autofree char *text = NULL;
  ChatJsonToken plain = *name;

  if (name->escaped)
    {
      /* "\u0069d" is "id" too: what stands for one member must not pass for another. */
      g_autofree char *unescaped = chat_json_token_dup_string (name);

      text = g_strdup_printf ("\"%s\"", unescaped);
      plain = (ChatJsonToken){ CHAT_JSON_STRING, FALSE, text, strlen (text) };
    }
  for (guint i = 0; i < N_MEMBERS; i++)
    if (chat_json_token_equals (&plain, members[i].name, members[i].length))
      return (Member)i;
  return N_MEMBERS;
}

static gboolean
read_member (Decoder *self, const ChatJsonToken *name, const ChatJsonToken *value, GError **error)
{
  Member member = find_member (name);

  if (member != N_MEMBERS)
    return read_known (self, member, value, error);
  if (self->extra->len > 0)
    g_string_append_c (self->extra, ',');
  chat_json_token_append (name, self->extra);
  g_string_append_c (self->extra, ':');
  chat_json_token_append (value, self->extra);
  return TRUE;
}

/* Reads to the end even after a member was refused: only then it is known whether this is JSON at all. */
static gboolean
read_members (Decoder *self, ChatJsonReader *reader, GError **error)
{
  gboolean first = TRUE, more;
  ChatJsonToken name, value;

  if (!chat_json_reader_open (reader, '{', error))
    return FALSE;
  for (;;)
    {
      if (!chat_json_reader_next_member (reader, &first, &more, &name, error))
        return FALSE;
      if (!more)
        return chat_json_reader_finish (reader, error);
      if (!chat_json_reader_value (reader, &value, error))
        return FALSE;
      if (reader->invalid == NULL)
        read_member (self, &name, &value, &reader->invalid);
    }
}

static gboolean
check_spans (const ChatMessage *message, GError **error)
{
  glong chars;

  if (message->moderation == NULL || message->data == NULL || message->moderation->spans->len == 0)
    return TRUE;
  chars = g_utf8_strlen (message->data, -1);
  for (guint i = 0; i < message->moderation->spans->len; i++)
    {
      const ChatSpan *span = &g_array_index (message->moderation->spans, ChatSpan, i);

      if (span->start + span->length > (gulong)chars)
        return refuse (error, MEMBER_MODERATION, "has a span [%u, %u] beyond the %ld characters of “data”", span->start,
                       span->length, chars);
    }
  return TRUE;
}

static gboolean
check_needs (Decoder *self, gboolean foreign, GError **error)
{
  ChatMessage *message = self->message;
  guint missing = needs[message->kind] & ~self->given;

  /* The broker knows the time of a foreign record, and its channel; an explicit null is an author that is not known. */
  if (foreign)
    missing &= ~(BIT (MEMBER_TIMESTAMP) | BIT (MEMBER_CHANNEL));
  if (message->kind == CHAT_KIND_MESSAGE || message->kind == CHAT_KIND_NOTICE)
    missing &= ~(self->seen & BIT (MEMBER_AUTHOR));
  for (guint i = 0; missing != 0 && i < N_MEMBERS; i++)
    if (missing & BIT (i))
      return refuse (error, (Member)i, "is missing (a record of the kind “%s” needs it)",
                     chat_message_kind_to_string (message->kind));
  /* An empty topic takes the topic away; what was deleted has no text any more. */
  if ((needs[message->kind] & BIT (MEMBER_DATA)) && *message->data == '\0' && message->kind != CHAT_KIND_TOPIC
      && (message->state == NULL || message->state->deleted == CHAT_TIME_UNKNOWN))
    return refuse (error, MEMBER_DATA, "is empty");
  return check_spans (message, error);
}

static ChatMessage *
decode (const void *bytes, gsize length, gboolean foreign, GError **error)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);
  g_autoptr (GString) extra = g_string_new (NULL);
  Decoder self = { .message = message, .extra = extra };
  ChatJsonReader reader;
  gboolean ok;

  ok = chat_json_reader_init (&reader, bytes, length, CHAT_RECORD_MAX_DEPTH, error)
       && read_members (&self, &reader, error);
  chat_json_reader_clear (&reader);
  if (!ok || !check_needs (&self, foreign, error))
    return NULL;
  if (extra->len > 0 && !chat_message_set_extra_members (message, extra->str, error))
    return NULL;
  return g_steal_pointer (&message);
}

static gboolean
check_size (gsize length, gsize limit, GError **error)
{
  if (length <= limit)
    return TRUE;
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
               "the record has %" G_GSIZE_FORMAT " bytes; at most %" G_GSIZE_FORMAT " are allowed", length, limit);
  return FALSE;
}

ChatMessage *
chat_message_decode (const void *bytes, gsize length, GError **error)
{
  g_return_val_if_fail (bytes != NULL || length == 0, NULL);

  if (!check_size (length, CHAT_RECORD_GROWN_BYTES, error))
    return NULL;
  return decode (bytes, length, FALSE, error);
}

/* A record of a plain-text topic. What tools put behind a line is no part of it. */
static ChatMessage *
message_of_text (const char *bytes, gsize length, GError **error)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autofree char *text = NULL;

  while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
    length--;
  text = g_strndup (length > 0 ? bytes : "", length); /* an empty record may have no bytes to point at */
  if (!chat_text_check (text, error))
    return NULL;
  message = chat_message_new (CHAT_KIND_MESSAGE);
  message->data = g_steal_pointer (&text);
  return g_steal_pointer (&message);
}

static gboolean
apply_hints (ChatMessage *message, const ChatMessageHints *hints, GError **error)
{
  const char *channel = hints->channel != NULL ? hints->channel : "general";

  if (message->channel == NULL)
    {
      if (!chat_channel_name_check (channel, error))
        return FALSE;
      message->channel = g_strdup (channel);
    }
  if (message->id == NULL && hints->id != NULL)
    {
      if (!check_id (hints->id, MEMBER_ID, error))
        return FALSE;
      message->id = g_strdup (hints->id);
    }
  /* A broker that tells no time says so in its own way; whatever cannot be written is taken for that. */
  if (message->timestamp == CHAT_TIME_UNKNOWN)
    message->timestamp = chat_time_is_valid (hints->timestamp) ? hints->timestamp : chat_time_now ();
  return TRUE;
}

ChatMessage *
chat_message_decode_foreign (const void *bytes, gsize length, const ChatMessageHints *hints, GError **error)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (bytes != NULL || length == 0, NULL);
  g_return_val_if_fail (hints != NULL, NULL);

  if (!check_size (length, CHAT_RECORD_MAX_BYTES, error))
    return NULL;
  message = decode (bytes, length, TRUE, &local_error);
  if (message == NULL && !g_error_matches (local_error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_JSON))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (message == NULL)
    message = message_of_text (bytes, length, error);
  if (message == NULL || !apply_hints (message, hints, error))
    return NULL;
  return g_steal_pointer (&message);
}

ChatMessage *
chat_message_decode_object (JsonObject *object, GError **error)
{
  g_autofree char *text = NULL;

  g_return_val_if_fail (object != NULL, NULL);

  /* Through the text, so that there is one decoder; a page of 200 messages costs well under a millisecond. */
  text = chat_json_to_string (object);
  return decode (text, strlen (text), FALSE, error);
}
