/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-dialect-private.h"

#include "core/chat-config-private.h"
#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"
#include "core/chat-names.h"
#include "core/chat-nearest.h"

/* Reading a dialect's file; what it is used for is in chat-dialect-codec.c. */

#define FILE_MAX_BYTES (64 * 1024)
#define PATH_MAX_DEPTH 8

#define GROUP "dialect"
#define CHANNELS "channels"

typedef struct
{
  ChatDialect *dialect;
  const char *name;
  guint group_line;
  gboolean groups[2]; /* seen: GROUP, CHANNELS */
  GHashTable *keys;   /* key (set): seen in GROUP */
  gboolean has_format;
  guint member_line; /* of the first member key, 0: none */
  char *member_key;
} Load;

static const char *const formats[] = { "tertulia", "json", "text", NULL };
static const char *const time_formats[] = { "auto", "rfc3339", "epoch-seconds", "epoch-milliseconds", NULL };

static const struct
{
  const char *key;
  ChatDialectPart part;
} member_keys[] = {
  { "author_member", CHAT_DIALECT_AUTHOR }, { "text_member", CHAT_DIALECT_TEXT },
  { "time_member", CHAT_DIALECT_TIME },     { "channel_member", CHAT_DIALECT_CHANNEL },
  { "id_member", CHAT_DIALECT_ID },
};

static const char *const known_keys[]
    = { "title",       "format",         "author_member", "text_member", "time_member",
        "time_format", "channel_member", "id_member",     NULL };

static gboolean fail (const Load *load, guint line, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
fail (const Load *load, guint line, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "%s:%u: %s", load->name, line, text);
  return FALSE;
}

/* The place of @value in @choices, or -1 with an error. */
static int
choose (const Load *load, guint line, const char *key, const char *value, const char *const *choices, GError **error)
{
  g_autofree char *found = NULL;
  g_autofree char *right = NULL;

  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (choices[i], value))
      return i;
  found = chat_excerpt (value, -1);
  right = g_strjoinv (", ", (char **)choices);
  fail (load, line, error, "[" GROUP "] %s: found “%s”; it should be one of %s", key, found, right);
  return -1;
}

static gboolean
read_member (Load *load, guint line, const char *key, const char *value, ChatDialectPart part, GError **error)
{
  g_auto (GStrv) path = g_strsplit (value, ".", -1);

  if (load->member_line == 0)
    {
      load->member_line = line;
      load->member_key = g_strdup (key);
    }
  if (g_strv_length (path) > PATH_MAX_DEPTH)
    return fail (load, line, error, "[" GROUP "] %s: more than %d names; a member should not lie that deep", key,
                 PATH_MAX_DEPTH);
  if (*value == '\0' || g_strv_contains ((const char *const *)path, ""))
    return fail (load, line, error,
                 "[" GROUP "] %s: found “%s”; it should be the name of a member, or several with dots between them "
                 "for one inside another, such as user.name",
                 key, value);
  load->dialect->paths[part] = g_steal_pointer (&path);
  load->dialect->names[part] = g_strdup (value);
  return TRUE;
}

static gboolean
refuse_key (Load *load, guint line, const char *key, GError **error)
{
  g_autofree char *found = chat_excerpt (key, -1);
  const char *nearest = chat_nearest (key, known_keys);

  if (nearest != NULL)
    return fail (load, line, error, "[" GROUP "] %s: there is no such key; did you mean %s?", found, nearest);
  return fail (load, line, error,
               "[" GROUP "] %s: there is no such key; there are title, format, author_member, text_member, "
               "time_member, time_format, channel_member and id_member",
               found);
}

static gboolean
read_key (Load *load, guint line, const char *key, const char *value, GError **error)
{
  int choice;

  if (!g_hash_table_add (load->keys, g_strdup (key)))
    return fail (load, line, error, "[" GROUP "] %s: stands twice; it should stand once", key);
  for (guint i = 0; i < G_N_ELEMENTS (member_keys); i++)
    if (g_str_equal (member_keys[i].key, key))
      return read_member (load, line, key, value, member_keys[i].part, error);
  if (g_str_equal (key, "title"))
    {
      load->dialect->title = g_strdup (value);
      return TRUE;
    }
  if (g_str_equal (key, "format"))
    {
      choice = choose (load, line, key, value, formats, error);
      load->dialect->format = (ChatDialectFormat)MAX (choice, 0);
      load->has_format = TRUE;
      return choice >= 0;
    }
  if (g_str_equal (key, "time_format"))
    {
      choice = choose (load, line, key, value, time_formats, error);
      load->dialect->time_format = (ChatDialectTime)MAX (choice, 0);
      return choice >= 0;
    }
  return refuse_key (load, line, key, error);
}

static gboolean
read_alias (Load *load, guint line, const char *topic, const char *channel, GError **error)
{
  g_autoptr (GError) wrong = NULL;

  if (!chat_channel_name_check (channel, &wrong))
    return fail (load, line, error, "[" CHANNELS "] %s: %s", topic, wrong->message);
  if (g_hash_table_contains (load->dialect->channels, topic))
    return fail (load, line, error, "[" CHANNELS "] %s: stands twice; it should stand once", topic);
  g_hash_table_insert (load->dialect->channels, g_strdup (topic), g_strdup (channel));
  return TRUE;
}

static gboolean
group_cb (const char *group, guint line, gpointer data, GError **error)
{
  Load *load = data;
  gboolean channels = g_str_equal (group, CHANNELS);
  g_autofree char *found = NULL;

  if (!channels && !g_str_equal (group, GROUP))
    {
      found = chat_excerpt (group, -1);
      return fail (load, line, error, "[%s]: there is no such group; there are [" GROUP "] and [" CHANNELS "]", found);
    }
  if (load->groups[channels])
    return fail (load, line, error, "[%s]: stands twice; it should stand once", group);
  load->groups[channels] = TRUE;
  if (!channels)
    load->group_line = line;
  return TRUE;
}

