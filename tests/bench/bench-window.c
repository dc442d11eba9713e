/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a long history scrolls, and how quickly channels change. Each figure comes from a process of its own:
 *   scroll  100,000 messages up to the first and down to the last: in every frame that is painted, the rows are where
 *           the script has put them
 *   switch  to channels that have been seen before: how long until the frame that shows their rows, which is the first
 */
#include "config.h"

#include <adwaita.h>
#include <math.h>

#include "app/chat-conversation.h"
#include "app/chat-message-list.h"
#include "app/chat-message-row.h"
#include "chat-bench-app.h"
#include "chat-bench.h"
#include "chat-fake-history.h"
#include "core/chat-time.h"

#define MESSAGES 100000
#define CHECKS 1000
#define STEP 300.0  /* px of a move that is checked */
#define LEAP 6000.0 /* px of the one before it */
#define SETTLED 2   /* frames in which nothing moves: the next one */
#define MAX_FRAMES 200
#define CHANNELS 12
#define CACHED 60
#define SWITCHES 120

static GtkWidget *
find_widget (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type) && gtk_widget_get_mapped (root))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static ChatMessage *
create_message (const char *channel, guint number)
{
  static const char *const authors[] = { "luis", "marta", "jorge", "irene" };
  static const char *const texts[]
      = { "reads 4.2 bar, which is within its limits", "thanks",
          ("the second pump runs hot again; I have called maintenance, "
           "and they will be here at ten, until then keep it at half speed and look at the gauge now and then"),
          "ok 👍", "the figures are in the shared folder: https://example.org/reports/line-2" };
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);
  g_autofree char *id = g_strdup_printf ("%s-%u", channel, number);
  g_autofree char *text = g_strdup_printf ("%s %u %s", channel, number, texts[number * 7 % G_N_ELEMENTS (texts)]);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, authors[number / 3 % G_N_ELEMENTS (authors)]);
  chat_message_set_data (message, text);
  chat_message_set_timestamp (message, 1700000000000 + number * G_GINT64_CONSTANT (20000));
  return message;
}

static ChatTimeline *
create_timeline (const char *channel, guint n)
{
  g_autoptr (ChatFakeHistory) history = chat_fake_history_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ChatMessage) message = create_message (channel, i);

      chat_fake_history_append (history, message);
    }
  return chat_timeline_new (channel, "ana", CHAT_HISTORY (history));
}

/* Scrolling */

typedef enum
{
  SCROLL_LEAP,  /* somewhere else, unchecked */
  SCROLL_AWAIT, /* until nothing moves */
  SCROLL_CHECK, /* a step: each frame shows it not yet, or wholly */
} ScrollPhase;

typedef struct
{
  GtkApplication *application;
  GtkWidget *window;
  ChatMessageList *list;
  ChatTimeline *timeline;
  GtkAdjustment *adjustment;

  ScrollPhase phase;
  int direction; /* -1: up */
  guint checks, still, frames, ends;
  double last_y, from_y, worst;
  char *anchor; /* the message that is watched */
  double pss_at_start;
  guint jumps;
} Scroll;

static const char *
id_of (GtkWidget *row)
{
  return chat_message_get_id (chat_message_item_get_message (chat_message_row_get_item (CHAT_MESSAGE_ROW (row))));
}

/* Where a message stands in the list; NAN where it is not on screen. */
static double
place_of (Scroll *self, const char *id)
{
  GtkWidget *view = find_widget (GTK_WIDGET (self->list), GTK_TYPE_LIST_VIEW);

  for (GtkWidget *child = gtk_widget_get_first_child (view); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *row = gtk_widget_get_first_child (child);
      graphene_rect_t bounds;

      if (CHAT_IS_MESSAGE_ROW (row) && gtk_widget_get_mapped (child) && g_str_equal (id_of (row), id)
          && gtk_widget_compute_bounds (child, GTK_WIDGET (self->list), &bounds))
        return bounds.origin.y;
    }
  return NAN;
}

