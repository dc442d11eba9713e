/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-completer.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/chat-emoji-names.h"
#include "client/chat-channel.h"
#include "client/chat-command.h"
#include "client/chat-user.h"

#define EMOJI_MIN_CHARS 2 /* ":D" is a smile */

struct _ChatCompleter
{
  GObject parent_instance;

  /* Owned */
  GListModel *users;
  GListModel *channels;
};

G_DEFINE_FINAL_TYPE (ChatCompleter, chat_completer, G_TYPE_OBJECT)

void
chat_completion_free (ChatCompletion *self)
{
  if (self == NULL)
    return;
  g_free (self->insert);
  g_free (self->label);
  g_free (self->detail);
  g_free (self);
}

/* One search: what was typed (less its sign), where it stands, and what was found, those that begin with it apart from
 * those that only have it in them. */
typedef struct
{
  char *typed; /* folded */
  guint start, end;
  GPtrArray *begin;
  GPtrArray *contain;
} Search;

static void
search_init (Search *self, const char *typed, gsize length, guint start, guint end)
{
  g_autofree char *copy = g_strndup (typed, length);

  self->typed = g_utf8_casefold (copy, -1);
  self->start = start;
  self->end = end;
  self->begin = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_completion_free);
  self->contain = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_completion_free);
}

static GPtrArray *
search_finish (Search *self)
{
  GPtrArray *found = g_steal_pointer (&self->begin);

  g_ptr_array_extend_and_steal (found, g_steal_pointer (&self->contain));
  if (found->len > CHAT_COMPLETIONS_MAX)
    g_ptr_array_set_size (found, CHAT_COMPLETIONS_MAX);
  g_clear_pointer (&self->typed, g_free);
  return found;
}

/* @insert, @label: (transfer full) */
static void
search_add (Search *self, GPtrArray *list, char *insert, char *label, const char *detail)
{
  ChatCompletion *completion = g_new0 (ChatCompletion, 1);

  completion->insert = insert;
  completion->label = label;
  completion->detail = g_strdup (detail);
  completion->start = self->start;
  completion->end = self->end;
  g_ptr_array_add (list, completion);
}

/* (nullable): the list into which something of this name belongs. */
static GPtrArray *
search_place (Search *self, const char *name)
{
  g_autofree char *folded = g_utf8_casefold (name, -1);

  if (g_str_has_prefix (folded, self->typed))
    return self->begin;
  return strstr (folded, self->typed) != NULL ? self->contain : NULL;
}

static void
add_commands (Search *search)
{
  g_autofree char *typed = g_strconcat ("/", search->typed, NULL);
  g_autoptr (GPtrArray) matches = chat_command_match (typed);

  for (guint i = 0; i < matches->len; i++)
    {
      const ChatCommandInfo *info = g_ptr_array_index (matches, i);

      search_add (search, search->begin, g_strdup_printf ("/%s ", info->name), g_strdup (_ (info->usage)),
                  _ (info->summary));
    }
}

static void
add_users (ChatCompleter *self, Search *search, const char *sign)
{
  guint n = self->users != NULL ? g_list_model_get_n_items (self->users) : 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (self->users, i);
      const char *name = chat_user_get_name (user);
      GPtrArray *list = search_place (search, name);
      const char *detail = chat_user_get_bot (user) ? _ ("bot") : chat_user_get_connected (user) ? _ ("online") : NULL;

      if (list != NULL)
        search_add (search, list, g_strdup_printf ("%s%s ", sign, name), g_strdup (name), detail);
    }
}

static void
add_channels (ChatCompleter *self, Search *search, const char *sign)
{
  guint n = self->channels != NULL ? g_list_model_get_n_items (self->channels) : 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ChatChannel) channel = g_list_model_get_item (self->channels, i);
      const char *name = chat_channel_get_name (channel);
      GPtrArray *list = chat_channel_get_private (channel) ? NULL : search_place (search, name);

      if (list != NULL)
        search_add (search, list, g_strdup_printf ("%s%s ", sign, name), g_strdup_printf ("#%s", name),
                    chat_channel_get_topic (channel));
    }
}

static void
add_emoji (Search *search)
{
  gsize n;
  const ChatEmojiName *names = chat_emoji_names (&n);

  for (gsize i = 0; i < n; i++)
    {
      GPtrArray *list = search_place (search, names[i].name);

      if (list != NULL)
        search_add (search, list, g_strconcat (names[i].emoji, " ", NULL),
                    g_strdup_printf ("%s  %s", names[i].emoji, names[i].name), NULL);
    }
}

/* Behind "/join " or "/msg ": what the command is about. FALSE where the text is no such command. */
static gboolean
add_arguments (ChatCompleter *self, Search *search, const char *text)
{
  /* "/leave" alone is about the channel on screen */
  if (g_str_has_prefix (text, "/join ") || (g_str_has_prefix (text, "/leave ") && *search->typed != '\0'))
    add_channels (self, search, "");
  else if (g_str_has_prefix (text, "/msg "))
    add_users (self, search, "");
  else
    return FALSE;
  return TRUE;
}

/* Whether what is there is already what would be put there. */
static gboolean
is_whole (const GPtrArray *found, const char *typed, gsize length)
{
  const ChatCompletion *only = found->len == 1 ? g_ptr_array_index (found, 0) : NULL;

  return only != NULL && strlen (only->insert) == length + 1 && strncmp (only->insert, typed, length) == 0;
}

GPtrArray *
chat_completer_complete (ChatCompleter *self, const char *text, guint cursor)
{
  const char *end, *word;
  GPtrArray *found;
  Search search;
  gsize length;
  guint start;

  g_return_val_if_fail (CHAT_IS_COMPLETER (self), NULL);
  g_return_val_if_fail (text != NULL && cursor <= (guint)g_utf8_strlen (text, -1), NULL);

  end = g_utf8_offset_to_pointer (text, cursor);
  for (word = end; word > text && !g_ascii_isspace (word[-1]); word--)
    ;
  length = (gsize)(end - word);
  start = (guint)g_utf8_pointer_to_offset (text, word);
  search_init (&search, length > 0 && strchr ("/@#:", *word) != NULL ? word + 1 : word,
               length > 0 && strchr ("/@#:", *word) != NULL ? length - 1 : length, start, cursor);
  if (word == text && *word == '/' && length > 0)
    add_commands (&search);
  else if (length > 0 && *word == '@')
    add_users (self, &search, "@");
  else if (length > 0 && *word == '#')
    add_channels (self, &search, "#");
  else if (length > EMOJI_MIN_CHARS && *word == ':')
    add_emoji (&search);
  else if (*text == '/' && (length == 0 || strchr ("/@#:", *word) == NULL))
    add_arguments (self, &search, text);
  found = search_finish (&search);
  if (is_whole (found, word, length))
    g_ptr_array_set_size (found, 0);
  return found;
}

static void
finalize (GObject *object)
{
  ChatCompleter *self = CHAT_COMPLETER (object);

  g_clear_object (&self->users);
  g_clear_object (&self->channels);
  G_OBJECT_CLASS (chat_completer_parent_class)->finalize (object);
}

static void
chat_completer_class_init (ChatCompleterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
}

static void
chat_completer_init (ChatCompleter *self)
{
}

ChatCompleter *
chat_completer_new (GListModel *users, GListModel *channels)
{
  ChatCompleter *self = g_object_new (CHAT_TYPE_COMPLETER, NULL);

  g_set_object (&self->users, users);
  g_set_object (&self->channels, channels);
  return self;
}
