/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-broker-address.h"

#include <string.h>

#include "core/chat-core-error.h"
#include "core/chat-json.h"

#define PREFIX "tertulia-broker:"
#define DEPTH 4

ChatBrokerAddress *
chat_broker_address_new (ChatBrokerOptions *options, const char *dialect, const char *topics)
{
  ChatBrokerAddress *self = g_new0 (ChatBrokerAddress, 1);
  g_auto (GStrv) parts = g_strsplit_set (topics != NULL ? topics : "", ", ;\t\n", -1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_strv_builder_add (names, parts[i]);
  self->options = options;
  self->dialect = g_strdup (dialect);
  self->topics = g_strv_builder_end (names);
  return self;
}

void
chat_broker_address_free (ChatBrokerAddress *self)
{
  if (self == NULL)
    return;
  chat_broker_options_free (self->options);
  g_free (self->dialect);
  g_strfreev (self->topics);
  g_free (self);
}

static void
set_string (JsonObject *object, const char *member, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
}

char *
chat_broker_address_to_key (const ChatBrokerAddress *self)
{
  g_autoptr (JsonObject) object = chat_broker_options_to_json (self->options);
  g_autofree char *topics = g_strjoinv (",", self->topics);
  g_autofree char *text = NULL;

  json_object_remove_member (object, "password");
  set_string (object, "ca_file", self->options->ca_file);
  set_string (object, "certificate_file", self->options->certificate_file);
  set_string (object, "key_file", self->options->key_file);
  json_object_set_string_member (object, "dialect", self->dialect);
  json_object_set_string_member (object, "topics", topics);
  text = chat_json_to_string (object);
  return g_strconcat (PREFIX, text, NULL);
}

gboolean
chat_broker_address_is_key (const char *key)
{
  return key != NULL && g_str_has_prefix (key, PREFIX);
}

static gboolean
take_string (JsonObject *object, const char *member, char **field, GError **error)
{
  const char *value = NULL;

  if (!chat_json_get_string (object, member, FALSE, &value, error))
    return FALSE;
  g_free (*field);
  *field = g_strdup (value);
  return TRUE;
}

/* Without a password it would not do; the keyring has it. */
static ChatBrokerOptions *
take_options (JsonObject *object, GError **error)
{
  const char *user = NULL;
  gboolean named = chat_json_get_string (object, "user", FALSE, &user, NULL) && user != NULL;
  const char *mechanism = NULL;
  gboolean external
      = chat_json_get_string (object, "mechanism", FALSE, &mechanism, NULL) && g_strcmp0 (mechanism, "external") == 0;
  ChatBrokerOptions *options;

  if (named && !json_object_has_member (object, "password"))
    json_object_set_string_member (object, "password", "");
  /* its certificate is a file, of which that knows nothing */
  if (external)
    json_object_set_string_member (object, "mechanism", "plain");
  options = chat_broker_options_from_json (object, error);
  if (options == NULL)
    return NULL;
  g_clear_pointer (&options->password, g_free);
  if (external)
    options->mechanism = CHAT_BROKER_EXTERNAL;
  return options;
}

ChatBrokerAddress *
chat_broker_address_from_key (const char *key, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (ChatBrokerOptions) options = NULL;
  const char *dialect = "tertulia", *topics = NULL;

  if (!chat_broker_address_is_key (key))
    {
      g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "this is no broker's address");
      return NULL;
    }
  object = chat_json_parse_object (key + strlen (PREFIX), strlen (key + strlen (PREFIX)), DEPTH, error);
  if (object == NULL || !chat_json_get_string (object, "dialect", FALSE, &dialect, error)
      || !chat_json_get_string (object, "topics", FALSE, &topics, error))
    return NULL;
  options = take_options (object, error);
  if (options == NULL || !take_string (object, "ca_file", &options->ca_file, error)
      || !take_string (object, "certificate_file", &options->certificate_file, error)
      || !take_string (object, "key_file", &options->key_file, error))
    return NULL;
  return chat_broker_address_new (g_steal_pointer (&options), dialect, topics);
}
