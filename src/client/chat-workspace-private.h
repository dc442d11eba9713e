/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-broker-history.h"
#include "client/chat-broker-site.h"
#include "client/chat-cache.h"
#include "client/chat-channel-list.h"
#include "client/chat-channel-private.h"
#include "client/chat-feed.h"
#include "client/chat-feed-merge.h"
#include "client/chat-local-history.h"
#include "client/chat-outbox.h"
#include "client/chat-rest.h"
#include "client/chat-user-list.h"
#include "client/chat-workspace.h"
#include "core/chat-lru.h"
#include "transport/chat-backoff.h"
#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/*
 * A workspace by aspect:
 * - chat-workspace.c: what it consists of
 * - chat-workspace-open.c: what is here before the service is
 * - chat-workspace-send.c: what the user writes
 * - chat-workspace-calls.c: what the window asks of the service, one call each
 * - chat-workspace-export.c: a channel's log as a file
 * - chat-workspace-session.c: signing in, the token, closing
 * - chat-workspace-feed.c: the service's live feed, and what becomes of records, whoever brings them
 * - chat-workspace-broker.c: a broker's feed, and who brings public channels when
 * - chat-workspace-offers.c: which brokers the service offers
 * - chat-workspace-warnings.c: what is said to the user alone
 * - chat-workspace-status.c: state and status
 * - chat-workspace-sync.c: what is asked of the service after each connect
 * - chat-workspace-read.c: read markers and what is unread
 * - chat-workspace-users.c: who is there
 * - chat-workspace-site.c: the same on a broker without a service
 * - chat-workspace-notes.c: what somebody may want to be told of
 */

typedef enum
{
  CHAT_SESSION_NONE,
  CHAT_SESSION_TRYING,
  CHAT_SESSION_OPEN,
} ChatSessionState;

typedef enum
{
  CHAT_PUBLIC_SERVICE, /* the service brings public channels */
  CHAT_PUBLIC_BOTH,
  CHAT_PUBLIC_BROKER,
} ChatPublic;

struct _ChatWorkspace
{
  GObject parent_instance;

  /* Borrowed */
  ChatFeedFactory factory;
  gpointer factory_data;
  ChatBrokerFactory broker_factory; /* nullable */
  gpointer broker_data;

  /* Owned: the workspace */
  char *uri; /* nullable */
  char *user;
  char *name; /* nullable */
  char *directory;
  SoupSession *http;
  ChatRest *rest;
  ChatLocalDatabase *database;
  ChatCache *cache;
  ChatLocalHistory *history;
  guint ahead_source;
  ChatOutbox *outbox;
  guint delay_source;
  guint waited;     /* for the outbox: so many did when one was sent last */
  gboolean delayed; /* what is to be sent does not go through */
  ChatChannelList *channels;
  GHashTable *warnings;  /* id → ChatWarning: the user's own */
  GHashTable *preloaded; /* channel → GPtrArray of ChatMessage: read with the cache, for a first frame */
  ChatUserList *users;
  ChatLru *noted; /* id → 1: messages that were told of */
  GCancellable *cancellable;
  char *active; /* nullable: the channel on screen */
  gboolean visible;
  gboolean closing;
  GPtrArray *closes;   /* GTask: closes that wait for nothing but brokers … */
  guint leaving;       /* … so many of them … */
  guint leave_source;  /* … and not for ever */
  char *storage_error; /* nullable */
  ChatRole role;
  gboolean password_mode;

  /* Owned: the session */
  ChatSessionState session;
  char *token;    /* nullable */
  char *password; /* nullable: until there is an answer */
  GTask *sign_in; /* nullable: who waits for it */
  gulong sign_in_cancelled;
  ChatBackoff session_backoff;
  guint session_source;
  guint session_generation; /* answers to an older one are not looked at */
  gint64 lease_until;       /* monotonic µs: until when a taken name may be one's own; 0: not asked yet */
  char *session_status;     /* nullable: what signing in is doing */
  gboolean was_here;        /* this computer signed in as this user and never signed out */

  /* Owned: the service's feed */
  ChatFeed *feed; /* nullable */
  gboolean feed_online;
  gboolean present; /* the feed tells who is there */
  ChatWorkspaceState state;
  char *status;
  GHashTable *untold; /* ids (set): warnings that only a broker has told of */
  guint hint_source;

  /* Owned: a broker's feed */
  ChatFeedChoice choice;
  GPtrArray *offers; /* nullable: ChatBrokerOptions; NULL: not known */
  char *offers_text; /* nullable: what the service said of them last */
  guint offers_generation;
  ChatBrokerOptions *broker_options; /* nullable: with `broker` */
  ChatFeed *broker;                  /* nullable: the one that is wanted */
  ChatFeedMerge *merge;              /* nullable: since there was one */
  ChatPublic public;
  gboolean taking_over; /* the service is asked for public channels again */
  gboolean then_sync;
  ChatPosition *resume; /* nullable: behind what had come when something broke */
  gboolean unreachable; /* it can't be reached, and not since a moment ago */
  guint overlaps;       /* how often it was looked whether the service may leave */
  guint patience_ms, overlap_ms;
  guint patience_source, overlap_source, denied_source, lag_source;
  gint64 lag_records, lag_ms; /* -1: not known */
  gboolean broker_was_here;
  gboolean broker_heard; /* since it was looked last */
  guint early;           /* receipts that waited for their record when the broker was heard last */
  guint silence_ms;      /* for how long others have had what the broker has not brought */

