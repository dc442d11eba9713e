/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-certificate.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-transport-error.h"

#define HANDSHAKE_S 5

/* Where systems keep whom they trust: Debian, Fedora, openSUSE and others, BSD. */
static const char *const system_bundles[] = {
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
};

char *
chat_rabbitmq_certificate_dup_authorities (const ChatBrokerOptions *options, GError **error)
{
  const char *named = g_getenv ("SSL_CERT_FILE");

  if (options->ca_file != NULL)
    {
      if (g_file_test (options->ca_file, G_FILE_TEST_IS_REGULAR))
        return g_strdup (options->ca_file);
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   _ ("There is no file “%s” with the certificates of authorities"), options->ca_file);
      return NULL;
    }
  if (named != NULL && *named != '\0')
    return g_strdup (named);
  for (guint i = 0; i < G_N_ELEMENTS (system_bundles); i++)
    if (g_file_test (system_bundles[i], G_FILE_TEST_IS_REGULAR))
      return g_strdup (system_bundles[i]);
  g_set_error_literal (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                       _ ("This system says of no authority that it is trusted: name a file of certificates"));
  return NULL;
}

gboolean
chat_rabbitmq_certificate_check (const ChatBrokerOptions *options, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GDateTime) until = NULL, now = g_date_time_new_now_utc ();
  g_autoptr (GError) why = NULL;

  if (options->certificate_file == NULL)
    return TRUE;
  certificate = g_tls_certificate_new_from_file (options->certificate_file, &why);
  if (certificate == NULL)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   _ ("The client certificate “%s” can't be read: %s"), options->certificate_file, why->message);
      return FALSE;
    }
  until = g_tls_certificate_get_not_valid_after (certificate);
  if (until != NULL && g_date_time_compare (until, now) < 0)
    {
      g_autofree char *day = g_date_time_format (until, "%Y-%m-%d");

      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   _ ("The client certificate “%s” expired on %s"), options->certificate_file, day);
      return FALSE;
    }
  return TRUE;
}

static const char *
flaw_of (GTlsCertificateFlags flags)
{
  if ((flags & G_TLS_CERTIFICATE_EXPIRED) != 0)
    return _ ("it has expired");
  if ((flags & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    return _ ("it does not hold yet: is the clock right?");
  if ((flags & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    return _ ("it is for another host");
  if ((flags & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    return _ ("it comes from an authority that is not trusted here");
  if ((flags & G_TLS_CERTIFICATE_REVOKED) != 0)
    return _ ("it has been revoked");
  return _ ("it can't be trusted");
}

static gboolean
accept_cb (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags flags, gpointer user_data)
{
  GTlsCertificateFlags *found = user_data;

  *found = flags;
  return FALSE;
}

/* Reads what the broker says first: with TLS 1.3 it refuses a certificate after the handshake. */
static gboolean
shake_hands (const ChatBrokerOptions *options, const char *address, GTlsCertificateFlags *flaws, GError **error)
{
  g_autoptr (GSocketConnectable) place = g_network_address_parse (address, 5671, error);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) plain = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GTlsDatabase) trusted = NULL;
  g_autofree char *authorities = chat_rabbitmq_certificate_dup_authorities (options, error);
  static const char greeting[] = "AMQP\0\0\x09\x01";
  char answer[1];

  g_socket_client_set_timeout (client, HANDSHAKE_S);
  if (place == NULL || authorities == NULL)
    return FALSE;
  trusted = g_tls_file_database_new (authorities, error);
  plain = trusted != NULL ? g_socket_client_connect (client, place, NULL, error) : NULL;
  tls = plain != NULL ? g_tls_client_connection_new (G_IO_STREAM (plain), place, error) : NULL;
  if (tls == NULL)
    return FALSE;
  g_tls_connection_set_database (G_TLS_CONNECTION (tls), trusted);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_cb), flaws);
  if (options->certificate_file != NULL)
    {
      g_autoptr (GTlsCertificate) own
          = g_tls_certificate_new_from_files (options->certificate_file, options->key_file, error);

      if (own == NULL)
        return FALSE;
      g_tls_connection_set_certificate (G_TLS_CONNECTION (tls), own);
    }
  return g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, error)
         && g_output_stream_write_all (g_io_stream_get_output_stream (tls), greeting, 8, NULL, NULL, error)
         && g_input_stream_read (g_io_stream_get_input_stream (tls), answer, sizeof answer, NULL, error) > 0;
}

void
chat_rabbitmq_certificate_explain (const ChatBrokerOptions *options, const char *address, GError **error)
{
  g_autoptr (GError) why = NULL;
  GTlsCertificateFlags flaws = 0;

  if (shake_hands (options, address, &flaws, &why))
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("The TLS connection to %s was cut"),
                 address);
  else if (flaws != 0)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                 _ ("The certificate of %s is not accepted: %s"), address, flaw_of (flaws));
  else if (why != NULL && why->domain == G_TLS_ERROR && why->code == G_TLS_ERROR_NOT_TLS)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                 _ ("%s does not speak TLS: is it the right port?"), address);
  else if (why != NULL && why->domain == G_TLS_ERROR && why->code == G_TLS_ERROR_CERTIFICATE_REQUIRED)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, _ ("%s wants a client certificate"),
                 address);
  else if (why != NULL && why->domain == G_TLS_ERROR && why->code != G_TLS_ERROR_EOF)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, _ ("%s refused the TLS connection: %s"),
                 address, why->message);
  else
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("The TLS connection to %s was cut"),
                 address);
}
