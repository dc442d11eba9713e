/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * ChatTestDisk:
 *
 * A disk that fails on demand: a VFS between SQLite and the real one, which counts what is done to files and lets some
 * of it fail. The numbers below are read and written with g_atomic_int: databases have threads of their own.
 */
typedef struct
{
  sqlite3_vfs base;
  sqlite3_vfs *real;
  int fail_at;    /* which operation fails, from 1; 0: none */
  int fail_count; /* how many do from there on */
  int code;       /* with this: SQLITE_FULL, where files are opened and read all the same, or SQLITE_IOERR */
  int operations; /* so far */
  int log_syncs;  /* of a write-ahead log */

  GMutex lock;
  GCond let_go;
  gboolean held; /* under the lock: such a synchronisation waits */
} ChatTestDisk;

/** chat_test_disk_insert: @self: zeroed: it is the default VFS until it is removed. */
void chat_test_disk_insert (ChatTestDisk *self);
void chat_test_disk_remove (ChatTestDisk *self);

/** chat_test_disk_fail: the next @count operations from the @nth on (1: the next) fail with @code. 0: none. */
void chat_test_disk_fail (ChatTestDisk *self, int nth, int count, int code);

/** chat_test_disk_hold: who synchronises a write-ahead log waits until the main loop runs again. So what is asked for
 * before that waits together, however the threads are scheduled. */
void chat_test_disk_hold (ChatTestDisk *self);

G_END_DECLS
