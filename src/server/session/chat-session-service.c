/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-session-service.h"

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "core/chat-timer.h"
#include "moderation/chat-skeleton.h"
#include "server/session/chat-session-cache.h"
#include "server/session/chat-session-name.h"
#include "server/session/chat-session-token.h"
#include "server/store/chat-store.h"

/* How many sessions without a live connection are remembered; each is about half a kilobyte. */
#define IDLE_CAPACITY 16384

struct _ChatSessionService
{
  GObject parent_instance;

  /* Owned */
  ChatUserStore *users;
  ChatSessionCache *cache;
  ChatSessionOptions options;
  GSource *renew;
  /* Counts what changed here: an answer of the store to an earlier question may no longer be so. */
  guint64 epoch;
  gboolean comparing; /* the store is being asked for all sessions */
};

G_DEFINE_FINAL_TYPE (ChatSessionService, chat_session_service, G_TYPE_OBJECT)
G_DEFINE_QUARK (chat - session - error - quark, chat_session_error)

enum
{
  OPENED,
  ENDED,
  CHANGED,
  CONNECTION,
  LISTED,
  N_SIGNALS
};

#define REASON_ENDED "the session has ended"
#define REASON_EXPIRED "the session has ended: it has lasted its time; sign in again"
#define REASON_ELSEWHERE "the session has ended: there are newer ones of this account, or somebody else has the name"

static guint signals[N_SIGNALS];

/* What an opening carries, and returns. */
typedef struct
{
  ChatSessionInfo *info;
  char *token;
  gint64 held_ms; /* how long another has the name; -1: not known */
} Opening;

static void
opening_free (Opening *self)
{
  g_clear_pointer (&self->info, chat_session_info_free);
  g_free (self->token);
  g_free (self);
}

/* What an authentication carries from call to call. */
typedef struct
{
  char *hash;
  guint64 epoch;
  ChatSessionInfo *info;
} Authentication;

static void
authentication_free (Authentication *self)
{
  g_free (self->hash);
  g_clear_pointer (&self->info, chat_session_info_free);
  g_free (self);
}

/* @now plus a length that may be "for ever". */
static gint64
after (gint64 now, gint64 length)
{
  return length > G_MAXINT64 - now ? G_MAXINT64 : now + length;
}

static void
end_session (ChatSessionService *self, const char *session_id, const char *reason)
{
  g_autofree char *id = g_strdup (session_id);
  ChatSessionEntry *entry = chat_session_cache_find_id (self->cache, id);

  self->epoch++;
  if (entry != NULL)
    chat_session_cache_remove (self->cache, entry);
  g_signal_emit (self, signals[ENDED], 0, id, reason);
}

/* Remembers what the store has just confirmed; whoever had the name before has lost it, but for an account's others. */
static ChatSessionEntry *
remember (ChatSessionService *self, const ChatSessionInfo *info, gint64 now)
{
  GPtrArray *of_user = chat_session_cache_find_user (self->cache, info->user_key);
  g_autoptr (GPtrArray) lost = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; of_user != NULL && i < of_user->len; i++)
    {
      const ChatSessionEntry *before = of_user->pdata[i];
      if (g_strcmp0 (before->info->id, info->id) != 0 && !(before->info->account && info->account))
        g_ptr_array_add (lost, g_strdup (before->info->id));
    }
  for (guint i = 0; i < lost->len; i++)
    end_session (self, lost->pdata[i], REASON_ELSEWHERE);
  return chat_session_cache_put (self->cache, chat_session_info_copy (info), now);
}

/* Whether an entry answers by itself. While its lease lives nobody can take its name; that it was closed by another
 * process is noticed after a lease at the latest. */
static gboolean
is_fresh (ChatSessionService *self, const ChatSessionEntry *entry, gint64 now)
{
  return now < entry->info->lease && now < entry->info->expires && now < after (entry->checked, self->options.lease_ms)
         && now >= entry->checked;
}

/* Renewing */

static void
renewed (ChatSessionService *self, const char *const *ids, gint64 lease, gboolean done)
{
  for (guint i = 0; ids[i] != NULL; i++)
    {
      ChatSessionEntry *entry = chat_session_cache_find_id (self->cache, ids[i]);
      if (entry == NULL)
        continue;
      if (done)
        entry->info->lease = MAX (entry->info->lease, lease);
      else
        entry->active = TRUE; /* the next round tries again */
    }
}

typedef struct
{
  char **ids;
  gint64 lease;
} Renewal;

static void
renewal_free (Renewal *self)
{
  g_strfreev (self->ids);
  g_free (self);
}

