/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-core-error.h"

G_DEFINE_QUARK (chat - core - error - quark, chat_core_error)
