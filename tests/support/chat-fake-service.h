/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * ChatFakeService:
 *
 * An HTTP service in the caller's main context that answers what it is told to, and writes down what it was asked.
 */
typedef struct _ChatFakeService ChatFakeService;

/** ChatFakeAnswer: @type, @body: (nullable): NULL: application/json, nothing. */
typedef struct
{
  guint status;
  const char *type;
  const char *body;
} ChatFakeAnswer;

ChatFakeService *chat_fake_service_new (void);
void chat_fake_service_free (ChatFakeService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatFakeService, chat_fake_service_free)

const char *chat_fake_service_get_uri (ChatFakeService *self);

/** chat_fake_service_answer: from here on, with this; what its pointers name is borrowed. */
void chat_fake_service_answer (ChatFakeService *self, const ChatFakeAnswer *answer);
/** chat_fake_service_answer_once: the next question, before that. */
void chat_fake_service_answer_once (ChatFakeService *self, const ChatFakeAnswer *answer);
/** chat_fake_service_answer_to: whenever it is asked "METHOD /path"; @answer is borrowed. */
void chat_fake_service_answer_to (ChatFakeService *self, const char *question, const ChatFakeAnswer *answer);
/** chat_fake_service_was_asked: whether a question began so: "METHOD /path?query". */
gboolean chat_fake_service_was_asked (ChatFakeService *self, const char *begin);
/** chat_fake_service_hold: questions wait for chat_fake_service_release(). */
void chat_fake_service_hold (ChatFakeService *self, gboolean hold);
void chat_fake_service_release (ChatFakeService *self);

/** chat_fake_service_get_asked: (transfer none) (element-type utf8): "METHOD path?query" and a line with the body, for
 * each question, in the order in which they came. */
GPtrArray *chat_fake_service_get_asked (ChatFakeService *self);
/** chat_fake_service_get_count: (transfer none): how many: for chat_test_wait_count(). */
const guint *chat_fake_service_get_count (ChatFakeService *self);

G_END_DECLS
