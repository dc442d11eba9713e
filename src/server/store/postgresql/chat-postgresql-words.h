/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql-record.h"
#include "server/store/sql/chat-sql-search.h"

G_BEGIN_DECLS

/** chat_postgresql_append_words: a tsvector's text: the words of @text (nullable) with their places, and what a search
 * for the record is limited by. */
void chat_postgresql_append_words (GString *words, const ChatSqlRecord *record, const char *text);

/** chat_postgresql_append_match: a tsquery's text; nothing where everything is asked for. */
void chat_postgresql_append_match (GString *match, const ChatSqlSearch *search);

G_END_DECLS
