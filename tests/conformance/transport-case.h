/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-loop.h"
#include "transport-fixture.h"

G_BEGIN_DECLS

/* What the cases have in common: one broker, its first transport, and calls that wait for their answer. */

typedef struct
{
  const TransportFixture *fixture;
  gpointer broker;
  ChatTransport *transport; /* connected */
} Case;

/** TransportCase: @needs: features; @wants_*: what of the fixture; a case that can't run is skipped. */
typedef struct
{
  const char *name;
  void (*run) (Case *c);
  ChatTransportFeatures needs;
  guint wants;
} TransportCase;

enum
{
  WANTS_MANY = 1 << 0,  /* a second transport */
  WANTS_BREAK = 1 << 1, /* set_reachable() */
  WANTS_TRIM = 1 << 2,
  WANTS_VERBATIM = 1 << 3,
  WANTS_SHARDS = 1 << 4,  /* two shards at least */
  WANTS_OFFLINE = 1 << 5, /* the transport is not connected when the case begins */
};

extern const TransportCase transport_cases_publish[], transport_cases_subscribe[], transport_cases_group[],
    transport_cases_fault[]; /* each ends with an empty one */

void case_connect (ChatTransport *transport);
void case_close (ChatTransport *transport);

/** case_second_transport: (transfer full): another connection where there may be one, else the same. */
ChatTransport *case_second_transport (Case *c);
void case_drop_transport (Case *c, ChatTransport *transport);
/** case_restart: closes the transport and connects a new one to the same broker. */
void case_restart (Case *c);

ChatRecord *case_record (Case *c, const char *topic, const char *key, const char *text);
/** case_text: (transfer full): what the record says. */
char *case_text (Case *c, ChatRecord *record);
void case_publish_to (Case *c, ChatTransport *transport, const char *topic, const char *key, const char *text);
/** case_publish: on the fixture's topic; waits for the confirmation. */
void case_publish (Case *c, const char *key, const char *text);
/** case_publish_many: "PREFIX0" … with all of them in flight; waits for every confirmation. */
void case_publish_many (Case *c, const char *topic, const char *key, const char *prefix, guint count);

/** Reader: what a subscription delivered. */
typedef struct
{
  Case *c;
  ChatSubscription *subscription;
  GPtrArray *records;
  GPtrArray *texts;
  guint count; /* of them */
  guint batches;
  GArray *revoked;
  guint revocations;
  guint gaps;
  char *gap_topic, *gap_shard;
  gint64 gap_from, gap_to;
  guint gap_at; /* how many records had come before the last gap */
  guint closed;
  GError *closed_error;
  void (*on_records) (gpointer self, GPtrArray *batch); /* (nullable): after they were noted */
  gpointer data;
} Reader;

/** reader_new: subscribes to the topic that is read; waits until it is in place. */
Reader *reader_new (Case *c, ChatStartKind kind);
Reader *reader_new_full (Case *c, ChatTransport *transport, const char *const *topics, const char *const *channels,
                         const ChatStart *start, GError **error);
Reader *reader_new_at (Case *c, const ChatStart *start);
Reader *reader_new_group (Case *c, ChatTransport *transport, const char *group);
/** reader_attach: @subscription: (transfer full) */
Reader *reader_attach (Case *c, ChatSubscription *subscription);
/** reader_free: closes, and waits for it. */
void reader_free (Reader *self);
void reader_close (Reader *self);
/** reader_drop: drops the subscription without a close. */
void reader_drop (Reader *self);
#define reader_wait(self, least) chat_test_wait_count (&(self)->count, (least), "records of a reader")
/** reader_forget: what came so far. */
void reader_forget (Reader *self);
/** reader_check: that exactly "PREFIX@from" … "PREFIX@to - 1" came, in this order. */
#define reader_check(self, prefix, from, to) reader_check_at (G_STRLOC, self, prefix, from, to)
void reader_check_at (const char *where, Reader *self, const char *prefix, guint from, guint to);
/** reader_forward: forwards its records [from, to) and waits. @outputs: (nullable) */
gboolean reader_forward (Reader *self, ChatTransport *transport, guint from, guint to, GPtrArray *outputs,
                         GError **error);
/** reader_inputs: (transfer full): its records [from, to). */
GPtrArray *reader_inputs (Reader *self, guint from, guint to);
/** reader_expect_nothing: nothing has come, nor does in the next moment. */
void reader_expect_nothing (Reader *self);

/** case_answer: waits for @slot and finishes it with @finish. */
typedef gboolean (*CaseFinish) (ChatTransport *transport, GAsyncResult *result, GError **error);
gboolean case_answer (ChatTransport *transport, GAsyncResult **slot, CaseFinish finish, GError **error);
gboolean case_seek (Reader *reader, const ChatStart *start, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reader, reader_free)

G_END_DECLS
