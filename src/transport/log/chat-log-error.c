/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-error.h"

#include <errno.h>
#include <sqlite3.h>

#include "transport/chat-transport-error.h"

static ChatTransportError
code_of (int code, int system_error)
{
  /* SQLite knows ENOSPC on most paths only, and a quota on none. */
  if (system_error == ENOSPC || system_error == EDQUOT)
    return CHAT_TRANSPORT_ERROR_FULL;

  switch (code & 0xff)
    {
    case SQLITE_FULL:
      return CHAT_TRANSPORT_ERROR_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return CHAT_TRANSPORT_ERROR_DENIED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
      return CHAT_TRANSPORT_ERROR_OFFLINE;
    default:
      return CHAT_TRANSPORT_ERROR_DAMAGED;
    }
}

GError *
chat_log_error_new (const char *path, int code, int system_error, const char *detail)
{
  ChatTransportError error = code_of (code, system_error);
  const char *what = system_error != 0 ? g_strerror (system_error) : detail;

  switch (error)
    {
    case CHAT_TRANSPORT_ERROR_FULL:
      return g_error_new (CHAT_TRANSPORT_ERROR, (gint)error,
                          "The disk is full: nothing more can be kept in “%s” until there is room", path);
    case CHAT_TRANSPORT_ERROR_DENIED:
      return g_error_new (CHAT_TRANSPORT_ERROR, (gint)error,
                          "“%s” can't be written: %s. Check the permissions of the file and of its folder", path, what);
    case CHAT_TRANSPORT_ERROR_OFFLINE:
      if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return g_error_new (CHAT_TRANSPORT_ERROR, (gint)error,
                            "Another program has locked “%s”: it goes on as soon as that lets go", path);
      return g_error_new (CHAT_TRANSPORT_ERROR, (gint)error, "“%s” can't be read or written now: %s", path, what);
    case CHAT_TRANSPORT_ERROR_CLOSED:
    case CHAT_TRANSPORT_ERROR_REJECTED:
    case CHAT_TRANSPORT_ERROR_LOST:
    case CHAT_TRANSPORT_ERROR_ABORTED:
    case CHAT_TRANSPORT_ERROR_DAMAGED:
    default:
      return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED,
                          "“%s” is damaged: %s. Restore it from a backup, or move it away to begin a new one", path,
                          detail);
    }
}
