/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-rehearsal.h"

#include "core/chat-language.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "core/chat-uuid.h"
#include "server/moderator/chat-rehearsal-page.h"
#include "transport/chat-backoff.h"

#define PAGE 200
/* What the rest of the service gets between two pages. (A lower priority of the main loop would be never, under load.)
 */
#define PAUSE_MS 10
#define TRIES_MOST 6

/* A channel that is to be gone through. */
typedef struct
{
  char *name;
  char *language; /* nullable */
  gint64 next;    /* seq before the next page; -1: not looked at yet */
  gint64 head;    /* the last to be read */
} Channel;

struct _ChatRehearsal
{
  GObject parent_instance;

  /* Owned */
  ChatStore *store;
  ChatWorker *worker;
  ChatRules *in_force, *candidate;
  char *id, *by, *only, *language;
  char *reason;
  GCancellable *cancellable;
  GPtrArray *channels; /* (element-type Channel) */
  GPtrArray *results;  /* (element-type ChatRehearsalResult) */
  GPtrArray *messages; /* (nullable): of the page in work */
  GHashTable *originals;
  GSource *pause;
  ChatBackoff backoff;

  gint64 since;
  ChatRehearsalState state;
  guint channel; /* the one in work */
  guint strike;  /* the next message of the page whose original is to be asked for */
  guint64 read, total, masked, freed;
  void (*step) (ChatRehearsal *self); /* what comes after the pause */
};

G_DEFINE_FINAL_TYPE (ChatRehearsal, chat_rehearsal, G_TYPE_OBJECT)

enum
{
  ENDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void measure (ChatRehearsal *self);
static void read_page (ChatRehearsal *self);
static void find_originals (ChatRehearsal *self);

const char *
chat_rehearsal_state_to_string (ChatRehearsalState state)
{
  static const char *const names[] = { "running", "done", "cancelled", "failed" };

  return names[state];
}

static void
channel_free (gpointer data)
{
  Channel *self = data;

  g_free (self->name);
  g_free (self->language);
  g_free (self);
}

static void
end (ChatRehearsal *self, ChatRehearsalState state)
{
  if (self->state != CHAT_REHEARSAL_RUNNING)
    return;
  self->state = state;
  chat_timer_clear (&self->pause);
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_hash_table_remove_all (self->originals);
  g_signal_emit (self, signals[ENDED], 0);
}

static gboolean
pause_cb (gpointer user_data)
{
  g_autoptr (ChatRehearsal) self = g_object_ref (user_data);

  g_clear_pointer (&self->pause, g_source_unref);
  self->step (self);
  return G_SOURCE_REMOVE;
}

static void
go_on_after (ChatRehearsal *self, guint milliseconds, void (*step) (ChatRehearsal *self))
{
  self->step = step;
  self->pause = chat_timer_new (milliseconds, pause_cb, self);
}

/* Does @step again after a while, or gives up. */
static void
take_error (ChatRehearsal *self, const GError *error, void (*step) (ChatRehearsal *self))
{
  if (self->state != CHAT_REHEARSAL_RUNNING)
    return;
  if (chat_store_error_is_passing (error) && self->backoff.tries < TRIES_MOST)
    {
      go_on_after (self, chat_backoff_next (&self->backoff), step);
      return;
    }
  self->reason = g_strdup (error->message);
  end (self, CHAT_REHEARSAL_FAILED);
}

/* Judging a page */

static void
judged_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatRehearsal *self = CHAT_REHEARSAL (source);
  g_autoptr (ChatRehearsalFindings) findings = g_task_propagate_pointer (G_TASK (result), NULL);

  if (self->state != CHAT_REHEARSAL_RUNNING || findings == NULL)
    return;
  self->read += self->messages->len;
  self->total = MAX (self->total, self->read);
  self->masked += findings->masked;
  self->freed += findings->freed;
  while (findings->results->len > 0 && self->results->len < CHAT_REHEARSAL_RESULTS_MOST)
    g_ptr_array_add (self->results, g_ptr_array_steal_index (findings->results, 0));
  go_on_after (self, PAUSE_MS, read_page);
}

static void
judge (ChatRehearsal *self)
{
  const Channel *channel = g_ptr_array_index (self->channels, self->channel);
  const char *language = channel->language != NULL ? channel->language : self->language;
  GTask *task = g_task_new (self, self->cancellable, judged_cb, NULL);
  ChatRehearsalPage *page = g_new0 (ChatRehearsalPage, 1);

  g_task_set_source_tag (task, judge);
  page->messages = g_ptr_array_ref (self->messages);
  page->originals = g_steal_pointer (&self->originals);
  self->originals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  page->in_force = chat_rules_ref (self->in_force);
  page->candidate = chat_rules_ref (self->candidate);
  page->languages = language != NULL ? chat_languages_split (language) : NULL;
  g_task_set_task_data (task, page, (GDestroyNotify)chat_rehearsal_page_free);
  chat_worker_push (self->worker, task, chat_rehearsal_page_judge);
}

