/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-embedded-server.h"

#include <glib/gi18n.h>
#include <string.h>

#define READY "READY "
#define COMPLAINT "tertulia-server: "
#define QUICK_US                                                                                                       \
  (5 * G_USEC_PER_SEC) /* a child that dies sooner than this after its start counts as a failed start                  \
                        */
#define TRIES 3

struct _ChatEmbeddedServer
{
  GObject parent_instance;

  /* Owned */
  char *directory;
  char *uri;
  char *complaint; /* the child's last complaint on standard error, else its last line there: it says what is wrong */
  GSubprocess *child;
  GCancellable *cancellable;
  GTask *stopping;

  gint64 started_us;
  guint quick_deaths;
  guint alive; /* the child itself, and its standard error, which may still be read when it is gone */
};

enum
{
  PROP_URI = 1,
  N_PROPS
};

enum
{
  FAILED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void launch (ChatEmbeddedServer *self);

G_DEFINE_FINAL_TYPE (ChatEmbeddedServer, chat_embedded_server, G_TYPE_OBJECT)

static void
set_uri (ChatEmbeddedServer *self, const char *uri)
{
  if (g_strcmp0 (self->uri, uri) == 0)
    return;
  g_free (self->uri);
  self->uri = g_strdup (uri);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_URI]);
}

static char *
find_program (void)
{
  const char *override = g_getenv ("TERTULIA_SERVER");
  g_autofree char *installed = g_build_filename (CHAT_BIN_DIR, "tertulia-server", NULL);

  if (override != NULL)
    return g_strdup (override);
  if (g_file_test (installed, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&installed);
  return g_find_program_in_path ("tertulia-server");
}

static void
fail (ChatEmbeddedServer *self, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, message);

  g_signal_emit (self, signals[FAILED], 0, error);
}

static void
read_line_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatEmbeddedServer) self = data;
  g_autofree char *line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  if (line == NULL)
    return;
  if (g_str_has_prefix (line, READY))
    {
      set_uri (self, g_strstrip (line + strlen (READY)));
      self->quick_deaths = 0;
    }
  g_data_input_stream_read_line_async (G_DATA_INPUT_STREAM (source), G_PRIORITY_DEFAULT, self->cancellable,
                                       read_line_cb, g_object_ref (self));
}

static void child_ended (ChatEmbeddedServer *self);

static void
read_complaint_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatEmbeddedServer) self = data;
  g_autofree char *line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  if (line == NULL)
    {
      child_ended (self);
      return;
    }
  g_printerr ("%s\n", line);
  /* what it logs while it stops says nothing of why */
  if (self->complaint == NULL || g_str_has_prefix (line, COMPLAINT) || !g_str_has_prefix (self->complaint, COMPLAINT))
    {
      g_free (self->complaint);
      self->complaint = g_steal_pointer (&line);
    }
  g_data_input_stream_read_line_async (G_DATA_INPUT_STREAM (source), G_PRIORITY_LOW, self->cancellable,
                                       read_complaint_cb, g_object_ref (self));
}

static void
child_ended (ChatEmbeddedServer *self)
{
  g_autofree char *message = NULL;

  if (--self->alive > 0)
    return;
  g_clear_object (&self->child);
  if (self->stopping != NULL)
    {
      g_autoptr (GTask) task = g_steal_pointer (&self->stopping);

      set_uri (self, NULL);
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (g_get_monotonic_time () - self->started_us > QUICK_US)
    self->quick_deaths = 0;
  if (++self->quick_deaths < TRIES && self->uri != NULL)
    {
      launch (self);
      return;
    }
  set_uri (self, NULL);
  message = g_strdup_printf (_ ("The server on this computer ended: %s"),
                             self->complaint == NULL ? _ ("it did not say why") : self->complaint);
  fail (self, message);
}

static void
wait_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatEmbeddedServer) self = data;
  g_autoptr (GError) error = NULL;

  if (!g_subprocess_wait_finish (G_SUBPROCESS (source), result, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  child_ended (self);
}

static void
follow (ChatEmbeddedServer *self)
{
  g_autoptr (GDataInputStream) out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->child));
  g_autoptr (GDataInputStream) err = g_data_input_stream_new (g_subprocess_get_stderr_pipe (self->child));

  self->alive = 2;
  g_data_input_stream_read_line_async (out, G_PRIORITY_DEFAULT, self->cancellable, read_line_cb, g_object_ref (self));
  g_data_input_stream_read_line_async (err, G_PRIORITY_LOW, self->cancellable, read_complaint_cb, g_object_ref (self));
  g_subprocess_wait_async (self->child, self->cancellable, wait_cb, g_object_ref (self));
}

static void
launch (ChatEmbeddedServer *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *program = find_program ();
  const char *arguments[] = { program, "--embedded", self->directory, "--exit-with-stdin", NULL };

  if (program == NULL)
    {
      fail (
          self,
          _ ("tertulia-server is not installed: install it, or name it in the environment variable TERTULIA_SERVER."));
      return;
    }
  g_clear_pointer (&self->complaint, g_free);
  self->started_us = g_get_monotonic_time ();
  self->child = g_subprocess_newv (arguments,
                                   G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                       | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                   &error);
  if (self->child == NULL)
    {
      g_autofree char *message
          = g_strdup_printf (_ ("The server on this computer can't be started: %s"), error->message);

      fail (self, message);
      return;
    }
  follow (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_URI)
    g_value_set_string (value, CHAT_EMBEDDED_SERVER (object)->uri);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
finalize (GObject *object)
{
  ChatEmbeddedServer *self = CHAT_EMBEDDED_SERVER (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->child);
  g_free (self->directory);
  g_free (self->uri);
  g_free (self->complaint);
  G_OBJECT_CLASS (chat_embedded_server_parent_class)->finalize (object);
}

static void
chat_embedded_server_class_init (ChatEmbeddedServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = get_property;
  object_class->finalize = finalize;
  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[FAILED] = g_signal_new ("failed", CHAT_TYPE_EMBEDDED_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
chat_embedded_server_init (ChatEmbeddedServer *self)
{
  self->cancellable = g_cancellable_new ();
}

ChatEmbeddedServer *
chat_embedded_server_new (const char *directory)
{
  ChatEmbeddedServer *self = g_object_new (CHAT_TYPE_EMBEDDED_SERVER, NULL);

  self->directory = g_strdup (directory);
  return self;
}

void
chat_embedded_server_start (ChatEmbeddedServer *self)
{
  g_return_if_fail (CHAT_IS_EMBEDDED_SERVER (self));

  if (self->child != NULL || self->stopping != NULL)
    return;
  self->quick_deaths = 0;
  launch (self);
}

const char *
chat_embedded_server_get_uri (ChatEmbeddedServer *self)
{
  return self->uri;
}

void
chat_embedded_server_stop_async (ChatEmbeddedServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_embedded_server_stop_async);
  if (self->child == NULL || self->stopping != NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stopping = g_steal_pointer (&task);
  g_output_stream_close (g_subprocess_get_stdin_pipe (self->child), NULL, NULL);
}

gboolean
chat_embedded_server_stop_finish (ChatEmbeddedServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
