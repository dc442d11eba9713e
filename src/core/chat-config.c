/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-config-private.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"
#include "core/chat-nearest.h"

#include <string.h>

#define FILE_MAX_BYTES (1024 * 1024)

struct _ChatConfig
{
  GObject parent_instance;

  /* Borrowed */
  const ChatConfigKey *keys;

  /* Owned */
  ChatConfigValue *values; /* one per row of keys */
  guint n_keys;
};

G_DEFINE_FINAL_TYPE (ChatConfig, chat_config, G_TYPE_OBJECT)

static void
values_free (ChatConfigValue *values, guint n)
{
  for (guint i = 0; i < n; i++)
    chat_config_value_clear (&values[i]);
  g_free (values);
}

static gint
find_key (ChatConfig *self, const char *group, const char *key)
{
  for (guint i = 0; i < self->n_keys; i++)
    if (strcmp (self->keys[i].group, group) == 0 && strcmp (self->keys[i].key, key) == 0)
      return (gint)i;
  return -1;
}

static gboolean
has_group (ChatConfig *self, const char *group)
{
  for (guint i = 0; i < self->n_keys; i++)
    if (strcmp (self->keys[i].group, group) == 0)
      return TRUE;
  return FALSE;
}

/* The group's names, or with NULL the groups' themselves; each once. */
static GPtrArray *
list_names (ChatConfig *self, const char *group)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < self->n_keys; i++)
    {
      const char *name = group == NULL ? self->keys[i].group : self->keys[i].key;

      if ((group == NULL || strcmp (self->keys[i].group, group) == 0)
          && !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, (gpointer)name);
    }
  g_ptr_array_add (names, NULL);
  return names;
}

/* "; perhaps meant as “port”" or "; known here are port, host". */
static char *
suggest (ChatConfig *self, const char *group, const char *name)
{
  g_autoptr (GPtrArray) names = list_names (self, group);
  const char *nearest = chat_nearest (name, (const char *const *)names->pdata);
  g_autofree char *all = NULL;

  if (nearest != NULL)
    return g_strdup_printf ("perhaps meant as “%s”", nearest);
  all = g_strjoinv (", ", (char **)names->pdata);
  return g_strdup_printf ("it should be one of %s", all);
}

static char *
other_group (ChatConfig *self, const char *key)
{
  for (guint i = 0; i < self->n_keys; i++)
    if (strcmp (self->keys[i].key, key) == 0)
      return g_strdup_printf ("it belongs in [%s]", self->keys[i].group);
  return NULL;
}

static void
refuse_group (ChatConfig *self, const char *group, GError **error)
{
  g_autofree char *found = chat_excerpt (group, -1);
  g_autofree char *hint = suggest (self, NULL, group);

  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "[%s]: an unknown group; %s", found, hint);
}

static void
refuse_key (ChatConfig *self, const char *group, const char *key, GError **error)
{
  g_autofree char *found = chat_excerpt (key, -1);
  g_autofree char *hint = other_group (self, key);

  if (hint == NULL)
    hint = suggest (self, group, key);
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "[%s] %s: an unknown key; %s", group, found, hint);
}

/* Sets one row of @values; the error names group and key. */
static gboolean
set_value (ChatConfig *self, ChatConfigValue *values, gint row, const char *text, const char *directory, GError **error)
{
  const ChatConfigKey *key = &self->keys[row];
  ChatConfigValue value = { .set = TRUE };

  if (!chat_config_value_parse (key, text, directory, &value, error))
    {
      chat_config_value_clear (&value);
      g_prefix_error (error, "[%s] %s: ", key->group, key->key);
      return FALSE;
    }
  chat_config_value_clear (&values[row]);
  values[row] = value;
  return TRUE;
}

static gboolean
set_fallback (ChatConfig *self, ChatConfigValue *values, gint row, const char *directory, GError **error)
{
  if (self->keys[row].fallback == NULL)
    return TRUE;
  if (!set_value (self, values, row, self->keys[row].fallback, directory, error))
    return FALSE;
  values[row].set = FALSE;
  return TRUE;
}

static void
chat_config_finalize (GObject *object)
{
  ChatConfig *self = CHAT_CONFIG (object);

  values_free (self->values, self->n_keys);
  G_OBJECT_CLASS (chat_config_parent_class)->finalize (object);
}

static void
chat_config_class_init (ChatConfigClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_config_finalize;
}

static void
chat_config_init (ChatConfig *self)
{
}

ChatConfig *
chat_config_new (const ChatConfigKey *keys)
{
  ChatConfig *self;

  g_return_val_if_fail (keys != NULL, NULL);

  self = g_object_new (CHAT_TYPE_CONFIG, NULL);
  self->keys = keys;
  while (keys[self->n_keys].group != NULL)
    self->n_keys++;
  self->values = g_new0 (ChatConfigValue, self->n_keys);
  for (guint i = 0; i < self->n_keys; i++)
    {
      g_autoptr (GError) error = NULL;

      if (!set_fallback (self, self->values, (gint)i, NULL, &error))
        g_critical ("the table of keys has a wrong fallback: %s", error->message);
    }
  return self;
}

