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
  ChatItemState *state;    /* nullable: nothing has changed it */
  GPtrArray *no_reactions; /* nullable: made when it is asked for */
  ChatMessage *quoted;     /* nullable */

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

static void
reaction_group_free (ChatReactionGroup *group)
{
  g_free (group->emoji);
  g_strfreev (group->users);
  g_free (group);
}

ChatReactionGroup *
chat_reaction_group_new (const char *emoji, char **users, gboolean mine)
{
  ChatReactionGroup *group = g_new (ChatReactionGroup, 1);

  *group = (ChatReactionGroup){ g_strdup (emoji), users, mine };
  return group;
}

ChatItemState *
chat_item_state_new (void)
{
  ChatItemState *state = g_new0 (ChatItemState, 1);

  state->edited = state->deleted = CHAT_TIME_UNKNOWN;
  state->reactions = g_ptr_array_new_with_free_func ((GDestroyNotify)reaction_group_free);
  return state;
}

void
chat_item_state_free (ChatItemState *state)
{
  if (state == NULL)
    return;
  g_free (state->text);
  g_free (state->deleted_by);
  g_ptr_array_unref (state->reactions);
  g_free (state);
}

static gboolean
same_reactions (GPtrArray *one, GPtrArray *other)
{
  if (one->len != other->len)
    return FALSE;
  for (guint i = 0; i < one->len; i++)
    {
      ChatReactionGroup *a = g_ptr_array_index (one, i), *b = g_ptr_array_index (other, i);

      if (a->mine != b->mine || strcmp (a->emoji, b->emoji) != 0
          || !g_strv_equal ((const char *const *)a->users, (const char *const *)b->users))
        return FALSE;
    }
  return TRUE;
}

static gboolean
same_state (const ChatItemState *one, const ChatItemState *other)
{
  if (one == NULL || other == NULL)
    return one == other;
  return g_strcmp0 (one->text, other->text) == 0 && one->edited == other->edited && one->deleted == other->deleted
         && g_strcmp0 (one->deleted_by, other->deleted_by) == 0 && same_reactions (one->reactions, other->reactions);
}

/* Overrides */

static void
chat_message_item_finalize (GObject *object)
{
  ChatMessageItem *self = CHAT_MESSAGE_ITEM (object);

  g_clear_pointer (&self->message, chat_message_unref);
  g_clear_pointer (&self->warning, chat_warning_free);
  g_clear_pointer (&self->state, chat_item_state_free);
  g_clear_pointer (&self->no_reactions, g_ptr_array_unref);
  g_clear_pointer (&self->quoted, chat_message_unref);
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

const char *
chat_message_item_get_text (ChatMessageItem *self)
{
  if (self->message == NULL || chat_message_item_get_deleted (self) != CHAT_TIME_UNKNOWN)
    return NULL;
  return self->state != NULL && self->state->text != NULL ? self->state->text : chat_message_get_data (self->message);
}

gint64
chat_message_item_get_edited (ChatMessageItem *self)
{
  return self->state != NULL ? self->state->edited : CHAT_TIME_UNKNOWN;
}

gint64
chat_message_item_get_deleted (ChatMessageItem *self)
{
  return self->state != NULL ? self->state->deleted : CHAT_TIME_UNKNOWN;
}

const char *
chat_message_item_get_deleted_by (ChatMessageItem *self)
{
  return self->state != NULL ? self->state->deleted_by : NULL;
}

GPtrArray *
chat_message_item_get_reactions (ChatMessageItem *self)
{
  if (self->state != NULL)
    return self->state->reactions;
  if (self->no_reactions == NULL)
    self->no_reactions = g_ptr_array_new ();
  return self->no_reactions;
}

ChatMessage *
chat_message_item_get_quoted (ChatMessageItem *self)
{
  return self->quoted;
}

/* For the timeline */

gboolean
chat_message_item_take_state (ChatMessageItem *self, ChatItemState *state)
{
  if (same_state (self->state, state))
    {
      chat_item_state_free (state);
      return FALSE;
    }
  chat_item_state_free (self->state);
  self->state = state;
  return TRUE;
}

gboolean
chat_message_item_set_quoted (ChatMessageItem *self, ChatMessage *quoted)
{
  if (self->quoted == quoted)
    return FALSE;
  g_clear_pointer (&self->quoted, chat_message_unref);
  self->quoted = quoted != NULL ? chat_message_ref (quoted) : NULL;
  return TRUE;
}

gboolean
chat_message_item_set_message (ChatMessageItem *self, ChatMessage *message)
{
  /* the text of a message that was edited or deleted is in its state */
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

gboolean
chat_message_item_set_warning (ChatMessageItem *self, const ChatWarning *warning)
{
  if (chat_warning_equal (self->warning, warning))
    return FALSE;
  chat_warning_free (self->warning);
  self->warning = chat_warning_copy (warning);
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
