/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/** bench_reference_run: what the server is held against: libsoup alone. Answers every POST with 202 at once, and puts
 * what was posted on the WebSockets of all who listen; no database, no moderation, none of the product's code. Prints
 * its URI and runs until standard input ends. */
int bench_reference_run (void);
