/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-message-row.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/chat-markup.h"
#include "app/chat-message-text.h"
#include "app/chat-reaction-bar.h"
#include "app/chat-warning-card.h"
#include "client/chat-mention.h"
#include "core/chat-time.h"

#define MARGIN 12
#define GAP 10
#define ICON 16
#define RIGHT (MARGIN + ICON + 6)
#define SEPARATOR_PAD 9
#define QUOTE_BAR 3
#define QUOTE_INDENT 10
#define QUOTE_BELOW 3
#define REACTIONS_PAD 4
#define NATURAL_WIDTH 480

struct _ChatMessageRow
{
  GtkWidget parent_instance;

  /* Owned */
  ChatLook *look; /* nullable */
  ChatMessageItem *item;
  ChatMarkup *markup;
  PangoLayout *separator; /* the day, and below it the "new messages" line */
  PangoLayout *unread;
  PangoLayout *author;
  PangoLayout *badge;
  PangoLayout *time;
  PangoLayout *quote;
  PangoLayout *text;
  PangoLayout *initial;
  GtkWidget *card;
  GtkWidget *reactions; /* where there are any */
  gulong changed_id;
  gboolean names_reader; /* somebody else names who reads */

  /* The last measurement: a list asks several times for the same width. */
  int measured_width;
  int measured_height;
};

G_DEFINE_FINAL_TYPE (ChatMessageRow, chat_message_row, GTK_TYPE_WIDGET)

/* Colours of authors: pairs that can be read on a light and on a dark ground. */
static const char *const author_colours[][2] = {
  { "#1a5fb4", "#99c1f1" }, { "#26704a", "#8ff0a4" }, { "#a51d2d", "#f66151" }, { "#613583", "#dc8add" },
  { "#8f5902", "#f9c866" }, { "#0f6b78", "#7fd9e6" }, { "#9c3d00", "#ffbe6f" }, { "#4a4f9e", "#b5b8ff" },
};

static gboolean
is_compact (ChatMessageRow *self)
{
  return self->look != NULL && chat_look_get_compact (self->look);
}

static int
avatar (ChatMessageRow *self)
{
  return is_compact (self) ? 24 : 36;
}

static int
text_x (ChatMessageRow *self)
{
  return MARGIN + avatar (self) + GAP;
}

static int
pad_above (ChatMessageRow *self)
{
  return is_compact (self) ? 4 : 10;
}

static int
pad_below (ChatMessageRow *self)
{
  return is_compact (self) ? 1 : 3;
}

static void
drop_layouts (ChatMessageRow *self)
{
  g_clear_object (&self->separator);
  g_clear_object (&self->unread);
  g_clear_object (&self->author);
  g_clear_object (&self->badge);
  g_clear_object (&self->time);
  g_clear_object (&self->quote);
  g_clear_object (&self->text);
  g_clear_object (&self->initial);
  g_clear_pointer (&self->markup, chat_markup_free);
  self->measured_width = -1;
}

static PangoLayout *
create_layout (ChatMessageRow *self, const char *text, double scale, gboolean bold)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  PangoAttrList *attributes = pango_attr_list_new ();

  if (scale != 1.0)
    pango_attr_list_insert (attributes, pango_attr_scale_new (scale));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  return layout;
}

static void
create_header (ChatMessageRow *self, ChatMessage *message)
{
  const char *author = chat_message_get_author (message);
  g_autofree char *time = chat_message_text_format_clock (chat_message_item_get_time (self->item), self->look);
  g_autofree char *initial = NULL;
  char first[7] = { 0 };

  if (author == NULL || *author == '\0')
    author = _ ("Unknown");
  g_unichar_to_utf8 (g_utf8_get_char (author), first);
  initial = g_utf8_strup (first, -1);
  self->author = create_layout (self, author, 1.0, TRUE);
  pango_layout_set_ellipsize (self->author, PANGO_ELLIPSIZE_END);
  self->time = create_layout (self, time, 0.85, FALSE);
  self->initial = create_layout (self, initial, 1.15, TRUE);
  if (chat_message_get_bot (message))
    /* Translators: a badge behind a bot's name */
    self->badge = create_layout (self, _ ("bot"), 0.75, TRUE);
}

