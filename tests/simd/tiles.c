/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/simd/tiles.h"

#ifdef CNX_EMULATED

#include "simd/x86/tile_emulated.h"

static bool are_configured(void)
{
    return cnx_emulated_is_configured;
}

#elif defined(__x86_64__)

/* XGETBV returns the components of the state that are in use: bits 17 and 18 are those of tiles. */
static bool are_configured(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
    return low & (3u << 17);
}

#else

static bool are_configured(void)
{
    return false;
}

#endif

bool check_tiles_are_configured(const CnxKernels *k)
{
    return k->level == CNX_ISA_AMX && are_configured();
}
