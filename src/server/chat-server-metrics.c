/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-metrics.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "core/chat-time.h"
#include "server/archiver/chat-archiver.h"
#include "server/moderator/chat-moderator.h"

struct _ChatServerMetrics
{
  /* Owned */
  ChatMetrics *metrics;
  GPtrArray *services;

  /* Borrowed */
  ChatMetric *memory, *descriptors, *most_descriptors, *cpu;
  ChatMetric *lag_records, *lag_seconds;
  ChatMetric *moderated, *strikes, *blocks, *archived;

  guint collector;
};

/*
 * The process, under the names that Prometheus has for it
 */

/* -1 where the system does not tell */
static double
get_memory (void)
{
  g_autofree char *text = NULL;
  long pages;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) || sscanf (text, "%*d %ld", &pages) != 1)
    return -1;
  return (double)pages * (double)sysconf (_SC_PAGESIZE);
}

static double
count_descriptors (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);
  double count = -1; /* the one that the count itself takes */

  if (directory == NULL)
    return -1;
  while (g_dir_read_name (directory) != NULL)
    count++;
  return count;
}

static double
to_seconds (struct timeval time)
{
  return (double)time.tv_sec + (double)time.tv_usec / G_USEC_PER_SEC;
}

static void
collect_process (ChatServerMetrics *self)
{
  double memory = get_memory (), descriptors = count_descriptors ();
  struct rlimit limit;
  struct rusage usage;

  if (memory >= 0)
    chat_metric_set (self->memory, NULL, memory);
  if (descriptors >= 0)
    chat_metric_set (self->descriptors, NULL, descriptors);
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    chat_metric_set (self->most_descriptors, NULL, (double)limit.rlim_cur);
  if (getrusage (RUSAGE_SELF, &usage) == 0)
    chat_metric_set (self->cpu, NULL, to_seconds (usage.ru_utime) + to_seconds (usage.ru_stime));
}

static void
add_process (ChatServerMetrics *self)
{
  const char *const version_label[] = { "version", NULL };
  const char *const version[] = { CHAT_VERSION };
  ChatMetric *build, *start;

  build = chat_metrics_add_gauge (self->metrics, "tertulia_build_info", "Always 1; the version is in the label.",
                                  version_label);
  chat_metric_set (build, version, 1);
  start
      = chat_metrics_add_gauge (self->metrics, "process_start_time_seconds", "When it was started, since 1970.", NULL);
  chat_metric_set (start, NULL, (double)chat_time_now () / 1000);
  self->memory
      = chat_metrics_add_gauge (self->metrics, "process_resident_memory_bytes", "Memory that is in use.", NULL);
  self->descriptors = chat_metrics_add_gauge (self->metrics, "process_open_fds", "Open files and connections.", NULL);
  self->most_descriptors
      = chat_metrics_add_gauge (self->metrics, "process_max_fds", "Most files and connections that may be open.", NULL);
  self->cpu = chat_metrics_add_counter (self->metrics, "process_cpu_seconds_total", "Processor time spent.", NULL);
}

/*
 * The roles
 */

static void
set_by_label (ChatMetric *metric, const char *value, guint64 count)
{
  chat_metric_set (metric, &value, (double)count);
}

static void
collect_lag (ChatServerMetrics *self, ChatForwarder *role)
{
  const char *name = chat_service_get_name (CHAT_SERVICE (role));
  gint64 records, milliseconds;

  chat_forwarder_get_lag (role, &records, &milliseconds);
  if (records >= 0)
    chat_metric_set (self->lag_records, &name, (double)records);
  if (milliseconds >= 0)
    chat_metric_set (self->lag_seconds, &name, (double)milliseconds / 1000);
}

static void
collect_moderator (ChatServerMetrics *self, ChatModerator *moderator)
{
  const ChatModeratorCounters *counters = chat_moderator_get_counters (moderator);

  set_by_label (self->moderated, "passed", counters->passed);
  set_by_label (self->moderated, "masked", counters->masked);
  set_by_label (self->moderated, "refused", counters->refused);
  set_by_label (self->moderated, "rejected", counters->rejected);
  set_by_label (self->moderated, "repeated", counters->repeated);
  chat_metric_set (self->strikes, NULL, (double)counters->strikes);
  chat_metric_set (self->blocks, NULL, (double)counters->blocks);
}

static void
collect_archiver (ChatServerMetrics *self, ChatArchiver *archiver)
{
  const ChatArchiverCounters *counters = chat_archiver_get_counters (archiver);

  set_by_label (self->archived, "stored", counters->stored);
  set_by_label (self->archived, "repeated", counters->repeated);
  set_by_label (self->archived, "conflicting", counters->conflicting);
  set_by_label (self->archived, "rejected", counters->rejected);
}

static void
add_roles (ChatServerMetrics *self)
{
  const char *const role[] = { "role", NULL }, *const outcome[] = { "outcome", NULL };

  self->lag_records = chat_metrics_add_gauge (self->metrics, "tertulia_consumer_lag_records",
                                              "Records that a role has before it.", role);
  self->lag_seconds = chat_metrics_add_gauge (self->metrics, "tertulia_consumer_lag_seconds",
                                              "How old the record is that a role has next.", role);
  self->moderated = chat_metrics_add_counter (self->metrics, "tertulia_messages_moderated_total",
                                              "Records that the moderator has judged.", outcome);
  self->strikes = chat_metrics_add_counter (self->metrics, "tertulia_moderation_strikes_total",
                                            "Strikes that were recorded: hits of a rule.", NULL);
  self->blocks = chat_metrics_add_counter (self->metrics, "tertulia_moderation_blocks_total",
                                           "Blocks that strikes have led to.", NULL);
  self->archived = chat_metrics_add_counter (self->metrics, "tertulia_messages_archived_total",
                                             "Records that the archiver has dealt with.", outcome);
}

static void
collect (gpointer data)
{
  ChatServerMetrics *self = data;

  collect_process (self);
  for (guint i = 0; i < self->services->len; i++)
    {
      gpointer service = self->services->pdata[i];

      if (CHAT_IS_FORWARDER (service))
        collect_lag (self, service);
      if (CHAT_IS_MODERATOR (service))
        collect_moderator (self, service);
      if (CHAT_IS_ARCHIVER (service))
        collect_archiver (self, service);
    }
}

ChatServerMetrics *
chat_server_metrics_new (ChatMetrics *metrics, GPtrArray *services)
{
  ChatServerMetrics *self = g_new0 (ChatServerMetrics, 1);

  self->metrics = chat_metrics_ref (metrics);
  self->services = g_ptr_array_ref (services);
  add_process (self);
  add_roles (self);
  self->collector = chat_metrics_add_collector (metrics, collect, self);
  return self;
}

void
chat_server_metrics_free (ChatServerMetrics *self)
{
  chat_metrics_remove_collector (self->metrics, self->collector);
  g_ptr_array_unref (self->services);
  chat_metrics_unref (self->metrics);
  g_free (self);
}
