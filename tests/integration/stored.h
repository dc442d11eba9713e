/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The server's databases as SQLite and json-glib see them, without any code of the product: what the verdict of a test
 * stands on. All of it can be asked while the server runs.
 */

/** StoredMessage: one row of a channel's history. */
typedef struct
{
  gint64 seq;
  char *id;
  char *author;
  char *data;
} StoredMessage;

/** stored_message_new: the texts are copied. */
StoredMessage *stored_message_new (gint64 seq, const char *id, const char *author, const char *data);
/** stored_message_free: a GDestroyNotify; NULL does nothing. */
void stored_message_free (gpointer message);

/** stored_read: (transfer full) (element-type StoredMessage): all of a channel in the order of its seqs. @directory:
 * the server's. */
GPtrArray *stored_read (const char *directory, const char *channel);

/** stored_count: how many messages a channel has; 0 where there is none. Cheap: it can be asked again and again. */
gint64 stored_count (const char *directory, const char *channel);

/** stored_wait_count: until a channel has so many. Runs the main context. */
void stored_wait_count (const char *directory, const char *channel, gint64 count);
/** stored_wait_text: until the newest message of a channel is this one. */
void stored_wait_text (const char *directory, const char *channel, const char *text);

/** stored_assert_strikes: @user was given so many strikes, each once, numbered from 1. */
void stored_assert_strikes (const char *directory, const char *user, gint64 count);

/** stored_assert_contiguous: the seqs of @messages are 1, 2, 3 …, and no id is there twice. */
void stored_assert_contiguous (GPtrArray *messages);
/** stored_assert_same: @seen has the same messages in the same order as @messages. */
void stored_assert_same (GPtrArray *seen, GPtrArray *messages);

/** stored_path, stored_log_path: (transfer full): where the server keeps its store and its log. */
char *stored_path (const char *directory);
char *stored_log_path (const char *directory);

G_END_DECLS