static gboolean
is_said (ChatMessageRow *self)
{
  ChatMessageKind kind = chat_message_get_kind (chat_message_item_get_message (self->item));

  return (kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE) && chat_message_item_get_text (self->item) != NULL;
}

/* What was said, and small behind it that it was said in another way first. */
static void
create_text (ChatMessageRow *self)
{
  gboolean deleted = chat_message_item_get_deleted (self->item) != CHAT_TIME_UNKNOWN;
  gboolean edited = !deleted && chat_message_item_get_edited (self->item) != CHAT_TIME_UNKNOWN;
  g_autofree char *text = chat_message_text_dup (self->item);
  g_autofree char *shown = NULL;
  PangoAttrList *attributes;
  PangoAttribute *attribute;

  self->markup = chat_markup_parse (text);
  self->names_reader = !deleted && !chat_message_item_get_own (self->item) && is_said (self) && self->look != NULL
                       && chat_look_get_user (self->look) != NULL
                       && chat_mention_is_in (chat_message_item_get_text (self->item), chat_look_get_user (self->look));
  /* Translators: small, behind a message that was edited */
  shown = g_strconcat (self->markup->text, edited ? "  " : NULL, edited ? _ ("(edited)") : NULL, NULL);
  self->text = gtk_widget_create_pango_layout (GTK_WIDGET (self), shown);
  attributes = pango_attr_list_copy (self->markup->attributes);
  if (edited)
    {
      guint start = (guint)strlen (self->markup->text);

      attribute = pango_attr_scale_new (0.8);
      attribute->start_index = start;
      pango_attr_list_insert (attributes, attribute);
      attribute = pango_attr_foreground_alpha_new (G_MAXUINT16 * 6 / 10);
      attribute->start_index = start;
      pango_attr_list_insert (attributes, attribute);
    }
  if (deleted || chat_message_get_kind (chat_message_item_get_message (self->item)) == CHAT_KIND_NOTICE)
    pango_attr_list_insert (attributes, pango_attr_style_new (PANGO_STYLE_ITALIC));
  pango_layout_set_attributes (self->text, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_set_wrap (self->text, PANGO_WRAP_WORD_CHAR);
}

static void
create_quote (ChatMessageRow *self)
{
  g_autofree char *quote = chat_message_text_dup_quote (self->item);

  if (quote == NULL)
    return;
  self->quote = create_layout (self, quote, 0.9, FALSE);
  pango_layout_set_ellipsize (self->quote, PANGO_ELLIPSIZE_END);
  pango_layout_set_single_paragraph_mode (self->quote, TRUE);
}

static void
ensure_layouts (ChatMessageRow *self)
{
  ChatMessage *message;

  if (self->item == NULL || self->text != NULL || self->separator != NULL || self->unread != NULL)
    return;
  if (chat_message_item_get_starts_day (self->item))
    {
      g_autofree char *day = chat_message_text_format_day (chat_message_item_get_time (self->item));

      self->separator = create_layout (self, day, 0.85, TRUE);
    }
  if (chat_message_item_get_unread_above (self->item) > 0)
    {
      guint n = chat_message_item_get_unread_above (self->item);
      g_autofree char *line = g_strdup_printf (ngettext ("%u new message", "%u new messages", n), n);

      self->unread = create_layout (self, line, 0.85, TRUE);
    }
  message = chat_message_item_get_message (self->item);
  if (message == NULL)
    return;
  if (!chat_message_item_get_continues (self->item))
    create_header (self, message);
  create_quote (self);
  create_text (self);
}

static int
layout_height (PangoLayout *layout)
{
  int height;

  pango_layout_get_pixel_size (layout, NULL, &height);
  return height;
}

static int
separators_height (ChatMessageRow *self)
{
  int height = 0;

  if (self->separator != NULL)
    height += layout_height (self->separator) + 2 * SEPARATOR_PAD;
  if (self->unread != NULL)
    height += layout_height (self->unread) + 2 * SEPARATOR_PAD;
  return height;
}

/* What a row of this width leaves for its text. */
static int
text_width (ChatMessageRow *self, int width)
{
  return MAX (width - text_x (self) - RIGHT, 40);
}

static int
reactions_height (ChatMessageRow *self, int width)
{
  int height;

  if (self->reactions == NULL)
    return 0;
  gtk_widget_measure (self->reactions, GTK_ORIENTATION_VERTICAL, text_width (self, width), &height, NULL, NULL, NULL);
  return height + REACTIONS_PAD;
}

/* The height at a width, and with it the width of what wraps. */
static int
height_for_width (ChatMessageRow *self, int width)
{
  int height;

  ensure_layouts (self);
  if (self->item == NULL)
    return 0;
  height = separators_height (self);
  if (self->card != NULL)
    {
      int card;

      gtk_widget_measure (self->card, GTK_ORIENTATION_VERTICAL, MAX (width - text_x (self) - MARGIN, 1), &card, NULL,
                          NULL, NULL);
      return height + card + 12;
    }
  if (self->text == NULL)
    return height;
  if (self->author != NULL)
    height += pad_above (self) + layout_height (self->author) + 1;
  if (self->quote != NULL)
    height += layout_height (self->quote) + QUOTE_BELOW;
  pango_layout_set_width (self->text, text_width (self, width) * PANGO_SCALE);
  return height + layout_height (self->text) + reactions_height (self, width) + pad_below (self);
}

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
         int *natural_baseline)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      int card = 0;

      if (self->card != NULL)
        gtk_widget_measure (self->card, orientation, -1, &card, NULL, NULL, NULL);
      if (self->reactions != NULL)
        gtk_widget_measure (self->reactions, orientation, -1, &card, NULL, NULL, NULL);
      *minimum = MAX (text_x (self) + RIGHT + 60, card == 0 ? 0 : card + text_x (self) + MARGIN);
      *natural = MAX (NATURAL_WIDTH, *minimum);
      return;
    }
  if (for_size < 0)
    for_size = NATURAL_WIDTH;
  if (self->card != NULL || self->reactions != NULL || self->measured_width != for_size)
    {
      self->measured_height = height_for_width (self, for_size);
      self->measured_width = for_size;
    }
  *minimum = *natural = self->measured_height;
}

