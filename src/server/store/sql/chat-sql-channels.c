/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-store-private.h"

/* How many of the rows of a query there are, up to CHAT_UNREAD_MAX. */
#define COUNT(query) "(SELECT count (*) FROM (" query " LIMIT " G_STRINGIFY (CHAT_UNREAD_MAX) ") AS rows_of_it)"
/* What others said after the marker; and what of it names the asking user. */
#define UNREAD                                                                                                         \
  COUNT ("SELECT 1 FROM messages u WHERE ?1 IS NOT NULL AND u.channel = channels.number AND u.said = 1 "               \
         "AND u.seq > coalesce (read_markers.seq, 0) "                                                                 \
         "AND u.author <> coalesce ((SELECT a.number FROM authors a WHERE a.user_key = ?1), -1)")
#define MENTIONS                                                                                                       \
  COUNT ("SELECT 1 FROM mentions n WHERE n.user_key = ?1 AND n.channel = channels.number "                             \
         "AND n.seq > coalesce (read_markers.seq, 0)")

/* ?1 is the asking user's key: NULL asks for the server, which sees everything */
#define SELECT_CHANNEL                                                                                                 \
  "SELECT number, name, kind, topic, language, head, active, coalesce (read_markers.seq, 0), "                         \
  "members.channel IS NOT NULL, " UNREAD ", " MENTIONS " FROM channels "                                               \
  "LEFT JOIN read_markers ON read_markers.channel = number AND read_markers.user_key = ?1 "                            \
  "LEFT JOIN members ON members.channel = number AND members.user_key = ?1 "                                           \
  "WHERE (?1 IS NULL OR kind = 0 OR members.channel IS NOT NULL) "

typedef struct
{
  ChatChannelInfo *info;
  char **member_keys;
  char *name;
  char *user;
  char *user_key;
  char *topic;
  char *language;
  gboolean member;
  gint64 seq;
} ChannelCall;

static ChannelCall *
channel_call_new (const char *name, const char *user_key)
{
  ChannelCall *call = g_new0 (ChannelCall, 1);

  call->name = g_strdup (name);
  call->user_key = g_strdup (user_key);
  return call;
}

static void
channel_call_free (gpointer data)
{
  ChannelCall *call = data;

  g_clear_pointer (&call->info, chat_channel_info_free);
  g_strfreev (call->member_keys);
  g_free (call->name);
  g_free (call->user);
  g_free (call->user_key);
  g_free (call->topic);
  g_free (call->language);
  g_free (call);
}

static gpointer
fail_unknown (ChatSql *database, const char *name)
{
  return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no channel “%s”", name);
}

static char **
read_members (ChatSql *database, gint64 channel)
{
  g_autoptr (GStrvBuilder) members = g_strv_builder_new ();
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT \"user\" FROM members WHERE channel = ?1 ORDER BY user_key", "x", channel);

  while (chat_sql_next (database, query))
    {
      g_autofree char *user = NULL;

      chat_sql_read (query, "s", &user);
      g_strv_builder_add (members, user);
    }
  return g_strv_builder_end (members);
}

static ChatChannelInfo *
read_channel (ChatSql *database, ChatSqlQuery *query)
{
  ChatChannelInfo *info = g_new0 (ChatChannelInfo, 1);
  gint64 number;
  guint kind;

  chat_sql_read (query, "xsummxxxbuu", &number, &info->name, &kind, &info->topic, &info->language, &info->head,
                 &info->active, &info->read, &info->joined, &info->unread, &info->mentions);
  info->kind = kind == CHAT_CHANNEL_PUBLIC ? CHAT_CHANNEL_PUBLIC : CHAT_CHANNEL_PRIVATE;
  info->members = read_members (database, number);
  return info;
}

/* the number of a channel; 0 after it failed because there is none */
static gint64
find_channel (ChatSql *database, const char *name, guint *kind)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT number, kind FROM channels WHERE name = ?1", "s", name);
  gint64 number = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "xu", &number, kind);
  else
    fail_unknown (database, name);
  return number;
}

/* list */

static gpointer
list (ChatSql *database, gconstpointer arguments)
{
  const ChannelCall *call = arguments;
  GPtrArray *channels = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_channel_info_free);
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, SELECT_CHANNEL "ORDER BY name", "s", call->user_key);

  while (chat_sql_next (database, query))
    g_ptr_array_add (channels, read_channel (database, query));
  return channels;
}

static void
list_async (ChatChannelStore *self, const char *user_key, GCancellable *cancellable, GAsyncReadyCallback callback,
            gpointer user_data)
{
  chat_sql_store_read (self, list_async, list, channel_call_new (NULL, user_key), channel_call_free,
                       (GDestroyNotify)g_ptr_array_unref, cancellable, callback, user_data);
}

static GPtrArray *
list_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_async, result, error);
}

/* get */

static gpointer
get (ChatSql *database, gconstpointer arguments)
{
  const ChannelCall *call = arguments;
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, SELECT_CHANNEL "AND name = ?2", "ss", call->user_key, call->name);

  if (chat_sql_next (database, query))
    return read_channel (database, query);
  return fail_unknown (database, call->name);
}

static void
get_async (ChatChannelStore *self, const char *name, const char *user_key, GCancellable *cancellable,
           GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_read (self, get_async, get, channel_call_new (name, user_key), channel_call_free,
                       (GDestroyNotify)chat_channel_info_free, cancellable, callback, user_data);
}

static ChatChannelInfo *
get_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, get_async, result, error);
}

static void
add_member (ChatSql *database, gint64 channel, const char *user_key, const char *user)
{
  chat_sql_run (database, "INSERT INTO members VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", "xss", channel, user_key,
                user);
}

