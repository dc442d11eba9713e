/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-presence.h"

#include "core/chat-time.h"
#include "core/chat-timer.h"

/* What comes within so long is told at once: a thousand who come together are not a million frames. */
#define GATHER_MS 100

struct _ChatPresence
{
  GObject parent_instance;

  /* Owned */
  ChatSessionService *sessions;
  GHashTable *known;     /* session id → Seat */
  GHashTable *ended;     /* ids that ended since the store was last asked: its answer may still have them */
  GHashTable *announced; /* user key → ChatPresentUser: who is there, as it was told */
  GSource *tell_timer, *gone_timer;

  gint64 lease_ms;
  guint grace_ms;
  guint round;
};

G_DEFINE_FINAL_TYPE (ChatPresence, chat_presence, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* One session. */
typedef struct
{
  char *user;
  char *user_key;
  gboolean bot;
  gboolean here;  /* connected to this process */
  gint64 lease;   /* ms */
  gint64 gone_at; /* when its last connection here ended, ms; 0: never had one */
  guint round;    /* in which it was last seen in the store, or came */
} Seat;

static void
seat_free (Seat *seat)
{
  g_free (seat->user);
  g_free (seat->user_key);
  g_free (seat);
}

static void
user_free (ChatPresentUser *user)
{
  g_free (user->user);
  g_free (user);
}

static ChatPresentUser *
user_new (const char *name, gboolean bot, gboolean connected)
{
  ChatPresentUser *user = g_new0 (ChatPresentUser, 1);

  user->user = g_strdup (name);
  user->bot = bot;
  user->connected = connected;
  return user;
}

static gboolean
is_there (ChatPresence *self, const Seat *seat, gint64 now)
{
  if (seat->here)
    return TRUE;
  if (seat->gone_at == 0)
    return seat->lease > now;
  if (now >= seat->gone_at && now < seat->gone_at + self->grace_ms)
    return TRUE;
  /* a renewal that was on its way when it went gave it no more than this */
  return seat->lease > now && seat->lease > seat->gone_at + self->lease_ms;
}

/* (element-type utf8 Seat): who is there now; keys and values are borrowed */
static GHashTable *
collect (ChatPresence *self)
{
  GHashTable *there = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 now = chat_time_now ();
  GHashTableIter iter;
  gpointer seat;

  g_hash_table_iter_init (&iter, self->known);
  while (g_hash_table_iter_next (&iter, NULL, &seat))
    if (is_there (self, seat, now))
      g_hash_table_insert (there, ((Seat *)seat)->user_key, seat);
  return there;
}

static void
tell (ChatPresence *self)
{
  g_autoptr (GHashTable) there = collect (self);
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)user_free);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->announced);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!g_hash_table_contains (there, key))
      {
        const ChatPresentUser *user = value;

        g_ptr_array_add (changes, user_new (user->user, user->bot, FALSE));
        g_hash_table_iter_remove (&iter);
      }
  g_hash_table_iter_init (&iter, there);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!g_hash_table_contains (self->announced, key))
      {
        const Seat *seat = value;

        g_ptr_array_add (changes, user_new (seat->user, seat->bot, TRUE));
        g_hash_table_insert (self->announced, g_strdup (key), user_new (seat->user, seat->bot, TRUE));
      }
  if (changes->len > 0)
    g_signal_emit (self, signals[CHANGED], 0, changes);
}

static gboolean
tell_cb (gpointer user_data)
{
  ChatPresence *self = user_data;

  chat_timer_clear (&self->tell_timer);
  tell (self);
  return G_SOURCE_REMOVE;
}

static void
tell_soon (ChatPresence *self)
{
  if (self->tell_timer == NULL)
    self->tell_timer = chat_timer_new (GATHER_MS, tell_cb, self);
}

static gboolean
somebody_is_going (ChatPresence *self)
{
  gint64 now = chat_time_now ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Seat *seat = value;

      if (!seat->here && seat->gone_at != 0 && now >= seat->gone_at && now < seat->gone_at + self->grace_ms)
        return TRUE;
    }
  return FALSE;
}

static gboolean gone_cb (gpointer user_data);

static void
tell_when_gone (ChatPresence *self)
{
  if (self->gone_timer == NULL)
    self->gone_timer = chat_timer_new (self->grace_ms + 1, gone_cb, self);
}

static gboolean
gone_cb (gpointer user_data)
{
  ChatPresence *self = user_data;

  chat_timer_clear (&self->gone_timer);
  if (somebody_is_going (self))
    self->gone_timer = chat_timer_new (self->grace_ms / 2 + 1, gone_cb, self);
  tell (self);
  return G_SOURCE_REMOVE;
}

