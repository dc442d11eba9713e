/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-timeline-private.h"

#include "client/chat-message-item-private.h"
#include "core/chat-time.h"

/* Receipts that wait for their record; when a half is full the older half is dropped. */
#define EARLY_MOST 1024
/* Rows kept aside while the reader is elsewhere. */
#define TAIL_ROWS CHAT_TIMELINE_FOLLOWING_KEEP

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatTimeline, chat_timeline, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, chat_timeline_list_model_init))

enum
{
  PROP_AT_OLDEST = 1,
  PROP_AT_NEWEST,
  PROP_LOADING_OLDER,
  PROP_LOADING_NEWER,
  PROP_ERROR,
  PROP_FOLLOWING,
  PROP_UNSEEN,
  PROP_AWAY,
  N_PROPS
};

enum
{
  FETCHED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

ChatMessageWindow *
chat_timeline_newest_window (ChatTimeline *self)
{
  return self->tail != NULL ? self->tail : self->window;
}

ChatMessageItem *
chat_timeline_find_row (ChatTimeline *self, const char *id, ChatMessageWindow **window)
{
  ChatMessageItem *item = chat_message_window_find (self->window, id);

  *window = self->window;
  if (item == NULL && self->tail != NULL)
    {
      *window = self->tail;
      item = chat_message_window_find (self->tail, id);
    }
  return item;
}

static gboolean
find_pending (ChatTimeline *self, const char *id, guint *place)
{
  for (guint i = 0; i < self->pending->len; i++)
    {
      ChatMessageItem *item = g_ptr_array_index (self->pending, i);

      if (strcmp (chat_message_get_id (chat_message_item_get_message (item)), id) != 0)
        continue;
      *place = i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
is_own (ChatTimeline *self, ChatMessage *message)
{
  return self->user != NULL && g_strcmp0 (chat_message_get_author (message), self->user) == 0;
}

/* A new row for @message: the one that has been pending, where it is an own message. (transfer full) */
static ChatMessageItem *
make_row (ChatTimeline *self, ChatMessage *message, gint64 seq)
{
  ChatMessageItem *item;
  guint place;

  if (self->pending->len > 0 && find_pending (self, chat_message_get_id (message), &place))
    {
      item = g_ptr_array_steal_index (self->pending, place);
      chat_message_item_set_message (item, message);
      chat_timeline_touch (self, item);
    }
  else
    {
      item = chat_message_item_new (message);
    }
  chat_message_item_set_seq (item, seq);
  if (is_own (self, message))
    {
      chat_message_item_set_own (item, TRUE);
      chat_message_item_set_delivery (item, seq > 0 ? CHAT_DELIVERY_STORED : CHAT_DELIVERY_MODERATED, NULL);
    }
  chat_timeline_refold (self, item);
  chat_timeline_quote (self, item);
  return item;
}

static void
place_row (ChatTimeline *self, ChatMessageWindow *window, ChatMessageItem *item, gint64 seq)
{
  chat_message_window_place (window, item, seq);
  if (chat_message_item_get_own (item) && chat_message_item_set_delivery (item, CHAT_DELIVERY_STORED, NULL))
    chat_timeline_touch (self, item);
}

/* Receipts that were ahead of their record. */

static void
keep_early (ChatTimeline *self, const char *id, gint64 seq)
{
  if (g_hash_table_size (self->early[0]) >= EARLY_MOST)
    {
      GHashTable *oldest = self->early[1];

      g_hash_table_remove_all (oldest);
      self->early[1] = self->early[0];
      self->early[0] = oldest;
    }
  g_hash_table_insert (self->early[0], g_strdup (id), g_memdup2 (&seq, sizeof seq));
}

static gint64
take_early (ChatTimeline *self, const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->early); i++)
    {
      gint64 *found = g_hash_table_lookup (self->early[i], id);
      gint64 seq = found != NULL ? *found : 0;

      if (found == NULL)
        continue;
      g_hash_table_remove (self->early[i], id);
      return seq;
    }
  return 0;
}

/* An own message was seen where the window is not: it no longer waits at the bottom. */
static void
drop_pending (ChatTimeline *self, const char *id)
{
  guint place;

  if (self->pending->len > 0 && find_pending (self, id, &place))
    g_ptr_array_remove_index (self->pending, place);
}

gboolean
chat_timeline_is_elsewhere (ChatTimeline *self, gint64 seq)
{
  gint64 lowest = chat_seq_ranges_get_lowest (chat_message_window_get_known (chat_timeline_newest_window (self)));

  return seq > 0 && lowest > 0 && seq < lowest;
}

static gboolean
add_live_message (ChatTimeline *self, ChatMessage *message)
{
  const char *id = chat_message_get_id (message);
  gint64 seq = chat_message_get_seq (message);
  ChatMessageWindow *window;
  ChatMessageItem *item;

  if (id == NULL)
    return FALSE;
  item = chat_timeline_find_row (self, id, &window);
  if (item != NULL)
    {
      if (seq > 0)
        place_row (self, window, item, seq);
      return FALSE;
    }
  if (seq == 0)
    seq = take_early (self, id);
  if (!chat_timeline_is_row (message))
    {
      chat_timeline_take_hidden (self, message, seq);
      return FALSE;
    }
  if (chat_timeline_is_elsewhere (self, seq))
    {
      drop_pending (self, id);
      return FALSE;
    }

  item = make_row (self, message, seq);
  chat_message_window_add_live (chat_timeline_newest_window (self), item);
  return !chat_message_item_get_own (item);
}

static void
set_unseen (ChatTimeline *self, guint unseen)
{
  if (self->unseen == unseen)
    return;
  self->unseen = unseen;
  chat_timeline_notify (self, "unseen");
}

/* Merging a page: what is there is confirmed or corrected, what is not is added, and what the page should have and has
 * not is gone. */

/* Whether what is here is of a later moment than what a page brings. */
static gboolean
knows_more (ChatMessage *here, ChatMessage *message)
{
  const ChatMessageState *mine = chat_message_get_state (here), *other = chat_message_get_state (message);

  return mine != NULL && mine->seq > (other != NULL ? other->seq : 0);
}

static void
confirm_row (ChatTimeline *self, ChatMessageWindow *window, ChatMessageItem *item, ChatMessage *message)
{
  place_row (self, window, item, chat_message_get_seq (message));
  if (knows_more (chat_message_item_get_message (item), message))
    return;
  if (chat_message_window_set_message (window, item, message))
    chat_timeline_touch (self, item);
  chat_timeline_refold (self, item);
}

static void
drop_missing (ChatTimeline *self, GPtrArray *messages, gint64 from, gint64 to)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < messages->len; i++)
    g_hash_table_add (ids, (gpointer)chat_message_get_id (g_ptr_array_index (messages, i)));
  for (guint i = chat_message_window_get_length (self->window); i > 0; i--)
    {
      ChatMessageItem *item = chat_message_window_get_item (self->window, i - 1);
      gint64 seq = chat_message_item_get_seq (item);

      if (seq > 0 && seq >= from && seq <= to
          && !g_hash_table_contains (ids, chat_message_get_id (chat_message_item_get_message (item))))
        chat_message_window_remove (self->window, item);
    }
}

