/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

#include <string.h>

#include "core/chat-json.h"

/*
 * Which brokers the service offers its desktops. Whom to trust comes as text and is kept as a file of its own, named
 * after what is in it, because that is what the brokers' libraries read.
 */

/* What waits for its files to be written. */
typedef struct
{
  GWeakRef workspace;
  GPtrArray *offers; /* ChatBrokerOptions */
  guint generation;  /* a later answer makes this one void */
  gatomicrefcount references;
} Coming;

typedef struct
{
  Coming *coming;
  ChatBrokerOptions *options;
} Writing;

static Coming *
coming_ref (Coming *coming)
{
  g_atomic_ref_count_inc (&coming->references);
  return coming;
}

/* With the last file the offers count. */
static void
coming_unref (Coming *coming)
{
  g_autoptr (ChatWorkspace) self = NULL;

  if (!g_atomic_ref_count_dec (&coming->references))
    return;
  self = g_weak_ref_get (&coming->workspace);
  if (self != NULL && self->offers_generation == coming->generation && self->offers_text != NULL)
    {
      g_clear_pointer (&self->offers, g_ptr_array_unref);
      self->offers = g_ptr_array_ref (coming->offers);
      chat_workspace_broker_update (self);
      chat_workspace_update_state (self);
    }
  g_weak_ref_clear (&coming->workspace);
  g_ptr_array_unref (coming->offers);
  g_free (coming);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Writing *writing = user_data;
  g_autoptr (ChatWorkspace) self = g_weak_ref_get (&writing->coming->workspace);
  g_autoptr (GError) error = NULL;

  /* without it nobody is to be trusted */
  if (!g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    {
      g_ptr_array_remove (writing->coming->offers, writing->options);
      if (self != NULL)
        chat_workspace_set_storage_error (self, error);
    }
  coming_unref (writing->coming);
  g_free (writing);
}

static void
write_ca (ChatWorkspace *self, Coming *coming, ChatBrokerOptions *options, const char *pem)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, pem, -1);
  g_autofree char *name = g_strdup_printf ("broker-ca-%.16s.pem", sum);
  g_autoptr (GBytes) bytes = g_bytes_new (pem, strlen (pem));
  g_autoptr (GFile) file = NULL;
  Writing *writing = g_new (Writing, 1);

  options->ca_file = g_build_filename (self->directory, name, NULL);
  file = g_file_new_for_path (options->ca_file);
  *writing = (Writing){ coming_ref (coming), options };
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE,
                                       G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION, NULL, written_cb,
                                       writing);
}

/* One that this version does not know, such as the service's own feed, is passed over. */
static void
take_offer (ChatWorkspace *self, Coming *coming, JsonObject *object)
{
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_from_json (object, NULL);
  const char *pem = NULL;

  if (options == NULL || !chat_json_get_string (object, "ca", FALSE, &pem, NULL))
    return;
  g_ptr_array_add (coming->offers, options);
  if (pem != NULL)
    write_ca (self, coming, options, pem);
  g_steal_pointer (&options);
}

void
chat_workspace_take_offers (ChatWorkspace *self, JsonObject *answer)
{
  g_autofree char *text = answer != NULL ? chat_json_to_string (answer) : g_strdup ("");
  JsonArray *array = NULL;
  Coming *coming;

  if (g_strcmp0 (text, self->offers_text) == 0)
    return;
  g_free (self->offers_text);
  self->offers_text = g_steal_pointer (&text);
  coming = g_new0 (Coming, 1);
  g_weak_ref_init (&coming->workspace, self);
  g_atomic_ref_count_init (&coming->references);
  coming->offers = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_broker_options_free);
  coming->generation = ++self->offers_generation;
  if (answer != NULL)
    chat_json_get_array (answer, "feeds", FALSE, &array, NULL);
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, i)))
      take_offer (self, coming, json_array_get_object_element (array, i));
  coming_unref (coming);
}
