/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-words.h"

#include "server/store/chat-search-text.h"

/* https://www.postgresql.org/docs/15/textsearch-limitations.html: a lexeme has fewer than 2,048 bytes, a place is at
 * most 16,383. Who looks for a longer word finds what begins like it. */
#define MAX_BYTES 2000

/* Words are letters, digits and marks: nothing in them needs to be escaped. */
static void
append_lexeme (GString *words, const char *word)
{
  gsize length = strlen (word);

  if (length > MAX_BYTES)
    length = (gsize)(g_utf8_find_prev_char (word, word + MAX_BYTES + 1) - word);
  g_string_append_c (words, '\'');
  g_string_append_len (words, word, (gssize)length);
  g_string_append_c (words, '\'');
}

void
chat_postgresql_append_words (GString *words, const ChatSqlRecord *record, const char *text)
{
  g_autoptr (GPtrArray) cut = chat_search_cut (text != NULL ? text : "");

  if (record->public)
    g_string_append (words, "'" CHAT_SQL_FILTER "p' ");
  g_string_append_printf (words, "'" CHAT_SQL_FILTER "c%" G_GINT64_FORMAT "'", record->channel);
  if (record->author != 0)
    g_string_append_printf (words, " '" CHAT_SQL_FILTER "a%" G_GINT64_FORMAT "'", record->author);
  for (guint i = 0; i < cut->len; i++)
    {
      g_string_append_c (words, ' ');
      append_lexeme (words, g_ptr_array_index (cut, i));
      g_string_append_printf (words, ":%u", i + 1);
    }
}

static void
append_and (GString *match)
{
  if (match->len > 0)
    g_string_append (match, " & ");
}

static void
append_term (GString *match, const ChatSearchTerm *term)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) cut = NULL;

  /* folded as a whole, like the texts */
  for (guint i = 0; i < term->words->len; i++)
    g_string_append_printf (text, "%s ", (const char *)term->words->pdata[i]);
  cut = chat_search_cut (text->str);
  if (cut->len == 0)
    return;
  append_and (match);
  g_string_append_c (match, '(');
  for (guint i = 0; i < cut->len; i++)
    {
      if (i > 0)
        g_string_append (match, " <-> ");
      append_lexeme (match, g_ptr_array_index (cut, i));
    }
  g_string_append (match, term->prefix ? ":*)" : ")");
}

void
chat_postgresql_append_match (GString *match, const ChatSqlSearch *search)
{
  for (guint i = 0; search->terms != NULL && i < search->terms->len; i++)
    append_term (match, g_ptr_array_index (search->terms, i));
  if (search->author != 0)
    {
      append_and (match);
      g_string_append_printf (match, "'" CHAT_SQL_FILTER "a%" G_GINT64_FORMAT "'", search->author);
    }
  if (search->channel != 0)
    {
      append_and (match);
      g_string_append_printf (match, "'" CHAT_SQL_FILTER "c%" G_GINT64_FORMAT "'", search->channel);
    }
  if (!search->restricted)
    return;
  append_and (match);
  g_string_append (match, "('" CHAT_SQL_FILTER "p'");
  for (guint i = 0; i < search->channels->len; i++)
    g_string_append_printf (match, " | '" CHAT_SQL_FILTER "c%" G_GINT64_FORMAT "'",
                            g_array_index (search->channels, gint64, i));
  g_string_append_c (match, ')');
}