void
chat_timeline_merge_page (ChatTimeline *self, GPtrArray *messages, gint64 from, gint64 to)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new ();

  /* first those that are there: a row without seq must have it before others are placed around it */
  for (guint i = 0; i < messages->len; i++)
    {
      ChatMessage *message = g_ptr_array_index (messages, i);
      const char *id = chat_message_get_id (message);
      ChatMessageItem *item = id != NULL ? chat_message_window_find (self->window, id) : NULL;

      if (!chat_timeline_is_row (message))
        chat_timeline_take_change (self, message, chat_message_get_seq (message), FALSE);
      else if (item != NULL)
        confirm_row (self, self->window, item, message);
      else if (id != NULL && chat_message_get_seq (message) > 0)
        g_ptr_array_add (added, message);
    }
  for (guint i = 0; i < added->len; i++)
    {
      ChatMessage *message = g_ptr_array_index (added, i);

      if (chat_message_window_find (self->window, chat_message_get_id (message)) == NULL)
        chat_message_window_add_stored (self->window, make_row (self, message, chat_message_get_seq (message)));
    }
  drop_missing (self, messages, from, to);
  chat_seq_ranges_add (chat_message_window_get_known (self->window), from, to);
  chat_timeline_update_at_oldest (self);
}

void
chat_timeline_update_at_oldest (ChatTimeline *self)
{
  gboolean at_oldest = chat_seq_ranges_contains (chat_message_window_get_known (self->window), 0);

  if (self->at_oldest == at_oldest)
    return;
  self->at_oldest = at_oldest;
  chat_timeline_notify (self, "at-oldest");
}

