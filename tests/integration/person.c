/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "person.h"

#include "stored.h"

#include "chat-test-call.h"
#include "transport/websocket/chat-websocket-transport.h"

#define SWEARS_EVERY 25

static ChatTransport *
make_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_websocket_transport_new (session, uri, token);
}

static void
signed_out_cb (ChatWorkspace *workspace, const GError *error, gpointer user_data)
{
  const Person *self = user_data;

  g_error ("%s was signed out: %s", self->name, error->message);
}

static void
refused_cb (ChatWorkspace *workspace, const char *id, const char *reason, gpointer user_data)
{
  const Person *self = user_data;

  g_error ("A message of %s was refused: %s", self->name, reason);
}

/* It counts one up for each message that is on the disk, and one down for each that is accepted. */
static void
queued_cb (ChatWorkspace *workspace, GParamSpec *pspec, gpointer user_data)
{
  Person *self = user_data;
  guint waiting;

  g_object_get (workspace, "queued", &waiting, NULL);
  if (waiting < self->waiting)
    self->accepted += self->waiting - waiting;
  self->waiting = waiting;
}

Person *
person_new (const char *name, const char *directory, const char *uri)
{
  Person *self = g_new0 (Person, 1);

  self->name = g_strdup (name);
  self->workspace = chat_workspace_new (uri, name, directory, make_feed, NULL);
  self->watched = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  g_signal_connect (self->workspace, "signed-out", G_CALLBACK (signed_out_cb), self);
  g_signal_connect (self->workspace, "notify::queued", G_CALLBACK (queued_cb), self);
  g_signal_connect (self->workspace, "refused", G_CALLBACK (refused_cb), self);
  return self;
}

/* (transfer full) (element-type ChatMessageItem): the rows that are messages, and no cards about one. */
static GPtrArray *
list_messages (gpointer model)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (model, i);

      if (chat_message_item_get_message (item) != NULL)
        g_ptr_array_add (items, g_steal_pointer (&item));
    }
  return items;
}

static void
check (const Person *self, GListModel *model)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) items = list_messages (model);
  gint64 last = 0;

  for (guint i = 0; i < items->len; i++)
    {
      ChatMessage *message = chat_message_item_get_message (items->pdata[i]);
      gint64 seq = chat_message_item_get_seq (items->pdata[i]);

      if (!g_hash_table_add (ids, (gpointer)chat_message_get_id (message)))
        g_error ("%s sees a message twice: %s", self->name, chat_message_get_data (message));
      if (seq != 0 && seq <= last)
        g_error ("%s sees seq %" G_GINT64_FORMAT " behind %" G_GINT64_FORMAT, self->name, seq, last);
      last = MAX (last, seq);
    }
}

static gboolean
check_cb (gpointer user_data)
{
  Person *self = user_data;
  GHashTableIter iter;
  gpointer timeline;

  self->checking = 0;
  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, &timeline, NULL))
    check (self, timeline);
  return G_SOURCE_REMOVE;
}

/* One change may be several splices, between which a row that moves is there twice: a window draws after them. */
static void
changed_cb (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  Person *self = user_data;

  if (self->checking == 0)
    self->checking = g_idle_add_full (G_PRIORITY_HIGH, check_cb, self, NULL);
}

void
person_free (Person *self)
{
  GHashTableIter iter;
  gpointer timeline;

  g_hash_table_iter_init (&iter, self->watched);
  while (g_hash_table_iter_next (&iter, &timeline, NULL))
    g_signal_handlers_disconnect_by_data (timeline, self);
  g_signal_handlers_disconnect_by_data (self->workspace, self);
  g_clear_handle_id (&self->checking, g_source_remove);
  g_hash_table_unref (self->watched);
  g_object_unref (self->workspace);
  g_free (self->name);
  g_free (self);
}

char *
person_sign_in (Person *self, const char *token)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *new_token = NULL;

  chat_test_call (chat_workspace_open, self->workspace, &error, NULL);
  g_assert_no_error (error);
  chat_workspace_sign_in_async (self->workspace, token, NULL, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "signing in");
  chat_workspace_sign_in_finish (self->workspace, result, &new_token, &error);
  g_assert_no_error (error);
  return new_token;
}

void
person_close (Person *self)
{
  g_autoptr (GError) error = NULL;

  g_signal_handlers_disconnect_by_func (self->workspace, signed_out_cb, self);
  chat_test_call (chat_workspace_close, self->workspace, &error, TRUE);
  g_assert_no_error (error);
}

static char *
make_text (const char *name, guint number, const char *last_word)
{
  gboolean swears = (number + 1) % SWEARS_EVERY == 0;

  return g_strdup_printf ("%s, line %u: the train is late again%s%s", name, number, swears ? ", they are all " : "",
                          swears ? last_word : "");
}

char *
person_text (const char *name, guint number)
{
  return make_text (name, number, "assholes");
}

char *
person_text_seen (const char *name, guint number)
{
  return make_text (name, number, "********");
}

guint
person_swears (guint count)
{
  return count / SWEARS_EVERY;
}

void
person_write (Person *self, const char *channel)
{
  g_autofree char *text = person_text (self->name, self->written);
  g_autoptr (GError) error = NULL;

  chat_workspace_send (self->workspace, channel, text, NULL, &error);
  g_assert_no_error (error);
  self->written++;
}

