/* Counts what a program allocates. A test that uses it has support/allocations.c among its sources:
 * in a library, the functions would replace the allocator of every test.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define ALLOCATIONS_LARGE 2048 /* bytes; less than any map or mask */

/* FALSE with a sanitizer, which has an allocator of its own; then the others return 0. */
gboolean allocations_are_counted(void);

/* Allocations of at least ALLOCATIONS_LARGE bytes since the last call. */
guint allocations_take_large(void);

/* Bytes that are allocated now, and the most since the last call of allocations_take_most(). */
gsize allocations_now(void);
gsize allocations_take_most(void);
