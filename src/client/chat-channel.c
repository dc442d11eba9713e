/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-channel-private.h"

#include "core/chat-names.h"
#include "core/chat-time.h"

struct _ChatChannel
{
  GObject parent_instance;

  /* Borrowed */
  ChatChannelOpen open;
  gpointer open_data;

  /* Owned */
  char *name;
  char *topic;
  char *language;
  char *other;
  char *draft;
  char *sort_key;
  ChatTimeline *timeline;
  ChatUnread *counter;

  gint64 made; /* monotonic, µs */
  gint64 active;
  gint64 head;
  gint64 read;
  gint64 notified;
  guint unread;
  guint mentions;
  guint people;
  ChatNotify notify;
  gboolean bot;
  gboolean joined;
  gboolean muted;
  gboolean met;
  gboolean asleep; /* its timeline was opened ahead of time */
};

G_DEFINE_FINAL_TYPE (ChatChannel, chat_channel, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_TITLE,
  PROP_TOPIC,
  PROP_LANGUAGE,
  PROP_PRIVATE,
  PROP_BOT,
  PROP_JOINED,
  PROP_UNREAD,
  PROP_MENTIONS,
  PROP_PEOPLE,
  PROP_ACTIVE,
  PROP_DRAFT,
  PROP_MUTED,
  PROP_NOTIFY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

GType
chat_notify_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    {
      static const GEnumValue values[] = {
        { CHAT_NOTIFY_DEFAULT, "CHAT_NOTIFY_DEFAULT", "default" },
        { CHAT_NOTIFY_ALL, "CHAT_NOTIFY_ALL", "all" },
        { CHAT_NOTIFY_MENTIONS, "CHAT_NOTIFY_MENTIONS", "mentions" },
        { CHAT_NOTIFY_NONE, "CHAT_NOTIFY_NONE", "none" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_enum_register_static (g_intern_static_string ("ChatNotify"), values));
    }
  return type;
}

static gboolean
replace_string (char **place, const char *text)
{
  if (g_strcmp0 (*place, text) == 0)
    return FALSE;
  g_free (*place);
  *place = g_strdup (text);
  return TRUE;
}

static void
set_number (ChatChannel *self, guint *place, guint number, guint property)
{
  if (*place == number)
    return;
  *place = number;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_flag (ChatChannel *self, gboolean *place, gboolean flag, guint property)
{
  if (*place == !!flag)
    return;
  *place = !!flag;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
update_sort_key (ChatChannel *self)
{
  g_autofree char *folded = g_utf8_casefold (chat_channel_get_title (self), -1);

  g_free (self->sort_key);
  self->sort_key = g_utf8_collate_key (folded, -1);
}

/* Overrides */

static void
chat_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatChannel *self = CHAT_CHANNEL (object);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_TITLE:
      g_value_set_string (value, chat_channel_get_title (self));
      break;
    case PROP_TOPIC:
      g_value_set_string (value, self->topic);
      break;
    case PROP_LANGUAGE:
      g_value_set_string (value, self->language);
      break;
    case PROP_PRIVATE:
      g_value_set_boolean (value, chat_channel_get_private (self));
      break;
    case PROP_BOT:
      g_value_set_boolean (value, self->bot);
      break;
    case PROP_JOINED:
      g_value_set_boolean (value, chat_channel_get_joined (self));
      break;
    case PROP_UNREAD:
      g_value_set_uint (value, self->unread);
      break;
    case PROP_MENTIONS:
      g_value_set_uint (value, self->mentions);
      break;
    case PROP_PEOPLE:
      g_value_set_uint (value, self->people);
      break;
    case PROP_ACTIVE:
      g_value_set_int64 (value, self->active);
      break;
    case PROP_DRAFT:
      g_value_set_string (value, self->draft);
      break;
    case PROP_MUTED:
      g_value_set_boolean (value, self->muted);
      break;
    case PROP_NOTIFY:
      g_value_set_enum (value, (gint)self->notify);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_channel_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ChatChannel *self = CHAT_CHANNEL (object);

  switch (id)
    {
    case PROP_DRAFT:
      chat_channel_set_draft (self, g_value_get_string (value));
      break;
    case PROP_MUTED:
      chat_channel_set_muted (self, g_value_get_boolean (value));
      break;
    case PROP_NOTIFY:
      chat_channel_set_notify (self, (ChatNotify)g_value_get_enum (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_channel_finalize (GObject *object)
{
  ChatChannel *self = CHAT_CHANNEL (object);

  g_free (self->name);
  g_free (self->topic);
  g_free (self->language);
  g_free (self->other);
  g_free (self->draft);
  g_free (self->sort_key);
  g_clear_object (&self->timeline);
  chat_unread_free (self->counter);
  G_OBJECT_CLASS (chat_channel_parent_class)->finalize (object);
}

static void
chat_channel_class_init (ChatChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = chat_channel_get_property;
  object_class->set_property = chat_channel_set_property;
  object_class->finalize = chat_channel_finalize;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_TOPIC] = g_param_spec_string ("topic", NULL, NULL, NULL, flags);
  properties[PROP_LANGUAGE] = g_param_spec_string ("language", NULL, NULL, NULL, flags);
  properties[PROP_JOINED] = g_param_spec_boolean ("joined", NULL, NULL, FALSE, flags);
  properties[PROP_PRIVATE] = g_param_spec_boolean ("private", NULL, NULL, FALSE, flags);
  properties[PROP_BOT] = g_param_spec_boolean ("bot", NULL, NULL, FALSE, flags);
  properties[PROP_UNREAD] = g_param_spec_uint ("unread", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_MENTIONS] = g_param_spec_uint ("mentions", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_PEOPLE] = g_param_spec_uint ("people", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_ACTIVE] = g_param_spec_int64 ("active", NULL, NULL, G_MININT64, G_MAXINT64, CHAT_TIME_UNKNOWN, flags);
  properties[PROP_DRAFT] = g_param_spec_string ("draft", NULL, NULL, NULL, flags | G_PARAM_WRITABLE);
  properties[PROP_MUTED] = g_param_spec_boolean ("muted", NULL, NULL, FALSE, flags | G_PARAM_WRITABLE);
  properties[PROP_NOTIFY]
      = g_param_spec_enum ("notify", NULL, NULL, CHAT_TYPE_NOTIFY, CHAT_NOTIFY_DEFAULT, flags | G_PARAM_WRITABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
chat_channel_init (ChatChannel *self)
{
  self->active = CHAT_TIME_UNKNOWN;
  self->counter = chat_unread_new ();
}

ChatChannel *
chat_channel_new (const char *name, ChatChannelOpen open, gpointer data)
{
  ChatChannel *self = g_object_new (CHAT_TYPE_CHANNEL, NULL);

  self->name = g_strdup (name);
  self->open = open;
  self->open_data = data;
  self->made = g_get_monotonic_time ();
  update_sort_key (self);
  return self;
}

void
chat_channel_orphan (ChatChannel *self)
{
  self->open = NULL;
}

const char *
chat_channel_get_name (ChatChannel *self)
{
  return self->name;
}

const char *
chat_channel_get_title (ChatChannel *self)
{
  return self->other != NULL ? self->other : self->name;
}

const char *
chat_channel_get_topic (ChatChannel *self)
{
  return self->topic;
}

gboolean
chat_channel_get_private (ChatChannel *self)
{
  return chat_channel_name_is_private (self->name);
}

gboolean
chat_channel_get_bot (ChatChannel *self)
{
  return self->bot;
}

gboolean
chat_channel_get_joined (ChatChannel *self)
{
  return self->joined || chat_channel_get_private (self);
}

gboolean
chat_channel_get_muted (ChatChannel *self)
{
  return self->muted;
}

void
chat_channel_set_muted (ChatChannel *self, gboolean muted)
{
  g_return_if_fail (CHAT_IS_CHANNEL (self));
  set_flag (self, &self->muted, muted, PROP_MUTED);
}

ChatNotify
chat_channel_get_notify (ChatChannel *self)
{
  return self->notify;
}

void
chat_channel_set_notify (ChatChannel *self, ChatNotify notify)
{
  g_return_if_fail (CHAT_IS_CHANNEL (self));

  if (self->notify == notify)
    return;
  self->notify = notify;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NOTIFY]);
}

guint
chat_channel_get_unread (ChatChannel *self)
{
  return self->unread;
}

const char *
chat_channel_get_draft (ChatChannel *self)
{
  return self->draft;
}

void
chat_channel_set_draft (ChatChannel *self, const char *draft)
{
  g_return_if_fail (CHAT_IS_CHANNEL (self));

  if (replace_string (&self->draft, draft != NULL && *draft != '\0' ? draft : NULL))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DRAFT]);
}

ChatTimeline *
chat_channel_get_timeline (ChatChannel *self)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL (self), NULL);

  if (self->timeline == NULL && self->open != NULL)
    self->timeline = self->open (self, self->open_data, FALSE);
  else if (self->asleep && self->open != NULL)
    self->open (self, self->open_data, TRUE);
  self->asleep = FALSE;
  if (self->timeline == NULL)
    self->timeline = chat_timeline_new (self->name, NULL, NULL);
  return self->timeline;
}

/* For the workspace */

void
chat_channel_state_free (ChatChannelState *self)
{
  g_free (self->name);
  g_free (self->topic);
  g_free (self->language);
  g_free (self->other);
  g_free (self->draft);
  g_free (self);
}

ChatChannelState *
chat_channel_dup_state (ChatChannel *self)
{
  ChatChannelState *state = g_new0 (ChatChannelState, 1);

  state->name = g_strdup (self->name);
  state->topic = g_strdup (self->topic);
  state->language = g_strdup (self->language);
  state->other = g_strdup (self->other);
  state->draft = g_strdup (self->draft);
  state->active = self->active;
  state->head = self->head;
  state->read = self->read;
  state->unread = self->unread;
  state->mentions = self->mentions;
  state->people = self->people;
  state->bot = self->bot;
  state->joined = self->joined;
  state->muted = self->muted;
  state->notify = self->notify;
  state->notified = self->notified;
  return state;
}

void
chat_channel_apply_state (ChatChannel *self, const ChatChannelState *state)
{
  chat_channel_set_topic (self, state->topic);
  chat_channel_set_other (self, state->other);
  chat_channel_set_draft (self, state->draft);
  chat_channel_set_active (self, state->active);
  chat_channel_set_head (self, state->head);
  chat_channel_set_read (self, state->read);
  chat_unread_take (self->counter, state->head, state->unread, state->mentions);
  chat_channel_update_unread (self);
  chat_channel_set_notified (self, state->notified);
  chat_channel_set_people (self, state->people);
  chat_channel_set_bot (self, state->bot);
  chat_channel_set_language (self, state->language);
  chat_channel_set_joined (self, state->joined);
  chat_channel_set_muted (self, state->muted);
  chat_channel_set_notify (self, state->notify);
  self->met = TRUE;
}

gint64
chat_channel_get_made (ChatChannel *self)
{
  return self->made;
}

void
chat_channel_open_ahead (ChatChannel *self)
{
  if (self->timeline != NULL || self->open == NULL)
    return;
  self->asleep = TRUE;
  self->timeline = self->open (self, self->open_data, FALSE);
}

gboolean
chat_channel_is_asleep (ChatChannel *self)
{
  return self->asleep;
}

ChatTimeline *
chat_channel_peek_timeline (ChatChannel *self)
{
  return self->timeline;
}

void
chat_channel_set_topic (ChatChannel *self, const char *topic)
{
  if (replace_string (&self->topic, topic))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TOPIC]);
}

