/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "moderation/chat-rules.h"

G_BEGIN_DECLS

/** ChatWordSection: what the headings above a word say. */
typedef struct
{
  char *language; /* in small letters; "*" for all */
  char *rule;
  ChatSeverity severity;
} ChatWordSection;

/** ChatWord: a line of a list. */
typedef struct
{
  guint32 *labels; /* folded letters, and CHAT_FOLD_GAP between the words of a phrase */
  gsize n_labels;
  guint section;
  gboolean prefix;    /* "word*": and any word that begins so */
  gboolean exception; /* "!word" */
  gboolean removal;   /* "-word": of earlier lists */
  guint line;         /* from 1; 0 of an entry alone */
  char *text;         /* the line, with "!" and "*" and "-" */
} ChatWord;

/** ChatWordList: what a file in the format of data/moderation/README.md says. */
typedef struct
{
  GArray *sections; /* ChatWordSection */
  GArray *words;    /* ChatWord */
  char *name;       /* where it comes from, for errors */
} ChatWordList;

/** chat_word_list_new_from_data: (transfer full): NULL with a CHAT_RULES_ERROR_SYNTAX that begins with @name and the
 * line. */
ChatWordList *chat_word_list_new_from_data (const char *data, gsize length, const char *name, GError **error);
/** chat_word_list_new_from_entry: (transfer full): a list of one word; errors likewise, without a line. */
ChatWordList *chat_word_list_new_from_entry (const ChatRulesEntry *entry, const char *name, GError **error);

/** chat_word_list_set_error: sets @error to where @word stands, what it is, and what @format says of it. */
void chat_word_list_set_error (const ChatWordList *self, const ChatWord *word, ChatRulesError code, GError **error,
                               const char *format, ...) G_GNUC_PRINTF (5, 6);
void chat_word_list_free (ChatWordList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatWordList, chat_word_list_free)

G_END_DECLS
