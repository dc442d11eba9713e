/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "core/chat-role.h"

G_BEGIN_DECLS

typedef enum
{
  CHAT_API_OPEN = 1 << 0, /* needs no token */
  CHAT_API_BODY = 1 << 1, /* takes a JSON object */
} ChatApiRouteFlags;

/** ChatApiRate: what a call counts as for the rate limits (chat-api-gate.h): `[limits]` in the configuration. */
typedef enum
{
  CHAT_API_RATE_DEFAULT, /* a GET: READ; else POST */
  CHAT_API_RATE_NONE,    /* not limited */
  CHAT_API_RATE_READ,
  CHAT_API_RATE_POST,    /* messages, and all that changes little */
  CHAT_API_RATE_CREATE,  /* makes a channel, a conversation, an account: what stays */
  CHAT_API_RATE_SEARCH,  /* search, export, rehearsal: what costs the store */
  CHAT_API_RATE_SIGN_IN, /* is given a secret: the name is the body's "user" */
  CHAT_API_N_RATES
} ChatApiRate;

typedef struct _ChatApiRequest ChatApiRequest;

/** ChatApiRoute: @path: segments, of which `{name}` stands for any one. A GET serves HEAD too. @role: the least that
 * the caller needs, else 403 `role`: where a row says nothing, a member may. @rate: write `.rate =` where it is not the
 * default. */
typedef struct
{
  const char *method;
  const char *path;
  ChatApiRouteFlags flags;
  void (*handler) (ChatApiRequest *request);
  ChatRole role;
  ChatApiRate rate;
} ChatApiRoute;

/** chat_api_route_get_rate: never DEFAULT */
ChatApiRate chat_api_route_get_rate (const ChatApiRoute *route);

/** ChatApiRouter: finds what serves a path; a pure value over tables that must outlive it. */
typedef struct _ChatApiRouter ChatApiRouter;

/** chat_api_router_new: @tables: (array zero-terminated=1): each ended by a zero row. */
ChatApiRouter *chat_api_router_new (const ChatApiRoute *const *tables);
void chat_api_router_free (ChatApiRouter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiRouter, chat_api_router_free)

/**
 * chat_api_router_find:
 * @path: as it came, percent-encoded
 * @parameters: (out) (transfer full): decoded, in order
 * @allow: (out) (transfer full) (nullable): with METHOD: what is allowed there, as the header has it
 * @error: CHAT_API_ERROR: NO_RESOURCE, METHOD, or PARAMETER where a segment is no valid UTF-8 when decoded
 *
 * Returns: (transfer none) (nullable): the route
 */
const ChatApiRoute *chat_api_router_find (ChatApiRouter *self, const char *method, const char *path, GStrv *parameters,
                                          char **allow, GError **error);

G_END_DECLS
