/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-message-list.h"

#include <glib/gi18n.h>

#include "app/chat-message-row.h"

struct _ChatMessageList
{
  GtkWidget parent_instance;

  /* Owned */
  GtkWidget *scroller;
  GtkListView *view;
  ChatTimeline *timeline;

  /* Borrowed */
  GtkAdjustment *adjustment;

  GdkSurface *surface; /* while realized */
  ChatLook *look;      /* owned, nullable */

  gulong layout_id;
  gulong items_id;
  gboolean sticking;   /* rows or sizes are changing: the move to the bottom is due at the end of this layout */
  gboolean laying_out; /* the list says where it is, nobody scrolls */
  gboolean unsettled;  /* the list has moved since the last layout */
  double place;        /* to which it has moved then */
  double held;         /* how much further to move after it */
  guint following;     /* as the timeline was last told; 2: not told yet */
  gboolean at_bottom;

  guint moves; /* left until the list is anchored anew */

  ChatMessageItem *sought; /* owned, nullable: to be brought into view */
  guint tries;             /* left */
  gint64 seek_frame;       /* the frame of the last try, and how many there have been in it */
  guint seek_steps;
  guint seek_id;     /* to go on in the next frame */
  GtkWidget *marked; /* weak: the row that was sought */
  guint mark_id;
};

enum
{
  PROP_AT_BOTTOM = 1,
  N_PROPS
};

enum
{
  ACTIVATE_MENU,
  ACTIVATE_QUOTE,
  MOVED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatMessageList, chat_message_list, GTK_TYPE_WIDGET)

static double
bottom_of (GtkAdjustment *adjustment)
{
  return gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);
}

static void
set_at_bottom (ChatMessageList *self, gboolean at_bottom)
{
  if (self->timeline != NULL && self->following != (guint)at_bottom)
    {
      self->following = at_bottom;
      chat_timeline_set_following (self->timeline, at_bottom);
    }
  if (self->at_bottom == at_bottom)
    return;
  self->at_bottom = at_bottom;
  self->moves = 0;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AT_BOTTOM]);
}

/*
 * A list does not know the heights of rows that are new, or come into view when it is moved, before its next layout.
 * GTK 4.8 looks for its place among them all the same when it is moved (once more) before that, two events in a frame
 * are enough, and jumps by hundreds of rows. So such a move waits for the layout: this handler comes before GTK's own.
 */
static void
unsettle (ChatMessageList *self)
{
  if (self->unsettled || self->surface == NULL)
    return;
  self->unsettled = TRUE;
  self->place = gtk_adjustment_get_value (self->adjustment);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
hold_cb (ChatMessageList *self)
{
  if (self->laying_out)
    return;
  if (self->unsettled)
    {
      self->held = gtk_adjustment_get_value (self->adjustment) - self->place;
      g_signal_stop_emission_by_name (self->adjustment, "value-changed");
      return;
    }
  self->moves -= self->moves > 0 ? 1 : 0;
  unsettle (self);
}

static void
move_on (ChatMessageList *self)
{
  double held = self->held;

  self->unsettled = FALSE;
  self->held = 0;
  if (held == 0)
    return;
  /* from where it is now: rows may have been put above meanwhile */
  gtk_adjustment_set_value (self->adjustment, gtk_adjustment_get_value (self->adjustment) + held);
  gdk_surface_request_layout (self->surface);
}

/*
 * Sticking to the bottom. A value set inside the adjustment's "changed" draws the top rows; one set in an idle comes a
 * frame late. So it is set right after the surface's layout that changed the sizes (connected later, this handler comes
 * after GTK's own), in the same frame: the clock then lays out once more before it paints. Until then the value moves
 * by itself, and says nothing about what the reader wants.
 */
static void
stick_soon (ChatMessageList *self)
{
  self->sticking = TRUE;
  if (self->surface != NULL)
    gdk_surface_request_layout (self->surface);
}

static void seek (ChatMessageList *self);
static void anchor (ChatMessageList *self);

/* Only what is seen in the end says what is wanted: on the way there a list passes places that nobody asked for. */
static void
want_pages (ChatMessageList *self)
{
  double value = gtk_adjustment_get_value (self->adjustment);
  double page = gtk_adjustment_get_page_size (self->adjustment);

  if (self->timeline == NULL || page <= 0 || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (value < 2 * page)
    chat_timeline_load_older (self->timeline);
  if (value + 3 * page > gtk_adjustment_get_upper (self->adjustment))
    chat_timeline_load_newer (self->timeline);
}

static void
settled (ChatMessageList *self)
{
  if (self->unsettled)
    return;
  want_pages (self);
  if (!self->at_bottom && self->moves == 0)
    anchor (self);
}

static void
layout_cb (ChatMessageList *self)
{
  move_on (self);
  if (self->sought != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)))
    {
      seek (self);
      return;
    }
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (!self->sticking)
    {
      settled (self);
      return;
    }
  /* New rows at the bottom are measured by the next layout, which may move the value once more: done when it does not.
   */
  if (gtk_adjustment_get_value (self->adjustment) >= bottom_of (self->adjustment) - 1)
    {
      self->sticking = FALSE;
      settled (self);
      return;
    }
  gtk_adjustment_set_value (self->adjustment, bottom_of (self->adjustment));
  gdk_surface_request_layout (self->surface);
}

