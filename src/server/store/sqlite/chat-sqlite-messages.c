/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-store-private.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"

#define MAX_SEQ (G_GINT64_CONSTANT (1) << 53) /* what the codec lets through */

typedef struct
{
  GPtrArray *messages;
  char *channel;
  char *id; /* a message's, or the page's anchor */
  ChatPage page;
} MessageCall;

static MessageCall *
message_call_new (const char *id)
{
  MessageCall *call = g_new0 (MessageCall, 1);

  call->id = g_strdup (id);
  return call;
}

static void
message_call_free (gpointer data)
{
  MessageCall *call = data;

  g_clear_pointer (&call->messages, g_ptr_array_unref);
  g_free (call->channel);
  g_free (call->id);
  g_free (call);
}

/* A seq as the database has it; 0 after it failed because it is none. */
static gint64
check_seq (ChatSqlite *database, gint64 seq)
{
  if (seq >= 0 && seq <= MAX_SEQ)
    return seq;
  chat_sqlite_fail_damaged (database, "a seq is out of range");
  return 0;
}

/* append */

/** Channel: one to which the call appends. */
typedef struct
{
  gint64 number;
  gint64 head;
  gint64 clock;
  gint64 active;
} Channel;

static Channel *
load_channel (ChatSqlite *database, const ChatMessage *message)
{
  const char *name = chat_message_get_channel (message);
  guint kind = chat_channel_name_is_private (name) ? CHAT_CHANNEL_PRIVATE : CHAT_CHANNEL_PUBLIC;
  Channel *channel = g_new0 (Channel, 1);
  g_autoptr (ChatSqliteQuery) query = NULL;

  chat_sqlite_run (database, "INSERT INTO channels (name, kind, active) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                   "sux", name, kind, chat_message_get_timestamp (message));
  query = chat_sqlite_query (database, "SELECT number, head, clock, active FROM channels WHERE name = ?1", "s", name);
  if (chat_sqlite_next (database, query))
    chat_sqlite_read (query, "xxtx", &channel->number, &channel->head, &channel->clock, &channel->active);
  channel->head = check_seq (database, channel->head);
  return channel;
}

static void
save_channel (ChatSqlite *database, const Channel *channel)
{
  chat_sqlite_run (database, "UPDATE channels SET head = ?2, clock = ?3, active = ?4 WHERE number = ?1", "xxtx",
                   channel->number, channel->head, channel->clock, channel->active);
}

static ChatMessage *
decode_record (const char *record, const char *id, const char *channel, gint64 seq, gint64 clock)
{
  ChatMessage *message = chat_message_decode (record, strlen (record), NULL);

  /* what this version can't read must not keep anybody from the messages around it */
  if (message == NULL)
    {
      message = chat_message_new (CHAT_KIND_UNKNOWN);
      chat_message_set_id (message, id);
      chat_message_set_channel (message, channel);
      chat_message_set_timestamp (message, clock);
    }
  chat_message_set_seq (message, seq);
  return message;
}

/* the stored message with this id, or NULL */
static ChatMessage *
find_message (ChatSqlite *database, const char *id)
{
  g_autoptr (ChatSqliteQuery) query = chat_sqlite_query (database,
                                                         "SELECT name, seq, messages.clock, record FROM messages "
                                                         "JOIN channels ON channels.number = channel WHERE id = ?1",
                                                         "s", id);
  g_autofree char *channel = NULL, *record = NULL;
  gint64 seq, clock;

  if (!chat_sqlite_next (database, query))
    return NULL;
  chat_sqlite_read (query, "sxxs", &channel, &seq, &clock, &record);
  return decode_record (record, id, channel, check_seq (database, seq), clock);
}

static ChatAppendResult
compare_with_first (ChatSqlite *database, const ChatMessage *message)
{
  g_autoptr (ChatMessage) first = find_message (database, chat_message_get_id (message));
  ChatAppendResult result = { 0, CHAT_APPEND_CONFLICT };

  if (first != NULL)
    {
      result.seq = chat_message_get_seq (first);
      if (chat_message_equal_content (first, message))
        result.outcome = CHAT_APPEND_REPEATED;
    }
  return result;
}

static ChatAppendResult
append_message (ChatSqlite *database, Channel *channel, const ChatMessage *message, GString *record)
{
  gint64 timestamp = chat_message_get_timestamp (message);
  gint64 clock = MAX (channel->clock, timestamp); /* CHAT_TIME_UNKNOWN is the least of all */

  g_string_truncate (record, 0);
  chat_message_encode_append (message, record);
  if (chat_sqlite_run (database,
                       "INSERT INTO messages (channel, seq, id, clock, record) VALUES (?1, ?2, ?3, ?4, ?5) "
                       "ON CONFLICT (id) DO NOTHING",
                       "xxsxs", channel->number, channel->head + 1, chat_message_get_id (message), clock, record->str)
      == 0)
    return compare_with_first (database, message);

  channel->head++;
  channel->clock = clock;
  channel->active = timestamp;
  return (ChatAppendResult){ channel->head, CHAT_APPEND_STORED };
}

static gpointer
append (ChatSqlite *database, gconstpointer arguments)
{
  const MessageCall *call = arguments;
  GArray *results = g_array_sized_new (FALSE, FALSE, sizeof (ChatAppendResult), call->messages->len);
  g_autoptr (GHashTable) channels = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GString) record = g_string_new (NULL);
  GHashTableIter iter;
  gpointer channel;

  for (guint i = 0; i < call->messages->len && !chat_sqlite_has_failed (database); i++)
    {
      const ChatMessage *message = g_ptr_array_index (call->messages, i);
      const char *name = chat_message_get_channel (message);
      ChatAppendResult result;

      channel = g_hash_table_lookup (channels, name);
      if (channel == NULL)
        {
          channel = load_channel (database, message);
          g_hash_table_insert (channels, (gpointer)name, channel);
        }
      result = append_message (database, channel, message, record);
      g_array_append_val (results, result);
    }

  g_hash_table_iter_init (&iter, channels);
  while (g_hash_table_iter_next (&iter, NULL, &channel))
    save_channel (database, channel);
  return results;
}

