/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-position.h"

#include <string.h>

#include "transport/chat-transport-error.h"

/*
 * The text form is `topic/shard=next;topic/shard=next`, sorted, names percent-encoded (RFC 3986 §2.1) but for its
 * unreserved characters; the empty position is the empty text.
 */

typedef struct
{
  char *topic;
  char *shard;
  gint64 next;
} Place;

struct _ChatPosition
{
  GTree *places; /* Place, its own key */
};

G_DEFINE_BOXED_TYPE (ChatPosition, chat_position, chat_position_copy, chat_position_free)

static void
place_free (Place *place)
{
  g_free (place->topic);
  g_free (place->shard);
  g_free (place);
}

static int
place_compare (gconstpointer a, gconstpointer b, gpointer data)
{
  const Place *first = a;
  const Place *second = b;
  int order = strcmp (first->topic, second->topic);

  return order != 0 ? order : strcmp (first->shard, second->shard);
}

static Place *
chat_position_find (const ChatPosition *self, const char *topic, const char *shard)
{
  const Place wanted = { (char *)topic, (char *)shard, 0 };

  return g_tree_lookup (self->places, &wanted);
}

ChatPosition *
chat_position_new (void)
{
  ChatPosition *self = g_new0 (ChatPosition, 1);

  self->places = g_tree_new_full (place_compare, NULL, (GDestroyNotify)place_free, NULL);
  return self;
}

ChatPosition *
chat_position_copy (const ChatPosition *self)
{
  ChatPosition *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = chat_position_new ();
  for (GTreeNode *node = g_tree_node_first (self->places); node != NULL; node = g_tree_node_next (node))
    {
      const Place *place = g_tree_node_key (node);

      chat_position_set (copy, place->topic, place->shard, place->next);
    }
  return copy;
}

void
chat_position_free (ChatPosition *self)
{
  g_return_if_fail (self != NULL);

  g_tree_unref (self->places);
  g_free (self);
}

void
chat_position_set (ChatPosition *self, const char *topic, const char *shard, gint64 next)
{
  Place *place;

  g_return_if_fail (self != NULL);
  g_return_if_fail (topic != NULL && shard != NULL);
  g_return_if_fail (next >= 0);

  place = chat_position_find (self, topic, shard);
  if (place == NULL)
    {
      place = g_new0 (Place, 1);
      place->topic = g_strdup (topic);
      place->shard = g_strdup (shard);
      g_tree_insert (self->places, place, place);
    }
  place->next = next;
}

gint64
chat_position_get (const ChatPosition *self, const char *topic, const char *shard)
{
  const Place *place;

  g_return_val_if_fail (self != NULL, -1);
  g_return_val_if_fail (topic != NULL && shard != NULL, -1);

  place = chat_position_find (self, topic, shard);
  return place != NULL ? place->next : -1;
}

void
chat_position_foreach (const ChatPosition *self,
                       void (*func) (const char *topic, const char *shard, gint64 next, gpointer data), gpointer data)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (func != NULL);

  for (GTreeNode *node = g_tree_node_first (self->places); node != NULL; node = g_tree_node_next (node))
    {
      const Place *place = g_tree_node_key (node);

      func (place->topic, place->shard, place->next, data);
    }
}

static void
append_place (const char *topic, const char *shard, gint64 next, gpointer data)
{
  GString *text = data;

  if (text->len > 0)
    g_string_append_c (text, ';');
  g_string_append_uri_escaped (text, topic, NULL, FALSE);
  g_string_append_c (text, '/');
  g_string_append_uri_escaped (text, shard, NULL, FALSE);
  g_string_append_printf (text, "=%" G_GINT64_FORMAT, next);
}

char *
chat_position_to_string (const ChatPosition *self)
{
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (self != NULL, NULL);

  chat_position_foreach (self, append_place, text);
  return g_string_free (text, FALSE);
}

static gboolean
parse_place (ChatPosition *self, const char *text)
{
  g_autofree char *topic = NULL, *shard = NULL;
  const char *slash = strchr (text, '/');
  const char *equals = slash != NULL ? strchr (slash, '=') : NULL;
  gint64 next;

  if (equals == NULL || !g_ascii_string_to_signed (equals + 1, 10, 0, G_MAXINT64, &next, NULL))
    return FALSE;
  topic = g_uri_unescape_segment (text, slash, NULL);
  shard = g_uri_unescape_segment (slash + 1, equals, NULL);
  if (topic == NULL || *topic == '\0' || shard == NULL || *shard == '\0')
    return FALSE;

  chat_position_set (self, topic, shard, next);
  return TRUE;
}

ChatPosition *
chat_position_from_string (const char *text, GError **error)
{
  g_autoptr (ChatPosition) self = chat_position_new ();
  g_auto (GStrv) places = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  places = g_strsplit (text, ";", -1);
  for (guint i = 0; places[i] != NULL; i++)
    {
      if (!parse_place (self, places[i]))
        {
          g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
                       "“%s” is not a position: its part %u, “%s”, should read topic/shard=offset", text, i + 1,
                       places[i]);
          return NULL;
        }
    }
  return g_steal_pointer (&self);
}