/* A row that will still be on screen after the step. */
static void
choose_anchor (Scroll *self)
{
  GtkWidget *view = find_widget (GTK_WIDGET (self->list), GTK_TYPE_LIST_VIEW);
  double height = gtk_widget_get_height (GTK_WIDGET (self->list));

  g_clear_pointer (&self->anchor, g_free);
  for (GtkWidget *child = gtk_widget_get_first_child (view); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *row = gtk_widget_get_first_child (child);
      double after;
      graphene_rect_t bounds;

      if (!CHAT_IS_MESSAGE_ROW (row) || !gtk_widget_get_mapped (child)
          || !gtk_widget_compute_bounds (child, GTK_WIDGET (self->list), &bounds))
        continue;
      after = bounds.origin.y - self->direction * STEP;
      if (bounds.origin.y >= 0 && bounds.origin.y < height - 60 && after >= 0 && after < height - 60)
        {
          self->anchor = g_strdup (id_of (row));
          self->from_y = bounds.origin.y;
          return;
        }
    }
}

static void
move_by (Scroll *self, double by)
{
  gtk_adjustment_set_value (self->adjustment, gtk_adjustment_get_value (self->adjustment) + by);
  self->still = self->frames = 0;
}

static gboolean
at_end (Scroll *self)
{
  gboolean end, loading_older, loading_newer;
  double value = gtk_adjustment_get_value (self->adjustment);
  double bottom = gtk_adjustment_get_upper (self->adjustment) - gtk_adjustment_get_page_size (self->adjustment);

  g_object_get (self->timeline, self->direction < 0 ? "at-oldest" : "at-newest", &end, "loading-older", &loading_older,
                "loading-newer", &loading_newer, NULL);
  return end && !loading_older && !loading_newer
         && (self->direction < 0 ? value < STEP + LEAP : value > bottom - STEP - LEAP);
}

static void
finish_scroll (Scroll *self)
{
  g_print ("%u %u %.2f %.2f %u\n", self->checks, self->jumps, self->worst, chat_bench_pss_mb () - self->pss_at_start,
           self->ends);
  g_application_quit (G_APPLICATION (self->application));
}

/* Nothing moves: the next leap, step or turn. */
static void
go_on (Scroll *self)
{
  if (self->phase == SCROLL_CHECK)
    self->checks++;
  if (at_end (self))
    {
      self->ends++;
      if (self->direction > 0)
        {
          finish_scroll (self);
          return;
        }
      self->direction = 1;
    }
  if (self->phase == SCROLL_AWAIT)
    {
      choose_anchor (self);
      if (self->anchor != NULL)
        {
          self->phase = SCROLL_CHECK;
          move_by (self, self->direction * STEP);
          return;
        }
    }
  self->phase = SCROLL_AWAIT;
  g_clear_pointer (&self->anchor, g_free);
  move_by (self, self->direction * LEAP);
}

static void
check_frame (Scroll *self)
{
  double y = place_of (self, self->anchor);
  double stayed = fabs (y - self->from_y), went = fabs (y - (self->from_y - self->direction * STEP));
  double off = isnan (y) ? STEP : MIN (stayed, went);

  self->worst = MAX (self->worst, off);
  if (off > 1)
    self->jumps++;
  self->still = went <= 1 ? self->still + 1 : 0;
}

static void
scrolled_frame_cb (GdkFrameClock *clock, Scroll *self)
{
  gboolean loading_older, loading_newer;

  gtk_widget_queue_draw (self->window);
  if (gtk_widget_get_height (GTK_WIDGET (self->list)) == 0
      || g_list_model_get_n_items (G_LIST_MODEL (self->timeline)) == 0)
    return;
  if (self->pss_at_start == 0)
    self->pss_at_start = chat_bench_pss_mb ();
  g_object_get (self->timeline, "loading-older", &loading_older, "loading-newer", &loading_newer, NULL);
  if (self->phase == SCROLL_CHECK)
    check_frame (self);
  else
    self->still = loading_older || loading_newer ? 0 : self->still + 1;
  if (self->still >= SETTLED || ++self->frames > MAX_FRAMES)
    go_on (self);
}

