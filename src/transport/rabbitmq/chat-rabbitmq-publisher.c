/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-publisher.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"

/* In flight, at most: what is over it is FULL. */
#define PENDING_MOST 20000
#define PENDING_BYTES (64 * 1024 * 1024)

typedef struct
{
  ChatRecord *record;
  char *exchange;
  ChatRabbitmqPublished published;
  gpointer data;
  GError *returned; /* nullable: it came back, its confirmation follows */
  gint64 time_ms;
} Entry;

struct _ChatRabbitmqPublisher
{
  /* Owned */
  ChatBrokerOptions *options;
  GHashTable *topics;     /* topic → GQueue of Entry that wait for it; NULL: it is there */
  GHashTable *flights;    /* tag → Entry */
  GCancellable *attached; /* nullable: not attached */
  char *blocked;          /* nullable */
  ChatRabbitmqChannel *channel;

  /* Borrowed */
  ChatRabbitmqLink *link;
  ChatRabbitmqAdmin *admin;
  void (*idle) (gpointer data);
  gpointer data;

  guint64 first, next; /* tags: all before `first` are answered */
  guint pending;
  gsize pending_bytes;
  gint64 last_ms;
};

typedef struct
{
  ChatRabbitmqPublisher *self; /* good unless `attached` has fired */
  GCancellable *attached;
  char *topic;
} Ensuring;

static void open_channel (ChatRabbitmqPublisher *self);

static void
ensuring_free (Ensuring *ensuring)
{
  g_object_unref (ensuring->attached);
  g_free (ensuring->topic);
  g_free (ensuring);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ensuring, ensuring_free)

static void
queue_free (GQueue *queue)
{
  if (queue != NULL)
    g_queue_free (queue);
}

/* Ends @entry. */
static void
answer (ChatRabbitmqPublisher *self, Entry *entry, const GError *error)
{
  self->pending--;
  self->pending_bytes -= g_bytes_get_size (chat_record_get_bytes (entry->record));
  entry->published (error != NULL ? error : entry->returned, entry->data);
  g_clear_error (&entry->returned);
  chat_record_unref (entry->record);
  g_free (entry->exchange);
  g_free (entry);
}

static void
check_idle (ChatRabbitmqPublisher *self)
{
  if (self->pending == 0 && self->idle != NULL)
    self->idle (self->data);
}

/* (transfer full) (nullable) */
static Entry *
take_flight (ChatRabbitmqPublisher *self, guint64 tag)
{
  gpointer key, entry;

  if (!g_hash_table_steal_extended (self->flights, &tag, &key, &entry))
    return NULL;
  g_free (key);
  return entry;
}

/* What nobody needs to take: it is only for those who are there. */
static gboolean
is_mandatory (const char *topic)
{
  static const char *const others[]
      = { CHAT_TOPIC_WARNINGS, CHAT_TOPIC_RECEIPTS, CHAT_TOPIC_REJECTED, CHAT_TOPIC_CONTROL, NULL };

  return !g_strv_contains (others, topic);
}

static void
send_entry (ChatRabbitmqPublisher *self, Entry *entry)
{
  const char *topic = chat_record_get_topic (entry->record);
  guint64 tag = self->next++;

  g_hash_table_insert (self->flights, g_memdup2 (&tag, sizeof tag), entry);
  chat_rabbitmq_channel_publish (self->channel, entry->exchange, entry->record, entry->time_ms, is_mandatory (topic),
                                 chat_rabbitmq_topology_is_direct (topic));
}

/* Topics */

static void
ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Ensuring) ensuring = user_data;
  ChatRabbitmqPublisher *self = ensuring->self;
  g_autoptr (GError) error = NULL;
  gboolean there = chat_rabbitmq_admin_ensure_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);
  gpointer key = NULL, value = NULL;
  g_autoptr (GQueue) waiting = NULL;

  if (g_cancellable_is_cancelled (ensuring->attached))
    return;
  g_hash_table_steal_extended (self->topics, ensuring->topic, &key, &value);
  g_free (key);
  waiting = value;
  if (there)
    g_hash_table_insert (self->topics, g_strdup (ensuring->topic), NULL);
  for (Entry *entry = g_queue_pop_head (waiting); entry != NULL; entry = g_queue_pop_head (waiting))
    {
      if (g_cancellable_is_cancelled (ensuring->attached))
        {
          g_autoptr (GError) offline = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                                            _ ("The connection to the broker broke"));

          answer (self, entry, offline);
        }
      else if (there)
        send_entry (self, entry);
      else
        answer (self, entry, error);
    }
  if (!there && !g_cancellable_is_cancelled (ensuring->attached))
    check_idle (self);
}