/* What was known here when the store was asked. */
typedef struct
{
  guint64 stamp;
} Comparison;

static void
compare (ChatSessionService *self, ChatSessionEntry *entry, const ChatSessionInfo *stored, gint64 now)
{
  gboolean changed = entry->info->role != stored->role;

  entry->checked = now;
  entry->info->role = stored->role;
  entry->info->lease = MAX (entry->info->lease, stored->lease);
  if (changed)
    g_signal_emit (self, signals[CHANGED], 0, entry->info->id);
}

static void
compare_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatSessionService *self = g_task_get_source_object (task);
  const Comparison *comparison = g_task_get_task_data (task);
  g_autoptr (GPtrArray) sessions = chat_user_store_list_sessions_finish (CHAT_USER_STORE (source), result, NULL);
  g_autoptr (GHashTable) stored = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_free);
  gint64 now = chat_time_now ();

  self->comparing = FALSE;
  g_task_return_boolean (task, sessions != NULL);
  if (sessions == NULL)
    return; /* the next round asks again */
  for (guint i = 0; i < sessions->len; i++)
    g_hash_table_insert (stored, ((ChatSessionInfo *)sessions->pdata[i])->id, sessions->pdata[i]);
  entries = chat_session_cache_list (self->cache);
  for (guint i = 0; i < entries->len; i++)
    {
      ChatSessionEntry *entry = entries->pdata[i];
      const ChatSessionInfo *info = g_hash_table_lookup (stored, entry->info->id);

      if (entry->stamp > comparison->stamp)
        continue; /* opened or looked up meanwhile */
      if (info != NULL)
        compare (self, entry, info, now);
      else
        g_ptr_array_add (gone, g_strdup (entry->info->id));
    }
  for (guint i = 0; i < gone->len; i++)
    end_session (self, gone->pdata[i], REASON_ELSEWHERE);
  g_signal_emit (self, signals[LISTED], 0, sessions);
}

void
chat_session_service_refresh (ChatSessionService *self)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));

  if (self->comparing)
    return;
  Comparison *comparison = g_new0 (Comparison, 1);
  comparison->stamp = chat_session_cache_get_stamp (self->cache);
  GTask *task = g_task_new (self, NULL, NULL, NULL);
  g_task_set_source_tag (task, chat_session_service_refresh);
  g_task_set_task_data (task, comparison, g_free);
  self->comparing = TRUE;
  chat_user_store_list_sessions_async (self->users, chat_time_now (), NULL, compare_cb, task);
}

static void
renew_round_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatSessionService *self = g_task_get_source_object (task);
  Renewal *renewal = g_task_get_task_data (task);
  gboolean done = chat_user_store_renew_sessions_finish (CHAT_USER_STORE (source), result, NULL);

  renewed (self, (const char *const *)renewal->ids, renewal->lease, done);
  if (done)
    chat_session_service_refresh (self);
  g_task_return_boolean (task, done);
}

static void
renew (ChatSessionService *self, char **ids, gint64 now)
{
  Renewal *renewal = g_new0 (Renewal, 1);
  GTask *task = g_task_new (self, NULL, NULL, NULL);

  renewal->ids = ids;
  renewal->lease = after (now, self->options.lease_ms);
  g_task_set_source_tag (task, renew);
  g_task_set_task_data (task, renewal, (GDestroyNotify)renewal_free);
  chat_user_store_renew_sessions_async (self->users, (const char *const *)renewal->ids, renewal->lease, NULL,
                                        renew_round_cb, task);
}

/* Every third of a lease: a store that can't answer once or twice costs nobody his name. */
static gboolean
renew_round (gpointer user_data)
{
  ChatSessionService *self = user_data;
  gint64 now = chat_time_now ();
  g_autoptr (GPtrArray) entries = chat_session_cache_list (self->cache);
  g_autoptr (GPtrArray) expired = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      ChatSessionEntry *entry = g_ptr_array_index (entries, i);
      if (now >= entry->info->expires)
        g_ptr_array_add (expired, g_strdup (entry->info->id));
      else if (entry->connections > 0 || entry->active)
        {
          entry->active = FALSE;
          g_strv_builder_add (ids, entry->info->id);
          n++;
        }
    }
  for (guint i = 0; i < expired->len; i++)
    end_session (self, g_ptr_array_index (expired, i), REASON_EXPIRED);
  if (n > 0)
    renew (self, g_strv_builder_end (ids), now);
  else
    chat_session_service_refresh (self);
  return G_SOURCE_CONTINUE;
}

