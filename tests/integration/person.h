/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-workspace.h"

G_BEGIN_DECLS

/**
 * Person:
 *
 * Somebody at a desktop without the window: a ChatWorkspace with a directory of its own, and what he has written so
 * far: the test's own ledger. Whenever a timeline of his changes it is looked at: no message may be in it twice, and
 * none out of order.
 */
typedef struct
{
  char *name;
  ChatWorkspace *workspace;
  GHashTable *watched; /* the timelines that are looked at */
  guint checking;
  guint written;  /* texts 0 … written - 1 have been handed to the workspace */
  guint accepted; /* how many messages the service has accepted, those of an earlier run too */
  guint waiting;  /* how many are on the disk and not accepted */
} Person;

/** person_new: @directory: where his cache and outbox are */
Person *person_new (const char *name, const char *directory, const char *uri);
/** person_free: without closing the workspace: as when the window is killed. */
void person_free (Person *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Person, person_free)

/** person_sign_in: opens what is on the disk and signs in. @token: (nullable): from last time. Returns: (transfer
 * full): the token. */
char *person_sign_in (Person *self, const char *token);
/** person_close: signs out, flushes, and waits for that. */
void person_close (Person *self);

/** person_text: (transfer full): what he writes as his message @number, from 0: different each time, and now and then
 * with a word that is masked. */
char *person_text (const char *name, guint number);
/** person_text_seen: (transfer full): the same as it is stored, and as everybody sees it. */
char *person_text_seen (const char *name, guint number);
/** person_swears: how often that is, among the texts 0 … @count - 1. */
guint person_swears (guint count);
/** person_write: the next text, to @channel. */
void person_write (Person *self, const char *channel);

/** person_watch: (transfer none): the timeline of a channel, once that is there; from now on it is looked at. */
ChatTimeline *person_watch (Person *self, const char *channel);
/** person_read_all: (transfer full) (element-type StoredMessage): every message of a channel, as somebody sees them who
 * pages back to the very first one and then forward to the newest again. */
GPtrArray *person_read_all (Person *self, const char *channel);

G_END_DECLS