static void
allocate_child (ChatMessageRow *self, GtkWidget *child, int width, int y, int height)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int right = child == self->card ? MARGIN : RIGHT;

  gtk_widget_size_allocate (child,
                            &(GtkAllocation){ mirrored ? right : text_x (self), y,
                                              MAX (width - text_x (self) - right, 1), MAX (height, 1) },
                            -1);
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (widget);

  if (self->card == NULL && self->reactions == NULL)
    return;
  ensure_layouts (self);
  if (self->card != NULL)
    {
      int top = separators_height (self);

      allocate_child (self, self->card, width, top + 6, height - top - 12);
    }
  if (self->reactions != NULL)
    {
      int bar = reactions_height (self, width) - REACTIONS_PAD;

      allocate_child (self, self->reactions, width, height - bar - pad_below (self), bar);
    }
}

/* Where something of this width stands whose start is @x from the row's start edge. */
static int
place (ChatMessageRow *self, int x, int width)
{
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    return gtk_widget_get_width (GTK_WIDGET (self)) - x - width;
  return x;
}

static void
draw_layout (GtkSnapshot *snapshot, PangoLayout *layout, int x, int y, const GdkRGBA *colour)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

static void
draw_rule (ChatMessageRow *self, GtkSnapshot *snapshot, PangoLayout *label, int *y, const GdkRGBA *text,
           const GdkRGBA *line)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self));
  int label_width, label_height, x, middle;

  pango_layout_get_pixel_size (label, &label_width, &label_height);
  x = (width - label_width) / 2;
  middle = *y + SEPARATOR_PAD + label_height / 2;
  if (x > MARGIN + 16)
    {
      gtk_snapshot_append_color (snapshot, line, &GRAPHENE_RECT_INIT (MARGIN, middle, x - MARGIN - 12, 1));
      gtk_snapshot_append_color (snapshot, line,
                                 &GRAPHENE_RECT_INIT (x + label_width + 12, middle,
                                                      width - MARGIN - x - label_width - 12, 1));
    }
  draw_layout (snapshot, label, x, *y + SEPARATOR_PAD, text);
  *y += label_height + 2 * SEPARATOR_PAD;
}

