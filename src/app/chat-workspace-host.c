/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-workspace-host.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/chat-embedded-server.h"
#include "app/chat-dialects.h"
#include "client/chat-broker-address.h"
#include "client/chat-credentials.h"

/* Under what the keyring and the disk know the server on this computer, whose port is another at each start. */
#define HERE "tertulia:here"

/* Where somebody wants to be. */
typedef struct
{
  char *key;
  char *user;
  char *password;
  char *invitation;
  gboolean account;
} Destination;

static void
destination_free (Destination *destination)
{
  g_free (destination->key);
  g_free (destination->user);
  if (destination->password != NULL)
    explicit_bzero (destination->password, strlen (destination->password));
  g_free (destination->password);
  g_free (destination->invitation);
  g_free (destination);
}

struct _ChatWorkspaceHost
{
  GObject parent_instance;

  /* Owned */
  GSettings *settings;
  char *directory;
  ChatEmbeddedServer *server;
  ChatCredentials *credentials;
  ChatWorkspace *workspace;
  ChatBrokerSite *site;      /* nullable: of a workspace without a server */
  GCancellable *cancellable; /* of the workspace that is open */
  char *key;                 /* its uri, or HERE */
  char *user;
  char *token;
  char *password;      /* nullable: until the service has answered */
  char *invitation;    /* nullable */
  GPtrArray *closings; /* GTask: of those who wait until all is closed */
  Destination *next;   /* nullable: to be opened then */

  ChatFeedFactory factory;
  ChatBrokerFactory broker_factory;
  gboolean account;     /* to be made before signing in */
  gboolean first;       /* never signed in to before */
  gboolean opened;      /* the cache is read */
  gboolean going_on;    /* the keyring is asked */
  gboolean token_known; /* the keyring has answered */
  gboolean signing_in;
  gboolean tell_keyring; /* that there is none: once, to who comes for the first time */
};

enum
{
  OPENED,
  SIGNED_IN,
  NEEDS_NAME,
  FAILED,
  TOLD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatWorkspaceHost, chat_workspace_host, G_TYPE_OBJECT)

static gboolean
is_here (ChatWorkspaceHost *self)
{
  return g_strcmp0 (self->key, HERE) == 0;
}

static char *
dup_directory (ChatWorkspaceHost *self)
{
  g_autofree char *name = g_strconcat (self->key, "\n", self->user, NULL);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);

  hash[32] = '\0';
  return g_build_filename (self->directory, "workspaces", hash, NULL);
}

/* The known workspaces without one; where @first, it comes first. */
static void
set_known (ChatWorkspaceHost *self, const char *key, const char *user, gboolean first)
{
  g_autoptr (GVariantIter) known = NULL;
  GVariantBuilder builder;
  const char *known_key, *known_user;

  g_settings_get (self->settings, "workspaces", "a(ss)", &known);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ss)"));
  if (first)
    g_variant_builder_add (&builder, "(ss)", key, user);
  while (g_variant_iter_next (known, "(&s&s)", &known_key, &known_user))
    if (!g_str_equal (known_key, key) || !g_str_equal (known_user, user))
      g_variant_builder_add (&builder, "(ss)", known_key, known_user);
  g_settings_set_value (self->settings, "workspaces", g_variant_builder_end (&builder));
}

static gboolean
is_known (ChatWorkspaceHost *self, const char *key, const char *user)
{
  g_autoptr (GVariantIter) known = NULL;
  g_autofree char *last_key = NULL;
  g_autofree char *last_user = NULL;
  const char *known_key, *known_user;

  g_settings_get (self->settings, "last-workspace", "(ss)", &last_key, &last_user);
  if (g_str_equal (last_key, key) && g_str_equal (last_user, user))
    return TRUE;
  g_settings_get (self->settings, "workspaces", "a(ss)", &known);
  while (g_variant_iter_next (known, "(&s&s)", &known_key, &known_user))
    if (g_str_equal (known_key, key) && g_str_equal (known_user, user))
      return TRUE;
  return FALSE;
}

static void
remember (ChatWorkspaceHost *self)
{
  g_settings_set (self->settings, "last-workspace", "(ss)", self->key, self->user);
  set_known (self, self->key, self->user, TRUE);
}

static void
forget_last (ChatWorkspaceHost *self)
{
  g_settings_reset (self->settings, "last-workspace");
  g_settings_reset (self->settings, "last-channel");
}

