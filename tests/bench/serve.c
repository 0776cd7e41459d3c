/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/serve.h"

#include <stdio.h>

#include "tests/bench/clock.h"

void serve(double load_ms, const char *precision, void (*frame)(void *data), void *data)
{
    char line[32];

    printf("ready %.6f %s\n", load_ms, precision);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        const int n = atoi(line);

        frame(data);
        for (int i = 0; i < n; i++) {
            const double begin = clock_ms();

            frame(data);
            printf("%.6f ", clock_ms() - begin);
        }
        printf("\n");
        fflush(stdout);
    }
}
