/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moderation with all lists, of clean chat and of text that is made to be slow, on one core; against GLib normalising
 * (NFKC) and case folding the same text, which is a part of what moderation has to do. */
#include "chat-bench.h"

#include "../moderation/crafted-texts.h"
#include "moderation/chat-rules.h"

#include <string.h>
#include <time.h>

#define ROUNDS 5
#define CLEAN_BYTES 2000000u
#define CRAFTED_BYTES 1000000u

static const char *const clean_messages[] = {
  "Buenos días a todos",
  "¿Alguien ha visto el correo de ayer sobre la reunión del jueves?",
  "sí, es a las 10:30 en la sala pequeña; llevo yo el proyector",
  "vale, perfecto 👍",
  "I think the deploy went fine, have a look at the dashboard: "
  "https://grafana.example.com/d/abc123/kafka?orgId=1&from=now-6h",
  "the consumer lag on chat_controlled is back to normal since 14:05",
  "@ana ¿puedes mirar el ticket OPS-1234 cuando tengas un rato? No corre prisa.",
  "lol",
  "jajaja no me lo puedo creer 😂😂",
  "El vehículo de reparto llegará con retraso por las obras de la avenida, según dice la empresa; si alguien necesita "
  "el paquete "
  "antes, que me avise y lo recojo yo mismo de camino.",
  "Could you please review my pull request? It only touches `chat_rules_find ()` and its tests.",
  "```\nkubectl -n prod get pods -l app=broker\nkafka-0   1/1   Running   0   12d\n```",
  "thanks!!",
  "gracias :)",
  "I am out for lunch, back in an hour. If anything breaks call me on +34 600 000 000",
  "La documentación está en /usr/share/doc/tertulia y en el servidor, carpeta compartida/2021/manuales.",
  "ok, mañana lo hablamos con calma, que hoy ya es tarde y el año que viene hay presupuesto",
  "Has anybody seen the class assignment? The passage about Scunthorpe is missing from the document.",
  "error: 550e8400-e29b-41d4-a716-446655440000 not found (code 404)",
  "Привет! Я новый в команде, рад познакомиться со всеми.",
  "Guten Morgen, können wir das Gespräch auf morgen verschieben?",
  "no sé qué decirte, la verdad… quizá lo mejor sea preguntar a Concha, que lleva allí más tiempo",
};

typedef void (*Work) (gpointer rules, const char *text);

static void
find (gpointer rules, const char *text)
{
  g_autoptr (GArray) hits = chat_rules_find (rules, text, NULL);
}

static void
normalize (gpointer rules, const char *text)
{
  g_autofree char *normal = g_utf8_normalize (text, -1, G_NORMALIZE_ALL_COMPOSE);
  g_autofree char *folded = g_utf8_casefold (normal, -1);
}

/* Microseconds of this process on a core, whatever else the machine does. */
static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* MB/s over the messages, in the best of the rounds: what disturbs a round makes it slower, never faster. */
static double
measure (Work work, gpointer rules, const char *const *messages, guint n_messages, gsize n_bytes)
{
  double best = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      double start = now ();
      gsize done = 0;

      for (guint i = 0; done < n_bytes; i = (i + 1) % n_messages)
        {
          work (rules, messages[i]);
          done += strlen (messages[i]);
        }
      best = MAX (best, (double)done / (now () - start));
    }
  return best;
}

static ChatRules *
read_rules (double *milliseconds)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (GError) error = NULL;
  const char *data = g_getenv ("TERTULIA_DATA_DIR");
  g_autofree char *path = NULL;
  double start = now ();
  ChatRules *rules;

  if (data == NULL)
    g_error ("TERTULIA_DATA_DIR is not set; run this with tests/run --bench or meson devenv");
  path = g_build_filename (data, "moderation", NULL);
  if (!chat_rules_builder_add_directory (builder, path, &error))
    g_error ("%s", error->message);
  rules = chat_rules_builder_compile (builder);
  *milliseconds = (now () - start) / 1000;
  return rules;
}

static void
bench_clean (ChatBench *bench, ChatRules *rules)
{
  const char *const *messages = clean_messages;
  guint n = G_N_ELEMENTS (clean_messages);

  for (guint i = 0; i < n; i++)
    if (chat_rules_find (rules, messages[i], NULL) != NULL)
      g_error ("“%s” is not clean", messages[i]);
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "moderation.clean",
                                                .value = measure (find, rules, messages, n, CLEAN_BYTES),
                                                .unit = "MB/s",
                                                .reference = measure (normalize, NULL, messages, n, CLEAN_BYTES),
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 10 });
}

/* The slowest of all crafted texts, each of 1 MB at once. */
static void
bench_crafted (ChatBench *bench, ChatRules *rules)
{
  g_autofree char *slowest = NULL;
  const char *name = NULL;
  double worst = G_MAXDOUBLE;

  for (guint i = 0; i < G_N_ELEMENTS (crafted_texts); i++)
    {
      GString *text = g_string_sized_new (CRAFTED_BYTES + 128);
      double speed;

      while (text->len < CRAFTED_BYTES)
        g_string_append (text, crafted_texts[i].unit);
      speed = measure (find, rules, (const char *const *)&text->str, 1, text->len);
      if (speed < worst)
        {
          g_free (slowest);
          slowest = g_strdup (text->str);
          name = crafted_texts[i].name;
          worst = speed;
        }
      g_string_free (text, TRUE);
    }
  g_printerr ("the slowest crafted text: %s\n", name);
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "moderation.worst",
                                                .value = worst,
                                                .unit = "MB/s",
                                                .reference = measure (normalize, NULL, (const char *const *)&slowest, 1,
                                                                      strlen (slowest)),
                                                .bound = CHAT_BENCH_AT_LEAST,
                                                .target = 1 });
}

int
main (int argc, char *argv[])
{
  ChatBench *bench = chat_bench_new (&argc, &argv);
  double first, again;
  g_autoptr (ChatRules) cold = read_rules (&first);
  g_autoptr (ChatRules) rules = read_rules (&again);

  chat_bench_report (bench, &(ChatBenchFigure){ .name = "moderation.start", .value = first, .unit = "ms" });
  chat_bench_report (bench, &(ChatBenchFigure){ .name = "moderation.reload", .value = again, .unit = "ms" });
  bench_clean (bench, rules);
  bench_crafted (bench, rules);
  return chat_bench_finish (bench);
}