/* Opening */

static void
return_taken (GTask *task, const ChatSessionInfo *holder)
{
  Opening *opening = g_task_get_task_data (task);

  if (holder != NULL && holder->lease != G_MAXINT64)
    opening->held_ms = MAX (holder->lease - chat_time_now (), 0);
  g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN,
                           "Somebody is here as “%s”, or with a name that looks the same. Choose another one, or "
                           "try again when they have left.",
                           opening->info->user);
}

static void
list_holders_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Opening *opening = g_task_get_task_data (task);
  g_autoptr (GPtrArray) sessions = chat_user_store_list_sessions_finish (CHAT_USER_STORE (source), result, NULL);
  const ChatSessionInfo *holder = NULL;

  for (guint i = 0; sessions != NULL && holder == NULL && i < sessions->len; i++)
    if (g_str_equal (((ChatSessionInfo *)sessions->pdata[i])->user_key, opening->info->user_key))
      holder = sessions->pdata[i];
  return_taken (task, holder);
}

/* The store says only that the name is taken. Whose it is, is known here but for what another process has let in, or
 * this one before it was started. */
static void
find_holder (ChatSessionService *self, GTask *task)
{
  const Opening *opening = g_task_get_task_data (task);
  GPtrArray *of_user = chat_session_cache_find_user (self->cache, opening->info->user_key);

  if (of_user != NULL)
    return_taken (task, ((ChatSessionEntry *)of_user->pdata[0])->info);
  else
    chat_user_store_list_sessions_async (self->users, opening->info->since, g_task_get_cancellable (task),
                                         list_holders_cb, g_object_ref (task));
}

