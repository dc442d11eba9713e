/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-login.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "transport/rabbitmq/chat-rabbitmq-certificate.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"

#define STEP_S 5
#define FRAME_BYTES 131072
#define SEND_BUFFER_BYTES (1024 * 1024)

static void
set_login_error (GError **error, const ChatBrokerOptions *options, const char *address, amqp_rpc_reply_t reply)
{
  g_autoptr (GError) why = chat_rabbitmq_error_new_reply (reply);
  const amqp_connection_close_t *close = reply.reply.decoded;

  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
      && reply.library_error == AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, _ ("%s does not offer to sign in by “%s”"),
                 address, chat_broker_mechanism_to_string (options->mechanism));
  else if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION || reply.reply.id != AMQP_CONNECTION_CLOSE_METHOD)
    g_set_error (error, CHAT_TRANSPORT_ERROR, why->code, _ ("%s did not let us in: %s"), address, why->message);
  else if (close->reply_code == AMQP_ACCESS_REFUSED && options->mechanism == CHAT_BROKER_EXTERNAL)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                 _ ("%s knows no user for the client certificate “%s”: %s"), address, options->certificate_file,
                 why->message);
  else if (close->reply_code == AMQP_ACCESS_REFUSED)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                 _ ("The user name “%s” or its password is wrong for %s: %s"), options->user, address, why->message);
  else if (close->reply_code == AMQP_NOT_ALLOWED)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                 _ ("The virtual host “%s” of %s is not there, or not for the user “%s”: %s"), options->virtual_host,
                 address, options->user != NULL ? options->user : "", why->message);
  else
    g_set_error (error, CHAT_TRANSPORT_ERROR, why->code, _ ("%s did not let us in: %s"), address, why->message);
}

/* What RabbitMQ is told of this client: without these it closes instead of telling. */
static amqp_rpc_reply_t
login (amqp_connection_state_t state, const ChatBrokerOptions *options, const char *purpose, guint heartbeat_s)
{
  static const char *const names[] = { "connection.blocked", "consumer_cancel_notify", "publisher_confirms",
                                       "basic.nack", "authentication_failure_close" };
  amqp_table_entry_t capabilities[G_N_ELEMENTS (names)] = { 0 };
  amqp_table_entry_t properties[3] = { 0 };
  amqp_table_t table = { G_N_ELEMENTS (properties), properties };
  /* RabbitMQ asks the certificate, not this; but librabbitmq takes no empty one */
  const char *user = options->user != NULL && *options->user != '\0' ? options->user : "certificate";

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      capabilities[i].key = amqp_cstring_bytes (names[i]);
      capabilities[i].value.kind = AMQP_FIELD_KIND_BOOLEAN;
      capabilities[i].value.value.boolean = 1;
    }
  properties[0].key = amqp_cstring_bytes ("capabilities");
  properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
  properties[0].value.value.table = (amqp_table_t){ G_N_ELEMENTS (names), capabilities };
  properties[1].key = amqp_cstring_bytes ("connection_name");
  properties[1].value.kind = AMQP_FIELD_KIND_UTF8;
  properties[1].value.value.bytes = amqp_cstring_bytes (purpose);
  properties[2].key = amqp_cstring_bytes ("product");
  properties[2].value.kind = AMQP_FIELD_KIND_UTF8;
  properties[2].value.value.bytes = amqp_cstring_bytes ("Tertulia");

  if (options->mechanism == CHAT_BROKER_EXTERNAL)
    return amqp_login_with_properties (state, options->virtual_host, 0, FRAME_BYTES, (int)heartbeat_s, &table,
                                       AMQP_SASL_METHOD_EXTERNAL, user);
  return amqp_login_with_properties (state, options->virtual_host, 0, FRAME_BYTES, (int)heartbeat_s, &table,
                                     AMQP_SASL_METHOD_PLAIN, user, options->password != NULL ? options->password : "");
}

/* librabbitmq looks for names in the certificate alone; OpenSSL itself knows those of addresses. */
static void
expect_host (amqp_socket_t *tls, const char *host)
{
  SSL_CTX *context = amqp_ssl_socket_get_context (tls);

  amqp_ssl_socket_set_verify_hostname (tls, !g_hostname_is_ip_address (host));
  if (g_hostname_is_ip_address (host))
    X509_VERIFY_PARAM_set1_ip_asc (SSL_CTX_get0_param (context), host);
}

