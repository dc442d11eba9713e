/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire.h"

G_BEGIN_DECLS

struct _Wire
{
  GSocketConnection *connection;
  GDataInputStream *input;
};

/** wire_read_all: FALSE where the connection ended before @length bytes came. */
gboolean wire_read_all (Wire *self, void *bytes, gsize length);
/** wire_check: @error: (nullable): fails the test where it is that nothing came. */
void wire_check (const GError *error);

G_END_DECLS