static void
activate_scroll_cb (GtkApplication *application, Scroll *self)
{
  GtkWidget *list = chat_message_list_new ();
  GtkWidget *scroller;

  self->application = application;
  self->window = adw_application_window_new (application);
  self->list = CHAT_MESSAGE_LIST (list);
  self->timeline = create_timeline ("general", MESSAGES);
  self->direction = -1;
  gtk_window_set_default_size (GTK_WINDOW (self->window), 700, 640);
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (self->window), list);
  chat_message_list_set_timeline (self->list, self->timeline);
  chat_timeline_resync (self->timeline);
  gtk_window_present (GTK_WINDOW (self->window));
  scroller = gtk_widget_get_first_child (list);
  self->adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
  g_signal_connect (gtk_widget_get_frame_clock (self->window), "after-paint", G_CALLBACK (scrolled_frame_cb), self);
}

/* Switching */

typedef struct
{
  GtkApplication *application;
  GtkWidget *window;
  ChatMessageList *list;
  ChatTimeline *timelines[CHANNELS];
  guint shown, switches, wrong, warm;
  gint64 began;
  GArray *times; /* ms */
} Switch;

/* Whether the newest message of the channel is on screen. */
static gboolean
shows (Switch *self)
{
  ChatTimeline *timeline = self->timelines[self->shown];
  guint n = g_list_model_get_n_items (G_LIST_MODEL (timeline));
  g_autoptr (ChatMessageItem) newest = n > 0 ? g_list_model_get_item (G_LIST_MODEL (timeline), n - 1) : NULL;
  GtkWidget *view = find_widget (GTK_WIDGET (self->list), GTK_TYPE_LIST_VIEW);

  for (GtkWidget *child = view ? gtk_widget_get_last_child (view) : NULL; child != NULL;
       child = gtk_widget_get_prev_sibling (child))
    {
      GtkWidget *row = gtk_widget_get_first_child (child);
      graphene_rect_t bounds;

      if (newest != NULL && CHAT_IS_MESSAGE_ROW (row) && gtk_widget_get_mapped (child)
          && chat_message_row_get_item (CHAT_MESSAGE_ROW (row)) == newest
          && gtk_widget_compute_bounds (child, GTK_WIDGET (self->list), &bounds))
        return bounds.origin.y < gtk_widget_get_height (GTK_WIDGET (self->list)) && bounds.size.height > 0;
    }
  return FALSE;
}

static gboolean
switch_cb (gpointer data)
{
  Switch *self = data;

  self->shown = (self->shown + 1) % CHANNELS;
  self->began = g_get_monotonic_time ();
  chat_message_list_set_timeline (self->list, self->timelines[self->shown]);
  return G_SOURCE_REMOVE;
}

static void
finish_switch (Switch *self)
{
  double *times = (double *)self->times->data;

  g_print ("%.2f %.2f %u\n", chat_bench_percentile (times, self->times->len, 50),
           chat_bench_percentile (times, self->times->len, 95), self->wrong);
  g_application_quit (G_APPLICATION (self->application));
}

static void
switched_frame_cb (GdkFrameClock *clock, Switch *self)
{
  double ms = (g_get_monotonic_time () - self->began) / 1000.0;

  if (self->began == 0)
    return;
  if (!shows (self))
    {
      self->wrong += self->warm >= CHANNELS; /* the first visit has nothing yet */
      return;
    }
  self->began = 0;
  if (self->warm < CHANNELS)
    self->warm++;
  else
    {
      g_array_append_val (self->times, ms);
      self->switches++;
    }
  if (self->switches == SWITCHES)
    finish_switch (self);
  else
    g_idle_add (switch_cb, self);
}

