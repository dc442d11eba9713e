/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-fault-store.h"

struct _ChatFaultStore
{
  GObject parent_instance;

  /* Owned */
  ChatStore *inner;
  GQueue held; /* Answer */
  guint refuse, lose, calls;
  ChatStoreError refuse_code, lose_code;
  gboolean holding;
};

static void store_iface_init (ChatStoreInterface *iface);
static void messages_iface_init (ChatMessageStoreInterface *iface);
static void channels_iface_init (ChatChannelStoreInterface *iface);
static void users_iface_init (ChatUserStoreInterface *iface);
static void moderation_iface_init (ChatModerationStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatFaultStore, chat_fault_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_STORE, store_iface_init)
                                   G_IMPLEMENT_INTERFACE (CHAT_TYPE_MESSAGE_STORE, messages_iface_init)
                                       G_IMPLEMENT_INTERFACE (CHAT_TYPE_CHANNEL_STORE, channels_iface_init)
                                           G_IMPLEMENT_INTERFACE (CHAT_TYPE_USER_STORE, users_iface_init)
                                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_MODERATION_STORE,
                                                                      moderation_iface_init))

/* An answer of the inner store that is not passed on as it comes. */
typedef struct
{
  ChatFaultStore *store;
  GAsyncReadyCallback callback;
  gpointer user_data;
  GObject *source;
  GAsyncResult *result;
} Answer;

static void
answer_give (Answer *answer)
{
  answer->callback (answer->source, answer->result, answer->user_data);
  g_object_unref (answer->result);
  g_object_unref (answer->source);
  g_object_unref (answer->store);
  g_free (answer);
}

static void
held_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->source = g_object_ref (source);
  answer->result = g_object_ref (result);
  if (answer->store->holding)
    g_queue_push_tail (&answer->store->held, answer);
  else
    answer_give (answer);
}

static void
lost_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatFaultStore *self = g_task_get_source_object (task);

  g_task_return_new_error (task, CHAT_STORE_ERROR, (int)self->lose_code, "The fault store lost the answer");
}

/* Whether the call ends here; else *callback and *user_data are what the inner store is to call. */
static gboolean
intercept (gpointer object, GAsyncReadyCallback *callback, gpointer *user_data)
{
  ChatFaultStore *self = CHAT_FAULT_STORE (object);

  self->calls++;
  if (self->refuse > 0)
    {
      self->refuse--;
      g_task_report_new_error (self, *callback, *user_data, NULL, CHAT_STORE_ERROR, (int)self->refuse_code,
                               "The fault store was told to answer so");
      return TRUE;
    }
  if (self->lose > 0)
    {
      self->lose--;
      *user_data = g_task_new (self, NULL, *callback, *user_data);
      *callback = lost_cb;
    }
  else if (self->holding)
    {
      Answer *answer = g_new0 (Answer, 1);
      *answer = (Answer){ g_object_ref (self), *callback, *user_data, NULL, NULL };
      *user_data = answer;
      *callback = held_cb;
    }
  return FALSE;
}

/* Whether @result is of this file, and so an error, or the inner store's own. */
static gboolean
is_own (gpointer self, GAsyncResult *result)
{
  g_autoptr (GObject) source = g_async_result_get_source_object (result);

  return source == self;
}

#define UNWRAP(...) __VA_ARGS__
#define PASS_ON(Store, store, part, call, Result, propagate, parameters, arguments)                                    \
  static void part##_##call##_async (Store *self, UNWRAP parameters, GCancellable *cancellable,                        \
                                     GAsyncReadyCallback callback, gpointer user_data)                                 \
  {                                                                                                                    \
    if (!intercept (self, &callback, &user_data))                                                                      \
      store##_##call##_async (chat_store_get_##part (CHAT_FAULT_STORE (self)->inner), UNWRAP arguments, cancellable,   \
                              callback, user_data);                                                                    \
  }                                                                                                                    \
  static Result part##_##call##_finish (Store *self, GAsyncResult *result, GError **error)                             \
  {                                                                                                                    \
    if (is_own (self, result))                                                                                         \
      return g_task_propagate_##propagate (G_TASK (result), error);                                                    \
    return store##_##call##_finish (chat_store_get_##part (CHAT_FAULT_STORE (self)->inner), result, error);            \
  }

PASS_ON (ChatMessageStore, chat_message_store, messages, append, GArray *, pointer, (GPtrArray * messages), (messages))
PASS_ON (ChatMessageStore, chat_message_store, messages, get, ChatMessage *, pointer, (const char *id), (id))
PASS_ON (ChatChannelStore, chat_channel_store, channels, get, ChatChannelInfo *, pointer,
         (const char *name, const char *user_key), (name, user_key))
PASS_ON (ChatChannelStore, chat_channel_store, channels, set_member, gboolean, boolean,
         (const char *name, const char *user, const char *user_key, gboolean member), (name, user, user_key, member))
PASS_ON (ChatUserStore, chat_user_store, users, open_session, gboolean, boolean,
         (const ChatSessionInfo *session, guint most, gint64 now), (session, most, now))
PASS_ON (ChatUserStore, chat_user_store, users, find_session, ChatSessionInfo *, pointer,
         (const char *token_hash, gint64 now), (token_hash, now))
PASS_ON (ChatUserStore, chat_user_store, users, renew_sessions, gboolean, boolean,
         (const char *const *ids, gint64 lease), (ids, lease))
