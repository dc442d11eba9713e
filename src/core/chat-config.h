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

/** chat_config_new: @keys: (transfer none): must outlive it. Every key has its fallback until a file is loaded; a
 * fallback that is a relative path is relative to the current directory until then, and to the file's own afterwards.
 */
ChatConfig *chat_config_new (const ChatConfigKey *keys);

/**
 * chat_config_load_file:
 *
 * Reads a key file (GKeyFile's format and escapes; a comment has a line of its own) of at most 1 MiB. Every group and
 * key must be in the table, every value must fit its type, and none may stand twice; the error is
 * "FILE:LINE: [group] key: ..." with what was found, what would be right, and for an unknown name the nearest known
 * one: a CHAT_CORE_ERROR, or a GIOErrorEnum where the file cannot be read. On an error nothing is changed. What an
 * earlier file or chat_config_set() has set stays where this file is silent.
 */
gboolean chat_config_load_file (ChatConfig *self, const char *path, GError **error);
/** chat_config_load_data: the same from memory; @name: what stands for the file in errors, and whose directory relative
 * paths begin at. */
gboolean chat_config_load_data (ChatConfig *self, const char *data, gsize length, const char *name, GError **error);

/** chat_config_set: one value as it would stand in the file (from `--set group.key=value`); a relative path begins at
 * the current directory. */
gboolean chat_config_set (ChatConfig *self, const char *group, const char *key, const char *value, GError **error);

/* Asking for a key that is not in the table, or as another type, is a programming error. Strings and lists are
 * (transfer none), and NULL (numbers 0) where a key without a fallback is not set. get_string is for STRING, PATH and
 * CHOICE, get_int for INT, DURATION (ms) and SIZE (bytes). */
const char *chat_config_get_string (ChatConfig *self, const char *group, const char *key);
gint64 chat_config_get_int (ChatConfig *self, const char *group, const char *key);
gboolean chat_config_get_boolean (ChatConfig *self, const char *group, const char *key);
const char *const *chat_config_get_list (ChatConfig *self, const char *group, const char *key);

/** chat_config_is_changed: whether a file or chat_config_set() has set it to something else than its fallback. */
gboolean chat_config_is_changed (ChatConfig *self, const char *group, const char *key);

/** chat_config_dup_place: (transfer full): what an error about this key begins with: "FILE:LINE: [group] key: ",
 * without the first part where no file has set it. */
char *chat_config_dup_place (ChatConfig *self, const char *group, const char *key);

/** chat_config_refuse: for what no single value tells: sets a CHAT_CORE_ERROR_INVALID with the place and what @format
 * makes, which says what is wrong and what would be right. Returns: FALSE, always */
gboolean chat_config_refuse (ChatConfig *self, const char *group, const char *key, GError **error, const char *format,
                             ...) G_GNUC_PRINTF (5, 6);

/** chat_config_sample: (transfer full): a commented file with every key at its fallback; `data/tertulia-server.conf` is
 * this, and a test says so. */
char *chat_config_sample (ChatConfig *self);

G_END_DECLS
