/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-outbox.h"

#include <string.h>

#include "core/chat-signature.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "transport/chat-backoff.h"

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
  GPtrArray *adding;  /* (element-type GTask): of the call that is under way */
  GPtrArray *waiting; /* (element-type GTask): of the next one */
  GArray *published;  /* (element-type gint64): numbers, until the store knows */
  GSource *look;
  GSource *retry;
  GSource *stop_wait;
  GTask *stop;
  ChatBackoff backoff;

  guint in_flight; /* at the broker */
  guint looks;
  gboolean relaying; /* claims, publishes, or says what is done */
  gboolean again;    /* something came meanwhile */
  gboolean failed;   /* of those in flight */
  gboolean stopped;
};

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatApiOutbox, chat_api_outbox, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

static void relay (ChatApiOutbox *self);

/*
 * The relay: claims, publishes, says what is done, and claims again until there is nothing
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
  if (self->stop != NULL && !self->relaying && self->adding == NULL)
    return_stop (self);
}

static gboolean
stop_waited_cb (gpointer user_data)
{
  return_stop (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatApiOutbox *self = user_data;

  chat_timer_clear (&self->retry);
  relay (self);
  return G_SOURCE_REMOVE;
}

/* @error: (nullable): why it goes on later. */
static void
pause_relay (ChatApiOutbox *self, const char *what, const GError *error)
{
  self->relaying = FALSE;
  if (error != NULL)
    g_info ("the outbox can't %s: %s", what, error->message);
  if (!self->stopped && self->retry == NULL)
    self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
  end_stop (self);
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiOutbox) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_outbox_store_done_finish (CHAT_OUTBOX_STORE (source), result, &error))
    {
      pause_relay (self, "note what is published", error);
      return;
    }
  g_array_set_size (self->published, 0);
  if (self->failed)
    {
      pause_relay (self, "publish", NULL);
      return;
    }
  chat_backoff_reset (&self->backoff);
  self->relaying = FALSE;
  self->again = TRUE;
  relay (self);
  end_stop (self);
}

static void
note_done (ChatApiOutbox *self)
{
  if (self->published->len > 0)
    chat_outbox_store_done_async (self->store, self->published, NULL, done_cb, g_object_ref (self));
  else
    pause_relay (self, "publish", NULL);
}

typedef struct
{
  ChatApiOutbox *outbox;
  gint64 number;
} Publishing;

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Publishing *publishing = user_data;
  g_autoptr (ChatApiOutbox) self = publishing->outbox;
  g_autoptr (GError) error = NULL;
  gboolean published = chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);

  /* what the broker will never take must not hold up what is behind it */
  if (!published && g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    {
      g_warning ("The broker does not take a record that was accepted, number %" G_GINT64_FORMAT " of the outbox: %s",
                 publishing->number, error->message);
      published = TRUE;
    }
  if (published)
    g_array_append_val (self->published, publishing->number);
  else if (!self->failed)
    g_info ("the outbox can't publish: %s", error->message);
  self->failed |= !published;
  if (--self->in_flight == 0)
    note_done (self);
}

static void
publish (ChatApiOutbox *self, const ChatOutboxEntry *entry)
{
  g_autoptr (GBytes) bytes = g_bytes_new (entry->record, strlen (entry->record));
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, entry->channel, bytes);
  Publishing *publishing = g_new0 (Publishing, 1);

  if (entry->signature != NULL)
    chat_record_set_header (record, CHAT_SIGNATURE_HEADER, entry->signature);
  publishing->outbox = g_object_ref (self);
  publishing->number = entry->number;
  chat_transport_publish_async (self->transport, record, NULL, published_cb, publishing);
}

static void
claimed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiOutbox) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = chat_outbox_store_claim_finish (CHAT_OUTBOX_STORE (source), result, &error);

  if (entries == NULL)
    {
      pause_relay (self, "be read", error);
      return;
    }
  if (entries->len == 0 || self->stopped)
    {
      self->relaying = FALSE;
      if (self->again)
        relay (self);
      end_stop (self);
      return;
    }
  self->failed = FALSE;
  self->in_flight = entries->len;
  for (guint i = 0; i < entries->len; i++)
    publish (self, entries->pdata[i]);
}

static void
relay (ChatApiOutbox *self)
{
  gint64 now = chat_time_now ();

  self->again |= self->relaying;
  if (self->relaying || self->retry != NULL || self->stopped)
    return;
  self->again = FALSE;
  self->relaying = TRUE;
  if (self->published->len > 0) /* that could not be noted before */
    {
      self->failed = FALSE;
      note_done (self);
    }
  else
    chat_outbox_store_claim_async (self->store, self->owner, now, now + CLAIM_MS, BATCH_MOST, NULL, claimed_cb,
                                   g_object_ref (self));
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
  g_array_unref (self->published);
  g_object_unref (self->transport);
  g_object_unref (self->store);
  g_free (self->owner);
  G_OBJECT_CLASS (chat_api_outbox_parent_class)->finalize (object);
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
  self->published = g_array_new (FALSE, FALSE, sizeof (gint64));
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
