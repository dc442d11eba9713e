/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-rules.h"

#include "moderation/chat-matcher.h"
#include "moderation/chat-shield.h"
#include "moderation/chat-word-list.h"

#include <string.h>

#define LIST_SUFFIX ".txt"
#define MAX_WORDS 200000u
#define MAX_LANGUAGES 64u
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

struct _ChatRulesBuilder
{
  GPtrArray *lists; /* Owned: ChatWordList */
  guint n_words;
  GHashTable *languages; /* Owned: the set of those named */
};

ChatRulesBuilder *
chat_rules_builder_new (void)
{
  ChatRulesBuilder *self = g_new0 (ChatRulesBuilder, 1);

  self->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_word_list_free);
  self->languages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
chat_rules_builder_free (ChatRulesBuilder *self)
{
  g_ptr_array_unref (self->lists);
  g_hash_table_unref (self->languages);
  g_free (self);
}

static gboolean
check_limits (ChatRulesBuilder *self, const ChatWordList *list, const char *name, GError **error)
{
  g_autoptr (GHashTable) new_languages = g_hash_table_new (g_str_hash, g_str_equal);

  if (list->words->len > MAX_WORDS - self->n_words)
    {
      g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX,
                   "%s: with it the lists have more than %u words; leave some out, or use word* for several", name,
                   MAX_WORDS);
      return FALSE;
    }
  for (guint i = 0; i < list->sections->len; i++)
    {
      const char *language = g_array_index (list->sections, ChatWordSection, i).language;

      if (!g_hash_table_contains (self->languages, language))
        g_hash_table_add (new_languages, (gpointer)language);
    }
  if (g_hash_table_size (self->languages) + g_hash_table_size (new_languages) > MAX_LANGUAGES)
    {
      g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX,
                   "%s: with it the lists have more than %u languages; use * where a list is for all", name,
                   MAX_LANGUAGES);
      return FALSE;
    }
  return TRUE;
}

gboolean
chat_rules_builder_add_data (ChatRulesBuilder *self, const char *data, gsize length, const char *name, GError **error)
{
  g_autoptr (ChatWordList) list = chat_word_list_new_from_data (data, length, name, error);

  if (list == NULL || !check_limits (self, list, name, error))
    return FALSE;
  for (guint i = 0; i < list->sections->len; i++)
    g_hash_table_add (self->languages, g_strdup (g_array_index (list->sections, ChatWordSection, i).language));
  self->n_words += list->words->len;
  g_ptr_array_add (self->lists, g_steal_pointer (&list));
  return TRUE;
}

static gboolean
add_file (ChatRulesBuilder *self, const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *data = NULL;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, &local_error))
    {
      g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_READ, "The word list %s cannot be read: %s", path,
                   local_error->message);
      return FALSE;
    }
  return chat_rules_builder_add_data (self, data, length, path, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

gboolean
chat_rules_builder_add_directory (ChatRulesBuilder *self, const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &local_error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (directory == NULL)
    {
      g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_READ, "The word lists in %s cannot be read: %s", path,
                   local_error->message);
      return FALSE;
    }
  for (const char *name; (name = g_dir_read_name (directory)) != NULL;)
    if (*name != '.' && g_str_has_suffix (name, LIST_SUFFIX))
      g_ptr_array_add (names, g_build_filename (path, name, NULL));
  if (names->len == 0)
    {
      g_set_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_READ,
                   "There is no word list in %s; at least one file there should end in %s", path, LIST_SUFFIX);
      return FALSE;
    }
  g_ptr_array_sort (names, compare_names); /* so that errors and ties do not depend on the file system */
  for (guint i = 0; i < names->len; i++)
    if (!add_file (self, g_ptr_array_index (names, i), error))
      return FALSE;
  return TRUE;
}

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
add_list (ChatRules *self, ChatTrie *trie, const ChatWordList *list)
{
  for (guint i = 0; i < list->words->len; i++)
    {
      const ChatWord *word = &g_array_index (list->words, ChatWord, i);
      const ChatWordSection *section = &g_array_index (list->sections, ChatWordSection, word->section);
      ChatMatcherWord known = {
        .rule = keep_name (self, section->rule),
        .language = number_language (self, section->language),
        .severity = (guint8)section->severity,
        .prefix = word->prefix,
        .exception = word->exception,
      };

      chat_trie_add (trie, word->labels, word->n_labels, self->words->len);
      g_array_append_val (self->words, known);
    }
}

static char *
describe_word (const ChatWordSection *section, const ChatWord *word)
{
  GString *line = g_string_new (NULL);

  g_string_append_printf (line, "%s\t%s\t%d%d%d\t", section->language, section->rule, section->severity, word->prefix,
                          word->exception);
  for (gsize i = 0; i < word->n_labels; i++)
    g_string_append_printf (line, "%x ", word->labels[i]);
  return g_string_free (line, FALSE);
}

/* Over what the words say, in an order of its own: comments, file names and the order of lines change nothing. */
static char *
compute_version (ChatRulesBuilder *self)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < self->lists->len; i++)
    {
      const ChatWordList *list = g_ptr_array_index (self->lists, i);

      for (guint k = 0; k < list->words->len; k++)
        {
          const ChatWord *word = &g_array_index (list->words, ChatWord, k);

          g_ptr_array_add (lines,
                           describe_word (&g_array_index (list->sections, ChatWordSection, word->section), word));
        }
    }
  g_ptr_array_sort (lines, compare_names);
  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = g_ptr_array_index (lines, i);

      g_checksum_update (checksum, (const guchar *)line, (gssize)strlen (line) + 1);
    }
  return g_strndup (g_checksum_get_string (checksum), VERSION_DIGITS);
}

ChatRules *
chat_rules_builder_compile (ChatRulesBuilder *self)
{
  g_autoptr (ChatTrie) trie = chat_trie_new ();
  ChatRules *rules = g_new0 (ChatRules, 1);

  g_atomic_ref_count_init (&rules->ref_count);
  rules->words = g_array_new (FALSE, FALSE, sizeof (ChatMatcherWord));
  rules->languages = g_ptr_array_new_with_free_func (g_free);
  rules->rules = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < self->lists->len; i++)
    add_list (rules, trie, g_ptr_array_index (self->lists, i));
  rules->automaton = chat_automaton_new (trie);
  rules->version = compute_version (self);
  return rules;
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
