/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-command.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/chat-core-error.h"
#include "core/chat-time.h"
#include "server/chat-server-accounts.h"
#include "server/chat-server-config.h"
#include "server/chat-store-factory.h"

#define LINE_BYTES 8192
#define PAGE 200
#define DAYS_DEFAULT 7
#define DAYS_MAX 365
#define DAY_MS (24 * 60 * 60 * G_GINT64_CONSTANT (1000))
#define INVITER "tertulia-server"

/* What a command works with. */
typedef struct
{
  const ChatServerCommand *command;
  ChatStore *store;
  ChatUserStore *users;
  ChatSessionService *sessions;
  ChatAccountService *accounts;
} Work;

typedef gboolean (*Run) (Work *work, GError **error);

/* Waiting: a command has nothing else to do */

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

/* (transfer full) */
static GAsyncResult *
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (result);
}

/*
 * The password
 */

/* Reads to the end of the line. A character at a time: what follows is nobody else's, but must not stay in a buffer. */
static gboolean
read_line (char *line, gsize size)
{
  gsize length = 0;
  char character;
  gssize got;

  while ((got = read (STDIN_FILENO, &character, 1)) > 0 || (got < 0 && errno == EINTR))
    {
      if (got < 0)
        continue;
      if (character == '\n')
        break;
      if (length + 1 == size)
        return FALSE;
      line[length++] = character;
    }
  if (length > 0 && line[length - 1] == '\r')
    length--;
  line[length] = '\0';
  return length > 0 || got > 0;
}

static gboolean
ask (const char *prompt, char *line)
{
  struct termios shown, hidden;
  gboolean read;

  if (tcgetattr (STDIN_FILENO, &shown) != 0)
    return FALSE;
  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  /* hidden before it is asked for: who is quick is not shown, and not flushed away */
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden);
  fputs (prompt, stderr);
  fflush (stderr);
  read = read_line (line, LINE_BYTES);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &shown);
  fputc ('\n', stderr);
  return read;
}

/* (transfer full) (nullable) */
static char *
read_password (GError **error)
{
  char line[LINE_BYTES] = "", again[LINE_BYTES] = "";
  gboolean terminal = isatty (STDIN_FILENO);
  gboolean got = terminal ? ask ("Password: ", line) && ask ("Again: ", again) : read_line (line, LINE_BYTES);
  char *password = got && (!terminal || g_str_equal (line, again)) ? g_strdup (line) : NULL;

  explicit_bzero (line, sizeof line);
  explicit_bzero (again, sizeof again);
  if (password == NULL)
    g_set_error_literal (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WEAK,
                         got ? "The two are not the same: nothing was changed"
                             : "No password came: type it, or send it as one line of standard input");
  return password;
}

/*
 * The commands
 */

static gboolean
read_role (const char *name, ChatRole *role, GError **error)
{
  if (name == NULL || chat_role_from_string (name, role, error))
    return TRUE;
  return FALSE;
}

static gboolean
create_account (Work *work, GError **error)
{
  const char *name = work->command->words[2];
  ChatRole role = CHAT_ROLE_MEMBER;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatAccount) account = NULL;
  char *password;

  if (!read_role (work->command->role, &role, error) || (password = read_password (error)) == NULL)
    return FALSE;
  chat_account_service_create_async (work->accounts, name, password, role, NULL, result_cb, &slot);
  chat_password_free (password);
  result = await (&slot);
  account = chat_account_service_create_finish (work->accounts, result, error);
  if (account == NULL)
    return FALSE;
  printf ("%s has an account now, with the role %s.\n", account->user, chat_role_to_string (account->role));
  return TRUE;
}

static void
print_account (const ChatAccount *account)
{
  g_autofree char *created = chat_time_format (account->created);

  printf ("%-9s  %-8s  %s  %s\n", chat_role_to_string (account->role), account->disabled ? "disabled" : "enabled",
          created, account->user);
}

static gboolean
list_accounts (Work *work, GError **error)
{
  g_autofree char *after = NULL;
  gboolean more = TRUE;

  while (more)
    {
      GAsyncResult *slot = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GPtrArray) accounts = NULL;

      chat_user_store_list_accounts_async (work->users, after, PAGE, NULL, result_cb, &slot);
      result = await (&slot);
      accounts = chat_user_store_list_accounts_finish (work->users, result, error);
      if (accounts == NULL)
        return FALSE;
      for (guint i = 0; i < accounts->len; i++)
        print_account (accounts->pdata[i]);
      more = accounts->len == PAGE;
      g_free (after);
      after = more ? g_strdup (((ChatAccount *)accounts->pdata[PAGE - 1])->user_key) : NULL;
    }
  return TRUE;
}

static gboolean
edit (Work *work, const ChatAccountEdit *change, const char *said, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatAccount) account = NULL;

  chat_account_service_edit_async (work->accounts, work->command->words[2], change, NULL, result_cb, &slot);
  result = await (&slot);
  account = chat_account_service_edit_finish (work->accounts, result, error);
  if (account == NULL)
    return FALSE;
  printf ("%s %s.\n", account->user, said);
  return TRUE;
}

static gboolean
set_password (Work *work, GError **error)
{
  char *password = read_password (error);
  const ChatAccountEdit change = { .password = password };
  gboolean done;

  if (password == NULL)
    return FALSE;
  done = edit (work, &change, "has another password now, and has to sign in again", error);
  chat_password_free (password);
  return done;
}

static gboolean
set_role (Work *work, GError **error)
{
  const char *name = work->command->words[3];
  ChatRole role;
  const ChatAccountEdit change = { .role = &role };
  g_autofree char *said = g_strdup_printf ("has the role %s now", name);

  return chat_role_from_string (name, &role, error) && edit (work, &change, said, error);
}

