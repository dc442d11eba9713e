/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** ChatCompletion: something that what is being typed could become. */
typedef struct
{
  char *insert;     /* what takes the place of the code points from @start up to @end */
  char *label;      /* for people */
  char *detail;     /* nullable: a second text for people */
  guint start, end; /* code points of the text */
} ChatCompletion;

void chat_completion_free (ChatCompletion *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatCompletion, chat_completion_free)

/** CHAT_COMPLETIONS_MAX: more than can be seen at a glance help nobody. */
#define CHAT_COMPLETIONS_MAX 8

#define CHAT_TYPE_COMPLETER (chat_completer_get_type ())
G_DECLARE_FINAL_TYPE (ChatCompleter, chat_completer, CHAT, COMPLETER, GObject)

/**
 * ChatCompleter:
 *
 * Finds completions: `/command` at the start of a text, `@user`, `#channel` and `:emoji name` at the start of a word;
 * behind a command that takes a user or a channel, these without their sign.
 */

/** chat_completer_new: @users: (nullable): of ChatUser; @channels: (nullable): of ChatChannel */
ChatCompleter *chat_completer_new (GListModel *users, GListModel *channels);

/**
 * chat_completer_complete:
 * @cursor: code points before it
 *
 * Returns: (transfer full) (element-type ChatCompletion): the best first, at most CHAT_COMPLETIONS_MAX; empty where
 *   nothing fits, or what is typed is already whole
 */
GPtrArray *chat_completer_complete (ChatCompleter *self, const char *text, guint cursor);

G_END_DECLS
