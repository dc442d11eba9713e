/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-user-list.h"

#include "client/chat-user-private.h"

/* One place of the list, with what it is sorted by. */
typedef struct
{
  ChatUser *user;
  char *sort_key;
} Place;

struct _ChatUserList
{
  GObject parent_instance;

  /* Owned */
  GArray *places;    /* Place, sorted */
  GHashTable *names; /* name (the user's) → ChatUser (borrowed) */
};

static void chat_user_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatUserList, chat_user_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, chat_user_list_model_init))

static Place *
place_at (ChatUserList *self, guint place)
{
  return &g_array_index (self->places, Place, place);
}

static void
place_clear (gpointer place)
{
  g_object_unref (((Place *)place)->user);
  g_free (((Place *)place)->sort_key);
}

/* (transfer full) */
static char *
sort_key (const char *name)
{
  g_autofree char *folded = g_utf8_casefold (name, -1);

  return g_utf8_collate_key (folded, -1);
}

static int
compare (const Place *place, const char *key, const char *name)
{
  int order = strcmp (place->sort_key, key);

  return order != 0 ? order : strcmp (chat_user_get_name (place->user), name);
}

/* Where a user with this key and name belongs. */
static guint
find_place (ChatUserList *self, const char *key, const char *name)
{
  guint low = 0, high = self->places->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare (place_at (self, middle), key, name) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* GListModel */

static GType
chat_user_list_get_item_type (GListModel *model)
{
  return CHAT_TYPE_USER;
}

static guint
chat_user_list_get_n_items (GListModel *model)
{
  return CHAT_USER_LIST (model)->places->len;
}

static gpointer
chat_user_list_get_item (GListModel *model, guint place)
{
  ChatUserList *self = CHAT_USER_LIST (model);

  return place < self->places->len ? g_object_ref (place_at (self, place)->user) : NULL;
}

static void
chat_user_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = chat_user_list_get_item_type;
  iface->get_n_items = chat_user_list_get_n_items;
  iface->get_item = chat_user_list_get_item;
}

/* Overrides */

static void
chat_user_list_finalize (GObject *object)
{
  ChatUserList *self = CHAT_USER_LIST (object);

  g_hash_table_unref (self->names);
  g_array_unref (self->places);
  G_OBJECT_CLASS (chat_user_list_parent_class)->finalize (object);
}

static void
chat_user_list_class_init (ChatUserListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_user_list_finalize;
}

static void
chat_user_list_init (ChatUserList *self)
{
  self->places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_array_set_clear_func (self->places, place_clear);
  self->names = g_hash_table_new (g_str_hash, g_str_equal);
}

ChatUserList *
chat_user_list_new (void)
{
  return g_object_new (CHAT_TYPE_USER_LIST, NULL);
}

ChatUser *
chat_user_list_find (ChatUserList *self, const char *name)
{
  return name != NULL ? g_hash_table_lookup (self->names, name) : NULL;
}

ChatUser *
chat_user_list_upsert (ChatUserList *self, const char *name)
{
  ChatUser *user = chat_user_list_find (self, name);
  Place place;
  guint at;

  if (user != NULL)
    return user;
  place = (Place){ chat_user_new (name), sort_key (name) };
  at = find_place (self, place.sort_key, name);
  g_array_insert_val (self->places, at, place);
  g_hash_table_insert (self->names, (gpointer)chat_user_get_name (place.user), place.user);
  g_list_model_items_changed (G_LIST_MODEL (self), at, 0, 1);
  return place.user;
}