static void
forget_password (ChatWorkspaceHost *self)
{
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_clear_pointer (&self->password, g_free);
  g_clear_pointer (&self->invitation, g_free);
  self->account = FALSE;
}

static void
ask_name (ChatWorkspaceHost *self, const char *reason, gboolean password)
{
  g_signal_emit (self, signals[NEEDS_NAME], 0, is_here (self) ? NULL : self->key, self->user, reason, password);
}

static void
token_stored_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GError) error = NULL;

  chat_credentials_store_finish (CHAT_CREDENTIALS (source), result, &error);
  if (chat_credentials_get_persistent (self->credentials) || !self->tell_keyring)
    return;
  self->tell_keyring = FALSE;
  g_signal_emit (self, signals[TOLD], 0, _ ("There is no keyring here: you stay signed in only until Tertulia ends."));
}

/* Of a new session, also of one that was opened in place of a lost one: the next start goes on with it. */
static void
token_cb (ChatWorkspaceHost *self, GParamSpec *pspec, ChatWorkspace *workspace)
{
  g_autofree char *token = NULL;

  g_object_get (workspace, "token", &token, NULL);
  /* a broker without a server has no session: its password is what is kept */
  if (token == NULL || self->site != NULL)
    return;
  self->tell_keyring = self->first && !is_here (self);
  chat_credentials_store_async (self->credentials, self->key, self->user, token, self->cancellable, token_stored_cb,
                                g_object_ref (self));
}

static void
storage_error_cb (ChatWorkspaceHost *self, GParamSpec *pspec, ChatWorkspace *workspace)
{
  g_autofree char *error = NULL;

  g_object_get (workspace, "storage-error", &error, NULL);
  if (error != NULL)
    g_signal_emit (self, signals[TOLD], 0, error);
}

/* What a person can mend is asked, the rest is told. */
static void
fail (ChatWorkspaceHost *self, const GError *error, gboolean password)
{
  if (password || (self->site != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_TAKEN)
      || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_INVALID))
    ask_name (self, error->message, password);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error->message);
}

static void
keep_password (ChatWorkspaceHost *self)
{
  self->tell_keyring = self->first;
  chat_credentials_store_async (self->credentials, self->key, self->user, self->password, self->cancellable,
                                token_stored_cb, g_object_ref (self));
}

static void
signed_in_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GError) error = NULL;
  gboolean first;

  if (CHAT_WORKSPACE (source) != self->workspace)
    return;
  self->signing_in = FALSE;
  if (!chat_workspace_sign_in_finish (CHAT_WORKSPACE (source), result, NULL, &error))
    {
      gboolean password = g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PASSWORD);

      /* who was not asked for one yet has nothing to be told off for */
      if (password && self->password == NULL)
        ask_name (self, NULL, TRUE);
      else
        fail (self, error, password);
      forget_password (self);
      return;
    }
  if (self->site != NULL && self->password != NULL)
    keep_password (self);
  forget_password (self);
  first = self->first;
  self->first = FALSE;
  remember (self);
  g_signal_emit (self, signals[SIGNED_IN], 0, self->workspace, first);
}

static void
sign_in (ChatWorkspaceHost *self)
{
  chat_workspace_sign_in_async (self->workspace, self->token, self->password, self->cancellable, signed_in_cb,
                                g_object_ref (self));
}

static void
registered_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GError) error = NULL;

  if (CHAT_WORKSPACE (source) != self->workspace)
    return;
  self->account = FALSE;
  if (chat_workspace_register_finish (CHAT_WORKSPACE (source), result, &error))
    {
      sign_in (self);
      return;
    }
  self->signing_in = FALSE;
  forget_password (self);
  fail (self, error,
        g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED)
            || g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_TAKEN));
}

/* The cache, the keyring and the server's address come in any order; signing in wants all three. */
static void
sign_in_when_ready (ChatWorkspaceHost *self)
{
  if (!self->opened || !self->token_known || self->signing_in)
    return;
  if (is_here (self) && chat_embedded_server_get_uri (self->server) == NULL)
    return;
  self->signing_in = TRUE;
  if (self->account)
    chat_workspace_register_async (self->workspace, self->user, self->password, self->invitation, self->cancellable,
                                   registered_cb, g_object_ref (self));
  else
    sign_in (self);
}

static void
server_uri_cb (ChatWorkspaceHost *self)
{
  const char *uri = chat_embedded_server_get_uri (self->server);

  if (uri == NULL || self->workspace == NULL || !is_here (self))
    return;
  chat_workspace_set_uri (self->workspace, uri);
  sign_in_when_ready (self);
}