  /* Owned: a broker without a service */
  ChatBrokerSite *site;                /* nullable */
  ChatPosition *position;              /* nullable: where the last run's feed stood */
  GHashTable *began;                   /* topic → gint64 *: seq from which on the feed has everything */
  GHashTable *told;                    /* channel → gint64 *: seq up to which its timeline has heard so */
  ChatTransport *site_transport;       /* nullable */
  ChatSubscription *site_subscription; /* nullable */
  ChatBackoff site_backoff;
  guint site_source;
  GPtrArray *site_waiting; /* nullable: ChatRecord: until they are in order */
  guint site_order_source;
  gboolean site_empty;  /* there is nothing to subscribe to */
  gboolean skip_missed; /* more was missed than is worth bringing live */
  gboolean site_lost;   /* the broker has another log than the one that was read */

  /* Owned: synchronising */
  guint syncing; /* calls that are on their way */
  guint channels_source;
  guint people_source;
  guint read_source;
  GHashTable *unread_puts; /* channel names (set): whose marker the service does not know yet */

  gboolean blocked;
  char *block_reason; /* nullable */
  gint64 block_since, block_until;
};

/** ChatWorkspaceTake: what becomes of an answer of the service. */
typedef void (*ChatWorkspaceTake) (ChatWorkspace *self, JsonObject *answer);

/* chat-workspace.c */
void chat_workspace_notify (ChatWorkspace *self, const char *property);
void chat_workspace_set_block (ChatWorkspace *self, gboolean blocked, const char *reason, gint64 since, gint64 until);
void chat_workspace_add_warning (ChatWorkspace *self, const ChatWarning *warning, gboolean tell);
void chat_workspace_emit_warned (ChatWorkspace *self, const ChatWarning *warning);
void chat_workspace_emit_refused (ChatWorkspace *self, const char *id, const char *reason);
void chat_workspace_emit_noteworthy (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message, gboolean mention);
void chat_workspace_emit_signed_out (ChatWorkspace *self, const GError *error);
void chat_workspace_set_storage_error (ChatWorkspace *self, const GError *error);
void chat_workspace_set_name (ChatWorkspace *self, const char *name);
void chat_workspace_set_role (ChatWorkspace *self, ChatRole role);
void chat_workspace_set_password_mode (ChatWorkspace *self, gboolean password_mode);
gboolean chat_workspace_is_own (ChatWorkspace *self, ChatMessage *message);
/** chat_workspace_peek_timeline: (transfer none) (nullable): of the channel @name, where it is open. */
ChatTimeline *chat_workspace_peek_timeline (ChatWorkspace *self, const char *name);

/* chat-workspace-open.c */
/** chat_workspace_upsert_channel: (transfer none): the channel @name, made where it is not there. */
ChatChannel *chat_workspace_upsert_channel (ChatWorkspace *self, const char *name);

/* chat-workspace-session.c */
/** chat_workspace_session_lost: the token is good no longer: opens another session, or says that it can't. */
void chat_workspace_session_lost (ChatWorkspace *self);
/** chat_workspace_session_again: tries now, where it waits to try. */
void chat_workspace_session_again (ChatWorkspace *self);
void chat_workspace_session_stop (ChatWorkspace *self);
void chat_workspace_session_opened (ChatWorkspace *self);
/** chat_workspace_session_failed: only a person can act on @error: (transfer full). */
void chat_workspace_session_failed (ChatWorkspace *self, GError *error);

/* chat-workspace-feed.c */
void chat_workspace_feed_start (ChatWorkspace *self);
void chat_workspace_feed_stop (ChatWorkspace *self);
void chat_workspace_feed_again (ChatWorkspace *self);
/** chat_workspace_take_records: @batch: (element-type ChatRecord) */
void chat_workspace_take_records (ChatWorkspace *self, GPtrArray *batch, ChatCarrier carrier);

/* chat-workspace-broker.c */
void chat_workspace_broker_init (ChatWorkspace *self);
/** chat_workspace_broker_feed_made: a service's feed that wants nothing yet. */
void chat_workspace_broker_feed_made (ChatWorkspace *self);
/** chat_workspace_broker_service_online: the service's feed is on, for the first time or after a break. */
void chat_workspace_broker_service_online (ChatWorkspace *self);
void chat_workspace_broker_service_offline (ChatWorkspace *self);
/** chat_workspace_broker_service_placed: what was wanted of the service's feed is in place. */
void chat_workspace_broker_service_placed (ChatWorkspace *self);
/** chat_workspace_broker_update: which broker is wanted may be another. */
void chat_workspace_broker_update (ChatWorkspace *self);
void chat_workspace_broker_retry (ChatWorkspace *self);
void chat_workspace_broker_stop (ChatWorkspace *self);

