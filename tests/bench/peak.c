/* The peak of a core for peers.py: bench-peak LEVEL
 *
 * A frame is GFLOP billion multiplications and additions in registers (simd/peak.h) at an isa level
 * of CONVNEXT_CPU. It is measured in turns with the peers' frames because a core's clock depends
 * on its own load and on its neighbours'. Serves (serve.h).
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

static void run_frame(void *data)
{
    Work *work = data;

    work->kernels->peak(work->state, work->steps);
}

int main(int argc, char **argv)
{
    Work work = {NULL};
    CnxIsa isa;

    if (argc != 2 || !cnx_isa_parse(argv[1], &isa) || !cnx_kernels_get(isa)) {
        fprintf(stderr, "usage: bench-peak LEVEL (an isa level that this processor has)\n");
        return 2;
    }
    work.kernels = cnx_kernels_get(isa);
    work.steps = (int)(GFLOP * 1e9 / (2.0 * CNX_PEAK_CHAINS * work.kernels->peak(work.state, 1)));
    serve(0, "-", run_frame, &work);
    return 0;
}
