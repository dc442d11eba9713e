/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/chat-markup.h"
#include "app/chat-message-row.h"

G_BEGIN_DECLS

/* A row by aspect: chat-message-row.c is what it consists of and how large it is; chat-message-row-draw.c how it looks.
 */

#define MARGIN 12
#define GAP 10
#define ICON 16
#define RIGHT (MARGIN + ICON + 6)
#define SEPARATOR_PAD 9
#define QUOTE_BAR 3
#define QUOTE_INDENT 10
#define QUOTE_BELOW 3
#define REACTIONS_PAD 4

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

/* Of its geometry, in pixels. */
int chat_message_row_get_avatar (ChatMessageRow *self);
int chat_message_row_get_text_x (ChatMessageRow *self);
/** chat_message_row_get_pad: above a row that does not continue the one before. */
int chat_message_row_get_pad (ChatMessageRow *self);
/** chat_message_row_get_text_width: what a row of this width leaves for its text. */
int chat_message_row_get_text_width (ChatMessageRow *self, int width);
/** chat_message_row_place: where something of this width stands whose start is @x from the row's start edge. */
int chat_message_row_place (ChatMessageRow *self, int x, int width);
int chat_message_row_get_layout_height (PangoLayout *layout);

/** chat_message_row_ensure_layouts: makes what is drawn, where it is not there. */
void chat_message_row_ensure_layouts (ChatMessageRow *self);

/* chat-message-row-draw.c */
void chat_message_row_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);

G_END_DECLS