void
chat_timeline_detach (ChatTimeline *self, ChatMessageWindow *newer)
{
  gboolean was_attached = self->tail == NULL;

  if (self->tail != NULL)
    chat_message_window_absorb (newer, g_steal_pointer (&self->tail));
  self->tail = newer;
  chat_message_window_drop_oldest (self->tail, TAIL_ROWS);
  if (was_attached)
    chat_timeline_notify (self, "at-newest");
}

void
chat_timeline_attach (ChatTimeline *self)
{
  chat_message_window_absorb (self->window, g_steal_pointer (&self->tail));
  chat_timeline_set_away (self, FALSE);
  chat_timeline_notify (self, "at-newest");
}

void
chat_timeline_forget (ChatTimeline *self)
{
  chat_message_window_free (self->window);
  self->window = chat_message_window_new ();
  chat_timeline_forget_changes (self);
  self->announced = 0;
  chat_timeline_update_at_oldest (self);
}

/* The window slides with a reader who follows; else it lets go of the end that he moves away from. */
void
chat_timeline_trim (ChatTimeline *self)
{
  guint length = chat_message_window_get_length (self->window);

  if (self->tail != NULL && chat_message_window_get_length (self->tail) > CHAT_TIMELINE_FOLLOWING_ROWS)
    chat_message_window_drop_oldest (self->tail, TAIL_ROWS);
  if (self->following && length > CHAT_TIMELINE_FOLLOWING_ROWS)
    chat_message_window_drop_oldest (self->window, CHAT_TIMELINE_FOLLOWING_KEEP);
  else if (!self->following && length > CHAT_TIMELINE_MOST_ROWS && self->downwards)
    chat_message_window_drop_oldest (self->window, CHAT_TIMELINE_MOST_KEEP);
  else if (!self->following && length > CHAT_TIMELINE_MOST_ROWS)
    chat_timeline_detach (self, chat_message_window_split (self->window, CHAT_TIMELINE_MOST_KEEP));
  chat_timeline_update_at_oldest (self);
}

/* The line above the first unread message: placed once for each time the channel is opened, when that message is in the
 * window; it stays there while more comes. */
void
chat_timeline_place_unread (ChatTimeline *self)
{
  ChatSeqRanges *known = chat_message_window_get_known (self->window);
  guint length = chat_message_window_get_length (self->window);

  if (self->read < 0 || !self->loaded || (!self->at_oldest && chat_seq_ranges_get_lowest (known) > self->read + 1))
    return;
  for (guint i = 0; i < length; i++)
    {
      ChatMessageItem *item = chat_message_window_get_item (self->window, i);
      gint64 seq = chat_message_item_get_seq (item);

      if ((seq > 0 && seq <= self->read) || chat_message_item_get_own (item))
        continue;
      if (self->unread_count++ == 0)
        g_set_object (&self->unread, item);
    }
  self->read = -1;
  if (self->unread != NULL)
    chat_timeline_touch (self, self->unread);
}

void
chat_timeline_notify (ChatTimeline *self, const char *property)
{
  g_object_notify (G_OBJECT (self), property);
}

void
chat_timeline_emit_fetched (ChatTimeline *self, GPtrArray *messages, gint64 head)
{
  g_signal_emit (self, signals[FETCHED], 0, messages, head);
}

