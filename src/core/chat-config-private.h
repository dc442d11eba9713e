/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"

G_BEGIN_DECLS

/** ChatConfigValue: what a key is set to, in the form that its getter returns. */
typedef struct
{
  gboolean set; /* by a file or by chat_config_set(); else it is the fallback */
  char *place;  /* (nullable): "FILE:LINE", where a file has set it */
  char *string; /* STRING, PATH, CHOICE */
  gint64 number;
  char **list;
} ChatConfigValue;

void chat_config_value_clear (ChatConfigValue *value);
void chat_config_value_copy (const ChatConfigValue *from, ChatConfigValue *to);

/**
 * chat_config_value_parse:
 * @text: as it stands in the file, without white space at its ends
 * @directory: (nullable): what a relative path is relative to; NULL: the current directory
 * @error: what was found and what would be right, without the place
 */
gboolean chat_config_value_parse (const ChatConfigKey *key, const char *text, const char *directory,
                                  ChatConfigValue *value, GError **error);

/** chat_config_value_describe: (transfer full): what would be right for @key, for people. */
char *chat_config_value_describe (const ChatConfigKey *key);

/** ChatConfigLineFunc: one `key = value` of the file. */
typedef gboolean (*ChatConfigLineFunc) (const char *group, const char *key, const char *value, guint line,
                                        gpointer data, GError **error);

/** ChatConfigGroupFunc: one `[group]` of the file. */
typedef gboolean (*ChatConfigGroupFunc) (const char *group, guint line, gpointer data, GError **error);

/**
 * chat_config_scan:
 * @name: the file's name, for errors
 *
 * Reads the lines of a key file in order. Our own reader, as GKeyFile keeps no line numbers and lets the last of two
 * equal keys win.
 */
gboolean chat_config_scan (const char *data, gsize length, const char *name, ChatConfigGroupFunc group_func,
                           ChatConfigLineFunc line_func, gpointer user_data, GError **error);

G_END_DECLS
