/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/**
 * chat_api_export_append_text:
 *
 * Appends a stored record as the text export has it, with both clocks: `TIME [sent TIME] <ana> text`. What was found
 * out of it later (edited, deleted) stands before the name, so that no text can claim it; a line that does not begin
 * with a time goes on with the one before and begins with a tab, so that no text can pass for another record.
 *
 * Returns: FALSE where a record has no line of its own: edits, deletions and reactions are in what they are about
 */
gboolean chat_api_export_append_text (GString *buffer, const ChatMessage *message);

G_END_DECLS
