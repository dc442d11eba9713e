/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET /metrics of the real server, read as strictly as the text format allows, and its figures against what the test
 * has done itself.
 */
#include "stored.h"
#include "wire.h"

#include "chat-test-loop.h"
#include "chat-test-server.h"

#include <string.h>

#define NAME "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL "[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\""
#define NUMBER "(?:[+-]?Inf|NaN|[+-]?[0-9]+(?:\\.[0-9]+)?(?:e[+-][0-9]+)?)"
#define MESSAGES 20
#define TICK_MS 20

/* One scrape: every sample by its name with its labels. */
typedef struct
{
  GHashTable *samples; /* "name{labels}" → text of the value */
  GHashTable *types;   /* name → type */
  GHashTable *help;    /* set of names */
  char *family;        /* that the lines are of */
} Scrape;

static void
scrape_free (Scrape *self)
{
  g_hash_table_unref (self->samples);
  g_hash_table_unref (self->types);
  g_hash_table_unref (self->help);
  g_free (self->family);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scrape, scrape_free)

static GMatchInfo *
match (const char *pattern, const char *line)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  GMatchInfo *info = NULL;

  g_regex_match (regex, line, 0, &info);
  return info;
}

static void
read_comment (Scrape *self, const char *line)
{
  g_autoptr (GMatchInfo) help = match ("^# HELP (" NAME ") ((?:[^\\\\]|\\\\[\\\\n])+)$", line);
  g_autoptr (GMatchInfo) type = match ("^# TYPE (" NAME ") (counter|gauge|histogram)$", line);
  g_autofree char *name = NULL;

  if (g_match_info_matches (help))
    {
      name = g_match_info_fetch (help, 1);
      if (!g_hash_table_add (self->help, g_strdup (name)))
        g_error ("%s: a second HELP of it", line);
      g_free (self->family);
      self->family = g_steal_pointer (&name);
      return;
    }
  if (!g_match_info_matches (type))
    g_error ("\"%s\" is neither HELP nor TYPE", line);
  name = g_match_info_fetch (type, 1);
  if (g_strcmp0 (name, self->family) != 0)
    g_error ("%s: is not right behind its HELP", line);
  if (!g_hash_table_insert (self->types, g_strdup (name), g_match_info_fetch (type, 2)))
    g_error ("%s: a second TYPE of it", line);
}

static void
read_sample (Scrape *self, const char *line)
{
  g_autoptr (GMatchInfo) sample = match ("^(" NAME ")((?:\\{" LABEL "(?:," LABEL ")*\\})?) (" NUMBER ")$", line);
  g_autofree char *name = g_match_info_fetch (sample, 1);
  g_autofree char *labels = g_match_info_fetch (sample, 2);
  const char *type = self->family != NULL ? g_hash_table_lookup (self->types, self->family) : NULL;
  const char *rest;

  if (!g_match_info_matches (sample))
    g_error ("\"%s\" is no sample", line);
  if (type == NULL || !g_str_has_prefix (name, self->family))
    g_error ("%s: does not stand behind its TYPE", line);
  rest = name + strlen (self->family);
  if (g_str_equal (type, "histogram")
          ? !g_strv_contains ((const char *const[]){ "_bucket", "_sum", "_count", NULL }, rest)
          : *rest != '\0')
    g_error ("%s: is no sample of a %s %s", line, type, self->family);
  if (!g_hash_table_insert (self->samples, g_strconcat (name, labels, NULL), g_match_info_fetch (sample, 3)))
    g_error ("%s: twice", line);
}

/* The buckets of each series go up, and the last of them is the count. */
static void
check_histograms (Scrape *self, GStrv lines)
{
  g_autofree char *before = NULL;
  gint64 count = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GMatchInfo) bucket = match ("^(.*)_bucket\\{(.*),le=\"(.*)\"\\} (.*)$", lines[i]);
      g_autofree char *series = NULL, *bound = NULL, *value = NULL, *name = NULL, *labels = NULL, *total = NULL;

      if (!g_match_info_matches (bucket))
        continue;
      name = g_match_info_fetch (bucket, 1);
      labels = g_match_info_fetch (bucket, 2);
      bound = g_match_info_fetch (bucket, 3);
      value = g_match_info_fetch (bucket, 4);
      series = g_strdup_printf ("%s{%s}", name, labels);
      if (g_strcmp0 (series, before) != 0)
        count = 0;
      g_assert_cmpint (g_ascii_strtoll (value, NULL, 10), >=, count);
      count = g_ascii_strtoll (value, NULL, 10);
      g_free (before);
      before = g_steal_pointer (&series);
      if (!g_str_equal (bound, "+Inf"))
        continue;
      total = g_strdup_printf ("%s_count{%s}", name, labels);
      g_assert_cmpstr (g_hash_table_lookup (self->samples, total), ==, value);
    }
}

