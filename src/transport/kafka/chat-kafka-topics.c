/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/kafka/chat-kafka-topics.h"

#include <string.h>

#include "transport/kafka/chat-kafka-error.h"

/* Every broker of a cluster knows of a new topic within this time; a job may wait for it. */
#define SETTLE_US (5 * G_USEC_PER_SEC)

/* A topic that was declared is known everywhere in the cluster a moment later. */
#define DECLARED_MS 5000
#define DECLARED_POLL_US 20000

typedef const struct rd_kafka_metadata Metadata;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Metadata, rd_kafka_metadata_destroy)

guint
chat_kafka_topics_count (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *topic, GError **error)
{
  g_autofree char *name = chat_broker_options_dup_name (options, topic);
  g_autoptr (rd_kafka_topic_t) which = rd_kafka_topic_new (handle, name, NULL);
  g_autoptr (Metadata) found = NULL;
  rd_kafka_resp_err_t code = which != NULL ? rd_kafka_metadata (handle, 0, which, &found, CHAT_KAFKA_CALL_MS)
                                           : RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;

  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    code = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && found->topics[0].partition_cnt > 0)
    return (guint)found->topics[0].partition_cnt;
  g_propagate_error (error,
                     chat_kafka_error_new (code != RD_KAFKA_RESP_ERR_NO_ERROR ? code
                                                                              : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                           name, NULL));
  return 0;
}

/* Declaring: https://kafka.apache.org/39/documentation.html#topicconfigs */

static void
set_number (rd_kafka_NewTopic_t *topic, const char *name, gint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  rd_kafka_NewTopic_set_config (topic, name, text);
}

static rd_kafka_NewTopic_t *
declaration_new (const ChatBrokerOptions *options, const char *topic, const char *name)
{
  int replicas = options->replication > 0 ? (int)options->replication : -1;
  char why[256];
  rd_kafka_NewTopic_t *declaration
      = rd_kafka_NewTopic_new (name, (int)chat_broker_options_get_shards (options, topic), replicas, why, sizeof why);

  if (declaration == NULL)
    return NULL;
  set_number (declaration, "retention.ms", options->retention_ms > 0 ? options->retention_ms : -1);
  set_number (declaration, "retention.bytes", options->retention_bytes > 0 ? options->retention_bytes : -1);
  if (options->min_insync > 0)
    set_number (declaration, "min.insync.replicas", options->min_insync);
  return declaration;
}

static rd_kafka_resp_err_t
get_answer (rd_kafka_event_t *event, char **detail)
{
  const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result (event);
  const rd_kafka_topic_result_t **topics;
  size_t count;

  if (rd_kafka_event_error (event) != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
      *detail = g_strdup (rd_kafka_event_error_string (event));
      return rd_kafka_event_error (event);
    }
  topics = rd_kafka_CreateTopics_result_topics (result, &count);
  *detail = g_strdup (rd_kafka_topic_result_error_string (topics[0]));
  return rd_kafka_topic_result_error (topics[0]);
}

static gboolean
declare (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *topic, GError **error)
{
  g_autofree char *name = chat_broker_options_dup_name (options, topic), *detail = NULL;
  rd_kafka_NewTopic_t *declaration = declaration_new (options, topic, name);
  g_autoptr (rd_kafka_queue_t) queue = rd_kafka_queue_new (handle);
  g_autoptr (rd_kafka_event_t) event = NULL;
  rd_kafka_AdminOptions_t *admin = rd_kafka_AdminOptions_new (handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;

  rd_kafka_AdminOptions_set_request_timeout (admin, CHAT_KAFKA_CALL_MS, NULL, 0);
  rd_kafka_AdminOptions_set_operation_timeout (admin, CHAT_KAFKA_CALL_MS, NULL, 0);
  if (declaration != NULL)
    {
      rd_kafka_CreateTopics (handle, &declaration, 1, admin, queue);
      event = rd_kafka_queue_poll (queue, -1);
      code = get_answer (event, &detail);
      rd_kafka_NewTopic_destroy (declaration);
    }
  rd_kafka_AdminOptions_destroy (admin);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return TRUE;
  g_propagate_error (error, chat_kafka_error_new (code, name, detail));
  return FALSE;
}

guint
chat_kafka_topics_ensure (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *topic, GError **error)
{
  g_autoptr (GError) missing = NULL;
  guint count = chat_kafka_topics_count (handle, options, topic, &missing);
  gint64 until = g_get_monotonic_time () + DECLARED_MS * 1000;

  if (count == 0 && options->declare && g_error_matches (missing, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    {
      if (!declare (handle, options, topic, error))
        return 0;
      while (count == 0 && g_get_monotonic_time () < until)
        {
          g_clear_error (&missing);
          count = chat_kafka_topics_count (handle, options, topic, &missing);
          if (count == 0)
            g_usleep (DECLARED_POLL_US);
        }
    }
  if (count == 0)
    g_propagate_error (error, g_steal_pointer (&missing));
  return count;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
chat_kafka_topics_list (rd_kafka_t *handle, const ChatBrokerOptions *options, GError **error)
{
  g_autoptr (Metadata) found = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  rd_kafka_resp_err_t code = rd_kafka_metadata (handle, 1, NULL, &found, CHAT_KAFKA_CALL_MS);

  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
      g_propagate_error (error, chat_kafka_error_new (code, NULL, NULL));
      return NULL;
    }
  for (int i = 0; i < found->topic_cnt; i++)
    {
      const char *name = chat_broker_options_strip (options, found->topics[i].topic);

      /* "__consumer_offsets" and the like are the broker's own */
      if (name != NULL && *name != '\0' && !g_str_has_prefix (found->topics[i].topic, "__")
          && found->topics[i].err != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_steal (names, NULL);
}

/* Whether a broker of a cluster has not heard yet of a topic that was made a moment ago, or of who leads it. */
static gboolean
is_settling (rd_kafka_resp_err_t code)
{
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
         || code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
}

static rd_kafka_resp_err_t
ask_offsets (rd_kafka_t *handle, rd_kafka_topic_partition_list_t *places, gint64 time_ms, const char **what)
{
  rd_kafka_resp_err_t code;

  /* ListOffsets takes the two ends as times, -1 and -2, which is how librdkafka names them too */
  for (int i = 0; i < places->cnt; i++)
    places->elems[i].offset = time_ms;
  code = rd_kafka_offsets_for_times (handle, places, CHAT_KAFKA_CALL_MS);
  for (int i = 0; i < places->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
    if (places->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
      {
        code = places->elems[i].err;
        *what = places->elems[i].topic;
      }
  return code;
}

gboolean
chat_kafka_topics_find_offsets (rd_kafka_t *handle, rd_kafka_topic_partition_list_t *places, gint64 time_ms,
                                GError **error)
{
  gint64 until = g_get_monotonic_time () + SETTLE_US;
  const char *what = NULL;
  rd_kafka_resp_err_t code = ask_offsets (handle, places, time_ms, &what);

  while (is_settling (code) && g_get_monotonic_time () < until)
    {
      g_usleep (SETTLE_US / 50);
      code = ask_offsets (handle, places, time_ms, &what);
    }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  g_propagate_error (error, chat_kafka_error_new (code, what, NULL));
  return FALSE;
}
