/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/parts.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/clock.h"

void parts_begin_round(Parts *parts)
{
    if (parts->rounds == PARTS_ROUNDS_MAX)
        abort();
    parts->rounds++;
    parts->begin = clock_ms();
}

void parts_end(void *data, const char *name)
{
    Parts *parts = data;
    const double now = clock_ms();
    int i = 0;

    while (i < parts->count && strcmp(parts->part[i].name, name) != 0)
        i++;
    if (i == PARTS_MAX)
        abort();
    if (i == parts->count)
        parts->part[parts->count++].name = name;
    parts->part[i].ms[parts->rounds - 1] += now - parts->begin;
    parts->begin = clock_ms();
}

/* The median over the rounds of the sum of parts [from, to) without those of the list, which may be
 * NULL. */
static double sum(const Parts *parts, int from, int to, const char *const *except)
{
    double ms[PARTS_ROUNDS_MAX] = {0};

    for (int i = from; i < to; i++) {
        const char *const *name = except;

        while (name && *name && strcmp(*name, parts->part[i].name) != 0)
            name++;
        if (name && *name)
            continue;
        for (int round = 0; round < parts->rounds; round++)
            ms[round] += parts->part[i].ms[round];
    }
    return clock_median(ms, parts->rounds);
}

static void print_row(const char *name, double ms, double network)
{
    printf("| %s | %.2f | %.2f |\n", name, ms, 100 * ms / network);
}

void parts_print(const Parts *parts, int network, const char *what, const char *const *except)
{
    const double whole = sum(parts, 0, network, NULL);

    printf("| part | ms | %% of the network |\n| --- | ---: | ---: |\n");
    for (int i = 0; i < parts->count; i++)
        print_row(parts->part[i].name, sum(parts, i, i + 1, NULL), whole);
    if (network > 1)
        print_row("network", whole, whole);
    if (what)
        print_row(what, sum(parts, 0, parts->count, except), whole);
}
