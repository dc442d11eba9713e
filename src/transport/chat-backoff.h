/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatBackoff: how long to wait before the next try: doubles from @first to @longest, each with a jitter of ±25 %. A
 * plain value; reset after a success. */
typedef struct
{
  guint first_ms, longest_ms, tries;
} ChatBackoff;

#define CHAT_BACKOFF_INIT                                                                                              \
  {                                                                                                                    \
    250, 15000, 0                                                                                                      \
  }
guint chat_backoff_next (ChatBackoff *self);
void chat_backoff_reset (ChatBackoff *self);

G_END_DECLS