PASS_ON (ChatUserStore, chat_user_store, users, close_session, gboolean, boolean, (const char *id), (id))
PASS_ON (ChatUserStore, chat_user_store, users, list_sessions, GPtrArray *, pointer, (gint64 now), (now))
PASS_ON (ChatModerationStore, chat_moderation_store, moderation, record_strike, ChatStrike *, pointer,
         (const ChatStrike *strike), (strike))
PASS_ON (ChatModerationStore, chat_moderation_store, moderation, list_blocks, GPtrArray *, pointer, (gint64 now), (now))
PASS_ON (ChatModerationStore, chat_moderation_store, moderation, lift_block, gboolean, boolean,
         (const char *user_key, const char *by, gint64 now), (user_key, by, now))
PASS_ON (ChatModerationStore, chat_moderation_store, moderation, get_rules, ChatRulesRevision *, pointer,
         (gint64 revision), (revision))
PASS_ON (ChatModerationStore, chat_moderation_store, moderation, purge_originals, gboolean, boolean, (gint64 before),
         (before))

static void
messages_iface_init (ChatMessageStoreInterface *iface)
{
  iface->append_async = messages_append_async;
  iface->append_finish = messages_append_finish;
  iface->get_async = messages_get_async;
  iface->get_finish = messages_get_finish;
}

static void
channels_iface_init (ChatChannelStoreInterface *iface)
{
  iface->get_async = channels_get_async;
  iface->get_finish = channels_get_finish;
  iface->set_member_async = channels_set_member_async;
  iface->set_member_finish = channels_set_member_finish;
}

static void
users_iface_init (ChatUserStoreInterface *iface)
{
  iface->open_session_async = users_open_session_async;
  iface->open_session_finish = users_open_session_finish;
  iface->find_session_async = users_find_session_async;
  iface->find_session_finish = users_find_session_finish;
  iface->renew_sessions_async = users_renew_sessions_async;
  iface->renew_sessions_finish = users_renew_sessions_finish;
  iface->close_session_async = users_close_session_async;
  iface->close_session_finish = users_close_session_finish;
  iface->list_sessions_async = users_list_sessions_async;
  iface->list_sessions_finish = users_list_sessions_finish;
}

static void
moderation_iface_init (ChatModerationStoreInterface *iface)
{
  iface->record_strike_async = moderation_record_strike_async;
  iface->record_strike_finish = moderation_record_strike_finish;
  iface->list_blocks_async = moderation_list_blocks_async;
  iface->list_blocks_finish = moderation_list_blocks_finish;
  iface->lift_block_async = moderation_lift_block_async;
  iface->lift_block_finish = moderation_lift_block_finish;
  iface->get_rules_async = moderation_get_rules_async;
  iface->get_rules_finish = moderation_get_rules_finish;
  iface->purge_originals_async = moderation_purge_originals_async;
  iface->purge_originals_finish = moderation_purge_originals_finish;
}

static ChatMessageStore *
get_messages (ChatStore *self)
{
  return CHAT_MESSAGE_STORE (self);
}

static ChatChannelStore *
get_channels (ChatStore *self)
{
  return CHAT_CHANNEL_STORE (self);
}

static ChatUserStore *
get_users (ChatStore *self)
{
  return CHAT_USER_STORE (self);
}

static ChatModerationStore *
get_moderation (ChatStore *self)
{
  return CHAT_MODERATION_STORE (self);
}

static ChatCounterStore *
get_counters (ChatStore *self)
{
  return chat_store_get_counters (CHAT_FAULT_STORE (self)->inner);
}

static void
store_iface_init (ChatStoreInterface *iface)
{
  iface->get_messages = get_messages;
  iface->get_channels = get_channels;
  iface->get_users = get_users;
  iface->get_moderation = get_moderation;
  iface->get_counters = get_counters;
}

static void
chat_fault_store_finalize (GObject *object)
{
  ChatFaultStore *self = CHAT_FAULT_STORE (object);

  g_clear_object (&self->inner);
  G_OBJECT_CLASS (chat_fault_store_parent_class)->finalize (object);
}

static void
chat_fault_store_class_init (ChatFaultStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_fault_store_finalize;
}

static void
chat_fault_store_init (ChatFaultStore *self)
{
  g_queue_init (&self->held);
}

ChatFaultStore *
chat_fault_store_new (ChatStore *inner)
{
  ChatFaultStore *self = g_object_new (CHAT_TYPE_FAULT_STORE, NULL);

  self->inner = g_object_ref (inner);
  return self;
}

void
chat_fault_store_refuse (ChatFaultStore *self, guint count, ChatStoreError code)
{
  self->refuse = count;
  self->refuse_code = code;
}

void
chat_fault_store_lose_answers (ChatFaultStore *self, guint count, ChatStoreError code)
{
  self->lose = count;
  self->lose_code = code;
}

void
chat_fault_store_hold (ChatFaultStore *self, gboolean hold)
{
  self->holding = hold;
  while (!self->holding && self->held.length > 0)
    answer_give (g_queue_pop_head (&self->held));
}

guint
chat_fault_store_get_held (ChatFaultStore *self)
{
  return self->held.length;
}

void
chat_fault_store_release_last (ChatFaultStore *self)
{
  answer_give (g_queue_pop_tail (&self->held));
}

guint
chat_fault_store_get_calls (ChatFaultStore *self)
{
  return self->calls;
}
