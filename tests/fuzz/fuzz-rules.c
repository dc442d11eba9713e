/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever the text, hits are inside it, in order and apart, and masking keeps its length. The bytes before the first
 * NUL byte are a word list as well: it is taken or refused with a reason, and its rules must hold to the same. */
#include "moderation/chat-rules.h"
#include "moderation/chat-skeleton.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char list[]
    = "language: es\nrule: es/insults\nputa\nmierda\nhijo de puta\ncoño\nfolla*\ncabrón\n!follaje*\n"
      "!de puta madre\nseverity: mild\nculo\nass\nllll\nilil\n操你\n2g1c\n";

/* What is in force, written down and read again, is the same. */
static void
check_text (ChatRulesBuilder *builder, ChatRules *rules)
{
  g_autoptr (ChatRulesBuilder) again = chat_rules_builder_new ();
  g_autofree char *text = chat_rules_builder_to_text (builder);
  g_autoptr (ChatRules) same = NULL;

  g_assert_true (chat_rules_builder_add_data (again, text, strlen (text), "text", NULL));
  same = chat_rules_builder_compile (again);
  g_assert_cmpstr (chat_rules_get_version (rules), ==, chat_rules_get_version (same));
}

static ChatRules *
compile (const char *data, gsize length)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (GError) error = NULL;

  if (chat_rules_builder_add_data (builder, data, length, "list", &error))
    {
      ChatRules *rules = chat_rules_builder_compile (builder);

      check_text (builder, rules);
      return rules;
    }
  g_assert_true (g_str_has_prefix (error->message, "list:"));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  return NULL;
}

static void
check_find (ChatRules *rules, const char *text)
{
  static const char *const spanish[] = { "es", NULL };
  g_autoptr (GArray) hits = chat_rules_find (rules, text, NULL);
  g_autoptr (GArray) some = chat_rules_find (rules, text, spanish);
  g_autofree char *masked = chat_rules_mask (text, hits);
  glong length = g_utf8_strlen (text, -1);
  guint end = 0, place = 0;
  const char *a = text, *b = masked;

  g_assert_true (g_utf8_validate (masked, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (masked, -1), ==, length);
  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);

      g_assert_cmpuint (hit->start, >=, end);
      g_assert_cmpuint (hit->length, >, 0);
      end = hit->start + hit->length;
      g_assert_cmpint (end, <=, length);
      for (; place < end; place++, a = g_utf8_next_char (a), b = g_utf8_next_char (b))
        g_assert_cmpuint (g_utf8_get_char (b), ==, place < hit->start ? g_utf8_get_char (a) : '*');
    }
  g_assert_cmpstr (a, ==, b);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static ChatRules *rules;
  g_autofree char *whole = g_utf8_make_valid ((const char *)data, (gssize)size);
  const uint8_t *nul = size > 0 ? memchr (data, '\0', size) : NULL;

  if (rules == NULL)
    rules = compile (list, sizeof list - 1);
  g_assert_nonnull (rules);
  check_find (rules, whole);
  g_free (chat_skeleton (whole));
  if (nul != NULL)
    {
      gsize list_length = (gsize)(nul - data);
      g_autoptr (ChatRules) own = compile ((const char *)data, list_length);
      g_autofree char *text = g_utf8_make_valid ((const char *)nul + 1, (gssize)(size - list_length - 1));

      if (own != NULL)
        check_find (own, text);
    }
  return 0;
}
