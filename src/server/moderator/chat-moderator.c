/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-moderator.h"

#include "core/chat-language.h"
#include "core/chat-lru.h"
#include "moderation/chat-skeleton.h"
#include "server/moderator/chat-block-list.h"
#include "server/moderator/chat-case.h"
#include "server/moderator/chat-channel-cache.h"
#include "transport/chat-refusal.h"

#include <string.h>

/* How soon a channel's new language applies at the latest. */
#define CHANNEL_MAX_AGE_MS 3000
/* Ids of forwarded records that are known for repeats, and names whose skeletons are. */
#define RECENT_CAPACITY 16384
#define NAMES_CAPACITY 8192

#define REASON_BLOCKED "You are blocked and can’t post here."

/* One batch on its way: in a reference-counted box. */
typedef struct
{
  GPtrArray *cases;     /* (element-type ChatCase) */
  ChatRules *rules;     /* in force when it began: the cases' hits point into them */
  GHashTable *places;   /* id (borrowed) → the place of the first case with it */
  GHashTable *awaiting; /* (element-type utf8): user keys whose strikes the store is recording */
  guint strikes;        /* how many those are */
  GError *error;        /* the first */
} Batch;

struct _ChatModerator
{
  ChatForwarder parent_instance;

  /* Borrowed */
  ChatCaseOrigin origin;

  /* Owned */
  ChatModerationStore *store;
  ChatBlockList *blocks;
  ChatChannelCache *channels;
  ChatRulesSource *rules;
  ChatLru *recent; /* id → digest of what was forwarded under it */
  ChatLru *keys;   /* author → skeleton */
  char *language;
  guint limit;
  Batch *batch; /* the last that was judged, until it is forwarded */
  ChatModeratorCounters counters;
};

G_DEFINE_FINAL_TYPE (ChatModerator, chat_moderator, CHAT_TYPE_FORWARDER)

enum
{
  REJECTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void judge_batch (GTask *task);

static void
batch_clear (gpointer data)
{
  Batch *self = data;

  g_hash_table_unref (self->places);
  g_hash_table_unref (self->awaiting);
  g_ptr_array_unref (self->cases);
  chat_rules_unref (self->rules);
  g_clear_error (&self->error);
}

static void
batch_unref (gpointer data)
{
  g_rc_box_release_full (data, batch_clear);
}

/* Skeletons cost a few microseconds, and people write more than one message. */
static char *
dup_user_key (ChatModerator *self, const ChatCase *the_case)
{
  const char *author = chat_message_get_author (the_case->message);
  const char *key;

  if (author == NULL)
    return NULL;
  key = chat_lru_get (self->keys, author);
  if (key != NULL)
    return g_strdup (key);
  char *made = chat_skeleton (author);
  chat_lru_put (self->keys, author, g_strdup (made));
  return made;
}

static Batch *
batch_new (ChatModerator *self, GPtrArray *inputs)
{
  Batch *batch = g_rc_box_new0 (Batch);

  batch->rules = chat_rules_ref (chat_rules_source_get_rules (self->rules));
  batch->cases = g_ptr_array_new_full (inputs->len, (GDestroyNotify)chat_case_free);
  batch->places = g_hash_table_new (g_str_hash, g_str_equal);
  batch->awaiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatCase *the_case = chat_case_new (g_ptr_array_index (inputs, i), &self->origin);
      g_ptr_array_add (batch->cases, the_case);
      if (the_case->outcome != CHAT_OUTCOME_NONE)
        continue;
      the_case->user_key = dup_user_key (self, the_case);
      const char *id = chat_message_get_id (the_case->message);
      if (!g_hash_table_contains (batch->places, id))
        g_hash_table_insert (batch->places, (gpointer)id, GUINT_TO_POINTER (i));
    }
  return batch;
}

/* (element-type utf8): whose languages have to be known. */
static GPtrArray *
list_channels (Batch *batch)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < batch->cases->len; i++)
    {
      ChatCase *the_case = g_ptr_array_index (batch->cases, i);
      if (the_case->outcome != CHAT_OUTCOME_NONE || !chat_case_is_judged (the_case))
        continue;
      const char *channel = chat_message_get_channel (the_case->message);
      if (g_hash_table_add (seen, (gpointer)channel))
        g_ptr_array_add (names, (gpointer)channel);
    }
  return names;
}

/* Repeats. What was forwarded lately is known; what came earlier is left to the archiver and to readers, who know all
 * ids. Returns TRUE where the case is closed by it. */

static gpointer
digest_to_pointer (guint64 digest)
{
  /* never NULL; on 32 bits a part of it is as good */
  return (gpointer)(guintptr)(digest | 1);
}

