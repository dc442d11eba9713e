/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatCommandId: what can be typed after a slash. */
typedef enum
{
  CHAT_COMMAND_USERS,  /* /users */
  CHAT_COMMAND_MYMSGS, /* /mymsgs, also /mymgs */
  CHAT_COMMAND_JOIN,   /* /join channel */
  CHAT_COMMAND_LEAVE,  /* /leave [channel] */
  CHAT_COMMAND_TOPIC,  /* /topic [text]: without one it is shown */
  CHAT_COMMAND_ME,     /* /me text: a notice */
  CHAT_COMMAND_MSG,    /* /msg user [text] */
  CHAT_COMMAND_SEARCH, /* /search text */
  CHAT_COMMAND_GOTO,   /* /goto date: 2026-11-03, 3.11.2026, "yesterday", a weekday, with a time or without */
  CHAT_COMMAND_HELP,   /* /help [command] */
  CHAT_COMMAND_EXIT,   /* /exit */
} ChatCommandId;

/** ChatCommandInfo: @usage and @summary: to be translated by whoever shows them (N_()). */
typedef struct
{
  ChatCommandId id;
  const char *name;           /* without the slash */
  const char *const *aliases; /* nullable */
  const char *usage;          /* "/join CHANNEL" */
  const char *summary;
} ChatCommandInfo;

/** chat_command_list: (transfer none) (array length=n): all, in the order in which they are shown. */
const ChatCommandInfo *chat_command_list (gsize *n);

/** chat_command_match: (transfer full) (element-type ChatCommandInfo): those that @typed ("/", "/my", "/join") begins:
 * by name, then alias. */
GPtrArray *chat_command_match (const char *typed);

/** ChatCommand: what was typed. */
typedef struct
{
  ChatCommandId id;
  char *argument; /* nullable: a channel, a user, a date: without @ or # */
  char *text;     /* nullable: the rest, as it was typed */
} ChatCommand;

void chat_command_free (ChatCommand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatCommand, chat_command_free)

/**
 * chat_command_parse:
 *
 * "//text" and a slash that no letter follows are text and not a command (chat_command_is() tells).
 *
 * Returns: (transfer full) (nullable): NULL with a CHAT_CORE_ERROR for people: there is no such command (with the
 *   nearest), something is missing
 */
ChatCommand *chat_command_parse (const char *text, GError **error);
gboolean chat_command_is (const char *text);
/** chat_command_unescape: (transfer full): what "//text" stands for: "/text"; another text as it is. */
char *chat_command_unescape (const char *text);

/** chat_command_parse_date: ms since 1970 of the beginning of a local day or minute that a person wrote, in the words
 * of the locale and in ISO 8601; @now: what "yesterday" refers to. FALSE with a CHAT_CORE_ERROR with examples. */
gboolean chat_command_parse_date (const char *text, GDateTime *now, gint64 *time, GError **error);

G_END_DECLS
