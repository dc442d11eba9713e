/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport-error.h"
#include "transport/kafka/chat-kafka-handle.h"

G_BEGIN_DECLS

/** chat_kafka_error_new: (transfer full): what Kafka or librdkafka answered.
 * @what: (nullable): the topic or group that it is about
 * @detail: (nullable): in librdkafka's words, instead of those of the code */
GError *chat_kafka_error_new (rd_kafka_resp_err_t code, const char *what, const char *detail);

/** chat_kafka_error_of_job: (transfer full): of a worker's job, @error: (transfer full): OFFLINE where it was not run,
 * for the worker is closed. */
GError *chat_kafka_error_of_job (GError *error);

/** chat_kafka_error_get_code: what a caller can do about it. */
ChatTransportError chat_kafka_error_get_code (rd_kafka_resp_err_t code);

/** chat_kafka_error_is_missing: whether there is no such topic, or not this partition of it. */
gboolean chat_kafka_error_is_missing (rd_kafka_resp_err_t code);

/** chat_kafka_error_is_denial: whether @code, in an error event with @detail, says that the broker and these options
 * will not come together however often one tries: a wrong password, a certificate that is not trusted.
 * @certificate_error: what is wrong with the broker's certificate, as OpenSSL counts (X509_V_ERR_…); 0: nothing
 * @reason: (out) (transfer full): a sentence that says which */
gboolean chat_kafka_error_is_denial (rd_kafka_resp_err_t code, const char *detail, gint certificate_error,
                                     char **reason);

/** chat_kafka_error_dup_reason: (transfer full): why there is no connection, for people: what librdkafka says of it
 * (@detail) without where, in which state of its own, and how often. @known: whether there has been one. */
char *chat_kafka_error_dup_reason (const char *detail, gboolean known);

G_END_DECLS
