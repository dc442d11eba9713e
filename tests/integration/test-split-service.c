/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The service in five processes on a real broker and PostgreSQL: two with the api, two moderators, an archiver. The
 * verdict is what the clients saw and what libpq finds in the database.
 *
 *   test-split-service kafka|rabbitmq
 */
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <string.h>

#include "chat-test-broker.h"
#include "chat-test-server.h"
#include "core/chat-json.h"
#include "core/chat-uuid.h"
#include "wire.h"

#define MESSAGES 60
#define STRIKES 3

static const char *const channels[] = { "general", "otro", "tercero" };

/* One service: its processes share broker, database and signing key. */
typedef struct
{
  ChatTestBroker *broker, *postgresql;
  ChatTestServer *apis[2], *moderators[2], *archiver;
  char *database;
  char *key;
  GPtrArray *settings; /* of every process, without the end */
} Service;

static ChatBrokerKind kind;

static void add_setting (Service *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_setting (Service *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (self->settings, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

static ChatTestServer *
start (Service *self, const char *roles)
{
  g_autofree char *setting = g_strconcat ("server.roles=", roles, NULL);
  guint n = self->settings->len;
  ChatTestServer *server;

  g_ptr_array_add (self->settings, setting);
  g_ptr_array_add (self->settings, NULL);
  server = chat_test_server_new ((const char *const *)self->settings->pdata);
  self->settings->pdata[n] = NULL; /* borrowed */
  g_ptr_array_set_size (self->settings, (int)n);
  chat_test_server_start (server);
  return server;
}

static void
write_settings (Service *self, const char *write, const char *notify)
{
  g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (self->broker, FALSE, CHAT_BROKER_ANONYMOUS);
  g_autofree char *addresses = g_strjoinv (";", options->addresses);

  add_setting (self, "broker.kind=%s", chat_broker_kind_to_string (kind));
  add_setting (self, "broker.addresses=%s", addresses);
  add_setting (self, "broker.prefix=%s", options->prefix);
  add_setting (self, "broker.shards=4");
  if (options->user != NULL)
    {
      add_setting (self, "broker.virtual_host=%s", options->virtual_host);
      add_setting (self, "broker.user=%s", options->user);
      add_setting (self, "broker.password=%s", options->password);
    }
  add_setting (self, "store.kind=postgresql");
  add_setting (self, "store.uri=%s", self->database);
  add_setting (self, "store.write=%s", write);
  add_setting (self, "live.notify=%s", notify);
  add_setting (self, "server.signing_key=%s", self->key);
  add_setting (self, "channels.initial=general;otro;tercero");
  add_setting (self, "channels.language=es");
}

/* FALSE: the test is skipped. */
static gboolean
service_start (Service *self, const char *write, const char *notify)
{
  g_autofree char *directory = NULL;

  self->broker = kind == CHAT_BROKER_KAFKA ? chat_test_kafka_new (CHAT_TEST_BROKER_SHARED)
                                           : chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  if (self->broker == NULL)
    return FALSE;
  self->postgresql = chat_test_postgresql_new (CHAT_TEST_BROKER_SHARED);
  if (self->postgresql == NULL)
    return FALSE;
  directory = g_dir_make_tmp ("tertulia-key-XXXXXX", NULL);
  self->key = g_build_filename (directory, "signing.key", NULL);
  g_assert_true (
      g_file_set_contents (self->key, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", -1, NULL));
  self->database = chat_test_broker_dup_database (self->postgresql);
  self->settings = g_ptr_array_new_with_free_func (g_free);
  write_settings (self, write, notify);
  self->archiver = start (self, "archiver");
  for (guint i = 0; i < 2; i++)
    self->moderators[i] = start (self, "moderator");
  for (guint i = 0; i < 2; i++)
    self->apis[i] = start (self, "api");
  return TRUE;
}

static void
stop (ChatTestServer *server)
{
  if (server == NULL)
    return;
  chat_test_server_stop (server);
  chat_test_server_free (server);
}

static void
service_stop (Service *self)
{
  for (guint i = 0; i < 2; i++)
    stop (self->apis[i]);
  for (guint i = 0; i < 2; i++)
    stop (self->moderators[i]);
  stop (self->archiver);
  g_clear_pointer (&self->settings, g_ptr_array_unref);
  g_clear_pointer (&self->broker, chat_test_broker_free);
  g_clear_pointer (&self->postgresql, chat_test_broker_free);
  if (self->key != NULL)
    {
      g_autofree char *directory = g_path_get_dirname (self->key);

      g_unlink (self->key);
      g_rmdir (directory);
    }
  g_free (self->key);
  g_free (self->database);
}

/* (transfer full): what libpq finds: rows separated by spaces */
static char *
ask (Service *self, const char *statement)
{
  PGconn *connection = PQconnectdb (self->database);
  PGresult *result = PQexec (connection, statement);
  GString *rows = g_string_new (NULL);

  if (PQresultStatus (result) != PGRES_TUPLES_OK)
    g_error ("%s: %s", statement, PQerrorMessage (connection));
  for (int i = 0; i < PQntuples (result); i++)
    g_string_append_printf (rows, "%s%s", i > 0 ? " " : "", PQgetvalue (result, i, 0));
  PQclear (result);
  PQfinish (connection);
  return g_string_free (rows, FALSE);
}

/* Clients */

typedef struct
{
  Wire *wire;
  char *token;
} Client;

static void
client_sign_in (Client *self, Service *service, guint api, const char *user)
{
  self->wire = wire_connect (chat_test_server_get_uri (service->apis[api]));
  self->token = wire_sign_in (self->wire, user);
}

static void
client_clear (Client *self)
{
  wire_free (self->wire);
  g_free (self->token);
}

static guint
post_id (Client *self, const char *channel, const char *id, const char *text)
{
  g_autofree char *path = g_strdup_printf ("/v1/channels/%s/messages", channel);
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"%s\"}", id, text);
  g_autoptr (WireAnswer) answer = wire_post_text (self->wire, path, self->token, body);

  return answer->status;
}

static guint
post (Client *self, const char *channel, const char *text)
{
  g_autofree char *id = chat_uuid_v7 ();

  return post_id (self, channel, id, text);
}

static void
subscribe (Client *self, const char *topics)
{
  g_autofree char *frame = g_strdup_printf ("{\"op\":\"subscribe\",\"ref\":1,\"topics\":[%s]}", topics);
  g_autoptr (WireFrame) answer = NULL;

  wire_upgrade (self->wire, self->token);
  wire_send_frame (self->wire, WIRE_FINAL | WIRE_TEXT, frame, strlen (frame));
  answer = wire_read_frame (self->wire);
  g_assert_nonnull (strstr (answer->text, "\"subscribed\""));
}

/* (transfer full): the records of the next frame, in the order in which they came, and on which topic. */
static JsonObject *
next_records (Client *self)
{
  g_autoptr (WireFrame) frame = wire_read_frame (self->wire);
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  g_assert_nonnull (frame);
  object = chat_json_parse_object (frame->text, frame->length, 32, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string_member (object, "op"), ==, "records");
  return object;
}

/** Seen: what a reader of the live feed has seen of each channel. */
typedef struct
{
  GHashTable *texts; /* channel → GString of the texts, joined by spaces */
  GHashTable *seqs;  /* id → gint64 */
  guint records, receipts;
} Seen;

static void
seen_init (Seen *self)
{
  self->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->seqs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
seen_clear (Seen *self)
{
  GHashTableIter iter;
  gpointer texts;

  g_hash_table_iter_init (&iter, self->texts);
  while (g_hash_table_iter_next (&iter, NULL, &texts))
    g_string_free (texts, TRUE);
  g_hash_table_unref (self->texts);
  g_hash_table_unref (self->seqs);
}

static void
see_record (Seen *self, JsonObject *record)
{
  const char *channel = json_object_get_string_member (record, "channel");
  GString *texts = g_hash_table_lookup (self->texts, channel);

  if (texts == NULL)
    {
      texts = g_string_new (NULL);
      g_hash_table_insert (self->texts, g_strdup (channel), texts);
    }
  g_string_append_printf (texts, "%s%s", texts->len > 0 ? " " : "", json_object_get_string_member (record, "data"));
  self->records++;
}

static void
see_receipts (Seen *self, JsonObject *record)
{
  JsonObject *seqs = json_object_get_object_member (record, "receipts");
  GList *ids = json_object_get_members (seqs);

  for (GList *id = ids; id != NULL; id = id->next)
    {
      gint64 seq = json_object_get_int_member (seqs, id->data);

      if (g_hash_table_replace (self->seqs, g_strdup (id->data), g_memdup2 (&seq, sizeof seq)))
        self->receipts++;
    }
  g_list_free (ids);
}

/* Until @count messages and their receipts were seen. */
static void
see (Client *reader, Seen *self, guint count)
{
  while (self->records < count || self->receipts < count)
    {
      g_autoptr (JsonObject) frame = next_records (reader);
      JsonArray *records = json_object_get_array_member (frame, "records");
      gboolean receipts = g_str_equal (json_object_get_string_member (frame, "topic"), "chat_receipts");

      for (guint i = 0; i < json_array_get_length (records); i++)
        (receipts ? see_receipts : see_record) (self, json_array_get_object_element (records, i));
    }
  g_assert_cmpuint (self->records, ==, count);
}

/* What the reader saw is what is stored, in the same order, with the same seqs, from 1 on and without a hole. */
static void
check_channel (Service *service, Seen *seen, const char *channel)
{
#define OF_CHANNEL " FROM messages JOIN channels ON messages.channel = channels.number WHERE name = '%s'"
  g_autofree char *texts_of = g_strdup_printf ("SELECT record::json ->> 'data'" OF_CHANNEL " ORDER BY seq", channel);
  g_autofree char *holes_of = g_strdup_printf ("SELECT max (seq) - count (*) + min (seq) - 1" OF_CHANNEL, channel);
  g_autofree char *ids_of = g_strdup_printf ("SELECT messages.id || '=' || seq" OF_CHANNEL " ORDER BY seq", channel);
  g_autofree char *texts = ask (service, texts_of), *holes = ask (service, holes_of), *ids = ask (service, ids_of);
  g_auto (GStrv) pairs = g_strsplit (ids, " ", -1);

  g_assert_cmpstr (holes, ==, "0");
  g_assert_cmpstr (((GString *)g_hash_table_lookup (seen->texts, channel))->str, ==, texts);
  for (char **pair = pairs; *pair != NULL; pair++)
    {
      char *equals = strchr (*pair, '=');
      const gint64 *seq;

      *equals = '\0';
      seq = g_hash_table_lookup (seen->seqs, *pair);
      g_assert_nonnull (seq);
      g_assert_cmpint (*seq, ==, g_ascii_strtoll (equals + 1, NULL, 10));
    }
}

/* Messages of one author in one channel have to come in the order in which he wrote them. */
static void
check_order (Seen *seen, const char *channel)
{
  g_auto (GStrv) texts = g_strsplit (((GString *)g_hash_table_lookup (seen->texts, channel))->str, " ", -1);
  int last[2] = { -1, -1 };

  for (char **text = texts; *text != NULL; text++)
    {
      int author = (*text)[0] - 'a', number = atoi (*text + 1);

      g_assert_cmpint (number, >, last[author]);
      last[author] = number;
    }
}

static void
talk (Service *service)
{
  Client authors[2] = { 0 }, reader = { 0 };
  g_autofree char *again = chat_uuid_v7 ();
  Seen seen = { 0 };

  seen_init (&seen);
  client_sign_in (&authors[0], service, 0, "ana");
  client_sign_in (&authors[1], service, 1, "luis");
  client_sign_in (&reader, service, 1, "eva");
  subscribe (&reader, "\"chat_controlled\",\"chat_receipts\"");
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autofree char *text = g_strdup_printf ("%c%u", 'a' + (int)(i % 2), i);

      g_assert_cmpuint (post (&authors[i % 2], channels[i % G_N_ELEMENTS (channels)], text), ==, 202);
    }
  see (&reader, &seen, MESSAGES);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    {
      check_channel (service, &seen, channels[i]);
      check_order (&seen, channels[i]);
    }

  /* the same message through both, and another text under its id */
  g_assert_cmpuint (post_id (&authors[0], "general", again, "a1000"), ==, 202);
  see (&reader, &seen, MESSAGES + 1);
  client_clear (&authors[1]);
  authors[1].wire = wire_connect (chat_test_server_get_uri (service->apis[1]));
  authors[1].token = g_strdup (authors[0].token);
  g_assert_cmpuint (post_id (&authors[1], "general", again, "a1000"), ==, 202);
  g_assert_cmpuint (post_id (&authors[1], "general", again, "b1000"), ==, 409);
  g_assert_cmpuint (post (&authors[1], "general", "a1001"), ==, 202);
  see (&reader, &seen, MESSAGES + 2);
  check_channel (service, &seen, "general");
  client_clear (&authors[0]);
  client_clear (&authors[1]);
  client_clear (&reader);
  seen_clear (&seen);
}

/* Strikes through both lead to one block in both; who is warned is told the words, on his own connection only. */
static void
swear (Service *service)
{
  Client here = { 0 }, there = { 0 }, listener = { 0 };
  guint warnings = 0, status;
  g_autofree char *strikes = NULL;

  client_sign_in (&here, service, 0, "boca");
  there.wire = wire_connect (chat_test_server_get_uri (service->apis[1]));
  there.token = g_strdup (here.token);
  listener.wire = wire_connect (chat_test_server_get_uri (service->apis[1]));
  listener.token = g_strdup (here.token);
  subscribe (&listener, "\"chat_warnings\"");
  for (guint i = 0; i < STRIKES; i++)
    g_assert_cmpuint (post (i % 2 == 0 ? &here : &there, "general", "mierda"), ==, 202);
  while (warnings < STRIKES)
    {
      g_autoptr (JsonObject) frame = next_records (&listener);
      JsonObject *record = json_array_get_object_element (json_object_get_array_member (frame, "records"), 0);

      if (!g_str_equal (json_object_get_string_member (record, "kind"), "warning"))
        continue;
      g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (record, "words"), 0), ==, "mierda");
      warnings++;
    }
  do /* it takes effect within a second */
    status = post (&here, "general", "hola");
  while (status == 202);
  g_assert_cmpuint (status, ==, 403);
  do
    status = post (&there, "general", "hola");
  while (status == 202);
  g_assert_cmpuint (status, ==, 403);
  strikes = ask (service, "SELECT strike FROM strikes ORDER BY number");
  g_assert_cmpstr (strikes, ==, "1 2 3");
  client_clear (&here);
  client_clear (&there);
  client_clear (&listener);
}

static void
run (const char *write, const char *notify)
{
  Service service = { 0 };

  if (service_start (&service, write, notify))
    {
      talk (&service);
      swear (&service);
    }
  service_stop (&service);
}

static void
test_default (void)
{
  run ("topic", "broker");
}

static void
test_store (void)
{
  run ("direct", "store");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc != 2 || !chat_broker_kind_from_string (argv[1], &kind))
    g_error ("usage: test-split-service kafka|rabbitmq");
  g_test_add_func ("/split-service/default", test_default);
  g_test_add_func ("/split-service/direct-and-notified", test_store);
  return g_test_run ();
}
