/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-broker-history.h"

#include <glib/gi18n-lib.h>

#include "client/chat-broker-read.h"
#include "client/chat-client-error.h"

/* So many records of a shard are read at first, more where few of them are of the channel; and in all for one page. */
#define PIECE_LEAST 50
#define PIECE_MOST 4000
#define SCANNED_MOST 20000

struct _ChatBrokerHistory
{
  GObject parent_instance;

  /* Owned */
  ChatBrokerSite *site;
  ChatCache *cache;
};

static void chat_broker_history_iface_init (ChatHistoryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatBrokerHistory, chat_broker_history, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_HISTORY, chat_broker_history_iface_init))

/* One page on its way: the data of its task. Vectors are of `shards` offsets each. */
typedef struct
{
  char *channel;
  char *topic;
  ChatHistoryQuery query;
  ChatTransport *transport;
  guint shards;
  gint64 *low, *high; /* what the page has of the log so far */
  gint64 *from, *to;  /* the piece that is being read */
  gint64 piece;
  gint64 end; /* of a log that is kept here: the seq up to which it went when it was asked for */
  guint scanned;
  guint want;          /* messages of the direction that is read */
  gboolean back;       /* which that is */
  gboolean both;       /* it goes on the other way when this is done */
  GPtrArray *messages; /* ChatMessage, ascending */
} Page;

static void next_piece (GTask *task);

static void
page_free (Page *page)
{
  g_free (page->channel);
  g_free (page->topic);
  g_clear_object (&page->transport);
  g_free (page->low);
  g_free (page->high);
  g_free (page->from);
  g_free (page->to);
  g_ptr_array_unref (page->messages);
  g_free (page);
}

static ChatBrokerLog *
get_log (GTask *task)
{
  ChatBrokerHistory *self = g_task_get_source_object (task);
  Page *page = g_task_get_task_data (task);

  return chat_broker_site_get_topic_log (self->site, page->topic);
}

static void
fail (GTask *task, const GError *error)
{
  ChatClientError code = g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED)
                             ? CHAT_CLIENT_ERROR_REFUSED
                             : CHAT_CLIENT_ERROR_OFFLINE;

  if (error->domain == CHAT_TRANSPORT_ERROR)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, code, "%s", error->message);
  else
    g_task_return_error (task, g_error_copy (error));
}

/* A topic may get more partitions in the middle of a page: then it begins again. */
static gboolean
check_shards (GTask *task, GError **error)
{
  Page *page = g_task_get_task_data (task);

  if (chat_broker_log_get_shards (get_log (task)) == page->shards)
    return TRUE;
  g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, _ ("The topic was changed; trying again"));
  return FALSE;
}

/* The answer */

/* (transfer full) */
static ChatHistoryPage *
make_page (GTask *task)
{
  Page *page = g_task_get_task_data (task);
  ChatBrokerLog *log = get_log (task);
  const gint64 *lows = chat_broker_log_get_lows (log), *ends = chat_broker_log_get_ends (log);
  ChatHistoryPage *answer = g_new0 (ChatHistoryPage, 1);
  gint64 most = page->query.before > 0 ? page->query.before - 1 : G_MAXINT64;

  for (guint i = 0; i < page->shards; i++)
    {
      answer->more_before |= page->low[i] > lows[i];
      answer->more_after |= page->high[i] < ends[i];
    }
  answer->from = chat_broker_log_sum (log, page->low) + 1;
  answer->to = MIN (chat_broker_log_sum (log, page->high), most);
  answer->head = chat_broker_log_get_end (log);
  answer->first = answer->from;
  answer->renumbered = TRUE;
  answer->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  for (guint i = 0; i < page->messages->len; i++)
    {
      ChatMessage *message = g_ptr_array_index (page->messages, i);

      if (chat_message_get_seq (message) <= answer->to)
        g_ptr_array_add (answer->messages, chat_message_ref (message));
    }
  /* an empty log is known, too */
  if (answer->to == 0)
    answer->from = 0;
  return answer;
}

/* Merging */

static ChatRecord *
record_at (ChatBrokerRange *range, guint shard, guint place)
{
  return g_ptr_array_index ((GPtrArray *)g_ptr_array_index (range->records, shard), place);
}

static guint
count_of (ChatBrokerRange *range, guint shard)
{
  return ((GPtrArray *)g_ptr_array_index (range->records, shard))->len;
}

