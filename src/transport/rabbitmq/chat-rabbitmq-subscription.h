/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-subscription.h"
#include "transport/chat-wish.h"
#include "transport/rabbitmq/chat-rabbitmq-admin.h"
#include "transport/rabbitmq/chat-rabbitmq-link.h"

G_BEGIN_DECLS

/** ChatRabbitmqSite: what a subscription reads from while there is a connection. */
typedef struct
{
  ChatRabbitmqLink *consuming, *publishing;
  ChatRabbitmqAdmin *admin;
} ChatRabbitmqSite;

/**
 * ChatRabbitmqSubscription:
 *
 * What readers and members of a group have in common: they are attached to a connection, put in place (which answers
 * the subscribe the first time), and detached when it breaks. A consumer that the broker ends while the connection
 * holds is put in place again, with a back-off.
 *
 * Signals, for the transport:
 * - `gone`: closed or dropped: forget it.
 * - `troubled`: chat_rabbitmq_subscription_get_trouble() has changed.
 */
#define CHAT_TYPE_RABBITMQ_SUBSCRIPTION (chat_rabbitmq_subscription_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatRabbitmqSubscription, chat_rabbitmq_subscription, CHAT, RABBITMQ_SUBSCRIPTION,
                          ChatSubscription)

struct _ChatRabbitmqSubscriptionClass
{
  ChatSubscriptionClass parent_class;

  /** attach: begin to consume, where it stood or where it is to begin; then chat_rabbitmq_subscription_in_place(). */
  void (*attach) (ChatRabbitmqSubscription *self, const ChatRabbitmqSite *site);
  /** detach: close the channels, forget what they were about. */
  void (*detach) (ChatRabbitmqSubscription *self);

  gpointer padding[4];
};

/** chat_rabbitmq_subscription_set_task: @task: of the subscribe: answered when it is in place, or fails. */
void chat_rabbitmq_subscription_set_task (ChatRabbitmqSubscription *self, GTask *task);
/** chat_rabbitmq_subscription_answer: the subscribe, if it still waits. */
void chat_rabbitmq_subscription_answer (ChatRabbitmqSubscription *self, const GError *error);

void chat_rabbitmq_subscription_attach (ChatRabbitmqSubscription *self, const ChatRabbitmqSite *site);
void chat_rabbitmq_subscription_detach (ChatRabbitmqSubscription *self);
const char *chat_rabbitmq_subscription_get_trouble (ChatRabbitmqSubscription *self);

/* For the two: */

/** chat_rabbitmq_subscription_get_site: (nullable): NULL while there is no connection. */
const ChatRabbitmqSite *chat_rabbitmq_subscription_get_site (ChatRabbitmqSubscription *self);
/** chat_rabbitmq_subscription_get_cancellable: fires when it is detached. */
GCancellable *chat_rabbitmq_subscription_get_cancellable (ChatRabbitmqSubscription *self);
/** chat_rabbitmq_subscription_set_trouble: @trouble: (nullable): what it can't do now, until it can or is put in place
 * anew. */
void chat_rabbitmq_subscription_set_trouble (ChatRabbitmqSubscription *self, const char *trouble);
void chat_rabbitmq_subscription_in_place (ChatRabbitmqSubscription *self);
/** chat_rabbitmq_subscription_repair: what is attached ended with @error: again later, or for good. */
void chat_rabbitmq_subscription_repair (ChatRabbitmqSubscription *self, const GError *error);
gboolean chat_rabbitmq_subscription_is_in_place (ChatRabbitmqSubscription *self);

/** chat_rabbitmq_subscription_push: (transfer full): a record that came; delivered from the main loop. */
void chat_rabbitmq_subscription_push (ChatRabbitmqSubscription *self, ChatRecord *record);
void chat_rabbitmq_subscription_push_gap (ChatRabbitmqSubscription *self, const char *topic, gint64 from, gint64 to);
/** chat_rabbitmq_subscription_drop: like chat_subscription_drop_queued(), with what was pushed. */
void chat_rabbitmq_subscription_drop (ChatRabbitmqSubscription *self,
                                      gboolean (*drop) (ChatRecord *record, gpointer data), gpointer data);
/** chat_rabbitmq_subscription_get_waiting: what waits to be delivered: how many, and for how many ms the first of them
 * has been on the broker (0: nothing waits; -1: nobody knows). */
guint chat_rabbitmq_subscription_get_waiting (ChatRabbitmqSubscription *self, gint64 *milliseconds);

G_END_DECLS
