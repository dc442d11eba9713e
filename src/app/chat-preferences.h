/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CHAT_TYPE_PREFERENCES (chat_preferences_get_type ())
G_DECLARE_FINAL_TYPE (ChatPreferences, chat_preferences, CHAT, PREFERENCES, AdwPreferencesWindow)

/** chat_preferences_new: what a person can set, at once. Its rows of workspaces activate `app.open-workspace ((ss))`
 * and `app.forget-workspace ((ss))`. */
GtkWidget *chat_preferences_new (GtkWindow *parent, GSettings *settings);

G_END_DECLS
