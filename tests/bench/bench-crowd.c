/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem() */
#include "bench-crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256
#define STUCK_S 20
/* What is read at once; frames that are cut in two wait in a buffer of their own. */
#define INPUT_BYTES (256 * 1024)
#define ID_BYTES 36
#define NUMBER_AT 24

typedef struct
{
  guint number;
  int socket;
  GByteArray *rest; /* of what came: less than a frame */
} Reader;

struct _Crowd
{
  int epoll;
  int wake; /* an eventfd that ends the thread */
  Reader *readers;
  guint n_readers;
  GThread *thread;
  char *input;

  GMutex lock; /* for all below */
  GCond done;
  gint64 *seen;
  guint messages;
  gsize missing;
};

static void
note_messages (Crowd *self, const Reader *reader, const guint8 *frame, gsize length, gint64 now)
{
  static const char member[] = "\"id\":\"";
  const char *at = (const char *)frame, *end = at + length;

  while ((at = memmem (at, (gsize)(end - at), member, sizeof member - 1)) != NULL)
    {
      guint64 number;
      gint64 *seen;

      at += sizeof member - 1;
      if (end - at < ID_BYTES)
        break;
      number = g_ascii_strtoull (at + NUMBER_AT, NULL, 16);
      if (number >= self->messages)
        continue;
      seen = &self->seen[(gsize)reader->number * self->messages + number];
      if (*seen != 0)
        g_error ("Reader %u has had message %" G_GUINT64_FORMAT " twice", reader->number, number);
      *seen = now;
      self->missing--;
    }
}

/* The length of the first frame with its head; 0: it is not all there. A server's frames have no mask. */
static gsize
frame_length (const guint8 *bytes, gsize filled, gsize *head)
{
  gsize length = 0;

  if (filled < 2)
    return 0;
  *head = bytes[1] == 126 ? 4 : bytes[1] == 127 ? 10 : 2;
  if (filled < *head)
    return 0;
  for (gsize i = 2; i < *head; i++)
    length = length << 8 | bytes[i];
  if (*head == 2)
    length = bytes[1];
  return *head + length <= filled ? *head + length : 0;
}

static void
take (Crowd *self, Reader *reader, const guint8 *bytes, gsize filled, gint64 now)
{
  gsize length, head, used = 0;

  if (reader->rest->len > 0)
    {
      g_byte_array_append (reader->rest, bytes, (guint)filled);
      bytes = reader->rest->data;
      filled = reader->rest->len;
    }
  while ((length = frame_length (bytes + used, filled - used, &head)) > 0)
    {
      if ((bytes[used] & 0x0f) == 0x8)
        g_error ("Reader %u was sent away: %.*s", reader->number, (int)(length - head - 2), bytes + used + head + 2);
      note_messages (self, reader, bytes + used + head, length - head, now);
      used += length;
    }
  if (bytes == reader->rest->data)
    g_byte_array_remove_range (reader->rest, 0, (guint)used);
  else
    g_byte_array_append (reader->rest, bytes + used, (guint)(filled - used));
}

static gpointer
read_all (gpointer data)
{
  Crowd *self = data;
  struct epoll_event events[EVENTS];

  for (;;)
    {
      int n = epoll_wait (self->epoll, events, EVENTS, -1);

      for (int i = 0; i < n; i++)
        {
          Reader *reader = events[i].data.ptr;
          gssize got;

          if (reader == NULL)
            return NULL;
          got = recv (reader->socket, self->input, INPUT_BYTES, MSG_DONTWAIT);
          if (got == 0 || (got < 0 && errno != EAGAIN))
            g_error ("Reader %u has lost its connection", reader->number);
          if (got < 0)
            continue;
          g_mutex_lock (&self->lock);
          take (self, reader, (const guint8 *)self->input, (gsize)got, g_get_monotonic_time ());
          if (self->missing == 0)
            g_cond_signal (&self->done);
          g_mutex_unlock (&self->lock);
        }
    }
}

/* Connecting: one after the other, blocking */

static void
send_all (const Reader *reader, const void *bytes, gsize length)
{
  if (send (reader->socket, bytes, length, MSG_NOSIGNAL) != (gssize)length)
    g_error ("Reader %u can't send: %s", reader->number, g_strerror (errno));
}

