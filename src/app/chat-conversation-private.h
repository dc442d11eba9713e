/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/chat-composer.h"
#include "app/chat-conversation.h"
#include "app/chat-message-list.h"
#include "app/chat-search-view.h"

G_BEGIN_DECLS

/*
 * The conversation by aspect: chat-conversation.c is what it shows; chat-conversation-menu.c what can be done with a
 * message; chat-conversation-write.c what is written, commands included; chat-conversation-place.c where in the
 * channel it is: dates, jumps, search.
 */
struct _ChatConversation
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  AdwHeaderBar *header;
  GtkWidget *back_button;
  GtkWidget *people_button;
  GtkWidget *search_button;
  AdwWindowTitle *title;
  AdwToastOverlay *toasts;
  GtkRevealer *error_revealer;
  GtkLabel *error_label;
  GtkStack *stack;
  ChatMessageList *list;
  GtkSpinner *spinner;
  AdwStatusPage *empty_page;
  GtkRevealer *down_revealer;
  GtkButton *down_button;
  GtkStack *foot;
  ChatComposer *composer;
  GtkLabel *blocked_title;
  GtkLabel *blocked_body;
  GMenuModel *message_menu;
  GtkStack *pages;
  GtkRevealer *away_revealer;
  GtkLabel *away_label;
  GtkWidget *appeal_button;

  /* Owned */
  ChatLook *look; /* nullable */
  ChatWorkspace *workspace;
  ChatChannel *channel;
  GtkWidget *menu;
  GtkWidget *picker;      /* of reactions, in the menu */
  ChatSearchView *search; /* of the pages, made when somebody searches: most starts do not */
  ChatMessageItem *menu_item;
  GtkWidget *menu_focus; /* weak: what had the focus before the menu came */
  GSignalGroup *workspace_signals;
  GSignalGroup *channel_signals;
  GSignalGroup *timeline_signals;
  GSimpleActionGroup *message_actions;
  GCancellable *cancellable; /* of the channel on screen */
  char *target;              /* the message that is answered or edited */

  gboolean folded;
};

/** chat_conversation_get_timeline: (nullable) (transfer none) */
ChatTimeline *chat_conversation_get_timeline (ChatConversation *self);
/** chat_conversation_tell: a passing word. */
void chat_conversation_tell (ChatConversation *self, const char *text);
/** chat_conversation_tell_error: where @error is set and is not that of a cancellation. */
void chat_conversation_tell_error (ChatConversation *self, const GError *error);
/** chat_conversation_open: asks the window for another channel (and message). @message_id: (nullable) */
void chat_conversation_open (ChatConversation *self, const char *channel, const char *message_id);

void chat_conversation_menu_init (ChatConversation *self);
void chat_conversation_write_init (ChatConversation *self);
void chat_conversation_place_init (ChatConversation *self);
/** chat_conversation_place_update: the bar that says which day is on screen. */
void chat_conversation_place_update (ChatConversation *self);
/** chat_conversation_reply, chat_conversation_edit: the composer is about that message from now on. */
void chat_conversation_reply (ChatConversation *self, ChatMessageItem *item);
void chat_conversation_edit (ChatConversation *self, ChatMessageItem *item);
/** chat_conversation_show_own: what the user has sent himself. */
void chat_conversation_show_own (ChatConversation *self);
void chat_conversation_show_help (ChatConversation *self);
/** chat_conversation_run_command: what was typed behind a slash. TRUE where it was done or begun. */
gboolean chat_conversation_run_command (ChatConversation *self, const char *text);

G_END_DECLS
