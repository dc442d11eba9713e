/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-rules-private.h"

#include "moderation/chat-matcher.h"
#include "moderation/chat-shield.h"

#include <string.h>

#define VERSION_DIGITS 12

G_DEFINE_QUARK (chat - rules - error - quark, chat_rules_error)

struct _ChatRules
{
  gatomicrefcount ref_count;
  ChatAutomaton *automaton; /* Owned */
  GArray *words;            /* Owned: ChatMatcherWord */
  GPtrArray *languages;     /* Owned: in the order of their bits */
  GHashTable *rules;        /* Owned: the names, each once */
  char *version;            /* Owned */
};

/* The bit of @language, which is new the first time. */
static guint8
number_language (ChatRules *self, const char *language)
{
  guint number;

  if (!g_ptr_array_find_with_equal_func (self->languages, language, g_str_equal, &number))
    {
      number = self->languages->len;
      g_ptr_array_add (self->languages, g_strdup (language));
    }
  return (guint8)number;
}

static const char *
keep_name (ChatRules *self, const char *rule)
{
  gpointer kept;

  if (g_hash_table_lookup_extended (self->rules, rule, &kept, NULL))
    return kept;
  kept = g_strdup (rule);
  g_hash_table_add (self->rules, kept);
  return kept;
}

static void
add_word (ChatRules *self, ChatTrie *trie, const ChatRulesWord *word)
{
  ChatMatcherWord known = {
    .rule = keep_name (self, word->section->rule),
    .language = number_language (self, word->section->language),
    .severity = (guint8)word->section->severity,
    .prefix = word->word->prefix,
    .exception = word->word->exception,
  };

  chat_trie_add (trie, word->word->labels, word->word->n_labels, self->words->len);
  g_array_append_val (self->words, known);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char *
describe_word (const ChatRulesWord *self)
{
  const ChatWord *word = self->word;
  GString *line = g_string_new (NULL);

  g_string_append_printf (line, "%s\t%s\t%d%d%d\t", self->section->language, self->section->rule,
                          self->section->severity, word->prefix, word->exception);
  for (gsize i = 0; i < word->n_labels; i++)
    g_string_append_printf (line, "%x ", word->labels[i]);
  return g_string_free (line, FALSE);
}

/* Over what the words say, in an order of its own: comments, file names and the order of lines change nothing. */
static char *
compute_version (const GArray *words)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < words->len; i++)
    g_ptr_array_add (lines, describe_word (&g_array_index (words, ChatRulesWord, i)));
  g_ptr_array_sort (lines, compare_lines);
  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = g_ptr_array_index (lines, i);

      g_checksum_update (checksum, (const guchar *)line, (gssize)strlen (line) + 1);
    }
  return g_strndup (g_checksum_get_string (checksum), VERSION_DIGITS);
}

ChatRules *
chat_rules_new (const GArray *words)
{
  g_autoptr (ChatTrie) trie = chat_trie_new ();
  ChatRules *self = g_new0 (ChatRules, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->words = g_array_new (FALSE, FALSE, sizeof (ChatMatcherWord));
  self->languages = g_ptr_array_new_with_free_func (g_free);
  self->rules = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < words->len; i++)
    add_word (self, trie, &g_array_index (words, ChatRulesWord, i));
  self->automaton = chat_automaton_new (trie);
  self->version = compute_version (words);
  return self;
}

ChatRules *
chat_rules_ref (ChatRules *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
chat_rules_unref (ChatRules *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  chat_automaton_free (self->automaton);
  g_array_unref (self->words);
  g_ptr_array_unref (self->languages);
  g_hash_table_unref (self->rules);
  g_free (self->version);
  g_free (self);
}

const char *
chat_severity_to_string (ChatSeverity severity)
{
  return severity == CHAT_SEVERITY_MILD ? "mild" : "mask";
}

gboolean
chat_severity_from_string (const char *string, ChatSeverity *severity)
{
  const ChatSeverity all[] = { CHAT_SEVERITY_MASK, CHAT_SEVERITY_MILD };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (strcmp (string, chat_severity_to_string (all[i])) == 0)
      {
        *severity = all[i];
        return TRUE;
      }
  return FALSE;
}

char **
chat_rules_dup_languages (ChatRules *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) sorted = g_ptr_array_copy (self->languages, NULL, NULL);

  g_ptr_array_set_free_func (sorted, NULL);
  g_ptr_array_sort (sorted, compare_lines);
  for (guint i = 0; i < sorted->len; i++)
    g_strv_builder_add (builder, g_ptr_array_index (sorted, i));
  return g_strv_builder_end (builder);
}

