/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "server/store/chat-store.h"

G_BEGIN_DECLS

/** PostgresqlTest: an empty database of its own. */
typedef struct
{
  ChatTestBroker *server;
  char *uri;
  char *database; /* its name */
} PostgresqlTest;

/** postgresql_test_init: FALSE where the test is skipped. */
gboolean postgresql_test_init (PostgresqlTest *self, ChatTestBrokerFlags flags);
void postgresql_test_clear (PostgresqlTest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PostgresqlTest, postgresql_test_clear)

/** postgresql_test_ask: that psql, as the superuser, answers @expected. */
void postgresql_test_ask (PostgresqlTest *self, const char *sql, const char *expected);
/** postgresql_test_run: what psql answers does not matter. */
void postgresql_test_run (PostgresqlTest *self, const char *sql);

/** postgresql_test_store_new: with a statement timeout of a second. */
ChatStore *postgresql_test_store_new (const char *uri);
/** postgresql_test_store_open: (transfer full) */
ChatStore *postgresql_test_store_open (const char *uri);
void postgresql_test_store_close (ChatStore *store);

/** postgresql_test_assert_refused: that opening fails with @code, and says @words. */
void postgresql_test_assert_refused (const char *uri, const char *password_file, ChatStoreError code,
                                     const char *words);

/** postgresql_test_append: appends one message to #general. Returns: its seq; 0 with @error (nullable: must not fail)
 */
gint64 postgresql_test_append (ChatStore *store, const char *id, GError **error);
/** postgresql_test_append_patiently: tries until it goes through: it may fail in a way that passes. */
gint64 postgresql_test_append_patiently (ChatStore *store, const char *id);
/** postgresql_test_list: how many messages #general has; -1 with @error (nullable: must not fail). */
gint64 postgresql_test_list (ChatStore *store, GError **error);

G_END_DECLS
