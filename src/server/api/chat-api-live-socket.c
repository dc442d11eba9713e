/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-socket.h"

#include <string.h>

#include "server/api/chat-api-live-stream.h"

/* Of one frame, up. */
#define FRAME_MAX_KIB 128
#define FRAME_MAX_BYTES (FRAME_MAX_KIB * 1024)
/* Of one message, with the heads of its fragments and what is read ahead of the next. */
#define MESSAGE_MAX_BYTES (4 * FRAME_MAX_BYTES)
#define PING_SECONDS 20
/* A private code (RFC 6455 §7.4.2): libsoup neither sends nor takes 1013, "try again later". */
#define CLOSE_TOO_SLOW 4013
#define REASON_MAX_BYTES 123
#define PONG_HEAD_BYTES 6
/* About what a frame that waits takes beside its text. */
#define FRAME_COST 128

struct _ChatApiLiveSocket
{
  GObject parent_instance;

  /* Owned */
  SoupWebsocketConnection *connection;
  ChatApiLiveStream *stream;
  GQueue waiting; /* of Frame */

  gsize backlog;
  gsize live_bytes; /* of what waits and is not replayed */
  gboolean writing; /* libsoup has a frame; only ever one: it trips over those that a close overtakes */
  guint pump_id;
  gboolean pumping;
  gboolean closing;
  gboolean closed;
  gboolean too_slow;
};

G_DEFINE_FINAL_TYPE (ChatApiLiveSocket, chat_api_live_socket, G_TYPE_OBJECT)

enum
{
  FRAME,
  DRAINED,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* One frame that waits. What a subscription's frames have in front is only put there when it goes. */
typedef struct
{
  const char *op; /* static; NULL: the body is all of it */
  gboolean live;  /* the reader must keep up with it: records, and the answers to what he asks */
  gint64 ref;
  GBytes *body;
} Frame;

static void
frame_free (gpointer data)
{
  Frame *frame = data;

  g_bytes_unref (frame->body);
  g_free (frame);
}

static GBytes *
frame_to_text (const Frame *frame)
{
  gsize length;
  const char *body = g_bytes_get_data (frame->body, &length);
  GString *text;

  if (frame->op == NULL)
    return g_bytes_ref (frame->body);
  text = g_string_sized_new (length + 48);
  g_string_append_printf (text, "{\"op\":\"%s\",\"ref\":%" G_GINT64_FORMAT, frame->op, frame->ref);
  g_string_append_len (text, body, (gssize)length);
  return g_string_free_to_bytes (text);
}

static gsize
frame_get_cost (const Frame *frame)
{
  return FRAME_COST + g_bytes_get_size (frame->body);
}

static void
hand_over (ChatApiLiveSocket *self, Frame *frame)
{
  g_autoptr (GBytes) text = frame_to_text (frame);

  if (frame->live)
    self->live_bytes -= frame_get_cost (frame);
  self->writing = TRUE;
  soup_websocket_connection_send_message (self->connection, SOUP_WEBSOCKET_DATA_TEXT, text);
}

/* libsoup writes at once where it can, and then `written` comes from inside this loop: `drained` is then only told to
 * whoever has to wait for it. */
static void
pump (ChatApiLiveSocket *self)
{
  if (self->pumping || self->closing)
    return;
  self->pumping = TRUE;
  while (!self->closing && !self->writing && !g_queue_is_empty (&self->waiting))
    {
      Frame *frame = g_queue_pop_head (&self->waiting);

      hand_over (self, frame);
      frame_free (frame);
    }
  self->pumping = FALSE;
}

static gboolean
is_open (ChatApiLiveSocket *self)
{
  return !self->closing && soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN;
}

static void
enqueue (ChatApiLiveSocket *self, Frame frame)
{
  /* One answer may be longer than the backlog: the heads of all channels. */
  gsize expected = frame.op != NULL ? frame_get_cost (&frame) : 0;

  if (frame.live && self->live_bytes + expected > self->backlog)
    {
      g_bytes_unref (frame.body);
      self->too_slow = TRUE;
      chat_api_live_socket_close (self, CLOSE_TOO_SLOW, "too slow: more is waiting than the service keeps; resume");
      return;
    }
  if (frame.live)
    self->live_bytes += frame_get_cost (&frame);
  g_queue_push_tail (&self->waiting, g_memdup2 (&frame, sizeof frame));
  pump (self);
}

static gboolean
pump_cb (gpointer user_data)
{
  g_autoptr (ChatApiLiveSocket) self = g_object_ref (user_data);

  self->pump_id = 0;
  pump (self);
  if (chat_api_live_socket_is_drained (self))
    g_signal_emit (self, signals[DRAINED], 0);
  return G_SOURCE_REMOVE;
}

/* libsoup is in the middle of its write here, and must not be given the next frame before it is out of it. */
static void
written_cb (ChatApiLiveStream *stream, gpointer user_data)
{
  ChatApiLiveSocket *self = user_data;

  self->writing = FALSE;
  if (!self->pumping && self->pump_id == 0)
    self->pump_id = g_idle_add_full (G_PRIORITY_DEFAULT, pump_cb, self, NULL);
}

static void
message_cb (SoupWebsocketConnection *connection, int type, GBytes *message, gpointer user_data)
{
  ChatApiLiveSocket *self = user_data;
  g_autoptr (ChatApiLiveSocket) keep = g_object_ref (self);

  chat_api_live_stream_message_done (self->stream);
  if (!is_open (self))
    return;
  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    g_signal_emit (self, signals[FRAME], 0, message);
  else
    chat_api_live_socket_close (self, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "send text frames, not binary ones");
}

static void
pong_cb (SoupWebsocketConnection *connection, GBytes *payload, gpointer user_data)
{
  ChatApiLiveSocket *self = user_data;

  chat_api_live_stream_uncount (self->stream, PONG_HEAD_BYTES + g_bytes_get_size (payload));
}

/* On a frame that is too large, or a message of too many of them, libsoup hangs up without a word. This comes just
 * before. */
static void
error_cb (SoupWebsocketConnection *connection, const GError *error, gpointer user_data)
{
  gboolean too_big = g_error_matches (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG)
                     || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);

