/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-router.h"

#include <string.h>

#include "server/api/chat-api-error.h"

struct _ChatApiRouter
{
  GPtrArray *routes; /* (element-type ChatApiRoute), borrowed */
};

ChatApiRouter *
chat_api_router_new (const ChatApiRoute *const *tables)
{
  ChatApiRouter *self = g_new0 (ChatApiRouter, 1);

  self->routes = g_ptr_array_new ();
  for (; *tables != NULL; tables++)
    for (const ChatApiRoute *route = *tables; route->method != NULL; route++)
      g_ptr_array_add (self->routes, (gpointer)route);
  return self;
}

void
chat_api_router_free (ChatApiRouter *self)
{
  g_ptr_array_unref (self->routes);
  g_free (self);
}

/* Goes through both paths segment by segment; @values (nullable) gets the runs of @path that stand for parameters. */
static gboolean
path_fits (const char *pattern, const char *path, GPtrArray *values)
{
  while (*pattern == '/' && *path == '/')
    {
      gsize expected = strcspn (++pattern, "/"), found = strcspn (++path, "/");

      if (*pattern == '{')
        {
          if (found == 0)
            return FALSE;
          if (values != NULL)
            g_ptr_array_add (values, g_strndup (path, found));
        }
      else if (expected != found || strncmp (pattern, path, found) != 0)
        return FALSE;
      pattern += expected;
      path += found;
    }
  return *pattern == '\0' && *path == '\0';
}

ChatApiRate
chat_api_route_get_rate (const ChatApiRoute *route)
{
  if (route->rate != CHAT_API_RATE_DEFAULT)
    return route->rate;
  return g_str_equal (route->method, "GET") ? CHAT_API_RATE_READ : CHAT_API_RATE_POST;
}

static gboolean
serves (const ChatApiRoute *route, const char *method)
{
  return g_str_equal (route->method, method) || (g_str_equal (method, "HEAD") && g_str_equal (route->method, "GET"));
}

static GStrv
decode_parameters (const ChatApiRoute *route, const char *path, GError **error)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);

  path_fits (route->path, path, values);
  for (guint i = 0; i < values->len; i++)
    {
      char *decoded = g_uri_unescape_string (values->pdata[i], NULL);

      if (decoded == NULL || !g_utf8_validate (decoded, -1, NULL))
        {
          g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                       "The part \"%s\" of the path is not percent-encoded UTF-8", (char *)values->pdata[i]);
          g_free (decoded);
          return NULL;
        }
      g_free (values->pdata[i]);
      values->pdata[i] = decoded;
    }
  g_ptr_array_add (values, NULL);
  return (GStrv)g_ptr_array_free (g_steal_pointer (&values), FALSE);
}

const ChatApiRoute *
chat_api_router_find (ChatApiRouter *self, const char *method, const char *path, GStrv *parameters, char **allow,
                      GError **error)
{
  g_autoptr (GString) allowed = g_string_new (NULL);

  for (guint i = 0; i < self->routes->len; i++)
    {
      const ChatApiRoute *route = self->routes->pdata[i];

      if (!path_fits (route->path, path, NULL))
        continue;
      if (serves (route, method))
        return (*parameters = decode_parameters (route, path, error)) != NULL ? route : NULL;
      if (strstr (allowed->str, route->method) != NULL)
        continue; /* of another pattern that fits here too */
      g_string_append_printf (allowed, "%s%s%s", allowed->len > 0 ? ", " : "", route->method,
                              g_str_equal (route->method, "GET") ? ", HEAD" : "");
    }
  if (allowed->len == 0)
    {
      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_RESOURCE, "There is nothing at %s", path);
      return NULL;
    }
  *allow = g_string_free (g_steal_pointer (&allowed), FALSE);
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_METHOD, "%s can't be used at %s, only %s", method, path, *allow);
  return NULL;
}
