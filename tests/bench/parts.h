/* The time that each part of a frame takes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define PARTS_MAX 16
#define PARTS_ROUNDS_MAX 99

typedef struct Parts {
    struct {
        const char *name;
        double ms[PARTS_ROUNDS_MAX]; /* of each round */
    } part[PARTS_MAX];
    int count, rounds;
    double begin; /* of the part that runs */
} Parts;

void parts_begin_round(Parts *parts);

/* What ran since the last part ended, or since the round began, is this part, or more of it. data:
 * Parts. */
void parts_end(void *data, const char *name);

/* Prints a table: the median of each part over the rounds, in ms and in percent of the first
 * `network` parts. Then, as `what`, the same for all parts together but those of the list, which
 * ends with NULL; what NULL: not that. */
void parts_print(const Parts *parts, int network, const char *what, const char *const *except);