static void
append_async (ChatMessageStore *self, GPtrArray *messages, GCancellable *cancellable, GAsyncReadyCallback callback,
              gpointer user_data)
{
  MessageCall *call = message_call_new (NULL);

  call->messages = g_ptr_array_new_full (messages->len, (GDestroyNotify)chat_message_unref);
  for (guint i = 0; i < messages->len; i++)
    g_ptr_array_add (call->messages, chat_message_ref (g_ptr_array_index (messages, i)));
  chat_sqlite_store_write (self, append_async, append, call, message_call_free, (GDestroyNotify)g_array_unref,
                           cancellable, callback, user_data);
}

static GArray *
append_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sqlite_store_finish (self, append_async, result, error);
}

/* list */

/** Extent: what is kept of a channel. */
typedef struct
{
  gint64 number;
  gint64 first;
  gint64 head;
} Extent;

static gboolean
find_extent (ChatSqlite *database, const char *channel, Extent *extent)
{
  g_autoptr (ChatSqliteQuery) query
      = chat_sqlite_query (database,
                           "SELECT number, head, "
                           "(SELECT coalesce (min (seq), 0) FROM messages WHERE channel = channels.number) "
                           "FROM channels WHERE name = ?1",
                           "s", channel);

  if (!chat_sqlite_next (database, query))
    return FALSE;
  chat_sqlite_read (query, "xxx", &extent->number, &extent->head, &extent->first);
  extent->head = check_seq (database, extent->head);
  extent->first = check_seq (database, extent->first);
  return TRUE;
}

/* the seq of the anchor's message, or -1 after it failed */
static gint64
find_anchor (ChatSqlite *database, const MessageCall *call, const Extent *extent)
{
  g_autoptr (ChatSqliteQuery) query = NULL;
  gint64 seq = -1;

  if (call->id != NULL)
    query = chat_sqlite_query (database, "SELECT seq FROM messages WHERE id = ?1 AND channel = ?2", "sx", call->id,
                               extent->number);
  else if (call->page.time_ms != CHAT_TIME_UNKNOWN)
    query
        = chat_sqlite_query (database,
                             "SELECT seq FROM messages WHERE channel = ?1 AND clock >= ?2 ORDER BY clock, seq LIMIT 1",
                             "xx", extent->number, call->page.time_ms);
  else
    return call->page.seq;

  if (chat_sqlite_next (database, query))
    {
      chat_sqlite_read (query, "x", &seq);
      seq = check_seq (database, seq);
    }
  else if (call->id == NULL)
    seq = extent->head + 1; /* all is older: the anchor is what comes next */
  else
    chat_sqlite_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no message “%s” in “%s”", call->id,
                      call->channel);
  return seq;
}