static void
open_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatSessionService *self = g_task_get_source_object (task);
  Opening *opening = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (chat_user_store_open_session_finish (CHAT_USER_STORE (source), result, &error))
    {
      self->epoch++;
      remember (self, opening->info, opening->info->since);
      g_signal_emit (self, signals[OPENED], 0, opening->info);
      if (opening->info->account && self->options.per_user > 0)
        chat_session_service_refresh (self); /* an older one may have gone */
      g_task_return_boolean (task, TRUE);
    }
  else if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    find_holder (self, task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static ChatSessionInfo *
new_session (ChatSessionService *self, const char *user, const ChatAccount *account, const char *token, gint64 now)
{
  ChatSessionInfo *info = g_new0 (ChatSessionInfo, 1);
  info->id = chat_uuid_v7 ();
  info->user = g_strdup (account != NULL ? account->user : user);
  info->user_key = chat_skeleton (user);
  info->account = account != NULL;
  info->role = account != NULL ? account->role : CHAT_ROLE_MEMBER;
  info->token_hash = chat_session_token_hash (token);
  info->since = now;
  info->lease = after (now, self->options.lease_ms);
  info->expires = after (now, self->options.expiry_ms);
  return info;
}

void
chat_session_service_open_async (ChatSessionService *self, const char *user, const ChatAccount *account,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));
  g_return_if_fail (user != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_task_set_source_tag (task, chat_session_service_open_async);

  if (!chat_session_name_check (user, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  gint64 now = chat_time_now ();
  Opening *opening = g_new0 (Opening, 1);
  opening->held_ms = -1;
  opening->token = chat_session_token_new ();
  opening->info = new_session (self, user, account, opening->token, now);
  g_task_set_task_data (task, opening, (GDestroyNotify)opening_free);
  chat_user_store_open_session_async (self->users, opening->info, self->options.per_user, now, cancellable, open_cb,
                                      g_steal_pointer (&task));
}

ChatSessionInfo *
chat_session_service_open_finish (ChatSessionService *self, GAsyncResult *result, char **token, gint64 *held_ms,
                                  GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  Opening *opening = g_task_get_task_data (G_TASK (result));
  if (held_ms != NULL)
    *held_ms = opening != NULL ? opening->held_ms : -1;
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  if (token != NULL)
    *token = g_steal_pointer (&opening->token);
  return g_steal_pointer (&opening->info);
}

/* Authenticating */

static void find_session (GTask *task);

static void
return_unknown_token (GTask *task)
{
  g_task_return_new_error (task, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_TOKEN,
                           "This session has ended. Sign in again.");
}

static void
come_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatSessionService *self = g_task_get_source_object (task);
  Authentication *authentication = g_task_get_task_data (task);
  const char *ids[] = { authentication->info->id, NULL };
  GError *error = NULL;

  if (!chat_user_store_renew_sessions_finish (CHAT_USER_STORE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  renewed (self, ids, authentication->info->lease, TRUE);
  g_task_return_pointer (task, g_steal_pointer (&authentication->info), (GDestroyNotify)chat_session_info_free);
}

/* The store knows this session. One whose lease has run low takes its name again before anybody relies on it. */
static void
found (GTask *task, ChatSessionInfo *info)
{
  ChatSessionService *self = g_task_get_source_object (task);
  Authentication *authentication = g_task_get_task_data (task);
  gint64 now = chat_time_now ();
  ChatSessionEntry *entry = remember (self, info, now);

  chat_session_cache_use (self->cache, entry);
  if (info->lease > after (now, self->options.lease_ms / 2))
    {
      g_task_return_pointer (task, info, (GDestroyNotify)chat_session_info_free);
      return;
    }
  const char *ids[] = { info->id, NULL };
  authentication->info = info;
  info->lease = after (now, self->options.lease_ms);
  chat_user_store_renew_sessions_async (self->users, ids, info->lease, g_task_get_cancellable (task), come_back_cb,
                                        g_object_ref (task));
}

static void
find_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatSessionService *self = g_task_get_source_object (task);
  Authentication *authentication = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSessionInfo) info = chat_user_store_find_session_finish (CHAT_USER_STORE (source), result, &error);

  if (info != NULL && authentication->epoch != self->epoch)
    find_session (task); /* it may be this one that has ended since the store looked */
  else if (info != NULL && chat_session_token_hash_equal (info->token_hash, authentication->hash))
    found (task, g_steal_pointer (&info));
  else if (info != NULL || g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      ChatSessionEntry *entry = chat_session_cache_find_hash (self->cache, authentication->hash);
      if (entry != NULL)
        end_session (self, entry->info->id, REASON_ENDED);
      return_unknown_token (task);
    }
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
find_session (GTask *task)
{
  ChatSessionService *self = g_task_get_source_object (task);
  Authentication *authentication = g_task_get_task_data (task);

  authentication->epoch = self->epoch;
  chat_user_store_find_session_async (self->users, authentication->hash, chat_time_now (),
                                      g_task_get_cancellable (task), find_cb, g_object_ref (task));
}

void
chat_session_service_authenticate_async (ChatSessionService *self, const char *token, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *hash = chat_session_token_hash (token);
  g_task_set_source_tag (task, chat_session_service_authenticate_async);

  if (hash == NULL)
    {
      return_unknown_token (task);
      return;
    }
  ChatSessionEntry *entry = chat_session_cache_find_hash (self->cache, hash);
  if (entry != NULL && is_fresh (self, entry, chat_time_now ())
      && chat_session_token_hash_equal (entry->info->token_hash, hash))
    {
      chat_session_cache_use (self->cache, entry);
      g_task_return_pointer (task, chat_session_info_copy (entry->info), (GDestroyNotify)chat_session_info_free);
      return;
    }
  Authentication *authentication = g_new0 (Authentication, 1);
  authentication->hash = g_steal_pointer (&hash);
  g_task_set_task_data (task, authentication, (GDestroyNotify)authentication_free);
  find_session (task);
}

ChatSessionInfo *
chat_session_service_authenticate_finish (ChatSessionService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Closing, connections, who is there */

static void
close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!chat_user_store_close_session_finish (CHAT_USER_STORE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  end_session (g_task_get_source_object (task), g_task_get_task_data (task), REASON_ENDED);
  g_task_return_boolean (task, TRUE);
}

void
chat_session_service_close_async (ChatSessionService *self, const char *session_id, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));
  g_return_if_fail (session_id != NULL);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_session_service_close_async);
  g_task_set_task_data (task, g_strdup (session_id), g_free);
  chat_user_store_close_session_async (self->users, session_id, cancellable, close_cb, task);
}

