/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-rules-source.h"

#include <string.h>

/* How errors name the site's own text. */
#define SITE "the rules"

ChatRulesText *
chat_rules_text_new (GBytes *lists, const char *site)
{
  ChatRulesText *self = g_atomic_rc_box_new0 (ChatRulesText);

  self->lists = g_bytes_ref (lists);
  self->site = g_strdup (site);
  return self;
}

ChatRulesText *
chat_rules_text_ref (ChatRulesText *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
text_clear (gpointer data)
{
  ChatRulesText *self = data;

  g_bytes_unref (self->lists);
  g_free (self->site);
}

void
chat_rules_text_unref (ChatRulesText *self)
{
  g_atomic_rc_box_release_full (self, text_clear);
}

ChatRulesBuilder *
chat_rules_text_build (const ChatRulesText *self, gboolean strict, GError **error)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  gsize length;
  const char *lists = g_bytes_get_data (self->lists, &length);

  if (length > 0 && !chat_rules_builder_add_data (builder, lists, length, "the lists", error))
    return NULL;
  if (*self->site != '\0' && !chat_rules_builder_add_data (builder, self->site, strlen (self->site), SITE, error))
    return NULL;
  if (strict && !chat_rules_builder_check_removals (builder, error))
    return NULL;
  return g_steal_pointer (&builder);
}
