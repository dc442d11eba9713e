/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"

G_BEGIN_DECLS

/* What the benches of the brokers have in common: calls of a transport that wait for their answer, and a flood of
 * publishes. Whatever goes wrong ends the program. */

void bench_transport_connect (ChatTransport *transport);
/** bench_transport_close: @transport: (transfer full) */
void bench_transport_close (ChatTransport *transport);
/** bench_transport_subscribe: (transfer full) */
ChatSubscription *bench_transport_subscribe (ChatTransport *transport, const char *topic, const ChatStart *start);

/** BenchFlood: `wanted` publishes to `topic`, evenly over so many keys; what its pointers name is borrowed. */
typedef struct
{
  ChatTransport *transport;
  const char *topic;
  guint keys;
  GBytes *payload;
  guint wanted, started, confirmed;
} BenchFlood;

/** bench_flood_start: has @in_flight of them on their way at any time, until all are: while the main loop runs. */
void bench_flood_start (BenchFlood *flood, guint in_flight);
/** bench_flood_run: runs it until all are confirmed. Returns: records a second */
double bench_flood_run (BenchFlood *flood, guint in_flight);

/** bench_payload_new: (transfer full): a record of the three members, as other producers write them, of @length bytes;
 * a NUL follows. */
GBytes *bench_payload_new (gsize length);
/** bench_payload_check: that @record can be decoded. */
void bench_payload_check (ChatRecord *record);

/** bench_thread_ms: CPU that this thread has had so far, in ms. */
double bench_thread_ms (void);

G_END_DECLS
