/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-outbox.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-signature.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "transport/chat-backoff.h"
#include "transport/chat-refusal.h"

/* Most entries of one transaction, and of one claim. */
#define BATCH_MOST 256
/* A claim lasts as long as a broker may take; what a process has left is published so much later. */
#define CLAIM_MS (10 * 1000)
#define LOOK_MS (CLAIM_MS / 2)
/* How long an id is known that was published: until the archiver has it, and it had its troubles. */
#define KNOWN_MS (60 * 60 * 1000)
#define FORGET_EVERY 60 /* looks */
/* How long a stop waits for a broker that does not answer: what it leaves is published by whoever comes next. */
#define STOP_MS 3000

struct _ChatApiOutbox
{
  GObject parent_instance;

  /* Owned */
  ChatOutboxStore *store;
  ChatTransport *transport;
  char *owner;
  GPtrArray *adding;    /* (element-type GTask): of the call that is under way */
  GPtrArray *waiting;   /* (element-type GTask): of the next one */
  GHashTable *lanes;    /* channel → GQueue of ChatOutboxEntry: the first is at the broker, the others wait for it */
  GPtrArray *published; /* (element-type ChatOutboxEntry): the store is to be told of them */
  GPtrArray *telling;   /* (element-type ChatOutboxEntry) (nullable): it is being told */
  GHashTable *held;     /* number → ChatOutboxEntry, borrowed: those in the three above */
  GSource *look;
  GSource *retry;
  GSource *stop_wait;
  GTask *stop;
  ChatBackoff backoff;

  guint looks;
  gboolean claiming;
  gboolean again;  /* something may be there to be claimed */
  gboolean untold; /* the store could not be told: at the next try */
  gboolean stopped;
};

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatApiOutbox, chat_api_outbox, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

static void go_on (ChatApiOutbox *self);

/*
 * The relay: claims, publishes, tells the store, and claims again until there is nothing. Of a channel only one entry
 * is at the broker: if that fails, nothing of what comes behind it is there before it.
 */

static void
return_stop (ChatApiOutbox *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->stop);

  chat_timer_clear (&self->stop_wait);
  g_task_return_boolean (task, TRUE);
}

static void
end_stop (ChatApiOutbox *self)
{
  if (self->stop != NULL && self->adding == NULL && !self->claiming && self->telling == NULL
      && g_hash_table_size (self->lanes) == 0)
    return_stop (self);
}

static gboolean
stop_waited_cb (gpointer user_data)
{
  return_stop (user_data);
  return G_SOURCE_REMOVE;
}

static void
relay (ChatApiOutbox *self)
{
  self->again = TRUE;
  go_on (self);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatApiOutbox *self = user_data;

  chat_timer_clear (&self->retry);
  self->untold = FALSE;
  relay (self);
  return G_SOURCE_REMOVE;
}

static void
try_later (ChatApiOutbox *self, const char *what, const GError *error)
{
  if (self->stopped || self->retry != NULL)
    return;
  g_info ("the outbox can't %s: %s", what, error->message);
  self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
}

static GPtrArray *
entries_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)chat_outbox_entry_free);
}

/* Takes @entry. */
static void
let_go (ChatApiOutbox *self, ChatOutboxEntry *entry)
{
  g_hash_table_remove (self->held, &entry->number);
  chat_outbox_entry_free (entry);
}

static void
told_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiOutbox) self = user_data;
  g_autoptr (GPtrArray) told = g_steal_pointer (&self->telling);
  g_autoptr (GError) error = NULL;
  gboolean done = chat_outbox_store_done_finish (CHAT_OUTBOX_STORE (source), result, &error);

  g_ptr_array_set_free_func (told, NULL);
  for (guint i = 0; i < told->len; i++)
    if (done)
      let_go (self, told->pdata[i]);
    else
      g_ptr_array_add (self->published, told->pdata[i]);
  self->untold = !done;
  if (!done)
    try_later (self, "note what is published", error);
  go_on (self);
}

static void
tell_store (ChatApiOutbox *self)
{
  g_autoptr (GArray) numbers = NULL;

  if (self->telling != NULL || self->untold || self->published->len == 0)
    return;
  numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < self->published->len; i++)
    g_array_append_val (numbers, ((ChatOutboxEntry *)self->published->pdata[i])->number);
  self->telling = g_steal_pointer (&self->published);
  self->published = entries_new ();
  chat_outbox_store_done_async (self->store, numbers, NULL, told_cb, g_object_ref (self));
}

/* An entry at the broker. */
typedef struct
{
  ChatApiOutbox *outbox;
  char *channel;
  gboolean refusal; /* what tells its author that the broker does not take it */
} Publishing;

static void
publishing_free (Publishing *self)
{
  g_object_unref (self->outbox);
  g_free (self->channel);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Publishing, publishing_free)

static void published_cb (GObject *source, GAsyncResult *result, gpointer user_data);

