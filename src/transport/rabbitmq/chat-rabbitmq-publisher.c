/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-publisher.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"

/* In flight, at most: what is over it is FULL. */
#define PENDING_MOST 20000
#define PENDING_BYTES (64 * 1024 * 1024)
#define WATCH_MS 1000

typedef struct
{
  ChatRecord *record;
  ChatRabbitmqPublished published;
  gpointer data;
  GError *returned; /* nullable: it came back, its confirmation follows */
  gint64 time_ms;
  gboolean renewed; /* its topic was declared anew for it: not a second time */
} Entry;

/* What is published to one topic has a channel of its own: in the broker each channel is one process, and what a queue
 * can't take at once holds up its channel. */
typedef struct
{
  ChatRabbitmqPublisher *publisher;

  /* Owned */
  char *topic, *exchange;
  GQueue waiting;      /* Entry: until the topic is known to be there */
  GHashTable *flights; /* tag → Entry */

  /* Of the link */
  ChatRabbitmqChannel *channel; /* nullable: not open, or the broker allows no more */

  guint64 first, next; /* tags: all before `first` are answered */
  gint64 heard;        /* monotonic, µs: the last confirmation, while there are flights */
  gboolean there, ensuring;
} Lane;

struct _ChatRabbitmqPublisher
{
  /* Owned */
  ChatBrokerOptions *options;
  GHashTable *lanes;      /* topic → Lane, while attached */
  GCancellable *attached; /* nullable: not attached */
  GSource *watch;         /* nullable: not attached */
  char *blocked;          /* nullable */

  /* Borrowed */
  ChatRabbitmqLink *link;
  ChatRabbitmqAdmin *admin;
  void (*idle) (gpointer data);
  gpointer data;

  guint pending, holds;
  gsize pending_bytes;
  gint64 last_ms;
};

typedef struct
{
  Lane *lane; /* good unless `attached` has fired */
  GCancellable *attached;
} Ensuring;

static void open_channel (Lane *lane);

static void
ensuring_free (Ensuring *ensuring)
{
  g_object_unref (ensuring->attached);
  g_free (ensuring);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ensuring, ensuring_free)

static void
lane_free (Lane *lane)
{
  g_queue_clear (&lane->waiting);
  g_hash_table_unref (lane->flights);
  g_free (lane->topic);
  g_free (lane->exchange);
  g_free (lane);
}

static GError *
error_new_offline (void)
{
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                              _ ("There is no connection to the broker"));
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
  g_free (entry);
}

static void
check_idle (ChatRabbitmqPublisher *self)
{
  if (self->idle != NULL && chat_rabbitmq_publisher_is_idle (self))
    self->idle (self->data);
}

/* (transfer full) (nullable) */
static Entry *
take_flight (Lane *lane, guint64 tag)
{
  gpointer key, entry;

  if (!g_hash_table_steal_extended (lane->flights, &tag, &key, &entry))
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
send_entry (Lane *lane, Entry *entry)
{
  guint64 tag = lane->next++;

  if (g_hash_table_size (lane->flights) == 0)
    lane->heard = g_get_monotonic_time ();
  g_hash_table_insert (lane->flights, g_memdup2 (&tag, sizeof tag), entry);
  chat_rabbitmq_channel_publish (lane->channel, lane->exchange, entry->record, entry->time_ms,
                                 is_mandatory (lane->topic), chat_rabbitmq_topology_is_direct (lane->topic));
}

/* Topics */

static void
ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Ensuring) ensuring = user_data;
  Lane *lane = ensuring->lane;
  g_autoptr (GError) error = NULL;
  gboolean there = chat_rabbitmq_admin_ensure_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);
  ChatRabbitmqPublisher *self;

  if (g_cancellable_is_cancelled (ensuring->attached))
    return;
  self = lane->publisher;
  lane->ensuring = FALSE;
  lane->there = there;
  if (there && lane->channel == NULL)
    open_channel (lane);
  if (there && lane->channel == NULL)
    error = error_new_offline ();
  /* an answer may detach, which answers the others */
  while (!g_cancellable_is_cancelled (ensuring->attached) && !g_queue_is_empty (&lane->waiting))
    {
      Entry *entry = g_queue_pop_head (&lane->waiting);

      if (error == NULL)
        send_entry (lane, entry);
      else
        answer (self, entry, error);
    }
  if (error != NULL && !g_cancellable_is_cancelled (ensuring->attached))
    check_idle (self);
}