/* @record passed: its message, where it is one of the channel. @after: the place behind it */
static gboolean
take_record (GTask *task, ChatRecord *record, const gint64 *after, gboolean back)
{
  ChatBrokerHistory *self = g_task_get_source_object (task);
  Page *page = g_task_get_task_data (task);
  g_autoptr (ChatMessage) message = chat_broker_site_decode (self->site, record, NULL);

  page->scanned++;
  if (message == NULL || !g_str_equal (chat_message_get_channel (message), page->channel))
    return FALSE;
  chat_message_set_seq (message, chat_broker_log_sum (get_log (task), after));
  g_ptr_array_insert (page->messages, back ? 0 : -1, g_steal_pointer (&message));
  return TRUE;
}

/* The newest record that is left, of those that end their shards; -1 where one shard must be read further first: it may
 * have a newer one. */
static gint
choose_last (Page *page, ChatBrokerRange *range, const guint *left, const gint64 *lows, gboolean *dry)
{
  gint best = -1;

  *dry = FALSE;
  for (guint i = 0; i < page->shards; i++)
    if (left[i] == 0)
      *dry |= page->from[i] > lows[i];
    else if (best < 0
             || chat_record_get_time (record_at (range, i, left[i] - 1))
                    >= chat_record_get_time (record_at (range, (guint)best, left[best] - 1)))
      best = (gint)i;
  return best;
}

static void
merge_back (GTask *task, ChatBrokerRange *range)
{
  Page *page = g_task_get_task_data (task);
  ChatBrokerLog *log = get_log (task);
  const gint64 *lows = chat_broker_log_get_lows (log);
  g_autofree guint *left = g_new (guint, page->shards);
  gboolean dry;

  for (guint i = 0; i < page->shards; i++)
    left[i] = count_of (range, i);
  while (page->want > 0)
    {
      gint shard = choose_last (page, range, left, lows, &dry);
      ChatRecord *record;

      if (shard < 0 || dry)
        break;
      record = record_at (range, (guint)shard, --left[shard]);
      page->low[shard] = chat_record_get_offset (record) + 1;
      chat_broker_log_remember (log, page->low);
      if (take_record (task, record, page->low, TRUE))
        page->want--;
      page->low[shard] = chat_record_get_offset (record);
      chat_broker_log_remember (log, page->low);
    }
  /* what is in front of the first record of a piece has none */
  for (guint i = 0; i < page->shards; i++)
    if (left[i] == 0)
      page->low[i] = page->from[i];
  chat_broker_log_remember (log, page->low);
}

static gint
choose_first (Page *page, ChatBrokerRange *range, const guint *next, const gint64 *ends, gboolean *dry)
{
  gint best = -1;

  *dry = FALSE;
  for (guint i = 0; i < page->shards; i++)
    if (next[i] == count_of (range, i))
      *dry |= page->to[i] < ends[i];
    else if (best < 0
             || chat_record_get_time (record_at (range, i, next[i]))
                    < chat_record_get_time (record_at (range, (guint)best, next[best])))
      best = (gint)i;
  return best;
}

static void
merge_forth (GTask *task, ChatBrokerRange *range)
{
  Page *page = g_task_get_task_data (task);
  ChatBrokerLog *log = get_log (task);
  const gint64 *ends = chat_broker_log_get_ends (log);
  g_autofree guint *next = g_new0 (guint, page->shards);
  gboolean dry;

  while (page->want > 0)
    {
      gint shard = choose_first (page, range, next, ends, &dry);
      ChatRecord *record;

      if (shard < 0 || dry)
        break;
      record = record_at (range, (guint)shard, next[shard]++);
      page->high[shard] = chat_record_get_offset (record);
      chat_broker_log_remember (log, page->high);
      page->high[shard]++;
      chat_broker_log_remember (log, page->high);
      if (take_record (task, record, page->high, FALSE))
        page->want--;
    }
  for (guint i = 0; i < page->shards; i++)
    if (next[i] == count_of (range, i))
      page->high[i] = page->to[i];
  chat_broker_log_remember (log, page->high);
}

