/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-migrations.h"

#include <stdlib.h>
#include <string.h>

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

char **
chat_sql_list_migrations (const char *folder, void (*register_resource) (void))
{
  static GMutex lock;
  char **names;

  /* looked up among all resources: what a resource's own function gives is NULL for a moment when several threads are
   * the first to ask for it */
  g_mutex_lock (&lock);
  names = g_resources_enumerate_children (folder, 0, NULL);
  if (names == NULL)
    {
      register_resource ();
      names = g_resources_enumerate_children (folder, 0, NULL);
    }
  g_mutex_unlock (&lock);
  qsort (names, g_strv_length (names), sizeof *names, compare_names);
  return names;
}