static void
read_until (Crowd *self, const Reader *reader, const char *text)
{
  gsize filled = 0;

  while (memmem (self->input, filled, text, strlen (text)) == NULL)
    {
      gssize got = recv (reader->socket, self->input + filled, INPUT_BYTES - filled, 0);

      if (got <= 0)
        g_error ("Reader %u has had no “%s”: %.*s", reader->number, text, (int)filled, self->input);
      filled += (gsize)got;
    }
}

static void
subscribe (Crowd *self, const Reader *reader, const char *channel)
{
  g_autofree char *text
      = g_strdup_printf ("{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[\"%s\"]}",
                         channel);
  char frame[256] = { (char)0x81, (char)(0x80 | strlen (text)) }; /* behind this a mask of zeros */

  g_assert (strlen (text) < 126);
  memcpy (frame + 6, text, strlen (text));
  send_all (reader, frame, 6 + strlen (text));
  read_until (self, reader, "\"subscribed\"");
}

static void
connect_reader (Crowd *self, Reader *reader, const struct sockaddr_in *address, const char *token, const char *channel)
{
  const struct timeval patience = { .tv_sec = STUCK_S };
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = reader };
  g_autofree char *request
      = g_strdup_printf ("GET /v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                         "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                         token);

  reader->socket = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (reader->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect (reader->socket, (const struct sockaddr *)address, sizeof *address) != 0)
    g_error ("Reader %u can't connect: %s", reader->number, g_strerror (errno));
  send_all (reader, request, strlen (request));
  read_until (self, reader, "\r\n\r\n");
  if (strncmp (self->input, "HTTP/1.1 101 ", strlen ("HTTP/1.1 101 ")) != 0)
    g_error ("No live feed: %.100s", self->input);
  subscribe (self, reader, channel);
  epoll_ctl (self->epoll, EPOLL_CTL_ADD, reader->socket, &event);
}

Crowd *
crowd_new (const char *uri, GPtrArray *tokens, const char *channel)
{
  Crowd *self = g_new0 (Crowd, 1);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct epoll_event woken = { .events = EPOLLIN };
  guint port;

  if (sscanf (uri, "http://127.0.0.1:%u/", &port) != 1)
    g_error ("Not a URI on this machine: %s", uri);
  address.sin_port = htons ((guint16)port);
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->wake = eventfd (0, EFD_CLOEXEC);
  epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->wake, &woken);
  self->input = g_malloc (INPUT_BYTES);
  self->n_readers = tokens->len;
  self->readers = g_new0 (Reader, tokens->len);
  for (guint i = 0; i < tokens->len; i++)
    {
      self->readers[i].number = i;
      self->readers[i].rest = g_byte_array_new ();
      connect_reader (self, &self->readers[i], &address, tokens->pdata[i], channel);
    }
  self->thread = g_thread_new ("crowd", read_all, self);
  return self;
}

void
crowd_free (Crowd *self)
{
  const guint64 one = 1;

  if (write (self->wake, &one, sizeof one) != sizeof one)
    g_error ("The crowd can't be ended");
  g_thread_join (self->thread);
  for (guint i = 0; i < self->n_readers; i++)
    {
      close (self->readers[i].socket);
      g_byte_array_unref (self->readers[i].rest);
    }
  close (self->epoll);
  close (self->wake);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
  g_free (self->readers);
  g_free (self->input);
  g_free (self->seen);
  g_free (self);
}

void
crowd_expect (Crowd *self, guint messages)
{
  g_mutex_lock (&self->lock);
  g_free (self->seen);
  self->messages = messages;
  self->missing = (gsize)messages * self->n_readers;
  self->seen = g_new0 (gint64, self->missing);
  g_mutex_unlock (&self->lock);
}

const gint64 *
crowd_wait (Crowd *self)
{
  gint64 end = g_get_monotonic_time () + STUCK_S * G_TIME_SPAN_SECOND;

  g_mutex_lock (&self->lock);
  while (self->missing > 0)
    if (!g_cond_wait_until (&self->done, &self->lock, end))
      g_error ("%" G_GSIZE_FORMAT " messages have not come within %d s", self->missing, STUCK_S);
  g_mutex_unlock (&self->lock);
  return self->seen;
}