/* chat-workspace-offers.c */
/** chat_workspace_take_offers: @answer: of GET /v1/feeds; NULL: there is no such thing. */
void chat_workspace_take_offers (ChatWorkspace *self, JsonObject *answer);

/* chat-workspace-warnings.c */
/** chat_workspace_take_private_word: @of_service: else it is a hint of a broker's */
void chat_workspace_take_private_word (ChatWorkspace *self, ChatMessage *message, gboolean of_service);

/* chat-workspace-status.c */
void chat_workspace_update_state (ChatWorkspace *self);
/** chat_workspace_broker_title: (transfer none): what people call it. */
const char *chat_workspace_broker_title (ChatBrokerKind kind);
/** chat_workspace_take_messages: of one channel, as they came live. @from, @to: (see chat_timeline_add_run()) or 0. */
void chat_workspace_take_messages (ChatWorkspace *self, ChatChannel *channel, GPtrArray *messages, gint64 from,
                                   gint64 to);

/* chat-workspace-sync.c */
/** chat_workspace_sync: after each connect: channels, people, warnings, and what the open timelines missed. */
void chat_workspace_sync (ChatWorkspace *self);
/** chat_workspace_sync_channels_soon: a channel came up that is not known. */
void chat_workspace_sync_channels_soon (ChatWorkspace *self);
/** chat_workspace_sync_about: what the service says of itself, to anybody. */
void chat_workspace_sync_about (ChatWorkspace *self);
/** chat_workspace_sync_channel: one channel, whose counts are not known here. */
void chat_workspace_sync_channel (ChatWorkspace *self, const char *name);
void chat_workspace_sync_block (ChatWorkspace *self);
void chat_workspace_sync_people (ChatWorkspace *self, ChatChannel *channel);
void chat_workspace_sync_active_people_soon (ChatWorkspace *self);
void chat_workspace_sync_stop (ChatWorkspace *self);
/** chat_workspace_take_channel: (transfer none) (nullable): @object as the service describes a channel. */
ChatChannel *chat_workspace_take_channel (ChatWorkspace *self, JsonObject *object);
void chat_workspace_take_block (ChatWorkspace *self, JsonObject *answer);

/* chat-workspace-read.c */
/** chat_workspace_take_counts: what @object, a channel as the service describes it, says of what is unread. */
void chat_workspace_take_counts (ChatWorkspace *self, ChatChannel *channel, JsonObject *object);
/** chat_workspace_take_mark: read elsewhere. */
void chat_workspace_take_mark (ChatWorkspace *self, JsonObject *frame);
gboolean chat_workspace_is_reading (ChatWorkspace *self, ChatChannel *channel);
/** chat_workspace_read_all: everything that came so far is read. */
void chat_workspace_read_all (ChatWorkspace *self, ChatChannel *channel);
void chat_workspace_put_read (ChatWorkspace *self);

/* chat-workspace-users.c */
gboolean chat_workspace_is_bot (ChatWorkspace *self, const char *name);
void chat_workspace_take_users (ChatWorkspace *self, JsonObject *answer);
void chat_workspace_take_presence (ChatWorkspace *self, JsonObject *frame);

/* chat-workspace-site.c: nothing of it where there is a service */
void chat_workspace_site_init (ChatWorkspace *self, ChatBrokerSite *site);
void chat_workspace_site_finalize (ChatWorkspace *self);
/** chat_workspace_site_restore: @values: what was kept of the last run. */
void chat_workspace_site_restore (ChatWorkspace *self, GHashTable *values);
void chat_workspace_site_start (ChatWorkspace *self);
void chat_workspace_site_stop (ChatWorkspace *self);
/** chat_workspace_site_describe: (transfer full): the status of a feed that is there. */
char *chat_workspace_site_describe (ChatWorkspace *self, ChatWorkspaceState state);
/** chat_workspace_site_fill_details: of the feed, as of now. */
void chat_workspace_site_fill_details (ChatWorkspace *self, ChatFeedDetails *details);
/** chat_workspace_site_sync: what the open timelines missed. */
void chat_workspace_site_sync (ChatWorkspace *self);
void chat_workspace_site_add_channel_async (ChatWorkspace *self, const char *name, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);

/* chat-workspace-notes.c */
gboolean chat_workspace_is_noteworthy (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message);
/** chat_workspace_note: tells of @message, which came live, where it is worth it. */
void chat_workspace_note (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message);
/** chat_workspace_place_note: a receipt: over a restart only seqs are remembered. */
void chat_workspace_place_note (ChatWorkspace *self, ChatChannel *channel, const char *id, gint64 seq);

G_END_DECLS
