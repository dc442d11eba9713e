/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-rows.h"

#include <stdarg.h>
#include <string.h>

#include "core/chat-time.h"
#include "server/store/sql/chat-sql-driver.h"

struct _ChatSqlRows
{
  char *types;
  guint width;
  GArray *values; /* ChatSqlValue; their texts are the rows' own */
};

ChatSqlRows *
chat_sql_rows_new (const char *types)
{
  ChatSqlRows *self = g_new0 (ChatSqlRows, 1);

  self->types = g_strdup (types);
  self->width = (guint)strlen (types);
  self->values = g_array_new (FALSE, FALSE, sizeof (ChatSqlValue));
  return self;
}

void
chat_sql_rows_clear (ChatSqlRows *self)
{
  for (guint i = 0; i < self->values->len; i++)
    g_free ((char *)g_array_index (self->values, ChatSqlValue, i).text);
  g_array_set_size (self->values, 0);
}

void
chat_sql_rows_free (ChatSqlRows *self)
{
  chat_sql_rows_clear (self);
  g_array_unref (self->values);
  g_free (self->types);
  g_free (self);
}

void
chat_sql_rows_add (ChatSqlRows *self, ...)
{
  va_list arguments;

  va_start (arguments, self);
  for (const char *type = self->types; *type != '\0'; type++)
    {
      ChatSqlValue value = { .type = *type == 's' ? 's' : 'x' };

      if (*type == 's')
        value.text = g_strdup (va_arg (arguments, const char *));
      else
        value.number = va_arg (arguments, gint64);
      value.null = *type == 's' ? value.text == NULL : *type == 't' && value.number == CHAT_TIME_UNKNOWN;
      g_array_append_val (self->values, value);
    }
  va_end (arguments);
}

guint
chat_sql_rows_count (const ChatSqlRows *self)
{
  return self->values->len / self->width;
}

const ChatSqlValue *
chat_sql_rows_get (const ChatSqlRows *self, guint row)
{
  return &g_array_index (self->values, ChatSqlValue, row * self->width);
}

/* '{1,NULL,"a \"b\""}' */
static void
append_element (GString *array, const ChatSqlValue *value)
{
  if (array->len > 1)
    g_string_append_c (array, ',');
  if (value->null)
    g_string_append (array, "NULL");
  else if (value->type == 'x')
    g_string_append_printf (array, "%" G_GINT64_FORMAT, value->number);
  else
    {
      g_string_append_c (array, '"');
      for (const char *at = value->text; *at != '\0'; at++)
        {
          if (*at == '"' || *at == '\\')
            g_string_append_c (array, '\\');
          g_string_append_c (array, *at);
        }
      g_string_append_c (array, '"');
    }
}

/* one array a column */
static GPtrArray *
bind_arrays (ChatSqlRows *self, ChatSqlValue *values)
{
  GPtrArray *arrays = g_ptr_array_new_with_free_func (g_free);

  for (guint column = 0; column < self->width; column++)
    {
      GString *array = g_string_new ("{");

      for (guint i = column; i < self->values->len; i += self->width)
        append_element (array, &g_array_index (self->values, ChatSqlValue, i));
      g_string_append_c (array, '}');
      values[column] = (ChatSqlValue){ .type = 's', .text = array->str };
      g_ptr_array_add (arrays, g_string_free (array, FALSE));
    }
  return arrays;
}

ChatSqlQuery *
chat_sql_rows_query (ChatSqlRows *self, ChatSql *database, const char *all)
{
  ChatSqlValue values[CHAT_SQL_MAX_VALUES];
  g_autoptr (GPtrArray) arrays = NULL;

  if (database->failure != NULL)
    return NULL;
  arrays = bind_arrays (self, values);
  /* such a driver's query has its answer, and needs its values no more */
  return database->driver->query (database, all, values, self->width);
}

static void
run_all (ChatSqlRows *self, ChatSql *database, const char *all)
{
  ChatSqlValue values[CHAT_SQL_MAX_VALUES];
  g_autoptr (GPtrArray) arrays = bind_arrays (self, values);

  database->driver->post (database, all, values, self->width);
}

static void
run_one (ChatSqlRows *self, ChatSql *database, const char *one, guint row)
{
  g_autoptr (ChatSqlQuery) query
      = database->driver->query (database, one, &g_array_index (self->values, ChatSqlValue, row * self->width),
                                 self->width);

  chat_sql_next (database, query);
}

void
chat_sql_rows_run (ChatSqlRows *self, ChatSql *database, const char *one, const char *all)
{
  if (self->values->len == 0 || database->failure != NULL)
    return;
  if (database->driver->arrays)
    {
      run_all (self, database, all);
      return;
    }
  for (guint i = 0; i < chat_sql_rows_count (self) && database->failure == NULL; i++)
    run_one (self, database, one, i);
}
