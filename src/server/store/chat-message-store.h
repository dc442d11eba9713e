/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/chat-message.h"

G_BEGIN_DECLS

/** ChatAppendResult: what became of one appended record. */
typedef enum
{
  CHAT_APPEND_STORED,   /* new: seq was given now */
  CHAT_APPEND_REPEATED, /* known with the same content: seq is that of the first */
  CHAT_APPEND_CONFLICT, /* known with another content: nothing was stored; seq is that of the first */
} ChatAppendOutcome;

typedef struct
{
  gint64 seq;
  ChatAppendOutcome outcome;
} ChatAppendResult;

#define CHAT_PAGE_MAX_LIMIT 1000

/** ChatPageKind: which part of a channel. */
typedef enum
{
  CHAT_PAGE_LATEST, /* the newest; has no anchor */
  CHAT_PAGE_BEFORE, /* older than the anchor, not including it */
  CHAT_PAGE_AFTER,  /* newer than the anchor, not including it; a time: at or after it. No anchor: from the first on */
  CHAT_PAGE_AROUND, /* half of them before, the anchor among the rest; where one side is short the other fills up */
} ChatPageKind;

/**
 * ChatPage:
 *
 * At most one anchor. A time is used to find a seq to start from, no more: that of the first message, in the channel's
 * order, whose timestamp is at or after it (timestamps may be out of order; everything before that seq is older), or
 * the end where there is none.
 */
typedef struct
{
  ChatPageKind kind;
  gint64 seq;     /* the anchor, or 0; beyond the head it is the end */
  const char *id; /* the anchor, or NULL */
  gint64 time_ms; /* the anchor, or CHAT_TIME_UNKNOWN */
  guint limit;    /* 1–CHAT_PAGE_MAX_LIMIT */
} ChatPage;

/** ChatMessagePage: @messages: (element-type ChatMessage), ascending seq. A message that was edited, deleted or reacted
 * to has its `state`, and the text that holds now; the edit, deletion or reaction is a record of its own all the same,
 * with its own seq (without its text once its target is deleted). A record that this version can't decode any more has
 * the kind CHAT_KIND_UNKNOWN and its id, channel, seq and about its timestamp. */
typedef struct
{
  GPtrArray *messages;
  gint64 head;  /* the last seq of the channel; 0 where it is empty */
  gint64 first; /* the oldest seq that is still kept; 0 where it is empty */
  gboolean more_before, more_after;
} ChatMessagePage;

void chat_message_page_free (ChatMessagePage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMessagePage, chat_message_page_free)

/**
 * ChatSearch:
 *
 * Messages and notices as they read now, newest first (by the order in which they were stored), never by rank. All
 * conditions hold at once.
 */
typedef struct
{
  const char *text;    /* what a person typed: words, "exact phrases" and a trailing * for a prefix, all of which occur;
                          case and accents don't count; everything else is a separator. Nullable: any text */
  const char *reader;  /* user_key of who asks: public channels and his own conversations. Nullable: everything */
  const char *channel; /* nullable */
  const char *author;  /* user_key; nullable */
  gint64 since, until; /* timestamps, ms: since ≤ t < until; CHAT_TIME_UNKNOWN: no bound */
  gint64 before;       /* cursor: only what was stored before this number; 0: from the newest on */
  guint limit;         /* 1–CHAT_PAGE_MAX_LIMIT */
} ChatSearch;

/** ChatSearchPage: @messages: (element-type ChatMessage), newest first, each with channel and seq. @next: cursor of the
 * next page; 0: there is none. */
typedef struct
{
  GPtrArray *messages;
  gint64 next;
} ChatSearchPage;

void chat_search_page_free (ChatSearchPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSearchPage, chat_search_page_free)

#define CHAT_TYPE_MESSAGE_STORE (chat_message_store_get_type ())
G_DECLARE_INTERFACE (ChatMessageStore, chat_message_store, CHAT, MESSAGE_STORE, GObject)

struct _ChatMessageStoreInterface
{
  GTypeInterface parent_iface;

  void (*append_async) (ChatMessageStore *self, GPtrArray *messages, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data);
  GArray *(*append_finish) (ChatMessageStore *self, GAsyncResult *result, GError **error);
  void (*list_async) (ChatMessageStore *self, const char *channel, const ChatPage *page, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data);
  ChatMessagePage *(*list_finish) (ChatMessageStore *self, GAsyncResult *result, GError **error);
  void (*get_async) (ChatMessageStore *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data);
  ChatMessage *(*get_finish) (ChatMessageStore *self, GAsyncResult *result, GError **error);
  void (*search_async) (ChatMessageStore *self, const ChatSearch *search, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data);
  ChatSearchPage *(*search_finish) (ChatMessageStore *self, GAsyncResult *result, GError **error);
};

/**
 * chat_message_store_append_async:
 * @messages: (element-type ChatMessage): in broker order, each with id, channel and timestamp
 *
 * Gives every new one the next seq of its channel (contiguous, from 1) and stores it, all in one transaction. A channel
 * that does not exist yet is made; a private conversation then has no members until it is ensured.
 *
 * In the same transaction an `edit`, a `delete` and a `reaction` change the state of their target, where their author
 * is its author (by user_key; a reaction: anybody) or they have `moderator`, and it is in the same channel; one that
 * comes before its target is kept and applied with it. The target of a `delete` may be a reaction: it is taken away. A
 * user has each emoji once under a message. A deleted message keeps its place, id, author and times; its text and those
 * of its edits are gone from the store (a repeat is still known by a digest), and nothing applies to it any more. A
 * `topic` sets the channel's topic. `@name` in a text is a mention of that user_key; counters (ChatCounterStore) and
 * search follow.
 *
 * The finish returns (transfer full) (element-type ChatAppendResult), one for each, in the same order.
 */
void chat_message_store_append_async (ChatMessageStore *self, GPtrArray *messages, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
GArray *chat_message_store_append_finish (ChatMessageStore *self, GAsyncResult *result, GError **error);

/** chat_message_store_list_async: by (channel, seq), never by OFFSET. NOT_FOUND where the anchor's id is not in the
 * channel. An unknown channel is empty. */
void chat_message_store_list_async (ChatMessageStore *self, const char *channel, const ChatPage *page,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatMessagePage *chat_message_store_list_finish (ChatMessageStore *self, GAsyncResult *result, GError **error);

/** chat_message_store_get_async: NOT_FOUND where there is none. */
void chat_message_store_get_async (ChatMessageStore *self, const char *id, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
ChatMessage *chat_message_store_get_finish (ChatMessageStore *self, GAsyncResult *result, GError **error);

/** chat_message_store_search_async: the finish: (transfer full). G_IO_ERROR_INVALID_ARGUMENT where the text has no word
 * to look for. */
void chat_message_store_search_async (ChatMessageStore *self, const ChatSearch *search, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
ChatSearchPage *chat_message_store_search_finish (ChatMessageStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