gboolean
chat_session_service_close_finish (ChatSessionService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* What closing all of a user's carries. */
typedef struct
{
  char *user_key;
  char *except;
  char *reason;
  GPtrArray *ids; /* the last is being closed */
} Closing;

static void
closing_free (Closing *self)
{
  g_clear_pointer (&self->ids, g_ptr_array_unref);
  g_free (self->user_key);
  g_free (self->except);
  g_free (self->reason);
  g_free (self);
}

static void close_next (GTask *task);

static void
close_one_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Closing *closing = g_task_get_task_data (task);
  GError *error = NULL;

  if (!chat_user_store_close_session_finish (CHAT_USER_STORE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  end_session (g_task_get_source_object (task), closing->ids->pdata[closing->ids->len - 1], closing->reason);
  g_ptr_array_set_size (closing->ids, (gint)closing->ids->len - 1);
  close_next (task);
}

static void
close_next (GTask *task)
{
  ChatSessionService *self = g_task_get_source_object (task);
  const Closing *closing = g_task_get_task_data (task);

  if (closing->ids->len == 0)
    g_task_return_boolean (task, TRUE);
  else
    chat_user_store_close_session_async (self->users, closing->ids->pdata[closing->ids->len - 1],
                                         g_task_get_cancellable (task), close_one_cb, g_object_ref (task));
}

static void
list_own_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Closing *closing = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) sessions = chat_user_store_list_sessions_finish (CHAT_USER_STORE (source), result, &error);

  if (sessions == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *info = sessions->pdata[i];
      if (g_str_equal (info->user_key, closing->user_key) && g_strcmp0 (info->id, closing->except) != 0)
        g_ptr_array_add (closing->ids, g_strdup (info->id));
    }
  close_next (task);
}

void
chat_session_service_close_user_async (ChatSessionService *self, const char *user_key, const char *except,
                                       const char *reason, GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));
  g_return_if_fail (user_key != NULL && reason != NULL);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Closing *closing = g_new0 (Closing, 1);
  g_task_set_source_tag (task, chat_session_service_close_user_async);
  closing->user_key = g_strdup (user_key);
  closing->except = g_strdup (except);
  closing->reason = g_strdup (reason);
  closing->ids = g_ptr_array_new_with_free_func (g_free);
  g_task_set_task_data (task, closing, (GDestroyNotify)closing_free);
  chat_user_store_list_sessions_async (self->users, chat_time_now (), cancellable, list_own_cb, task);
}

gboolean
chat_session_service_close_user_finish (ChatSessionService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_session_service_connected (ChatSessionService *self, const char *session_id, gboolean connected)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));
  g_return_if_fail (session_id != NULL);

  ChatSessionEntry *entry = chat_session_cache_find_id (self->cache, session_id);
  if (entry == NULL)
    {
      if (connected)
        end_session (self, session_id, REASON_ENDED); /* between being authenticated and connected */
      return;
    }
  chat_session_cache_connect (self->cache, entry, connected);
  if (entry->connections == (connected ? 1 : 0))
    g_signal_emit (self, signals[CONNECTION], 0, entry->info, connected);
}

static void
list_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GPtrArray *sessions = chat_user_store_list_sessions_finish (CHAT_USER_STORE (source), result, &error);

  if (sessions != NULL)
    g_task_return_pointer (task, sessions, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
chat_session_service_list_async (ChatSessionService *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (CHAT_IS_SESSION_SERVICE (self));

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_session_service_list_async);
  chat_user_store_list_sessions_async (self->users, chat_time_now (), cancellable, list_cb, task);
}

GPtrArray *
chat_session_service_list_finish (ChatSessionService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* GObject */

static void
chat_session_service_finalize (GObject *object)
{
  ChatSessionService *self = CHAT_SESSION_SERVICE (object);
  chat_timer_clear (&self->renew);
  g_clear_pointer (&self->cache, chat_session_cache_free);
  g_clear_object (&self->users);
  G_OBJECT_CLASS (chat_session_service_parent_class)->finalize (object);
}

static void
chat_session_service_class_init (ChatSessionServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_session_service_finalize;
  signals[OPENED] = g_signal_new ("opened", CHAT_TYPE_SESSION_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[ENDED] = g_signal_new ("ended", CHAT_TYPE_SESSION_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  signals[CHANGED] = g_signal_new ("changed", CHAT_TYPE_SESSION_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[CONNECTION] = g_signal_new ("connection", CHAT_TYPE_SESSION_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_BOOLEAN);
  signals[LISTED] = g_signal_new ("listed", CHAT_TYPE_SESSION_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
}

static void
chat_session_service_init (ChatSessionService *self)
{
  self->cache = chat_session_cache_new (IDLE_CAPACITY);
}

ChatSessionService *
chat_session_service_new (ChatUserStore *users, const ChatSessionOptions *options)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (users), NULL);
  g_return_val_if_fail (options != NULL && options->lease_ms > 0 && options->expiry_ms > 0, NULL);

  ChatSessionService *self = g_object_new (CHAT_TYPE_SESSION_SERVICE, NULL);
  self->users = g_object_ref (users);
  self->options = *options;
  self->renew = chat_timer_new ((guint)CLAMP (options->lease_ms / 3, 10, G_MAXUINT), renew_round, self);
  return self;
}
