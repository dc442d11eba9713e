/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChatLivePublishes:
 *
 * Publishes on their way to the service: those that wait for their turn, in the order of the calls, and those that wait
 * for their confirmation. The service takes so many of one connection at once.
 */
typedef struct _ChatLivePublishes ChatLivePublishes;

ChatLivePublishes *chat_live_publishes_new (void);
/** chat_live_publishes_free: nothing may be in it. */
void chat_live_publishes_free (ChatLivePublishes *self);

/** chat_live_publishes_push: @task: referenced; its data is the text (GBytes) of its frame, behind the ref. */
void chat_live_publishes_push (ChatLivePublishes *self, GTask *task);
/** chat_live_publishes_send: (transfer full) (nullable): the next frame, under @ref; NULL where none is due. */
char *chat_live_publishes_send (ChatLivePublishes *self, gint64 ref);
/** chat_live_publishes_confirm: answers the call under @ref, where there is one. @error: (transfer full) (nullable) */
gboolean chat_live_publishes_confirm (ChatLivePublishes *self, gint64 ref, GError *error);
/** chat_live_publishes_fail: answers every call with @error. Returns: how many that were */
guint chat_live_publishes_fail (ChatLivePublishes *self, const GError *error);

gboolean chat_live_publishes_is_empty (ChatLivePublishes *self);

G_END_DECLS
