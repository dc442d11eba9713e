/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-loop.h"

G_BEGIN_DECLS

/**
 * chat_test_call:
 *
 * Makes an asynchronous call without a cancellable, waits, and returns what its finish returns:
 *
 *   results = chat_test_call (chat_message_store_append, messages_store, &error, messages);
 *
 * Calls function_async (object, …, NULL, callback, data) and function_finish (object, result, error).
 */
#define chat_test_call(function, object, error, ...)                                                                   \
  G_GNUC_EXTENSION ({                                                                                                  \
    GAsyncResult *awaited_ = NULL;                                                                                     \
    g_autoptr (GAsyncResult) result_ = NULL;                                                                           \
                                                                                                                       \
    function##_async (object, ##__VA_ARGS__, NULL, chat_test_result_cb, &awaited_);                                    \
    result_ = chat_test_await (&awaited_, #function);                                                                  \
    function##_finish (object, result_, error);                                                                        \
  })

/** chat_test_call_out: the same for a call whose finish gives something besides: function_finish (object, result, @out,
 * error). */
#define chat_test_call_out(function, object, out, error, ...)                                                          \
  G_GNUC_EXTENSION ({                                                                                                  \
    GAsyncResult *awaited_ = NULL;                                                                                     \
    g_autoptr (GAsyncResult) result_ = NULL;                                                                           \
                                                                                                                       \
    function##_async (object, ##__VA_ARGS__, NULL, chat_test_result_cb, &awaited_);                                    \
    result_ = chat_test_await (&awaited_, #function);                                                                  \
    function##_finish (object, result_, out, error);                                                                   \
  })

G_END_DECLS
