/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-store-announcer.h"
#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/**
 * ChatSqlStore:
 *
 * A store in a database that speaks SQL: one connection that writes and one or several that read, each behind a
 * ChatWorker. Writes run in order, and those that wait share a commit. What is made of it says how to connect.
 */
#define CHAT_TYPE_SQL_STORE (chat_sql_store_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatSqlStore, chat_sql_store, CHAT, SQL_STORE, GObject)

struct _ChatSqlStoreClass
{
  GObjectClass parent_class;

  /** connection_new: (transfer full): not open yet. The one that writes is opened first and closed last. */
  ChatSql *(*connection_new) (ChatSqlStore *self, gboolean writer);
  /** get_name: what it is called in messages. */
  const char *(*get_name) (ChatSqlStore *self);
  guint (*count_readers) (ChatSqlStore *self);
  /** watch: nullable: makes the database tell of others, and returns @task (transfer full). */
  void (*watch) (ChatSqlStore *self, GTask *task);
  /** unwatch: nullable: when it is being closed. */
  void (*unwatch) (ChatSqlStore *self);
};

/** chat_sql_store_get_announcer: (transfer none) */
ChatStoreAnnouncer *chat_sql_store_get_announcer (ChatSqlStore *self);

G_END_DECLS
