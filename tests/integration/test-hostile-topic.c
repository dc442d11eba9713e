/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Others may write to the topic `chat` as well. Whatever they put there before the server starts, what can be a message
 * is one, and the rest lies on `chat_rejected` with a reason: nothing of it stops the moderator.
 */
#include "stored.h"
#include "wire.h"

#include <sqlite3.h>
#include <string.h>

#include "chat-test-call.h"
#include "chat-test-server.h"
#include "core/chat-names.h"
#include "transport/log/chat-log-transport.h"

#define CHANNEL "general"

typedef enum
{
  REJECTED, /* with this word in the reason */
  STORED,   /* as this text of @author */
  REFUSED,  /* its author is told */
  DROPPED,  /* a repeat */
} Fate;

typedef struct
{
  const char *bytes;
  gssize length; /* -1: up to its NUL */
  Fate fate;
  const char *word;   /* or the text */
  const char *author; /* of what is stored; NULL: not known */
  const char *key;    /* NULL: CHANNEL */
} Garbage;

#define WITH_NUL(literal) literal, sizeof literal - 1
#define BY_KIM(members) "{\"author\":\"kim\",\"timestamp\":\"2021-10-10T10:10:10Z\"," members "}"

static const Garbage garbage[] = {
  { "", -1, REJECTED, "empty" },
  { WITH_NUL ("\0"), REJECTED, "NUL" },
  { WITH_NUL ("\0\0\0\0\x05hello\0"), REJECTED, NULL },
  { "\xff\xfe\xfd", -1, REJECTED, "UTF-8" },
  { BY_KIM ("\"data\":\"ma\xf1"
            "ana\""),
    -1, REJECTED, "UTF-8" },
  { "a bell \a", -1, REJECTED, "U+0007" },
  { "\x1b[2J\x1b[31m", -1, REJECTED, "U+001B" },
  { "{\"data\":\"x\",\"timestamp\":1633860610}", -1, REJECTED, "author" },
  { "{\"author\":\"kim\",\"timestamp\":1633860610}", -1, REJECTED, "data" },
  { "{}", -1, REJECTED, "author" },
  { "{\"author\":\"\",\"data\":\"x\",\"timestamp\":1}", -1, REJECTED, "author" },
  { "{\"author\":7,\"data\":\"x\",\"timestamp\":1}", -1, REJECTED, "author" },
  { "{\"author\":\"k\\u202eim\",\"data\":\"x\",\"timestamp\":1}", -1, REJECTED, "author" },
  { BY_KIM ("\"data\":\"\""), -1, REJECTED, "data" },
  { BY_KIM ("\"data\":[\"x\"]"), -1, REJECTED, "data" },
  { BY_KIM ("\"data\":\"a\\u0000b\""), -1, REJECTED, "NUL" },
  { BY_KIM ("\"data\":\"a\\u0007b\""), -1, REJECTED, "U+0007" },
  { BY_KIM ("\"data\":\"x\",\"data\":\"y\""), -1, REJECTED, "twice" },
  { BY_KIM ("\"data\":\"x\",\"id\":\"\""), -1, REJECTED, "id" },
  { BY_KIM ("\"data\":\"x\",\"id\":\"a b\""), -1, REJECTED, "id" },
  { BY_KIM ("\"data\":\"x\",\"channel\":\"NOT A NAME\""), -1, REJECTED, "channel" },
  { BY_KIM ("\"data\":\"x\",\"channel\":7"), -1, REJECTED, "channel" },
  { "{\"author\":\"kim\",\"data\":\"x\",\"timestamp\":\"yesterday\"}", -1, REJECTED, "timestamp" },
  { "{\"author\":\"kim\",\"data\":\"x\",\"timestamp\":true}", -1, REJECTED, "timestamp" },
  { "{\"author\":\"kim\",\"data\":\"x\",\"timestamp\":\"2021-13-41T25:61:61Z\"}", -1, REJECTED, "timestamp" },
  { "{\"author\":\"kim\",\"data\":\"x\",\"timestamp\":-1e300}", -1, REJECTED, "timestamp" },
  { BY_KIM ("\"kind\":\"edit\",\"data\":\"x\""), -1, REJECTED, "target" },
  { BY_KIM ("\"kind\":7,\"data\":\"x\""), -1, REJECTED, "kind" },
  { "{\"kind\":\"warning\",\"target\":\"x\",\"user\":\"ana\"}", -1, REJECTED, "has no place on this topic" },
  { "{\"kind\":\"block\",\"target\":\"x\",\"user\":\"ana\"}", -1, REJECTED, "has no place on this topic" },
  { "{\"kind\":\"receipt\",\"channel\":\"general\",\"receipts\":{\"x\":1}}", -1, REJECTED,
    "has no place on this topic" },
  { "{\"kind\":\"control\"}", -1, REJECTED, "has no place on this topic" },
  { "hello", -1, REJECTED, "channel", NULL, "NOT A NAME" },
  { "hello", -1, REJECTED, "channel", NULL, "../../etc/passwd" },

  { "good morning from a plain topic\r\n", -1, STORED, "good morning from a plain topic", NULL },
  { "{\"author\":\"kim\",\"data\":\"half", -1, STORED, "{\"author\":\"kim\",\"data\":\"half", NULL },
  { "[1,2,3]", -1, STORED, "[1,2,3]", NULL },
  { "\u202eright to left", -1, STORED, "\u202eright to left", NULL },
  { "{\"author\":null,\"data\":\"nobody\",\"timestamp\":1633860610}", -1, STORED, "nobody", NULL },
  { "{\"author\":\"kim\",\"data\":\"one\",\"timestamp\":\"2021-10-10 10:10:10\"}", -1, STORED, "one", "kim" },
  { "{\"author\":\"kim\",\"data\":\"two\",\"timestamp\":1633860610.5}", -1, STORED, "two", "kim" },
  { "{\"author\":\"kim\",\"data\":\"three\",\"timestamp\":1633860610123}", -1, STORED, "three", "kim" },
  { BY_KIM ("\"data\":\"four\",\"seq\":99,\"bot\":true"), -1, STORED, "four", "kim" },
  { BY_KIM ("\"data\":\"five\",\"id\":\"kim:5\""), -1, STORED, "five", "kim" },
  { BY_KIM ("\"data\":\"five\",\"id\":\"kim:5\""), -1, DROPPED },
  { BY_KIM ("\"data\":\"not five\",\"id\":\"kim:5\""), -1, REFUSED, "kim:5" },
};

