/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "server/api/chat-api.h"

G_BEGIN_DECLS

/** chat_server_limits_read_rates: the rates of `[limits]`; a CHAT_CORE_ERROR names the key that is none. Where the site
 * wants none held, all are 0. */
gboolean chat_server_limits_read_rates (ChatConfig *config, ChatApiRates *rates, GError **error);

/** chat_server_limits_fill: all of @options that `[limits]` and `[metrics]` say; @config is checked, and must outlive
 * what is made from them. */
void chat_server_limits_fill (ChatConfig *config, ChatApiOptions *options);

G_END_DECLS