static void
activate_switch_cb (GtkApplication *application, Switch *self)
{
  GtkWidget *list = chat_message_list_new ();

  self->application = application;
  self->window = adw_application_window_new (application);
  self->list = CHAT_MESSAGE_LIST (list);
  self->times = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < CHANNELS; i++)
    {
      g_autofree char *name = g_strdup_printf ("room-%02u", i);

      self->timelines[i] = create_timeline (name, CACHED);
      chat_timeline_resync (self->timelines[i]);
    }
  gtk_window_set_default_size (GTK_WINDOW (self->window), 960, 640);
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (self->window), list);
  gtk_window_present (GTK_WINDOW (self->window));
  g_signal_connect (gtk_widget_get_frame_clock (self->window), "after-paint", G_CALLBACK (switched_frame_cb), self);
  g_idle_add (switch_cb, self);
}

static int
run (GCallback activate, gpointer data)
{
  g_autoptr (AdwApplication) application = adw_application_new ("chat.tertulia.Bench", G_APPLICATION_NON_UNIQUE);

  g_signal_connect (application, "activate", activate, data);
  return g_application_run (G_APPLICATION (application), 0, NULL);
}

/* Parent */

static char *
run_child (const char *program, const char *mode)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, mode, NULL);
  char *out = NULL;

  if (child == NULL || !g_subprocess_communicate_utf8 (child, NULL, NULL, &out, NULL, &error)
      || !g_subprocess_get_successful (child))
    g_error ("%s failed%s%s", mode, error == NULL ? "" : ": ", error == NULL ? "" : error->message);
  return out;
}

static void
report (ChatBench *bench, const char *name, double value, const char *unit, ChatBenchBound bound, double target)
{
  chat_bench_report (bench, &(ChatBenchFigure){
                                .name = name, .value = value, .unit = unit, .bound = bound, .target = target });
}

static void
bench_scroll (ChatBench *bench, const char *program)
{
  g_autofree char *out = run_child (program, "--scroll");
  double growth, worst;
  guint checks, jumps, ends;

  if (sscanf (out, "%u %u %lf %lf %u", &checks, &jumps, &worst, &growth, &ends) != 5 || ends != 2)
    g_error ("--scroll said %s", out);
  report (bench, "window.scroll.checks", checks, "", CHAT_BENCH_AT_LEAST, CHECKS);
  report (bench, "window.scroll.jumps", jumps, "frames", CHAT_BENCH_AT_MOST, 0);
  report (bench, "window.scroll.furthest-off", worst, "px", CHAT_BENCH_AT_MOST, 1);
  report (bench, "window.scroll.growth", growth, "MB PSS", CHAT_BENCH_AT_MOST, 25);
}

static void
bench_switch (ChatBench *bench, const char *program)
{
  g_autofree char *out = run_child (program, "--switch");
  double p50, p95;
  guint wrong;

  if (sscanf (out, "%lf %lf %u", &p50, &p95, &wrong) != 3)
    g_error ("--switch said %s", out);
  report (bench, "window.switch.p50", p50, "ms", CHAT_BENCH_AT_MOST, 35);
  report (bench, "window.switch.p95", p95, "ms", CHAT_BENCH_AT_MOST, 35);
  report (bench, "window.switch.wrong-frames", wrong, "frames", CHAT_BENCH_AT_MOST, 0);
}

int
main (int argc, char **argv)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  Scroll scroll = { 0 };
  Switch channels = { 0 };
  ChatBench *bench;

  if (argc > 1 && g_str_equal (argv[1], "--scroll"))
    return run (G_CALLBACK (activate_scroll_cb), &scroll);
  if (argc > 1 && g_str_equal (argv[1], "--switch"))
    return run (G_CALLBACK (activate_switch_cb), &channels);
  bench = chat_bench_new (&argc, &argv);
  bench_switch (bench, program);
  bench_scroll (bench, program);
  return chat_bench_finish (bench);
}
