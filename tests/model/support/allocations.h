/* Counts what a program and its libraries allocate.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Counts from 0 the blocks that any thread allocates. */
void allocations_start(void);

/* Their number so far; 0 in builds with a sanitizer, which replaces the allocator. */
guint allocations_count(void);
