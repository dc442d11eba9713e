/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Waiting in a test: the thread-default main context runs until what is waited for is there. A test that waits longer
 * than chat_test_get_deadline_ms() fails, and says for what.
 */

typedef gboolean (*ChatTestCondition) (gpointer data);

/** chat_test_get_deadline_ms: 25 seconds, 50 under a sanitizer's setup: only what hangs takes so long. */
guint chat_test_get_deadline_ms (void);

/** chat_test_wait_until: @what: for the message, such as "the second record". */
void chat_test_wait_until (ChatTestCondition condition, gpointer data, const char *what);
#define chat_test_wait_for_count(counter, least) chat_test_wait_count ((counter), (least), #counter " >= " #least)
void chat_test_wait_count (const guint *counter, guint least, const char *what);

/** chat_test_run_for: runs the loop for a while: only where the test is that nothing comes. */
void chat_test_run_for (guint milliseconds);
/** chat_test_run_pending: runs what is ready now, and what that makes ready. */
void chat_test_run_pending (void);

/** chat_test_result_cb: @user_data: a GAsyncResult ** that is NULL: takes a reference to the result. */
void chat_test_result_cb (GObject *source, GAsyncResult *result, gpointer user_data);
/** chat_test_await: (transfer full): waits for it. The result's object outlives it: a GTask keeps it. */
GAsyncResult *chat_test_await (GAsyncResult **result, const char *what);

/** chat_test_wait_finalized: @object: (transfer full): like g_assert_finalize_object(), for one that a thread may hold
 * a moment longer: the task that it has just ended keeps its object until the thread runs again. */
void chat_test_wait_finalized (gpointer object);

G_END_DECLS