  if (too_big && soup_websocket_connection_get_state (connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_TOO_BIG,
                                     "a frame has at most " G_STRINGIFY (FRAME_MAX_KIB) " KiB");
}

static void
closed_cb (SoupWebsocketConnection *connection, gpointer user_data)
{
  ChatApiLiveSocket *self = user_data;

  if (self->closed)
    return;
  self->closed = TRUE;
  self->closing = TRUE;
  g_signal_emit (self, signals[CLOSED], 0);
}

static void
chat_api_live_socket_dispose (GObject *object)
{
  ChatApiLiveSocket *self = CHAT_API_LIVE_SOCKET (object);

  self->closing = TRUE;
  g_clear_handle_id (&self->pump_id, g_source_remove);
  g_queue_clear_full (&self->waiting, frame_free);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  if (self->stream != NULL)
    g_signal_handlers_disconnect_by_data (self->stream, self);
  g_clear_object (&self->connection);
  g_clear_object (&self->stream);
  G_OBJECT_CLASS (chat_api_live_socket_parent_class)->dispose (object);
}

static void
chat_api_live_socket_class_init (ChatApiLiveSocketClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_api_live_socket_dispose;
  signals[FRAME] = g_signal_new ("frame", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BYTES);
  signals[DRAINED] = g_signal_new ("drained", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CLOSED] = g_signal_new ("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_api_live_socket_init (ChatApiLiveSocket *self)
{
  g_queue_init (&self->waiting);
}

ChatApiLiveSocket *
chat_api_live_socket_new (GIOStream *stream, GUri *uri, gsize backlog)
{
  ChatApiLiveSocket *self = g_object_new (CHAT_TYPE_API_LIVE_SOCKET, NULL);

  self->backlog = backlog;
  self->stream = CHAT_API_LIVE_STREAM (chat_api_live_stream_new (stream, MESSAGE_MAX_BYTES));
  self->connection = soup_websocket_connection_new (G_IO_STREAM (self->stream), uri, SOUP_WEBSOCKET_CONNECTION_SERVER,
                                                    NULL, NULL, NULL);
  soup_websocket_connection_set_max_incoming_payload_size (self->connection, FRAME_MAX_BYTES);
  soup_websocket_connection_set_keepalive_interval (self->connection, PING_SECONDS);
  g_signal_connect (self->stream, "written", G_CALLBACK (written_cb), self);
  g_signal_connect (self->connection, "message", G_CALLBACK (message_cb), self);
  g_signal_connect (self->connection, "error", G_CALLBACK (error_cb), self);
  g_signal_connect (self->connection, "pong", G_CALLBACK (pong_cb), self);
  g_signal_connect (self->connection, "closed", G_CALLBACK (closed_cb), self);
  return self;
}

void
chat_api_live_socket_send (ChatApiLiveSocket *self, char *text)
{
  GBytes *body = g_bytes_new_take (text, strlen (text));

  if (is_open (self))
    enqueue (self, (Frame){ .live = TRUE, .body = body });
  else
    g_bytes_unref (body);
}

void
chat_api_live_socket_send_records (ChatApiLiveSocket *self, gint64 ref, GBytes *body, gboolean live)
{
  if (is_open (self))
    enqueue (self, (Frame){ .op = "records", .live = live, .ref = ref, .body = g_bytes_ref (body) });
}

void
chat_api_live_socket_send_feed (ChatApiLiveSocket *self, const char *op, gint64 ref, GBytes *body)
{
  if (is_open (self))
    enqueue (self, (Frame){ .op = op, .live = TRUE, .ref = ref, .body = g_bytes_ref (body) });
}

gboolean
chat_api_live_socket_is_drained (ChatApiLiveSocket *self)
{
  return !self->writing && g_queue_is_empty (&self->waiting);
}

gsize
chat_api_live_socket_get_backlog (ChatApiLiveSocket *self)
{
  return self->live_bytes;
}

gboolean
chat_api_live_socket_was_too_slow (ChatApiLiveSocket *self)
{
  return self->too_slow;
}

/* A close frame has room for so many bytes (RFC 6455 §5.5), and they must be whole characters. */
static char *
fit_reason (const char *reason)
{
  char *cut = g_strndup (reason, REASON_MAX_BYTES);
  const char *end;

  if (!g_utf8_validate (cut, -1, &end))
    cut[end - cut] = '\0';
  return cut;
}

void
chat_api_live_socket_close (ChatApiLiveSocket *self, gushort code, const char *reason)
{
  g_autofree char *fitting = NULL;

  if (!is_open (self))
    return;
  fitting = fit_reason (reason);
  self->closing = TRUE;
  g_queue_clear_full (&self->waiting, frame_free);
  self->live_bytes = 0;
  soup_websocket_connection_close (self->connection, code, fitting);
}
