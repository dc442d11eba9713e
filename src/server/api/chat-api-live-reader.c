/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-reader.h"

#include "core/chat-time.h"
#include "server/api/chat-api-live-channel.h"
#include "server/api/chat-api-live-frames.h"

/*
 * How history and the live feed are joined.
 *
 * Broker order is seq order. So what the tail holds as waiting and the store has nevertheless (its receipt is still on
 * its way) are the channel's last rows, at most as many as wait. And what the store has and the broker has not
 * delivered here yet are its last rows too, behind the newest seq that the tail knows. A reader therefore asks for the
 * latest rows, enough to cover both, and tells the tail of them: from then on what waits in the tail is not stored up
 * to the head of that page, and what comes later and is stored up to it is recognised. It has then read up to that
 * head; what the tail has beyond it is sent, and everything that comes after.
 */

/* Rows of one page. A page is only asked for when the one before has gone out. */
#define PAGE_ROWS 200
#define REACH_MIN 64
#define REACH_MAX 1000

typedef enum
{
  REPLAYING,
  PARKED, /* the archiver is too far behind to join: wait for receipts */
  JOINED,
  CLOSED,
} State;

struct _ChatApiLiveReader
{
  GObject parent_instance;

  /* Owned */
  ChatApiLiveChannel *channel;
  ChatApiLiveSocket *socket;
  ChatMessageStore *messages;

  gint64 ref;
  ChatApiLiveWants wants;
  State state;
  gint64 seq;  /* it has everything up to this */
  gint64 head; /* of the channel, as far as it knows */
  guint reach; /* rows that it asks for to join */
  gboolean asking;
};

G_DEFINE_FINAL_TYPE (ChatApiLiveReader, chat_api_live_reader, G_TYPE_OBJECT)

enum
{
  SETTLED,
  WOKEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
settle (ChatApiLiveReader *self, State state)
{
  self->state = state;
  g_signal_emit (self, signals[SETTLED], 0);
}

static void
join (ChatApiLiveReader *self)
{
  g_autoptr (GPtrArray) records
      = chat_api_live_tail_list_after (chat_api_live_channel_get_tail (self->channel), self->seq);
  g_autoptr (ChatApiLiveFrames) frames = chat_api_live_frames_new (chat_api_live_channel_get_topic (self->channel));
  g_autoptr (GPtrArray) bodies = NULL;

  for (guint i = 0; i < records->len; i++)
    chat_api_live_frames_add_record (frames, records->pdata[i]);
  bodies = chat_api_live_frames_finish (frames);
  chat_api_live_reader_send (self, bodies, FALSE);
  settle (self, JOINED);
}

static void
send_rows (ChatApiLiveReader *self, GPtrArray *rows)
{
  g_autoptr (ChatApiLiveFrames) frames = chat_api_live_frames_new (chat_api_live_channel_get_topic (self->channel));
  g_autoptr (GPtrArray) bodies = NULL;

  for (guint i = 0; i < rows->len; i++)
    if (chat_message_get_seq (rows->pdata[i]) > self->seq)
      {
        chat_api_live_frames_add_message (frames, rows->pdata[i]);
        self->seq = chat_message_get_seq (rows->pdata[i]);
      }
  bodies = chat_api_live_frames_finish (frames);
  chat_api_live_reader_send (self, bodies, FALSE);
}

static gint64
first_seq (const ChatMessagePage *page)
{
  return page->messages->len > 0 ? chat_message_get_seq (page->messages->pdata[0]) : page->head + 1;
}

/* Whether the page's rows reach back far enough; then they are told to the tail. */
static gboolean
covers_tail (ChatApiLiveReader *self, const ChatMessagePage *page)
{
  ChatApiLiveTail *tail = chat_api_live_channel_get_tail (self->channel);
  gint64 newest = chat_api_live_tail_get_newest (tail);
  gboolean all = page->messages->len == 0 || first_seq (page) <= page->first;

  if (!all && page->messages->len < chat_api_live_tail_count_waiting (tail))
    return FALSE;
  if (!all && newest != 0 && first_seq (page) > newest + 1)
    return FALSE;
  for (guint i = 0; i < page->messages->len; i++)
    chat_api_live_tail_settle (tail, chat_message_get_id (page->messages->pdata[i]),
                               chat_message_get_seq (page->messages->pdata[i]));
  return chat_api_live_tail_get_complete (tail) <= page->head;
}

/* The page that was asked for; NULL where it can't be read or is not wanted any more. */
static ChatMessagePage *
take_page (ChatApiLiveReader *self, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);

  self->asking = FALSE;
  if (self->state != REPLAYING)
    return NULL;
  if (page != NULL)
    {
      self->head = page->head;
      return g_steal_pointer (&page);
    }
  g_info ("%s can't be replayed: %s", chat_api_live_channel_get_name (self->channel), error->message);
  chat_api_live_socket_close (self->socket, SOUP_WEBSOCKET_CLOSE_SERVER_ERROR, "the store can't be read; resume");
  return NULL;
}

