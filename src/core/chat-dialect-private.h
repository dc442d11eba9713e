/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-dialect.h"

G_BEGIN_DECLS

typedef enum
{
  CHAT_DIALECT_TERTULIA,
  CHAT_DIALECT_JSON,
  CHAT_DIALECT_PLAIN,
} ChatDialectFormat;

typedef enum
{
  CHAT_DIALECT_TIME_AUTO,
  CHAT_DIALECT_TIME_RFC3339,
  CHAT_DIALECT_TIME_SECONDS,
  CHAT_DIALECT_TIME_MILLISECONDS,
} ChatDialectTime;

struct _ChatDialect
{
  gatomicrefcount references;
  char *title; /* nullable */
  ChatDialectFormat format;
  ChatDialectTime time_format;
  char **paths[CHAT_DIALECT_N_PARTS]; /* nullable: the names of the members, from the outermost one */
  char *names[CHAT_DIALECT_N_PARTS];  /* nullable: the same as the file has it */
  GHashTable *channels;               /* topic → channel */
};

G_END_DECLS
