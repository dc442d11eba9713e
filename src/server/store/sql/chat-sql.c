/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql.h"

#include <stdarg.h>

#include "core/chat-time.h"
#include "moderation/chat-skeleton.h"
#include "server/store/sql/chat-sql-driver.h"

#define KNOWN_KEYS 4096

void
chat_sql_init (ChatSql *self, const ChatSqlDriver *driver)
{
  self->driver = driver;
  self->keys = chat_lru_new (KNOWN_KEYS, g_free);
  self->authors = chat_lru_new (KNOWN_KEYS, g_free);
}

void
chat_sql_clear (ChatSql *self)
{
  g_clear_pointer (&self->keys, chat_lru_free);
  g_clear_pointer (&self->authors, chat_lru_free);
  g_clear_error (&self->failure);
}

void
chat_sql_forget (ChatSql *self)
{
  chat_lru_clear (self->authors);
  self->hour_last = 0;
}

void
chat_sql_free (ChatSql *self)
{
  self->driver->free (self);
}

gboolean
chat_sql_open (ChatSql *self, GError **error)
{
  return self->driver->open (self, error);
}

/* Statements */

static guint
take_values (ChatSqlValue *values, const char *types, va_list arguments)
{
  guint n_values = 0;

  for (; *types != '\0'; types++, n_values++)
    {
      ChatSqlValue *value = &values[n_values];

      g_assert (n_values < CHAT_SQL_MAX_VALUES);
      *value = (ChatSqlValue){ .type = 'x' };
      switch (*types)
        {
        case 's':
        case 'm':
          value->type = 's';
          value->text = va_arg (arguments, const char *);
          value->null = value->text == NULL;
          break;
        case 'x':
          value->number = va_arg (arguments, gint64);
          break;
        case 't':
          value->number = va_arg (arguments, gint64);
          value->null = value->number == CHAT_TIME_UNKNOWN;
          break;
        case 'u':
          value->number = va_arg (arguments, guint);
          break;
        case 'b':
          value->type = 'b';
          value->number = va_arg (arguments, gboolean) != FALSE;
          break;
        default:
          g_assert_not_reached ();
        }
    }
  return n_values;
}

static ChatSqlQuery *
query_valist (ChatSql *self, const char *sql, const char *types, va_list arguments)
{
  ChatSqlValue values[CHAT_SQL_MAX_VALUES];
  guint n_values;

  if (self->failure != NULL)
    return NULL;
  n_values = take_values (values, types, arguments);
  return self->driver->query (self, sql, values, n_values);
}

ChatSqlQuery *
chat_sql_query (ChatSql *self, const char *sql, const char *types, ...)
{
  ChatSqlQuery *query;
  va_list arguments;

  va_start (arguments, types);
  query = query_valist (self, sql, types, arguments);
  va_end (arguments);
  return query;
}

void
chat_sql_query_end (ChatSqlQuery *query)
{
  query->database->driver->query_end (query);
}

gboolean
chat_sql_next (ChatSql *self, ChatSqlQuery *query)
{
  return query != NULL && self->failure == NULL && self->driver->next (query);
}

/* A damaged database may have anything in a text, and NULL where its schema does not: callers get neither. */
static char *
dup_text (ChatSqlQuery *query, guint column, const char *otherwise)
{
  const char *text = query->database->driver->get_text (query, column);

  if (text == NULL)
    return g_strdup (otherwise);
  return g_utf8_validate (text, -1, NULL) ? g_strdup (text) : g_utf8_make_valid (text, -1);
}

static void
read_columns (ChatSqlQuery *query, guint i, const char *types, va_list places)
{
  const ChatSqlDriver *driver = query->database->driver;

  for (; *types != '\0'; types++, i++)
    switch (*types)
      {
      case 's':
        *va_arg (places, char **) = dup_text (query, i, "");
        break;
      case 'm':
        *va_arg (places, char **) = dup_text (query, i, NULL);
        break;
      case 'x':
        *va_arg (places, gint64 *) = driver->get_number (query, i);
        break;
      case 't':
        *va_arg (places, gint64 *) = driver->is_null (query, i) ? CHAT_TIME_UNKNOWN : driver->get_number (query, i);
        break;
      case 'u':
        *va_arg (places, guint *) = (guint)driver->get_number (query, i);
        break;
      case 'b':
        *va_arg (places, gboolean *) = driver->get_number (query, i) != 0;
        break;
      default:
        g_assert_not_reached ();
      }
}

void
chat_sql_read (ChatSqlQuery *query, const char *types, ...)
{
  va_list places;

  va_start (places, types);
  read_columns (query, 0, types, places);
  va_end (places);
}