void
chat_channel_set_language (ChatChannel *self, const char *language)
{
  if (replace_string (&self->language, language))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LANGUAGE]);
}

void
chat_channel_set_joined (ChatChannel *self, gboolean joined)
{
  set_flag (self, &self->joined, joined || chat_channel_get_private (self), PROP_JOINED);
}

const char *
chat_channel_get_other (ChatChannel *self)
{
  return self->other;
}

void
chat_channel_set_other (ChatChannel *self, const char *user)
{
  if (!replace_string (&self->other, user))
    return;
  update_sort_key (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

void
chat_channel_set_bot (ChatChannel *self, gboolean bot)
{
  set_flag (self, &self->bot, bot, PROP_BOT);
}

void
chat_channel_set_people (ChatChannel *self, guint people)
{
  set_number (self, &self->people, people, PROP_PEOPLE);
}

gint64
chat_channel_get_active (ChatChannel *self)
{
  return self->active;
}

void
chat_channel_set_active (ChatChannel *self, gint64 time_ms)
{
  if (time_ms <= self->active)
    return;
  self->active = time_ms;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ACTIVE]);
}

guint
chat_channel_get_mentions (ChatChannel *self)
{
  return self->mentions;
}

ChatUnread *
chat_channel_get_counter (ChatChannel *self)
{
  return self->counter;
}

