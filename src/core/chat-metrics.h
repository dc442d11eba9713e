/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatMetrics:
 *
 * Figures for whoever watches over a service, in the Prometheus text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). A reference-counted value for one thread; it knows
 * nothing of time or processes.
 */
typedef struct _ChatMetrics ChatMetrics;

/** ChatMetric: one figure, with a series for each set of label values. It belongs to its ChatMetrics. */
typedef struct _ChatMetric ChatMetric;

ChatMetrics *chat_metrics_new (void);
ChatMetrics *chat_metrics_ref (ChatMetrics *self);
void chat_metrics_unref (ChatMetrics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMetrics, chat_metrics_unref)

/*
 * @name: unique, `[a-zA-Z_:][a-zA-Z0-9_:]*`; of a counter it ends with `_total`. @help: one sentence.
 * @labels: (array zero-terminated=1) (nullable): their names, `[a-zA-Z_][a-zA-Z0-9_]*`
 */
ChatMetric *chat_metrics_add_counter (ChatMetrics *self, const char *name, const char *help, const char *const *labels);
ChatMetric *chat_metrics_add_gauge (ChatMetrics *self, const char *name, const char *help, const char *const *labels);
/** chat_metrics_add_histogram: @bounds: (array length=n_bounds): going up, finite; one for all that is larger is added.
 */
ChatMetric *chat_metrics_add_histogram (ChatMetrics *self, const char *name, const char *help,
                                        const char *const *labels, const double *bounds, guint n_bounds);

/* @values: (array) (nullable): as many as the metric has labels, any text. There is a series for each set that was
 * used, for ever: values must come from a bounded set, never from a client. */

/** chat_metric_add: of a counter (by 0 or more) or a gauge. */
void chat_metric_add (ChatMetric *self, const char *const *values, double by);
/** chat_metric_set: of a gauge, or of a counter that is kept elsewhere and only goes up. */
void chat_metric_set (ChatMetric *self, const char *const *values, double value);
/** chat_metric_observe: of a histogram. */
void chat_metric_observe (ChatMetric *self, const char *const *values, double value);

/** chat_metrics_add_collector: @collect is called before each writing, to set what is only looked up then. Returns: an
 * id for chat_metrics_remove_collector() */
guint chat_metrics_add_collector (ChatMetrics *self, void (*collect) (gpointer data), gpointer data);
void chat_metrics_remove_collector (ChatMetrics *self, guint id);

/** chat_metrics_write: (transfer full): all of it; @length: (out) (nullable) */
char *chat_metrics_write (ChatMetrics *self, gsize *length);

G_END_DECLS
