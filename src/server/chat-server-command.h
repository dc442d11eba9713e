/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"

G_BEGIN_DECLS

/** ChatServerCommand: `tertulia-server account …` and `invitation …`: what the command line says of it. */
typedef struct
{
  const char *const *words; /* "account", "create", "ana" … */
  const char *role;         /* --role; nullable */
  int days;                 /* --days; 0: not given */
} ChatServerCommand;

typedef enum
{
  CHAT_SERVER_COMMAND_DONE = 0,
  CHAT_SERVER_COMMAND_FAILED = 1,  /* the store can't be used */
  CHAT_SERVER_COMMAND_USAGE = 2,   /* no such command, or not so */
  CHAT_SERVER_COMMAND_REFUSED = 3, /* name taken, weak password, no such account … */
} ChatServerCommandStatus;

/** CHAT_SERVER_COMMAND_HELP: the commands there are, for --help. */
#define CHAT_SERVER_COMMAND_HELP                                                                                       \
  "Commands, on a stopped and on a running service (with the same --config):\n"                                        \
  "  account create NAME [--role member|moderator|admin]\n"                                                            \
  "  account list\n"                                                                                                   \
  "  account password NAME          gives it another password; its sessions end\n"                                     \
  "  account role NAME ROLE\n"                                                                                         \
  "  account disable NAME           it can't sign in; its sessions end\n"                                              \
  "  account enable NAME\n"                                                                                            \
  "  invitation create [--role ROLE] [--days DAYS]\n"                                                                  \
  "\n"                                                                                                                 \
  "A password is read from the terminal without being shown, or else as one line of standard input.\n"                 \
  "They exit with 0 when it is done, 1 when the store can't be used, 2 for a wrong command line, 3 when\n"             \
  "it is refused (name taken, weak password, no such account, last admin)."

/** chat_server_command_is: whether @word begins a command. */
gboolean chat_server_command_is (const char *word);

/** chat_server_command_run: carries it out and says so; a ChatServerCommandStatus, which is the exit status. Blocks. */
ChatServerCommandStatus chat_server_command_run (ChatConfig *config, const ChatServerCommand *command);

G_END_DECLS