static void
wait_for_topic (Lane *lane, Entry *entry)
{
  ChatRabbitmqPublisher *self = lane->publisher;
  Ensuring *ensuring;

  g_queue_push_tail (&lane->waiting, entry);
  if (lane->ensuring)
    return;
  lane->ensuring = TRUE;
  ensuring = g_new0 (Ensuring, 1);
  ensuring->lane = lane;
  ensuring->attached = g_object_ref (self->attached);
  chat_rabbitmq_admin_ensure_async (self->admin, lane->topic, self->attached, ensured_cb, ensuring);
}

/* What was there is gone: it is declared anew for @entry, which is published again then. */
static gboolean
renew_topic (Lane *lane, Entry *entry, const GError *error)
{
  if (entry->renewed || !lane->publisher->options->declare
      || !g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    return FALSE;
  entry->renewed = TRUE;
  g_clear_error (&entry->returned);
  lane->there = FALSE;
  wait_for_topic (lane, entry);
  return TRUE;
}

/* The channel */

static void
confirmed_cb (gpointer data, guint64 tag, gboolean multiple, gboolean taken)
{
  Lane *lane = data;
  ChatRabbitmqPublisher *self = lane->publisher;
  g_autoptr (GCancellable) attached = g_object_ref (self->attached);
  g_autoptr (GError) error = NULL;

  lane->heard = g_get_monotonic_time ();
  if (!taken)
    error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL,
                                 _ ("The broker could not take the record: send it again later"));
  for (guint64 each = multiple ? lane->first : tag; each <= tag && !g_cancellable_is_cancelled (attached); each++)
    {
      Entry *entry = take_flight (lane, each);

      if (entry != NULL && (entry->returned == NULL || !renew_topic (lane, entry, entry->returned)))
        answer (self, entry, error);
    }
  if (g_cancellable_is_cancelled (attached))
    return;
  if (multiple || tag == lane->first)
    lane->first = tag + 1;
  check_idle (self);
}

static gboolean
is_same (const Entry *entry, const ChatRabbitmqDelivery *delivery)
{
  const char *key = chat_record_get_key (entry->record);
  g_autofree char *routing = chat_rabbitmq_dup_text (delivery->key);

  return g_str_equal (key != NULL ? key : "", routing)
         && g_bytes_equal (chat_record_get_bytes (entry->record), delivery->body);
}

/* A return does not say which tag it is of; it comes before that one's confirmation, in the order of the tags. */
static void
returned_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  Lane *lane = data;

  for (guint64 tag = lane->first; tag < lane->next; tag++)
    {
      Entry *entry = g_hash_table_lookup (lane->flights, &tag);

      if (entry == NULL || entry->returned != NULL || !is_same (entry, delivery))
        continue;
      entry->returned = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                                     _ ("Nobody takes “%s” yet: no queue is bound to that exchange"), lane->exchange);
      return;
    }
}

/* Adds them to @entries, in the order of their tags. */
static void
take_flights (Lane *lane, GPtrArray *entries)
{
  for (guint64 tag = lane->first; tag < lane->next; tag++)
    {
      Entry *entry = take_flight (lane, tag);

      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
}

/* The broker closes the channel for one record; where it is for the exchange, its text tells the name. The others may
 * have arrived or not. */
static void
channel_closed_cb (gpointer data, const GError *error)
{
  Lane *lane = data;
  ChatRabbitmqPublisher *self = lane->publisher;
  g_autoptr (GCancellable) attached = g_object_ref (self->attached);
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  g_autoptr (GError) again
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("Send it again: %s"), error->message);
  g_autofree char *quoted = g_strdup_printf ("'%s'", lane->exchange);
  gboolean guilty = strstr (error->message, quoted) != NULL;

  take_flights (lane, entries);
  /* it may be declared anew before the next */
  lane->there = lane->there && !guilty;
  open_channel (lane);
  /* all that can be renewed first: an answer may detach */
  for (guint i = 0; i < entries->len; i++)
    if (guilty && renew_topic (lane, g_ptr_array_index (entries, i), error))
      entries->pdata[i] = NULL;
  for (guint i = 0; i < entries->len; i++)
    if (entries->pdata[i] != NULL)
      answer (self, g_ptr_array_index (entries, i), guilty ? error : again);
  if (!g_cancellable_is_cancelled (attached))
    check_idle (self);
}

static const ChatRabbitmqChannelFuncs channel_funcs = {
  .returned = returned_cb,
  .confirmed = confirmed_cb,
  .closed = channel_closed_cb,
};

