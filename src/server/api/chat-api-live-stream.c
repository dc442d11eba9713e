/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-stream.h"

/* The opcode is in the low half of a frame's first byte; from 8 on it is a control frame (RFC 6455 §5.2). */
#define OPCODE_MASK 0x0f
#define OPCODE_CONTROL 0x08

/*
 * The input: passes everything on and counts it
 */

#define TYPE_LIVE_INPUT (live_input_get_type ())
G_DECLARE_FINAL_TYPE (LiveInput, live_input, CHAT, LIVE_INPUT, GInputStream)

struct _LiveInput
{
  GInputStream parent_instance;

  /* Owned */
  GPollableInputStream *base;

  gsize limit;
  gsize received;
};

static void live_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LiveInput, live_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, live_input_pollable_init))

static gssize
live_input_count (LiveInput *self, gssize n, GError **error)
{
  if (n > 0)
    self->received += (gsize)n;
  if (self->limit == 0 || self->received <= self->limit)
    return n;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "One message is too large");
  return -1;
}

static gssize
live_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  LiveInput *self = CHAT_LIVE_INPUT (stream);

  return live_input_count (self, g_input_stream_read (G_INPUT_STREAM (self->base), buffer, count, cancellable, error),
                           error);
}

static gssize
live_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  LiveInput *self = CHAT_LIVE_INPUT (stream);

  return live_input_count (self, g_pollable_input_stream_read_nonblocking (self->base, buffer, count, NULL, error),
                           error);
}

static gboolean
live_input_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (CHAT_LIVE_INPUT (stream)->base);
}

static GSource *
live_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child = g_pollable_input_stream_create_source (CHAT_LIVE_INPUT (stream)->base, cancellable);

  return g_pollable_source_new_full (stream, child, NULL);
}

static void
live_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = live_input_is_readable;
  iface->create_source = live_input_create_source;
  iface->read_nonblocking = live_input_read_nonblocking;
}

static void
live_input_finalize (GObject *object)
{
  g_object_unref (CHAT_LIVE_INPUT (object)->base);
  G_OBJECT_CLASS (live_input_parent_class)->finalize (object);
}

static void
live_input_class_init (LiveInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = live_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = live_input_read;
}

static void
live_input_init (LiveInput *self)
{
}

/*
 * The output: passes everything on and sees where frames end
 */

#define TYPE_LIVE_OUTPUT (live_output_get_type ())
G_DECLARE_FINAL_TYPE (LiveOutput, live_output, CHAT, LIVE_OUTPUT, GOutputStream)

struct _LiveOutput
{
  GOutputStream parent_instance;

  /* Owned */
  GPollableOutputStream *base;

  /* Borrowed */
  ChatApiLiveStream *stream;

  gboolean inside; /* the beginning of a frame has been written */
  gboolean control;
};

static void live_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LiveOutput, live_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, live_output_pollable_init))

enum
{
  WRITTEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _ChatApiLiveStream
{
  GIOStream parent_instance;

  /* Owned */
  GIOStream *base;
  LiveInput *input;
  LiveOutput *output;
};

G_DEFINE_FINAL_TYPE (ChatApiLiveStream, chat_api_live_stream, G_TYPE_IO_STREAM)

/* libsoup offers what is left of one frame with each write, so a write that takes all of it ends the frame. */
static gssize
live_output_look (LiveOutput *self, const guint8 *buffer, gsize count, gssize n)
{
  if (n <= 0)
    return n;
  if (!self->inside)
    self->control = (buffer[0] & OPCODE_MASK) >= OPCODE_CONTROL;
  self->inside = (gsize)n < count;
  if (!self->inside && !self->control && self->stream != NULL)
    g_signal_emit (self->stream, signals[WRITTEN], 0);
  return n;
}

static gssize
live_output_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  LiveOutput *self = CHAT_LIVE_OUTPUT (stream);

