/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-word-list.h"

#include "core/chat-excerpt.h"
#include "core/chat-language.h"
#include "moderation/chat-glyphs.h"

#include <string.h>

#define MAX_LETTERS 64 /* the time a text takes may grow with it */
#define MIN_PREFIX_LETTERS 3
#define MAX_NAME 64

typedef struct
{
  ChatWordList *list;    /* Owned until it is returned */
  ChatGlyphs glyphs;     /* Owned */
  guint line;            /* from 1; 0: there is none */
  char *language, *rule; /* Owned: of the headings */
  ChatSeverity severity;
  gboolean section_open; /* the last section is that of the headings */
} Parser;

static void
set_error (const ChatWordList *list, guint line, ChatRulesError code, const char *found, const char *right,
           GError **error)
{
  g_autofree char *excerpt = chat_excerpt (found, -1);
  g_autofree char *place = line > 0 ? g_strdup_printf ("%s:%u", list->name, line) : g_strdup (list->name);

  g_set_error (error, CHAT_RULES_ERROR, (int)code, "%s: found “%s”; %s", place, excerpt, right);
}

static gboolean
fail (const Parser *self, const char *found, const char *right, GError **error)
{
  set_error (self->list, self->line, CHAT_RULES_ERROR_SYNTAX, found, right, error);
  return FALSE;
}

static void
clear_section (gpointer data)
{
  ChatWordSection *section = data;

  g_free (section->language);
  g_free (section->rule);
}

static void
clear_word (gpointer data)
{
  ChatWord *word = data;

  g_free (word->labels);
  g_free (word->text);
}

static ChatWordList *
word_list_new (const char *name)
{
  ChatWordList *self = g_new0 (ChatWordList, 1);

  self->name = g_strdup (name);
  self->sections = g_array_new (FALSE, FALSE, sizeof (ChatWordSection));
  g_array_set_clear_func (self->sections, clear_section);
  self->words = g_array_new (FALSE, FALSE, sizeof (ChatWord));
  g_array_set_clear_func (self->words, clear_word);
  return self;
}

void
chat_word_list_free (ChatWordList *self)
{
  g_array_unref (self->sections);
  g_array_unref (self->words);
  g_free (self->name);
  g_free (self);
}

/* "insults", "es/insults": what goes into warnings and the audit log. */
static gboolean
is_rule (const char *value)
{
  gboolean at_start = TRUE;

  for (const char *p = value; *p != '\0'; p++)
    {
      if (*p == '/' ? at_start : !(g_ascii_islower (*p) || g_ascii_isdigit (*p) || (!at_start && strchr ("._-", *p))))
        return FALSE;
      at_start = *p == '/';
    }
  return !at_start && strlen (value) <= MAX_NAME;
}

static gboolean
set_language (Parser *self, const char *value, GError **error)
{
  if (strcmp (value, "*") != 0 && !chat_language_is_tag (value))
    return fail (self, value, "a language should be a tag such as es or pt-BR, or * for all", error);
  g_free (self->language);
  self->language = g_ascii_strdown (value, -1);
  return TRUE;
}

static gboolean
set_rule (Parser *self, const char *value, GError **error)
{
  if (!is_rule (value))
    return fail (self, value, "a rule should have a name such as es/insults: at most 64 of a-z 0-9 . _ - /", error);
  g_free (self->rule);
  self->rule = g_strdup (value);
  self->severity = CHAT_SEVERITY_MASK;
  return TRUE;
}

static gboolean
set_severity (Parser *self, const char *value, GError **error)
{
  return chat_severity_from_string (value, &self->severity)
         || fail (self, value, "a severity should be mask (asterisks and a strike) or mild (asterisks alone)", error);
}

static gboolean
parse_heading (Parser *self, const char *key, const char *value, GError **error)
{
  self->section_open = FALSE;
  if (strcmp (key, "language") == 0)
    return set_language (self, value, error);
  if (strcmp (key, "rule") == 0)
    return set_rule (self, value, error);
  if (strcmp (key, "severity") == 0)
    return set_severity (self, value, error);
  return fail (self, key, "a heading should be language:, rule: or severity:", error);
}

