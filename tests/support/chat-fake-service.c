/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-fake-service.h"

#include <string.h>

struct _ChatFakeService
{
  SoupServer *server;
  char *uri;
  ChatFakeAnswer answer, once; /* a status of 0: none */
  GHashTable *answers;         /* "METHOD /path" → ChatFakeAnswer (borrowed) */
  GPtrArray *asked;
  GPtrArray *held; /* SoupServerMessage */
  guint count;
  gboolean hold;
};

static void
give (ChatFakeService *self, SoupServerMessage *message)
{
  g_autofree char *key = g_strdup_printf ("%s %s", soup_server_message_get_method (message),
                                          g_uri_get_path (soup_server_message_get_uri (message)));
  const ChatFakeAnswer *own = g_hash_table_lookup (self->answers, key);
  const ChatFakeAnswer answer = own != NULL ? *own : self->once.status != 0 ? self->once : self->answer;
  const char *body = answer.body != NULL ? answer.body : "";

  if (own == NULL)
    self->once.status = 0;
  soup_server_message_set_status (message, answer.status, NULL);
  soup_server_message_set_response (message, answer.type != NULL ? answer.type : "application/json", SOUP_MEMORY_COPY,
                                    body, strlen (body));
}

static void
asked_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  ChatFakeService *self = data;
  const char *question = g_uri_get_query (soup_server_message_get_uri (message));
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  g_ptr_array_add (self->asked, g_strdup_printf ("%s %s%s%s\n%.*s", soup_server_message_get_method (message), path,
                                                 question != NULL ? "?" : "", question != NULL ? question : "",
                                                 (int)body->length, body->data != NULL ? body->data : ""));
  self->count = self->asked->len;
  if (!self->hold)
    {
      give (self, message);
      return;
    }
  soup_server_message_pause (message);
  g_ptr_array_add (self->held, g_object_ref (message));
}

ChatFakeService *
chat_fake_service_new (void)
{
  ChatFakeService *self = g_new0 (ChatFakeService, 1);
  g_autoptr (GError) error = NULL;
  GSList *uris;

  self->asked = g_ptr_array_new_with_free_func (g_free);
  self->answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  self->answer = (ChatFakeAnswer){ 200, NULL, "{}" };
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, asked_cb, self, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->uri = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  return self;
}

void
chat_fake_service_free (ChatFakeService *self)
{
  g_ptr_array_unref (self->held);
  soup_server_disconnect (self->server);
  g_object_unref (self->server);
  g_ptr_array_unref (self->asked);
  g_hash_table_unref (self->answers);
  g_free (self->uri);
  g_free (self);
}

const char *
chat_fake_service_get_uri (ChatFakeService *self)
{
  return self->uri;
}

void
chat_fake_service_answer (ChatFakeService *self, const ChatFakeAnswer *answer)
{
  self->answer = *answer;
}

void
chat_fake_service_answer_once (ChatFakeService *self, const ChatFakeAnswer *answer)
{
  self->once = *answer;
}

void
chat_fake_service_answer_to (ChatFakeService *self, const char *question, const ChatFakeAnswer *answer)
{
  g_hash_table_insert (self->answers, g_strdup (question), (gpointer)answer);
}

gboolean
chat_fake_service_was_asked (ChatFakeService *self, const char *begin)
{
  for (guint i = 0; i < self->asked->len; i++)
    if (g_str_has_prefix (g_ptr_array_index (self->asked, i), begin))
      return TRUE;
  return FALSE;
}

void
chat_fake_service_hold (ChatFakeService *self, gboolean hold)
{
  self->hold = hold;
}

void
chat_fake_service_release (ChatFakeService *self)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&self->held);

  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < held->len; i++)
    {
      give (self, g_ptr_array_index (held, i));
      soup_server_message_unpause (g_ptr_array_index (held, i));
    }
}

GPtrArray *
chat_fake_service_get_asked (ChatFakeService *self)
{
  return self->asked;
}

const guint *
chat_fake_service_get_count (ChatFakeService *self)
{
  return &self->count;
}
