/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

#define LANES 4 /* compilers make it one 128-bit vector, which every processor has */

int cnx_peak_c(float *state, int steps)
{
    float s[CNX_PEAK_CHAINS][LANES];

    for (int l = 0; l < CNX_PEAK_CHAINS; l++)
        for (int j = 0; j < LANES; j++)
            s[l][j] = state[j] + (float)l;
    for (int i = 0; i < steps; i++)
        for (int l = 0; l < CNX_PEAK_CHAINS; l++)
            for (int j = 0; j < LANES; j++)
                s[l][j] = s[l][j] * 0.5f + 0.5f;
    for (int j = 0; j < LANES; j++) {
        state[j] = 0;
        for (int l = 0; l < CNX_PEAK_CHAINS; l++)
            state[j] += s[l][j];
    }
    return LANES;
}
