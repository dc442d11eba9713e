/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "server/api/chat-api-context.h"
#include "server/api/chat-api-error.h"

G_BEGIN_DECLS

/**
 * ChatApiRequest:
 *
 * One request on its way to its answer. A reference-counted value; every asynchronous call of a handler holds one. The
 * first answer counts, and one must come: dropping the last reference without an answer answers 500. Where the client
 * has gone, @cancellable is cancelled and an answer does nothing.
 */
typedef struct _ChatApiRequest ChatApiRequest;

struct _ChatApiRequest
{
  ChatApiContext *context;
  SoupServerMessage *message;
  GStrv parameters;         /* what stands for `{…}` in the route's path, decoded, in order */
  GHashTable *query;        /* (nullable): decoded */
  JsonObject *body;         /* (nullable): only where the route takes one */
  ChatSessionInfo *session; /* NULL only where the route needs no token; its role is the caller's */
  char *address;            /* whose it is, for limits: chat-api-address.h */
  GCancellable *cancellable;

  /*< private >*/
  gulong finished_id;
  const ChatApiRoute *route; /* (nullable): that it was found to go to */
  gint64 begun;              /* monotonic, µs */
  gint64 deadline;           /* for the answer, monotonic, µs */
  GList waiting;             /* in the context's queue while it is not answered */
  gboolean answered;
};

/** chat_api_request_new: pauses @message until it is answered. */
ChatApiRequest *chat_api_request_new (ChatApiContext *context, SoupServerMessage *message);
ChatApiRequest *chat_api_request_ref (ChatApiRequest *self);
void chat_api_request_unref (ChatApiRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiRequest, chat_api_request_unref)

/** chat_api_request_reply: @object: (transfer full): the JSON body. */
void chat_api_request_reply (ChatApiRequest *self, guint status, JsonObject *object);
/** chat_api_request_reply_text: @text: (transfer full): JSON that is written already. */
void chat_api_request_reply_text (ChatApiRequest *self, guint status, char *text, gsize length);
/** chat_api_request_reply_type: 200 with @text: (transfer full) of that Content-Type. */
void chat_api_request_reply_type (ChatApiRequest *self, const char *type, char *text, gsize length);
/** chat_api_request_reply_empty: 204. */
void chat_api_request_reply_empty (ChatApiRequest *self);
/** chat_api_request_fail: answers with the problem that @error is; where the caller is blocked, with the block. */
void chat_api_request_fail (ChatApiRequest *self, const GError *error);
/** chat_api_request_fail_channel: what the channel store says of the channel that the path's first parameter names. */
void chat_api_request_fail_channel (ChatApiRequest *self, const GError *error);
/** chat_api_request_fail_blocked: 403 for @block: what it forbids here is @what ("post"). */
void chat_api_request_fail_blocked (ChatApiRequest *self, const ChatBlock *block, const char *what);
/** chat_api_request_fail_taken: 409 for a name that another has; @held_ms: how long his lease still runs. */
void chat_api_request_fail_taken (ChatApiRequest *self, const GError *error, gint64 held_ms);

/** chat_api_request_fail_limited: 429 with Retry-After: it can be sent again in @wait_ms. */
void chat_api_request_fail_limited (ChatApiRequest *self, const GError *error, gint64 wait_ms);

/** chat_api_request_expire: answers 503 to those of @context whose time is over, and cancels what they wait for. */
void chat_api_request_expire (ChatApiContext *context, gint64 now_us);

/** chat_api_request_set_problem: puts the problem that @error is into a message that has no request yet; @block:
 * (nullable). */
void chat_api_request_set_problem (SoupServerMessage *message, const GError *error, const ChatBlock *block);
/** chat_api_request_begin: whether the caller may answer by himself (chat-api-stream.h): it isn't answered, and its
 * client is there. */
gboolean chat_api_request_begin (ChatApiRequest *self);
/** chat_api_request_upgrade: lets the answer that the handshake has put into the message go out. */
void chat_api_request_upgrade (ChatApiRequest *self);

/** chat_api_request_find_block: (nullable) (transfer none): the block of the caller that is in force. */
const ChatBlock *chat_api_request_find_block (ChatApiRequest *self);

/** chat_api_request_check_role: whether the caller has at least @least; else ROLE. Routes that always need one say so
 * in their row: this is for handlers where it depends on what is asked. */
gboolean chat_api_request_check_role (ChatApiRequest *self, ChatRole least, GError **error);

/** chat_api_request_may_read: whether the caller may read messages: blocked users may be kept from it, where the site
 * says so; then the request is answered. */
gboolean chat_api_request_may_read (ChatApiRequest *self);

/** chat_api_request_get_query: (nullable) (transfer none): one parameter of the query. */
const char *chat_api_request_get_query (ChatApiRequest *self, const char *name);

G_END_DECLS
