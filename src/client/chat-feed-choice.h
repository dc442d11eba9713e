/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatFeedChoice: over which feed public channels and warnings are to come. Where it is not offered, or can't be
 * reached, the service's own WebSocket stands in. */
typedef enum
{
  CHAT_FEED_AUTOMATIC, /* the first broker that is offered */
  CHAT_FEED_KAFKA,
  CHAT_FEED_RABBITMQ,
  CHAT_FEED_WEBSOCKET,
} ChatFeedChoice;

/** chat_feed_choice_from_string: "automatic", "kafka", "rabbitmq", "websocket"; anything else is automatic. */
ChatFeedChoice chat_feed_choice_from_string (const char *name);

/**
 * ChatFeedDetails:
 *
 * What there is to know of how messages come, for people who want to know.
 */
typedef struct
{
  char *feed;         /* "Kafka": what brings public channels right now */
  char *address;      /* (nullable): where it is */
  char *state;        /* a sentence */
  gint64 since;       /* ms: since when it is so */
  gint64 lag_records; /* behind the end; -1: not known */
  gint64 lag_ms;      /* -1: not known */
  char *position;     /* (nullable): how far it has read */
  char *service;      /* (nullable): where a broker is chosen: the state of the service's connection, a sentence */
  char *broker;       /* (nullable): where a broker is chosen that is not `feed`: its state, a sentence */
  char *error;        /* (nullable): the last one */
  char *delay;        /* (nullable): why what waits to be sent can't be sent now */
} ChatFeedDetails;

void chat_feed_details_free (ChatFeedDetails *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatFeedDetails, chat_feed_details_free)

G_END_DECLS
