/* Guarded buffers, and the values to fill them with.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/simd/state.h"

#define PATTERN 0xA5

static size_t page_size(void)
{
    static size_t size;

    if (!size)
        size = (size_t)sysconf(_SC_PAGESIZE);
    return size;
}

static void map_buffer(CheckBuffer *b, size_t pages)
{
    size_t page = page_size();

    if (b->map)
        munmap(b->map, (b->pages + 2) * page);
    b->map = mmap(NULL, (pages + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->map == MAP_FAILED || mprotect(b->map + page, pages * page, PROT_READ | PROT_WRITE)) {
        perror("mmap");
        exit(1);
    }
    b->pages = pages;
}

/* Returns an unused buffer, preferably one that already has the right size. */
static CheckBuffer *find_buffer(CheckState *s, size_t pages)
{
    CheckBuffer *found = NULL;

    for (int i = 0; i < CHECK_BUFFERS; i++) {
        CheckBuffer *b = &s->buffer[i];

        if (b->used)
            continue;
        if (b->map && b->pages == pages)
            return b;
        if (!found || (found->map && !b->map))
            found = b;
    }
    if (!found) {
        fprintf(stderr, "a case uses more than %d buffers\n", CHECK_BUFFERS);
        exit(1);
    }
    map_buffer(found, pages);
    return found;
}

static void *new_buffer(Check *t, size_t rows, size_t size, size_t stride, size_t alignment)
{
    size_t page = page_size();
    size_t total = rows ? (rows - 1) * stride + size : 0;
    size_t pages = (total + 128 + page - 1) / page;
    CheckBuffer *b = find_buffer(t->state, pages);
    uint8_t *first = b->map + page, *end = first + pages * page;

    switch (t->place) {
    case CHECK_AT_END:
        b->payload = (uint8_t *)((uintptr_t)(end - total) / alignment * alignment);
        break;
    case CHECK_ODD:
        if (alignment == 8)
            b->payload = first + 8 * (1 + check_random(t) % 7);
        else
            b->payload = first + (alignment > 60 ? 64 : 4 * (1 + check_random(t) % 15));
        break;
    default:
        b->payload = first;
    }
    b->rows = rows;
    b->size = size;
    b->stride = stride;
    b->used = true;
    b->sealed = false;
    memset(first, PATTERN, pages * page);
    return b->payload;
}

void *check_bytes(Check *t, size_t size)
{
    return new_buffer(t, 1, size, size, 1);
}

void *check_words(Check *t, size_t size)
{
    return new_buffer(t, 1, size, size, 8);
}

float *check_floats(Check *t, size_t n)
{
    return new_buffer(t, 1, 4 * n, 4 * n, 4);
}

float *check_aligned(Check *t, size_t n)
{
    return new_buffer(t, 1, 4 * n, 4 * n, 64);
}

float *check_rows(Check *t, int rows, int cols, size_t stride)
{
    return new_buffer(t, rows, 4 * (size_t)cols, 4 * stride, 4);
}

uint8_t *check_byte_rows(Check *t, int rows, size_t size, size_t stride)
{
    return new_buffer(t, rows, size, stride, 1);
}

void check_seal(Check *t)
{
    for (int i = 0; i < CHECK_BUFFERS; i++) {
        CheckBuffer *b = &t->state->buffer[i];

        if (b->used && !b->sealed) {
            mprotect(b->map + page_size(), b->pages * page_size(), PROT_READ);
            b->sealed = true;
        }
    }
}

static bool holds_pattern(const uint8_t *from, const uint8_t *to)
{
    for (const uint8_t *p = from; p < to; p++) {
        if (*p != PATTERN)
            return false;
    }
    return true;
}

