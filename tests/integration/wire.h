/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * Wire:
 *
 * A connection to the service on which a test puts whatever bytes it likes. Calls block, and fail the test after ten
 * seconds without an answer.
 */
typedef struct _Wire Wire;

/** WireAnswer: @problem: the last part of the `type` of an RFC 9457 problem; "" where it is no such answer. */
typedef struct
{
  guint status;
  char *type;
  char *body; /* NUL behind it */
  gsize length;
  char *problem;
  char *detail;
} WireAnswer;

/** wire_connect: @uri: "http://127.0.0.1:PORT/" */
Wire *wire_connect (const char *uri);
void wire_free (Wire *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wire, wire_free)

/** wire_send: what the service no longer reads is no fault: it may have answered already. */
void wire_send (Wire *self, const void *bytes, gsize length);
/** wire_send_text: @format: like printf's */
void wire_send_text (Wire *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/** wire_shut: nothing more will be sent. */
void wire_shut (Wire *self);

/** wire_read_answer: (transfer full) (nullable): NULL where the service closed the connection instead. */
WireAnswer *wire_read_answer (Wire *self);
void wire_answer_free (WireAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WireAnswer, wire_answer_free)

/**
 * wire_request: (transfer full): one HTTP request and its answer.
 * @token: (nullable): the bearer token
 * @body: (array length=length) (nullable): sent as application/json
 */
WireAnswer *wire_request (Wire *self, const char *method, const char *path, const char *token, const void *body,
                          gsize length);
/** wire_post_text: the same for POST with a text. */
WireAnswer *wire_post_text (Wire *self, const char *path, const char *token, const char *text);

/** wire_sign_in: (transfer full): the token of a new session. */
char *wire_sign_in (Wire *self, const char *user);

/*
 * The live feed, frame by frame (RFC 6455)
 */

/** WireFrame: @opcode: its kind; @final: no fragment follows. A close has its @code, and the text behind that. */
typedef struct
{
  guint8 opcode;
  gboolean final;
  guint code;
  char *text; /* NUL behind it */
  gsize length;
} WireFrame;

enum
{
  WIRE_CONTINUATION = 0x0,
  WIRE_TEXT = 0x1,
  WIRE_BINARY = 0x2,
  WIRE_CLOSE = 0x8,
  WIRE_PING = 0x9,
  WIRE_PONG = 0xa,
  WIRE_FINAL = 0x80, /* with one of the above */
};

/** wire_upgrade: turns the connection into the live feed of @token's session. */
void wire_upgrade (Wire *self, const char *token);
/** wire_send_frame: @head: opcode and WIRE_FINAL; masked, as a client's are. */
void wire_send_frame (Wire *self, guint8 head, const void *payload, gsize length);
/** wire_send_frame_head: only the head of a frame that claims to have @length bytes; @masked: with a mask of zeros. */
void wire_send_frame_head (Wire *self, guint8 head, guint64 length, gboolean masked);
/** wire_read_frame: (transfer full) (nullable): the next but pings and pongs; NULL where the connection ended without a
 * close frame. */
WireFrame *wire_read_frame (Wire *self);
void wire_frame_free (WireFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WireFrame, wire_frame_free)

G_END_DECLS
