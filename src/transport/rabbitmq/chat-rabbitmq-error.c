/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

char *
chat_rabbitmq_dup_text (amqp_bytes_t bytes)
{
  return g_utf8_make_valid (bytes.len > 0 ? bytes.bytes : "", (gssize)bytes.len);
}

static ChatTransportError
code_of (int code)
{
  switch (code)
    {
    case AMQP_ACCESS_REFUSED:
    case AMQP_NOT_ALLOWED:
      return CHAT_TRANSPORT_ERROR_DENIED;
    case AMQP_NOT_FOUND:
    case AMQP_PRECONDITION_FAILED:
    case AMQP_CONTENT_TOO_LARGE:
    case AMQP_NOT_IMPLEMENTED:
    case AMQP_COMMAND_INVALID:
    case AMQP_SYNTAX_ERROR:
      return CHAT_TRANSPORT_ERROR_REJECTED;
    case AMQP_RESOURCE_ERROR:
      return CHAT_TRANSPORT_ERROR_FULL;
    default:
      return CHAT_TRANSPORT_ERROR_OFFLINE;
    }
}

/* A queue that is there, on a node that is not, or has only just come up: RabbitMQ has no other code for that. */
static gboolean
is_not_up (int code, const char *words)
{
  return code == AMQP_NOT_FOUND
         && (strstr (words, "down or inaccessible") != NULL || strstr (words, "stopped by supervisor") != NULL);
}

GError *
chat_rabbitmq_error_new_close (int code, amqp_bytes_t text)
{
  g_autofree char *words = chat_rabbitmq_dup_text (text);
  ChatTransportError what = is_not_up (code, words) ? CHAT_TRANSPORT_ERROR_OFFLINE : code_of (code);

  return g_error_new (CHAT_TRANSPORT_ERROR, (gint)what, _ ("The broker answered %d: %s"), code, words);
}

GError *
chat_rabbitmq_error_new_status (int status)
{
  switch (status)
    {
    case AMQP_STATUS_HEARTBEAT_TIMEOUT:
      return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                  _ ("the broker has not been heard of for too long"));
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_SSL_ERROR:
      return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("the connection was cut"));
    case AMQP_STATUS_TIMEOUT:
      return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                  _ ("the broker does not answer in time"));
    default:
      return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, "%s", amqp_error_string2 (status));
    }
}

GError *
chat_rabbitmq_error_new_reply (amqp_rpc_reply_t reply)
{
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
    return chat_rabbitmq_error_new_status (reply.library_error);
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
    {
      const amqp_connection_close_t *close = reply.reply.decoded;

      return chat_rabbitmq_error_new_close (close->reply_code, close->reply_text);
    }
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
    {
      const amqp_channel_close_t *close = reply.reply.decoded;

      return chat_rabbitmq_error_new_close (close->reply_code, close->reply_text);
    }
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                              _ ("the broker answered what was not asked"));
}

GError *
chat_rabbitmq_error_new_channels (void)
{
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL,
                              _ ("The broker allows no more channels"));
}

gboolean
chat_rabbitmq_is_denied (const GError *error)
{
  return g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
}