typedef struct
{
  ChatConfig *config;
  const char *name;
  const char *directory;
  ChatConfigValue *values;
  guint *lines;       /* where each key stood; 0: nowhere yet */
  GHashTable *groups; /* where each group stood */
} Load;

static gboolean
load_group_cb (const char *group, guint line, gpointer data, GError **error)
{
  Load *load = data;
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (load->groups, group));

  if (before != 0)
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                 "[%s]: is there twice, first in line %u; its keys should be together", group, before);
  else if (has_group (load->config, group))
    {
      g_hash_table_insert (load->groups, g_strdup (group), GUINT_TO_POINTER (line));
      return TRUE;
    }
  else
    refuse_group (load->config, group, error);
  g_prefix_error (error, "%s:%u: ", load->name, line);
  return FALSE;
}

static gboolean
load_line_cb (const char *group, const char *key, const char *value, guint line, gpointer data, GError **error)
{
  Load *load = data;
  gint row = find_key (load->config, group, key);
  gboolean ok = FALSE;

  if (row < 0)
    refuse_key (load->config, group, key, error);
  else if (load->lines[row] != 0)
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                 "[%s] %s: is there twice, first in line %u; it should be there once", group, key, load->lines[row]);
  else
    ok = set_value (load->config, load->values, row, value, load->directory, error);
  if (!ok)
    {
      g_prefix_error (error, "%s:%u: ", load->name, line);
      return FALSE;
    }
  load->values[row].place = g_strdup_printf ("%s:%u", load->name, line);
  load->lines[row] = line;
  return TRUE;
}

gboolean
chat_config_load_data (ChatConfig *self, const char *data, gsize length, const char *name, GError **error)
{
  g_autofree char *parent = NULL;
  g_autofree char *directory = NULL;
  g_autofree guint *lines = NULL;
  g_autoptr (GHashTable) groups = NULL;
  Load load;
  gboolean ok;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), FALSE);
  g_return_val_if_fail (data != NULL || length == 0, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  parent = g_path_get_dirname (name);
  directory = g_canonicalize_filename (parent, NULL);
  lines = g_new0 (guint, self->n_keys);
  groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  load = (Load){ self, name, directory, g_new0 (ChatConfigValue, self->n_keys), lines, groups };
  for (guint i = 0; i < self->n_keys; i++)
    if (self->values[i].set)
      chat_config_value_copy (&self->values[i], &load.values[i]);
    else
      set_fallback (self, load.values, (gint)i, directory, NULL); /* was checked when the table came */
  ok = chat_config_scan (data, length, name, load_group_cb, load_line_cb, &load, error);
  if (ok)
    {
      ChatConfigValue *old = self->values;

      self->values = load.values;
      load.values = old;
    }
  values_free (load.values, self->n_keys);
  return ok;
}

/* Only as much as is allowed is read, whatever the path leads to. */
static gboolean
check_file (GFile *file, const char *path, GError **error)
{
  g_autoptr (GFileInfo) info = NULL;
  GFileType type;

  info = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE,
                            G_FILE_QUERY_INFO_NONE, NULL, error);
  if (info == NULL)
    {
      g_prefix_error (error, "%s: cannot be read: ", path);
      return FALSE;
    }
  type = g_file_info_get_file_type (info);
  if (type != G_FILE_TYPE_REGULAR)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "%s: found %s; it should be a text file", path,
                   type == G_FILE_TYPE_DIRECTORY ? "a directory" : "something that is no file");
      return FALSE;
    }
  if (g_file_info_get_size (info) > FILE_MAX_BYTES)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
                   "%s: found %" G_GOFFSET_FORMAT " bytes; a configuration has at most %d", path,
                   g_file_info_get_size (info), FILE_MAX_BYTES);
      return FALSE;
    }
  return TRUE;
}

gboolean
chat_config_load_file (ChatConfig *self, const char *path, GError **error)
{
  g_autoptr (GFile) file = NULL;
  g_autofree char *data = NULL;
  gsize length;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  file = g_file_new_for_path (path);
  if (!check_file (file, path, error))
    return FALSE;
  if (!g_file_load_contents (file, NULL, &data, &length, NULL, error))
    {
      g_prefix_error (error, "%s: cannot be read: ", path);
      return FALSE;
    }
  return chat_config_load_data (self, data, length, path, error);
}