/* Pieces */

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Page *page = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatBrokerRange) range = chat_broker_read_finish (CHAT_TRANSPORT (source), result, &error);

  if (range == NULL || !check_shards (task, &error))
    {
      fail (task, error);
      return;
    }
  for (guint i = 0; i < page->shards; i++)
    chat_broker_log_set_low (get_log (task), (gint)i, range->lows[i]);
  if (page->back)
    merge_back (task, range);
  else
    merge_forth (task, range);
  page->piece = MIN (page->piece * 2, PIECE_MOST);
  next_piece (g_steal_pointer (&task));
}

/* Where the next piece lies: FALSE where there is none. */
static gboolean
place_piece (GTask *task)
{
  Page *page = g_task_get_task_data (task);
  ChatBrokerLog *log = get_log (task);
  const gint64 *lows = chat_broker_log_get_lows (log), *ends = chat_broker_log_get_ends (log);
  gboolean any = FALSE;

  if (page->want == 0 || page->scanned >= SCANNED_MOST)
    return FALSE;
  for (guint i = 0; i < page->shards; i++)
    {
      page->from[i] = page->back ? MIN (page->low[i], MAX (page->low[i] - page->piece, lows[i])) : page->high[i];
      page->to[i] = page->back ? page->low[i] : MAX (page->high[i], MIN (page->high[i] + page->piece, ends[i]));
      any |= page->from[i] < page->to[i];
    }
  return any;
}

/* @task: (transfer full) */
static void
next_piece (GTask *task)
{
  Page *page = g_task_get_task_data (task);

  if (!place_piece (task) && page->both)
    {
      page->both = FALSE;
      page->back = FALSE;
      page->want = page->query.limit - page->query.limit / 2;
      page->piece = MAX (page->query.limit, PIECE_LEAST);
      page->scanned = 0;
    }
  if (!place_piece (task))
    {
      g_task_return_pointer (task, make_page (task), (GDestroyNotify)chat_history_page_free);
      g_object_unref (task);
      return;
    }
  chat_broker_read_async (page->transport, page->topic, page->from, page->to, page->shards,
                          g_task_get_cancellable (task), read_cb, task);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Page *page = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatPosition) position = chat_broker_find_time_finish (CHAT_TRANSPORT (source), result, &error);

  if (position == NULL || !check_shards (task, &error))
    {
      fail (task, error);
      return;
    }
  for (guint i = 0; i < page->shards; i++)
    {
      g_autofree char *shard = g_strdup_printf ("%u", i);
      gint64 next = chat_position_get (position, page->topic, shard),
             end = chat_broker_log_get_ends (get_log (task))[i];

      page->low[i] = page->high[i] = next < 0 ? end : MIN (next, end);
    }
  chat_broker_log_remember (get_log (task), page->low);
  next_piece (g_steal_pointer (&task));
}

/* A broker that keeps nothing: what came live while this program ran. */
static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Page *page = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) messages = chat_cache_load_finish (CHAT_CACHE (source), result, &error);
  ChatHistoryPage *answer;

  if (messages == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  answer = g_new0 (ChatHistoryPage, 1);
  /* as of when it was asked: what came since is not in it */
  answer->head = page->end;
  answer->to = page->query.before > 0 ? page->query.before - 1 : page->end;
  answer->more_before = messages->len >= page->query.limit;
  answer->from = answer->more_before ? chat_message_get_seq (g_ptr_array_index (messages, 0)) : 0;
  answer->messages = g_steal_pointer (&messages);
  g_task_return_pointer (task, answer, (GDestroyNotify)chat_history_page_free);
}

static void
flushed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Page *page = g_task_get_task_data (task);

  /* where it failed the workspace has said so */
  chat_cache_flush_finish (CHAT_CACHE (source), result, NULL);
  chat_cache_load_before_async (CHAT_CACHE (source), page->channel,
                                page->query.before > 0 ? page->query.before : page->end + 1, page->query.limit,
                                g_task_get_cancellable (task), kept_cb, task);
}

static void
fetch_kept (GTask *task)
{
  ChatBrokerHistory *self = g_task_get_source_object (task);
  Page *page = g_task_get_task_data (task);

  if (page->query.around_time != G_MININT64 || page->query.around_id != NULL)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED,
                               _ ("This broker keeps no history to go to"));
      g_object_unref (task);
      return;
    }
  page->end = chat_broker_log_get_end (get_log (task));
  /* what came a moment ago, too */
  chat_cache_flush_async (self->cache, g_task_get_cancellable (task), flushed_cb, task);
}