static gboolean
line_cb (const char *group, const char *key, const char *value, guint line, gpointer data, GError **error)
{
  if (g_str_equal (group, CHANNELS))
    return read_alias (data, line, key, value, error);
  return read_key (data, line, key, value, error);
}

/* What only the whole file shows. */
static gboolean
check (Load *load, GError **error)
{
  ChatDialect *dialect = load->dialect;

  if (!load->groups[0])
    return fail (load, 1, error, "the group [" GROUP "] is missing");
  if (!load->has_format)
    return fail (load, load->group_line, error,
                 "[" GROUP "] format: is missing; it should be one of tertulia, json, text");
  if (dialect->format != CHAT_DIALECT_JSON && load->member_line > 0)
    return fail (load, load->member_line, error, "[" GROUP "] %s: format = %s has no members to choose; remove it",
                 load->member_key, formats[dialect->format]);
  if (dialect->format == CHAT_DIALECT_JSON && dialect->paths[CHAT_DIALECT_TEXT] == NULL)
    return fail (load, load->group_line, error,
                 "[" GROUP "] text_member: is missing; it should name the member that holds the text");
  for (guint i = 0; i < CHAT_DIALECT_N_PARTS; i++)
    for (guint j = 0; j < CHAT_DIALECT_N_PARTS; j++)
      {
        const char *a = dialect->names[i], *b = dialect->names[j];
        gsize length = a != NULL ? strlen (a) : 0;

        /* one member can't be two things, nor be inside of one that is a value */
        if (i != j && a != NULL && b != NULL && strncmp (a, b, length) == 0 && (b[length] == '\0' || b[length] == '.'))
          return fail (load, load->member_line, error,
                       "[" GROUP "] “%s” and “%s” can't both be members of one record; each should have its own", a, b);
      }
  return TRUE;
}

static ChatDialect *
dialect_new (ChatDialectFormat format)
{
  ChatDialect *self = g_new0 (ChatDialect, 1);

  g_atomic_ref_count_init (&self->references);
  self->format = format;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

ChatDialect *
chat_dialect_new (void)
{
  return dialect_new (CHAT_DIALECT_TERTULIA);
}

ChatDialect *
chat_dialect_load_data (const char *data, gsize length, const char *name, GError **error)
{
  g_autoptr (ChatDialect) dialect = dialect_new (CHAT_DIALECT_TERTULIA);
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Load load = { .dialect = dialect, .name = name, .keys = keys };
  gboolean ok;

  g_return_val_if_fail (data != NULL || length == 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (length > FILE_MAX_BYTES)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
                   "%s:1: the file has %" G_GSIZE_FORMAT " bytes; a dialect should have %d at most", name, length,
                   FILE_MAX_BYTES);
      return NULL;
    }
  ok = chat_config_scan (data, length, name, group_cb, line_cb, &load, error) && check (&load, error);
  g_free (load.member_key);
  return ok ? g_steal_pointer (&dialect) : NULL;
}

ChatDialect *
chat_dialect_load_file (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = NULL;
  g_autofree char *data = g_malloc (FILE_MAX_BYTES + 1);
  gsize length = 0;

  g_return_val_if_fail (path != NULL, NULL);

  /* a little more than is allowed, so that a device or a huge file is not read to its end */
  stream = g_file_read (file, NULL, error);
  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), data, FILE_MAX_BYTES + 1, &length, NULL, error))
    return NULL;
  return chat_dialect_load_data (data, length, path, error);
}

ChatDialect *
chat_dialect_ref (ChatDialect *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
chat_dialect_unref (ChatDialect *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  for (guint i = 0; i < CHAT_DIALECT_N_PARTS; i++)
    {
      g_strfreev (self->paths[i]);
      g_free (self->names[i]);
    }
  g_hash_table_unref (self->channels);
  g_free (self->title);
  g_free (self);
}

const char *
chat_dialect_get_title (const ChatDialect *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->title;
}

gboolean
chat_dialect_has (const ChatDialect *self, ChatDialectPart part)
{
  g_return_val_if_fail (self != NULL && part < CHAT_DIALECT_N_PARTS, FALSE);

  if (self->format == CHAT_DIALECT_PLAIN)
    return part == CHAT_DIALECT_TEXT;
  return self->format == CHAT_DIALECT_TERTULIA || self->paths[part] != NULL;
}

gboolean
chat_dialect_has_kinds (const ChatDialect *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->format == CHAT_DIALECT_TERTULIA;
}

char *
chat_dialect_dup_channel (const ChatDialect *self, const char *topic)
{
  const char *alias;
  char *name;

  g_return_val_if_fail (self != NULL && topic != NULL, NULL);

  alias = g_hash_table_lookup (self->channels, topic);
  if (alias != NULL)
    return g_strdup (alias);
  name = g_ascii_strdown (topic, -1);
  for (char *at = name; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && (strchr ("._-", *at) == NULL || at == name))
      *at = at == name ? '0' : '-';
  if (strlen (name) > CHAT_CHANNEL_MAX_BYTES)
    name[CHAT_CHANNEL_MAX_BYTES] = '\0';
  if (*name != '\0' && !chat_channel_name_is_private (name))
    return name;
  /* a name that means something else here */
  g_free (name);
  return g_strdup_printf ("topic-%08x", g_str_hash (topic));
}
