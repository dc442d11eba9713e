/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-record.h"

G_BEGIN_DECLS

typedef enum
{
  CHAT_LIVE_OTHER, /* of a newer service: passed over */
  CHAT_LIVE_SUBSCRIBED,
  CHAT_LIVE_UNSUBSCRIBED,
  CHAT_LIVE_RECORDS,
  CHAT_LIVE_FEED, /* of a topic that the feed has of itself */
  CHAT_LIVE_ACCEPTED,
  CHAT_LIVE_PONG,
  CHAT_LIVE_PROBLEM,
} ChatLiveOp;

/** ChatLiveRecord: one record of a frame: its bytes, a part of the frame's, and what a transport must know of it. */
typedef struct
{
  GBytes *bytes;
  char *id;             /* nullable */
  char *channel;        /* nullable */
  char *user;           /* nullable */
  gint64 seq;           /* 0: not told */
  gint64 time_ms;       /* CHAT_TIME_UNKNOWN: not told */
  GHashTable *receipts; /* nullable: id → seq (gint64 *) */
} ChatLiveRecord;

/** ChatLiveFrame: what the service sends down (src/README.md, "The live protocol"). */
typedef struct
{
  ChatLiveOp op;
  gint64 ref;
  char *topic;        /* of records, and of the feed's own */
  GPtrArray *records; /* of records: ChatLiveRecord */
  GHashTable *heads;  /* of subscribed: channel → seq (gint64 *) */
  gint64 status;      /* of a problem: as in HTTP */
  char *detail;       /* of a problem: nullable */
} ChatLiveFrame;

/** chat_live_frame_parse: (transfer full) (nullable): strict as to JSON; a member of another type than it should have
 * is taken as absent. NULL with a CHAT_CORE_ERROR. */
ChatLiveFrame *chat_live_frame_parse (GBytes *bytes, GError **error);
void chat_live_frame_free (ChatLiveFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatLiveFrame, chat_live_frame_free)

/** chat_live_frame_publish: (transfer full) (nullable): the text of a publish of @record, behind `{"op":"publish",`;
 * the record's key is its channel where it does not name one. NULL with CHAT_TRANSPORT_ERROR_REJECTED where the service
 * could not take it. */
GBytes *chat_live_frame_publish (ChatRecord *record, GError **error);

G_END_DECLS
