/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** scratch_new: (transfer full): an empty directory of the test's own, on a disk. */
char *scratch_new (void);
/** scratch_remove: @path: (transfer full): with all that is in it. */
void scratch_remove (char *path);

typedef char Scratch;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scratch, scratch_remove)

G_END_DECLS
