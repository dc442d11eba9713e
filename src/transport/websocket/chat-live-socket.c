/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/websocket/chat-live-socket.h"

#include <glib/gi18n-lib.h>

/* The service sends 1 MiB at most. */
#define FRAME_MOST (1024 * 1024)

struct _ChatLiveSocket
{
  GObject parent_instance;

  /* Owned */
  SoupSession *session;
  SoupMessage *handshake;
  SoupWebsocketConnection *connection; /* nullable: until it is open */
  GCancellable *cancellable;
  char *uri;
  char *failure; /* nullable: what libsoup said of the connection */

  guint silence_ms;
  guint watch_source;
  gboolean heard; /* since the last look */
  gboolean asked;
  gboolean ended;
};

G_DEFINE_FINAL_TYPE (ChatLiveSocket, chat_live_socket, G_TYPE_OBJECT)

enum
{
  OPENED,
  FRAME,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Lets go of the connection; libsoup finishes the goodbye, or gives it up, by itself. */
static void
let_go (ChatLiveSocket *self)
{
  g_clear_handle_id (&self->watch_source, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  if (self->connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->connection, self);
  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    {
      /* it lives until its close is through, or has timed out */
      g_signal_connect (g_object_ref (self->connection), "closed", G_CALLBACK (g_object_unref), NULL);
      soup_websocket_connection_close (self->connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    }
  g_clear_object (&self->connection);
}

static void
end (ChatLiveSocket *self, gboolean refused, const char *reason)
{
  g_autoptr (ChatLiveSocket) hold = g_object_ref (self);

  if (self->ended)
    return;
  self->ended = TRUE;
  let_go (self);
  g_signal_emit (self, signals[CLOSED], 0, refused, reason);
}

/* The service's own reason to close (RFC 6455, 7.4), as a sentence. (transfer full) */
static char *
describe_close (ChatLiveSocket *self)
{
  gushort code = soup_websocket_connection_get_close_code (self->connection);
  const char *data = soup_websocket_connection_get_close_data (self->connection);

  switch (code)
    {
    case SOUP_WEBSOCKET_CLOSE_GOING_AWAY:
      return g_strdup (_ ("the service is stopping"));
    case 4013: /* the service's own; 1013 (“try again later”) is one that libsoup does not let through */
      return g_strdup (_ ("the service was ahead of this computer"));
    case SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION:
      /* Translators: what the service says of it */
      return g_strdup_printf (_ ("the service ended the connection: %s"),
                              data != NULL && *data != '\0' ? data : _ ("no reason was given"));
    default:
      break;
    }
  if (self->failure != NULL)
    return g_strdup (self->failure);
  return g_strdup (code == 0 ? _ ("the connection broke") : _ ("the service ended the connection"));
}

static void
closed_cb (ChatLiveSocket *self)
{
  g_autofree char *reason = describe_close (self);

  end (self, FALSE, reason);
}

static void
error_cb (ChatLiveSocket *self, GError *error)
{
  g_free (self->failure);
  self->failure = g_strdup (error->message);
}

static void
message_cb (ChatLiveSocket *self, SoupWebsocketDataType type, GBytes *bytes)
{
  g_autoptr (ChatLiveSocket) hold = g_object_ref (self);

  self->heard = TRUE;
  self->asked = FALSE;
  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    g_signal_emit (self, signals[FRAME], 0, bytes);
  else
    end (self, FALSE, _ ("the service sent a binary frame"));
}

/* Looks every so often whether anything was heard. */
static gboolean
watch_cb (gpointer user_data)
{
  ChatLiveSocket *self = user_data;

  if (self->heard)
    {
      self->heard = FALSE;
      return G_SOURCE_CONTINUE;
    }
  if (self->connection == NULL || self->asked)
    {
      self->watch_source = 0;
      end (self, FALSE, _ ("the service does not answer"));
      return G_SOURCE_REMOVE;
    }
  self->asked = TRUE;
  soup_websocket_connection_send_text (self->connection, "{\"op\":\"ping\",\"ref\":0}");
  return G_SOURCE_CONTINUE;
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLiveSocket) self = user_data;
  g_autoptr (GError) error = NULL;
  SoupWebsocketConnection *connection = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);
  guint status = soup_message_get_status (self->handshake);
  gboolean refused = status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN;

  self->connection = connection;
  if (self->ended)
    {
      let_go (self);
      return;
    }
  if (connection == NULL && status >= 400)
    {
      g_autofree char *reason = g_strdup_printf (_ ("%s answered “%u %s”"), self->uri, status,
                                                 soup_message_get_reason_phrase (self->handshake));

      end (self, refused, reason);
      return;
    }
  if (connection == NULL)
    {
      end (self, FALSE, error->message);
      return;
    }
  soup_websocket_connection_set_max_incoming_payload_size (connection, FRAME_MOST);
  g_signal_connect_object (connection, "message", G_CALLBACK (message_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (connection, "error", G_CALLBACK (error_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (connection, "closed", G_CALLBACK (closed_cb), self, G_CONNECT_SWAPPED);
  self->heard = TRUE;
  g_signal_emit (self, signals[OPENED], 0);
}

/* Overrides */

static void
chat_live_socket_dispose (GObject *object)
{
  ChatLiveSocket *self = CHAT_LIVE_SOCKET (object);

  self->ended = TRUE;
  let_go (self);
  G_OBJECT_CLASS (chat_live_socket_parent_class)->dispose (object);
}

static void
chat_live_socket_finalize (GObject *object)
{
  ChatLiveSocket *self = CHAT_LIVE_SOCKET (object);

  g_clear_object (&self->session);
  g_clear_object (&self->handshake);
  g_clear_object (&self->cancellable);
  g_free (self->uri);
  g_free (self->failure);
  G_OBJECT_CLASS (chat_live_socket_parent_class)->finalize (object);
}

static void
chat_live_socket_class_init (ChatLiveSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = chat_live_socket_dispose;
  object_class->finalize = chat_live_socket_finalize;

  signals[OPENED]
      = g_signal_new ("opened", CHAT_TYPE_LIVE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FRAME] = g_signal_new ("frame", CHAT_TYPE_LIVE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                 G_TYPE_BYTES | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[CLOSED] = g_signal_new ("closed", CHAT_TYPE_LIVE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  2, G_TYPE_BOOLEAN, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
chat_live_socket_init (ChatLiveSocket *self)
{
  self->cancellable = g_cancellable_new ();
}

ChatLiveSocket *
chat_live_socket_new (SoupSession *session, const char *uri, const char *token, guint silence_ms)
{
  ChatLiveSocket *self = g_object_new (CHAT_TYPE_LIVE_SOCKET, NULL);
  g_autofree char *address = g_strconcat (uri, g_str_has_suffix (uri, "/") ? "v1/live" : "/v1/live", NULL);

  self->session = g_object_ref (session);
  self->uri = g_strdup (uri);
  self->silence_ms = silence_ms;
  self->handshake = soup_message_new (SOUP_METHOD_GET, address);
  if (self->handshake != NULL && token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (self->handshake), "Authorization", bearer);
    }
  return self;
}

static gboolean
bad_address_cb (gpointer user_data)
{
  ChatLiveSocket *self = user_data;
  g_autofree char *reason = g_strdup_printf (_ ("“%s” is no address of a service"), self->uri);

  end (self, TRUE, reason);
  return G_SOURCE_REMOVE;
}

void
chat_live_socket_open (ChatLiveSocket *self)
{
  g_return_if_fail (CHAT_IS_LIVE_SOCKET (self));

  if (self->handshake == NULL)
    {
      g_idle_add_full (G_PRIORITY_DEFAULT, bad_address_cb, g_object_ref (self), g_object_unref);
      return;
    }
  self->watch_source = g_timeout_add (self->silence_ms, watch_cb, self);
  self->heard = TRUE;
  soup_session_websocket_connect_async (self->session, self->handshake, NULL, NULL, G_PRIORITY_DEFAULT,
                                        self->cancellable, opened_cb, g_object_ref (self));
}

void
chat_live_socket_send (ChatLiveSocket *self, const char *text)
{
  g_return_if_fail (CHAT_IS_LIVE_SOCKET (self));

  if (self->connection != NULL && soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (self->connection, text);
}

void
chat_live_socket_close (ChatLiveSocket *self)
{
  g_return_if_fail (CHAT_IS_LIVE_SOCKET (self));

  self->ended = TRUE;
  let_go (self);
}