static gboolean
disable (Work *work, GError **error)
{
  const gboolean disabled = TRUE;
  const ChatAccountEdit change = { .disabled = &disabled };

  return edit (work, &change, "can't sign in any more", error);
}

static gboolean
enable (Work *work, GError **error)
{
  const gboolean disabled = FALSE;
  const ChatAccountEdit change = { .disabled = &disabled };

  return edit (work, &change, "can sign in", error);
}

static gboolean
invite (Work *work, GError **error)
{
  int days = work->command->days != 0 ? work->command->days : DAYS_DEFAULT;
  ChatRole role = CHAT_ROLE_MEMBER;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ChatInvitation) invitation = NULL;
  g_autofree char *token = NULL;
  g_autofree char *expires = NULL;

  if (!read_role (work->command->role, &role, error))
    return FALSE;
  chat_account_service_invite_async (work->accounts, INVITER, role, days * DAY_MS, NULL, result_cb, &slot);
  result = await (&slot);
  invitation = chat_account_service_invite_finish (work->accounts, result, &token, error);
  if (invitation == NULL)
    return FALSE;
  expires = chat_time_format (invitation->expires);
  printf ("%s\n", token);
  fprintf (stderr, "For one account with the role %s, until %s. It is shown only now.\n", chat_role_to_string (role),
           expires);
  return TRUE;
}

static const struct
{
  const char *noun, *verb;
  guint words; /* with their arguments */
  gboolean takes_role, takes_days;
  Run run;
} commands[] = {
  { "account", "create", 3, TRUE, FALSE, create_account },  { "account", "list", 2, FALSE, FALSE, list_accounts },
  { "account", "password", 3, FALSE, FALSE, set_password }, { "account", "role", 4, FALSE, FALSE, set_role },
  { "account", "disable", 3, FALSE, FALSE, disable },       { "account", "enable", 3, FALSE, FALSE, enable },
  { "invitation", "create", 2, TRUE, TRUE, invite },
};

/*
 * Running one
 */

gboolean
chat_server_command_is (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].noun, word))
      return TRUE;
  return FALSE;
}

static void
complain (const char *message)
{
  g_printerr ("tertulia-server: %s\n", message);
}

static Run
find (const ChatServerCommand *command, GError **error)
{
  guint n = g_strv_length ((char **)command->words);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (n < 2 || !g_str_equal (commands[i].noun, command->words[0])
          || !g_str_equal (commands[i].verb, command->words[1]))
        continue;
      if (n == commands[i].words && (command->role == NULL || commands[i].takes_role)
          && (command->days == 0 || commands[i].takes_days) && command->days >= 0 && command->days <= DAYS_MAX)
        return commands[i].run;
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s %s\" is not used like this: see %s --help",
                   commands[i].noun, commands[i].verb, commands[i].noun);
      return NULL;
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "There is no command \"%s%s%s\": see --help",
               command->words[0], n > 1 ? " " : "", n > 1 ? command->words[1] : "");
  return NULL;
}

/* What root makes there the service could not open. */
static gboolean
check_owner (ChatConfig *config, GError **error)
{
  g_autofree char *path = chat_server_config_dup_path (config, "store", "store.db");
  g_autofree char *directory = g_path_get_dirname (path);
  const struct passwd *owner;
  struct stat info;

  if (geteuid () != 0 || stat (path, &info) == 0 || stat (directory, &info) != 0 || info.st_uid == 0)
    return TRUE;
  owner = getpwuid (info.st_uid);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
               "There is no store in %s yet, and that directory is not yours: run this as its user: sudo -u %s "
               "tertulia-server …",
               directory, owner != NULL ? owner->pw_name : "USER");
  return FALSE;
}

static gboolean
open_store (Work *work, ChatConfig *config, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (!check_owner (config, error))
    return FALSE;
  work->store = chat_store_factory_new_store (config);
  chat_store_open_async (work->store, NULL, result_cb, &slot);
  result = await (&slot);
  if (!chat_store_open_finish (work->store, result, error))
    return FALSE;
  work->users = chat_store_get_users (work->store);
  work->sessions = chat_server_accounts_new_sessions (config, work->users);
  work->accounts = chat_server_accounts_new (config, work->users, work->sessions);
  return TRUE;
}

static void
close_store (Work *work)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  g_clear_object (&work->accounts);
  g_clear_object (&work->sessions);
  if (work->store == NULL)
    return;
  chat_store_close_async (work->store, NULL, result_cb, &slot);
  result = await (&slot);
  chat_store_close_finish (work->store, result, NULL);
  g_clear_object (&work->store);
}

static ChatServerCommandStatus
status_of (const GError *error)
{
  if (error->domain == CHAT_CORE_ERROR)
    return CHAT_SERVER_COMMAND_USAGE;
  if (error->domain == CHAT_SESSION_ERROR && error->code != CHAT_SESSION_ERROR_BUSY)
    return CHAT_SERVER_COMMAND_REFUSED;
  return CHAT_SERVER_COMMAND_FAILED;
}

ChatServerCommandStatus
chat_server_command_run (ChatConfig *config, const ChatServerCommand *command)
{
  g_autoptr (GError) error = NULL;
  Run run = find (command, &error);
  Work work = { .command = command };
  ChatServerCommandStatus status = CHAT_SERVER_COMMAND_DONE;

  if (run == NULL)
    {
      complain (error->message);
      return CHAT_SERVER_COMMAND_USAGE;
    }
  umask (077);
  if (!open_store (&work, config, &error) || !run (&work, &error))
    {
      complain (error->message);
      status = status_of (error);
    }
  close_store (&work);
  return status;
}