/* ChatHistory */

/* Where the page begins. (transfer full) @task */
static void
begin (GTask *task)
{
  Page *page = g_task_get_task_data (task);
  ChatBrokerLog *log = get_log (task);

  page->back = page->query.after == 0;
  if (page->query.before > 0)
    chat_broker_log_find (log, page->query.before - 1, FALSE, page->low);
  else if (page->query.after > 0)
    chat_broker_log_find (log, page->query.after, TRUE, page->low);
  else
    for (guint i = 0; i < page->shards; i++)
      page->low[i] = chat_broker_log_get_ends (log)[i];
  for (guint i = 0; i < page->shards; i++)
    page->high[i] = page->low[i];
  if (page->query.around_time == G_MININT64)
    {
      next_piece (task);
      return;
    }
  page->both = TRUE;
  page->want = page->query.limit / 2;
  chat_broker_find_time_async (page->transport, page->topic, page->query.around_time, g_task_get_cancellable (task),
                               found_cb, task);
}

static void
chat_broker_history_fetch_async (ChatHistory *history, const char *channel, const ChatHistoryQuery *query,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatBrokerHistory *self = CHAT_BROKER_HISTORY (history);
  ChatTransport *transport = chat_broker_site_get_transport (self->site);
  ChatBrokerLog *log = chat_broker_site_get_log (self->site, channel);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Page *page = g_new0 (Page, 1);

  g_task_set_source_tag (task, chat_broker_history_fetch_async);
  g_task_set_task_data (task, page, (GDestroyNotify)page_free);
  page->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  page->channel = g_strdup (channel);
  page->query = *query;
  if (transport == NULL || log == NULL || !chat_broker_log_has_begun (log) || query->around_id != NULL)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR,
                               query->around_id != NULL ? CHAT_CLIENT_ERROR_REFUSED : CHAT_CLIENT_ERROR_OFFLINE, "%s",
                               query->around_id != NULL ? _ ("A broker can't look for a message")
                                                        : _ ("Not connected to the broker"));
      g_object_unref (task);
      return;
    }
  page->topic = g_strdup (chat_broker_log_get_topic (log));
  page->transport = g_object_ref (transport);
  page->want = query->limit;
  page->piece = MAX (query->limit, PIECE_LEAST);
  if ((chat_transport_get_features (transport) & CHAT_TRANSPORT_RESUMABLE) == 0)
    {
      fetch_kept (task);
      return;
    }
  page->shards = chat_broker_log_get_shards (log);
  page->low = g_new0 (gint64, page->shards);
  page->high = g_new0 (gint64, page->shards);
  page->from = g_new0 (gint64, page->shards);
  page->to = g_new0 (gint64, page->shards);
  begin (task);
}

static ChatHistoryPage *
chat_broker_history_fetch_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, history), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
chat_broker_history_get_async (ChatHistory *history, const char *id, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_task_report_new_error (history, callback, user_data, chat_broker_history_get_async, CHAT_CLIENT_ERROR,
                           CHAT_CLIENT_ERROR_REFUSED, _ ("A broker can't look for a message"));
}

static ChatMessage *
chat_broker_history_get_finish (ChatHistory *history, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, history), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
chat_broker_history_iface_init (ChatHistoryInterface *iface)
{
  iface->fetch_async = chat_broker_history_fetch_async;
  iface->fetch_finish = chat_broker_history_fetch_finish;
  iface->get_async = chat_broker_history_get_async;
  iface->get_finish = chat_broker_history_get_finish;
}

/* Overrides */

static void
chat_broker_history_finalize (GObject *object)
{
  ChatBrokerHistory *self = CHAT_BROKER_HISTORY (object);

  g_clear_object (&self->site);
  g_clear_object (&self->cache);
  G_OBJECT_CLASS (chat_broker_history_parent_class)->finalize (object);
}

static void
chat_broker_history_class_init (ChatBrokerHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_broker_history_finalize;
}

static void
chat_broker_history_init (ChatBrokerHistory *self)
{
}

ChatBrokerHistory *
chat_broker_history_new (ChatBrokerSite *site, ChatCache *cache)
{
  ChatBrokerHistory *self = g_object_new (CHAT_TYPE_BROKER_HISTORY, NULL);

  g_set_object (&self->site, site);
  g_set_object (&self->cache, cache);
  return self;
}