static void
joining_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiLiveReader) self = user_data;
  g_autoptr (ChatMessagePage) page = take_page (self, source, result);

  if (page == NULL)
    return;
  if (first_seq (page) > self->seq + 1 && self->seq < self->head)
    {
      chat_api_live_reader_advance (self); /* it has grown meanwhile: page on */
      return;
    }
  send_rows (self, page->messages);
  if (covers_tail (self, page))
    join (self);
  else if (self->reach < REACH_MAX)
    {
      self->reach = MIN (self->reach * 2, REACH_MAX);
      chat_api_live_reader_advance (self);
    }
  else
    settle (self, PARKED);
}

static void
paged_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiLiveReader) self = user_data;
  g_autoptr (ChatMessagePage) page = take_page (self, source, result);

  if (page == NULL)
    return;
  send_rows (self, page->messages);
  if (!page->more_after)
    self->seq = MAX (self->seq, page->head); /* the last rows may be gone (retention) */
  chat_api_live_reader_advance (self);
}

/* Whether the tail knows all seqs up to the head: then what waits in it is not stored so far. */
static gboolean
can_join_at_once (ChatApiLiveReader *self)
{
  ChatApiLiveTail *tail = chat_api_live_channel_get_tail (self->channel);

  return chat_api_live_tail_get_newest (tail) >= self->head && chat_api_live_tail_get_complete (tail) <= self->seq;
}

static void
ask (ChatApiLiveReader *self, ChatPageKind kind, guint limit, GAsyncReadyCallback callback)
{
  ChatPage page
      = { .kind = kind, .seq = kind == CHAT_PAGE_AFTER ? self->seq : 0, .time_ms = CHAT_TIME_UNKNOWN, .limit = limit };

  self->asking = TRUE;
  chat_message_store_list_async (self->messages, chat_api_live_channel_get_name (self->channel), &page, NULL, callback,
                                 g_object_ref (self));
}

static void
chat_api_live_reader_dispose (GObject *object)
{
  ChatApiLiveReader *self = CHAT_API_LIVE_READER (object);

  chat_api_live_reader_close (self);
  g_clear_object (&self->channel);
  g_clear_object (&self->socket);
  g_clear_object (&self->messages);
  G_OBJECT_CLASS (chat_api_live_reader_parent_class)->dispose (object);
}

static void
chat_api_live_reader_class_init (ChatApiLiveReaderClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_api_live_reader_dispose;
  signals[SETTLED] = g_signal_new ("settled", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[WOKEN] = g_signal_new ("woken", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_api_live_reader_init (ChatApiLiveReader *self)
{
  self->reach = REACH_MIN;
}

ChatApiLiveReader *
chat_api_live_reader_new (ChatApiLiveChannel *channel, ChatApiLiveSocket *socket, ChatMessageStore *messages,
                          gint64 ref, ChatApiLiveWants wants, gint64 after, gint64 head)
{
  ChatApiLiveReader *self = g_object_new (CHAT_TYPE_API_LIVE_READER, NULL);

  self->channel = g_object_ref (channel);
  self->socket = g_object_ref (socket);
  self->messages = g_object_ref (messages);
  self->ref = ref;
  self->wants = wants;
  self->seq = MIN (after, head); /* who claims more has seen another store */
  self->head = head;
  chat_api_live_channel_add_reader (channel, self);
  return self;
}

void
chat_api_live_reader_advance (ChatApiLiveReader *self)
{
  if (self->asking)
    return;
  if (self->state != REPLAYING)
    g_signal_emit (self, signals[SETTLED], 0);
  else if (!(self->wants & CHAT_API_LIVE_RECORDS))
    settle (self, JOINED);
  else if (!chat_api_live_socket_is_drained (self->socket))
    return;
  else if (self->seq < self->head)
    ask (self, CHAT_PAGE_AFTER, PAGE_ROWS, paged_cb);
  else if (can_join_at_once (self))
    join (self);
  else
    {
      ChatApiLiveTail *tail = chat_api_live_channel_get_tail (self->channel);

      self->reach = CLAMP (chat_api_live_tail_count_waiting (tail) + REACH_MIN, self->reach, REACH_MAX);
      ask (self, CHAT_PAGE_LATEST, self->reach, joining_cb);
    }
}

void
chat_api_live_reader_wake (ChatApiLiveReader *self)
{
  if (self->state != PARKED)
    return;
  self->state = REPLAYING;
  g_signal_emit (self, signals[WOKEN], 0);
}

void
chat_api_live_reader_close (ChatApiLiveReader *self)
{
  if (self->state == CLOSED)
    return;
  chat_api_live_channel_remove_reader (self->channel, self);
  settle (self, CLOSED);
}

gboolean
chat_api_live_reader_takes_records (ChatApiLiveReader *self)
{
  return self->state == JOINED && (self->wants & CHAT_API_LIVE_RECORDS);
}

gboolean
chat_api_live_reader_takes_receipts (ChatApiLiveReader *self)
{
  return self->state == JOINED && (self->wants & CHAT_API_LIVE_RECEIPTS);
}

gint64
chat_api_live_reader_get_seq (ChatApiLiveReader *self)
{
  return self->seq;
}

void
chat_api_live_reader_send (ChatApiLiveReader *self, GPtrArray *bodies, gboolean live)
{
  for (guint i = 0; i < bodies->len; i++)
    chat_api_live_socket_send_records (self->socket, self->ref, bodies->pdata[i], live);
}
