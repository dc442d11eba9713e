/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-case.h"

#include "core/chat-message-codec.h"
#include "core/chat-message-digest.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-emoji.h"
#include "server/moderator/chat-control-feed.h"
#include "transport/chat-refusal.h"

#include <string.h>

/* Reading */

static gboolean
has_all (const ChatMessage *message)
{
  return chat_message_get_id (message) != NULL && chat_message_get_channel (message) != NULL
         && chat_message_get_timestamp (message) != CHAT_TIME_UNKNOWN;
}

/* What others write in their own way becomes a record of ours. */
static ChatMessage *
decode_dialect (const ChatRecord *record, const ChatCaseOrigin *origin, GError **error)
{
  gsize size;
  const void *data = g_bytes_get_data (chat_record_get_bytes (record), &size);
  const char *key = chat_record_get_key (record);
  g_autofree char *id = chat_record_dup_id (record, origin->transport);
  g_autofree char *channel
      = key != NULL && *key != '\0' ? chat_dialect_dup_channel (origin->dialect, key) : g_strdup ("general");
  ChatMessageHints hints = { channel, id, chat_record_get_time (record) };

  return chat_dialect_decode (origin->dialect, data, size, &hints, error);
}

/* Most records are whole, so that is tried first: whoever needs hints pays for two readings. */
static ChatMessage *
decode (const ChatRecord *record, const ChatCaseOrigin *origin, gboolean *is_whole, GError **error)
{
  gsize size;
  const void *data = g_bytes_get_data (chat_record_get_bytes (record), &size);
  g_autoptr (ChatMessage) message = NULL;

  *is_whole = FALSE;
  if (origin->dialect != NULL && chat_record_get_header (record, CHAT_SIGNATURE_HEADER) == NULL)
    return decode_dialect (record, origin, error);
  message = chat_message_decode (data, size, NULL);

  *is_whole = message != NULL && has_all (message);
  if (*is_whole)
    return g_steal_pointer (&message);

  g_autofree char *id = chat_record_dup_id (record, origin->transport);
  ChatMessageHints hints = { chat_record_get_key (record), id, chat_record_get_time (record) };
  return chat_message_decode_foreign (data, size, &hints, error);
}

/* What only the service can know or decide; a `read` is about a seq. Whether something was to be dropped. */
static gboolean
drop_claims (ChatMessage *message)
{
  gboolean has_seq = chat_message_get_seq (message) != 0 && chat_message_get_kind (message) != CHAT_KIND_READ;

  if (!has_seq && chat_message_get_moderation (message) == NULL && chat_message_get_state (message) == NULL)
    return FALSE;
  if (has_seq)
    chat_message_set_seq (message, 0);
  chat_message_take_moderation (message, NULL);
  chat_message_take_state (message, NULL);
  return TRUE;
}

/* The same for what the service signs where it says so. */
static gboolean
drop_foreign_claims (ChatMessage *message)
{
  if (!chat_message_get_bot (message) && !chat_message_get_moderator (message)
      && chat_message_get_user (message) == NULL && chat_message_get_reason (message) == NULL
      && chat_message_get_receipts (message) == NULL)
    return FALSE;
  chat_message_set_bot (message, FALSE);
  chat_message_set_moderator (message, FALSE);
  chat_message_set_user (message, NULL);
  chat_message_set_reason (message, NULL);
  chat_message_clear_receipts (message);
  return TRUE;
}

/* Whether it does something to what others wrote, or to a channel. */
static gboolean
is_change (ChatMessageKind kind)
{
  return kind == CHAT_KIND_EDIT || kind == CHAT_KIND_DELETE || kind == CHAT_KIND_ATTRIBUTE || kind == CHAT_KIND_TOPIC
         || kind == CHAT_KIND_JOIN || kind == CHAT_KIND_LEAVE;
}