static void
author_colour (ChatMessage *message, gboolean dark, GdkRGBA *colour)
{
  const char *author = chat_message_get_author (message);
  guint i = author == NULL ? 0 : g_str_hash (author) % G_N_ELEMENTS (author_colours);

  gdk_rgba_parse (colour, author_colours[i][dark ? 1 : 0]);
}

static void
draw_avatar (ChatMessageRow *self, GtkSnapshot *snapshot, int y, const GdkRGBA *colour)
{
  GskRoundedRect circle;
  GdkRGBA ground = *colour;
  int width, height, x = place (self, MARGIN, avatar (self));

  ground.alpha = 0.18;
  gsk_rounded_rect_init_from_rect (&circle, &GRAPHENE_RECT_INIT (x, y, avatar (self), avatar (self)),
                                   avatar (self) / 2.0);
  gtk_snapshot_push_rounded_clip (snapshot, &circle);
  gtk_snapshot_append_color (snapshot, &ground, &circle.bounds);
  gtk_snapshot_pop (snapshot);
  pango_layout_get_pixel_size (self->initial, &width, &height);
  draw_layout (snapshot, self->initial, x + (avatar (self) - width) / 2, y + (avatar (self) - height) / 2, colour);
}

static void
draw_badge (ChatMessageRow *self, GtkSnapshot *snapshot, int x, int y, int line, const GdkRGBA *dim)
{
  GskRoundedRect frame;
  GdkRGBA ground = *dim;
  int width, height;

  pango_layout_get_pixel_size (self->badge, &width, &height);
  ground.alpha = 0.15;
  gsk_rounded_rect_init_from_rect (&frame,
                                   &GRAPHENE_RECT_INIT (place (self, x, width + 10), y + (line - height) / 2 - 1,
                                                        width + 10, height + 2),
                                   4);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  gtk_snapshot_append_color (snapshot, &ground, &frame.bounds);
  gtk_snapshot_pop (snapshot);
  draw_layout (snapshot, self->badge, place (self, x + 5, width), y + (line - height) / 2, dim);
}

static int
draw_header (ChatMessageRow *self, GtkSnapshot *snapshot, int y, const GdkRGBA *colour, const GdkRGBA *dim)
{
  int width, height, time_width, time_height, badge_width = 0, room, x = text_x (self);

  pango_layout_get_pixel_size (self->time, &time_width, &time_height);
  if (self->badge != NULL)
    pango_layout_get_pixel_size (self->badge, &badge_width, NULL);
  room = gtk_widget_get_width (GTK_WIDGET (self)) - text_x (self) - RIGHT - time_width - 8;
  if (badge_width > 0)
    room -= badge_width + 18;
  pango_layout_set_width (self->author, -1);
  pango_layout_get_pixel_size (self->author, &width, &height);
  if (width > room)
    {
      pango_layout_set_width (self->author, MAX (room, 20) * PANGO_SCALE);
      pango_layout_get_pixel_size (self->author, &width, &height);
    }
  draw_layout (snapshot, self->author, place (self, x, width), y, colour);
  x += width + 8;
  if (self->badge != NULL)
    {
      draw_badge (self, snapshot, x, y, height, dim);
      x += badge_width + 18;
    }
  draw_layout (snapshot, self->time, place (self, x, time_width), y + (height - time_height) / 2 + 1, dim);
  return height;
}

