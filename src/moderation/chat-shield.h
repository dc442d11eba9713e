/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  CHAT_SHIELD_OPAQUE, /* nothing in it is looked at */
  CHAT_SHIELD_WHOLE,  /* it may be a hit as a whole ("@sshole", "hijo_de_puta"), but nothing in it is */
} ChatShieldKind;

/** ChatShield: bytes of a text that are not prose. */
typedef struct
{
  gsize start, end;
  ChatShieldKind kind;
} ChatShield;

/**
 * chat_shields_find:
 * @text: (array length=length): valid UTF-8
 *
 * Opaque: code spans and blocks (`` `…` ``, ```` ```…``` ````, closed); URLs with one of the usual schemes, or `www.`,
 * or a host name with a path or port; e-mail addresses; UUIDs and other hexadecimal ids; IPv6 and MAC addresses; dotted
 * names of three parts that are called, as in stack traces. As a whole: @mentions, file paths, command-line options,
 * identifiers with an underscore. A bare "puta.com" is two words: people forget the space after a full stop, and
 * other people know that. Time is linear in @length.
 *
 * Returns: (transfer full) (nullable) (element-type ChatShield): ascending, not overlapping; NULL where there is none
 */
GArray *chat_shields_find (const char *text, gsize length);

G_END_DECLS