/* What is too large or too deep to be written down here, and what no name can be written for. */
static GArray *
make_all (GPtrArray *owned)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Garbage));
  g_autofree char *conversation = chat_conversation_name ((const char *const[]){ "ana", "bob", NULL });
  char *large = g_strnfill (65537, 'x');
  char *long_text = g_strnfill (8001, 'y');
  char *deep = g_strnfill (10000, '[');
  char *deep_object = g_strconcat ("{\"a\":", deep, NULL);
  char *private = g_strdup_printf (BY_KIM ("\"data\":\"psst\",\"channel\":\"%s\""), conversation);
  const Garbage made[] = {
    { large, -1, REJECTED, "65537" },
    { long_text, -1, REJECTED, "8001" },
    { deep_object, -1, REJECTED, "deep" },
    { private, -1, REJECTED, "private" },
  };

  g_array_append_vals (all, garbage, G_N_ELEMENTS (garbage));
  g_array_append_vals (all, made, G_N_ELEMENTS (made));
  g_ptr_array_add (owned, large);
  g_ptr_array_add (owned, long_text);
  g_ptr_array_add (owned, deep);
  g_ptr_array_add (owned, deep_object);
  g_ptr_array_add (owned, private);
  return all;
}

static gsize
length_of (const Garbage *one)
{
  return one->length < 0 ? strlen (one->bytes) : (gsize)one->length;
}

/* Another program that has the same log, before the server does. */
static void
publish_all (const char *directory, GArray *all)
{
  g_autofree char *path = stored_log_path (directory);
  const ChatLogOptions options = CHAT_LOG_OPTIONS_INIT;
  g_autoptr (ChatTransport) transport = chat_log_transport_new (path, &options);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_connect, transport, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < all->len; i++)
    {
      const Garbage *one = &g_array_index (all, Garbage, i);
      g_autoptr (GBytes) bytes = g_bytes_new (one->bytes, length_of (one));
      g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, one->key != NULL ? one->key : CHANNEL, bytes);

      chat_test_call (chat_transport_publish, transport, &error, record);
      g_assert_no_error (error);
    }
  chat_test_call (chat_transport_close, transport, &error);
  g_assert_no_error (error);
}

