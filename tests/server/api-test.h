/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "role-test.h"
#include "server/api/chat-api.h"
#include "server/archiver/chat-archiver.h"
#include "server/moderator/chat-moderator.h"

G_BEGIN_DECLS

/* The api with moderator and archiver behind it, on the loopback broker and a store that fails on demand (role-test.h),
 * and a client that speaks HTTP and WebSocket to it. */
typedef struct
{
  RoleTest role;
  ChatModerator *moderator; /* NULL while it is stopped */
  ChatArchiver *archiver;   /* likewise */
  ChatSessionService *sessions;
  ChatPasswordService *passwords;
  ChatAccountService *accounts;
  ChatApi *api;
  ChatAccountOptions account_options; /* likewise */
  ChatApiOptions options;             /* for the next api_test_start_api() */
  ChatStore *store;                   /* (nullable): for the api, in place of role.sqlite */
  SoupSession *http;
  guint status;          /* of the last answer */
  char *allow;           /* its Allow header, nullable */
  char *content_type;    /* likewise */
  char *retry_after;     /* likewise */
  const char *forwarded; /* (nullable): X-Forwarded-For of what is sent */
} ApiTest;

void api_test_set_up (ApiTest *self, gconstpointer data);
void api_test_tear_down (ApiTest *self, gconstpointer data);

void api_test_start_api (ApiTest *self);
void api_test_stop_api (ApiTest *self);
void api_test_start_moderator (ApiTest *self);
void api_test_stop_moderator (ApiTest *self);
void api_test_start_archiver (ApiTest *self);
void api_test_stop_archiver (ApiTest *self);

/** api_test_call: (transfer full) (nullable): the JSON of the answer. @token: (nullable); @body: (nullable): JSON. */
JsonObject *api_test_call (ApiTest *self, const char *method, const char *path, const char *token, const char *body);
/** api_test_call_raw: (transfer full): the text of the answer, whatever it is. @type: (nullable): of the body. */
char *api_test_call_raw (ApiTest *self, const char *method, const char *path, const char *token, const char *type,
                         const char *body, gsize length);
/** api_test_expect: like api_test_call(), of which only the status counts; and with @problem (nullable) the type. */
void api_test_expect (ApiTest *self, const char *method, const char *path, const char *token, const char *body,
                      guint status, const char *problem);

/** api_test_wait_status: calls again until it is answered so. */
void api_test_wait_status (ApiTest *self, const char *method, const char *path, const char *token, const char *body,
                           guint status);

/** api_test_log_in: (transfer full): a token. */
char *api_test_log_in (ApiTest *self, const char *user);
/** api_test_channel: makes a public channel. */
void api_test_channel (ApiTest *self, const char *token, const char *name);
/** api_test_post: (transfer full): the id of a message that was accepted. */
char *api_test_post (ApiTest *self, const char *token, const char *channel, const char *text);
/** api_test_wait_head: waits until the store has what was posted: until the head is @head. */
void api_test_wait_head (ApiTest *self, const char *token, const char *channel, gint64 head);

/* A live connection. Frames are kept until they are asked for. */
typedef struct
{
  SoupWebsocketConnection *connection; /* NULL: refused, with @status */
  GQueue frames;                       /* (element-type JsonObject) */
  gboolean closed;
  guint status;
  gushort code; /* once closed */
  char *reason;
} ApiLive;

ApiLive *api_live_open (ApiTest *self, const char *token);
void api_live_free (ApiLive *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiLive, api_live_free)

void api_live_send (ApiLive *self, const char *text);
/** api_live_next: (transfer full): the next frame; waits for it. */
JsonObject *api_live_next (ApiLive *self);
/** api_live_expect: (transfer full): the next frame, which must have this op. */
JsonObject *api_live_expect (ApiLive *self, const char *op);
/** api_live_subscribe: and waits for `subscribed`. @rest: members that follow, such as `"channels":["general"]`. */
void api_live_subscribe (ApiLive *self, int ref, const char *topics, const char *rest);
/** api_live_check: the next records of subscription @ref on @topic are, in this order, those whose FIELD joined by
 * spaces is @expected; waits for as many, in however many frames. Fields: "data", "data=seq", "kind". */
void api_live_check (ApiLive *self, int ref, const char *topic, const char *field, const char *expected);
/** api_live_check_quiet: that nothing comes. */
void api_live_check_quiet (ApiLive *self);
gboolean api_live_is_closed (gpointer self);
/** api_live_check_closed: waits for the close. */
void api_live_check_closed (ApiLive *self, gushort code, const char *reason_has);

G_END_DECLS
