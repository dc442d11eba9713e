/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-workspace.h"

G_BEGIN_DECLS

/** ChatWorkspaceLeave: what becomes of the session when a workspace is closed. */
typedef enum
{
  CHAT_LEAVE_OPEN,     /* the next start goes on with it */
  CHAT_LEAVE_SIGN_OUT, /* it ends; the next start comes back here, and signs in again */
  CHAT_LEAVE_FORGET,   /* it ends; the next start begins with the welcome page */
} ChatWorkspaceLeave;

#define CHAT_TYPE_WORKSPACE_HOST (chat_workspace_host_get_type ())
G_DECLARE_FINAL_TYPE (ChatWorkspaceHost, chat_workspace_host, CHAT, WORKSPACE_HOST, GObject)

/**
 * ChatWorkspaceHost:
 *
 * What stands between the application and its workspace: the embedded server where it is wanted, the keyring, signing
 * in, and remembering where to go next time.
 *
 * Signals: `opened (ChatWorkspace *, gboolean first)`: its cached channels and messages can be shown (`first`: never
 * seen before, nothing to show until signed in); `signed-in (ChatWorkspace *, gboolean first)`; `needs-name (char *uri,
 * char *user, char *reason, gboolean password)`: a person must choose another name, or give its password (uri NULL: the
 * one on this computer); `failed (char *reason)`; `told
 * (char *sentence)`: something to know.
 */
ChatWorkspaceHost *chat_workspace_host_new (GSettings *settings, const char *directory, ChatFeedFactory factory,
                                            ChatBrokerFactory broker_factory);

/**
 * chat_workspace_host_open:
 * @uri: (nullable): NULL: the server on this computer, started when needed
 * @password: (nullable): forgotten once there is an answer
 * @account: whether to make the account first
 * @invitation: (nullable): for that
 *
 * Leaves nothing of an earlier one.
 */
void chat_workspace_host_open (ChatWorkspaceHost *self, const char *uri, const char *user, const char *password,
                               gboolean account, const char *invitation);

/** chat_workspace_host_go_on: after `opened`: the keyring, the embedded server, signing in. Left to the caller, so that
 * none of it stands between a start and its first frame. Idempotent. */
void chat_workspace_host_go_on (ChatWorkspaceHost *self);

/** chat_workspace_host_open_last: FALSE where there was none. */
gboolean chat_workspace_host_open_last (ChatWorkspaceHost *self);

/** chat_workspace_host_open_known: one of the setting `workspaces`: its key and user. */
void chat_workspace_host_open_known (ChatWorkspaceHost *self, const char *key, const char *user);
/** chat_workspace_host_forget: takes it from the known ones, and its token from the keyring. */
void chat_workspace_host_forget (ChatWorkspaceHost *self, const char *key, const char *user);
/** chat_workspace_host_is_open: whether it is the one that is open. */
gboolean chat_workspace_host_is_open (ChatWorkspaceHost *self, const char *key, const char *user);
/** chat_workspace_host_dup_title: (transfer full): what people call it. */
char *chat_workspace_host_dup_title (const char *key, const char *user);

/** chat_workspace_host_close_async: puts everything on disk and stops the embedded server. */
void chat_workspace_host_close_async (ChatWorkspaceHost *self, ChatWorkspaceLeave leave, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_host_close_finish (ChatWorkspaceHost *self, GAsyncResult *result, GError **error);

/** chat_workspace_host_remembers: FALSE without a keyring: no session can be gone on with after this process. */
gboolean chat_workspace_host_remembers (ChatWorkspaceHost *self);

ChatWorkspace *chat_workspace_host_get_workspace (ChatWorkspaceHost *self);

G_END_DECLS
