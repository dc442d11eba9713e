/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What whoever runs the service looks at: readiness and figures. */
#include "api-test.h"

#include <string.h>

/* A store that counts how often it is checked, and says what it is told. */
#define TEST_TYPE_STORE (test_store_get_type ())
G_DECLARE_FINAL_TYPE (TestStore, test_store, TEST, STORE, GObject)

struct _TestStore
{
  GObject parent_instance;
  ChatStore *inner; /* borrowed */
  guint checks;
  gboolean damaged;
};

static void
test_store_check_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  TestStore *self = TEST_STORE (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  self->checks++;
  if (self->damaged)
    g_task_return_new_error (task, CHAT_STORE_ERROR, CHAT_STORE_ERROR_FULL, "no room on /var/lib/tertulia/store.db");
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
test_store_check_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static ChatMessageStore *
test_store_get_messages (ChatStore *store)
{
  return chat_store_get_messages (TEST_STORE (store)->inner);
}

static ChatChannelStore *
test_store_get_channels (ChatStore *store)
{
  return chat_store_get_channels (TEST_STORE (store)->inner);
}

static ChatUserStore *
test_store_get_users (ChatStore *store)
{
  return chat_store_get_users (TEST_STORE (store)->inner);
}

static ChatModerationStore *
test_store_get_moderation (ChatStore *store)
{
  return chat_store_get_moderation (TEST_STORE (store)->inner);
}

static ChatCounterStore *
test_store_get_counters (ChatStore *store)
{
  return chat_store_get_counters (TEST_STORE (store)->inner);
}

static void
store_iface_init (ChatStoreInterface *iface)
{
  iface->check_async = test_store_check_async;
  iface->check_finish = test_store_check_finish;
  iface->get_messages = test_store_get_messages;
  iface->get_channels = test_store_get_channels;
  iface->get_users = test_store_get_users;
  iface->get_moderation = test_store_get_moderation;
  iface->get_counters = test_store_get_counters;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestStore, test_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_STORE, store_iface_init))

static void
test_store_class_init (TestStoreClass *klass)
{
}

static void
test_store_init (TestStore *self)
{
}

/* Asking is free: the store is asked once a second at most, and its words stay in the log. */
static void
test_readiness (ApiTest *self, gconstpointer data)
{
  g_autoptr (TestStore) store = g_object_new (TEST_TYPE_STORE, NULL);

  store->inner = self->role.sqlite;
  store->damaged = TRUE;
  api_test_stop_api (self);
  self->store = CHAT_STORE (store);
  api_test_start_api (self);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = api_test_call_raw (self, "GET", "/readyz", NULL, NULL, NULL, 0);

      g_assert_cmpuint (self->status, ==, 503);
      g_assert_nonnull (strstr (text, "\"store\":{\"ready\":false"));
      g_assert_null (strstr (text, "/var"));
    }
  g_assert_cmpuint (store->checks, <=, 2); /* where a second went by meanwhile */
  store->damaged = FALSE;
  chat_test_run_for (1100);
  api_test_expect (self, "GET", "/readyz", NULL, NULL, 200, NULL);
  g_assert_cmpuint (store->checks, <=, 3);
  api_test_stop_api (self);
}

/* Who may see the figures. */
static void
test_access (ApiTest *self, gconstpointer data)
{
  g_autofree char *text = api_test_call_raw (self, "GET", "/metrics", NULL, NULL, NULL, 0);

  g_assert_cmpuint (self->status, ==, 200);
  g_assert_cmpstr (self->content_type, ==, "text/plain; version=0.0.4; charset=utf-8");
  g_assert_nonnull (strstr (text, "# TYPE tertulia_http_request_duration_seconds histogram\n"));
  /* Behind a proxy on the same machine everybody seems to be local. */
  self->forwarded = "127.0.0.1";
  api_test_expect (self, "GET", "/metrics", NULL, NULL, 404, "not-found");
  self->forwarded = NULL;
  api_test_stop_api (self);
  self->options.metrics_access = CHAT_API_METRICS_OFF;
  api_test_start_api (self);
  api_test_expect (self, "GET", "/metrics", NULL, NULL, 404, "not-found");
  api_test_stop_api (self);
  self->options.metrics_access = CHAT_API_METRICS_TOKEN;
  self->options.metrics_token = "0123456789abcdef";
  api_test_start_api (self);
  api_test_expect (self, "GET", "/metrics", NULL, NULL, 401, "unauthorized");
  api_test_expect (self, "GET", "/metrics", "0123456789abcdeg", NULL, 401, "unauthorized");
  g_free (text);
  text = api_test_call_raw (self, "GET", "/metrics", "0123456789abcdef", NULL, NULL, 0);
  g_assert_cmpuint (self->status, ==, 200);
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/operation/readiness", test_readiness);
  ADD ("/api/operation/access", test_access);
  return g_test_run ();
}
