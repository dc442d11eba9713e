/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-credentials.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>

/* A keyring that asks its user for a password may never answer. */
#define GUARD_MS 2000

struct _ChatCredentials
{
  GObject parent_instance;

  /* Owned */
  GHashTable *tokens; /* "user uri" → token: what this session has seen; the keyring holds the rest */

  gboolean persistent;
};

G_DEFINE_FINAL_TYPE (ChatCredentials, chat_credentials, G_TYPE_OBJECT)

enum
{
  PROP_PERSISTENT = 1,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* One call to the keyring, with its guard: the data of its task. */
typedef struct
{
  GCancellable *cancellable; /* of the call itself: the guard's or the caller's */
  gulong cancelled;
  guint guard;
  gboolean answered;
} Call;

static const SecretSchema schema = {
  "chat.tertulia.Token",
  SECRET_SCHEMA_NONE,
  { { "uri", SECRET_SCHEMA_ATTRIBUTE_STRING }, { "user", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } },
  0,
  NULL,
  NULL,
  NULL,
  NULL,
  NULL,
  NULL,
  NULL,
};

static char *
make_key (const char *uri, const char *user)
{
  return g_strdup_printf ("%s %s", user, uri);
}

static void
call_free (Call *call)
{
  g_clear_handle_id (&call->guard, g_source_remove);
  g_clear_object (&call->cancellable);
  g_free (call);
}

static void
set_persistent (ChatCredentials *self, gboolean persistent)
{
  if (self->persistent == persistent)
    return;
  self->persistent = persistent;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PERSISTENT]);
}

/* Answers a call, once: @token: (nullable): what was looked up. A keyring that fails is no error for the caller: what
 * it would have kept lives as long as this object. */
static void
answer (GTask *task, const char *token, const GError *error)
{
  Call *call = g_task_get_task_data (task);

  if (call->answered)
    return;
  call->answered = TRUE;
  g_clear_handle_id (&call->guard, g_source_remove);
  g_cancellable_disconnect (g_task_get_cancellable (task), call->cancelled);
  if (!g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    set_persistent (g_task_get_source_object (task), error == NULL);
  if (g_task_get_source_tag (task) == chat_credentials_lookup_async)
    g_task_return_pointer (task, g_strdup (token), g_free);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
guard_cb (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The keyring does not answer");

  call->guard = 0;
  answer (task, NULL, error);
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static void
cancelled_cb (GCancellable *cancellable, GCancellable *inner)
{
  g_cancellable_cancel (inner);
}

/* (transfer full) */
static GTask *
begin (ChatCredentials *self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  g_task_set_source_tag (task, tag);
  call->cancellable = g_cancellable_new ();
  call->guard = g_timeout_add (GUARD_MS, guard_cb, task);
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  if (cancellable != NULL)
    call->cancelled = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), g_object_ref (call->cancellable),
                                             g_object_unref);
  return task;
}

/* Overrides */

static void
chat_credentials_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_PERSISTENT)
    g_value_set_boolean (value, CHAT_CREDENTIALS (object)->persistent);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_credentials_finalize (GObject *object)
{
  g_hash_table_unref (CHAT_CREDENTIALS (object)->tokens);
  G_OBJECT_CLASS (chat_credentials_parent_class)->finalize (object);
}

static void
chat_credentials_class_init (ChatCredentialsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = chat_credentials_get_property;
  object_class->finalize = chat_credentials_finalize;

  properties[PROP_PERSISTENT]
      = g_param_spec_boolean ("persistent", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
chat_credentials_init (ChatCredentials *self)
{
  self->tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->persistent = TRUE;
}

ChatCredentials *
chat_credentials_new (void)
{
  return g_object_new (CHAT_TYPE_CREDENTIALS, NULL);
}

gboolean
chat_credentials_get_persistent (ChatCredentials *self)
{
  g_return_val_if_fail (CHAT_IS_CREDENTIALS (self), FALSE);
  return self->persistent;
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  char *token = secret_password_lookup_finish (result, &error);

  answer (task, token, error);
  secret_password_free (token);
}

void
chat_credentials_lookup_async (ChatCredentials *self, const char *uri, const char *user, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *key = NULL;
  const char *known;
  GTask *task;
  Call *call;

  g_return_if_fail (CHAT_IS_CREDENTIALS (self));
  g_return_if_fail (uri != NULL && user != NULL);

  key = make_key (uri, user);
  known = g_hash_table_lookup (self->tokens, key);
  if (known != NULL)
    {
      task = g_task_new (self, cancellable, callback, user_data);
      g_task_set_source_tag (task, chat_credentials_lookup_async);
      g_task_return_pointer (task, g_strdup (known), g_free);
      g_object_unref (task);
      return;
    }
  task = begin (self, chat_credentials_lookup_async, cancellable, callback, user_data);
  call = g_task_get_task_data (task);
  secret_password_lookup (&schema, call->cancellable, lookup_cb, task, "uri", uri, "user", user, NULL);
}

char *
chat_credentials_lookup_finish (ChatCredentials *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
store_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  secret_password_store_finish (result, &error);
  answer (task, NULL, error);
}

void
chat_credentials_store_async (ChatCredentials *self, const char *uri, const char *user, const char *token,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *label = NULL;
  GTask *task;
  Call *call;

  g_return_if_fail (CHAT_IS_CREDENTIALS (self));
  g_return_if_fail (uri != NULL && user != NULL && token != NULL);

  task = begin (self, chat_credentials_store_async, cancellable, callback, user_data);
  call = g_task_get_task_data (task);
  g_hash_table_insert (self->tokens, make_key (uri, user), g_strdup (token));
  /* Translators: the name of an entry in the keyring: a user's name and an address */
  label = g_strdup_printf (_ ("Tertulia: %s at %s"), user, uri);
  secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label, token, call->cancellable, store_cb, task, "uri",
                         uri, "user", user, NULL);
}

gboolean
chat_credentials_store_finish (ChatCredentials *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
clear_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  secret_password_clear_finish (result, &error);
  answer (task, NULL, error);
}

void
chat_credentials_clear_async (ChatCredentials *self, const char *uri, const char *user, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *key = NULL;
  GTask *task;
  Call *call;

  g_return_if_fail (CHAT_IS_CREDENTIALS (self));
  g_return_if_fail (uri != NULL && user != NULL);

  task = begin (self, chat_credentials_clear_async, cancellable, callback, user_data);
  call = g_task_get_task_data (task);
  key = make_key (uri, user);
  g_hash_table_remove (self->tokens, key);
  secret_password_clear (&schema, call->cancellable, clear_cb, task, "uri", uri, "user", user, NULL);
}

gboolean
chat_credentials_clear_finish (ChatCredentials *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
