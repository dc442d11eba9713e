/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** ChatSidebarSection: in the order in which they are shown. */
typedef enum
{
  CHAT_SECTION_CHANNELS, /* that the person has joined */
  CHAT_SECTION_CONVERSATIONS,
  CHAT_SECTION_BOTS,
  CHAT_SECTION_OTHERS, /* channels to join */
} ChatSidebarSection;
#define CHAT_N_SECTIONS (CHAT_SECTION_OTHERS + 1)

#define CHAT_TYPE_SIDEBAR_HEADER (chat_sidebar_header_get_type ())
G_DECLARE_FINAL_TYPE (ChatSidebarHeader, chat_sidebar_header, CHAT, SIDEBAR_HEADER, GtkListBoxRow)

/** ChatSidebarHeader: the row above a section: it can be activated, not selected. */
GtkWidget *chat_sidebar_header_new (ChatSidebarSection section);
ChatSidebarSection chat_sidebar_header_get_section (ChatSidebarHeader *self);
void chat_sidebar_header_set_folded (ChatSidebarHeader *self, gboolean folded);

/** chat_sidebar_section_get_name: (transfer none): for settings. */
const char *chat_sidebar_section_get_name (ChatSidebarSection section);

G_END_DECLS
