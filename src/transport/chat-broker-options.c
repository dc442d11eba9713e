/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/chat-broker-options.h"

#include <glib/gi18n-lib.h>

#include "core/chat-core-error.h"
#include "core/chat-json.h"
#include "transport/chat-record.h"

#define BUDGET_US 4000
#define PREFIX_MOST 64

typedef struct
{
  const char *name;
  int value;
} Named;

static const Named kinds[] = {
  { "kafka", CHAT_BROKER_KAFKA },
  { "rabbitmq", CHAT_BROKER_RABBITMQ },
};

static const Named mechanisms[] = {
  { "none", CHAT_BROKER_ANONYMOUS },
  { "plain", CHAT_BROKER_PLAIN },
  { "scram-sha-256", CHAT_BROKER_SCRAM_SHA_256 },
  { "scram-sha-512", CHAT_BROKER_SCRAM_SHA_512 },
  { "external", CHAT_BROKER_EXTERNAL },
};

static const char *
find_name (const Named *table, gsize length, int value)
{
  for (gsize i = 0; i < length; i++)
    if (table[i].value == value)
      return table[i].name;
  g_return_val_if_reached (NULL);
}

static gboolean
find_value (const Named *table, gsize length, const char *name, int *value)
{
  for (gsize i = 0; i < length; i++)
    if (g_strcmp0 (table[i].name, name) == 0)
      {
        *value = table[i].value;
        return TRUE;
      }
  return FALSE;
}

const char *
chat_broker_kind_to_string (ChatBrokerKind kind)
{
  return find_name (kinds, G_N_ELEMENTS (kinds), (int)kind);
}

gboolean
chat_broker_kind_from_string (const char *name, ChatBrokerKind *kind)
{
  int value;

  if (!find_value (kinds, G_N_ELEMENTS (kinds), name, &value))
    return FALSE;
  *kind = (ChatBrokerKind)value;
  return TRUE;
}

const char *
chat_broker_mechanism_to_string (ChatBrokerMechanism mechanism)
{
  return find_name (mechanisms, G_N_ELEMENTS (mechanisms), (int)mechanism);
}

gboolean
chat_broker_mechanism_from_string (const char *name, ChatBrokerMechanism *mechanism)
{
  int value;

  if (!find_value (mechanisms, G_N_ELEMENTS (mechanisms), name, &value))
    return FALSE;
  *mechanism = (ChatBrokerMechanism)value;
  return TRUE;
}

/* https://www.rabbitmq.com/docs/networking#ports */
static guint16
standard_port (ChatBrokerKind kind, gboolean tls)
{
  if (kind == CHAT_BROKER_KAFKA)
    return 9092;
  return tls ? 5671 : 5672;
}

ChatBrokerOptions *
chat_broker_options_new (ChatBrokerKind kind)
{
  ChatBrokerOptions *self = g_new0 (ChatBrokerOptions, 1);
  g_autofree char *address = g_strdup_printf ("localhost:%u", standard_port (kind, FALSE));
  const char *addresses[] = { address, NULL };

  self->kind = kind;
  self->addresses = g_strdupv ((char **)addresses);
  self->virtual_host = g_strdup ("/");
  self->prefix = g_strdup ("");
  self->mechanism = kind == CHAT_BROKER_KAFKA ? CHAT_BROKER_ANONYMOUS : CHAT_BROKER_PLAIN;
  self->shards = 1;
  self->replication = 1;
  self->min_insync = 1;
  self->budget_us = BUDGET_US;
  return self;
}

ChatBrokerOptions *
chat_broker_options_copy (const ChatBrokerOptions *self)
{
  ChatBrokerOptions *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  copy->addresses = g_strdupv (self->addresses);
  copy->virtual_host = g_strdup (self->virtual_host);
  copy->prefix = g_strdup (self->prefix);
  copy->ca_file = g_strdup (self->ca_file);
  copy->certificate_file = g_strdup (self->certificate_file);
  copy->key_file = g_strdup (self->key_file);
  copy->user = g_strdup (self->user);
  copy->password = g_strdup (self->password);
  copy->slot = g_strdup (self->slot);
  copy->stream = g_strdup (self->stream);
  return copy;
}

void
chat_broker_options_free (ChatBrokerOptions *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->addresses);
  g_free (self->virtual_host);
  g_free (self->prefix);
  g_free (self->ca_file);
  g_free (self->certificate_file);
  g_free (self->key_file);
  g_free (self->user);
  g_free (self->password);
  g_free (self->slot);
  g_free (self->stream);
  g_free (self);
}

guint
chat_broker_options_get_shards (const ChatBrokerOptions *self, const char *topic)
{
  gboolean whole = g_str_equal (topic, CHAT_TOPIC_CONTROL) || g_str_equal (topic, CHAT_TOPIC_REJECTED);

  return whole ? 1 : MAX (self->shards, 1);
}

char *
chat_broker_options_dup_name (const ChatBrokerOptions *self, const char *topic)
{
  return g_strconcat (self->prefix, topic, NULL);
}

const char *
chat_broker_options_strip (const ChatBrokerOptions *self, const char *name)
{
  return g_str_has_prefix (name, self->prefix) ? name + strlen (self->prefix) : NULL;
}

