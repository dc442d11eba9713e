/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-message-changes.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-time.h"

typedef struct
{
  ChatMessage *record;
  gint64 seq;     /* 0: not known */
  guint64 number; /* in the order in which they came */
  gboolean pending;
} Change;

struct _ChatMessageChanges
{
  GHashTable *changes; /* id (the record's) → Change */
  GHashTable *targets; /* target → GPtrArray of Change (borrowed) */
  guint64 number;
};

/* What a message is made into, on the way. */
typedef struct
{
  const char *author; /* nullable: of the message */
  char *text;         /* nullable: as it was written */
  gint64 edited, deleted;
  char *deleted_by;     /* nullable */
  GPtrArray *reactions; /* ChatReaction */
} Draft;

static void
change_free (Change *change)
{
  chat_message_unref (change->record);
  g_free (change);
}

ChatMessageChanges *
chat_message_changes_new (void)
{
  ChatMessageChanges *self = g_new0 (ChatMessageChanges, 1);

  self->changes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)change_free);
  self->targets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  return self;
}

void
chat_message_changes_free (ChatMessageChanges *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->targets);
  g_hash_table_unref (self->changes);
  g_free (self);
}

gboolean
chat_message_changes_is (const ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  return kind == CHAT_KIND_EDIT || kind == CHAT_KIND_DELETE || kind == CHAT_KIND_REACTION;
}

gboolean
chat_message_changes_is_removal (const ChatMessage *message)
{
  JsonObject *extra = chat_message_get_extra (message);
  gboolean removal = FALSE;

  return chat_message_get_kind (message) == CHAT_KIND_REACTION && extra != NULL
         && chat_json_get_boolean (extra, CHAT_REMOVAL_MEMBER, FALSE, &removal, NULL) && removal;
}

/* Order */

/* Those with a seq by it, then those without as they came, then one's own. */
static gint
compare (gconstpointer a, gconstpointer b)
{
  const Change *one = *(Change *const *)a, *other = *(Change *const *)b;

  if (one->pending != other->pending)
    return one->pending ? 1 : -1;
  if ((one->seq == 0) != (other->seq == 0))
    return one->seq == 0 ? 1 : -1;
  if (one->seq != other->seq)
    return one->seq < other->seq ? -1 : 1;
  return one->number < other->number ? -1 : one->number > other->number ? 1 : 0;
}

static GPtrArray *
get_target (ChatMessageChanges *self, const char *target)
{
  GPtrArray *list = g_hash_table_lookup (self->targets, target);

  if (list != NULL)
    return list;
  list = g_ptr_array_new ();
  g_hash_table_insert (self->targets, g_strdup (target), list);
  return list;
}

static void
sort_target (ChatMessageChanges *self, Change *change)
{
  g_ptr_array_sort (g_hash_table_lookup (self->targets, chat_message_get_target (change->record)), compare);
}

static void
drop_change (ChatMessageChanges *self, Change *change)
{
  const char *target = chat_message_get_target (change->record);
  GPtrArray *list = g_hash_table_lookup (self->targets, target);

  g_ptr_array_remove (list, change);
  if (list->len == 0)
    g_hash_table_remove (self->targets, target);
  g_hash_table_remove (self->changes, chat_message_get_id (change->record));
}

gboolean
chat_message_changes_add (ChatMessageChanges *self, ChatMessage *record, gint64 seq, gboolean pending)
{
  const char *id = chat_message_get_id (record), *target = chat_message_get_target (record);
  Change *change;

  if (id == NULL || target == NULL)
    return FALSE;
  change = g_hash_table_lookup (self->changes, id);
  if (change != NULL && (pending || !change->pending))
    return seq > 0 && change->seq == 0 && chat_message_changes_place (self, id, seq);
  if (change != NULL)
    drop_change (self, change);
  change = g_new (Change, 1);
  *change = (Change){ chat_message_ref (record), seq, self->number++, pending };
  g_hash_table_insert (self->changes, (gpointer)chat_message_get_id (record), change);
  g_ptr_array_add (get_target (self, target), change);
  sort_target (self, change);
  return TRUE;
}

gboolean
chat_message_changes_place (ChatMessageChanges *self, const char *id, gint64 seq)
{
  Change *change = g_hash_table_lookup (self->changes, id);

  if (change == NULL || change->seq == seq)
    return FALSE;
  change->seq = seq;
  sort_target (self, change);
  return TRUE;
}

