/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_MODE 0700
#define KEY_MODE 0600
#define OTHERS 0077
#define KEY_BYTES 32
#define LOCK_NAME "tertulia-server.lock"
#define KEY_NAME "signing.key"

struct _ChatServerDirectory
{
  char *path;
  int lock; /* a descriptor that holds the lock */
};

static void
set_system_error (GError **error, int code, const char *what, const char *path, const char *hint)
{
  g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (code), "%s %s: %s. %s", what, path, g_strerror (code),
               hint);
}

static gboolean
make_directory (const char *path, gboolean tighten, GError **error)
{
  GStatBuf info;

  if (g_mkdir_with_parents (path, DIRECTORY_MODE) != 0)
    {
      set_system_error (error, errno, "Can't make the data directory", path,
                        "Make it for this user, or choose another one (server.data_directory)");
      return FALSE;
    }
  if (!tighten || g_stat (path, &info) != 0 || (info.st_mode & 0777) == DIRECTORY_MODE)
    return TRUE;
  if (g_chmod (path, DIRECTORY_MODE) == 0)
    return TRUE;
  set_system_error (error, errno, "Others can look into the data directory", path,
                    "Give it the mode 0700, or choose another one");
  return FALSE;
}

static char *
read_owner (int lock)
{
  char pid[32] = "";

  if (pread (lock, pid, sizeof pid - 1, 0) <= 0)
    return g_strdup ("another process");
  return g_strdup_printf ("process %s", g_strchomp (pid));
}

static gboolean
take_lock (ChatServerDirectory *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, LOCK_NAME, NULL);
  g_autofree char *owner = NULL;
  g_autofree char *pid = g_strdup_printf ("%d\n", (int)getpid ());

  self->lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, KEY_MODE);
  if (self->lock < 0)
    {
      set_system_error (error, errno, "Can't write in the data directory:", path,
                        "Give this user the right to, or choose another one (server.data_directory)");
      return FALSE;
    }
  if (flock (self->lock, LOCK_EX | LOCK_NB) != 0)
    {
      owner = read_owner (self->lock);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                   "The data directory %s is in use by another tertulia-server (%s): end that one, or choose another "
                   "directory (server.data_directory)",
                   self->path, owner);
      return FALSE;
    }
  /* Only for the sentence above: the lock itself needs no content. */
  if (ftruncate (self->lock, 0) != 0 || pwrite (self->lock, pid, strlen (pid), 0) < 0)
    {
      set_system_error (error, errno, "Can't write to", path, "Make room on its disk, or choose another directory");
      return FALSE;
    }
  return TRUE;
}

ChatServerDirectory *
chat_server_directory_open (const char *path, gboolean tighten, GError **error)
{
  g_autoptr (ChatServerDirectory) self = g_new0 (ChatServerDirectory, 1);

  self->path = g_strdup (path);
  self->lock = -1;
  if (!make_directory (path, tighten, error) || !take_lock (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
chat_server_directory_free (ChatServerDirectory *self)
{
  if (self->lock >= 0)
    close (self->lock);
  g_free (self->path);
  g_free (self);
}

static gboolean
tighten_file (const char *path, GError **error)
{
  GStatBuf info;

  if (g_stat (path, &info) != 0 || !S_ISREG (info.st_mode) || (info.st_mode & OTHERS) == 0)
    return TRUE;
  if (g_chmod (path, info.st_mode & 0777 & ~OTHERS) == 0)
    {
      g_message ("Others could look into %s: its mode was %03o, and is %03o now", path, info.st_mode & 0777,
                 info.st_mode & 0777 & ~OTHERS);
      return TRUE;
    }
  set_system_error (error, errno, "Others can look into", path, "Give it the mode 0600, and this user as its owner");
  return FALSE;
}

static GBytes *
make_key (const char *path, GError **error)
{
  guint8 bytes[KEY_BYTES];

  if (getrandom (bytes, sizeof bytes, 0) != (gssize)sizeof bytes)
    {
      set_system_error (error, errno, "No random bytes for", path, "Try again");
      return NULL;
    }
  if (!g_file_set_contents_full (path, (const char *)bytes, sizeof bytes,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, KEY_MODE, error))
    return NULL;
  return g_bytes_new (bytes, sizeof bytes);
}

/* (transfer full) (nullable): the bytes that 64 hexadecimal digits, and perhaps a line's end, stand for. */
static GBytes *
read_digits (const char *text, gsize length)
{
  guint8 bytes[KEY_BYTES];
  gsize digits = 0;

  while (length > 0 && g_ascii_isspace (text[length - 1]))
    length--;
  for (; digits < length && digits < 2 * KEY_BYTES && g_ascii_isxdigit (text[digits]); digits++)
    {
      guint8 *byte = &bytes[digits / 2];

      *byte = (guint8)((digits % 2 == 0 ? 0 : *byte << 4) | g_ascii_xdigit_value (text[digits]));
    }
  return digits == 2 * KEY_BYTES && digits == length ? g_bytes_new (bytes, sizeof bytes) : NULL;
}

static GBytes *
read_key (const char *path, GError **error)
{
  g_autofree char *contents = NULL;
  GBytes *key = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, error))
    return NULL;
  if (length == KEY_BYTES)
    return g_bytes_new_take (g_steal_pointer (&contents), length);
  key = read_digits (contents, length);
  if (key == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "The signing key %s has neither %d bytes nor %d hexadecimal digits, but %" G_GSIZE_FORMAT
                 " bytes: put back the right file, or remove it to have a new one made",
                 path, KEY_BYTES, 2 * KEY_BYTES, length);
  return key;
}

GBytes *
chat_server_directory_load_key (ChatServerDirectory *self, const char *path, GError **error)
{
  g_autofree char *own = g_build_filename (self->path, KEY_NAME, NULL);
  g_autoptr (GError) reason = NULL;
  GBytes *key;

  if (path != NULL)
    {
      key = read_key (path, error);
      if (key == NULL)
        g_prefix_error (error, "[server] signing_key: ");
      return key;
    }
  if (!tighten_file (own, error))
    return NULL;
  key = read_key (own, &reason);
  if (key == NULL && g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return make_key (own, error);
  if (key == NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  return key;
}

gboolean
chat_server_directory_tighten (const char *database, GError **error)
{
  static const char *const endings[] = { "", "-wal", "-shm", "-journal" };

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *path = g_strconcat (database, endings[i], NULL);

      if (!tighten_file (path, error))
        return FALSE;
    }
  return TRUE;
}
