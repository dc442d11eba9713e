/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A desktop on Kafka without a Tertulia server, and kcat as the other side: in a dialect of its own and with 5 % that
 * is no message, every message is seen once, in its order within its partition, live and in the history; what is sent
 * is in the topic once, as kcat reads it. */
#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "client/chat-message-item.h"
#include "client/chat-workspace.h"
#include "transport/kafka/chat-kafka-transport.h"

#include <glib/gstdio.h>
#include <string.h>

#define DIALECT                                                                                                        \
  "[dialect]\nformat=json\nauthor_member=from.name\ntext_member=body\ntime_member=at\ntime_format=epoch-"              \
  "milliseconds\n"                                                                                                     \
  "id_member=uuid\n"
#define HISTORY 1000
#define LIVE 500
#define SENT 20

typedef struct
{
  ChatTestBroker *kafka;
  char *topic;
  char *directory;
  ChatBrokerSite *site;
  ChatWorkspace *workspace;
  guint wanted;
} World;

static ChatTransport *
make_transport (const ChatBrokerOptions *options, gpointer data)
{
  return chat_kafka_transport_new (options);
}

/* (transfer full): what kcat says */
static char *
kcat (World *world, const char *input, const char *const *arguments)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *output = NULL;

  g_ptr_array_add (argv, (gpointer) "kcat");
  g_ptr_array_add (argv, (gpointer) "-q");
  g_ptr_array_add (argv, (gpointer) "-b");
  g_ptr_array_add (argv, (gpointer)chat_test_broker_get (world->kafka, "addresses"));
  g_ptr_array_add (argv, (gpointer) "-t");
  g_ptr_array_add (argv, world->topic);
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer)arguments[i]);
  g_ptr_array_add (argv, NULL);
  process = g_subprocess_newv ((const char *const *)argv->pdata,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, input, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  return g_steal_pointer (&output);
}

/* @count records from number @first on, in three partitions by their keys; one of twenty is no message. */
static void
produce (World *world, guint first, guint count)
{
  static const char *const arguments[] = { "-P", "-K", "=", NULL };
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autofree char *output = NULL;

  for (guint i = first; i < first + count; i++)
    if (i % 20 == 7)
      g_string_append_printf (lines, "k%u=%s\n", i % 3, i % 40 == 7 ? "{\"body\": [" : "{\"from\": {}, \"at\": 12}");
    else
      g_string_append_printf (
          lines, "k%u={\"from\":{\"name\":\"luis\"},\"body\":\"m%u\",\"at\":%u,\"uuid\":\"u%u\",\"x\":1}\n", i % 3, i,
          1000 + i, i);
  output = kcat (world, lines->str, arguments);
}

static void
world_open (World *world)
{
  g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (world->kafka, FALSE, CHAT_BROKER_ANONYMOUS);
  g_autoptr (ChatDialect) dialect = chat_dialect_load_data (DIALECT, strlen (DIALECT), "/d.conf", NULL);
  const char *topics[] = { world->topic, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  g_free (options->prefix);
  options->prefix = g_strdup ("");
  world->site = chat_broker_site_new (options, dialect, topics, "ana", make_transport, NULL);
  world->workspace = chat_workspace_new_on_broker (world->site, "ana", world->directory);
  chat_test_call (chat_workspace_open, world->workspace, &error, NULL);
  g_assert_no_error (error);
  chat_test_call_out (chat_workspace_sign_in, world->workspace, &token, &error, NULL, NULL);
  g_assert_no_error (error);
}

static void
world_close (World *world)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_close, world->workspace, &error, FALSE);
  g_assert_no_error (error);
  g_clear_object (&world->workspace);
  g_clear_object (&world->site);
}

static ChatTimeline *
get_timeline (World *world)
{
  GListModel *channels = chat_workspace_get_channels (world->workspace);
  g_autoptr (ChatChannel) channel = g_list_model_get_item (channels, 0);

  g_assert_nonnull (channel);
  return chat_channel_get_timeline (channel);
}

static gboolean
has_enough (gpointer data)
{
  World *world = data;
  ChatTimeline *timeline = get_timeline (world);

  chat_timeline_load_older (timeline);
  return g_list_model_get_n_items (G_LIST_MODEL (timeline)) >= world->wanted;
}

/* Whether the topic has all own messages, as far as the window knows. */
static gboolean
has_sent_all (gpointer data)
{
  GListModel *model = G_LIST_MODEL (get_timeline (data));
  guint sent = 0;

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (model, i);

      if (chat_message_item_get_own (item) && chat_message_item_get_delivery (item) == CHAT_DELIVERY_STORED)
        sent++;
    }
  return sent == SENT;
}

