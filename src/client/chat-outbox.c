/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-outbox.h"

#include <glib/gi18n-lib.h>

#include "client/chat-client-error.h"
#include "client/chat-message-changes.h"
#include "core/chat-message-codec.h"
#include "transport/chat-backoff.h"

typedef struct
{
  ChatMessage *message;
  char *reason;
  ChatDelivery delivery;
  gboolean sending; /* a request for it is on its way */
  gboolean settled; /* meanwhile it was seen: whatever the request says */
} Entry;

struct _ChatOutbox
{
  GObject parent_instance;

  /* Owned */
  ChatLocalDatabase *database;
  ChatSender *sender;
  char *user;
  GQueue entries;    /* Entry: all, in the order in which they were written */
  GHashTable *ids;   /* id (the message's) → GList *: the link in entries */
  GHashTable *lanes; /* channel → GQueue of Entry (borrowed): what waits to be sent; its head may be on its way */
  GCancellable *cancellable;
  char *error; /* nullable */
  ChatBackoff backoff;
  guint retry_source;
  guint waiting;
  gboolean running;
};

G_DEFINE_FINAL_TYPE (ChatOutbox, chat_outbox, G_TYPE_OBJECT)

enum
{
  PROP_WAITING = 1,
  N_PROPS
};

enum
{
  DELIVERY,
  STOPPED,
  BLOCKED,
  WRITTEN,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void chat_outbox_pump (ChatOutbox *self, const char *channel);

static void
entry_free (Entry *entry)
{
  chat_message_unref (entry->message);
  g_free (entry->reason);
  g_free (entry);
}

static const char *
entry_id (Entry *entry)
{
  return chat_message_get_id (entry->message);
}

static Entry *
find_entry (ChatOutbox *self, const char *id)
{
  GList *link = g_hash_table_lookup (self->ids, id);

  return link != NULL ? link->data : NULL;
}

static GQueue *
get_lane (ChatOutbox *self, const char *channel)
{
  GQueue *lane = g_hash_table_lookup (self->lanes, channel);

  if (lane == NULL)
    {
      lane = g_queue_new ();
      g_hash_table_insert (self->lanes, g_strdup (channel), lane);
    }
  return lane;
}

static void
set_waiting (ChatOutbox *self, guint waiting)
{
  if (self->waiting == waiting)
    return;
  self->waiting = waiting;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WAITING]);
}

/* On the disk. A row's state has a name, so that another version reads it the same way. */

static const struct
{
  ChatDelivery delivery;
  const char *name;
} states[] = {
  { CHAT_DELIVERY_QUEUED, "queued" },
  { CHAT_DELIVERY_ACCEPTED, "accepted" },
  { CHAT_DELIVERY_FAILED, "failed" },
  { CHAT_DELIVERY_REFUSED, "refused" },
};

static const char *
state_name (ChatDelivery delivery)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (states[i].delivery == delivery)
      return states[i].name;
  return states[0].name;
}

/* One that is not known is sent: that is safe, the id makes it one. */
static ChatDelivery
state_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_strcmp0 (states[i].name, name) == 0)
      return states[i].delivery;
  return CHAT_DELIVERY_QUEUED;
}

typedef struct
{
  char *id;
  char *user;
  char *reason;
  const char *state;    /* NULL: the row goes */
  ChatMessage *message; /* NULL: the row is there */
} RowWrite;

static void
row_write_free (RowWrite *write)
{
  g_free (write->id);
  g_free (write->user);
  g_free (write->reason);
  g_clear_pointer (&write->message, chat_message_unref);
  g_free (write);
}

static gboolean
write_job (sqlite3 *db, gpointer data, GError **error)
{
  RowWrite *write = data;
  g_autoptr (GBytes) record = NULL;

  if (write->state == NULL)
    return chat_local_execute (db, error, "DELETE FROM outbox WHERE id = ?", "s", write->id);
  if (write->message == NULL)
    return chat_local_execute (db, error, "UPDATE outbox SET state = ?, reason = ? WHERE id = ?", "sss", write->state,
                               write->reason, write->id);
  record = chat_message_encode (write->message);
  return chat_local_execute (db, error, "INSERT INTO outbox (id, user, state, record) VALUES (?, ?, ?, ?)", "sssb",
                             write->id, write->user, write->state, record);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatOutbox) self = user_data;
  g_autoptr (GError) error = NULL;

  chat_local_database_run_finish (CHAT_LOCAL_DATABASE (source), result, NULL, &error);
  g_signal_emit (self, signals[WRITTEN], 0, error);
}

