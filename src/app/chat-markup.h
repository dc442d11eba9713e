/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <pango/pango.h>

G_BEGIN_DECLS

/** ChatMarkupLink: a run of bytes of the shown text that leads to @uri. */
typedef struct
{
  guint start, end;
  char *uri;
} ChatMarkupLink;

/** ChatMarkup: a message's text as it is shown: markers taken out, their effect as attributes. Never Pango markup: what
 * people write can't be markup. */
typedef struct
{
  char *text;
  PangoAttrList *attributes;
  GArray *links; /* (element-type ChatMarkupLink) */
} ChatMarkup;

/** chat_markup_parse: `*bold*`, `_italic_`, `` `code` ``, blocks between lines of three backquotes, and http, https and
 * mailto links. Linear in the text. */
ChatMarkup *chat_markup_parse (const char *text);
void chat_markup_free (ChatMarkup *self);
/** chat_markup_find_link: (nullable) (transfer none): the uri at a byte of the shown text. */
const char *chat_markup_find_link (ChatMarkup *self, int index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMarkup, chat_markup_free)

G_END_DECLS
