/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

#include "simd/dot.inc"

size_t cnx_conv3_packed_size_c(int n, int k)
{
    return (size_t)9 * n * k * sizeof(float);
}

/* packed: [n, 9, k] */
void cnx_conv3_pack_c(void *dst, const float *w, size_t ldw, int n, int k)
{
    float *packed = dst;

    for (int j = 0; j < n; j++) {
        for (int tap = 0; tap < 9; tap++) {
            for (int l = 0; l < k; l++)
                *packed++ = w[j * ldw + (size_t)l * 9 + tap];
        }
    }
}

/* w: [9, k], the weights of one output */
static float sum_taps(const CnxConv3 *p, const float *w, int y, int x)
{
    float sum = 0;

    for (int tap = 0; tap < 9; tap++, w += p->k) {
        const int sy = y + (tap / 3 - 1) * p->dilation, sx = x + (tap % 3 - 1) * p->dilation;

        if (sy >= 0 && sy < p->h && sx >= 0 && sx < p->w)
            sum += dot(p->a + ((size_t)sy * p->w + sx) * p->lda, w, p->k);
    }
    return sum;
}

void cnx_conv3_c(const CnxConv3 *p)
{
    float *c = p->c;

    for (int y = p->y0; y < p->y1; y++) {
        for (int x = 0; x < p->w; x++, c += p->ldc) {
            for (int j = 0; j < p->n; j++) {
                const float *w = (const float *)p->packed + (size_t)9 * p->k * j;
                const float bias = p->bias ? p->bias[j] : 0;

                c[j] = sum_taps(p, w, y, x) + bias + (p->accumulate ? c[j] : 0);
            }
            cnx_activate_c(c, (size_t)p->n, p->act);
        }
    }
}
