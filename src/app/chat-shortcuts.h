/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** chat_shortcuts_install: the keys of all actions of the application and its window. */
void chat_shortcuts_install (GtkApplication *application);
/** chat_shortcuts_present: the window that lists them. */
void chat_shortcuts_present (GtkWindow *parent);

G_END_DECLS
