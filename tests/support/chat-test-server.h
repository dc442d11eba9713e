/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChatTestServer:
 *
 * The real tertulia-server (the one that TERTULIA_SERVER names) as a child, with a directory of its own. Whatever goes
 * wrong fails the test, with what the server wrote. Waiting does not run the caller's main context.
 */
typedef struct _ChatTestServer ChatTestServer;

/** chat_test_server_new: @settings: (array zero-terminated=1) (nullable): "group.key=value", for every start; without
 * `limits.rates=true` among them, no rates are held. Not started yet. */
ChatTestServer *chat_test_server_new (const char *const *settings);
/** chat_test_server_set_humble: whether it is started without root's right to pass over the modes of files. */
void chat_test_server_set_humble (ChatTestServer *self, gboolean humble);
/** chat_test_server_free: kills it where it runs, and removes the directory. */
void chat_test_server_free (ChatTestServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatTestServer, chat_test_server_free)

/** chat_test_server_start: and waits for its ready line. From the second start on it has the port of the first, unless
 * the settings say another. */
void chat_test_server_start (ChatTestServer *self);
/** chat_test_server_spawn: like start, but waits for nothing: it may be meant to fail. */
void chat_test_server_spawn (ChatTestServer *self);
/** chat_test_server_stop: SIGTERM; it must end with 0 within 10 seconds. */
void chat_test_server_stop (ChatTestServer *self);
/** chat_test_server_kill: SIGKILL. */
void chat_test_server_kill (ChatTestServer *self);
/** chat_test_server_start_with_input: like start, with a standard input whose end ends it. */
void chat_test_server_start_with_input (ChatTestServer *self);
/** chat_test_server_close_input: ends that input, and waits for the server's end like stop. */
void chat_test_server_close_input (ChatTestServer *self);

void chat_test_server_signal (ChatTestServer *self, int signal);
/** chat_test_server_wait: for its end. Returns: its exit status; -1 where a signal ended it */
int chat_test_server_wait (ChatTestServer *self);

/** chat_test_server_get_uri: (transfer none) (nullable): "http://127.0.0.1:PORT/", once it was started; NULL where it
 * has not the role api. */
const char *chat_test_server_get_uri (ChatTestServer *self);
/** chat_test_server_get_directory: (transfer none): its data directory, in which it has all of its files. */
const char *chat_test_server_get_directory (ChatTestServer *self);
/** chat_test_server_dup_path: (transfer full): a place beside that directory for what belongs to the same test. */
char *chat_test_server_dup_path (ChatTestServer *self, const char *name);
GPid chat_test_server_get_pid (ChatTestServer *self);
/** chat_test_server_dup_log: (transfer full): what it has written to standard error so far, over all starts. */
char *chat_test_server_dup_log (ChatTestServer *self);

/** chat_test_server_run: runs the program with these arguments until it ends by itself. Returns: its exit status */
int chat_test_server_run (char **output, char **errors, const char *first, ...) G_GNUC_NULL_TERMINATED;

/** chat_test_server_program: (transfer none): the path of the program. */
const char *chat_test_server_program (void);

G_END_DECLS
