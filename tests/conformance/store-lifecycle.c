/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-time.h"
#include "store-case.h"

static const ChatPage latest = { .kind = CHAT_PAGE_LATEST, .time_ms = CHAT_TIME_UNKNOWN, .limit = 1000 };

static guint
count_messages (StoreCase *self, const char *channel)
{
  g_autoptr (ChatMessagePage) page = NULL;
  g_autoptr (GError) error = NULL;

  page = chat_test_call (chat_message_store_list, self->messages, &error, channel, &latest);
  g_assert_no_error (error);
  return page->messages->len;
}

static void
check_is_idempotent_and_passes (StoreCase *self)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (chat_test_call (chat_store_check, self->store, &error));
      g_assert_no_error (error);
    }
}

static void
open_twice (StoreCase *self)
{
  g_autoptr (ChatStore) store = self->fixture->store_new (self->place);
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited[2] = { NULL, NULL };

  chat_store_open_async (store, NULL, chat_test_result_cb, &awaited[0]);
  chat_store_open_async (store, NULL, chat_test_result_cb, &awaited[1]);
  for (guint i = 0; i < G_N_ELEMENTS (awaited); i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "an open");

      g_assert_true (chat_store_open_finish (store, result, &error));
    }
  g_assert_true (chat_test_call (chat_store_open, store, &error));
  g_assert_true (chat_test_call (chat_store_close, store, &error));
  g_assert_true (chat_test_call (chat_store_close, store, &error));
  g_assert_no_error (error);
}

static void
open_again_after_close (StoreCase *self)
{
  g_autoptr (GError) error = NULL;

  store_append (self, "general", "m-1", 1);
  g_assert_true (chat_test_call (chat_store_close, self->store, &error));
  g_assert_true (chat_test_call (chat_store_open, self->store, &error));
  g_assert_no_error (error);
  g_assert_cmpint (store_append (self, "general", "m-2", 2), ==, 2);
}

static void
close_while_opening (StoreCase *self)
{
  g_autoptr (ChatStore) store = self->fixture->store_new (self->place);
  g_autoptr (GAsyncResult) opened = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited[2] = { NULL, NULL };

  chat_store_open_async (store, NULL, chat_test_result_cb, &awaited[0]);
  chat_store_close_async (store, NULL, chat_test_result_cb, &awaited[1]);
  opened = chat_test_await (&awaited[0], "the open");
  closed = chat_test_await (&awaited[1], "the close");
  g_assert_true (chat_store_open_finish (store, opened, &error));
  g_assert_true (chat_store_close_finish (store, closed, &error));
  g_assert_false (chat_test_call (chat_store_check, store, &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
}

/* Its threads and connections end with it, on whichever thread the last reference goes. */
static void
drop_without_close (StoreCase *self)
{
  for (guint i = 1; i <= 20; i++)
    {
      ChatStore *store = self->fixture->store_new (self->place);
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autoptr (GError) error = NULL;

      g_assert_true (chat_test_call (chat_store_open, store, &error));
      g_object_unref (store);
      g_assert_cmpint (store_append (self, "general", id, 1), ==, i);
    }
}

/* Every call of a store that is not open is answered, with CLOSED. */
static void
calls_when_closed (StoreCase *self)
{
  g_autoptr (ChatStore) store = self->fixture->store_new (self->place);
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GError) error = NULL;

  for (guint round = 0; round < 2; round++)
    {
      g_assert_false (chat_test_call (chat_store_check, store, &error));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
      g_clear_error (&error);
      g_assert_null (chat_test_call (chat_message_store_append, chat_store_get_messages (store), &error, batch));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
      g_clear_error (&error);
      g_assert_null (chat_test_call (chat_channel_store_list, chat_store_get_channels (store), &error, NULL));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
      g_clear_error (&error);
      g_assert_null (chat_test_call (chat_user_store_list_sessions, chat_store_get_users (store), &error, (gint64)0));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
      g_clear_error (&error);
      g_assert_false (chat_test_call (chat_moderation_store_lift_block, chat_store_get_moderation (store), &error, "k",
                                      "m", (gint64)0));
      g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
      g_clear_error (&error);

      /* the same once it has been open */
      g_assert_true (chat_test_call (chat_store_open, store, &error));
      g_assert_true (chat_test_call (chat_store_close, store, &error));
    }
}

/* What was called before the close is done, what is called after it is refused. */
static void
close_with_calls_in_flight (StoreCase *self)
{
  enum
  {
    CALLS = 40
  };
  GAsyncResult *awaited[CALLS] = { NULL };
  GAsyncResult *late = NULL;
  GAsyncResult *closed = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();

      g_ptr_array_add (batch, chat_test_message_new ("general", id, "text", i));
      chat_message_store_append_async (self->messages, batch, NULL, chat_test_result_cb, &awaited[i]);
    }
  chat_store_close_async (self->store, NULL, chat_test_result_cb, &closed);
  chat_store_check_async (self->store, NULL, chat_test_result_cb, &late);

  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) appended = chat_test_await (&awaited[i], "an append");
      g_autoptr (GArray) results = chat_message_store_append_finish (self->messages, appended, &error);

      g_assert_no_error (error);
      g_assert_cmpint (g_array_index (results, ChatAppendResult, 0).seq, ==, i + 1);
    }
  result = chat_test_await (&late, "the late check");
  g_assert_false (chat_store_check_finish (self->store, result, &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED);
  g_clear_error (&error);
  g_clear_object (&result);
  result = chat_test_await (&closed, "the close");
  g_assert_true (chat_store_close_finish (self->store, result, &error));
  g_hash_table_unref (store_assert_placed (self, "general", CALLS));
}

