/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ServerProcess:
 *
 * tertulia-server as it is run: the real program in a process of its own, with a data directory of the test's. It ends
 * with the test. What it says on standard error goes to the file `DIRECTORY.log`.
 */
typedef struct _ServerProcess ServerProcess;

/** ServerProcessFlags: @UNPRIVILEGED: without the right to pass over the modes of files that root has. */
typedef enum
{
  SERVER_PROCESS_PLAIN = 0,
  SERVER_PROCESS_UNPRIVILEGED = 1 << 0,
} ServerProcessFlags;

/** server_process_start: does not wait for it. @directory: made by the server when missing. */
ServerProcess *server_process_start (const char *directory, ServerProcessFlags flags);
/** server_process_start_command: the same for another program that prints "READY URI" and ends with standard input.
 * @log: where its standard error goes. */
ServerProcess *server_process_start_command (const char *const *command, const char *log, ServerProcessFlags flags);
/** server_process_free: kills it where it still runs. */
void server_process_free (ServerProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServerProcess, server_process_free)

/** server_process_start_ready: start and wait_ready: what most tests want. */
ServerProcess *server_process_start_ready (const char *directory);

/** server_process_get_uri: (nullable) (transfer none): once it is ready. */
const char *server_process_get_uri (ServerProcess *self);
gboolean server_process_has_ended (ServerProcess *self);
GPid server_process_get_pid (ServerProcess *self);

/** server_process_wait_ready: fails the test, with what the server said, where it ends instead. */
void server_process_wait_ready (ServerProcess *self);
/** server_process_wait_end: its exit status, or -1 where a signal ended it. */
int server_process_wait_end (ServerProcess *self);

/** server_process_kill: `kill -9`; the kernel is done with it when this returns. */
void server_process_kill (ServerProcess *self);
/** server_process_stop: SIGTERM; fails the test where it does not end with status 0. */
void server_process_stop (ServerProcess *self);

/** server_process_limit_files: from here on no file that it writes may grow past @bytes, as on a disk that is full;
 * G_MAXUINT64: no limit any more. */
void server_process_limit_files (ServerProcess *self, guint64 bytes);

/** server_process_read_log: (transfer full): what it said on standard error. */
char *server_process_read_log (ServerProcess *self);
/** server_process_assert_said: fails the test where standard error does not have each of these, up to NULL. */
void server_process_assert_said (ServerProcess *self, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