/* @state: (nullable): NULL removes the row. Jobs run in order, so nothing waits for this. */
static void
write_state (ChatOutbox *self, const char *id, const char *state, const char *reason)
{
  RowWrite *write = g_new0 (RowWrite, 1);

  write->id = g_strdup (id);
  write->state = state;
  write->reason = g_strdup (reason);
  chat_local_database_run_async (self->database, write_job, write, (GDestroyNotify)row_write_free, NULL, written_cb,
                                 g_object_ref (self));
}

static void
set_delivery (ChatOutbox *self, Entry *entry, ChatDelivery delivery, const char *reason)
{
  g_autoptr (ChatMessage) message = chat_message_ref (entry->message);
  g_autofree char *copy = g_strdup (reason);

  entry->delivery = delivery;
  g_free (entry->reason);
  entry->reason = g_strdup (reason);
  g_signal_emit (self, signals[DELIVERY], 0, message, delivery, copy);
}

static void
forget_entry (ChatOutbox *self, Entry *entry)
{
  GList *link = g_hash_table_lookup (self->ids, entry_id (entry));

  write_state (self, entry_id (entry), NULL, NULL);
  g_hash_table_remove (self->ids, entry_id (entry));
  g_queue_delete_link (&self->entries, link);
  entry_free (entry);
}

static Entry *
append_entry (ChatOutbox *self, ChatMessage *message, ChatDelivery delivery)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->message = chat_message_ref (message);
  entry->delivery = delivery;
  g_queue_push_tail (&self->entries, entry);
  g_hash_table_insert (self->ids, (gpointer)entry_id (entry), self->entries.tail);
  return entry;
}

static void
enqueue (ChatOutbox *self, Entry *entry)
{
  const char *channel = chat_message_get_channel (entry->message);

  g_queue_push_tail (get_lane (self, channel), entry);
  set_waiting (self, self->waiting + 1);
  chat_outbox_pump (self, channel);
}

/* Takes @entry out of what waits. */
static void
dequeue (ChatOutbox *self, Entry *entry)
{
  if (g_queue_remove (get_lane (self, chat_message_get_channel (entry->message)), entry))
    set_waiting (self, self->waiting - 1);
}

/* Sending */

static void
chat_outbox_pump_all (ChatOutbox *self)
{
  g_autofree gpointer *channels = g_hash_table_get_keys_as_array (self->lanes, NULL);

  for (guint i = 0; channels[i] != NULL; i++)
    chat_outbox_pump (self, channels[i]);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatOutbox *self = user_data;

  self->retry_source = 0;
  chat_outbox_pump_all (self);
  return G_SOURCE_REMOVE;
}

static void
stop_sending (ChatOutbox *self, const GError *error)
{
  self->running = FALSE;
  g_signal_emit (self, signals[STOPPED], 0, error);
}

/* The service would not take it: it leaves the lane, so that what is behind it goes on. */
static void
give_up (ChatOutbox *self, Entry *entry, const GError *error)
{
  gboolean blocked = g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_BLOCKED);
  ChatDelivery delivery = blocked ? CHAT_DELIVERY_REFUSED : CHAT_DELIVERY_FAILED;

  dequeue (self, entry);
  write_state (self, entry_id (entry), state_name (delivery), error->message);
  set_delivery (self, entry, delivery, error->message);
  if (blocked)
    g_signal_emit (self, signals[BLOCKED], 0, error->message);
}

static void
retry_later (ChatOutbox *self, const GError *error)
{
  g_free (self->error);
  self->error = g_strdup (error->message);
  if (self->retry_source == 0)
    self->retry_source = g_timeout_add (chat_backoff_next (&self->backoff), retry_cb, self);
}

/* Whether @entry is about an own message that the service accepted and may not know yet. */
static gboolean
is_ahead (ChatOutbox *self, Entry *entry)
{
  Entry *target
      = chat_message_changes_is (entry->message) ? find_entry (self, chat_message_get_target (entry->message)) : NULL;

  return target != NULL && target->delivery == CHAT_DELIVERY_ACCEPTED;
}

