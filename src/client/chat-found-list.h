/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "client/chat-message-item.h"
#include "client/chat-rest.h"

G_BEGIN_DECLS

/** ChatFoundQuery: strings are nullable: no such condition. */
typedef struct
{
  const char *text;
  const char *channel;
  const char *author;
  gint64 since, until; /* ms: since ≤ t < until; CHAT_TIME_UNKNOWN: no bound */
  gboolean own;        /* what the user has sent himself (then no text and no author) */
} ChatFoundQuery;

#define CHAT_TYPE_FOUND_LIST (chat_found_list_get_type ())
G_DECLARE_FINAL_TYPE (ChatFoundList, chat_found_list, CHAT, FOUND_LIST, GObject)

/**
 * ChatFoundList: (implements GListModel of ChatMessageItem)
 *
 * What a search found, newest first, a page at a time. Properties (all notify): `loading`, `complete` (boolean: there
 * are no more); `error` (nullable string): why the last page could not be loaded: chat_found_list_load_more() tries
 * again. Cancelled when it goes.
 */
ChatFoundList *chat_found_list_new (ChatRest *rest, const ChatFoundQuery *query, const char *user);
void chat_found_list_load_more (ChatFoundList *self);
gboolean chat_found_list_get_loading (ChatFoundList *self);
gboolean chat_found_list_get_complete (ChatFoundList *self);
const char *chat_found_list_get_error (ChatFoundList *self);

G_END_DECLS
