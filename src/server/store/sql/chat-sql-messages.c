/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-store-private.h"

#include "core/chat-time.h"
#include "server/store/chat-search-text.h"
#include "server/store/sql/chat-sql-append.h"
#include "server/store/sql/chat-sql-record.h"
#include "server/store/sql/chat-sql-search.h"

typedef struct
{
  GPtrArray *messages;
  char *channel;
  char *id; /* a message's, or the page's anchor */
  ChatPage page;
  ChatSearch search; /* what it points to is its own */
  GPtrArray *terms;
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
  g_free ((char *)call->search.reader);
  g_free ((char *)call->search.channel);
  g_free ((char *)call->search.author);
  g_clear_pointer (&call->terms, g_ptr_array_unref);
  g_free (call);
}

/* append */

static gpointer
append (ChatSql *database, gconstpointer arguments)
{
  const MessageCall *call = arguments;

  return chat_sql_append (database, call->messages);
}

static void
append_async (ChatMessageStore *self, GPtrArray *messages, GCancellable *cancellable, GAsyncReadyCallback callback,
              gpointer user_data)
{
  MessageCall *call = message_call_new (NULL);

  call->messages = g_ptr_array_new_full (messages->len, (GDestroyNotify)chat_message_unref);
  for (guint i = 0; i < messages->len; i++)
    g_ptr_array_add (call->messages, chat_message_ref (g_ptr_array_index (messages, i)));
  chat_sql_store_write (self, append_async, append, call, message_call_free, (GDestroyNotify)g_array_unref, cancellable,
                        callback, user_data);
}

static GArray *
append_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, append_async, result, error);
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
find_extent (ChatSql *database, const char *channel, Extent *extent)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT number, head, "
                        "(SELECT coalesce (min (seq), 0) FROM messages WHERE channel = channels.number) "
                        "FROM channels WHERE name = ?1",
                        "s", channel);

  if (!chat_sql_next (database, query))
    return FALSE;
  chat_sql_read (query, "xxx", &extent->number, &extent->head, &extent->first);
  extent->head = chat_sql_check_seq (database, extent->head);
  extent->first = chat_sql_check_seq (database, extent->first);
  return TRUE;
}

/* the seq of the anchor's message, or -1 after it failed */
static gint64
find_anchor (ChatSql *database, const MessageCall *call, const Extent *extent)
{
  g_autoptr (ChatSqlQuery) query = NULL;
  gint64 seq = -1;

  if (call->id != NULL)
    query = chat_sql_query (database, "SELECT seq FROM messages WHERE id = ?1 AND channel = ?2", "sx", call->id,
                            extent->number);
  else if (call->page.time_ms != CHAT_TIME_UNKNOWN)
    query = chat_sql_query (database,
                            "SELECT seq FROM messages WHERE channel = ?1 AND clock >= ?2 ORDER BY clock, seq LIMIT 1",
                            "xx", extent->number, call->page.time_ms);
  else
    return call->page.seq;

  if (chat_sql_next (database, query))
    {
      chat_sql_read (query, "x", &seq);
      seq = chat_sql_check_seq (database, seq);
    }
  else if (call->id == NULL)
    seq = extent->head + 1; /* all is older: the anchor is what comes next */
  else
    chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no message “%s” in “%s”", call->id, call->channel);
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
read_messages (ChatSql *database, const MessageCall *call, const Extent *extent, gint64 low, gint64 high,
               GPtrArray *messages)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database,
                                                   "SELECT " CHAT_SQL_RECORD "FROM " CHAT_SQL_RECORDS
                                                   "WHERE m.channel = ?1 AND m.seq BETWEEN ?2 AND ?3 ORDER BY m.seq",
                                                   "xxx", extent->number, low, high);

  while (chat_sql_next (database, query))
    g_ptr_array_add (messages, chat_sql_read_record (database, query, call->channel));
}

static gpointer
list (ChatSql *database, gconstpointer arguments)
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
  chat_sql_store_read (self, list_async, list, call, message_call_free, (GDestroyNotify)chat_message_page_free,
                       cancellable, callback, user_data);
}

static ChatMessagePage *
list_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_async, result, error);
}

/* get */

/* the stored message with this id, or NULL */
static ChatMessage *
find_message (ChatSql *database, const char *id)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database,
                                                   "SELECT " CHAT_SQL_RECORD ", name FROM " CHAT_SQL_RECORDS
                                                   "JOIN channels ON channels.number = m.channel WHERE m.id = ?1",
                                                   "s", id);
  g_autofree char *channel = NULL;

  if (!chat_sql_next (database, query))
    return NULL;
  chat_sql_read_from (query, CHAT_SQL_RECORD_COLUMNS, "s", &channel);
  return chat_sql_read_record (database, query, channel);
}

static gpointer
get (ChatSql *database, gconstpointer arguments)
{
  const MessageCall *call = arguments;
  ChatMessage *message = find_message (database, call->id);

  if (message != NULL)
    return message;
  return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no message “%s”", call->id);
}

static void
get_async (ChatMessageStore *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
           gpointer user_data)
{
  chat_sql_store_read (self, get_async, get, message_call_new (id), message_call_free,
                       (GDestroyNotify)chat_message_unref, cancellable, callback, user_data);
}

static ChatMessage *
get_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, get_async, result, error);
}

/* search */

static gpointer
search (ChatSql *database, gconstpointer arguments)
{
  const MessageCall *call = arguments;

  return chat_sql_search (database, &call->search, call->terms);
}

static void
search_async (ChatMessageStore *self, const ChatSearch *search_for, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer user_data)
{
  MessageCall *call = message_call_new (NULL);
  GError *error = NULL;

  call->search = *search_for;
  call->search.text = NULL;
  call->search.reader = g_strdup (search_for->reader);
  call->search.channel = g_strdup (search_for->channel);
  call->search.author = g_strdup (search_for->author);
  if (search_for->text != NULL)
    call->terms = chat_search_parse (search_for->text, &error);
  if (error == NULL)
    {
      chat_sql_store_read (self, search_async, search, call, message_call_free, (GDestroyNotify)chat_search_page_free,
                           cancellable, callback, user_data);
      return;
    }
  message_call_free (call);
  g_task_report_error (self, callback, user_data, search_async, error);
}

static ChatSearchPage *
search_finish (ChatMessageStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, search_async, result, error);
}

void
chat_sql_messages_iface_init (ChatMessageStoreInterface *iface)
{
  iface->append_async = append_async;
  iface->append_finish = append_finish;
  iface->list_async = list_async;
  iface->list_finish = list_finish;
  iface->get_async = get_async;
  iface->get_finish = get_finish;
  iface->search_async = search_async;
  iface->search_finish = search_finish;
}