static gboolean
settle_repeat (ChatModerator *self, Batch *batch, ChatCase *the_case, guint place)
{
  const char *id = chat_message_get_id (the_case->message);
  gpointer known = chat_lru_get (self->recent, id);
  guint first = GPOINTER_TO_UINT (g_hash_table_lookup (batch->places, id));

  if (known == NULL && first < place)
    known = digest_to_pointer (((ChatCase *)g_ptr_array_index (batch->cases, first))->digest);
  if (known == NULL)
    return FALSE;
  if (known == digest_to_pointer (the_case->digest))
    chat_case_drop (the_case);
  else
    chat_case_refuse (the_case, CHAT_REFUSED_CONFLICT);
  return TRUE;
}

typedef enum
{
  STANDING_FREE,
  STANDING_BLOCKED,
  STANDING_CULPRIT, /* blocked for what has this id */
} Standing;

/*
 * Whether the author's block holds for this message. It does from the message on that led to it. A batch that is done
 * again after a crash or an abort finds the block in the store from its first message on, and what came before the
 * culprit must pass as it would have the first time: what the service itself accepted before that moment does. (An
 * unsigned message proves no time; after a crash it is refused rather than let through.)
 */
static Standing
get_standing (ChatModerator *self, Batch *batch, const ChatCase *the_case, guint place)
{
  gint64 time = chat_case_get_time (the_case);
  const ChatBlock *block
      = the_case->user_key != NULL ? chat_block_list_find (self->blocks, the_case->user_key, time) : NULL;
  gboolean before;
  gpointer culprit;

  if (block == NULL)
    return STANDING_FREE;
  if (block->record_id == NULL)
    return STANDING_BLOCKED;
  if (g_str_equal (block->record_id, chat_message_get_id (the_case->message)))
    return STANDING_CULPRIT;
  if (!the_case->is_signed || chat_lru_get (self->recent, block->record_id) != NULL)
    return STANDING_BLOCKED;
  if (g_hash_table_lookup_extended (batch->places, block->record_id, NULL, &culprit))
    before = place < GPOINTER_TO_UINT (culprit);
  else
    before = time <= block->since;
  return before ? STANDING_FREE : STANDING_BLOCKED;
}

/* Strikes */

static void
take_answer (ChatModerator *self, ChatCase *the_case, ChatStrike *answer)
{
  const char *text = chat_message_get_data (the_case->message);

  the_case->answer = answer;
  /* a repeat gets the first answer: under a struck message's id no other text may pass without a strike */
  if (!g_str_equal (answer->user_key, the_case->user_key)
      || (answer->original != NULL && !g_str_equal (answer->original, text)))
    {
      chat_case_refuse (the_case, CHAT_REFUSED_CONFLICT);
      return;
    }
  chat_case_mask (the_case);
  if (answer->blocked)
    {
      g_autoptr (ChatBlock) block = chat_case_new_block (the_case);
      chat_block_list_add (self->blocks, block);
    }
}

/* One strike that the store is recording. */
typedef struct
{
  GTask *task;
  ChatCase *the_case;
} Striking;

static void
strike_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Striking *striking = user_data;
  g_autoptr (GTask) task = striking->task;
  ChatModerator *self = g_task_get_source_object (task);
  Batch *batch = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  ChatStrike *answer = chat_moderation_store_record_strike_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (answer != NULL)
    take_answer (self, striking->the_case, answer);
  else if (batch->error == NULL)
    batch->error = g_steal_pointer (&error);
  if (--batch->strikes > 0)
    return;
  g_hash_table_remove_all (batch->awaiting);
  judge_batch (task);
}

static void
record_strike (GTask *task, ChatCase *the_case)
{
  ChatModerator *self = g_task_get_source_object (task);
  Batch *batch = g_task_get_task_data (task);
  g_autoptr (ChatStrike) strike = chat_case_new_strike (the_case, chat_rules_get_version (batch->rules), self->limit);
  Striking *striking = g_new (Striking, 1);

  *striking = (Striking){ g_object_ref (task), the_case };
  batch->strikes++;
  g_hash_table_add (batch->awaiting, g_strdup (the_case->user_key));
  chat_moderation_store_record_strike_async (self->store, strike, g_task_get_cancellable (task), strike_cb, striking);
}

/* Judging */

static GArray *
find_hits (ChatModerator *self, const Batch *batch, const ChatCase *the_case)
{
  const ChatMessage *message = the_case->message;
  const char *language = chat_channel_cache_get_language (self->channels, chat_message_get_channel (message));
  g_auto (GStrv) languages = NULL;

  if (!chat_case_is_judged (the_case))
    return NULL;
  if (language == NULL)
    language = self->language;
  if (language != NULL)
    languages = chat_languages_split (language);
  return chat_rules_find (batch->rules, chat_message_get_data (message), (const char *const *)languages);
}

