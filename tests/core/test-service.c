/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-service.h"

/* A service that notes what it is asked. */
#define TEST_TYPE_SERVICE (test_service_get_type ())
G_DECLARE_FINAL_TYPE (TestService, test_service, TEST, SERVICE, GObject)

struct _TestService
{
  GObject parent_instance;

  GString *asked; /* Owned */
};

static void test_service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestService, test_service, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, test_service_iface_init))

static const char *
test_service_get_name (ChatService *service)
{
  return "test";
}

static void
answer (ChatService *service, const char *asked, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (service, cancellable, callback, data);

  g_task_set_source_tag (task, answer);
  g_string_append (TEST_SERVICE (service)->asked, asked);
  g_task_return_boolean (task, TRUE);
}

static void
test_service_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  answer (service, "start ", cancellable, callback, data);
}

static void
test_service_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  answer (service, "stop ", cancellable, callback, data);
}

static gboolean
test_service_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
test_service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = test_service_get_name;
  iface->start_async = test_service_start_async;
  iface->start_finish = test_service_finish;
  iface->stop_async = test_service_stop_async;
  iface->stop_finish = test_service_finish;
}

static void
test_service_finalize (GObject *object)
{
  g_string_free (TEST_SERVICE (object)->asked, TRUE);
  G_OBJECT_CLASS (test_service_parent_class)->finalize (object);
}

static void
test_service_class_init (TestServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_service_finalize;
}

static void
test_service_init (TestService *self)
{
  self->asked = g_string_new (NULL);
}

static void
take_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static GAsyncResult *
wait_for_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
test_calls (void)
{
  g_autoptr (TestService) self = g_object_new (TEST_TYPE_SERVICE, NULL);
  ChatService *service = CHAT_SERVICE (self);
  g_autoptr (GAsyncResult) started = NULL;
  g_autoptr (GAsyncResult) stopped = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (chat_service_get_name (service), ==, "test");
  chat_service_start_async (service, NULL, take_result_cb, &started);
  g_assert_true (chat_service_start_finish (service, wait_for_result (&started), &error));
  chat_service_stop_async (service, NULL, take_result_cb, &stopped);
  g_assert_true (chat_service_stop_finish (service, wait_for_result (&stopped), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (self->asked->str, ==, "start stop ");
}

static void
failed_cb (ChatService *service, const GError *error, gpointer data)
{
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  (*(guint *)data)++;
}

static void
test_failed (void)
{
  g_autoptr (TestService) self = g_object_new (TEST_TYPE_SERVICE, NULL);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "the disk is full");
  guint failures = 0;

  g_signal_connect (self, "failed", G_CALLBACK (failed_cb), &failures);
  chat_service_emit_failed (CHAT_SERVICE (self), error);
  g_assert_cmpuint (failures, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/service/calls", test_calls);
  g_test_add_func ("/core/service/failed", test_failed);
  return g_test_run ();
}