static void
cancelled_before (StoreCase *self)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GAsyncResult) appended = NULL;
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited[2] = { NULL, NULL };

  g_cancellable_cancel (cancellable);
  g_ptr_array_add (batch, chat_test_message_new ("general", "m-1", "text", 1));
  chat_message_store_append_async (self->messages, batch, cancellable, chat_test_result_cb, &awaited[0]);
  chat_channel_store_list_async (self->channels, NULL, cancellable, chat_test_result_cb, &awaited[1]);
  appended = chat_test_await (&awaited[0], "the append");
  listed = chat_test_await (&awaited[1], "the list");

  g_assert_null (chat_message_store_append_finish (self->messages, appended, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (chat_channel_store_list_finish (self->channels, listed, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count_messages (self, "general"), ==, 0);
}

/* Whenever the cancellation comes: an error means that nothing was done, a result that all was. */
static void
cancelled_in_flight (StoreCase *self)
{
  enum
  {
    CALLS = 200
  };
  GAsyncResult *awaited[CALLS] = { NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint done = 0;

  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();

      g_ptr_array_add (batch, chat_test_message_new ("general", id, "text", i));
      chat_message_store_append_async (self->messages, batch, i % 2 ? cancellable : NULL, chat_test_result_cb,
                                       &awaited[i]);
    }
  g_object_unref (chat_test_await (&awaited[0], "the first append"));
  g_cancellable_cancel (cancellable);

  for (guint i = 1; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "an append");
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) results = chat_message_store_append_finish (self->messages, result, &error);

      if (results != NULL)
        done++;
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_true (results != NULL || i % 2);
    }
  g_hash_table_unref (store_assert_placed (self, "general", 1 + done));
  g_assert_cmpuint (count_messages (self, "general"), ==, 1 + done);
}