static void
items_changed_cb (ChatMessageList *self)
{
  unsettle (self);
  if (self->at_bottom)
    stick_soon (self);
}

static void
adjustment_changed_cb (ChatMessageList *self)
{
  if (self->at_bottom)
    stick_soon (self);
}

static void
value_changed_cb (ChatMessageList *self)
{
  double value = gtk_adjustment_get_value (self->adjustment);
  double bottom = bottom_of (self->adjustment);
  gboolean at_newest = TRUE;

  if (self->sticking)
    return;
  if (self->timeline != NULL)
    g_object_get (self->timeline, "at-newest", &at_newest, NULL);
  set_at_bottom (self, at_newest && value >= bottom - 2);
  /* A list whose value is exactly 0 keeps no anchor when rows are put above. */
  if (value < 1 && bottom > 1 && !self->at_bottom)
    gtk_adjustment_set_value (self->adjustment, 1);
  g_signal_emit (self, signals[MOVED], 0);
}

static void
row_pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, ChatMessageList *self)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (gesture));
  guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture));
  const char *link, *quoted;

  if (event != NULL && gdk_event_triggers_context_menu (event))
    {
      double list_x, list_y;

      gtk_widget_translate_coordinates (row, GTK_WIDGET (self), x, y, &list_x, &list_y);
      g_signal_emit (self, signals[ACTIVATE_MENU], 0, chat_message_row_get_item (CHAT_MESSAGE_ROW (row)), list_x,
                     list_y);
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
      return;
    }
  if (button != GDK_BUTTON_PRIMARY)
    return;
  link = chat_message_row_get_link_at (CHAT_MESSAGE_ROW (row), x, y);
  quoted = chat_message_row_get_quote_at (CHAT_MESSAGE_ROW (row), x, y);
  if (link != NULL)
    gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (row)), link, GDK_CURRENT_TIME);
  else if (quoted != NULL)
    g_signal_emit (self, signals[ACTIVATE_QUOTE], 0, quoted);
}

/* The menu key: the menu of the row that has the focus. */
static gboolean
menu_key_cb (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (widget);
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  GtkWidget *row = focus == NULL ? NULL : gtk_widget_get_first_child (focus);
  double x, y;

  if (!CHAT_IS_MESSAGE_ROW (row) || !gtk_widget_is_ancestor (row, widget))
    return GDK_EVENT_PROPAGATE;
  gtk_widget_translate_coordinates (row, widget, 0, gtk_widget_get_height (row), &x, &y);
  g_signal_emit (self, signals[ACTIVATE_MENU], 0, chat_message_row_get_item (CHAT_MESSAGE_ROW (row)), x,
                 CLAMP (y, 0, gtk_widget_get_height (widget)));
  return GDK_EVENT_STOP;
}

