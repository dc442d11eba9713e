/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-proxy.h"

#define CHUNK 65536

struct _ChatTestProxy
{
  GSocketService *service;
  GPtrArray *pipes; /* Pipe */
  GCancellable *cancellable;
  guint16 port, target;
  gboolean unreachable;
  gboolean silent;
};

/* One direction of a connection. */
typedef struct
{
  ChatTestProxy *proxy;
  GIOStream *from, *to;
  guint8 *data;
  gsize held; /* bytes of data that wait for the end of a silence */
} Pipe;

static void pump (Pipe *pipe);

static void
pipe_free (Pipe *pipe)
{
  g_object_unref (pipe->from);
  g_object_unref (pipe->to);
  g_free (pipe->data);
  g_free (pipe);
}

/* Both directions end with the first: their streams are closed, so the other one's read fails. */
static void
pipe_end (Pipe *pipe)
{
  g_io_stream_close (pipe->from, NULL, NULL);
  g_io_stream_close (pipe->to, NULL, NULL);
  if (pipe->proxy != NULL)
    g_ptr_array_remove_fast (pipe->proxy->pipes, pipe);
  pipe_free (pipe);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pipe *pipe = user_data;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL))
    pipe_end (pipe);
  else
    pump (pipe);
}

static void
forward (Pipe *pipe, gsize length)
{
  pipe->held = 0;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (pipe->to), pipe->data, length, G_PRIORITY_DEFAULT,
                                   NULL, written_cb, pipe);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pipe *pipe = user_data;
  gssize length = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  if (length <= 0)
    pipe_end (pipe);
  else if (pipe->proxy != NULL && pipe->proxy->silent)
    pipe->held = (gsize)length; /* TCP loses nothing in mid-stream: it comes late, or the connection ends */
  else
    forward (pipe, (gsize)length);
}

static void
pump (Pipe *pipe)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (pipe->from), pipe->data, CHUNK, G_PRIORITY_DEFAULT,
                             pipe->proxy != NULL ? pipe->proxy->cancellable : NULL, read_cb, pipe);
}

static void
pipe_new (ChatTestProxy *self, GIOStream *from, GIOStream *to)
{
  Pipe *pipe = g_new (Pipe, 1);

  *pipe = (Pipe){ self, g_object_ref (from), g_object_ref (to), g_malloc (CHUNK), 0 };
  g_ptr_array_add (self->pipes, pipe);
  pump (pipe);
}

static gboolean
incoming_cb (GSocketService *service, GSocketConnection *connection, GObject *source, ChatTestProxy *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) target = NULL;

  if (self->unreachable)
    {
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      return TRUE;
    }
  /* on this machine, so it does not wait */
  target = g_socket_client_connect_to_host (client, "127.0.0.1", self->target, NULL, NULL);
  if (target == NULL)
    {
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      return TRUE;
    }
  pipe_new (self, G_IO_STREAM (connection), G_IO_STREAM (target));
  pipe_new (self, G_IO_STREAM (target), G_IO_STREAM (connection));
  return TRUE;
}

static gboolean
open_port (ChatTestProxy *self, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) host = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (host, port);
  g_autoptr (GSocketAddress) chosen = NULL;

  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, &chosen, error))
    return FALSE;
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (chosen));
  return TRUE;
}

ChatTestProxy *
chat_test_proxy_new (guint16 target)
{
  return chat_test_proxy_new_at (0, target);
}

ChatTestProxy *
chat_test_proxy_new_at (guint16 port, guint16 target)
{
  ChatTestProxy *self = g_new0 (ChatTestProxy, 1);
  g_autoptr (GError) error = NULL;

  self->target = target;
  self->pipes = g_ptr_array_new ();
  self->cancellable = g_cancellable_new ();
  self->service = g_socket_service_new ();
  open_port (self, port, &error);
  g_assert_no_error (error);
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming_cb), self);
  return self;
}

/* A pipe ends when its read does; until then it no longer belongs to the proxy. One that holds something back does not
 * read. */
static void
cut (ChatTestProxy *self)
{
  for (guint i = 0; i < self->pipes->len; i++)
    {
      Pipe *pipe = g_ptr_array_index (self->pipes, i);

      pipe->proxy = NULL;
      if (pipe->held > 0)
        pipe_end (pipe);
    }
  g_ptr_array_set_size (self->pipes, 0);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
}

void
chat_test_proxy_free (ChatTestProxy *self)
{
  cut (self);
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->pipes);
  g_free (self);
}

guint16
chat_test_proxy_get_port (ChatTestProxy *self)
{
  return self->port;
}

void
chat_test_proxy_set_reachable (ChatTestProxy *self, gboolean reachable)
{
  self->unreachable = !reachable;
  if (!reachable)
    cut (self);
}

void
chat_test_proxy_set_silent (ChatTestProxy *self, gboolean silent)
{
  self->silent = silent;
  for (guint i = 0; !silent && i < self->pipes->len; i++)
    {
      Pipe *pipe = g_ptr_array_index (self->pipes, i);

      if (pipe->held > 0)
        forward (pipe, pipe->held);
    }
}
