/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChatTestProxy:
 *
 * A TCP connection that can be broken: a port that passes everything on to another one, in the caller's main context.
 */
typedef struct _ChatTestProxy ChatTestProxy;

ChatTestProxy *chat_test_proxy_new (guint16 target);
/** chat_test_proxy_new_at: @port: on this one. */
ChatTestProxy *chat_test_proxy_new_at (guint16 port, guint16 target);
void chat_test_proxy_free (ChatTestProxy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatTestProxy, chat_test_proxy_free)

guint16 chat_test_proxy_get_port (ChatTestProxy *self);
/** chat_test_proxy_set_reachable: FALSE: what is connected is cut, and who connects is turned away. */
void chat_test_proxy_set_reachable (ChatTestProxy *self, gboolean reachable);
/** chat_test_proxy_set_silent: TRUE: connections stay, and nothing passes: a peer that is gone without a word. FALSE:
 * what was said meanwhile passes late, as TCP has it: a stream has no holes. */
void chat_test_proxy_set_silent (ChatTestProxy *self, gboolean silent);

G_END_DECLS
