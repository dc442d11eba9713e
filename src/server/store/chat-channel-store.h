/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  CHAT_CHANNEL_PUBLIC,
  CHAT_CHANNEL_PRIVATE, /* a conversation: only its members see it */
} ChatChannelKind;

#define CHAT_UNREAD_MAX 1000

/** ChatChannelInfo: what is known of one channel. */
typedef struct
{
  char *name;
  ChatChannelKind kind;
  char *topic;     /* nullable */
  char *language;  /* "es", "es,en" …: which word lists apply; nullable: the server's default */
  char **members;  /* user names, as they were first given; of a private one all, else who has joined */
  gint64 head;     /* last seq, 0 when empty */
  gint64 active;   /* timestamp of the last record, or of its making; ms */
  gint64 read;     /* the asking user's read marker (seq), 0 for none */
  guint unread;    /* messages and notices of others after it, counted up to CHAT_UNREAD_MAX */
  guint mentions;  /* those of them that name the asking user; likewise */
  gboolean joined; /* whether the asking user is a member */
} ChatChannelInfo;

ChatChannelInfo *chat_channel_info_copy (const ChatChannelInfo *self);
void chat_channel_info_free (ChatChannelInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatChannelInfo, chat_channel_info_free)

#define CHAT_TYPE_CHANNEL_STORE (chat_channel_store_get_type ())
G_DECLARE_INTERFACE (ChatChannelStore, chat_channel_store, CHAT, CHANNEL_STORE, GObject)

struct _ChatChannelStoreInterface
{
  GTypeInterface parent_iface;

  void (*list_async) (ChatChannelStore *self, const char *user_key, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_finish) (ChatChannelStore *self, GAsyncResult *result, GError **error);
  void (*get_async) (ChatChannelStore *self, const char *name, const char *user_key, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data);
  ChatChannelInfo *(*get_finish) (ChatChannelStore *self, GAsyncResult *result, GError **error);
  void (*ensure_async) (ChatChannelStore *self, const ChatChannelInfo *info, const char *const *member_keys,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*ensure_finish) (ChatChannelStore *self, GAsyncResult *result, gboolean *created, GError **error);
  void (*update_async) (ChatChannelStore *self, const char *name, const char *topic, const char *language,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*update_finish) (ChatChannelStore *self, GAsyncResult *result, GError **error);
  void (*set_member_async) (ChatChannelStore *self, const char *name, const char *user, const char *user_key,
                            gboolean member, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
  gboolean (*set_member_finish) (ChatChannelStore *self, GAsyncResult *result, GError **error);
  void (*set_read_async) (ChatChannelStore *self, const char *name, const char *user_key, gint64 seq,
                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*set_read_finish) (ChatChannelStore *self, GAsyncResult *result, GError **error);
};

/** chat_channel_store_list_async: @user_key: (nullable): the public ones and the private ones of which the user with
 * this skeleton is a member, with his read markers and counts; NULL: all (for roles). By name. The finish: (transfer
 * full) (element-type ChatChannelInfo). */
void chat_channel_store_list_async (ChatChannelStore *self, const char *user_key, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_channel_store_list_finish (ChatChannelStore *self, GAsyncResult *result, GError **error);

/** chat_channel_store_get_async: NOT_FOUND also where it is private and the user is not a member of it (NULL: no
 * check).
 */
void chat_channel_store_get_async (ChatChannelStore *self, const char *name, const char *user_key,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatChannelInfo *chat_channel_store_get_finish (ChatChannelStore *self, GAsyncResult *result, GError **error);

/** chat_channel_store_ensure_async: makes the channel with its members unless it is there (then nothing changes and
 * *created is FALSE). A private conversation that exists only because something was appended to it, and has no members,
 * becomes the one that is asked for (*created is TRUE). @info: its head, read and counts are passed over. @member_keys:
 * (array zero-terminated=1): the skeletons of info->members, in the same order. */
void chat_channel_store_ensure_async (ChatChannelStore *self, const ChatChannelInfo *info,
                                      const char *const *member_keys, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_channel_store_ensure_finish (ChatChannelStore *self, GAsyncResult *result, gboolean *created,
                                           GError **error);

/** chat_channel_store_update_async: @topic, @language: (nullable): NULL leaves it, "" clears it. NOT_FOUND where there
 * is no such channel. */
void chat_channel_store_update_async (ChatChannelStore *self, const char *name, const char *topic, const char *language,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_channel_store_update_finish (ChatChannelStore *self, GAsyncResult *result, GError **error);

/** chat_channel_store_set_member_async: joins or leaves; idempotent. A private conversation's members are fixed:
 * CONFLICT. NOT_FOUND where there is no such channel. */
void chat_channel_store_set_member_async (ChatChannelStore *self, const char *name, const char *user,
                                          const char *user_key, gboolean member, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_channel_store_set_member_finish (ChatChannelStore *self, GAsyncResult *result, GError **error);

/** chat_channel_store_set_read_async: a marker never goes back, nor past the head. NOT_FOUND where there is no such
 * channel. */
void chat_channel_store_set_read_async (ChatChannelStore *self, const char *name, const char *user_key, gint64 seq,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_channel_store_set_read_finish (ChatChannelStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
