/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-json.h"

/*
 * A session: with the token of last time where there is one, else by the user's name. It is opened again by itself when
 * it ends in the middle of things.
 */

/* While a taken name may be one's own from before: how often it is asked for, and how long where the service does not
 * say. */
#define LEASE_POLL_MS 1000
#define LEASE_MS 30000
#define LEASE_MOST_MS 120000
/* How long a close waits for brokers to take leave. */
#define LEAVE_MS 4000

static void session_try (ChatWorkspace *self);

static void
set_status (ChatWorkspace *self, const char *status)
{
  g_free (self->session_status);
  self->session_status = g_strdup (status);
  chat_workspace_update_state (self);
}

static gboolean
try_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->session_source = 0;
  session_try (self);
  return G_SOURCE_REMOVE;
}

static void
try_in (ChatWorkspace *self, guint ms)
{
  g_clear_handle_id (&self->session_source, g_source_remove);
  self->session_source = g_timeout_add (ms, try_cb, self);
}

static void
forget_password (ChatWorkspace *self)
{
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_clear_pointer (&self->password, g_free);
}

static GTask *
take_sign_in (ChatWorkspace *self)
{
  if (self->sign_in != NULL)
    g_cancellable_disconnect (g_task_get_cancellable (self->sign_in), self->sign_in_cancelled);
  self->sign_in_cancelled = 0;
  return g_steal_pointer (&self->sign_in);
}

void
chat_workspace_session_failed (ChatWorkspace *self, GError *error)
{
  g_autoptr (GTask) task = take_sign_in (self);

  self->session = CHAT_SESSION_NONE;
  forget_password (self);
  /* whether every name needs one is worth knowing before the next try */
  if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PASSWORD))
    chat_workspace_sync_about (self);
  set_status (self, error->message);
  if (task == NULL)
    {
      chat_workspace_emit_signed_out (self, error);
      g_error_free (error);
      return;
    }
  g_task_return_error (task, error);
}

void
chat_workspace_session_opened (ChatWorkspace *self)
{
  g_autoptr (GTask) task = take_sign_in (self);

  self->session = CHAT_SESSION_OPEN;
  forget_password (self);
  self->was_here = TRUE;
  self->lease_until = 0;
  chat_backoff_reset (&self->session_backoff);
  chat_cache_put_value (self->cache, "session", self->user);
  set_status (self, NULL);
  chat_workspace_notify (self, "token");
  chat_outbox_start (self->outbox);
  chat_workspace_feed_start (self);
  if (task != NULL)
    g_task_return_pointer (task, g_strdup (self->token), g_free);
}

/* Whether the name may be taken by this very user, whose program ended without signing out: then it is free when the
 * lease has run out. */
static gboolean
wait_for_lease (ChatWorkspace *self, JsonObject *problem)
{
  gint64 now = g_get_monotonic_time (), lease_ms = LEASE_MS;

  if (!self->was_here)
    return FALSE;
  if (self->lease_until == 0)
    {
      if (problem != NULL)
        chat_json_get_int (problem, "lease_ms", FALSE, &lease_ms, NULL);
      self->lease_until = now + (CLAMP (lease_ms, 0, LEASE_MOST_MS) + LEASE_POLL_MS) * 1000;
    }
  if (now >= self->lease_until)
    return FALSE;
  set_status (self, _ ("Waiting for your last session to end"));
  try_in (self, LEASE_POLL_MS);
  return TRUE;
}

static gboolean
is_temporary (const GError *error)
{
  return g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE)
         || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_SERVICE);
}

static void
take_failure (ChatWorkspace *self, GError *error, JsonObject *problem)
{
  if (is_temporary (error))
    {
      set_status (self, error->message);
      try_in (self, chat_backoff_next (&self->session_backoff));
    }
  else if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_TAKEN) && wait_for_lease (self, problem))
    {
      g_error_free (error);
      return;
    }
  else
    {
      chat_workspace_session_failed (self, error);
      return;
    }
  g_error_free (error);
}

/* An answer that is still wanted: of the session that is being opened now. */
typedef struct
{
  GWeakRef workspace;
  guint generation;
} Attempt;

static Attempt *
attempt_new (ChatWorkspace *self)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  g_weak_ref_init (&attempt->workspace, self);
  attempt->generation = self->session_generation;
  return attempt;
}

/* (transfer full) (nullable) */
static ChatWorkspace *
attempt_end (Attempt *attempt)
{
  ChatWorkspace *self = g_weak_ref_get (&attempt->workspace);

  if (self != NULL && self->session_generation != attempt->generation)
    g_clear_object (&self);
  g_weak_ref_clear (&attempt->workspace);
  g_free (attempt);
  return self;
}

