/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoding and encoding of typical records, against json-glib reading and writing the same without looking at them. */
#include "chat-bench.h"

#include "core/chat-message-codec.h"

#include <string.h>

#define ROUND_RECORDS 20000
#define ROUNDS 5

static const char *const records[] = {
  "{\"id\":\"0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6a\",\"channel\":\"general\",\"kind\":\"message\",\"author\":\"ana\","
  "\"data\":\"¿Comemos a las dos? Hay sitio en la terraza.\",\"timestamp\":\"2021-10-10T10:10:10.123Z\","
  "\"sent\":\"2021-10-10T10:10:10.100Z\",\"seq\":4711}",
  "{\"author\":\"bob\",\"data\":\"see you there :-)\",\"timestamp\":\"2021-10-10 10:10:10\"}",
  "{\"id\":\"0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6b\",\"channel\":\"general\",\"kind\":\"message\",\"author\":\"eva\","
  "\"data\":\"you ******, \\\"that\\\" was\\nmy seat\",\"timestamp\":\"2021-10-10T10:10:11.000Z\",\"seq\":4712,"
  "\"moderation\":{\"rule\":\"en/insults\",\"spans\":[[4,6]],\"strike\":1,\"limit\":3}}",
  "{\"id\":\"0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6c\",\"channel\":\"general\",\"kind\":\"reaction\",\"author\":\"ana\","
  "\"data\":\"👍\",\"timestamp\":\"2021-10-10T10:10:12.000Z\","
  "\"target\":\"0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6b\",\"client\":{\"name\":\"other\",\"version\":[1,2]}}",
};

/* Records a second, in the best of the rounds: what disturbs a round makes it slower, never faster. */
static double
measure (void (*run) (guint i))
{
  double best = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      gint64 start = g_get_monotonic_time ();

      for (guint i = 0; i < ROUND_RECORDS; i++)
        run (i % G_N_ELEMENTS (records));
      best = MAX (best, ROUND_RECORDS * 1e6 / (double)(g_get_monotonic_time () - start));
    }
  return best;
}

static void
decode (guint i)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = NULL;
  ChatMessageHints hints = { .channel = "general", .timestamp = 1 };

  message = chat_message_decode_foreign (records[i], strlen (records[i]), &hints, &error);
  if (message == NULL)
    g_error ("%s", error->message);
}

static void
decode_reference (guint i)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_data (parser, records[i], -1, NULL))
    g_error ("json-glib does not read record %u", i);
}

static void
encode (guint i)
{
  static ChatMessage *messages[G_N_ELEMENTS (records)];
  g_autoptr (GBytes) bytes = NULL;

  if (messages[i] == NULL)
    messages[i] = chat_message_decode (records[i], strlen (records[i]), NULL);
  bytes = chat_message_encode (messages[i]);
}

static void
encode_reference (guint i)
{
  static JsonNode *nodes[G_N_ELEMENTS (records)];
  g_autofree char *text = NULL;

  if (nodes[i] == NULL)
    nodes[i] = json_from_string (records[i], NULL);
  text = json_to_string (nodes[i], FALSE);
}

int
main (int argc, char *argv[])
{
  ChatBench *bench = chat_bench_new (&argc, &argv);

  chat_bench_report (bench, &(ChatBenchFigure){ .name = "codec.decode",
                                                .value = measure (decode),
                                                .unit = "records/s",
                                                .reference = measure (decode_reference),
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 200000 });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "codec.encode",
                                                .value = measure (encode),
                                                .unit = "records/s",
                                                .reference = measure (encode_reference),
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 200000 });
  return chat_bench_finish (bench);
}