static gboolean
prepare_tls (amqp_socket_t *tls, const ChatBrokerOptions *options, const char *host, GError **error)
{
  g_autofree char *authorities = chat_rabbitmq_certificate_dup_authorities (options, error);

  if (authorities == NULL || !chat_rabbitmq_certificate_check (options, error))
    return FALSE;
  amqp_ssl_socket_set_verify_peer (tls, 1);
  expect_host (tls, host);
  amqp_ssl_socket_set_ssl_versions (tls, AMQP_TLSv1_2, AMQP_TLSvLATEST);
  if (amqp_ssl_socket_set_cacert (tls, authorities) != AMQP_STATUS_OK)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   _ ("“%s” does not hold the certificates of authorities in PEM"), authorities);
      return FALSE;
    }
  if (options->certificate_file != NULL
      && amqp_ssl_socket_set_key (tls, options->certificate_file, options->key_file) != AMQP_STATUS_OK)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   _ ("The client certificate “%s” and the key “%s” can't be read as PEM, or do not belong together"),
                   options->certificate_file, options->key_file);
      return FALSE;
    }
  return TRUE;
}

static gboolean
open_socket (amqp_connection_state_t state, const ChatBrokerOptions *options, const char *address, GError **error)
{
  const struct timeval step = { STEP_S, 0 };
  g_autoptr (GSocketConnectable) place = g_network_address_parse (address, options->tls ? 5671 : 5672, NULL);
  amqp_socket_t *sock = options->tls ? amqp_ssl_socket_new (state) : amqp_tcp_socket_new (state);
  const char *host;
  int status;

  if (place == NULL || sock == NULL)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   _ ("“%s” is not an address: it should read host:port"), address);
      return FALSE;
    }
  host = g_network_address_get_hostname (G_NETWORK_ADDRESS (place));
  if (options->tls && !prepare_tls (sock, options, host, error))
    return FALSE;

  status = amqp_socket_open_noblock (sock, host, g_network_address_get_port (G_NETWORK_ADDRESS (place)), &step);
  if (status == AMQP_STATUS_OK)
    return TRUE;
  if (options->tls && status != AMQP_STATUS_SOCKET_ERROR && status != AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED
      && status != AMQP_STATUS_TIMEOUT)
    chat_rabbitmq_certificate_explain (options, address, error);
  else
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("%s can't be reached: %s"), address,
                 amqp_error_string2 (status));
  return FALSE;
}

/* A peer that is gone without a word is noticed in writing too; a full socket never holds a small frame up. */
static void
set_socket_options (amqp_connection_state_t state, guint heartbeat_s)
{
  int fd = amqp_get_sockfd (state);
  const int buffer = SEND_BUFFER_BYTES;
  const guint patience_ms = MAX (heartbeat_s, 5) * 3 * 1000;

  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  setsockopt (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

static gboolean
is_cut (amqp_rpc_reply_t reply)
{
  return reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
         && (reply.library_error == AMQP_STATUS_SOCKET_ERROR || reply.library_error == AMQP_STATUS_SSL_ERROR
             || reply.library_error == AMQP_STATUS_CONNECTION_CLOSED);
}

amqp_connection_state_t
chat_rabbitmq_login (const ChatBrokerOptions *options, const char *address, const char *purpose, guint heartbeat_s,
                     GError **error)
{
  const struct timeval step = { STEP_S, 0 };
  amqp_connection_state_t state = amqp_new_connection ();
  amqp_rpc_reply_t reply;

  amqp_set_handshake_timeout (state, &step);
  amqp_set_rpc_timeout (state, &step);
  if (!open_socket (state, options, address, error))
    {
      amqp_destroy_connection (state);
      return NULL;
    }
  set_socket_options (state, heartbeat_s);
  reply = login (state, options, purpose, heartbeat_s);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL)
    {
      /* with TLS 1.3 the broker refuses a client certificate only now */
      if (options->tls && options->certificate_file != NULL && is_cut (reply))
        chat_rabbitmq_certificate_explain (options, address, error);
      else
        set_login_error (error, options, address, reply);
      amqp_destroy_connection (state);
      return NULL;
    }
  return state;
}