static void
take_role (ChatWorkspace *self, JsonObject *answer)
{
  const char *name = NULL;
  ChatRole role = CHAT_ROLE_MEMBER;

  chat_json_get_string (answer, "role", FALSE, &name, NULL);
  if (name == NULL || chat_role_from_string (name, &role, NULL))
    chat_workspace_set_role (self, role);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = attempt_end (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) problem = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, &problem, &error);
  const char *token = NULL;

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL && !chat_json_get_string (answer, "token", TRUE, &token, &error))
    {
      chat_workspace_session_failed (self,
                                     g_error_new (CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                                                  _ ("%s is not a Tertulia service: %s"), self->uri, error->message));
      return;
    }
  if (answer == NULL)
    {
      take_failure (self, g_steal_pointer (&error), problem);
      return;
    }
  g_free (self->token);
  self->token = g_strdup (token);
  chat_rest_set_token (self->rest, token);
  take_role (self, answer);
  chat_workspace_session_opened (self);
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = attempt_end (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL)
    {
      chat_workspace_take_block (self, answer);
      take_role (self, answer);
      chat_workspace_session_opened (self);
    }
  else if (g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_TOKEN))
    {
      g_clear_pointer (&self->token, g_free);
      session_try (self);
    }
  else
    {
      take_failure (self, g_steal_pointer (&error), NULL);
    }
}

/* Asks the service, with the token where there is one. */
static void
session_try (ChatWorkspace *self)
{
  g_autoptr (JsonObject) body = NULL;

  g_clear_handle_id (&self->session_source, g_source_remove);
  self->session = CHAT_SESSION_TRYING;
  self->session_generation++;
  chat_rest_set_token (self->rest, self->token);
  if (self->site != NULL)
    {
      chat_workspace_site_start (self);
      return;
    }
  if (self->uri == NULL)
    {
      set_status (self, _ ("Waiting for the server to start"));
      return;
    }
  chat_workspace_update_state (self);
  if (self->token != NULL)
    {
      chat_rest_call_async (self->rest, SOUP_METHOD_GET, "v1/sessions/current", NULL, self->cancellable, checked_cb,
                            attempt_new (self));
      return;
    }
  body = json_object_new ();
  json_object_set_string_member (body, "user", self->user);
  if (self->password != NULL)
    json_object_set_string_member (body, "password", self->password);
  chat_rest_call_async (self->rest, SOUP_METHOD_POST, "v1/sessions", body, self->cancellable, opened_cb,
                        attempt_new (self));
}

void
chat_workspace_session_lost (ChatWorkspace *self)
{
  if (self->session != CHAT_SESSION_OPEN || self->closing)
    return;
  chat_outbox_stop (self->outbox);
  chat_workspace_feed_stop (self);
  g_clear_pointer (&self->token, g_free);
  session_try (self);
}

void
chat_workspace_session_again (ChatWorkspace *self)
{
  if (self->session == CHAT_SESSION_TRYING)
    session_try (self);
}

void
chat_workspace_session_stop (ChatWorkspace *self)
{
  g_autoptr (GTask) task = take_sign_in (self);

  g_clear_handle_id (&self->session_source, g_source_remove);
  self->session_generation++;
  self->session = CHAT_SESSION_NONE;
  forget_password (self);
  if (task != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Signing in was stopped"));
}

static gboolean
sign_in_cancelled_idle_cb (gpointer user_data)
{
  GTask *task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);

  if (self->sign_in == task)
    {
      chat_workspace_session_stop (self);
      chat_workspace_update_state (self);
    }
  return G_SOURCE_REMOVE;
}

/* Any thread may cancel. */
static void
sign_in_cancelled_cb (GCancellable *cancellable, GTask *task)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, sign_in_cancelled_idle_cb, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

void
chat_workspace_sign_in_async (ChatWorkspace *self, const char *token, const char *password, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_sign_in_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->sign_in != NULL || self->closing)
    {
      g_task_return_new_error (task, G_IO_ERROR, self->closing ? G_IO_ERROR_CLOSED : G_IO_ERROR_PENDING,
                               _ ("This workspace is signing in or closing already"));
      return;
    }
  chat_workspace_feed_stop (self);
  self->lease_until = 0;
  g_free (self->token);
  self->token = g_strdup (token);
  forget_password (self);
  self->password = g_strdup (password);
  self->sign_in = g_object_ref (task);
  if (cancellable != NULL)
    self->sign_in_cancelled
        = g_cancellable_connect (cancellable, G_CALLBACK (sign_in_cancelled_cb), g_object_ref (task), g_object_unref);
  session_try (self);
}

gboolean
chat_workspace_sign_in_finish (ChatWorkspace *self, GAsyncResult *result, char **token, GError **error)
{
  g_autofree char *opened = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  opened = g_task_propagate_pointer (G_TASK (result), error);
  if (opened == NULL)
    return FALSE;
  if (token != NULL)
    *token = g_steal_pointer (&opened);
  return TRUE;
}