static void
row_motion_cb (GtkEventControllerMotion *motion, double x, double y, gpointer data)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (motion));
  gboolean leads = chat_message_row_get_link_at (CHAT_MESSAGE_ROW (row), x, y) != NULL
                   || chat_message_row_get_quote_at (CHAT_MESSAGE_ROW (row), x, y) != NULL;

  gtk_widget_set_cursor_from_name (row, leads ? "pointer" : NULL);
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, ChatMessageList *self)
{
  GtkWidget *row = chat_message_row_new (self->look);
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *motion = gtk_event_controller_motion_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), 0);
  g_signal_connect (click, "pressed", G_CALLBACK (row_pressed_cb), self);
  g_signal_connect (motion, "motion", G_CALLBACK (row_motion_cb), NULL);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (row, motion);
  gtk_list_item_set_child (list_item, row);
  gtk_list_item_set_activatable (list_item, FALSE);
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, ChatMessageList *self)
{
  chat_message_row_set_item (CHAT_MESSAGE_ROW (gtk_list_item_get_child (list_item)),
                             gtk_list_item_get_item (list_item));
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *list_item, ChatMessageList *self)
{
  chat_message_row_set_item (CHAT_MESSAGE_ROW (gtk_list_item_get_child (list_item)), NULL);
}

static void
at_newest_cb (ChatMessageList *self)
{
  value_changed_cb (self);
}

/* Going to a row. The list knows where it is only when it has been laid out with it: so the row is asked for at the end
 * of a layout, and once more until it is where it should be; a frame clock takes few layouts in one frame, so that what
 * is left waits for the next. */
#define TRIES 6
#define STEPS_IN_FRAME 2
#define MARK_MS 1800

static GtkWidget *
find_row (ChatMessageList *self, ChatMessageItem *item)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *row = gtk_widget_get_first_child (child);

      if (CHAT_IS_MESSAGE_ROW (row) && chat_message_row_get_item (CHAT_MESSAGE_ROW (row)) == item)
        return child;
    }
  return NULL;
}

static gboolean
unmark_cb (gpointer data)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (data);

  self->mark_id = 0;
  if (self->marked != NULL)
    gtk_widget_remove_css_class (self->marked, "sought");
  g_clear_weak_pointer (&self->marked);
  return G_SOURCE_REMOVE;
}

static void
mark (ChatMessageList *self, GtkWidget *row)
{
  g_clear_handle_id (&self->mark_id, g_source_remove);
  if (self->marked != NULL)
    gtk_widget_remove_css_class (self->marked, "sought");
  g_set_weak_pointer (&self->marked, row);
  gtk_widget_add_css_class (row, "sought");
  self->mark_id = g_timeout_add (MARK_MS, unmark_cb, self);
}

static gboolean
seek_again_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (widget);

  self->seek_id = 0;
  gtk_widget_queue_allocate (widget);
  gdk_surface_request_layout (self->surface);
  return G_SOURCE_REMOVE;
}

/* FALSE where this frame has had enough: it goes on in the next. */
static gboolean
begin_step (ChatMessageList *self)
{
  gint64 frame = gdk_frame_clock_get_frame_counter (gtk_widget_get_frame_clock (GTK_WIDGET (self)));

  if (frame != self->seek_frame)
    self->seek_steps = 0;
  self->seek_frame = frame;
  if (self->seek_steps++ < STEPS_IN_FRAME)
    return TRUE;
  if (self->seek_id == 0)
    self->seek_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), seek_again_cb, NULL, NULL);
  return FALSE;
}

