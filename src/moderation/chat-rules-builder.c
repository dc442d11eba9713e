/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-rules-private.h"

#include <string.h>

#define LIST_SUFFIX ".txt"
#define MAX_WORDS 200000u
#define MAX_LANGUAGES 64u

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

/* Takes @list (nullable: it was wrong, and @error says how). */
static gboolean
add_list (ChatRulesBuilder *self, ChatWordList *list, const char *name, GError **error)
{
  g_autoptr (ChatWordList) owned = list;

  if (list == NULL || !check_limits (self, list, name, error))
    return FALSE;
  for (guint i = 0; i < list->sections->len; i++)
    g_hash_table_add (self->languages, g_strdup (g_array_index (list->sections, ChatWordSection, i).language));
  self->n_words += list->words->len;
  g_ptr_array_add (self->lists, g_steal_pointer (&owned));
  return TRUE;
}

gboolean
chat_rules_builder_add_data (ChatRulesBuilder *self, const char *data, gsize length, const char *name, GError **error)
{
  return add_list (self, chat_word_list_new_from_data (data, length, name, error), name, error);
}

gboolean
chat_rules_builder_add_entry (ChatRulesBuilder *self, const ChatRulesEntry *entry, const char *name, GError **error)
{
  return add_list (self, chat_word_list_new_from_entry (entry, name, error), name, error);
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

/* What is in force */

typedef struct
{
  GHashTable *removals; /* Owned: what is taken away → the ChatWord that says so first */
  GHashTable *used;     /* Owned: the removals that took something away */
  GHashTable *seen;     /* Owned: words that are in the result */
  GArray *words;        /* Owned: ChatRulesWord */
} Collector;

static void
collector_clear (Collector *self)
{
  g_hash_table_unref (self->removals);
  g_hash_table_unref (self->used);
  g_hash_table_unref (self->seen);
  g_clear_pointer (&self->words, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collector, collector_clear)

/* What two lists would have to agree on for one to take away what the other says. */
static char *
make_key (const char *language, const ChatWord *word)
{
  GString *key = g_string_new (language);

  g_string_append_printf (key, "\t%d%d\t", word->prefix, word->exception);
  for (gsize i = 0; i < word->n_labels; i++)
    g_string_append_unichar (key, word->labels[i]);
  return g_string_free (key, FALSE);
}

static gboolean
take_away (Collector *self, const char *language, const ChatWord *word)
{
  g_autofree char *key = make_key (language, word);
  gpointer removal = g_hash_table_lookup (self->removals, key);

  if (removal != NULL)
    g_hash_table_add (self->used, g_steal_pointer (&key));
  return removal != NULL;
}

static gboolean
is_removed (Collector *self, const ChatWordSection *section, const ChatWord *word)
{
  gboolean here = take_away (self, section->language, word);
  gboolean everywhere = take_away (self, "*", word);

  return here || everywhere;
}

/* The words of @list that no later list takes away, the last first; then what it takes away itself. */
static void
collect_list (Collector *self, const ChatWordList *list)
{
  for (guint i = list->words->len; i > 0; i--)
    {
      const ChatWord *word = &g_array_index (list->words, ChatWord, i - 1);
      ChatRulesWord found = { &g_array_index (list->sections, ChatWordSection, word->section), word };

      if (!word->removal && !is_removed (self, found.section, word))
        g_array_append_val (self->words, found);
    }
  for (guint i = 0; i < list->words->len; i++)
    {
      const ChatWord *word = &g_array_index (list->words, ChatWord, i);

      if (word->removal)
        g_hash_table_insert (self->removals,
                             make_key (g_array_index (list->sections, ChatWordSection, word->section).language, word),
                             (gpointer)word);
    }
}

/* Into the order of the lists, each word once: of equals the first. */
static void
put_in_order (Collector *self)
{
  guint n = self->words->len, n_kept = 0;
  ChatRulesWord *words = (ChatRulesWord *)(gpointer)self->words->data;

  for (guint i = 0; i < n / 2; i++)
    {
      ChatRulesWord swapped = words[i];

      words[i] = words[n - 1 - i];
      words[n - 1 - i] = swapped;
    }
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *key = make_key (words[i].section->language, words[i].word);
      char *whole = g_strdup_printf ("%s\t%d\t%s", key, words[i].section->severity, words[i].section->rule);

      if (g_hash_table_add (self->seen, whole))
        words[n_kept++] = words[i];
    }
  g_array_set_size (self->words, n_kept);
}

static void
collect (const ChatRulesBuilder *builder, Collector *self)
{
  self->removals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->words = g_array_new (FALSE, FALSE, sizeof (ChatRulesWord));
  for (guint i = builder->lists->len; i > 0; i--)
    collect_list (self, g_ptr_array_index (builder->lists, i - 1));
  put_in_order (self);
}

ChatRules *
chat_rules_builder_compile (ChatRulesBuilder *self)
{
  g_auto (Collector) collector = { NULL };

  collect (self, &collector);
  return chat_rules_new (collector.words);
}

gboolean
chat_rules_builder_check_removals (ChatRulesBuilder *self, GError **error)
{
  g_auto (Collector) collector = { NULL };

  collect (self, &collector);
  for (guint i = 0; i < self->lists->len; i++)
    {
      const ChatWordList *list = g_ptr_array_index (self->lists, i);

      for (guint k = 0; k < list->words->len; k++)
        {
          const ChatWord *word = &g_array_index (list->words, ChatWord, k);
          const char *language = g_array_index (list->sections, ChatWordSection, word->section).language;
          g_autofree char *key = make_key (language, word);

          if (word->removal && !g_hash_table_contains (collector.used, key))
            {
              chat_word_list_set_error (list, word, CHAT_RULES_ERROR_UNKNOWN, error,
                                        "no list before it has that in the language “%s”; write it as it stands "
                                        "there, with its ! or *, or leave the line out",
                                        language);
              return FALSE;
            }
        }
    }
  return TRUE;
}

/* As data */

void
chat_rules_entry_free (ChatRulesEntry *self)
{
  g_free ((char *)self->language);
  g_free ((char *)self->rule);
  g_free ((char *)self->word);
  g_free (self);
}

GPtrArray *
chat_rules_builder_list_entries (ChatRulesBuilder *self)
{
  g_auto (Collector) collector = { NULL };
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rules_entry_free);

  collect (self, &collector);
  for (guint i = 0; i < collector.words->len; i++)
    {
      const ChatRulesWord *word = &g_array_index (collector.words, ChatRulesWord, i);
      ChatRulesEntry *entry = g_new0 (ChatRulesEntry, 1);

      entry->language = g_strdup (word->section->language);
      entry->rule = g_strdup (word->section->rule);
      entry->severity = word->section->severity;
      entry->word = g_strdup (word->word->text);
      g_ptr_array_add (entries, entry);
    }
  return entries;
}

char *
chat_rules_builder_to_text (ChatRulesBuilder *self)
{
  g_autoptr (GPtrArray) entries = chat_rules_builder_list_entries (self);
  GString *text = g_string_new (NULL);
  const ChatRulesEntry *before = NULL;

  for (guint i = 0; i < entries->len; i++)
    {
      const ChatRulesEntry *entry = g_ptr_array_index (entries, i);
      gboolean other = before == NULL || strcmp (entry->language, before->language) != 0
                       || strcmp (entry->rule, before->rule) != 0 || entry->severity != before->severity;

      if (other)
        g_string_append_printf (text, "%slanguage: %s\nrule: %s\nseverity: %s\n\n", before != NULL ? "\n" : "",
                                entry->language, entry->rule, chat_severity_to_string (entry->severity));
      g_string_append_printf (text, "%s\n", entry->word);
      before = entry;
    }
  return g_string_free (text, FALSE);
}