static gboolean
open_section (Parser *self, const char *text, GError **error)
{
  ChatWordSection section;

  if (self->section_open)
    return TRUE;
  if (self->language == NULL || self->rule == NULL)
    return fail (self, text, "the headings “language:” and “rule:” should come before the first word", error);
  section = (ChatWordSection){ g_strdup (self->language), g_strdup (self->rule), self->severity };
  g_array_append_val (self->list->sections, section);
  self->section_open = TRUE;
  return TRUE;
}

/* The labels of the word at @text (@length bytes), or NULL where something in it is no letter. */
static guint32 *
read_labels (Parser *self, const char *text, gsize length, gsize *n_labels, guint *n_letters)
{
  g_autofree guint32 *labels = NULL;
  gsize n = 0;

  chat_glyphs_read (&self->glyphs, text, 0, length);
  labels = g_new (guint32, self->glyphs.n_items + 1);
  *n_letters = 0;
  for (gsize i = 0; i < self->glyphs.n_items; i++)
    {
      const ChatGlyph *glyph = &self->glyphs.items[i];

      if (glyph->kind == CHAT_GLYPH_SPACE || glyph->kind == CHAT_GLYPH_JOINER)
        {
          if (n > 0 && labels[n - 1] != CHAT_FOLD_GAP)
            labels[n++] = CHAT_FOLD_GAP;
          continue;
        }
      if (glyph->kind > CHAT_GLYPH_DIGIT)
        return NULL;
      labels[n++] = glyph->label == CHAT_FOLD_CAPITAL_I ? 'i' : glyph->label;
      /* an ideograph says as much as a few letters */
      *n_letters += glyph->kind == CHAT_GLYPH_LETTER ? 1 : glyph->kind == CHAT_GLYPH_IDEOGRAPH ? MIN_PREFIX_LETTERS : 0;
    }
  if (n > 0 && labels[n - 1] == CHAT_FOLD_GAP)
    n--;
  *n_labels = n;
  return g_steal_pointer (&labels);
}

static gboolean
check_word (const Parser *self, const ChatWord *word, guint n_letters, GError **error)
{
  if (word->labels == NULL)
    return fail (self, word->text,
                 "a word has letters, digits, spaces and hyphens only; digits and signs that stand for letters are "
                 "found by themselves",
                 error);
  if (n_letters < 2)
    return fail (self, word->text, "a word should have at least two letters", error);
  if (word->prefix && n_letters < MIN_PREFIX_LETTERS)
    return fail (self, word->text, "so short a beginning would hit too much; it should have at least three letters",
                 error);
  if (word->n_labels > MAX_LETTERS)
    return fail (self, word->text, "a word or phrase should have at most 64 letters", error);
  return TRUE;
}

/* Whether @sign stands at *@at; if so, passes over it and the spaces behind. */
static gboolean
take_sign (const char **at, char sign)
{
  if (**at != sign)
    return FALSE;
  for ((*at)++; g_ascii_isspace (**at); (*at)++)
    ;
  return TRUE;
}

static gboolean
parse_word (Parser *self, const char *text, GError **error)
{
  const char *start = text;
  gsize length;
  guint n_letters = 0;
  ChatWord word = { .line = self->line };

  if (!open_section (self, text, error))
    return FALSE;
  word.removal = take_sign (&start, '-');
  word.exception = take_sign (&start, '!');
  length = strlen (start);
  word.prefix = length > 0 && start[length - 1] == '*';
  length -= word.prefix ? 1 : 0;
  if (memchr (start, '*', length) != NULL)
    return fail (self, text, "an asterisk may stand at the end only, as in “fuck*”", error);
  if (memchr (start, '!', length) != NULL)
    return fail (self, text, "an exclamation mark may stand in front only, as in “!moby dick”", error);

  word.text = g_strdup (text);
  word.labels = read_labels (self, start, length, &word.n_labels, &n_letters);
  word.section = self->list->sections->len - 1;
  g_array_append_val (self->list->words, word); /* freed with the list, also when what follows fails */
  return check_word (self, &word, n_letters, error);
}