gboolean
chat_message_changes_remove (ChatMessageChanges *self, const char *id)
{
  Change *change = g_hash_table_lookup (self->changes, id);

  if (change == NULL)
    return FALSE;
  drop_change (self, change);
  return TRUE;
}

const char *
chat_message_changes_find_target (ChatMessageChanges *self, const char *id)
{
  Change *change = g_hash_table_lookup (self->changes, id);

  return change != NULL ? chat_message_get_target (change->record) : NULL;
}

/* Applying */

static gboolean
may (const Change *change, const char *author)
{
  return change->pending || chat_message_get_moderator (change->record)
         || (author != NULL && g_strcmp0 (author, chat_message_get_author (change->record)) == 0);
}

static gint
find_reaction (GPtrArray *reactions, const char *author, const char *emoji)
{
  for (guint i = 0; i < reactions->len; i++)
    {
      ChatReaction *reaction = g_ptr_array_index (reactions, i);

      if (g_strcmp0 (reaction->author, author) == 0 && g_strcmp0 (reaction->emoji, emoji) == 0)
        return (gint)i;
    }
  return -1;
}

static void
apply_edit (Draft *draft, const Change *change)
{
  const char *text = chat_message_get_data (change->record);
  gint64 time_ms = chat_message_get_timestamp (change->record);

  /* its place is not known yet: what the store has may be newer */
  if (!may (change, draft->author) || text == NULL
      || (change->seq == 0 && !change->pending && draft->edited != CHAT_TIME_UNKNOWN && time_ms < draft->edited))
    return;
  g_free (draft->text);
  draft->text = g_strdup (text);
  draft->edited = time_ms;
}

static void
apply_delete (Draft *draft, const Change *change)
{
  const char *by = chat_message_get_author (change->record);

  if (!may (change, draft->author))
    return;
  draft->deleted = chat_message_get_timestamp (change->record);
  if (g_strcmp0 (by, draft->author) != 0)
    draft->deleted_by = g_strdup (by);
  g_ptr_array_set_size (draft->reactions, 0);
}

static void
apply_reaction (Draft *draft, const Change *change)
{
  const char *author = chat_message_get_author (change->record), *emoji = chat_message_get_data (change->record);
  gint found = find_reaction (draft->reactions, author, emoji);

  if (author == NULL || emoji == NULL)
    return;
  if (chat_message_changes_is_removal (change->record))
    {
      if (found >= 0)
        g_ptr_array_remove_index (draft->reactions, (guint)found);
    }
  else if (found < 0)
    {
      g_ptr_array_add (draft->reactions, chat_reaction_new (chat_message_get_id (change->record), author, emoji));
    }
}

/* A reaction is taken back by the deletion of the record that said so. */
static void
apply_take_back (Draft *draft, const Change *change)
{
  for (guint i = 0; i < draft->reactions->len; i++)
    {
      ChatReaction *reaction = g_ptr_array_index (draft->reactions, i);

      if (strcmp (reaction->id, chat_message_get_target (change->record)) != 0 || !may (change, reaction->author))
        continue;
      g_ptr_array_remove_index (draft->reactions, i);
      return;
    }
}

static void
apply_change (Draft *draft, const Change *change, const char *id)
{
  ChatMessageKind kind = chat_message_get_kind (change->record);
  gboolean direct = g_str_equal (chat_message_get_target (change->record), id);

  if (!direct && kind == CHAT_KIND_DELETE)
    apply_take_back (draft, change);
  else if (direct && kind == CHAT_KIND_EDIT)
    apply_edit (draft, change);
  else if (direct && kind == CHAT_KIND_REACTION)
    apply_reaction (draft, change);
  else if (direct)
    apply_delete (draft, change);
}

static void
add_all (ChatMessageChanges *self, GPtrArray *all, const char *target)
{
  GPtrArray *list = g_hash_table_lookup (self->targets, target);

  for (guint i = 0; list != NULL && i < list->len; i++)
    g_ptr_array_add (all, g_ptr_array_index (list, i));
}

/* (transfer full): what is about the message @id or about a reaction to it, in order */
static GPtrArray *
collect (ChatMessageChanges *self, const char *id, GPtrArray *reactions)
{
  GPtrArray *all = g_ptr_array_new ();
  guint direct;

  add_all (self, all, id);
  direct = all->len;
  for (guint i = 0; i < reactions->len; i++)
    add_all (self, all, ((ChatReaction *)g_ptr_array_index (reactions, i))->id);
  for (guint i = 0; i < direct; i++)
    {
      Change *change = g_ptr_array_index (all, i);

      if (chat_message_get_kind (change->record) == CHAT_KIND_REACTION)
        add_all (self, all, chat_message_get_id (change->record));
    }
  if (all->len > direct)
    g_ptr_array_sort (all, compare);
  return all;
}

