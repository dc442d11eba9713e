/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-call.h"
#include "chat-test-disk.h"
#include "client/chat-local-database.h"

G_BEGIN_DECLS

/* A directory of the test's, for what a workspace keeps on its disk. */

char *local_test_directory (void);               /* transfer full */
void local_test_remove (const char *directory);  /* with all that is in it */
char *local_test_file (const char *directory);   /* transfer full: the database */
GBytes *local_test_read (const char *directory); /* transfer full: what the database's file holds */
void local_test_write (const char *directory, const void *data, gsize length);
void local_test_close (ChatLocalDatabase *database); /* transfer full: waits for it */
/** local_test_query: (transfer full): the first column of the first row, as another program reads it. */
char *local_test_query (const char *directory, const char *sql);

G_END_DECLS
