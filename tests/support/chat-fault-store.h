/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-store.h"

G_BEGIN_DECLS

/**
 * ChatFaultStore:
 *
 * A store in front of another one, that does what it is told to do wrong, when it is told. It is its own aggregates,
 * and offers the calls that the server's services make; the others are NOT_SUPPORTED.
 */
#define CHAT_TYPE_FAULT_STORE (chat_fault_store_get_type ())
G_DECLARE_FINAL_TYPE (ChatFaultStore, chat_fault_store, CHAT, FAULT_STORE, GObject)

ChatFaultStore *chat_fault_store_new (ChatStore *inner);

/** chat_fault_store_refuse: the next @count calls are answered with @code, and nothing is done. */
void chat_fault_store_refuse (ChatFaultStore *self, guint count, ChatStoreError code);

/** chat_fault_store_lose_answers: the next @count calls are carried out and answered with @code all the same: what a
 * crash right after the commit looks like. */
void chat_fault_store_lose_answers (ChatFaultStore *self, guint count, ChatStoreError code);

/** chat_fault_store_hold: while it is on, calls are carried out but not answered. */
void chat_fault_store_hold (ChatFaultStore *self, gboolean hold);
guint chat_fault_store_get_held (ChatFaultStore *self);
/** chat_fault_store_release_last: gives the last of the held answers, before the others. */
void chat_fault_store_release_last (ChatFaultStore *self);

/** chat_fault_store_get_calls: how many calls were made, refused ones too. */
guint chat_fault_store_get_calls (ChatFaultStore *self);

G_END_DECLS
