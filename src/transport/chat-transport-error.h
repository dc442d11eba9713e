/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CHAT_TRANSPORT_ERROR:
 *
 * What a broker can answer, in codes a caller can act on. A feature that a transport does not have is
 * G_IO_ERROR_NOT_SUPPORTED; a call that was cancelled is G_IO_ERROR_CANCELLED; a second forward on one subscription is
 * G_IO_ERROR_PENDING.
 */
#define CHAT_TRANSPORT_ERROR (chat_transport_error_quark ())

typedef enum
{
  CHAT_TRANSPORT_ERROR_OFFLINE,  /* no connection now: the record may or may not have arrived; send it again */
  CHAT_TRANSPORT_ERROR_CLOSED,   /* the transport or subscription was closed by its owner */
  CHAT_TRANSPORT_ERROR_DENIED,   /* credentials or permissions: do not try again by yourself */
  CHAT_TRANSPORT_ERROR_REJECTED, /* the broker will not have this record as it is (too large, no such topic) */
  CHAT_TRANSPORT_ERROR_LOST,     /* the asked position is gone (retention) or unknown */
  CHAT_TRANSPORT_ERROR_ABORTED,  /* a forward was undone: its inputs are delivered again */
  CHAT_TRANSPORT_ERROR_FULL,     /* the broker's disk or queue is full: wait, then send again */
  CHAT_TRANSPORT_ERROR_DAMAGED,  /* what the broker holds can't be read */
} ChatTransportError;

GQuark chat_transport_error_quark (void);

G_END_DECLS
