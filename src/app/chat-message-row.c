/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-message-row-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/chat-message-text.h"
#include "app/chat-reaction-bar.h"
#include "app/chat-warning-card.h"
#include "client/chat-mention.h"
#include "core/chat-time.h"

#define NATURAL_WIDTH 480

G_DEFINE_FINAL_TYPE (ChatMessageRow, chat_message_row, GTK_TYPE_WIDGET)

static gboolean
is_compact (ChatMessageRow *self)
{
  return self->look != NULL && chat_look_get_compact (self->look);
}

int
chat_message_row_get_avatar (ChatMessageRow *self)
{
  return is_compact (self) ? 24 : 36;
}

int
chat_message_row_get_text_x (ChatMessageRow *self)
{
  return MARGIN + chat_message_row_get_avatar (self) + GAP;
}

int
chat_message_row_get_pad (ChatMessageRow *self)
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

void
chat_message_row_ensure_layouts (ChatMessageRow *self)
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

int
chat_message_row_get_layout_height (PangoLayout *layout)
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
    height += chat_message_row_get_layout_height (self->separator) + 2 * SEPARATOR_PAD;
  if (self->unread != NULL)
    height += chat_message_row_get_layout_height (self->unread) + 2 * SEPARATOR_PAD;
  return height;
}

/* What a row of this width leaves for its text. */
int
chat_message_row_get_text_width (ChatMessageRow *self, int width)
{
  return MAX (width - chat_message_row_get_text_x (self) - RIGHT, 40);
}

static int
reactions_height (ChatMessageRow *self, int width)
{
  int height;

  if (self->reactions == NULL)
    return 0;
  gtk_widget_measure (self->reactions, GTK_ORIENTATION_VERTICAL, chat_message_row_get_text_width (self, width), &height,
                      NULL, NULL, NULL);
  return height + REACTIONS_PAD;
}

/* The height at a width, and with it the width of what wraps. */
static int
height_for_width (ChatMessageRow *self, int width)
{
  int height;

  chat_message_row_ensure_layouts (self);
  if (self->item == NULL)
    return 0;
  height = separators_height (self);
  if (self->card != NULL)
    {
      int card;

      gtk_widget_measure (self->card, GTK_ORIENTATION_VERTICAL,
                          MAX (width - chat_message_row_get_text_x (self) - MARGIN, 1), &card, NULL, NULL, NULL);
      return height + card + 12;
    }
  if (self->text == NULL)
    return height;
  if (self->author != NULL)
    height += chat_message_row_get_pad (self) + chat_message_row_get_layout_height (self->author) + 1;
  if (self->quote != NULL)
    height += chat_message_row_get_layout_height (self->quote) + QUOTE_BELOW;
  pango_layout_set_width (self->text, chat_message_row_get_text_width (self, width) * PANGO_SCALE);
  return height + chat_message_row_get_layout_height (self->text) + reactions_height (self, width) + pad_below (self);
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
      *minimum = MAX (chat_message_row_get_text_x (self) + RIGHT + 60,
                      card == 0 ? 0 : card + chat_message_row_get_text_x (self) + MARGIN);
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
                            &(GtkAllocation){ mirrored ? right : chat_message_row_get_text_x (self), y,
                                              MAX (width - chat_message_row_get_text_x (self) - right, 1),
                                              MAX (height, 1) },
                            -1);
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  ChatMessageRow *self = CHAT_MESSAGE_ROW (widget);

  if (self->card == NULL && self->reactions == NULL)
    return;
  chat_message_row_ensure_layouts (self);
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

static int
quote_top (ChatMessageRow *self)
{
  int y = separators_height (self);

  if (self->author != NULL)
    y += chat_message_row_get_pad (self) + chat_message_row_get_layout_height (self->author) + 1;
  return y;
}

static int
text_top (ChatMessageRow *self)
{
  return quote_top (self) + (self->quote != NULL ? chat_message_row_get_layout_height (self->quote) + QUOTE_BELOW : 0);
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
  if (self->card != NULL)
    chat_warning_card_set_warning (CHAT_WARNING_CARD (self->card), chat_message_item_get_warning (self->item));
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
  widget_class->snapshot = chat_message_row_snapshot;
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
  if (!pango_layout_xy_to_index (self->text,
                                 (x - chat_message_row_place (self, chat_message_row_get_text_x (self), width))
                                     * PANGO_SCALE,
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
  if (y < top || y >= top + chat_message_row_get_layout_height (self->quote) || x < MARGIN
      || x > gtk_widget_get_width (GTK_WIDGET (self)))
    return NULL;
  return chat_message_get_reply_to (chat_message_item_get_message (self->item));
}
