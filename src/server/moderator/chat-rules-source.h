/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "moderation/chat-rules.h"
#include "server/moderator/chat-control-feed.h"
#include "server/store/chat-moderation-store.h"

G_BEGIN_DECLS

/** ChatRulesText: what rules are made of: the lists that are installed and, on top of them, what the site itself says.
 * An immutable, atomically reference-counted value. */
typedef struct
{
  GBytes *lists; /* one text in the format of data/moderation */
  char *site;    /* likewise; may be empty */
} ChatRulesText;

ChatRulesText *chat_rules_text_new (GBytes *lists, const char *site);
ChatRulesText *chat_rules_text_ref (ChatRulesText *self);
void chat_rules_text_unref (ChatRulesText *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRulesText, chat_rules_text_unref)

/** chat_rules_text_build: (transfer full): FALSE with a CHAT_RULES_ERROR that names the line. @strict: an entry that
 * takes nothing away is an error too. Takes some 10 ms and more: for a worker. */
ChatRulesBuilder *chat_rules_text_build (const ChatRulesText *self, gboolean strict, GError **error);

#define CHAT_TYPE_RULES_SOURCE (chat_rules_source_get_type ())
G_DECLARE_FINAL_TYPE (ChatRulesSource, chat_rules_source, CHAT, RULES_SOURCE, GObject)

/**
 * ChatRulesSource: (implements ChatService)
 *
 * The rules in force: the installed lists and the revision that was published last, compiled off the main loop, and
 * anew within a second of a `rules` record on chat_control.
 *
 * Signals:
 * - `changed ()`: there are new ones.
 * - `invalid (gint64 revision, GError *error)`: a revision can't be compiled (it was made for other lists): what was in
 * force before stays in force, at the start the lists alone.
 *
 * @feed: is to be started before it
 * @lists: as ChatRulesText.lists
 */
ChatRulesSource *chat_rules_source_new (ChatControlFeed *feed, ChatModerationStore *store, GBytes *lists);

/** chat_rules_source_get_rules: (transfer none): once it is started; keep a reference for as long as hits are in use.
 */
ChatRules *chat_rules_source_get_rules (ChatRulesSource *self);
/** chat_rules_source_get_revision: 0: nothing was published. */
gint64 chat_rules_source_get_revision (ChatRulesSource *self);

/** chat_rules_source_compile_async: tries rules out, off the main loop, as strictly as before they are published.
 * @site: what the site would say. The finish: (transfer full); CHAT_RULES_ERROR. */
void chat_rules_source_compile_async (ChatRulesSource *self, const char *site, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
ChatRules *chat_rules_source_compile_finish (ChatRulesSource *self, GAsyncResult *result, GError **error);

/** chat_rules_source_list_async: the entries that are in force, or with @site (nullable) would be. The finish:
 * (transfer full) (element-type ChatRulesEntry) */
void chat_rules_source_list_async (ChatRulesSource *self, const char *site, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_rules_source_list_finish (ChatRulesSource *self, GAsyncResult *result, GError **error);

G_END_DECLS
