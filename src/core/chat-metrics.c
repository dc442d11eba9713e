/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-metrics.h"

#include <math.h>

typedef enum
{
  COUNTER,
  GAUGE,
  HISTOGRAM,
} Kind;

/* One series. Of a histogram, @value is the sum. */
typedef struct
{
  char *labels; /* as they are written: `a="b",c="d"`; "" where there are none */
  double value;
  guint64 count;
  guint64 *buckets; /* as many as there are bounds; each observation is in one at most */
} Series;

struct _ChatMetric
{
  Kind kind;
  char *name;
  char *help;
  GStrv labels;
  double *bounds;
  guint n_bounds;
  GPtrArray *series;   /* in the order in which they came */
  GHashTable *by_text; /* labels → Series, both borrowed */
};

typedef struct
{
  guint id;
  void (*collect) (gpointer data);
  gpointer data;
} Collector;

struct _ChatMetrics
{
  GPtrArray *metrics;
  GArray *collectors;
  guint last_id;
};

static void
series_free (gpointer data)
{
  Series *series = data;

  g_free (series->labels);
  g_free (series->buckets);
  g_free (series);
}

static void
metric_free (gpointer data)
{
  ChatMetric *metric = data;

  g_hash_table_unref (metric->by_text);
  g_ptr_array_unref (metric->series);
  g_free (metric->bounds);
  g_strfreev (metric->labels);
  g_free (metric->help);
  g_free (metric->name);
  g_free (metric);
}

ChatMetrics *
chat_metrics_new (void)
{
  ChatMetrics *self = g_rc_box_new0 (ChatMetrics);

  self->metrics = g_ptr_array_new_with_free_func (metric_free);
  self->collectors = g_array_new (FALSE, FALSE, sizeof (Collector));
  return self;
}

ChatMetrics *
chat_metrics_ref (ChatMetrics *self)
{
  return g_rc_box_acquire (self);
}

static void
metrics_clear (gpointer data)
{
  ChatMetrics *self = data;

  g_ptr_array_unref (self->metrics);
  g_array_unref (self->collectors);
}

void
chat_metrics_unref (ChatMetrics *self)
{
  g_rc_box_release_full (self, metrics_clear);
}

static gboolean
is_name (const char *text, gboolean colons)
{
  if (!g_ascii_isalpha (*text) && *text != '_' && !(colons && *text == ':'))
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && *text != '_' && !(colons && *text == ':'))
      return FALSE;
  return TRUE;
}

static ChatMetric *
add (ChatMetrics *self, Kind kind, const char *name, const char *help, const char *const *labels)
{
  ChatMetric *metric;

  g_return_val_if_fail (is_name (name, TRUE), NULL);
  for (guint i = 0; labels != NULL && labels[i] != NULL; i++)
    g_return_val_if_fail (is_name (labels[i], FALSE) && !g_str_equal (labels[i], "le"), NULL);

  metric = g_new0 (ChatMetric, 1);
  metric->kind = kind;
  metric->name = g_strdup (name);
  metric->help = g_strdup (help);
  metric->labels = labels != NULL ? g_strdupv ((char **)labels) : g_new0 (char *, 1);
  metric->series = g_ptr_array_new_with_free_func (series_free);
  metric->by_text = g_hash_table_new (g_str_hash, g_str_equal);
  g_ptr_array_add (self->metrics, metric);
  return metric;
}

ChatMetric *
chat_metrics_add_counter (ChatMetrics *self, const char *name, const char *help, const char *const *labels)
{
  g_return_val_if_fail (g_str_has_suffix (name, "_total"), NULL);

  return add (self, COUNTER, name, help, labels);
}

ChatMetric *
chat_metrics_add_gauge (ChatMetrics *self, const char *name, const char *help, const char *const *labels)
{
  return add (self, GAUGE, name, help, labels);
}

ChatMetric *
chat_metrics_add_histogram (ChatMetrics *self, const char *name, const char *help, const char *const *labels,
                            const double *bounds, guint n_bounds)
{
  ChatMetric *metric = add (self, HISTOGRAM, name, help, labels);

  g_return_val_if_fail (metric != NULL, NULL);
  metric->bounds = g_memdup2 (bounds, n_bounds * sizeof *bounds);
  metric->n_bounds = n_bounds;
  return metric;
}

/*
 * Series
 */

static void
append_escaped (GString *text, const char *value, gboolean quotes)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  for (const char *c = valid; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (text, "\\n");
    else if (*c == '\\' || (quotes && *c == '"'))
      g_string_append_printf (text, "\\%c", *c);
    else
      g_string_append_c (text, *c);
}