  return live_output_look (self, buffer, count,
                           g_output_stream_write (G_OUTPUT_STREAM (self->base), buffer, count, cancellable, error));
}

static gssize
live_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count, GError **error)
{
  LiveOutput *self = CHAT_LIVE_OUTPUT (stream);

  return live_output_look (self, buffer, count,
                           g_pollable_output_stream_write_nonblocking (self->base, buffer, count, NULL, error));
}

static gboolean
live_output_is_writable (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_is_writable (CHAT_LIVE_OUTPUT (stream)->base);
}

static GSource *
live_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child = g_pollable_output_stream_create_source (CHAT_LIVE_OUTPUT (stream)->base, cancellable);

  return g_pollable_source_new_full (stream, child, NULL);
}

static void
live_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = live_output_is_writable;
  iface->create_source = live_output_create_source;
  iface->write_nonblocking = live_output_write_nonblocking;
}

static void
live_output_finalize (GObject *object)
{
  g_object_unref (CHAT_LIVE_OUTPUT (object)->base);
  G_OBJECT_CLASS (live_output_parent_class)->finalize (object);
}

static void
live_output_class_init (LiveOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = live_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = live_output_write;
}

static void
live_output_init (LiveOutput *self)
{
}

/*
 * Both together
 */

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
chat_api_live_stream_close_async (GIOStream *stream, int priority, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_live_stream_close_async);
  g_io_stream_close_async (CHAT_API_LIVE_STREAM (stream)->base, priority, cancellable, closed_cb, task);
}

static gboolean
chat_api_live_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
chat_api_live_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (CHAT_API_LIVE_STREAM (stream)->base, cancellable, error);
}

static GInputStream *
chat_api_live_stream_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (CHAT_API_LIVE_STREAM (stream)->input);
}

static GOutputStream *
chat_api_live_stream_get_output (GIOStream *stream)
{
  return G_OUTPUT_STREAM (CHAT_API_LIVE_STREAM (stream)->output);
}

static void
chat_api_live_stream_finalize (GObject *object)
{
  ChatApiLiveStream *self = CHAT_API_LIVE_STREAM (object);

  self->output->stream = NULL;
  g_object_unref (self->output);
  g_object_unref (self->input);
  g_object_unref (self->base);
  G_OBJECT_CLASS (chat_api_live_stream_parent_class)->finalize (object);
}

static void
chat_api_live_stream_class_init (ChatApiLiveStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_api_live_stream_finalize;
  stream_class->get_input_stream = chat_api_live_stream_get_input;
  stream_class->get_output_stream = chat_api_live_stream_get_output;
  stream_class->close_fn = chat_api_live_stream_close;
  stream_class->close_async = chat_api_live_stream_close_async;
  stream_class->close_finish = chat_api_live_stream_close_finish;
  signals[WRITTEN]
      = g_signal_new ("written", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_api_live_stream_init (ChatApiLiveStream *self)
{
  self->input = g_object_new (TYPE_LIVE_INPUT, NULL);
  self->output = g_object_new (TYPE_LIVE_OUTPUT, NULL);
  self->output->stream = self;
}

GIOStream *
chat_api_live_stream_new (GIOStream *base, gsize message_bytes)
{
  ChatApiLiveStream *self = g_object_new (CHAT_TYPE_API_LIVE_STREAM, NULL);

  self->base = g_object_ref (base);
  self->input->base = G_POLLABLE_INPUT_STREAM (g_object_ref (g_io_stream_get_input_stream (base)));
  self->input->limit = message_bytes;
  self->output->base = G_POLLABLE_OUTPUT_STREAM (g_object_ref (g_io_stream_get_output_stream (base)));
  return G_IO_STREAM (self);
}

void
chat_api_live_stream_uncount (ChatApiLiveStream *self, gsize bytes)
{
  self->input->received -= MIN (bytes, self->input->received);
}

void
chat_api_live_stream_message_done (ChatApiLiveStream *self)
{
  self->input->received = 0;
}