static void
finish_seek (ChatMessageList *self, GtkWidget *row)
{
  if (row != NULL)
    mark (self, row);
  g_clear_object (&self->sought);
  self->moves = 0;
  g_signal_emit (self, signals[MOVED], 0);
}

static void
seek (ChatMessageList *self)
{
  GtkWidget *row = find_row (self, self->sought);
  const char *id = chat_message_get_id (chat_message_item_get_message (self->sought));
  double page = gtk_adjustment_get_page_size (self->adjustment);
  double bottom = MAX (bottom_of (self->adjustment), 0), value = 0;
  gboolean placed = FALSE;
  graphene_rect_t bounds;
  guint place;

  if (row != NULL && gtk_widget_get_mapped (row) && gtk_widget_compute_bounds (row, GTK_WIDGET (self), &bounds))
    {
      placed = TRUE;
      value = gtk_adjustment_get_value (self->adjustment) + bounds.origin.y - MAX (page - bounds.size.height, 0) / 3;
      value = CLAMP (value, MIN (1, bottom), bottom);
    }
  if (self->tries == 0 || chat_timeline_find (self->timeline, id, &place) == NULL
      || (placed && ABS (value - gtk_adjustment_get_value (self->adjustment)) < 1))
    {
      finish_seek (self, placed ? row : NULL);
      return;
    }
  if (!begin_step (self))
    return;
  self->tries--;
  if (placed)
    gtk_adjustment_set_value (self->adjustment, value);
  else
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", place);
  gdk_surface_request_layout (self->surface);
}

/*
 * A list of GTK 4.8 holds on to one row, at the height of the view at which it was when it was moved last; most of the
 * rows that it has measured are above that one where that was the bottom, and few below. A move by more than those few
 * would then be a guess. So once the reader has left the bottom it is made to hold on to a row in the middle: asking
 * for one that is in view already moves nothing. Every move takes that a little away from there, so it is repeated.
 */
#define MOVES_OF_ANCHOR 16

static void
anchor (ChatMessageList *self)
{
  double height = gtk_widget_get_height (GTK_WIDGET (self)), nearest = height;
  ChatMessageItem *item = NULL;
  guint place;

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *row = gtk_widget_get_first_child (child);
      graphene_rect_t bounds;

      if (!CHAT_IS_MESSAGE_ROW (row) || !gtk_widget_get_mapped (child)
          || chat_message_item_get_message (chat_message_row_get_item (CHAT_MESSAGE_ROW (row))) == NULL
          || !gtk_widget_compute_bounds (child, GTK_WIDGET (self), &bounds) || bounds.origin.y < 0
          || bounds.origin.y + bounds.size.height > height || ABS (bounds.origin.y - height / 2) >= nearest)
        continue;
      nearest = ABS (bounds.origin.y - height / 2);
      item = chat_message_row_get_item (CHAT_MESSAGE_ROW (row));
    }
  if (item == NULL
      || chat_timeline_find (self->timeline, chat_message_get_id (chat_message_item_get_message (item)), &place)
             != item)
    return;
  self->moves = MOVES_OF_ANCHOR;
  gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", place);
}

/* The newest row that can be seen, or where none is seen whole, one of which a part is. */
static GtkWidget *
find_visible_row (ChatMessageList *self)
{
  GtkWidget *partly = NULL;
  int height = gtk_widget_get_height (GTK_WIDGET (self));

  for (GtkWidget *row = gtk_widget_get_last_child (GTK_WIDGET (self->view)); row != NULL;
       row = gtk_widget_get_prev_sibling (row))
    {
      graphene_rect_t bounds;

      if (!gtk_widget_get_mapped (row) || !gtk_widget_compute_bounds (row, GTK_WIDGET (self), &bounds)
          || bounds.origin.y >= height || bounds.origin.y + bounds.size.height <= 0)
        continue;
      if (bounds.origin.y >= 0 && bounds.origin.y + bounds.size.height <= height)
        return row;
      if (partly == NULL)
        partly = row;
    }
  return partly;
}

