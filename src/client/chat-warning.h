/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/** ChatWarning: why a message of one's own was masked: a boxed value. */
typedef struct
{
  char *id;
  char *target; /* the message's id */
  char *channel;
  char *rule;   /* "es/insults" */
  char **words; /* what was masked, as written */
  guint strike, limit;
  gint64 timestamp;
} ChatWarning;

#define CHAT_TYPE_WARNING (chat_warning_get_type ())
GType chat_warning_get_type (void);
ChatWarning *chat_warning_copy (const ChatWarning *self);
void chat_warning_free (ChatWarning *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatWarning, chat_warning_free)

G_END_DECLS