/* SQLite's own view of a topic, in order. */
static sqlite3_stmt *
read_topic (sqlite3 *handle, const char *topic)
{
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (handle, "SELECT payload, headers FROM log WHERE topic = ?1 ORDER BY \"offset\"",
                                       -1, &statement, NULL),
                   ==, SQLITE_OK);
  sqlite3_bind_text (statement, 1, topic, -1, SQLITE_STATIC);
  return statement;
}

static gboolean
column_contains (sqlite3_stmt *statement, int column, const char *word)
{
  g_autoptr (GString) text
      = g_string_new_len (sqlite3_column_blob (statement, column), sqlite3_column_bytes (statement, column));

  for (gsize i = 0; i < text->len; i++)
    if (text->str[i] == '\0')
      text->str[i] = '\n'; /* headers have NULs between them */
  return strstr (text->str, word) != NULL;
}

/* Each as it came, in order, with where it was and why. */
static void
assert_rejected (sqlite3 *handle, GArray *all)
{
  sqlite3_stmt *statement = read_topic (handle, CHAT_TOPIC_REJECTED);

  for (guint i = 0; i < all->len; i++)
    {
      const Garbage *one = &g_array_index (all, Garbage, i);
      g_autofree char *position = g_strdup_printf ("chat/0/%u", i);

      if (one->fate != REJECTED)
        continue;
      g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
      g_assert_cmpmem (sqlite3_column_blob (statement, 0), sqlite3_column_bytes (statement, 0), one->bytes,
                       length_of (one));
      g_assert_true (column_contains (statement, 1, position));
      g_assert_true (column_contains (statement, 1, "tertulia-reason"));
      if (one->word != NULL && !column_contains (statement, 1, one->word))
        g_error ("The reason for rejecting “%.60s” does not say “%s”: %s", one->bytes, one->word,
                 (const char *)sqlite3_column_blob (statement, 1) + strlen ("tertulia-reason") + 1);
    }
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
}

static void
assert_refused (sqlite3 *handle, GArray *all)
{
  sqlite3_stmt *statement = read_topic (handle, CHAT_TOPIC_WARNINGS);

  for (guint i = 0; i < all->len; i++)
    {
      const Garbage *one = &g_array_index (all, Garbage, i);

      if (one->fate != REFUSED)
        continue;
      g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
      g_assert_true (column_contains (statement, 0, "\"refused\""));
      g_assert_true (column_contains (statement, 0, one->word));
    }
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
}

static void
assert_topics (const char *directory, GArray *all)
{
  g_autofree char *path = stored_log_path (directory);
  sqlite3 *handle = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  assert_rejected (handle, all);
  assert_refused (handle, all);
  sqlite3_close (handle);
}

/* @last: what was said when the server ran, behind all of it. */
static void
assert_stored (const char *directory, GArray *all, const char *last)
{
  g_autoptr (GPtrArray) stored = stored_read (directory, CHANNEL);
  guint n_stored = 0;

  stored_assert_contiguous (stored);
  for (guint i = 0; i < all->len; i++)
    {
      const Garbage *one = &g_array_index (all, Garbage, i);
      const StoredMessage *message;

      if (one->fate != STORED)
        continue;
      g_assert_cmpuint (n_stored, <, stored->len);
      message = stored->pdata[n_stored++];
      g_assert_cmpstr (message->data, ==, one->word);
      g_assert_cmpstr (message->author, ==, one->author);
    }
  g_assert_cmpuint (stored->len, ==, n_stored + 1);
  g_assert_cmpstr (((StoredMessage *)stored->pdata[n_stored])->data, ==, last);
}

static void
test_hostile_topic (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  const char *directory = chat_test_server_get_directory (server);
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) all = make_all (owned);
  g_autoptr (Wire) wire = NULL;
  g_autofree char *token = NULL;
  g_autoptr (WireAnswer) answer = NULL;
  g_autofree char *said = NULL;

  publish_all (directory, all);
  chat_test_server_start (server);
  wire = wire_connect (chat_test_server_get_uri (server));
  token = wire_sign_in (wire, "ana");
  answer = wire_post_text (wire, "/v1/channels/" CHANNEL "/messages", token, "{\"data\":\"what a mess\"}");
  g_assert_cmpuint (answer->status, ==, 202);
  stored_wait_text (directory, CHANNEL, "what a mess");
  chat_test_server_stop (server);
  assert_stored (directory, all, "what a mess");
  assert_topics (directory, all);
  said = chat_test_server_dup_log (server);
  g_assert_nonnull (strstr (said, "position=chat/0/0"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/integration/hostile-topic", test_hostile_topic);
  return g_test_run ();
}
