/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-found-list.h"

#include "client/chat-message-changes.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"

#define PAGE 50

struct _ChatFoundList
{
  GObject parent_instance;

  /* Owned */
  ChatRest *rest;
  char *user;
  char *text;    /* nullable */
  char *channel; /* nullable */
  char *author;  /* nullable */
  gint64 since, until;
  gboolean own;

  GPtrArray *items;            /* ChatMessageItem */
  ChatMessageChanges *changes; /* none: what is found has its state */
  char *cursor;                /* nullable: of the next page */
  char *error;                 /* nullable */
  GCancellable *cancellable;
  gboolean loading;
  gboolean complete;
};

static void chat_found_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatFoundList, chat_found_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, chat_found_list_model_init))

enum
{
  PROP_LOADING = 1,
  PROP_COMPLETE,
  PROP_ERROR,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
set_flag (ChatFoundList *self, gboolean *place, gboolean flag, guint property)
{
  if (*place == flag)
    return;
  *place = flag;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_error (ChatFoundList *self, const char *error)
{
  if (g_strcmp0 (self->error, error) == 0)
    return;
  g_free (self->error);
  self->error = g_strdup (error);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
}

/* Asking */

static void
append_text (GString *path, const char *name, const char *value)
{
  g_autofree char *escaped = value != NULL ? g_uri_escape_string (value, NULL, FALSE) : NULL;

  if (escaped != NULL)
    g_string_append_printf (path, "&%s=%s", name, escaped);
}

static void
append_time (GString *path, const char *name, gint64 time_ms)
{
  g_autofree char *time = time_ms != CHAT_TIME_UNKNOWN ? chat_time_format (time_ms) : NULL;

  append_text (path, name, time);
}

/* (transfer full) */
static char *
make_path (ChatFoundList *self)
{
  GString *path = g_string_new (self->own ? "v1/users/me/messages" : "v1/search");

  g_string_append_printf (path, "?limit=%d", PAGE);
  append_text (path, "channel", self->channel);
  append_text (path, "cursor", self->cursor);
  if (!self->own)
    {
      append_text (path, "q", self->text);
      append_text (path, "author", self->author);
      append_time (path, "since", self->since);
      append_time (path, "until", self->until);
    }
  return g_string_free (path, FALSE);
}

/* One that is found; FALSE where it is older than what is looked for, and so is everything behind it. */
static gboolean
take_message (ChatFoundList *self, ChatMessage *message)
{
  gint64 time_ms = chat_message_get_timestamp (message);
  ChatMessageItem *item;

  if (self->own && self->since != CHAT_TIME_UNKNOWN && time_ms < self->since)
    return FALSE;
  if (self->own && self->until != CHAT_TIME_UNKNOWN && time_ms >= self->until)
    return TRUE;
  item = chat_message_item_new (message);
  chat_message_item_set_own (item, g_strcmp0 (chat_message_get_author (message), self->user) == 0);
  chat_message_item_take_state (item, chat_message_changes_apply (self->changes, message, self->user));
  g_ptr_array_add (self->items, item);
  return TRUE;
}

/* (transfer full) (nullable): a cursor is whatever the service says it is */
static char *
read_cursor (JsonObject *answer)
{
  JsonNode *node = json_object_get_member (answer, "next");
  GType type = node != NULL ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type == G_TYPE_STRING)
    return json_node_dup_string (node);
  return type == G_TYPE_INT64 ? g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node)) : NULL;
}

static gboolean
take_page (ChatFoundList *self, JsonObject *answer, GError **error)
{
  guint before = self->items->len;
  JsonArray *messages = NULL;
  gboolean more = TRUE;

  if (!chat_json_get_array (answer, "messages", TRUE, &messages, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (messages) && more; i++)
    {
      JsonNode *node = json_array_get_element (messages, i);
      g_autoptr (ChatMessage) message = NULL;

      if (JSON_NODE_HOLDS_OBJECT (node))
        message = chat_message_decode_object (json_node_get_object (node), NULL);
      /* one that can't be read must not take the page with it */
      if (message != NULL && chat_message_get_id (message) != NULL)
        more = take_message (self, message);
    }
  g_free (self->cursor);
  self->cursor = more ? read_cursor (answer) : NULL;
  if (self->items->len > before)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, self->items->len - before);
  return TRUE;
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GWeakRef *weak = user_data;
  g_autoptr (ChatFoundList) self = g_weak_ref_get (weak);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);

  g_weak_ref_clear (weak);
  g_free (weak);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL)
    take_page (self, answer, &error);
  g_object_freeze_notify (G_OBJECT (self));
  set_error (self, error != NULL ? error->message : NULL);
  set_flag (self, &self->complete, error == NULL && self->cursor == NULL, PROP_COMPLETE);
  set_flag (self, &self->loading, FALSE, PROP_LOADING);
  g_object_thaw_notify (G_OBJECT (self));
}

