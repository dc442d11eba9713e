/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What the checked wrappers of the store interfaces share: a call that a back-end does not offer, or whose arguments
 * break the contract, is answered through its callback like any other.
 */

/**
 * chat_store_accepts:
 * @self: the store that is asked
 * @offered: whether the back-end implements the call
 * @problem: (nullable): what is wrong with the arguments
 *
 * Returns: TRUE when the call may go to the back-end; else its callback gets G_IO_ERROR_NOT_SUPPORTED or
 *   G_IO_ERROR_INVALID_ARGUMENT, and the caller is done
 */
gboolean chat_store_accepts (gpointer self, gboolean offered, const char *problem, GAsyncReadyCallback callback,
                             gpointer user_data);

/** chat_store_refused: for the finish: whether @result comes from chat_store_accepts(); then @error is set. */
gboolean chat_store_refused (GAsyncResult *result, GError **error);

G_END_DECLS
