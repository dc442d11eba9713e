/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * With store.write = direct the api writes what it accepts here, in one transaction with what makes its id known, and
 * answers; a relay publishes it to the broker. It is no message of its channel: nobody sees it until the moderator has
 * let it through and the archiver has appended it.
 *
 * One row is both: what is to be published, and after that, until it is forgotten, the id that a repeat is told from a
 * conflict by.
 */

/** ChatOutboxEntry: a record that was accepted. A plain value. */
typedef struct
{
  gint64 number;   /* given by the store: ascending; of one channel in the order in which they are to be published */
  char *id;        /* the message's */
  char *digest;    /* what tells one content from another under the same id */
  char *channel;   /* the record's key */
  char *signature; /* (nullable) */
  char *record;    /* JSON, as it is published */
  gint64 time;     /* when it was accepted, ms */
} ChatOutboxEntry;

void chat_outbox_entry_free (ChatOutboxEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatOutboxEntry, chat_outbox_entry_free)

typedef enum
{
  CHAT_OUTBOX_ADDED,
  CHAT_OUTBOX_REPEATED, /* the id is there with the same digest: nothing was written */
  CHAT_OUTBOX_CONFLICT, /* it is there with another: nothing was written */
} ChatOutboxOutcome;

/** ChatOutboxResult: what became of one entry. */
typedef struct
{
  ChatOutboxOutcome outcome;
  gint64 time; /* of the entry that is there: the first one's */
} ChatOutboxResult;

#define CHAT_TYPE_OUTBOX_STORE (chat_outbox_store_get_type ())
G_DECLARE_INTERFACE (ChatOutboxStore, chat_outbox_store, CHAT, OUTBOX_STORE, GObject)

struct _ChatOutboxStoreInterface
{
  GTypeInterface parent_iface;

  void (*add_async) (ChatOutboxStore *self, GPtrArray *entries, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data);
  GArray *(*add_finish) (ChatOutboxStore *self, GAsyncResult *result, GError **error);
  void (*claim_async) (ChatOutboxStore *self, const char *owner, gint64 now, gint64 until, guint limit,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*claim_finish) (ChatOutboxStore *self, GAsyncResult *result, GError **error);
  void (*done_async) (ChatOutboxStore *self, GArray *numbers, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data);
  gboolean (*done_finish) (ChatOutboxStore *self, GAsyncResult *result, GError **error);
  void (*forget_async) (ChatOutboxStore *self, gint64 before, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data);
  gboolean (*forget_finish) (ChatOutboxStore *self, GAsyncResult *result, GError **error);
};

/** chat_outbox_store_add_async: @entries: (element-type ChatOutboxEntry): numbered in this order, and after all that
 * this store was given before; `number` is not looked at. One transaction: all or none. The same id twice in one call
 * is a repeat or a conflict like any other. */
void chat_outbox_store_add_async (ChatOutboxStore *self, GPtrArray *entries, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
/** chat_outbox_store_add_finish: (transfer full) (element-type ChatOutboxResult): one for each. */
GArray *chat_outbox_store_add_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error);

/**
 * chat_outbox_store_claim_async:
 * @owner: who publishes them: one relay of all that run
 * @now, @until: ms: how long they are his alone
 * @limit: most entries, from 1
 *
 * The first entries that are not done, in order: those that nobody has claimed, those whose claim was over before @now,
 * and @owner's own. None of a channel in which somebody else's claim on an earlier one stands: so a channel is
 * published by one at a time, and in order, however many relays there are. Two calls never get the same entry.
 */
void chat_outbox_store_claim_async (ChatOutboxStore *self, const char *owner, gint64 now, gint64 until, guint limit,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_outbox_store_claim_finish: (transfer full) (element-type ChatOutboxEntry) */
GPtrArray *chat_outbox_store_claim_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error);

/** chat_outbox_store_done_async: @numbers: (element-type gint64): these are published: they are never claimed again.
 * Idempotent; whoever has claimed them. */
void chat_outbox_store_done_async (ChatOutboxStore *self, GArray *numbers, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_outbox_store_done_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error);

/** chat_outbox_store_forget_async: removes what is done and was accepted before @before, ms. */
void chat_outbox_store_forget_async (ChatOutboxStore *self, gint64 before, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_outbox_store_forget_finish (ChatOutboxStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
