/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-private.h"

#include "core/chat-json.h"
#include "core/chat-json-reader.h"
#include "core/chat-time.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (ChatMessage, chat_message, chat_message_ref, chat_message_unref)

static const char *const kind_names[] = {
  [CHAT_KIND_MESSAGE] = "message", [CHAT_KIND_NOTICE] = "notice",     [CHAT_KIND_EDIT] = "edit",
  [CHAT_KIND_DELETE] = "delete",   [CHAT_KIND_REACTION] = "reaction", [CHAT_KIND_ATTRIBUTE] = "attribute",
  [CHAT_KIND_JOIN] = "join",       [CHAT_KIND_LEAVE] = "leave",       [CHAT_KIND_TOPIC] = "topic",
  [CHAT_KIND_READ] = "read",       [CHAT_KIND_WARNING] = "warning",   [CHAT_KIND_BLOCK] = "block",
  [CHAT_KIND_UNBLOCK] = "unblock", [CHAT_KIND_REFUSED] = "refused",   [CHAT_KIND_RECEIPT] = "receipt",
  [CHAT_KIND_RULES] = "rules",     [CHAT_KIND_CONTROL] = "control",   [CHAT_KIND_UNKNOWN] = NULL,
};

const char *
chat_message_kind_to_string (ChatMessageKind kind)
{
  g_return_val_if_fail ((guint)kind < G_N_ELEMENTS (kind_names), NULL);

  return kind_names[kind];
}

ChatMessageKind
chat_message_kind_from_string (const char *name)
{
  g_return_val_if_fail (name != NULL, CHAT_KIND_UNKNOWN);

  for (guint i = 0; i < CHAT_KIND_UNKNOWN; i++)
    if (strcmp (name, kind_names[i]) == 0)
      return (ChatMessageKind)i;
  return CHAT_KIND_UNKNOWN;
}

gboolean
chat_message_kind_is_of_service (ChatMessageKind kind)
{
  return kind >= CHAT_KIND_WARNING && kind <= CHAT_KIND_CONTROL;
}

ChatModerationNote *
chat_moderation_note_new (const char *rule, GArray *spans, guint strike, guint limit)
{
  ChatModerationNote *self = g_new0 (ChatModerationNote, 1);

  self->rule = g_strdup (rule);
  self->spans = spans != NULL ? g_array_ref (spans) : g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  self->strike = strike;
  self->limit = limit;
  return self;
}

ChatModerationNote *
chat_moderation_note_copy (const ChatModerationNote *note)
{
  g_autoptr (GArray) spans = NULL;

  g_return_val_if_fail (note != NULL, NULL);

  spans = g_array_copy (note->spans);
  return chat_moderation_note_new (note->rule, spans, note->strike, note->limit);
}

void
chat_moderation_note_free (ChatModerationNote *note)
{
  if (note == NULL)
    return;
  g_free (note->rule);
  g_array_unref (note->spans);
  g_free (note);
}

static ChatExtra *
extra_ref (ChatExtra *extra)
{
  g_atomic_ref_count_inc (&extra->ref_count);
  return extra;
}

static void
extra_unref (ChatExtra *extra)
{
  if (!g_atomic_ref_count_dec (&extra->ref_count))
    return;
  g_free (extra->members);
  json_object_unref (extra->object);
  g_free (extra);
}

