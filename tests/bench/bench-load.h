/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Load:
 *
 * A load generator that costs next to nothing beside what it loads: one thread, non-blocking sockets that are kept
 * open, epoll, requests that are made beforehand but for the id and the number in each, and answers of which no more is
 * looked at than their status and length. None of the product's code is in it.
 */
typedef struct _Load Load;

/** LoadLedger: what was sent, by number. @ids: LOAD_ID_BYTES each, with the NUL; @sent, @seen: when it was due, and
 * when it came on the live feed (µs, monotonic; 0: it did not). */
#define LOAD_ID_BYTES 37
typedef struct
{
  guint messages;
  guint accepted; /* answered with 202 */
  char (*ids)[LOAD_ID_BYTES];
  gint64 *sent;
  gint64 *seen;
  gint64 first_us, last_us; /* the first request, and the last answer */
  gint64 cpu_us;            /* of this process, between these two */
} LoadLedger;

void load_ledger_free (LoadLedger *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoadLedger, load_ledger_free)

/** load_new: @uri: "http://127.0.0.1:PORT/"; @tokens: (element-type utf8): one connection for each, with that bearer
 * token. */
Load *load_new (const char *uri, GPtrArray *tokens);
void load_free (Load *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Load, load_free)

/** load_listen: one more connection, on which the live feed of @channel comes. */
void load_listen (Load *self, const char *token, const char *channel);

/** load_run_flat_out: (transfer full): posts @messages, on each connection the next as soon as the last is answered. */
LoadLedger *load_run_flat_out (Load *self, const char *channel, guint messages);
/** load_run_paced: (transfer full): posts one every @interval_us whatever has been answered, and goes on until all have
 * come on the live feed. */
LoadLedger *load_run_paced (Load *self, const char *channel, guint messages, guint interval_us);

G_END_DECLS