static void
publish (ChatApiOutbox *self, const char *channel, ChatRecord *record, gboolean refusal)
{
  Publishing *publishing = g_new0 (Publishing, 1);

  *publishing = (Publishing){ g_object_ref (self), g_strdup (channel), refusal };
  chat_transport_publish_async (self->transport, record, NULL, published_cb, publishing);
}

static void
publish_first (ChatApiOutbox *self, const char *channel, GQueue *lane)
{
  const ChatOutboxEntry *entry = g_queue_peek_head (lane);
  g_autoptr (GBytes) bytes = g_bytes_new (entry->record, strlen (entry->record));
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, channel, bytes);

  if (entry->signature != NULL)
    chat_record_set_header (record, CHAT_SIGNATURE_HEADER, entry->signature);
  publish (self, channel, record, FALSE);
}

/* What the broker will never take must not hold up what is behind it: its author is told, as of whatever else is
 * refused. FALSE: there is nobody to tell. */
static gboolean
refuse (ChatApiOutbox *self, const char *channel, const ChatOutboxEntry *entry, const GError *error)
{
  g_autoptr (ChatMessage) message = chat_message_decode (entry->record, strlen (entry->record), NULL);
  g_autoptr (ChatRecord) refused = message != NULL ? chat_refusal_new_refused (message, CHAT_REFUSED_BROKER) : NULL;

  g_warning ("The broker does not take a record that was accepted, number %" G_GINT64_FORMAT " of the outbox: %s",
             entry->number, error->message);
  if (refused != NULL)
    publish (self, channel, refused, TRUE);
  return refused != NULL;
}

/* The first of @lane is published, or (with @error) it is not now. */
static void
end_first (ChatApiOutbox *self, const char *channel, GQueue *lane, const GError *error)
{
  if (error == NULL)
    {
      g_ptr_array_add (self->published, g_queue_pop_head (lane));
      chat_backoff_reset (&self->backoff);
    }
  else
    try_later (self, "publish", error);
  if (error == NULL && !self->stopped && !g_queue_is_empty (lane))
    publish_first (self, channel, lane);
  else
    {
      /* what is left is claimed again */
      while (!g_queue_is_empty (lane))
        let_go (self, g_queue_pop_head (lane));
      g_hash_table_remove (self->lanes, channel);
    }
  go_on (self);
}

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Publishing) publishing = user_data;
  ChatApiOutbox *self = publishing->outbox;
  GQueue *lane = g_hash_table_lookup (self->lanes, publishing->channel);
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  if (!g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    end_first (self, publishing->channel, lane, error);
  else if (publishing->refusal || !refuse (self, publishing->channel, g_queue_peek_head (lane), error))
    end_first (self, publishing->channel, lane, NULL);
}

/* Takes @entry. */
static void
take (ChatApiOutbox *self, ChatOutboxEntry *entry)
{
  GQueue *lane = g_hash_table_lookup (self->lanes, entry->channel);

  g_hash_table_insert (self->held, &entry->number, entry);
  if (lane != NULL)
    {
      g_queue_push_tail (lane, entry);
      return;
    }
  lane = g_queue_new ();
  g_queue_push_tail (lane, entry);
  g_hash_table_insert (self->lanes, g_strdup (entry->channel), lane);
  publish_first (self, entry->channel, lane);
}

static void
claimed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiOutbox) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = chat_outbox_store_claim_finish (CHAT_OUTBOX_STORE (source), result, &error);

  self->claiming = FALSE;
  if (entries == NULL)
    try_later (self, "be read", error);
  else
    {
      self->again |= entries->len == BATCH_MOST;
      g_ptr_array_set_free_func (entries, NULL);
      for (guint i = 0; i < entries->len; i++)
        if (self->stopped || g_hash_table_contains (self->held, &((ChatOutboxEntry *)entries->pdata[i])->number))
          chat_outbox_entry_free (entries->pdata[i]);
        else
          take (self, entries->pdata[i]);
    }
  go_on (self);
}

/* With half of them still here the other half of a claim is new, and no channel waits for long behind a busy one. */
static void
claim (ChatApiOutbox *self)
{
  gint64 now = chat_time_now ();

  if (self->stopped || !self->again || self->claiming || self->retry != NULL
      || g_hash_table_size (self->held) > BATCH_MOST / 2)
    return;
  self->again = FALSE;
  self->claiming = TRUE;
  chat_outbox_store_claim_async (self->store, self->owner, now, now + CLAIM_MS, BATCH_MOST, NULL, claimed_cb,
                                 g_object_ref (self));
}

static void
go_on (ChatApiOutbox *self)
{
  tell_store (self);
  claim (self);
  end_stop (self);
}

static gboolean
look_cb (gpointer user_data)
{
  ChatApiOutbox *self = user_data;

  if (++self->looks % FORGET_EVERY == 0) /* what could not be forgotten is the next time */
    chat_outbox_store_forget_async (self->store, chat_time_now () - KNOWN_MS, NULL, NULL, NULL);
  relay (self);
  return G_SOURCE_CONTINUE;
}

