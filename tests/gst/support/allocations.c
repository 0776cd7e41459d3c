/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "tests/gst/support/allocations.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint large;
static atomic_size_t now, most; /* bytes */

guint allocations_take_large(void)
{
    return atomic_exchange(&large, 0);
}

gsize allocations_now(void)
{
    return atomic_load(&now);
}

gsize allocations_take_most(void)
{
    return atomic_exchange(&most, atomic_load(&now));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

gboolean allocations_are_counted(void)
{
    return FALSE;
}

#else

#pragma GCC visibility push(default) /* overrides the functions for the libraries too */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
void free(void *block);
#pragma GCC visibility pop

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

gboolean allocations_are_counted(void)
{
    return TRUE;
}

static void *add(void *block, size_t size)
{
    if (size >= ALLOCATIONS_LARGE)
        atomic_fetch_add(&large, 1);
    const size_t bytes = malloc_usable_size(block);
    const size_t sum = atomic_fetch_add(&now, bytes) + bytes;
    for (size_t seen = atomic_load(&most); seen < sum;)
        if (atomic_compare_exchange_weak(&most, &seen, sum))
            break;
    return block;
}

static void subtract(void *block)
{
    atomic_fetch_sub(&now, malloc_usable_size(block));
}

void *malloc(size_t size)
{
    return add(__libc_malloc(size), size);
}

void *calloc(size_t n, size_t size)
{
    return add(__libc_calloc(n, size), n * size);
}

void *realloc(void *block, size_t size)
{
    const size_t before = malloc_usable_size(block);
    void *moved = __libc_realloc(block, size);

    if (moved || size == 0)
        atomic_fetch_sub(&now, before);
    return add(moved, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return add(__libc_memalign(alignment, size), size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = add(__libc_memalign(alignment, size), size);
    return *block ? 0 : ENOMEM;
}

void free(void *block)
{
    subtract(block);
    __libc_free(block);
}

#endif
