/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/kafka/chat-kafka-handle.h"

G_BEGIN_DECLS

/* What a broker knows of its topics. All of this blocks: for a worker's thread. Topics are named without the prefix. */

/** chat_kafka_topics_count: how many partitions @topic has; 0 with REJECTED where it is not there, DENIED, OFFLINE. */
guint chat_kafka_topics_count (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *topic, GError **error);

/** chat_kafka_topics_ensure: the same; where it is not there and the options say so it is declared. */
guint chat_kafka_topics_ensure (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *topic,
                                GError **error);

/** chat_kafka_topics_list: (transfer full): sorted; NULL with OFFLINE or DENIED. */
char **chat_kafka_topics_list (rd_kafka_t *handle, const ChatBrokerOptions *options, GError **error);

/** chat_kafka_topics_find_offsets: sets each of @places, which names topics with the prefix, to the first offset at or
 * after @time_ms, or RD_KAFKA_OFFSET_BEGINNING or END for the ends of what can be read. FALSE with OFFLINE, DENIED. */
gboolean chat_kafka_topics_find_offsets (rd_kafka_t *handle, rd_kafka_topic_partition_list_t *places, gint64 time_ms,
                                         GError **error);

G_END_DECLS
