/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_PEOPLE_PANE (chat_people_pane_get_type ())
G_DECLARE_FINAL_TYPE (ChatPeoplePane, chat_people_pane, CHAT, PEOPLE_PANE, GtkWidget)

/**
 * ChatPeoplePane:
 *
 * The people and bots of a workspace, who is here first, with their roles. Who is chosen is talked to
 * (`win.talk-to`); Escape folds it away (`win.show-people`).
 */
GtkWidget *chat_people_pane_new (void);
/** chat_people_pane_group_header: its header bar is as high as those of the others in @group. */
void chat_people_pane_group_header (ChatPeoplePane *self, GtkSizeGroup *group);
void chat_people_pane_set_workspace (ChatPeoplePane *self, ChatWorkspace *workspace);

G_END_DECLS
