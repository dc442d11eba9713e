/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** ChatServerDirectory: the directory with all that the server keeps, held by one server at a time. */
typedef struct _ChatServerDirectory ChatServerDirectory;

/**
 * chat_server_directory_open:
 * @path: made when missing, with mode 0700
 * @tighten: whether one that is there is given that mode too
 *
 * Returns: (nullable): the directory, locked until it is freed or the process ends; or NULL with a G_IO_ERROR whose
 * message is a sentence for whoever started the server
 */
ChatServerDirectory *chat_server_directory_open (const char *path, gboolean tighten, GError **error);
void chat_server_directory_free (ChatServerDirectory *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatServerDirectory, chat_server_directory_free)

/** chat_server_directory_load_key: (transfer full) (nullable): the 32 random bytes of the signing key.
 * @path: (nullable): the file that has them, also as 64 hexadecimal digits; NULL: `signing.key` in the directory, made
 * when missing, readable by its owner only. */
GBytes *chat_server_directory_load_key (ChatServerDirectory *self, const char *path, GError **error);

/** chat_server_directory_tighten: a database and what SQLite keeps beside it, where they are there, are for this user
 * alone from here on; or FALSE with a G_IO_ERROR that says what to do. */
gboolean chat_server_directory_tighten (const char *database, GError **error);

G_END_DECLS