static guint
count_messages (guint records)
{
  guint count = 0;

  for (guint i = 0; i < records; i++)
    count += i % 20 != 7 ? 1 : 0;
  return count;
}

/* Each of the first @records once, and those of one key in their order. */
static void
check_view (World *world, guint records)
{
  GListModel *model = G_LIST_MODEL (get_timeline (world));
  g_autofree guint *seen = g_new0 (guint, records);
  guint last[3] = { 0, 0, 0 };

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (model, i);
      const char *text = chat_message_get_data (chat_message_item_get_message (item));
      guint number;

      if (*text != 'm')
        continue;
      number = (guint)g_ascii_strtoull (text + 1, NULL, 10);
      g_assert_cmpuint (number, <, records);
      g_assert_cmpuint (seen[number]++, ==, 0);
      g_assert_true (number == 0 || number % 3 == number || number > last[number % 3]);
      last[number % 3] = number;
    }
  for (guint i = 0; i < records; i++)
    g_assert_cmpuint (seen[i], ==, i % 20 != 7);
}

/* What kcat reads of what was sent: each once. */
static void
check_sent (World *world)
{
  static const char *const arguments[] = { "-C", "-o", "beginning", "-e", NULL };
  g_autofree char *output = kcat (world, NULL, arguments);
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);
  guint seen[SENT] = { 0 };

  for (guint i = 0; lines[i] != NULL; i++)
    if (strstr (lines[i], "\"name\":\"ana\"") != NULL)
      {
        const char *text = strstr (lines[i], "\"body\":\"s");

        g_assert_nonnull (text);
        g_assert_nonnull (strstr (lines[i], "\"uuid\":\""));
        g_assert_null (strstr (lines[i], "\"kind\""));
        seen[g_ascii_strtoull (text + strlen ("\"body\":\"s"), NULL, 10)]++;
      }
  for (guint i = 0; i < SENT; i++)
    g_assert_cmpuint (seen[i], ==, 1);
}

static gboolean
has_another (gpointer data)
{
  GListModel *model = G_LIST_MODEL (get_timeline (data));
  gboolean found = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (model, i);

      found |= g_str_equal (chat_message_get_data (chat_message_item_get_message (item)), "m9001");
    }
  return found;
}

/* The topic is deleted, and made again with less in it than was read of the one before. */
static void
make_again (World *world)
{
  g_autofree char *answer = chat_test_broker_tell (world->kafka, "topics", "--delete", "--topic", world->topic, NULL);

  chat_timeline_set_following (get_timeline (world), TRUE);
  produce (world, 9000, 3);
  chat_test_wait_until (has_another, world, "what is in the topic of that name now");
}

static void
test_kafka (void)
{
  g_autoptr (ChatTestBroker) kafka = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  g_autofree char *name = g_uuid_string_random ();
  World world = { .kafka = kafka };
  g_autoptr (GError) error = NULL;

  if (kafka == NULL)
    return;
  world.topic = g_strconcat ("site-", name, NULL);
  world.directory = g_dir_make_tmp ("tertulia-site.XXXXXX", &error);
  g_assert_no_error (error);
  produce (&world, 0, HISTORY);
  world_open (&world);
  chat_timeline_set_following (get_timeline (&world), FALSE);
  world.wanted = count_messages (HISTORY);
  chat_test_wait_until (has_enough, &world, "the history");
  check_view (&world, HISTORY);

  produce (&world, HISTORY, LIVE);
  for (guint i = 0; i < SENT; i++)
    {
      g_autofree char *text = g_strdup_printf ("s%u", i);

      g_assert_true (
          chat_workspace_send (world.workspace, chat_timeline_get_channel (get_timeline (&world)), text, NULL, &error));
    }
  world.wanted = count_messages (HISTORY + LIVE) + SENT;
  chat_test_wait_until (has_enough, &world, "what came live");
  check_view (&world, HISTORY + LIVE);
  chat_test_wait_until (has_sent_all, &world, "what was sent to be in the topic");
  world_close (&world);
  check_sent (&world);

  /* another start, for which all of it is history */
  produce (&world, HISTORY + LIVE, 100);
  world_open (&world);
  chat_timeline_set_following (get_timeline (&world), FALSE);
  world.wanted = count_messages (HISTORY + LIVE + 100) + SENT;
  chat_test_wait_until (has_enough, &world, "the history after a restart");
  check_view (&world, HISTORY + LIVE + 100);
  make_again (&world);
  world_close (&world);
  g_free (world.topic);
  {
    g_autofree char *command = g_strdup_printf ("rm -r %s", world.directory);

    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, &error));
  }
  g_free (world.directory);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/broker-site/kafka", test_kafka);
  return g_test_run ();
}