static const char *
delivery_icon (ChatDelivery delivery)
{
  switch (delivery)
    {
    case CHAT_DELIVERY_QUEUED:
      return "chat-queued-symbolic";
    case CHAT_DELIVERY_ACCEPTED:
    case CHAT_DELIVERY_MODERATED:
      return "chat-accepted-symbolic";
    case CHAT_DELIVERY_STORED:
      return "chat-stored-symbolic";
    case CHAT_DELIVERY_FAILED:
    case CHAT_DELIVERY_REFUSED:
      return "chat-failed-symbolic";
    case CHAT_DELIVERY_NONE:
    default:
      return NULL;
    }
}

static void
draw_icon (ChatMessageRow *self, GtkSnapshot *snapshot, const char *name, int x, int y, const GdkRGBA *colour)
{
  GtkWidget *widget = GTK_WIDGET (self);
  g_autoptr (GtkIconPaintable) icon
      = gtk_icon_theme_lookup_icon (gtk_icon_theme_get_for_display (gtk_widget_get_display (widget)), name, NULL, ICON,
                                    gtk_widget_get_scale_factor (widget), gtk_widget_get_direction (widget),
                                    GTK_ICON_LOOKUP_FORCE_SYMBOLIC);

  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (place (self, x, ICON), y));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (icon), snapshot, ICON, ICON, colour, 1);
  gtk_snapshot_restore (snapshot);
}

static void
draw_marks (ChatMessageRow *self, GtkSnapshot *snapshot, ChatMessage *message, int y, const GdkRGBA *dim,
            const GdkRGBA *failed)
{
  ChatDelivery delivery = chat_message_item_get_delivery (self->item);
  const char *icon = delivery_icon (delivery);
  int x = gtk_widget_get_width (GTK_WIDGET (self)) - MARGIN - ICON + 4;

  if (icon != NULL)
    draw_icon (self, snapshot, icon, x, y, delivery >= CHAT_DELIVERY_FAILED ? failed : dim);
  if (chat_message_get_moderation (message) != NULL)
    {
      int text_width;

      pango_layout_get_pixel_size (self->text, &text_width, NULL);
      draw_icon (self, snapshot, "chat-masked-symbolic",
                 MIN (text_x (self) + text_width + 6, x - (icon == NULL ? 0 : ICON + 2)), y, dim);
    }
}

static void
lookup_colour (GtkWidget *widget, const char *name, const char *fallback, GdkRGBA *colour)
{
  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), name, colour))
    gdk_rgba_parse (colour, fallback);
}

static int
draw_quote (ChatMessageRow *self, GtkSnapshot *snapshot, int y, int width, const GdkRGBA *dim)
{
  int height = layout_height (self->quote), inner = MAX (width - QUOTE_INDENT, 20);
  GdkRGBA bar = *dim;

  bar.alpha *= 0.5;
  pango_layout_set_width (self->quote, inner * PANGO_SCALE);
  gtk_snapshot_append_color (snapshot, &bar,
                             &GRAPHENE_RECT_INIT (place (self, text_x (self), QUOTE_BAR), y, QUOTE_BAR, height));
  draw_layout (snapshot, self->quote, place (self, text_x (self) + QUOTE_INDENT, inner), y, dim);
  return height;
}

static void
snapshot_message (ChatMessageRow *self, GtkSnapshot *snapshot, int y, const GdkRGBA *text, const GdkRGBA *dim)
{
  ChatMessage *message = chat_message_item_get_message (self->item);
  gboolean dark = text->red + text->green + text->blue > 1.5;
  ChatDelivery delivery = chat_message_item_get_delivery (self->item);
  GdkRGBA colour, failed;
  int width;

  author_colour (message, dark, &colour);
  lookup_colour (GTK_WIDGET (self), "error_color", "#c01c28", &failed);
  if (self->author != NULL)
    {
      y += pad_above (self);
      draw_avatar (self, snapshot, y, &colour);
      y += draw_header (self, snapshot, y, &colour, dim) + 1;
    }
  width = text_width (self, gtk_widget_get_width (GTK_WIDGET (self)));
  if (self->quote != NULL)
    y += draw_quote (self, snapshot, y, width, dim) + QUOTE_BELOW;
  pango_layout_set_width (self->text, width * PANGO_SCALE);
  draw_layout (snapshot, self->text, place (self, text_x (self), width), y,
               delivery == CHAT_DELIVERY_QUEUED || chat_message_get_kind (message) != CHAT_KIND_MESSAGE
                       || chat_message_item_get_deleted (self->item) != CHAT_TIME_UNKNOWN
                   ? dim
                   : text);
  draw_marks (self, snapshot, message, y + 1, dim, &failed);
}