void
chat_workspace_set_uri (ChatWorkspace *self, const char *uri)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  g_return_if_fail (uri != NULL);

  if (g_strcmp0 (self->uri, uri) == 0)
    return;
  g_free (self->uri);
  self->uri = g_strdup (uri);
  chat_rest_set_uri (self->rest, uri);
  chat_workspace_session_again (self);
  if (self->session != CHAT_SESSION_OPEN)
    return;
  chat_workspace_feed_stop (self);
  chat_workspace_feed_start (self);
  chat_outbox_start (self->outbox);
}

void
chat_workspace_reconnect_now (ChatWorkspace *self)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  chat_workspace_session_again (self);
  if (self->session != CHAT_SESSION_OPEN)
    return;
  chat_workspace_feed_again (self);
  chat_outbox_start (self->outbox);
}

/* Closing: the service is told, then what is here is written. Each step goes on whether or not the one before worked.
 */

static void
answer_closes (ChatWorkspace *self)
{
  g_autoptr (GPtrArray) closes = NULL;

  if (self->leaving > 0)
    return;
  g_clear_handle_id (&self->leave_source, g_source_remove);
  closes = g_steal_pointer (&self->closes);
  self->closes = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < closes->len; i++)
    {
      GTask *task = g_ptr_array_index (closes, i);
      const GError *failure = g_task_get_task_data (task);

      if (failure != NULL)
        g_task_return_error (task, g_error_copy (failure));
      else
        g_task_return_boolean (task, TRUE);
    }
}

static gboolean
leave_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->leave_source = 0;
  self->leaving = 0;
  answer_closes (self);
  return G_SOURCE_REMOVE;
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = user_data;

  chat_transport_close_finish (CHAT_TRANSPORT (source), result, NULL);
  if (self->leaving > 0)
    self->leaving--;
  answer_closes (self);
}

/* A broker's library has threads of its own, and what it needs is gone when the process ends: they are to end before.
 * @transport: (nullable): is closed already, or is about to be */
static void
leave (ChatWorkspace *self, ChatTransport *transport)
{
  if (transport == NULL)
    return;
  self->leaving++;
  chat_transport_close_async (transport, NULL, left_cb, g_object_ref (self));
}

static void
database_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  if (!chat_local_database_close_finish (CHAT_LOCAL_DATABASE (source), result, &error)
      && g_task_get_task_data (task) == NULL)
    g_task_set_task_data (task, g_steal_pointer (&error), (GDestroyNotify)g_error_free);
  g_ptr_array_add (self->closes, task);
  if (self->leaving > 0 && self->leave_source == 0)
    self->leave_source = g_timeout_add (LEAVE_MS, leave_cb, self);
  answer_closes (self);
}

static void
flushed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!chat_cache_flush_finish (CHAT_CACHE (source), result, &error))
    g_task_set_task_data (task, error, (GDestroyNotify)g_error_free);
  chat_local_database_close_async (self->database, NULL, database_closed_cb, g_steal_pointer (&task));
}

static void
flush (GTask *task)
{
  ChatWorkspace *self = g_task_get_source_object (task);

  g_cancellable_cancel (self->cancellable);
  chat_cache_flush_async (self->cache, NULL, flushed_cb, task);
}

static void
signed_out_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatWorkspace *self = g_task_get_source_object (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);

  /* where the service can't be reached the lease frees the name, and the next start here waits for that */
  if (error == NULL)
    chat_cache_put_value (self->cache, "session", NULL);
  flush (user_data);
}

void
chat_workspace_close_async (ChatWorkspace *self, gboolean sign_out, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (ChatTransport) broker = NULL, site = NULL;
  gboolean was_open;
  GTask *task;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_close_async);
  g_task_set_check_cancellable (task, FALSE);
  was_open = self->session == CHAT_SESSION_OPEN;
  if (was_open)
    chat_workspace_put_read (self);
  self->closing = TRUE;
  chat_workspace_session_stop (self);
  chat_workspace_sync_stop (self);
  if (self->broker != NULL)
    g_set_object (&broker, chat_feed_get_transport (self->broker));
  g_set_object (&site, self->site_transport);
  chat_workspace_feed_stop (self);
  leave (self, broker);
  leave (self, site);
  chat_outbox_stop (self->outbox);
  chat_workspace_update_state (self);
  if (sign_out && was_open && self->site == NULL)
    chat_rest_call_async (self->rest, SOUP_METHOD_DELETE, "v1/sessions/current", NULL, cancellable, signed_out_cb,
                          task);
  else
    flush (task);
}

gboolean
chat_workspace_close_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