static Seat *
take_seat (ChatPresence *self, const ChatSessionInfo *info)
{
  Seat *seat = g_hash_table_lookup (self->known, info->id);

  if (seat == NULL)
    {
      seat = g_new0 (Seat, 1);
      seat->user = g_strdup (info->user);
      seat->user_key = g_strdup (info->user_key);
      seat->bot = info->bot;
      g_hash_table_insert (self->known, g_strdup (info->id), seat);
    }
  seat->lease = MAX (seat->lease, info->lease);
  seat->round = self->round;
  return seat;
}

static void
opened_cb (ChatSessionService *sessions, const ChatSessionInfo *info, gpointer user_data)
{
  ChatPresence *self = user_data;

  take_seat (self, info);
  tell_soon (self);
}

static void
connection_cb (ChatSessionService *sessions, const ChatSessionInfo *info, gboolean connected, gpointer user_data)
{
  ChatPresence *self = user_data;
  Seat *seat = take_seat (self, info);

  seat->here = connected;
  if (connected)
    {
      tell_soon (self);
      return;
    }
  seat->gone_at = chat_time_now ();
  tell_when_gone (self);
}

static void
ended_cb (ChatSessionService *sessions, const char *id, const char *reason, gpointer user_data)
{
  ChatPresence *self = user_data;

  g_hash_table_add (self->ended, g_strdup (id));
  if (g_hash_table_remove (self->known, id))
    tell_soon (self);
}

/* What the store has not is gone; but it may have been asked before what came in this round. */
static gboolean
is_unknown (gpointer key, gpointer value, gpointer user_data)
{
  const ChatPresence *self = user_data;
  const Seat *seat = value;

  return seat->round + 1 < self->round;
}

static void
listed_cb (ChatSessionService *sessions, GPtrArray *list, gpointer user_data)
{
  ChatPresence *self = user_data;

  self->round++;
  for (guint i = 0; i < list->len; i++)
    if (!g_hash_table_contains (self->ended, ((ChatSessionInfo *)list->pdata[i])->id))
      take_seat (self, list->pdata[i]);
  g_hash_table_remove_all (self->ended);
  g_hash_table_foreach_remove (self->known, is_unknown, self);
  tell (self);
}

static void
chat_presence_finalize (GObject *object)
{
  ChatPresence *self = CHAT_PRESENCE (object);

  chat_timer_clear (&self->tell_timer);
  chat_timer_clear (&self->gone_timer);
  g_clear_object (&self->sessions);
  g_hash_table_unref (self->known);
  g_hash_table_unref (self->ended);
  g_hash_table_unref (self->announced);
  G_OBJECT_CLASS (chat_presence_parent_class)->finalize (object);
}

static void
chat_presence_class_init (ChatPresenceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_presence_finalize;
  signals[CHANGED] = g_signal_new ("changed", CHAT_TYPE_PRESENCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   1, G_TYPE_PTR_ARRAY);
}

static void
chat_presence_init (ChatPresence *self)
{
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)seat_free);
  self->ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->announced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)user_free);
}

ChatPresence *
chat_presence_new (ChatSessionService *sessions, gint64 lease_ms, guint grace_ms)
{
  g_return_val_if_fail (CHAT_IS_SESSION_SERVICE (sessions), NULL);

  ChatPresence *self = g_object_new (CHAT_TYPE_PRESENCE, NULL);
  self->sessions = g_object_ref (sessions);
  self->lease_ms = lease_ms;
  self->grace_ms = grace_ms;
  g_signal_connect_object (sessions, "opened", G_CALLBACK (opened_cb), self, 0);
  g_signal_connect_object (sessions, "connection", G_CALLBACK (connection_cb), self, 0);
  g_signal_connect_object (sessions, "ended", G_CALLBACK (ended_cb), self, 0);
  g_signal_connect_object (sessions, "listed", G_CALLBACK (listed_cb), self, 0);
  chat_session_service_refresh (sessions);
  return self;
}

GPtrArray *
chat_presence_list (ChatPresence *self)
{
  g_return_val_if_fail (CHAT_IS_PRESENCE (self), NULL);

  GPtrArray *users = g_ptr_array_new_full (g_hash_table_size (self->announced), (GDestroyNotify)user_free);
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, self->announced);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (users, user_new (((ChatPresentUser *)value)->user, ((ChatPresentUser *)value)->bot, TRUE));
  return users;
}

gboolean
chat_presence_is_connected (ChatPresence *self, const ChatSessionInfo *session)
{
  g_return_val_if_fail (CHAT_IS_PRESENCE (self), FALSE);

  const Seat *seat = g_hash_table_lookup (self->known, session->id);
  gint64 now = chat_time_now ();
  return seat != NULL ? is_there (self, seat, now) : session->lease > now;
}
