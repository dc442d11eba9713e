/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-rest.h"

G_BEGIN_DECLS

/** chat_rest_begin_call: chat_rest_call_async() with @flags: libsoup makes a connection of its own for each POST that
 * it is not told may be repeated. */
void chat_rest_begin_call (ChatRest *self, const char *method, const char *path, JsonObject *body,
                           SoupMessageFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
/** chat_rest_get_status: of an answered call: 0 where there was no answer. */
guint chat_rest_get_status (GAsyncResult *result);

/** chat_rest_make_message: (transfer full) (nullable): a request with the token. */
SoupMessage *chat_rest_make_message (ChatRest *self, const char *method, const char *path, const char *accept,
                                     GError **error);
/** chat_rest_sender_init: posts a message or a notice to its channel; an edit, a deletion or a reaction to what it is
 * about. */
void chat_rest_sender_init (ChatSenderInterface *iface);

SoupSession *chat_rest_get_session (ChatRest *self); /* transfer none */
/** chat_rest_error_of: (transfer full): why the service refused @message. @body: (nullable): its answer */
GError *chat_rest_error_of (ChatRest *self, SoupMessage *message, GBytes *body);

G_END_DECLS