char *
chat_broker_options_dup_title (const ChatBrokerOptions *self)
{
  /* Translators: a broker and its address: "Kafka at kafka1:9092" */
  return g_strdup_printf (_ ("%s at %s"), self->kind == CHAT_BROKER_KAFKA ? "Kafka" : "RabbitMQ", self->addresses[0]);
}

/* Checking */

static gboolean invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
invalid (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, text);
  return FALSE;
}

/* "host:port", "[::1]:port" */
static gboolean
check_address (const char *address, GError **error)
{
  g_autoptr (GSocketConnectable) connectable = NULL;
  const char *colon = strrchr (address, ':');

  if (g_utf8_validate (address, -1, NULL) && strpbrk (address, " /@,;\t\r\n") == NULL && colon != NULL
      && strchr (colon, ']') == NULL)
    connectable = g_network_address_parse (address, 0, NULL);
  if (connectable == NULL || *g_network_address_get_hostname (G_NETWORK_ADDRESS (connectable)) == '\0'
      || g_network_address_get_port (G_NETWORK_ADDRESS (connectable)) == 0)
    return invalid (error, "“%s” is not the address of a broker: it should be HOST:PORT, such as broker1:9092",
                    address);
  return TRUE;
}

/* What Kafka takes in a topic's name (its Topic.legalChars), which RabbitMQ takes as well. */
static gboolean
check_prefix (const char *prefix, GError **error)
{
  if (strlen (prefix) > PREFIX_MOST)
    return invalid (error, "The prefix of the topics is longer than %d characters", PREFIX_MOST);
  for (const char *p = prefix; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      return invalid (error, "The prefix of the topics may have letters of ASCII, digits, “.”, “_” and “-” only");
  return TRUE;
}

static gboolean
check_identity (const ChatBrokerOptions *self, GError **error)
{
  const char *mechanism = chat_broker_mechanism_to_string (self->mechanism);
  gboolean kafka = self->kind == CHAT_BROKER_KAFKA;

  if (kafka && self->mechanism == CHAT_BROKER_EXTERNAL)
    return invalid (error, "Kafka has no mechanism “external”: a client certificate is enough, with mechanism “none”");
  if (!kafka && self->mechanism != CHAT_BROKER_PLAIN && self->mechanism != CHAT_BROKER_EXTERNAL)
    return invalid (error, "RabbitMQ has no mechanism “%s”: it should be “plain” or “external”", mechanism);
  if ((self->certificate_file == NULL) != (self->key_file == NULL))
    return invalid (error, "A client certificate needs its key, and a key its certificate: name both files or none");
  if (self->certificate_file != NULL && !self->tls)
    return invalid (error, "A client certificate needs TLS");
  if (self->mechanism == CHAT_BROKER_EXTERNAL && self->certificate_file == NULL)
    return invalid (error, "The mechanism “external” needs TLS and a client certificate");
  if (kafka && self->mechanism != CHAT_BROKER_ANONYMOUS && (self->user == NULL || self->password == NULL))
    return invalid (error, "The mechanism “%s” needs a user and a password", mechanism);
  if (self->user == NULL && self->password != NULL)
    return invalid (error, "There is a password, but no user whose it is");
  return TRUE;
}

gboolean
chat_broker_options_check (const ChatBrokerOptions *self, GError **error)
{
  if (self->addresses == NULL || self->addresses[0] == NULL)
    return invalid (error, "No address of a broker is given: it should be HOST:PORT, such as broker1:9092");
  for (char **address = self->addresses; *address != NULL; address++)
    if (!check_address (*address, error))
      return FALSE;
  return check_prefix (self->prefix, error) && check_identity (self, error);
}

/* What people type */

/* Adds the standard port where an address has none. */
static char *
complete_address (const char *text, guint16 port)
{
  const char *bracket = strrchr (text, ']');

  if (strchr (bracket != NULL ? bracket : text, ':') != NULL)
    return g_strdup (text);
  return g_strdup_printf ("%s:%u", text, port);
}

static void
take_addresses (ChatBrokerOptions *self, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_ptr_array_add (addresses, complete_address (*part, standard_port (self->kind, self->tls)));
  g_ptr_array_add (addresses, NULL);
  g_strfreev (self->addresses);
  self->addresses = (char **)g_ptr_array_steal (addresses, NULL);
}

static gboolean
take_user (ChatBrokerOptions *self, const char *text, GError **error)
{
  const char *colon = strchr (text, ':');

  self->user = g_uri_unescape_segment (text, colon, "");
  if (colon != NULL)
    self->password = g_uri_unescape_string (colon + 1, "");
  if (self->user == NULL || (colon != NULL && self->password == NULL))
    return invalid (error, "The user or password in the address has a “%%” that does not begin an escape such as %%40");
  return TRUE;
}

/* https://www.rabbitmq.com/docs/uri-spec */
static gboolean
take_amqp (ChatBrokerOptions *self, const char *text, GError **error)
{
  g_autofree char *authority = g_strndup (text, strcspn (text, "/?#"));
  const char *rest = text + strlen (authority);
  char *at = strrchr (authority, '@');

  if (at != NULL)
    {
      *at = '\0';
      if (!take_user (self, authority, error))
        return FALSE;
    }
  take_addresses (self, at != NULL ? at + 1 : authority);
  if (strpbrk (rest, "?#") != NULL || strchr (rest + (*rest == '/'), '/') != NULL)
    return invalid (error, "An AMQP address ends with its virtual host, such as amqp://broker1/%%2F; a “/” in its name "
                           "is written %%2F");
  if (*rest == '/')
    {
      g_free (self->virtual_host);
      self->virtual_host = g_uri_unescape_string (rest + 1, "");
      if (self->virtual_host == NULL)
        return invalid (error, "The virtual host in the address has a “%%” that does not begin an escape such as %%2F");
    }
  return TRUE;
}

ChatBrokerOptions *
chat_broker_options_parse (const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *colon = strstr (stripped, "://");
  g_autofree char *scheme = colon != NULL ? g_ascii_strdown (stripped, colon - stripped) : g_strdup ("kafka");
  const char *rest = colon != NULL ? colon + 3 : stripped;
  gboolean amqps = g_str_equal (scheme, "amqps");
  g_autoptr (ChatBrokerOptions) self = NULL;

  if (g_str_equal (scheme, "kafka"))
    {
      self = chat_broker_options_new (CHAT_BROKER_KAFKA);
      take_addresses (self, rest);
    }
  else if (amqps || g_str_equal (scheme, "amqp"))
    {
      self = chat_broker_options_new (CHAT_BROKER_RABBITMQ);
      self->tls = amqps;
      if (!take_amqp (self, rest, error))
        return NULL;
    }
  else
    {
      invalid (error,
               "“%s://” is not the address of a broker: it should be HOST:PORT of Kafka, or amqp://… or amqps://… of "
               "RabbitMQ",
               scheme);
      return NULL;
    }
  return chat_broker_options_check (self, error) ? g_steal_pointer (&self) : NULL;
}

/* JSON */

static void
set_optional (JsonObject *object, const char *member, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

JsonObject *
chat_broker_options_to_json (const ChatBrokerOptions *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *addresses = json_array_new ();

  for (char **address = self->addresses; *address != NULL; address++)
    json_array_add_string_element (addresses, *address);
  json_object_set_string_member (object, "kind", chat_broker_kind_to_string (self->kind));
  json_object_set_array_member (object, "addresses", addresses);
  if (self->kind == CHAT_BROKER_RABBITMQ)
    json_object_set_string_member (object, "virtual_host", self->virtual_host);
  json_object_set_string_member (object, "prefix", self->prefix);
  json_object_set_boolean_member (object, "tls", self->tls);
  json_object_set_string_member (object, "mechanism", chat_broker_mechanism_to_string (self->mechanism));
  set_optional (object, "user", self->user);
  set_optional (object, "password", self->password);
  return object;
}

static gboolean
read_string (JsonObject *object, const char *member, char **value, GError **error)
{
  const char *text = NULL;

  if (!chat_json_get_string (object, member, FALSE, &text, error))
    return FALSE;
  if (text != NULL)
    {
      g_free (*value);
      *value = g_strdup (text);
    }
  return TRUE;
}

static gboolean
read_addresses (ChatBrokerOptions *self, JsonObject *object, GError **error)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array = NULL;

  if (!chat_json_get_array (object, "addresses", TRUE, &array, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        return invalid (error, "“addresses” holds something that is not a string");
      g_ptr_array_add (addresses, json_node_dup_string (node));
    }
  g_ptr_array_add (addresses, NULL);
  g_strfreev (self->addresses);
  self->addresses = (char **)g_ptr_array_steal (addresses, NULL);
  return TRUE;
}

ChatBrokerOptions *
chat_broker_options_from_json (JsonObject *object, GError **error)
{
  g_autoptr (ChatBrokerOptions) self = NULL;
  const char *name = NULL, *mechanism = NULL;
  ChatBrokerKind kind;

  if (!chat_json_get_string (object, "kind", TRUE, &name, error))
    return NULL;
  if (!chat_broker_kind_from_string (name, &kind))
    {
      invalid (error, "There is no kind of broker “%s”: it should be “kafka” or “rabbitmq”", name);
      return NULL;
    }
  self = chat_broker_options_new (kind);
  if (!read_addresses (self, object, error) || !read_string (object, "virtual_host", &self->virtual_host, error)
      || !read_string (object, "prefix", &self->prefix, error)
      || !chat_json_get_boolean (object, "tls", FALSE, &self->tls, error)
      || !chat_json_get_string (object, "mechanism", FALSE, &mechanism, error)
      || !read_string (object, "user", &self->user, error) || !read_string (object, "password", &self->password, error))
    return NULL;
  if (mechanism != NULL && !chat_broker_mechanism_from_string (mechanism, &self->mechanism))
    {
      invalid (error, "There is no mechanism “%s”", mechanism);
      return NULL;
    }
  return chat_broker_options_check (self, error) ? g_steal_pointer (&self) : NULL;
}