/* A channel's seqs have no gaps, so a page is a range of them; what of it lies beyond an end is not there to be read.
 */
static void
find_range (const MessageCall *call, const Extent *extent, gint64 anchor, gint64 *low, gint64 *high)
{
  gint64 limit = call->page.limit;

  anchor = MIN (anchor, extent->head + 1);
  switch (call->page.kind)
    {
    case CHAT_PAGE_AFTER:
      /* at or after a time, but after a seq or a message */
      *low = MAX (call->page.time_ms != CHAT_TIME_UNKNOWN ? anchor : anchor + 1, extent->first);
      *high = *low + limit - 1;
      break;
    case CHAT_PAGE_AROUND:
      /* where one side is short, the other fills the page */
      *low = MAX (MIN (anchor - limit / 2, extent->head - limit + 1), extent->first);
      *high = *low + limit - 1;
      break;
    case CHAT_PAGE_BEFORE:
      *high = MIN (anchor - 1, extent->head);
      *low = *high - limit + 1;
      break;
    case CHAT_PAGE_LATEST:
    default:
      *high = extent->head;
      *low = *high - limit + 1;
    }
}

static void
read_messages (ChatSqlite *database, const MessageCall *call, const Extent *extent, gint64 low, gint64 high,
               GPtrArray *messages)
{
  g_autoptr (ChatSqliteQuery) query = chat_sqlite_query (database,
                                                         "SELECT seq, id, clock, record FROM messages "
                                                         "WHERE channel = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
                                                         "xxx", extent->number, low, high);

  while (chat_sqlite_next (database, query))
    {
      g_autofree char *id = NULL, *record = NULL;
      gint64 seq, clock;

      chat_sqlite_read (query, "xsxs", &seq, &id, &clock, &record);
      g_ptr_array_add (messages, decode_record (record, id, call->channel, check_seq (database, seq), clock));
    }
}

static gpointer
list (ChatSqlite *database, gconstpointer arguments)
{
  const MessageCall *call = arguments;
  ChatMessagePage *page = g_new0 (ChatMessagePage, 1);
  Extent extent = { 0 };
  gint64 anchor, low, high;

  page->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  find_extent (database, call->channel, &extent);
  page->head = extent.head;
  page->first = extent.first;
  anchor = find_anchor (database, call, &extent);
  if (anchor >= 0 && extent.first > 0)
    {
      find_range (call, &extent, anchor, &low, &high);
      read_messages (database, call, &extent, low, high, page->messages);
      page->more_before = low > extent.first;
      page->more_after = high < extent.head;
    }
  return page;
}

static void
list_async (ChatMessageStore *self, const char *channel, const ChatPage *page, GCancellable *cancellable,
            GAsyncReadyCallback callback, gpointer user_data)
{
  MessageCall *call = message_call_new (page->id);

  call->channel = g_strdup (channel);
  call->page = *page;
  call->page.id = NULL;
  chat_sqlite_store_read (self, list_async, list, call, message_call_free, (GDestroyNotify)chat_message_page_free,
                          cancellable, callback, user_data);
}

static ChatMessagePage *
list_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sqlite_store_finish (self, list_async, result, error);
}

/* get */

static gpointer
get (ChatSqlite *database, gconstpointer arguments)
{
  const MessageCall *call = arguments;
  ChatMessage *message = find_message (database, call->id);

  if (message != NULL)
    return message;
  return chat_sqlite_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no message “%s”", call->id);
}

static void
get_async (ChatMessageStore *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
           gpointer user_data)
{
  chat_sqlite_store_read (self, get_async, get, message_call_new (id), message_call_free,
                          (GDestroyNotify)chat_message_unref, cancellable, callback, user_data);
}

static ChatMessage *
get_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sqlite_store_finish (self, get_async, result, error);
}

void
chat_sqlite_messages_iface_init (ChatMessageStoreInterface *iface)
{
  iface->append_async = append_async;
  iface->append_finish = append_finish;
  iface->list_async = list_async;
  iface->list_finish = list_finish;
  iface->get_async = get_async;
  iface->get_finish = get_finish;
}