static void
judge (GTask *task, ChatCase *the_case, guint place)
{
  ChatModerator *self = g_task_get_source_object (task);
  Batch *batch = g_task_get_task_data (task);
  Standing standing;

  if (settle_repeat (self, batch, the_case, place))
    return;
  standing = chat_case_may_be_of_blocked (the_case) ? STANDING_FREE : get_standing (self, batch, the_case, place);
  the_case->hits = standing != STANDING_BLOCKED ? find_hits (self, batch, the_case) : NULL;
  /* the culprit has a strike, which the store will compare with it; what has none only took its id */
  if (standing == STANDING_BLOCKED || (standing == STANDING_CULPRIT && !chat_case_needs_strike (the_case)))
    chat_case_refuse (the_case, REASON_BLOCKED);
  else if (the_case->hits == NULL)
    chat_case_pass (the_case);
  else if (chat_case_needs_strike (the_case))
    record_strike (task, the_case);
  else
    chat_case_mask (the_case);
}

/* In order, but for an author whose strike is being recorded: what he wrote after it waits for the answer, which may
 * be his block. Then the rest is gone through again. */
static void
judge_batch (GTask *task)
{
  Batch *batch = g_task_get_task_data (task);

  for (guint i = 0; i < batch->cases->len && batch->error == NULL; i++)
    {
      ChatCase *the_case = g_ptr_array_index (batch->cases, i);
      if (the_case->outcome == CHAT_OUTCOME_NONE
          && (the_case->user_key == NULL || !g_hash_table_contains (batch->awaiting, the_case->user_key)))
        judge (task, the_case, i);
    }
  if (batch->strikes > 0)
    return;
  if (batch->error != NULL)
    g_task_return_error (task, g_steal_pointer (&batch->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
channels_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (chat_channel_cache_ensure_finish (CHAT_CHANNEL_CACHE (source), result, &error))
    judge_batch (task);
  else
    g_task_return_error (task, error);
}

/* ChatForwarder */

static void
chat_moderator_process_async (ChatForwarder *forwarder, GPtrArray *inputs, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  ChatModerator *self = CHAT_MODERATOR (forwarder);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Batch *batch = batch_new (self, inputs);
  g_autoptr (GPtrArray) channels = list_channels (batch);

  g_task_set_source_tag (task, chat_moderator_process_async);
  g_task_set_task_data (task, batch, batch_unref);
  chat_channel_cache_ensure_async (self->channels, channels, cancellable, channels_cb, task);
}

static GPtrArray *
chat_moderator_process_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  ChatModerator *self = CHAT_MODERATOR (forwarder);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  Batch *batch = g_task_get_task_data (G_TASK (result));
  GPtrArray *outputs = g_ptr_array_new_full (batch->cases->len, (GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < batch->cases->len; i++)
    {
      ChatCase *the_case = g_ptr_array_index (batch->cases, i);
      for (guint j = 0; the_case->outputs != NULL && j < the_case->outputs->len; j++)
        g_ptr_array_add (outputs, chat_record_ref (g_ptr_array_index (the_case->outputs, j)));
    }
  g_clear_pointer (&self->batch, batch_unref);
  self->batch = g_rc_box_acquire (batch);
  return outputs;
}

static void
count (ChatModerator *self, const ChatCase *the_case)
{
  ChatModeratorCounters *counters = &self->counters;
  guint64 *const places[] = {
    [CHAT_OUTCOME_PASSED] = &counters->passed,     [CHAT_OUTCOME_MASKED] = &counters->masked,
    [CHAT_OUTCOME_REFUSED] = &counters->refused,   [CHAT_OUTCOME_REJECTED] = &counters->rejected,
    [CHAT_OUTCOME_REPEATED] = &counters->repeated,
  };

  ++*places[the_case->outcome];
  if (the_case->outcome == CHAT_OUTCOME_MASKED && the_case->answer != NULL)
    {
      counters->strikes++;
      counters->blocks += the_case->answer->blocked ? 1 : 0;
    }
}

/* What a forwarded record teaches the moderator. */
static void
learn (ChatModerator *self, const ChatCase *the_case)
{
  const ChatMessage *message = the_case->message;

  if (the_case->outcome == CHAT_OUTCOME_PASSED || the_case->outcome == CHAT_OUTCOME_MASKED)
    chat_lru_put (self->recent, chat_message_get_id (message), digest_to_pointer (the_case->digest));
  if (the_case->outcome == CHAT_OUTCOME_PASSED && chat_message_get_kind (message) == CHAT_KIND_TOPIC)
    chat_channel_cache_forget (self->channels, chat_message_get_channel (message));
}

static void
chat_moderator_forwarded (ChatForwarder *forwarder)
{
  ChatModerator *self = CHAT_MODERATOR (forwarder);
  Batch *batch = g_steal_pointer (&self->batch);

  for (guint i = 0; i < batch->cases->len; i++)
    {
      const ChatCase *the_case = g_ptr_array_index (batch->cases, i);
      count (self, the_case);
      learn (self, the_case);
      if (the_case->outcome == CHAT_OUTCOME_REJECTED)
        {
          g_autofree char *position = chat_refusal_dup_position (the_case->record);
          g_signal_emit (self, signals[REJECTED], 0, position, the_case->reason);
        }
    }
  batch_unref (batch);
}

static gboolean
chat_moderator_is_passing (ChatForwarder *forwarder, const GError *error)
{
  return chat_store_error_is_passing (error);
}

/* All that it has to start and stop is the block list. */

static void
chat_moderator_prepare_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  chat_service_start_async (CHAT_SERVICE (CHAT_MODERATOR (forwarder)->blocks), cancellable, callback, user_data);
}

static gboolean
chat_moderator_prepare_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  return chat_service_start_finish (CHAT_SERVICE (CHAT_MODERATOR (forwarder)->blocks), result, error);
}

