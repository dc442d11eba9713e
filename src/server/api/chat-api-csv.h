/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_api_csv_append: @text as one field of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe
 * in front, so that it shows it instead of running it. */
void chat_api_csv_append (GString *buffer, const char *text);

G_END_DECLS
