/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-core-error.h"

#include <string.h>

/** assert_says: *error is the one that is expected and names @part; cleared, for the next one. */
static inline void
assert_says (GError **error, ChatCoreError code, const char *part)
{
  g_assert_error (*error, CHAT_CORE_ERROR, (int)code);
  g_assert_true (g_utf8_validate ((*error)->message, -1, NULL));
  if (strstr ((*error)->message, part) == NULL)
    g_error ("“%s” does not say “%s”", (*error)->message, part);
  g_clear_error (error);
}
