/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CHAT_TYPE_APPLICATION (chat_application_get_type ())
G_DECLARE_FINAL_TYPE (ChatApplication, chat_application, CHAT, APPLICATION, AdwApplication)

/**
 * chat_application_new:
 *
 * The desktop's composition root: here alone are concrete back-ends named. Options: `--profile NAME` (settings, cache
 * and server of its own, so that several people can use one desktop), `--connect URI` and `--user NAME`, `--version`.
 */
ChatApplication *chat_application_new (void);

G_END_DECLS
