/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-password-service.h"

#include "core/chat-worker.h"
#include "server/session/chat-session-error.h"

struct _ChatPasswordService
{
  GObject parent_instance;

  /* Owned */
  GPtrArray *workers; /* (element-type ChatWorker) */
  char *decoy;

  ChatPasswordCost cost;
  guint most_waiting;
  guint64 hashings;
};

G_DEFINE_FINAL_TYPE (ChatPasswordService, chat_password_service, G_TYPE_OBJECT)

/* One call, on its way to a thread and back. */
typedef struct
{
  char *password; /* prepared */
  char *hash;     /* to check against; NULL: to be made */
  ChatPasswordCost cost;
  gboolean decoy;
  char *made; /* the new hash */
} Job;

static void
job_free (Job *self)
{
  chat_password_free (self->password);
  g_free (self->hash);
  g_free (self->made);
  g_free (self);
}

static void
hash_on_worker (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  job->made = chat_password_hash (job->password, &job->cost, &error);
  if (job->made != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
check_on_worker (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  gboolean right = chat_password_verify (job->password, job->hash) && !job->decoy;

  if (!right)
    {
      g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WRONG, "The password is wrong");
      return;
    }
  /* what can't be hashed anew stays as it is */
  if (chat_password_is_outdated (job->hash, &job->cost))
    job->made = chat_password_hash (job->password, &job->cost, NULL);
  g_task_return_boolean (task, TRUE);
}

/* Gives @task to the thread that has least to do. */
static void
push (ChatPasswordService *self, GTask *task, ChatWorkerFunc func)
{
  ChatWorker *best = self->workers->pdata[0];
  guint waiting = 0;

  for (guint i = 0; i < self->workers->len; i++)
    {
      ChatWorker *worker = self->workers->pdata[i];
      guint pending = chat_worker_get_pending (worker);

      waiting += pending;
      if (pending < chat_worker_get_pending (best))
        best = worker;
    }
  if (waiting >= self->most_waiting)
    {
      g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_BUSY,
                               "Too many passwords wait to be checked: try again in a moment");
      g_object_unref (task);
      return;
    }
  self->hashings++;
  chat_worker_push (best, task, func);
}

void
chat_password_service_hash_async (ChatPasswordService *self, const char *password, const char *user,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_PASSWORD_SERVICE (self));
  g_return_if_fail (password != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_password_service_hash_async);
  g_task_set_task_data (task, job, (GDestroyNotify)job_free);
  job->cost = self->cost;
  job->password = chat_password_prepare (password, user, &error);
  if (job->password == NULL)
    g_task_return_error (task, error);
  else
    push (self, g_steal_pointer (&task), hash_on_worker);
}

char *
chat_password_service_hash_finish (ChatPasswordService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  Job *job = g_task_get_task_data (G_TASK (result));
  return g_task_propagate_boolean (G_TASK (result), error) ? g_steal_pointer (&job->made) : NULL;
}

void
chat_password_service_check_async (ChatPasswordService *self, const char *password, const char *hash,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_PASSWORD_SERVICE (self));
  g_return_if_fail (password != NULL);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  g_task_set_source_tag (task, chat_password_service_check_async);
  g_task_set_task_data (task, job, (GDestroyNotify)job_free);
  job->cost = self->cost;
  job->password = chat_password_prepare (password, NULL, NULL);
  /* what can't be anybody's password takes as long as what could */
  job->decoy = hash == NULL || job->password == NULL;
  job->hash = g_strdup (job->decoy ? self->decoy : hash);
  if (job->password == NULL)
    job->password = g_strdup ("");
  push (self, task, check_on_worker);
}

gboolean
chat_password_service_check_finish (ChatPasswordService *self, GAsyncResult *result, char **rehashed, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  Job *job = g_task_get_task_data (G_TASK (result));
  gboolean right = g_task_propagate_boolean (G_TASK (result), error);
  if (rehashed != NULL)
    *rehashed = right ? g_steal_pointer (&job->made) : NULL;
  return right;
}

guint64
chat_password_service_get_hashings (ChatPasswordService *self)
{
  g_return_val_if_fail (CHAT_IS_PASSWORD_SERVICE (self), 0);
  return self->hashings;
}

static void
chat_password_service_finalize (GObject *object)
{
  ChatPasswordService *self = CHAT_PASSWORD_SERVICE (object);

  g_clear_pointer (&self->workers, g_ptr_array_unref);
  g_free (self->decoy);
  G_OBJECT_CLASS (chat_password_service_parent_class)->finalize (object);
}

static void
chat_password_service_class_init (ChatPasswordServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_password_service_finalize;
}

static void
chat_password_service_init (ChatPasswordService *self)
{
  self->workers = g_ptr_array_new_with_free_func (g_object_unref);
}

ChatPasswordService *
chat_password_service_new (const ChatPasswordCost *cost, guint threads, guint most_waiting)
{
  g_return_val_if_fail (cost != NULL && threads > 0 && most_waiting > 0, NULL);

  ChatPasswordService *self = g_object_new (CHAT_TYPE_PASSWORD_SERVICE, NULL);
  self->cost = *cost;
  self->most_waiting = most_waiting;
  self->decoy = chat_password_decoy (cost);
  for (guint i = 0; i < threads; i++)
    g_ptr_array_add (self->workers, chat_worker_new ("password", NULL, NULL));
  return self;
}
