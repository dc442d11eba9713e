/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-message-row-private.h"

#include "core/chat-time.h"

/* Colours of authors: pairs that can be read on a light and on a dark ground. */
static const char *const author_colours[][2] = {
  { "#1a5fb4", "#99c1f1" }, { "#26704a", "#8ff0a4" }, { "#a51d2d", "#f66151" }, { "#613583", "#dc8add" },
  { "#8f5902", "#f9c866" }, { "#0f6b78", "#7fd9e6" }, { "#9c3d00", "#ffbe6f" }, { "#4a4f9e", "#b5b8ff" },
};

int
chat_message_row_place (ChatMessageRow *self, int x, int width)
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
  int width, height, x = chat_message_row_place (self, MARGIN, chat_message_row_get_avatar (self));

  ground.alpha = 0.18;
  gsk_rounded_rect_init_from_rect (&circle,
                                   &GRAPHENE_RECT_INIT (x, y, chat_message_row_get_avatar (self),
                                                        chat_message_row_get_avatar (self)),
                                   chat_message_row_get_avatar (self) / 2.0);
  gtk_snapshot_push_rounded_clip (snapshot, &circle);
  gtk_snapshot_append_color (snapshot, &ground, &circle.bounds);
  gtk_snapshot_pop (snapshot);
  pango_layout_get_pixel_size (self->initial, &width, &height);
  draw_layout (snapshot, self->initial, x + (chat_message_row_get_avatar (self) - width) / 2,
               y + (chat_message_row_get_avatar (self) - height) / 2, colour);
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
                                   &GRAPHENE_RECT_INIT (chat_message_row_place (self, x, width + 10),
                                                        y + (line - height) / 2 - 1, width + 10, height + 2),
                                   4);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  gtk_snapshot_append_color (snapshot, &ground, &frame.bounds);
  gtk_snapshot_pop (snapshot);
  draw_layout (snapshot, self->badge, chat_message_row_place (self, x + 5, width), y + (line - height) / 2, dim);
}

static int
draw_header (ChatMessageRow *self, GtkSnapshot *snapshot, int y, const GdkRGBA *colour, const GdkRGBA *dim)
{
  int width, height, time_width, time_height, badge_width = 0, room, x = chat_message_row_get_text_x (self);

  pango_layout_get_pixel_size (self->time, &time_width, &time_height);
  if (self->badge != NULL)
    pango_layout_get_pixel_size (self->badge, &badge_width, NULL);
  room = gtk_widget_get_width (GTK_WIDGET (self)) - chat_message_row_get_text_x (self) - RIGHT - time_width - 8;
  if (badge_width > 0)
    room -= badge_width + 18;
  pango_layout_set_width (self->author, -1);
  pango_layout_get_pixel_size (self->author, &width, &height);
  if (width > room)
    {
      pango_layout_set_width (self->author, MAX (room, 20) * PANGO_SCALE);
      pango_layout_get_pixel_size (self->author, &width, &height);
    }
  draw_layout (snapshot, self->author, chat_message_row_place (self, x, width), y, colour);
  x += width + 8;
  if (self->badge != NULL)
    {
      draw_badge (self, snapshot, x, y, height, dim);
      x += badge_width + 18;
    }
  draw_layout (snapshot, self->time, chat_message_row_place (self, x, time_width), y + (height - time_height) / 2 + 1,
               dim);
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
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (chat_message_row_place (self, x, ICON), y));
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
                 MIN (chat_message_row_get_text_x (self) + text_width + 6, x - (icon == NULL ? 0 : ICON + 2)), y, dim);
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
  int height = chat_message_row_get_layout_height (self->quote), inner = MAX (width - QUOTE_INDENT, 20);
  GdkRGBA bar = *dim;

  bar.alpha *= 0.5;
  pango_layout_set_width (self->quote, inner * PANGO_SCALE);
  gtk_snapshot_append_color (snapshot, &bar,
                             &GRAPHENE_RECT_INIT (chat_message_row_place (self, chat_message_row_get_text_x (self),
                                                                          QUOTE_BAR),
                                                  y, QUOTE_BAR, height));
  draw_layout (snapshot, self->quote,
               chat_message_row_place (self, chat_message_row_get_text_x (self) + QUOTE_INDENT, inner), y, dim);
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
      y += chat_message_row_get_pad (self);
      draw_avatar (self, snapshot, y, &colour);
      y += draw_header (self, snapshot, y, &colour, dim) + 1;
    }
  width = chat_message_row_get_text_width (self, gtk_widget_get_width (GTK_WIDGET (self)));
  if (self->quote != NULL)
    y += draw_quote (self, snapshot, y, width, dim) + QUOTE_BELOW;
  pango_layout_set_width (self->text, width * PANGO_SCALE);
  draw_layout (snapshot, self->text, chat_message_row_place (self, chat_message_row_get_text_x (self), width), y,
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
  int top = y + (self->author != NULL ? chat_message_row_get_pad (self) / 2 : 0);
  GdkRGBA ground = *accent;

  ground.alpha *= 0.12;
  gtk_snapshot_append_color (snapshot, &ground, &GRAPHENE_RECT_INIT (0, top, width, height - top));
  gtk_snapshot_append_color (snapshot, accent,
                             &GRAPHENE_RECT_INIT (chat_message_row_place (self, 0, QUOTE_BAR), top, QUOTE_BAR,
                                                  height - top));
}

void
chat_message_row_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (widget);
  GdkRGBA text, dim, line, accent;
  int y = 0;

  if (self->item == NULL)
    return;
  chat_message_row_ensure_layouts (self);
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
