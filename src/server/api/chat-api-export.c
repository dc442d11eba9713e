/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-export-text.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"
#include "server/api/chat-api-stream.h"

/* A channel's log as a file. A page is read from the store when the one before has gone out; what is stored after the
 * beginning is left out, so that it ends. */

#define PAGE 100

typedef enum
{
  FORMAT_JSONL,
  FORMAT_TEXT,
} Format;

static const char *const formats[] = { "jsonl", "text", NULL };

typedef struct
{
  ChatApiRequest *request; /* until it is answered; then the stream's */
  ChatMessageStore *store;
  char *channel;
  guint format;
  gint64 since, until; /* ms; the places where they are found are the bounds */
  gint64 after;        /* seq: up to there it has gone out */
  gint64 last;         /* seq; 0: not known yet */
  gint64 count;        /* of lines */
  gboolean begun;      /* a page was read */
} Export;

static void
export_clear (gpointer data)
{
  Export *self = data;

  g_clear_pointer (&self->request, chat_api_request_unref);
  g_clear_object (&self->store);
  g_free (self->channel);
}

static void
export_unref (gpointer data)
{
  g_rc_box_release_full (data, export_clear);
}

/* What a call to the store keeps alive. */
typedef struct
{
  ChatApiStream *stream;
  Export *export;
} Turn;

static void
turn_free (Turn *self)
{
  chat_api_stream_unref (self->stream);
  export_unref (self->export);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Turn, turn_free)

static void
append_record (Export *self, GString *text, const ChatMessage *message)
{
  if (self->format == FORMAT_TEXT)
    {
      self->count += chat_api_export_append_text (text, message);
      return;
    }
  chat_message_encode_append (message, text);
  g_string_append_c (text, '\n');
  self->count++;
}

static void
append_end (Export *self, GString *text)
{
  g_string_append_printf (text,
                          self->format == FORMAT_TEXT ? "# %" G_GINT64_FORMAT " lines\n"
                                                      : "{\"records\":%" G_GINT64_FORMAT "}\n",
                          self->count);
}

/* Whether there may be more. */
static gboolean
append_page (Export *self, GString *text, const ChatMessagePage *page)
{
  if (!self->begun && self->last == 0)
    self->last = page->head;
  self->begun = TRUE;
  for (guint i = 0; i < page->messages->len; i++)
    {
      const ChatMessage *message = page->messages->pdata[i];

      if (chat_message_get_seq (message) > self->last)
        return FALSE;
      append_record (self, text, message);
      self->after = chat_message_get_seq (message);
    }
  return page->messages->len > 0 && page->more_after && self->after < self->last;
}

static void more_cb (ChatApiStream *stream, gpointer user_data);

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Turn) turn = user_data;
  Export *self = turn->export;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);
  GString *text;
  gboolean more;
  gsize length;

  if (page == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_info ("The export of %s was cut: %s", self->channel, error->message);
      chat_api_stream_cut (turn->stream);
      return;
    }
  text = g_string_new (NULL);
  more = append_page (self, text, page);
  if (!more)
    append_end (self, text);
  if (!more)
    self->last = -1;
  length = text->len;
  if (length > 0)
    chat_api_stream_write (turn->stream, g_string_free (text, FALSE), length);
  else
    {
      g_string_free (text, TRUE); /* a page of records without lines */
      more_cb (turn->stream, self);
    }
}

static void
more_cb (ChatApiStream *stream, gpointer user_data)
{
  Export *self = user_data;
  ChatPage page = { .kind = CHAT_PAGE_AFTER, .time_ms = CHAT_TIME_UNKNOWN, .limit = PAGE };
  Turn *turn;

  if (self->last < 0)
    {
      chat_api_stream_end (stream);
      return;
    }
  if (self->begun)
    page.seq = self->after;
  else
    page.time_ms = self->since;
  turn = g_new0 (Turn, 1);
  turn->stream = chat_api_stream_ref (stream);
  turn->export = g_rc_box_acquire (self);
  chat_message_store_list_async (self->store, self->channel, &page, chat_api_stream_get_cancellable (stream), listed_cb,
                                 turn);
}

/* Takes @self. */
static void
begin (Export *self)
{
  g_autoptr (ChatApiRequest) request = g_steal_pointer (&self->request);
  g_autofree char *disposition = g_strdup_printf ("attachment; filename=\"%s.%s\"", self->channel,
                                                  self->format == FORMAT_TEXT ? "txt" : "jsonl");
  const char *type = self->format == FORMAT_TEXT ? "text/plain; charset=utf-8" : "application/jsonl";

  soup_message_headers_replace (soup_server_message_get_response_headers (request->message), "Content-Disposition",
                                disposition);
  chat_api_stream_begin (request, type, more_cb, self, export_unref);
}

static void
found_end_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Export *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);

  if (page == NULL)
    {
      chat_api_request_fail (self->request, error);
      export_unref (self);
      return;
    }
  if (page->messages->len > 0)
    self->last = chat_message_get_seq (page->messages->pdata[page->messages->len - 1]);
  else
    self->begun = TRUE; /* nothing is that old: the first page has nothing that may go out */
  begin (self);
}

static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Export *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);
  const ChatPage page = { .kind = CHAT_PAGE_BEFORE, .time_ms = self->until, .limit = 1 };

  if (channel == NULL)
    {
      chat_api_request_fail (self->request, error);
      export_unref (self);
    }
  else if (self->until != CHAT_TIME_UNKNOWN)
    chat_message_store_list_async (self->store, self->channel, &page, self->request->cancellable, found_end_cb, self);
  else
    begin (self);
}

static gboolean
read_query (Export *self, GError **error)
{
  static const char *const names[] = { "channel", "format", "since", "until", NULL };
  const char *channel = chat_api_request_get_query (self->request, "channel");

  self->channel = g_strdup (channel);
  if (!chat_api_query_check_names (self->request, names, error)
      || !chat_api_query_get_choice (self->request, "format", formats, &self->format, error)
      || !chat_api_query_get_time (self->request, "since", &self->since, error)
      || !chat_api_query_get_time (self->request, "until", &self->until, error))
    return FALSE;
  if (channel != NULL)
    return chat_channel_name_check (channel, error);
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "Say with channel=NAME whose log it is to be");
  return FALSE;
}

static void
export_channel (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  Export *self;

  if (!chat_api_request_may_read (request))
    return;
  self = g_rc_box_new0 (Export);
  self->request = chat_api_request_ref (request);
  self->store = g_object_ref (chat_store_get_messages (request->context->store));
  self->since = self->until = CHAT_TIME_UNKNOWN;
  if (!read_query (self, &error))
    {
      chat_api_request_fail (request, error);
      export_unref (self);
      return;
    }
  chat_api_directory_lookup_async (request->context->directory, self->channel, request->session->user_key,
                                   request->cancellable, found_channel_cb, self);
}

const ChatApiRoute chat_api_export_routes[] = {
  { "GET", "/v1/export", 0, export_channel, .rate = CHAT_API_RATE_SEARCH },
  { 0 },
};
