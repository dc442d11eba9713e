/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/kafka/chat-kafka-group.h"

#include "transport/kafka/chat-kafka-topics.h"

static rd_kafka_event_t *
describe (rd_kafka_t *handle, const char *group)
{
  g_autoptr (rd_kafka_queue_t) queue = rd_kafka_queue_new (handle);
  rd_kafka_AdminOptions_t *admin = rd_kafka_AdminOptions_new (handle, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  rd_kafka_event_t *event;

  rd_kafka_AdminOptions_set_request_timeout (admin, CHAT_KAFKA_CALL_MS, NULL, 0);
  rd_kafka_DescribeConsumerGroups (handle, &group, 1, admin, queue);
  event = rd_kafka_queue_poll (queue, -1);
  rd_kafka_AdminOptions_destroy (admin);
  return event;
}

static gboolean
has_topic (const rd_kafka_MemberDescription_t *member, const char *name)
{
  const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment (member);
  const rd_kafka_topic_partition_list_t *list
      = assignment != NULL ? rd_kafka_MemberAssignment_partitions (assignment) : NULL;

  for (int i = 0; list != NULL && i < list->cnt; i++)
    if (g_str_equal (list->elems[i].topic, name))
      return TRUE;
  return FALSE;
}

static gboolean
is_given_out (const rd_kafka_ConsumerGroupDescription_t *group, const char *name)
{
  for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count (group); i++)
    if (has_topic (rd_kafka_ConsumerGroupDescription_member (group, i), name))
      return TRUE;
  return FALSE;
}

gboolean
chat_kafka_group_leaves_out (rd_kafka_t *handle, const ChatBrokerOptions *options, const ChatWish *wish)
{
  g_autofree char *name = chat_broker_options_dup_name (options, wish->start.group);
  g_autoptr (rd_kafka_event_t) event = describe (handle, name);
  const rd_kafka_DescribeConsumerGroups_result_t *result = rd_kafka_event_DescribeConsumerGroups_result (event);
  const rd_kafka_ConsumerGroupDescription_t **groups;
  size_t count;

  if (result == NULL || rd_kafka_event_error (event) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return FALSE;
  groups = rd_kafka_DescribeConsumerGroups_result_groups (result, &count);
  if (count != 1 || rd_kafka_ConsumerGroupDescription_error (groups[0]) != NULL
      || rd_kafka_ConsumerGroupDescription_state (groups[0]) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
    return FALSE;
  for (char **topic = wish->topics; *topic != NULL; topic++)
    {
      g_autofree char *topic_name = chat_broker_options_dup_name (options, *topic);

      if (!is_given_out (groups[0], topic_name) && chat_kafka_topics_count (handle, options, *topic, NULL) > 0)
        return TRUE;
    }
  return FALSE;
}