/* Behind what names who reads: a tinted ground, and a bar at its start. */
static void
draw_mention (ChatMessageRow *self, GtkSnapshot *snapshot, int y, const GdkRGBA *accent)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  int top = y + (self->author != NULL ? pad_above (self) / 2 : 0);
  GdkRGBA ground = *accent;

  ground.alpha *= 0.12;
  gtk_snapshot_append_color (snapshot, &ground, &GRAPHENE_RECT_INIT (0, top, width, height - top));
  gtk_snapshot_append_color (snapshot, accent,
                             &GRAPHENE_RECT_INIT (place (self, 0, QUOTE_BAR), top, QUOTE_BAR, height - top));
}

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (widget);
  GdkRGBA text, dim, line, accent;
  int y = 0;

  if (self->item == NULL)
    return;
  ensure_layouts (self);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &text);
  dim = line = text;
  dim.alpha *= 0.62;
  line.alpha *= 0.15;
  lookup_colour (widget, "accent_color", "#1c71d8", &accent);
  if (self->separator != NULL)
    draw_rule (self, snapshot, self->separator, &y, &dim, &line);
  if (self->unread != NULL)
    draw_rule (self, snapshot, self->unread, &y, &accent, &accent);
  if (self->card != NULL)
    gtk_widget_snapshot_child (widget, self->card, snapshot);
  else if (self->text != NULL && self->names_reader)
    draw_mention (self, snapshot, y, &accent);
  if (self->card == NULL && self->text != NULL)
    snapshot_message (self, snapshot, y, &text, &dim);
  if (self->reactions != NULL)
    gtk_widget_snapshot_child (widget, self->reactions, snapshot);
}

static int
quote_top (ChatMessageRow *self)
{
  int y = separators_height (self);

  if (self->author != NULL)
    y += pad_above (self) + layout_height (self->author) + 1;
  return y;
}

static int
text_top (ChatMessageRow *self)
{
  return quote_top (self) + (self->quote != NULL ? layout_height (self->quote) + QUOTE_BELOW : 0);
}

static gboolean
query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (widget);
  g_autofree char *text = NULL;

  if (self->text == NULL)
    return FALSE;
  text = chat_message_text_dup_details (self->item);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
update_label (ChatMessageRow *self)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *label = NULL;

  if (parent == NULL || self->item == NULL)
    return;
  label = chat_message_text_dup_label (self->item, self->look);
  gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
update_card (ChatMessageRow *self)
{
  const ChatWarning *warning = self->item == NULL ? NULL : chat_message_item_get_warning (self->item);

  g_clear_pointer (&self->card, gtk_widget_unparent);
  if (warning == NULL)
    return;
  self->card = chat_warning_card_new (warning);
  gtk_widget_set_parent (self->card, GTK_WIDGET (self));
}

static void
update_reactions (ChatMessageRow *self)
{
  gboolean any = self->item != NULL && chat_message_item_get_message (self->item) != NULL
                 && chat_message_item_get_reactions (self->item)->len > 0;

  if (!any)
    {
      g_clear_pointer (&self->reactions, gtk_widget_unparent);
      return;
    }
  if (self->reactions == NULL)
    {
      self->reactions = chat_reaction_bar_new ();
      gtk_widget_set_parent (self->reactions, GTK_WIDGET (self));
    }
  chat_reaction_bar_set_item (CHAT_REACTION_BAR (self->reactions), self->item);
}

