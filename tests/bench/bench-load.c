/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem() */
#include "bench-load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Nothing for so long: the service is stuck. */
#define STUCK_MS 10000
#define EVENTS 64
#define INPUT_BYTES (2 * 1024 * 1024)
#define NUMBER_DIGITS 12

typedef struct
{
  int socket;
  gboolean live;
  gboolean busy; /* a request has not been answered */

  /* The request that is sent again and again, and where in it what changes stands */
  char *request;
  gsize length;
  gsize id, number;
  gsize written; /* of the request */

  char *input;
  gsize filled;
} Connection;

struct _Load
{
  int epoll;
  guint instance; /* of those of this process */
  struct sockaddr_in address;
  GPtrArray *tokens;
  GPtrArray *connections; /* (element-type Connection): those that post */
  Connection *listener;

  /* While it runs */
  LoadLedger *ledger;
  guint next;
  guint answered;
  guint seen;
  guint next_connection;
};

static gint64
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

static LoadLedger *
ledger_new (guint messages)
{
  LoadLedger *self = g_new0 (LoadLedger, 1);

  self->messages = messages;
  self->ids = g_malloc0_n (messages, LOAD_ID_BYTES);
  self->sent = g_new0 (gint64, messages);
  self->seen = g_new0 (gint64, messages);
  return self;
}

void
load_ledger_free (LoadLedger *self)
{
  g_free (self->ids);
  g_free (self->sent);
  g_free (self->seen);
  g_free (self);
}

/* Connections */

static Connection *
connection_new (Load *self, gboolean live)
{
  Connection *connection = g_new0 (Connection, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
  const int yes = 1;

  connection->live = live;
  connection->input = g_malloc (INPUT_BYTES);
  connection->socket = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (connection->socket, (struct sockaddr *)&self->address, sizeof self->address) != 0)
    g_error ("Can't connect: %s", g_strerror (errno));
  setsockopt (connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  epoll_ctl (self->epoll, EPOLL_CTL_ADD, connection->socket, &event);
  return connection;
}

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  close (connection->socket);
  g_free (connection->request);
  g_free (connection->input);
  g_free (connection);
}

/* As many bytes as a usual line of chat has. */
#define BODY                                                                                                           \
  "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"data\":\"%0*d: is the train to the coast on time today, or do "  \
  "we "                                                                                                                \
  "take the bus?\"}"