static void
server_failed_cb (ChatWorkspaceHost *self, const GError *error)
{
  g_signal_emit (self, signals[FAILED], 0, error->message);
}

static void
token_found_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = chat_credentials_lookup_finish (CHAT_CREDENTIALS (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  /* Without a keyring the name alone does. */
  g_free (self->token);
  self->token = g_steal_pointer (&token);
  if (self->site != NULL)
    chat_broker_site_set_password (self->site, self->password != NULL ? self->password : self->token);
  self->token_known = TRUE;
  sign_in_when_ready (self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GError) error = NULL;

  /* Where the disk fails it goes on without what was kept: `storage-error` has said so. */
  chat_workspace_open_finish (CHAT_WORKSPACE (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (CHAT_WORKSPACE (source) != self->workspace)
    return;
  self->opened = TRUE;
  g_signal_emit (self, signals[OPENED], 0, self->workspace, self->first);
}

static void
signed_out_cb (ChatWorkspaceHost *self, const GError *error)
{
  ask_name (self, error == NULL ? NULL : error->message,
            g_error_matches (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PASSWORD));
}

static void
update_feed (ChatWorkspaceHost *self)
{
  g_autofree char *feed = g_settings_get_string (self->settings, "feed");

  if (self->workspace != NULL)
    chat_workspace_set_feed_choice (self->workspace, chat_feed_choice_from_string (feed));
}

static void
drop_workspace (ChatWorkspaceHost *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->workspace != NULL)
    g_signal_handlers_disconnect_by_data (self->workspace, self);
  g_clear_object (&self->workspace);
  g_clear_object (&self->site);
  g_clear_pointer (&self->token, g_free);
  self->opened = self->going_on = self->token_known = self->signing_in = FALSE;
}

static void
set_text (char **field, const char *text)
{
  char *copy = g_strdup (text);

  g_free (*field);
  *field = copy;
}

/* What it reads and writes is in the key; the password comes from the keyring. */
static gboolean
make_site (ChatWorkspaceHost *self, GError **error)
{
  g_autoptr (ChatBrokerAddress) address = chat_broker_address_from_key (self->key, error);
  g_autoptr (ChatDialect) dialect = address != NULL ? chat_dialects_load (address->dialect, error) : NULL;

  if (dialect == NULL)
    return FALSE;
  self->site = chat_broker_site_new (address->options, dialect, (const char *const *)address->topics, self->user,
                                     self->broker_factory, NULL);
  return TRUE;
}

static gboolean
make_workspace (ChatWorkspaceHost *self, const char *directory, GError **error)
{
  if (chat_broker_address_is_key (self->key))
    {
      if (!make_site (self, error))
        return FALSE;
      self->workspace = chat_workspace_new_on_broker (self->site, self->user, directory);
      return TRUE;
    }
  self->workspace = chat_workspace_new (is_here (self) ? chat_embedded_server_get_uri (self->server) : self->key,
                                        self->user, directory, self->factory, NULL);
  return TRUE;
}

static void
open_now (ChatWorkspaceHost *self, const char *key, const char *user)
{
  g_autofree char *directory = NULL;
  g_autofree char *channel = g_settings_get_string (self->settings, "last-channel");
  g_autoptr (GError) error = NULL;

  drop_workspace (self);
  set_text (&self->key, key);
  set_text (&self->user, user);
  self->first = !is_known (self, key, user);
  directory = dup_directory (self);
  self->cancellable = g_cancellable_new ();
  if (!make_workspace (self, directory, &error))
    {
      ask_name (self, error->message, FALSE);
      return;
    }
  chat_workspace_set_broker_factory (self->workspace, self->broker_factory, NULL);
  update_feed (self);
  g_signal_connect_object (self->workspace, "signed-out", G_CALLBACK (signed_out_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->workspace, "notify::token", G_CALLBACK (token_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->workspace, "notify::storage-error", G_CALLBACK (storage_error_cb), self,
                           G_CONNECT_SWAPPED);
  chat_workspace_open_async (self->workspace, *channel == '\0' ? NULL : channel, self->cancellable, opened_cb,
                             g_object_ref (self));
}

/* (transfer full) */
static void
open_destination (ChatWorkspaceHost *self, Destination *destination)
{
  forget_password (self);
  self->password = g_steal_pointer (&destination->password);
  self->invitation = g_steal_pointer (&destination->invitation);
  self->account = destination->account;
  open_now (self, destination->key, destination->user);
  destination_free (destination);
}

/* The last one has been written and its server is gone: only now there is room for the next. */
static void
server_stopped_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GPtrArray) closings = g_steal_pointer (&self->closings);

  self->closings = g_ptr_array_new_with_free_func (g_object_unref);
  chat_embedded_server_stop_finish (CHAT_EMBEDDED_SERVER (source), result, NULL);
  if (self->next != NULL)
    open_destination (self, g_steal_pointer (&self->next));
  for (guint i = 0; i < closings->len; i++)
    g_task_return_boolean (g_ptr_array_index (closings, i), TRUE);
}

static void
workspace_closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatWorkspaceHost) self = data;
  g_autoptr (GError) error = NULL;

  if (!chat_workspace_close_finish (CHAT_WORKSPACE (source), result, &error))
    g_warning ("closing the workspace: %s", error->message);
  chat_embedded_server_stop_async (self->server, NULL, server_stopped_cb, g_object_ref (self));
}

