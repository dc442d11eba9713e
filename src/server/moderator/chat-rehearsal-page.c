/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-rehearsal-page.h"

void
chat_rehearsal_page_free (ChatRehearsalPage *self)
{
  g_ptr_array_unref (self->messages);
  g_hash_table_unref (self->originals);
  chat_rules_unref (self->in_force);
  chat_rules_unref (self->candidate);
  g_strfreev (self->languages);
  g_free (self);
}

void
chat_rehearsal_findings_free (ChatRehearsalFindings *self)
{
  g_ptr_array_unref (self->results);
  g_free (self);
}

void
chat_rehearsal_result_free (ChatRehearsalResult *self)
{
  g_free (self->message);
  g_free (self->channel);
  g_free (self->user);
  g_free (self->before);
  g_free (self->after);
  g_strfreev (self->rules);
  g_free (self);
}

gboolean
chat_rehearsal_page_is_judged (const ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);
  const char *data = chat_message_get_data (message);

  return (kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE || kind == CHAT_KIND_TOPIC) && data != NULL
         && *data != '\0';
}

/* Whether @hits (nullable) cover the code points from @start on, @length of them. */
static gboolean
covers (const GArray *hits, guint start, guint length)
{
  guint end = start + length;

  for (guint i = 0; hits != NULL && i < hits->len && start < end; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);
      if (hit->start <= start && start < hit->start + hit->length)
        start = hit->start + hit->length;
    }
  return start >= end;
}

/* Adds the rules of those of @hits (nullable) that @others do not cover. Whether there are such. */
static gboolean
add_rules (const GArray *hits, const GArray *others, GPtrArray *rules)
{
  guint before = rules->len;

  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);
      if (!covers (others, hit->start, hit->length)
          && !g_ptr_array_find_with_equal_func (rules, hit->rule, g_str_equal, NULL))
        g_ptr_array_add (rules, (gpointer)hit->rule);
    }
  return rules->len > before;
}

static void
judge (const ChatRehearsalPage *page, const ChatMessage *message, ChatRehearsalFindings *findings)
{
  const char *const *languages = (const char *const *)page->languages;
  const char *original = g_hash_table_lookup (page->originals, chat_message_get_id (message));
  const char *text = original != NULL ? original : chat_message_get_data (message);
  g_autoptr (GArray) before = chat_rules_find (page->in_force, text, languages);
  g_autoptr (GArray) after = chat_rules_find (page->candidate, text, languages);
  g_autoptr (GPtrArray) rules = g_ptr_array_new ();
  ChatRehearsalResult *result;

  if (add_rules (after, before, rules))
    findings->masked++;
  else if (add_rules (before, after, rules))
    findings->freed++;
  else
    return;
  g_ptr_array_add (rules, NULL);
  result = g_new0 (ChatRehearsalResult, 1);
  result->message = g_strdup (chat_message_get_id (message));
  result->channel = g_strdup (chat_message_get_channel (message));
  result->user = g_strdup (chat_message_get_author (message));
  result->time = chat_message_get_timestamp (message);
  result->before = chat_rules_mask (text, before);
  result->after = chat_rules_mask (text, after);
  result->rules = g_strdupv ((char **)rules->pdata);
  g_ptr_array_add (findings->results, result);
}

void
chat_rehearsal_page_judge (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  const ChatRehearsalPage *page = data;
  ChatRehearsalFindings *findings = g_new0 (ChatRehearsalFindings, 1);

  findings->results = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rehearsal_result_free);
  for (guint i = 0; i < page->messages->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      const ChatMessage *message = g_ptr_array_index (page->messages, i);
      if (chat_rehearsal_page_is_judged (message))
        judge (page, message, findings);
    }
  g_task_return_pointer (task, findings, (GDestroyNotify)chat_rehearsal_findings_free);
}