gboolean
chat_config_set (ChatConfig *self, const char *group, const char *key, const char *value, GError **error)
{
  gint row;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), FALSE);
  g_return_val_if_fail (group != NULL && key != NULL && value != NULL, FALSE);

  row = find_key (self, group, key);
  if (row >= 0 && !g_utf8_validate (value, -1, NULL))
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8, "[%s] %s: the value is not valid UTF-8", group, key);
  else if (row >= 0)
    {
      g_autofree char *text = g_strstrip (g_strdup (value));

      return set_value (self, self->values, row, text, NULL, error);
    }
  else if (!has_group (self, group))
    refuse_group (self, group, error);
  else
    refuse_key (self, group, key, error);
  return FALSE;
}

/* NULL (with a critical warning) where the program asks for what its own table does not have. */
static const ChatConfigValue *
get_value (ChatConfig *self, const char *group, const char *key, guint types)
{
  gint row = find_key (self, group, key);

  if (row >= 0 && (types & (1u << self->keys[row].type)) != 0)
    return &self->values[row];
  g_critical ("the table of keys has no [%s] %s of this type", group, key);
  return NULL;
}

const char *
chat_config_get_string (ChatConfig *self, const char *group, const char *key)
{
  const ChatConfigValue *value;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), NULL);

  value = get_value (self, group, key, 1u << CHAT_CONFIG_STRING | 1u << CHAT_CONFIG_PATH | 1u << CHAT_CONFIG_CHOICE);
  return value != NULL ? value->string : NULL;
}

gint64
chat_config_get_int (ChatConfig *self, const char *group, const char *key)
{
  const ChatConfigValue *value;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), 0);

  value = get_value (self, group, key, 1u << CHAT_CONFIG_INT | 1u << CHAT_CONFIG_DURATION | 1u << CHAT_CONFIG_SIZE);
  return value != NULL ? value->number : 0;
}

gboolean
chat_config_get_boolean (ChatConfig *self, const char *group, const char *key)
{
  const ChatConfigValue *value;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), FALSE);

  value = get_value (self, group, key, 1u << CHAT_CONFIG_BOOLEAN);
  return value != NULL && value->number != 0;
}

const char *const *
chat_config_get_list (ChatConfig *self, const char *group, const char *key)
{
  const ChatConfigValue *value;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), NULL);

  value = get_value (self, group, key, 1u << CHAT_CONFIG_LIST);
  return value != NULL ? (const char *const *)value->list : NULL;
}

static gboolean
equal_lists (char **a, char **b)
{
  return a == b || (a != NULL && b != NULL && g_strv_equal ((const char *const *)a, (const char *const *)b));
}

gboolean
chat_config_is_changed (ChatConfig *self, const char *group, const char *key)
{
  const ChatConfigValue *value;
  const ChatConfigKey *row;
  ChatConfigValue fallback = { 0 };
  gboolean changed;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), FALSE);

  value = get_value (self, group, key, G_MAXUINT);
  if (value == NULL || !value->set)
    return FALSE;
  row = &self->keys[value - self->values];
  if (row->fallback == NULL || !chat_config_value_parse (row, row->fallback, NULL, &fallback, NULL))
    return TRUE;
  changed = value->number != fallback.number || g_strcmp0 (value->string, fallback.string) != 0
            || !equal_lists (value->list, fallback.list);
  chat_config_value_clear (&fallback);
  return changed;
}

char *
chat_config_dup_place (ChatConfig *self, const char *group, const char *key)
{
  const ChatConfigValue *value;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), NULL);

  value = get_value (self, group, key, G_MAXUINT);
  if (value == NULL || value->place == NULL)
    return g_strdup_printf ("[%s] %s: ", group, key);
  return g_strdup_printf ("%s: [%s] %s: ", value->place, group, key);
}

gboolean
chat_config_refuse (ChatConfig *self, const char *group, const char *key, GError **error, const char *format, ...)
{
  g_autofree char *place = chat_config_dup_place (self, group, key);
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "%s%s", place, reason);
  return FALSE;
}

static void
append_sample (GString *out, const ChatConfigKey *key)
{
  g_autofree char *right = chat_config_value_describe (key);

  g_string_append_printf (out, "\n# %s\n# It should be %s.\n", key->summary, right);
  if (key->fallback != NULL)
    g_string_append_printf (out, "%s = %s\n", key->key, key->fallback);
  else
    g_string_append_printf (out, "# %s =\n", key->key);
}

char *
chat_config_sample (ChatConfig *self)
{
  g_autoptr (GPtrArray) groups = NULL;
  GString *out;

  g_return_val_if_fail (CHAT_IS_CONFIG (self), NULL);

  groups = list_names (self, NULL);
  out = g_string_new ("# Every key is here, set to what it is when it is left out. A key without a value is commented "
                      "out.\n");
  for (guint g = 0; groups->pdata[g] != NULL; g++)
    {
      g_string_append_printf (out, "\n[%s]\n", (const char *)groups->pdata[g]);
      for (guint i = 0; i < self->n_keys; i++)
        if (strcmp (self->keys[i].group, groups->pdata[g]) == 0)
          append_sample (out, &self->keys[i]);
    }
  return g_string_free (out, FALSE);
}