/* A channel that is waited for. */
typedef struct
{
  Person *person;
  const char *name;
} Wanted;

static gboolean
has_channel (gpointer data)
{
  const Wanted *wanted = data;

  return chat_workspace_find_channel (wanted->person->workspace, wanted->name) != NULL;
}

ChatTimeline *
person_watch (Person *self, const char *channel)
{
  Wanted wanted = { self, channel };
  ChatTimeline *timeline;

  chat_test_wait_until (has_channel, &wanted, channel);
  timeline = chat_channel_get_timeline (chat_workspace_find_channel (self->workspace, channel));
  if (!g_hash_table_contains (self->watched, timeline))
    {
      g_hash_table_add (self->watched, g_object_ref (timeline));
      g_signal_connect (timeline, "items-changed", G_CALLBACK (changed_cb), self);
    }
  return timeline;
}

/* Paging */

static gboolean
get_flag (ChatTimeline *timeline, const char *property)
{
  gboolean flag;

  g_object_get (timeline, property, &flag, NULL);
  return flag;
}

/* 0 where there is none, or it is not told yet. */
static gint64
first_seq (ChatTimeline *timeline)
{
  g_autoptr (GPtrArray) items = list_messages (timeline);

  return items->len > 0 ? chat_message_item_get_seq (items->pdata[0]) : 0;
}

static gint64
last_seq (ChatTimeline *timeline)
{
  g_autoptr (GPtrArray) items = list_messages (timeline);

  return items->len > 0 ? chat_message_item_get_seq (items->pdata[items->len - 1]) : 0;
}

/* A page that is waited for: the model shows what it brings a frame later. */
typedef struct
{
  ChatTimeline *timeline;
  gint64 first, last; /* as they are not to be any more; 0: it is to be at the newest */
} Page;

/* What came live gets its place by a receipt, and what was missed comes by itself. */
static gboolean
is_whole (ChatTimeline *timeline)
{
  g_autoptr (GPtrArray) items = list_messages (timeline);
  gint64 first = first_seq (timeline);

  for (guint i = 0; i < items->len; i++)
    if (chat_message_item_get_seq (items->pdata[i]) != first + i)
      return FALSE;
  return first > 0;
}

static gboolean
has_come (gpointer data)
{
  const Page *page = data;

  if (get_flag (page->timeline, "loading-older") || get_flag (page->timeline, "loading-newer")
      || !is_whole (page->timeline))
    return FALSE;
  if (page->first != 0)
    return first_seq (page->timeline) != page->first || last_seq (page->timeline) != page->last;
  return get_flag (page->timeline, "at-newest");
}

/* What the model has now; what was seen before must be the same still. */
static void
look (Person *self, ChatTimeline *timeline, GPtrArray *seen)
{
  g_autoptr (GPtrArray) items = list_messages (timeline);

  for (guint i = 0; i < items->len; i++)
    {
      ChatMessage *message = chat_message_item_get_message (items->pdata[i]);
      gboolean own = g_strcmp0 (chat_message_get_author (message), self->name) == 0;
      guint seq = (guint)chat_message_item_get_seq (items->pdata[i]);
      StoredMessage **row;

      g_assert_cmpint (chat_message_item_get_delivery (items->pdata[i]), ==,
                       own ? CHAT_DELIVERY_STORED : CHAT_DELIVERY_NONE);
      if (seen->len < seq)
        g_ptr_array_set_size (seen, (gint)seq);
      row = (StoredMessage **)&seen->pdata[seq - 1];
      if (*row == NULL)
        *row = stored_message_new (seq, chat_message_get_id (message), chat_message_get_author (message),
                                   chat_message_get_data (message));
      g_assert_cmpstr ((*row)->id, ==, chat_message_get_id (message));
      g_assert_cmpstr ((*row)->data, ==, chat_message_get_data (message));
    }
}

static void
load (Person *self, ChatTimeline *timeline, void (*load_page) (ChatTimeline *timeline), GPtrArray *seen)
{
  Page page = { timeline, first_seq (timeline), last_seq (timeline) };

  load_page (timeline);
  chat_test_wait_until (has_come, &page, "a page");
  look (self, timeline, seen);
}

GPtrArray *
person_read_all (Person *self, const char *channel)
{
  ChatTimeline *timeline = person_watch (self, channel);
  GPtrArray *seen = g_ptr_array_new_with_free_func (stored_message_free);
  Page newest = { timeline, 0, 0 };
  gint64 head;

  chat_timeline_jump_to_newest (timeline);
  chat_test_wait_until (has_come, &newest, "the newest page");
  look (self, timeline, seen);
  head = last_seq (timeline);
  chat_timeline_set_following (timeline, FALSE);
  while (first_seq (timeline) > 1)
    load (self, timeline, chat_timeline_load_older, seen);
  g_assert_true (get_flag (timeline, "at-oldest"));
  while (last_seq (timeline) < head)
    load (self, timeline, chat_timeline_load_newer, seen);
  g_assert_true (get_flag (timeline, "at-newest"));
  for (guint i = 0; i < seen->len; i++)
    if (seen->pdata[i] == NULL)
      g_error ("%s never sees seq %u", self->name, i + 1);
  return seen;
}
