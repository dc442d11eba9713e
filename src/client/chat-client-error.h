/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CHAT_CLIENT_ERROR:
 *
 * What can go wrong between the desktop and its service. The message of an error is a sentence for people: the
 * service's own words where it said any.
 */
#define CHAT_CLIENT_ERROR (chat_client_error_quark ())

typedef enum
{
  CHAT_CLIENT_ERROR_OFFLINE, /* the service can't be reached */
  CHAT_CLIENT_ERROR_NAME_TAKEN,
  CHAT_CLIENT_ERROR_NAME_INVALID,
  CHAT_CLIENT_ERROR_PASSWORD, /* the name's account needs one, or another */
  CHAT_CLIENT_ERROR_TOKEN,    /* the session ended: sign in again */
  CHAT_CLIENT_ERROR_BLOCKED,
  CHAT_CLIENT_ERROR_REFUSED,  /* the service will not do this (4xx): the message says why */
  CHAT_CLIENT_ERROR_SERVICE,  /* the service failed (5xx), or is too busy: the same again may work */
  CHAT_CLIENT_ERROR_PROTOCOL, /* not a Tertulia service, or an answer that can't be read */
  CHAT_CLIENT_ERROR_STORAGE,  /* this disk: full, read-only, damaged */
} ChatClientError;

GQuark chat_client_error_quark (void);

G_END_DECLS
