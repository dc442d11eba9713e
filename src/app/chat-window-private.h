/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/chat-conversation.h"
#include "app/chat-sidebar.h"
#include "app/chat-welcome-page.h"
#include "app/chat-window.h"

G_BEGIN_DECLS

/*
 * The window by aspect:
 * - chat-window.c: its pages, its workspace, which channel is open
 * - chat-window-actions.c: going from channel to channel, joining, making, talking to somebody
 */
struct _ChatWindow
{
  AdwApplicationWindow parent_instance;

  /* Template */
  AdwToastOverlay *toasts;
  GtkStack *stack;
  AdwBin *welcome_bin;
  AdwLeaflet *leaflet;
  ChatSidebar *sidebar;
  AdwFlap *flap;
  AdwBin *people_bin;
  ChatConversation *conversation;

  /* Borrowed */
  ChatBrokerFactory broker_factory;

  /* Owned */
  ChatWelcomePage *welcome; /* made when it is needed: most starts do not */
  ChatWorkspace *workspace;
  GSettings *settings;
  GCancellable *cancellable;
  GtkSizeGroup *headers;
  GPtrArray *recent; /* names of channels, the one that was open last first */
  char *wanted;      /* the channel to open as soon as it is known */
  char *uri;         /* what was asked for last in the dialog */
  char *user;
  gulong channels_id;
  guint open_first_id;
  gboolean join_first; /* the channel that is opened first: who is new here is in one from the start */
};

/** chat_window_open_channel: shows it; the focus stays where it is. */
void chat_window_open_channel (ChatWindow *self, ChatChannel *channel);
/** chat_window_choose_channel: shows it and goes there: its conversation has the focus. */
void chat_window_choose_channel (ChatWindow *self, ChatChannel *channel);

/** chat_window_install_actions: of chat-window-actions.c. */
void chat_window_install_actions (GtkWidgetClass *widget_class);
/** chat_window_update_actions: after the workspace has changed. */
void chat_window_update_actions (ChatWindow *self);

G_END_DECLS
