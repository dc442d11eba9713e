/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-workspace.h"

G_BEGIN_DECLS

/* What bench-app.c needs beside its figures: a server to start from, a flood, the size of a process. */

/** chat_bench_pss_mb: the proportional set size of this process, MB. */
double chat_bench_pss_mb (void);

typedef struct
{
  GSubprocess *server;
  char *uri;
} ChatBenchServer;

/** chat_bench_server_start: a tertulia-server of its own under @home with so many channels; ends the program where it
 * can't be had. */
ChatBenchServer *chat_bench_server_start (const char *home, guint channels);
/** chat_bench_server_wait_for: returns when @user is connected. */
void chat_bench_server_wait_for (ChatBenchServer *self, const char *user);
/** chat_bench_server_post: so many messages to #general, the last of them "the last of them". */
void chat_bench_server_post (ChatBenchServer *self, guint messages);
void chat_bench_server_stop (ChatBenchServer *self);

/** chat_bench_flood: the child that is flooded: prints lateness p99 and max (ms), growth after second 5 (MB),
 * messages/s. @offer: (nullable): JSON, as the service offers it: the real broker from which it comes, else it comes
 * from a transport that only pretends; @make: of that */
int chat_bench_flood (const char *offer, ChatBrokerFactory make);
/** chat_bench_feed: the child that floods a real broker; without @flood it publishes one message, so that there are
 * topics. */
int chat_bench_feed (ChatTransport *transport, gboolean flood);

G_END_DECLS
