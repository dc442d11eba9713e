/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "client/chat-client-error.h"
#include "client/chat-history.h"
#include "client/chat-sender.h"

G_BEGIN_DECLS

#define CHAT_TYPE_REST (chat_rest_get_type ())
G_DECLARE_FINAL_TYPE (ChatRest, chat_rest, CHAT, REST, GObject)

/**
 * ChatRest: (implements ChatHistory, ChatSender)
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

/** chat_rest_set_absent: @why: (nullable): there is no service, as a sentence: every call is REFUSED with it. */
void chat_rest_set_absent (ChatRest *self, const char *why);

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

/** chat_rest_download_async: GETs @path into @stream as it comes, and closes it. */
void chat_rest_download_async (ChatRest *self, const char *path, GOutputStream *stream, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_rest_download_finish (ChatRest *self, GAsyncResult *result, GError **error);

G_END_DECLS