static void
wait_for_topic (ChatRabbitmqPublisher *self, Entry *entry)
{
  const char *topic = chat_record_get_topic (entry->record);
  GQueue *waiting = g_hash_table_lookup (self->topics, topic);
  Ensuring *ensuring;

  if (waiting != NULL)
    {
      g_queue_push_tail (waiting, entry);
      return;
    }
  waiting = g_queue_new ();
  g_queue_push_tail (waiting, entry);
  g_hash_table_insert (self->topics, g_strdup (topic), waiting);
  ensuring = g_new0 (Ensuring, 1);
  ensuring->self = self;
  ensuring->attached = g_object_ref (self->attached);
  ensuring->topic = g_strdup (topic);
  chat_rabbitmq_admin_ensure_async (self->admin, topic, self->attached, ensured_cb, ensuring);
}

/* The channel */

static void
confirmed_cb (gpointer data, guint64 tag, gboolean multiple, gboolean taken)
{
  ChatRabbitmqPublisher *self = data;
  g_autoptr (GCancellable) attached = g_object_ref (self->attached);
  g_autoptr (GError) error = NULL;

  if (!taken)
    error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL,
                                 _ ("The broker could not take the record: send it again later"));
  for (guint64 each = multiple ? self->first : tag; each <= tag && !g_cancellable_is_cancelled (attached); each++)
    {
      Entry *entry = take_flight (self, each);

      if (entry != NULL)
        answer (self, entry, error);
    }
  if (g_cancellable_is_cancelled (attached))
    return;
  if (multiple || tag == self->first)
    self->first = tag + 1;
  check_idle (self);
}

static gboolean
is_same (const Entry *entry, const ChatRabbitmqDelivery *delivery)
{
  const char *key = chat_record_get_key (entry->record);
  g_autofree char *exchange = chat_rabbitmq_dup_text (delivery->exchange);
  g_autofree char *routing = chat_rabbitmq_dup_text (delivery->key);

  return g_str_equal (entry->exchange, exchange) && g_str_equal (key != NULL ? key : "", routing)
         && g_bytes_equal (chat_record_get_bytes (entry->record), delivery->body);
}

/* A return does not say which tag it is of; it comes before that one's confirmation, in the order of the tags. */
static void
returned_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  ChatRabbitmqPublisher *self = data;

  for (guint64 tag = self->first; tag < self->next; tag++)
    {
      Entry *entry = g_hash_table_lookup (self->flights, &tag);

      if (entry == NULL || entry->returned != NULL || !is_same (entry, delivery))
        continue;
      entry->returned = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                                     _ ("Nobody takes “%s” yet: no queue is bound to that exchange"), entry->exchange);
      return;
    }
}

/* (transfer container) (element-type Entry): in the order of their tags. */
static GPtrArray *
take_flights (ChatRabbitmqPublisher *self)
{
  GPtrArray *entries = g_ptr_array_new ();

  for (guint64 tag = self->first; tag < self->next; tag++)
    {
      Entry *entry = take_flight (self, tag);

      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
  return entries;
}

/* The broker closes the channel for one record; which one, its text tells by the exchange's name. The others may have
 * arrived or not. */
static void
channel_closed_cb (gpointer data, const GError *error)
{
  ChatRabbitmqPublisher *self = data;
  g_autoptr (GCancellable) attached = g_object_ref (self->attached);
  g_autoptr (GPtrArray) entries = take_flights (self);
  g_autoptr (GError) again
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("Send it again: %s"), error->message);

  open_channel (self);
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (entries, i);
      g_autofree char *quoted = g_strdup_printf ("'%s'", entry->exchange);
      gboolean guilty = strstr (error->message, quoted) != NULL;

      /* it may be declared anew before the next */
      if (guilty && g_hash_table_lookup (self->topics, chat_record_get_topic (entry->record)) == NULL)
        g_hash_table_remove (self->topics, chat_record_get_topic (entry->record));
      answer (self, entry, guilty ? error : again);
    }
  if (!g_cancellable_is_cancelled (attached))
    check_idle (self);
}

static const ChatRabbitmqChannelFuncs channel_funcs = {
  .returned = returned_cb,
  .confirmed = confirmed_cb,
  .closed = channel_closed_cb,
};

static void
open_channel (ChatRabbitmqPublisher *self)
{
  amqp_confirm_select_t select = { 0 };

  self->first = self->next = 1;
  self->channel = chat_rabbitmq_channel_new (self->link, &channel_funcs, self);
  if (self->channel == NULL)
    return;
  chat_rabbitmq_channel_call (self->channel, AMQP_CONFIRM_SELECT_METHOD, &select, AMQP_CONFIRM_SELECT_OK_METHOD, NULL,
                              NULL);
}

