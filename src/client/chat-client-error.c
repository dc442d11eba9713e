/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-client-error.h"

G_DEFINE_QUARK (chat - client - error - quark, chat_client_error)
