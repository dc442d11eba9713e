/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-transport-error.h"

G_DEFINE_QUARK (chat - transport - error - quark, chat_transport_error)