/* A list view goes to its first row by Tab, which may be far away, and then through all of them. */
static gboolean
focus (GtkWidget *widget, GtkDirectionType direction)
{
  GtkWidget *row;

  if (direction != GTK_DIR_TAB_FORWARD && direction != GTK_DIR_TAB_BACKWARD)
    return GTK_WIDGET_CLASS (chat_message_list_parent_class)->focus (widget, direction);
  if (gtk_widget_get_focus_child (widget) != NULL)
    return FALSE;
  row = find_visible_row (CHAT_MESSAGE_LIST (widget));
  return row != NULL && gtk_widget_grab_focus (row);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (object);

  if (id == PROP_AT_BOTTOM)
    g_value_set_boolean (value, self->at_bottom);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
realize (GtkWidget *widget)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (widget);

  GTK_WIDGET_CLASS (chat_message_list_parent_class)->realize (widget);
  self->surface = gtk_native_get_surface (gtk_widget_get_native (widget));
  self->layout_id = g_signal_connect_swapped (self->surface, "layout", G_CALLBACK (layout_cb), self);
}

static void
unrealize (GtkWidget *widget)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (widget);

  g_clear_signal_handler (&self->layout_id, self->surface);
  self->surface = NULL;
  self->unsettled = FALSE;
  GTK_WIDGET_CLASS (chat_message_list_parent_class)->unrealize (widget);
}

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  return gtk_widget_get_request_mode (CHAT_MESSAGE_LIST (widget)->scroller);
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
         int *natural_baseline)
{
  gtk_widget_measure (CHAT_MESSAGE_LIST (widget)->scroller, orientation, for_size, minimum, natural, NULL, NULL);
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (widget);

  self->laying_out = TRUE;
  gtk_widget_size_allocate (self->scroller, &(GtkAllocation){ 0, 0, width, height }, baseline);
  self->laying_out = FALSE;
}

static void
dispose (GObject *object)
{
  ChatMessageList *self = CHAT_MESSAGE_LIST (object);

  chat_message_list_set_timeline (self, NULL);
  g_clear_handle_id (&self->mark_id, g_source_remove);
  g_clear_weak_pointer (&self->marked);
  if (self->seek_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->seek_id);
  self->seek_id = 0;
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->look);
  G_OBJECT_CLASS (chat_message_list_parent_class)->dispose (object);
}