/* Overrides */

static void
chat_timeline_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatTimeline *self = CHAT_TIMELINE (object);

  switch (id)
    {
    case PROP_AT_OLDEST:
      g_value_set_boolean (value, self->at_oldest);
      break;
    case PROP_AT_NEWEST:
      g_value_set_boolean (value, self->tail == NULL);
      break;
    case PROP_LOADING_OLDER:
      g_value_set_boolean (value, chat_timeline_get_loading_older (self));
      break;
    case PROP_LOADING_NEWER:
      g_value_set_boolean (value, chat_timeline_get_loading_newer (self));
      break;
    case PROP_ERROR:
      g_value_set_string (value, self->error);
      break;
    case PROP_FOLLOWING:
      g_value_set_boolean (value, self->following);
      break;
    case PROP_UNSEEN:
      g_value_set_uint (value, self->unseen);
      break;
    case PROP_AWAY:
      g_value_set_boolean (value, self->away);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_timeline_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FOLLOWING)
    chat_timeline_set_following (CHAT_TIMELINE (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_timeline_dispose (GObject *object)
{
  ChatTimeline *self = CHAT_TIMELINE (object);

  chat_timeline_stop_fetching (self);
  chat_timeline_stop_showing (self);
  G_OBJECT_CLASS (chat_timeline_parent_class)->dispose (object);
}

static void
chat_timeline_finalize (GObject *object)
{
  ChatTimeline *self = CHAT_TIMELINE (object);

  g_ptr_array_unref (self->shown);
  g_ptr_array_unref (self->composed);
  g_ptr_array_unref (self->dirty);
  g_ptr_array_unref (self->pending);
  g_hash_table_unref (self->warnings);
  g_hash_table_unref (self->early[0]);
  g_hash_table_unref (self->early[1]);
  chat_message_window_free (self->window);
  chat_message_window_free (self->tail);
  chat_message_changes_free (self->changes);
  chat_lru_free (self->hidden);
  chat_timeline_quotes_finalize (self);
  g_clear_object (&self->unread);
  g_clear_object (&self->history);
  g_clear_object (&self->cancellable);
  g_free (self->channel);
  g_free (self->user);
  g_free (self->error);
  G_OBJECT_CLASS (chat_timeline_parent_class)->finalize (object);
}

static void
chat_timeline_class_init (ChatTimelineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = chat_timeline_get_property;
  object_class->set_property = chat_timeline_set_property;
  object_class->dispose = chat_timeline_dispose;
  object_class->finalize = chat_timeline_finalize;

  properties[PROP_AT_OLDEST] = g_param_spec_boolean ("at-oldest", NULL, NULL, FALSE, flags);
  properties[PROP_AT_NEWEST] = g_param_spec_boolean ("at-newest", NULL, NULL, TRUE, flags);
  properties[PROP_LOADING_OLDER] = g_param_spec_boolean ("loading-older", NULL, NULL, FALSE, flags);
  properties[PROP_LOADING_NEWER] = g_param_spec_boolean ("loading-newer", NULL, NULL, FALSE, flags);
  properties[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, flags);
  properties[PROP_FOLLOWING] = g_param_spec_boolean ("following", NULL, NULL, TRUE, flags | G_PARAM_WRITABLE);
  properties[PROP_UNSEEN] = g_param_spec_uint ("unseen", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_AWAY] = g_param_spec_boolean ("away", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FETCHED] = g_signal_new ("fetched", CHAT_TYPE_TIMELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   2, G_TYPE_PTR_ARRAY | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_INT64);
}

static void
chat_timeline_init (ChatTimeline *self)
{
  self->window = chat_message_window_new ();
  self->pending = g_ptr_array_new_with_free_func (g_object_unref);
  self->warnings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->early); i++)
    self->early[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->changes = chat_message_changes_new ();
  self->hidden = chat_lru_new (CHAT_TIMELINE_HIDDEN_MOST, NULL);
  self->prune_at = CHAT_TIMELINE_PRUNE_AT;
  chat_timeline_quotes_init (self);
  self->shown = g_ptr_array_new_with_free_func (g_object_unref);
  self->composed = g_ptr_array_new_with_free_func (g_object_unref);
  self->dirty = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  self->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  self->hole_patience_ms = CHAT_TIMELINE_HOLE_PATIENCE_MS;
  self->flood_begins = CHAT_TIMELINE_FLOOD_BEGINS;
  self->following = TRUE;
  self->read = -1;
}

ChatTimeline *
chat_timeline_new (const char *channel, const char *user, ChatHistory *history)
{
  ChatTimeline *self = g_object_new (CHAT_TYPE_TIMELINE, NULL);

  self->channel = g_strdup (channel);
  self->user = g_strdup (user);
  g_set_object (&self->history, history);
  return self;
}

const char *
chat_timeline_get_channel (ChatTimeline *self)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), NULL);
  return self->channel;
}

