/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-command.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-core-error.h"
#include "core/chat-names.h"
#include "core/chat-nearest.h"

/* What stands behind a command's name. */
typedef enum
{
  TAKES_NOTHING,
  TAKES_TEXT,          /* all of it, or nothing */
  TAKES_ARGUMENT,      /* one word, or nothing; what follows is text */
  NEEDS_TEXT,          /* all of it */
  NEEDS_ARGUMENT,      /* one word; what follows is text */
  NEEDS_LONG_ARGUMENT, /* all of it */
} Takes;

static const char *const mymsgs_aliases[] = { "mymgs", NULL };

static const ChatCommandInfo commands[] = {
  { CHAT_COMMAND_USERS, "users", NULL, N_ ("/users"), N_ ("Show who is here") },
  { CHAT_COMMAND_MYMSGS, "mymsgs", mymsgs_aliases, N_ ("/mymsgs"), N_ ("Show the messages that you have sent") },
  { CHAT_COMMAND_JOIN, "join", NULL, N_ ("/join CHANNEL"), N_ ("Join a channel, or make a new one") },
  { CHAT_COMMAND_LEAVE, "leave", NULL, N_ ("/leave [CHANNEL]"), N_ ("Leave a channel") },
  { CHAT_COMMAND_TOPIC, "topic", NULL, N_ ("/topic [TEXT]"), N_ ("Show the topic of this channel, or change it") },
  { CHAT_COMMAND_ME, "me", NULL, N_ ("/me TEXT"), N_ ("Say what you are doing") },
  { CHAT_COMMAND_MSG, "msg", NULL, N_ ("/msg PERSON [TEXT]"), N_ ("Talk to somebody in private") },
  { CHAT_COMMAND_SEARCH, "search", NULL, N_ ("/search TEXT"), N_ ("Search for messages") },
  { CHAT_COMMAND_GOTO, "goto", NULL, N_ ("/goto DATE"), N_ ("Go to a date, such as “yesterday 10:30”") },
  { CHAT_COMMAND_HELP, "help", NULL, N_ ("/help [COMMAND]"), N_ ("Show the commands") },
  { CHAT_COMMAND_EXIT, "exit", NULL, N_ ("/exit"), N_ ("Close Tertulia") },
};

static const Takes takes[] = {
  [CHAT_COMMAND_USERS] = TAKES_NOTHING,      [CHAT_COMMAND_MYMSGS] = TAKES_NOTHING,
  [CHAT_COMMAND_JOIN] = NEEDS_ARGUMENT,      [CHAT_COMMAND_LEAVE] = TAKES_ARGUMENT,
  [CHAT_COMMAND_TOPIC] = TAKES_TEXT,         [CHAT_COMMAND_ME] = NEEDS_TEXT,
  [CHAT_COMMAND_MSG] = NEEDS_ARGUMENT,       [CHAT_COMMAND_SEARCH] = NEEDS_TEXT,
  [CHAT_COMMAND_GOTO] = NEEDS_LONG_ARGUMENT, [CHAT_COMMAND_HELP] = TAKES_ARGUMENT,
  [CHAT_COMMAND_EXIT] = TAKES_NOTHING,
};

const ChatCommandInfo *
chat_command_list (gsize *n)
{
  *n = G_N_ELEMENTS (commands);
  return commands;
}