void
chat_channel_update_unread (ChatChannel *self)
{
  set_number (self, &self->unread, chat_unread_get_unread (self->counter), PROP_UNREAD);
  set_number (self, &self->mentions, chat_unread_get_mentions (self->counter), PROP_MENTIONS);
}

gint64
chat_channel_get_notified (ChatChannel *self)
{
  return self->notified;
}

void
chat_channel_set_notified (ChatChannel *self, gint64 seq)
{
  self->notified = MAX (self->notified, seq);
}

gboolean
chat_channel_meet (ChatChannel *self)
{
  gboolean met = self->met;

  self->met = TRUE;
  return !met;
}

void
chat_channel_begin_again (ChatChannel *self)
{
  self->head = self->read = self->notified = 0;
  chat_unread_clear (self->counter, 0);
  chat_unread_take (self->counter, 0, 0, 0);
  chat_channel_update_unread (self);
}

gint64
chat_channel_get_head (ChatChannel *self)
{
  return self->head;
}

void
chat_channel_set_head (ChatChannel *self, gint64 seq)
{
  self->head = MAX (self->head, seq);
}

gint64
chat_channel_get_read (ChatChannel *self)
{
  return self->read;
}

void
chat_channel_set_read (ChatChannel *self, gint64 seq)
{
  self->read = MAX (self->read, seq);
}

int
chat_channel_compare (ChatChannel *a, ChatChannel *b)
{
  gboolean a_private = chat_channel_get_private (a), b_private = chat_channel_get_private (b);
  int order;

  if (a_private != b_private)
    return a_private ? 1 : -1;
  order = strcmp (a->sort_key, b->sort_key);
  return order != 0 ? order : strcmp (a->name, b->name);
}
