/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-fault.h"

#include <errno.h>

#include "server/store/chat-store.h"

static GError *
full (const char *path)
{
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_FULL,
                      "There is no room left for “%s” and the files beside it: free some on that disk, or raise the "
                      "quota; then it goes on by itself",
                      path);
}

static GError *
no_memory (const char *path)
{
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY,
                      "There was no memory left to work on “%s”: try again, or give the server more", path);
}

static GError *
damaged (const char *path, const char *detail)
{
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED,
                      "“%s” is damaged (%s): stop the server and put a backup in its place, or rescue what can be read "
                      "with “sqlite3 FILE .recover”",
                      path, detail);
}

static GError *
read_only (const char *path, const char *detail)
{
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_READ_ONLY,
                      "“%s” can't be written (%s): the user that the server runs as needs to read and write it, and to "
                      "make files beside it in its directory",
                      path, detail);
}

static GError *
cant_open (const char *path, int system_error, const char *detail)
{
  switch (system_error)
    {
    case ENOSPC:
    case EDQUOT:
      return full (path);
    case EMFILE:
    case ENFILE:
      return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY,
                          "“%s” can't be opened (%s): too many files are open; raise the limit of the server, or try "
                          "again later",
                          path, g_strerror (system_error));
    default:
      return read_only (path, system_error != 0 ? g_strerror (system_error) : detail);
    }
}

static GError *
disk_failed (const char *path, int system_error, const char *detail)
{
  /* SQLite takes only ENOSPC for a full disk; a quota and a limit on the size of files are no different */
  if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG)
    return full (path);
  /* A disk may fail for a moment: a cable, a host that is short of room, a network. What SQLite could not commit it has
   * rolled back, and writes anew at the next attempt; so it is right to try again, as the broker's log does. */
  return g_error_new (
      CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY,
      "The disk failed under “%s” (%s): it is tried again; look at the system's log, and check the disk "
      "if this goes on",
      path, system_error != 0 ? g_strerror (system_error) : detail);
}

GError *
chat_sqlite_fault_new (const char *path, int code, int system_error, const char *detail)
{
  if (detail == NULL)
    detail = sqlite3_errstr (code);

  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY,
                          "“%s” is locked by another process: end the database tool, backup or second server that "
                          "holds it, or try again",
                          path);
    case SQLITE_NOMEM:
      return no_memory (path);
    case SQLITE_FULL:
      return full (path);
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_CORRUPTFS || code == SQLITE_IOERR_DATA)
        return damaged (path, detail);
      return code == SQLITE_IOERR_NOMEM ? no_memory (path) : disk_failed (path, system_error, detail);
    case SQLITE_CANTOPEN:
      return cant_open (path, system_error, detail);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return read_only (path, detail);
    case SQLITE_NOTADB:
      return g_error_new (
          CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED,
          "“%s” is not a database: name another file in the configuration, or put a backup in its place", path);
    case SQLITE_CONSTRAINT:
      return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT, "“%s” refuses what was to be stored (%s)", path,
                          detail);
    default:
      return damaged (path, detail);
    }
}
