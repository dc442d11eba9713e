/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

/** ChatSessionEntry: what this process knows of one session. */
typedef struct
{
  ChatSessionInfo *info; /* its lease is the last that was renewed here */
  gint64 checked;        /* when the store last knew it, ms */
  guint64 stamp;         /* given by chat_session_cache_put(): later ones are greater */
  guint connections;     /* live ones */
  gboolean active;       /* was used since the last renewal */
  GList link;            /* in the queue of those without a connection */
} ChatSessionEntry;

/**
 * ChatSessionCache:
 *
 * The sessions this process knows, by token hash, id and name. Of those without a connection at most so many are kept;
 * the ones unused for longest are forgotten.
 */
typedef struct _ChatSessionCache ChatSessionCache;

ChatSessionCache *chat_session_cache_new (guint idle_capacity);
void chat_session_cache_free (ChatSessionCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSessionCache, chat_session_cache_free)

/* (transfer none) (nullable) */
ChatSessionEntry *chat_session_cache_find_hash (ChatSessionCache *self, const char *token_hash);
ChatSessionEntry *chat_session_cache_find_id (ChatSessionCache *self, const char *id);
/** chat_session_cache_find_user: (element-type ChatSessionEntry): of an account there may be several. */
GPtrArray *chat_session_cache_find_user (ChatSessionCache *self, const char *user_key);

/** chat_session_cache_put: (transfer none): the entry of @info's id, new or brought up to date. @info: (transfer
 * full). */
ChatSessionEntry *chat_session_cache_put (ChatSessionCache *self, ChatSessionInfo *info, gint64 now);
void chat_session_cache_remove (ChatSessionCache *self, ChatSessionEntry *entry);

/** chat_session_cache_use: it was used just now. */
void chat_session_cache_use (ChatSessionCache *self, ChatSessionEntry *entry);
void chat_session_cache_connect (ChatSessionCache *self, ChatSessionEntry *entry, gboolean connected);

/** chat_session_cache_get_stamp: of what was put last. */
guint64 chat_session_cache_get_stamp (ChatSessionCache *self);

/** chat_session_cache_list: (transfer container) (element-type ChatSessionEntry): all, in no order. */
GPtrArray *chat_session_cache_list (ChatSessionCache *self);

G_END_DECLS
