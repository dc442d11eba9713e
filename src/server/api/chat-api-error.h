/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "server/store/chat-moderation-store.h"

G_BEGIN_DECLS

/** CHAT_API_ERROR: what the api itself refuses. The message is the problem's `detail`: a sentence for people. */
#define CHAT_API_ERROR (chat_api_error_quark ())

typedef enum
{
  CHAT_API_ERROR_JSON,      /* the body or frame is not one JSON object */
  CHAT_API_ERROR_REQUEST,   /* its line or its headers are no HTTP */
  CHAT_API_ERROR_PARAMETER, /* of the path or the query */
  CHAT_API_ERROR_MEMBER,    /* of the body */
  CHAT_API_ERROR_UNAUTHORIZED,
  CHAT_API_ERROR_BLOCKED,
  CHAT_API_ERROR_ROLE,        /* the caller's is not enough */
  CHAT_API_ERROR_NOT_YOURS,   /* another's message */
  CHAT_API_ERROR_NO_RESOURCE, /* no such path */
  CHAT_API_ERROR_NO_CHANNEL,
  CHAT_API_ERROR_NO_MESSAGE,
  CHAT_API_ERROR_NO_USER,
  CHAT_API_ERROR_NO_WARNING,
  CHAT_API_ERROR_NO_APPEAL,
  CHAT_API_ERROR_NO_BLOCK,
  CHAT_API_ERROR_NO_REPORT,
  CHAT_API_ERROR_METHOD,
  CHAT_API_ERROR_ID_CONFLICT,
  CHAT_API_ERROR_MESSAGE_DELETED,
  CHAT_API_ERROR_EMOJI,
  CHAT_API_ERROR_DECIDED, /* an appeal */
  CHAT_API_ERROR_RULES_CHANGED,
  CHAT_API_ERROR_RULES_INVALID,
  CHAT_API_ERROR_REF_IN_USE,
  CHAT_API_ERROR_MEMBERS_FIXED,
  CHAT_API_ERROR_LENGTH_REQUIRED,
  CHAT_API_ERROR_TOO_LARGE,
  CHAT_API_ERROR_MEDIA_TYPE,
  CHAT_API_ERROR_HEAD_TOO_LARGE,
  CHAT_API_ERROR_UPGRADE_REQUIRED,
  CHAT_API_ERROR_TOO_MANY,     /* at once */
  CHAT_API_ERROR_RATE_LIMITED, /* in too short a time */
  CHAT_API_ERROR_INTERNAL,
  CHAT_API_ERROR_STOPPING,
  CHAT_API_ERROR_TIMEOUT, /* nothing below has answered in time */
} ChatApiError;

GQuark chat_api_error_quark (void);

/**
 * chat_api_problem_new:
 * @error: of any layer below
 * @block: (nullable): with BLOCKED: which one
 * @status: (out): the HTTP status
 *
 * The one place that says what an error means over HTTP (RFC 9110) and writes it as a problem (RFC 9457). Where the
 * fault is the service's own, the detail is a general one: what the layers below say there can name files and hosts.
 *
 * Returns: (transfer full): `{"type","title","status","detail"}`, and `block` where there is one
 */
JsonObject *chat_api_problem_new (const GError *error, const ChatBlock *block, guint *status);

/** chat_api_problem_is_ours: whether the fault is the service's own, so that its log should have it. */
gboolean chat_api_problem_is_ours (const GError *error);

/** chat_api_error_new_blocked: (transfer full): BLOCKED: who, what he can't do ("post"), until when and why. */
GError *chat_api_error_new_blocked (const ChatBlock *block, const char *what);

G_END_DECLS