/* Calls of every kind at once, from one context: all are answered, in order where they write. */
static void
many_calls_in_flight (StoreCase *self)
{
  enum
  {
    CALLS = 300
  };
  static const char *const channels[] = { "one", "two", "three" };
  GAsyncResult *appends[CALLS] = { NULL };
  GAsyncResult *lists[CALLS] = { NULL };
  gint64 heads[G_N_ELEMENTS (channels)] = { 0 };

  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();

      for (guint j = 0; j < G_N_ELEMENTS (channels); j++)
        {
          g_autofree char *own = g_strdup_printf ("%s-%s", id, channels[j]);

          g_ptr_array_add (batch, chat_test_message_new (channels[j], own, "text", i));
        }
      chat_message_store_append_async (self->messages, batch, NULL, chat_test_result_cb, &appends[i]);
      chat_message_store_list_async (self->messages, channels[i % 3], &latest, NULL, chat_test_result_cb, &lists[i]);
    }

  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) appended = chat_test_await (&appends[i], "an append");
      g_autoptr (GAsyncResult) listed = chat_test_await (&lists[i], "a list");
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) results = chat_message_store_append_finish (self->messages, appended, &error);
      g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (self->messages, listed, &error);

      g_assert_no_error (error);
      for (guint j = 0; j < results->len; j++)
        g_assert_cmpint (g_array_index (results, ChatAppendResult, j).seq, ==, i + 1);
      g_assert_cmpint (page->head, >=, heads[i % 3]);
      g_assert_cmpuint (page->messages->len, ==, page->head);
      heads[i % 3] = page->head;
    }
}

static void
write_and_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = chat_message_store_append_finish (CHAT_MESSAGE_STORE (source), result, &error);

  g_assert_no_error (error);
  chat_message_store_list_async (CHAT_MESSAGE_STORE (source), "general", &latest, NULL, chat_test_result_cb, user_data);
}

/* What is called in the callback of a write sees it. */
static void
read_your_writes (StoreCase *self)
{
  for (guint i = 1; i <= 50; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (ChatMessagePage) page = NULL;
      GAsyncResult *awaited = NULL;

      g_ptr_array_add (batch, chat_test_message_new ("general", id, "text", i));
      chat_message_store_append_async (self->messages, batch, NULL, write_and_read_cb, &awaited);
      result = chat_test_await (&awaited, "the list after the append");
      page = chat_message_store_list_finish (self->messages, result, NULL);
      g_assert_cmpuint (page->messages->len, ==, i);
    }
}

static void
reopened (StoreCase *self)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  store_append (self, "general", "m-1", 1);
  store_case_reopen (self);
  message = chat_test_call (chat_message_store_get, self->messages, &error, "m-1");
  g_assert_no_error (error);
  g_assert_cmpstr (chat_message_get_data (message), ==, "m-1");
  g_assert_cmpint (store_append (self, "general", "m-2", 2), ==, 2);
}

/* Roles in processes of their own share one database. */
static void
shared (StoreCase *self)
{
  StoreCase other = *self;
  g_autoptr (GError) error = NULL;

  other.store = self->fixture->store_new (self->place);
  other.messages = chat_store_get_messages (other.store);
  g_assert_true (chat_test_call (chat_store_open, other.store, &error));
  for (guint i = 1; i <= 20; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      g_assert_cmpint (store_append (i % 2 ? self : &other, "general", id, i), ==, i);
      g_assert_cmpuint (count_messages (i % 2 ? &other : self, "general"), ==, i);
    }
  g_assert_true (chat_test_call (chat_store_close, other.store, &error));
  g_object_unref (other.store);
  g_hash_table_unref (store_assert_placed (self, "general", 20));
}

void
store_cases_lifecycle (const StoreFixture *fixture)
{
  store_case_add (fixture, "lifecycle/check", check_is_idempotent_and_passes);
  store_case_add (fixture, "lifecycle/open-twice", open_twice);
  store_case_add (fixture, "lifecycle/open-again-after-close", open_again_after_close);
  store_case_add (fixture, "lifecycle/close-while-opening", close_while_opening);
  store_case_add (fixture, "lifecycle/drop-without-close", drop_without_close);
  store_case_add (fixture, "lifecycle/calls-when-closed", calls_when_closed);
  store_case_add (fixture, "lifecycle/close-with-calls-in-flight", close_with_calls_in_flight);
  store_case_add (fixture, "lifecycle/cancelled-before", cancelled_before);
  store_case_add (fixture, "lifecycle/cancelled-in-flight", cancelled_in_flight);
  store_case_add (fixture, "lifecycle/many-calls-in-flight", many_calls_in_flight);
  store_case_add (fixture, "lifecycle/read-your-writes", read_your_writes);
  store_case_add (fixture, "lifecycle/reopened", reopened);
  store_case_add (fixture, "lifecycle/shared", shared);
}
