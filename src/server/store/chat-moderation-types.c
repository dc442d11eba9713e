/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-moderation-store.h"

ChatStrike *
chat_strike_copy (const ChatStrike *self)
{
  ChatStrike *copy = g_new (ChatStrike, 1);

  *copy = *self;
  copy->record_id = g_strdup (self->record_id);
  copy->channel = g_strdup (self->channel);
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->rule = g_strdup (self->rule);
  copy->spans = self->spans != NULL ? g_array_copy (self->spans) : NULL;
  copy->original = g_strdup (self->original);
  copy->rules_version = g_strdup (self->rules_version);
  copy->warning_id = g_strdup (self->warning_id);
  return copy;
}

void
chat_strike_free (ChatStrike *self)
{
  g_free (self->record_id);
  g_free (self->channel);
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->rule);
  g_clear_pointer (&self->spans, g_array_unref);
  g_free (self->original);
  g_free (self->rules_version);
  g_free (self->warning_id);
  g_free (self);
}

ChatBlock *
chat_block_copy (const ChatBlock *self)
{
  ChatBlock *copy = g_new (ChatBlock, 1);

  *copy = *self;
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->reason = g_strdup (self->reason);
  copy->record_id = g_strdup (self->record_id);
  return copy;
}

void
chat_block_free (ChatBlock *self)
{
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->reason);
  g_free (self->record_id);
  g_free (self);
}

ChatAppeal *
chat_appeal_copy (const ChatAppeal *self)
{
  ChatAppeal *copy = g_new (ChatAppeal, 1);

  *copy = *self;
  copy->id = g_strdup (self->id);
  copy->record_id = g_strdup (self->record_id);
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->text = g_strdup (self->text);
  copy->verdict = g_strdup (self->verdict);
  copy->by = g_strdup (self->by);
  copy->remark = g_strdup (self->remark);
  return copy;
}

void
chat_appeal_free (ChatAppeal *self)
{
  g_free (self->id);
  g_free (self->record_id);
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->text);
  g_free (self->verdict);
  g_free (self->by);
  g_free (self->remark);
  g_free (self);
}

ChatReport *
chat_report_copy (const ChatReport *self)
{
  ChatReport *copy = g_new (ChatReport, 1);

  *copy = *self;
  copy->id = g_strdup (self->id);
  copy->target = g_strdup (self->target);
  copy->channel = g_strdup (self->channel);
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->reason = g_strdup (self->reason);
  copy->by = g_strdup (self->by);
  copy->remark = g_strdup (self->remark);
  return copy;
}

void
chat_report_free (ChatReport *self)
{
  g_free (self->id);
  g_free (self->target);
  g_free (self->channel);
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->reason);
  g_free (self->by);
  g_free (self->remark);
  g_free (self);
}

void
chat_audit_entry_free (ChatAuditEntry *self)
{
  g_free (self->actor);
  g_free (self->action);
  g_free (self->user_key);
  g_free (self->record_id);
  g_free (self->detail);
  g_free (self);
}

void
chat_rules_revision_free (ChatRulesRevision *self)
{
  g_free (self->text);
  g_free (self->by);
  g_free (self->remark);
  g_free (self);
}