void
chat_sql_read_from (ChatSqlQuery *query, guint first, const char *types, ...)
{
  va_list places;

  va_start (places, types);
  read_columns (query, first, types, places);
  va_end (places);
}

int
chat_sql_run (ChatSql *self, const char *sql, const char *types, ...)
{
  g_autoptr (ChatSqlQuery) query = NULL;
  va_list arguments;

  va_start (arguments, types);
  query = query_valist (self, sql, types, arguments);
  va_end (arguments);
  chat_sql_next (self, query);
  return query != NULL && self->failure == NULL ? self->driver->count_changed (query) : 0;
}

void
chat_sql_post (ChatSql *self, const char *sql, const char *types, ...)
{
  ChatSqlValue values[CHAT_SQL_MAX_VALUES];
  g_autoptr (ChatSqlQuery) query = NULL;
  guint n_values;
  va_list arguments;

  if (self->failure != NULL)
    return;
  va_start (arguments, types);
  n_values = take_values (values, types, arguments);
  va_end (arguments);
  if (self->driver->post != NULL)
    {
      self->driver->post (self, sql, values, n_values);
      return;
    }
  query = self->driver->query (self, sql, values, n_values);
  chat_sql_next (self, query);
}

void
chat_sql_script (ChatSql *self, const char *sql)
{
  if (self->failure == NULL)
    self->driver->script (self, sql);
}

gint64
chat_sql_number (ChatSql *self, const char *sql)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (self, sql, "");

  return chat_sql_next (self, query) ? self->driver->get_number (query, 0) : 0;
}

void
chat_sql_announce (ChatSql *self, const char *channel, gint64 head)
{
  if (self->failure == NULL)
    self->driver->announce (self, channel, head);
}

static void
lock (ChatSql *self, const char *what, const char *key, gboolean shared)
{
  g_autoptr (GPtrArray) keys = NULL;

  if (self->failure != NULL || self->driver->lock == NULL)
    return;
  keys = g_ptr_array_new ();
  g_ptr_array_add (keys, (gpointer)key);
  self->driver->lock (self, what, keys, shared);
}

void
chat_sql_lock (ChatSql *self, const char *what, const char *key)
{
  lock (self, what, key, FALSE);
}

void
chat_sql_lock_all (ChatSql *self, const char *what, GPtrArray *keys)
{
  if (self->failure == NULL && self->driver->lock != NULL && keys->len > 0)
    self->driver->lock (self, what, keys, FALSE);
}

void
chat_sql_share (ChatSql *self, const char *what, const char *key)
{
  lock (self, what, key, TRUE);
}

/* Failures */

void
chat_sql_take_failure (ChatSql *self, GError *failure)
{
  if (self->failure == NULL)
    self->failure = failure;
  else
    g_error_free (failure);
}

gpointer
chat_sql_fail (ChatSql *self, ChatStoreError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  chat_sql_take_failure (self, g_error_new_valist (CHAT_STORE_ERROR, (int)code, format, arguments));
  va_end (arguments);
  return NULL;
}

gpointer
chat_sql_fail_damaged (ChatSql *self, const char *detail)
{
  chat_sql_take_failure (self, self->driver->damaged (self, detail));
  return NULL;
}

gboolean
chat_sql_has_failed (ChatSql *self)
{
  return self->failure != NULL;
}

/* Transactions */

void
chat_sql_begin (ChatSql *self)
{
  self->driver->begin (self);
}

gboolean
chat_sql_is_active (ChatSql *self)
{
  return self->driver->is_active (self);
}

gboolean
chat_sql_end (ChatSql *self, GError **error)
{
  gboolean ended = self->driver->end (self, error);

  if (!ended)
    chat_sql_forget (self);
  return ended;
}

void
chat_sql_savepoint (ChatSql *self)
{
  self->driver->savepoint (self);
}

gboolean
chat_sql_release (ChatSql *self, GError **error)
{
  gboolean kept = self->driver->release (self, error);

  if (!kept)
    chat_sql_forget (self);
  return kept;
}

gboolean
chat_sql_recovers (ChatSql *self, const GError *error, guint attempt)
{
  return self->driver->recovers != NULL && self->driver->recovers (self, error, attempt);
}

const char *
chat_sql_get_key (ChatSql *self, const char *user)
{
  const char *key = chat_lru_get (self->keys, user);

  if (key == NULL)
    {
      char *made = chat_skeleton (user);

      chat_lru_put (self->keys, user, made);
      key = made;
    }
  return key;
}