ChatMessage *
chat_message_new (ChatMessageKind kind)
{
  ChatMessage *self = g_new0 (ChatMessage, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->kind = kind;
  self->timestamp = CHAT_TIME_UNKNOWN;
  self->sent = CHAT_TIME_UNKNOWN;
  return self;
}

ChatMessage *
chat_message_ref (ChatMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
chat_message_unref (ChatMessage *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->id);
  g_free (self->channel);
  g_free (self->author);
  g_free (self->data);
  g_free (self->target);
  g_free (self->reply_to);
  g_free (self->user);
  g_free (self->reason);
  chat_message_state_free (self->state);
  chat_moderation_note_free (self->moderation);
  g_free (self->moderation_extra);
  g_clear_pointer (&self->receipts, g_hash_table_unref);
  g_clear_pointer (&self->extra, extra_unref);
  g_free (self);
}

ChatMessage *
chat_message_copy (const ChatMessage *self)
{
  ChatMessage *copy;
  GHashTableIter iter;
  gpointer id, seq;

  g_return_val_if_fail (self != NULL, NULL);

  copy = chat_message_new (self->kind);
  copy->bot = self->bot;
  copy->moderator = self->moderator;
  copy->state = self->state != NULL ? chat_message_state_copy (self->state) : NULL;
  copy->timestamp = self->timestamp;
  copy->sent = self->sent;
  copy->seq = self->seq;
  copy->id = g_strdup (self->id);
  copy->channel = g_strdup (self->channel);
  copy->author = g_strdup (self->author);
  copy->data = g_strdup (self->data);
  copy->target = g_strdup (self->target);
  copy->reply_to = g_strdup (self->reply_to);
  copy->user = g_strdup (self->user);
  copy->reason = g_strdup (self->reason);
  if (self->moderation != NULL)
    copy->moderation = chat_moderation_note_copy (self->moderation);
  copy->moderation_extra = g_strdup (self->moderation_extra);
  if (self->receipts != NULL)
    {
      g_hash_table_iter_init (&iter, self->receipts);
      while (g_hash_table_iter_next (&iter, &id, &seq))
        chat_message_add_receipt (copy, id, *(gint64 *)seq);
    }
  if (self->extra != NULL)
    copy->extra = extra_ref (self->extra);
  return copy;
}

#define GETTER(type, name, absent)                                                                                     \
  type chat_message_get_##name (const ChatMessage *self)                                                               \
  {                                                                                                                    \
    g_return_val_if_fail (self != NULL, absent);                                                                       \
    return self->name;                                                                                                 \
  }

GETTER (ChatMessageKind, kind, CHAT_KIND_UNKNOWN)
GETTER (const char *, id, NULL)
GETTER (const char *, channel, NULL)
GETTER (const char *, author, NULL)
GETTER (const char *, data, NULL)
GETTER (const char *, target, NULL)
GETTER (const char *, reply_to, NULL)
GETTER (const char *, user, NULL)
GETTER (const char *, reason, NULL)
GETTER (gint64, timestamp, CHAT_TIME_UNKNOWN)
GETTER (gint64, sent, CHAT_TIME_UNKNOWN)
GETTER (gint64, seq, 0)
GETTER (gboolean, bot, FALSE)
GETTER (gboolean, moderator, FALSE)
GETTER (const ChatMessageState *, state, NULL)
GETTER (const ChatModerationNote *, moderation, NULL)
GETTER (GHashTable *, receipts, NULL)

JsonObject *
chat_message_get_extra (const ChatMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->extra != NULL ? self->extra->object : NULL;
}

static gboolean
is_alone (ChatMessage *self)
{
  return self != NULL && g_atomic_ref_count_compare (&self->ref_count, 1);
}

/* A record is UTF-8: a string that is not would make one that nobody can read. */
#define STRING_SETTER(name)                                                                                            \
  void chat_message_set_##name (ChatMessage *self, const char *name)                                                   \
  {                                                                                                                    \
    char *old;                                                                                                         \
    g_return_if_fail (is_alone (self));                                                                                \
    g_return_if_fail (name == NULL || g_utf8_validate (name, -1, NULL));                                               \
    old = self->name;                                                                                                  \
    self->name = g_strdup (name);                                                                                      \
    g_free (old);                                                                                                      \
  }

#define TIME_SETTER(name)                                                                                              \
  void chat_message_set_##name (ChatMessage *self, gint64 time_ms)                                                     \
  {                                                                                                                    \
    g_return_if_fail (is_alone (self));                                                                                \
    g_return_if_fail (time_ms == CHAT_TIME_UNKNOWN || chat_time_is_valid (time_ms));                                   \
    self->name = time_ms;                                                                                              \
  }

STRING_SETTER (id)
STRING_SETTER (channel)
STRING_SETTER (author)
STRING_SETTER (data)
STRING_SETTER (target)
STRING_SETTER (reply_to)
STRING_SETTER (user)
STRING_SETTER (reason)
TIME_SETTER (timestamp)
TIME_SETTER (sent)

void
chat_message_set_seq (ChatMessage *self, gint64 seq)
{
  g_return_if_fail (is_alone (self));
  g_return_if_fail (seq >= 0);

  self->seq = seq;
}

void
chat_message_set_bot (ChatMessage *self, gboolean bot)
{
  g_return_if_fail (is_alone (self));

  self->bot = !!bot;
}

void
chat_message_set_moderator (ChatMessage *self, gboolean moderator)
{
  g_return_if_fail (is_alone (self));

  self->moderator = !!moderator;
}

void
chat_message_take_state (ChatMessage *self, ChatMessageState *state)
{
  g_return_if_fail (is_alone (self));

  chat_message_state_free (self->state);
  self->state = state;
}

void
chat_message_take_moderation (ChatMessage *self, ChatModerationNote *note)
{
  g_return_if_fail (is_alone (self));

  chat_moderation_note_free (self->moderation);
  self->moderation = note;
  g_clear_pointer (&self->moderation_extra, g_free);
}

void
chat_message_add_receipt (ChatMessage *self, const char *id, gint64 seq)
{
  gint64 *value;

  g_return_if_fail (is_alone (self));
  g_return_if_fail (id != NULL && g_utf8_validate (id, -1, NULL));
  g_return_if_fail (seq > 0);

  if (self->receipts == NULL)
    self->receipts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  value = g_new (gint64, 1);
  *value = seq;
  g_hash_table_replace (self->receipts, g_strdup (id), value);
}

gboolean
chat_message_set_extra_members (ChatMessage *self, const char *members, GError **error)
{
  g_autofree char *text = g_strconcat ("{", members, "}", NULL);
  JsonObject *object = chat_json_parse_object (text, strlen (text), CHAT_JSON_DEEPEST, error);

  if (object == NULL)
    return FALSE;
  g_clear_pointer (&self->extra, extra_unref);
  self->extra = g_new0 (ChatExtra, 1);
  g_atomic_ref_count_init (&self->extra->ref_count);
  self->extra->members = g_strdup (members);
  self->extra->object = object;
  return TRUE;
}

/* The kind's name where this version does not know it: among the extra members. */
static const char *
unknown_kind (const ChatMessage *self)
{
  const char *name = NULL;

  if (self->kind == CHAT_KIND_UNKNOWN && self->extra != NULL)
    chat_json_get_string (self->extra->object, "kind", FALSE, &name, NULL);
  return name;
}

void
chat_message_clear_receipts (ChatMessage *self)
{
  g_return_if_fail (is_alone (self));

  g_clear_pointer (&self->receipts, g_hash_table_unref);
}

gboolean
chat_message_equal_content (const ChatMessage *a, const ChatMessage *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  return a->kind == b->kind && g_strcmp0 (unknown_kind (a), unknown_kind (b)) == 0
         && g_strcmp0 (a->author, b->author) == 0 && g_strcmp0 (a->channel, b->channel) == 0
         && g_strcmp0 (a->data, b->data) == 0 && g_strcmp0 (a->target, b->target) == 0
         && g_strcmp0 (a->reply_to, b->reply_to) == 0;
}
