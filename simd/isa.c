/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/isa.h"

#include <string.h>

static const char *const names[CNX_ISA_COUNT] = {
    [CNX_ISA_C] = "c",
    [CNX_ISA_AVX2] = "avx2",
    [CNX_ISA_AVX512] = "avx512",
    [CNX_ISA_AVX512_VNNI] = "avx512_vnni",
};

/* The compiler's check also reads XCR0, so registers that the operating system does not save count
 * as absent. Every processor with AVX2 has F16C; it is checked if the compiler knows its name. */
CnxIsa cnx_isa_detect(void)
{
#ifdef CNX_HAVE_X86
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return CNX_ISA_C;
#ifndef __clang__
    if (!__builtin_cpu_supports("f16c"))
        return CNX_ISA_C;
#endif
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return CNX_ISA_AVX2;
    return __builtin_cpu_supports("avx512vnni") ? CNX_ISA_AVX512_VNNI : CNX_ISA_AVX512;
#else
    return CNX_ISA_C;
#endif
}

const char *cnx_isa_name(CnxIsa level)
{
    return names[level];
}

bool cnx_isa_parse(const char *name, CnxIsa *level)
{
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *level = (CnxIsa)i;
            return true;
        }
    }
    return false;
}
