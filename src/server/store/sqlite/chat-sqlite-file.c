/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "server/store/chat-store.h"
#include "server/store/sqlite/chat-sqlite-fault.h"

/* One page of the smallest size (https://www.sqlite.org/fileformat.html): SQLite itself takes a file that is smaller
 * for an empty one, and would write over it. */
#define SMALLEST_DATABASE 512

static gboolean fail (GError **error, int system_error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, int system_error, const char *format, ...)
{
  gboolean full = system_error == ENOSPC || system_error == EDQUOT;
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (error,
                     g_error_new_valist (CHAT_STORE_ERROR, full ? CHAT_STORE_ERROR_FULL : CHAT_STORE_ERROR_READ_ONLY,
                                         format, arguments));
  va_end (arguments);
  return FALSE;
}

static gboolean
make_file (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int descriptor;

  if (g_mkdir_with_parents (directory, 0700) != 0)
    return fail (error, errno,
                 "The directory of “%s” can't be made (%s): make it, and let the server's user write in it", path,
                 g_strerror (errno));

  /* O_EXCL: of a file that another connection of this process has open, closing a descriptor would drop its locks */
  descriptor = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0 && errno != EEXIST)
    return fail (error, errno, "“%s” can't be made (%s): let the server's user write in its directory", path,
                 g_strerror (errno));
  if (descriptor >= 0)
    close (descriptor);
  return TRUE;
}

gboolean
chat_sqlite_file_prepare (const char *path, GError **error)
{
  struct stat status;

  if (stat (path, &status) != 0 && errno == ENOENT && !make_file (path, error))
    return FALSE;
  if (stat (path, &status) != 0)
    return fail (error, errno, "“%s” can't be reached (%s): name a file that the server's user can read and write",
                 path, g_strerror (errno));
  if (S_ISDIR (status.st_mode))
    return fail (error, EISDIR, "“%s” is a directory: name a file in it, such as “%s/store.db”", path, path);
  if (!S_ISREG (status.st_mode))
    return fail (error, EINVAL, "“%s” is no ordinary file: name one that is, or one that is still to be made", path);
  /* SQLite would open it all the same and leave files beside it that can't be written either, ever after. It is not
   * opened to find out: see make_file(). */
  if (faccessat (AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0)
    return fail (error, errno,
                 "“%s” can't be written (%s): the user that the server runs as needs to read and write it, and to make "
                 "files beside it in its directory",
                 path, g_strerror (errno));
  if (status.st_size > 0 && status.st_size < SMALLEST_DATABASE)
    {
      g_propagate_error (error, chat_sqlite_fault_new (path, SQLITE_NOTADB, 0, NULL));
      return FALSE;
    }
  return TRUE;
}
