/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-call.h"
#include "transport/log/chat-log-transport.h"

G_BEGIN_DECLS

/* What the tests of the log have in common: a file in a folder of its own, and somebody else's look into it. */

typedef struct
{
  char *folder;
  char *path;
  ChatTransport *transport; /* nullable */
} LogTest;

void log_test_init (LogTest *self);
/** log_test_clear: closes, and removes the folder. */
void log_test_clear (LogTest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LogTest, log_test_clear)

/** log_test_open: @options: (nullable); fails where it can't. */
void log_test_open (LogTest *self, const ChatLogOptions *options);
/** log_test_try: connects a transport to @path and drops it; whether that went well. */
gboolean log_test_try (const char *path, GError **error);
void log_test_close (LogTest *self);

gboolean log_test_publish (LogTest *self, const char *topic, const char *key, const char *text, GError **error);
/** log_test_publish_many: "PREFIX0" … in flight together. */
void log_test_publish_many (LogTest *self, const char *topic, const char *key, const char *prefix, guint count);

/** log_test_ask: (transfer full): the first value of the first row of @sql, asked on a connection that only reads. */
char *log_test_ask (const char *path, const char *sql);
/** log_test_do: @sql on a connection of its own. */
void log_test_do (const char *path, const char *sql);

/** LogReader: what a subscription delivered. */
typedef struct
{
  ChatSubscription *subscription;
  GPtrArray *records;
  guint count;
  guint gaps, closed;
  gint64 gap_from, gap_to;
  GError *error; /* of closed */
} LogReader;
LogReader *log_reader_new (LogTest *test, const char *topic, const ChatStart *start);
LogReader *log_reader_new_group (LogTest *test, const char *topic, const char *group);
void log_reader_free (LogReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogReader, log_reader_free)
#define log_reader_wait(self, least) chat_test_wait_count (&(self)->count, (least), "records of the log")
/** log_reader_text: (transfer full) */
char *log_reader_text (LogReader *self, guint i);
/** log_reader_forward: its first @count records, with an output for each to @output (nullable: none). */
gboolean log_reader_forward (LogTest *test, LogReader *self, guint count, const char *output, GError **error);

G_END_DECLS