/* NULL where the unsigned record may be here. */
static char *
find_foreign_objection (const ChatCase *self)
{
  ChatMessageKind kind = chat_message_get_kind (self->message);
  gsize size = g_bytes_get_size (chat_record_get_bytes (self->record));

  if (chat_channel_name_is_private (chat_message_get_channel (self->message)))
    return g_strdup ("a private conversation takes only what was sent through the service");
  if (is_change (kind) && !self->origin->guests)
    return g_strdup_printf ("a record of the kind “%s” must be sent through the service: nothing shows that it comes "
                            "from whom it names",
                            chat_message_kind_to_string (kind));
  if (is_change (kind) && chat_message_get_author (self->message) == NULL)
    return g_strdup_printf ("a record of the kind “%s” needs an author", chat_message_kind_to_string (kind));
  if (size > CHAT_RECORD_MAX_BYTES)
    return g_strdup_printf ("the record has %" G_GSIZE_FORMAT " bytes; at most %d are allowed", size,
                            CHAT_RECORD_MAX_BYTES);
  return NULL;
}

/* NULL where the record may be here. */
static char *
find_objection (const ChatCase *self)
{
  ChatMessageKind kind = chat_message_get_kind (self->message);

  if (chat_message_kind_is_of_service (kind))
    return g_strdup_printf ("a record of the kind “%s” has no place on this topic: the service says such things itself",
                            chat_message_kind_to_string (kind));
  return self->is_signed ? NULL : find_foreign_objection (self);
}

/* "ana (kafka)": what a broker's own users call themselves never passes for the account of that name. Returns an
 * objection, or NULL. */
static char *
name_guest (ChatCase *self)
{
  const char *author = chat_message_get_author (self->message);
  g_autofree char *name = author != NULL ? g_strdup_printf ("%s (%s)", author, self->origin->transport) : NULL;

  if (name == NULL)
    return NULL;
  if (g_utf8_strlen (name, -1) > CHAT_USER_MAX_CHARS)
    return g_strdup_printf ("the author’s name is too long for a guest: with “ (%s)” behind it, it may have %d "
                            "characters",
                            self->origin->transport, CHAT_USER_MAX_CHARS);
  chat_message_set_author (self->message, name);
  return NULL;
}

/* One emoji, always written the same way. Returns an objection, or NULL. */
static char *
normalize_reaction (ChatCase *self)
{
  const char *data = chat_message_get_data (self->message);
  g_autofree char *emoji = strlen (data) <= CHAT_EMOJI_MAX_BYTES ? chat_emoji_normalize (data) : NULL;

  if (emoji == NULL)
    return g_strdup ("a reaction is one emoji (UTS #51), and nothing else");
  if (!g_str_equal (emoji, data))
    {
      chat_message_set_data (self->message, emoji);
      self->is_whole = FALSE;
    }
  return NULL;
}

/* What is to be done to it before it is judged. Returns an objection, or NULL. */
static char *
settle (ChatCase *self)
{
  char *objection = NULL;

  if (drop_claims (self->message))
    self->is_whole = FALSE;
  if (!self->is_signed && drop_foreign_claims (self->message))
    self->is_whole = FALSE;
  if (!self->is_signed && self->origin->guests)
    {
      self->is_whole = FALSE;
      objection = name_guest (self);
    }
  if (objection == NULL && chat_message_get_kind (self->message) == CHAT_KIND_REACTION)
    objection = normalize_reaction (self);
  return objection;
}

/* Whoever makes two of his own texts collide under one id gains that the second is taken for a repeat: it is not
 * forwarded either way. So a part of it will do. */
static guint64
digest (const ChatMessage *message)
{
  guint8 bytes[CHAT_MESSAGE_DIGEST_BYTES];
  guint64 part;

  chat_message_digest (message, bytes);
  memcpy (&part, bytes, sizeof part);
  return part;
}