gint64
chat_timeline_get_newest_seq (ChatTimeline *self)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), 0);
  return chat_seq_ranges_get_reach (chat_message_window_get_known (self->window));
}

void
chat_timeline_add_live (ChatTimeline *self, GPtrArray *messages)
{
  guint others = 0;

  g_return_if_fail (CHAT_IS_TIMELINE (self));

  chat_timeline_count_live (self, messages->len);
  for (guint i = 0; i < messages->len; i++)
    others += add_live_message (self, g_ptr_array_index (messages, i)) ? 1 : 0;
  if (!self->following)
    set_unseen (self, self->unseen + others);
  chat_timeline_trim (self);
  chat_timeline_check_holes (self);
  chat_timeline_queue_flush (self);
}

void
chat_timeline_add_run (ChatTimeline *self, GPtrArray *messages, gint64 from, gint64 to)
{
  gint64 lowest, before;

  g_return_if_fail (CHAT_IS_TIMELINE (self));

  before = chat_seq_ranges_get_lowest (chat_message_window_get_known (chat_timeline_newest_window (self)));
  chat_timeline_add_live (self, messages);
  lowest = chat_seq_ranges_get_lowest (chat_message_window_get_known (chat_timeline_newest_window (self)));
  /* what the window let go of again is not known */
  if (lowest > before && (before > 0 || messages->len > CHAT_TIMELINE_FOLLOWING_KEEP))
    from = MAX (from, lowest);
  chat_seq_ranges_add (chat_message_window_get_known (chat_timeline_newest_window (self)), from, to);
}

void
chat_timeline_add_receipts (ChatTimeline *self, ChatMessage *receipt)
{
  GHashTable *receipts = chat_message_get_receipts (receipt);
  GHashTableIter iter;
  gpointer id, seq;

  g_return_if_fail (CHAT_IS_TIMELINE (self));

  if (receipts == NULL)
    return;
  g_hash_table_iter_init (&iter, receipts);
  while (g_hash_table_iter_next (&iter, &id, &seq))
    {
      ChatMessageWindow *window;
      ChatMessageItem *item = chat_timeline_find_row (self, id, &window);

      self->announced = MAX (self->announced, *(gint64 *)seq);
      if (item != NULL)
        place_row (self, window, item, *(gint64 *)seq);
      else if (chat_timeline_place_hidden (self, id, *(gint64 *)seq))
        continue;
      else if (chat_timeline_is_elsewhere (self, *(gint64 *)seq))
        drop_pending (self, id);
      else
        keep_early (self, id, *(gint64 *)seq);
    }
  chat_timeline_check_holes (self);
  chat_timeline_queue_flush (self);
}

void
chat_timeline_add_warning (ChatTimeline *self, const ChatWarning *warning)
{
  GPtrArray *cards;

  g_return_if_fail (CHAT_IS_TIMELINE (self));
  g_return_if_fail (warning != NULL && warning->id != NULL && warning->target != NULL);

  cards = g_hash_table_lookup (self->warnings, warning->target);
  if (cards == NULL)
    {
      cards = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->warnings, g_strdup (warning->target), cards);
    }
  for (guint i = 0; i < cards->len; i++)
    {
      ChatMessageItem *card = g_ptr_array_index (cards, i);

      if (!g_str_equal (chat_message_item_get_warning (card)->id, warning->id))
        continue;
      if (chat_message_item_set_warning (card, warning))
        chat_timeline_touch (self, card);
      return;
    }
  g_ptr_array_add (cards, chat_message_item_new_warning (warning));
  chat_timeline_queue_flush (self);
}

