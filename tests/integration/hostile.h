/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire.h"

#include "chat-test-server.h"

G_BEGIN_DECLS

#define HOSTILE_CHANNEL "general"
#define HOSTILE_MESSAGES "/v1/channels/" HOSTILE_CHANNEL "/messages"
#define HOSTILE_USER "ana"

/** Hostile: one server that all kinds of bad input are put upon, one after the other. @accepted: (element-type utf8):
 * the ledger: the texts that it has accepted, in order: these have to be in the store in the end, and no others. */
typedef struct
{
  ChatTestServer *server;
  char *token; /* of HOSTILE_USER */
  GPtrArray *accepted;
} Hostile;

/** hostile_connect: (transfer full) */
Wire *hostile_connect (Hostile *self);
/** hostile_accept: notes that @text was accepted. */
void hostile_accept (Hostile *self, const char *text);
/** hostile_assert_alive: a usual message still goes through. */
void hostile_assert_alive (Hostile *self);
/** hostile_assert_answer: @problem: "" where the answer is to be no problem; @word: (nullable): stands in its detail.
 * @what: for the message. */
void hostile_assert_answer (const WireAnswer *answer, guint status, const char *problem, const char *word,
                            const char *what);

/** HostileBody: the body of a POST of a message. @length: -1: up to its NUL. @word: (nullable): the detail has to say
 * it.
 * @text: (nullable): what is stored where it is accepted. @is_object: it is one JSON object, so it can be a record on
 * the live feed too, and is answered alike there. */
typedef struct
{
  const char *name;
  const char *bytes;
  gssize length;
  guint status;
  const char *problem;
  const char *word;
  const char *text;
  gboolean is_object;
} HostileBody;

/** hostile_bodies: (transfer none): ends with one without a name. */
const HostileBody *hostile_bodies (void);
/** hostile_body_repeat: (transfer full): @before, @count times @unit, @after. */
char *hostile_body_repeat (const char *before, const char *unit, guint count, const char *after);

/* The cases; each adds its own. */
void hostile_add_rest (Hostile *self);
void hostile_add_live (Hostile *self);

G_END_DECLS
