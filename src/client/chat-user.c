/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-user-private.h"

struct _ChatUser
{
  GObject parent_instance;

  /* Owned */
  char *name;

  ChatRole role;
  gboolean bot;
  gboolean connected;
};

G_DEFINE_FINAL_TYPE (ChatUser, chat_user, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_BOT,
  PROP_CONNECTED,
  PROP_ROLE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
set_flag (ChatUser *self, gboolean *place, gboolean flag, guint property)
{
  if (*place == !!flag)
    return;
  *place = !!flag;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* Overrides */

static void
chat_user_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatUser *self = CHAT_USER (object);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_BOT:
      g_value_set_boolean (value, self->bot);
      break;
    case PROP_CONNECTED:
      g_value_set_boolean (value, self->connected);
      break;
    case PROP_ROLE:
      g_value_set_uint (value, self->role);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_user_finalize (GObject *object)
{
  g_free (CHAT_USER (object)->name);
  G_OBJECT_CLASS (chat_user_parent_class)->finalize (object);
}

static void
chat_user_class_init (ChatUserClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = chat_user_get_property;
  object_class->finalize = chat_user_finalize;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_BOT] = g_param_spec_boolean ("bot", NULL, NULL, FALSE, flags);
  properties[PROP_CONNECTED] = g_param_spec_boolean ("connected", NULL, NULL, FALSE, flags);
  properties[PROP_ROLE] = g_param_spec_uint ("role", NULL, NULL, 0, CHAT_N_ROLES - 1, CHAT_ROLE_MEMBER, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
chat_user_init (ChatUser *self)
{
}

ChatUser *
chat_user_new (const char *name)
{
  ChatUser *self = g_object_new (CHAT_TYPE_USER, NULL);

  self->name = g_strdup (name);
  return self;
}

const char *
chat_user_get_name (ChatUser *self)
{
  return self->name;
}

gboolean
chat_user_get_bot (ChatUser *self)
{
  return self->bot;
}

gboolean
chat_user_get_connected (ChatUser *self)
{
  return self->connected;
}

ChatRole
chat_user_get_role (ChatUser *self)
{
  return self->role;
}

void
chat_user_set_bot (ChatUser *self, gboolean bot)
{
  set_flag (self, &self->bot, bot, PROP_BOT);
}

void
chat_user_set_connected (ChatUser *self, gboolean connected)
{
  set_flag (self, &self->connected, connected, PROP_CONNECTED);
}

void
chat_user_set_role (ChatUser *self, ChatRole role)
{
  if (self->role == role)
    return;
  self->role = role;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROLE]);
}