static Scrape *
scrape (Wire *wire)
{
  Scrape *self = g_new0 (Scrape, 1);
  g_autoptr (WireAnswer) answer = wire_request (wire, "GET", "/metrics", NULL, NULL, 0);
  g_auto (GStrv) lines = NULL;

  self->samples = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->types = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->help = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_assert_nonnull (answer);
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->type, ==, "text/plain; version=0.0.4; charset=utf-8");
  g_assert_true (g_utf8_validate (answer->body, (gssize)answer->length, NULL));
  g_assert_true (g_str_has_suffix (answer->body, "\n"));
  answer->body[answer->length - 1] = '\0';
  lines = g_strsplit (answer->body, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] == '#')
      read_comment (self, lines[i]);
    else
      read_sample (self, lines[i]);
  check_histograms (self, lines);
  return self;
}

static double
get (Scrape *self, const char *sample)
{
  const char *value = g_hash_table_lookup (self->samples, sample);

  if (value == NULL)
    g_error ("There is no %s", sample);
  return g_ascii_strtod (value, NULL);
}

static void
post_messages (Wire *wire, const char *token)
{
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autoptr (WireAnswer) answer = wire_post_text (wire, "/v1/channels/general/messages", token,
                                                      i == 0 ? "{\"data\":\"assholes\"}" : "{\"data\":\"hola\"}");

      g_assert_cmpuint (answer->status, ==, 202);
    }
}

typedef struct
{
  Wire *wire;
  Scrape *figures; /* the last */
} Watch;

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
is_archived (gpointer data)
{
  Watch *watch = data;

  g_clear_pointer (&watch->figures, scrape_free);
  watch->figures = scrape (watch->wire);
  return get (watch->figures, "tertulia_messages_archived_total{outcome=\"stored\"}") >= MESSAGES;
}

/* The store has them before the role has counted them. Asks again and again, since nobody tells. */
static Scrape *
scrape_when_archived (Wire *wire)
{
  Watch watch = { .wire = wire };
  guint tick = g_timeout_add (TICK_MS, tick_cb, NULL);

  chat_test_wait_until (is_archived, &watch, "the archiver to have counted all");
  g_source_remove (tick);
  return watch.figures;
}

static void
test_figures (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  g_autoptr (Wire) wire = NULL;
  g_autoptr (Wire) live = NULL;
  g_autoptr (WireAnswer) nothing = NULL;
  g_autoptr (Scrape) figures = NULL;
  g_autofree char *token = NULL;

  chat_test_server_start (server);
  wire = wire_connect (chat_test_server_get_uri (server));
  live = wire_connect (chat_test_server_get_uri (server));
  token = wire_sign_in (wire, "ana");
  wire_upgrade (live, token);
  nothing = wire_request (wire, "GET", "/v1/no\"thing\\", token, NULL, 0);
  post_messages (wire, token);
  figures = scrape_when_archived (wire);

  g_assert_cmpfloat (get (figures, "tertulia_messages_accepted_total"), ==, MESSAGES);
  g_assert_cmpfloat (get (figures, "tertulia_messages_archived_total{outcome=\"stored\"}"), ==, MESSAGES);
  g_assert_cmpfloat (get (figures, "tertulia_messages_moderated_total{outcome=\"passed\"}"), ==, MESSAGES - 1);
  g_assert_cmpfloat (get (figures, "tertulia_messages_moderated_total{outcome=\"masked\"}"), ==, 1);
  g_assert_cmpfloat (get (figures, "tertulia_moderation_strikes_total"), ==, 1);
  g_assert_cmpfloat (get (figures, "tertulia_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/channels/"
                                   "{c}/messages\",status=\"2xx\"}"),
                     ==, MESSAGES);
  g_assert_cmpfloat (
      get (figures, "tertulia_http_request_duration_seconds_count{method=\"none\",route=\"none\",status=\"4xx\"}"), ==,
      1);
  g_assert_cmpfloat (get (figures, "tertulia_live_connections"), ==, 1);
  g_assert_cmpfloat (get (figures, "tertulia_live_backlog_bytes"), ==, 0);
  g_assert_cmpfloat (get (figures, "tertulia_live_dropped_total"), ==, 0);
  g_assert_cmpfloat (get (figures, "tertulia_http_connections"), ==, 2);
  g_assert_cmpfloat (get (figures, "tertulia_consumer_lag_records{role=\"archiver\"}"), >=, 0);
  g_assert_cmpfloat (get (figures, "tertulia_consumer_lag_records{role=\"moderator\"}"), ==, 0);
  g_assert_cmpfloat (get (figures, "process_resident_memory_bytes"), >, 1e6);
  g_assert_cmpfloat (get (figures, "process_open_fds"), >, 5);
  g_assert_cmpfloat (get (figures, "process_cpu_seconds_total"), >, 0);
  chat_test_server_stop (server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/figures", test_figures);
  return g_test_run ();
}