/* GListModel */

static GType
chat_found_list_get_item_type (GListModel *model)
{
  return CHAT_TYPE_MESSAGE_ITEM;
}

static guint
chat_found_list_get_n_items (GListModel *model)
{
  return CHAT_FOUND_LIST (model)->items->len;
}

static gpointer
chat_found_list_get_item (GListModel *model, guint place)
{
  ChatFoundList *self = CHAT_FOUND_LIST (model);

  return place < self->items->len ? g_object_ref (g_ptr_array_index (self->items, place)) : NULL;
}

static void
chat_found_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = chat_found_list_get_item_type;
  iface->get_n_items = chat_found_list_get_n_items;
  iface->get_item = chat_found_list_get_item;
}

/* Overrides */

static void
chat_found_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatFoundList *self = CHAT_FOUND_LIST (object);

  switch (id)
    {
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    case PROP_COMPLETE:
      g_value_set_boolean (value, self->complete);
      break;
    case PROP_ERROR:
      g_value_set_string (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_found_list_dispose (GObject *object)
{
  g_cancellable_cancel (CHAT_FOUND_LIST (object)->cancellable);
  G_OBJECT_CLASS (chat_found_list_parent_class)->dispose (object);
}

static void
chat_found_list_finalize (GObject *object)
{
  ChatFoundList *self = CHAT_FOUND_LIST (object);

  g_ptr_array_unref (self->items);
  chat_message_changes_free (self->changes);
  g_clear_object (&self->rest);
  g_clear_object (&self->cancellable);
  g_free (self->user);
  g_free (self->text);
  g_free (self->channel);
  g_free (self->author);
  g_free (self->cursor);
  g_free (self->error);
  G_OBJECT_CLASS (chat_found_list_parent_class)->finalize (object);
}

static void
chat_found_list_class_init (ChatFoundListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = chat_found_list_get_property;
  object_class->dispose = chat_found_list_dispose;
  object_class->finalize = chat_found_list_finalize;

  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, flags);
  properties[PROP_COMPLETE] = g_param_spec_boolean ("complete", NULL, NULL, FALSE, flags);
  properties[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
chat_found_list_init (ChatFoundList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->changes = chat_message_changes_new ();
  self->cancellable = g_cancellable_new ();
}

ChatFoundList *
chat_found_list_new (ChatRest *rest, const ChatFoundQuery *query, const char *user)
{
  ChatFoundList *self = g_object_new (CHAT_TYPE_FOUND_LIST, NULL);

  g_set_object (&self->rest, rest);
  self->user = g_strdup (user);
  self->text = g_strdup (query->text);
  self->channel = g_strdup (query->channel);
  self->author = g_strdup (query->author);
  self->since = query->since;
  self->until = query->until;
  self->own = query->own;
  return self;
}

void
chat_found_list_load_more (ChatFoundList *self)
{
  g_autofree char *path = NULL;
  GWeakRef *weak;

  g_return_if_fail (CHAT_IS_FOUND_LIST (self));

  if (self->loading || self->complete)
    return;
  set_flag (self, &self->loading, TRUE, PROP_LOADING);
  path = make_path (self);
  weak = g_new0 (GWeakRef, 1);
  g_weak_ref_init (weak, self);
  chat_rest_call_async (self->rest, SOUP_METHOD_GET, path, NULL, self->cancellable, loaded_cb, weak);
}

gboolean
chat_found_list_get_loading (ChatFoundList *self)
{
  g_return_val_if_fail (CHAT_IS_FOUND_LIST (self), FALSE);
  return self->loading;
}

gboolean
chat_found_list_get_complete (ChatFoundList *self)
{
  g_return_val_if_fail (CHAT_IS_FOUND_LIST (self), FALSE);
  return self->complete;
}

const char *
chat_found_list_get_error (ChatFoundList *self)
{
  g_return_val_if_fail (CHAT_IS_FOUND_LIST (self), NULL);
  return self->error;
}
