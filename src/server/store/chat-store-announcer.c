/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-store-announcer.h"

struct _ChatStoreAnnouncer
{
  gatomicrefcount references;
  GMainContext *context;
  GWeakRef store;
  gint watched; /* atomic */
};

/** News: what is on its way into the main context. */
typedef struct
{
  ChatStoreAnnouncer *announcer;
  char *channel;
  gint64 head;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  chat_store_announcer_unref (news->announcer);
  g_free (news->channel);
  g_free (news);
}

static gboolean
emit_cb (gpointer data)
{
  const News *news = data;
  g_autoptr (ChatStore) store = g_weak_ref_get (&news->announcer->store);

  if (store != NULL && g_atomic_int_get (&news->announcer->watched))
    g_signal_emit_by_name (store, "changed", news->channel, news->head);
  return G_SOURCE_REMOVE;
}

ChatStoreAnnouncer *
chat_store_announcer_new (ChatStore *store)
{
  ChatStoreAnnouncer *self = g_new0 (ChatStoreAnnouncer, 1);

  g_atomic_ref_count_init (&self->references);
  self->context = g_main_context_ref_thread_default ();
  g_weak_ref_init (&self->store, store);
  return self;
}

ChatStoreAnnouncer *
chat_store_announcer_ref (ChatStoreAnnouncer *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
chat_store_announcer_unref (ChatStoreAnnouncer *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  g_weak_ref_clear (&self->store);
  g_main_context_unref (self->context);
  g_free (self);
}

void
chat_store_announcer_set_watched (ChatStoreAnnouncer *self, gboolean watched)
{
  g_atomic_int_set (&self->watched, watched);
}

void
chat_store_announcer_tell (ChatStoreAnnouncer *self, const char *channel, gint64 head)
{
  g_autoptr (GSource) source = NULL;
  News *news;

  if (!g_atomic_int_get (&self->watched))
    return;

  /* a source of its own, never called at once: what is stored is told in the main loop alone */
  news = g_new (News, 1);
  *news = (News){ chat_store_announcer_ref (self), g_strdup (channel), head };
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, emit_cb, news, news_free);
  g_source_attach (source, self->context);
}