static void
item_changed_cb (ChatMessageRow *self)
{
  int before = self->measured_height;
  int width = self->measured_width;

  drop_layouts (self);
  update_label (self);
  update_reactions (self);
  /* A new state changes no height: drawing again is enough. */
  if (width > 0 && self->card == NULL && self->reactions == NULL)
    {
      self->measured_height = height_for_width (self, width);
      self->measured_width = width;
      if (self->measured_height == before)
        {
          gtk_widget_queue_draw (GTK_WIDGET (self));
          return;
        }
    }
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (chat_message_row_parent_class)->css_changed (widget, change);
  drop_layouts (CHAT_MESSAGE_ROW (widget));
  gtk_widget_queue_resize (widget);
}

static void
system_setting_changed (GtkWidget *widget, GtkSystemSetting setting)
{
  GTK_WIDGET_CLASS (chat_message_row_parent_class)->system_setting_changed (widget, setting);
  drop_layouts (CHAT_MESSAGE_ROW (widget));
  gtk_widget_queue_resize (widget);
}

static void
dispose (GObject *object)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (object);

  chat_message_row_set_item (self, NULL);
  g_clear_object (&self->look);
  G_OBJECT_CLASS (chat_message_row_parent_class)->dispose (object);
}

static void
chat_message_row_class_init (ChatMessageRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = dispose;
  widget_class->get_request_mode = get_request_mode;
  widget_class->measure = measure;
  widget_class->size_allocate = size_allocate;
  widget_class->snapshot = snapshot;
  widget_class->query_tooltip = query_tooltip;
  widget_class->css_changed = css_changed;
  widget_class->system_setting_changed = system_setting_changed;
  gtk_widget_class_set_css_name (widget_class, "message");
}

static void
chat_message_row_init (ChatMessageRow *self)
{
  self->measured_width = -1;
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

static void
look_changed_cb (ChatMessageRow *self)
{
  drop_layouts (self);
  if (self->item != NULL)
    update_label (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

GtkWidget *
chat_message_row_new (ChatLook *look)
{
  ChatMessageRow *self = g_object_new (CHAT_TYPE_MESSAGE_ROW, NULL);

  g_set_object (&self->look, look);
  if (look != NULL)
    g_signal_connect_object (look, "changed", G_CALLBACK (look_changed_cb), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}

void
chat_message_row_set_item (ChatMessageRow *self, ChatMessageItem *item)
{
  g_return_if_fail (CHAT_IS_MESSAGE_ROW (self));

  if (self->item == item)
    return;
  if (self->item != NULL)
    g_clear_signal_handler (&self->changed_id, self->item);
  g_set_object (&self->item, item);
  drop_layouts (self);
  update_card (self);
  update_reactions (self);
  if (item == NULL)
    return;
  self->changed_id = g_signal_connect_object (item, "changed", G_CALLBACK (item_changed_cb), self, G_CONNECT_SWAPPED);
  update_label (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

ChatMessageItem *
chat_message_row_get_item (ChatMessageRow *self)
{
  return self->item;
}

const char *
chat_message_row_get_link_at (ChatMessageRow *self, double x, double y)
{
  int index, width;

  if (self->text == NULL || self->markup->links->len == 0)
    return NULL;
  width = pango_layout_get_width (self->text) / PANGO_SCALE;
  if (!pango_layout_xy_to_index (self->text, (x - place (self, text_x (self), width)) * PANGO_SCALE,
                                 (y - text_top (self)) * PANGO_SCALE, &index, NULL))
    return NULL;
  return chat_markup_find_link (self->markup, index);
}

const char *
chat_message_row_get_quote_at (ChatMessageRow *self, double x, double y)
{
  int top;

  if (self->quote == NULL)
    return NULL;
  top = quote_top (self);
  if (y < top || y >= top + layout_height (self->quote) || x < MARGIN || x > gtk_widget_get_width (GTK_WIDGET (self)))
    return NULL;
  return chat_message_get_reply_to (chat_message_item_get_message (self->item));
}
