/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/** ChatVerdict: what became of an appeal. */
typedef enum
{
  CHAT_VERDICT_NO_APPEAL,
  CHAT_VERDICT_OPEN, /* nobody has looked at it yet */
  CHAT_VERDICT_GRANTED,
  CHAT_VERDICT_REJECTED,
} ChatVerdict;

/** ChatWarning: why a message of one's own was masked, and what became of an appeal: a boxed value. */
typedef struct
{
  char *id;
  char *target;  /* the message's id */
  char *channel; /* nullable */
  char *rule;    /* "es/insults" */
  char **words;  /* what was masked, as written; never NULL */
  guint strike, limit;
  gint64 timestamp;
  gint64 forgiven; /* ms; CHAT_TIME_UNKNOWN: it counts */
  ChatVerdict verdict;
  char *remark; /* nullable: a moderator's, on the appeal */
} ChatWarning;

#define CHAT_TYPE_WARNING (chat_warning_get_type ())
GType chat_warning_get_type (void);
ChatWarning *chat_warning_copy (const ChatWarning *self);
void chat_warning_free (ChatWarning *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatWarning, chat_warning_free)

gboolean chat_warning_equal (const ChatWarning *a, const ChatWarning *b);

/** chat_warning_new_from_message: (transfer full) (nullable): from a record of kind `warning` on the live feed; NULL
 * where it does not say what it is about. */
ChatWarning *chat_warning_new_from_message (ChatMessage *message);

/** chat_warning_new_from_json: (transfer full) (nullable): from an element of `GET /v1/moderation/warnings`; NULL with
 * a CHAT_CORE_ERROR. */
ChatWarning *chat_warning_new_from_json (JsonObject *object, GError **error);

G_END_DECLS
