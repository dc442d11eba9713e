/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/rabbitmq/chat-rabbitmq-admin.h"

#include "core/chat-worker.h"
#include "transport/chat-record.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-login.h"

/* What the worker's thread owns. */
typedef struct
{
  ChatBrokerOptions *options;
  ChatRabbitmqTopology *topology;
  guint heartbeat_s;
} Context;

struct _ChatRabbitmqAdmin
{
  GObject parent_instance;
  ChatWorker *worker;
};

G_DEFINE_FINAL_TYPE (ChatRabbitmqAdmin, chat_rabbitmq_admin, G_TYPE_OBJECT)

typedef struct
{
  guint first;
  char **topics; /* nullable */
  char *group;   /* nullable */
  GPtrArray *queues;
} Job;

static void
job_free (Job *job)
{
  g_strfreev (job->topics);
  g_free (job->group);
  g_clear_pointer (&job->queues, g_ptr_array_unref);
  g_free (job);
}

static void
context_free (Context *context)
{
  chat_rabbitmq_topology_free (context->topology);
  chat_broker_options_free (context->options);
  g_free (context);
}

void
chat_rabbitmq_session_free (ChatRabbitmqSession *session)
{
  if (session == NULL)
    return;
  g_clear_pointer (&session->publishing, amqp_destroy_connection);
  g_clear_pointer (&session->consuming, amqp_destroy_connection);
  g_free (session->address);
  g_free (session);
}

static void
push (ChatRabbitmqAdmin *self, Job *job, ChatWorkerFunc func, gpointer tag, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, job, (GDestroyNotify)job_free);
  chat_worker_push (self->worker, task, func);
}

static gpointer
finish_pointer (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Opening */

static ChatRabbitmqSession *
open_at (Context *context, const char *address, GError **error)
{
  g_autoptr (ChatRabbitmqSession) session = g_new0 (ChatRabbitmqSession, 1);
  g_autoptr (GError) why = NULL;

  session->address = g_strdup (address);
  session->publishing
      = chat_rabbitmq_login (context->options, address, "tertulia-publishing", context->heartbeat_s, error);
  if (session->publishing == NULL)
    return NULL;
  session->consuming
      = chat_rabbitmq_login (context->options, address, "tertulia-consuming", context->heartbeat_s, error);
  if (session->consuming == NULL)
    return NULL;
  chat_rabbitmq_topology_use (context->topology, address);
  if (chat_rabbitmq_topology_ensure (context->topology, CHAT_TOPIC_CONTROLLED, &session->has_streams, &why))
    return g_steal_pointer (&session);
  /* a broker that knows nothing of the service may have streams all the same */
  session->has_streams = TRUE;
  if (!context->options->declare && g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    return g_steal_pointer (&session);
  g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

static void
open_func (GTask *task, gpointer data, gpointer task_data, GCancellable *cancellable)
{
  Context *context = data;
  const Job *job = task_data;
  guint count = g_strv_length (context->options->addresses);
  GError *error = NULL;

  for (guint i = 0; i < count; i++)
    {
      ChatRabbitmqSession *session;

      g_clear_error (&error);
      if (g_task_return_error_if_cancelled (task))
        return;
      session = open_at (context, context->options->addresses[(job->first + i) % count], &error);
      if (session != NULL)
        {
          g_task_return_pointer (task, session, (GDestroyNotify)chat_rabbitmq_session_free);
          return;
        }
      if (chat_rabbitmq_is_denied (error))
        break;
    }
  g_task_return_error (task, error);
}

void
chat_rabbitmq_admin_open_async (ChatRabbitmqAdmin *self, guint first, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->first = first;
  push (self, job, open_func, chat_rabbitmq_admin_open_async, cancellable, callback, user_data);
}

ChatRabbitmqSession *
chat_rabbitmq_admin_open_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error)
{
  return finish_pointer (self, result, error);
}

/* Topology */

static void
ensure_func (GTask *task, gpointer data, gpointer task_data, GCancellable *cancellable)
{
  Context *context = data;
  const Job *job = task_data;
  GError *error = NULL;

  if (chat_rabbitmq_topology_ensure (context->topology, job->topics[0], NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
chat_rabbitmq_admin_ensure_async (ChatRabbitmqAdmin *self, const char *topic, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  const char *topics[] = { topic, NULL };
  Job *job = g_new0 (Job, 1);

  job->topics = g_strdupv ((char **)topics);
  push (self, job, ensure_func, chat_rabbitmq_admin_ensure_async, cancellable, callback, user_data);
}

gboolean
chat_rabbitmq_admin_ensure_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
locate_func (GTask *task, gpointer data, gpointer task_data, GCancellable *cancellable)
{
  Context *context = data;
  const Job *job = task_data;
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rabbitmq_place_free);

  for (guint i = 0; job->topics[i] != NULL; i++)
    {
      GError *error = NULL;
      ChatRabbitmqPlace *place = chat_rabbitmq_topology_locate (context->topology, job->topics[i], &error);

      if (place == NULL)
        {
          g_task_return_error (task, error);
          return;
        }
      g_ptr_array_add (places, place);
    }
  g_task_return_pointer (task, g_steal_pointer (&places), (GDestroyNotify)g_ptr_array_unref);
}

void
chat_rabbitmq_admin_locate_async (ChatRabbitmqAdmin *self, const char *const *topics, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->topics = g_strdupv ((char **)topics);
  push (self, job, locate_func, chat_rabbitmq_admin_locate_async, cancellable, callback, user_data);
}

GPtrArray *
chat_rabbitmq_admin_locate_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error)
{
  return finish_pointer (self, result, error);
}

static void
group_func (GTask *task, gpointer data, gpointer task_data, GCancellable *cancellable)
{
  Context *context = data;
  const Job *job = task_data;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; job->topics[i] != NULL; i++)
    {
      GError *error = NULL;
      GPtrArray *queues = chat_rabbitmq_topology_ensure_group (context->topology, job->topics[i], job->group, &error);

      if (queues == NULL)
        {
          g_task_return_error (task, error);
          return;
        }
      g_ptr_array_add (all, queues);
    }
  g_task_return_pointer (task, g_steal_pointer (&all), (GDestroyNotify)g_ptr_array_unref);
}

void
chat_rabbitmq_admin_group_async (ChatRabbitmqAdmin *self, const char *const *topics, const char *group,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->topics = g_strdupv ((char **)topics);
  job->group = g_strdup (group);
  push (self, job, group_func, chat_rabbitmq_admin_group_async, cancellable, callback, user_data);
}

GPtrArray *
chat_rabbitmq_admin_group_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error)
{
  return finish_pointer (self, result, error);
}

static void
count_func (GTask *task, gpointer data, gpointer task_data, GCancellable *cancellable)
{
  Context *context = data;
  const Job *job = task_data;
  GError *error = NULL;
  gint64 count = chat_rabbitmq_topology_count (context->topology, job->queues, &error);

  if (count < 0)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, (gssize)count);
}