static void
take_failure (ChatOutbox *self, Entry *entry, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_TOKEN))
    stop_sending (self, error);
  else if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED) && is_ahead (self, entry))
    retry_later (self, error);
  else if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED)
           || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_BLOCKED))
    give_up (self, entry, error);
  else
    retry_later (self, error);
}

/* A request on its way; the outbox may be gone before its answer comes. */
typedef struct
{
  GWeakRef outbox;
  char *id;
} Sending;

static void
sending_free (Sending *sending)
{
  g_weak_ref_clear (&sending->outbox);
  g_free (sending->id);
  g_free (sending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sending, sending_free)

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Sending) sending = user_data;
  g_autoptr (ChatOutbox) self = g_weak_ref_get (&sending->outbox);
  g_autoptr (GError) error = NULL;
  g_autofree char *channel = NULL;
  ChatSent sent = chat_sender_send_finish (CHAT_SENDER (source), result, &error);
  Entry *entry;

  if (self == NULL)
    return;
  entry = find_entry (self, sending->id);
  g_return_if_fail (entry != NULL);

  channel = g_strdup (chat_message_get_channel (entry->message));
  entry->sending = FALSE;
  if (error == NULL)
    {
      chat_backoff_reset (&self->backoff);
      g_clear_pointer (&self->error, g_free);
    }
  if (entry->settled)
    {
      dequeue (self, entry);
      forget_entry (self, entry);
    }
  else if (sent == CHAT_SENT_BEFORE && chat_message_changes_is (entry->message))
    {
      g_autoptr (ChatMessage) message = chat_message_ref (entry->message);

      dequeue (self, entry);
      forget_entry (self, entry);
      g_signal_emit (self, signals[DELIVERY], 0, message, CHAT_DELIVERY_STORED, NULL);
    }
  else if (error == NULL)
    {
      dequeue (self, entry);
      write_state (self, entry_id (entry), state_name (CHAT_DELIVERY_ACCEPTED), NULL);
      set_delivery (self, entry, CHAT_DELIVERY_ACCEPTED, NULL);
    }
  else
    {
      take_failure (self, entry, error);
    }
  chat_outbox_pump (self, channel);
}

/* Sends the next message of @channel, unless one is on its way or the back-off lasts. */
static void
chat_outbox_pump (ChatOutbox *self, const char *channel)
{
  Entry *entry = g_queue_peek_head (get_lane (self, channel));
  Sending *sending;

  if (entry == NULL || entry->sending || !self->running || self->retry_source != 0)
    return;
  entry->sending = TRUE;
  sending = g_new0 (Sending, 1);
  g_weak_ref_init (&sending->outbox, self);
  sending->id = g_strdup (entry_id (entry));
  chat_sender_send_async (self->sender, entry->message, self->cancellable, sent_cb, sending);
}

/* Reading what was left behind */

typedef struct
{
  char *user;
  GPtrArray *entries; /* Entry */
} Load;

static void
load_free (Load *load)
{
  g_free (load->user);
  g_ptr_array_unref (load->entries);
  g_free (load);
}

static gboolean
entry_cb (sqlite3_stmt *row, gpointer data, GError **error)
{
  const void *record = sqlite3_column_blob (row, 2);
  ChatMessage *message = chat_message_decode (record, (gsize)sqlite3_column_bytes (row, 2), error);
  Entry *entry;

  if (message == NULL)
    return FALSE;
  entry = g_new0 (Entry, 1);
  entry->message = message;
  entry->delivery = state_from_name ((const char *)sqlite3_column_text (row, 0));
  entry->reason = chat_local_dup_text (row, 1);
  g_ptr_array_add (data, entry);
  return TRUE;
}