/* Where the name of a command ends. */
static const char *
skip_word (const char *text)
{
  while (*text != '\0' && !g_unichar_isspace (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return text;
}

static const char *
skip_space (const char *text)
{
  while (*text != '\0' && g_unichar_isspace (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return text;
}

/* (transfer full) (nullable): the rest of a line, less white space around it */
static char *
dup_rest (const char *text)
{
  char *rest = g_strdup (skip_space (text));

  g_strchomp (rest);
  if (*rest == '\0')
    g_clear_pointer (&rest, g_free);
  return rest;
}

static gboolean
begins_with (const char *name, const char *typed, gsize length)
{
  return strlen (name) >= length && g_ascii_strncasecmp (name, typed, length) == 0;
}

static gboolean
has_alias (const ChatCommandInfo *info, const char *typed, gsize length, gboolean whole)
{
  for (guint i = 0; info->aliases != NULL && info->aliases[i] != NULL; i++)
    if (begins_with (info->aliases[i], typed, length) && (!whole || strlen (info->aliases[i]) == length))
      return TRUE;
  return FALSE;
}

GPtrArray *
chat_command_match (const char *typed)
{
  GPtrArray *found = g_ptr_array_new ();
  gsize length;

  g_return_val_if_fail (typed != NULL, found);

  if (*typed != '/')
    return found;
  typed++;
  length = strlen (typed);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (begins_with (commands[i].name, typed, length))
      g_ptr_array_add (found, (gpointer)&commands[i]);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (!begins_with (commands[i].name, typed, length) && has_alias (&commands[i], typed, length, FALSE))
      g_ptr_array_add (found, (gpointer)&commands[i]);
  return found;
}

void
chat_command_free (ChatCommand *self)
{
  if (self == NULL)
    return;
  g_free (self->argument);
  g_free (self->text);
  g_free (self);
}

gboolean
chat_command_is (const char *text)
{
  g_return_val_if_fail (text != NULL, FALSE);
  return text[0] == '/' && g_unichar_isalpha (g_utf8_get_char (text + 1));
}

char *
chat_command_unescape (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);
  return g_strdup (g_str_has_prefix (text, "//") ? text + 1 : text);
}

/* (nullable): the command that the word of @length bytes at @typed names; else *nearest is one like it, or NULL. */
static const ChatCommandInfo *
find_command (const char *typed, gsize length, const char **nearest)
{
  const char *names[G_N_ELEMENTS (commands) + 1] = { NULL };
  g_autofree char *word = g_strndup (typed, length);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_ascii_strcasecmp (commands[i].name, word) == 0 || has_alias (&commands[i], word, length, TRUE))
        return &commands[i];
      names[i] = commands[i].name;
    }
  *nearest = chat_nearest (word, names);
  return NULL;
}

/* (transfer full): the word at *@text, behind which *@text then is: in quotation marks where it has spaces, and without
 * what marks a user or a channel. */
static char *
take_word (const char **text)
{
  const char *start = skip_space (*text), *end;
  gboolean marked = *start == '@' || *start == '#';

  if (marked)
    start++;
  if (*start == '"' && (end = strchr (start + 1, '"')) != NULL)
    {
      *text = end + 1;
      return g_strndup (start + 1, (gsize)(end - start - 1));
    }
  end = skip_word (start);
  *text = end;
  return g_strndup (start, (gsize)(end - start));
}

static gboolean
refuse_missing (const ChatCommandInfo *info, GError **error)
{
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, _ ("Something is missing: %s"), _ (info->usage));
  return FALSE;
}

/* A channel's name is written in small letters, whatever is typed. */
static gboolean
check_channel (ChatCommand *self, GError **error)
{
  g_autofree char *name = g_utf8_strdown (self->argument, -1);

  g_free (self->argument);
  self->argument = g_steal_pointer (&name);
  return chat_channel_name_check (self->argument, error);
}

static gboolean
check_argument (ChatCommand *self, const ChatCommandInfo *info, GError **error)
{
  if (*self->argument == '\0')
    g_clear_pointer (&self->argument, g_free);
  if (self->argument == NULL)
    return takes[self->id] == TAKES_ARGUMENT || refuse_missing (info, error);
  if (self->id == CHAT_COMMAND_JOIN || self->id == CHAT_COMMAND_LEAVE)
    return check_channel (self, error);
  if (self->id == CHAT_COMMAND_MSG)
    return chat_user_name_check (self->argument, error);
  /* a command's name with its slash or without */
  if (self->id == CHAT_COMMAND_HELP && *self->argument == '/')
    memmove (self->argument, self->argument + 1, strlen (self->argument));
  return TRUE;
}

static gboolean
fill (ChatCommand *self, const ChatCommandInfo *info, const char *rest, GError **error)
{
  switch (takes[self->id])
    {
    case TAKES_ARGUMENT:
    case NEEDS_ARGUMENT:
      self->argument = take_word (&rest);
      self->text = dup_rest (rest);
      return check_argument (self, info, error);
    case NEEDS_LONG_ARGUMENT:
      self->argument = dup_rest (rest);
      return self->argument != NULL || refuse_missing (info, error);
    case NEEDS_TEXT:
      self->text = dup_rest (rest);
      return self->text != NULL || refuse_missing (info, error);
    case TAKES_NOTHING:
    case TAKES_TEXT:
    default:
      self->text = dup_rest (rest);
      return TRUE;
    }
}

ChatCommand *
chat_command_parse (const char *text, GError **error)
{
  g_autoptr (ChatCommand) self = NULL;
  const ChatCommandInfo *info;
  const char *nearest = NULL, *end;

  g_return_val_if_fail (text != NULL && chat_command_is (text), NULL);

  end = skip_word (text);
  info = find_command (text + 1, (gsize)(end - text - 1), &nearest);
  if (info == NULL)
    {
      g_autofree char *word = g_strndup (text, (gsize)(end - text));

      if (nearest != NULL)
        g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                     _ ("There is no command %s. Did you mean /%s? With a second slash in front it is sent as text."),
                     word, nearest);
      else
        g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                     _ ("There is no command %s: /help shows those there are. With a second slash in front it is sent "
                        "as text."),
                     word);
      return NULL;
    }
  self = g_new0 (ChatCommand, 1);
  self->id = info->id;
  return fill (self, info, end, error) ? g_steal_pointer (&self) : NULL;
}
