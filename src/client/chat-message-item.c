/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-message-item-private.h"

#include "core/chat-time.h"

struct _ChatMessageItem
{
  GObject parent_instance;

  /* Owned */
  ChatMessage *message;
  ChatWarning *warning;
  char *reason;

  gint64 seq;
  ChatDelivery delivery;
  guint unread_above;
  guint mark;
  guint own : 1;
  guint starts_day : 1;
  guint continues : 1;
  guint dirty : 1;
};

G_DEFINE_FINAL_TYPE (ChatMessageItem, chat_message_item, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

GType
chat_delivery_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    {
      static const GEnumValue values[] = {
        { CHAT_DELIVERY_NONE, "CHAT_DELIVERY_NONE", "none" },
        { CHAT_DELIVERY_QUEUED, "CHAT_DELIVERY_QUEUED", "queued" },
        { CHAT_DELIVERY_ACCEPTED, "CHAT_DELIVERY_ACCEPTED", "accepted" },
        { CHAT_DELIVERY_MODERATED, "CHAT_DELIVERY_MODERATED", "moderated" },
        { CHAT_DELIVERY_STORED, "CHAT_DELIVERY_STORED", "stored" },
        { CHAT_DELIVERY_FAILED, "CHAT_DELIVERY_FAILED", "failed" },
        { CHAT_DELIVERY_REFUSED, "CHAT_DELIVERY_REFUSED", "refused" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_enum_register_static (g_intern_static_string ("ChatDelivery"), values));
    }
  return type;
}

/* Whether @next may follow @now: forward only; failed or refused only until others have seen the message; and what
 * failed may be tried again. */
static gboolean
delivery_follows (ChatDelivery now, ChatDelivery next)
{
  gboolean seen = now == CHAT_DELIVERY_MODERATED || now == CHAT_DELIVERY_STORED;

  if (next == CHAT_DELIVERY_FAILED || next == CHAT_DELIVERY_REFUSED)
    return !seen;
  if (now == CHAT_DELIVERY_FAILED || now == CHAT_DELIVERY_REFUSED)
    return TRUE;
  return next >= now;
}

/* Overrides */

static void
chat_message_item_finalize (GObject *object)
{
  ChatMessageItem *self = CHAT_MESSAGE_ITEM (object);

  g_clear_pointer (&self->message, chat_message_unref);
  g_clear_pointer (&self->warning, chat_warning_free);
  g_free (self->reason);
  G_OBJECT_CLASS (chat_message_item_parent_class)->finalize (object);
}

static void
chat_message_item_class_init (ChatMessageItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_message_item_finalize;

  signals[CHANGED]
      = g_signal_new ("changed", CHAT_TYPE_MESSAGE_ITEM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_message_item_init (ChatMessageItem *self)
{
}

ChatMessageItem *
chat_message_item_new (ChatMessage *message)
{
  ChatMessageItem *self = g_object_new (CHAT_TYPE_MESSAGE_ITEM, NULL);

  self->message = chat_message_ref (message);
  self->seq = chat_message_get_seq (message);
  return self;
}

ChatMessageItem *
chat_message_item_new_warning (const ChatWarning *warning)
{
  ChatMessageItem *self = g_object_new (CHAT_TYPE_MESSAGE_ITEM, NULL);

  self->warning = chat_warning_copy (warning);
  return self;
}

ChatItemKind
chat_message_item_get_kind (ChatMessageItem *self)
{
  return self->warning != NULL ? CHAT_ITEM_WARNING : CHAT_ITEM_MESSAGE;
}

ChatMessage *
chat_message_item_get_message (ChatMessageItem *self)
{
  return self->message;
}

const ChatWarning *
chat_message_item_get_warning (ChatMessageItem *self)
{
  return self->warning;
}

gint64
chat_message_item_get_time (ChatMessageItem *self)
{
  gint64 time_ms;

  if (self->warning != NULL)
    return self->warning->timestamp;
  time_ms = chat_message_get_timestamp (self->message);
  return time_ms != CHAT_TIME_UNKNOWN ? time_ms : chat_message_get_sent (self->message);
}

gint64
chat_message_item_get_seq (ChatMessageItem *self)
{
  return self->seq;
}

ChatDelivery
chat_message_item_get_delivery (ChatMessageItem *self)
{
  return self->delivery;
}

const char *
chat_message_item_get_reason (ChatMessageItem *self)
{
  return self->reason;
}

gboolean
chat_message_item_get_own (ChatMessageItem *self)
{
  return self->own;
}

gboolean
chat_message_item_get_starts_day (ChatMessageItem *self)
{
  return self->starts_day;
}

gboolean
chat_message_item_get_continues (ChatMessageItem *self)
{
  return self->continues;
}

guint
chat_message_item_get_unread_above (ChatMessageItem *self)
{
  return self->unread_above;
}

/* For the timeline */

gboolean
chat_message_item_set_message (ChatMessageItem *self, ChatMessage *message)
{
  gboolean same = chat_message_equal_content (self->message, message)
                  && chat_message_get_timestamp (self->message) == chat_message_get_timestamp (message);

  chat_message_ref (message);
  chat_message_unref (self->message);
  self->message = message;
  return !same;
}

gboolean
chat_message_item_set_delivery (ChatMessageItem *self, ChatDelivery delivery, const char *reason)
{
  if (!delivery_follows (self->delivery, delivery)
      || (self->delivery == delivery && g_strcmp0 (self->reason, reason) == 0))
    return FALSE;
  self->delivery = delivery;
  g_free (self->reason);
  self->reason = g_strdup (reason);
  return TRUE;
}

gboolean
chat_message_item_set_context (ChatMessageItem *self, gboolean starts_day, gboolean continues, guint unread_above)
{
  starts_day = !!starts_day;
  continues = !!continues;
  if (self->starts_day == (guint)starts_day && self->continues == (guint)continues
      && self->unread_above == unread_above)
    return FALSE;
  self->starts_day = (guint)starts_day;
  self->continues = (guint)continues;
  self->unread_above = unread_above;
  return TRUE;
}

void
chat_message_item_set_own (ChatMessageItem *self, gboolean own)
{
  self->own = !!own;
}

void
chat_message_item_set_seq (ChatMessageItem *self, gint64 seq)
{
  self->seq = seq;
}

gboolean
chat_message_item_get_shown (ChatMessageItem *self)
{
  ChatMessageKind kind;

  if (self->warning != NULL)
    return TRUE;
  kind = chat_message_get_kind (self->message);
  return kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE;
}

gboolean
chat_message_item_set_dirty (ChatMessageItem *self)
{
  gboolean before = self->dirty;

  self->dirty = TRUE;
  return !before;
}

void
chat_message_item_emit_changed (ChatMessageItem *self)
{
  self->dirty = FALSE;
  g_signal_emit (self, signals[CHANGED], 0);
}

void
chat_message_item_set_mark (ChatMessageItem *self, guint mark)
{
  self->mark = mark;
}

guint
chat_message_item_get_mark (ChatMessageItem *self)
{
  return self->mark;
}