/* Originals: what a message said before it was masked. One that was changed since is judged as it reads now. */

static gboolean
has_strike (const ChatMessage *message)
{
  const ChatModerationNote *note = chat_message_get_moderation (message);
  const ChatMessageState *state = chat_message_get_state (message);
  gboolean edited = state != NULL && state->edited != CHAT_TIME_UNKNOWN;

  return chat_rehearsal_page_is_judged (message) && !edited && note != NULL && note->strike > 0;
}

static void
strike_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRehearsal) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatStrike) strike
      = chat_moderation_store_get_strike_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (self->state != CHAT_REHEARSAL_RUNNING)
    return;
  if (strike == NULL && !g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      take_error (self, error, find_originals);
      return;
    }
  chat_backoff_reset (&self->backoff);
  const ChatMessage *message = g_ptr_array_index (self->messages, self->strike++);
  if (strike != NULL && strike->original != NULL
      && g_utf8_strlen (strike->original, -1) == g_utf8_strlen (chat_message_get_data (message), -1))
    g_hash_table_insert (self->originals, g_strdup (strike->record_id), g_strdup (strike->original));
  find_originals (self);
}

static void
find_originals (ChatRehearsal *self)
{
  while (self->strike < self->messages->len && !has_strike (g_ptr_array_index (self->messages, self->strike)))
    self->strike++;
  if (self->strike == self->messages->len)
    {
      judge (self);
      return;
    }
  chat_moderation_store_get_strike_async (chat_store_get_moderation (self->store),
                                          chat_message_get_id (g_ptr_array_index (self->messages, self->strike)),
                                          self->cancellable, strike_cb, g_object_ref (self));
}

/* Pages */

/* Up to what was the head when it began. */
static GPtrArray *
cut_page (GPtrArray *messages, gint64 head)
{
  GPtrArray *cut = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);

  for (guint i = 0; i < messages->len; i++)
    {
      ChatMessage *message = g_ptr_array_index (messages, i);
      if (chat_message_get_seq (message) <= head)
        g_ptr_array_add (cut, chat_message_ref (message));
    }
  return cut;
}

static void
page_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRehearsal) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);
  Channel *channel;

  if (page == NULL)
    {
      take_error (self, error, read_page);
      return;
    }
  if (self->state != CHAT_REHEARSAL_RUNNING)
    return;
  chat_backoff_reset (&self->backoff);
  channel = g_ptr_array_index (self->channels, self->channel);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  self->messages = cut_page (page->messages, channel->head);
  if (self->messages->len == 0)
    {
      channel->next = channel->head;
      read_page (self);
      return;
    }
  channel->next = chat_message_get_seq (g_ptr_array_index (self->messages, self->messages->len - 1));
  self->strike = 0;
  find_originals (self);
}

static void
read_page (ChatRehearsal *self)
{
  const Channel *channel = NULL;

  for (; self->channel < self->channels->len; self->channel++)
    {
      channel = g_ptr_array_index (self->channels, self->channel);
      if (channel->next < channel->head)
        break;
    }
  if (self->channel == self->channels->len)
    {
      end (self, CHAT_REHEARSAL_DONE);
      return;
    }
  const ChatPage page = { CHAT_PAGE_AFTER, channel->next, NULL, CHAT_TIME_UNKNOWN, PAGE };
  chat_message_store_list_async (chat_store_get_messages (self->store), channel->name, &page, self->cancellable,
                                 page_cb, g_object_ref (self));
}

/* Measuring: where each channel begins, so that there is a progress to tell of */

static void
measured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRehearsal) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);
  Channel *channel;

  if (page == NULL)
    {
      take_error (self, error, measure);
      return;
    }
  if (self->state != CHAT_REHEARSAL_RUNNING)
    return;
  chat_backoff_reset (&self->backoff);
  channel = g_ptr_array_index (self->channels, self->channel++);
  channel->next = channel->head = page->head;
  if (page->messages->len > 0)
    channel->next = chat_message_get_seq (g_ptr_array_index (page->messages, 0)) - 1;
  self->total += (guint64)(channel->head - channel->next);
  measure (self);
}

static void
measure (ChatRehearsal *self)
{
  const ChatPage page = { CHAT_PAGE_AFTER, 0, NULL, self->since, 1 };

  if (self->channel == self->channels->len)
    {
      self->channel = 0;
      read_page (self);
      return;
    }
  const Channel *channel = g_ptr_array_index (self->channels, self->channel);
  chat_message_store_list_async (chat_store_get_messages (self->store), channel->name, &page, self->cancellable,
                                 measured_cb, g_object_ref (self));
}

