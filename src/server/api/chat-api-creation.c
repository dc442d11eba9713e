/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-creation.h"

#include "core/chat-json.h"
#include "core/chat-language.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-conversation.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-routes.h"

/* POST /v1/channels: a public channel, or the conversation among some users; PATCH /v1/channels/{c}. */

#define TOPIC_MAX_CHARS 500

/* A channel that is being made. */
typedef struct
{
  ChatApiRequest *request;
  ChatChannelInfo *info;
  char *topic; /* nullable: what it is to have; a record, so that it is moderated like one */
  gboolean created;
} Making;

static void
making_free (Making *self)
{
  chat_channel_info_free (self->info);
  g_free (self->topic);
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Making, making_free)

/* As it will be: the record of its topic is on its way. */
static void
show_made (Making *making)
{
  if (making->topic != NULL)
    making->info->topic = g_steal_pointer (&making->topic);
  chat_api_request_reply (making->request, making->created ? SOUP_STATUS_CREATED : SOUP_STATUS_OK,
                          chat_api_json_channel (making->info));
}

static void
named_topic_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Making) making = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiReceipt) receipt = chat_api_publisher_post_finish (CHAT_API_PUBLISHER (source), result, &error);

  if (receipt != NULL)
    show_made (making);
  else
    chat_api_request_fail (making->request, error);
}

static void
made_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Making) making = user_data;
  ChatApiRequest *request = making->request;
  const char *topic;
  g_autoptr (GError) error = NULL;
  ChatChannelInfo *channel = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);

  if (channel == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  chat_channel_info_free (making->info);
  making->info = channel;
  chat_api_directory_add (request->context->directory, channel);
  if (!making->created)
    g_clear_pointer (&making->topic, g_free);
  topic = making->topic;
  if (topic == NULL)
    show_made (making);
  else
    chat_api_publisher_announce_async (request->context->publisher, request->session, CHAT_KIND_TOPIC, channel->name,
                                       topic, NULL, named_topic_cb, g_steal_pointer (&making));
}

static void
ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Making) making = user_data;
  g_autoptr (GError) error = NULL;
  ChatApiRequest *request = making->request;
  const char *name = making->info->name;

  if (!chat_channel_store_ensure_finish (CHAT_CHANNEL_STORE (source), result, &making->created, &error))
    chat_api_request_fail (request, error);
  else
    chat_channel_store_get_async (CHAT_CHANNEL_STORE (source), name, request->session->user_key, NULL, made_cb,
                                  g_steal_pointer (&making));
}

void
chat_api_creation_make (ChatApiRequest *request, ChatChannelInfo *info, const char *const *member_keys)
{
  Making *making = g_new0 (Making, 1);

  making->request = chat_api_request_ref (request);
  making->info = info;
  making->topic = g_steal_pointer (&info->topic);
  chat_channel_store_ensure_async (chat_store_get_channels (request->context->store), info, member_keys, NULL,
                                   ensured_cb, making);
}

ChatChannelInfo *
chat_api_creation_new_info (const char *name, ChatChannelKind kind)
{
  ChatChannelInfo *info = g_new0 (ChatChannelInfo, 1);

  info->name = g_strdup (name);
  info->kind = kind;
  info->active = chat_time_now ();
  return info;
}

static gboolean
check_new_name (const char *name, GError **error)
{
  if (!chat_channel_name_check (name, error))
    return FALSE;
  if (!g_str_has_prefix (name, CHAT_CONVERSATION_PREFIX))
    return TRUE;
  g_set_error (
      error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
      "\"name\" is \"%s\", but names that begin with \"%s\" are those of private conversations: start one with "
      "{\"with\": [\"NAME\"]}",
      name, CHAT_CONVERSATION_PREFIX);
  return FALSE;
}

static gboolean
check_topic (const char *topic, GError **error)
{
  if (topic == NULL || *topic == '\0')
    return TRUE;
  if (!chat_text_check (topic, error))
    {
      g_prefix_error (error, "\"topic\": ");
      return FALSE;
    }
  if (g_utf8_strlen (topic, -1) <= TOPIC_MAX_CHARS)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"topic\" has more than %d characters", TOPIC_MAX_CHARS);
  return FALSE;
}

static gboolean
check_language (const char *language, GError **error)
{
  if (language == NULL || *language == '\0' || chat_languages_check (language, error))
    return TRUE;
  g_prefix_error (error, "\"language\": ");
  return FALSE;
}