static void
finalize (GObject *object)
{
  ChatWorkspaceHost *self = CHAT_WORKSPACE_HOST (object);

  drop_workspace (self);
  forget_password (self);
  g_clear_pointer (&self->next, destination_free);
  g_ptr_array_unref (self->closings);
  g_clear_object (&self->server);
  g_clear_object (&self->credentials);
  g_clear_object (&self->settings);
  g_free (self->directory);
  g_free (self->key);
  g_free (self->user);
  G_OBJECT_CLASS (chat_workspace_host_parent_class)->finalize (object);
}

static void
chat_workspace_host_class_init (ChatWorkspaceHostClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  signals[OPENED] = g_signal_new ("opened", CHAT_TYPE_WORKSPACE_HOST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, CHAT_TYPE_WORKSPACE, G_TYPE_BOOLEAN);
  signals[SIGNED_IN] = g_signal_new ("signed-in", CHAT_TYPE_WORKSPACE_HOST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 2, CHAT_TYPE_WORKSPACE, G_TYPE_BOOLEAN);
  signals[NEEDS_NAME] = g_signal_new ("needs-name", CHAT_TYPE_WORKSPACE_HOST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 4, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_BOOLEAN);
  signals[FAILED] = g_signal_new ("failed", CHAT_TYPE_WORKSPACE_HOST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[TOLD] = g_signal_new ("told", CHAT_TYPE_WORKSPACE_HOST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                1, G_TYPE_STRING);
}

static void
chat_workspace_host_init (ChatWorkspaceHost *self)
{
  self->credentials = chat_credentials_new ();
  self->closings = g_ptr_array_new_with_free_func (g_object_unref);
}

ChatWorkspaceHost *
chat_workspace_host_new (GSettings *settings, const char *directory, ChatFeedFactory factory,
                         ChatBrokerFactory broker_factory)
{
  ChatWorkspaceHost *self = g_object_new (CHAT_TYPE_WORKSPACE_HOST, NULL);
  g_autofree char *server = g_build_filename (directory, "server", NULL);

  self->settings = g_object_ref (settings);
  self->directory = g_strdup (directory);
  self->factory = factory;
  self->broker_factory = broker_factory;
  g_signal_connect_object (settings, "changed::feed", G_CALLBACK (update_feed), self, G_CONNECT_SWAPPED);
  self->server = chat_embedded_server_new (server);
  g_signal_connect_object (self->server, "notify::uri", G_CALLBACK (server_uri_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->server, "failed", G_CALLBACK (server_failed_cb), self, G_CONNECT_SWAPPED);
  return self;
}

void
chat_workspace_host_open (ChatWorkspaceHost *self, const char *uri, const char *user, const char *password,
                          gboolean account, const char *invitation)
{
  Destination *destination;

  g_return_if_fail (CHAT_IS_WORKSPACE_HOST (self));
  g_return_if_fail (user != NULL);

  destination = g_new0 (Destination, 1);
  destination->key = g_strdup (uri == NULL ? HERE : uri);
  destination->user = g_strdup (user);
  destination->password = g_strdup (password);
  destination->invitation = g_strdup (invitation);
  destination->account = account && password != NULL;
  if (self->workspace == NULL && self->closings->len == 0)
    {
      open_destination (self, destination);
      return;
    }
  if (self->workspace != NULL)
    chat_workspace_host_close_async (self, CHAT_LEAVE_OPEN, NULL, NULL, NULL);
  g_clear_pointer (&self->next, destination_free);
  self->next = destination;
}

void
chat_workspace_host_open_known (ChatWorkspaceHost *self, const char *key, const char *user)
{
  chat_workspace_host_open (self, g_str_equal (key, HERE) ? NULL : key, user, NULL, FALSE, NULL);
}

void
chat_workspace_host_forget (ChatWorkspaceHost *self, const char *key, const char *user)
{
  set_known (self, key, user, FALSE);
  chat_credentials_clear_async (self->credentials, key, user, NULL, NULL, NULL);
}

gboolean
chat_workspace_host_is_open (ChatWorkspaceHost *self, const char *key, const char *user)
{
  return self->workspace != NULL && g_strcmp0 (self->key, key) == 0 && g_strcmp0 (self->user, user) == 0;
}

char *
chat_workspace_host_dup_title (const char *key, const char *user)
{
  g_autoptr (GUri) uri = g_uri_parse (key, G_URI_FLAGS_NONE, NULL);

  if (chat_broker_address_is_key (key))
    {
      g_autoptr (ChatBrokerAddress) address = chat_broker_address_from_key (key, NULL);
      g_autofree char *title = address != NULL ? chat_broker_options_dup_title (address->options) : NULL;

      return g_strdup_printf ("%s · %s", title != NULL ? title : _ ("A broker"), user);
    }
  if (g_str_equal (key, HERE))
    /* Translators: a workspace; %s is the user's name there */
    return g_strdup_printf (_ ("This computer · %s"), user);
  if (uri == NULL || g_uri_get_host (uri) == NULL)
    return g_strdup_printf ("%s · %s", key, user);
  if (g_uri_get_port (uri) < 0)
    return g_strdup_printf ("%s · %s", g_uri_get_host (uri), user);
  return g_strdup_printf ("%s:%d · %s", g_uri_get_host (uri), g_uri_get_port (uri), user);
}

void
chat_workspace_host_go_on (ChatWorkspaceHost *self)
{
  g_return_if_fail (CHAT_IS_WORKSPACE_HOST (self));

  if (!self->opened || self->going_on)
    return;
  self->going_on = TRUE;
  if (is_here (self))
    chat_embedded_server_start (self->server);
  chat_credentials_lookup_async (self->credentials, self->key, self->user, self->cancellable, token_found_cb,
                                 g_object_ref (self));
}

gboolean
chat_workspace_host_open_last (ChatWorkspaceHost *self)
{
  g_autofree char *key = NULL;
  g_autofree char *user = NULL;

  g_settings_get (self->settings, "last-workspace", "(ss)", &key, &user);
  if (*key == '\0' || *user == '\0')
    return FALSE;
  open_now (self, key, user);
  return TRUE;
}

void
chat_workspace_host_close_async (ChatWorkspaceHost *self, ChatWorkspaceLeave leave, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (ChatWorkspace) workspace = g_steal_pointer (&self->workspace);
  gboolean closing = self->closings->len > 0;

  g_task_set_source_tag (task, chat_workspace_host_close_async);
  g_ptr_array_add (self->closings, g_steal_pointer (&task));
  g_clear_pointer (&self->next, destination_free);
  if (leave == CHAT_LEAVE_FORGET)
    forget_last (self);
  if (leave != CHAT_LEAVE_OPEN && self->key != NULL)
    chat_credentials_clear_async (self->credentials, self->key, self->user, NULL, NULL, NULL);
  if (workspace != NULL)
    g_signal_handlers_disconnect_by_data (workspace, self);
  drop_workspace (self);
  /* one that is under way ends for both: nothing was opened meanwhile */
  if (closing)
    return;
  if (workspace == NULL)
    chat_embedded_server_stop_async (self->server, NULL, server_stopped_cb, g_object_ref (self));
  else
    chat_workspace_close_async (workspace, leave != CHAT_LEAVE_OPEN, NULL, workspace_closed_cb, g_object_ref (self));
}

gboolean
chat_workspace_host_close_finish (ChatWorkspaceHost *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
chat_workspace_host_remembers (ChatWorkspaceHost *self)
{
  return chat_credentials_get_persistent (self->credentials);
}

ChatWorkspace *
chat_workspace_host_get_workspace (ChatWorkspaceHost *self)
{
  return self->workspace;
}