void
chat_timeline_add_cached (ChatTimeline *self, GPtrArray *messages)
{
  gint64 from, to;

  g_return_if_fail (CHAT_IS_TIMELINE (self));

  /* history is the better witness */
  if (self->loaded || messages->len == 0)
    return;
  from = chat_message_get_seq (g_ptr_array_index (messages, 0));
  to = chat_message_get_seq (g_ptr_array_index (messages, messages->len - 1));
  chat_timeline_merge_page (self, messages, from, to);
  self->cached = to;
  chat_timeline_flush (self);
}

void
chat_timeline_add_pending (ChatTimeline *self, ChatMessage *message, ChatDelivery delivery)
{
  const char *id = chat_message_get_id (message);
  ChatMessageWindow *window;
  ChatMessageItem *item;
  guint place;

  g_return_if_fail (CHAT_IS_TIMELINE (self));
  g_return_if_fail (id != NULL);

  if (chat_message_changes_is (message))
    {
      chat_timeline_take_change (self, message, 0, TRUE);
      return;
    }
  if (chat_timeline_find_row (self, id, &window) != NULL || find_pending (self, id, &place))
    return;
  item = chat_message_item_new (message);
  chat_message_item_set_own (item, TRUE);
  chat_message_item_set_delivery (item, delivery, NULL);
  g_ptr_array_add (self->pending, item);
  chat_timeline_refold (self, item);
  chat_timeline_quote (self, item);
  chat_timeline_queue_flush (self);
}

void
chat_timeline_set_delivery (ChatTimeline *self, const char *id, ChatDelivery delivery, const char *reason)
{
  ChatMessageWindow *window;
  ChatMessageItem *item;
  guint place;

  g_return_if_fail (CHAT_IS_TIMELINE (self));
  g_return_if_fail (id != NULL);

  item = find_pending (self, id, &place) ? g_ptr_array_index (self->pending, place)
                                         : chat_timeline_find_row (self, id, &window);
  if (item != NULL && chat_message_item_set_delivery (item, delivery, reason))
    chat_timeline_touch (self, item);
}

void
chat_timeline_remove_pending (ChatTimeline *self, const char *id)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));
  g_return_if_fail (id != NULL);

  drop_pending (self, id);
  chat_timeline_drop_change (self, id);
  chat_timeline_queue_flush (self);
}

void
chat_timeline_jump_to_newest (ChatTimeline *self)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  if (self->tail != NULL)
    {
      chat_message_window_free (self->window);
      self->window = g_steal_pointer (&self->tail);
      chat_timeline_supersede (self);
      chat_timeline_set_away (self, FALSE);
      self->want_newest = TRUE; /* confirms it, and fills a screen */
      chat_timeline_update_at_oldest (self);
      chat_timeline_notify (self, "at-newest");
    }
  chat_timeline_set_following (self, TRUE);
  chat_timeline_flush (self);
  chat_timeline_fetch_next (self);
}

void
chat_timeline_set_following (ChatTimeline *self, gboolean following)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  /* the bottom of a window that is cut there is not the bottom */
  following = following && self->tail == NULL;
  if (self->following == following)
    return;
  self->following = following;
  if (following)
    {
      set_unseen (self, 0);
      chat_timeline_trim (self);
      chat_timeline_queue_flush (self);
    }
  chat_timeline_notify (self, "following");
}

void
chat_timeline_set_read (ChatTimeline *self, gint64 seq)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));

  if (self->unread != NULL)
    chat_timeline_touch (self, self->unread);
  g_clear_object (&self->unread);
  self->unread_count = 0;
  self->read = MAX (seq, 0);
  chat_timeline_place_unread (self);
}