static gboolean
load_job (sqlite3 *db, gpointer data, GError **error)
{
  Load *load = data;

  return chat_local_foreach (db, entry_cb, load->entries, error,
                             "SELECT state, reason, record FROM outbox WHERE user = ? ORDER BY position", "s",
                             load->user);
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatOutbox *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  Load *load = NULL;

  if (!chat_local_database_run_finish (CHAT_LOCAL_DATABASE (source), result, &load, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* what was written meanwhile comes behind them */
  for (guint i = load->entries->len; i > 0; i--)
    {
      Entry *entry = g_ptr_array_index (load->entries, i - 1);

      g_queue_push_head (&self->entries, entry);
      g_hash_table_insert (self->ids, (gpointer)entry_id (entry), self->entries.head);
    }
  for (guint i = 0; i < load->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (load->entries, i);

      if (entry->delivery == CHAT_DELIVERY_QUEUED)
        enqueue (self, entry);
    }
  g_ptr_array_set_free_func (load->entries, NULL);
  g_task_return_boolean (task, TRUE);
}

/* Overrides */

static void
chat_outbox_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_WAITING)
    g_value_set_uint (value, CHAT_OUTBOX (object)->waiting);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_outbox_dispose (GObject *object)
{
  ChatOutbox *self = CHAT_OUTBOX (object);

  chat_outbox_stop (self);
  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (chat_outbox_parent_class)->dispose (object);
}

static void
chat_outbox_finalize (GObject *object)
{
  ChatOutbox *self = CHAT_OUTBOX (object);

  g_hash_table_unref (self->lanes);
  g_hash_table_unref (self->ids);
  g_queue_clear_full (&self->entries, (GDestroyNotify)entry_free);
  g_clear_object (&self->database);
  g_clear_object (&self->sender);
  g_clear_object (&self->cancellable);
  g_free (self->user);
  g_free (self->error);
  G_OBJECT_CLASS (chat_outbox_parent_class)->finalize (object);
}

static void
chat_outbox_class_init (ChatOutboxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = chat_outbox_get_property;
  object_class->dispose = chat_outbox_dispose;
  object_class->finalize = chat_outbox_finalize;

  properties[PROP_WAITING]
      = g_param_spec_uint ("waiting", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[DELIVERY] = g_signal_new ("delivery", CHAT_TYPE_OUTBOX, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                    3, CHAT_TYPE_MESSAGE, CHAT_TYPE_DELIVERY, G_TYPE_STRING);
  signals[STOPPED] = g_signal_new ("stopped", CHAT_TYPE_OUTBOX, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[BLOCKED] = g_signal_new ("blocked", CHAT_TYPE_OUTBOX, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_STRING);
  signals[WRITTEN] = g_signal_new ("written", CHAT_TYPE_OUTBOX, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
chat_outbox_init (ChatOutbox *self)
{
  g_queue_init (&self->entries);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
  self->cancellable = g_cancellable_new ();
  self->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
}

ChatOutbox *
chat_outbox_new (ChatLocalDatabase *database, ChatSender *sender, const char *user)
{
  ChatOutbox *self = g_object_new (CHAT_TYPE_OUTBOX, NULL);

  g_set_object (&self->database, database);
  g_set_object (&self->sender, sender);
  self->user = g_strdup (user);
  return self;
}

void
chat_outbox_load_async (ChatOutbox *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Load *load;

  g_return_if_fail (CHAT_IS_OUTBOX (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_outbox_load_async);
  load = g_new (Load, 1);
  load->user = g_strdup (self->user);
  load->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);
  chat_local_database_run_async (self->database, load_job, load, (GDestroyNotify)load_free, NULL, load_cb, task);
}

gboolean
chat_outbox_load_finish (ChatOutbox *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* A message is on the disk, or can't be: it is sent either way. */
static void
added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatOutbox) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  RowWrite *write = NULL;
  Entry *entry;

  chat_local_database_run_finish (CHAT_LOCAL_DATABASE (source), result, &write, &error);
  g_signal_emit (self, signals[WRITTEN], 0, error);
  entry = find_entry (self, write->id);
  if (entry == NULL)
    return;
  if (error != NULL)
    reason = g_strdup_printf (_ ("Not kept on this computer, so it is lost if Tertulia ends before it is sent. %s"),
                              error->message);
  set_delivery (self, entry, CHAT_DELIVERY_QUEUED, reason);
  enqueue (self, entry);
}

void
chat_outbox_add (ChatOutbox *self, ChatMessage *message)
{
  RowWrite *write;

  g_return_if_fail (CHAT_IS_OUTBOX (self));
  g_return_if_fail (chat_message_get_id (message) != NULL);

  append_entry (self, message, CHAT_DELIVERY_NONE);
  write = g_new0 (RowWrite, 1);
  write->id = g_strdup (chat_message_get_id (message));
  write->user = g_strdup (self->user);
  write->state = state_name (CHAT_DELIVERY_QUEUED);
  write->message = chat_message_ref (message);
  chat_local_database_run_async (self->database, write_job, write, (GDestroyNotify)row_write_free, NULL, added_cb,
                                 g_object_ref (self));
}

void
chat_outbox_start (ChatOutbox *self)
{
  g_return_if_fail (CHAT_IS_OUTBOX (self));

  self->running = TRUE;
  g_clear_handle_id (&self->retry_source, g_source_remove);
  chat_backoff_reset (&self->backoff);
  chat_outbox_pump_all (self);
}

void
chat_outbox_stop (ChatOutbox *self)
{
  g_return_if_fail (CHAT_IS_OUTBOX (self));

  self->running = FALSE;
  g_clear_handle_id (&self->retry_source, g_source_remove);
}

void
chat_outbox_retry (ChatOutbox *self, const char *id)
{
  Entry *entry;

  g_return_if_fail (CHAT_IS_OUTBOX (self));

  entry = find_entry (self, id);
  if (entry == NULL || (entry->delivery != CHAT_DELIVERY_FAILED && entry->delivery != CHAT_DELIVERY_REFUSED))
    return;
  write_state (self, id, state_name (CHAT_DELIVERY_QUEUED), NULL);
  set_delivery (self, entry, CHAT_DELIVERY_QUEUED, NULL);
  enqueue (self, entry);
}

void
chat_outbox_send_again (ChatOutbox *self, const char *id)
{
  Entry *entry;

  g_return_if_fail (CHAT_IS_OUTBOX (self));

  entry = find_entry (self, id);
  if (entry == NULL || entry->delivery != CHAT_DELIVERY_ACCEPTED)
    return;
  entry->delivery = CHAT_DELIVERY_QUEUED;
  write_state (self, id, state_name (CHAT_DELIVERY_QUEUED), NULL);
  enqueue (self, entry);
}

gboolean
chat_outbox_discard (ChatOutbox *self, const char *id)
{
  Entry *entry;

  g_return_val_if_fail (CHAT_IS_OUTBOX (self), FALSE);

  entry = find_entry (self, id);
  if (entry == NULL || entry->sending || entry->delivery == CHAT_DELIVERY_NONE)
    return FALSE;
  dequeue (self, entry);
  forget_entry (self, entry);
  return TRUE;
}

gboolean
chat_outbox_settle (ChatOutbox *self, const char *id)
{
  Entry *entry;

  g_return_val_if_fail (CHAT_IS_OUTBOX (self), FALSE);

  entry = find_entry (self, id);
  if (entry == NULL)
    return FALSE;
  entry->settled = TRUE;
  if (entry->sending)
    return TRUE;
  dequeue (self, entry);
  forget_entry (self, entry);
  return TRUE;
}

void
chat_outbox_refuse (ChatOutbox *self, const char *id, const char *reason)
{
  Entry *entry;

  g_return_if_fail (CHAT_IS_OUTBOX (self));

  entry = find_entry (self, id);
  if (entry == NULL || entry->sending)
    return;
  dequeue (self, entry);
  write_state (self, id, state_name (CHAT_DELIVERY_REFUSED), reason);
  set_delivery (self, entry, CHAT_DELIVERY_REFUSED, reason);
}

guint
chat_outbox_get_waiting (ChatOutbox *self)
{
  g_return_val_if_fail (CHAT_IS_OUTBOX (self), 0);
  return self->waiting;
}

const char *
chat_outbox_get_error (ChatOutbox *self)
{
  g_return_val_if_fail (CHAT_IS_OUTBOX (self), NULL);
  return self->error;
}

ChatMessage *
chat_outbox_find (ChatOutbox *self, const char *id, ChatDelivery *delivery)
{
  Entry *entry;

  g_return_val_if_fail (CHAT_IS_OUTBOX (self), NULL);

  entry = find_entry (self, id);
  if (entry == NULL)
    return NULL;
  *delivery = entry->delivery;
  return entry->message;
}

void
chat_outbox_foreach (ChatOutbox *self,
                     void (*func) (ChatMessage *message, ChatDelivery delivery, const char *reason, gpointer data),
                     gpointer data)
{
  g_return_if_fail (CHAT_IS_OUTBOX (self));

  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      func (entry->message, entry->delivery, entry->reason, data);
    }
}
