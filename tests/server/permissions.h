/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PermissionCaller: who asks. */
typedef enum
{
  PERMISSION_NOBODY,    /* without a token */
  PERMISSION_MEMBER,    /* who wrote nothing, and is in no conversation */
  PERMISSION_MODERATOR, /* likewise */
  PERMISSION_ADMIN,     /* likewise */
  PERMISSION_OWNER,     /* a member: wrote the message, is in the conversation */
  N_PERMISSION_CALLERS
} PermissionCaller;

/**
 * Permission: one operation, and the status that each caller gets for it.
 *
 * In @path and @body stand for something fresh, made for each call:
 * {message} the owner's message in #general, {whisper} his message in a conversation, {conversation} that one,
 * {id} a UUID, {name} a name that is free, {own} another session of the caller, {other} a session of somebody else,
 * {appeal}, {report} and the like: see the test.
 */
typedef struct
{
  const char *method;
  const char *route; /* as the route table has it */
  const char *path;
  const char *body; /* nullable */
  guint status[N_PERMISSION_CALLERS];
} Permission;

/* Ended by a zero row. A route may have several: what is asked decides too. */
extern const Permission permissions[];

G_END_DECLS