static void check_pattern(Check *t, const CheckBuffer *b)
{
    const uint8_t *first = b->map + page_size();
    const uint8_t *p = b->payload;

    check_true(t, holds_pattern(first, p), "wrote before the start of a buffer");
    for (size_t r = 0; r + 1 < b->rows; r++, p += b->stride)
        check_true(t, holds_pattern(p + b->size, p + b->stride),
                   "wrote past the end of row %zu of %zu", r, b->rows);
    if (b->rows)
        p += b->size;
    check_true(t, holds_pattern(p, first + b->pages * page_size()),
               "wrote past the end of a buffer");
}

static void release_buffer(CheckBuffer *b)
{
    if (b->sealed)
        mprotect(b->map + page_size(), b->pages * page_size(), PROT_READ | PROT_WRITE);
    b->used = b->sealed = false;
}

void check_buffers_done(Check *t)
{
    for (int i = 0; i < CHECK_BUFFERS; i++) {
        CheckBuffer *b = &t->state->buffer[i];

        if (!b->used)
            continue;
        if (!b->sealed)
            check_pattern(t, b);
        release_buffer(b);
    }
}

void check_buffers_drop(Check *t)
{
    for (int i = 0; i < CHECK_BUFFERS; i++) {
        if (t->state->buffer[i].used)
            release_buffer(&t->state->buffer[i]);
    }
}

const char *check_buffers_where(const Check *t, const void *address)
{
    const uint8_t *a = address;

    for (int i = 0; i < CHECK_BUFFERS; i++) {
        const CheckBuffer *b = &t->state->buffer[i];

        if (!b->used || a < b->map || a >= b->map + (b->pages + 2) * page_size())
            continue;
        if (a < b->payload)
            return "before the start of a buffer";
        return a >= b->payload + b->size + (b->rows - 1) * b->stride ? "past the end of a buffer"
                                                                     : "writing to an input";
    }
    return "at an address outside every buffer";
}

/* Steele, Lea, Flood 2014: splitmix64. */
uint64_t check_random(Check *t)
{
    uint64_t z = t->state->random += 0x9E3779B97F4A7C15;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

double check_uniform(Check *t)
{
    return (double)(check_random(t) >> 11) * 0x1p-53;
}

/* Box, Muller 1958: one of the two values. */
double check_normal(Check *t)
{
    double u = 1 - check_uniform(t);

    return sqrt(-2 * log(u)) * cos(6.283185307179586 * check_uniform(t));
}

const char *check_fill_name(CheckFill fill)
{
    static const char *const names[CHECK_FILLS] = {
        [CHECK_NORMAL] = "normal", [CHECK_EQUAL] = "equal",     [CHECK_HUGE] = "huge",
        [CHECK_SMALL] = "small",   [CHECK_ZEROS] = "zeros",     [CHECK_DENORMAL] = "denormal",
        [CHECK_OFFSET] = "offset", [CHECK_HOSTILE] = "hostile",
    };

    return names[fill];
}

static double hostile_value(Check *t)
{
    static const double values[] = {NAN, INFINITY, -INFINITY};
    uint64_t r = check_random(t);

    return r % 61 < 3 ? values[r % 61] : check_normal(t);
}

static double fill_value(Check *t, CheckFill fill)
{
    switch (fill) {
    case CHECK_HUGE:
        return check_normal(t) * 1e15;
    case CHECK_SMALL:
        return check_normal(t) * 1e-15;
    case CHECK_ZEROS:
        return check_random(t) & 1 ? 0.0 : -0.0;
    case CHECK_DENORMAL:
        return check_normal(t) * 1e-39;
    case CHECK_OFFSET:
        return 1000 + check_normal(t) / 100;
    case CHECK_HOSTILE:
        return hostile_value(t);
    default:
        return check_normal(t);
    }
}

void check_fill_rows(Check *t, float *x, int rows, int cols, size_t stride, CheckFill fill)
{
    float equal = (float)check_normal(t);

    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < cols; i++)
            x[r * stride + i] = fill == CHECK_EQUAL ? equal : (float)fill_value(t, fill);
    }
}

void check_fill(Check *t, float *x, size_t n, CheckFill fill)
{
    check_fill_rows(t, x, 1, (int)n, n, fill);
}