static void list_channels (ChatRehearsal *self);

static void
channels_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRehearsal) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = chat_channel_store_list_finish (CHAT_CHANNEL_STORE (source), result, &error);

  if (list == NULL)
    {
      take_error (self, error, list_channels);
      return;
    }
  if (self->state != CHAT_REHEARSAL_RUNNING)
    return;
  chat_backoff_reset (&self->backoff);
  for (guint i = 0; i < list->len; i++)
    {
      const ChatChannelInfo *info = g_ptr_array_index (list, i);
      Channel *channel;

      /* what is said in private stays there */
      if (info->kind != CHAT_CHANNEL_PUBLIC || (self->only != NULL && !g_str_equal (self->only, info->name)))
        continue;
      channel = g_new0 (Channel, 1);
      channel->name = g_strdup (info->name);
      channel->language = g_strdup (info->language);
      g_ptr_array_add (self->channels, channel);
    }
  measure (self);
}

static void
list_channels (ChatRehearsal *self)
{
  chat_channel_store_list_async (chat_store_get_channels (self->store), NULL, self->cancellable, channels_cb,
                                 g_object_ref (self));
}

/* GObject */

static void
chat_rehearsal_finalize (GObject *object)
{
  ChatRehearsal *self = CHAT_REHEARSAL (object);

  chat_timer_clear (&self->pause);
  g_clear_object (&self->store);
  g_clear_object (&self->worker);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->in_force, chat_rules_unref);
  g_clear_pointer (&self->candidate, chat_rules_unref);
  g_clear_pointer (&self->channels, g_ptr_array_unref);
  g_clear_pointer (&self->results, g_ptr_array_unref);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->originals, g_hash_table_unref);
  g_free (self->id);
  g_free (self->by);
  g_free (self->only);
  g_free (self->language);
  g_free (self->reason);
  G_OBJECT_CLASS (chat_rehearsal_parent_class)->finalize (object);
}

static void
chat_rehearsal_class_init (ChatRehearsalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_rehearsal_finalize;
  signals[ENDED] = g_signal_new ("ended", CHAT_TYPE_REHEARSAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_rehearsal_init (ChatRehearsal *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->id = chat_uuid_v7 ();
  self->cancellable = g_cancellable_new ();
  self->channels = g_ptr_array_new_with_free_func (channel_free);
  self->results = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rehearsal_result_free);
  self->originals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ChatRehearsal *
chat_rehearsal_new (ChatStore *store, ChatWorker *worker, const ChatRehearsalWish *wish)
{
  g_return_val_if_fail (CHAT_IS_STORE (store) && CHAT_IS_WORKER (worker), NULL);
  g_return_val_if_fail (wish != NULL && wish->in_force != NULL && wish->candidate != NULL, NULL);

  ChatRehearsal *self = g_object_new (CHAT_TYPE_REHEARSAL, NULL);
  self->store = g_object_ref (store);
  self->worker = g_object_ref (worker);
  self->in_force = chat_rules_ref (wish->in_force);
  self->candidate = chat_rules_ref (wish->candidate);
  self->by = g_strdup (wish->by);
  self->only = g_strdup (wish->channel);
  self->language = g_strdup (wish->language);
  self->since = wish->since;
  return self;
}

void
chat_rehearsal_start (ChatRehearsal *self)
{
  g_return_if_fail (CHAT_IS_REHEARSAL (self));

  list_channels (self);
}

void
chat_rehearsal_cancel (ChatRehearsal *self)
{
  g_return_if_fail (CHAT_IS_REHEARSAL (self));

  end (self, CHAT_REHEARSAL_CANCELLED);
}

const char *
chat_rehearsal_get_id (ChatRehearsal *self)
{
  return self->id;
}

const char *
chat_rehearsal_get_by (ChatRehearsal *self)
{
  return self->by;
}

ChatRehearsalState
chat_rehearsal_get_state (ChatRehearsal *self)
{
  return self->state;
}

const char *
chat_rehearsal_get_reason (ChatRehearsal *self)
{
  return self->reason;
}

void
chat_rehearsal_get_progress (ChatRehearsal *self, guint64 *read, guint64 *total)
{
  *read = self->read;
  *total = self->total;
}

void
chat_rehearsal_get_counts (ChatRehearsal *self, guint64 *masked, guint64 *freed)
{
  *masked = self->masked;
  *freed = self->freed;
}

GPtrArray *
chat_rehearsal_get_results (ChatRehearsal *self)
{
  return self->results;
}