static void
open_channel (Lane *lane)
{
  amqp_confirm_select_t select = { 0 };

  lane->first = lane->next = 1;
  lane->channel = chat_rabbitmq_channel_new (lane->publisher->link, &channel_funcs, lane);
  if (lane->channel == NULL)
    return;
  chat_rabbitmq_channel_call (lane->channel, AMQP_CONFIRM_SELECT_METHOD, &select, AMQP_CONFIRM_SELECT_OK_METHOD, NULL,
                              NULL);
}

/* The one of @topic, made for its first record. */
static Lane *
get_lane (ChatRabbitmqPublisher *self, const char *topic)
{
  Lane *lane = g_hash_table_lookup (self->lanes, topic);

  if (lane != NULL)
    return lane;
  lane = g_new0 (Lane, 1);
  lane->publisher = self;
  lane->topic = g_strdup (topic);
  lane->exchange = chat_broker_options_dup_name (self->options, topic);
  g_queue_init (&lane->waiting);
  lane->flights = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  lane->first = lane->next = 1;
  g_hash_table_insert (self->lanes, lane->topic, lane);
  return lane;
}

/* Of what a queue was sent before it had come up RabbitMQ may lose the confirmation. Without any for long the
 * connection is given up, and who published is told to do it again. A broker that is blocked reads nothing, and
 * confirms nothing. */
static gboolean
watch_cb (gpointer user_data)
{
  ChatRabbitmqPublisher *self = user_data;
  gint64 now = g_get_monotonic_time (), patience = chat_rabbitmq_link_get_patience (self->link);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Lane *lane = value;

      if (self->blocked != NULL)
        lane->heard = now;
      else if (g_hash_table_size (lane->flights) > 0 && now - lane->heard > patience)
        chat_rabbitmq_link_fail (self->link, g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                                          _ ("the broker does not confirm what is published to “%s”"),
                                                          lane->exchange));
    }
  return G_SOURCE_CONTINUE;
}

/* Public */

ChatRabbitmqPublisher *
chat_rabbitmq_publisher_new (const ChatBrokerOptions *options, void (*idle) (gpointer data), gpointer data)
{
  ChatRabbitmqPublisher *self = g_new0 (ChatRabbitmqPublisher, 1);

  self->options = chat_broker_options_copy (options);
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)lane_free);
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
  g_hash_table_unref (self->lanes);
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
  self->watch = chat_timer_new (WATCH_MS, watch_cb, self);
}

/* (transfer container) (element-type Entry): all that is in flight; of a topic in the order of the calls. */
static GPtrArray *
close_lanes (ChatRabbitmqPublisher *self)
{
  GPtrArray *entries = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Lane *lane = value;

      take_flights (lane, entries);
      for (Entry *entry = g_queue_pop_head (&lane->waiting); entry != NULL; entry = g_queue_pop_head (&lane->waiting))
        g_ptr_array_add (entries, entry);
      if (lane->channel != NULL)
        chat_rabbitmq_channel_close (lane->channel, NULL, NULL);
    }
  g_hash_table_remove_all (self->lanes);
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
  chat_timer_clear (&self->watch);
  entries = close_lanes (self);
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
  if (self->attached == NULL)
    return error_new_offline ();
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
  Lane *lane;
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
  entry->published = published;
  entry->data = data;
  /* a clock that is set back does not turn records round */
  self->last_ms = MAX (self->last_ms, g_get_real_time () / 1000);
  entry->time_ms = self->last_ms;
  self->pending++;
  self->pending_bytes += g_bytes_get_size (chat_record_get_bytes (record));
  lane = get_lane (self, chat_record_get_topic (record));
  if (lane->there && lane->channel != NULL)
    send_entry (lane, entry);
  else
    wait_for_topic (lane, entry);
}

void
chat_rabbitmq_publisher_hold (ChatRabbitmqPublisher *self)
{
  g_return_if_fail (self != NULL);

  self->holds++;
}

void
chat_rabbitmq_publisher_release (ChatRabbitmqPublisher *self)
{
  g_return_if_fail (self != NULL && self->holds > 0);

  self->holds--;
  check_idle (self);
}

gboolean
chat_rabbitmq_publisher_is_idle (const ChatRabbitmqPublisher *self)
{
  g_return_val_if_fail (self != NULL, TRUE);
  return self->pending == 0 && self->holds == 0;
}