const char *
chat_rules_get_version (ChatRules *self)
{
  return self->version;
}

/* Whether @range covers @tag: "es" covers "es" and "es-MX" (RFC 4647, basic filtering). */
static gboolean
covers (const char *range, const char *tag)
{
  gsize length = strlen (range);

  return g_ascii_strncasecmp (range, tag, length) == 0 && (tag[length] == '\0' || tag[length] == '-');
}

static gboolean
is_in_force (const char *language, const char *const *languages)
{
  if (languages == NULL || strcmp (language, "*") == 0)
    return TRUE;
  for (; *languages != NULL; languages++)
    if (covers (language, *languages))
      return TRUE;
  return FALSE;
}

static guint64
select_languages (const ChatRules *self, const char *const *languages)
{
  guint64 bits = 0;

  for (guint i = 0; i < self->languages->len; i++)
    if (is_in_force (g_ptr_array_index (self->languages, i), languages))
      bits |= (guint64)1 << i;
  return bits;
}

static void
find_between (ChatMatcher *matcher, ChatGlyphs *glyphs, const char *text, gsize start, gsize end)
{
  if (start == end)
    return;
  chat_glyphs_read (glyphs, text, start, end);
  chat_matcher_run (matcher, glyphs);
}

/* From bytes to code points; a ligature may be in two hits, and then belongs to the first. */
static void
count_code_points (GArray *hits, const char *text)
{
  gsize byte = 0;
  guint n = 0, n_hits = 0;

  for (guint i = 0; i < hits->len; i++)
    {
      ChatHit hit = g_array_index (hits, ChatHit, i);
      gsize end = (gsize)hit.start + hit.length;

      if (hit.start >= byte)
        {
          n += (guint)g_utf8_pointer_to_offset (text + byte, text + hit.start);
          byte = hit.start;
        }
      hit.start = n;
      n += end > byte ? (guint)g_utf8_pointer_to_offset (text + byte, text + end) : 0;
      byte = MAX (byte, end);
      hit.length = n - hit.start;
      if (hit.length > 0)
        g_array_index (hits, ChatHit, n_hits++) = hit;
    }
  g_array_set_size (hits, n_hits);
}

GArray *
chat_rules_find (ChatRules *self, const char *text, const char *const *languages)
{
  gsize length = strlen (text), at = 0;
  g_autoptr (GArray) shields = NULL;
  ChatMatcher matcher = {
    .automaton = self->automaton,
    .words = (const ChatMatcherWord *)(gpointer)self->words->data,
    .languages = select_languages (self, languages),
  };
  ChatGlyphs glyphs = { 0 };

  g_return_val_if_fail (length < G_MAXUINT32, NULL);
  shields = chat_shields_find (text, length);
  for (guint i = 0; shields != NULL && i < shields->len; i++)
    {
      const ChatShield *shield = &g_array_index (shields, ChatShield, i);

      find_between (&matcher, &glyphs, text, at, shield->start);
      if (shield->kind == CHAT_SHIELD_WHOLE)
        {
          chat_glyphs_read (&glyphs, text, shield->start, shield->end);
          chat_matcher_run_whole (&matcher, &glyphs);
        }
      at = shield->end;
    }
  find_between (&matcher, &glyphs, text, at, length);
  chat_glyphs_clear (&glyphs);
  if (matcher.hits != NULL)
    count_code_points (matcher.hits, text);
  return matcher.hits;
}

char *
chat_rules_mask (const char *text, const GArray *hits)
{
  GString *masked = g_string_sized_new (strlen (text));
  guint n = 0;

  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);
      const char *start = text;

      for (; n < hit->start && *text != '\0'; n++)
        text = g_utf8_next_char (text);
      g_string_append_len (masked, start, text - start);
      for (; n < hit->start + hit->length && *text != '\0'; n++)
        {
          g_string_append_c (masked, '*');
          text = g_utf8_next_char (text);
        }
    }
  g_string_append (masked, text);
  return g_string_free (masked, FALSE);
}
