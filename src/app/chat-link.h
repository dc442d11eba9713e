/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatLink: what a link of the form `tertulia://[NAME@]HOST[:PORT][/CHANNEL]` leads to. */
typedef struct
{
  char *uri;     /* the server's, complete: "https://chat.example.org/" */
  char *user;    /* nullable: the name to sign in with */
  char *channel; /* nullable */
} ChatLink;

/**
 * chat_link_parse:
 *
 * Without a port, and with 443, the server speaks TLS. With another one it is taken as typed by hand: plain HTTP, as
 * tertulia-server speaks it itself.
 *
 * Returns: (transfer full) (nullable): NULL with a CHAT_CORE_ERROR that says what a link looks like
 */
ChatLink *chat_link_parse (const char *text, GError **error);
void chat_link_free (ChatLink *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatLink, chat_link_free)

G_END_DECLS
