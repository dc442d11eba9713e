/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** CHAT_SESSION_ERROR: what sessions, accounts and invitations refuse. The message is a sentence for people. */
#define CHAT_SESSION_ERROR (chat_session_error_quark ())
typedef enum
{
  CHAT_SESSION_ERROR_NAME_INVALID,
  CHAT_SESSION_ERROR_NAME_TAKEN,
  CHAT_SESSION_ERROR_TOKEN,               /* unknown, expired, replaced */
  CHAT_SESSION_ERROR_PASSWORD_WRONG,      /* or none, or no such account, or a disabled one: nobody learns which */
  CHAT_SESSION_ERROR_PASSWORD_WEAK,       /* says what a password must be */
  CHAT_SESSION_ERROR_REGISTRATION_CLOSED, /* only admins make accounts */
  CHAT_SESSION_ERROR_INVITATION_INVALID,  /* none, unknown, used or over */
  CHAT_SESSION_ERROR_NO_ACCOUNT,
  CHAT_SESSION_ERROR_LAST_ADMIN, /* nobody would be left to make another */
  CHAT_SESSION_ERROR_BUSY,       /* too many passwords wait to be checked: try again in a moment */
} ChatSessionError;
GQuark chat_session_error_quark (void);

G_END_DECLS
