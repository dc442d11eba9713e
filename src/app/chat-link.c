/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-link.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/chat-core-error.h"
#include "core/chat-names.h"

#define SCHEME "tertulia"
#define TLS_PORT 443
/* longer than any host, name and channel together */
#define MOST_BYTES 1024
#define SHOWN_CHARS 60

/* A link comes from anywhere: what is shown of it stays short, and its invisible characters don't get through. */
static char *
dup_shown (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, MIN ((gssize)strlen (text), MOST_BYTES));
  GString *shown = g_string_new (NULL);
  int chars = 0;

  for (const char *at = valid; *at != '\0' && chars < SHOWN_CHARS; at = g_utf8_next_char (at), chars++)
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (shown, g_unichar_isgraph (c) ? c : 0xfffd);
    }
  if (chars == SHOWN_CHARS)
    g_string_append (shown, "…");
  return g_string_free (shown, FALSE);
}

static gboolean
check_channel (const char *path, char **channel)
{
  g_autofree char *name = g_strdup (*path == '/' ? path + 1 : path);
  gsize length = strlen (name);

  if (length > 0 && name[length - 1] == '/')
    name[length - 1] = '\0';
  if (*name == '\0')
    return TRUE;
  if (!chat_channel_name_check (name, NULL))
    return FALSE;
  *channel = g_steal_pointer (&name);
  return TRUE;
}

static char *
dup_server (GUri *uri)
{
  const char *host = g_uri_get_host (uri);
  int port = g_uri_get_port (uri);
  gboolean tls = port == -1 || port == TLS_PORT;
  g_autofree char *text = NULL;

  if (host == NULL || *host == '\0' || port == 0)
    return NULL;
  text = g_uri_join (G_URI_FLAGS_NONE, tls ? "https" : "http", NULL, host, tls ? -1 : port, "/", NULL, NULL);
  /* what is not a host's name any more once it stands in another address */
  return g_uri_is_valid (text, G_URI_FLAGS_NONE, NULL) && strpbrk (host, "/\\?#@ \t\r\n") == NULL
             ? g_steal_pointer (&text)
             : NULL;
}

ChatLink *
chat_link_parse (const char *text, GError **error)
{
  g_autoptr (ChatLink) self = g_new0 (ChatLink, 1);
  g_autoptr (GUri) uri = NULL;
  g_autofree char *shown = NULL;

  if (strlen (text) <= MOST_BYTES)
    uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri != NULL && g_ascii_strcasecmp (g_uri_get_scheme (uri), SCHEME) == 0 && g_uri_get_query (uri) == NULL
      && g_uri_get_fragment (uri) == NULL)
    {
      self->uri = dup_server (uri);
      self->user = g_strdup (g_uri_get_userinfo (uri));
    }
  if (self->uri != NULL && (self->user == NULL || chat_user_name_check (self->user, NULL))
      && check_channel (g_uri_get_path (uri), &self->channel))
    return g_steal_pointer (&self);
  shown = dup_shown (text);
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
               _ ("“%s” is not a link to a channel. One looks like tertulia://chat.example.org/general."), shown);
  return NULL;
}

void
chat_link_free (ChatLink *self)
{
  g_free (self->uri);
  g_free (self->user);
  g_free (self->channel);
  g_free (self);
}