ChatCase *
chat_case_new (ChatRecord *record, const ChatCaseOrigin *origin)
{
  ChatCase *self = g_new0 (ChatCase, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *objection = NULL;

  self->origin = origin;
  self->record = chat_record_ref (record);
  self->message = decode (record, origin, &self->is_whole, &error);
  if (self->message == NULL)
    {
      chat_case_reject (self, error->message);
      return self;
    }
  self->is_signed
      = chat_signer_verify (origin->signer, self->message, chat_record_get_header (record, CHAT_SIGNATURE_HEADER));
  objection = find_objection (self);
  if (objection == NULL)
    objection = settle (self);
  if (objection != NULL)
    chat_case_reject (self, objection);
  else
    self->digest = digest (self->message);
  return self;
}

void
chat_case_free (ChatCase *self)
{
  chat_record_unref (self->record);
  g_clear_pointer (&self->message, chat_message_unref);
  g_clear_pointer (&self->hits, g_array_unref);
  g_clear_pointer (&self->answer, chat_strike_free);
  g_clear_pointer (&self->outputs, g_ptr_array_unref);
  g_free (self->user_key);
  g_free (self->reason);
  g_free (self);
}

gint64
chat_case_get_time (const ChatCase *self)
{
  if (self->is_signed)
    return chat_message_get_timestamp (self->message);
  if (chat_record_get_time (self->record) != CHAT_TIME_UNKNOWN)
    return chat_record_get_time (self->record);
  return chat_time_now ();
}

gboolean
chat_case_is_judged (const ChatCase *self)
{
  ChatMessageKind kind = chat_message_get_kind (self->message);

  return chat_message_get_data (self->message) != NULL && kind != CHAT_KIND_REACTION && kind != CHAT_KIND_DELETE;
}

gboolean
chat_case_may_be_of_blocked (const ChatCase *self)
{
  ChatMessageKind kind = chat_message_get_kind (self->message);

  return (kind == CHAT_KIND_DELETE && !chat_message_get_moderator (self->message)) || kind == CHAT_KIND_LEAVE
         || kind == CHAT_KIND_READ;
}

/* Strikes */

/* The hit that names the rule: the first that counts, else the first. */
static const ChatHit *
leading_hit (const ChatCase *self)
{
  for (guint i = 0; i < self->hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (self->hits, ChatHit, i);
      if (hit->severity == CHAT_SEVERITY_MASK)
        return hit;
    }
  return &g_array_index (self->hits, ChatHit, 0);
}

static GArray *
dup_spans (const ChatCase *self)
{
  GArray *spans = g_array_sized_new (FALSE, FALSE, sizeof (ChatSpan), self->hits->len);

  for (guint i = 0; i < self->hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (self->hits, ChatHit, i);
      ChatSpan span = { hit->start, hit->length };
      g_array_append_val (spans, span);
    }
  return spans;
}

gboolean
chat_case_needs_strike (const ChatCase *self)
{
  return self->hits != NULL && self->user_key != NULL && leading_hit (self)->severity == CHAT_SEVERITY_MASK;
}

ChatStrike *
chat_case_new_strike (const ChatCase *self, const char *rules_version, guint limit)
{
  ChatStrike *strike = g_new0 (ChatStrike, 1);

  strike->record_id = g_strdup (chat_message_get_id (self->message));
  strike->channel = g_strdup (chat_message_get_channel (self->message));
  strike->user = g_strdup (chat_message_get_author (self->message));
  strike->user_key = g_strdup (self->user_key);
  strike->rule = g_strdup (leading_hit (self)->rule);
  strike->spans = dup_spans (self);
  strike->original = g_strdup (chat_message_get_data (self->message));
  strike->rules_version = g_strdup (rules_version);
  strike->timestamp = chat_case_get_time (self);
  strike->limit = limit;
  return strike;
}

ChatBlock *
chat_case_new_block (const ChatCase *self)
{
  ChatBlock *block = g_new0 (ChatBlock, 1);

  block->user = g_strdup (chat_message_get_author (self->message));
  block->user_key = g_strdup (self->user_key);
  block->since = self->answer->timestamp;
  block->until = CHAT_TIME_UNKNOWN;
  block->record_id = g_strdup (chat_message_get_id (self->message));
  block->reason = g_strdup_printf ("strike %u of %u (%s)", self->answer->strike, self->answer->limit,
                                   self->answer->rule); /* as the store has it */
  return block;
}

/* Verdicts */

/* @output: (transfer full) (nullable) */
static void
add_output (ChatCase *self, ChatRecord *output)
{
  if (output == NULL)
    return;
  if (self->outputs == NULL)
    self->outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_ptr_array_add (self->outputs, output);
}

static void
forward (ChatCase *self, GBytes *bytes)
{
  const char *channel = chat_message_get_channel (self->message);
  const char *topic = chat_channel_name_is_private (channel) ? CHAT_TOPIC_PRIVATE : CHAT_TOPIC_CONTROLLED;

  add_output (self, chat_record_new (topic, channel, bytes));
}

void
chat_case_pass (ChatCase *self)
{
  self->outcome = CHAT_OUTCOME_PASSED;
  if (self->is_whole)
    {
      forward (self, chat_record_get_bytes (self->record));
      return;
    }
  g_autoptr (GBytes) bytes = chat_message_encode (self->message);
  forward (self, bytes);
}

/* On a topic that everybody may read: ids, strike and limit, never the words or the rule. */
static void
add_notice (ChatCase *self, ChatMessageKind kind, const char *id, ChatModerationNote *note)
{
  g_autoptr (ChatMessage) notice = chat_message_new (kind);
  const char *user = chat_message_get_author (self->message);

  chat_message_set_id (notice, id);
  chat_message_set_target (notice, chat_message_get_id (self->message));
  chat_message_set_user (notice, user);
  chat_message_set_timestamp (notice, chat_time_now ());
  chat_message_take_moderation (notice, note);

  g_autoptr (GBytes) bytes = chat_message_encode (notice);
  add_output (self, chat_record_new (CHAT_TOPIC_WARNINGS, user, bytes));
}

static void
add_block (ChatCase *self)
{
  const ChatStrike *answer = self->answer;
  g_autofree char *id = chat_uuid_v5 ("block", answer->record_id, strlen (answer->record_id));

  add_notice (self, CHAT_KIND_BLOCK, id, chat_moderation_note_new (NULL, NULL, answer->strike, answer->limit));
  add_output (self, chat_control_record_new (self->origin->signer, CHAT_KIND_BLOCK, answer->record_id,
                                             chat_message_get_author (self->message), NULL));
}

void
chat_case_mask (ChatCase *self)
{
  const ChatStrike *answer = self->answer;
  g_autoptr (GArray) spans = dup_spans (self);
  g_autofree char *masked = chat_rules_mask (chat_message_get_data (self->message), self->hits);
  ChatModerationNote *note = chat_moderation_note_new (leading_hit (self)->rule, spans, answer ? answer->strike : 0,
                                                       answer ? answer->limit : 0);

  self->outcome = CHAT_OUTCOME_MASKED;
  chat_message_set_data (self->message, masked);
  chat_message_take_moderation (self->message, note);

  g_autoptr (GBytes) bytes = chat_message_encode (self->message);
  forward (self, bytes);
  if (answer == NULL)
    return;

  add_notice (self, CHAT_KIND_WARNING, answer->warning_id,
              chat_moderation_note_new (NULL, NULL, answer->strike, answer->limit));
  if (answer->blocked)
    add_block (self);
}

void
chat_case_refuse (ChatCase *self, const char *reason)
{
  if (chat_message_get_author (self->message) == NULL)
    {
      chat_case_reject (self, reason); /* there is nobody to tell */
      return;
    }
  self->outcome = CHAT_OUTCOME_REFUSED;
  add_output (self, chat_refusal_new_refused (self->message, reason));
}

void
chat_case_reject (ChatCase *self, const char *reason)
{
  self->outcome = CHAT_OUTCOME_REJECTED;
  self->reason = g_strdup (reason);
  add_output (self, chat_refusal_new_rejected (self->record, reason));
}

void
chat_case_drop (ChatCase *self)
{
  self->outcome = CHAT_OUTCOME_REPEATED;
}