/*
 * Adding: what comes while the store writes goes into its next transaction
 */

static void add_next (ChatApiOutbox *self);

static void
added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiOutbox) self = user_data;
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->adding);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = chat_outbox_store_add_finish (CHAT_OUTBOX_STORE (source), result, &error);

  add_next (self);
  for (guint i = 0; i < tasks->len; i++)
    if (results != NULL)
      g_task_return_pointer (tasks->pdata[i],
                             g_memdup2 (&g_array_index (results, ChatOutboxResult, i), sizeof (ChatOutboxResult)),
                             g_free);
    else
      g_task_return_error (tasks->pdata[i], g_error_copy (error));
  if (results != NULL)
    relay (self);
  else
    end_stop (self);
}

static void
add_next (ChatApiOutbox *self)
{
  g_autoptr (GPtrArray) entries = NULL;
  guint n = MIN (self->waiting->len, BATCH_MOST);

  if (self->adding != NULL || n == 0)
    return;
  entries = g_ptr_array_sized_new (n);
  self->adding = g_ptr_array_new_full (n, g_object_unref);
  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (entries, g_task_get_task_data (self->waiting->pdata[i]));
      g_ptr_array_add (self->adding, g_object_ref (self->waiting->pdata[i]));
    }
  g_ptr_array_remove_range (self->waiting, 0, n);
  chat_outbox_store_add_async (self->store, entries, NULL, added_cb, g_object_ref (self));
}

void
chat_api_outbox_add_async (ChatApiOutbox *self, ChatOutboxEntry *entry, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_outbox_add_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, entry, (GDestroyNotify)chat_outbox_entry_free);
  g_ptr_array_add (self->waiting, g_steal_pointer (&task));
  add_next (self);
}

gboolean
chat_api_outbox_add_finish (ChatApiOutbox *self, GAsyncResult *result, ChatOutboxResult *outcome, GError **error)
{
  g_autofree ChatOutboxResult *answer = g_task_propagate_pointer (G_TASK (result), error);

  if (answer != NULL)
    *outcome = *answer;
  return answer != NULL;
}

/*
 * ChatService
 */

static const char *
chat_api_outbox_get_name (ChatService *service)
{
  return "outbox";
}

static void
chat_api_outbox_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  ChatApiOutbox *self = CHAT_API_OUTBOX (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_outbox_start_async);
  self->look = chat_timer_new (LOOK_MS, look_cb, self);
  relay (self);
  g_task_return_boolean (task, TRUE);
}

/* What is in flight is waited for; what is not published is when somebody is there again. */
static void
chat_api_outbox_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChatApiOutbox *self = CHAT_API_OUTBOX (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_outbox_stop_async);
  if (self->stopped)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stopped = TRUE;
  chat_timer_clear (&self->look);
  chat_timer_clear (&self->retry);
  self->stop = g_steal_pointer (&task);
  self->stop_wait = chat_timer_new (STOP_MS, stop_waited_cb, self);
  end_stop (self);
}

static gboolean
chat_api_outbox_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_api_outbox_get_name;
  iface->start_async = chat_api_outbox_start_async;
  iface->start_finish = chat_api_outbox_finish;
  iface->stop_async = chat_api_outbox_stop_async;
  iface->stop_finish = chat_api_outbox_finish;
}

/* GObject */

static void
chat_api_outbox_dispose (GObject *object)
{
  ChatApiOutbox *self = CHAT_API_OUTBOX (object);

  chat_timer_clear (&self->look);
  chat_timer_clear (&self->retry);
  chat_timer_clear (&self->stop_wait);
  G_OBJECT_CLASS (chat_api_outbox_parent_class)->dispose (object);
}

static void
chat_api_outbox_finalize (GObject *object)
{
  ChatApiOutbox *self = CHAT_API_OUTBOX (object);

  g_ptr_array_unref (self->waiting);
  g_hash_table_unref (self->held);
  g_hash_table_unref (self->lanes);
  g_ptr_array_unref (self->published);
  g_object_unref (self->transport);
  g_object_unref (self->store);
  g_free (self->owner);
  G_OBJECT_CLASS (chat_api_outbox_parent_class)->finalize (object);
}

static void
lane_free (gpointer data)
{
  g_queue_free_full (data, (GDestroyNotify)chat_outbox_entry_free);
}

static void
chat_api_outbox_class_init (ChatApiOutboxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_outbox_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_api_outbox_finalize;
}

static void
chat_api_outbox_init (ChatApiOutbox *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, lane_free);
  self->published = entries_new ();
  self->held = g_hash_table_new (g_int64_hash, g_int64_equal);
}

ChatApiOutbox *
chat_api_outbox_new (ChatOutboxStore *store, ChatTransport *transport, const char *owner)
{
  ChatApiOutbox *self = g_object_new (CHAT_TYPE_API_OUTBOX, NULL);

  self->store = g_object_ref (store);
  self->transport = g_object_ref (transport);
  self->owner = g_strdup (owner);
  return self;
}
