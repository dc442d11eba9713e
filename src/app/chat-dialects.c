/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-dialects.h"

#include <glib/gi18n.h>

#define RESOURCES "/chat/tertulia/Tertulia/dialects/"
#define SUFFIX ".conf"

static const char *const shipped[] = { "tertulia", "plain-text", NULL };

/* (transfer full) */
static char *
dup_own_directory (void)
{
  return g_build_filename (g_get_user_config_dir (), "tertulia", "dialects", NULL);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate (*(const char *const *)a, *(const char *const *)b);
}

char **
chat_dialects_list (void)
{
  g_autofree char *directory = dup_own_directory ();
  g_autoptr (GDir) files = g_dir_open (directory, 0, NULL);
  GPtrArray *names = g_ptr_array_new ();
  guint own;

  for (guint i = 0; shipped[i] != NULL; i++)
    g_ptr_array_add (names, g_strdup (shipped[i]));
  own = names->len;
  for (const char *file = NULL; files != NULL && (file = g_dir_read_name (files)) != NULL;)
    {
      g_autofree char *name
          = g_str_has_suffix (file, SUFFIX) ? g_strndup (file, strlen (file) - strlen (SUFFIX)) : NULL;

      if (name != NULL && *name != '\0' && g_utf8_validate (name, -1, NULL) && !g_strv_contains (shipped, name))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
  qsort (names->pdata + own, names->len - own, sizeof (gpointer), compare_names);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}

ChatDialect *
chat_dialects_load (const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, SUFFIX, NULL);
  g_autofree char *resource = g_strconcat (RESOURCES, file, NULL);
  g_autofree char *directory = dup_own_directory ();
  g_autofree char *path = g_build_filename (directory, file, NULL);
  g_autoptr (GBytes) bytes = NULL;

  if (!g_strv_contains (shipped, name))
    return chat_dialect_load_file (path, error);
  bytes = g_resources_lookup_data (resource, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (bytes == NULL)
    return NULL;
  return chat_dialect_load_data (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), file, error);
}

char *
chat_dialects_dup_title (const char *name)
{
  g_autoptr (ChatDialect) dialect = NULL;

  if (g_str_equal (name, "plain-text"))
    return g_strdup (_ ("Plain text"));
  dialect = chat_dialects_load (name, NULL);
  return g_strdup (dialect != NULL && chat_dialect_get_title (dialect) != NULL ? chat_dialect_get_title (dialect)
                                                                               : name);
}
