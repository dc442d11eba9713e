/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHAT_TYPE_LOOK (chat_look_get_type ())
G_DECLARE_FINAL_TYPE (ChatLook, chat_look, CHAT, LOOK, GObject)

/**
 * ChatLook:
 *
 * How messages are to look, as the person has set it. Signal `changed`.
 */
ChatLook *chat_look_new (GSettings *settings);
gboolean chat_look_get_compact (ChatLook *self);
/** chat_look_set_user: @user: (nullable): who reads: what names him stands out. */
void chat_look_set_user (ChatLook *self, const char *user);
const char *chat_look_get_user (ChatLook *self); /* nullable */
/** chat_look_format_time: (transfer full): hours and minutes as the setting or, left to it, the locale has them.
 * @self: (nullable): as the locale has them */
char *chat_look_format_time (ChatLook *self, GDateTime *time);

G_END_DECLS
