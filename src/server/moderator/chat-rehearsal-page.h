/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/moderator/chat-rehearsal.h"

G_BEGIN_DECLS

/** ChatRehearsalPage: some messages of one channel on their way through the worker. */
typedef struct
{
  GPtrArray *messages;             /* (element-type ChatMessage) owned */
  GHashTable *originals;           /* id → text, owned: of those that were masked, where it is kept */
  ChatRules *in_force, *candidate; /* owned */
  GStrv languages;                 /* (nullable) owned */
} ChatRehearsalPage;

void chat_rehearsal_page_free (ChatRehearsalPage *self);

/** ChatRehearsalFindings: what the worker made of a page. */
typedef struct
{
  GPtrArray *results; /* (element-type ChatRehearsalResult) */
  guint64 masked, freed;
} ChatRehearsalFindings;

void chat_rehearsal_findings_free (ChatRehearsalFindings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRehearsalFindings, chat_rehearsal_findings_free)

/** chat_rehearsal_page_is_judged: whether word lists apply to @message: it says something. */
gboolean chat_rehearsal_page_is_judged (const ChatMessage *message);

/** chat_rehearsal_page_judge: (job of a ChatWorker): @data: a ChatRehearsalPage; returns ChatRehearsalFindings. */
void chat_rehearsal_page_judge (GTask *task, gpointer context, gpointer data, GCancellable *cancellable);

G_END_DECLS