/* (transfer full): the reactions as they are shown: one group for each emoji, in the order in which they came first */
static void
group_reactions (GPtrArray *reactions, const char *user, GPtrArray *groups)
{
  g_autoptr (GPtrArray) users = g_ptr_array_new ();

  for (guint i = 0; i < reactions->len; i++)
    {
      const char *emoji = ((ChatReaction *)g_ptr_array_index (reactions, i))->emoji;
      gboolean mine = FALSE, seen = FALSE;

      for (guint j = 0; j < i && !seen; j++)
        seen = g_str_equal (((ChatReaction *)g_ptr_array_index (reactions, j))->emoji, emoji);
      if (seen)
        continue;
      for (guint j = i; j < reactions->len; j++)
        {
          ChatReaction *reaction = g_ptr_array_index (reactions, j);

          if (!g_str_equal (reaction->emoji, emoji))
            continue;
          g_ptr_array_add (users, g_strdup (reaction->author));
          mine = mine || g_strcmp0 (reaction->author, user) == 0;
        }
      g_ptr_array_add (users, NULL);
      g_ptr_array_add (groups, chat_reaction_group_new (emoji, (char **)g_ptr_array_steal (users, NULL), mine));
    }
}

static void
draft_init (Draft *draft, ChatMessage *message)
{
  const ChatMessageState *state = chat_message_get_state (message);

  *draft = (Draft){ .author = chat_message_get_author (message),
                    .edited = CHAT_TIME_UNKNOWN,
                    .deleted = CHAT_TIME_UNKNOWN,
                    .reactions = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_reaction_free) };
  if (state == NULL)
    return;
  draft->edited = state->edited;
  draft->deleted = state->deleted;
  draft->deleted_by = g_strdup (state->deleted_by);
  for (guint i = 0; i < state->reactions->len; i++)
    {
      const ChatReaction *reaction = g_ptr_array_index (state->reactions, i);

      g_ptr_array_add (draft->reactions, chat_reaction_new (reaction->id, reaction->author, reaction->emoji));
    }
}

/* (transfer full) (nullable) */
static ChatItemState *
draft_end (Draft *draft, const char *user)
{
  ChatItemState *state = NULL;

  if (draft->edited != CHAT_TIME_UNKNOWN || draft->deleted != CHAT_TIME_UNKNOWN || draft->reactions->len > 0)
    {
      state = chat_item_state_new ();
      state->text = g_steal_pointer (&draft->text);
      state->edited = draft->edited;
      state->deleted = draft->deleted;
      state->deleted_by = g_steal_pointer (&draft->deleted_by);
      group_reactions (draft->reactions, user, state->reactions);
    }
  g_free (draft->text);
  g_free (draft->deleted_by);
  g_ptr_array_unref (draft->reactions);
  return state;
}

ChatItemState *
chat_message_changes_apply (ChatMessageChanges *self, ChatMessage *message, const char *user)
{
  const ChatMessageState *known = chat_message_get_state (message);
  const char *id = chat_message_get_id (message);
  gint64 from = known != NULL ? known->seq : 0;
  g_autoptr (GPtrArray) all = NULL;
  Draft draft;

  if (id == NULL || (known == NULL && !g_hash_table_contains (self->targets, id)))
    return NULL;
  draft_init (&draft, message);
  all = collect (self, id, draft.reactions);
  for (guint i = 0; i < all->len && draft.deleted == CHAT_TIME_UNKNOWN; i++)
    {
      Change *change = g_ptr_array_index (all, i);

      if (change->pending || change->seq == 0 || change->seq > from)
        apply_change (&draft, change, id);
    }
  return draft_end (&draft, user);
}

guint
chat_message_changes_get_size (ChatMessageChanges *self)
{
  return g_hash_table_size (self->changes);
}

void
chat_message_changes_prune (ChatMessageChanges *self, GHashTable *targets, guint keep)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->changes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Change *change = value;
      const char *target = chat_message_get_target (change->record);
      const char *about = chat_message_changes_find_target (self, target);

      if (!change->pending && change->number + keep < self->number
          && !g_hash_table_contains (targets, about != NULL ? about : target))
        g_ptr_array_add (gone, change);
    }
  for (guint i = 0; i < gone->len; i++)
    drop_change (self, g_ptr_array_index (gone, i));
}