static gboolean
parse_line (Parser *self, char *text, GError **error)
{
  char *colon;

  g_strstrip (text);
  if (*text == '\0' || *text == '#')
    return TRUE;
  colon = strchr (text, ':');
  if (colon == NULL)
    return parse_word (self, text, error);
  *colon = '\0';
  return parse_heading (self, g_strchomp (text), g_strchug (colon + 1), error);
}

static gboolean
check_encoding (Parser *self, const char *data, gsize length, GError **error)
{
  const char *bad;

  if (length == 0 || g_utf8_validate_len (data, length, &bad))
    return TRUE;
  for (const char *p = data; p < bad; p++)
    self->line += *p == '\n';
  if (*bad == '\0')
    g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX,
                 "%s:%u: a NUL byte stands here; a word list should be a text file in UTF-8", self->list->name,
                 self->line);
  else
    g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX,
                 "%s:%u: the byte 0x%02X is not valid UTF-8; save the word list as UTF-8", self->list->name, self->line,
                 (guchar)*bad);
  return FALSE;
}

static gboolean
parse (Parser *self, const char *data, gsize length, GError **error)
{
  if (!check_encoding (self, data, length, error))
    return FALSE;
  /* an editor's byte order mark says nothing in UTF-8 */
  if (length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0)
    {
      data += 3;
      length -= 3;
    }
  for (const char *end = data + length, *next; data < end; data = next, self->line++)
    {
      const char *newline = memchr (data, '\n', (gsize)(end - data));
      g_autofree char *text = g_strndup (data, (gsize)((newline != NULL ? newline : end) - data));

      next = newline != NULL ? newline + 1 : end;
      if (!parse_line (self, text, error))
        return FALSE;
    }
  return TRUE;
}

static void
parser_clear (Parser *self)
{
  chat_glyphs_clear (&self->glyphs);
  g_free (self->language);
  g_free (self->rule);
}

ChatWordList *
chat_word_list_new_from_data (const char *data, gsize length, const char *name, GError **error)
{
  g_autoptr (ChatWordList) list = word_list_new (name);
  Parser self = { .list = list, .line = 1 };
  gboolean ok = parse (&self, data, length, error);

  parser_clear (&self);
  return ok ? g_steal_pointer (&list) : NULL;
}

/* Written down as a line the word has to be this word again. */
static gboolean
parse_entry (Parser *self, const ChatRulesEntry *entry, GError **error)
{
  g_autofree char *word = g_strstrip (g_strdup (entry->word));

  if (!g_utf8_validate (entry->word, -1, NULL))
    return fail (self, "?", "a word should be valid UTF-8", error);
  if (strpbrk (word, "\r\n:") != NULL || *word == '#')
    return fail (self, word, "an entry should be one word or phrase, without line breaks, colons or #", error);
  if (!set_language (self, entry->language, error) || !set_rule (self, entry->rule, error))
    return FALSE;
  self->severity = entry->severity;
  return parse_word (self, word, error);
}

ChatWordList *
chat_word_list_new_from_entry (const ChatRulesEntry *entry, const char *name, GError **error)
{
  g_autoptr (ChatWordList) list = word_list_new (name);
  Parser self = { .list = list };
  gboolean ok = parse_entry (&self, entry, error);

  parser_clear (&self);
  return ok ? g_steal_pointer (&list) : NULL;
}

void
chat_word_list_set_error (const ChatWordList *self, const ChatWord *word, ChatRulesError code, GError **error,
                          const char *format, ...)
{
  g_autofree char *right = NULL;
  va_list args;

  va_start (args, format);
  right = g_strdup_vprintf (format, args);
  va_end (args);
  set_error (self, word->line, code, word->text, right, error);
}
