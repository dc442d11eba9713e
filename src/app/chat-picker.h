/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

typedef enum
{
  CHAT_PICKER_SWITCH,   /* everything: to go there */
  CHAT_PICKER_CHANNELS, /* public channels, to join, and to make another */
  CHAT_PICKER_PEOPLE,   /* somebody to talk to */
} ChatPickerPurpose;

/** ChatPicked: what the name of `picked` is. */
typedef enum
{
  CHAT_PICKED_CHANNEL,
  CHAT_PICKED_JOIN, /* a channel to join and open */
  CHAT_PICKED_NEW,  /* a channel to make: "" or what was typed */
  CHAT_PICKED_PERSON,
} ChatPicked;

#define CHAT_TYPE_PICKER (chat_picker_get_type ())
G_DECLARE_FINAL_TYPE (ChatPicker, chat_picker, CHAT, PICKER, AdwWindow)

/**
 * chat_picker_new:
 * @recent: (nullable): names of channels, the one that was open last first: they come first while nothing is typed
 *
 * A window to choose from with the keyboard: what is typed finds loosely. Emits `picked (guint what, char *name)` (a
 * ChatPicked) and closes itself.
 */
GtkWidget *chat_picker_new (GtkWindow *parent, ChatPickerPurpose purpose, ChatWorkspace *workspace,
                            const char *const *recent);

G_END_DECLS
