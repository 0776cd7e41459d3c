/* The limit in turns with the frames, for peers.py: bench-peak LEVEL
 *
 * A frame is GFLOP billions of multiplications and additions on registers (simd/peak.h), at a level
 * of CONVNEXT_CPU. Cores clock by what they and their neighbours do: a limit that was measured once
 * is another minute's. Serves (serve.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "simd/kernels.h"
#include "simd/peak.h"
#include "tests/bench/serve.h"

#define GFLOP 1

typedef struct Work {
    const CnxKernels *kernels;
    int steps;
    float state[CNX_PEAK_LANES];
} Work;

static void frame(void *data)
{
    Work *work = data;

    work->kernels->peak(work->state, work->steps);
}

int main(int argc, char **argv)
{
    Work work = {NULL};
    CnxIsa level;

    if (argc != 2 || !cnx_isa_parse(argv[1], &level) || !cnx_kernels_get(level)) {
        fprintf(stderr, "usage: bench-peak LEVEL, which this processor has\n");
        return 2;
    }
    work.kernels = cnx_kernels_get(level);
    work.steps = (int)(GFLOP * 1e9 / (2.0 * CNX_PEAK_CHAINS * work.kernels->peak(work.state, 1)));
    serve(0, frame, &work);
    return 0;
}
