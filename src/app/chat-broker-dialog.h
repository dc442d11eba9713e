/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-broker-site.h"

G_BEGIN_DECLS

#define CHAT_TYPE_BROKER_DIALOG (chat_broker_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatBrokerDialog, chat_broker_dialog, CHAT, BROKER_DIALOG, AdwWindow)

/**
 * chat_broker_dialog_new:
 * @key: (nullable): of a ChatBrokerAddress, @user: (nullable): to begin with
 * @error: (nullable): why the last try failed
 *
 * @factory: makes what a connection is tried with
 *
 * How a broker without a Tertulia server is reached, what is read of it and how. Emits `connect-to (char *key, char
 * *user, char *password)` with what fits together (@password is nullable), then closes itself.
 */
GtkWidget *chat_broker_dialog_new (GtkWindow *parent, const char *key, const char *user, const char *error,
                                   ChatBrokerFactory factory);

G_END_DECLS