static void
create_public (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *name = NULL, *topic = NULL, *language = NULL;
  ChatChannelInfo *info;

  if (!chat_json_get_string (request->body, "name", TRUE, &name, &error)
      || !chat_json_get_string (request->body, "topic", FALSE, &topic, &error)
      || !chat_json_get_string (request->body, "language", FALSE, &language, &error) || !check_new_name (name, &error)
      || !check_topic (topic, &error) || !check_language (language, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  info = chat_api_creation_new_info (name, CHAT_CHANNEL_PUBLIC);
  info->topic = topic != NULL && *topic != '\0' ? g_strdup (topic) : NULL;
  info->language = language != NULL && *language != '\0' ? g_strdup (language) : NULL;
  info->members = g_strdupv ((char *[]){ request->session->user, NULL });
  chat_api_creation_make (request, info, (const char *const[]){ request->session->user_key, NULL });
}

static void
create_channel (ChatApiRequest *request)
{
  const ChatBlock *block = chat_api_request_find_block (request);

  if (json_object_has_member (request->body, "with") && !json_object_get_null_member (request->body, "with"))
    chat_api_conversation_begin (request);
  else if (block != NULL)
    chat_api_request_fail_blocked (request, block, "make channels");
  else
    create_public (request);
}

/*
 * Another topic or language: the one becomes a record, and is moderated like one; the other says by which rules
 */

typedef struct
{
  ChatApiRequest *request;
  ChatChannelInfo *channel;
  const char *topic, *language; /* nullable; the body's */
} Changing;

static void
changing_free (Changing *self)
{
  g_clear_pointer (&self->channel, chat_channel_info_free);
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Changing, changing_free)

static void
replace (char **value, const char *other)
{
  if (other == NULL)
    return;
  g_free (*value);
  *value = *other != '\0' ? g_strdup (other) : NULL;
}

/* As it will be: the record of the topic is on its way. */
static void
show_changed (Changing *changing)
{
  replace (&changing->channel->topic, changing->topic);
  replace (&changing->channel->language, changing->language);
  chat_api_request_reply (changing->request, SOUP_STATUS_OK, chat_api_json_channel (changing->channel));
}

static void
announced_topic_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Changing) changing = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiReceipt) receipt = chat_api_publisher_post_finish (CHAT_API_PUBLISHER (source), result, &error);

  if (receipt != NULL)
    show_changed (changing);
  else
    chat_api_request_fail (changing->request, error);
}

/* Takes @changing. */
static void
announce_topic (Changing *changing)
{
  g_autoptr (Changing) owned = changing;
  ChatApiRequest *request = changing->request;
  const char *before = changing->channel->topic != NULL ? changing->channel->topic : "";

  if (changing->topic == NULL || g_str_equal (changing->topic, before))
    show_changed (changing);
  else
    chat_api_publisher_announce_async (request->context->publisher, request->session, CHAT_KIND_TOPIC,
                                       changing->channel->name, changing->topic, request->cancellable,
                                       announced_topic_cb, g_steal_pointer (&owned));
}

static void
updated_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Changing) changing = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_channel_store_update_finish (CHAT_CHANNEL_STORE (source), result, &error))
    announce_topic (g_steal_pointer (&changing));
  else
    chat_api_request_fail (changing->request, error);
}

static void
got_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Changing) changing = user_data;
  ChatApiRequest *request = changing->request;
  const char *language = changing->language;
  g_autoptr (GError) error = NULL;

  changing->channel = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);
  if (changing->channel == NULL)
    chat_api_request_fail_channel (request, error);
  else if (language == NULL)
    announce_topic (g_steal_pointer (&changing));
  else if (chat_api_request_check_role (request, CHAT_ROLE_MODERATOR, &error))
    chat_channel_store_update_async (CHAT_CHANNEL_STORE (source), request->parameters[0], NULL, language, NULL,
                                     updated_cb, g_steal_pointer (&changing));
  else
    chat_api_request_fail (request, error);
}

static void
change_channel (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *topic = NULL, *language = NULL;
  Changing *changing;

  if (!chat_json_get_string (request->body, "topic", FALSE, &topic, &error)
      || !chat_json_get_string (request->body, "language", FALSE, &language, &error) || !check_topic (topic, &error)
      || !check_language (language, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (topic == NULL && language == NULL)
    {
      error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                                   "The body changes nothing: give it a \"topic\" or a \"language\"");
      chat_api_request_fail (request, error);
      return;
    }
  changing = g_new0 (Changing, 1);
  changing->request = chat_api_request_ref (request);
  changing->topic = topic;
  changing->language = language;
  chat_channel_store_get_async (chat_store_get_channels (request->context->store), request->parameters[0],
                                request->session->user_key, request->cancellable, got_channel_cb, changing);
}

const ChatApiRoute chat_api_creation_routes[] = {
  { "POST", "/v1/channels", CHAT_API_BODY, create_channel, .rate = CHAT_API_RATE_CREATE },
  { "PATCH", "/v1/channels/{c}", CHAT_API_BODY, change_channel },
  { 0 },
};
