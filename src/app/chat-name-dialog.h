/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

typedef enum
{
  CHAT_NAME_CHANNEL,   /* a new channel: a name and a topic */
  CHAT_NAME_TOPIC,     /* of a channel that is there */
  CHAT_NAME_ON_BROKER, /* one that a broker without a server has */
} ChatNamePurpose;

#define CHAT_TYPE_NAME_DIALOG (chat_name_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatNameDialog, chat_name_dialog, CHAT, NAME_DIALOG, AdwMessageDialog)

/** chat_name_dialog_new: asks for a name and emits `named (char *name, char *topic)` once it can be one; its own button
 * stays off until then. */
GtkWidget *chat_name_dialog_new (GtkWindow *parent, ChatNamePurpose purpose);
/** chat_name_dialog_set: @name, @topic: (nullable): to begin with; the name of a channel that is there stays. */
void chat_name_dialog_set (ChatNameDialog *self, const char *name, const char *topic);

G_END_DECLS
