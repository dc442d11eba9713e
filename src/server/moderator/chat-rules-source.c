/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-rules-source.h"

#include "core/chat-timer.h"
#include "core/chat-worker.h"
#include "server/store/chat-store.h"
#include "transport/chat-backoff.h"

struct _ChatRulesSource
{
  GObject parent_instance;

  /* Owned */
  ChatControlFeed *feed;
  ChatModerationStore *store;
  ChatWorker *worker;
  GCancellable *cancellable;
  ChatRulesText *text; /* of the rules */
  ChatRules *rules;    /* NULL until it is started */
  GTask *start;        /* until the first load */
  ChatBackoff backoff;
  GSource *retry;

  gint64 revision;
  gint64 invalid; /* the revision that can't be compiled */
  gboolean loading, load_again, stopped;
};

static void service_iface_init (ChatServiceInterface *iface);
static void load (ChatRulesSource *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatRulesSource, chat_rules_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

enum
{
  CHANGED,
  INVALID,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Compiling, on the worker's thread */

static void
compile_text (GTask *task, const ChatRulesText *text, gboolean strict)
{
  GError *error = NULL;
  g_autoptr (ChatRulesBuilder) builder = chat_rules_text_build (text, strict, &error);

  if (builder != NULL)
    g_task_return_pointer (task, chat_rules_builder_compile (builder), (GDestroyNotify)chat_rules_unref);
  else
    g_task_return_error (task, error);
}

static void
compile_strictly (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  compile_text (task, data, TRUE);
}

static void
compile (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  compile_text (task, data, FALSE);
}

static void
list_entries (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (ChatRulesBuilder) builder = chat_rules_text_build (data, FALSE, &error);

  if (builder != NULL)
    g_task_return_pointer (task, chat_rules_builder_list_entries (builder), (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/* @text: (transfer full) */
static void
push (ChatRulesSource *self, ChatRulesText *text, gpointer tag, ChatWorkerFunc func, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, text, (GDestroyNotify)chat_rules_text_unref);
  chat_worker_push (self->worker, task, func);
}

/* Loading: the store is the truth, a record says only that it has changed. */

/* @error: (nullable) */
static void
end_start (ChatRulesSource *self, const GError *error)
{
  g_autoptr (GTask) start = g_steal_pointer (&self->start);
  GCancellable *cancellable = g_task_get_cancellable (start);

  /* it cancels the start, and not what comes after */
  if (cancellable != NULL)
    g_signal_handlers_disconnect_by_func (cancellable, g_cancellable_cancel, self->cancellable);
  if (error != NULL)
    g_task_return_error (start, g_error_copy (error));
  else
    g_task_return_boolean (start, TRUE);
}

static void
fail (ChatRulesSource *self, const GError *error)
{
  if (self->start != NULL)
    end_start (self, error);
  else if (!self->stopped)
    chat_service_emit_failed (CHAT_SERVICE (self), error);
}

static void
finish_load (ChatRulesSource *self)
{
  self->loading = FALSE;
  if (self->start != NULL && self->rules != NULL)
    end_start (self, NULL);
  if (self->load_again && !self->stopped)
    load (self);
}

typedef struct
{
  ChatRulesSource *self; /* owned */
  ChatRulesText *text;   /* owned */
  gint64 revision;
} Loading;

static void
loading_free (Loading *loading)
{
  g_object_unref (loading->self);
  chat_rules_text_unref (loading->text);
  g_free (loading);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Loading, loading_free)

static void begin_compile (ChatRulesSource *self, const char *site, gint64 revision);

static void
compiled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Loading) loading = user_data;
  ChatRulesSource *self = loading->self;
  g_autoptr (GError) error = NULL;
  ChatRules *rules = g_task_propagate_pointer (G_TASK (result), &error);

  if (rules != NULL)
    {
      gboolean is_first = self->rules == NULL;

      g_clear_pointer (&self->rules, chat_rules_unref);
      self->rules = rules;
      g_clear_pointer (&self->text, chat_rules_text_unref);
      self->text = chat_rules_text_ref (loading->text);
      self->revision = loading->revision;
      if (!is_first)
        g_signal_emit (self, signals[CHANGED], 0);
      finish_load (self);
      return;
    }
  if (loading->revision == 0 || self->stopped)
    {
      self->loading = FALSE;
      fail (self, error);
      return;
    }
  self->invalid = loading->revision;
  g_signal_emit (self, signals[INVALID], 0, loading->revision, error);
  if (self->rules != NULL)
    finish_load (self);
  else
    begin_compile (self, "", 0);
}

static void
begin_compile (ChatRulesSource *self, const char *site, gint64 revision)
{
  Loading *loading = g_new0 (Loading, 1);

  loading->self = g_object_ref (self);
  loading->text = chat_rules_text_new (self->text->lists, site);
  loading->revision = revision;
  push (self, chat_rules_text_ref (loading->text), begin_compile, compile, self->cancellable, compiled_cb, loading);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatRulesSource *self = user_data;

  g_clear_pointer (&self->retry, g_source_unref);
  load (self);
  return G_SOURCE_REMOVE;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRulesSource) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatRulesRevision) revision
      = chat_moderation_store_get_rules_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (revision != NULL)
    {
      chat_backoff_reset (&self->backoff);
      if (self->rules == NULL || (revision->revision != self->revision && revision->revision != self->invalid))
        begin_compile (self, revision->text, revision->revision);
      else
        finish_load (self);
      return;
    }
  self->loading = FALSE;
  if (chat_store_error_is_passing (error) && !self->stopped)
    self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
  else
    fail (self, error);
}

