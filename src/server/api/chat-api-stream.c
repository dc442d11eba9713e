/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-stream.h"

struct _ChatApiStream
{
  ChatApiRequest *request;
  GCancellable *cancellable;
  ChatApiStreamMore more;
  gpointer user_data;
  GDestroyNotify destroy;
  gboolean over;
};

static void
stream_clear (gpointer data)
{
  ChatApiStream *self = data;

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->request, chat_api_request_unref);
}

ChatApiStream *
chat_api_stream_ref (ChatApiStream *self)
{
  return g_rc_box_acquire (self);
}

void
chat_api_stream_unref (ChatApiStream *self)
{
  g_rc_box_release_full (self, stream_clear);
}

static void
wrote_chunk_cb (SoupServerMessage *message, gpointer user_data)
{
  ChatApiStream *self = user_data;

  if (!self->over)
    self->more (self, self->user_data);
}

static void
finished_cb (SoupServerMessage *message, gpointer user_data)
{
  ChatApiStream *self = user_data;

  g_signal_handlers_disconnect_by_data (message, self);
  self->over = TRUE;
  g_cancellable_cancel (self->cancellable);
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  chat_api_stream_unref (self);
}

static gboolean
is_head (SoupServerMessage *message)
{
  return g_str_equal (soup_server_message_get_method (message), SOUP_METHOD_HEAD);
}

ChatApiStream *
chat_api_stream_begin (ChatApiRequest *request, const char *type, ChatApiStreamMore more, gpointer user_data,
                       GDestroyNotify destroy)
{
  SoupServerMessage *message = request->message;
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  ChatApiStream *self;

  if (!chat_api_request_begin (request))
    {
      if (destroy != NULL)
        destroy (user_data);
      return NULL;
    }
  self = g_rc_box_new0 (ChatApiStream);
  self->request = chat_api_request_ref (request);
  self->cancellable = g_cancellable_new ();
  self->more = more;
  self->user_data = user_data;
  self->destroy = destroy;
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_content_type (headers, type, NULL);
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (message), FALSE);
  g_signal_connect (message, "finished", G_CALLBACK (finished_cb), self);
  g_signal_connect (message, "wrote-chunk", G_CALLBACK (wrote_chunk_cb), self);
  if (is_head (message))
    chat_api_stream_end (self);
  else
    more (self, user_data);
  return self;
}

GCancellable *
chat_api_stream_get_cancellable (ChatApiStream *self)
{
  return self->cancellable;
}

void
chat_api_stream_write (ChatApiStream *self, char *text, gsize length)
{
  SoupMessageBody *body = soup_server_message_get_response_body (self->request->message);

  if (self->over)
    {
      g_free (text);
      return;
    }
  soup_message_body_append_take (body, (guchar *)text, length);
  soup_server_message_unpause (self->request->message);
}

void
chat_api_stream_end (ChatApiStream *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  soup_message_body_complete (soup_server_message_get_response_body (self->request->message));
  soup_server_message_unpause (self->request->message);
}

void
chat_api_stream_cut (ChatApiStream *self)
{
  GSocket *socket = soup_server_message_get_socket (self->request->message);

  if (self->over)
    return;
  self->over = TRUE;
  if (socket != NULL)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
  /* libsoup sees that the connection has ended when it writes the next time. */
  soup_message_body_append (soup_server_message_get_response_body (self->request->message), SOUP_MEMORY_STATIC, "\n",
                            1);
  soup_server_message_unpause (self->request->message);
}
