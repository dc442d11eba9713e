/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

char *
scratch_new (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("tertulia-integration-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static void
empty (const char *path)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  g_chmod (path, 0700); /* a test may have taken that away */
  directory = g_dir_open (path, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        empty (child);
      g_remove (child);
    }
}

void
scratch_remove (char *path)
{
  empty (path);
  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_free (path);
}
