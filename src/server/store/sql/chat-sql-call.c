/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-call.h"

typedef struct
{
  ChatSqlFunc func;
  gpointer arguments;
  GDestroyNotify arguments_free;

  gpointer result;
  GDestroyNotify result_free; /* NULL: the result is a number */
  GError *error;
} Call;

static void
call_free (Call *call)
{
  if (call->arguments_free != NULL)
    call->arguments_free (call->arguments);
  if (call->result_free != NULL)
    g_clear_pointer (&call->result, call->result_free);
  g_clear_error (&call->error);
  g_free (call);
}

/* whether it is still wanted; if not, it has its error */
static gboolean
call_is_wanted (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  return !g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &call->error);
}

static void
call_return (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  if (call->error != NULL)
    g_task_return_error (task, g_steal_pointer (&call->error));
  else if (call->result_free != NULL)
    g_task_return_pointer (task, g_steal_pointer (&call->result), call->result_free);
  else
    g_task_return_int (task, GPOINTER_TO_INT (call->result));
}

void
chat_sql_call_attach (GTask *task, ChatSqlFunc func, gpointer arguments, GDestroyNotify arguments_free,
                      GDestroyNotify result_free)
{
  Call *call = g_new0 (Call, 1);

  call->func = func;
  call->arguments = arguments;
  call->arguments_free = arguments_free;
  call->result_free = result_free;
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  /* what was done is told, whenever the cancellation came */
  g_task_set_check_cancellable (task, FALSE);
}

/* What an attempt that came to nothing left behind. */
static void
call_reset (Call *call)
{
  if (call->result_free != NULL)
    g_clear_pointer (&call->result, call->result_free);
  call->result = NULL;
  g_clear_error (&call->error);
}

/* Alone in its transaction. */
static void
run_alone (GTask *task, ChatSql *database)
{
  Call *call = g_task_get_task_data (task);

  if (!call_is_wanted (task))
    return;
  for (guint attempt = 1;; attempt++)
    {
      chat_sql_begin (database);
      if (!chat_sql_has_failed (database))
        call->result = call->func (database, call->arguments);
      if (chat_sql_end (database, &call->error) || !chat_sql_recovers (database, call->error, attempt))
        return;
      call_reset (call);
    }
}

void
chat_sql_call_alone (GTask *task, gpointer database, gpointer data, GCancellable *cancellable)
{
  run_alone (task, database);
  call_return (task);
}

/* All of them in one transaction. FALSE with @fault where that failed as a whole. */
static gboolean
run_together (GPtrArray *tasks, ChatSql *database, GError **fault)
{
  chat_sql_begin (database);
  for (guint i = 0; i < tasks->len && chat_sql_is_active (database); i++)
    {
      Call *call = g_task_get_task_data (g_ptr_array_index (tasks, i));

      call_reset (call);
      if (!call_is_wanted (g_ptr_array_index (tasks, i)))
        continue;
      chat_sql_savepoint (database);
      call->result = call->func (database, call->arguments);
      chat_sql_release (database, &call->error);
    }
  return chat_sql_end (database, fault);
}

void
chat_sql_call_write (GPtrArray *tasks, gpointer database)
{
  g_autoptr (GError) fault = NULL;

  if (tasks->len == 1)
    {
      run_alone (g_ptr_array_index (tasks, 0), database);
      call_return (g_ptr_array_index (tasks, 0));
      return;
    }
  for (guint attempt = 1; !run_together (tasks, database, &fault); attempt++)
    {
      if (!chat_sql_recovers (database, fault, attempt))
        break;
      g_clear_error (&fault);
    }
  for (guint i = 0; i < tasks->len; i++)
    {
      Call *call = g_task_get_task_data (g_ptr_array_index (tasks, i));

      if (fault != NULL && call->error == NULL)
        call->error = g_error_copy (fault);
      call_return (g_ptr_array_index (tasks, i));
    }
}
