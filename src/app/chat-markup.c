/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-markup.h"

#include <string.h>

static void
link_clear (gpointer data)
{
  g_free (((ChatMarkupLink *)data)->uri);
}

static void
add_attribute (ChatMarkup *self, PangoAttribute *attribute, gsize start, gsize end)
{
  attribute->start_index = start;
  attribute->end_index = end;
  pango_attr_list_insert (self->attributes, attribute);
}

static void
add_code (ChatMarkup *self, GString *out, const char *code, gsize length)
{
  gsize start = out->len;

  g_string_append_len (out, code, length);
  add_attribute (self, pango_attr_family_new ("monospace"), start, out->len);
  add_attribute (self, pango_attr_background_new (0x8080, 0x8080, 0x8080), start, out->len);
  add_attribute (self, pango_attr_background_alpha_new (0x2fff), start, out->len);
}

static gsize
link_length (const char *text)
{
  static const char *const schemes[] = { "https://", "http://", "mailto:" };
  gsize length = 0;

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      if (g_ascii_strncasecmp (text, schemes[i], strlen (schemes[i])) != 0)
        continue;
      length = strlen (schemes[i]);
      if (text[length] == '\0' || g_ascii_isspace (text[length]))
        return 0;
      length += strcspn (text + length, " \t\n<>\"");
      /* A sentence's own punctuation is not the link's. */
      while (length > 0 && strchr (".,;:!?'*_", text[length - 1]) != NULL)
        length--;
      if (length > 0 && text[length - 1] == ')' && memchr (text, '(', length) == NULL)
        length--;
      return length;
    }
  return 0;
}

static gsize
add_link (ChatMarkup *self, GString *out, const char *text)
{
  gsize length = link_length (text);
  ChatMarkupLink link;

  if (length == 0)
    return 0;
  link.start = out->len;
  g_string_append_len (out, text, length);
  link.end = out->len;
  link.uri = g_strndup (text, length);
  g_array_append_val (self->links, link);
  add_attribute (self, pango_attr_underline_new (PANGO_UNDERLINE_SINGLE), link.start, link.end);
  return length;
}

static gboolean
is_word_at (const char *text, const char *at)
{
  if (at < text || *at == '\0')
    return FALSE;
  return (guchar)*at >= 0x80 || g_ascii_isalnum (*at);
}

/* The length of what stands between a marker and its twin on the same line; 0 where it is no marker. */
static gsize
span_length (const char *text, const char *at)
{
  const char *end;

  if (is_word_at (text, at - 1) || at[1] == '\0' || g_ascii_isspace (at[1]) || at[1] == *at)
    return 0;
  end = at + 1 + strcspn (at + 1, *at == '*' ? "*\n" : "_\n");
  if (*end != *at || g_ascii_isspace (end[-1]) || is_word_at (text, end + 1))
    return 0;
  return end - at - 1;
}

static const char *
parse_code (ChatMarkup *self, GString *out, const char *at)
{
  gboolean block = g_str_has_prefix (at, "```");
  const char *start = at + (block ? 3 : 1);
  const char *end = block ? strstr (start, "```") : start + strcspn (start, "`\n");
  const char *last;

  if (end == NULL || *end != '`' || end == start)
    return NULL;
  last = end;
  if (block && *start == '\n')
    start++;
  if (block && last > start && last[-1] == '\n')
    last--;
  add_code (self, out, start, last - start);
  return end + (block ? 3 : 1);
}

static void
parse_range (ChatMarkup *self, GString *out, const char *text, const char *at, const char *end)
{
  gboolean code_ends = TRUE; /* whether a backquote can still find its twin: keeps this linear */

  while (at < end)
    {
      gsize length;
      const char *after;

      if (*at == '`' && code_ends)
        {
          after = parse_code (self, out, at);
          if (after != NULL && after <= end)
            {
              at = after;
              continue;
            }
          code_ends = strchr (at + 1, '`') != NULL;
        }
      else if ((*at == '*' || *at == '_') && (length = span_length (text, at)) > 0 && at + length + 2 <= end)
        {
          gsize start = out->len;

          parse_range (self, out, text, at + 1, at + 1 + length);
          add_attribute (self,
                         *at == '*' ? pango_attr_weight_new (PANGO_WEIGHT_BOLD)
                                    : pango_attr_style_new (PANGO_STYLE_ITALIC),
                         start, out->len);
          at += length + 2;
          continue;
        }
      else if ((*at == 'h' || *at == 'H' || *at == 'm' || *at == 'M') && !is_word_at (text, at - 1)
               && (length = add_link (self, out, at)) > 0)
        {
          at += length;
          continue;
        }
      g_string_append_c (out, *at++);
    }
}

ChatMarkup *
chat_markup_parse (const char *text)
{
  ChatMarkup *self = g_new0 (ChatMarkup, 1);
  GString *out = g_string_sized_new (strlen (text) + 1);

  self->attributes = pango_attr_list_new ();
  /* where a long word is broken, such as an address, a hyphen would look like a part of it */
  pango_attr_list_insert (self->attributes, pango_attr_insert_hyphens_new (FALSE));
  self->links = g_array_new (FALSE, FALSE, sizeof (ChatMarkupLink));
  g_array_set_clear_func (self->links, link_clear);
  parse_range (self, out, text, text, text + strlen (text));
  self->text = g_string_free (out, FALSE);
  return self;
}

void
chat_markup_free (ChatMarkup *self)
{
  g_free (self->text);
  pango_attr_list_unref (self->attributes);
  g_array_unref (self->links);
  g_free (self);
}

const char *
chat_markup_find_link (ChatMarkup *self, int index)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      ChatMarkupLink *link = &g_array_index (self->links, ChatMarkupLink, i);

      if (index >= (int)link->start && index < (int)link->end)
        return link->uri;
    }
  return NULL;
}