static void
load (ChatRulesSource *self)
{
  /* what is asked before a change was stored does not show it: ask once more afterwards */
  if (self->loading || self->retry != NULL)
    {
      self->load_again = self->loading;
      return;
    }
  self->loading = TRUE;
  self->load_again = FALSE;
  chat_moderation_store_get_rules_async (self->store, 0, self->cancellable, load_cb, g_object_ref (self));
}

static void
received_cb (ChatControlFeed *feed, ChatMessage *message, ChatRulesSource *self)
{
  if (chat_message_get_kind (message) == CHAT_KIND_RULES && self->rules != NULL && !self->stopped)
    load (self);
}

static void
refresh_cb (ChatControlFeed *feed, ChatRulesSource *self)
{
  if (self->rules != NULL && !self->stopped)
    load (self);
}

/* ChatService */

static const char *
chat_rules_source_get_name (ChatService *service)
{
  return "rules";
}

static void
chat_rules_source_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChatRulesSource *self = CHAT_RULES_SOURCE (service);

  self->start = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->start, chat_rules_source_start_async);
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel), self->cancellable,
                             G_CONNECT_SWAPPED);
  load (self);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
chat_rules_source_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChatRulesSource *self = CHAT_RULES_SOURCE (service);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rules_source_stop_async);
  self->stopped = TRUE;
  if (self->retry != NULL && self->start != NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped while it started");
      end_start (self, error);
    }
  chat_timer_clear (&self->retry);
  g_cancellable_cancel (self->cancellable);
  chat_worker_close_async (self->worker, NULL, closed_cb, task);
}

static gboolean
chat_rules_source_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_rules_source_get_name;
  iface->start_async = chat_rules_source_start_async;
  iface->start_finish = chat_rules_source_finish;
  iface->stop_async = chat_rules_source_stop_async;
  iface->stop_finish = chat_rules_source_finish;
}

/* GObject */

static void
chat_rules_source_finalize (GObject *object)
{
  ChatRulesSource *self = CHAT_RULES_SOURCE (object);

  chat_timer_clear (&self->retry);
  g_clear_pointer (&self->rules, chat_rules_unref);
  g_clear_pointer (&self->text, chat_rules_text_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->worker);
  g_clear_object (&self->store);
  g_clear_object (&self->feed);
  G_OBJECT_CLASS (chat_rules_source_parent_class)->finalize (object);
}

static void
chat_rules_source_class_init (ChatRulesSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_rules_source_finalize;
  signals[CHANGED]
      = g_signal_new ("changed", CHAT_TYPE_RULES_SOURCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[INVALID] = g_signal_new ("invalid", CHAT_TYPE_RULES_SOURCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_ERROR);
}

static void
chat_rules_source_init (ChatRulesSource *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->invalid = -1;
  self->cancellable = g_cancellable_new ();
  self->worker = chat_worker_new ("chat-rules", NULL, NULL);
}

ChatRulesSource *
chat_rules_source_new (ChatControlFeed *feed, ChatModerationStore *store, GBytes *lists)
{
  g_return_val_if_fail (CHAT_IS_CONTROL_FEED (feed), NULL);
  g_return_val_if_fail (CHAT_IS_MODERATION_STORE (store), NULL);
  g_return_val_if_fail (lists != NULL, NULL);

  ChatRulesSource *self = g_object_new (CHAT_TYPE_RULES_SOURCE, NULL);
  self->feed = g_object_ref (feed);
  self->store = g_object_ref (store);
  self->text = chat_rules_text_new (lists, "");
  g_signal_connect_object (feed, "received", G_CALLBACK (received_cb), self, 0);
  g_signal_connect_object (feed, "refresh", G_CALLBACK (refresh_cb), self, 0);
  return self;
}

ChatRules *
chat_rules_source_get_rules (ChatRulesSource *self)
{
  g_return_val_if_fail (CHAT_IS_RULES_SOURCE (self), NULL);
  return self->rules;
}

gint64
chat_rules_source_get_revision (ChatRulesSource *self)
{
  g_return_val_if_fail (CHAT_IS_RULES_SOURCE (self), 0);
  return self->revision;
}

void
chat_rules_source_compile_async (ChatRulesSource *self, const char *site, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_RULES_SOURCE (self));
  g_return_if_fail (site != NULL);

  push (self, chat_rules_text_new (self->text->lists, site), chat_rules_source_compile_async, compile_strictly,
        cancellable, callback, user_data);
}

ChatRules *
chat_rules_source_compile_finish (ChatRulesSource *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
chat_rules_source_list_async (ChatRulesSource *self, const char *site, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_RULES_SOURCE (self));

  push (self, chat_rules_text_new (self->text->lists, site != NULL ? site : self->text->site),
        chat_rules_source_list_async, list_entries, cancellable, callback, user_data);
}

GPtrArray *
chat_rules_source_list_finish (ChatRulesSource *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
