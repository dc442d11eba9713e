/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CHAT_TYPE_DATE_DIALOG (chat_date_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatDateDialog, chat_date_dialog, CHAT, DATE_DIALOG, AdwMessageDialog)

/** chat_date_dialog_new: a calendar, and an entry for whoever would rather type "3 November 10:30" or "yesterday".
 * Signal `chosen (gint64 time)`: ms: the beginning of that local day or minute. */
GtkWidget *chat_date_dialog_new (GtkWindow *parent);

G_END_DECLS
