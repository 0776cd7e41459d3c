/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/simd/emulated.h"

#include "simd/versions.h"

#ifdef CNX_HAVE_X86

/* AT_<version>(...) keeps its arguments for level amx only. */
#define AT_c(...)
#define AT_orc(...)
#define AT_avx2(...)
#define AT_avx2_vnni(...)
#define AT_avx512(...)
#define AT_avx512_vnni(...)
#define AT_avx512_bf16(...)
#define AT_amx(...) __VA_ARGS__

#define DECLARE(type, name, version) AT_##version(extern type cnx_##name##_emulated;)
#define KERNEL(type, name, ...) CNX_EACH_VERSION(DECLARE, type, name, __VA_ARGS__)
#define CONSTANT(name, ...) CNX_EACH_VERSION(DECLARE, const int, name, __VA_ARGS__)
#include "simd/kernels.inc"

const CnxKernels *check_emulated(void)
{
    static CnxKernels k;

    if (!cnx_kernels_get(CNX_ISA_AVX2))
        return NULL;
    k = *cnx_kernels_get(CNX_ISA_AVX2);
    k.level = CNX_ISA_AMX;
#define SET(type, name, version) AT_##version(k.name = cnx_##name##_emulated;)
#define KERNEL(type, name, ...) CNX_EACH_VERSION(SET, type, name, __VA_ARGS__)
#define CONSTANT(name, ...) CNX_EACH_VERSION(SET, int, name, __VA_ARGS__)
#include "simd/kernels.inc"
    return &k;
}

#else

const CnxKernels *check_emulated(void)
{
    return NULL;
}

#endif