/* Public */

ChatRabbitmqPublisher *
chat_rabbitmq_publisher_new (const ChatBrokerOptions *options, void (*idle) (gpointer data), gpointer data)
{
  ChatRabbitmqPublisher *self = g_new0 (ChatRabbitmqPublisher, 1);

  self->options = chat_broker_options_copy (options);
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)queue_free);
  self->flights = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->idle = idle;
  self->data = data;
  return self;
}

void
chat_rabbitmq_publisher_free (ChatRabbitmqPublisher *self)
{
  g_return_if_fail (self != NULL);

  self->idle = NULL;
  chat_rabbitmq_publisher_detach (self);
  chat_broker_options_free (self->options);
  g_hash_table_unref (self->topics);
  g_hash_table_unref (self->flights);
  g_free (self->blocked);
  g_free (self);
}

void
chat_rabbitmq_publisher_attach (ChatRabbitmqPublisher *self, ChatRabbitmqLink *link, ChatRabbitmqAdmin *admin)
{
  g_return_if_fail (self != NULL && self->attached == NULL);

  self->link = link;
  self->admin = admin;
  self->attached = g_cancellable_new ();
  open_channel (self);
}

/* (transfer container) (element-type Entry): all that is in flight, in no order that matters. */
static GPtrArray *
take_all (ChatRabbitmqPublisher *self)
{
  GPtrArray *entries = take_flights (self);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    for (Entry *entry = value != NULL ? g_queue_pop_head (value) : NULL; entry != NULL;
         entry = g_queue_pop_head (value))
      g_ptr_array_add (entries, entry);
  g_hash_table_remove_all (self->topics);
  return entries;
}

guint
chat_rabbitmq_publisher_detach (ChatRabbitmqPublisher *self)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) offline = NULL;

  g_return_val_if_fail (self != NULL, 0);

  if (self->attached == NULL)
    return 0;
  g_cancellable_cancel (self->attached);
  g_clear_object (&self->attached);
  entries = take_all (self);
  if (self->channel != NULL)
    chat_rabbitmq_channel_close (self->channel, NULL, NULL);
  self->channel = NULL;
  self->link = NULL;
  self->admin = NULL;
  g_clear_pointer (&self->blocked, g_free);
  offline = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                 _ ("The connection broke before the broker had confirmed: send it again"));
  for (guint i = 0; i < entries->len; i++)
    answer (self, g_ptr_array_index (entries, i), offline);
  return entries->len;
}

void
chat_rabbitmq_publisher_set_blocked (ChatRabbitmqPublisher *self, const char *reason)
{
  g_return_if_fail (self != NULL);

  g_free (self->blocked);
  self->blocked = g_strdup (reason);
}

gboolean
chat_rabbitmq_publisher_check (ChatRecord *record, GError **error)
{
  return chat_rabbitmq_codec_check (record, CHAT_RABBITMQ_RECORD_MOST, error);
}

static GError *
why_not_now (ChatRabbitmqPublisher *self)
{
  if (self->attached == NULL || self->channel == NULL)
    return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                _ ("There is no connection to the broker"));
  if (self->blocked != NULL)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL, _ ("The broker takes nothing now: %s"),
                        self->blocked);
  if (self->pending >= PENDING_MOST || self->pending_bytes >= PENDING_BYTES)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL,
                        _ ("%u records wait for the broker already: send it again later"), self->pending);
  return NULL;
}

void
chat_rabbitmq_publisher_publish (ChatRabbitmqPublisher *self, ChatRecord *record, ChatRabbitmqPublished published,
                                 gpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *topic = chat_record_get_topic (record);
  Entry *entry;

  g_return_if_fail (self != NULL);

  error = why_not_now (self);
  if (error != NULL)
    {
      published (error, data);
      return;
    }
  entry = g_new0 (Entry, 1);
  entry->record = chat_record_ref (record);
  entry->exchange = chat_broker_options_dup_name (self->options, topic);
  entry->published = published;
  entry->data = data;
  /* a clock that is set back does not turn records round */
  self->last_ms = MAX (self->last_ms, g_get_real_time () / 1000);
  entry->time_ms = self->last_ms;
  self->pending++;
  self->pending_bytes += g_bytes_get_size (chat_record_get_bytes (record));
  if (g_hash_table_contains (self->topics, topic) && g_hash_table_lookup (self->topics, topic) == NULL)
    send_entry (self, entry);
  else
    wait_for_topic (self, entry);
}

guint
chat_rabbitmq_publisher_get_pending (const ChatRabbitmqPublisher *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->pending;
}