/* ensure */

static gpointer
ensure (ChatSql *database, gconstpointer arguments)
{
  const ChannelCall *call = arguments;
  const ChatChannelInfo *info = call->info;
  gint64 number;
  guint kind;
  int made;

  chat_sql_lock (database, "channel", info->name);
  /* a conversation that append made has no members yet: it becomes the one that is asked for */
  made = chat_sql_run (database,
                       "INSERT INTO channels (name, kind, topic, language, active) VALUES (?1, ?2, ?3, ?4, ?5) "
                       "ON CONFLICT (name) DO UPDATE SET topic = excluded.topic, language = excluded.language "
                       "WHERE channels.kind = 1 AND excluded.kind = 1 "
                       "AND NOT EXISTS (SELECT 1 FROM members WHERE members.channel = channels.number)",
                       "sussx", info->name, (guint)info->kind, info->topic, info->language, info->active);
  number = find_channel (database, info->name, &kind);
  for (guint i = 0; made > 0 && call->member_keys != NULL && call->member_keys[i] != NULL; i++)
    add_member (database, number, call->member_keys[i], info->members[i]);
  return GINT_TO_POINTER (made);
}

static void
ensure_async (ChatChannelStore *self, const ChatChannelInfo *info, const char *const *member_keys,
              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChannelCall *call = channel_call_new (NULL, NULL);

  call->info = chat_channel_info_copy (info);
  call->member_keys = g_strdupv ((char **)member_keys);
  chat_sql_store_write (self, ensure_async, ensure, call, channel_call_free, NULL, cancellable, callback, user_data);
}

static gboolean
ensure_finish (ChatChannelStore *self, GAsyncResult *result, gboolean *created, GError **error)
{
  gssize made = chat_sql_store_finish_number (self, ensure_async, result, error);

  if (created != NULL)
    *created = made > 0;
  return made >= 0;
}

/* update */

static gpointer
update (ChatSql *database, gconstpointer arguments)
{
  const ChannelCall *call = arguments;

  if (chat_sql_run (database,
                    "UPDATE channels SET topic = nullif (coalesce (?2, topic), ''), "
                    "language = nullif (coalesce (?3, language), '') WHERE name = ?1",
                    "sss", call->name, call->topic, call->language)
      == 0)
    fail_unknown (database, call->name);
  return NULL;
}

static void
update_async (ChatChannelStore *self, const char *name, const char *topic, const char *language,
              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChannelCall *call = channel_call_new (name, NULL);

  call->topic = g_strdup (topic);
  call->language = g_strdup (language);
  chat_sql_store_write (self, update_async, update, call, channel_call_free, NULL, cancellable, callback, user_data);
}

static gboolean
update_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, update_async, result, error) >= 0;
}

/* set_member */

static gpointer
set_member (ChatSql *database, gconstpointer arguments)
{
  const ChannelCall *call = arguments;
  guint kind = CHAT_CHANNEL_PUBLIC;
  gint64 number = find_channel (database, call->name, &kind);

  if (kind == CHAT_CHANNEL_PRIVATE)
    return chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT,
                          "“%s” is a private conversation: nobody joins or leaves it", call->name);
  if (call->member)
    add_member (database, number, call->user_key, call->user);
  else
    chat_sql_run (database, "DELETE FROM members WHERE channel = ?1 AND user_key = ?2", "xs", number, call->user_key);
  return NULL;
}

static void
set_member_async (ChatChannelStore *self, const char *name, const char *user, const char *user_key, gboolean member,
                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChannelCall *call = channel_call_new (name, user_key);

  call->user = g_strdup (user);
  call->member = member;
  chat_sql_store_write (self, set_member_async, set_member, call, channel_call_free, NULL, cancellable, callback,
                        user_data);
}

static gboolean
set_member_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, set_member_async, result, error) >= 0;
}

/* set_read */

static gpointer
set_read (ChatSql *database, gconstpointer arguments)
{
  const ChannelCall *call = arguments;

  if (chat_sql_run (database,
                    "INSERT INTO read_markers SELECT number, ?2, " CHAT_SQL_LESSER (
                        "?3", "head") " FROM channels WHERE name = ?1 "
                                      "ON CONFLICT (channel, user_key) DO UPDATE SET "
                                      "seq = " CHAT_SQL_GREATER ("read_markers.seq", "excluded.seq"),
                    "ssx", call->name, call->user_key, call->seq)
      == 0)
    fail_unknown (database, call->name);
  return NULL;
}

static void
set_read_async (ChatChannelStore *self, const char *name, const char *user_key, gint64 seq, GCancellable *cancellable,
                GAsyncReadyCallback callback, gpointer user_data)
{
  ChannelCall *call = channel_call_new (name, user_key);

  call->seq = seq;
  chat_sql_store_write (self, set_read_async, set_read, call, channel_call_free, NULL, cancellable, callback,
                        user_data);
}

static gboolean
set_read_finish (ChatChannelStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, set_read_async, result, error) >= 0;
}

void
chat_sql_channels_iface_init (ChatChannelStoreInterface *iface)
{
  iface->list_async = list_async;
  iface->list_finish = list_finish;
  iface->get_async = get_async;
  iface->get_finish = get_finish;
  iface->ensure_async = ensure_async;
  iface->ensure_finish = ensure_finish;
  iface->update_async = update_async;
  iface->update_finish = update_finish;
  iface->set_member_async = set_member_async;
  iface->set_member_finish = set_member_finish;
  iface->set_read_async = set_read_async;
  iface->set_read_finish = set_read_finish;
}