static Series *
ensure_series (ChatMetric *self, const char *const *values)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Series *series;

  for (guint i = 0; self->labels[i] != NULL; i++)
    {
      g_string_append_printf (text, "%s%s=\"", i > 0 ? "," : "", self->labels[i]);
      append_escaped (text, values[i], TRUE);
      g_string_append_c (text, '"');
    }
  series = g_hash_table_lookup (self->by_text, text->str);
  if (series != NULL)
    return series;
  series = g_new0 (Series, 1);
  series->labels = g_strdup (text->str);
  series->buckets = g_new0 (guint64, self->n_bounds);
  g_ptr_array_add (self->series, series);
  g_hash_table_insert (self->by_text, series->labels, series);
  return series;
}

void
chat_metric_add (ChatMetric *self, const char *const *values, double by)
{
  g_return_if_fail (self->kind == GAUGE || (self->kind == COUNTER && by >= 0));

  ensure_series (self, values)->value += by;
}

void
chat_metric_set (ChatMetric *self, const char *const *values, double value)
{
  g_return_if_fail (self->kind != HISTOGRAM);

  ensure_series (self, values)->value = value;
}

void
chat_metric_observe (ChatMetric *self, const char *const *values, double value)
{
  Series *series;

  g_return_if_fail (self->kind == HISTOGRAM);

  series = ensure_series (self, values);
  series->value += value;
  series->count++;
  for (guint i = 0; i < self->n_bounds; i++)
    if (value <= self->bounds[i])
      {
        series->buckets[i]++;
        break;
      }
}

/*
 * Writing
 */

static void
append_number (GString *text, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (value))
    g_string_append (text, "NaN");
  else if (isinf (value))
    g_string_append (text, value > 0 ? "+Inf" : "-Inf");
  else if (floor (value) == value && fabs (value) < 9007199254740992.0)
    g_string_append_printf (text, "%" G_GINT64_FORMAT, (gint64)value);
  else
    g_string_append (text, g_ascii_formatd (digits, sizeof digits, "%.15g", value));
}

static void
append_line (GString *text, const ChatMetric *metric, const char *suffix, const char *labels, const char *more,
             double value)
{
  gboolean braces = *labels != '\0' || *more != '\0';

  g_string_append_printf (text, "%s%s", metric->name, suffix);
  if (braces)
    g_string_append_printf (text, "{%s%s%s}", labels, *labels != '\0' && *more != '\0' ? "," : "", more);
  g_string_append_c (text, ' ');
  append_number (text, value);
  g_string_append_c (text, '\n');
}

static void
append_histogram (GString *text, const ChatMetric *metric, const Series *series)
{
  guint64 up_to = 0;

  for (guint i = 0; i <= metric->n_bounds; i++)
    {
      g_autoptr (GString) le = g_string_new ("le=\"");

      up_to = i < metric->n_bounds ? up_to + series->buckets[i] : series->count;
      append_number (le, i < metric->n_bounds ? metric->bounds[i] : INFINITY);
      g_string_append_c (le, '"');
      append_line (text, metric, "_bucket", series->labels, le->str, (double)up_to);
    }
  append_line (text, metric, "_sum", series->labels, "", series->value);
  append_line (text, metric, "_count", series->labels, "", (double)series->count);
}

static void
append_metric (GString *text, const ChatMetric *metric)
{
  static const char *const types[] = { [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram" };

  g_string_append_printf (text, "# HELP %s ", metric->name);
  append_escaped (text, metric->help, FALSE);
  g_string_append_printf (text, "\n# TYPE %s %s\n", metric->name, types[metric->kind]);
  for (guint i = 0; i < metric->series->len; i++)
    {
      const Series *series = metric->series->pdata[i];

      if (metric->kind == HISTOGRAM)
        append_histogram (text, metric, series);
      else
        append_line (text, metric, "", series->labels, "", series->value);
    }
}

guint
chat_metrics_add_collector (ChatMetrics *self, void (*collect) (gpointer data), gpointer data)
{
  const Collector collector = { .id = ++self->last_id, .collect = collect, .data = data };

  g_array_append_val (self->collectors, collector);
  return collector.id;
}

void
chat_metrics_remove_collector (ChatMetrics *self, guint id)
{
  for (guint i = 0; i < self->collectors->len; i++)
    if (g_array_index (self->collectors, Collector, i).id == id)
      {
        g_array_remove_index (self->collectors, i);
        return;
      }
}

char *
chat_metrics_write (ChatMetrics *self, gsize *length)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->collectors->len; i++)
    {
      const Collector *collector = &g_array_index (self->collectors, Collector, i);

      collector->collect (collector->data);
    }
  for (guint i = 0; i < self->metrics->len; i++)
    append_metric (text, self->metrics->pdata[i]);
  if (length != NULL)
    *length = text->len;
  return g_string_free (text, FALSE);
}
