/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "client/chat-client-error.h"
#include "client/chat-history.h"

G_BEGIN_DECLS

#define CHAT_TYPE_REST (chat_rest_get_type ())
G_DECLARE_FINAL_TYPE (ChatRest, chat_rest, CHAT, REST, GObject)

/**
 * ChatRest: (implements ChatHistory)
 *
 * Calls of the REST service (src/README.md). Every error is a CHAT_CLIENT_ERROR with the service's own words where it
 * answered (RFC 9457), or G_IO_ERROR_CANCELLED. Tries once: who calls knows whether and when to try again.
 */
ChatRest *chat_rest_new (SoupSession *session, const char *uri);

const char *chat_rest_get_uri (ChatRest *self);
/** chat_rest_set_uri: for the calls from here on. */
void chat_rest_set_uri (ChatRest *self, const char *uri);
/** chat_rest_set_token: @token: (nullable): the bearer token of the calls from here on. */
void chat_rest_set_token (ChatRest *self, const char *token);

/**
 * chat_rest_call_async:
 * @path: such as "v1/channels", with its query, escaped
 * @body: (nullable): sent as JSON
 */
void chat_rest_call_async (ChatRest *self, const char *method, const char *path, JsonObject *body,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/**
 * chat_rest_call_finish:
 * @problem: (out) (optional) (nullable) (transfer full): what the service answered where it refused
 *
 * Returns: (transfer full) (nullable): the answer; an empty object where the service had nothing to say (204)
 */
JsonObject *chat_rest_call_finish (ChatRest *self, GAsyncResult *result, JsonObject **problem, GError **error);

/** ChatRestSent: BEFORE: nothing was to be done, it is so already: no record will come of it. */
typedef enum
{
  CHAT_REST_SENT_NOT,
  CHAT_REST_SENT_NOW,
  CHAT_REST_SENT_BEFORE,
} ChatRestSent;

/** chat_rest_send_async: posts a message or a notice to its channel; an edit, a deletion or a reaction to what it is
 * about. The same may be sent again: its id makes it one. The finish: CHAT_REST_SENT_NOT with an error. */
void chat_rest_send_async (ChatRest *self, ChatMessage *message, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
ChatRestSent chat_rest_send_finish (ChatRest *self, GAsyncResult *result, GError **error);

/** chat_rest_download_async: GETs @path into @stream as it comes, and closes it. */
void chat_rest_download_async (ChatRest *self, const char *path, GOutputStream *stream, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_rest_download_finish (ChatRest *self, GAsyncResult *result, GError **error);

G_END_DECLS
