/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const struct
{
  rd_kafka_resp_err_t code;
  ChatTransportError error;
} codes[] = {
  { RD_KAFKA_RESP_ERR__AUTHENTICATION, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, CHAT_TRANSPORT_ERROR_DENIED },
  { RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, CHAT_TRANSPORT_ERROR_DENIED },

  { RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_MSG, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_RECORD, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR__BAD_MSG, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_CONFIG, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, CHAT_TRANSPORT_ERROR_REJECTED },
  { RD_KAFKA_RESP_ERR_POLICY_VIOLATION, CHAT_TRANSPORT_ERROR_REJECTED },

  { RD_KAFKA_RESP_ERR__QUEUE_FULL, CHAT_TRANSPORT_ERROR_FULL },
  { RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, CHAT_TRANSPORT_ERROR_FULL },

  { RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, CHAT_TRANSPORT_ERROR_LOST },
  { RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, CHAT_TRANSPORT_ERROR_LOST },

  { RD_KAFKA_RESP_ERR__FENCED, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_PRODUCER_FENCED, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, CHAT_TRANSPORT_ERROR_ABORTED },
  { RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, CHAT_TRANSPORT_ERROR_ABORTED },
};

ChatTransportError
chat_kafka_error_get_code (rd_kafka_resp_err_t code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    if (codes[i].code == code)
      return codes[i].error;
  return CHAT_TRANSPORT_ERROR_OFFLINE;
}

gboolean
chat_kafka_error_is_missing (rd_kafka_resp_err_t code)
{
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
         || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* What can be said better than librdkafka does. */
static char *
describe (rd_kafka_resp_err_t code, const char *what)
{
  if (chat_kafka_error_is_missing (code))
    return g_strdup_printf (_ ("Kafka has no topic “%s”: create it, or let the service do so"), what);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    return g_strdup_printf (_ ("Kafka does not allow this user to use the topic “%s”: ask for the permission"), what);
  if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    return g_strdup_printf (_ ("Kafka does not allow this user to join the group “%s”: ask for the permission"), what);
  if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    return g_strdup_printf (
        _ ("Kafka does not allow this user the transactional id “%s”: ask for the permission to write it"), what);
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    return g_strdup_printf (_ ("The record is larger than Kafka takes in the topic “%s”"), what);
  return NULL;
}

GError *
chat_kafka_error_new (rd_kafka_resp_err_t code, const char *what, const char *detail)
{
  g_autofree char *text = what != NULL ? describe (code, what) : NULL;

  if (text == NULL && what != NULL)
    text = g_strdup_printf (_ ("Kafka, about “%s”: %s"), what, detail != NULL ? detail : rd_kafka_err2str (code));
  else if (text == NULL)
    text = g_strdup_printf (_ ("Kafka: %s"), detail != NULL ? detail : rd_kafka_err2str (code));
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, (gint)chat_kafka_error_get_code (code), text);
}

GError *
chat_kafka_error_of_job (GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return error;
  g_error_free (error);
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                              _ ("There is no connection to Kafka"));
}

/* https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/ */
enum
{
  CERTIFICATE_NOT_YET_VALID = 9,
  CERTIFICATE_HAS_EXPIRED = 10,
  HOSTNAME_MISMATCH = 62,
  IP_ADDRESS_MISMATCH = 64,
};

static const char *
explain_certificate (gint certificate_error)
{
  switch (certificate_error)
    {
    case CERTIFICATE_HAS_EXPIRED:
      return N_ ("the broker's certificate has expired: it has to be renewed there");
    case CERTIFICATE_NOT_YET_VALID:
      return N_ ("the broker's certificate is not valid yet: look at the clocks of both machines");
    case HOSTNAME_MISMATCH:
    case IP_ADDRESS_MISMATCH:
      return N_ ("the broker's certificate is for another name: use the name that is in it");
    default:
      return N_ ("the broker's certificate is not trusted: name the authority that signed it");
    }
}

/* librdkafka hands on what OpenSSL says. An alert is the broker's own word; with TLS 1.3 it comes after the handshake.
 */
static const char *
explain_tls (const char *detail, gint certificate_error)
{
  gboolean alert = strstr (detail, "SSL routines") != NULL && strstr (detail, "alert") != NULL;

  if (strstr (detail, "certificate verify failed") != NULL)
    return explain_certificate (certificate_error);
  if (alert && strstr (detail, "expired") != NULL)
    return N_ ("the client's certificate has expired: renew it");
  if (alert
      && (strstr (detail, "certificate") != NULL || strstr (detail, "unknown ca") != NULL
          || strstr (detail, "access denied") != NULL))
    return N_ ("the broker wants a client certificate, and another one than it got");
  if (strstr (detail, "wrong version number") != NULL || strstr (detail, "packet length too long") != NULL)
    return N_ ("the broker does not speak TLS at this address");
  return NULL;
}

gboolean
chat_kafka_error_is_denial (rd_kafka_resp_err_t code, const char *detail, gint certificate_error, char **reason)
{
  const char *tls;

  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
    {
      gboolean mechanism = strstr (detail, "not enabled") != NULL || strstr (detail, "not supported") != NULL;

      *reason = mechanism ? g_strdup_printf (_ ("Kafka does not offer this way to sign in: %s"), detail)
                          : g_strdup (_ ("Kafka does not accept the user or the password"));
      return TRUE;
    }
  if (code != RD_KAFKA_RESP_ERR__SSL && code != RD_KAFKA_RESP_ERR__TRANSPORT)
    return FALSE;
  tls = explain_tls (detail, certificate_error);
  if (tls == NULL)
    return FALSE;
  *reason = g_strdup_printf (_ ("No secure connection to Kafka: %s (%s)"), _ (tls), detail);
  return TRUE;
}

char *
chat_kafka_error_dup_reason (const char *detail, gboolean known)
{
  const char *colon, *end;

  /* names of brokers, such as "host:port/1: " */
  while ((colon = strstr (detail, ": ")) != NULL && memchr (detail, ' ', (gsize)(colon - detail)) == NULL)
    detail = colon + 2;
  if (g_str_has_prefix (detail, "Disconnected while requesting ApiVersion"))
    return g_strdup (known ? _ ("the broker ends each connection")
                           : _ ("the broker ends each connection: perhaps it wants TLS at this address"));
  end = strstr (detail, " (after ");
  return end != NULL ? g_strndup (detail, (gsize)(end - detail)) : g_strdup (detail);
}
