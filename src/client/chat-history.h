/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/chat-message.h"

G_BEGIN_DECLS

/** ChatHistoryQuery: one anchor at most; none: the newest. seq 0 and time CHAT_TIME_UNKNOWN: not this one. */
typedef struct
{
  gint64 before, after, around; /* seq */
  gint64 around_time;           /* ms */
  const char *around_id;        /* nullable: of a message */
  guint limit;
} ChatHistoryQuery;

/** ChatHistoryPage: @messages: (element-type ChatMessage), ascending, each with its seq. */
typedef struct
{
  GPtrArray *messages;
  gint64 head, first;
  gboolean more_before, more_after;
  gboolean local;      /* from this computer: @head is not the channel's */
  gint64 from, to;     /* what it makes known, where its messages do not tell: both included; 0, 0: they tell */
  gboolean renumbered; /* the newest: seqs of another session mean nothing any more */
} ChatHistoryPage;

void chat_history_page_free (ChatHistoryPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatHistoryPage, chat_history_page_free)

/** ChatHistory: where older messages come from: the REST service, or a broker's own log. */
#define CHAT_TYPE_HISTORY (chat_history_get_type ())
G_DECLARE_INTERFACE (ChatHistory, chat_history, CHAT, HISTORY, GObject)

struct _ChatHistoryInterface
{
  GTypeInterface parent_iface;

  void (*fetch_async) (ChatHistory *self, const char *channel, const ChatHistoryQuery *query, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
  ChatHistoryPage *(*fetch_finish) (ChatHistory *self, GAsyncResult *result, GError **error);
  void (*get_async) (ChatHistory *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data);
  ChatMessage *(*get_finish) (ChatHistory *self, GAsyncResult *result, GError **error);
};

void chat_history_fetch_async (ChatHistory *self, const char *channel, const ChatHistoryQuery *query,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatHistoryPage *chat_history_fetch_finish (ChatHistory *self, GAsyncResult *result, GError **error);

/** chat_history_get_async: one message, as it reads now. The finish: (transfer full) (nullable): NULL with an error
 * also where there is none. */
void chat_history_get_async (ChatHistory *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
ChatMessage *chat_history_get_finish (ChatHistory *self, GAsyncResult *result, GError **error);

G_END_DECLS
