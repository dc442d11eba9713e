/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-broker-site.h"

#include <glib/gi18n-lib.h>

#include "core/chat-names.h"
#include "core/chat-uuid.h"

#define ID_HEADER "tertulia-id"
#define AUTHOR_HEADER "tertulia-author"

/* What is kept between runs, and shown: a broker may have any number of topics and keys. */
#define CHANNELS_MOST 500

/* What a record that says no channel is told to be in: a name that nobody gives one. */
#define NO_CHANNEL "0.no-channel.0"

/* Where a channel is. */
typedef struct
{
  char *channel;
  char *topic;
  char *key;
} Place;

struct _ChatBrokerSite
{
  GObject parent_instance;

  /* Borrowed */
  ChatBrokerFactory factory;
  gpointer factory_data;

  /* Owned */
  ChatBrokerOptions *options;
  ChatDialect *dialect;
  char *user;
  ChatTransport *transport; /* nullable */
  GPtrArray *topics;
  GHashTable *places;  /* channel → Place */
  GHashTable *sources; /* topic, or topic and key → Place */
  GHashTable *logs;    /* topic → ChatBrokerLog */
  guint64 unreadable;
  gboolean wants_list;
};

static void chat_broker_site_sender_init (ChatSenderInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatBrokerSite, chat_broker_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SENDER, chat_broker_site_sender_init))

static void
place_free (Place *place)
{
  g_free (place->channel);
  g_free (place->topic);
  g_free (place->key);
  g_free (place);
}

/* (transfer full) */
static char *
source_of (ChatBrokerSite *self, const char *topic, const char *key)
{
  return chat_broker_site_is_keyed (self) ? g_strconcat (topic, "\n", key, NULL) : g_strdup (topic);
}

/* (nullable): NULL where there are too many. */
static Place *
add_place (ChatBrokerSite *self, const char *channel, const char *topic, const char *key)
{
  Place *place;

  if (g_hash_table_size (self->places) >= CHANNELS_MOST)
    return NULL;
  place = g_new0 (Place, 1);
  place->channel = g_strdup (channel);
  place->topic = g_strdup (topic);
  /* on Kafka the key keeps a channel in one partition, and so in order */
  place->key = g_strdup (chat_broker_site_is_keyed (self) ? key : channel);
  g_hash_table_insert (self->places, place->channel, place);
  return place;
}

/* The channel @wanted of @topic: another name where that is one of another topic's. (nullable) */
static Place *
take_place (ChatBrokerSite *self, const char *wanted, const char *topic, const char *key)
{
  g_autofree char *channel = g_strdup (wanted);

  for (guint i = 2;; i++)
    {
      Place *place = g_hash_table_lookup (self->places, channel);

      if (place == NULL)
        return add_place (self, channel, topic, key);
      if (g_str_equal (place->topic, topic) && (!chat_broker_site_is_keyed (self) || g_str_equal (place->key, key)))
        return place;
      g_free (channel);
      channel = g_strdup_printf ("%.*s-%u", CHAT_CHANNEL_MAX_BYTES - 4, wanted, i);
    }
}

/* The channel of what says none itself. (nullable) */
static Place *
find_source (ChatBrokerSite *self, const char *topic, const char *key)
{
  g_autofree char *source = source_of (self, topic, key);
  Place *place = g_hash_table_lookup (self->sources, source);
  g_autofree char *channel = NULL;

  if (place != NULL)
    return place;
  channel = chat_dialect_dup_channel (self->dialect, chat_broker_site_is_keyed (self) ? key : topic);
  place = take_place (self, channel, topic, key);
  if (place != NULL)
    g_hash_table_insert (self->sources, g_steal_pointer (&source), place);
  return place;
}

/* ChatSender */

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  ChatClientError code = CHAT_CLIENT_ERROR_OFFLINE;

  if (chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    {
      g_task_return_int (task, CHAT_SENT_NOW);
      return;
    }
  if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED)
      || g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    code = CHAT_CLIENT_ERROR_REFUSED;
  if (error->domain == CHAT_TRANSPORT_ERROR)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, code, "%s", error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
chat_broker_site_send_async (ChatSender *sender, ChatMessage *message, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  ChatBrokerSite *self = CHAT_BROKER_SITE (sender);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (ChatRecord) record = NULL;
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, chat_broker_site_send_async);
  record = chat_broker_site_encode (self, message, &error);
  if (record == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, "%s", error->message);
  else if (self->transport == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, _ ("Not connected to the broker"));
  else
    chat_transport_publish_async (self->transport, record, cancellable, published_cb, g_steal_pointer (&task));
}

static ChatSent
chat_broker_site_send_finish (ChatSender *sender, GAsyncResult *result, GError **error)
{
  gssize sent;

  g_return_val_if_fail (g_task_is_valid (result, sender), CHAT_SENT_NOT);

  sent = g_task_propagate_int (G_TASK (result), error);
  return sent < 0 ? CHAT_SENT_NOT : (ChatSent)sent;
}

