/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CHAT_CORE_ERROR:
 *
 * The domain of everything that reads input in this layer: records, names, configuration.
 * A message always names what is wrong, where, and what would be right.
 */
#define CHAT_CORE_ERROR (chat_core_error_quark ())

typedef enum
{
  CHAT_CORE_ERROR_INVALID,   /* breaks a rule of the format */
  CHAT_CORE_ERROR_NOT_JSON,  /* not a JSON object at all (but valid UTF-8) */
  CHAT_CORE_ERROR_NOT_UTF8,  /* not valid UTF-8, or with a NUL byte */
  CHAT_CORE_ERROR_TOO_LARGE, /* over a documented limit */
} ChatCoreError;

GQuark chat_core_error_quark (void);

G_END_DECLS