static void
connection_prepare (Connection *connection, const char *channel, const char *token)
{
  g_autofree char *body = g_strdup_printf (BODY, NUMBER_DIGITS, 0);

  g_free (connection->request);
  connection->request
      = g_strdup_printf ("POST /v1/channels/%s/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                         channel, token, strlen (body), body);
  connection->length = strlen (connection->request);
  connection->id = (gsize)(strstr (connection->request, "\"id\":\"") - connection->request) + strlen ("\"id\":\"");
  connection->number
      = (gsize)(strstr (connection->request, "\"data\":\"") - connection->request) + strlen ("\"data\":\"");
}

static void
put_digits (char *place, guint64 value, guint n_digits, guint base)
{
  for (guint i = n_digits; i > 0; i--, value /= base)
    place[i - 1] = "0123456789abcdef"[value % base];
}

/* RFC 9562, version 7: the time first; of the rest the load and the number are enough to tell one from another. */
static void
put_id (char *place, guint load, guint number)
{
  gint64 now_ms = g_get_real_time () / 1000;

  put_digits (place, (guint64)now_ms >> 16, 8, 16);
  put_digits (place + 9, (guint64)now_ms & 0xffff, 4, 16);
  place[14] = '7';
  put_digits (place + 15, load, 3, 16);
  memcpy (place + 19, "8000", 4);
  put_digits (place + 24, number, 12, 16);
}

static void
flush (Connection *connection)
{
  gssize n_written = send (connection->socket, connection->request + connection->written,
                           connection->length - connection->written, MSG_NOSIGNAL);

  /* a request fits into an empty socket buffer; if not, the rest blocks for a moment */
  if (n_written < 0)
    g_error ("Can't send: %s", g_strerror (errno));
  connection->written += (gsize)n_written;
  if (connection->written < connection->length)
    flush (connection);
}

static void
post (Load *self, Connection *connection, gint64 due_us)
{
  guint number = self->next++;

  put_id (connection->request + connection->id, self->instance, number);
  put_digits (connection->request + connection->number, number, NUMBER_DIGITS, 10);
  memcpy (self->ledger->ids[number], connection->request + connection->id, LOAD_ID_BYTES - 1);
  self->ledger->sent[number] = due_us;
  connection->busy = TRUE;
  connection->written = 0;
  flush (connection);
}

/* Answers */

static void
fill (Connection *connection)
{
  gssize n_read = recv (connection->socket, connection->input + connection->filled, INPUT_BYTES - connection->filled,
                        MSG_DONTWAIT);

  if (n_read < 0 && errno == EAGAIN)
    return;
  if (n_read <= 0)
    g_error ("The service closed a connection: %s", n_read < 0 ? g_strerror (errno) : "end");
  connection->filled += (gsize)n_read;
}

static void
consume (Connection *connection, gsize length)
{
  connection->filled -= length;
  memmove (connection->input, connection->input + length, connection->filled);
}

/* The length of the first answer, with its head; 0: it is not all there. */
static gsize
answer_length (const Connection *connection)
{
  static const char field[] = "\r\nContent-Length: ";
  const char *end = memmem (connection->input, connection->filled, "\r\n\r\n", 4);
  const char *length;
  gsize total;

  if (end == NULL)
    return 0;
  total = (gsize)(end - connection->input) + 4;
  length = memmem (connection->input, total, field, sizeof field - 1);
  if (length != NULL)
    total += g_ascii_strtoull (length + sizeof field - 1, NULL, 10);
  return total <= connection->filled ? total : 0;
}

static void
take_answer (Load *self, Connection *connection)
{
  gsize length = answer_length (connection);

  if (length == 0)
    return;
  if (strncmp (connection->input, "HTTP/1.1 202 ", strlen ("HTTP/1.1 202 ")) != 0)
    g_error ("Not accepted: %.*s", (int)length, connection->input);
  consume (connection, length);
  connection->busy = FALSE;
  self->answered++;
  self->ledger->accepted++;
}

/* The length of the first frame, with its head; 0: it is not all there. A server's frames have no mask. */
static gsize
frame_length (const Connection *connection, gsize *head)
{
  const guint8 *bytes = (const guint8 *)connection->input;
  gsize length = 0;

  if (connection->filled < 2)
    return 0;
  *head = bytes[1] == 126 ? 4 : bytes[1] == 127 ? 10 : 2;
  if (connection->filled < *head)
    return 0;
  for (gsize i = 2; i < *head; i++)
    length = length << 8 | bytes[i];
  if (*head == 2)
    length = bytes[1];
  return *head + length <= connection->filled ? *head + length : 0;
}

/* Every id of ours in a frame says which message has come. */
static void
take_frame (Load *self, const char *frame, gsize length, gint64 now)
{
  static const char member[] = "\"id\":\"";
  const char *end = frame + length;

  while ((frame = memmem (frame, (gsize)(end - frame), member, sizeof member - 1)) != NULL)
    {
      guint64 number;

      frame += sizeof member - 1;
      number = g_ascii_strtoull (frame + 24, NULL, 16);
      if (end - frame < LOAD_ID_BYTES || number >= self->next
          || memcmp (frame, self->ledger->ids[number], LOAD_ID_BYTES - 1) != 0)
        continue;
      if (self->ledger->seen[number] != 0)
        g_error ("Message %" G_GUINT64_FORMAT " came twice on the live feed", number);
      self->ledger->seen[number] = now;
      self->seen++;
    }
}

static void
take_frames (Load *self, Connection *connection)
{
  gint64 now = g_get_monotonic_time ();
  gsize length, head;

  while ((length = frame_length (connection, &head)) > 0)
    {
      if ((connection->input[0] & 0x0f) == 0x1 && self->ledger != NULL)
        take_frame (self, connection->input + head, length - head, now);
      consume (connection, length);
    }
}

/* Waits for something to come, and takes it in. Returns how often the timer has gone off. */
static guint64
wait_some (Load *self, int timer)
{
  struct epoll_event events[EVENTS];
  int n_events = epoll_wait (self->epoll, events, EVENTS, STUCK_MS);
  guint64 ticks = 0;

  if (n_events == 0)
    g_error ("The service has done nothing for %d ms: %u of %u answered, %u seen", STUCK_MS, self->answered, self->next,
             self->seen);
  for (int i = 0; i < n_events; i++)
    {
      Connection *connection = events[i].data.ptr;

      if (connection == NULL)
        {
          if (read (timer, &ticks, sizeof ticks) != sizeof ticks)
            ticks = 0;
          continue;
        }
      fill (connection);
      if (connection->live)
        take_frames (self, connection);
      else
        take_answer (self, connection);
    }
  return ticks;
}

/* The live feed */

static void
send_all (Connection *connection, const char *bytes, gsize length)
{
  if (send (connection->socket, bytes, length, MSG_NOSIGNAL) != (gssize)length)
    g_error ("Can't send: %s", g_strerror (errno));
}

/* A short text frame, with a mask of zeros. */
static void
send_text_frame (Connection *connection, const char *text)
{
  gsize length = strlen (text);
  g_autofree char *frame = g_malloc (length + 6);
  const guint8 head[6] = { 0x81, 0x80 | (guint8)length };

  g_assert (length < 126);
  memcpy (frame, head, sizeof head);
  memcpy (frame + sizeof head, text, length);
  send_all (connection, frame, length + sizeof head);
}

static void
wait_for_text (Load *self, Connection *connection, const char *text)
{
  while (memmem (connection->input, connection->filled, text, strlen (text)) == NULL)
    {
      struct epoll_event event;

      if (epoll_wait (self->epoll, &event, 1, STUCK_MS) == 0)
        g_error ("The live feed does not answer with “%s”", text);
      fill (connection);
    }
}

void
load_listen (Load *self, const char *token, const char *channel)
{
  Connection *connection = connection_new (self, TRUE);
  g_autofree char *request
      = g_strdup_printf ("GET /v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                         "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                         token);
  g_autofree char *subscribe
      = g_strdup_printf ("{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[\"%s\"]}",
                         channel);

  self->listener = connection;
  send_all (connection, request, strlen (request));
  wait_for_text (self, connection, "\r\n\r\n");
  if (strncmp (connection->input, "HTTP/1.1 101 ", strlen ("HTTP/1.1 101 ")) != 0)
    g_error ("No live feed: %.*s", (int)connection->filled, connection->input);
  consume (connection, answer_length (connection));
  send_text_frame (connection, subscribe);
  wait_for_text (self, connection, "\"subscribed\"");
  take_frames (self, connection);
}

Load *
load_new (const char *uri, GPtrArray *tokens)
{
  static gint instances = 0;
  Load *self = g_new0 (Load, 1);
  guint port;

  if (sscanf (uri, "http://127.0.0.1:%u/", &port) != 1)
    g_error ("Not a URI on this machine: %s", uri);
  self->address = (struct sockaddr_in){ .sin_family = AF_INET,
                                        .sin_port = htons ((guint16)port),
                                        .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  self->instance = (guint)g_atomic_int_add (&instances, 1);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->tokens = g_ptr_array_ref (tokens);
  self->connections = g_ptr_array_new_with_free_func (connection_free);
  for (guint i = 0; i < tokens->len; i++)
    g_ptr_array_add (self->connections, connection_new (self, FALSE));
  return self;
}

void
load_free (Load *self)
{
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->tokens);
  g_clear_pointer (&self->listener, connection_free);
  close (self->epoll);
  g_free (self);
}

/* Runs */

static void
begin (Load *self, const char *channel, guint messages)
{
  self->ledger = ledger_new (messages);
  self->next = self->answered = self->seen = self->next_connection = 0;
  for (guint i = 0; i < self->connections->len; i++)
    connection_prepare (self->connections->pdata[i], channel, self->tokens->pdata[i]);
  self->ledger->cpu_us = cpu_us ();
  self->ledger->first_us = g_get_monotonic_time ();
}

static LoadLedger *
end (Load *self)
{
  self->ledger->last_us = g_get_monotonic_time ();
  self->ledger->cpu_us = cpu_us () - self->ledger->cpu_us;
  return g_steal_pointer (&self->ledger);
}

LoadLedger *
load_run_flat_out (Load *self, const char *channel, guint messages)
{
  begin (self, channel, messages);
  while (self->answered < messages)
    {
      for (guint i = 0; i < self->connections->len; i++)
        {
          Connection *connection = self->connections->pdata[i];

          if (!connection->busy && self->next < messages)
            post (self, connection, g_get_monotonic_time ());
        }
      wait_some (self, -1);
    }
  return end (self);
}

static Connection *
next_idle (Load *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = self->connections->pdata[self->next_connection++ % self->connections->len];

      if (!connection->busy)
        return connection;
    }
  return NULL;
}

LoadLedger *
load_run_paced (Load *self, const char *channel, guint messages, guint interval_us)
{
  const struct timespec interval = { .tv_nsec = interval_us * 1000L };
  const struct itimerspec timing = { interval, interval };
  int timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
  guint64 due = 0;
  gint64 start;

  epoll_ctl (self->epoll, EPOLL_CTL_ADD, timer, &event);
  begin (self, channel, messages);
  start = g_get_monotonic_time ();
  timerfd_settime (timer, 0, &timing, NULL);
  while (self->seen < messages || self->answered < messages)
    {
      Connection *connection;

      due += wait_some (self, timer);
      /* one that is late because nobody was free for it was due at its own time all the same */
      while (self->next < MIN (due, messages) && (connection = next_idle (self)) != NULL)
        post (self, connection, start + (gint64)(self->next + 1) * interval_us);
    }
  close (timer);
  return end (self);
}