static void
chat_message_list_class_init (ChatMessageListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = get_property;
  object_class->dispose = dispose;
  properties[PROP_AT_BOTTOM]
      = g_param_spec_boolean ("at-bottom", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[ACTIVATE_MENU] = g_signal_new ("activate-menu", CHAT_TYPE_MESSAGE_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 3, CHAT_TYPE_MESSAGE_ITEM, G_TYPE_DOUBLE, G_TYPE_DOUBLE);
  signals[ACTIVATE_QUOTE] = g_signal_new ("activate-quote", CHAT_TYPE_MESSAGE_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[MOVED]
      = g_signal_new ("moved", CHAT_TYPE_MESSAGE_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_add_binding (GTK_WIDGET_CLASS (klass), GDK_KEY_Menu, 0, menu_key_cb, NULL);
  gtk_widget_class_add_binding (GTK_WIDGET_CLASS (klass), GDK_KEY_F10, GDK_SHIFT_MASK, menu_key_cb, NULL);
  GTK_WIDGET_CLASS (klass)->focus = focus;
  GTK_WIDGET_CLASS (klass)->realize = realize;
  GTK_WIDGET_CLASS (klass)->unrealize = unrealize;
  GTK_WIDGET_CLASS (klass)->get_request_mode = get_request_mode;
  GTK_WIDGET_CLASS (klass)->measure = measure;
  GTK_WIDGET_CLASS (klass)->size_allocate = size_allocate;
}

static void
chat_message_list_init (ChatMessageList *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), self);
  self->at_bottom = TRUE;
  self->following = 2;
  self->view = GTK_LIST_VIEW (gtk_list_view_new (NULL, factory));
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "messages");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Messages"), -1);
  self->adjustment = gtk_adjustment_new (0, 0, 0, 0, 0, 0);
  g_signal_connect_object (self->adjustment, "value-changed", G_CALLBACK (hold_cb), self, G_CONNECT_SWAPPED);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_vadjustment (GTK_SCROLLED_WINDOW (self->scroller), self->adjustment);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), GTK_WIDGET (self->view));
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  g_signal_connect_object (self->adjustment, "changed", G_CALLBACK (adjustment_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->adjustment, "value-changed", G_CALLBACK (value_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect (self, "map", G_CALLBACK (want_pages), NULL);
}

GtkWidget *
chat_message_list_new (void)
{
  return g_object_new (CHAT_TYPE_MESSAGE_LIST, NULL);
}

void
chat_message_list_set_look (ChatMessageList *self, ChatLook *look)
{
  g_set_object (&self->look, look);
}

void
chat_message_list_set_timeline (ChatMessageList *self, ChatTimeline *timeline)
{
  g_autoptr (GtkSelectionModel) model = NULL;

  g_return_if_fail (CHAT_IS_MESSAGE_LIST (self));

  if (self->timeline == timeline)
    return;
  if (self->timeline != NULL)
    {
      /* Nobody looks at it any more: what comes now is to be counted, and its window need not slide. */
      g_signal_handlers_disconnect_by_func (self->timeline, at_newest_cb, self);
      g_clear_signal_handler (&self->items_id, self->timeline);
      chat_timeline_set_following (self->timeline, TRUE);
    }
  if (self->view != NULL && self->scroller != NULL)
    gtk_list_view_set_model (self->view, NULL);
  g_set_object (&self->timeline, timeline);
  g_clear_object (&self->sought);
  self->held = 0;
  self->following = 2;
  if (timeline == NULL)
    return;
  g_signal_connect_object (timeline, "notify::at-newest", G_CALLBACK (at_newest_cb), self, G_CONNECT_SWAPPED);
  /* before the view hears of it */
  self->items_id = g_signal_connect_swapped (timeline, "items-changed", G_CALLBACK (items_changed_cb), self);
  set_at_bottom (self, TRUE);
  model = GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (g_object_ref (timeline))));
  gtk_list_view_set_model (self->view, model);
  stick_soon (self);
  want_pages (self);
}

void
chat_message_list_go_to_bottom (ChatMessageList *self)
{
  g_return_if_fail (CHAT_IS_MESSAGE_LIST (self));

  if (self->timeline == NULL)
    return;
  set_at_bottom (self, TRUE);
  chat_timeline_jump_to_newest (self->timeline);
  stick_soon (self);
}

gboolean
chat_message_list_get_at_bottom (ChatMessageList *self)
{
  return self->at_bottom;
}

void
chat_message_list_go_to_item (ChatMessageList *self, ChatMessageItem *item)
{
  g_return_if_fail (CHAT_IS_MESSAGE_LIST (self));

  if (self->timeline == NULL)
    return;
  self->sticking = FALSE;
  set_at_bottom (self, FALSE);
  g_set_object (&self->sought, item);
  self->tries = TRIES;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  if (self->surface != NULL)
    gdk_surface_request_layout (self->surface);
}

ChatMessageItem *
chat_message_list_get_first_visible (ChatMessageList *self)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *row = gtk_widget_get_first_child (child);
      graphene_rect_t bounds;

      if (CHAT_IS_MESSAGE_ROW (row) && gtk_widget_get_mapped (child)
          && gtk_widget_compute_bounds (child, GTK_WIDGET (self), &bounds) && bounds.origin.y + bounds.size.height > 0)
        return chat_message_row_get_item (CHAT_MESSAGE_ROW (row));
    }
  return NULL;
}
