/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  CHAT_CONFIG_STRING,
  CHAT_CONFIG_PATH, /* a string; relative to the file's own directory; "~/" is the home directory */
  CHAT_CONFIG_INT,  /* minimum … maximum */
  CHAT_CONFIG_BOOLEAN,
  CHAT_CONFIG_CHOICE,   /* one of choices */
  CHAT_CONFIG_LIST,     /* semicolon-separated strings, each one of choices where there are choices */
  CHAT_CONFIG_DURATION, /* "250ms", "30s", "10min", "24h", "7d": kept in milliseconds, minimum … maximum */
  CHAT_CONFIG_SIZE,     /* "512", "64KiB", "10MiB", "1GiB": kept in bytes, minimum … maximum */
} ChatConfigType;

/** ChatConfigKey: one key that may stand in the file. A table of these, ended by a zero row, is a program's whole
 * configuration. */
typedef struct
{
  const char *group;
  const char *key;
  ChatConfigType type;
  const char *fallback; /* as it would stand in the file; NULL: no value */
  gint64 minimum, maximum;
  const char *const *choices;
  const char *summary; /* one line for people: what it does, and its unit */
} ChatConfigKey;

#define CHAT_TYPE_CONFIG (chat_config_get_type ())
G_DECLARE_FINAL_TYPE (ChatConfig, chat_config, CHAT, CONFIG, GObject)

/** chat_config_new: @keys: (transfer none): must outlive it. Every key has its fallback until a file is loaded. */
ChatConfig *chat_config_new (const ChatConfigKey *keys);

/**
 * chat_config_load_file:
 *
 * Reads a GKeyFile. Every group and key must be in the table, every value must fit its type, and none may stand twice;
 * the error names file, line, group and key, what was found, what would be right, and for an unknown name the nearest
 * known one. On an error nothing is changed.
 */
gboolean chat_config_load_file (ChatConfig *self, const char *path, GError **error);
gboolean chat_config_load_data (ChatConfig *self, const char *data, gsize length, const char *name, GError **error);

/** chat_config_set: one value as it would stand in the file (from `--set group.key=value`). */
gboolean chat_config_set (ChatConfig *self, const char *group, const char *key, const char *value, GError **error);

/* Asking for a key that is not in the table, or as another type, is a programming error. Strings are (transfer none)
 * (nullable). */
const char *chat_config_get_string (ChatConfig *self, const char *group, const char *key);
gint64 chat_config_get_int (ChatConfig *self, const char *group, const char *key);
gboolean chat_config_get_boolean (ChatConfig *self, const char *group, const char *key);
const char *const *chat_config_get_list (ChatConfig *self, const char *group, const char *key);

/** chat_config_sample: (transfer full): a commented file with every key at its fallback; `data/tertulia-server.conf` is
 * this, and a test says so. */
char *chat_config_sample (ChatConfig *self);

G_END_DECLS