static void
chat_broker_site_sender_init (ChatSenderInterface *iface)
{
  iface->send_async = chat_broker_site_send_async;
  iface->send_finish = chat_broker_site_send_finish;
}

/* Overrides */

static void
chat_broker_site_finalize (GObject *object)
{
  ChatBrokerSite *self = CHAT_BROKER_SITE (object);

  g_clear_object (&self->transport);
  g_hash_table_unref (self->sources);
  g_hash_table_unref (self->places);
  g_hash_table_unref (self->logs);
  g_ptr_array_unref (self->topics);
  chat_broker_options_free (self->options);
  chat_dialect_unref (self->dialect);
  g_free (self->user);
  G_OBJECT_CLASS (chat_broker_site_parent_class)->finalize (object);
}

static void
chat_broker_site_class_init (ChatBrokerSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_broker_site_finalize;
}

static void
chat_broker_site_init (ChatBrokerSite *self)
{
  self->topics = g_ptr_array_new_with_free_func (g_free);
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)place_free);
  self->sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->logs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)chat_broker_log_free);
}

ChatBrokerSite *
chat_broker_site_new (const ChatBrokerOptions *options, ChatDialect *dialect, const char *const *topics,
                      const char *user, ChatBrokerFactory factory, gpointer factory_data)
{
  ChatBrokerSite *self;

  g_return_val_if_fail (options != NULL && dialect != NULL && user != NULL && factory != NULL, NULL);

  self = g_object_new (CHAT_TYPE_BROKER_SITE, NULL);
  self->options = chat_broker_options_copy (options);
  self->options->declare = FALSE;
  self->dialect = chat_dialect_ref (dialect);
  self->user = g_strdup (user);
  self->factory = factory;
  self->factory_data = factory_data;
  for (guint i = 0; topics != NULL && topics[i] != NULL; i++)
    chat_broker_site_add_topic (self, topics[i]);
  if (self->topics->len == 0 && chat_broker_site_is_keyed (self))
    chat_broker_site_add_topic (self, CHAT_TOPIC_CONTROLLED);
  self->wants_list = self->topics->len == 0;
  return self;
}

void
chat_broker_site_set_password (ChatBrokerSite *self, const char *password)
{
  g_return_if_fail (CHAT_IS_BROKER_SITE (self));
  g_free (self->options->password);
  self->options->password = g_strdup (password);
}

ChatTransport *
chat_broker_site_connect (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  g_clear_object (&self->transport);
  self->transport = self->factory (self->options, self->factory_data);
  return self->transport;
}

void
chat_broker_site_disconnect (ChatBrokerSite *self)
{
  g_return_if_fail (CHAT_IS_BROKER_SITE (self));
  g_clear_object (&self->transport);
}

ChatTransport *
chat_broker_site_get_transport (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);
  return self->transport;
}

gboolean
chat_broker_site_is_keyed (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), FALSE);
  return self->options->kind == CHAT_BROKER_RABBITMQ;
}

gboolean
chat_broker_site_wants_list (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), FALSE);
  return self->wants_list;
}

ChatBrokerKind
chat_broker_site_get_kind (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), CHAT_BROKER_KAFKA);
  return self->options->kind;
}

char *
chat_broker_site_dup_title (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);
  return chat_broker_options_dup_title (self->options);
}

GPtrArray *
chat_broker_site_get_topics (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);
  return self->topics;
}

gboolean
chat_broker_site_add_topic (ChatBrokerSite *self, const char *topic)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), FALSE);

  if (self->topics->len >= CHANNELS_MOST || g_ptr_array_find_with_equal_func (self->topics, topic, g_str_equal, NULL))
    return FALSE;
  g_ptr_array_add (self->topics, g_strdup (topic));
  return TRUE;
}

const char *
chat_broker_site_add_channel (ChatBrokerSite *self, const char *name)
{
  Place *place;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  if (chat_broker_site_is_keyed (self))
    place = find_source (self, g_ptr_array_index (self->topics, 0), name);
  else
    place = find_source (self, name, name);
  return place != NULL ? place->channel : NULL;
}

GPtrArray *
chat_broker_site_get_channels (ChatBrokerSite *self)
{
  GPtrArray *channels = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer channel;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), channels);

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, &channel, NULL))
    g_ptr_array_add (channels, channel);
  return channels;
}

ChatBrokerLog *
chat_broker_site_get_log (ChatBrokerSite *self, const char *channel)
{
  Place *place;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  place = g_hash_table_lookup (self->places, channel);
  return place != NULL ? chat_broker_site_get_topic_log (self, place->topic) : NULL;
}