static void
chat_moderator_release_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  chat_service_stop_async (CHAT_SERVICE (CHAT_MODERATOR (forwarder)->blocks), cancellable, callback, user_data);
}

static gboolean
chat_moderator_release_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  return chat_service_stop_finish (CHAT_SERVICE (CHAT_MODERATOR (forwarder)->blocks), result, error);
}

/* GObject */

static void
chat_moderator_finalize (GObject *object)
{
  ChatModerator *self = CHAT_MODERATOR (object);

  g_clear_pointer (&self->batch, batch_unref);
  g_clear_pointer (&self->recent, chat_lru_free);
  g_clear_pointer (&self->keys, chat_lru_free);
  g_clear_object (&self->rules);
  g_clear_object (&self->channels);
  g_clear_object (&self->blocks);
  g_clear_object (&self->store);
  g_free (self->language);
  chat_dialect_unref (self->origin.dialect);
  G_OBJECT_CLASS (chat_moderator_parent_class)->finalize (object);
}

static void
chat_moderator_class_init (ChatModeratorClass *klass)
{
  ChatForwarderClass *forwarder_class = CHAT_FORWARDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_moderator_finalize;
  forwarder_class->prepare_async = chat_moderator_prepare_async;
  forwarder_class->prepare_finish = chat_moderator_prepare_finish;
  forwarder_class->process_async = chat_moderator_process_async;
  forwarder_class->process_finish = chat_moderator_process_finish;
  forwarder_class->forwarded = chat_moderator_forwarded;
  forwarder_class->is_passing = chat_moderator_is_passing;
  forwarder_class->release_async = chat_moderator_release_async;
  forwarder_class->release_finish = chat_moderator_release_finish;
  signals[REJECTED] = g_signal_new ("rejected", CHAT_TYPE_MODERATOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
chat_moderator_init (ChatModerator *self)
{
  self->recent = chat_lru_new (RECENT_CAPACITY, NULL);
  self->keys = chat_lru_new (NAMES_CAPACITY, g_free);
}

ChatModerator *
chat_moderator_new (ChatTransport *transport, ChatStore *store, ChatControlFeed *feed, ChatRulesSource *rules,
                    ChatSigner *signer, const ChatModeratorOptions *options)
{
  const char *const topics[] = { CHAT_TOPIC_CHAT, NULL };

  g_return_val_if_fail (CHAT_IS_TRANSPORT (transport), NULL);
  g_return_val_if_fail (CHAT_IS_STORE (store), NULL);
  g_return_val_if_fail (CHAT_IS_CONTROL_FEED (feed) && CHAT_IS_RULES_SOURCE (rules), NULL);
  g_return_val_if_fail (signer != NULL, NULL);
  g_return_val_if_fail (options != NULL && options->limit > 0, NULL);

  ChatModerator *self
      = g_object_new (CHAT_TYPE_MODERATOR, "transport", transport, "group", "moderator", "topics", topics, NULL);
  self->store = g_object_ref (chat_store_get_moderation (store));
  self->blocks = chat_block_list_new (feed, self->store);
  self->channels = chat_channel_cache_new (chat_store_get_channels (store), CHANNEL_MAX_AGE_MS);
  self->rules = g_object_ref (rules);
  self->origin = (ChatCaseOrigin){ signer, chat_transport_get_name (transport), options->guests,
                                   options->dialect != NULL ? chat_dialect_ref (options->dialect) : NULL };
  self->language = g_strdup (options->language);
  self->limit = options->limit;
  g_signal_connect_object (self->blocks, "failed", G_CALLBACK (chat_forwarder_fail), self, G_CONNECT_SWAPPED);
  return self;
}

const ChatModeratorCounters *
chat_moderator_get_counters (ChatModerator *self)
{
  g_return_val_if_fail (CHAT_IS_MODERATOR (self), NULL);
  return &self->counters;
}
