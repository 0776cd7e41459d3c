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

/* Ends a part: adds the time since the last part ended, or since the round began, to its own, which
 * may consist of several such times. data: Parts. */
void parts_end(void *data, const char *name);

/* Prints a table: the median of each part over the rounds, in ms and in percent of the first
 * `network` parts together. A last row, named `what`, has the sum of all parts except those in the
 * list, which ends with NULL; what NULL: no such row. */
void parts_print(const Parts *parts, int network, const char *what, const char *const *except);