ChatBrokerLog *
chat_broker_site_get_topic_log (ChatBrokerSite *self, const char *topic)
{
  ChatBrokerLog *log;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  log = g_hash_table_lookup (self->logs, topic);
  if (log == NULL)
    {
      log = chat_broker_log_new (topic);
      g_hash_table_insert (self->logs, g_strdup (topic), log);
    }
  return log;
}

char *
chat_broker_site_to_string (ChatBrokerSite *self)
{
  GString *text = g_string_new (NULL);
  GHashTableIter iter;
  gpointer value;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Place *place = value;
      g_autofree char *topic = g_uri_escape_string (place->topic, NULL, TRUE);
      g_autofree char *key = g_uri_escape_string (place->key, NULL, TRUE);
      g_autofree char *source = source_of (self, place->topic, place->key);
      gboolean main = g_hash_table_lookup (self->sources, source) == place;

      g_string_append_printf (text, "%s %s %s %d\n", place->channel, topic, key, main);
    }
  return g_string_free (text, FALSE);
}

void
chat_broker_site_restore (ChatBrokerSite *self, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  g_return_if_fail (CHAT_IS_BROKER_SITE (self));

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], " ", -1);
      g_autofree char *topic = g_strv_length (parts) == 4 ? g_uri_unescape_string (parts[1], NULL) : NULL;
      g_autofree char *key = topic != NULL ? g_uri_unescape_string (parts[2], NULL) : NULL;
      Place *place;

      if (key == NULL || !chat_channel_name_check (parts[0], NULL) || g_hash_table_contains (self->places, parts[0]))
        continue;
      place = add_place (self, parts[0], topic, key);
      if (place != NULL && g_str_equal (parts[3], "1"))
        g_hash_table_replace (self->sources, source_of (self, topic, key), place);
    }
}

/* (transfer full): the id of a record that says none: the same on every delivery */
static char *
make_id (ChatBrokerSite *self, ChatRecord *record)
{
  const char *given = chat_record_get_header (record, ID_HEADER);

  if (given != NULL && chat_uuid_is_valid (given))
    return g_strdup (given);
  return chat_record_dup_id (record, self->transport != NULL ? chat_transport_get_name (self->transport) : "broker");
}

ChatMessage *
chat_broker_site_decode (ChatBrokerSite *self, ChatRecord *record, GError **error)
{
  GBytes *bytes = chat_record_get_bytes (record);
  const char *topic = chat_record_get_topic (record);
  const char *key = chat_record_get_key (record) != NULL ? chat_record_get_key (record) : "";
  const char *author = chat_record_get_header (record, AUTHOR_HEADER);
  g_autoptr (ChatMessage) message = NULL;
  g_autofree char *id = NULL;
  ChatMessageHints hints;
  Place *place;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  id = make_id (self, record);
  hints = (ChatMessageHints){ NO_CHANNEL, id, chat_record_get_time (record) };
  message
      = chat_dialect_decode (self->dialect, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &hints, error);
  if (message == NULL)
    {
      self->unreadable++;
      return NULL;
    }
  if (chat_message_get_author (message) == NULL && author != NULL && chat_user_name_check (author, NULL))
    chat_message_set_author (message, author);
  if (chat_message_get_state (message) != NULL)
    chat_message_take_state (message, NULL);
  if (g_str_equal (chat_message_get_channel (message), NO_CHANNEL))
    place = find_source (self, topic, key);
  else
    place = take_place (self, chat_message_get_channel (message), topic, key);
  if (place == NULL)
    {
      self->unreadable++;
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("There are more than %d channels"),
                   CHANNELS_MOST);
      return NULL;
    }
  chat_message_set_channel (message, place->channel);
  return g_steal_pointer (&message);
}

ChatRecord *
chat_broker_site_encode (ChatBrokerSite *self, ChatMessage *message, GError **error)
{
  Place *place;
  g_autoptr (GBytes) bytes = NULL;
  ChatRecord *record;

  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), NULL);

  place = g_hash_table_lookup (self->places, chat_message_get_channel (message));
  if (place == NULL)
    {
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("The broker has no topic for #%s"),
                   chat_message_get_channel (message));
      return NULL;
    }
  bytes = chat_dialect_encode (self->dialect, message, error);
  if (bytes == NULL)
    return NULL;
  record = chat_record_new (place->topic, place->key, bytes);
  if (!chat_dialect_has (self->dialect, CHAT_DIALECT_ID))
    chat_record_set_header (record, ID_HEADER, chat_message_get_id (message));
  if (!chat_dialect_has (self->dialect, CHAT_DIALECT_AUTHOR))
    chat_record_set_header (record, AUTHOR_HEADER, chat_message_get_author (message));
  return record;
}

guint64
chat_broker_site_get_unreadable (ChatBrokerSite *self)
{
  g_return_val_if_fail (CHAT_IS_BROKER_SITE (self), 0);
  return self->unreadable;
}