void
chat_rabbitmq_admin_count_async (ChatRabbitmqAdmin *self, GPtrArray *queues, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->queues = g_ptr_array_ref (queues);
  push (self, job, count_func, chat_rabbitmq_admin_count_async, cancellable, callback, user_data);
}

gint64
chat_rabbitmq_admin_count_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  return g_task_propagate_int (G_TASK (result), error);
}

/* A dispose must not wait for a broker that does not answer. */
static void
chat_rabbitmq_admin_dispose (GObject *object)
{
  ChatRabbitmqAdmin *self = CHAT_RABBITMQ_ADMIN (object);

  if (self->worker != NULL)
    chat_worker_close_async (self->worker, NULL, NULL, NULL);
  g_clear_object (&self->worker);
  G_OBJECT_CLASS (chat_rabbitmq_admin_parent_class)->dispose (object);
}

static void
chat_rabbitmq_admin_class_init (ChatRabbitmqAdminClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_rabbitmq_admin_dispose;
}

static void
chat_rabbitmq_admin_init (ChatRabbitmqAdmin *self)
{
}

ChatRabbitmqAdmin *
chat_rabbitmq_admin_new (const ChatBrokerOptions *options, guint heartbeat_s)
{
  ChatRabbitmqAdmin *self;
  Context *context;

  g_return_val_if_fail (options != NULL, NULL);

  self = g_object_new (CHAT_TYPE_RABBITMQ_ADMIN, NULL);
  context = g_new0 (Context, 1);
  context->options = chat_broker_options_copy (options);
  context->topology = chat_rabbitmq_topology_new (options);
  context->heartbeat_s = heartbeat_s;
  self->worker = chat_worker_new ("rabbitmq-admin", context, (GDestroyNotify)context_free);
  return self;
}
